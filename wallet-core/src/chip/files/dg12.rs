//! EF.DG12: more about the document. ICAO Doc 9303-10, 4.7.12.

use super::{FileError, MAX_OBJECTS, date, text};
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
    fn malformed_details_are_refused() {
        let twice = tlv::write(0x5F19, b"A").repeat(2);
        assert_eq!(parse(&tlv::write(0x6C, &twice)), Err(FileError::Malformed(tlv::TlvError::BadValue)));
        assert_eq!(parse(&tlv::write(0x6C, &tlv::write(0x5F26, b"20240230"))), Err(FileError::BadDate));
        assert_eq!(parse(&tlv::write(0x6C, &tlv::write(0x5F19, &[0xC0]))), Err(FileError::BadText));
        assert!(matches!(parse(&[0x6B, 0]), Err(FileError::Malformed(_))));
        assert!(matches!(parse(&tlv::write(0x6C, &[4, 0].repeat(65))), Err(FileError::Malformed(_))));
    }
}
