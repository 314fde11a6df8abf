//! Key agreement where ring offers none: multiplication by a base of one's own choice and addition, on curves and modulo
//! primes. PACE and chip authentication need both. ICAO Doc 9303-11, 4.4 and 6.2.
//!
//! Curves are RustCrypto's where it has released them. The rest are the published numbers of [`super::domain`] on its
//! integers: ephemeral keys only (ADR 0010).

use p256::elliptic_curve::{
    AffinePoint, CurveArithmetic, FieldBytes, FieldBytesSize, Group as _, Scalar,
    ff::PrimeField,
    sec1::{FromSec1Point, ModulusSize, ToSec1Point},
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{
    domain::{Curve, Domain, Modp, ModpDomain},
    field::Field,
    weierstrass::Weierstrass,
};
use crate::bytes::SecretBytes;

/// A group, by its standardized domain parameters. ICAO Doc 9303-11, 9.5.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// The points of a curve.
    Curve(Curve),
    /// Numbers modulo a prime.
    Modp(Modp),
}

/// Why an element or a scalar is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AgreementError {
    /// Not an uncompressed point of this curve, not a number of this subgroup.
    #[error("not an element of the group")]
    NotInGroup,
    /// The neutral element: the point at infinity, the number one.
    #[error("the neutral element")]
    Neutral,
    /// Zero, or not below the order of the group.
    #[error("not a scalar of the group")]
    BadScalar,
    /// The two values belong to different groups.
    #[error("values of different groups")]
    MixedGroups,
}

impl Group {
    /// Bytes of an element at full length.
    #[must_use]
    pub const fn element_length(self) -> usize {
        match self {
            Self::Curve(curve) => curve.field_length().saturating_mul(2).saturating_add(1),
            Self::Modp(modp) => modp.domain().prime.len(),
        }
    }

    /// Bytes of a scalar.
    #[must_use]
    pub const fn scalar_length(self) -> usize {
        self.order().len()
    }

    const fn order(self) -> &'static [u8] {
        match self {
            Self::Curve(curve) => curve.domain().order,
            Self::Modp(modp) => modp.domain().order,
        }
    }

    fn scalars(self) -> Result<Field, AgreementError> {
        Field::modulo(self.order()).ok_or(AgreementError::BadScalar)
    }

    /// `scalar · base`, and `· plus`: the operation of the group once, or twice. All are bytes at full length.
    fn combine(self, scalar: &[u8], base: &[u8], plus: Option<&[u8]>) -> Result<Element, AgreementError> {
        let bytes = match self {
            Self::Curve(Curve::P256) => combine::<p256::NistP256>(scalar, base, plus),
            Self::Curve(Curve::P384) => combine::<p384::NistP384>(scalar, base, plus),
            Self::Curve(Curve::P521) => combine::<p521::NistP521>(scalar, base, plus),
            Self::Curve(Curve::BrainpoolP256r1) => combine::<bp256::BrainpoolP256r1>(scalar, base, plus),
            Self::Curve(Curve::BrainpoolP384r1) => combine::<bp384::BrainpoolP384r1>(scalar, base, plus),
            Self::Curve(curve @ (Curve::P224 | Curve::BrainpoolP320r1 | Curve::BrainpoolP512r1)) => {
                combine_by_numbers(curve.domain(), scalar, base, plus)
            }
            Self::Modp(modp) => combine_modp(modp.domain(), scalar, base, plus),
        }?;
        Ok(Element { group: self, bytes })
    }
}

/// An element of its group, never the neutral one. Wiped when dropped: the shared element of an agreement is one too.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Element {
    #[zeroize(skip)]
    group: Group,
    /// `04 ‖ x ‖ y`, each coordinate at full length, or a number at the prime's length.
    bytes: Vec<u8>,
}

impl core::fmt::Debug for Element {
    /// It may be a shared one.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Element").field("group", &self.group).finish_non_exhaustive()
    }
}

impl Element {
    /// The standard generator of the group.
    #[must_use]
    pub fn generator(group: Group) -> Self {
        let bytes = match group {
            Group::Curve(curve) => curve.domain().generator.to_vec(),
            Group::Modp(modp) => modp.domain().generator.to_vec(),
        };
        Self { group, bytes }
    }

