//! How the issuer sees the card on this phone: kept under the device key, so that the wallet learns of it while locked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Unusable, Wallet, WalletError};
use crate::{
    card::{ActiveReason, Date, ExpireReason, LifeCycle, RenewReason, RevokeReason, SuspendReason},
    platform::Now,
    status::{Status, StatusToken, commands::CommandReason},
    vault::{Card, Event, EventKind, Vault, VaultError},
};

/// Name of the row.
pub(super) const STANDING: &str = "standing";
/// Lines of the history that wait for the next unlock, at most.
const MOST_PENDING: usize = 64;
/// An ID whose last day is within this ends soon, seconds: thirty days.
pub(super) const ENDS_SOON: i64 = 30 * 86_400;

/// What is known of the cards without unlocking. A row that no version knows counts as none.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Standing {
    /// By the card's id.
    cards: BTreeMap<String, OfCard>,
    /// The state the issuer told, by its names: it explains what the lists say.
    told: Option<(String, String)>,
    /// Why a command locked the wallet, by its name.
    locked_for: Option<String>,
    /// Lines of the history that wait for the next unlock: when, and what.
    pending: Vec<(i64, String)>,
}

/// What is known of one card.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfCard {
    /// Every Holder key of the card, so that a wipe finds them while the wallet is locked.
    pub(super) keys: Vec<String>,
    /// Where the status of its documents is asked. A person's copies share their fate, so that these stand for all.
    pub(super) lists: Vec<Asked>,
    /// First second at which the copies no longer hold.
    pub(super) copies_until: i64,
    /// First second of the last day of the ID: copies that hold until then are the last there can be.
    #[serde(default = "no_end")]
    pub(super) last_day: i64,
    /// From when the ID as such ends soon, where its issuer said how long it lasts.
    #[serde(default = "no_end")]
    pub(super) ends_soon_from: i64,
}

/// A row of an earlier version does not say it.
const fn no_end() -> i64 {
    i64::MAX
}

impl OfCard {
    /// When its copies end, where others would last longer.
    fn renewable_until(&self) -> Option<i64> {
        (self.copies_until < self.last_day).then_some(self.copies_until)
    }
}

/// A status, and what the list last said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    pub(super) idx: u64,
    pub(super) uri: String,
    /// The value in the list; zero before it was asked.
    value: u8,
    /// When the list was signed, when it was fetched, and when it is fetched again.
    signed_at: i64,
    fetched_at: i64,
    reload_at: i64,
}

impl Asked {
    pub(super) const fn never(idx: u64, uri: String) -> Self {
        Self { idx, uri, value: 0, signed_at: 0, fetched_at: 0, reload_at: 0 }
    }

    /// Whether the list is to be fetched; also when the clock went back behind the last time.
    pub(super) const fn is_due(&self, now: i64) -> bool {
        now >= self.reload_at || now < self.fetched_at
    }

    /// Takes what a list says. One signed before the last is no news.
    pub(super) fn take(&mut self, token: &StatusToken, status: Status, now: i64) {
        if token.issued_at() >= self.signed_at {
            self.value = status.value();
            self.signed_at = token.issued_at();
        }
        self.fetched_at = now;
        let reload = token.reload_at(now).unwrap_or(i64::MAX);
        self.reload_at = reload.clamp(now.saturating_add(SHORTEST), now.saturating_add(LONGEST));
    }
}

/// A list is asked for no more often than this, and no less, seconds: whatever its issuer says.
const SHORTEST: i64 = 30;
const LONGEST: i64 = 86_400;

impl Standing {
    pub(super) fn load(vault: &mut Vault) -> Result<Self, VaultError> {
        let row = vault.public_data(STANDING)?;
        Ok(row.and_then(|row| serde_json::from_slice(&row).ok()).unwrap_or_default())
    }

