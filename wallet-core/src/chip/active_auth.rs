//! Active authentication: the chip holds the private key to EF.DG15 and is no copy. ICAO 9303-11, 6.1.

use super::security_infos::{Announced, SecurityInfos, parse_dg15};
use crate::apdu::CommandApdu;
use crate::cms::algorithm::{SignatureAlgorithm, ecdsa_plain};
use crate::cms::spki::KeyError;
use crate::crypto::verify::{
    Curve, HashAlgorithm, SignatureScheme, VerifyError, VerifyingKey, recover_rsa, verify as verify_signature,
};
use crate::tlv::TlvError;

/// Why the chip's answer is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActiveAuthError {
    /// EF.DG15 or EF.DG14 is not one.
    #[error("the chip's key is malformed")]
    Malformed,
    /// A kind of key, a curve or a digest of EF.DG14 that this crate does not know. Nothing the chip answers leads here.
    #[error("the chip's key is of a kind not supported")]
    Unsupported,
    /// The answer names a digest that this crate does not know, so it proves nothing and betrays nothing.
    #[error("the chip's answer names an unknown digest")]
    UnknownDigest,
    /// The answer is not made by the key over this challenge: a copied chip, or an answer to another challenge.
    #[error("the chip did not prove that it is genuine")]
    BadSignature,
}

/// How the chip proved itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActiveReport {
    /// ISO/IEC 9796-2, digital signature scheme 1 with partial recovery.
    Rsa {
        /// Bits of the modulus, rounded up to whole bytes.
        bits: usize,
        /// The digest its trailer names.
        hash: HashAlgorithm,
    },
    /// ECDSA, `r ‖ s`.
    Ecdsa {
        /// The curve of the key.
        curve: Curve,
        /// The digest EF.DG14 names, or the one as long as the key.
        hash: HashAlgorithm,
    },
}

/// INTERNAL AUTHENTICATE, for an answer of `length` bytes at most. ICAO Doc 9303-11, 6.1.3.
pub(super) fn command(challenge: [u8; 8], length: u32) -> CommandApdu {
    CommandApdu::new(0x00, 0x88, 0, 0).with_data(challenge.to_vec()).expecting(length)
}

/// Verifies the chip's answer to INTERNAL AUTHENTICATE. `dg15` and `dg14` are whole files, which passive authentication
/// must have accepted; a chip with an elliptic-curve key names its digest in EF.DG14.
///
/// # Errors
/// [`ActiveAuthError`].
pub fn verify(
    dg15: &[u8],
    dg14: Option<&[u8]>,
    challenge: &[u8; 8],
    response: &[u8],
) -> Result<ActiveReport, ActiveAuthError> {
    let key = parse_dg15(dg15)?;
    match &key {
        VerifyingKey::Rsa { modulus, .. } => {
            let recovered = recover_rsa(&key, response)?;
            // Every trailer ends in the nibble C; the modulus is odd, so only one of the two can.
            let ends_in_c = recovered.last().is_some_and(|byte| byte & 0x0F == 0x0C);
            let representative = if ends_in_c { recovered } else { complement(modulus, &recovered) };
            let hash = open_rsa(&representative, challenge)?;
            Ok(ActiveReport::Rsa { bits: 8 * modulus.len(), hash })
        }
        VerifyingKey::Ec { curve, .. } => {
            let hash = ecdsa_hash(*curve, dg14)?;
            // Some chips answer in DER all the same.
            let plain = match response.len() == 2 * curve.field_length() {
                true => response.to_vec(),
                false => ecdsa_plain(*curve, response).ok_or(ActiveAuthError::BadSignature)?,
            };
            verify_signature(&key, &SignatureScheme::Ecdsa(hash), challenge, &plain)?;
            Ok(ActiveReport::Ecdsa { curve: *curve, hash })
        }
    }
}

