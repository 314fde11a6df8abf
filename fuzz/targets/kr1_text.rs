//! A scanned text, or (where it does not begin as one) the bytes in a frame: nothing is accepted but a frame of the
//! phone's own show, its signatures aside, which differ from run to run.
#![no_main]

use std::sync::LazyLock;

use fuzz::counter::WORLD;
use libfuzzer_sys::fuzz_target;
use wallet_core::{
    qr::base45,
    verify::{Check, Shown},
};

static OURS: LazyLock<Vec<Shown>> = LazyLock::new(|| {
    let shown = |copy: &Vec<u8>| WORLD.counter().check(&WORLD.frame(copy), WORLD.now, 0).shown.unwrap();
    WORLD.copies.iter().map(shown).collect()
});

fuzz_target!(|data: &[u8]| {
    let text = match core::str::from_utf8(data) {
        Ok(text) if text.starts_with("KR1:") => text.to_owned(),
        _ => format!("KR1:{}", base45::encode(data)),
    };
    let body = text.trim_start_matches("KR1:");
    if let Ok(bytes) = base45::decode(body) {
        assert_eq!(base45::encode(&bytes), body, "one text per bytes");
    }
    let verdict = WORLD.counter().check(&text, WORLD.now, 0);
    assert_eq!(verdict.checks.len(), Check::ALL.len());
    assert_eq!(verdict.accepted, verdict.shown.is_some());
    assert_eq!(verdict.accepted, verdict.reason().is_none());
    if let Some(shown) = verdict.shown {
        assert!(OURS.contains(&shown), "claims nobody signed are shown");
    }
});
