//! What was learned about models of cards, so that no card refuses twice what one of its model refused once.

use super::atr_info::Announced;
use crate::{
    bytes::{Reader, Truncated},
    crypto::hash::{sha256, truncated},
};

/// A model of card: all that share an EF.CardAccess, which says how the door opens and nothing of a holder or one card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelId([u8; 16]);

/// What a card takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Habits {
    /// What it says of itself.
    pub(super) announced: Option<Announced>,
    /// The most it gave at once after it had refused more.
    pub(super) longest: Option<u32>,
    /// It refuses to read past the end of a file.
    pub(super) header_first: bool,
    /// It has to be told a file by its name.
    pub(super) by_name_only: bool,
}

/// The models met, the one met last behind all others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownModels(Vec<(ModelId, Habits)>);

impl ModelId {
    /// By the file as read; none for a card without one, about which nothing can be remembered, and for one with a public key
    /// in it, which would be known again by that.
    pub(super) fn of(card_access: &[u8]) -> Option<Self> {
        let has_key = card_access.windows(PUBLIC_KEY.len()).any(|part| part == PUBLIC_KEY);
        (!card_access.is_empty() && !has_key).then(|| Self(truncated(sha256(card_access))))
    }
}

impl KnownModels {
    /// What is known of a model.
    pub(super) fn habits(&self, model: ModelId) -> Option<Habits> {
        self.0.iter().find(|(known, _)| *known == model).map(|(_, habits)| *habits)
    }

    /// Remembers what a card taught. What one of its model refused stays refused.
    pub fn learn(&mut self, model: ModelId, habits: Habits) {
        let Habits { announced, longest, header_first, by_name_only } = habits;
        let before = self.habits(model).unwrap_or_default();
        let habits = Habits {
            announced: announced.or(before.announced),
            longest: match (before.longest, longest) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
            header_first: before.header_first || header_first,
            by_name_only: before.by_name_only || by_name_only,
        };
        self.0.retain(|(known, _)| *known != model);
        self.0.push((model, habits));
        if self.0.len() > MOST {
            self.0.remove(0);
        }
    }
}

impl KnownModels {
    /// As it is stored.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORM];
        for (ModelId(id), Habits { announced, longest, header_first, by_name_only }) in &self.0 {
            let Announced { extended, max_response } =
                announced.unwrap_or(Announced { extended: false, max_response: 0 });
            let said = [*header_first, *by_name_only, announced.is_some(), extended, longest.is_some()];
            let flags = said.iter().rev().fold(0, |flags, said| flags << 1 | u8::from(*said));
            bytes.extend_from_slice(id);
            bytes.push(flags);
            bytes.extend_from_slice(&max_response.to_be_bytes());
            bytes.extend_from_slice(&longest.unwrap_or(0).to_be_bytes());
        }
        bytes
    }

    /// What [`Self::encode`] gave; none for anything else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        if reader.u8().ok()? != FORM {
            return None;
        }
        let mut models = Vec::new();
        while !reader.is_empty() {
            models.push(entry(&mut reader).ok()??);
        }
        (models.len() <= MOST).then_some(Self(models))
    }

    /// Whether it knows anything that `before` did not.
    #[must_use]
    pub fn says_more_than(&self, before: &Self) -> bool {
        self.0.iter().any(|(model, habits)| before.habits(*model) != Some(*habits))
    }
}

fn entry(reader: &mut Reader<'_>) -> Result<Option<(ModelId, Habits)>, Truncated> {
    let (id, flags) = (ModelId(reader.array()?), reader.u8()?);
    let (max_response, longest) = (reader.u32()?, reader.u32()?);
    let said = |bit: u8| flags >> bit & 1 == 1;
    let habits = Habits {
        announced: said(2).then_some(Announced { extended: said(3), max_response }),
        longest: said(4).then_some(longest),
        header_first: said(0),
        by_name_only: said(1),
    };
    Ok((flags < 1 << 5).then_some((id, habits)))
}

/// Which form a stored list has.
const FORM: u8 = 1;
/// More models than anybody taps.
const MOST: usize = 32;
/// id-PK, 0.4.0.127.0.7.2.2.1: the beginning of what a public key for chip authentication is announced by.
const PUBLIC_KEY: [u8; 8] = [4, 0, 0x7F, 0, 7, 2, 2, 1];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_once_stays_refused_and_the_oldest_model_is_forgotten() {
        let model = |byte| ModelId::of(&[byte]).unwrap();
        let mut models = KnownModels::default();
        let learned = |longest, header_first| Habits { longest, header_first, ..Habits::default() };
        models.learn(model(0), learned(Some(256), false));
        models.learn(model(0), learned(Some(1000), true));
        models.learn(model(0), learned(None, false));
        assert_eq!(models.habits(model(0)), Some(learned(Some(256), true)));
        assert_eq!(models.habits(model(1)), None);
        for byte in 1..=32 {
            models.learn(model(byte), Habits::default());
        }
        assert_eq!(models.habits(model(0)), None);
        assert_eq!(models.0.len(), MOST);
        assert_eq!(ModelId::of(&[]), None);
        let with_key = [&[0x31, 12, 0x30, 10, 6, 9][..], &PUBLIC_KEY, &[2]].concat();
        assert_eq!(ModelId::of(&with_key), None, "one card's own");
    }

    #[test]
    fn what_is_stored_comes_back_and_nothing_else_does() {
        let mut models = KnownModels::default();
        for (number, announced, longest, header_first, by_name_only) in [
            (0, None, None, false, false),
            (1, Some(Announced { extended: true, max_response: 1024 }), Some(256), true, false),
            (2, Some(Announced { extended: false, max_response: u32::MAX }), None, false, true),
            (3, None, Some(u32::MAX), true, true),
        ] {
            let habits = Habits { announced, longest, header_first, by_name_only };
            models.learn(ModelId::of(&[number]).unwrap(), habits);
        }
        let stored = models.encode();
        assert_eq!(stored.len(), 1 + 4 * 25);
        assert_eq!(KnownModels::decode(&stored), Some(models.clone()));
        assert!(models.says_more_than(&KnownModels::default()) && !models.says_more_than(&models));
        for length in 0..stored.len() {
            let cut = KnownModels::decode(&stored[..length]);
            assert_eq!(cut.is_some(), length % 25 == 1, "{length}");
        }
        let with = |place: usize, byte: u8| {
            let mut bytes = stored.clone();
            bytes[place] = byte;
            KnownModels::decode(&bytes)
        };
        assert_eq!((with(0, 2), with(17, 0x20)), (None, None));
        let many = [&[FORM][..], &[7; 25].repeat(33)].concat();
        assert_eq!(KnownModels::decode(&many), None);
    }
}
