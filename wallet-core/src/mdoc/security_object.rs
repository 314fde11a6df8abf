//! The mobile security object: what the issuer signs. ISO/IEC 18013-5:2021, 9.1.2.4.

use std::collections::BTreeMap;

use super::{Feature, MdocError, Rule, item::MAX_DIGEST_ID};
use crate::{
    card::Date,
    cbor::{CborError, Limits, Profile, Reader, check},
    cose::{CoseError, decode_key},
    crypto::{sign::PublicKey, verify::HashAlgorithm},
};

const DATE_TIME: u64 = 0;

/// The mobile security object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityObject {
    /// How items are hashed.
    pub digest_algorithm: HashAlgorithm,
    /// Digests by name space and digestID.
    pub digests: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    /// The key the document is bound to.
    pub device_key: PublicKey,
    /// The document's type.
    pub doc_type: String,
    /// When it holds.
    pub validity: Validity,
    /// Where its status is asked, when the issuer says.
    pub status: Option<StatusEntry>,
}

/// `status_list` of the entry `status`. draft-ietf-oauth-status-list-21, 6.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusEntry {
    /// The place in the list, from zero.
    pub idx: u64,
    /// Where the list is fetched.
    pub uri: String,
}

/// `ValidityInfo`, seconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// When it was signed.
    pub signed: i64,
    /// From when it holds.
    pub valid_from: i64,
    /// Until when it holds.
    pub valid_until: i64,
}

impl SecurityObject {
    /// Parses `MobileSecurityObject`. Unknown entries are passed over: later editions add some.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, MdocError> {
        check(bytes, Profile::Definite, Limits::DOCUMENT)?;
        let mut reader = Reader::new(bytes);
        let (mut version, mut algorithm, mut digests) = (None, None, None);
        let (mut device_key, mut doc_type, mut validity, mut status) = (None, None, None, None);
        for _ in 0..reader.map()? {
            match reader.text()? {
                "version" => version = Some(reader.text()?),
                "digestAlgorithm" => algorithm = Some(digest_algorithm(reader.text()?)?),
                "valueDigests" => digests = Some(value_digests(&mut reader)?),
                "deviceKeyInfo" => device_key = Some(device_key_info(&mut reader)?),
                "docType" => doc_type = Some(reader.text()?.to_owned()),
                "validityInfo" => validity = Some(Validity::read(&mut reader)?),
                "status" => status = status_list(&mut reader)?,
                _ => drop(reader.raw()?),
            }
        }
        reader.finish()?;
        let missing = MdocError::Malformed(CborError::UnexpectedType);
        if !version.ok_or(missing)?.starts_with("1.") {
            return Err(Feature::Version.into());
        }
        let digest_algorithm = algorithm.ok_or(missing)?;
        let digests = digests.ok_or(missing)?;
        Ok(Self {
            digest_algorithm,
            digests,
            device_key: device_key.ok_or(missing)?,
            doc_type: doc_type.ok_or(missing)?,
            validity: validity.ok_or(missing)?,
            status,
        })
    }
}

/// Mechanisms other than the list are passed over.
fn status_list(reader: &mut Reader<'_>) -> Result<Option<StatusEntry>, MdocError> {
    let mut found = None;
    for _ in 0..reader.map()? {
        if reader.text()? != "status_list" {
            reader.raw()?;
            continue;
        }
        let (mut idx, mut uri) = (None, None);
        for _ in 0..reader.map()? {
            match reader.text()? {
                "idx" => idx = Some(reader.uint()?),
                "uri" => uri = Some(reader.text()?.to_owned()),
                _ => drop(reader.raw()?),
            }
        }
        let (idx, uri) = idx.zip(uri).ok_or(CborError::UnexpectedType)?;
        found = Some(StatusEntry { idx, uri });
    }
    Ok(found)
}

