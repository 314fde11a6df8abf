//! Base45: bytes in the alphanumeric mode of a QR code, two bytes in three characters. RFC 9285.

/// Not base45: a character outside the alphabet, an impossible length, or a group above its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not base45")]
pub struct NotBase45;

const ALPHABET: [char; 45] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K',
    'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', ' ', '$', '%', '*', '+', '-',
    '.', '/', ':',
];

/// Encodes. RFC 9285, 4.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(2) * 3);
    for pair in bytes.chunks(2) {
        let (mut value, length) = match pair {
            [high, low] => (u32::from(*high) << 8 | u32::from(*low), 3),
            _ => (pair.iter().map(|byte| u32::from(*byte)).sum(), 2),
        };
        for _ in 0..length {
            let digit = usize::try_from(value % 45).unwrap_or_default();
            text.extend(ALPHABET.get(digit));
            value /= 45;
        }
    }
    text
}

/// Decodes. RFC 9285, 4: upper case only, groups above 65,535 (or 255 at the end) refused.
///
/// # Errors
/// [`NotBase45`].
pub fn decode(text: &str) -> Result<Vec<u8>, NotBase45> {
    let mut bytes = Vec::with_capacity(text.len().div_ceil(3) * 2);
    for group in text.as_bytes().chunks(3) {
        let mut value = 0_u32;
        for byte in group.iter().rev() {
            value = value * 45 + digit(*byte)?;
        }
        match group.len() {
            3 => bytes.extend(u16::try_from(value).map_err(|_| NotBase45)?.to_be_bytes()),
            2 => bytes.push(u8::try_from(value).map_err(|_| NotBase45)?),
            _ => return Err(NotBase45),
        }
    }
    Ok(bytes)
}

fn digit(byte: u8) -> Result<u32, NotBase45> {
    let position = ALPHABET.iter().position(|character| u32::from(*character) == u32::from(byte));
    position.and_then(|position| u32::try_from(position).ok()).ok_or(NotBase45)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_hold() {
        // RFC 9285, 4.3 and 4.4.
        for (bytes, text) in [
            (&b"AB"[..], "BB8"),
            (b"Hello!!", "%69 VD92EX0"),
            (b"base-45", "UJCLQE7W581"),
            (b"ietf!", "QED8WEX0"),
            (b"", ""),
        ] {
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text).unwrap(), bytes);
        }
    }

    #[test]
    fn groups_above_their_range_stray_characters_and_odd_lengths_are_refused() {
        assert_eq!(decode("FGW").unwrap(), [0xFF, 0xFF]);
        assert_eq!(decode("U5").unwrap(), [0xFF]);
        // GGW is 65,536 (RFC 9285, 6); V5 is 256.
        for wrong in ["GGW", ":::", "V5", "::", "B", "BB8B", "bb8", "BB8\n", "B,8", "가", "ＢＢ8"] {
            assert_eq!(decode(wrong), Err(NotBase45), "{wrong}");
        }
    }

    #[test]
    fn every_pair_of_bytes_comes_back() {
        for value in 0..=u16::MAX {
            let bytes = value.to_be_bytes();
            assert_eq!(decode(&encode(&bytes)).unwrap(), bytes);
        }
    }
}
