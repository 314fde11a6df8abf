//! EF.DG7: the holder's signature or usual mark, as pictures. ICAO Doc 9303-10, 4.7.7.

use super::{FileError, MAX_OBJECTS, dg2};
use crate::{bytes::Reader, tlv};

pub use dg2::{ImageFormat, Portrait as Picture};

/// Parses EF.DG7 as read from the chip.
///
/// # Errors
/// [`FileError::Malformed`], also when there are not as many pictures as the file says; [`FileError::UnknownImage`].
pub fn parse(file: &[u8]) -> Result<Vec<Picture>, FileError> {
    let mut fields = Reader::new(tlv::exactly(file, 0x67)?.value);
    let count = tlv::expect(&mut fields, 0x02)?.value;
    let pictures = tlv::all(fields.rest(), MAX_OBJECTS)?
        .iter()
        .map(|object| if object.tag == MARK { dg2::picture(object.value) } else { Err(FileError::Missing) })
        .collect::<Result<Vec<_>, _>>()?;
    match count {
        [count] if usize::from(*count) == pictures.len() => Ok(pictures),
        _ => Err(FileError::Malformed(tlv::TlvError::BadValue)),
    }
}

/// A displayed signature or usual mark.
const MARK: u32 = 0x5F43;

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = &[0xFF, 0xD8, 0xFF, 0xE0, 1];
    const CODESTREAM: &[u8] = &[0xFF, 0x4F, 0xFF, 0x51, 1];

    fn file(count: u8, marks: &[(u32, &[u8])]) -> Vec<u8> {
        let marks: Vec<u8> = marks.iter().flat_map(|(tag, image)| tlv::write(*tag, image)).collect();
        tlv::write_all(0x67, &[&[2, 1, count], &marks])
    }

    #[test]
    fn every_mark_is_given_out_as_it_is() {
        let marks = parse(&file(2, &[(MARK, JPEG), (MARK, CODESTREAM)])).unwrap();
        let told: Vec<_> = marks.iter().map(|mark| (mark.format, mark.image.as_slice())).collect();
        assert_eq!(told, [(ImageFormat::Jpeg, JPEG), (ImageFormat::Jpeg2000, CODESTREAM)]);
        assert_eq!(parse(&file(0, &[])), Ok(vec![]));
    }

    #[test]
    fn another_count_another_object_and_another_picture_are_refused() {
        assert!(matches!(parse(&file(1, &[])), Err(FileError::Malformed(_))));
        assert!(matches!(parse(&file(1, &[(MARK, JPEG), (MARK, JPEG)])), Err(FileError::Malformed(_))));
        assert_eq!(parse(&file(1, &[(0x5F40, JPEG)])), Err(FileError::Missing));
        assert_eq!(parse(&file(1, &[(MARK, b"GIF89a")])), Err(FileError::UnknownImage));
        assert!(matches!(parse(&[0x67, 0]), Err(FileError::Malformed(_))));
        assert!(matches!(parse(&[0x65, 0]), Err(FileError::Malformed(_))));
    }
}
