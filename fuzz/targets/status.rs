//! Status tokens and lists of any bytes: nothing unsigned is accepted, and a list answers for its entries only.
#![no_main]

use std::sync::LazyLock;

use fixtures::pki;
use libfuzzer_sys::fuzz_target;
use wallet_core::{
    crypto::sign::PublicKey,
    status::{StatusList, StatusToken},
};

static KEY: LazyLock<PublicKey> = LazyLock::new(|| *pki::desk().signing_key().public());

fuzz_target!(|data: &[u8]| {
    assert!(StatusToken::verify_cwt(data, "https://a/s", &KEY, 0).is_err());
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(StatusToken::verify_jwt(text, "https://a/s", &KEY, 0).is_err());
    }
    let Some((bits, zlib)) = data.split_first() else { return };
    if let Ok(list) = StatusList::from_zlib(*bits, zlib) {
        let entries = list.entries();
        assert!(list.status(entries).is_err());
        assert!(entries == 0 || list.status(entries - 1).is_ok());
    }
});
