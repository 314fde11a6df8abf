//! Lines that citizens named as theirs, until their operator has said whose they are.

use super::{
    ActRow, LineId, PersonId, Said, Store, StoreError, audit,
    engine::{Row, params},
    lines::put_line,
    page_sessions::put_act,
    phones::phone,
};

/// A question waits so long for its operator, seconds.
const OPEN_FOR: i64 = 14 * 86_400;
/// Most questions given at once.
const AT_ONCE: u32 = 100;

/// A line that somebody named, for its operator to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnNameRow {
    /// What the answer names.
    pub id: [u8; 16],
    /// Who named it.
    pub person: PersonId,
    /// The line.
    pub line: LineId,
    /// Whom they named as its operator.
    pub operator: String,
    /// Its number, sealed.
    pub sealed: Vec<u8>,
    /// Seconds since 1970 UTC.
    pub asked_at: i64,
}

/// How the question about a person's line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnName {
    /// The operator has not said anything, since then.
    Asked(i64),
    /// It is not theirs, the operator said then.
    Denied(i64),
}

impl Store {
    /// Remembers a line that somebody named; an earlier one of theirs gives way. Tells whether they may: who has no ID on a phone
    /// has none that a line could suspend.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ask_own_name(&self, row: &OwnNameRow) -> Result<bool, StoreError> {
        let OwnNameRow { id, person, line, operator, sealed, asked_at } = row;
        self.write(|tx| {
            if phone(tx, person)?.is_none() {
                return Ok(false);
            }
            let over = asked_at.saturating_sub(OPEN_FOR);
            tx.execute("DELETE FROM own_names WHERE person = ?1 OR asked_at <= ?2", params![person, over])?;
            tx.execute(
                "INSERT INTO own_names (id, person, line, operator, sealed, asked_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![id, person, line, operator.as_str(), sealed.as_slice(), *asked_at],
            )?;
            Ok(true)
        })
    }

    /// What waits for this operator, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn own_names(&self, operator: &str, now: i64) -> Result<Vec<OwnNameRow>, StoreError> {
        self.read(|tx| {
            tx.all(
                "SELECT id, person, line, operator, sealed, asked_at FROM own_names
                 WHERE operator = ?1 AND denied_at IS NULL AND asked_at > ?2 ORDER BY asked_at, id LIMIT ?3",
                params![operator, now.saturating_sub(OPEN_FOR), AT_ONCE],
                row,
            )
        })
    }

    /// How the question about a person's line stands, if they named one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn own_name(&self, person: &PersonId, now: i64) -> Result<Option<OwnName>, StoreError> {
        let found: Option<(i64, Option<i64>)> = self.first(
            "SELECT asked_at, denied_at FROM own_names WHERE person = ?1 AND asked_at > ?2",
            params![person, now.saturating_sub(OPEN_FOR)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(found.map(|(asked_at, denied_at)| denied_at.map_or(OwnName::Asked(asked_at), OwnName::Denied)))
    }

    /// An operator says whether a line is in the name of who named it; then it is recorded, and written down, in one transaction.
    /// Tells whether that was asked of this operator.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn answer_own_name(
        &self,
        id: &[u8; 16],
        operator: &str,
        theirs: bool,
        now: i64,
    ) -> Result<bool, StoreError> {
        self.write(|tx| {
            let asked: Option<(PersonId, LineId)> = tx.first(
                "SELECT person, line FROM own_names
                 WHERE id = ?1 AND operator = ?2 AND denied_at IS NULL AND asked_at > ?3",
                params![id, operator, now.saturating_sub(OPEN_FOR)],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let Some((person, line)) = asked else { return Ok(false) };
            if theirs {
                put_line(tx, &line, &person, operator, now)?;
                tx.execute("DELETE FROM own_names WHERE id = ?1", params![id])?;
            } else {
                tx.execute("UPDATE own_names SET denied_at = ?2 WHERE id = ?1", params![id, now])?;
            }
            let outcome = if theirs { "ok" } else { "not theirs" };
            audit(tx, now, None, "own_name", &format!("{outcome}: {operator}"))?;
            let row = ActRow {
                at: now,
                who: Said::BY_API.into(),
                office: operator.into(),
                act: "own-name".into(),
                outcome: outcome.into(),
            };
            put_act(tx, &row, Some(&line))?;
            Ok(true)
        })
    }
}

fn row(row: &Row<'_>) -> Result<OwnNameRow, StoreError> {
    Ok(OwnNameRow {
        id: row.get(0)?,
        person: row.get(1)?,
        line: row.get(2)?,
        operator: row.get(3)?,
        sealed: row.get(4)?,
        asked_at: row.get(5)?,
    })
}
