//! Algorithm identifiers: which digest, which signature. RFC 5754, RFC 4055, BSI TR-03111.

use super::oid;
use crate::bytes::Reader;
use crate::crypto::verify::{self, Curve, HashAlgorithm, SignatureScheme, VerifyError, VerifyingKey};
use crate::tlv::{self, Tlv, TlvError};

/// Why an algorithm identifier could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AlgorithmError {
    /// Not DER of an algorithm identifier.
    #[error("malformed algorithm identifier")]
    Malformed(#[from] TlvError),
    /// An algorithm this crate does not know.
    #[error("algorithm not supported")]
    Unsupported,
}

/// A signature algorithm as its identifier names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// ECDSA with `ECDSA-Sig-Value`; the digest is missing where a key's algorithm was written in place of a
    /// signature's.
    Ecdsa(Option<HashAlgorithm>),
    /// ECDSA with `r ‖ s`. BSI TR-03111, 5.2.1.
    EcdsaPlain(HashAlgorithm),
    /// RSASSA-PKCS1-v1_5; `rsaEncryption` leaves the digest to the signer's digest algorithm.
    RsaPkcs1(Option<HashAlgorithm>),
    /// RSASSA-PSS with its parameters.
    RsaPss {
        /// The digest of the message.
        hash: HashAlgorithm,
        /// The digest inside MGF1.
        mgf_hash: HashAlgorithm,
        /// Bytes of salt.
        salt_length: usize,
    },
}

/// The digest that an `AlgorithmIdentifier` (tag 30) names.
///
/// # Errors
/// [`AlgorithmError`].
pub fn parse_digest(identifier: &Tlv<'_>) -> Result<HashAlgorithm, AlgorithmError> {
    let (kind, _) = split(identifier)?;
    [
        (oid::SHA1, HashAlgorithm::Sha1),
        (oid::SHA224, HashAlgorithm::Sha224),
        (oid::SHA256, HashAlgorithm::Sha256),
        (oid::SHA384, HashAlgorithm::Sha384),
        (oid::SHA512, HashAlgorithm::Sha512),
    ]
    .into_iter()
    .find_map(|(known, hash)| (known == kind).then_some(hash))
    .ok_or(AlgorithmError::Unsupported)
}

impl SignatureAlgorithm {
    /// Reads an `AlgorithmIdentifier` (tag 30).
    ///
    /// # Errors
    /// [`AlgorithmError`].
    pub fn parse(identifier: &Tlv<'_>) -> Result<Self, AlgorithmError> {
        let (kind, parameters) = split(identifier)?;
        if kind == oid::RSA_PSS {
            return parse_pss(parameters.as_ref());
        }
        Self::named(kind).ok_or(AlgorithmError::Unsupported)
    }

    /// The algorithm an object identifier alone names; the content octets of its DER form.
    #[must_use]
    pub fn named(kind: &[u8]) -> Option<Self> {
        use HashAlgorithm::{Sha1, Sha224, Sha256, Sha384, Sha512};
        [
            (oid::ECDSA_SHA1, Self::Ecdsa(Some(Sha1))),
            (oid::ECDSA_SHA224, Self::Ecdsa(Some(Sha224))),
            (oid::ECDSA_SHA256, Self::Ecdsa(Some(Sha256))),
            (oid::ECDSA_SHA384, Self::Ecdsa(Some(Sha384))),
            (oid::ECDSA_SHA512, Self::Ecdsa(Some(Sha512))),
            (oid::EC_PUBLIC_KEY, Self::Ecdsa(None)),
            (oid::ECDSA_PLAIN_SHA1, Self::EcdsaPlain(Sha1)),
            (oid::ECDSA_PLAIN_SHA224, Self::EcdsaPlain(Sha224)),
            (oid::ECDSA_PLAIN_SHA256, Self::EcdsaPlain(Sha256)),
            (oid::ECDSA_PLAIN_SHA384, Self::EcdsaPlain(Sha384)),
            (oid::ECDSA_PLAIN_SHA512, Self::EcdsaPlain(Sha512)),
            (oid::RSA_ENCRYPTION, Self::RsaPkcs1(None)),
            (oid::RSA_SHA1, Self::RsaPkcs1(Some(Sha1))),
            (oid::RSA_SHA224, Self::RsaPkcs1(Some(Sha224))),
            (oid::RSA_SHA256, Self::RsaPkcs1(Some(Sha256))),
            (oid::RSA_SHA384, Self::RsaPkcs1(Some(Sha384))),
            (oid::RSA_SHA512, Self::RsaPkcs1(Some(Sha512))),
        ]
        .into_iter()
        .find_map(|(known, algorithm)| (known == kind).then_some(algorithm))
    }

