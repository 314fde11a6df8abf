//! A whole reading against a hostile card. Bytes: link (bit 0 short), way (bits 1–2) and card (bit 3: one that maps by its
//! own key), step, then content.
//! Way 0: a recorded session whose answers are edited from that step on. Way 1: answers made up from that step on.
//! Way 2: a live card that holds the right keys and lies in one of its files.
//! Every reading ends, and what it reads is what the card authenticated.
#![no_main]

use std::sync::{LazyLock, Mutex};

use fixtures::chip::VirtualCard;
use fuzz::{
    chip::{FILES, LONG, Recording, SHORT, card, mapping_card, plan},
    edited,
};
use libfuzzer_sys::fuzz_target;
use wallet_core::{
    chip::{ChipData, Reading, Step},
    platform::LinkLimits,
};

static RECORDED: LazyLock<[Recording; 4]> = LazyLock::new(|| {
    let mapping = |limits| Recording::by(mapping_card(), limits);
    [Recording::of(LONG), Recording::of(SHORT), mapping(LONG), mapping(SHORT)]
});
static LIAR: LazyLock<Mutex<VirtualCard>> = LazyLock::new(|| Mutex::new(card()));
/// More than the 1,024 that a reading allows itself.
const ENOUGH: u32 = 1030;

fuzz_target!(|data: &[u8]| {
    let [mode, step, content @ ..] = data else { return };
    let limits = if mode & 1 == 0 { LONG } else { SHORT };
    let recorded = &RECORDED[usize::from(mode & 1 | mode >> 2 & 2)];
    match (mode >> 1 & 3) % 3 {
        0 => replay(limits, recorded, usize::from(*step), content),
        1 => make_up(limits, recorded, usize::from(*step), content),
        _ => lie(limits, *step, content),
    }
});

fn replay(limits: LinkLimits, recorded: &Recording, from: usize, edits: &[u8]) {
    let mut edits = edits.chunks(16);
    let read = read(limits, |number, _| {
        let original = recorded.responses.get(number)?;
        let edits = if number < from { &[][..] } else { edits.next().unwrap_or_default() };
        Some(edited(original, edits))
    });
    if let Some(data) = read {
        assert_eq!((&data.sod, &data.groups), (&recorded.data.sod, &recorded.data.groups));
        assert_eq!(data.active_auth, recorded.data.active_auth);
        assert_eq!(data.chip_authentication, recorded.data.chip_authentication);
        assert_eq!(data.mapping_proof, recorded.data.mapping_proof);
    }
}

/// Each answer: its length in two bytes, itself.
fn make_up(limits: LinkLimits, recorded: &Recording, from: usize, mut content: &[u8]) {
    // Only the recorded session's own end may follow upon answers that are all its own.
    let from = from.min(recorded.responses.len() - 1);
    let mut as_recorded = true;
    let read = read(limits, |number, _| {
        if number < from {
            return recorded.responses.get(number).cloned();
        }
        let (length, rest) = content.split_first_chunk::<2>()?;
        let (response, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
        content = rest;
        as_recorded &= recorded.responses.get(number).is_some_and(|recorded| recorded == response);
        Some(response.to_vec())
    });
    if let Some(data) = read {
        assert!(as_recorded || data.sod == recorded.data.sod, "a session was made up");
    }
}

fn lie(limits: LinkLimits, which: u8, content: &[u8]) {
    let id = FILES[usize::from(which) % FILES.len()];
    let mut card = LIAR.lock().unwrap();
    card.reset();
    let original = card.replace_file(id, content.to_vec()).expect("the card has it");
    if let Some(data) = read(limits, |_, command| Some(card.process(command))) {
        let kept = if id == 0x011D { Some(&data.sod) } else { data.groups.get(&(id.to_be_bytes()[1])) };
        assert!(kept.is_none_or(|kept| content.starts_with(kept)), "a file is not what the card gave");
    }
    card.replace_file(id, original);
}

fn read(
    limits: LinkLimits,
    mut answer: impl FnMut(usize, &[u8]) -> Option<Vec<u8>>,
) -> Option<Box<ChipData>> {
    let (mut reading, mut step) = Reading::begin(plan(limits)).unwrap();
    for number in 0.. {
        match step {
            Step::Transmit(command) => {
                assert!(reading.apdus() < ENOUGH, "a reading without end");
                assert!(command.len() <= usize::try_from(limits.max_command).unwrap());
                (reading, step) = reading.handle(&answer(number, &command)?).ok()?;
            }
            Step::Done(data) => return Some(data),
        }
    }
    None
}