impl Validity {
    fn read(reader: &mut Reader<'_>) -> Result<Self, MdocError> {
        let (mut signed, mut valid_from, mut valid_until) = (None, None, None);
        for _ in 0..reader.map()? {
            match reader.text()? {
                "signed" => signed = Some(moment(reader)?),
                "validFrom" => valid_from = Some(moment(reader)?),
                "validUntil" => valid_until = Some(moment(reader)?),
                _ => drop(reader.raw()?),
            }
        }
        let missing = MdocError::Malformed(CborError::UnexpectedType);
        Ok(Self {
            signed: signed.ok_or(missing)?,
            valid_from: valid_from.ok_or(missing)?,
            valid_until: valid_until.ok_or(missing)?,
        })
    }
}

fn digest_algorithm(name: &str) -> Result<HashAlgorithm, Feature> {
    match name {
        "SHA-256" => Ok(HashAlgorithm::Sha256),
        "SHA-384" => Ok(HashAlgorithm::Sha384),
        "SHA-512" => Ok(HashAlgorithm::Sha512),
        _ => Err(Feature::DigestAlgorithm),
    }
}

fn value_digests(reader: &mut Reader<'_>) -> Result<BTreeMap<String, BTreeMap<u32, Vec<u8>>>, MdocError> {
    let mut spaces = BTreeMap::new();
    for _ in 0..reader.map()? {
        let name = reader.text()?.to_owned();
        let mut digests = BTreeMap::new();
        for _ in 0..reader.map()? {
            let id = reader.uint()?;
            let id =
                u32::try_from(id).ok().filter(|id| *id <= MAX_DIGEST_ID).ok_or(Rule::DigestIdTooLarge)?;
            digests.insert(id, reader.bytes()?.to_vec());
        }
        spaces.insert(name, digests);
    }
    Ok(spaces)
}

fn device_key_info(reader: &mut Reader<'_>) -> Result<PublicKey, MdocError> {
    let mut key = None;
    for _ in 0..reader.map()? {
        match reader.text()? {
            "deviceKey" => {
                key = Some(decode_key(reader.raw()?).map_err(|error| match error {
                    CoseError::Malformed(error) => MdocError::Malformed(error),
                    CoseError::NotOnCurve => Rule::BadDeviceKey.into(),
                    _ => Feature::DeviceKeyType.into(),
                })?)
            }
            _ => drop(reader.raw()?),
        }
    }
    key.ok_or(MdocError::Malformed(CborError::UnexpectedType))
}

/// A `tdate` without fractions and in UTC, as the standard asks: seconds since 1970.
fn moment(reader: &mut Reader<'_>) -> Result<i64, MdocError> {
    reader.tag(DATE_TIME)?;
    seconds_of(reader.text()?).ok_or_else(|| Rule::BadDate.into())
}

/// Seconds since 1970 of `YYYY-MM-DDThh:mm:ssZ`.
fn seconds_of(text: &str) -> Option<i64> {
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    let day = Date::parse(day).ok()?;
    let mut parts = time.split(':').map(|part| {
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse::<i64>().ok()).flatten()
    });
    let mut below = |limit: i64| parts.next().flatten().filter(|value| *value < limit);
    let (hours, minutes, seconds) = (below(24)?, below(60)?, below(60)?);
    if parts.next().is_some() {
        return None;
    }
    Some(day.days_since_1970() * 86_400 + hours * 3600 + minutes * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_in_utc_without_fractions() {
        assert_eq!(seconds_of("1970-01-02T01:02:03Z"), Some(86_400 + 3723));
        assert_eq!(seconds_of("2020-10-01T13:30:02Z"), Some(1_601_559_002));
        for wrong in [
            "2020-10-01T13:30:02",
            "2020-10-01T13:30:02.0Z",
            "2020-10-01T13:30:02+00:00",
            "2020-10-01 13:30:02Z",
            "2020-10-01T24:00:00Z",
            "2020-10-01T13:60:00Z",
            "2020-10-01T13:30:60Z",
            "2020-10-01T1:30:02Z",
            "2020-10-01T13:30Z",
            "2020-10-01T13:30:02:02Z",
            "2020-02-30T00:00:00Z",
        ] {
            assert_eq!(seconds_of(wrong), None, "{wrong}");
        }
    }
}
