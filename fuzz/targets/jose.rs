//! Signed and encrypted tokens of any text: nothing verifies under a key that signed nothing, nothing opens.
#![no_main]

use std::sync::LazyLock;

use fixtures::pki;
use libfuzzer_sys::fuzz_target;
use wallet_core::{
    crypto::sign::PublicKey,
    jose::{ContentEncryption, DecryptionKey, Jwk, Jws, decode, encode},
};

static KEY: LazyLock<PublicKey> = LazyLock::new(|| *pki::desk().signing_key().public());
static OURS: LazyLock<DecryptionKey> = LazyLock::new(|| DecryptionKey::derive(&[7; 64]).expect("a key"));

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(jws) = Jws::parse(text, "kb+jwt") {
        assert!(jws.verify::<serde_json::Value>(&KEY).is_err());
        drop(jws.chain());
    }
    for content in ContentEncryption::ALL {
        assert!(OURS.open(text, content).is_err());
    }
    if let Ok(jwk) = serde_json::from_str::<Jwk>(text) {
        let again = serde_json::to_string(&jwk).expect("a key has JSON");
        assert_eq!(serde_json::from_str::<Jwk>(&again).expect("its own JSON"), jwk);
    }
    if let Some(bytes) = decode(text) {
        assert_eq!(encode(&bytes), text);
    }
});
