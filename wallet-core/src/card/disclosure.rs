//! How much a show reveals.

use super::Language;

/// Disclosure levels of the resident card, least first. One credential copy exists per level, so a code carries nothing
/// that it does not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Disclosure {
    /// Whether the person is an adult by the year of birth, and nothing else.
    AdultOnly,
    /// Name and date of birth.
    NameAndBirth,
    /// Name, date of birth and address.
    Address,
    /// All that the card's face shows but the second half of the registration number.
    Full,
    /// The above with the whole registration number.
    RegistrationNumber,
}

/// No disclosure level has that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such disclosure level")]
pub struct UnknownDisclosure;

impl Disclosure {
    /// All levels, least first.
    pub const ALL: [Self; 5] =
        [Self::AdultOnly, Self::NameAndBirth, Self::Address, Self::Full, Self::RegistrationNumber];

    /// The stable machine name: `adult`, `name_birth`, `address`, `full`, `registration_number`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AdultOnly => "adult",
            Self::NameAndBirth => "name_birth",
            Self::Address => "address",
            Self::Full => "full",
            Self::RegistrationNumber => "registration_number",
        }
    }

    /// The level with this machine name.
    ///
    /// # Errors
    /// [`UnknownDisclosure`].
    pub fn from_name(name: &str) -> Result<Self, UnknownDisclosure> {
        Self::ALL.into_iter().find(|level| level.name() == name).ok_or(UnknownDisclosure)
    }

    /// What it shows, as a citizen or a clerk reads it.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::AdultOnly, Language::Korean) => "성인 여부",
            (Self::AdultOnly, Language::English) => "adult or not",
            (Self::NameAndBirth, Language::Korean) => "이름, 생년월일",
            (Self::NameAndBirth, Language::English) => "name and date of birth",
            (Self::Address, Language::Korean) => "이름, 생년월일, 주소",
            (Self::Address, Language::English) => "name, date of birth, address",
            (Self::Full, Language::Korean) => "주민등록번호 뒷자리를 뺀 모든 정보",
            (Self::Full, Language::English) => "all but the second half of the number",
            (Self::RegistrationNumber, Language::Korean) => "주민등록번호를 포함한 모든 정보",
            (Self::RegistrationNumber, Language::English) => "all with the registration number",
        }
    }

    /// Copies in a fresh batch: adult 10, name 5, others 3.
    #[must_use]
    pub const fn batch(self) -> u32 {
        match self {
            Self::AdultOnly => 10,
            Self::NameAndBirth => 5,
            Self::Address | Self::Full | Self::RegistrationNumber => 3,
        }
    }
}
