//! P-256 signatures of our own protocols: ES256 with `r ‖ s`, 64 bytes, low S. Signatures of foreign chips and
//! certificates, on other curves or RSA, are in `verify`.

use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

/// A P-256 public key: uncompressed SEC1 point, `04 ‖ x ‖ y`, on the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 65]);

/// Not a point on P-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a point on P-256")]
pub struct NotOnCurve;

/// The signature does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

/// An ES256 signature: `r ‖ s`, 32 bytes each, big-endian.
pub type Signature = [u8; 64];

impl PublicKey {
    /// Parses a SEC1 point, compressed (33 bytes) or uncompressed (65 bytes).
    ///
    /// # Errors
    /// [`NotOnCurve`].
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, NotOnCurve> {
        let key = p256::PublicKey::from_sec1_bytes(bytes).map_err(|_| NotOnCurve)?;
        let point = p256::elliptic_curve::sec1::ToSec1Point::to_sec1_point(&key, false);
        point.as_bytes().try_into().map(Self).map_err(|_| NotOnCurve)
    }

    /// From affine x and the sign of y, as a compressed `COSE_Key` carries it. RFC 9053, 7.1.1.
    ///
    /// # Errors
    /// [`NotOnCurve`].
    pub fn from_x(x: &[u8; 32], y_is_odd: bool) -> Result<Self, NotOnCurve> {
        let mut sec1 = [if y_is_odd { 3 } else { 2 }; 33];
        for (to, from) in sec1.iter_mut().skip(1).zip(x) {
            *to = *from;
        }
        Self::from_sec1(&sec1)
    }

    /// `04 ‖ x ‖ y`.
    #[must_use]
    pub const fn as_sec1(&self) -> &[u8; 65] {
        &self.0
    }

    /// Affine x, 32 bytes big-endian.
    #[must_use]
    pub fn x(&self) -> [u8; 32] {
        self.coordinate(1)
    }

    /// Affine y, 32 bytes big-endian.
    #[must_use]
    pub fn y(&self) -> [u8; 32] {
        self.coordinate(33)
    }

    /// Whether y is odd: the sign bit of the compressed form.
    #[must_use]
    pub fn y_is_odd(&self) -> bool {
        self.0.last().is_some_and(|byte| byte & 1 == 1)
    }

    /// RFC 7638 thumbprint: SHA-256 of the canonical JWK of this key.
    #[must_use]
    pub fn thumbprint(&self) -> [u8; 32] {
        use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
        let jwk = format!(
            r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
            BASE64_URL_SAFE_NO_PAD.encode(self.x()),
            BASE64_URL_SAFE_NO_PAD.encode(self.y())
        );
        super::hash::sha256(jwk.as_bytes())
    }

    fn coordinate(&self, skip: usize) -> [u8; 32] {
        let mut out = [0; 32];
        for (to, from) in out.iter_mut().zip(self.0.iter().skip(skip)) {
            *to = *from;
        }
        out
    }
}

/// Verifies an ES256 signature over `message`. High S is accepted here: formats that demand low S check [`is_low_s`].
///
/// # Errors
/// [`BadSignature`].
pub fn verify(key: &PublicKey, message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.as_sec1())
        .verify(message, signature)
        .map_err(|_| BadSignature)
}

/// Whether `s ≤ n/2`, the only form of a signature that has no twin.
#[must_use]
pub fn is_low_s(signature: &Signature) -> bool {
    p256::ecdsa::Signature::from_slice(signature).is_ok_and(|parsed| parsed.normalize_s() == parsed)
}

/// The low-S form of a signature: hardware returns either.
///
/// # Errors
/// [`BadSignature`] when r or s is zero or not below the group order.
pub fn normalise(signature: &Signature) -> Result<Signature, BadSignature> {
    let parsed = p256::ecdsa::Signature::from_slice(signature).map_err(|_| BadSignature)?;
    Ok(parsed.normalize_s().to_bytes().into())
}

#[cfg(feature = "issuer")]
pub use issuing::SigningKey;

#[cfg(feature = "issuer")]
mod issuing {
    use super::{BadSignature, PublicKey, Signature, normalise};
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
    };

    /// A P-256 private key of an issuer, a desk or a test. The wallet has none: its keys live in the phone's hardware.
    pub struct SigningKey {
        pair: EcdsaKeyPair,
        public: PublicKey,
    }

    impl SigningKey {
        /// Makes a new key; returns it with its PKCS#8 form for the caller to keep.
        ///
        /// # Errors
        /// [`BadSignature`] when the system has no randomness.
        pub fn make() -> Result<(Self, Vec<u8>), BadSignature> {
            let document =
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                    .map_err(|_| BadSignature)?;
            Ok((Self::from_pkcs8(document.as_ref())?, document.as_ref().to_vec()))
        }

        /// Reads a PKCS#8 private key.
        ///
        /// # Errors
        /// [`BadSignature`] when it is not a P-256 key.
        pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, BadSignature> {
            let pair =
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new())
                    .map_err(|_| BadSignature)?;
            let public = PublicKey::from_sec1(pair.public_key().as_ref()).map_err(|_| BadSignature)?;
            Ok(Self { pair, public })
        }

        /// The public half.
        #[must_use]
        pub const fn public(&self) -> &PublicKey {
            &self.public
        }

        /// Signs `message`: ES256, `r ‖ s`, low S.
        ///
        /// # Errors
        /// [`BadSignature`] when the system has no randomness.
        pub fn sign(&self, message: &[u8]) -> Result<Signature, BadSignature> {
            let signature = self.pair.sign(&SystemRandom::new(), message).map_err(|_| BadSignature)?;
            normalise(&signature.as_ref().try_into().map_err(|_| BadSignature)?)
        }
    }
}

#[cfg(all(test, feature = "issuer"))]
mod tests {
    use super::*;

    #[test]
    fn a_signature_has_one_accepted_twin_and_is_normalised() {
        let (key, _) = SigningKey::make().unwrap();
        let signature = key.sign(b"message").unwrap();
        assert!(is_low_s(&signature));
        verify(key.public(), b"message", &signature).unwrap();
        assert_eq!(verify(key.public(), b"massage", &signature), Err(BadSignature));

        let low = p256::ecdsa::Signature::from_slice(&signature).unwrap();
        let twin = p256::ecdsa::Signature::from_scalars(low.r().to_bytes(), (-*low.s()).to_bytes()).unwrap();
        let twin: Signature = twin.to_bytes().into();
        verify(key.public(), b"message", &twin).unwrap();
        assert!(!is_low_s(&twin));
        assert_eq!(normalise(&twin).unwrap(), signature);
    }

    #[test]
    fn a_point_survives_compression() {
        let (key, _) = SigningKey::make().unwrap();
        let public = key.public();
        assert_eq!(PublicKey::from_x(&public.x(), public.y_is_odd()).unwrap(), *public);
        assert_eq!(PublicKey::from_sec1(&[4; 65]), Err(NotOnCurve));
    }
}
