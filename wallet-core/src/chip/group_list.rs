//! Which groups the security object vouches for, to know what to read. Nothing is believed here: passive authentication
//! reads the same bytes again, strictly.

use std::collections::BTreeSet;

use crate::{
    bytes::Reader,
    tlv::{self, TlvError},
};

/// The numbers in the list of digests, or `None` when the object is not in the form most issuers use (indefinite lengths
/// do occur); the caller then tries all files. ICAO Doc 9303-10, 4.6.2.
pub(super) fn listed_groups(security_object: &[u8]) -> Option<BTreeSet<u8>> {
    parse(security_object).ok().filter(|groups| groups.contains(&1))
}

fn parse(bytes: &[u8]) -> Result<BTreeSet<u8>, TlvError> {
    let file = tlv::exactly(bytes, 0x77)?;
    let content_info = tlv::exactly(file.value, SEQUENCE)?;
    let mut reader = Reader::new(content_info.value);
    tlv::expect(&mut reader, OBJECT_IDENTIFIER)?;
    let signed_data = tlv::exactly(tlv::expect(&mut reader, EXPLICIT_0)?.value, SEQUENCE)?;
    let mut reader = Reader::new(signed_data.value);
    tlv::expect(&mut reader, INTEGER)?;
    tlv::expect(&mut reader, SET)?;
    let encapsulated = tlv::expect(&mut reader, SEQUENCE)?;
    let mut reader = Reader::new(encapsulated.value);
    tlv::expect(&mut reader, OBJECT_IDENTIFIER)?;
    let content = tlv::exactly(tlv::expect(&mut reader, EXPLICIT_0)?.value, OCTET_STRING)?;
    let security_object = tlv::exactly(content.value, SEQUENCE)?;
    let mut reader = Reader::new(security_object.value);
    tlv::expect(&mut reader, INTEGER)?;
    tlv::expect(&mut reader, SEQUENCE)?;
    let digests = tlv::expect(&mut reader, SEQUENCE)?;
    tlv::all(digests.value, 16)?
        .iter()
        .map(|digest| match tlv::expect(&mut Reader::new(digest.value), INTEGER)?.value {
            [number @ 1..=16] => Ok(*number),
            _ => Err(TlvError::BadValue),
        })
        .collect()
}

const SEQUENCE: u32 = 0x30;
const SET: u32 = 0x31;
const INTEGER: u32 = 0x02;
const OCTET_STRING: u32 = 0x04;
const OBJECT_IDENTIFIER: u32 = 0x06;
const EXPLICIT_0: u32 = 0xA0;
