use ecdsa::elliptic_curve::{
    AffinePoint, CurveArithmetic, FieldBytesSize,
    sec1::{FromSec1Point, ModulusSize, ToSec1Point},
};
use ecdsa::signature::hazmat::PrehashVerifier;
use ecdsa::{EcdsaCurve, Signature, SignatureSize, VerifyingKey};
use ring::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};

use super::super::weierstrass;
use super::{Curve, HashAlgorithm, VerifyError};

pub(super) fn verify(
    curve: Curve,
    point: &[u8],
    hash: HashAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    if point.first() != Some(&4) {
        return Err(VerifyError::BadKey);
    }
    // ring says no more than "no"; when it does, the slower path tells a bad key from a bad signature.
    let fast = match (curve, hash) {
        (Curve::P256, HashAlgorithm::Sha256) => Some(&ECDSA_P256_SHA256_FIXED),
        (Curve::P384, HashAlgorithm::Sha384) => Some(&ECDSA_P384_SHA384_FIXED),
        _ => None,
    };
    if fast.is_some_and(|fast| UnparsedPublicKey::new(fast, point).verify(message, signature).is_ok()) {
        return Ok(());
    }
    let digest = &hash.digest(message);
    match curve {
        Curve::P224 | Curve::BrainpoolP320r1 | Curve::BrainpoolP512r1 => {
            verify_by_numbers(curve, point, digest, signature)
        }
        Curve::P256 => verify_digest::<p256::NistP256>(point, digest, signature),
        Curve::P384 => verify_digest::<p384::NistP384>(point, digest, signature),
        Curve::P521 => verify_digest::<p521::NistP521>(point, digest, signature),
        Curve::BrainpoolP256r1 => verify_digest::<bp256::BrainpoolP256r1>(point, digest, signature),
        Curve::BrainpoolP384r1 => verify_digest::<bp384::BrainpoolP384r1>(point, digest, signature),
    }
}

/// The digest is truncated to the length of the group order, or used whole when shorter. FIPS 186-5, 6.4.2.
fn verify_digest<C>(point: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), VerifyError>
where
    C: EcdsaCurve + CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
    SignatureSize<C>: ecdsa::elliptic_curve::array::ArraySize,
{
    let key = VerifyingKey::<C>::from_sec1_bytes(point).map_err(|_| VerifyError::BadKey)?;
    let signature = Signature::<C>::from_slice(signature).map_err(|_| VerifyError::BadSignature)?;
    key.verify_prehash(digest, &signature).map_err(|_| VerifyError::BadSignature)
}

/// As [`verify_digest`]; each of these orders fills its bytes.
fn verify_by_numbers(curve: Curve, point: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    let length = curve.field_length();
    let digest = digest.get(..length).unwrap_or(digest);
    let (r, s) = signature.split_at_checked(length).ok_or(VerifyError::BadSignature)?;
    match weierstrass::verify(curve.domain(), point, digest, r, s) {
        None => Err(VerifyError::BadKey),
        Some(false) => Err(VerifyError::BadSignature),
        Some(true) => Ok(()),
    }
}
