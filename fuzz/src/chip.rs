//! A reading of the seeded virtual card, recorded.

use fixtures::{
    chip::{ActiveAuthentication, ChipAuthentication, Cipher, Curve, Mapping, VirtualCard},
    people,
};
use wallet_core::{
    chip::{
        BasicAccess, Can, CardAccess, ChipData, Entropy, FileSet, KnownModels, Mrz, Pin, ReadPlan, Reading,
        Relay, Step, relay::Examiner,
    },
    platform::LinkLimits,
};

pub const LONG: LinkLimits = LinkLimits { max_command: 65_544, max_response: 65_538, extended: true };
pub const SHORT: LinkLimits = LinkLimits { max_command: 261, max_response: 258, extended: false };
/// The identifiers of the files a reading asks for.
pub const FILES: [u16; 7] = [0x011D, 0x010F, 0x010E, 0x0101, 0x010B, 0x010C, 0x0102];

/// A plan that makes the same session each time.
pub fn plan(limits: LinkLimits) -> ReadPlan {
    ReadPlan {
        access: CardAccess::Can(Can::parse("123456").unwrap()),
        files: FileSet::WALLET,
        challenge: Some([1, 2, 3, 4, 5, 6, 7, 8]),
        chip_authentication: true,
        relay: Relay::Never,
        limits,
        models: KnownModels::default(),
        entropy: entropy(0),
    }
}

/// A card that answers the same each time.
pub fn card() -> VirtualCard {
    VirtualCard::of(&people::adult()).seeded([6; 32]).chip_authentication(ChipAuthentication::AES_128).build()
}

/// What kind of card is read, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// PACE by generic mapping; active and chip authentication.
    Generic,
    /// PACE by the chip's own key; knows integrated mapping and basic access too.
    OwnKey,
    /// Basic access and chip authentication by 3DES, opened by the lines for machines.
    Basic,
    /// PACE by integrated mapping in a group of numbers; says in EF.ATR/INFO what it takes.
    Integrated,
    /// A PIN that the number on the card resumes.
    Suspended,
    /// A chip that cannot sign, heard by a server.
    Relayed,
}

impl Kind {
    pub const ALL: [Self; 6] =
        [Self::Generic, Self::OwnKey, Self::Basic, Self::Integrated, Self::Suspended, Self::Relayed];

    /// A card that answers the same each time.
    pub fn card(self) -> VirtualCard {
        let key = ChipAuthentication::AES_128;
        let card = VirtualCard::of(&people::adult()).seeded([7; 32]).chip_authentication(key);
        match self {
            Self::Generic => return self::card(),
            Self::OwnKey => card
                .pace_by(Mapping::ChipAuthentication, Cipher::Aes128, Curve::P256)
                .also_pace_by(Mapping::Integrated, Cipher::Aes128, Curve::P256)
                .basic_access(),
            Self::Basic => card
                .basic_access_only()
                .chip_authentication(ChipAuthentication { cipher: Cipher::TripleDes, ..key }),
            Self::Integrated => {
                card.pace_by(Mapping::Integrated, Cipher::Aes128, Curve::Modp1024).announces(true, 2048, 1024)
            }
            Self::Suspended => card.pin("111111", 1),
            Self::Relayed => card.active_authentication(ActiveAuthentication::None),
        }
        .build()
    }

    /// A plan that makes the same session each time.
    pub fn plan(self, limits: LinkLimits) -> ReadPlan {
        let can = || Can::parse("123456").unwrap();
        let access = match self {
            Self::Basic => {
                let information = people::adult().mrz_information();
                let (number, dates) = information.split_at(10);
                let mrz = Mrz::parse(number, &dates[..7], &dates[7..]).unwrap();
                CardAccess::Mrz(mrz, BasicAccess::WhereThereIsNoPace)
            }
            Self::Suspended => CardAccess::Pin { pin: Pin::parse("111111").unwrap(), resume_by: Some(can()) },
            _ => CardAccess::Can(can()),
        };
        ReadPlan { access, relay: Relay::WhereTheChipCannotSign, ..plan(limits) }
    }
}

/// One reading carried to its end, the card lost once where asked.
pub struct Course {
    /// What the machine made of it; none where somebody stopped answering or the server heard no true chip.
    pub data: Option<ChipData>,
    /// Commands sent.
    pub commands: u32,
}

/// Carries a reading: `answer` gets the number of the command, from zero, and the command; `lost` is the number of the command
/// at which the card is lost and tapped again. A relayed chip is verified as the server does.
pub fn carry(
    kind: Kind,
    limits: LinkLimits,
    lost: Option<usize>,
    mut answer: impl FnMut(usize, &[u8]) -> Option<Vec<u8>>,
) -> Course {
    let (mut reading, mut step) = Reading::begin(kind.plan(limits)).unwrap();
    let mut commands = 0;
    let mut examiner = None;
    let mut number = 0;
    let data = loop {
        match step {
            Step::Transmit(command) => {
                commands = reading.apdus();
                assert!(commands < ENOUGH, "a reading without end");
                assert!(command.len() <= usize::try_from(limits.max_command).unwrap());
                let handled = if lost == Some(number) {
                    reading.pause().resume(limits, entropy(1)).ok()
                } else {
                    answer(number, &command).and_then(|response| reading.handle(&response).ok())
                };
                number += 1;
                match handled {
                    Some(next) => (reading, step) = next,
                    None => break None,
                }
            }
            Step::AskServer => {
                let asked = Examiner::begin(&reading.so_far().groups[&14], &mut entropy(2)).ok();
                let Some(asked) = asked else { break None };
                let public_key = asked.public().to_vec();
                examiner = Some(asked.ask().unwrap());
                match reading.hand_over(public_key) {
                    Ok(next) => (reading, step) = next,
                    Err(_) => break None,
                }
            }
            Step::Done(data) => {
                let (Some(carrier), Some((waiting, commands))) = (data.relay.clone(), examiner.take()) else {
                    break Some(*data);
                };
                let [selecting, reading] = commands;
                let (carrier, selecting) = carrier.carry(&selecting).unwrap();
                let (_, reading) = carrier.carry(&reading).unwrap();
                let answers = answer(number, &selecting).zip(answer(number + 1, &reading));
                let heard = answers.map(|(selection, read)| waiting.verify([&selection, &read], &data.sod));
                break (heard == Some(Ok(()))).then_some(*data);
            }
        }
    };
    Course { data, commands }
}

/// What a card answered, in order, and what was read.
pub struct Recording {
    pub responses: Vec<Vec<u8>>,
    pub data: ChipData,
}

impl Recording {
    /// Lost once at the command of this number, where there is one.
    pub fn of(kind: Kind, limits: LinkLimits, lost: Option<usize>) -> Self {
        let mut card = kind.card();
        let mut responses = Vec::new();
        let course = carry(kind, limits, lost, |number, command| {
            if lost.is_some_and(|lost| number == lost + 1) {
                card.reset();
            }
            // No answer came to the command at which the card was lost.
            responses.resize(number, Vec::new());
            let response = card.process(command);
            responses.push(response.clone());
            Some(response)
        });
        Self { responses, data: course.data.expect("a card without faults") }
    }
}

fn entropy(seed: usize) -> Entropy {
    Entropy::new(core::array::from_fn(|place| u8::try_from((place + seed) % 251).unwrap()))
}

/// More than the 1,024 that a reading allows itself.
const ENOUGH: u32 = 1030;
