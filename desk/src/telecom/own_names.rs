//! The own-name check of a line that a citizen named at the portal: its operator is asked whether the line is in their name, and what
//! it says is recorded. It proves nobody's identity; all it gives is that the line's operator can suspend the ID.

use serde::Serialize;
use wallet_core::{
    crypto::{aead, hash::sha256_of, random::make_random},
    jose::Fixed,
};

use super::SubscriberLine;
use crate::{
    issuer::{Issuer, IssuerError},
    store::{OwnNameRow, PersonId},
};

const NONCE: usize = 12;

/// What an operator is asked.
#[derive(Debug, Serialize)]
pub(crate) struct OwnNameQuestion {
    id: Fixed<16>,
    /// Digits without hyphens.
    line: String,
    /// In whose name it is said to be.
    name: String,
    /// `YYYY-MM-DD`.
    birth_date: String,
}

impl Issuer {
    /// A citizen names a line as theirs, and which operator has it. Tells whether the operator is asked: for somebody without an ID
    /// on a phone it is not.
    pub(crate) fn ask_own_name(
        &self,
        person: &PersonId,
        line: &SubscriberLine,
        operator: &str,
        now: i64,
    ) -> Result<bool, IssuerError> {
        let id = make_random::<16>()?;
        let nonce: [u8; NONCE] = make_random()?;
        let sealed = aead::seal(&self.pki.record_key, nonce, &bound_to(&id), line.digits().as_bytes());
        let sealed = [&nonce[..], &sealed.map_err(|_| IssuerError::Failed)?].concat();
        let row = OwnNameRow {
            id,
            person: *person,
            line: self.line_id(line),
            operator: operator.to_owned(),
            sealed,
            asked_at: now,
        };
        let asked = self.store.ask_own_name(&row)?;
        self.store.log(now, None, "own_name", if asked { "asked" } else { "no phone" })?;
        Ok(asked)
    }

    /// What waits for an operator.
    pub(crate) fn own_names(&self, operator: &str, now: i64) -> Result<Vec<OwnNameQuestion>, IssuerError> {
        let question = |row: OwnNameRow| {
            let (nonce, sealed) = row.sealed.split_first_chunk::<NONCE>().ok_or(IssuerError::Failed)?;
            let line = aead::open(&self.pki.record_key, *nonce, &bound_to(&row.id), sealed);
            let line = line.ok().and_then(|line| String::from_utf8(line).ok()).ok_or(IssuerError::Failed)?;
            let person = self.kept_person(&row.person)?;
            Ok(OwnNameQuestion {
                id: Fixed(row.id),
                line,
                name: person.name().to_owned(),
                birth_date: person.birth_date().to_string(),
            })
        };
        self.store.own_names(operator, now)?.into_iter().map(question).collect()
    }
}

/// What a sealed number belongs to, so that it opens nowhere else.
fn bound_to(id: &[u8; 16]) -> [u8; 32] {
    sha256_of(&[b"desk own name v1", id])
}
