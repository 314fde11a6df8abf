//! The extension in which Android's key store describes a key: `KeyDescription`, OID 1.3.6.1.4.1.11129.2.1.17.
//! <https://source.android.com/docs/security/features/keystore/attestation>

use wallet_core::{
    bytes::Reader,
    tlv::{self, TlvError},
};

/// Where a statement was made, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecurityLevel {
    /// By the operating system, or by our software key store.
    Software,
    /// By the main secure world.
    TrustedEnvironment,
    /// By a separate secure element.
    StrongBox,
}

/// Whether the boot chain was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RootOfTrust {
    /// The bootloader is locked.
    pub device_locked: bool,
    /// `verifiedBootState` is Verified (0): the maker's system booted.
    pub verified_boot: bool,
}

/// The properties of a key that an issuer asks about, from one `AuthorizationList`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authorizations {
    /// `purpose [1]`: 2 = sign, 3 = verify.
    pub purposes: Vec<u64>,
    /// `algorithm [2]`: 3 = EC.
    pub algorithm: Option<u64>,
    /// `keySize [3]`, bits.
    pub key_size: Option<u64>,
    /// `ecCurve [10]`: 1 = P-256.
    pub curve: Option<u64>,
    /// `noAuthRequired [503]`.
    pub no_auth_required: bool,
    /// `userAuthType [504]`: 1 = password, 2 = biometric, as a bit mask.
    pub user_auth_type: Option<u64>,
    /// `authTimeout [505]`, seconds; absent when each use asks for the citizen.
    pub auth_timeout: Option<u64>,
    /// `origin [702]`: 0 = generated inside.
    pub origin: Option<u64>,
    /// `rootOfTrust [704]`.
    pub root_of_trust: Option<RootOfTrust>,
    /// `attestationApplicationId [709]`; stands in the software list.
    pub application: Option<Application>,
}

/// Who asked for the key: `AttestationApplicationId`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Application {
    /// Packages and their versions; several when they share one user.
    pub packages: Vec<(Vec<u8>, u64)>,
    /// SHA-256 of the certificates that sign them.
    pub signers: Vec<Vec<u8>>,
}

/// The extension's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDescription {
    /// Who made the statement.
    pub attestation_level: SecurityLevel,
    /// Where the key lives.
    pub key_level: SecurityLevel,
    /// What the caller wanted attested.
    pub challenge: Vec<u8>,
    /// What the operating system enforces.
    pub software: Authorizations,
    /// What the hardware enforces.
    pub hardware: Authorizations,
}

/// The extension's object identifier, DER content octets.
pub const KEY_DESCRIPTION_OID: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0xD6, 0x79, 0x02, 0x01, 0x11];

const INTEGER: u32 = 0x02;
const ENUMERATED: u32 = 0x0A;
const OCTET_STRING: u32 = 0x04;
const BOOLEAN: u32 = 0x01;
const NULL: u32 = 0x05;
const SEQUENCE: u32 = 0x30;
const SET: u32 = 0x31;
/// More tags than any version of the schema has.
const MAX_TAGS: usize = 128;
const MAX_PURPOSES: usize = 16;
const MAX_PACKAGES: usize = 32;

impl KeyDescription {
    /// Parses the extension's value.
    ///
    /// # Errors
    /// [`TlvError`]: not DER, not of this shape, or tags repeated or out of order.
    pub fn parse(der: &[u8]) -> Result<Self, TlvError> {
        let mut reader = Reader::new(tlv::exactly(der, SEQUENCE)?.value);
        number(tlv::expect(&mut reader, INTEGER)?.value)?;
        let attestation_level = level(tlv::expect(&mut reader, ENUMERATED)?.value)?;
        number(tlv::expect(&mut reader, INTEGER)?.value)?;
        let key_level = level(tlv::expect(&mut reader, ENUMERATED)?.value)?;
        let challenge = tlv::expect(&mut reader, OCTET_STRING)?.value.to_vec();
        tlv::expect(&mut reader, OCTET_STRING)?;
        let software = Authorizations::parse(tlv::expect(&mut reader, SEQUENCE)?.value)?;
        let hardware = Authorizations::parse(tlv::expect(&mut reader, SEQUENCE)?.value)?;
        reader.finish()?;
        Ok(Self { attestation_level, key_level, challenge, software, hardware })
    }
}

