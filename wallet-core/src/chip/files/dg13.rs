//! EF.DG13: whatever the issuer has put there, in a form of its own. ICAO Doc 9303-10, 4.7.13.

use super::FileError;
use crate::tlv;

/// The content of EF.DG13 as read from the chip; only the issuer knows what it means.
///
/// # Errors
/// [`FileError::Malformed`].
pub fn parse(file: &[u8]) -> Result<&[u8], FileError> {
    Ok(tlv::exactly(file, 0x6D)?.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_is_given_out_as_it_is() {
        assert_eq!(parse(&[0x6D, 3, 0xFF, 0, 0xFF]), Ok(&[0xFF, 0, 0xFF][..]));
        assert_eq!(parse(&[0x6D, 0]), Ok(&[][..]));
        assert!(matches!(parse(&[0x6D, 1]), Err(FileError::Malformed(_))));
        assert!(matches!(parse(&[0x6E, 0]), Err(FileError::Malformed(_))));
    }
}
