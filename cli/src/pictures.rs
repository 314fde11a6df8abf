//! QR pictures as PNG. `desk::pictures` reads them.

/// The picture cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unwritable;

/// A PNG of `side × side` grey pixels, row by row.
pub(crate) fn grey_png(side: u32, pixels: &[u8]) -> Result<Vec<u8>, Unwritable> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(|_| Unwritable)?;
    writer.write_image_data(pixels).map_err(|_| Unwritable)?;
    writer.finish().map_err(|_| Unwritable)?;
    Ok(file)
}

/// Pixels per module.
pub(crate) const SCALE: u32 = 6;

#[cfg(test)]
mod tests {
    use desk::pictures::read_codes;

    use super::*;

    fn png_of(text: &str) -> Vec<u8> {
        let image = wallet_core::qr::QrCode::encode(text).unwrap().to_grey(SCALE);
        grey_png(image.side, &image.pixels).unwrap()
    }

    #[test]
    fn a_written_code_is_read_back() {
        let text = format!("KR1:{}", "A1".repeat(400));
        assert_eq!(read_codes(&png_of(&text)), Ok(vec![text]));
    }

    #[test]
    fn a_picture_without_a_code_has_none() {
        assert_eq!(read_codes(&grey_png(90, &[255; 8100]).unwrap()), Ok(vec![]));
    }
}
