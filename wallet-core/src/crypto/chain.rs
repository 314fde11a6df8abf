//! The hash chain behind rolling frames and freshness staples (docs/formats/kr1.md): an anchor `Y = H^n(x)` is signed
//! once; revealing `H^(n-i)(x)` proves that step `i` was released, and earlier values never reveal later ones.

use super::hash::{sha256_of, truncated};

/// A value of the chain: 16 bytes.
pub type Link = [u8; 16];
/// The salt that keeps two chains apart: 8 bytes.
pub type Salt = [u8; 8];

/// Which chain a value belongs to, hashed into each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// Frames of one show, 15 seconds each.
    Frame,
    /// Freshness staples of one credential copy, an hour each.
    Staple,
}

impl Domain {
    const fn prefix(self) -> &'static [u8] {
        match self {
            Self::Frame => b"KR1 frame",
            Self::Staple => b"KR1 staple",
        }
    }
}

/// `H` once: SHA-256(prefix ‖ salt ‖ step as u32 big-endian ‖ value), first 16 bytes. `step` is the index of the value
/// produced, counted from the secret end: `x` is value 0, the anchor is value `n`.
#[must_use]
pub fn derive_next(domain: Domain, salt: &Salt, step: u32, value: &Link) -> Link {
    truncated(sha256_of(&[domain.prefix(), salt, &step.to_be_bytes(), value]))
}

/// The value `to` steps from the secret end, given the value `from` steps from it. `None` when `to < from`.
#[must_use]
pub fn derive_at(domain: Domain, salt: &Salt, from: u32, value: &Link, to: u32) -> Option<Link> {
    if to < from {
        return None;
    }
    let mut value = *value;
    for step in from..to {
        value = derive_next(domain, salt, step.checked_add(1)?, &value);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_preimage_leads_to_the_anchor_and_to_earlier_ones() {
        let salt = [5; 8];
        let x = [9; 16];
        let anchor = derive_at(Domain::Frame, &salt, 0, &x, 12).unwrap();
        let third = derive_at(Domain::Frame, &salt, 0, &x, 12 - 3).unwrap();
        assert_eq!(derive_at(Domain::Frame, &salt, 12 - 3, &third, 12), Some(anchor));
        assert_ne!(derive_at(Domain::Staple, &salt, 12 - 3, &third, 12), Some(anchor));
        assert_ne!(derive_at(Domain::Frame, &[6; 8], 12 - 3, &third, 12), Some(anchor));
        assert_eq!(derive_at(Domain::Frame, &salt, 12, &anchor, 3), None);
    }
}
