//! Numbers modulo a published prime, of a size known at run time: RustCrypto's `crypto-bigint` in Montgomery form, which
//! takes the same time for each value. ADR 0010 says what it may be used for.

use crypto_bigint::{
    BoxedUint, Choice, CtAssign, CtEq, NonZero, Odd,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use zeroize::{Zeroize, Zeroizing};

/// A number modulo the prime of its [`Field`], wiped when dropped: any of them may tell of a secret, and so may each number
/// on the way to it.
#[derive(PartialEq, Eq)]
pub(super) struct Number(BoxedMontyForm);

impl Drop for Number {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Number {
    pub(super) fn add(&self, other: &Self) -> Self {
        Self(self.0.add(&other.0))
    }

    pub(super) fn sub(&self, other: &Self) -> Self {
        Self(self.0.sub(&other.0))
    }

    pub(super) fn mul(&self, other: &Self) -> Self {
        Self(self.0.mul(&other.0))
    }

    pub(super) fn double(&self) -> Self {
        Self(self.0.double())
    }

    pub(super) fn square(&self) -> Self {
        Self(self.0.square())
    }

    pub(super) fn neg(&self) -> Self {
        Self(self.0.neg())
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.is_zero().to_bool()
    }

    /// Whether two numbers are the same, without a branch.
    pub(super) fn equals(&self, other: &Self) -> Choice {
        self.0.as_montgomery().ct_eq(other.0.as_montgomery())
    }

    /// Becomes `other` when `choice` says so, without telling which.
    pub(super) fn assign(&mut self, other: &Self, choice: Choice) {
        self.0.as_montgomery_mut().ct_assign(other.0.as_montgomery(), choice);
    }

    /// `None` for zero.
    pub(super) fn invert(&self) -> Option<Self> {
        Option::from(self.0.invert()).map(Self)
    }
}

/// The numbers modulo an odd prime.
#[derive(Debug, Clone)]
pub(super) struct Field {
    params: BoxedMontyParams,
    /// Bytes of a number.
    length: usize,
}

impl Field {
    /// `prime` is big-endian without leading zeros; `None` for an even number, which none of the published ones is.
    pub(super) fn modulo(prime: &[u8]) -> Option<Self> {
        let bits = u32::try_from(prime.len()).ok()?.checked_mul(8)?.next_multiple_of(64);
        let prime_number = BoxedUint::from_be_slice(prime, bits).ok()?;
        let odd = Option::<Odd<BoxedUint>>::from(Odd::new(prime_number))?;
        Some(Self { params: BoxedMontyParams::new(odd), length: prime.len() })
    }

    /// Bytes of a number.
    pub(super) const fn length(&self) -> usize {
        self.length
    }

    /// Reads a number that must be below the prime: exactly as many bytes as the prime has.
    pub(super) fn read(&self, bytes: &[u8]) -> Option<Number> {
        if bytes.len() != self.length {
            return None;
        }
        let mut number = BoxedUint::from_be_slice(bytes, self.params.bits_precision()).ok()?;
        if number < *self.params.modulus().as_ref() {
            return Some(self.number(number));
        }
        number.zeroize();
        None
    }

    /// A number of any length, reduced. No step depends on its value.
    pub(super) fn reduce(&self, bytes: &[u8]) -> Number {
        let radix = self.small(256);
        bytes.iter().fold(self.zero(), |sum, byte| sum.mul(&radix).add(&self.small(u16::from(*byte))))
    }

    /// Writes a number at full length.
    pub(super) fn write(&self, number: &Number) -> Vec<u8> {
        let plain = Zeroizing::new(number.0.retrieve());
        let bytes = Zeroizing::new(plain.to_be_bytes());
        let surplus = bytes.len().saturating_sub(self.length);
        bytes.iter().skip(surplus).copied().collect()
    }

    pub(super) fn zero(&self) -> Number {
        Number(BoxedMontyForm::zero(&self.params))
    }

    pub(super) fn one(&self) -> Number {
        Number(BoxedMontyForm::one(&self.params))
    }

    pub(super) fn small(&self, number: u16) -> Number {
        let bits = self.params.bits_precision();
        self.number(BoxedUint::from_be_slice_truncated(&number.to_be_bytes(), bits))
    }

    /// Converts in place, so that nothing of the number is left behind.
    fn number(&self, number: BoxedUint) -> Number {
        Number(BoxedMontyForm::new(number, &self.params))
    }

    /// `base` to the power of `exponent`, big-endian. The time depends on the exponent's length alone.
    pub(super) fn power(&self, base: &Number, exponent: &[u8]) -> Option<Number> {
        let bits = u32::try_from(exponent.len()).ok()?.checked_mul(8)?;
        let exponent = Zeroizing::new(BoxedUint::from_be_slice(exponent, bits.next_multiple_of(64)).ok()?);
        Some(Number(base.0.pow_bounded_exp(&exponent, bits)))
    }

    /// (p − 1) / q, for an order `q`: the exponent that leads into the subgroup.
    pub(super) fn cofactor(&self, order: &[u8]) -> Option<Vec<u8>> {
        let order = BoxedUint::from_be_slice(order, self.params.bits_precision()).ok()?;
        let order = Option::<NonZero<BoxedUint>>::from(NonZero::new(order))?;
        let less_one = self.params.modulus().as_ref().wrapping_sub(BoxedUint::one());
        Some(less_one.div_rem_vartime(&order).0.to_be_bytes().into_vec())
    }

    /// p − 1 − (p + 1) / 4, for a prime that leaves 3 divided by 4: the exponent of the inverse of a square root.
    pub(super) fn root_exponent(&self) -> Option<Vec<u8>> {
        let prime = self.params.modulus().as_ref();
        // (p + 1) / 4 = (p - 3) / 4 + 1: the sum itself might not fit.
        let quarter = prime.shr_vartime(2)?.wrapping_add(BoxedUint::one());
        Some(prime.wrapping_sub(BoxedUint::one()).wrapping_sub(&quarter).to_be_bytes().into_vec())
    }
}
