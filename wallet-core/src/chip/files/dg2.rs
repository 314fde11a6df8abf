//! EF.DG2: the portrait, in the biometric template of ISO/IEC 19794-5 or 39794-5. ICAO Doc 9303-10, 4.7.2.

use core::fmt;

use super::{FileError, MAX_OBJECTS};
use crate::{bytes::Reader, tlv};

/// A picture of the chip: the first portrait of EF.DG2, or a signature of EF.DG7.
#[derive(Clone, PartialEq, Eq)]
pub struct Portrait {
    /// How the image is compressed.
    pub format: ImageFormat,
    /// The image file, as the chip has it.
    pub image: Vec<u8>,
}

/// How a picture is compressed. Told from the image itself: headers have been seen to say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageFormat {
    /// JPEG, ISO/IEC 10918-1.
    Jpeg,
    /// JPEG 2000, ISO/IEC 15444-1: the file format or the bare codestream.
    Jpeg2000,
}

/// Parses EF.DG2 as read from the chip.
///
/// # Errors
/// [`FileError::Malformed`], [`FileError::Missing`], [`FileError::BadFaceRecord`], [`FileError::UnknownImage`],
/// [`FileError::UnsupportedEncoding`] for a face in no way known here.
pub fn parse(file: &[u8]) -> Result<Portrait, FileError> {
    let outer = tlv::exactly(file, 0x75)?;
    let group = tlv::exactly(outer.value, BIOMETRIC_GROUP)?;
    let template = tlv::all(group.value, MAX_OBJECTS)?
        .into_iter()
        .find(|object| object.tag == BIOMETRIC_TEMPLATE)
        .ok_or(FileError::Missing)?;
    let objects = tlv::all(template.value, MAX_OBJECTS)?;
    let data = objects
        .iter()
        .find(|object| matches!(object.tag, BIOMETRIC_DATA | BIOMETRIC_DATA_CONSTRUCTED))
        .ok_or(FileError::Missing)?;
    match (data.tag, data.value.first()) {
        (BIOMETRIC_DATA_CONSTRUCTED, Some(&(STANDARD_FORMAT | FACE_IMAGE_DATA))) => {
            face_image_data(data.value)
        }
        _ => face_record(data.value),
    }
}

/// ISO/IEC 39794-5:2019, annex A, in DER with implicit tags; a choice is written in the tag around it.
fn face_image_data(bytes: &[u8]) -> Result<Portrait, FileError> {
    let mut data = tlv::read(&mut Reader::new(bytes))?;
    if data.tag == u32::from(STANDARD_FORMAT) {
        data = tlv::read(&mut Reader::new(data.value))?;
    }
    if data.tag != u32::from(FACE_IMAGE_DATA) {
        return Err(FileError::UnsupportedEncoding);
    }
    let mut value = data.value;
    // Representation blocks, the first of them, its image, as given by the base of the standard, in two dimensions, the file.
    for tag in [0xA1, 0x30, 0xA1, 0xA0, 0xA0, 0x80] {
        let found = tlv::all(value, MAX_OBJECTS)?.into_iter().find(|object| object.tag == tag);
        value = found.ok_or(FileError::BadFaceRecord)?.value;
    }
    picture(value)
}

fn face_record(record: &[u8]) -> Result<Portrait, FileError> {
    let bad = FileError::BadFaceRecord;
    let mut reader = Reader::new(record);
    // ISO/IEC 19794-5:2005, 5.4: the facial record header.
    if reader.array().map_err(|_| bad)? != *b"FAC\0" {
        return Err(FileError::UnsupportedEncoding);
    }
    if reader.array().map_err(|_| bad)? != *b"010\0" {
        return Err(FileError::UnsupportedEncoding);
    }
    reader.u32().map_err(|_| bad)?;
    if reader.u16().map_err(|_| bad)? == 0 {
        return Err(FileError::Missing);
    }
    // 5.5: the facial information, whose length covers the block to its end.
    let block = usize::try_from(reader.u32().map_err(|_| bad)?).map_err(|_| bad)?;
    let mut block = Reader::new(reader.take(block.checked_sub(4).ok_or(bad)?).map_err(|_| bad)?);
    let points = usize::from(block.u16().map_err(|_| bad)?);
    block.take(FACIAL_INFORMATION).map_err(|_| bad)?;
    block.take(points.saturating_mul(FEATURE_POINT)).map_err(|_| bad)?;
    // 5.7: the image information.
    block.take(IMAGE_INFORMATION).map_err(|_| bad)?;
    picture(block.rest())
}