    /// Parses `04 ‖ x ‖ y`, or a number, which may lack leading zeros. Compressed points are refused: chips do not send
    /// them. ICAO Doc 9303-11, 9.4.4 and 9.4.5.
    ///
    /// # Errors
    /// [`AgreementError::NotInGroup`], [`AgreementError::Neutral`].
    pub fn parse(group: Group, bytes: &[u8]) -> Result<Self, AgreementError> {
        match group {
            Group::Curve(_) if bytes == [0] => Err(AgreementError::Neutral),
            Group::Curve(curve) => {
                if bytes.len() != group.element_length() || bytes.first() != Some(&4) {
                    return Err(AgreementError::NotInGroup);
                }
                match curve {
                    Curve::P256 => decode::<p256::NistP256>(bytes).map(|_| ()),
                    Curve::P384 => decode::<p384::NistP384>(bytes).map(|_| ()),
                    Curve::P521 => decode::<p521::NistP521>(bytes).map(|_| ()),
                    Curve::BrainpoolP256r1 => decode::<bp256::BrainpoolP256r1>(bytes).map(|_| ()),
                    Curve::BrainpoolP384r1 => decode::<bp384::BrainpoolP384r1>(bytes).map(|_| ()),
                    Curve::P224 | Curve::BrainpoolP320r1 | Curve::BrainpoolP512r1 => {
                        Weierstrass::new(curve.domain())
                            .and_then(|curve| curve.decode(bytes))
                            .map(|_| ())
                            .ok_or(AgreementError::NotInGroup)
                    }
                }?;
                Ok(Self { group, bytes: bytes.to_vec() })
            }
            Group::Modp(modp) => {
                let missing = group.element_length().checked_sub(bytes.len());
                let mut padded = vec![0; missing.ok_or(AgreementError::NotInGroup)?];
                padded.extend_from_slice(bytes);
                check_modp(modp.domain(), &padded)?;
                Ok(Self { group, bytes: padded })
            }
        }
    }

    /// The group.
    #[must_use]
    pub const fn group(&self) -> Group {
        self.group
    }

    /// `04 ‖ x ‖ y`, or the number at the prime's length.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The value of a public key in a data object, and under an authentication token: `04 ‖ x ‖ y`, or the number as an
    /// unsigned integer, which has the minimum number of octets. ICAO Doc 9303-11, 9.4; BSI TR-03110-3, D.2.1.
    #[must_use]
    pub fn on_wire(&self) -> &[u8] {
        let zeros = match self.group {
            Group::Curve(_) => 0,
            Group::Modp(_) => self.bytes.iter().take_while(|byte| **byte == 0).count(),
        };
        self.bytes.split_at_checked(zeros).map_or(&self.bytes, |(_, number)| number)
    }

