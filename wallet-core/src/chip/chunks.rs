//! How much to ask for at once: as much as link and card take, by what they say and by what they refuse, never by a table of
//! cards.

use super::{atr_info::Announced, models::Habits};
use crate::{
    apdu::LengthForm,
    crypto::{aes::KeyLength, channel::Cipher},
};

/// What was learned about this card so far. Starts hopeful and steps down in place.
#[derive(Debug)]
pub(super) struct Chunks {
    longest: u32,
    /// What the link carries back.
    max_response: u32,
    /// Whether that was learned from the card's refusals.
    learned: bool,
    /// What the card says of itself; none where it was not asked or says nothing.
    announced: Option<Announced>,
    /// The card refuses to read past the end of a file, so lengths are read first.
    header_first: bool,
    pub(super) short_identifiers: ShortIdentifiers,
}

/// Whether the card reads by short identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShortIdentifiers {
    /// Not known yet: "not found" may mean the identifier or the file.
    Untried,
    /// It does, so "not found" means that the file is not there.
    Work,
    /// It does not: a file was there by name only.
    Refused,
}

impl Chunks {
    /// The longest response data that fits a link, or `None` when not even the smallest does.
    pub(super) fn for_link(max_response: u32, extended: bool) -> Option<Self> {
        let longest = longest_for(max_response, extended, AES);
        (longest >= SMALLEST).then_some(Self {
            longest,
            max_response,
            learned: false,
            announced: None,
            header_first: false,
            short_identifiers: ShortIdentifiers::Untried,
        })
    }

    /// A short answer under 3DES carries a little more than under AES.
    pub(super) fn protected_by(&mut self, cipher: Cipher) {
        if !self.learned && self.longest <= SHORT_MAX_3DES {
            self.longest = longest_for(self.max_response, false, cipher);
        }
    }

    /// The same card over another link.
    pub(super) fn learn_from(&mut self, before: &Self) {
        self.adopt(&before.habits());
        self.short_identifiers = before.short_identifiers;
    }

    /// What a card of this model may be spared. That it reads by short identifier is found out anew each time: believed
    /// wrongly, a file would be missed.
    pub(super) const fn habits(&self) -> Habits {
        Habits {
            announced: self.announced,
            longest: if self.learned { Some(self.longest) } else { None },
            header_first: self.header_first,
            by_name_only: matches!(self.short_identifiers, ShortIdentifiers::Refused),
        }
    }

    /// Spares the card what one of its model refused.
    pub(super) fn adopt(&mut self, habits: &Habits) {
        let Habits { announced, longest, header_first, by_name_only } = *habits;
        if let Some(announced) = announced {
            self.announce(announced);
        }
        if let Some(longest) = longest {
            self.longest = self.longest.min(longest.max(SMALLEST));
            self.learned = true;
        }
        self.header_first |= header_first;
        if by_name_only {
            self.short_identifiers = ShortIdentifiers::Refused;
        }
    }

    /// Keeps to what the card says of itself. A length in which nothing useful fits is not believed.
    pub(super) fn announce(&mut self, announced: Announced) {
        self.announced = Some(announced);
        self.max_response = self.max_response.min(announced.max_response.max(SMALLEST_RESPONSE));
        let most = longest_for(self.max_response, self.extended(), AES);
        self.longest = self.longest.min(most);
    }

    /// Whether the card takes extended length, as far as it says.
    pub(super) fn extended(&self) -> bool {
        self.announced.is_none_or(|said| said.extended && said.max_response > SHORT_RESPONSE)
    }

    /// The link did not carry what it had said it would.
    pub(super) fn keep_to_short_commands(&mut self) {
        self.longest = self.longest.min(SHORT_MAX);
    }

    /// How much to ask for when `missing` bytes are known to follow (`None`: the file's length is not known yet).
    pub(super) fn next(&self, missing: Option<u32>) -> u32 {
        match missing {
            Some(missing) => missing.min(self.longest).max(1),
            None if self.header_first => HEADER,
            None => self.longest,
        }
    }

    /// The longest that fits this card and link.
    pub(super) const fn longest(&self) -> u32 {
        self.longest
    }

    /// The form that carries a length under secure messaging.
    pub(super) const fn form(length: u32) -> LengthForm {
        if length > SHORT_MAX_3DES { LengthForm::Extended } else { LengthForm::Short }
    }

    /// The card refused `asked` bytes: give up asking past the end first, then length. `false` when nothing is left to try.
    pub(super) fn refuse(&mut self, asked: u32, length_known: bool) -> bool {
        if !length_known && !self.header_first {
            self.header_first = true;
            return true;
        }
        self.shorten(asked)
    }

    /// The card ends its session over a long command.
    pub(super) fn give_up_long_commands(&mut self) {
        self.longest = self.longest.min(SHORT_MAX);
        self.learned = true;
    }

    fn shorten(&mut self, asked: u32) -> bool {
        let Some(shorter) = LADDER.into_iter().find(|step| *step < asked) else { return false };
        self.longest = shorter;
        self.learned = true;
        // It was the length after all.
        self.header_first = false;
        true
    }
}

