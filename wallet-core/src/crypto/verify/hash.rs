use ring::digest;
use sha2::Digest;

/// A digest algorithm. SHA-1 and SHA-224 stand in documents that are still carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// SHA-1. FIPS 180-4.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// The digest of `bytes`, [`Self::length`] bytes.
    #[must_use]
    pub fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => ring_digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes),
            Self::Sha224 => sha2::Sha224::digest(bytes).to_vec(),
            Self::Sha256 => ring_digest(&digest::SHA256, bytes),
            Self::Sha384 => ring_digest(&digest::SHA384, bytes),
            Self::Sha512 => ring_digest(&digest::SHA512, bytes),
        }
    }

    /// Bytes of a digest.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

fn ring_digest(algorithm: &'static digest::Algorithm, bytes: &[u8]) -> Vec<u8> {
    digest::digest(algorithm, bytes).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_digest_of_abc_is_the_one_of_fips_180() {
        for (algorithm, begins) in [
            (HashAlgorithm::Sha1, "a9993e364706816a"),
            (HashAlgorithm::Sha224, "23097d223405d822"),
            (HashAlgorithm::Sha256, "ba7816bf8f01cfea"),
            (HashAlgorithm::Sha384, "cb00753f45a35e8b"),
            (HashAlgorithm::Sha512, "ddaf35a193617aba"),
        ] {
            let digest = algorithm.digest(b"abc");
            assert_eq!(digest.len(), algorithm.length());
            assert!(hex::encode(digest).starts_with(begins), "{algorithm:?}");
        }
    }
}
