//! Point work for PACE with generic mapping, which ring does not offer: multiplication by a base point of one's own
//! choice, and addition. ICAO Doc 9303-11, 4.4.3.3.1.

use p256::elliptic_curve::{
    AffinePoint, CurveArithmetic, CurveGroup, FieldBytes, FieldBytesSize, Group as _, Scalar,
    ff::{Field, PrimeField},
    sec1::{FromSec1Point, ModulusSize, ToSec1Point},
};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::bytes::SecretBytes;

/// An elliptic curve group, by its standardized domain parameters. ICAO Doc 9303-11, 9.5.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// NIST P-256, parameter id 12.
    P256,
    /// BrainpoolP256r1, parameter id 13.
    BrainpoolP256r1,
    /// NIST P-384, parameter id 15.
    P384,
    /// BrainpoolP384r1, parameter id 16.
    BrainpoolP384r1,
}

/// Why a point or a scalar is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AgreementError {
    /// Not an uncompressed point of this curve.
    #[error("not a point on the curve")]
    NotOnCurve,
    /// The point at infinity.
    #[error("the point at infinity")]
    Infinity,
    /// Zero, or not below the order of the group.
    #[error("not a scalar of the group")]
    BadScalar,
    /// The two values belong to different groups.
    #[error("values of different groups")]
    MixedGroups,
}

/// Calls `$body` with `$curve` standing for the group's curve type.
macro_rules! on_curve {
    ($group:expr, $curve:ident => $body:expr) => {
        match $group {
            Group::P256 => {
                type $curve = p256::NistP256;
                $body
            }
            Group::P384 => {
                type $curve = p384::NistP384;
                $body
            }
            Group::BrainpoolP256r1 => {
                type $curve = bp256::BrainpoolP256r1;
                $body
            }
            Group::BrainpoolP384r1 => {
                type $curve = bp384::BrainpoolP384r1;
                $body
            }
        }
    };
}

impl Group {
    /// Bytes in a coordinate, and in a scalar.
    #[must_use]
    pub const fn coordinate_length(self) -> usize {
        match self {
            Self::P256 | Self::BrainpoolP256r1 => 32,
            Self::P384 | Self::BrainpoolP384r1 => 48,
        }
    }
}

/// A point on its curve, never the one at infinity. Wiped when dropped: the shared point of an agreement is one too.
#[derive(Debug, Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Point {
    #[zeroize(skip)]
    group: Group,
    /// `04 ‖ x ‖ y`, each coordinate at full length.
    sec1: Vec<u8>,
}

impl Point {
    /// The standard generator of the group.
    ///
    /// # Errors
    /// None for the groups there are.
    pub fn generator(group: Group) -> Result<Self, AgreementError> {
        on_curve!(group, C => Ok(Self {
            group,
            sec1: encode::<C>(&<C as CurveArithmetic>::ProjectivePoint::generator())?,
        }))
    }

    /// Parses `04 ‖ x ‖ y`. Compressed points are refused: chips do not send them. ICAO Doc 9303-11, 9.4.5.
    ///
    /// # Errors
    /// [`AgreementError::NotOnCurve`], [`AgreementError::Infinity`].
    pub fn from_sec1(group: Group, bytes: &[u8]) -> Result<Self, AgreementError> {
        if bytes == [0] {
            return Err(AgreementError::Infinity);
        }
        let length = group.coordinate_length().saturating_mul(2).saturating_add(1);
        if bytes.len() != length || bytes.first() != Some(&4) {
            return Err(AgreementError::NotOnCurve);
        }
        on_curve!(group, C => decode::<C>(bytes).map(|_| ()))?;
        Ok(Self { group, sec1: bytes.to_vec() })
    }

    /// `04 ‖ x ‖ y`.
    #[must_use]
    pub fn as_sec1(&self) -> &[u8] {
        &self.sec1
    }

    /// The affine x coordinate, big-endian, left-padded with zeros to full length: the shared secret of ECKA.
    #[must_use]
    pub fn x(&self) -> SecretBytes {
        SecretBytes::new(self.sec1.iter().skip(1).take(self.group.coordinate_length()).copied().collect())
    }
}

/// The secret half of an ephemeral key pair.
#[derive(Debug)]
pub struct PrivateKey {
    group: Group,
    /// Big-endian, at full length.
    scalar: SecretBytes,
}

impl PrivateKey {
    /// Derives a key from 64 random bytes, reduced by the order of the group. With at least 128 bits more than the order
    /// the result is indistinguishable from uniform. FIPS 186-5, A.2.1.
    ///
    /// # Errors
    /// [`AgreementError::BadScalar`] when the result is zero, which randomness does not give.
    pub fn derive(group: Group, wide: &[u8; 64]) -> Result<Self, AgreementError> {
        on_curve!(group, C => {
            let mut scalar = reduce::<C>(wide);
            let mut repr = scalar.to_repr();
            let key = Self::from_scalar(group, repr.as_slice());
            scalar.zeroize();
            repr.as_mut_slice().zeroize();
            key
        })
    }

