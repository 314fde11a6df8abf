//! Reading the codes in a picture: PNG or JPEG, from a camera, a screen or a scanner.

use std::io::Cursor;

/// A picture in grey, one byte per pixel, row by row from the top left.
struct Grey {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// The picture cannot be read: neither PNG nor JPEG, broken, or larger than 64 million pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a picture that can be read")]
pub struct Unreadable;

/// Whether the bytes begin as a picture this module reads.
#[must_use]
pub fn is_picture(bytes: &[u8]) -> bool {
    bytes.starts_with(PNG) || bytes.starts_with(JPEG)
}

/// The texts of all readable codes in the picture.
///
/// # Errors
/// [`Unreadable`].
pub fn read_codes(bytes: &[u8]) -> Result<Vec<String>, Unreadable> {
    let picture = if bytes.starts_with(PNG) { read_png(bytes)? } else { read_jpeg(bytes)? };
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(picture.width, picture.height, |x, y| {
        picture.pixels.get(y * picture.width + x).copied().unwrap_or(255)
    });
    Ok(prepared.detect_grids().iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect())
}

fn read_png(bytes: &[u8]) -> Result<Grey, Unreadable> {
    let limits = png::Limits { bytes: PIXEL_LIMIT * 4 };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(|_| Unreadable)?;
    let (width, height) = sides(reader.info().width, reader.info().height)?;
    let mut data = vec![0; reader.output_buffer_size().ok_or(Unreadable)?];
    reader.next_frame(&mut data).map_err(|_| Unreadable)?;
    let channels = reader.output_color_type().0.samples();
    let pixels = data.chunks_exact(channels).map(grey).collect::<Vec<_>>();
    if pixels.len() != width * height {
        return Err(Unreadable);
    }
    Ok(Grey { width, height, pixels })
}

fn read_jpeg(bytes: &[u8]) -> Result<Grey, Unreadable> {
    use zune_jpeg::zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::Luma)
        .set_max_width(SIDE_LIMIT)
        .set_max_height(SIDE_LIMIT);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|_| Unreadable)?;
    let (width, height) = decoder.dimensions().ok_or(Unreadable)?;
    if width * height > PIXEL_LIMIT {
        return Err(Unreadable);
    }
    let pixels = decoder.decode().map_err(|_| Unreadable)?;
    if pixels.len() != width * height {
        return Err(Unreadable);
    }
    Ok(Grey { width, height, pixels })
}

fn sides(width: u32, height: u32) -> Result<(usize, usize), Unreadable> {
    let width = usize::try_from(width).map_err(|_| Unreadable)?;
    let height = usize::try_from(height).map_err(|_| Unreadable)?;
    if width > SIDE_LIMIT || height > SIDE_LIMIT || width * height > PIXEL_LIMIT {
        return Err(Unreadable);
    }
    Ok((width, height))
}

/// One pixel on white paper: grey, grey and alpha, RGB, or RGB and alpha.
fn grey(pixel: &[u8]) -> u8 {
    let (luma, alpha) = match *pixel {
        [grey] => (u32::from(grey), 255),
        [grey, alpha] => (u32::from(grey), u32::from(alpha)),
        [red, green, blue] => (luma(red, green, blue), 255),
        [red, green, blue, alpha] => (luma(red, green, blue), u32::from(alpha)),
        _ => (255, 255),
    };
    u8::try_from((luma * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255)
}

/// ITU-R BT.601.
fn luma(red: u8, green: u8, blue: u8) -> u32 {
    (299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue)) / 1000
}

/// Longest side of a picture that is read, pixels.
const SIDE_LIMIT: usize = 12_000;
/// Most pixels of a picture that is read.
const PIXEL_LIMIT: usize = 64_000_000;
/// How a PNG begins.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// How a JPEG begins.
const JPEG: &[u8] = b"\xff\xd8\xff";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_picture_is_unreadable() {
        assert_eq!(read_codes(b"\x89PNG\r\n\x1a\nno"), Err(Unreadable));
        assert_eq!(read_codes(b"\xff\xd8\xffno"), Err(Unreadable));
        assert_eq!(read_codes(b""), Err(Unreadable));
        assert!(!is_picture(b"KR1:"));
    }

    #[test]
    fn a_transparent_picture_lies_on_white_paper() {
        assert_eq!(
            (grey(&[0, 0]), grey(&[0, 255]), grey(&[0, 0, 0, 0]), grey(&[255, 255, 255])),
            (255, 0, 255, 255)
        );
    }
}
