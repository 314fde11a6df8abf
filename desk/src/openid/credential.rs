//! Nonces, credentials and notifications. OpenID4VCI 1.0, 7, 8 and 11.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wallet_core::{
    card::Refusal,
    crypto::{random::make_random, sign::PublicKey},
    jose::encode,
    openid::ErrorCode,
};

use super::{
    Proofs, digest,
    encryption::{Encryption, EncryptionMember},
};
use crate::{
    documents::{Document, Wanted},
    issuer::{Batch, Issuer, IssuerError, MadeCopy, refuse_binding},
    store::{Access, Bound, CheckState, CopyRow, DeferredRow, TokenKind, Trail},
};

/// Seconds a nonce is good.
const NONCE_SECONDS: i64 = 300;
/// Seconds a request waits for a manual check, and after which the wallet asks again.
pub(super) const DEFERRED_SECONDS: i64 = 14 * 86_400;
const INTERVAL_SECONDS: i64 = 3600;
/// How often a batch may be fetched again under one token, after a lost answer.
const REPEATS: u32 = 3;
/// How often a batch is made while what is known of the person changes.
const ATTEMPTS: u32 = 3;

/// A nonce. 7.2.
#[derive(Debug, Serialize)]
pub(crate) struct NonceAnswer {
    c_nonce: String,
}

#[derive(Deserialize)]
struct CredentialRequest {
    credential_identifier: Option<String>,
    credential_configuration_id: Option<String>,
    proofs: Option<ProofsMember>,
    credential_response_encryption: Option<EncryptionMember>,
}

#[derive(Deserialize)]
struct ProofsMember {
    attestation: Option<[String; 1]>,
}

/// The answer, and whether it is encrypted. 8.3 and 10.
#[derive(Debug)]
pub(crate) struct CredentialAnswer {
    /// Whether the credentials are in it; the wallet has to come again otherwise.
    pub(crate) ready: bool,
    /// The message, as JSON or encrypted.
    pub(crate) body: Body,
}

/// A message on its way.
#[derive(Debug)]
pub(crate) enum Body {
    /// `application/json`.
    Clear(String),
    /// `application/jwt`.
    Encrypted(String),
}

/// What is in it. 8.3 and 9.2.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Content {
    Credentials { credentials: Vec<Wrapped>, notification_id: String },
    Later { transaction_id: String, interval: i64 },
}

#[derive(Deserialize)]
struct DeferredRequest {
    transaction_id: String,
    credential_response_encryption: Option<EncryptionMember>,
}

#[derive(Debug, Serialize)]
struct Wrapped {
    credential: String,
}

#[derive(Deserialize)]
struct Notification {
    notification_id: String,
    event: String,
}

impl Issuer {
    pub(crate) fn nonce(&self, now: i64) -> Result<NonceAnswer, IssuerError> {
        let c_nonce = encode(&make_random::<32>()?);
        self.store.add_nonce(&digest(&c_nonce), now.saturating_add(NONCE_SECONDS))?;
        Ok(NonceAnswer { c_nonce })
    }

    pub(crate) fn credential(
        &self,
        body: &[u8],
        proofs: &Proofs,
        now: i64,
    ) -> Result<CredentialAnswer, IssuerError> {
        let outcome = self.answer_credential(body, proofs, now);
        self.audit(now, None, "credential", &outcome)?;
        outcome
    }

