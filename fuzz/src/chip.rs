//! A reading of the seeded virtual card, recorded.

use fixtures::{
    chip::{ChipAuthentication, Cipher, Curve, Mapping, VirtualCard},
    people,
};
use wallet_core::{
    chip::{Can, CardAccess, ChipData, Entropy, FileSet, ReadPlan, Reading, Step},
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
        relay: None,
        limits,
        entropy: Entropy::new(core::array::from_fn(|place| u8::try_from(place % 251).unwrap())),
    }
}

/// A card that answers the same each time.
pub fn card() -> VirtualCard {
    VirtualCard::of(&people::adult()).seeded([6; 32]).chip_authentication(ChipAuthentication::AES_128).build()
}

/// One that maps by its own key, and knows basic access too.
pub fn mapping_card() -> VirtualCard {
    VirtualCard::of(&people::adult())
        .seeded([7; 32])
        .chip_authentication(ChipAuthentication::AES_128)
        .pace_by(Mapping::ChipAuthentication, Cipher::Aes128, Curve::P256)
        .also_pace_by(Mapping::Integrated, Cipher::Aes128, Curve::P256)
        .basic_access()
        .build()
}

/// What the card answered, in order, and what was read.
pub struct Recording {
    pub responses: Vec<Vec<u8>>,
    pub data: ChipData,
}

impl Recording {
    pub fn of(limits: LinkLimits) -> Self {
        Self::by(card(), limits)
    }

    pub fn by(mut card: VirtualCard, limits: LinkLimits) -> Self {
        let mut responses = Vec::new();
        let (mut reading, mut step) = Reading::begin(plan(limits)).unwrap();
        loop {
            match step {
                Step::Transmit(command) => {
                    let response = card.process(&command);
                    (reading, step) = reading.handle(&response).unwrap();
                    responses.push(response);
                }
                Step::Done(data) => return Self { responses, data: *data },
            }
        }
    }
}
