//! Offers, codes, tokens, nonces: what is good once or for a while. Kept as SHA-256, so that whoever reads the file can use
//! none of them.

use super::{
    BindingState, CopyRow, PersonId, Store, StoreError, Thumbprint, binding,
    engine::{Mode, Transaction, params},
    phones::closed,
    portal::{record_visit, spend_visit},
    suspensions::is_suspended,
};

/// SHA-256 of a code, a token or a nonce.
pub(crate) type Digest = [u8; 32];
/// Which batch something belongs to. The first four bytes are the tag of its document.
pub(crate) type IssueId = [u8; 16];
/// What names a document for the store.
pub type DocumentTag = [u8; 4];

/// An offer to be remembered, and the visit it is made at.
#[derive(Debug, Clone, Copy)]
pub struct OfferRow {
    /// SHA-256 of the code.
    pub code: Digest,
    /// Whom a clerk has seen.
    pub person: PersonId,
    /// What for.
    pub document: DocumentTag,
    /// The digits that are spoken, by keyed digest.
    pub transaction_code: Option<Digest>,
    /// Wrong ones until it ends.
    pub tries: u32,
    /// Seconds since 1970 UTC.
    pub expires_at: i64,
}

/// What tokens are given for. All by their digests.
#[derive(Debug, Clone, Copy)]
pub enum Grant {
    /// An offer's code, and what was told beside it.
    Offer {
        /// The code.
        code: Digest,
        /// The digits.
        told: Option<Digest>,
    },
    /// An authorization code, from whoever knows the verifier.
    Code {
        /// The code.
        code: Digest,
        /// The verifier.
        challenge: Digest,
    },
    /// A refresh token.
    Refresh(Digest),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exchanged {
    /// The tokens are good; an offer or a code is used up.
    Good,
    /// The transaction code is wrong; so many tries are left.
    WrongTransactionCode {
        /// Tries left.
        tries_left: u32,
    },
    /// Unknown, expired, used, or out of tries.
    Gone,
    /// The phone or the person is bound otherwise; what was shown stays good.
    Bound(BindingState),
    /// The ID is suspended; what was shown stays good.
    Suspended,
    /// Nothing is issued to this person any more, for this reason.
    Closed(String),
}

/// What a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Fetches credentials.
    Access,
    /// Gets access tokens.
    Refresh,
}

/// Who may fetch what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Whose ID.
    pub person: PersonId,
    /// Onto which phone.
    pub instance: Thumbprint,
    /// Which batch.
    pub issue: IssueId,
}

/// An authorization code to be remembered.
#[derive(Debug, Clone, Copy)]
pub struct CodeRow {
    /// SHA-256 of the code.
    pub code: Digest,
    /// Whose ID.
    pub person: PersonId,
    /// The phone it was given to.
    pub instance: Thumbprint,
    /// SHA-256 of the PKCE verifier.
    pub challenge: Digest,
    /// Seconds since 1970 UTC.
    pub expires_at: i64,
}

/// What came of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Person and phone are bound, and the copies remembered.
    Kept,
    /// Person or phone are bound otherwise.
    Otherwise(BindingState),
    /// The batch would have more copies of a level than it may.
    TooMany,
    /// The ID is suspended.
    Suspended,
    /// The access token is none any more: the phone was given up meanwhile, say.
    Ended,
    /// What is known of the person is not what the batch was made of any more.
    Outdated,
}

/// Makes a person's record, sealed, out of what was.
pub(crate) type Reseal<'a> = &'a dyn Fn(Option<Vec<u8>>) -> Result<Vec<u8>, StoreError>;

/// What is known of a person, sealed.
pub(super) fn person_record(
    tx: &mut Transaction<'_>,
    person: &PersonId,
) -> Result<Option<Vec<u8>>, StoreError> {
    tx.first("SELECT record FROM people WHERE person = ?1", params![person], |row| row.get(0))
}

pub(super) fn put_person(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    sealed: &[u8],
    now: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO people (person, record, updated_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (person) DO UPDATE SET record = excluded.record, updated_at = excluded.updated_at",
        params![person, sealed, now],
    )?;
    Ok(())
}

/// Remembers an offer, and that a clerk saw the person for this document. Earlier offers to the same person end.
pub(super) fn put_offer(tx: &mut Transaction<'_>, row: &OfferRow, now: i64) -> Result<(), StoreError> {
    let OfferRow { code, person, document, transaction_code, tries, expires_at } = row;
    record_visit(tx, person, document, now)?;
    tx.execute("DELETE FROM offers WHERE person = ?1", params![person])?;
    tx.execute(
        "INSERT INTO offers (code, person, transaction_code, tries_left, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![code, person, transaction_code.as_ref(), *tries, *expires_at],
    )?;
    Ok(())
}

