//! CBOR and COSE: what the strict check passes the looser passes too, has one encoding only, as another author's codec
//! agrees, and splits into the parts it was made of.
#![no_main]

use ciborium::Value;
use libfuzzer_sys::fuzz_target;
use wallet_core::{
    cbor::{Limits, Profile, check},
    cose::{Sign1, decode_key, encode_sign1},
};

fuzz_target!(|data: &[u8]| {
    let definite = check(data, Profile::Definite, Limits::DOCUMENT);
    let _ = decode_key(data);
    let message = Sign1::parse(data);
    if check(data, Profile::Deterministic, Limits::SMALL).is_err() {
        return;
    }
    definite.expect("deterministic form is definite form");
    if is_plain(data)
        && let Ok(value) = ciborium::from_reader::<Value, _>(data)
    {
        let mut again = Vec::new();
        ciborium::into_writer(&value, &mut again).expect("what was read is written");
        assert_eq!(again, data);
    }
    if let Ok(message) = message
        && message.has_no_unprotected_label()
    {
        assert_eq!(encode_sign1(message.protected, message.payload, message.signature), data);
    }
});

/// Without big numbers (tags 2 and 3), which the other codec reads as plain ones, and without undefined, which it reads
/// as null. The form was checked before, so heads and strings follow one another.
fn is_plain(mut rest: &[u8]) -> bool {
    while let [first, tail @ ..] = rest {
        if matches!(first, 0xC2 | 0xC3 | 0xF7) {
            return false;
        }
        let (argument, tail) = match first & 0x1F {
            short @ 0..=23 => (u64::from(short), tail),
            long => {
                let (bytes, tail) = tail.split_at(1 << (long - 24));
                (bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)), tail)
            }
        };
        let is_string = matches!(first >> 5, 2 | 3);
        rest = if is_string { &tail[usize::try_from(argument).unwrap()..] } else { tail };
    }
    true
}
