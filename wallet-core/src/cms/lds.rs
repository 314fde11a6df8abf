use std::collections::BTreeMap;

use super::algorithm;
use super::signed_data::CmsError;
use crate::bytes::Reader;
use crate::crypto::verify::HashAlgorithm;
use crate::tlv::{self, TlvError};

/// The list of data group hashes that a document signer signs. ICAO 9303-10, 4.6.2.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdsSecurityObject {
    /// 0, or 1 where the LDS version is named too.
    pub version: u8,
    /// The digest of every hash.
    pub hash: HashAlgorithm,
    /// Data group number (1 to 16) → hash of the whole file.
    pub hashes: BTreeMap<u8, Vec<u8>>,
    /// LDS version such as `0108`, when named.
    pub lds_version: Option<[u8; 4]>,
}

impl LdsSecurityObject {
    /// Reads the content of an EF.SOD.
    ///
    /// # Errors
    /// `Malformed`, also for a group named twice or out of range or a hash of the wrong length; `Unsupported` for an
    /// unknown version or digest.
    pub fn parse(bytes: &[u8]) -> Result<Self, CmsError> {
        let mut fields = Reader::new(tlv::exactly(bytes, 0x30)?.value);
        let [version @ (0 | 1)] = *tlv::expect(&mut fields, 0x02)?.value else {
            return Err(CmsError::Unsupported);
        };
        let hash = algorithm::parse_digest(&tlv::expect(&mut fields, 0x30)?)?;
        let mut hashes = BTreeMap::new();
        for group in tlv::all(tlv::expect(&mut fields, 0x30)?.value, MAX_GROUPS)? {
            let mut parts = Reader::new(tlv::exactly(group.raw, 0x30)?.value);
            let number = tlv::expect(&mut parts, 0x02)?.value;
            let digest = tlv::expect(&mut parts, 0x04)?.value;
            parts.finish()?;
            let [number @ 1..=16] = *number else { return Err(TlvError::BadValue.into()) };
            if digest.len() != hash.length() || hashes.insert(number, digest.to_vec()).is_some() {
                return Err(TlvError::BadValue.into());
            }
        }
        let lds_version = match tlv::optional(&mut fields, 0x30)? {
            None => None,
            Some(info) => {
                let mut parts = Reader::new(info.value);
                let version = tlv::expect(&mut parts, 0x13)?.value;
                tlv::expect(&mut parts, 0x13)?;
                parts.finish()?;
                Some(version.try_into().map_err(|_| TlvError::BadValue)?)
            }
        };
        fields.finish()?;
        Ok(Self { version, hash, hashes, lds_version })
    }
}

const MAX_GROUPS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn object(version: &[u8], digest: &str, groups: &[(u8, usize)], rest: &str) -> Vec<u8> {
        let groups: Vec<u8> = groups
            .iter()
            .flat_map(|(number, length)| {
                tlv::write_all(0x30, &[&tlv::write(2, &[*number]), &tlv::write(4, &vec![*number; *length])])
            })
            .collect();
        let rest = hex::decode(rest).unwrap();
        tlv::write_all(
            0x30,
            &[&tlv::write(2, version), &hex::decode(digest).unwrap(), &tlv::write(0x30, &groups), &rest],
        )
    }

    const SHA256: &str = "300d06096086480165030402010500";

    #[test]
    fn both_versions_are_read() {
        let old = LdsSecurityObject::parse(&object(&[0], SHA256, &[(1, 32), (16, 32)], "")).unwrap();
        assert_eq!((old.version, old.hash, old.lds_version), (0, HashAlgorithm::Sha256, None));
        assert_eq!(old.hashes.keys().copied().collect::<Vec<_>>(), [1, 16]);
        let new =
            object(&[1], SHA256, &[(2, 32)], "300e130430313038 1306303430303030".replace(' ', "").as_str());
        let new = LdsSecurityObject::parse(&new).unwrap();
        assert_eq!((new.version, new.lds_version), (1, Some(*b"0108")));
        assert_eq!(new.hashes[&2], [2; 32]);
    }

    #[test]
    fn a_group_twice_out_of_range_or_with_a_short_hash_is_malformed() {
        let bad = Err(CmsError::Malformed(TlvError::BadValue));
        for groups in [&[(1, 32), (1, 32)][..], &[(0, 32)], &[(17, 32)], &[(1, 20)], &[(1, 32); 17]] {
            assert_eq!(LdsSecurityObject::parse(&object(&[0], SHA256, groups, "")), bad);
        }
        let trailing = object(&[0], SHA256, &[(1, 32)], "0500");
        let trailing = LdsSecurityObject::parse(&trailing);
        assert_eq!(trailing, Err(CmsError::Malformed(TlvError::TrailingData)));
    }

    #[test]
    fn an_unknown_version_or_digest_is_unsupported() {
        for bytes in [
            object(&[2], SHA256, &[(1, 32)], ""),
            object(&[0, 0], SHA256, &[(1, 32)], ""),
            object(&[0], "300a06082a864886f70d0205", &[(1, 16)], ""),
        ] {
            assert_eq!(LdsSecurityObject::parse(&bytes), Err(CmsError::Unsupported));
        }
    }
}
