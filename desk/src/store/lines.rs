//! Whose a subscriber line is, with which operator, and what that one says of it.

use super::{
    LineId, PersonId, Reported, Said, Store, StoreError,
    engine::{Transaction, params},
    suspensions::write_down,
};

/// What became of a line: a reason to ask its former owner, and proof of nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineChange {
    /// Its subscriber has another number now.
    Number,
    /// Its subscriber has another SIM now.
    Sim,
    /// It was given back, or went to another operator.
    Ended,
    /// It was recorded for somebody else.
    Taken,
}

impl LineChange {
    const ALL: [Self; 4] = [Self::Number, Self::Sim, Self::Ended, Self::Taken];

    /// Its machine name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Sim => "sim",
            Self::Ended => "ended",
            Self::Taken => "taken",
        }
    }

    /// What an operator may report, by its machine name.
    #[must_use]
    pub fn reported(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|change| *change != Self::Taken && change.name() == name)
    }
}

impl Store {
    /// A line of an operator has changed, it says. A number that its subscriber has no more is nobody's from now on: whoever gets it
    /// next suspends nothing by it. Whatever comes of it is written down in the same transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn line_changed(
        &self,
        line: &LineId,
        (operator, who): (&str, &str),
        change: LineChange,
        now: i64,
    ) -> Result<Reported, StoreError> {
        self.write(|tx| {
            let reported = match owner(tx, line, operator)? {
                Ok(person) => {
                    if change != LineChange::Sim {
                        tx.execute("DELETE FROM lines WHERE line = ?1", params![line])?;
                    }
                    note(tx, &person, change, operator, now)?;
                    Reported::Done
                }
                Err(otherwise) => otherwise,
            };
            let said = Said { operator, who, reason: change.name() };
            write_down(tx, "changed", line, &said, reported, now)
        })
    }
}

/// Remembers whose line this is and which operator has it; an earlier line of the person, and an earlier owner of the line, give way,
/// and the centre hears of it. Tells whether anything gave way.
pub(super) fn put_line(
    tx: &mut Transaction<'_>,
    line: &LineId,
    person: &PersonId,
    operator: &str,
    now: i64,
) -> Result<bool, StoreError> {
    let former: Option<PersonId> = tx.first(
        "SELECT person FROM lines WHERE line = ?1 AND person <> ?2",
        params![line, person],
        |row| row.get(0),
    )?;
    let before = tx.execute("DELETE FROM lines WHERE line = ?1 OR person = ?2", params![line, person])?;
    if let Some(former) = former {
        note(tx, &former, LineChange::Taken, operator, now)?;
    }
    tx.execute(
        "INSERT INTO lines (line, person, operator, bound_at) VALUES (?1, ?2, ?3, ?4)",
        params![line, person, operator, now],
    )?;
    tx.execute("DELETE FROM line_events WHERE person = ?1", params![person])?;
    Ok(before > 0)
}

/// Who has this line with this operator.
pub(super) fn owner(
    tx: &mut Transaction<'_>,
    line: &LineId,
    operator: &str,
) -> Result<Result<PersonId, Reported>, StoreError> {
    let found: Option<(PersonId, bool)> = tx.first(
        "SELECT person, operator = ?2 FROM lines WHERE line = ?1",
        params![line, operator],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(match found {
        Some((person, true)) => Ok(person),
        Some((_, false)) => Err(Reported::AnotherOperator),
        None => Err(Reported::Nobody),
    })
}

/// What became of this person's line, and when, if no line was recorded since.
pub(super) fn line_event(
    tx: &mut Transaction<'_>,
    person: &PersonId,
) -> Result<Option<(LineChange, i64)>, StoreError> {
    let found: Option<(String, i64)> =
        tx.first("SELECT change, at FROM line_events WHERE person = ?1", params![person], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let Some((name, at)) = found else { return Ok(None) };
    let change = LineChange::ALL.into_iter().find(|change| change.name() == name);
    Ok(Some((change.ok_or(StoreError::Shape)?, at)))
}

fn note(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    change: LineChange,
    operator: &str,
    now: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO line_events (person, change, operator, at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (person) DO UPDATE SET change = excluded.change, operator = excluded.operator, at = excluded.at",
        params![person, change.name(), operator, now],
    )?;
    Ok(())
}