/// Opens `6A ‖ M1 ‖ hash(M1 ‖ challenge) ‖ trailer`. ISO/IEC 9796-2:2010, 8; ICAO 9303-11, 6.1.2.
fn open_rsa(recovered: &[u8], challenge: &[u8; 8]) -> Result<HashAlgorithm, ActiveAuthError> {
    // A modulus that does not fill its first byte leaves that one zero. More would be a short representative: room for
    // a forger who looks for roots of numbers of his own choice.
    let ([0x6A, rest @ ..] | [0, 0x6A, rest @ ..]) = recovered else {
        return Err(ActiveAuthError::BadSignature);
    };
    let (hash, body) = match rest {
        [body @ .., 0xBC] | [body @ .., 0x33, 0xCC] => (HashAlgorithm::Sha1, body),
        [body @ .., 0x38, 0xCC] => (HashAlgorithm::Sha224, body),
        [body @ .., 0x34, 0xCC] => (HashAlgorithm::Sha256, body),
        [body @ .., 0x36, 0xCC] => (HashAlgorithm::Sha384, body),
        [body @ .., 0x35, 0xCC] => (HashAlgorithm::Sha512, body),
        [.., _, 0xCC] => return Err(ActiveAuthError::UnknownDigest),
        _ => return Err(ActiveAuthError::BadSignature),
    };
    let m1_length = body.len().checked_sub(hash.length()).ok_or(ActiveAuthError::BadSignature)?;
    let (m1, digest) = body.split_at_checked(m1_length).ok_or(ActiveAuthError::BadSignature)?;
    if hash.digest(&[m1, challenge].concat()) == digest {
        Ok(hash)
    } else {
        Err(ActiveAuthError::BadSignature)
    }
}

/// `n - representative`: a signer may send the smaller of `s` and `n - s`. ISO/IEC 9796-2:2010, B.6. Both are as long as
/// the modulus and the representative is below it.
fn complement(modulus: &[u8], representative: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let mut out: Vec<u8> = modulus
        .iter()
        .rev()
        .zip(representative.iter().rev())
        .map(|(from, take)| {
            let (difference, first) = from.overflowing_sub(*take);
            let (difference, second) = difference.overflowing_sub(u8::from(borrow));
            borrow = first || second;
            difference
        })
        .collect();
    out.reverse();
    out
}

fn ecdsa_hash(curve: Curve, dg14: Option<&[u8]>) -> Result<HashAlgorithm, ActiveAuthError> {
    let named = match dg14 {
        Some(file) => SecurityInfos::parse_dg14(file)?.active_authentication,
        None => None,
    };
    match (named, curve) {
        (
            Some(Announced::Known(
                SignatureAlgorithm::EcdsaPlain(hash) | SignatureAlgorithm::Ecdsa(Some(hash)),
            )),
            _,
        ) => Ok(hash),
        (Some(_), _) => Err(ActiveAuthError::Unsupported),
        (None, Curve::P224) => Ok(HashAlgorithm::Sha224),
        // The digest is as long as the key, or the next shorter one: BSI TR-03111, 4.1.3.
        (None, Curve::P256 | Curve::BrainpoolP256r1 | Curve::BrainpoolP320r1) => Ok(HashAlgorithm::Sha256),
        (None, Curve::P384 | Curve::BrainpoolP384r1) => Ok(HashAlgorithm::Sha384),
        (None, Curve::P521 | Curve::BrainpoolP512r1) => Ok(HashAlgorithm::Sha512),
    }
}

impl From<TlvError> for ActiveAuthError {
    fn from(_: TlvError) -> Self {
        Self::Malformed
    }
}

impl From<KeyError> for ActiveAuthError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Malformed(_) => Self::Malformed,
            KeyError::UnsupportedKind | KeyError::UnknownCurve => Self::Unsupported,
        }
    }
}

impl From<VerifyError> for ActiveAuthError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::BadSignature => Self::BadSignature,
            VerifyError::BadKey => Self::Malformed,
            VerifyError::Unsupported => Self::Unsupported,
        }
    }
}

#[cfg(test)]
#[path = "active_auth_tests.rs"]
mod tests;
