//! SD-CWT copies. As received (first byte even): only the issuer's own are believed. With hostile claims rightly signed
//! (odd): maker and checker agree on what they take, and no frame of it makes the checker panic.
#![no_main]

use fuzz::counter::{WORLD, signed_like};
use libfuzzer_sys::fuzz_target;
use wallet_core::counter::{Show, UnverifiedCopy, VerifiedCopy, check_copy};

fn verified(bytes: &[u8]) -> Option<VerifiedCopy> {
    UnverifiedCopy::parse(bytes).ok()?.verify(WORLD.issuer.public()).ok()
}

fuzz_target!(|data: &[u8]| {
    let Some((mode, data)) = data.split_first() else { return };
    if mode & 1 == 0 {
        let _ = Show::begin(WORLD.plan(data));
        if let Some(copy) = verified(data) {
            assert!(WORLD.copies.iter().any(|genuine| verified(genuine).as_ref() == Some(&copy)));
        }
        return;
    }
    let bytes = signed_like(&WORLD.copies[0], data, &WORLD.issuer);
    let copy = verified(&bytes);
    let show = Show::begin(WORLD.plan(&bytes));
    if let Ok(waiting) = show {
        let copy = copy.expect("what the maker takes the checker takes");
        assert!(copy.issued_at() <= WORLD.now && WORLD.now < copy.expires_at());
        if let Ok(signature) = WORLD.holder.sign(&waiting.request().message)
            && let Ok(show) = waiting.handle(&signature)
        {
            let own = check_copy(&bytes, WORLD.issuer.public(), WORLD.holder.public());
            assert!(own.is_ok(), "the holder's key signed a copy of another key");
            let text = show.frame(WORLD.now).unwrap().text;
            let verdict = WORLD.counter().check(&text, WORLD.now, 0);
            if let Some(shown) = verdict.shown {
                assert_eq!(shown.claims, *copy.claims());
            }
        }
    }
});
