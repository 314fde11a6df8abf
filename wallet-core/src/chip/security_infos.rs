//! EF.DG14 and EF.DG15: what a chip can prove, and the key it proves it with. ICAO 9303-10, 4.7.14 and 4.7.15,
//! 9303-11, 9.2.

use crate::bytes::Reader;
use crate::cms::SignedData;
use crate::cms::algorithm::SignatureAlgorithm;
use crate::cms::spki::{self, KeyError};
use crate::crypto::verify::VerifyingKey;
use crate::tlv::{self, Tlv, TlvError};

/// What EF.DG14 announces. Entries of other protocols are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecurityInfos {
    /// `ActiveAuthenticationInfo`: with which algorithm an elliptic-curve key answers.
    pub active_authentication: Option<Announced>,
    /// `ChipAuthenticationInfo`, in the order of the file.
    pub chip_authentication: Vec<ChipAuthenticationInfo>,
    /// `ChipAuthenticationPublicKeyInfo`, in the order of the file.
    pub chip_keys: Vec<ChipAuthenticationKey>,
    /// An entry about chip authentication was left out, because it does not follow its form.
    pub incomplete: bool,
}

/// With which algorithm a chip says it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// With this one.
    Known(SignatureAlgorithm),
    /// With one not known here, or with several: which of them counts would be the chip's choice after the fact.
    Unclear,
}

/// A way of chip authentication. ICAO 9303-11, 9.2.5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipAuthenticationInfo {
    /// Object identifier of protocol and cipher, content octets.
    pub protocol: Vec<u8>,
    /// 1, or 2 in some documents.
    pub version: u8,
    /// Which key, when the chip has several: content octets of the INTEGER.
    pub key_id: Option<Vec<u8>>,
}

/// A static key for chip authentication. ICAO 9303-11, 9.2.6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipAuthenticationKey {
    /// `id-PK-DH` or `id-PK-ECDH`, content octets.
    pub protocol: Vec<u8>,
    /// `SubjectPublicKeyInfo`, DER as received.
    pub public_key: Vec<u8>,
    /// Its id, when the chip has several: content octets of the INTEGER.
    pub key_id: Option<Vec<u8>>,
}

impl SecurityInfos {
    /// Reads a whole EF.DG14, tag 6E.
    ///
    /// # Errors
    /// [`TlvError`] for a file that is no list. An entry that is malformed hides no other.
    pub fn parse_dg14(file: &[u8]) -> Result<Self, TlvError> {
        Self::parse_set(tlv::exactly(file, 0x6E)?.value)
    }

    /// Reads a SET of SecurityInfos, as it stands in EF.DG14 and in EF.CardSecurity.
    ///
    /// # Errors
    /// As [`Self::parse_dg14`].
    pub fn parse_set(bytes: &[u8]) -> Result<Self, TlvError> {
        let set = tlv::exactly(bytes, 0x31)?;
        let mut infos = Self::default();
        for info in tlv::all(set.value, MAX_INFOS)? {
            infos.incomplete |= infos.add(&info).is_err();
        }
        Ok(infos)
    }

    /// Reads a whole EF.CardSecurity without a look at its signature; none for a file that is none.
    pub(super) fn of_card_security(file: &[u8]) -> Option<Self> {
        Self::parse_set(SignedData::parse(file).ok()?.content()).ok()
    }

    fn add(&mut self, info: &Tlv<'_>) -> Result<(), TlvError> {
        let mut fields = Reader::new(tlv::exactly(info.raw, 0x30)?.value);
        let protocol = tlv::expect(&mut fields, 0x06)?.value;
        if protocol == ACTIVE_AUTHENTICATION {
            let version = tlv::expect(&mut fields, 0x02);
            let algorithm = version.and_then(|_| tlv::expect(&mut fields, 0x06));
            // The rest of the file is as good whatever is said here.
            self.active_authentication =
                Some(match algorithm.map(|it| SignatureAlgorithm::named(it.value)) {
                    Ok(Some(algorithm)) if self.active_authentication.is_none() => {
                        Announced::Known(algorithm)
                    }
                    Ok(_) | Err(_) => Announced::Unclear,
                });
        } else if protocol.starts_with(CHIP_AUTHENTICATION) {
            let [version] = *tlv::expect(&mut fields, 0x02)?.value else { return Err(TlvError::BadValue) };
            let key_id = parse_key_id(&mut fields)?;
            self.chip_authentication.push(ChipAuthenticationInfo {
                protocol: protocol.to_vec(),
                version,
                key_id,
            });
        } else if protocol.starts_with(CHIP_KEY) {
            let public_key = tlv::expect(&mut fields, 0x30)?.raw.to_vec();
            let key_id = parse_key_id(&mut fields)?;
            self.chip_keys.push(ChipAuthenticationKey { protocol: protocol.to_vec(), public_key, key_id });
        }
        Ok(())
    }
}

/// Reads the active authentication key out of a whole EF.DG15, tag 6F.
///
/// # Errors
/// [`KeyError`].
pub fn parse_dg15(file: &[u8]) -> Result<VerifyingKey, KeyError> {
    spki::parse(tlv::exactly(file, 0x6F)?.value)
}

