use super::chain::{check_critical_extensions, check_issued};
use super::revocation::Revoked;
use super::{
    Certificate, Revocation, RevocationList, RevocationPolicy, TrustError, Usage, verify_signed_data,
};
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

/// Certificates trusted as given: their own signatures are not looked at. One set per use. With them goes what their
/// authorities have said since: further keys of theirs, and certificates they took back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Anchors {
    certificates: Vec<Certificate>,
    validity: Validity,
    revoked: Vec<Revoked>,
    revocation: RevocationPolicy,
}

impl Anchors {
    /// A set whose dates are checked.
    #[must_use]
    pub const fn new(certificates: Vec<Certificate>) -> Self {
        Self {
            certificates,
            validity: Validity::Checked,
            revoked: Vec::new(),
            revocation: RevocationPolicy::ListsAtHand,
        }
    }

    /// The same set under another rule on its dates.
    #[must_use]
    pub fn with_validity(self, validity: Validity) -> Self {
        Self { validity, ..self }
    }

    /// The same set under another rule on revocation.
    #[must_use]
    pub fn with_revocation_policy(self, revocation: RevocationPolicy) -> Self {
        Self { revocation, ..self }
    }

    /// Lets a list count whose signer is an anchor, valid at `now_unix` (seconds since 1970 UTC). Whether the list is
    /// current is asked whenever a certificate is checked.
    ///
    /// # Errors
    /// `UntrustedIssuer`, `BadSignature`, `WrongUsage` or `Unsupported` of the list; `Expired` or `NotYetValid` of its signer.
    pub fn with_revocation_list(mut self, list: RevocationList, now_unix: i64) -> Result<Self, TrustError> {
        let mut refusal = TrustError::UntrustedIssuer;
        for anchor in &self.certificates {
            let outcome = list.check_signed_by(anchor).and_then(|()| self.check_validity(anchor, now_unix));
            match outcome {
                Ok(()) => {
                    self.revoked.push(list.into_says());
                    return Ok(self);
                }
                Err(TrustError::UntrustedIssuer) => {}
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    /// Trusts the keys that trusted authorities vouch for as further keys of their own, by link certificates that are valid at
    /// `now_unix` (seconds since 1970 UTC); a link may rest on another. Those that lead to no anchor are left out and
    /// counted. ICAO 9303-12, 3.2 and 7.1.
    #[must_use]
    pub fn with_links(mut self, links: &[Certificate], now_unix: i64) -> (Self, usize) {
        let mut left: Vec<&Certificate> = links.iter().take(MAX_LINKS).collect();
        let left_out = links.len().saturating_sub(left.len());
        loop {
            let before = left.len();
            left.retain(|link| {
                let admitted = self.check_link(link, now_unix).is_ok();
                if admitted {
                    self.certificates.push((*link).clone());
                }
                !admitted
            });
            if left.len() == before {
                return (self, left_out.saturating_add(before));
            }
        }
    }

    /// What the lists at hand know of a certificate at `now_unix` (seconds since 1970 UTC).
    #[must_use]
    pub fn revocation_of(&self, certificate: &Certificate, now_unix: i64) -> Revocation {
        let mut known = Revocation::NoList;
        for list in &self.revoked {
            match (list.of(certificate, now_unix), known) {
                (Revocation::Revoked, _) => return Revocation::Revoked,
                (Revocation::NotRevoked, _) => known = Revocation::NotRevoked,
                (Revocation::ListNotCurrent, Revocation::NoList) => known = Revocation::ListNotCurrent,
                (Revocation::ListNotCurrent | Revocation::NoList, _) => {}
            }
        }
        known
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

    pub(super) fn check_revocation(
        &self,
        certificate: &Certificate,
        now_unix: i64,
    ) -> Result<(), TrustError> {
        match (self.revocation_of(certificate, now_unix), self.revocation) {
            (Revocation::Revoked, _) => Err(TrustError::Revoked),
            (Revocation::NotRevoked, _) | (_, RevocationPolicy::ListsAtHand) => Ok(()),
            (Revocation::NoList | Revocation::ListNotCurrent, RevocationPolicy::Required) => {
                Err(TrustError::RevocationUnknown)
            }
        }
    }

    /// Whether an authority, of the same country and with the right to issue, vouches for this one. Its path length is not
    /// looked at: it limits the certificates of others, and the new key stands beside the old one, not below it.
    fn check_link(&self, link: &Certificate, now_unix: i64) -> Result<(), TrustError> {
        link.check_validity(now_unix)?;
        check_critical_extensions(link)?;
        let is_authority = link.basic_constraints().is_some_and(|constraints| constraints.ca);
        if !is_authority || !link.allows_signing_certificates() {
            return Err(TrustError::WrongUsage);
        }
        self.check_revocation(link, now_unix)?;
        let vouches = |anchor: &&Certificate| {
            anchor.country() == link.country()
                && check_issued(link, anchor, 0, Usage::DocumentSigner).is_ok()
                && self.check_validity(anchor, now_unix).is_ok()
        };
        self.certificates.iter().find(vouches).map(|_| ()).ok_or(TrustError::UntrustedIssuer)
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
/// One authority renews its key every three to five years; a caller may give the links of all of them.
const MAX_LINKS: usize = 1024;
