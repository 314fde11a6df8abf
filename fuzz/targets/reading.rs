//! A whole reading against a hostile card. Bytes: link and way (bit 0 short, bits 1–2 the way), kind of card, the command at which
//! the card is lost (255: never), step, then content.
//! Way 0: a recorded session whose answers are edited from that step on. Way 1: answers made up from that step on.
//! Way 2: a live card that holds the right keys and lies in one of its files.
//! Every reading ends, and what it reads is what the card authenticated; what a server hears, the chip with the key said.
#![no_main]

use std::{
    collections::BTreeMap,
    sync::{LazyLock, Mutex},
};

use fixtures::chip::VirtualCard;
use fuzz::{
    chip::{FILES, Kind, LONG, Recording, SHORT, carry},
    edited,
};
use libfuzzer_sys::fuzz_target;
use wallet_core::platform::LinkLimits;

/// By kind, link, and where the card was lost.
type Recordings = BTreeMap<(usize, bool, Option<usize>), &'static Recording>;

static RECORDED: LazyLock<Mutex<Recordings>> = LazyLock::new(Mutex::default);
static LIARS: LazyLock<Vec<Mutex<VirtualCard>>> =
    LazyLock::new(|| Kind::ALL.into_iter().map(|kind| Mutex::new(kind.card())).collect());

#[derive(Clone, Copy)]
struct Scene {
    kind: usize,
    short: bool,
    lost: Option<usize>,
}

impl Scene {
    fn limits(self) -> LinkLimits {
        if self.short { SHORT } else { LONG }
    }

    /// Made once: lost where it is no later than the reading is long.
    fn recording(self) -> &'static Recording {
        let Self { kind, short, lost } = self;
        let mut recorded = RECORDED.lock().unwrap();
        recorded
            .entry((kind, short, lost))
            .or_insert_with(|| Box::leak(Box::new(Recording::of(Kind::ALL[kind], self.limits(), lost))))
    }
}

fuzz_target!(|data: &[u8]| {
    let [mode, kind, lost, step, content @ ..] = data else { return };
    let lost = (*lost < 40).then(|| usize::from(*lost));
    let scene = Scene { kind: usize::from(*kind) % Kind::ALL.len(), short: mode & 1 != 0, lost };
    match (mode >> 1 & 3) % 3 {
        0 => replay(scene, usize::from(*step), content),
        1 => make_up(scene, usize::from(*step), content),
        _ => lie(scene, *step, content),
    }
});

fn replay(scene: Scene, from: usize, edits: &[u8]) {
    let recorded = scene.recording();
    let mut edits = edits.chunks(16);
    let course = carry(Kind::ALL[scene.kind], scene.limits(), scene.lost, |number, _| {
        let original = recorded.responses.get(number)?;
        let edits = if number < from { &[][..] } else { edits.next().unwrap_or_default() };
        Some(edited(original, edits))
    });
    if let Some(data) = course.data {
        assert_eq!((&data.sod, &data.groups), (&recorded.data.sod, &recorded.data.groups));
        assert_eq!(data.active_auth, recorded.data.active_auth);
        assert_eq!(data.chip_authentication, recorded.data.chip_authentication);
        assert_eq!(data.mapping_proof, recorded.data.mapping_proof);
        assert_eq!(data.relay, recorded.data.relay);
    }
}

/// Each answer: its length in two bytes, itself.
fn make_up(scene: Scene, from: usize, mut content: &[u8]) {
    let recorded = scene.recording();
    // Only the recorded session's own end may follow upon answers that are all its own.
    let from = from.min(recorded.responses.len() - 1);
    let mut as_recorded = true;
    let course = carry(Kind::ALL[scene.kind], scene.limits(), scene.lost, |number, _| {
        if number < from {
            return recorded.responses.get(number).cloned();
        }
        let (length, rest) = content.split_first_chunk::<2>()?;
        let (response, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
        content = rest;
        as_recorded &= recorded.responses.get(number).is_some_and(|recorded| recorded == response);
        Some(response.to_vec())
    });
    if let Some(data) = course.data {
        assert!(as_recorded || data.sod == recorded.data.sod, "a session was made up");
    }
}

fn lie(scene: Scene, which: u8, content: &[u8]) {
    let id = FILES[usize::from(which) % FILES.len()];
    let mut card = LIARS[scene.kind].lock().unwrap();
    card.reset();
    // A kind of card without this file has nothing to lie in.
    let Some(original) = card.replace_file(id, content.to_vec()) else {
        card.remove_file(id);
        return;
    };
    let course = carry(Kind::ALL[scene.kind], scene.limits(), scene.lost, |number, command| {
        if scene.lost.is_some_and(|lost| number == lost + 1) {
            card.reset();
        }
        Some(card.process(command))
    });
    card.replace_file(id, original);
    if let Some(data) = course.data {
        let kept = if id == 0x011D { Some(&data.sod) } else { data.groups.get(&(id.to_be_bytes()[1])) };
        assert!(kept.is_none_or(|kept| content.starts_with(kept)), "a file is not what the card gave");
    }
}
