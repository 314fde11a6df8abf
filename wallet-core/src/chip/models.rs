//! What was learned about models of cards, so that no card refuses twice what one of its model refused once.

use super::atr_info::Announced;
use crate::crypto::hash::{sha256, truncated};

/// A model of card: all that share an EF.CardAccess, which says how the door opens and nothing of a holder.
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
    /// By the file as read; none for a card without one, about which nothing can be remembered.
    pub(super) fn of(card_access: &[u8]) -> Option<Self> {
        (!card_access.is_empty()).then(|| Self(truncated(sha256(card_access))))
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

/// More models than anybody taps.
const MOST: usize = 32;

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
    }
}
