//! Names as issuers in the field write them: one authority, two string types, two cases, two orders.

use crate::cms::oid;
use crate::tlv::{self, Tlv};

/// Whether two DER names read the same: the same attributes with the same text, whatever their order, string type, case
/// and spacing. It only finds a candidate issuer; the signature decides.
pub(super) fn read_the_same(one: &[u8], other: &[u8]) -> bool {
    match (attributes(one), attributes(other)) {
        (Some(mut one), Some(mut other)) => {
            one.sort();
            other.sort();
            !one.is_empty() && one == other
        }
        _ => false,
    }
}

/// The country of a name, two or three letters in upper case.
pub(super) fn country(name: &[u8]) -> Option<String> {
    let (_, country) = attributes(name)?.into_iter().find(|(kind, _)| kind == oid::COUNTRY_NAME)?;
    let fits = matches!(country.len(), 2 | 3) && country.bytes().all(|byte| byte.is_ascii_alphabetic());
    fits.then(|| country.to_ascii_uppercase())
}

fn attributes(name: &[u8]) -> Option<Vec<(Vec<u8>, String)>> {
    let mut found = Vec::new();
    for set in tlv::all(tlv::exactly(name, 0x30).ok()?.value, MAX_ATTRIBUTES).ok()? {
        for attribute in tlv::all(set.value, MAX_ATTRIBUTES).ok()? {
            let parts = tlv::all(attribute.value, 2).ok()?;
            let [Tlv { tag: 0x06, value: kind, .. }, text] = parts.as_slice() else { return None };
            found.push((kind.to_vec(), folded(text)?));
        }
    }
    Some(found)
}

fn folded(text: &Tlv<'_>) -> Option<String> {
    let text = match text.tag {
        // UTF8String, PrintableString, IA5String.
        0x0C | 0x13 | 0x16 => String::from_utf8(text.value.to_vec()).ok()?,
        // TeletexString: everyone means Latin-1.
        0x14 => text.value.iter().copied().map(char::from).collect(),
        // BMPString.
        0x1E => {
            let units =
                text.value.chunks(2).map(|pair| <[u8; 2]>::try_from(pair).ok().map(u16::from_be_bytes));
            String::from_utf16(&units.collect::<Option<Vec<_>>>()?).ok()?
        }
        _ => return None,
    };
    Some(text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase())
}

const MAX_ATTRIBUTES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn name(attributes: &[(&[u8], u32, &[u8])]) -> Vec<u8> {
        let sets: Vec<u8> = attributes
            .iter()
            .flat_map(|(kind, tag, text)| {
                let attribute = tlv::write_all(0x30, &[&tlv::write(6, kind), &tlv::write(*tag, text)]);
                tlv::write(0x31, &attribute)
            })
            .collect();
        tlv::write(0x30, &sets)
    }

    const COMMON_NAME: &[u8] = b"\x55\x04\x03";

    #[test]
    fn order_case_spacing_and_string_type_do_not_matter_and_text_does() {
        let one = name(&[(oid::COUNTRY_NAME, 0x13, b"UT"), (COMMON_NAME, 0x0C, "Cité  CSCA".as_bytes())]);
        let bmp: Vec<u8> = "cité csca".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let latin = b"CIT\xE9 CSCA ";
        for other in [(0x1E, bmp.as_slice()), (0x14, latin)] {
            let other = name(&[(COMMON_NAME, other.0, other.1), (oid::COUNTRY_NAME, 0x0C, b"ut")]);
            assert!(read_the_same(&one, &other));
        }
        assert!(!read_the_same(&one, &name(&[(oid::COUNTRY_NAME, 0x13, b"UT")])));
        assert!(!read_the_same(&name(&[]), &name(&[])), "no name is nobody's name");
        assert!(!read_the_same(&[0x31, 0], &[0x31, 0]));
    }

    #[test]
    fn a_country_is_two_or_three_letters() {
        assert_eq!(country(&name(&[(oid::COUNTRY_NAME, 0x13, b"kr")])), Some("KR".into()));
        assert_eq!(country(&name(&[(oid::COUNTRY_NAME, 0x13, b"K1")])), None);
        assert_eq!(country(&name(&[(oid::COUNTRY_NAME, 0x13, b"KORE")])), None);
        assert_eq!(country(&name(&[(COMMON_NAME, 0x13, b"KR")])), None);
    }
}
