//! Phones: the commands that wait for them, what they are told of their card, and which one a person had before.

use super::{
    Access, BindingState, CodeRow, PersonId, Store, StoreError, SuspendedBy, Thumbprint, binding,
    cards::{CardRow, is_lost, record_card, report_lost},
    engine::{Row, Transaction, params},
    grants::{OfferRow, Reseal, person_record, put_code, put_offer, put_person, tag_of},
    portal::{forget_seen, record_tap},
    suspensions::{settle, suspended_by},
};

/// Most commands handed out at once.
const AT_ONCE: i64 = 16;

/// A command that waits for its phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedCommand {
    /// Its number, from 1 for each phone.
    pub seq: i64,
    /// Its machine name.
    pub op: String,
    /// The machine name of its reason.
    pub why: String,
}

/// A state and its reason by their machine names.
pub(crate) type Standing<'a> = (&'a str, &'a str);

/// How a person's phone ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending<'a> {
    /// What the phone is told.
    pub(crate) standing: Standing<'a>,
    /// A command for it.
    pub(crate) command: Option<(&'a str, &'a str)>,
    /// Whose suspensions are settled with it.
    pub(crate) settles: &'a [SuspendedBy],
    /// Why nothing is issued to this person any more.
    pub(crate) closes: Option<&'a str>,
    /// When the day began on which the person's card was reported lost, seconds since 1970 UTC.
    pub(crate) card_lost_on: Option<i64>,
}

/// A card and its holder's face, shown to a phone.
#[derive(Clone, Copy)]
pub(crate) struct TapRow<'a> {
    /// The code it is worth: whose, and to which phone.
    pub(crate) code: CodeRow,
    /// The card.
    pub(crate) card: CardRow,
    /// Whether the ID is to move from the phone it lives on.
    pub(crate) replaces_phone: bool,
    /// What is known of the person from now on, sealed, made out of what was; `None` when the card says what is no longer true.
    pub(crate) record: &'a dyn Fn(Option<Vec<u8>>) -> Result<Option<Vec<u8>>, StoreError>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tapped {
    /// The code is good.
    Granted {
        /// Whether another phone ended.
        moved: bool,
    },
    /// The card was reported lost. Nothing has changed.
    CardLost,
    /// The card says what is no longer true. Nothing has changed.
    CardOutdated,
    /// Person or phone are bound otherwise. Nothing has changed.
    Otherwise(BindingState),
    /// The ID is suspended by somebody whose word a tap does not settle. Nothing has changed.
    Suspended,
}

/// What came of a recovery at the centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recovered {
    /// The offer is good.
    Offered {
        /// Whether a phone ended.
        ended: bool,
    },
    /// Nothing is issued to this person any more, for this reason. Nothing has changed.
    Closed(String),
    /// Somebody whose word a recovery does not settle has suspended the ID. Nothing has changed.
    Suspended,
}

/// Copies of one status list that are not valid: place in all lists, and whether only for now.
pub type Inactive = (u32, bool);

