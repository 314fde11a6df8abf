//! Applications at the portal, pushed authorization requests, and who was seen when.

use super::{
    CodeRow, PersonId, Store, StoreError, Thumbprint,
    engine::params,
    grants::{Digest, put_code},
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

/// Who may be issued without a clerk: what is on record, seconds since 1970 UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// When a clerk last saw the person.
    pub visit: Option<i64>,
    /// When the person's card and face were last shown to this phone.
    pub tap: Option<i64>,
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

    /// A clerk has seen this person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record_visit(&self, person: &PersonId, now: i64) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO visits (person, seen_at) VALUES (?1, ?2)
                 ON CONFLICT (person) DO UPDATE SET seen_at = excluded.seen_at",
                params![person, now],
            )?;
            Ok(())
        })
    }

    /// This person's card and face were shown to this phone, and both held.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record_tap(&self, person: &PersonId, instance: &Thumbprint, now: i64) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO taps (person, instance, seen_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (person, instance) DO UPDATE SET seen_at = excluded.seen_at",
                params![person, instance, now],
            )?;
            Ok(())
        })
    }

    /// When this person was seen, by a clerk or by this phone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn seen(&self, person: &PersonId, instance: &Thumbprint) -> Result<Seen, StoreError> {
        self.read(|tx| {
            let visit =
                tx.first("SELECT seen_at FROM visits WHERE person = ?1", params![person], |row| row.get(0))?;
            let tap = tx.first(
                "SELECT seen_at FROM taps WHERE person = ?1 AND instance = ?2",
                params![person, instance],
                |row| row.get(0),
            )?;
            Ok(Seen { visit, tap })
        })
    }
}