/// Remembers an authorization code.
pub(super) fn put_code(tx: &mut Transaction<'_>, row: &CodeRow) -> Result<(), StoreError> {
    let CodeRow { code, person, instance, challenge, expires_at } = *row;
    tx.execute(
        "INSERT INTO codes (code, person, instance, challenge, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![&code, &person, &instance, &challenge, expires_at],
    )?;
    Ok(())
}

/// What a batch's name begins with: the tag of its document.
pub(super) const fn tag_of(issue: &IssueId) -> DocumentTag {
    let [a, b, c, d, ..] = *issue;
    [a, b, c, d]
}

impl TokenKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

impl Store {
    /// Remembers what is known of a person, sealed: `reseal` is given what was, and makes what is. Two desks that add to it at once
    /// lose nothing of it.
    ///
    /// # Errors
    /// [`StoreError`], [`StoreError::Record`] when `reseal` fails.
    pub(crate) fn amend_person(
        &self,
        person: &PersonId,
        now: i64,
        reseal: Reseal<'_>,
    ) -> Result<(), StoreError> {
        self.write(|tx| {
            let sealed = reseal(person_record(tx, person)?)?;
            put_person(tx, person, &sealed, now)
        })
    }

    /// What is known of a person, sealed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn person(&self, person: &PersonId) -> Result<Option<Vec<u8>>, StoreError> {
        self.alone(Mode::Read, |tx| person_record(tx, person))
    }

    /// Whether an offer can still be redeemed, and whether it wants a transaction code.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_offer(&self, code: &Digest, now: i64) -> Result<Option<bool>, StoreError> {
        self.first(
            "SELECT transaction_code IS NOT NULL FROM offers
             WHERE code = ?1 AND expires_at > ?2 AND used_at IS NULL AND tries_left > 0",
            params![code, now],
            |row| row.get(0),
        )
    }

    /// Gives this phone tokens for a batch, kind, SHA-256 and expiry each: redeems what is shown for them and remembers them in one
    /// transaction, so that no suspension, death or giving up of the phone comes in between. A refresh token takes the place of
    /// earlier ones of the person for the same document.
    ///
    /// An authorization code shown a second time ends every token that came of it (RFC 6749, 4.1.2).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn exchange(
        &self,
        grant: &Grant,
        instance: &Thumbprint,
        issue: &IssueId,
        tokens: &[(TokenKind, Digest, i64)],
        now: i64,
    ) -> Result<Exchanged, StoreError> {
        self.write(|tx| {
            let person = match grant {
                Grant::Offer { code, told } => match offered(tx, code, told.as_ref(), now)? {
                    Ok(person) => person,
                    Err(otherwise) => return Ok(otherwise),
                },
                Grant::Code { code, challenge } => match coded(tx, code, challenge, instance, now)? {
                    Some(person) => person,
                    None => return Ok(Exchanged::Gone),
                },
                Grant::Refresh(token) => match find_token(tx, TokenKind::Refresh, token, instance, now)? {
                    Some(access) => access.person,
                    None => return Ok(Exchanged::Gone),
                },
            };
            if let Some(reason) = closed(tx, &person)? {
                return Ok(Exchanged::Closed(reason));
            }
            if is_suspended(tx, &person)? {
                return Ok(Exchanged::Suspended);
            }
            match (grant, binding(tx, &person, instance)?) {
                (Grant::Code { .. }, _) | (_, BindingState::Free | BindingState::Same) => {}
                (_, other) => return Ok(Exchanged::Bound(other)),
            }
            match grant {
                Grant::Offer { code, .. } => {
                    tx.execute("UPDATE offers SET used_at = ?2 WHERE code = ?1", params![code, now])?;
                }
                Grant::Code { code, .. } => {
                    tx.execute("UPDATE codes SET used_at = ?2 WHERE code = ?1", params![code, now])?;
                }
                Grant::Refresh(_) => {}
            }
            put_tokens(tx, &Access { person, instance: *instance, issue: *issue }, tokens)?;
            Ok(Exchanged::Good)
        })
    }

    /// Binds a card session to a phone and a PKCE challenge.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tie_session(
        &self,
        id: &[u8; 16],
        instance: &Thumbprint,
        challenge: &Digest,
    ) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute(
                "UPDATE sessions SET instance = ?2, challenge = ?3 WHERE id = ?1",
                params![id, instance, challenge],
            )?;
            Ok(())
        })
    }

    /// The PKCE challenge of a card session of this phone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn session_challenge(
        &self,
        id: &[u8; 16],
        instance: &Thumbprint,
    ) -> Result<Option<Digest>, StoreError> {
        let found: Option<Option<Digest>> = self.first(
            "SELECT challenge FROM sessions WHERE id = ?1 AND instance = ?2",
            params![id, instance],
            |row| row.get(0),
        )?;
        Ok(found.flatten())
    }

    /// Remembers an authorization code.
    ///
    /// # Errors
    /// [`StoreError`].
    #[cfg(test)]
    pub(super) fn add_code(&self, row: &CodeRow) -> Result<(), StoreError> {
        self.alone(Mode::Write, |tx| put_code(tx, row))
    }

    /// What a token of this phone is worth.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn token(
        &self,
        kind: TokenKind,
        token: &Digest,
        instance: &Thumbprint,
        now: i64,
    ) -> Result<Option<Access>, StoreError> {
        self.alone(Mode::Read, |tx| find_token(tx, kind, token, instance, now))
    }

    /// Remembers a nonce that was handed out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_nonce(&self, value: &Digest, expires_at: i64) -> Result<(), StoreError> {
        self.execute("INSERT INTO nonces (value, expires_at) VALUES (?1, ?2)", params![value, expires_at])?;
        Ok(())
    }

    /// Takes a nonce back, once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take_nonce(&self, value: &Digest, now: i64) -> Result<bool, StoreError> {
        let taken =
            self.execute("DELETE FROM nonces WHERE value = ?1 AND expires_at > ?2", params![value, now])?;
        Ok(taken == 1)
    }

    /// Whether a proof comes for the first time, or for the first since an earlier one was over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn first_time(&self, proof: &Digest, now: i64, expires_at: i64) -> Result<bool, StoreError> {
        let added = self.execute(
            "INSERT INTO proofs (digest, expires_at) VALUES (?1, ?2)
             ON CONFLICT (digest) DO UPDATE SET expires_at = excluded.expires_at WHERE proofs.expires_at <= ?3",
            params![proof, expires_at, now],
        )?;
        Ok(added == 1)
    }

    /// Binds person and phone and remembers copies of one batch beside those there are, at most `most` of a level in the
    /// batch; a visit that the document was to be issued on is used up. Nothing has changed unless they were [`Bound::Kept`].
    ///
    /// That the token is good, the ID not suspended and the person's record still the one the copies were made of, sealed, is part of
    /// the same transaction: a suspension, a phone given up or another address, at another desk, comes before it or after it, never in
    /// between.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn bind_batch(
        &self,
        access: &Access,
        copies: &[CopyRow<'_>],
        most: u32,
        made_of: &[u8],
        now: i64,
    ) -> Result<Bound, StoreError> {
        let Access { person, instance, issue } = access;
        self.write(|tx| {
            if !is_granted(tx, access)? {
                return Ok(Bound::Ended);
            }
            if is_suspended(tx, person)? {
                return Ok(Bound::Suspended);
            }
            if person_record(tx, person)?.as_deref() != Some(made_of) {
                return Ok(Bound::Outdated);
            }
            for copy in copies {
                let same = copies.iter().filter(|other| other.level == copy.level).count();
                let there = usize::try_from(in_batch(tx, issue, copy.level)?).unwrap_or(usize::MAX);
                if there.saturating_add(same) > usize::try_from(most).unwrap_or(usize::MAX) {
                    return Ok(Bound::TooMany);
                }
            }
            match binding(tx, person, instance)? {
                BindingState::Free => {
                    tx.execute(
                        "INSERT INTO bindings (person, instance, bound_at) VALUES (?1, ?2, ?3)",
                        params![person, instance, now],
                    )?;
                    super::phones::bound(tx, person, instance, now)?;
                }
                BindingState::Same => {}
                other => return Ok(Bound::Otherwise(other)),
            }
            for copy in copies {
                super::insert_copy(tx, person, Some(issue), copy, now)?;
            }
            spend_visit(tx, access, now)?;
            Ok(Bound::Kept)
        })
    }

    /// The wallet has not kept a batch, or has thrown it away: its copies are vouched for no longer. Those of others are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn discard_batch(&self, access: &Access, now: i64) -> Result<(), StoreError> {
        let Access { person, instance: _, issue } = access;
        self.execute(
            "UPDATE copies SET state = 'replaced', retired_at = ?3
             WHERE issue = ?1 AND person = ?2 AND state = 'active'",
            params![issue, person, now],
        )?;
        Ok(())
    }

    /// The wallet has kept a batch: copies of earlier ones of the same document are vouched for no longer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn retire_other_batches(&self, access: &Access, now: i64) -> Result<(), StoreError> {
        let Access { person, instance, issue } = access;
        self.write(|tx| {
            tx.execute(
                "UPDATE copies SET state = 'replaced', retired_at = ?4
                 WHERE person = ?1 AND state = 'active'
                   AND (issue IS NULL OR issue <> ?2 AND substr(issue, 1, 4) = ?3)",
                params![person, issue, &tag_of(issue), now],
            )?;
            // What the old ones said that was no longer true, these say right. Until all documents do, the lists call the others
            // invalid, and without a word of why that reads as revoked.
            tx.execute(
                "DELETE FROM outdated WHERE person = ?1 AND document = ?2",
                params![person, &tag_of(issue)],
            )?;
            tx.execute(
                "DELETE FROM standings WHERE instance = ?1 AND state = 'replaced'
                 AND NOT EXISTS (SELECT 1 FROM outdated WHERE person = ?2)",
                params![instance, person],
            )?;
            Ok(())
        })
    }
}

