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
        format!("{} {}", zone.surname, zone.given_names).trim(),
        birth_date,
        number,
        &details.address.ok_or(lacking)?,
        document.issued.ok_or(PersonError::Incomplete(12))?,
        &document.issuing_authority.ok_or(PersonError::Incomplete(12))?,
        portrait.image,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{card::Date, tlv};

    /// The zone is the specimen of ICAO Doc 9303-5, appendix B.
    fn groups() -> BTreeMap<u8, Vec<u8>> {
        let zone = concat!(
            "I<UTOD231458907<<<<<<<<<<<<<<<",
            "7408122F1204159UTO<<<<<<<<<<<6",
            "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
        );
        let image = [0xFF, 0xD8, 0xFF, 0xE0];
        let record =
            [b"FAC\x00010\x00\x00\x00\x00\x32\x00\x01".as_slice(), &[0, 0, 0, 36, 0, 0], &[0; 26], &image]
                .concat();
        let template = tlv::write(0x7F60, &tlv::write(0x5F2E, &record));
        BTreeMap::from([
            (1, tlv::write(0x61, &tlv::write(0x5F1F, zone.as_bytes()))),
            (2, tlv::write(0x75, &tlv::write(0x7F61, &template))),
            (11, file(0x6B, &PERSONAL)),
            (12, file(0x6C, &DOCUMENT)),
        ])
    }

    fn file(tag: u32, objects: &[(u32, &str)]) -> Vec<u8> {
        let objects: Vec<u8> =
            objects.iter().flat_map(|(tag, text)| tlv::write(*tag, text.as_bytes())).collect();
        tlv::write(tag, &objects)
    }

    const PERSONAL: [(u32, &str); 4] =
        [(0x5F0E, "홍길동"), (0x5F10, "740812-2000000"), (0x5F2B, "19740812"), (0x5F42, "서울")];
    const DOCUMENT: [(u32, &str); 2] = [(0x5F19, "종로구청장"), (0x5F26, "20200102")];

    #[test]
    fn a_person_is_put_together_from_four_groups() {
        let person = parse(&groups()).unwrap();
        assert_eq!((person.name(), person.address()), ("홍길동", "서울"));
        assert_eq!(person.birth_date(), Date::parse("1974-08-12").unwrap());
        assert_eq!(person.issuing_authority(), "종로구청장");
    }

    #[test]
    fn a_group_missing_broken_incomplete_or_in_contradiction_is_named() {
        let refused = |number: u8, file: Option<Vec<u8>>| {
            let mut groups = groups();
            match file {
                Some(file) => drop(groups.insert(number, file)),
                None => drop(groups.remove(&number)),
            }
            parse(&groups).err().unwrap()
        };
        for number in [1, 2, 11, 12] {
            assert_eq!(refused(number, None), PersonError::Missing(number));
            assert!(matches!(refused(number, Some(vec![0])), PersonError::File(_)));
        }
        for (number, tag, objects) in [(11, 0x6B, &PERSONAL[..]), (12, 0x6C, &DOCUMENT)] {
            for left_out in 0..objects.len() {
                let mut objects = objects.to_vec();
                objects.remove(left_out);
                assert_eq!(refused(number, Some(file(tag, &objects))), PersonError::Incomplete(number));
            }
        }
        let mut older = PERSONAL;
        older[2].1 = "19740813";
        assert_eq!(refused(11, Some(file(0x6B, &older))), PersonError::Incomplete(1));
    }
}
