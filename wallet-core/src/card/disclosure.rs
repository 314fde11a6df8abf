//! How much a show reveals.

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