    fn answer_credential(
        &self,
        body: &[u8],
        proofs: &Proofs,
        now: i64,
    ) -> Result<CredentialAnswer, IssuerError> {
        let (access, instance) = self.check_access(proofs, now)?;
        let invalid = |check: &'static str| IssuerError::oauth(ErrorCode::InvalidCredentialRequest, check);
        let body = self.opened_body(body, proofs)?;
        let request: CredentialRequest = serde_json::from_slice(&body).map_err(|_| invalid("Body"))?;
        let encryption = Encryption::read(request.credential_response_encryption, proofs)?;
        let document = self.document_of(&access)?;
        let find = |id: &str| self.documents.wanted(id).filter(|wanted| wanted.document == document);
        let wanted = match (request.credential_identifier, request.credential_configuration_id) {
            (Some(id), None) => {
                find(&id).ok_or_else(|| IssuerError::oauth(ErrorCode::UnknownCredentialIdentifier, "Id"))?
            }
            (None, Some(id)) => find(&id)
                .ok_or_else(|| IssuerError::oauth(ErrorCode::UnknownCredentialConfiguration, "Id"))?,
            _ => return Err(invalid("Which")),
        };
        let proof = request.proofs.and_then(|proofs| proofs.attestation);
        let [attestation] = proof.ok_or_else(|| IssuerError::oauth(ErrorCode::InvalidProof, "NoProof"))?;
        let keys = self.check_keys(&attestation, &instance, now)?;
        // A key that is in two credentials, or is the wallet's own, would link what must not be linked.
        let mut seen = BTreeSet::from([*instance.as_sec1()]);
        let count = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        if !(1..=wanted.batch()).contains(&count) || !keys.iter().all(|key| seen.insert(*key.as_sec1())) {
            return Err(IssuerError::oauth(ErrorCode::InvalidProof, "Keys"));
        }
        let content = if document.is_checked_by_hand() {
            self.after_check(&access, wanted, &keys, None, now)?
        } else {
            self.issue(&access, wanted, &keys, now)?
        };
        answer(&content, encryption)
    }

    /// Gives a credential that was put off. 9.
    pub(crate) fn deferred(
        &self,
        body: &[u8],
        proofs: &Proofs,
        now: i64,
    ) -> Result<CredentialAnswer, IssuerError> {
        let outcome = self.answer_deferred(body, proofs, now);
        self.audit(now, None, "deferred", &outcome)?;
        outcome
    }

    fn answer_deferred(
        &self,
        body: &[u8],
        proofs: &Proofs,
        now: i64,
    ) -> Result<CredentialAnswer, IssuerError> {
        let (access, _) = self.check_access(proofs, now)?;
        let invalid = |check: &'static str| IssuerError::oauth(ErrorCode::InvalidCredentialRequest, check);
        let body = self.opened_body(body, proofs)?;
        let request: DeferredRequest = serde_json::from_slice(&body).map_err(|_| invalid("Body"))?;
        let encryption = Encryption::read(request.credential_response_encryption, proofs)?;
        let row = self.store.deferred(&digest(&request.transaction_id), &access.issue, now)?;
        let row = row.ok_or_else(|| IssuerError::oauth(ErrorCode::InvalidTransactionId, "Unknown"))?;
        // A document may have been withdrawn since.
        let wanted = self.documents.wanted(&row.configuration).ok_or_else(|| invalid("Configuration"))?;
        let keys = row.keys.chunks(65).map(PublicKey::from_sec1).collect::<Result<Vec<_>, _>>();
        let keys = keys.map_err(|_| IssuerError::Failed)?;
        let content = self.after_check(&access, wanted, &keys, Some(request.transaction_id), now)?;
        answer(&content, encryption)
    }

    /// Issues where a clerk said yes, and puts off where none has said anything. `transaction` is that of a request put off before.
    fn after_check(
        &self,
        access: &Access,
        wanted: Wanted<'_>,
        keys: &[PublicKey],
        transaction: Option<String>,
        now: i64,
    ) -> Result<Content, IssuerError> {
        match self.store.ask_check(&access.person, wanted.document.id(), now)? {
            CheckState::Approved => return self.issue(access, wanted, keys, now),
            CheckState::Denied => {
                return Err(IssuerError::oauth(ErrorCode::CredentialRequestDenied, "Check"));
            }
            CheckState::Asked => {}
        }
        let transaction_id = match transaction {
            Some(known) => known,
            None => {
                let transaction = encode(&make_random::<32>()?);
                let row = DeferredRow {
                    issue: access.issue,
                    configuration: wanted.id(),
                    keys: keys.iter().flat_map(|key| key.as_sec1()).copied().collect(),
                    expires_at: now.saturating_add(DEFERRED_SECONDS),
                };
                self.store.add_deferred(&digest(&transaction), &row, now)?;
                transaction
            }
        };
        Ok(Content::Later { transaction_id, interval: INTERVAL_SECONDS })
    }

