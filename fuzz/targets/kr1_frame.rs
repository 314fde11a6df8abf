//! A valid frame. Edited (first byte even) it is refused, whatever the edit. With a hostile token rightly signed by the
//! holder's key (odd), as a patched wallet would: accepted only where every check holds, and nothing else is shown.
#![no_main]

use std::sync::LazyLock;

use fuzz::{
    counter::{WORLD, signed_like},
    edited,
};
use libfuzzer_sys::fuzz_target;
use wallet_core::{
    cbor::{Reader, Writer},
    counter::PERIOD,
    qr::base45,
    verify::{Counter, Outcome, Shown, SkipReason},
};

struct Frame {
    cbor: Vec<u8>,
    token: Vec<u8>,
    /// All behind the token.
    rest: Vec<u8>,
    shown: Shown,
}

static FRAME: LazyLock<Frame> = LazyLock::new(|| {
    let text = WORLD.frame(&WORLD.copies[1]);
    let shown = WORLD.counter().check(&text, WORLD.now, 0).shown.expect("the frame is good");
    let cbor = base45::decode(text.strip_prefix("KR1:").unwrap()).unwrap();
    let mut reader = Reader::new(&cbor);
    reader.array_exactly(4).unwrap();
    let token = reader.raw().unwrap().to_vec();
    let mut rest = Vec::new();
    while !reader.is_empty() {
        rest.extend_from_slice(reader.raw().unwrap());
    }
    Frame { cbor, token, rest, shown }
});
/// Never accepts anything, so it has nothing to remember.
static COUNTER: LazyLock<Counter> = LazyLock::new(|| WORLD.counter());

fn text(cbor: &[u8]) -> String {
    format!("KR1:{}", base45::encode(cbor))
}

fuzz_target!(|data: &[u8]| {
    let Some((mode, data)) = data.split_first() else { return };
    if mode & 1 == 0 {
        let cbor = edited(&FRAME.cbor, data);
        if cbor != FRAME.cbor {
            let verdict = COUNTER.check(&text(&cbor), WORLD.now, 0);
            assert!(!verdict.accepted && verdict.shown.is_none(), "an edited frame is accepted");
        }
        return;
    }
    let token = signed_like(&FRAME.token, data, &WORLD.holder);
    let mut writer = Writer::new();
    writer.array(4).raw(&token).raw(&FRAME.rest);
    let text = text(&writer.finish());
    let verdict = WORLD.counter().check(&text, WORLD.now, 0);
    if verdict.accepted {
        assert_eq!(verdict.shown.as_ref(), Some(&FRAME.shown));
        let holds = |outcome| match outcome {
            Outcome::Passed | Outcome::PassedBy { .. } => true,
            Outcome::Skipped { because } => because == SkipReason::NothingToCheck,
            Outcome::Failed { .. } => false,
        };
        assert!(verdict.checks.iter().all(|check| holds(check.outcome)));
        let late = WORLD.now + i64::from(PERIOD) * 20;
        let verdict = WORLD.counter().check(&text, late, 0);
        assert!(!verdict.accepted, "a frame outlives its show");
    }
});