impl Store {
    /// Commands for a phone above the one it obeyed last, lowest number first; those up to it are taken as acknowledged. `None`
    /// for a phone nobody has heard of.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn commands(
        &self,
        instance: &Thumbprint,
        obeyed: i64,
        now: i64,
    ) -> Result<Option<Vec<QueuedCommand>>, StoreError> {
        let known = self.read(|tx| {
            let unheard = tx.value::<bool>(
                "SELECT EXISTS (SELECT 1 FROM commands WHERE instance = ?1 AND seq <= ?2 AND obeyed_at IS NULL)",
                params![instance, obeyed],
            )?;
            let known = tx.value::<bool>(
                "SELECT EXISTS (SELECT 1 FROM bindings WHERE instance = ?1)
                 OR EXISTS (SELECT 1 FROM standings WHERE instance = ?1)
                 OR EXISTS (SELECT 1 FROM commands WHERE instance = ?1)",
                params![instance],
            )?;
            Ok(known.then_some(unheard))
        })?;
        let Some(unheard) = known else { return Ok(None) };
        if unheard {
            self.write(|tx| {
                tx.execute(
                    "UPDATE commands SET obeyed_at = ?3 WHERE instance = ?1 AND seq <= ?2 AND obeyed_at IS NULL",
                    params![instance, obeyed, now],
                )
            })?;
        }
        self.read(|tx| {
            tx.all(
                "SELECT seq, op, why FROM commands WHERE instance = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
                params![instance, obeyed, AT_ONCE],
                |row| Ok(QueuedCommand { seq: row.get(0)?, op: row.get(1)?, why: row.get(2)? }),
            )
        })
        .map(Some)
    }

    /// How many commands were queued since then, for any phone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn commands_since(&self, since: i64) -> Result<i64, StoreError> {
        self.value("SELECT count(*) FROM commands WHERE queued_at >= ?1", params![since])
    }

    /// What a phone is told of its card: a state and its reason, by their machine names; `None` when it is simply good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn told_standing(&self, instance: &Thumbprint) -> Result<Option<(String, String)>, StoreError> {
        self.read(|tx| {
            tx.first("SELECT state, reason FROM standings WHERE instance = ?1", params![instance], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
        })
    }

    /// Ends the phone with this Instance key. Tells whether it was anybody's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn end_instance(
        &self,
        instance: &Thumbprint,
        ending: &Ending<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        self.write(|tx| match holder(tx, instance)? {
            Some(person) => end_phone(tx, &person, ending, now),
            None => Ok(false),
        })
    }

    /// A card and its holder's face were shown to a phone: remembers it, with the code it is worth and what the card says. With
    /// `replaces_phone` the phone that has the ID ends, and what an operator ordered for it is settled. Everything that stands in
    /// the way is looked at before anything ends, in the same transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn tapped(&self, row: &TapRow<'_>, now: i64) -> Result<Tapped, StoreError> {
        let TapRow { code, card, replaces_phone, record } = row;
        let CodeRow { person, instance, .. } = code;
        self.write(|tx| {
            if is_lost(tx, person, card)? {
                return Ok(Tapped::CardLost);
            }
            let Some(sealed) = record(person_record(tx, person)?)? else { return Ok(Tapped::CardOutdated) };
            let bound = binding(tx, person, instance)?;
            let moves = *replaces_phone && bound == BindingState::AnotherPhone;
            if !moves && !matches!(bound, BindingState::Free | BindingState::Same) {
                return Ok(Tapped::Otherwise(bound));
            }
            // A phone reported lost is not found by showing it a card.
            let elsewhere = match bound {
                BindingState::Free => former_phone(tx, person)?.is_some_and(|former| former != *instance),
                _ => moves,
            };
            match suspended_by(tx, person)? {
                None => {}
                Some(SuspendedBy::Operator) if *replaces_phone && elsewhere => {
                    settle(tx, person, SuspendedBy::Operator)?;
                }
                Some(_) => return Ok(Tapped::Suspended),
            }
            if moves {
                let standing = ("replaced", "other_phone");
                let ending =
                    Ending { standing, command: None, settles: &[], closes: None, card_lost_on: None };
                end_phone(tx, person, &ending, now)?;
            }
            record_card(tx, person, &card.card, now)?;
            put_person(tx, person, &sealed, now)?;
            record_tap(tx, person, instance, now)?;
            put_code(tx, code)?;
            Ok(Tapped::Granted { moved: moves })
        })
    }

    /// Why nothing is issued to a person any more, if that is so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn closed(&self, person: &PersonId) -> Result<Option<String>, StoreError> {
        self.read(|tx| closed(tx, person))
    }

    /// When the ID that a batch is of ends: with what renews it. Seconds since 1970 UTC.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ends_at(&self, access: &Access) -> Result<Option<i64>, StoreError> {
        let Access { person, instance, issue } = access;
        self.read(|tx| {
            tx.first(
                "SELECT expires_at FROM tokens
                 WHERE person = ?1 AND instance = ?2 AND kind = 'refresh' AND substr(issue, 1, 4) = ?3
                 ORDER BY expires_at DESC LIMIT 1",
                params![person, instance, &tag_of(issue)],
                |row| row.get(0),
            )
        })
    }

    /// Copies with an index from `first` to `last` that are not valid, issued since `issued_after`: older ones have ended by
    /// their own date.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inactive(&self, first: u32, last: u32, issued_after: i64) -> Result<Vec<Inactive>, StoreError> {
        self.read(|tx| {
            let inactive = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let mut found: Vec<Inactive> = tx.all(INACTIVE, params![first, last, issued_after], inactive)?;
            found.sort_unstable();
            Ok(found)
        })
    }
}

