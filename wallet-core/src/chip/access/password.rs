//! What the citizen reads off the card.

use core::fmt;

use crate::{
    bytes::Secret,
    crypto::aes::{AesKey, KeyLength, Purpose},
};

/// A card access number: the six digits printed on the card. Never printed, wiped when dropped.
pub struct Can(Secret<6>);

/// Not six digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a card access number")]
pub struct NotACan;

impl Can {
    /// Parses six digits. ICAO Doc 9303-11, 4.4 and Doc 9303-4.
    ///
    /// # Errors
    /// [`NotACan`].
    pub fn parse(text: &str) -> Result<Self, NotACan> {
        let digits: [u8; 6] = text.as_bytes().try_into().map_err(|_| NotACan)?;
        if digits.iter().all(u8::is_ascii_digit) { Ok(Self(Secret::new(digits))) } else { Err(NotACan) }
    }

    /// `K_π`. ICAO Doc 9303-11, 9.7.3.
    pub(super) fn key(&self, length: KeyLength) -> AesKey {
        AesKey::derive(self.0.expose(), Purpose::Password, length)
    }
}

impl fmt::Debug for Can {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Can(..)")
    }
}

/// What the citizen proves to hold the card with.
#[derive(Debug)]
#[non_exhaustive]
pub enum CardAccess {
    /// The number printed on the card.
    Can(Can),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_can_is_six_digits_and_never_printed() {
        assert_eq!(format!("{:?}", CardAccess::Can(Can::parse("123456").unwrap())), "Can(Can(..))");
        for bad in ["", "12345", "1234567", "12345a", "１２３４５６", "12345 "] {
            assert_eq!(Can::parse(bad).unwrap_err(), NotACan);
        }
    }
}
