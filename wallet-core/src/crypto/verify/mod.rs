//! Signatures of foreign chips and certificates: ECDSA on NIST and Brainpool curves, RSA PKCS #1 v1.5 and PSS, raw RSA
//! recovery. Public-key operations only; ring where it can, RustCrypto for what ring lacks, the published
//! numbers of a curve for what neither has.

mod ec;
mod hash;
mod rsa;

pub use super::domain::Curve;
pub use hash::HashAlgorithm;

/// Why a signature was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The signature does not verify under this key.
    #[error("the signature does not verify")]
    BadSignature,
    /// The key is none: a point off its curve, an even modulus.
    #[error("the public key is malformed")]
    BadKey,
    /// The key is out of the bounds accepted here, or cannot be used with this scheme.
    #[error("the public key or its use is not supported")]
    Unsupported,
}

/// Verifies `signature` over `message`. ECDSA signatures are `r ‖ s`; RSA signatures may lack or carry surplus leading
/// zero bytes, as chips in the field write them.
///
/// RSA keys of 1024 to 8192 bits with an odd exponent from 3 to 2³³-1 are accepted.
///
/// # Errors
/// Any [`VerifyError`].
pub fn verify(
    key: &VerifyingKey,
    scheme: &SignatureScheme,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    match (key, scheme) {
        (VerifyingKey::Ec { curve, point }, SignatureScheme::Ecdsa(hash)) => {
            ec::verify(*curve, point, *hash, message, signature)
        }
        (VerifyingKey::Rsa { modulus, exponent }, SignatureScheme::RsaPkcs1(hash)) => {
            rsa::verify_pkcs1(&rsa::Key::new(modulus, exponent)?, *hash, message, signature)
        }
        (
            VerifyingKey::Rsa { modulus, exponent },
            SignatureScheme::RsaPss { hash, mgf_hash, salt_length },
        ) => {
            let key = rsa::Key::new(modulus, exponent)?;
            rsa::verify_pss(&key, (*hash, *mgf_hash, *salt_length), message, signature)
        }
        (VerifyingKey::Ec { .. }, _) | (VerifyingKey::Rsa { .. }, SignatureScheme::Ecdsa(_)) => {
            Err(VerifyError::Unsupported)
        }
    }
}

/// The message representative of an RSA signature, `s^e mod n`, as many bytes as the modulus. ISO/IEC 9796-2 opens
/// signatures this way.
///
/// # Errors
/// Any [`VerifyError`]; `BadSignature` when `s` is not below `n`.
pub fn recover_rsa(key: &VerifyingKey, signature: &[u8]) -> Result<Vec<u8>, VerifyError> {
    match key {
        VerifyingKey::Rsa { modulus, exponent } => rsa::Key::new(modulus, exponent)?.recover(signature),
        VerifyingKey::Ec { .. } => Err(VerifyError::Unsupported),
    }
}

/// A public key as its holder published it. Nothing is proven about it yet: a point off its curve or a modulus out of
/// bounds is found by [`verify`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VerifyingKey {
    /// An elliptic-curve key.
    Ec {
        /// Its curve.
        curve: Curve,
        /// SEC1 uncompressed: `04 ‖ x ‖ y`.
        point: Vec<u8>,
    },
    /// An RSA key.
    Rsa {
        /// n, big-endian, no leading zero.
        modulus: Vec<u8>,
        /// e, big-endian, no leading zero.
        exponent: Vec<u8>,
    },
}

/// How a message was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureScheme {
    /// ECDSA, `r ‖ s`, each as long as a coordinate of the curve.
    Ecdsa(HashAlgorithm),
    /// RSASSA-PKCS1-v1_5. RFC 8017, 8.2.
    RsaPkcs1(HashAlgorithm),
    /// RSASSA-PSS. RFC 8017, 8.1.
    RsaPss {
        /// The digest of the message.
        hash: HashAlgorithm,
        /// The digest inside MGF1.
        mgf_hash: HashAlgorithm,
        /// Bytes of salt.
        salt_length: usize,
    },
}

impl SignatureScheme {
    /// The digest of the message.
    #[must_use]
    pub const fn hash(&self) -> HashAlgorithm {
        match self {
            Self::Ecdsa(hash) | Self::RsaPkcs1(hash) | Self::RsaPss { hash, .. } => *hash,
        }
    }
}

#[cfg(test)]
mod tests;
