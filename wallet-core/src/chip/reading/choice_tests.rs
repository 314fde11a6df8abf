//! Which files a reading asks for, and which refusals it lives with.

use super::*;
use crate::{
    chip::{access::Can, test_card::TestCard},
    tlv,
};

const LONG: LinkLimits = LinkLimits { max_command: 65_544, max_response: 65_538, extended: true };

/// Every group, small; 2 is the longest.
fn card() -> TestCard {
    let tags =
        [0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70];
    let groups: Vec<(u8, Vec<u8>)> = (1..).zip(tags.map(|tag| tlv::write(tag, &[7; 40]))).collect();
    let mut card = TestCard::new(&groups);
    card.files.insert(0x011E, tlv::write(0x60, &[8; 20]));
    card
}

fn read(
    card: &mut TestCard,
    files: FileSet,
    mut meddle: impl FnMut(FileId, Vec<u8>) -> Vec<u8>,
) -> Result<ChipData, ChipError> {
    let (mut reading, mut step) = Reading::begin(ReadPlan {
        access: CardAccess::Can(Can::parse("123456").unwrap()),
        files,
        challenge: Some([9; 8]),
        chip_authentication: true,
        relay: Relay::Never,
        limits: LONG,
        models: KnownModels::default(),
        entropy: Entropy::new(core::array::from_fn(|place| u8::try_from(place % 251).unwrap())),
    })?;
    loop {
        match step {
            Step::Transmit(command) => {
                let response = meddle(reading.progress().file, card.answer(&command));
                (reading, step) = reading.handle(&response)?;
            }
            Step::AskServer => panic!("no server is to hear the chip"),
            Step::Done(data) => return Ok(*data),
        }
    }
}

/// The files that were asked for in the application, by short identifier and in order.
fn asked(card: &TestCard) -> Vec<u8> {
    let by_short_identifier = |command: &CommandApdu| command.ins == 0xB0 && command.p1 & 0x80 != 0;
    card.heard.iter().filter(|it| by_short_identifier(it)).map(|it| it.p1 & 0x1F).collect()
}

#[test]
fn no_file_is_asked_for_that_the_plan_does_not_name() {
    let one = FileSet::NONE.with(FileId::Group(1));
    for (files, expected) in [
        (FileSet::WALLET, &[0x1D, 15, 14, 1, 11, 12, 2][..]),
        (FileSet::NONE, &[0x1D]),
        (one, &[0x1D, 1]),
        (one.with(FileId::Common).with(FileId::Group(7)), &[0x1D, 1, 0x1E, 7]),
        (FileSet::ALL, &[0x1D, 15, 14, 1, 11, 12, 13, 16, 0x1E, 5, 6, 7, 8, 9, 10, 2, 3, 4]),
    ] {
        let mut card = card();
        let data = read(&mut card, files, |_, response| response).unwrap();
        let application: Vec<u8> = asked(&card).into_iter().skip_while(|file| *file != 0x1D).collect();
        assert_eq!(application, expected, "{files:?}");
        assert_eq!(data.common.is_some(), files.contains(FileId::Common));
        assert!(data.groups.keys().all(|number| files.contains(FileId::Group(*number))));
        let signs = files.contains(FileId::Group(15));
        assert_eq!(data.active_auth.is_some(), signs, "no key is known, so none is asked for");
    }
}

#[test]
fn files_kept_for_inspection_systems_are_no_failure() {
    let all = FileSet::ALL;
    let mut guarded = card();
    guarded.files.remove(&0x0103);
    guarded.files.remove(&0x0104);
    let data = read(&mut guarded, all, |_, response| response).unwrap();
    assert!(!data.groups.contains_key(&3) && data.groups.contains_key(&2));
    // A card that ends the session over it, with a bare 6982: everything else was read before.
    for (file, left) in [(FileId::Group(3), 14), (FileId::Group(4), 15)] {
        let bare = |at: FileId, response| if at == file { vec![0x69, 0x82] } else { response };
        assert_eq!(read(&mut card(), all, bare).unwrap().groups.len(), left);
    }
    // Amid a reading it ends the reading.
    let bare = |at: FileId, response| if at == FileId::Group(12) { vec![0x69, 0x82] } else { response };
    let refused = read(&mut card(), all, bare).unwrap_err();
    assert_eq!(refused, ChipError::SessionEnded(StatusWord::ACCESS_DENIED));
}