    /// A key whose scalar is known: big-endian, at full length.
    ///
    /// # Errors
    /// [`AgreementError::BadScalar`] when it is zero, not below the order, or of another length.
    pub fn from_scalar(group: Group, bytes: &[u8]) -> Result<Self, AgreementError> {
        on_curve!(group, C => parse_scalar::<C>(bytes).map(|mut scalar| scalar.zeroize()))?;
        Ok(Self { group, scalar: SecretBytes::new(bytes.to_vec()) })
    }

    /// The public half over `base`, or the shared point when `base` is the peer's public key.
    ///
    /// # Errors
    /// [`AgreementError::MixedGroups`]; [`AgreementError::Infinity`], which a group of prime order does not give.
    pub fn multiply(&self, base: &Point) -> Result<Point, AgreementError> {
        if self.group != base.group {
            return Err(AgreementError::MixedGroups);
        }
        on_curve!(self.group, C => {
            let mut scalar = parse_scalar::<C>(self.scalar.expose())?;
            let product = decode::<C>(&base.sec1)? * scalar;
            scalar.zeroize();
            Ok(Point { group: self.group, sec1: encode::<C>(&product)? })
        })
    }
}

/// The generic mapping: G' = s·G + H. ICAO Doc 9303-11, 4.4.3.3.1.
///
/// # Errors
/// [`AgreementError::Infinity`] when the card chose its key so that the sum vanishes.
pub fn map_generator(nonce: &[u8], shared: &Point) -> Result<Point, AgreementError> {
    on_curve!(shared.group, C => {
        let mut scalar = reduce::<C>(nonce);
        let mapped = <C as CurveArithmetic>::ProjectivePoint::generator() * scalar + decode::<C>(&shared.sec1)?;
        scalar.zeroize();
        Ok(Point { group: shared.group, sec1: encode::<C>(&mapped)? })
    })
}

/// `bytes`, big-endian and of any length, modulo the order. No step depends on their value.
fn reduce<C: CurveArithmetic>(bytes: &[u8]) -> Scalar<C> {
    let radix = Scalar::<C>::from(256_u64);
    bytes.iter().fold(Scalar::<C>::ZERO, |sum, byte| sum * radix + Scalar::<C>::from(u64::from(*byte)))
}

fn parse_scalar<C: CurveArithmetic>(bytes: &[u8]) -> Result<Scalar<C>, AgreementError> {
    let repr = FieldBytes::<C>::try_from(bytes).map_err(|_| AgreementError::BadScalar)?;
    let scalar = Option::<Scalar<C>>::from(Scalar::<C>::from_repr(repr)).ok_or(AgreementError::BadScalar)?;
    if bool::from(scalar.is_zero()) { Err(AgreementError::BadScalar) } else { Ok(scalar) }
}

fn decode<C>(sec1: &[u8]) -> Result<C::ProjectivePoint, AgreementError>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let affine = AffinePoint::<C>::from_sec1_bytes(sec1).map_err(|_| AgreementError::NotOnCurve)?;
    Ok(affine.into())
}

