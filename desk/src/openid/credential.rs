//! Nonces, credentials and notifications. OpenID4VCI 1.0, 7, 8 and 11.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wallet_core::{
    card::{Disclosure, Refusal},
    counter::Document,
    crypto::{random::make_random, sign::PublicKey},
    jose::encode,
    openid::ErrorCode,
};

use super::{Proofs, digest};
use crate::{
    issuer::{Issuer, IssuerError, MDOC_LEVEL, MDOCS, MadeCopy, refuse_binding},
    store::{Access, Bound, CopyRow, TokenKind},
};

/// Seconds a nonce is good.
const NONCE_SECONDS: i64 = 300;
/// How often a batch may be fetched again under one token, after a lost answer.
const REPEATS: u32 = 3;

/// One of the credentials that make up the resident card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The photo ID of ISO/IEC 18013-5.
    Mdoc,
    /// Copies for the counter.
    Level(Disclosure),
}

impl Wanted {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Mdoc,
        Self::Level(Disclosure::AdultOnly),
        Self::Level(Disclosure::NameAndBirth),
        Self::Level(Disclosure::Address),
        Self::Level(Disclosure::Full),
        Self::Level(Disclosure::RegistrationNumber),
    ];

    /// Its credential configuration.
    #[must_use]
    pub fn id(self) -> String {
        format!("resident_card.{}", self.level())
    }

    /// The credential configuration of this name.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wanted| wanted.id() == id)
    }

    /// Most copies in one batch.
    #[must_use]
    pub const fn batch(self) -> u32 {
        match self {
            Self::Mdoc => MDOCS,
            Self::Level(level) => level.batch(),
        }
    }

    /// `vct` of a copy for the counter.
    pub(super) const fn vct(self) -> Option<&'static str> {
        match self {
            Self::Mdoc => None,
            Self::Level(level) => Some(Document::ResidentCard.vct(level)),
        }
    }

    const fn level(self) -> &'static str {
        match self {
            Self::Mdoc => MDOC_LEVEL,
            Self::Level(level) => level.name(),
        }
    }
}

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
        let wanted = match (request.credential_identifier, request.credential_configuration_id) {
            (Some(id), None) => Wanted::from_id(&id)
                .ok_or_else(|| IssuerError::oauth(ErrorCode::UnknownCredentialIdentifier, "Id"))?,
            (None, Some(id)) => Wanted::from_id(&id)
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
        let (mut made, mut credentials) = (Vec::new(), Vec::new());
        for key in &keys {
            let (copy, bytes) = match wanted {
                Wanted::Mdoc => self.make_mdoc(&person, key, &made, now)?,
                Wanted::Level(level) => {
                    let (copy, delivered) = self.make_copy(&person, level, key, &made, now)?;
                    (copy, delivered.encode())
                }
            };
            made.push(copy);
            credentials.push(Wrapped { credential: encode(&bytes) });
        }
        let rows: Vec<CopyRow<'_>> = made.iter().map(MadeCopy::row).collect();
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

    /// What the access token of a request is worth, and the phone that shows it.
    fn check_access(&self, proofs: &Proofs, now: i64) -> Result<(Access, PublicKey), IssuerError> {
        let invalid = |check: &'static str| IssuerError::oauth(ErrorCode::InvalidToken, check);
        let token = proofs.access_token.as_deref().ok_or_else(|| invalid("Missing"))?;
        let instance = self.check_dpop(proofs, now)?;
        let access = self.store.token(TokenKind::Access, &digest(token), &instance.thumbprint(), now)?;
        Ok((access.ok_or_else(|| invalid("Unknown"))?, instance))
    }
}
