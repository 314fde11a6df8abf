//! The two bytes that end a response.

use core::fmt;

/// A status word, SW1 SW2. ISO/IEC 7816-4:2020, 5.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// Done.
    pub const OK: Self = Self(0x9000);
    /// The file ended before the expected length was reached.
    pub const END_OF_FILE: Self = Self(0x6282);
    /// Authentication failed, no counter given.
    pub const AUTHENTICATION_FAILED: Self = Self(0x6300);
    /// Wrong length.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// Security status not satisfied.
    pub const ACCESS_DENIED: Self = Self(0x6982);
    /// Authentication method blocked.
    pub const BLOCKED: Self = Self(0x6983);
    /// Conditions of use not satisfied.
    pub const CONDITIONS_NOT_SATISFIED: Self = Self(0x6985);
    /// A secure messaging object is missing.
    pub const MISSING_SECURE_OBJECT: Self = Self(0x6987);
    /// A secure messaging object is incorrect.
    pub const WRONG_SECURE_OBJECT: Self = Self(0x6988);
    /// File or application not found.
    pub const NOT_FOUND: Self = Self(0x6A82);
    /// Record not found.
    pub const RECORD_NOT_FOUND: Self = Self(0x6A83);
    /// Incorrect P1 and P2.
    pub const WRONG_PARAMETERS: Self = Self(0x6A86);
    /// Referenced data not found.
    pub const REFERENCE_NOT_FOUND: Self = Self(0x6A88);
    /// Offset outside the file.
    pub const WRONG_OFFSET: Self = Self(0x6B00);
    /// No precise diagnosis.
    pub const INTERNAL: Self = Self(0x6F00);

    /// Whether the command did what it was told.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 == Self::OK.0
    }

    /// SW1.
    #[must_use]
    pub const fn class(self) -> u8 {
        let [class, _] = self.0.to_be_bytes();
        class
    }

    /// SW2.
    #[must_use]
    pub const fn detail(self) -> u8 {
        let [_, detail] = self.0.to_be_bytes();
        detail
    }

    /// The counter of `63Cx`.
    #[must_use]
    pub const fn tries_left(self) -> Option<u8> {
        if self.0 & 0xFFF0 == 0x63C0 { Some(self.detail() & 0x0F) } else { None }
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_of_tries_is_read_from_63cx_alone() {
        assert_eq!(StatusWord(0x63C2).tries_left(), Some(2));
        assert_eq!(StatusWord(0x63C0).tries_left(), Some(0));
        assert_eq!(StatusWord::AUTHENTICATION_FAILED.tries_left(), None);
        assert_eq!(StatusWord(0x6CC2).tries_left(), None);
        assert_eq!((StatusWord(0x6C12).class(), StatusWord(0x6C12).detail()), (0x6C, 0x12));
        assert_eq!(StatusWord::OK.to_string(), "9000");
    }
}
