//! EF.DG12: more about the document. ICAO Doc 9303-10, 4.7.12.

use super::{FileError, MAX_OBJECTS, date, dg2, line, text};
use crate::{card::Date, tlv};

/// What the wallet uses of EF.DG12. Everything in it is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentDetails {
    /// The issuing authority, tag 5F19.
    pub issuing_authority: Option<String>,
    /// The date of issue, tag 5F26.
    pub issued: Option<Date>,
}

/// Parses EF.DG12 as read from the chip. Objects the wallet does not use are skipped.
///
/// # Errors
/// [`FileError::Malformed`], also for an object that stands twice; [`FileError::BadText`], [`FileError::BadDate`].
pub fn parse(file: &[u8]) -> Result<DocumentDetails, FileError> {
    let outer = tlv::exactly(file, 0x6C)?;
    let mut details = DocumentDetails::default();
    for object in tlv::all(outer.value, MAX_OBJECTS)? {
        let repeated = match object.tag {
            0x5F19 => details.issuing_authority.replace(text(object.value)?).is_some(),
            0x5F26 => details.issued.replace(date(object.value)?).is_some(),
            _ => false,
        };
        if repeated {
            return Err(FileError::Malformed(tlv::TlvError::BadValue));
        }
    }
    Ok(details)
}

/// What EF.DG12 may say beside what the wallet uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FurtherDetail {
    /// Endorsements and observations, tag 5F1B.
    Endorsements,
    /// Tax or exit requirements, tag 5F1C.
    Exit,
    /// When it was personalised, tag 5F55, in the issuer's digits `YYYYMMDDhhmmss`.
    Personalised,
    /// The serial number of the system that personalised it, tag 5F56.
    PersonalisedBy,
}

/// A side of the document, as a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Tag 5F1D.
    Front,
    /// Tag 5F1E.
    Rear,
}

/// What else EF.DG12 says, in its order; fillers made spaces.
///
/// # Errors
/// [`FileError::Malformed`]; [`FileError::BadText`].
pub fn parse_further(file: &[u8]) -> Result<Vec<(FurtherDetail, String)>, FileError> {
    let mut further = Vec::new();
    for object in tlv::all(tlv::exactly(file, 0x6C)?.value, MAX_OBJECTS)? {
        let detail = match object.tag {
            0x5F1B => FurtherDetail::Endorsements,
            0x5F1C => FurtherDetail::Exit,
            // The second of each pair by the sixth edition of the document.
            0x5F55 | 0x5F85 => FurtherDetail::Personalised,
            0x5F56 | 0x5F86 => FurtherDetail::PersonalisedBy,
            _ => continue,
        };
        further.push((detail, line(object.value)?));
    }
    Ok(further)
}

/// The pictures of the document in EF.DG12.
///
/// # Errors
/// [`FileError::Malformed`]; [`FileError::UnknownImage`].
pub fn parse_sides(file: &[u8]) -> Result<Vec<(Side, dg2::Portrait)>, FileError> {
    tlv::all(tlv::exactly(file, 0x6C)?.value, MAX_OBJECTS)?
        .iter()
        .filter_map(|object| match object.tag {
            0x5F1D => Some((Side::Front, object.value)),
            0x5F1E => Some((Side::Rear, object.value)),
            _ => None,
        })
        .map(|(side, image)| Ok((side, dg2::picture(image)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_details_are_read_and_the_rest_is_skipped() {
        let objects = [
            tlv::write(0x5C, &[0x5F, 0x19]),
            tlv::write(0x5F19, "서울특별시 종로구청장".as_bytes()),
            tlv::write(0x5F26, &[0x20, 0x24, 0x02, 0x29]),
            tlv::write(0x5F1D, &[0xFF; 200]),
        ];
        let details = parse(&tlv::write(0x6C, &objects.concat())).unwrap();
        assert_eq!(details.issuing_authority.as_deref(), Some("서울특별시 종로구청장"));
        assert_eq!(details.issued, Date::from_ymd(2024, 2, 29).ok());
    }

    #[test]
    fn what_else_is_said_and_shown_is_listed_in_its_order() {
        let objects = [
            tlv::write(0x5F19, b"A"),
            tlv::write(0x5F1B, b"NO<REMARKS"),
            tlv::write(0x5F1E, &[0xFF, 0xD8, 0xFF, 0xE0]),
            tlv::write(0x5F55, b"20240229120000"),
        ];
        let file = tlv::write(0x6C, &objects.concat());
        let further = parse_further(&file).unwrap();
        let further: Vec<_> = further.iter().map(|(detail, text)| (*detail, text.as_str())).collect();
        let personalised = (FurtherDetail::Personalised, "20240229120000");
        assert_eq!(further, [(FurtherDetail::Endorsements, "NO REMARKS"), personalised]);
        let [(side, picture)] = parse_sides(&file).unwrap().try_into().unwrap();
        assert_eq!((side, picture.format), (Side::Rear, dg2::ImageFormat::Jpeg));
        let unknown = tlv::write(0x6C, &tlv::write(0x5F1D, b"BM"));
        assert_eq!(parse_sides(&unknown), Err(FileError::UnknownImage));
        assert_eq!(parse_further(&tlv::write(0x6C, &tlv::write(0x5F1C, &[0]))), Err(FileError::BadText));
    }

    #[test]
    fn malformed_details_are_refused() {
        let twice = tlv::write(0x5F19, b"A").repeat(2);
        assert_eq!(parse(&tlv::write(0x6C, &twice)), Err(FileError::Malformed(tlv::TlvError::BadValue)));
        assert_eq!(parse(&tlv::write(0x6C, &tlv::write(0x5F26, b"20240230"))), Err(FileError::BadDate));
        assert_eq!(parse(&tlv::write(0x6C, &tlv::write(0x5F19, &[0xC0]))), Err(FileError::BadText));
        assert!(matches!(parse(&[0x6B, 0]), Err(FileError::Malformed(_))));
        assert!(matches!(parse(&tlv::write(0x6C, &[4, 0].repeat(65))), Err(FileError::Malformed(_))));
    }
}
