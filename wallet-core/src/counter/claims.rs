//! What a copy shows of the person.

use core::fmt;

use super::{
    compact_text,
    error::{CounterError, Malformed},
    labels::{TAG_DAYS, person as label},
};
use crate::{
    card::{Date, Disclosure, Person},
    cbor::{CborError, Reader},
};

/// The claims of one disclosure level, nothing more. Dates are days in Korea.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Claims {
    /// [`Disclosure::AdultOnly`].
    Adult {
        /// Adult by the year of birth.
        adult_by_year: bool,
    },
    /// [`Disclosure::NameAndBirth`].
    NameAndBirth {
        /// Family name first, NFC.
        name: String,
        /// Date of birth.
        birth_date: Date,
    },
    /// [`Disclosure::Address`].
    Address {
        /// Family name first, NFC.
        name: String,
        /// Date of birth.
        birth_date: Date,
        /// The address in full, NFC.
        address: String,
    },
    /// [`Disclosure::Full`].
    Full {
        /// Family name first, NFC.
        name: String,
        /// Date of birth.
        birth_date: Date,
        /// The address in full, NFC.
        address: String,
        /// The first six digits of the registration number.
        number_front: String,
        /// The day the physical card was issued.
        issue_date: Date,
        /// Who issued it, NFC.
        issuing_authority: String,
    },
    /// [`Disclosure::RegistrationNumber`].
    RegistrationNumber {
        /// Family name first, NFC.
        name: String,
        /// Date of birth.
        birth_date: Date,
        /// The address in full, NFC.
        address: String,
        /// `YYMMDD-NNNNNNN`.
        registration_number: String,
        /// The day the physical card was issued.
        issue_date: Date,
        /// Who issued it, NFC.
        issuing_authority: String,
    },
}

impl Claims {
    /// What a copy of this level has to say of `person` when it is issued on `today`.
    #[must_use]
    pub fn of(person: &Person, disclosure: Disclosure, today: Date) -> Self {
        let birth_date = person.birth_date();
        let (name, address) = (person.name().to_owned(), person.address().to_owned());
        let (issue_date, issuing_authority) = (person.issue_date(), person.issuing_authority().to_owned());
        let number = person.registration_number();
        match disclosure {
            Disclosure::AdultOnly => Self::Adult { adult_by_year: birth_date.is_adult_by_year(today) },
            Disclosure::NameAndBirth => Self::NameAndBirth { name, birth_date },
            Disclosure::Address => Self::Address { name, birth_date, address },
            Disclosure::Full => Self::Full {
                name,
                birth_date,
                address,
                number_front: number.front().to_owned(),
                issue_date,
                issuing_authority,
            },
            Disclosure::RegistrationNumber => Self::RegistrationNumber {
                name,
                birth_date,
                address,
                registration_number: number.as_str().to_owned(),
                issue_date,
                issuing_authority,
            },
        }
    }

    /// The level these claims are of.
    #[must_use]
    pub const fn disclosure(&self) -> Disclosure {
        match self {
            Self::Adult { .. } => Disclosure::AdultOnly,
            Self::NameAndBirth { .. } => Disclosure::NameAndBirth,
            Self::Address { .. } => Disclosure::Address,
            Self::Full { .. } => Disclosure::Full,
            Self::RegistrationNumber { .. } => Disclosure::RegistrationNumber,
        }
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claims({})", self.disclosure().name())
    }
}

/// Reads the `person` map of a copy of this level: exactly its members.
pub(super) fn read_person(reader: &mut Reader<'_>, disclosure: Disclosure) -> Result<Claims, CounterError> {
    let pairs = reader.map()?;
    let mut found = Found::default();
    for _ in 0..pairs {
        match reader.int()? {
            label::ADULT_BY_YEAR => found.adult_by_year = Some(reader.bool()?),
            label::NAME => found.name = Some(compact_text::decode(reader.bytes()?)?),
            label::BIRTH_DATE => found.birth_date = Some(read_day(reader)?),
            label::ADDRESS => found.address = Some(compact_text::decode(reader.bytes()?)?),
            label::NUMBER_FRONT => found.number_front = Some(digits(reader, 6)?),
            label::ISSUE_DATE => found.issue_date = Some(read_day(reader)?),
            label::ISSUING_AUTHORITY => {
                found.issuing_authority = Some(compact_text::decode(reader.bytes()?)?);
            }
            label::REGISTRATION_NUMBER => found.registration_number = Some(digits(reader, 13)?),
            _ => return Err(Malformed::Members.into()),
        }
    }
    found.into_claims(disclosure).ok_or_else(|| Malformed::Members.into())
}

#[derive(Default)]
struct Found {
    adult_by_year: Option<bool>,
    name: Option<String>,
    birth_date: Option<Date>,
    address: Option<String>,
    number_front: Option<String>,
    issue_date: Option<Date>,
    issuing_authority: Option<String>,
    registration_number: Option<String>,
}

