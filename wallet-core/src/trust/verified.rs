use std::ops::Deref;

use super::TrustError;
use crate::crypto::verify::{self, SignatureScheme, VerifyError, VerifyingKey};

/// Something a trusted key vouched for. Only this module makes one, so holding one is the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// The one door: every caller in `trust/` has just checked a signature that leads to an anchor.
    pub(super) const fn new(inner: T) -> Self {
        Self(inner)
    }

    /// The value, its proof given up.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Whatever names the public key that speaks for it: a certificate, or a credential that binds its holder's key.
pub trait KeyHolder {
    /// The key.
    ///
    /// # Errors
    /// [`TrustError::Unsupported`] when it is of a kind that cannot sign.
    fn key(&self) -> Result<VerifyingKey, TrustError>;
}

/// Something received and parsed, with the signature that is claimed for it. The value cannot be reached before
/// [`Unverified::verified_by`].
#[derive(Clone)]
pub struct Unverified<T> {
    value: T,
    message: Vec<u8>,
    scheme: SignatureScheme,
    signature: Vec<u8>,
}

impl<T> Unverified<T> {
    /// `value` as parsed from `message`, the exact bytes that were signed (for COSE the `Sig_structure`), and the
    /// signature in the form [`verify::verify`] takes: ECDSA `r ‖ s`.
    ///
    /// The caller answers for `value` being what `message` says: parse it from bytes inside `message`.
    pub const fn new(value: T, message: Vec<u8>, scheme: SignatureScheme, signature: Vec<u8>) -> Self {
        Self { value, message, scheme, signature }
    }

    /// Checks the signature under the signer's key and gives the value out.
    ///
    /// # Errors
    /// [`TrustError::BadSignature`], or [`TrustError::Unsupported`] when the key does not go with the scheme.
    pub fn verified_by<S: KeyHolder>(self, signer: &Verified<S>) -> Result<Verified<T>, TrustError> {
        verify::verify(&signer.key()?, &self.scheme, &self.message, &self.signature)?;
        Ok(Verified::new(self.value))
    }
}

impl<T> std::fmt::Debug for Unverified<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Unverified").finish_non_exhaustive()
    }
}

impl From<VerifyError> for TrustError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::BadSignature => Self::BadSignature,
            VerifyError::BadKey | VerifyError::Unsupported => Self::Unsupported,
        }
    }
}
