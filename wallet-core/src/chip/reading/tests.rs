use super::*;
use crate::{
    apdu::StatusWord,
    chip::{
        Reference,
        access::Can,
        error::{Feature, Part},
        test_card::{Habits, SIGNATURE, TestCard},
    },
    tlv,
};

const LONG: LinkLimits = LinkLimits { max_command: 65_544, max_response: 65_538, extended: true };
const SHORT: LinkLimits = LinkLimits { max_command: 261, max_response: 258, extended: false };

fn group(tag: u32, length: usize) -> Vec<u8> {
    tlv::write(tag, &(0..=250).cycle().take(length).collect::<Vec<_>>())
}

fn groups() -> Vec<(u8, Vec<u8>)> {
    vec![
        (1, group(0x61, 93)),
        (2, group(0x75, 9000)),
        (11, group(0x6B, 200)),
        (14, group(0x6E, 300)),
        (15, group(0x6F, 250)),
    ]
}

fn plan(can: &str, limits: LinkLimits) -> ReadPlan {
    let mut random = [0; Entropy::LENGTH];
    for (byte, value) in random.iter_mut().zip((3..=250).cycle()) {
        *byte = value;
    }
    ReadPlan {
        access: CardAccess::Can(Can::parse(can).unwrap()),
        files: FileSet::WALLET,
        challenge: Some([1, 2, 3, 4, 5, 6, 7, 8]),
        chip_authentication: true,
        relay: Relay::Never,
        limits,
        models: KnownModels::default(),
        entropy: Entropy::new(random),
    }
}

/// Reads `card`, giving `meddle` each response before the reader sees it.
fn read_with(
    card: &mut TestCard,
    can: &str,
    limits: LinkLimits,
    mut meddle: impl FnMut(u32, Vec<u8>) -> Vec<u8>,
) -> Result<ChipData, ChipError> {
    let (mut reading, mut step) = Reading::begin(plan(can, limits))?;
    loop {
        match step {
            Step::Transmit(command) => {
                let response = meddle(reading.apdus(), card.answer(&command));
                (reading, step) = reading.handle(&response)?;
            }
            Step::AskServer => panic!("no server is to hear the chip"),
            Step::Done(data) => {
                assert_eq!(reading.apdus(), data.apdus);
                assert_eq!(reading.handle(&[0x90, 0]).unwrap_err(), ChipError::Misuse(Misuse::Finished));
                return Ok(*data);
            }
        }
    }
}

fn read(card: &mut TestCard, limits: LinkLimits) -> Result<ChipData, ChipError> {
    read_with(card, "123456", limits, |_, response| response)
}

fn assert_whole(card: &TestCard, data: &ChipData) {
    assert_eq!(Some(&data.sod), card.files.get(&0x011D));
    assert_eq!(numbers(data), [1, 2, 11, 14, 15]);
    for (number, bytes) in groups() {
        assert_eq!(data.groups.get(&number), Some(&bytes), "group {number}");
    }
}

fn numbers(data: &ChipData) -> Vec<u8> {
    data.groups.keys().copied().collect()
}

fn flip(mut response: Vec<u8>, from_end: usize) -> Vec<u8> {
    let length = response.len();
    response[length - from_end] ^= 1;
    response
}

#[test]
fn a_card_is_read_in_the_order_of_trust_with_the_photo_last() {
    let mut card = TestCard::new(&groups());
    let data = read(&mut card, LONG).unwrap();
    assert_whole(&card, &data);
    assert_eq!(data.active_auth.as_deref(), Some(&SIGNATURE[..]));
    assert_eq!(Some(&data.card_access), card.card_access.as_ref());
    let heard: Vec<(u8, u8)> = card.heard.iter().skip(8).map(|command| (command.ins, command.p1)).collect();
    assert_eq!(
        heard,
        [
            (0xB0, 0x9D),
            (0xB0, 0x8F),
            (0xB0, 0x8E),
            (0xB0, 0x81),
            (0xB0, 0x8B),
            (0x88, 0),
            (0xB0, 0x82),
            (0xB0, 0x0F),
            (0xB0, 0x1F)
        ]
    );
    assert_eq!(data.apdus, 17);
    assert!(format!("{data:?}").starts_with("ChipData { groups: [1, 2, 11, 14, 15], access: Some(Pace("));
}