/// The phone a person has.
pub(super) fn phone(tx: &mut Transaction<'_>, person: &PersonId) -> Result<Option<Thumbprint>, StoreError> {
    tx.first("SELECT instance FROM bindings WHERE person = ?1", params![person], |row| row.get(0))
}

/// The phone a person had last.
pub(super) fn former_phone(
    tx: &mut Transaction<'_>,
    person: &PersonId,
) -> Result<Option<Thumbprint>, StoreError> {
    tx.first("SELECT instance FROM former_phones WHERE person = ?1", params![person], |row| row.get(0))
}

/// Why nothing is issued to a person any more, if that is so.
pub(super) fn closed(tx: &mut Transaction<'_>, person: &PersonId) -> Result<Option<String>, StoreError> {
    tx.first("SELECT reason FROM closed WHERE person = ?1", params![person], |row| row.get(0))
}

fn holder(tx: &mut Transaction<'_>, instance: &Thumbprint) -> Result<Option<PersonId>, StoreError> {
    tx.first("SELECT person FROM bindings WHERE instance = ?1", params![instance], |row| row.get(0))
}

/// Puts a command into a phone's queue.
pub(super) fn queue(
    tx: &mut Transaction<'_>,
    instance: &Thumbprint,
    op: &str,
    why: &str,
    now: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO commands (instance, seq, op, why, queued_at)
         VALUES (?1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM commands WHERE instance = ?1), ?2, ?3, ?4)",
        params![instance, op, why, now],
    )?;
    Ok(())
}

