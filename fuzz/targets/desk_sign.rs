//! Desk signs: the text as scanned (first byte even), or hostile content rightly signed by a registered desk (odd),
//! which never speaks for another.
#![no_main]

use std::sync::LazyLock;

use fixtures::pki;
use fuzz::{
    counter::{DESK, WORLD, signed_like},
    documents::ANCHORS,
};
use libfuzzer_sys::fuzz_target;
use wallet_core::{
    counter::{DeskSign, UnverifiedDeskSign},
    crypto::sign::SigningKey,
    qr::base45,
};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| pki::desk().signing_key());
static TEMPLATE: LazyLock<Vec<u8>> =
    LazyLock::new(|| base45::decode(WORLD.desk_sign.strip_prefix("KD1:").unwrap()).unwrap());
static GENUINE: LazyLock<DeskSign> = LazyLock::new(|| verified(&WORLD.desk_sign).unwrap());

fn verified(text: &str) -> Option<DeskSign> {
    UnverifiedDeskSign::parse(text).ok()?.verify(&ANCHORS, WORLD.now).ok()
}

fuzz_target!(|data: &[u8]| {
    let Some((mode, data)) = data.split_first() else { return };
    if mode & 1 == 0 {
        let text = match core::str::from_utf8(data) {
            Ok(text) if text.starts_with("KD1:") => text.to_owned(),
            _ => format!("KD1:{}", base45::encode(data)),
        };
        if let Some(sign) = verified(&text) {
            assert_eq!(sign, *GENUINE, "a sign nobody signed is believed");
        }
        return;
    }
    let text = format!("KD1:{}", base45::encode(&signed_like(&TEMPLATE, data, &KEY)));
    if let Some(sign) = verified(&text) {
        assert!(sign.id().belongs_to(DESK));
        assert!(sign.expires_at() > WORLD.now);
        for name in [sign.name_ko(), sign.name_en()] {
            assert!((1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control));
        }
    }
});
