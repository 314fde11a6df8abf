//! Korean text in two bytes a syllable instead of UTF-8's three, so that a long address still fits the code.
//!
//! U+0000–007F: one byte. Hangul syllable U+AC00 + i (i < 11,172): `80 + (i >> 8)`, `i & FF`. Any other character c:
//! `C0 + (c >> 16)`, `c >> 8`, `c`. Each character has exactly one form.

use unicode_normalization::is_nfc;

use super::error::Malformed;
use crate::bytes::Reader;

/// Longest text, characters.
const MAX_CHARACTERS: usize = 128;
const FIRST_SYLLABLE: u32 = 0xAC00;
const SYLLABLES: u32 = 11_172;

/// Encodes an NFC text.
#[cfg(any(feature = "issuer", test))]
pub(super) fn encode(text: &str) -> Result<Vec<u8>, super::error::Misuse> {
    let mut out = Vec::with_capacity(text.len());
    for (index, character) in text.chars().enumerate() {
        if index >= MAX_CHARACTERS {
            return Err(super::error::Misuse::TextTooLong);
        }
        let [_, plane, high, low] = u32::from(character).to_be_bytes();
        match syllable(character) {
            Some(index) => {
                let [.., high, low] = index.to_be_bytes();
                out.extend([0x80 | high, low]);
            }
            None if character.is_ascii() => out.push(low),
            None => out.extend([0xC0 | plane, high, low]),
        }
    }
    Ok(out)
}

/// Decodes; refuses second forms, text that is not NFC, and control characters.
pub(super) fn decode(bytes: &[u8]) -> Result<String, Malformed> {
    let mut reader = Reader::new(bytes);
    let mut text = String::with_capacity(bytes.len());
    let mut characters = 0_usize;
    while !reader.is_empty() {
        characters += 1;
        if characters > MAX_CHARACTERS {
            return Err(Malformed::Text);
        }
        text.push(character(&mut reader).ok_or(Malformed::Text)?);
    }
    if is_nfc(&text) && !text.chars().any(char::is_control) { Ok(text) } else { Err(Malformed::Text) }
}

fn character(reader: &mut Reader<'_>) -> Option<char> {
    match reader.u8().ok()? {
        ascii @ 0..=0x7F => Some(char::from(ascii)),
        high @ 0x80..=0xAB => {
            let index = u32::from(high & 0x3F) << 8 | u32::from(reader.u8().ok()?);
            char::from_u32(FIRST_SYLLABLE + index).filter(|character| syllable(*character).is_some())
        }
        plane @ 0xC0..=0xD0 => {
            let low = u32::from(reader.u16().ok()?);
            char::from_u32(u32::from(plane & 0x3F) << 16 | low)
                .filter(|character| !character.is_ascii() && syllable(*character).is_none())
        }
        _ => None,
    }
}

fn syllable(character: char) -> Option<u32> {
    u32::from(character).checked_sub(FIRST_SYLLABLE).filter(|index| *index < SYLLABLES)
}

#[cfg(test)]
mod tests {
    use super::{super::error::Misuse, *};

    #[test]
    fn hangul_takes_two_bytes_and_everything_comes_back() {
        assert_eq!(hex::encode(encode("가 힣A漢😀").unwrap()), "800020aba341c06f22c1f600");
        for text in ["", "홍길동", "서울특별시 종로구 세종대로 209, 101동(세종로)", "é漢😀"]
        {
            assert_eq!(decode(&encode(text).unwrap()).unwrap(), text);
        }
        assert_eq!(encode(&"가".repeat(129)), Err(Misuse::TextTooLong));
    }

    #[test]
    fn a_character_has_one_form_only() {
        let wrong = [
            "80",     // half a syllable
            "aba4",   // one past the last syllable
            "ac00",   // no such lead byte
            "c00041", // ASCII in the long form
            "c0ac00", // a syllable in the long form
            "c0d800", // a surrogate
            "d10000", // beyond Unicode
            "ff",
            "0a",           // a control character
            "c01112c01169", // decomposed hangul: not NFC
        ];
        for text in wrong {
            assert_eq!(decode(&hex::decode(text).unwrap()), Err(Malformed::Text), "{text}");
        }
        assert_eq!(decode(&[0x41; 129]), Err(Malformed::Text));
    }
}
