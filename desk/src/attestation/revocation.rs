//! Google's list of attestation certificates whose keys leaked or are doubted.
//! <https://developer.android.com/privacy-and-security/security-key-attestation#certificate_status>

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

use serde::Deserialize;
use wallet_core::trust::Certificate;

/// What is known of certificates whose keys leaked.
#[derive(Debug, Default)]
pub enum Revocations {
    /// Nothing: no chain of secure hardware is believed.
    #[default]
    Unknown,
    /// What the list says.
    Listed(AttestationStatusList),
    /// `AcceptUncheckedAttestation`: chains are believed though nobody looked whether their keys leaked.
    Unchecked,
}

/// The list, as it was read last.
#[derive(Debug)]
pub struct AttestationStatusList {
    file: Option<PathBuf>,
    /// Serial numbers, big-endian without leading zeros.
    serials: RwLock<BTreeSet<Vec<u8>>>,
}

/// A list could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationError {
    /// The file.
    #[error("the list of leaked attestation certificates could not be read: {0}")]
    Io(#[from] io::Error),
    /// What is in it.
    #[error(transparent)]
    NotAStatusList(#[from] NotAStatusList),
}

impl Revocations {
    /// Reads the file again, where there is one. A list that cannot be read leaves the one that was.
    ///
    /// # Errors
    /// [`RevocationError`].
    pub fn reread(&self) -> Result<(), RevocationError> {
        match self {
            Self::Listed(AttestationStatusList { file: Some(file), serials }) => {
                let read = parse_status_list(&fs::read(file)?)?;
                *serials.write().unwrap_or_else(PoisonError::into_inner) = read;
                Ok(())
            }
            Self::Listed(AttestationStatusList { file: None, .. }) | Self::Unknown | Self::Unchecked => {
                Ok(())
            }
        }
    }

    /// Whether a chain of hardware was, or need not be, looked up.
    pub(super) const fn are_known(&self) -> bool {
        matches!(self, Self::Listed(_) | Self::Unchecked)
    }

    /// Whether a certificate is on the list.
    pub(super) fn name(&self, certificate: &Certificate) -> bool {
        let Self::Listed(list) = self else { return false };
        let serials = list.serials.read().unwrap_or_else(PoisonError::into_inner);
        serials.contains(without_zeros(certificate.serial()))
    }
}

impl AttestationStatusList {
    /// A list that stays as it is, of serial numbers, big-endian without leading zeros.
    #[must_use]
    pub const fn of(serials: BTreeSet<Vec<u8>>) -> Self {
        Self { file: None, serials: RwLock::new(serials) }
    }

    /// Reads a list that [`Revocations::reread`] reads again.
    ///
    /// # Errors
    /// [`RevocationError`].
    pub fn read(file: &Path) -> Result<Self, RevocationError> {
        let serials = parse_status_list(&fs::read(file)?)?;
        Ok(Self { file: Some(file.to_owned()), serials: RwLock::new(serials) })
    }
}

fn without_zeros(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    serial.split_at_checked(zeros).map_or(serial, |(_, rest)| rest)
}

/// Not a list of certificate statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a list of certificate statuses")]
pub struct NotAStatusList;

#[derive(Deserialize)]
struct StatusList {
    entries: BTreeMap<String, Entry>,
}

/// A certificate that nothing is wrong with is not on the list, whatever word stands beside one that is.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "status")]
    _status: String,
}

/// The serial numbers on the list, big-endian without leading zeros: revoked and suspended ones alike.
///
/// # Errors
/// [`NotAStatusList`]; a list that is only half understood revokes nothing, so it is none.
pub fn parse_status_list(json: &[u8]) -> Result<BTreeSet<Vec<u8>>, NotAStatusList> {
    let list: StatusList = serde_json::from_slice(json).map_err(|_| NotAStatusList)?;
    let mut serials = BTreeSet::new();
    for serial in list.entries.keys() {
        serials.insert(from_hex(serial).ok_or(NotAStatusList)?);
        // The list is in hexadecimal, but has had decimal entries, which look the same: both meanings are revoked.
        serials.extend(from_decimal(serial));
    }
    Ok(serials)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || text.len() > 64 {
        return None;
    }
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    Some(from_digits(&digits?, 16))
}

fn from_decimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(10)).collect();
    Some(from_digits(&digits?, 10))
}

/// A number of any length, from its digits.
fn from_digits(digits: &[u32], base: u32) -> Vec<u8> {
    // Little-endian while it grows.
    let mut bytes: Vec<u8> = Vec::new();
    for digit in digits {
        let mut carry = *digit;
        for byte in &mut bytes {
            let value = u32::from(*byte).saturating_mul(base).saturating_add(carry);
            let [_, _, high, low] = value.to_be_bytes();
            (*byte, carry) = (low, u32::from(high));
        }
        if carry > 0 {
            bytes.extend(u8::try_from(carry));
        }
    }
    bytes.reverse();
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_read_in_both_spellings() {
        let list = br#"{"entries": {
            "cc66e9a93713b6e643b26c15879786f7": {"status": "SUSPENDED", "reason": "KEY_COMPROMISE", "comment": "x"},
            "256": {"status": "REVOKED"}, "0A": {"status": "REVOKED", "expires": "2030-01-01"}}}"#;
        let serials = parse_status_list(list).unwrap();
        let hex = |text| hex::decode(text).unwrap();
        let expected = [hex("cc66e9a93713b6e643b26c15879786f7"), hex("0256"), hex("0100"), hex("0a")];
        assert_eq!(serials, BTreeSet::from(expected));
    }

    #[test]
    fn a_list_is_read_again_and_a_spoilt_one_leaves_what_was_known() {
        let folder = std::env::temp_dir().join(format!("desk-revocation-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("status.json");
        let certificate = Certificate::parse(fixtures::platform::attestation::root_certificate()).unwrap();
        let serial = hex::encode(certificate.serial());
        fs::write(&file, r#"{"entries": {}}"#).unwrap();
        let revoked = Revocations::Listed(AttestationStatusList::read(&file).unwrap());
        assert!(revoked.are_known() && !revoked.name(&certificate));
        fs::write(&file, format!(r#"{{"entries": {{"{serial}": {{"status": "REVOKED"}}}}}}"#)).unwrap();
        assert!(!revoked.name(&certificate), "not before it is read again");
        revoked.reread().unwrap();
        assert!(revoked.name(&certificate));
        fs::write(&file, "{").unwrap();
        assert!(matches!(revoked.reread(), Err(RevocationError::NotAStatusList(_))));
        fs::remove_file(&file).unwrap();
        assert!(matches!(revoked.reread(), Err(RevocationError::Io(_))));
        assert!(revoked.name(&certificate), "what leaked stays leaked");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_list_that_is_half_understood_is_none() {
        for list in [
            "",
            "{}",
            "[]",
            r#"{"entries": []}"#,
            r#"{"entries": {"xyz": {"status": "REVOKED"}}}"#,
            r#"{"entries": {"": {"status": "REVOKED"}}}"#,
            r#"{"entries": {"1": {}}}"#,
            r#"{"entries": {"1": 1}}"#,
        ] {
            assert_eq!(parse_status_list(list.as_bytes()), Err(NotAStatusList), "{list}");
        }
        assert_eq!(parse_status_list(br#"{"entries": {}}"#), Ok(BTreeSet::new()));
    }
}
