//! Lost phones: whose ID is suspended, and at whose word.

use super::{
    ActRow, PersonId, Store, StoreError, audit,
    engine::{Mode, Transaction, params},
    lines::owner,
    page_sessions::put_act,
    phones,
};

/// A keyed hash of a subscriber number.
pub type LineId = [u8; 32];

/// Who ordered a suspension, by rank: what one ordered, nobody below lifts or takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SuspendedBy {
    /// A telecom operator: the phone was reported lost.
    Operator,
    /// The citizen, at the centre.
    Citizen,
    /// The issuer.
    Issuer,
}

impl SuspendedBy {
    const ALL: [Self; 3] = [Self::Operator, Self::Citizen, Self::Issuer];

    /// What is settled when the citizen was seen at the centre and the phone ends. What the issuer ordered is lifted by the issuer's
    /// word alone: [`resume`].
    pub(crate) const SETTLED_AT_THE_CENTRE: [Self; 2] = [Self::Operator, Self::Citizen];

    /// The machine name of the reason, in suspensions, commands and standings alike.
    const fn reason(self) -> &'static str {
        match self {
            Self::Operator => "phone_lost",
            Self::Citizen => "by_citizen",
            Self::Issuer => "by_issuer",
        }
    }
}

/// What came of an operator's word about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// It is done, or was before.
    Done,
    /// Nobody here has the line.
    Nobody,
    /// Somebody has it, with another operator. Nothing is done.
    AnotherOperator,
    /// The ID stays suspended: another operator ordered it.
    OrderedByAnotherOperator,
    /// The ID stays suspended: the centre or the issuer ordered it.
    OrderedByCentre,
}

/// What an operator says of a line of its own.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Which operator.
    pub operator: &'a str,
    /// Name of the account it speaks by.
    pub who: &'a str,
    /// Machine name of the reason, or of what has changed.
    pub reason: &'a str,
}

impl Said<'_> {
    /// Whom the trail names for what came over the API: no account has a name in capitals.
    pub const BY_API: &'static str = "API";
}

/// Which deactivated copies a counter could still accept by all else. Seconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackWindow {
    /// Copies issued until then have ended by their own date.
    pub issued_after: i64,
    /// Copies suspended or retired until then have had no staple since, and are refused for that.
    pub stopped_after: i64,
}

impl Store {
    /// Suspends the ID of whoever has this line with the operator that says so, and orders the phone to lock itself. Suspended
    /// already, it stays so. Whatever comes of it is written down in the same transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn suspend_line(&self, line: &LineId, said: &Said<'_>, now: i64) -> Result<Reported, StoreError> {
        self.write(|tx| {
            let reported = match owner(tx, line, said.operator)? {
                Ok(person) => {
                    suspend(tx, &person, SuspendedBy::Operator, Some(said.operator), now)?;
                    Reported::Done
                }
                Err(otherwise) => otherwise,
            };
            write_down(tx, "suspend", line, said, reported, now)
        })
    }

    /// Lifts the suspension that this operator ordered for whoever has this line with it, and the lock of the phone. What another
    /// operator or the centre ordered stays, and is told. Where nothing is suspended it is done. Whatever comes of it is written down in
    /// the same transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn resume_line(&self, line: &LineId, said: &Said<'_>, now: i64) -> Result<Reported, StoreError> {
        self.write(|tx| {
            let reported = match owner(tx, line, said.operator)? {
                Ok(person) if ordered_elsewhere(tx, &person, said.operator)? => {
                    Reported::OrderedByAnotherOperator
                }
                Ok(person) if resume(tx, &person, SuspendedBy::Operator, now)? => Reported::Done,
                Ok(_) => Reported::OrderedByCentre,
                Err(otherwise) => otherwise,
            };
            write_down(tx, "resume", line, said, reported, now)
        })
    }

    /// Who ordered that a person's ID is suspended, if it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn suspended_by(&self, person: &PersonId) -> Result<Option<SuspendedBy>, StoreError> {
        self.alone(Mode::Read, |tx| suspended_by(tx, person))
    }

    /// Whether a person's ID is suspended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_suspended(&self, person: &PersonId) -> Result<bool, StoreError> {
        self.alone(Mode::Read, |tx| is_suspended(tx, person))
    }

    /// Status indices of copies that a counter could accept and must not, ascending.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deactivated(&self, window: &PackWindow) -> Result<Vec<u32>, StoreError> {
        self.alone(Mode::Read, |tx| deactivated(tx, window))
    }
}