fn parse_key_id(fields: &mut Reader<'_>) -> Result<Option<Vec<u8>>, TlvError> {
    Ok(tlv::optional(fields, 0x02)?.map(|id| id.value.to_vec()))
}

const MAX_INFOS: usize = 64;
/// `id-icao-mrtd-security-aaProtocolObject`, 2.23.136.1.1.5.
const ACTIVE_AUTHENTICATION: &[u8] = b"\x67\x81\x08\x01\x01\x05";
/// `id-CA`, 0.4.0.127.0.7.2.2.3.
const CHIP_AUTHENTICATION: &[u8] = b"\x04\x00\x7F\x00\x07\x02\x02\x03";
/// `id-PK`, 0.4.0.127.0.7.2.2.1.
const CHIP_KEY: &[u8] = b"\x04\x00\x7F\x00\x07\x02\x02\x01";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cms::oid;
    use crate::crypto::verify::HashAlgorithm;

    fn info(protocol: &[u8], rest: &[&[u8]]) -> Vec<u8> {
        tlv::write_all(0x30, &[&tlv::write(0x06, protocol), &rest.concat()])
    }

    fn dg14(infos: &[Vec<u8>]) -> Vec<u8> {
        tlv::write(0x6E, &tlv::write(0x31, &infos.concat()))
    }

    fn active(algorithm: &[u8]) -> Vec<u8> {
        info(ACTIVE_AUTHENTICATION, &[&[2, 1, 1], &tlv::write(0x06, algorithm)])
    }

    #[test]
    fn each_kind_of_entry_is_listed_and_others_left_out() {
        let ecdh_aes128 = [CHIP_AUTHENTICATION, &[2, 2]].concat();
        let file = dg14(&[
            active(oid::ECDSA_PLAIN_SHA384),
            info(&ecdh_aes128, &[&[2, 1, 1]]),
            info(&ecdh_aes128, &[&[2, 1, 2], &[2, 1, 7]]),
            info(&[CHIP_KEY, &[2]].concat(), &[&[0x30, 0], &[2, 1, 7]]),
            info(b"\x04\x00\x7F\x00\x07\x02\x02\x02", &[&[2, 1, 1]]),
            info(&[42, 3], &[]),
        ]);
        let SecurityInfos { active_authentication, chip_authentication, chip_keys, incomplete: false } =
            SecurityInfos::parse_dg14(&file).unwrap()
        else {
            panic!("every entry has its form")
        };
        let sha384 = Announced::Known(SignatureAlgorithm::EcdsaPlain(HashAlgorithm::Sha384));
        assert_eq!(active_authentication, Some(sha384));
        let [first, second] = chip_authentication.try_into().unwrap();
        assert_eq!((first.version, first.key_id, first.protocol), (1, None, ecdh_aes128));
        assert_eq!((second.version, second.key_id), (2, Some(vec![7])));
        let [key] = chip_keys.try_into().unwrap();
        assert_eq!((key.public_key, key.key_id), (vec![0x30, 0], Some(vec![7])));
    }

    #[test]
    fn a_second_or_unknown_algorithm_leaves_the_keys_of_the_file_as_they_are() {
        let algorithm = active(oid::ECDSA_PLAIN_SHA384);
        let key = info(&[CHIP_KEY, &[2]].concat(), &[&[0x30, 0]]);
        for before in [vec![algorithm.clone(), algorithm], vec![active(&[42, 3])]] {
            let file = dg14(&[before, vec![key.clone()]].concat());
            let infos = SecurityInfos::parse_dg14(&file).unwrap();
            assert_eq!(infos.active_authentication, Some(Announced::Unclear));
            assert_eq!(infos.chip_keys.len(), 1);
        }
    }

    #[test]
    fn a_broken_entry_hides_no_other_and_is_told() {
        let key = info(&[CHIP_KEY, &[2]].concat(), &[&[0x30, 0]]);
        for broken in [
            info(CHIP_AUTHENTICATION, &[]),
            info(CHIP_AUTHENTICATION, &[&[2, 2, 1, 1]]),
            info(CHIP_KEY, &[&[2, 1, 1]]),
            vec![0x31, 0],
        ] {
            let infos = SecurityInfos::parse_dg14(&dg14(&[broken, key.clone()])).unwrap();
            assert_eq!((infos.chip_keys.len(), infos.incomplete), (1, true));
        }
        let infos = SecurityInfos::parse_dg14(&dg14(&[info(ACTIVE_AUTHENTICATION, &[]), key])).unwrap();
        assert_eq!(infos.active_authentication, Some(Announced::Unclear));
        assert_eq!((infos.chip_keys.len(), infos.incomplete), (1, false));

        let parse = |infos: &[Vec<u8>]| SecurityInfos::parse_dg14(&dg14(infos)).unwrap_err();
        assert_eq!(parse(&vec![info(&[42, 3], &[]); 65]), TlvError::BadValue);
        assert_eq!(SecurityInfos::parse_dg14(&[0x6F, 0]), Err(TlvError::UnexpectedTag));
        assert_eq!(parse_dg15(&[0x6E, 0]), Err(TlvError::UnexpectedTag.into()));
    }
}
