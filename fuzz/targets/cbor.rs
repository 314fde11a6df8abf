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
    if let Ok(value) = ciborium::from_reader::<Value, _>(data)
        && is_plain(&value)
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

/// Without big numbers, which the other codec reads as plain ones, and without null, as which it reads undefined.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Integer(number) => {
            let number = i128::from(*number);
            (-(1 << 64)..1 << 64).contains(&number)
        }
        Value::Tag(2 | 3, _) | Value::Null => false,
        Value::Tag(_, inner) => is_plain(inner),
        Value::Array(items) => items.iter().all(is_plain),
        Value::Map(pairs) => pairs.iter().all(|(key, value)| is_plain(key) && is_plain(value)),
        _ => true,
    }
}