#[test]
fn cards_with_habits_of_their_own_are_read_all_the_same() {
    let habits = |change: fn(&mut Habits)| {
        let mut habits = Habits::default();
        change(&mut habits);
        habits
    };
    // How many commands it takes, by long and by short ones: a habit is met once, not at every file.
    let cases = [
        ("none", habits(|_| {}), 17, 57),
        ("no short identifiers", habits(|h| h.no_short_identifiers = true), 27, 67),
        ("at most 1000 bytes", habits(|h| h.most = Some(1000)), 32, 57),
        ("at most 223 bytes", habits(|h| h.most = Some(223)), 62, 57),
        ("at most 160 bytes", habits(|h| h.most = Some(160)), 80, 77),
        ("drops long commands", habits(|h| h.drops_long_commands = true), 68, 57),
        ("refuses to read past the end", habits(|h| h.refuses_past_the_end = true), 24, 61),
        ("warns at the end", habits(|h| h.warns_at_the_end = true), 17, 57),
        ("gives little", habits(|h| h.gives = Some(100)), 114, 113),
    ];
    for (name, habits, long, short) in cases {
        for (limits, expected) in [(LONG, long), (SHORT, short)] {
            let mut card = TestCard::new(&groups());
            card.habits = habits.clone();
            let data = read(&mut card, limits).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_whole(&card, &data);
            assert_eq!(data.apdus, expected, "{name}, extended: {}", limits.extended);
        }
    }
}

#[test]
fn what_a_card_pads_behind_a_file_is_cut() {
    let mut card = TestCard::new(&groups());
    for file in card.files.values_mut() {
        file.extend_from_slice(&[0; 100]);
    }
    let data = read(&mut card, SHORT).unwrap();
    for (number, bytes) in groups() {
        assert_eq!(data.groups.get(&number), Some(&bytes));
    }
}

#[test]
fn a_security_object_in_another_form_makes_us_try_all_files() {
    let mut card = TestCard::new(&groups());
    card.files.insert(0x011D, tlv::write(0x77, b"BER of another kind"));
    let data = read(&mut card, LONG).unwrap();
    assert_eq!(numbers(&data), [1, 2, 11, 14, 15]);
    assert!(data.active_auth.is_some());
}

#[test]
fn a_chip_that_cannot_sign_or_is_not_asked_has_no_signature() {
    let mut card = TestCard::new(&groups());
    card.habits.no_signature = true;
    let data = read(&mut card, LONG).unwrap();
    assert_eq!((data.active_auth, data.active_auth_refused), (None, Some(StatusWord::REFERENCE_NOT_FOUND)));
    let mut without_key = groups();
    without_key.pop();
    let mut card = TestCard::new(&without_key);
    assert_eq!(read(&mut card, LONG).unwrap().active_auth, None);
    assert!(card.heard.iter().all(|command| command.ins != 0x88));
}

#[test]
fn a_file_that_must_be_there_is_missed_and_an_optional_one_is_not() {
    for (missing, fatal) in [(0x011D_u16, true), (0x0101, true), (0x0102, true), (0x010B, false)] {
        let mut card = TestCard::new(&groups());
        card.files.remove(&missing);
        let result = read(&mut card, LONG);
        if fatal {
            assert_eq!(result, Err(ChipError::CardRefused(StatusWord::NOT_FOUND)), "{missing:04x}");
        } else {
            assert!(result.is_ok());
        }
    }
}

#[test]
fn a_wrong_number_is_told_as_such() {
    let result = read_with(&mut TestCard::new(&groups()), "654321", LONG, |_, response| response);
    assert_eq!(result, Err(ChipError::WrongPassword { which: Reference::Can, tries_left: None }));
}

#[test]
fn a_card_without_a_door_that_the_number_opens_is_unsupported() {
    let unsupported = Err(ChipError::Unsupported(Feature::NoCommonAccess));
    let mut card = TestCard::new(&groups());
    card.card_access = None;
    assert_eq!(read(&mut card, LONG), unsupported);
    card.card_access = Some(vec![0x31, 0]);
    assert_eq!(read(&mut card, LONG), unsupported);
}

#[test]
fn files_of_impossible_length_are_refused() {
    let with_photo = |photo: Vec<u8>| {
        let mut card = TestCard::new(&groups());
        card.files.insert(0x0102, photo);
        card
    };
    let mut too_long = with_photo(group(0x75, 65_536));
    assert_eq!(read(&mut too_long, LONG), Err(ChipError::CardMisbehaved(Rule::FileTooLong)));
    let mut cut = with_photo(group(0x75, 9000)[..8000].to_vec());
    assert_eq!(read(&mut cut, LONG), Err(ChipError::CardMisbehaved(Rule::FileTooShort)));
    let mut other = with_photo(group(0x76, 9000));
    assert_eq!(read(&mut other, LONG), Err(ChipError::Malformed(Part::FileHeader)));
    let mut slow = with_photo(group(0x75, 9000));
    slow.habits.gives = Some(1);
    assert_eq!(read(&mut slow, LONG), Err(ChipError::CardMisbehaved(Rule::TooManyCommands)));
}