/// The last command for a phone and its reason.
pub(super) fn last_command(
    tx: &mut Transaction<'_>,
    instance: &Thumbprint,
) -> Result<Option<(String, String)>, StoreError> {
    tx.first(
        "SELECT op, why FROM commands WHERE instance = ?1 ORDER BY seq DESC LIMIT 1",
        params![instance],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// What a phone is told of its card from now on.
pub(super) fn tell(
    tx: &mut Transaction<'_>,
    instance: &Thumbprint,
    (state, reason): Standing<'_>,
    now: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO standings (instance, state, reason, since) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (instance) DO UPDATE SET state = excluded.state, reason = excluded.reason, since = excluded.since",
        params![instance, state, reason, now],
    )?;
    Ok(())
}

/// A phone holds a person's ID from now on. The one before hears of it.
pub(super) fn bound(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    instance: &Thumbprint,
    now: i64,
) -> Result<(), StoreError> {
    if let Some(former) = former_phone(tx, person)?.filter(|former| former != instance) {
        // Unless it holds somebody else's by now.
        if holder(tx, &former)?.is_none() {
            tell(tx, &former, ("replaced", "other_phone"), now)?;
            queue(tx, &former, "lock", "other_phone", now)?;
        }
    }
    tx.execute("DELETE FROM former_phones WHERE person = ?1", params![person])?;
    tx.execute("DELETE FROM standings WHERE instance = ?1", params![instance])?;
    Ok(())
}

/// Two looks by an index each, as for counters. In no order.
pub(super) const INACTIVE: &str = "SELECT status_index, state = 'active' FROM copies
     WHERE state <> 'active' AND status_index BETWEEN ?1 AND ?2 AND +issued_at > ?3
     UNION ALL
     SELECT status_index, state = 'active' FROM suspensions CROSS JOIN copies
     WHERE copies.person = suspensions.person AND state = 'active'
     AND +status_index BETWEEN ?1 AND ?2 AND +issued_at > ?3";

/// What is known of a person has changed, and their copies say what is no longer true: they are vouched for no longer, and the
/// phone may fetch others, which say the new. Tells whether there is a phone.
pub(super) fn change_person(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    standing: Standing<'_>,
    reseal: Reseal<'_>,
    now: i64,
) -> Result<bool, StoreError> {
    let sealed = reseal(person_record(tx, person)?)?;
    put_person(tx, person, &sealed, now)?;
    retire_copies(tx, person, now)?;
    let Some(instance) = phone(tx, person)? else { return Ok(false) };
    tx.execute(
        "INSERT INTO outdated (person, document)
         SELECT DISTINCT person, substr(issue, 1, 4) FROM tokens
         WHERE person = ?1 AND kind = 'refresh' AND expires_at > ?2
         ON CONFLICT DO NOTHING",
        params![person, now],
    )?;
    tell(tx, &instance, standing, now)?;
    Ok(true)
}

/// Sends a command to the phone of a person, or else to the one they had last. Tells whether there is one.
pub(super) fn command(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    (op, why): (&str, &str),
    now: i64,
) -> Result<bool, StoreError> {
    let instance = match phone(tx, person)? {
        Some(instance) => Some(instance),
        None => former_phone(tx, person)?,
    };
    let Some(instance) = instance else { return Ok(false) };
    queue(tx, &instance, op, why, now)?;
    Ok(true)
}

/// Ends the phone of a person who was seen at the centre, and remembers the offer for another with what is known of them.
pub(super) fn recover(
    tx: &mut Transaction<'_>,
    ending: &Ending<'_>,
    offer: &OfferRow,
    reseal: Reseal<'_>,
    now: i64,
) -> Result<Recovered, StoreError> {
    let person = &offer.person;
    if let Some(reason) = closed(tx, person)? {
        return Ok(Recovered::Closed(reason));
    }
    if suspended_by(tx, person)?.is_some_and(|by| !ending.settles.contains(&by)) {
        return Ok(Recovered::Suspended);
    }
    let ended = end_phone(tx, person, ending, now)?;
    let sealed = reseal(person_record(tx, person)?)?;
    put_person(tx, person, &sealed, now)?;
    put_offer(tx, offer, now)?;
    Ok(Recovered::Offered { ended })
}

/// No copy of this person is vouched for any more.
fn retire_copies(tx: &mut Transaction<'_>, person: &PersonId, now: i64) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE copies SET state = 'replaced', retired_at = ?2 WHERE person = ?1 AND state = 'active'",
        params![person, now],
    )?;
    Ok(())
}

pub(super) fn end_phone(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    ending: &Ending<'_>,
    now: i64,
) -> Result<bool, StoreError> {
    let Ending { standing, command, settles, closes, card_lost_on } = *ending;
    retire_copies(tx, person, now)?;
    tx.execute("DELETE FROM tokens WHERE person = ?1", params![person])?;
    tx.execute("DELETE FROM codes WHERE person = ?1", params![person])?;
    tx.execute("DELETE FROM outdated WHERE person = ?1", params![person])?;
    forget_seen(tx, person)?;
    for by in settles {
        settle(tx, person, *by)?;
    }
    if let Some(day) = card_lost_on {
        report_lost(tx, person, day, now)?;
    }
    if let Some(reason) = closes {
        tx.execute("DELETE FROM offers WHERE person = ?1", params![person])?;
        tx.execute(
            "INSERT INTO closed (person, reason, since) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![person, reason, now],
        )?;
    }
    let Some(instance) = phone(tx, person)? else { return Ok(false) };
    tx.execute("DELETE FROM bindings WHERE person = ?1", params![person])?;
    tx.execute(
        "INSERT INTO former_phones (person, instance, since) VALUES (?1, ?2, ?3)
         ON CONFLICT (person) DO UPDATE SET instance = excluded.instance, since = excluded.since",
        params![person, &instance, now],
    )?;
    tell(tx, &instance, standing, now)?;
    if let Some((op, why)) = command {
        queue(tx, &instance, op, why, now)?;
    }
    Ok(true)
}
