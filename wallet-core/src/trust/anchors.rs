use super::{Certificate, TrustError, Usage, verify_signed_data};
use crate::bytes::Reader;
use crate::cms::{SignedData, oid};
use crate::tlv;

/// Whether an anchor's own dates count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Validity {
    /// An anchor is trusted within its dates.
    #[default]
    Checked,
    /// An anchor is trusted for good; the certificates below it are still checked.
    AnchorsNeverExpire,
}

/// Certificates trusted as given: their own signatures are not looked at. One set per use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Anchors {
    certificates: Vec<Certificate>,
    validity: Validity,
}

impl Anchors {
    /// A set whose dates are checked.
    #[must_use]
    pub const fn new(certificates: Vec<Certificate>) -> Self {
        Self { certificates, validity: Validity::Checked }
    }

    /// The same set under another rule on its dates.
    #[must_use]
    pub fn with_validity(self, validity: Validity) -> Self {
        Self { validity, ..self }
    }

    /// The CSCA certificates of a master list (ICAO 9303-12, 9) whose signer is trusted through `signers`. Certificates
    /// with keys this crate does not support, or that are malformed, are left out and counted.
    ///
    /// # Errors
    /// `Malformed` for what is no master list; else as [`super::verify_chain`] and [`verify_signed_data`].
    pub fn from_master_list(list: &[u8], signers: &Self, now_unix: i64) -> Result<(Self, usize), TrustError> {
        let list = SignedData::parse(list).map_err(super::SignedDataError::from)?;
        if list.content_type() != oid::CSCA_MASTER_LIST {
            return Err(TrustError::Malformed);
        }
        let list = verify_signed_data(list, signers, now_unix, Usage::MasterListSigner)?;
        let mut fields = Reader::new(tlv::exactly(list.content.content(), 0x30)?.value);
        tlv::expect(&mut fields, 0x02)?;
        let all = tlv::all(tlv::expect(&mut fields, 0x31)?.value, MAX_CERTIFICATES)?;
        let certificates: Vec<Certificate> =
            all.iter().filter_map(|certificate| Certificate::parse(certificate.raw).ok()).collect();
        let left_out = all.len().saturating_sub(certificates.len());
        Ok((Self::new(certificates), left_out))
    }

    /// The certificates.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The one with this thumbprint.
    #[must_use]
    pub fn by_x5t(&self, x5t: [u8; 8]) -> Option<&Certificate> {
        self.certificates.iter().find(|certificate| certificate.x5t() == x5t)
    }

    pub(super) fn check_validity(&self, anchor: &Certificate, now_unix: i64) -> Result<(), TrustError> {
        match self.validity {
            Validity::Checked => anchor.check_validity(now_unix),
            Validity::AnchorsNeverExpire => Ok(()),
        }
    }
}

/// The largest published list holds below 1000.
const MAX_CERTIFICATES: usize = 4096;
