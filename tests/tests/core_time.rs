//! What a whole reading costs the core itself, without the chip: the chip's answers are recorded and given back. A figure of a
//! release build, so it runs by name: docs/benchmarks.md.

use std::time::Duration;

use fixtures::{
    chip::{ChipAuthentication, VirtualCard},
    people, pki,
};
use wallet_core::{
    chip::{
        Can, CardAccess, ChipData, Entropy, FileSet, KnownModels, ReadPlan, Reading, Relay, Step,
        active_auth, passive_auth,
    },
    platform::LinkLimits,
    trust::{Anchors, Certificate},
};

const CHALLENGE: [u8; 8] = *b"RND.IFD!";
const NOW: i64 = 1_795_570_000;
const LONG: LinkLimits = LinkLimits { max_command: 65_544, max_response: 65_538, extended: true };
const SHORT: LinkLimits = LinkLimits { max_command: 261, max_response: 258, extended: false };
/// Of the core's own time, both proofs and every check among it.
const MOST: Duration = Duration::from_millis(30);
const READINGS: u32 = 100;

/// The same session each time.
fn read(limits: LinkLimits, mut answer: impl FnMut(&[u8]) -> Vec<u8>) -> ChipData {
    let plan = ReadPlan {
        access: CardAccess::Can(Can::parse("123456").unwrap()),
        files: FileSet::WALLET,
        challenge: Some(CHALLENGE),
        chip_authentication: true,
        relay: Relay::Never,
        limits,
        models: KnownModels::default(),
        entropy: Entropy::new(core::array::from_fn(|place| u8::try_from(place % 251).unwrap())),
    };
    let (mut reading, mut step) = Reading::begin(plan).unwrap();
    loop {
        match step {
            Step::Transmit(command) => (reading, step) = reading.handle(&answer(&command)).unwrap(),
            Step::AskServer => panic!("no server is to hear the chip"),
            Step::Done(data) => return *data,
        }
    }
}

fn believe(data: &ChipData, anchors: &Anchors) {
    passive_auth::verify(&data.sod, &data.groups, anchors, NOW).unwrap();
    let answer = data.active_auth.as_deref().unwrap();
    let dg14 = data.groups.get(&14).map(Vec::as_slice);
    active_auth::verify(&data.groups[&15], dg14, &CHALLENGE, answer).unwrap();
}

/// The processor's time this process has had, to ten milliseconds. proc(5): fields 14 and 15, in hundredths of a second.
fn spent() -> Duration {
    let line = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = line.rsplit_once(") ").unwrap();
    let ticks = |place: usize| fields.split(' ').nth(place - 3).unwrap().parse::<u64>().unwrap();
    Duration::from_millis(10 * (ticks(14) + ticks(15)))
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "a figure of a release build: cargo test --release -p tests --test core_time -- --ignored --nocapture"]
fn a_whole_reading_takes_the_core_no_more_than_thirty_milliseconds() {
    let anchors = Anchors::new(vec![Certificate::parse(pki::csca().certificate()).unwrap()]);
    for (form, limits) in [("extended", LONG), ("short", SHORT)] {
        let card = VirtualCard::of(&people::adult()).chip_authentication(ChipAuthentication::AES_128);
        let mut card = card.seeded([6; 32]).build();
        let mut answers = Vec::new();
        let recorded = read(limits, |command| {
            answers.push(card.process(command));
            answers.last().unwrap().clone()
        });
        let begun = spent();
        for _ in 0..READINGS {
            let mut answers = answers.iter();
            let data = read(limits, |_| answers.next().unwrap().clone());
            believe(&data, &anchors);
            assert_eq!(data.groups, recorded.groups);
        }
        let each = (spent() - begun) / READINGS;
        eprintln!("{form}: {} APDUs, {each:.2?} of processor time in the core", recorded.apdus);
        assert!(each <= MOST, "{form}: {each:?}");
    }
}
