//! Passive authentication: EF.SOD was signed by a document signer of a trusted state, and lists the very bytes that
//! were read. ICAO 9303-11, 5.1.

use std::collections::BTreeMap;

use super::files::dg1;
use super::issuing_state::{self, IssuingState};
use crate::cms::algorithm::SignatureAlgorithm;
use crate::cms::{CmsError, LdsSecurityObject, SignedData};
use crate::crypto::verify::{HashAlgorithm, VerifyingKey};
use crate::tlv::{self, TlvError};
use crate::trust::{
    Anchors, Country, Revocation, SignedDataError, TrustError, Usage, VerifiedSignedData, verify_signed_data,
};

/// Why a document is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassiveAuthError {
    /// EF.SOD is not one.
    #[error("the security object is malformed")]
    Malformed,
    /// EF.SOD uses an algorithm or a version that this crate does not know.
    #[error("the security object is of a kind not supported")]
    Unsupported,
    /// EF.SOD was altered after it was signed.
    #[error("the security object's signature does not verify")]
    BadSignature,
    /// The document signer's certificate leads to no trusted state.
    #[error("the document signer is not trusted")]
    UntrustedSigner(TrustError),
    /// The document says that another state issued it than the one that signed it.
    #[error("the document is signed by another state than its own")]
    AnotherState,
    /// The data group is not the one that was signed.
    #[error("data group {0} was altered")]
    AlteredGroup(u8),
    /// The data group was never signed.
    #[error("data group {0} is not in the security object")]
    MissingHash(u8),
}

/// Whether the document signer leads to a trusted state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainOutcome {
    /// It does.
    Trusted,
    /// It does not.
    Untrusted(TrustError),
    /// Not looked at: the signature under its key had failed.
    NotChecked,
}

/// Whether the state took the document signer's certificate back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationOutcome {
    /// What the lists at hand know of it.
    Known(Revocation),
    /// Not looked at: the signer leads to no trusted state.
    NotChecked,
}

/// Which checks rest on an algorithm of old: SHA-1, or an RSA key below 2048 bits. They hold, and that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weaknesses {
    /// The state's signature over the document signer's certificate.
    pub chain: bool,
    /// The document signer's signature.
    pub signature: bool,
    /// The digests over the data groups.
    pub groups: bool,
}

/// Whether EF.SOD is as it was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureOutcome {
    /// Content and signature agree.
    Valid,
    /// They do not.
    Invalid,
    /// The signer's certificate is not there or its key cannot be used.
    NotChecked,
}

/// Whether a data group is as it was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupOutcome {
    /// The hash of the file as read is the one listed.
    Matches,
    /// It is another.
    Altered,
    /// None is listed.
    NotListed,
}

/// What was checked, and how it came out. Free of names and numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassiveReport {
    /// Document signer to state.
    pub chain: ChainOutcome,
    /// EF.SOD itself.
    pub signature: SignatureOutcome,
    /// Each data group handed in.
    pub groups: BTreeMap<u8, GroupOutcome>,
    /// Every data group that EF.SOD lists, read or not.
    pub listed: Vec<u8>,
    /// The digest over the data groups.
    pub hash: HashAlgorithm,
    /// The signature's algorithm as named by the signer.
    pub signature_algorithm: SignatureAlgorithm,
    /// Whether the state took the signer's certificate back.
    pub revocation: RevocationOutcome,
    /// What rests on algorithms of old.
    pub weaknesses: Weaknesses,
    /// The country of the authority that the signer leads to, when it is trusted.
    pub signer_country: Option<Country>,
    /// Whether that is the state that EF.DG1 names.
    pub issuing_state: IssuingState,
    /// The LDS version that EF.SOD names, such as `0108`; documents before LDS 1.8 name none there.
    pub lds_version: Option<[u8; 4]>,
}

impl PassiveReport {
    /// Whether the document's signer, trusted or not, vouches for a data group as it was read.
    #[must_use]
    pub fn vouches_for(&self, group: u8) -> bool {
        self.signature == SignatureOutcome::Valid && self.groups.get(&group) == Some(&GroupOutcome::Matches)
    }