/// DO'53' with its header, and from offset 32,768 on the instruction that asks for it.
#[test]
fn a_file_past_32_kilobytes_is_read_to_its_end() {
    for (limits, length) in [(LONG, 40_000), (SHORT, 40_000), (LONG, 36_001), (SHORT, 65_000)] {
        let mut card = TestCard::new(&groups());
        let photo = group(0x75, length);
        card.files.insert(0x0102, photo.clone());
        let data = read(&mut card, limits).unwrap();
        assert_eq!(data.groups.get(&2), Some(&photo));
        assert!(card.heard.iter().any(|command| command.ins == 0xB1));
        // No more commands than the bytes need, but for the headers of the data objects.
        let chunk = if limits.extended { 4000 } else { 219 };
        let photo_reads = card.heard.iter().filter(|command| matches!(command.ins, 0xB0 | 0xB1)).count();
        assert!(photo_reads <= photo.len() / chunk + 14, "{photo_reads} reads");
    }
}

#[test]
fn a_lost_card_is_read_on_where_it_stopped() {
    let whole = read(&mut TestCard::new(&groups()), SHORT).unwrap();
    for lost_at in 1..whole.apdus {
        let mut card = TestCard::new(&groups());
        let (mut reading, mut step) = Reading::begin(plan("123456", SHORT)).unwrap();
        while reading.apdus() < lost_at {
            let Step::Transmit(command) = step else { panic!("over at {lost_at}") };
            (reading, step) = reading.handle(&card.answer(&command)).unwrap();
        }
        card.power_up();
        let ReadPlan { limits, entropy, .. } = plan("123456", SHORT);
        (reading, step) = reading.pause().resume(limits, entropy).unwrap();
        let data = loop {
            match step {
                Step::Transmit(command) => {
                    (reading, step) = reading.handle(&card.answer(&command)).unwrap();
                }
                Step::AskServer => panic!("no server is to hear the chip"),
                Step::Done(data) => break *data,
            }
        };
        assert_whole(&card, &data);
        assert_eq!(data.active_auth, whole.active_auth);
        // The door, a look at EF.SOD, the command that was lost; and EF.SOD anew where it was not whole.
        assert!(data.apdus <= whole.apdus + 13, "lost at {lost_at}: {} APDUs", data.apdus);
    }
}

#[test]
fn another_card_is_noticed_before_anything_of_it_is_read() {
    let resumed = |change: fn(&mut TestCard)| {
        let mut card = TestCard::new(&groups());
        let (mut reading, mut step) = Reading::begin(plan("123456", SHORT)).unwrap();
        while reading.apdus() < 20 {
            let Step::Transmit(command) = step else { panic!("over") };
            (reading, step) = reading.handle(&card.answer(&command)).unwrap();
        }
        let mut other = TestCard::new(&groups());
        change(&mut other);
        let ReadPlan { limits, entropy, .. } = plan("123456", SHORT);
        (reading, step) = reading.pause().resume(limits, entropy).unwrap();
        loop {
            let Step::Transmit(command) = step else { panic!("read") };
            match reading.handle(&other.answer(&command)) {
                Ok(next) => (reading, step) = next,
                Err(error) => return error,
            }
        }
    };
    let other_sod = |card: &mut TestCard| {
        let sod = card.files.get_mut(&0x011D).unwrap();
        sod[120] ^= 1;
    };
    assert_eq!(resumed(other_sod), ChipError::AnotherCard);
    // Document after document of a country begins with the same header, and a stranger may give one byte at a time.
    let a_little_of_another = |card: &mut TestCard| {
        let sod = card.files.get_mut(&0x011D).unwrap();
        sod[120] ^= 1;
        card.habits.gives = Some(8);
    };
    assert_eq!(resumed(a_little_of_another), ChipError::AnotherCard);
    let none = |card: &mut TestCard| drop(card.files.insert(0x011D, tlv::write(0x30, &[0; 40])));
    assert_eq!(resumed(none), ChipError::AnotherCard);
    let other_offers = |card: &mut TestCard| {
        let file = card.card_access.as_mut().unwrap();
        file.extend([0x30, 0]);
        file[1] += 2;
    };
    assert_eq!(resumed(other_offers), ChipError::AnotherCard);
}

