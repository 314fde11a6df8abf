//! The person on a resident card, put together from its data groups.

use std::collections::BTreeMap;

use super::files::{FileError, dg1, dg2, dg11, dg12};
use crate::card::{Person, RegistrationNumber};

/// Why the groups are not a resident card's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PersonError {
    /// A group that a resident card has is missing.
    #[error("DG{0} is missing")]
    Missing(u8),
    /// A group does not follow its form.
    #[error(transparent)]
    File(#[from] FileError),
    /// A group lacks a field that a resident card has, or two groups contradict each other.
    #[error("DG{0} is not a resident card's")]
    Incomplete(u8),
}

/// Name in hangul, number, birth date and address from DG11, Latin name from DG1, authority and day of issue from DG12,
/// portrait from DG2. The caller has verified the groups.
///
/// # Errors
/// [`PersonError`].
pub fn parse(groups: &BTreeMap<u8, Vec<u8>>) -> Result<Person, PersonError> {
    let group = |number: u8| groups.get(&number).map(Vec::as_slice).ok_or(PersonError::Missing(number));
    let zone = dg1::parse(group(1)?)?;
    let portrait = dg2::parse(group(2)?)?;
    let details = dg11::parse(group(11)?)?;
    let document = dg12::parse(group(12)?)?;

    let lacking = PersonError::Incomplete(11);
    let number = details.personal_number.ok_or(lacking)?;
    let number = RegistrationNumber::parse(&number).map_err(|_| lacking)?;
    let birth_date = details.birth_date.ok_or(lacking)?;
    if zone.birth_date.as_birth(birth_date).ok() != Some(birth_date) {
        return Err(PersonError::Incomplete(1));
    }
    Ok(Person::new(
        &details.full_name.ok_or(lacking)?,
        &format!("{} {}", zone.surname, zone.given_names),
        birth_date,
        number,
        &details.address.ok_or(lacking)?,
        document.issued.ok_or(PersonError::Incomplete(12))?,
        &document.issuing_authority.ok_or(PersonError::Incomplete(12))?,
        portrait.image,
    ))
}