    /// Whether the document is to be believed.
    ///
    /// # Errors
    /// As [`verify`].
    pub fn decide(&self) -> Result<(), PassiveAuthError> {
        if let RevocationOutcome::Known(Revocation::Revoked) = self.revocation {
            return Err(PassiveAuthError::UntrustedSigner(TrustError::Revoked));
        }
        match (self.signature, self.chain) {
            (SignatureOutcome::Valid, ChainOutcome::Trusted) => {}
            (SignatureOutcome::Invalid, _) => return Err(PassiveAuthError::BadSignature),
            (_, ChainOutcome::Untrusted(error)) => return Err(PassiveAuthError::UntrustedSigner(error)),
            (SignatureOutcome::Valid | SignatureOutcome::NotChecked, _) => {
                return Err(PassiveAuthError::Unsupported);
            }
        }
        if self.issuing_state == IssuingState::Another {
            return Err(PassiveAuthError::AnotherState);
        }
        for (number, outcome) in &self.groups {
            match outcome {
                GroupOutcome::Matches => {}
                GroupOutcome::NotListed => return Err(PassiveAuthError::MissingHash(*number)),
                GroupOutcome::Altered => return Err(PassiveAuthError::AlteredGroup(*number)),
            }
        }
        Ok(())
    }
}

/// Verifies a document: `sod` is the whole EF.SOD (tag 77), `groups` maps data group numbers to whole files as read,
/// `csca` holds the trusted states, `now_unix` is in seconds since 1970 UTC. Every group handed in has to be listed.
///
/// # Errors
/// The first of: malformed, unsupported, bad signature, untrusted signer, another state's signer, a group not listed, a group altered.
pub fn verify(
    sod: &[u8],
    groups: &BTreeMap<u8, Vec<u8>>,
    csca: &Anchors,
    now_unix: i64,
) -> Result<PassiveReport, PassiveAuthError> {
    let report = examine(sod, groups, csca, now_unix)?;
    report.decide().map(|()| report)
}

/// Makes every check and reports each, whatever came of the others: for showing, not for believing. Only
/// [`PassiveReport::decide`] decides.
///
/// # Errors
/// `Malformed` or `Unsupported`, when there is nothing to report on.
pub fn examine(
    sod: &[u8],
    groups: &BTreeMap<u8, Vec<u8>>,
    csca: &Anchors,
    now_unix: i64,
) -> Result<PassiveReport, PassiveAuthError> {
    if sod.len() > MAX_SOD {
        return Err(PassiveAuthError::Malformed);
    }
    let data = SignedData::parse(tlv::exactly(sod, 0x77)?.value)?;
    if data.content_type() != crate::cms::oid::LDS_SECURITY_OBJECT {
        return Err(PassiveAuthError::Malformed);
    }
    let object = LdsSecurityObject::parse(data.content())?;
    let signature_algorithm = data.signature_algorithm();
    let mut weaknesses = Weaknesses { groups: is_weak(object.hash), ..Weaknesses::default() };
    let (mut signature, mut chain) = (SignatureOutcome::Valid, ChainOutcome::Trusted);
    let mut revocation = RevocationOutcome::NotChecked;
    let (mut signer_country, mut issuing_state) = (None, IssuingState::NotChecked);
    let signature_hash = signature_algorithm.hash().unwrap_or(data.digest_algorithm());
    weaknesses.signature = is_weak(signature_hash) || is_weak(data.digest_algorithm());
    match verify_signed_data(data, csca, now_unix, Usage::DocumentSigner) {
        Ok(VerifiedSignedData { signer, content: _, country }) => {
            weaknesses.signature |= is_weak_key(signer.public_key());
            weaknesses.chain = signer.signature_algorithm().and_then(|it| it.hash()).is_some_and(is_weak);
            revocation = RevocationOutcome::Known(csca.revocation_of(&signer, now_unix));
            issuing_state = groups.get(&1).map_or(IssuingState::NotChecked, |file| {
                let state = dg1::parse(file).map(|zone| zone.issuer).unwrap_or_default();
                issuing_state::compare(country.as_ref(), &state)
            });
            signer_country = country;
        }
        // Found last: the signer is the state's, or was.
        Err(SignedDataError::Signer(TrustError::Revoked)) => {
            revocation = RevocationOutcome::Known(Revocation::Revoked);
        }
        Err(error) => (signature, chain) = refusal(error),
    }
    let groups = groups
        .iter()
        .map(|(number, file)| {
            let outcome = match object.hashes.get(number) {
                None => GroupOutcome::NotListed,
                Some(listed) if *listed == object.hash.digest(file) => GroupOutcome::Matches,
                Some(_) => GroupOutcome::Altered,
            };
            (*number, outcome)
        })
        .collect();
    Ok(PassiveReport {
        chain,
        signature,
        groups,
        listed: object.hashes.keys().copied().collect(),
        hash: object.hash,
        signature_algorithm,
        revocation,
        weaknesses,
        signer_country,
        issuing_state,
        lds_version: object.lds_version,
    })
}