impl Authorizations {
    fn parse(content: &[u8]) -> Result<Self, TlvError> {
        let mut found = Self::default();
        let mut last = None;
        for element in tlv::all(content, MAX_TAGS)? {
            let tag = context_tag(element.tag)?;
            if last.replace(tag).is_some_and(|last| last >= tag) {
                return Err(TlvError::BadValue);
            }
            let integer = || number(tlv::exactly(element.value, INTEGER)?.value);
            match tag {
                1 => {
                    found.purposes = tlv::all(tlv::exactly(element.value, SET)?.value, MAX_PURPOSES)?
                        .into_iter()
                        .map(|item| {
                            if item.tag == INTEGER {
                                number(item.value)
                            } else {
                                Err(TlvError::UnexpectedTag)
                            }
                        })
                        .collect::<Result<_, _>>()?;
                }
                2 => found.algorithm = Some(integer()?),
                3 => found.key_size = Some(integer()?),
                10 => found.curve = Some(integer()?),
                503 => {
                    tlv::exactly(element.value, NULL)?;
                    found.no_auth_required = true;
                }
                504 => found.user_auth_type = Some(integer()?),
                505 => found.auth_timeout = Some(integer()?),
                702 => found.origin = Some(integer()?),
                704 => found.root_of_trust = Some(RootOfTrust::parse(element.value)?),
                709 => {
                    let value = tlv::exactly(element.value, OCTET_STRING)?.value;
                    found.application = Some(Application::parse(value)?);
                }
                // Dates, versions and device ids: not asked about.
                _ => {}
            }
        }
        Ok(found)
    }
}

impl RootOfTrust {
    fn parse(der: &[u8]) -> Result<Self, TlvError> {
        let mut reader = Reader::new(tlv::exactly(der, SEQUENCE)?.value);
        tlv::expect(&mut reader, OCTET_STRING)?;
        let device_locked = match tlv::expect(&mut reader, BOOLEAN)?.value {
            [0x00] => false,
            [0xFF] => true,
            _ => return Err(TlvError::BadValue),
        };
        let verified_boot = number(tlv::expect(&mut reader, ENUMERATED)?.value)? == 0;
        tlv::optional(&mut reader, OCTET_STRING)?;
        reader.finish()?;
        Ok(Self { device_locked, verified_boot })
    }
}

impl Application {
    fn parse(der: &[u8]) -> Result<Self, TlvError> {
        let mut reader = Reader::new(tlv::exactly(der, SEQUENCE)?.value);
        let mut found = Self::default();
        for package in tlv::all(tlv::expect(&mut reader, SET)?.value, MAX_PACKAGES)? {
            if package.tag != SEQUENCE {
                return Err(TlvError::UnexpectedTag);
            }
            let mut fields = Reader::new(package.value);
            let name = tlv::expect(&mut fields, OCTET_STRING)?.value.to_vec();
            let version = number(tlv::expect(&mut fields, INTEGER)?.value)?;
            fields.finish()?;
            found.packages.push((name, version));
        }
        for signer in tlv::all(tlv::expect(&mut reader, SET)?.value, MAX_PACKAGES)? {
            if signer.tag != OCTET_STRING {
                return Err(TlvError::UnexpectedTag);
            }
            found.signers.push(signer.value.to_vec());
        }
        reader.finish()?;
        Ok(found)
    }
}

/// The number of a constructed context-specific tag (`[n] EXPLICIT`).
fn context_tag(tag: u32) -> Result<u32, TlvError> {
    match tag.to_be_bytes() {
        [0, 0, 0, short @ 0xA0..=0xBE] => Ok(u32::from(short & 0x1F)),
        [0, 0, 0xBF, low @ 31..=0x7F] => Ok(u32::from(low)),
        [0, 0xBF, high @ 0x81..=0xFF, low @ ..=0x7F] => Ok(u32::from(high & 0x7F) << 7 | u32::from(low)),
        _ => Err(TlvError::BadTag),
    }
}

