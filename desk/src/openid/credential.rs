//! Nonces, credentials and notifications. OpenID4VCI 1.0, 7, 8 and 11.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wallet_core::{
    card::Refusal,
    crypto::{random::make_random, sign::PublicKey},
    jose::encode,
    openid::ErrorCode,
};

use super::{Proofs, digest};
use crate::{
    documents::Document,
    issuer::{Batch, Issuer, IssuerError, MadeCopy, refuse_binding},
    store::{Access, Bound, CopyRow, TokenKind},
};

/// Seconds a nonce is good.
const NONCE_SECONDS: i64 = 300;
/// How often a batch may be fetched again under one token, after a lost answer.
const REPEATS: u32 = 3;

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
    credential_response_encryption: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct ProofsMember {
    attestation: Option<[String; 1]>,
}

/// The credentials. 8.3.
#[derive(Debug, Serialize)]
pub(crate) struct CredentialAnswer {
    credentials: Vec<Wrapped>,
    notification_id: String,
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
        self.store.add_nonce(&digest(&c_nonce), now, now.saturating_add(NONCE_SECONDS))?;
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
        let request: CredentialRequest = serde_json::from_slice(body).map_err(|_| invalid("Body"))?;
        if request.credential_response_encryption.is_some() {
            return Err(IssuerError::oauth(ErrorCode::InvalidEncryptionParameters, "NotOffered"));
        }
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
        let keys = self.check_keys(&attestation, now)?;
        // A key that is in two credentials, or is the wallet's own, would link what must not be linked.
        let mut seen = BTreeSet::from([*instance.as_sec1()]);
        let count = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        if !(1..=wanted.batch()).contains(&count) || !keys.iter().all(|key| seen.insert(*key.as_sec1())) {
            return Err(IssuerError::oauth(ErrorCode::InvalidProof, "Keys"));
        }
        let person = self.kept_person(&access.person)?;
        let fields = self.kept_fields(&access.person, document.id())?;
        let mut batch = Batch { wanted, person: &person, fields: &fields, made: Vec::new() };
        let mut credentials = Vec::new();
        for key in &keys {
            credentials.push(Wrapped { credential: self.make_credential(&mut batch, key, now)? });
        }
        let rows: Vec<CopyRow<'_>> = batch.made.iter().map(MadeCopy::row).collect();
        let most = wanted.batch().saturating_mul(REPEATS);
        match self.store.bind_batch(&access, &rows, most, now)? {
            Bound::Kept => Ok(CredentialAnswer { credentials, notification_id: encode(&access.issue) }),
            Bound::Otherwise(state) => Err(refuse_binding(state).err().unwrap_or(IssuerError::Failed)),
            Bound::TooMany => Err(IssuerError::oauth(ErrorCode::CredentialRequestDenied, "TooMany")),
            Bound::Suspended => Err(IssuerError::refused(Refusal::Suspended)),
            Bound::Ended => Err(IssuerError::oauth(ErrorCode::InvalidToken, "Ended")),
        }
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
            "credential_accepted" => Ok(self.store.retire_other_batches(&access)?),
            "credential_failure" | "credential_deleted" => Ok(()),
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