    /// The shared secret of a shared element: its affine x coordinate, or the number itself; big-endian, left-padded with
    /// zeros to full length. BSI TR-03111, 4.3.1; RFC 2631, 2.1.2.
    #[must_use]
    pub fn secret(&self) -> SecretBytes {
        SecretBytes::new(match self.group {
            Group::Curve(curve) => self.bytes.iter().skip(1).take(curve.field_length()).copied().collect(),
            Group::Modp(_) => self.bytes.clone(),
        })
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
    /// Random bytes that [`Self::derive`] takes for any group there is.
    pub const SEED: usize = 88;

    /// Derives a key from random bytes, reduced by the order of the group. With at least 128 bits more than the order the
    /// result is indistinguishable from uniform. FIPS 186-5, A.2.1.
    ///
    /// # Errors
    /// [`AgreementError::BadScalar`] for fewer than 128 bits more, and when the result is zero, which randomness does not
    /// give.
    pub fn derive(group: Group, wide: &[u8]) -> Result<Self, AgreementError> {
        if wide.len() < group.scalar_length().saturating_add(16) {
            return Err(AgreementError::BadScalar);
        }
        let field = group.scalars()?;
        let bytes = SecretBytes::new(field.write(&field.reduce(wide)));
        Self::from_scalar(group, bytes.expose())
    }

    /// A key whose scalar is known: big-endian, at full length.
    ///
    /// # Errors
    /// [`AgreementError::BadScalar`] when it is zero, not below the order, or of another length.
    pub fn from_scalar(group: Group, bytes: &[u8]) -> Result<Self, AgreementError> {
        let number = group.scalars()?.read(bytes).ok_or(AgreementError::BadScalar)?;
        if number.is_zero() {
            return Err(AgreementError::BadScalar);
        }
        Ok(Self { group, scalar: SecretBytes::new(bytes.to_vec()) })
    }

    /// The public half over `base`, or the shared element when `base` is the peer's public key.
    ///
    /// # Errors
    /// [`AgreementError::MixedGroups`]; [`AgreementError::Neutral`], which a group of prime order does not give.
    pub fn multiply(&self, base: &Element) -> Result<Element, AgreementError> {
        if self.group != base.group {
            return Err(AgreementError::MixedGroups);
        }
        self.group.combine(self.scalar.expose(), &base.bytes, None)
    }
}

/// The generic mapping: G' = s·G + H, or g' = gˢ·h. ICAO Doc 9303-11, 4.4.3.3.1.
///
/// # Errors
/// [`AgreementError::Neutral`] when the card chose its key so that the sum vanishes.
pub fn map_generator(nonce: &[u8], shared: &Element) -> Result<Element, AgreementError> {
    let group = shared.group;
    let scalars = group.scalars()?;
    let scalar = SecretBytes::new(scalars.write(&scalars.reduce(nonce)));
    group.combine(scalar.expose(), Element::generator(group).as_bytes(), Some(&shared.bytes))
}

/// An element that this library computed; the neutral one is refused.
pub(super) fn computed(group: Group, bytes: Vec<u8>) -> Result<Element, AgreementError> {
    Element::parse(group, &bytes)
}

fn combine<C>(scalar: &[u8], base: &[u8], plus: Option<&[u8]>) -> Result<Vec<u8>, AgreementError>
where
    C: CurveArithmetic,
    C::ProjectivePoint: Zeroize,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C> + Zeroize,
    FieldBytesSize<C>: ModulusSize,
{
    let mut repr = FieldBytes::<C>::try_from(scalar).map_err(|_| AgreementError::BadScalar)?;
    let scalar = Option::<Scalar<C>>::from(Scalar::<C>::from_repr(repr));
    repr.as_mut_slice().zeroize();
    let mut scalar = scalar.ok_or(AgreementError::BadScalar)?;
    // The base and what is added are public; the sum and the product before it are not.
    let mut sum = Zeroizing::new(decode::<C>(base)? * scalar);
    scalar.zeroize();
    if let Some(plus) = plus {
        *sum += decode::<C>(plus)?;
    }
    if bool::from(sum.is_identity()) {
        return Err(AgreementError::Neutral);
    }
    let affine: Zeroizing<AffinePoint<C>> = Zeroizing::new((*sum).into());
    let encoded = Zeroizing::new(affine.to_sec1_point(false));
    Ok(encoded.as_bytes().to_vec())
}

fn decode<C>(sec1: &[u8]) -> Result<C::ProjectivePoint, AgreementError>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let affine = AffinePoint::<C>::from_sec1_bytes(sec1).map_err(|_| AgreementError::NotInGroup)?;
    Ok(affine.into())
}

fn combine_by_numbers(
    domain: &Domain,
    scalar: &[u8],
    base: &[u8],
    plus: Option<&[u8]>,
) -> Result<Vec<u8>, AgreementError> {
    let curve = Weierstrass::new(domain).ok_or(AgreementError::NotInGroup)?;
    let mut sum = curve.multiply(&curve.decode(base).ok_or(AgreementError::NotInGroup)?, scalar);
    if let Some(plus) = plus {
        sum = curve.add(&sum, &curve.decode(plus).ok_or(AgreementError::NotInGroup)?);
    }
    curve.encode(&sum).ok_or(AgreementError::Neutral)
}

fn combine_modp(
    domain: &ModpDomain,
    exponent: &[u8],
    base: &[u8],
    plus: Option<&[u8]>,
) -> Result<Vec<u8>, AgreementError> {
    let field = Field::modulo(domain.prime).ok_or(AgreementError::NotInGroup)?;
    let read = |bytes| field.read(bytes).ok_or(AgreementError::NotInGroup);
    let mut product = field.power(&read(base)?, exponent).ok_or(AgreementError::BadScalar)?;
    if let Some(plus) = plus {
        product = product.mul(&read(plus)?);
    }
    if product == field.one() {
        return Err(AgreementError::Neutral);
    }
    Ok(field.write(&product))
}

/// Membership in the subgroup: an element of small order would tell of the exponent. RFC 2631, 2.1.5.
fn check_modp(domain: &ModpDomain, bytes: &[u8]) -> Result<(), AgreementError> {
    let field = Field::modulo(domain.prime).ok_or(AgreementError::NotInGroup)?;
    let number = field.read(bytes).ok_or(AgreementError::NotInGroup)?;
    if number == field.one() {
        return Err(AgreementError::Neutral);
    }
    match field.power(&number, domain.order) {
        Some(power) if power == field.one() => Ok(()),
        _ => Err(AgreementError::NotInGroup),
    }
}

#[cfg(test)]
mod tests;
