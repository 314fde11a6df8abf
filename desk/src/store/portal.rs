//! Applications at the portal, pushed authorization requests, and who was seen when.

use super::{
    Access, CodeRow, PersonId, Store, StoreError, Thumbprint,
    engine::{Transaction, params},
    grants::{Digest, DocumentTag, put_code, tag_of},
};

/// A pushed authorization request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedRow {
    /// SHA-256 of the application's `issuer_state`.
    pub application: Digest,
    /// The phone that asks.
    pub instance: Thumbprint,
    /// SHA-256 of the PKCE verifier.
    pub challenge: Digest,
    /// Where the browser goes back to.
    pub redirect_uri: String,
    /// What it brings back.
    pub state: String,
    /// Seconds since 1970 UTC.
    pub expires_at: i64,
}

/// Who may be issued a document without a clerk: what is on record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// The last time that a clerk saw the person for it.
    pub visit: Option<Visit>,
    /// When the person's card and face were last shown to this phone, seconds since 1970 UTC.
    pub tap: Option<i64>,
}

/// A visit at the centre, for one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// Seconds since 1970 UTC.
    pub seen_at: i64,
    /// Whether the document was issued since: a visit is good for once.
    pub spent: bool,
}

impl Store {
    /// Remembers an application. Earlier ones of the person for the same document end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_application(
        &self,
        application: &Digest,
        person: &PersonId,
        document: &str,
        now: i64,
        expires_at: i64,
    ) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute(
                "DELETE FROM applications WHERE person = ?1 AND document = ?2 OR expires_at <= ?3",
                params![person, document, now],
            )?;
            tx.execute(
                "INSERT INTO applications (application, person, document, expires_at) VALUES (?1, ?2, ?3, ?4)",
                params![application, person, document, expires_at],
            )?;
            Ok(())
        })
    }

    /// Whose an application is, and for which document, while it is open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn application(
        &self,
        application: &Digest,
        now: i64,
    ) -> Result<Option<(PersonId, String)>, StoreError> {
        self.read(|tx| {
            tx.first(
                "SELECT person, document FROM applications WHERE application = ?1 AND expires_at > ?2",
                params![application, now],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
        })
    }

    /// Remembers a pushed request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_pushed(&self, request: &Digest, row: &PushedRow, now: i64) -> Result<(), StoreError> {
        let PushedRow { application, instance, challenge, redirect_uri, state, expires_at } = row;
        self.write(|tx| {
            tx.execute("DELETE FROM pushed WHERE expires_at <= ?1", params![now])?;
            tx.execute(
                "INSERT INTO pushed (request, application, instance, challenge, redirect_uri, state, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    request,
                    application,
                    instance,
                    challenge,
                    redirect_uri.as_str(),
                    state.as_str(),
                    *expires_at
                ],
            )?;
            Ok(())
        })
    }

    /// A pushed request that nobody answered yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pushed(&self, request: &Digest, now: i64) -> Result<Option<PushedRow>, StoreError> {
        self.read(|tx| {
            tx.first(
                "SELECT application, instance, challenge, redirect_uri, state, expires_at FROM pushed
                 WHERE request = ?1 AND expires_at > ?2",
                params![request, now],
                |row| {
                    Ok(PushedRow {
                        application: row.get(0)?,
                        instance: row.get(1)?,
                        challenge: row.get(2)?,
                        redirect_uri: row.get(3)?,
                        state: row.get(4)?,
                        expires_at: row.get(5)?,
                    })
                },
            )
        })
    }

    /// Answers a pushed request, once: with a code, which also ends the application, or with none. Tells whether it was still open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn answer_pushed(
        &self,
        request: &Digest,
        code: Option<&CodeRow>,
        now: i64,
    ) -> Result<bool, StoreError> {
        self.write(|tx| {
            let application: Option<Digest> = tx.first(
                "SELECT application FROM pushed WHERE request = ?1 AND expires_at > ?2",
                params![request, now],
                |row| row.get(0),
            )?;
            let Some(application) = application else { return Ok(false) };
            tx.execute("DELETE FROM pushed WHERE request = ?1", params![request])?;
            if let Some(code) = code {
                let ended =
                    tx.execute("DELETE FROM applications WHERE application = ?1", params![&application])?;
                if ended == 0 {
                    return Ok(false);
                }
                put_code(tx, code)?;
            }
            Ok(true)
        })
    }

    /// When this person was seen, by a clerk for this document, or by this phone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn seen(
        &self,
        person: &PersonId,
        document: &DocumentTag,
        instance: &Thumbprint,
    ) -> Result<Seen, StoreError> {
        self.read(|tx| {
            let visit = tx.first(
                "SELECT seen_at, spent_at IS NOT NULL FROM visits WHERE person = ?1 AND document = ?2",
                params![person, document],
                |row| Ok(Visit { seen_at: row.get(0)?, spent: row.get(1)? }),
            )?;
            let tap = tx.first(
                "SELECT seen_at FROM taps WHERE person = ?1 AND instance = ?2",
                params![person, instance],
                |row| row.get(0),
            )?;
            Ok(Seen { visit, tap })
        })
    }
}

/// A clerk has seen this person for a document.
pub(super) fn record_visit(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    document: &DocumentTag,
    now: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO visits (person, document, seen_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (person, document) DO UPDATE SET seen_at = excluded.seen_at, spent_at = NULL",
        params![person, document, now],
    )?;
    Ok(())
}

/// This person's card and face were shown to this phone, and both held.
pub(super) fn record_tap(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    instance: &Thumbprint,
    now: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO taps (person, instance, seen_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (person, instance) DO UPDATE SET seen_at = excluded.seen_at",
        params![person, instance, now],
    )?;
    Ok(())
}

/// A batch is issued: the visit for its document is used up. What is fetched by a refresh token needs none and takes none.
pub(super) fn spend_visit(tx: &mut Transaction<'_>, access: &Access, now: i64) -> Result<(), StoreError> {
    let Access { person, instance: _, issue } = access;
    tx.execute(
        "UPDATE visits SET spent_at = ?4 WHERE person = ?1 AND document = ?2 AND spent_at IS NULL
         AND EXISTS (SELECT 1 FROM tokens WHERE issue = ?3 AND kind = 'refresh')",
        params![person, &tag_of(issue), issue, now],
    )?;
    Ok(())
}

/// Nothing is issued any more on the grounds that this person was seen.
pub(super) fn forget_seen(tx: &mut Transaction<'_>, person: &PersonId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM visits WHERE person = ?1", params![person])?;
    tx.execute("DELETE FROM taps WHERE person = ?1", params![person])?;
    Ok(())
}