    /// Verifies a signature in the encoding X.509 and CMS give it.
    ///
    /// # Errors
    /// `Unsupported` when key and algorithm are of different kinds or the digest stays unknown; else as
    /// [`verify::verify`].
    pub fn verify(&self, key: &VerifyingKey, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        match (*self, key) {
            (Self::Ecdsa(Some(hash)), VerifyingKey::Ec { curve, .. }) => {
                let plain = ecdsa_plain(*curve, signature).ok_or(VerifyError::BadSignature)?;
                verify::verify(key, &SignatureScheme::Ecdsa(hash), message, &plain)
            }
            (Self::EcdsaPlain(hash), VerifyingKey::Ec { .. }) => {
                verify::verify(key, &SignatureScheme::Ecdsa(hash), message, signature)
            }
            (Self::RsaPkcs1(Some(hash)), VerifyingKey::Rsa { .. }) => {
                verify::verify(key, &SignatureScheme::RsaPkcs1(hash), message, signature)
            }
            (Self::RsaPss { hash, mgf_hash, salt_length }, VerifyingKey::Rsa { .. }) => {
                let scheme = SignatureScheme::RsaPss { hash, mgf_hash, salt_length };
                verify::verify(key, &scheme, message, signature)
            }
            _ => Err(VerifyError::Unsupported),
        }
    }

    /// The digest this algorithm names, if any.
    #[must_use]
    pub const fn hash(&self) -> Option<HashAlgorithm> {
        match self {
            Self::Ecdsa(hash) | Self::RsaPkcs1(hash) => *hash,
            Self::EcdsaPlain(hash) | Self::RsaPss { hash, .. } => Some(*hash),
        }
    }
}

/// `r ‖ s` out of an `ECDSA-Sig-Value`, each as long as a coordinate. `None` when it is malformed or too large.
/// RFC 3279, 2.2.3.
#[must_use]
pub fn ecdsa_plain(curve: Curve, signature: &[u8]) -> Option<Vec<u8>> {
    let mut parts = Reader::new(tlv::exactly(signature, 0x30).ok()?.value);
    let mut plain = Vec::new();
    for _ in 0..2 {
        let number = unsigned(tlv::expect(&mut parts, 0x02).ok()?.value)?;
        plain.resize(plain.len().checked_add(curve.field_length().checked_sub(number.len())?)?, 0);
        plain.extend_from_slice(number);
    }
    parts.finish().ok()?;
    Some(plain)
}

/// The magnitude of a non-negative INTEGER without leading zeros; `None` when negative or empty.
pub(super) fn unsigned(mut value: &[u8]) -> Option<&[u8]> {
    value.first().filter(|byte| **byte < 0x80)?;
    while let [0, rest @ ..] = value {
        value = rest;
    }
    Some(value)
}

/// The object identifier and the parameters of an `AlgorithmIdentifier`.
pub(super) fn split<'a>(identifier: &Tlv<'a>) -> Result<(&'a [u8], Option<Tlv<'a>>), TlvError> {
    if identifier.tag != 0x30 {
        return Err(TlvError::UnexpectedTag);
    }
    let mut fields = Reader::new(identifier.value);
    let kind = tlv::expect(&mut fields, 0x06)?.value;
    let parameters = if fields.is_empty() { None } else { Some(tlv::read(&mut fields)?) };
    fields.finish()?;
    Ok((kind, parameters))
}