    /// Decides a manual check: what a clerk does. Tells whether one was asked for.
    ///
    /// # Errors
    /// [`IssuerError::Store`].
    pub fn decide(
        &self,
        registration_number: &str,
        document: &str,
        approved: bool,
        trail: Option<&Trail>,
        now: i64,
    ) -> Result<bool, IssuerError> {
        let person = self.person_id(registration_number);
        Ok(self.store.acting(|acting| {
            let decided = acting.decide_check(&person, document, approved)?;
            let (logged, outcome) = match (decided, approved) {
                (false, _) => ("nobody", "nobody"),
                (true, true) => ("approved", "ok"),
                (true, false) => ("denied", "ok"),
            };
            acting.write_down(("check", logged), trail.map(|trail| (trail, outcome)), &person, now)?;
            Ok(decided)
        })?)
    }

    /// Makes a batch, binds it, and gives it out. Where what is known of the person changes in between, it is made anew: the copies
    /// would be good, and say what is no longer true.
    fn issue(
        &self,
        access: &Access,
        wanted: Wanted<'_>,
        keys: &[PublicKey],
        now: i64,
    ) -> Result<Content, IssuerError> {
        // As long as what renews it: the ID as such does not grow older with its copies.
        let ends_at = self.store.ends_at(access)?;
        let ends_at = ends_at.ok_or_else(|| IssuerError::oauth(ErrorCode::InvalidToken, "Ended"))?;
        for _ in 0..ATTEMPTS {
            let (person, fields, record) = self.made_of(&access.person, wanted.document.id())?;
            let mut batch = Batch { wanted, person: &person, fields: &fields, ends_at, made: Vec::new() };
            let mut credentials = Vec::new();
            for key in keys {
                credentials.push(Wrapped { credential: self.make_credential(&mut batch, key, now)? });
            }
            let rows: Vec<CopyRow<'_>> = batch.made.iter().map(MadeCopy::row).collect();
            let most = wanted.batch().saturating_mul(REPEATS);
            return match self.store.bind_batch(access, &rows, most, &record, now)? {
                Bound::Kept => {
                    // The phone that had the ID before hears that it has not any more.
                    self.tell_phones();
                    Ok(Content::Credentials { credentials, notification_id: encode(&access.issue) })
                }
                Bound::Outdated => continue,
                Bound::Otherwise(state) => Err(refuse_binding(state).err().unwrap_or(IssuerError::Failed)),
                Bound::TooMany => Err(IssuerError::oauth(ErrorCode::CredentialRequestDenied, "TooMany")),
                Bound::Suspended => Err(IssuerError::refused(Refusal::Suspended)),
                Bound::Ended => Err(IssuerError::oauth(ErrorCode::InvalidToken, "Ended")),
            };
        }
        Err(IssuerError::Failed)
    }

    pub(crate) fn notification(&self, body: &[u8], proofs: &Proofs, now: i64) -> Result<(), IssuerError> {
        let outcome = self.take_notification(body, proofs, now);
        self.audit(now, None, "notification", &outcome)?;
        outcome
    }

    fn take_notification(&self, body: &[u8], proofs: &Proofs, now: i64) -> Result<(), IssuerError> {
        let (access, _) = self.check_access(proofs, now)?;
        let invalid = |check: &'static str| IssuerError::oauth(ErrorCode::InvalidNotificationRequest, check);
        let said: Notification = serde_json::from_slice(body).map_err(|_| invalid("Body"))?;
        if said.notification_id != encode(&access.issue) {
            return Err(IssuerError::oauth(ErrorCode::InvalidNotificationId, "Id"));
        }
        match said.event.as_str() {
            "credential_accepted" => Ok(self.store.retire_other_batches(&access, now)?),
            // Nobody can show what the phone has thrown away, so nobody vouches for it.
            "credential_failure" | "credential_deleted" => Ok(self.store.discard_batch(&access, now)?),
            _ => Err(invalid("Event")),
        }
    }

