//! EF.DG16: whom to tell in an emergency. ICAO Doc 9303-10, 4.7.16.

use core::fmt;

use super::{FileError, MAX_OBJECTS, date, line};
use crate::{bytes::Reader, card::Date, tlv};

/// Somebody to notify. Everything but the name is optional in the field.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonToNotify {
    /// When it was written down, tag 5F50.
    pub recorded: Option<Date>,
    /// The name, tag 5F51.
    pub name: String,
    /// The telephone, tag 5F52.
    pub telephone: Option<String>,
    /// The address, tag 5F53.
    pub address: Option<String>,
}

/// Parses EF.DG16 as read from the chip.
///
/// # Errors
/// [`FileError::Malformed`], also for an object that stands twice or another number of people than the file says;
/// [`FileError::Missing`] for somebody without a name; [`FileError::BadText`], [`FileError::BadDate`].
pub fn parse(file: &[u8]) -> Result<Vec<PersonToNotify>, FileError> {
    let bad_count = FileError::Malformed(tlv::TlvError::BadValue);
    let mut fields = Reader::new(tlv::exactly(file, 0x70)?.value);
    let [count] = *tlv::expect(&mut fields, 0x02)?.value else { return Err(bad_count) };
    let mut people = Vec::new();
    for (template, tag) in tlv::all(fields.rest(), MAX_PEOPLE)?.iter().zip(FIRST_TEMPLATE..) {
        if template.tag != tag {
            return Err(FileError::Malformed(tlv::TlvError::UnexpectedTag));
        }
        people.push(person(template.value)?);
    }
    if people.len() == usize::from(count) { Ok(people) } else { Err(bad_count) }
}

fn person(template: &[u8]) -> Result<PersonToNotify, FileError> {
    let (mut recorded, mut name, mut telephone, mut address) = (None, None, None, None);
    for object in tlv::all(template, MAX_OBJECTS)? {
        let repeated = match object.tag {
            0x5F50 => recorded.replace(date(object.value)?).is_some(),
            0x5F51 => name.replace(line(object.value)?).is_some(),
            0x5F52 => telephone.replace(line(object.value)?).is_some(),
            0x5F53 => address.replace(line(object.value)?).is_some(),
            _ => false,
        };
        if repeated {
            return Err(FileError::Malformed(tlv::TlvError::BadValue));
        }
    }
    Ok(PersonToNotify { recorded, name: name.ok_or(FileError::Missing)?, telephone, address })
}

impl fmt::Debug for PersonToNotify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonToNotify(..)")
    }
}

/// A1 for the first person, A2 for the second …
const FIRST_TEMPLATE: u32 = 0xA1;
/// Tags of one byte go no further.
const MAX_PEOPLE: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    fn template(tag: u32, objects: &[(u32, &str)]) -> Vec<u8> {
        let objects: Vec<u8> =
            objects.iter().flat_map(|(tag, text)| tlv::write(*tag, text.as_bytes())).collect();
        tlv::write(tag, &objects)
    }

    fn file(count: u8, templates: &[Vec<u8>]) -> Vec<u8> {
        tlv::write_all(0x70, &[&[2, 1, count], &templates.concat()])
    }

    #[test]
    fn everybody_is_read_with_what_is_known_of_them() {
        let full =
            [(0x5F50, "20200102"), (0x5F51, "SMITH<<CHARLES"), (0x5F52, "+82<2<110"), (0x5F53, "서울")];
        let people =
            parse(&file(2, &[template(0xA1, &full), template(0xA2, &[(0x5F51, "홍길동")])])).unwrap();
        assert_eq!(people[0].recorded, Date::from_ymd(2020, 1, 2).ok());
        assert_eq!((people[0].name.as_str(), people[0].address.as_deref()), ("SMITH CHARLES", Some("서울")));
        assert_eq!((people[1].name.as_str(), people[1].telephone.as_deref()), ("홍길동", None));
        assert_eq!(format!("{:?}", people[0]), "PersonToNotify(..)");
        assert_eq!(parse(&file(0, &[])), Ok(vec![]));
    }

    #[test]
    fn malformed_people_are_refused() {
        let one = template(0xA1, &[(0x5F51, "A")]);
        let bad = Err(FileError::Malformed(tlv::TlvError::BadValue));
        assert_eq!(parse(&file(2, core::slice::from_ref(&one))), bad);
        assert_eq!(parse(&file(1, &[template(0xA1, &[(0x5F51, "A"), (0x5F51, "B")])])), bad);
        assert_eq!(parse(&file(1, &[template(0xA1, &[(0x5F52, "1")])])), Err(FileError::Missing));
        assert_eq!(
            parse(&file(1, &[template(0xA1, &[(0x5F50, "2020"), (0x5F51, "A")])])),
            Err(FileError::BadDate)
        );
        let unordered = parse(&file(1, &[template(0xA2, &[(0x5F51, "A")])]));
        assert_eq!(unordered, Err(FileError::Malformed(tlv::TlvError::UnexpectedTag)));
        assert!(matches!(parse(&file(16, &vec![one; 16])), Err(FileError::Malformed(_))));
        assert!(matches!(parse(&[0x70, 0]), Err(FileError::Malformed(_))));
    }
}
