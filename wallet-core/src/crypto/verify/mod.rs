//! Signatures of foreign chips and certificates: ECDSA on NIST and Brainpool curves, RSA PKCS #1 v1.5 and PSS, raw RSA
//! recovery. Public-key operations only; ring where it can, RustCrypto for what ring lacks.

mod hash;

pub use hash::HashAlgorithm;

/// A curve of prime order. SEC 2 and RFC 5639.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    /// NIST P-256, secp256r1.
    P256,
    /// NIST P-384, secp384r1.
    P384,
    /// NIST P-521, secp521r1.
    P521,
    /// brainpoolP256r1.
    BrainpoolP256r1,
    /// brainpoolP384r1.
    BrainpoolP384r1,
}

impl Curve {
    /// Bytes of a coordinate, and of r and of s.
    #[must_use]
    pub const fn field_length(self) -> usize {
        match self {
            Self::P256 | Self::BrainpoolP256r1 => 32,
            Self::P384 | Self::BrainpoolP384r1 => 48,
            Self::P521 => 66,
        }
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