fn longest_for(max_response: u32, extended: bool, cipher: Cipher) -> u32 {
    let (form, most) = if extended {
        (LengthForm::Extended, LONGEST)
    } else {
        (LengthForm::Short, if cipher == Cipher::TripleDes { SHORT_MAX_3DES } else { SHORT_MAX })
    };
    let block = u32::try_from(cipher.block_length()).unwrap_or(16);
    plain_length(max_response, form, block).min(most)
}

/// Plain bytes that fit a protected response of `max_response` bytes: whole blocks, one byte of which pads.
fn plain_length(max_response: u32, form: LengthForm, block: u32) -> u32 {
    let object_header = match form {
        LengthForm::Short => 4,
        LengthForm::Extended => 5,
    };
    let room = max_response.saturating_sub(STATUS_AND_CHECKSUM + object_header);
    let blocks = room.checked_div(block).unwrap_or(0);
    blocks.saturating_mul(block).saturating_sub(1)
}

const AES: Cipher = Cipher::Aes(KeyLength::Aes128);
/// Most plain bytes a short protected response carries under AES: 223 data, one to pad, and the objects around them.
const SHORT_MAX: u32 = 0xDF;
/// The same under 3DES, whose blocks are half as long.
const SHORT_MAX_3DES: u32 = 0xE7;
/// DO'99', DO'8E' and the outer status word.
const STATUS_AND_CHECKSUM: u32 = 4 + 10 + 2;
/// Longer brings little and hides progress.
const LONGEST: u32 = 4000;
const SMALLEST: u32 = 128;
/// What carries [`SMALLEST`] protected.
const SMALLEST_RESPONSE: u32 = 164;
/// The longest short response.
const SHORT_RESPONSE: u32 = 258;
const LADDER: [u32; 6] = [4000, 1000, 256, SHORT_MAX, 160, SMALLEST];
/// Enough for the tag and length of any file.
const HEADER: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_fits_the_link_with_its_protection() {
        assert_eq!(Chunks::for_link(258, false).unwrap().longest(), 223);
        assert_eq!(Chunks::for_link(253, false).unwrap().longest(), 223);
        assert_eq!(Chunks::for_link(240, false).unwrap().longest(), 207);
        assert_eq!(Chunks::for_link(65_538, true).unwrap().longest(), 4000);
        // 61 blocks of 16: 976 + 5 + 16 = 997 bytes.
        assert_eq!(Chunks::for_link(1000, true).unwrap().longest(), 975);
        assert!(Chunks::for_link(160, false).is_none());
        assert!(Chunks::for_link(0, true).is_none());
    }

    #[test]
    fn a_short_answer_under_3des_carries_a_block_more() {
        let mut chunks = Chunks::for_link(258, false).unwrap();
        chunks.protected_by(Cipher::TripleDes);
        assert_eq!(chunks.longest(), 231);
        chunks.protected_by(AES);
        assert_eq!(chunks.longest(), 223);
        let mut long = Chunks::for_link(65_538, true).unwrap();
        long.protected_by(Cipher::TripleDes);
        assert_eq!(long.longest(), 4000);
        // What a card taught holds whatever protects it, and over the next link too.
        long.give_up_long_commands();
        long.protected_by(Cipher::TripleDes);
        assert_eq!(long.longest(), 223);
        let mut again = Chunks::for_link(65_538, true).unwrap();
        again.learn_from(&long);
        assert_eq!(again.longest(), 223);
    }

    #[test]
    fn what_a_card_announces_is_kept_to_and_remembered() {
        let announced = |extended, max_response| Announced { extended, max_response };
        for (announced, expected) in [
            (announced(true, 65_538), 4000),
            (announced(true, 1024), 991),
            (announced(true, 256), 223),
            (announced(false, 65_538), 223),
            (announced(true, 3), 143),
        ] {
            let mut chunks = Chunks::for_link(65_538, true).unwrap();
            chunks.announce(announced);
            assert_eq!(chunks.longest(), expected, "{announced:?}");
            let mut again = Chunks::for_link(65_538, true).unwrap();
            again.adopt(&chunks.habits());
            assert_eq!(again.longest(), expected, "{announced:?}");
            // A narrower link stays as narrow as it is.
            let mut narrow = Chunks::for_link(240, false).unwrap();
            narrow.announce(announced);
            assert_eq!(narrow.longest(), expected.min(207), "{announced:?}");
        }
    }

    #[test]
    fn refusals_step_down_to_the_end_of_the_ladder() {
        let mut chunks = Chunks::for_link(65_538, true).unwrap();
        assert_eq!(chunks.next(None), 4000);
        assert!(chunks.refuse(4000, false));
        assert_eq!(chunks.next(None), 8);
        assert_eq!(chunks.next(Some(900)), 900);
        let mut asked = Vec::new();
        while chunks.refuse(chunks.next(Some(900)), true) {
            asked.push(chunks.next(Some(900)));
        }
        assert_eq!(asked, [256, 223, 160, 128]);
        assert_eq!(chunks.next(None), 128);
        assert_eq!((Chunks::form(231), Chunks::form(232)), (LengthForm::Short, LengthForm::Extended));
    }
}