    pub(super) fn store(&self, vault: &mut Vault) -> Result<(), VaultError> {
        vault.set_public_data(STANDING, &self.encode())
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        // Strings, numbers and lists of them have a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// A card takes its place, or that of its predecessor.
    pub(super) fn put(&mut self, card: &str, of_card: OfCard) {
        self.cards.insert(card.to_owned(), of_card);
    }

    /// Forgets the cards; gives back their Holder keys.
    pub(super) fn forget_cards(&mut self) -> Vec<String> {
        core::mem::take(&mut self.cards).into_values().flat_map(|of_card| of_card.keys).collect()
    }

    /// Every Holder key of every card.
    pub(super) fn keys(&self) -> impl Iterator<Item = &String> {
        self.cards.values().flat_map(|of_card| &of_card.keys)
    }

    /// Every place where a status is asked.
    pub(super) fn lists(&self) -> impl Iterator<Item = &Asked> {
        self.cards.values().flat_map(|of_card| &of_card.lists)
    }

    /// The same, to take what a list says.
    pub(super) fn lists_mut(&mut self) -> impl Iterator<Item = &mut Asked> {
        self.cards.values_mut().flat_map(|of_card| &mut of_card.lists)
    }

    /// First second at which copies of a card no longer hold.
    pub(super) fn copies_until(&self, card: &str) -> Option<i64> {
        self.cards.get(card).map(|of_card| of_card.copies_until)
    }

    /// From when a card as such ends soon.
    pub(super) fn ends_soon_from(&self, card: &str) -> i64 {
        self.cards.get(card).map_or(i64::MAX, |of_card| of_card.ends_soon_from)
    }

    /// When the copies of a card end, where others would last longer.
    pub(super) fn renewable_until(&self, card: &str) -> Option<i64> {
        self.cards.get(card).and_then(OfCard::renewable_until)
    }

    /// The same for the card whose copies end first.
    pub(super) fn first_renewable(&self) -> Option<i64> {
        self.cards.values().filter_map(OfCard::renewable_until).min()
    }

    pub(super) fn tell(&mut self, told: Option<LifeCycle>) {
        self.told = told.map(|state| {
            let (state, reason) = state.names();
            (state.to_owned(), reason.to_owned())
        });
    }

    pub(super) fn told(&self) -> Option<LifeCycle> {
        self.told.as_ref().and_then(|(state, reason)| LifeCycle::from_names(state, reason).ok())
    }

    pub(super) fn lock_for(&mut self, why: Option<CommandReason>) {
        self.locked_for = why.map(|why| why.name().to_owned());
    }

    pub(super) fn locked_for(&self) -> CommandReason {
        let why = self.locked_for.as_deref().and_then(CommandReason::from_name);
        why.unwrap_or(CommandReason::ByIssuer)
    }

    pub(super) fn wait_for_history(&mut self, at: i64, kind: EventKind) {
        if self.pending.len() < MOST_PENDING {
            self.pending.push((at, kind.name().to_owned()));
        }
    }

    /// When the first of the lists is fetched again.
    pub(super) fn next_list(&self) -> Option<i64> {
        self.lists().map(|asked| asked.reload_at).min()
    }

    /// The worst that a list says of a card, or of any.
    fn status(&self, card: Option<&str>) -> Status {
        let asked = self.cards.iter().filter(|(id, _)| card.is_none_or(|card| card == id.as_str()));
        let values =
            asked.flat_map(|(_, of_card)| &of_card.lists).map(|asked| Status::from_value(asked.value));
        let worst = values.max_by_key(|status| match status {
            Status::Valid => 0,
            Status::Suspended => 1,
            Status::Other(_) => 2,
            Status::Invalid => 3,
        });
        worst.unwrap_or(Status::Valid)
    }

    /// Whether the lists say otherwise than the issuer told: one of them is older than the other.
    pub(super) fn is_contradicted(&self) -> bool {
        match (self.told(), self.status(None)) {
            (Some(LifeCycle::Suspended { .. }), status) => status != Status::Suspended,
            (Some(LifeCycle::Revoked { .. } | LifeCycle::Replaced { .. }), status) => {
                status != Status::Invalid
            }
            (Some(LifeCycle::Active { .. }), status) => status != Status::Valid,
            _ => false,
        }
    }

    /// Where the card stands now: what the signed lists say, explained by what the issuer told; then the calendar.
    pub(super) fn of(&self, card: &Card, now: i64) -> LifeCycle {
        let told = self.told();
        let state = match (self.status(Some(&card.id)), card.state) {
            (_, state) if state.is_final() || matches!(state, LifeCycle::Offered { .. }) => return state,
            (Status::Valid, LifeCycle::Suspended { .. }) => {
                LifeCycle::Active { reason: ActiveReason::Resumed }
            }
            (Status::Valid, state) => state,
            (Status::Invalid, _) => {
                let explained = told
                    .filter(|told| matches!(told, LifeCycle::Revoked { .. } | LifeCycle::Replaced { .. }));
                return explained.unwrap_or(LifeCycle::Revoked { reason: RevokeReason::ByIssuer });
            }
            (Status::Suspended | Status::Other(_), _) => {
                let explained = told.filter(|told| matches!(told, LifeCycle::Suspended { .. }));
                explained.unwrap_or(LifeCycle::Suspended { reason: SuspendReason::ByIssuer })
            }
        };
        let today = Date::in_korea_at(now).ok();
        if today.is_some_and(|today| today > card.valid_until) {
            return LifeCycle::Expired { reason: ExpireReason::DatePassed };
        }
        let ended = self.copies_until(&card.id).is_some_and(|until| now >= until);
        let reason = match state {
            LifeCycle::Active { .. } if ended => RenewReason::CopiesEnded,
            LifeCycle::Active { .. } if self.ends_soon_from(&card.id) <= now => RenewReason::EndsSoon,
            _ => return state,
        };
        LifeCycle::NeedsRenewal { reason }
    }

    /// Where the card stands from now on, when that is to be written down. Not what the calendar says: a clock set forth and back
    /// again must not end a card. Nor an end that the issuer has not explained: its word may be older than its list, and a card
    /// whose details changed is not one that was taken away.
    fn lasting(&self, card: &Card, now: i64) -> Option<LifeCycle> {
        let next = self.of(card, now);
        let by_calendar = matches!(next, LifeCycle::NeedsRenewal { .. } | LifeCycle::Expired { .. });
        let explained = matches!(self.told(), Some(LifeCycle::Revoked { .. } | LifeCycle::Replaced { .. }));
        let unexplained = next.is_final() && !explained;
        (!by_calendar && !unexplained && next != card.state && card.state.can_become(next)).then_some(next)
    }
}

impl Wallet {
    /// Writes down where each card stands, and the lines of the history that waited. The personal part must be open.
    pub(super) fn settle(&self, now: Now) -> Result<(), WalletError> {
        self.with_vault(|vault| {
            let mut standing = Standing::load(vault)?;
            for card in vault.cards()? {
                if let Some(next) = standing.lasting(&card, now.unix_seconds) {
                    vault.set_state(&card.id, next)?;
                    standing.wait_for_history(now.unix_seconds, EventKind::CardStateChanged);
                }
            }
            if standing.pending.is_empty() {
                return Ok(());
            }
            for (at, kind) in core::mem::take(&mut standing.pending) {
                if let Some(kind) = EventKind::ALL.into_iter().find(|one| one.name() == kind) {
                    vault.record(&Event { at, kind, level: None, counterparty: None })?;
                }
            }
            standing.store(vault)
        })
    }