impl Found {
    /// `None` when a member is missing or one is there that the level has not.
    fn into_claims(mut self, disclosure: Disclosure) -> Option<Claims> {
        let claims = match disclosure {
            Disclosure::AdultOnly => Claims::Adult { adult_by_year: self.adult_by_year.take()? },
            Disclosure::NameAndBirth => {
                Claims::NameAndBirth { name: self.name.take()?, birth_date: self.birth_date.take()? }
            }
            Disclosure::Address => Claims::Address {
                name: self.name.take()?,
                birth_date: self.birth_date.take()?,
                address: self.address.take()?,
            },
            Disclosure::Full => {
                let birth_date = self.birth_date.take()?;
                Claims::Full {
                    name: self.name.take()?,
                    birth_date,
                    address: self.address.take()?,
                    number_front: self.number_front.take().unwrap_or_else(|| front_of(birth_date)),
                    issue_date: self.issue_date.take()?,
                    issuing_authority: self.issuing_authority.take()?,
                }
            }
            Disclosure::RegistrationNumber => {
                let number = self.registration_number.take()?;
                let (front, back) = number.split_at_checked(6)?;
                Claims::RegistrationNumber {
                    name: self.name.take()?,
                    birth_date: self.birth_date.take()?,
                    address: self.address.take()?,
                    registration_number: format!("{front}-{back}"),
                    issue_date: self.issue_date.take()?,
                    issuing_authority: self.issuing_authority.take()?,
                }
            }
        };
        self.is_empty().then_some(claims)
    }

    const fn is_empty(&self) -> bool {
        let Self {
            adult_by_year,
            name,
            birth_date,
            address,
            number_front,
            issue_date,
            issuing_authority,
            registration_number,
        } = self;
        adult_by_year.is_none()
            && name.is_none()
            && birth_date.is_none()
            && address.is_none()
            && number_front.is_none()
            && issue_date.is_none()
            && issuing_authority.is_none()
            && registration_number.is_none()
    }
}

/// `YYMMDD`: what the first six digits of a registration number are, unless a correction set them apart.
fn front_of(birth_date: Date) -> String {
    birth_date.to_string().chars().filter(char::is_ascii_digit).skip(2).collect()
}

fn read_day(reader: &mut Reader<'_>) -> Result<Date, CounterError> {
    reader.tag(TAG_DAYS)?;
    Date::from_days_since_1970(reader.int()?).map_err(|_| Malformed::Date.into())
}

/// A number shown with `width` digits, leading zeros included.
fn digits(reader: &mut Reader<'_>, width: usize) -> Result<String, CounterError> {
    let text = format!("{:0width$}", reader.uint()?);
    if text.len() == width { Ok(text) } else { Err(CborError::OutOfRange.into()) }
}

#[cfg(feature = "issuer")]
pub(super) use writing::write_person;

#[cfg(feature = "issuer")]
mod writing {
    use super::{TAG_DAYS, compact_text, front_of, label};
    use crate::{
        card::{Date, Disclosure, Person},
        cbor::MapWriter,
        counter::error::Misuse,
    };

    /// The `person` map of a level.
    pub(in crate::counter) fn write_person(
        person: &Person,
        disclosure: Disclosure,
        today: Date,
    ) -> Result<MapWriter, Misuse> {
        let map = MapWriter::new();
        if disclosure == Disclosure::AdultOnly {
            let adult = person.birth_date().is_adult_by_year(today);
            return Ok(map.entry(label::ADULT_BY_YEAR, |w| w.bool(adult)));
        }
        let mut map = text(map, label::NAME, person.name())?;
        map = day(map, label::BIRTH_DATE, person.birth_date());
        if disclosure == Disclosure::NameAndBirth {
            return Ok(map);
        }
        map = text(map, label::ADDRESS, person.address())?;
        if disclosure == Disclosure::Address {
            return Ok(map);
        }
        map = day(map, label::ISSUE_DATE, person.issue_date());
        map = text(map, label::ISSUING_AUTHORITY, person.issuing_authority())?;
        let number = person.registration_number();
        if disclosure == Disclosure::RegistrationNumber {
            return Ok(map.entry(label::REGISTRATION_NUMBER, |w| w.uint(value_of(number.as_str()))));
        }
        if number.front() != front_of(person.birth_date()) {
            map = map.entry(label::NUMBER_FRONT, |w| w.uint(value_of(number.front())));
        }
        Ok(map)
    }

    fn text(map: MapWriter, label: i64, value: &str) -> Result<MapWriter, Misuse> {
        let compact = compact_text::encode(value)?;
        Ok(map.entry(label, |w| w.bytes(&compact)))
    }

    fn day(map: MapWriter, label: i64, value: Date) -> MapWriter {
        map.entry(label, |w| w.tag(TAG_DAYS).int(value.days_since_1970()))
    }

    /// The digits of a registration number as one number; at most thirteen, so it cannot overflow.
    fn value_of(digits: &str) -> u64 {
        digits.bytes().filter(u8::is_ascii_digit).fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))
    }
}
