//! The issuer's freshness proof: an hourly hash chain whose anchor is signed into each copy.

use crate::crypto::chain::{Domain, Link, Salt, derive_at};

/// Longest chain: hours of 62 days.
pub const MAX_STAPLE_HOURS: u16 = 62 * 24;

/// The signed end of a copy's chain. Hour `first_hour + k` is proven by `H^(n-k)(x)`, `0 ≤ k < n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StapleAnchor {
    /// `Y = H^n(x)`.
    pub y: Link,
    /// The salt in each step.
    pub salt: Salt,
    /// The hour of step 0, in hours since 1970 UTC.
    pub first_hour: u32,
    /// Hours the chain lasts, 1 to [`MAX_STAPLE_HOURS`].
    pub n: u16,
}

/// "The issuer still vouched at that hour."
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Staple {
    /// Hours since 1970 UTC.
    pub hour: u32,
    /// The chain's value for that hour.
    pub preimage: Link,
}

impl StapleAnchor {
    /// Whether `staple` is a value of this chain.
    #[must_use]
    pub fn proves(&self, staple: &Staple) -> bool {
        self.steps_left(staple.hour).is_some_and(|left| {
            derive_at(Domain::Staple, &self.salt, left, &staple.preimage, u32::from(self.n)) == Some(self.y)
        })
    }

    /// How far the value of `hour` is from the secret end: `n - k`. `None` outside the chain.
    pub(super) fn steps_left(&self, hour: u32) -> Option<u32> {
        let step = hour.checked_sub(self.first_hour)?;
        u32::from(self.n).checked_sub(step).filter(|left| *left > 0)
    }
}

/// The hour of a moment (seconds since 1970 UTC); `None` before 1970.
#[must_use]
pub fn hour_of(unix_seconds: i64) -> Option<u32> {
    u32::try_from(unix_seconds.div_euclid(3600)).ok()
}