    /// The document that a batch is of.
    pub(super) fn document_of(&self, access: &Access) -> Result<&Document, IssuerError> {
        let [a, b, c, d, ..] = access.issue;
        let known = self.documents.by_tag([a, b, c, d]);
        known.ok_or_else(|| IssuerError::oauth(ErrorCode::InvalidToken, "Document"))
    }

    /// What the access token of a request is worth, and the phone that shows it.
    fn check_access(&self, proofs: &Proofs, now: i64) -> Result<(Access, PublicKey), IssuerError> {
        let invalid = |check: &'static str| IssuerError::oauth(ErrorCode::InvalidToken, check);
        let token = proofs.access_token.as_deref().ok_or_else(|| invalid("Missing"))?;
        let instance = self.check_dpop(proofs, now)?;
        let access = self.store.token(TokenKind::Access, &digest(token), &instance.thumbprint(), now)?;
        Ok((access.ok_or_else(|| invalid("Unknown"))?, instance))
    }
}

fn answer(content: &Content, encryption: Option<Encryption>) -> Result<CredentialAnswer, IssuerError> {
    let ready = matches!(content, Content::Credentials { .. });
    let json = serde_json::to_string(content).map_err(|_| IssuerError::Failed)?;
    let body = match encryption {
        None => Body::Clear(json),
        Some(encryption) => Body::Encrypted(encryption.seal(&json)?),
    };
    Ok(CredentialAnswer { ready, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the specification's credential endpoint, where they are at hand.
    #[test]
    fn requests_of_the_specification_are_read_and_one_of_its_drafts_names_nothing() {
        let folder = std::env::var_os("ORACLES_DIR").map_or_else(
            || concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared").into(),
            std::path::PathBuf::from,
        );
        let example = |name: &str| {
            let text = std::fs::read(folder.join("vectors/openid4vci").join(name)).ok();
            assert!(text.is_some() || std::env::var("ORACLES").as_deref() != Ok("required"), "{name}");
            text.map(|text| serde_json::from_slice::<serde_json::Value>(&text).unwrap())
        };
        let Some(by_id) = example("credential-request-configuration-id.json") else { return };
        let by_name = example("credential-request-identifier-two-proofs.json").unwrap();
        let of_a_draft = example("credential-request-format-mso-mdoc.json").unwrap();
        for (json, identifier, configuration) in [
            (&by_id["message"]["json"], None, Some("org.iso.18013.5.1.mDL")),
            (&by_name["message"]["json"], Some("CivilEngineeringDegree-2023"), None),
            // Neither is refused: 8.2.
            (&of_a_draft["credential_request"], None, None),
        ] {
            let read: CredentialRequest = serde_json::from_value(json.clone()).unwrap();
            assert_eq!(read.credential_identifier.as_deref(), identifier);
            assert_eq!(read.credential_configuration_id.as_deref(), configuration);
            // This issuer takes the attestation of all keys at once.
            assert!(read.proofs.is_some_and(|proofs| proofs.attestation.is_none()));
        }
        let deferred = example("deferred-request.json").unwrap();
        let read: DeferredRequest = serde_json::from_value(deferred["message"]["json"].clone()).unwrap();
        assert_eq!(read.transaction_id, "8xLOxBtZp8");
        for (name, event) in [("accepted", "credential_accepted"), ("failure", "credential_failure")] {
            let notice = example(&format!("notification-{name}.json")).unwrap();
            let read: Notification = serde_json::from_value(notice["message"]["json"].clone()).unwrap();
            assert_eq!((read.notification_id.as_str(), read.event.as_str()), ("3fwe98js", event));
        }
    }
}