const fn is_weak(hash: HashAlgorithm) -> bool {
    matches!(hash, HashAlgorithm::Sha1)
}

const fn is_weak_key(key: &VerifyingKey) -> bool {
    match key {
        VerifyingKey::Rsa { modulus, .. } => modulus.len() < LEAST_MODULUS,
        VerifyingKey::Ec { .. } => false,
    }
}

/// Verifies EF.CardSecurity, the signed form of EF.CardAccess: its SecurityInfos, a SET. `csca` and `now_unix` as in
/// [`verify`]. ICAO 9303-11, 4.4.3.3.3; BSI TR-03110-3, A.1.2.5. With them the country of the authority behind them: any trusted
/// state signs such a file for its own cards.
///
/// # Errors
/// The first of: malformed, unsupported, bad signature, untrusted signer.
pub fn verify_card_security(
    file: &[u8],
    csca: &Anchors,
    now_unix: i64,
) -> Result<(Vec<u8>, Option<Country>), PassiveAuthError> {
    if file.len() > MAX_SOD {
        return Err(PassiveAuthError::Malformed);
    }
    let data = SignedData::parse(file)?;
    if data.content_type() != crate::cms::oid::SECURITY_OBJECT {
        return Err(PassiveAuthError::Malformed);
    }
    match verify_signed_data(data, csca, now_unix, Usage::DocumentSigner) {
        Ok(verified) => Ok((verified.content.content().to_vec(), verified.country)),
        Err(SignedDataError::Data(error)) => Err(error.into()),
        Err(SignedDataError::Signer(error) | SignedDataError::Certificate(error)) => {
            Err(PassiveAuthError::UntrustedSigner(error))
        }
    }
}

const fn refusal(error: SignedDataError) -> (SignatureOutcome, ChainOutcome) {
    match error {
        SignedDataError::Data(CmsError::BadSignature | CmsError::AlteredContent) => {
            (SignatureOutcome::Invalid, ChainOutcome::NotChecked)
        }
        SignedDataError::Signer(error) => (SignatureOutcome::Valid, ChainOutcome::Untrusted(error)),
        SignedDataError::Certificate(error) => (SignatureOutcome::NotChecked, ChainOutcome::Untrusted(error)),
        SignedDataError::Data(_) => (SignatureOutcome::NotChecked, ChainOutcome::NotChecked),
    }
}

impl From<CmsError> for PassiveAuthError {
    fn from(error: CmsError) -> Self {
        match error {
            CmsError::Unsupported => Self::Unsupported,
            CmsError::AlteredContent | CmsError::BadSignature => Self::BadSignature,
            CmsError::Malformed(_) | CmsError::SignerMisbehaved(_) => Self::Malformed,
        }
    }
}

impl From<TlvError> for PassiveAuthError {
    fn from(_: TlvError) -> Self {
        Self::Malformed
    }
}

/// 2048 bits. ICAO 9303-12, 4.4.
const LEAST_MODULUS: usize = 256;
/// Real ones are 1 to 5 KiB; a chip addresses no more than this in its short form.
const MAX_SOD: usize = 32 << 10;

#[cfg(test)]
#[cfg(feature = "issuer")]
#[path = "passive_auth_tests.rs"]
mod tests;
