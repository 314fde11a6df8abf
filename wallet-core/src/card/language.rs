//! The languages people are spoken to in.

/// The language of prompts and reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Language {
    /// Korean.
    #[default]
    Korean,
    /// English.
    English,
}