/// A non-negative DER INTEGER of at most eight octets.
fn number(content: &[u8]) -> Result<u64, TlvError> {
    match content {
        [] | [0x80..=0xFF, ..] | [0x00, 0x00..=0x7F, ..] => Err(TlvError::BadValue),
        [0x00, rest @ ..] | rest if rest.len() <= 8 => {
            Ok(rest.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
        }
        _ => Err(TlvError::BadValue),
    }
}

fn level(content: &[u8]) -> Result<SecurityLevel, TlvError> {
    match number(content)? {
        0 => Ok(SecurityLevel::Software),
        1 => Ok(SecurityLevel::TrustedEnvironment),
        2 => Ok(SecurityLevel::StrongBox),
        _ => Err(TlvError::BadValue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A made-up hardware list around one tag's DER.
    fn description(software: &[u8], hardware: &[u8]) -> Vec<u8> {
        tlv::write_all(
            SEQUENCE,
            &[
                &[2, 2, 1, 44, 10, 1, 1, 2, 2, 1, 44, 10, 1, 1],
                &tlv::write(OCTET_STRING, b"challenge"),
                &tlv::write(OCTET_STRING, b""),
                &tlv::write(SEQUENCE, software),
                &tlv::write(SEQUENCE, hardware),
            ],
        )
    }

    #[test]
    fn a_holder_key_of_a_phone_is_read() {
        let hardware = hex::decode(concat!(
            "a1053103020102",
            "a203020103",
            "a30402020100",
            "aa03020101",
            "bf837803020102",
            "bf853e03020100",
            "bf85400c300a04020000", // verifiedBootKey
            "0101ff",
            "0a0100",
        ));
        let parsed = KeyDescription::parse(&description(b"", &hardware.unwrap())).unwrap();
        assert_eq!(parsed.attestation_level, SecurityLevel::TrustedEnvironment);
        assert_eq!(parsed.challenge, b"challenge");
        assert_eq!(parsed.software, Authorizations::default());
        assert_eq!(
            parsed.hardware,
            Authorizations {
                purposes: vec![2],
                algorithm: Some(3),
                key_size: Some(256),
                curve: Some(1),
                no_auth_required: false,
                user_auth_type: Some(2),
                auth_timeout: None,
                origin: Some(0),
                root_of_trust: Some(RootOfTrust { device_locked: true, verified_boot: true }),
                application: None,
            }
        );
    }

    #[test]
    fn tags_out_of_order_or_twice_are_refused() {
        for list in ["a203020103a1053103020102", "a203020103a203020103", "bf837803020102aa03020101"] {
            let list = hex::decode(list).unwrap();
            assert_eq!(KeyDescription::parse(&description(&list, b"")), Err(TlvError::BadValue));
            assert_eq!(KeyDescription::parse(&description(b"", &list)), Err(TlvError::BadValue));
        }
    }

    #[test]
    fn numbers_are_minimal_and_not_negative() {
        assert_eq!(number(&[0x01, 0x00]), Ok(256));
        assert_eq!(number(&[0x00, 0x80]), Ok(128));
        assert_eq!(number(&[0x00]), Ok(0));
        assert_eq!(number(&[0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]), Ok(u64::MAX));
        for wrong in [&[][..], &[0x80], &[0x00, 0x01], &[0x01; 9]] {
            assert_eq!(number(wrong), Err(TlvError::BadValue));
        }
    }

    #[test]
    fn what_is_left_over_is_refused() {
        let mut der = description(b"", b"");
        der.push(0);
        assert_eq!(KeyDescription::parse(&der), Err(TlvError::TrailingData));
        assert_eq!(KeyDescription::parse(b""), Err(TlvError::Truncated));
    }
}