#[test]
fn a_link_that_carries_too_little_is_refused_at_once() {
    for limits in [LinkLimits { max_command: 100, ..SHORT }, LinkLimits { max_response: 100, ..SHORT }] {
        let error = Reading::begin(plan("123456", limits)).unwrap_err();
        assert_eq!(error, ChipError::Misuse(Misuse::LinkTooNarrow));
    }
}

#[test]
fn each_fault_of_the_channel_is_named() {
    // The eighth response is the first read of EF.SOD.
    let fault = |change: fn(Vec<u8>) -> Vec<u8>| {
        read_with(&mut TestCard::new(&groups()), "123456", SHORT, |number, response| {
            if number == 8 { change(response) } else { response }
        })
        .unwrap_err()
    };
    assert_eq!(fault(|_| vec![0x90, 0]), ChipError::CardMisbehaved(Rule::PlainAnswer));
    assert_eq!(fault(|_| vec![0x69, 0x88]), ChipError::SessionEnded(StatusWord::WRONG_SECURE_OBJECT));
    assert_eq!(fault(|response| flip(response, 3)), ChipError::CardMisbehaved(Rule::WrongMac));
    assert_eq!(fault(|response| flip(response, 1)), ChipError::CardMisbehaved(Rule::StatusMismatch));
    assert_eq!(fault(|_| vec![0x90]), ChipError::Malformed(Part::Response));
    assert_eq!(fault(|_| vec![0x87, 0x90, 0]), ChipError::Malformed(Part::SecureMessaging));
    let cut = |response: Vec<u8>| [&response[..20], &[0x90, 0][..]].concat();
    assert_eq!(fault(cut), ChipError::Malformed(Part::SecureMessaging));
    let no_checksum = |response: Vec<u8>| [&response[..response.len() - 12], &[0x90, 0][..]].concat();
    assert_eq!(fault(no_checksum), ChipError::CardMisbehaved(Rule::MissingObject));
}

#[test]
fn no_flipped_bit_after_the_door_is_taken_for_an_answer() {
    let mut small = groups();
    small.retain(|(number, _)| *number != 14);
    small[1].1 = group(0x75, 300);
    let clean = read(&mut TestCard::new(&small), SHORT).unwrap();
    let mut walked = 0;
    for command in 7..=clean.apdus {
        for position in (0..).step_by(61) {
            let mut done = false;
            let result = read_with(&mut TestCard::new(&small), "123456", SHORT, |number, mut response| {
                if number == command {
                    match response.get_mut(position / 8) {
                        Some(byte) => *byte ^= 1 << (position % 8),
                        None => done = true,
                    }
                }
                response
            });
            if done {
                assert_eq!(result.as_ref(), Ok(&clean));
                break;
            }
            assert!(result.is_err(), "command {command}, bit {position}");
            walked += 1;
        }
    }
    assert!(walked > 40, "{walked}");
}

#[test]
fn progress_tells_file_and_bytes() {
    let mut card = TestCard::new(&groups());
    let (mut reading, mut step) = Reading::begin(plan("123456", SHORT)).unwrap();
    let mut seen = Vec::new();
    while let Step::Transmit(command) = step {
        (reading, step) = reading.handle(&card.answer(&command)).unwrap();
        seen.push(reading.progress());
    }
    let files: Vec<FileId> = {
        let mut files: Vec<FileId> = seen.iter().map(|progress| progress.file).collect();
        files.dedup();
        files
    };
    assert_eq!(
        files,
        [
            FileId::CardAccess,
            FileId::SecurityObject,
            FileId::Group(15),
            FileId::Group(14),
            FileId::Group(1),
            FileId::Group(11),
            FileId::Group(2)
        ]
    );
    let whole =
        card.card_access.as_ref().map_or(0, Vec::len) + card.files.values().map(Vec::len).sum::<usize>();
    let last =
        Progress { file: FileId::Group(2), read: 9004, total: 9004, card_read: whole, card_total: whole };
    assert_eq!(seen.last(), Some(&last));
    // Of the whole card too, and never back.
    let fractions: Vec<_> = seen.iter().map(|told| (told.card_read, told.card_total)).collect();
    assert!(fractions.windows(2).all(|pair| pair[0].0 * pair[1].1 <= pair[1].0 * pair[0].1), "{fractions:?}");
    assert!(seen.iter().all(|told| told.card_read <= told.card_total));
    // Exact from the photo's first part on.
    let photo = seen.iter().filter(|told| told.file == FileId::Group(2) && told.total > 0);
    assert!(photo.map(|told| told.card_total).all(|total| total == whole));
    assert!(seen.iter().any(|progress| progress.read > 0 && progress.read < progress.total));
}