    /// Nothing is shown or fetched while a command locks the wallet.
    pub(super) fn refuse_locked(&self) -> Result<(), WalletError> {
        match self.locked_for()? {
            Some(why) => Err(WalletError::NotUsable { why: Unusable::LockedByCommand { why } }),
            None => Ok(()),
        }
    }

    /// Only a card that holds is shown.
    pub(super) fn refuse_card_not_active(&self, card: &str, now: i64) -> Result<(), WalletError> {
        let standing = self.with_vault(|vault| {
            let card = vault.card(card)?;
            Ok(Standing::load(vault)?.of(&card, now))
        })?;
        if standing.is_active() {
            Ok(())
        } else {
            Err(WalletError::NotUsable { why: Unusable::Card { standing } })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::{Disclosure, Person, RegistrationNumber, ReplaceReason};

    const NOW: i64 = 1_795_404_600;
    const ACTIVE: LifeCycle = LifeCycle::Active { reason: ActiveReason::Issued };
    const SOON: i64 = 335 * 86_400;

    fn card(state: LifeCycle) -> Card {
        let day = Date::parse("2026-11-23").unwrap();
        let number = RegistrationNumber::parse("900314-2000000").unwrap();
        Card {
            id: "resident_card".into(),
            document: "resident_card".into(),
            state,
            person: Person::new("홍길동", "HONG GILDONG", day, number, "", day, "", vec![1]),
            levels: vec![Disclosure::AdultOnly],
            enrolled_at: NOW,
            valid_until: Date::parse("2027-11-23").unwrap(),
        }
    }

    fn standing(values: &[u8], told: Option<LifeCycle>) -> Standing {
        let asked = |value: &u8| Asked { value: *value, ..Asked::never(0, "https://a/s".into()) };
        let mut standing = Standing::default();
        let lists = values.iter().map(asked).collect();
        standing.put(
            "resident_card",
            OfCard { lists, copies_until: i64::MAX, ends_soon_from: NOW + SOON, ..OfCard::default() },
        );
        standing.tell(told);
        standing
    }

    #[test]
    fn the_signed_lists_decide_and_what_was_told_explains() {
        let lost = LifeCycle::Suspended { reason: SuspendReason::PhoneLost };
        let by_issuer = LifeCycle::Suspended { reason: SuspendReason::ByIssuer };
        let card_lost = LifeCycle::Revoked { reason: RevokeReason::CardLost };
        let moved = LifeCycle::Replaced { reason: ReplaceReason::OtherPhone };
        let revoked = LifeCycle::Revoked { reason: RevokeReason::ByIssuer };
        let resumed = LifeCycle::Active { reason: ActiveReason::Resumed };
        for (state, values, told, expected) in [
            (ACTIVE, &[0, 0][..], None, ACTIVE),
            (ACTIVE, &[], Some(lost), ACTIVE),
            (ACTIVE, &[0], Some(card_lost), ACTIVE),
            (ACTIVE, &[0, 2], Some(lost), lost),
            (ACTIVE, &[2], Some(card_lost), by_issuer),
            (ACTIVE, &[3], None, by_issuer),
            (ACTIVE, &[1, 2], Some(card_lost), card_lost),
            (ACTIVE, &[1], Some(moved), moved),
            (ACTIVE, &[1], Some(lost), revoked),
            (lost, &[0], Some(ACTIVE), resumed),
            (card_lost, &[0], Some(ACTIVE), card_lost),
        ] {
            assert_eq!(standing(values, told).of(&card(state), NOW), expected, "{values:?} {told:?}");
        }
    }

    #[test]
    fn an_end_that_nobody_explained_yet_is_not_written_down() {
        let changed = LifeCycle::Replaced { reason: ReplaceReason::DetailsChanged };
        let lost = LifeCycle::Revoked { reason: RevokeReason::CardLost };
        let suspended = LifeCycle::Suspended { reason: SuspendReason::ByIssuer };
        for (value, told, expected) in [
            (1, None, None),
            (1, Some(ACTIVE), None),
            (1, Some(changed), Some(changed)),
            (1, Some(lost), Some(lost)),
            (2, None, Some(suspended)),
            (0, Some(lost), None),
        ] {
            assert_eq!(standing(&[value], told).lasting(&card(ACTIVE), NOW), expected, "{value} {told:?}");
        }
    }

    #[test]
    fn the_calendar_ends_the_copies_first_and_then_the_id() {
        let mut standing = standing(&[0], None);
        standing.put(
            "resident_card",
            OfCard { copies_until: NOW + 10, ends_soon_from: NOW + SOON, ..OfCard::default() },
        );
        standing.put("another", OfCard::default());
        assert_eq!(standing.of(&card(ACTIVE), NOW + 9), ACTIVE);
        let renew = LifeCycle::NeedsRenewal { reason: RenewReason::CopiesEnded };
        assert_eq!(standing.of(&card(ACTIVE), NOW + 10), renew);
        let expired = LifeCycle::Expired { reason: ExpireReason::DatePassed };
        assert_eq!(standing.of(&card(ACTIVE), NOW + 366 * 86_400), expired);
    }

    #[test]
    fn an_id_whose_last_day_is_near_says_so_and_holds() {
        let lost = LifeCycle::Suspended { reason: SuspendReason::PhoneLost };
        let mut standing = standing(&[0], None);
        let soon = LifeCycle::NeedsRenewal { reason: RenewReason::EndsSoon };
        for (at, expected) in [
            (NOW + SOON - 1, ACTIVE),
            (NOW + SOON, soon),
            (NOW + 366 * 86_400, LifeCycle::Expired { reason: ExpireReason::DatePassed }),
        ] {
            assert_eq!(standing.of(&card(ACTIVE), at), expected, "{at}");
            assert_eq!(
                standing.lasting(&card(ACTIVE), at),
                None,
                "a clock set forth and back changes nothing"
            );
        }
        assert!(soon.is_active());
        // A suspension says more, and copies that ended cannot be shown.
        let suspended = self::standing(&[2], Some(lost));
        assert_eq!(suspended.of(&card(ACTIVE), NOW + SOON), lost);
        standing.put("resident_card", OfCard::default());
        let renew = LifeCycle::NeedsRenewal { reason: RenewReason::CopiesEnded };
        assert_eq!(standing.of(&card(ACTIVE), NOW + SOON), renew);
    }

    #[test]
    fn a_told_state_that_the_lists_deny_is_asked_again() {
        let lost = LifeCycle::Suspended { reason: SuspendReason::PhoneLost };
        assert!(standing(&[0], Some(lost)).is_contradicted());
        assert!(!standing(&[2], Some(lost)).is_contradicted());
        assert!(standing(&[2], Some(ACTIVE)).is_contradicted());
        assert!(!standing(&[0], None).is_contradicted());
    }

    #[test]
    fn a_row_of_another_version_is_none() {
        let mut standing = standing(&[2], Some(ACTIVE));
        standing.lock_for(Some(CommandReason::PhoneLost));
        standing.wait_for_history(NOW, EventKind::WalletLocked);
        let read: Standing = serde_json::from_slice(&standing.encode()).unwrap();
        assert_eq!(read, standing);
        assert_eq!(read.locked_for(), CommandReason::PhoneLost);
    }
}
