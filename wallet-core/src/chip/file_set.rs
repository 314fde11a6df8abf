use super::file_read::FileId;

/// Which files a reading may ask for, beside EF.CardAccess and EF.SOD: a set of data groups, and EF.COM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSet {
    /// Bit n for data group n; bit 0 for EF.COM.
    bits: u32,
}

impl FileSet {
    /// What a wallet has a use for: data groups 1, 2, 11, 12, 14 and 15.
    pub const WALLET: Self = Self { bits: 1 << 1 | 1 << 2 | 1 << 11 | 1 << 12 | 1 << 14 | 1 << 15 };
    /// Every data group, and EF.COM.
    pub const ALL: Self = Self { bits: (1 << 17) - 1 };
    /// None of them.
    pub const NONE: Self = Self { bits: 0 };

    /// The same with one more; EF.SOD and the files at the door are read by every reading.
    #[must_use]
    pub const fn with(self, file: FileId) -> Self {
        Self { bits: self.bits | Self::bit(file) }
    }

    /// Whether it holds a file.
    #[must_use]
    pub const fn contains(self, file: FileId) -> bool {
        self.bits & Self::bit(file) != 0
    }

    const fn bit(file: FileId) -> u32 {
        match file {
            FileId::Common => 1,
            FileId::Group(number @ 1..=16) => 1 << number,
            FileId::Group(_) | FileId::CardAccess | FileId::CardSecurity | FileId::SecurityObject => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_that_is_no_choice() {
        let set = FileSet::NONE.with(FileId::Group(1)).with(FileId::Common).with(FileId::Group(16));
        let held = (0..=u8::MAX).filter(|number| set.contains(FileId::Group(*number)));
        assert_eq!(held.collect::<Vec<_>>(), [1, 16]);
        assert!(set.contains(FileId::Common));
        for file in [FileId::CardAccess, FileId::CardSecurity, FileId::SecurityObject, FileId::Group(17)] {
            assert_eq!(set.with(file), set, "{file:?}");
        }
        assert!((1..=16).all(|number| FileSet::ALL.contains(FileId::Group(number))));
        assert!(!FileSet::WALLET.contains(FileId::Common) && !FileSet::WALLET.contains(FileId::Group(3)));
    }
}
