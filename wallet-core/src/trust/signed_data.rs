use super::{Anchors, Certificate, Country, TrustError, Usage, Verified, chain::verify_chain_to};
use crate::cms::{CmsError, SignedData, SignerId};

/// Why signed data is not trusted: the data itself, or who signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignedDataError {
    /// Malformed, altered, or not signed by the certificate it names.
    #[error("the signed data is not genuine")]
    Data(#[from] CmsError),
    /// None of the certificates sent along is the signer's: `UntrustedIssuer`, or why one of them could not be read. The
    /// signature was not checked.
    #[error("the signer's certificate cannot be used")]
    Certificate(TrustError),
    /// The signature is the certificate's, and the certificate is not trusted.
    #[error("the signer is not trusted")]
    Signer(#[from] TrustError),
}

impl From<SignedDataError> for TrustError {
    fn from(error: SignedDataError) -> Self {
        match error {
            SignedDataError::Signer(inner) | SignedDataError::Certificate(inner) => inner,
            SignedDataError::Data(CmsError::AlteredContent | CmsError::BadSignature) => Self::BadSignature,
            SignedDataError::Data(CmsError::Unsupported) => Self::Unsupported,
            SignedDataError::Data(CmsError::Malformed(_) | CmsError::SignerMisbehaved(_)) => Self::Malformed,
        }
    }
}

/// Signed data and the trusted certificate that signed it.
#[derive(Debug, Clone)]
pub struct VerifiedSignedData {
    /// The data.
    pub content: Verified<SignedData>,
    /// Its signer.
    pub signer: Verified<Certificate>,
    /// The country of the anchor that the signer leads to, by the anchor's own word: nobody below it can say another.
    pub country: Option<Country>,
}

/// Verifies content, signature and the path of the signer at `now_unix` (seconds since 1970 UTC). The certificates sent
/// along serve as the path.
///
/// # Errors
/// [`SignedDataError`]: altered content and a bad signature are found before the path is looked at.
pub fn verify_signed_data(
    data: SignedData,
    anchors: &Anchors,
    now_unix: i64,
    usage: Usage,
) -> Result<VerifiedSignedData, SignedDataError> {
    // A certificate of another kind sent along is no reason to refuse; the signer's own is.
    let parsed: Vec<Result<Certificate, TrustError>> =
        data.certificates().iter().map(|der| Certificate::parse(der)).collect();
    let signer = find_signer(&parsed, data.signer()).cloned().ok_or_else(|| {
        let unreadable = parsed.iter().find_map(|certificate| certificate.as_ref().err().copied());
        SignedDataError::Certificate(unreadable.unwrap_or(TrustError::UntrustedIssuer))
    })?;
    data.verify(signer.public_key())?;
    let mut path = vec![signer];
    while let Some(issuer) = next_issuer(&path, &parsed) {
        path.push(issuer.clone());
    }
    let (signer, anchor) = verify_chain_to(&path, anchors, now_unix, usage)?;
    Ok(VerifiedSignedData { content: Verified::new(data), signer, country: anchor.country() })
}

/// By issuer and serial number; where no issuer is equal byte for byte, by serial number alone: some signers write their
/// issuer's attributes in another order than its certificate. The signature decides in any case.
fn find_signer<'a>(
    certificates: &'a [Result<Certificate, TrustError>],
    signer: &SignerId,
) -> Option<&'a Certificate> {
    let mut readable = certificates.iter().flatten();
    match signer {
        SignerId::KeyId(id) => readable.find(|it| it.subject_key_id() == Some(id)),
        SignerId::IssuerAndSerial { issuer, serial } => readable
            .clone()
            .find(|it| it.issuer_raw() == issuer && it.serial() == serial)
            .or_else(|| readable.find(|it| it.serial() == serial)),
    }
}

fn next_issuer<'a>(
    path: &[Certificate],
    certificates: &'a [Result<Certificate, TrustError>],
) -> Option<&'a Certificate> {
    let last = path.last()?;
    certificates.iter().flatten().find(|it| it.subject_raw() == last.issuer_raw() && !path.contains(it))
}