/// `RSASSA-PSS-params`, each with its default. RFC 4055, 3.1.
fn parse_pss(parameters: Option<&Tlv<'_>>) -> Result<SignatureAlgorithm, AlgorithmError> {
    let mut fields = Reader::new(match parameters {
        None => &[],
        Some(Tlv { tag: 0x30, value, .. }) => value,
        Some(_) => return Err(AlgorithmError::Malformed(TlvError::UnexpectedTag)),
    });
    let inner = |field: Tlv<'_>| field.value.to_vec();
    let hash = match tlv::optional(&mut fields, 0xA0)?.map(inner) {
        None => HashAlgorithm::Sha1,
        Some(identifier) => parse_digest(&tlv::exactly(&identifier, 0x30)?)?,
    };
    let mgf_hash = match tlv::optional(&mut fields, 0xA1)?.map(inner) {
        None => HashAlgorithm::Sha1,
        Some(identifier) => match split(&tlv::exactly(&identifier, 0x30)?)? {
            (oid::MGF1, Some(digest)) => parse_digest(&digest)?,
            _ => return Err(AlgorithmError::Unsupported),
        },
    };
    let salt_length = match tlv::optional(&mut fields, 0xA2)?.map(inner) {
        None => 20,
        Some(number) => match unsigned(tlv::exactly(&number, 0x02)?.value) {
            Some([]) => 0,
            Some([length]) => usize::from(*length),
            _ => return Err(AlgorithmError::Unsupported),
        },
    };
    match tlv::optional(&mut fields, 0xA3)?.map(inner) {
        None => {}
        // trailerFieldBC(1) is the only one there is.
        Some(number) if unsigned(tlv::exactly(&number, 0x02)?.value) == Some(&[1]) => {}
        Some(_) => return Err(AlgorithmError::Unsupported),
    }
    fields.finish().map_err(TlvError::from)?;
    Ok(SignatureAlgorithm::RsaPss { hash, mgf_hash, salt_length })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &str) -> Result<SignatureAlgorithm, AlgorithmError> {
        SignatureAlgorithm::parse(&tlv::exactly(&hex::decode(bytes).unwrap(), 0x30).unwrap())
    }

    #[test]
    fn pss_parameters_have_the_defaults_of_rfc_4055() {
        let defaults = SignatureAlgorithm::RsaPss {
            hash: HashAlgorithm::Sha1,
            mgf_hash: HashAlgorithm::Sha1,
            salt_length: 20,
        };
        assert_eq!(parse("300b06092a864886f70d01010a"), Ok(defaults));
        assert_eq!(parse("300d06092a864886f70d01010a3000"), Ok(defaults));
        let salt_only = SignatureAlgorithm::RsaPss {
            hash: HashAlgorithm::Sha1,
            mgf_hash: HashAlgorithm::Sha1,
            salt_length: 0,
        };
        assert_eq!(parse("301206092a864886f70d01010a3005a203020100"), Ok(salt_only));
    }

    #[test]
    fn malformed_and_unknown_identifiers_are_told_apart() {
        assert_eq!(parse("300d06092a864886f70d01010a0500"), Err(TlvError::UnexpectedTag.into()));
        assert_eq!(parse("301206092a864886f70d01010a3005a303020102"), Err(AlgorithmError::Unsupported));
        assert_eq!(parse("301306092a864886f70d01010a3006a20402020100"), Err(AlgorithmError::Unsupported));
        assert_eq!(parse("301206092a864886f70d01010a3005a103020100"), Err(TlvError::UnexpectedTag.into()));
        assert_eq!(parse("300406022a03"), Err(AlgorithmError::Unsupported));
        assert_eq!(parse("300804022a0305000500"), Err(TlvError::UnexpectedTag.into()));
        assert_eq!(parse("300806022a0305000500"), Err(TlvError::TrailingData.into()));
    }

    #[test]
    fn an_ecdsa_value_is_padded_to_the_curve_and_refused_when_it_does_not_fit() {
        let plain = |bytes: &str| ecdsa_plain(Curve::P256, &hex::decode(bytes).unwrap());
        let mut expected = vec![0; 64];
        (expected[31], expected[63]) = (0x81, 2);
        assert_eq!(plain("300702020081020102"), Some(expected));
        assert_eq!(plain("3006020181020102"), None, "a negative r");
        assert_eq!(plain("3003020101"), None, "no s");
        assert_eq!(plain("3009020101020102020103"), None, "a third number");
        assert_eq!(plain(&format!("30260221{}020102", "01".repeat(33))), None, "r longer than the field");
    }

    #[test]
    fn a_key_of_another_kind_or_an_unknown_digest_is_unsupported() {
        let rsa = VerifyingKey::Rsa { modulus: vec![0xFF; 256], exponent: vec![3] };
        let ec = VerifyingKey::Ec { curve: Curve::P256, point: vec![4; 65] };
        for (algorithm, key) in [
            (SignatureAlgorithm::Ecdsa(Some(HashAlgorithm::Sha256)), &rsa),
            (SignatureAlgorithm::Ecdsa(None), &ec),
            (SignatureAlgorithm::RsaPkcs1(None), &rsa),
            (SignatureAlgorithm::RsaPkcs1(Some(HashAlgorithm::Sha256)), &ec),
        ] {
            assert_eq!(algorithm.verify(key, b"", b""), Err(VerifyError::Unsupported), "{algorithm:?}");
        }
    }
}
