//! What the pages have to remember: who is signed in, how often something was tried, who did what.

use super::{
    Store, StoreError,
    engine::{Row, Transaction, params},
};

/// How exactly the last use of a session is remembered, seconds: a page read is not a row written.
const SEEN_WITHIN: i64 = 60;

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Machine name of the role.
    pub role: String,
    /// Name of the account, or of whoever the portal signed in.
    pub who: String,
    /// What the account was when the session began.
    pub stamp: [u8; 32],
}

/// Something somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActRow {
    /// Seconds since 1970 UTC.
    pub at: i64,
    /// Name of the account.
    pub who: String,
    /// Whom it works for.
    pub office: String,
    /// Machine name of the act.
    pub act: String,
    /// Machine names of how it ended.
    pub outcome: String,
}

/// How often something may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// One more each so many seconds.
    pub every: i64,
    /// This many at once.
    pub burst: i64,
}

impl Store {
    /// Begins a session until `ends_at`, and forgets those that ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin_page_session(
        &self,
        token: &[u8; 32],
        session: &SessionRow,
        ends_at: i64,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute("DELETE FROM page_sessions WHERE ends_at <= ?1", params![now])?;
            tx.execute(
                "INSERT INTO page_sessions (token, role, who, stamp, seen_at, ends_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![token, session.role.as_str(), session.who.as_str(), &session.stamp, now, ends_at],
            )?;
            Ok(())
        })
    }

    /// The session of this token, used at `now`; `None` when there is none, it ended, or it lay idle for `idle` seconds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn page_session(
        &self,
        token: &[u8; 32],
        idle: i64,
        now: i64,
    ) -> Result<Option<SessionRow>, StoreError> {
        let found = self.read(|tx| {
            tx.first(
                "SELECT role, who, stamp, seen_at FROM page_sessions
                 WHERE token = ?1 AND ends_at > ?2 AND seen_at > ?3",
                params![token, now, now.saturating_sub(idle)],
                |row| {
                    let session = SessionRow { role: row.get(0)?, who: row.get(1)?, stamp: row.get(2)? };
                    Ok((session, row.get::<i64>(3)?))
                },
            )
        })?;
        let Some((session, seen_at)) = found else { return Ok(None) };
        if now.saturating_sub(seen_at) >= SEEN_WITHIN.min(idle) {
            self.write(|tx| {
                tx.execute("UPDATE page_sessions SET seen_at = ?2 WHERE token = ?1", params![token, now])
            })?;
        }
        Ok(Some(session))
    }

    /// Ends a session. Ended already, it stays so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_page_session(&self, token: &[u8; 32]) -> Result<(), StoreError> {
        self.write(|tx| tx.execute("DELETE FROM page_sessions WHERE token = ?1", params![token]))?;
        Ok(())
    }

    /// Counts one try of something. `Some` is for how many seconds there is none left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn try_page_limit(&self, name: &[u8; 32], rate: Rate, now: i64) -> Result<Option<i64>, StoreError> {
        self.write(|tx| {
            tx.execute("DELETE FROM page_limits WHERE due_at <= ?1", params![now])?;
            let due = "SELECT due_at FROM page_limits WHERE name = ?1";
            let due = tx.first(due, params![name], |row| row.get(0))?.unwrap_or(now);
            let ahead = due.saturating_sub(now);
            let allowed = rate.every.saturating_mul(rate.burst.saturating_sub(1));
            if ahead > allowed {
                return Ok(Some(ahead.saturating_sub(allowed)));
            }
            tx.execute(
                "INSERT INTO page_limits (name, due_at) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at",
                params![name, due.saturating_add(rate.every)],
            )?;
            Ok(None)
        })
    }

    /// Forgets the tries of something that was done rightly.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clear_page_limit(&self, name: &[u8; 32]) -> Result<(), StoreError> {
        self.write(|tx| tx.execute("DELETE FROM page_limits WHERE name = ?1", params![name]))?;
        Ok(())
    }

    /// Writes down who did what, to whom or to which line.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_act(&self, act: &ActRow, subject: Option<&[u8; 32]>) -> Result<(), StoreError> {
        self.write(|tx| put_act(tx, act, subject))
    }

    /// The latest acts of an office, on one subject when that is given; newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn acts(
        &self,
        office: &str,
        subject: Option<&[u8; 32]>,
        limit: u32,
    ) -> Result<Vec<ActRow>, StoreError> {
        self.read(|tx| match subject {
            None => tx.all(
                "SELECT at, who, office, act, outcome FROM acts WHERE office = ?1 ORDER BY id DESC LIMIT ?2",
                params![office, limit],
                act,
            ),
            Some(subject) => tx.all(
                "SELECT at, who, office, act, outcome FROM acts
                 WHERE office = ?1 AND subject = ?3 ORDER BY id DESC LIMIT ?2",
                params![office, limit, subject],
                act,
            ),
        })
    }
}

pub(super) fn put_act(
    tx: &mut Transaction<'_>,
    act: &ActRow,
    subject: Option<&[u8; 32]>,
) -> Result<(), StoreError> {
    let ActRow { at, who, office, act, outcome } = act;
    tx.execute(
        "INSERT INTO acts (at, who, office, act, subject, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![*at, who.as_str(), office.as_str(), act.as_str(), subject, outcome.as_str()],
    )?;
    Ok(())
}

pub(super) fn act(row: &Row<'_>) -> Result<ActRow, StoreError> {
    Ok(ActRow {
        at: row.get(0)?,
        who: row.get(1)?,
        office: row.get(2)?,
        act: row.get(3)?,
        outcome: row.get(4)?,
    })
}