/// A copy without staples is no counter's.
pub(super) fn deactivated(tx: &mut Transaction<'_>, window: &PackWindow) -> Result<Vec<u32>, StoreError> {
    let PackWindow { issued_after, stopped_after } = *window;
    let mut found = tx.all(DEACTIVATED, params![issued_after, stopped_after], |row| row.get(0))?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Two looks by an index each: an OR of them would read every copy there is, and so would SQLite for an order, for the time of issue
/// or from the other side of the join. In no order, and some twice.
pub(super) const DEACTIVATED: &str =
    "SELECT status_index FROM copies WHERE retired_at > ?2 AND +issued_at > ?1 AND staple_hours > 0
     UNION ALL
     SELECT status_index FROM suspensions CROSS JOIN copies
     WHERE copies.person = suspensions.person AND since > ?2 AND +issued_at > ?1 AND staple_hours > 0";

pub(super) fn is_suspended(tx: &mut Transaction<'_>, person: &PersonId) -> Result<bool, StoreError> {
    tx.value("SELECT EXISTS (SELECT 1 FROM suspensions WHERE person = ?1)", params![person])
}

/// Who ordered that a person's ID is suspended, if it is.
pub(super) fn suspended_by(
    tx: &mut Transaction<'_>,
    person: &PersonId,
) -> Result<Option<SuspendedBy>, StoreError> {
    let reason: Option<String> =
        tx.first("SELECT reason FROM suspensions WHERE person = ?1", params![person], |row| row.get(0))?;
    let Some(reason) = reason else { return Ok(None) };
    SuspendedBy::ALL.into_iter().find(|by| by.reason() == reason).map(Some).ok_or(StoreError::Shape)
}

/// Ends a suspension that this one ordered.
pub(super) fn settle(tx: &mut Transaction<'_>, person: &PersonId, by: SuspendedBy) -> Result<(), StoreError> {
    let reason = by.reason();
    tx.execute("DELETE FROM suspensions WHERE person = ?1 AND reason = ?2", params![person, reason])?;
    Ok(())
}

/// Whether another operator than this one ordered the suspension.
fn ordered_elsewhere(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    operator: &str,
) -> Result<bool, StoreError> {
    tx.value(
        "SELECT EXISTS (SELECT 1 FROM suspensions WHERE person = ?1 AND operator <> ?2)",
        params![person, operator],
    )
}

/// A higher rank takes an order over, and a lower one leaves it: else a visit at the centre would make the issuer's order one that
/// the centre settles.
pub(super) fn suspend(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    by: SuspendedBy,
    operator: Option<&str>,
    now: i64,
) -> Result<(), StoreError> {
    let reason = by.reason();
    match suspended_by(tx, person)? {
        None => {
            tx.execute(
                "INSERT INTO suspensions (person, since, reason, operator) VALUES (?1, ?2, ?3, ?4)",
                params![person, now, reason, operator],
            )?;
        }
        Some(found) if found >= by => return Ok(()),
        Some(_) => {
            tx.execute(
                "UPDATE suspensions SET reason = ?2, operator = NULL WHERE person = ?1",
                params![person, reason],
            )?;
        }
    }
    if let Some(instance) = phones::phone(tx, person)? {
        phones::tell(tx, &instance, ("suspended", reason), now)?;
        phones::queue(tx, &instance, "lock", reason, now)?;
    }
    Ok(())
}

pub(super) fn resume(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    by: SuspendedBy,
    now: i64,
) -> Result<bool, StoreError> {
    if suspended_by(tx, person)?.is_some_and(|found| found > by) {
        return Ok(false);
    }
    tx.execute("DELETE FROM suspensions WHERE person = ?1", params![person])?;
    // A phone that was given up meanwhile is locked all the same, and may be used anew.
    let instance = match phones::phone(tx, person)? {
        Some(instance) => {
            phones::tell(tx, &instance, ("active", "resumed"), now)?;
            Some(instance)
        }
        None => phones::former_phone(tx, person)?,
    };
    let Some(instance) = instance else { return Ok(true) };
    let why = match by {
        SuspendedBy::Operator => "phone_found",
        SuspendedBy::Citizen | SuspendedBy::Issuer => "by_issuer",
    };
    let lifts = phones::last_command(tx, &instance)?.is_some_and(|(op, locked_for)| {
        op == "lock"
            && locked_for != "other_phone"
            && (by != SuspendedBy::Operator || locked_for == "phone_lost")
    });
    if lifts {
        phones::queue(tx, &instance, "resume", why, now)?;
    }
    Ok(true)
}

/// Writes down what came of an operator's word: in the audit log, and in the trail of the operator's page.
pub(super) fn write_down(
    tx: &mut Transaction<'_>,
    act: &str,
    line: &LineId,
    said: &Said<'_>,
    reported: Reported,
    now: i64,
) -> Result<Reported, StoreError> {
    let Said { operator, who, reason } = *said;
    let (logged, outcome) = match reported {
        Reported::Done => ("ok", format!("ok: {reason}")),
        Reported::Nobody => ("nobody", "nobody".to_owned()),
        Reported::AnotherOperator => ("another operator's", "not ours".to_owned()),
        Reported::OrderedByAnotherOperator => ("ordered by another operator", "stays".to_owned()),
        Reported::OrderedByCentre => ("ordered by the centre", "stays".to_owned()),
    };
    let event = if act == "changed" { "line_changed" } else { act };
    audit(tx, now, None, event, &format!("{logged}: {operator}: {reason}"))?;
    let row = ActRow { at: now, who: who.into(), office: operator.into(), act: act.into(), outcome };
    put_act(tx, &row, Some(line))?;
    Ok(reported)
}