/// The picture, if it is one.
pub(super) fn picture(image: &[u8]) -> Result<Portrait, FileError> {
    let format = if image.starts_with(&[0xFF, 0xD8, 0xFF]) {
        ImageFormat::Jpeg
    } else if image.starts_with(b"\0\0\0\x0CjP  ") || image.starts_with(&[0xFF, 0x4F, 0xFF, 0x51]) {
        ImageFormat::Jpeg2000
    } else {
        return Err(FileError::UnknownImage);
    };
    Ok(Portrait { format, image: image.to_vec() })
}

impl fmt::Debug for Portrait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Portrait({:?}, {} bytes)", self.format, self.image.len())
    }
}

const BIOMETRIC_GROUP: u32 = 0x7F61;
const BIOMETRIC_TEMPLATE: u32 = 0x7F60;
const BIOMETRIC_DATA: u32 = 0x5F2E;
const BIOMETRIC_DATA_CONSTRUCTED: u32 = 0x7F2E;
/// Around what is in a standard's own format, in some documents. ISO/IEC 7816-11:2022.
const STANDARD_FORMAT: u8 = 0xA1;
/// `FaceImageDataBlock`, \[APPLICATION 5\].
const FACE_IMAGE_DATA: u8 = 0x65;
/// After length and count: gender, eyes, hair, properties (3), expression (2), pose (3), uncertainty (3).
const FACIAL_INFORMATION: usize = 14;
const FEATURE_POINT: usize = 8;
const IMAGE_INFORMATION: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    fn record(points: u16, image: &[u8]) -> Vec<u8> {
        let information = usize::from(points) * 8 + 12 + 20;
        let block = u32::try_from(information + image.len()).unwrap();
        [
            b"FAC\x00010\x00".as_slice(),
            &(block + 14).to_be_bytes(),
            &[0, 1],
            &block.to_be_bytes(),
            &points.to_be_bytes(),
            &vec![0; 14 + usize::from(points) * 8 + 12],
            image,
        ]
        .concat()
    }

    fn file(tag: u32, record: &[u8]) -> Vec<u8> {
        let template =
            tlv::write_all(BIOMETRIC_TEMPLATE, &[&tlv::write(0xA1, &[0x81, 1, 2]), &tlv::write(tag, record)]);
        let group = tlv::write_all(BIOMETRIC_GROUP, &[&tlv::write(0x02, &[1]), &template]);
        tlv::write(0x75, &group)
    }

    #[test]
    fn the_portrait_is_found_behind_its_headers() {
        let jpeg = [&[0xFF, 0xD8, 0xFF, 0xE0][..], &[7; 300]].concat();
        let jp2 = [b"\0\0\0\x0CjP  ".as_slice(), &[9; 30]].concat();
        let codestream = [0xFF, 0x4F, 0xFF, 0x51, 1];
        for (image, format) in [
            (&jpeg[..], ImageFormat::Jpeg),
            (&jp2, ImageFormat::Jpeg2000),
            (&codestream, ImageFormat::Jpeg2000),
        ] {
            for points in [0, 3] {
                for tag in [BIOMETRIC_DATA, BIOMETRIC_DATA_CONSTRUCTED] {
                    let portrait = parse(&file(tag, &record(points, image))).unwrap();
                    assert_eq!((portrait.format, portrait.image.as_slice()), (format, image));
                }
            }
        }
        let shown = format!("{:?}", parse(&file(BIOMETRIC_DATA, &record(0, &jpeg))).unwrap());
        assert_eq!(shown, "Portrait(Jpeg, 304 bytes)");
    }

    /// As the ICAO profile of ISO/IEC 39794-5 has it: version, one representation with its id, time of capture and image.
    fn face_block(image: &[u8]) -> Vec<u8> {
        let information = tlv::write(0xA1, &tlv::write(0xA0, &[0x81, 1, 2]));
        let two_dimensions = tlv::write_all(0xA0, &[&tlv::write(0x80, image), &information]);
        let representation = tlv::write_all(
            0x30,
            &[
                &[0x80, 1, 1],
                &tlv::write(0xA1, &tlv::write(0xA0, &two_dimensions)),
                &tlv::write(0xA2, &[0x80, 2, 7, 0xEA]),
            ],
        );
        let version = tlv::write(0xA0, &[0x80, 1, 3, 0x81, 2, 7, 0xE3]);
        tlv::write_all(0x65, &[&version, &tlv::write(0xA1, &representation)])
    }

    #[test]
    fn the_portrait_of_the_newer_standard_is_found() {
        let jpeg = [&[0xFF, 0xD8, 0xFF, 0xE0][..], &[7; 300]].concat();
        let jp2 = [b"\0\0\0\x0CjP  ".as_slice(), &[9; 30]].concat();
        for (image, format) in [(&jpeg, ImageFormat::Jpeg), (&jp2, ImageFormat::Jpeg2000)] {
            let block = face_block(image);
            for data in [tlv::write(0xA1, &block), block] {
                let portrait = parse(&file(BIOMETRIC_DATA_CONSTRUCTED, &data)).unwrap();
                assert_eq!((portrait.format, &portrait.image), (format, image));
                for cut in 0..data.len() {
                    assert!(parse(&file(BIOMETRIC_DATA_CONSTRUCTED, &data[..cut])).is_err(), "{cut}");
                }
            }
        }
        let parse = |data: &[u8]| parse(&file(BIOMETRIC_DATA_CONSTRUCTED, data));
        assert_eq!(parse(&face_block(b"GIF89a")), Err(FileError::UnknownImage));
        assert_eq!(parse(&tlv::write(0xA1, &tlv::write(0x64, &[]))), Err(FileError::UnsupportedEncoding));
        assert_eq!(parse(&tlv::write(0x65, &tlv::write(0xA1, &[]))), Err(FileError::BadFaceRecord));
    }

    #[test]
    fn malformed_portraits_are_told_apart() {
        let good = record(1, &[0xFF, 0xD8, 0xFF]);
        assert_eq!(parse(&file(BIOMETRIC_DATA, &record(0, b"GIF89a"))), Err(FileError::UnknownImage));
        assert_eq!(parse(&file(BIOMETRIC_DATA, b"ISO 39794")), Err(FileError::UnsupportedEncoding));
        assert_eq!(parse(&file(0x5F2D, &good)), Err(FileError::Missing));
        let mut none = good.clone();
        none[13] = 0;
        assert_eq!(parse(&file(BIOMETRIC_DATA, &none)), Err(FileError::Missing));
        let mut tiny = good.clone();
        tiny[14..18].copy_from_slice(&[0, 0, 0, 3]);
        assert_eq!(parse(&file(BIOMETRIC_DATA, &tiny)), Err(FileError::BadFaceRecord));
        let mut many_points = good.clone();
        many_points[18] = 0xFF;
        assert_eq!(parse(&file(BIOMETRIC_DATA, &many_points)), Err(FileError::BadFaceRecord));
        for cut in 0..good.len() {
            assert!(parse(&file(BIOMETRIC_DATA, &good[..cut])).is_err(), "{cut}");
        }
        assert!(matches!(parse(&[0x75, 0]), Err(FileError::Malformed(_))));
    }
}