fn encode<C>(point: &C::ProjectivePoint) -> Result<Vec<u8>, AgreementError>
where
    C: CurveArithmetic,
    AffinePoint<C>: ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    if bool::from(point.is_identity()) {
        return Err(AgreementError::Infinity);
    }
    Ok(point.to_affine().to_sec1_point(false).as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: [Group; 4] = [Group::P256, Group::P384, Group::BrainpoolP256r1, Group::BrainpoolP384r1];

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    fn key(group: Group, number: u64) -> PrivateKey {
        let mut scalar = vec![0; group.coordinate_length() - 8];
        scalar.extend_from_slice(&number.to_be_bytes());
        PrivateKey::from_scalar(group, &scalar).unwrap()
    }

    /// ICAO Doc 9303-11, G.1.
    #[test]
    fn the_generic_mapping_gives_the_points_of_the_worked_example() {
        let group = Group::BrainpoolP256r1;
        let map = PrivateKey::from_scalar(
            group,
            &bytes("7f4ef07b9ea82fd78ad689b38d0bc78cf21f249d953bc46f4c6e19259c010f99"),
        )
        .unwrap();
        let public = map.multiply(&Point::generator(group).unwrap()).unwrap();
        assert_eq!(
            hex::encode(public.as_sec1()),
            "047acf3efc982ec45565a4b155129efbc74650dcbfa6362d896fc70262e0c2cc5e544552dcb6725218799115b55c9baa6d9f6bc3a9618e70c25af71777a9c4922d"
        );
        let chip = Point::from_sec1(
            group,
            &bytes("04824fba91c9cbe26bef53a0ebe7342a3bf178cea9f45de0b70aa601651fba3f5730d8c879aaa9c9f73991e61b58f4d52eb87a0a0c709a49dc63719363ccd13c54"),
        )
        .unwrap();
        let mapped =
            map_generator(&bytes("3f00c4d39d153f2b2a214a078d899b22"), &map.multiply(&chip).unwrap()).unwrap();
        assert_eq!(
            hex::encode(mapped.as_sec1()),
            "048ced63c91426d4f0eb1435e7cb1d74a46723a0af21c89634f65a9ae87a9265e28c879506743f8611ac33645c5b985c80b5f09a0b83407c1b6a4d857ae76fe522"
        );
    }

    #[test]
    fn both_sides_reach_the_same_secret_and_leading_zeros_are_kept() {
        for group in GROUPS {
            let generator = Point::generator(group).unwrap();
            let length = group.coordinate_length();
            let (mut met, mut number) = (0, 1_u64);
            let mut point = generator.clone();
            while met < 2 && number < 5000 {
                number += 1;
                point = key(group, number).multiply(&generator).unwrap();
                assert_eq!(point.as_sec1().len(), 2 * length + 1);
                assert_eq!(point.x().expose().len(), length);
                assert_eq!(Point::from_sec1(group, point.as_sec1()).unwrap(), point);
                met += usize::from(point.as_sec1()[1] == 0) + usize::from(point.as_sec1()[1 + length] == 0);
            }
            assert_eq!(met, 2, "{group:?}: too few coordinates with a leading zero were met");
            let there = key(group, 7).multiply(&point).unwrap();
            let back = key(group, number).multiply(&key(group, 7).multiply(&generator).unwrap()).unwrap();
            assert_eq!(there, back);
        }
    }

    #[test]
    fn points_off_the_curve_and_at_infinity_are_refused() {
        for group in GROUPS {
            let generator = Point::generator(group).unwrap();
            let mut off = generator.as_sec1().to_vec();
            *off.last_mut().unwrap() ^= 1;
            assert_eq!(Point::from_sec1(group, &off), Err(AgreementError::NotOnCurve));
            assert_eq!(Point::from_sec1(group, &[0]), Err(AgreementError::Infinity));
            assert_eq!(Point::from_sec1(group, &[]), Err(AgreementError::NotOnCurve));
            let zeros = [&[4][..], &vec![0; 2 * group.coordinate_length()]].concat();
            assert_eq!(Point::from_sec1(group, &zeros), Err(AgreementError::NotOnCurve));
            let compressed = [&[2][..], &generator.as_sec1()[1..=group.coordinate_length()]].concat();
            assert_eq!(Point::from_sec1(group, &compressed), Err(AgreementError::NotOnCurve));

            // A card that answers with H = -s·G would make the mapped generator vanish.
            let mut minus = key(group, 5).multiply(&generator).unwrap();
            let negated =
                on_curve!(group, C => encode::<C>(&-decode::<C>(minus.as_sec1()).unwrap()).unwrap());
            minus.sec1 = negated;
            assert_eq!(map_generator(&[5], &minus), Err(AgreementError::Infinity));
        }
    }

    #[test]
    fn scalars_are_reduced_and_bounded() {
        for group in GROUPS {
            assert_eq!(PrivateKey::derive(group, &[0; 64]).unwrap_err(), AgreementError::BadScalar);
            let length = group.coordinate_length();
            assert_eq!(
                PrivateKey::from_scalar(group, &vec![0xFF; length]).unwrap_err(),
                AgreementError::BadScalar
            );
            assert_eq!(
                PrivateKey::from_scalar(group, &vec![1; length - 1]).unwrap_err(),
                AgreementError::BadScalar
            );
            let mut wide = [0; 64];
            wide[63] = 9;
            let generator = Point::generator(group).unwrap();
            assert_eq!(
                PrivateKey::derive(group, &wide).unwrap().multiply(&generator).unwrap(),
                key(group, 9).multiply(&generator).unwrap()
            );
            PrivateKey::derive(group, &[0xFF; 64]).unwrap().multiply(&generator).unwrap();
        }
        let other = Point::generator(Group::P384).unwrap();
        assert_eq!(key(Group::P256, 3).multiply(&other), Err(AgreementError::MixedGroups));
    }

    #[test]
    fn points_and_keys_are_wiped_when_dropped() {
        fn wiped<T: zeroize::ZeroizeOnDrop>() {}
        wiped::<Point>();
        wiped::<SecretBytes>();
        let mut shared = Point::generator(Group::P256).unwrap();
        shared.zeroize();
        assert!(shared.as_sec1().is_empty());
    }
}
