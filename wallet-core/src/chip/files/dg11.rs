//! EF.DG11: more about the person. ICAO Doc 9303-10, 4.7.11.

use core::fmt;

use super::{FileError, MAX_OBJECTS, date, line, text};
use crate::{card::Date, tlv};

/// What the wallet uses of EF.DG11. Everything in it is optional.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PersonalDetails {
    /// The full name in national characters, tag 5F0E; fillers made spaces.
    pub full_name: Option<String>,
    /// The personal number, tag 5F10.
    pub personal_number: Option<String>,
    /// The full date of birth, tag 5F2B.
    pub birth_date: Option<Date>,
    /// The permanent address, tag 5F42; fillers made spaces.
    pub address: Option<String>,
}

/// Parses EF.DG11 as read from the chip. Objects the wallet does not use are skipped.
///
/// # Errors
/// [`FileError::Malformed`], also for an object that stands twice; [`FileError::BadText`], [`FileError::BadDate`].
pub fn parse(file: &[u8]) -> Result<PersonalDetails, FileError> {
    let outer = tlv::exactly(file, 0x6B)?;
    let mut details = PersonalDetails::default();
    for object in tlv::all(outer.value, MAX_OBJECTS)? {
        let repeated = match object.tag {
            0x5F0E => details.full_name.replace(line(object.value)?).is_some(),
            0x5F10 => details.personal_number.replace(text(object.value)?).is_some(),
            0x5F2B => details.birth_date.replace(date(object.value)?).is_some(),
            0x5F42 => details.address.replace(line(object.value)?).is_some(),
            _ => false,
        };
        if repeated {
            return Err(FileError::Malformed(tlv::TlvError::BadValue));
        }
    }
    Ok(details)
}

/// What EF.DG11 may say beside what the wallet uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FurtherDetail {
    /// Another name, tag 5F0F.
    OtherName,
    /// The place of birth, tag 5F11.
    PlaceOfBirth,
    /// The telephone, tag 5F12.
    Telephone,
    /// The profession, tag 5F13.
    Profession,
    /// The title, tag 5F14.
    Title,
    /// A personal summary, tag 5F15.
    Summary,
    /// Numbers of other travel documents, tag 5F17.
    OtherDocuments,
    /// Custody, tag 5F18.
    Custody,
}

/// What else EF.DG11 says, in its order; fillers made spaces. The proof of citizenship, a picture, is left out.
///
/// # Errors
/// [`FileError::Malformed`]; [`FileError::BadText`].
pub fn parse_further(file: &[u8]) -> Result<Vec<(FurtherDetail, String)>, FileError> {
    let mut further = Vec::new();
    for object in tlv::all(tlv::exactly(file, 0x6B)?.value, MAX_OBJECTS)? {
        let detail = match object.tag {
            // Their count, and each of them.
            0xA0 => {
                for name in tlv::all(object.value, MAX_OBJECTS)?.iter().filter(|name| name.tag == 0x5F0F) {
                    further.push((FurtherDetail::OtherName, line(name.value)?));
                }
                continue;
            }
            0x5F11 => FurtherDetail::PlaceOfBirth,
            0x5F12 => FurtherDetail::Telephone,
            0x5F13 => FurtherDetail::Profession,
            0x5F14 => FurtherDetail::Title,
            0x5F15 => FurtherDetail::Summary,
            0x5F17 => FurtherDetail::OtherDocuments,
            0x5F18 => FurtherDetail::Custody,
            _ => continue,
        };
        further.push((detail, line(object.value)?));
    }
    Ok(further)
}

impl fmt::Debug for PersonalDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalDetails(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(objects: &[(u32, &[u8])]) -> Vec<u8> {
        let objects: Vec<u8> = objects.iter().flat_map(|(tag, value)| tlv::write(*tag, value)).collect();
        tlv::write(0x6B, &objects)
    }

    #[test]
    fn the_details_are_read_and_the_rest_is_skipped() {
        let details = parse(&file(&[
            (0x5C, &[0x5F, 0x0E, 0x5F, 0x10]),
            (0x5F0E, "홍길동".as_bytes()),
            (0x5F10, b"900101-1234567"),
            (0x5F11, b"SEOUL"),
            (0x5F2B, b"19900101"),
            (0x5F42, "세종대로<110".as_bytes()),
            (0xA0, &[0x02, 0x01, 0x00]),
        ]))
        .unwrap();
        assert_eq!(details.full_name.as_deref(), Some("홍길동"));
        assert_eq!(details.personal_number.as_deref(), Some("900101-1234567"));
        assert_eq!(details.birth_date, Date::from_ymd(1990, 1, 1).ok());
        assert_eq!(details.address.as_deref(), Some("세종대로 110"));
        assert_eq!(format!("{details:?}"), "PersonalDetails(..)");
        assert_eq!(parse(&file(&[])), Ok(PersonalDetails::default()));
    }

    #[test]
    fn what_else_is_said_is_listed_in_its_order() {
        let names = [tlv::write(0x02, &[2]), tlv::write(0x5F0F, b"A<B"), tlv::write(0x5F0F, "을".as_bytes())];
        let file = file(&[
            (0x5F0E, b"X"),
            (0xA0, &names.concat()),
            (0x5F11, b"SEOUL<KOREA"),
            (0x5F13, b"POET"),
            (0x5F16, &[0xFF, 0xD8, 0xFF]),
        ]);
        let further = parse_further(&file).unwrap();
        let further: Vec<_> = further.iter().map(|(detail, text)| (*detail, text.as_str())).collect();
        assert_eq!(
            further,
            [
                (FurtherDetail::OtherName, "A B"),
                (FurtherDetail::OtherName, "을"),
                (FurtherDetail::PlaceOfBirth, "SEOUL KOREA"),
                (FurtherDetail::Profession, "POET"),
            ]
        );
        assert_eq!(parse_further(&super::tests::file(&[(0x5F14, &[0xFF])])), Err(FileError::BadText));
        assert!(matches!(
            parse_further(&super::tests::file(&[(0xA0, &[0x5F])])),
            Err(FileError::Malformed(_))
        ));
    }

    #[test]
    fn malformed_details_are_refused() {
        assert_eq!(parse(&file(&[(0x5F0E, &[0xFF])])), Err(FileError::BadText));
        assert_eq!(parse(&file(&[(0x5F2B, b"1990")])), Err(FileError::BadDate));
        let twice = file(&[(0x5F10, b"1"), (0x5F10, b"2")]);
        assert_eq!(parse(&twice), Err(FileError::Malformed(tlv::TlvError::BadValue)));
        assert!(matches!(parse(&[0x6B, 1, 0x5F]), Err(FileError::Malformed(_))));
        assert!(matches!(parse(&[0x6C, 0]), Err(FileError::Malformed(_))));
    }
}
