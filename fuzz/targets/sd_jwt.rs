//! SD-JWT VCs. As received (first byte even): whatever verifies says only what the issuer signed; an attacker may leave
//! disclosures out, never change them. With hostile claims and disclosures under a good signature (odd): reading them ends, and
//! nothing of the format's own names is left in what comes out.
#![no_main]

use std::sync::LazyLock;

use fuzz::documents::{ANCHORS, NOW, SD_JWT_VCT, device_key, sd_jwt};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use wallet_core::openid::sd_jwt::{Expected, SdJwt, open, verify};

static SIGNED: LazyLock<Map<String, Value>> =
    LazyLock::new(|| claims(&sd_jwt()).expect("what was issued verifies"));

fn claims(text: &str) -> Option<Map<String, Value>> {
    let key = device_key();
    let expected = Expected { vct: SD_JWT_VCT, holder: &key };
    let parsed = SdJwt::parse(text).ok()?;
    Some(verify(&parsed, &expected, &ANCHORS, NOW).ok()?.claims().clone())
}

fn has_digests(value: &Value) -> bool {
    match value {
        Value::Object(map) => {
            map.contains_key("_sd") || map.contains_key("...") || map.values().any(has_digests)
        }
        Value::Array(items) => items.iter().any(has_digests),
        _ => false,
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((mode, data)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(data) else { return };
    if mode & 1 == 0 {
        if let Some(claims) = claims(text) {
            for (name, value) in &claims {
                assert_eq!(SIGNED.get(name), Some(value), "a claim nobody signed is believed");
            }
        }
        return;
    }
    let mut parts = text.split('~');
    let Some(Ok(Value::Object(payload))) = parts.next().map(serde_json::from_str) else { return };
    if let Ok(opened) = open(payload, &parts.collect::<Vec<_>>()) {
        assert!(!has_digests(&Value::Object(opened)), "a digest is left");
    }
});