/// Whose offer this is, if it can be redeemed with what was told. A wrong try is counted.
fn offered(
    tx: &mut Transaction<'_>,
    code: &Digest,
    told: Option<&Digest>,
    now: i64,
) -> Result<Result<PersonId, Exchanged>, StoreError> {
    let found: Option<(PersonId, Option<Digest>, u32)> = tx.first(
        "SELECT person, transaction_code, tries_left FROM offers
         WHERE code = ?1 AND expires_at > ?2 AND used_at IS NULL AND tries_left > 0",
        params![code, now],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let Some((person, wanted, tries)) = found else { return Ok(Err(Exchanged::Gone)) };
    if wanted.as_ref() == told {
        return Ok(Ok(person));
    }
    let tries_left = tries.saturating_sub(1);
    tx.execute("UPDATE offers SET tries_left = ?2 WHERE code = ?1", params![code, tries_left])?;
    Ok(Err(Exchanged::WrongTransactionCode { tries_left }))
}

/// Whose authorization code this is, if it is this phone's and was not used.
fn coded(
    tx: &mut Transaction<'_>,
    code: &Digest,
    challenge: &Digest,
    instance: &Thumbprint,
    now: i64,
) -> Result<Option<PersonId>, StoreError> {
    let found: Option<(PersonId, bool)> = tx.first(
        "SELECT person, used_at IS NOT NULL FROM codes
         WHERE code = ?1 AND challenge = ?2 AND instance = ?3 AND expires_at > ?4",
        params![code, challenge, instance, now],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let Some((person, used)) = found else { return Ok(None) };
    if used {
        tx.execute("DELETE FROM tokens WHERE person = ?1 AND instance = ?2", params![&person, instance])?;
        return Ok(None);
    }
    Ok(Some(person))
}

fn put_tokens(
    tx: &mut Transaction<'_>,
    access: &Access,
    tokens: &[(TokenKind, Digest, i64)],
) -> Result<(), StoreError> {
    let Access { person, instance, issue } = access;
    for (kind, token, expires_at) in tokens {
        if *kind == TokenKind::Refresh {
            tx.execute(
                "DELETE FROM tokens WHERE person = ?1 AND kind = 'refresh' AND substr(issue, 1, 4) = ?2",
                params![person, &tag_of(issue)],
            )?;
        }
        tx.execute(
            "INSERT INTO tokens (token, kind, person, instance, issue, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![token, kind.name(), person, instance, issue, *expires_at],
        )?;
    }
    Ok(())
}

fn find_token(
    tx: &mut Transaction<'_>,
    kind: TokenKind,
    token: &Digest,
    instance: &Thumbprint,
    now: i64,
) -> Result<Option<Access>, StoreError> {
    tx.first(
        "SELECT person, instance, issue FROM tokens
         WHERE token = ?1 AND kind = ?2 AND instance = ?3 AND expires_at > ?4",
        params![token, kind.name(), instance, now],
        |row| Ok(Access { person: row.get(0)?, instance: row.get(1)?, issue: row.get(2)? }),
    )
}

fn is_granted(tx: &mut Transaction<'_>, access: &Access) -> Result<bool, StoreError> {
    let Access { person, instance, issue } = access;
    tx.value(
        "SELECT EXISTS (SELECT 1 FROM tokens WHERE issue = ?1 AND person = ?2 AND instance = ?3 AND kind = 'access')",
        params![issue, person, instance],
    )
}

fn in_batch(tx: &mut Transaction<'_>, issue: &IssueId, level: &str) -> Result<u32, StoreError> {
    tx.value("SELECT count(*) FROM copies WHERE issue = ?1 AND level = ?2", params![issue, level])
}
