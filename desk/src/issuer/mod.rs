//! The issuer: sessions, evidence, binding and credentials. No HTTP; the time is an argument of each call.

mod credentials;
mod evidence;
mod record;

pub(crate) use credentials::{MDOC_LEVEL, MadeCopy};

use std::collections::HashMap;

use wallet_core::{
    card::{Disclosure, Nonce, Person, Refusal, SessionId, SignedPart, signed_bytes},
    crypto::{
        hash::hmac_sha256,
        random::{NoRandomness, make_random},
        sign::{self, PublicKey, Signature},
    },
    enrolment::{
        BeginRequest, BeginResponse, GrantedResponse, LevelGrant, StaplesRequest, StaplesResponse, VERSION,
        parse_message,
    },
    jose::Fixed,
    openid::ErrorCode,
    trust::Anchors,
};

use crate::{
    attestation::AttestationPolicy,
    pki::Pki,
    store::{BindingState, PersonId, SessionState, Store, StoreError, Thumbprint},
    wallet_provider::{self, WalletProvider},
};

/// Seconds a session waits for evidence, and seconds a grant waits for keys.
pub const SESSION_SECONDS: u32 = 120;
/// mdocs per batch.
pub const MDOCS: u32 = 3;
/// Grants kept at a time; a wallet that comes later than this many others starts again.
const MAX_GRANTS: usize = 1000;
/// How far a staple request's time may be from ours, seconds.
const STAPLE_REQUEST_SKEW: i64 = 300;
/// Most copies in one staple request.
const MAX_STAPLES: usize = 256;

/// Whom the issuer trusts.
pub struct Trust {
    /// Country signing authorities of physical cards.
    pub csca: Anchors,
    /// Face providers by name, with their keys.
    pub face_providers: HashMap<String, PublicKey>,
    /// What is demanded of phone keys.
    pub attestation: AttestationPolicy,
    /// Roots of wallet providers.
    pub wallet_providers: Anchors,
}

/// The issuer.
pub struct Issuer {
    pub(crate) store: Store,
    pub(crate) pki: Pki,
    pub(crate) trust: Trust,
    /// The issuer's identifier: where it answers.
    pub(crate) url: String,
    /// Whose evidence was accepted. Personal data waits here, in memory, and nowhere else.
    grants: HashMap<SessionId, Grant>,
}

struct Grant {
    person: Person,
    person_id: PersonId,
    instance: PublicKey,
    key_challenge: [u8; 32],
    expires_at: i64,
}

/// Why the issuer gives no good answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// It says no, and `because` goes to the audit log.
    #[error("refused: {}", .refusal.code())]
    Refused {
        /// What the wallet is told.
        refusal: Refusal,
        /// The check that failed, as a machine name.
        because: String,
    },
    /// It says no in the words of OAuth.
    #[error("refused: {}", .code.code())]
    OAuth {
        /// What the wallet is told.
        code: ErrorCode,
        /// The check that failed, as a machine name.
        because: String,
    },
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// Randomness or a signing key failed, or the clock is out of the calendar.
    #[error("the issuer failed")]
    Failed,
}

impl IssuerError {
    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self::Refused { refusal, because: String::new() }
    }

    pub(crate) fn because(refusal: Refusal, check: impl core::fmt::Debug) -> Self {
        Self::Refused { refusal, because: format!("{check:?}") }
    }
}

impl IssuerError {
    pub(crate) fn oauth(code: ErrorCode, check: impl core::fmt::Debug) -> Self {
        Self::OAuth { code, because: format!("{check:?}") }
    }
}

impl From<NoRandomness> for IssuerError {
    fn from(_: NoRandomness) -> Self {
        Self::Failed
    }
}

impl Issuer {
    /// An issuer with this memory, these keys and this trust.
    #[must_use]
    pub fn new(store: Store, pki: Pki, trust: Trust) -> Self {
        Self { store, pki, trust, url: String::new(), grants: HashMap::new() }
    }

    /// The same issuer under the URL it answers at, without a slash at the end.
    #[must_use]
    pub fn serving_at(mut self, url: String) -> Self {
        self.url = url;
        self
    }

    /// The keys and certificates.
    #[must_use]
    pub const fn pki(&self) -> &Pki {
        &self.pki
    }

    /// The wallet provider of this desk.
    pub(crate) fn wallet_provider(&mut self) -> WalletProvider<'_> {
        WalletProvider {
            store: &mut self.store,
            identity: &self.pki.wallet_provider,
            policy: &self.trust.attestation,
            url: format!("{}{}", self.url, wallet_provider::PATH),
        }
    }

    /// What the issuer remembers.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Opens a session.
    ///
    /// # Errors
    /// [`Refusal::MalformedRequest`], [`Refusal::UnsupportedVersion`].
    pub fn begin(&mut self, body: &[u8], now: i64) -> Result<BeginResponse, IssuerError> {
        let outcome = self.open_session(body, now);
        self.audit(now, outcome.as_ref().ok().map(|(id, _)| *id), "begin", &outcome)?;
        outcome.map(|(_, response)| response)
    }

    fn open_session(&mut self, body: &[u8], now: i64) -> Result<(SessionId, BeginResponse), IssuerError> {
        let request: BeginRequest = parse(body)?;
        if request.version != VERSION {
            return Err(IssuerError::refused(Refusal::UnsupportedVersion));
        }
        let (id, nonce) = (SessionId(make_random()?), Nonce(make_random()?));
        let expires_at = now.saturating_add(i64::from(SESSION_SECONDS));
        self.store.add_session(&id, &nonce, expires_at)?;
        let response =
            BeginResponse { session: Fixed(id.0), nonce: Fixed(nonce.0), expires_in: SESSION_SECONDS };
        Ok((id, response))
    }

    /// Takes card, face and phone evidence; grants copies when all of it holds.
    ///
    /// # Errors
    /// Every [`Refusal`] about evidence. Good or bad, the session takes no other.
    pub fn evidence(
        &mut self,
        body: &[u8],
        signature: &Signature,
        now: i64,
    ) -> Result<GrantedResponse, IssuerError> {
        let mut session = None;
        let outcome = self.accept_evidence(body, signature, now, &mut session);
        self.audit(now, session, "evidence", &outcome)?;
        outcome
    }

    fn accept_evidence(
        &mut self,
        body: &[u8],
        signature: &Signature,
        now: i64,
        session: &mut Option<SessionId>,
    ) -> Result<GrantedResponse, IssuerError> {
        let request = parse(body)?;
        let (id, accepted) = self.check_evidence(&request, body, signature, now, session)?;
        self.grants.retain(|_, grant| grant.expires_at > now);
        if self.grants.len() >= MAX_GRANTS {
            return Err(IssuerError::refused(Refusal::Unavailable));
        }
        let key_challenge = make_random()?;
        self.take_step(&id, SessionState::Shown, SessionState::Granted, None)?;
        let evidence::Accepted { person, person_id, instance } = accepted;
        let expires_at = now.saturating_add(i64::from(SESSION_SECONDS));
        self.grants.insert(id, Grant { person, person_id, instance, key_challenge, expires_at });
        let grant = |level: Disclosure| LevelGrant { level: level.name().to_owned(), copies: level.batch() };
        Ok(GrantedResponse {
            levels: Disclosure::ALL.into_iter().map(grant).collect(),
            mdocs: MDOCS,
            key_challenge: Fixed(key_challenge),
        })
    }

    /// Gives the staples of this hour for copies of the phone that asks.
    ///
    /// # Errors
    /// [`Refusal::MalformedRequest`], [`Refusal::BadSignature`], [`Refusal::ChallengeExpired`].
    pub fn staples(
        &mut self,
        body: &[u8],
        signature: &Signature,
        now: i64,
    ) -> Result<StaplesResponse, IssuerError> {
        let outcome = self.current_staples(body, signature, now);
        self.audit(now, None, "staples", &outcome)?;
        outcome
    }

    fn current_staples(
        &self,
        body: &[u8],
        signature: &Signature,
        now: i64,
    ) -> Result<StaplesResponse, IssuerError> {
        let request: StaplesRequest = parse(body)?;
        let instance = check_instance_signature(&request.instance_key, SignedPart::Staples, body, signature)?;
        if request.made_at.saturating_sub(now).saturating_abs() > STAPLE_REQUEST_SKEW {
            return Err(IssuerError::refused(Refusal::ChallengeExpired));
        }
        if request.copies.len() > MAX_STAPLES {
            return Err(IssuerError::refused(Refusal::MalformedRequest));
        }
        let thumbprint = instance.thumbprint();
        let staples = request
            .copies
            .iter()
            .map(|cti| self.staple_of(&cti.0, &thumbprint, now))
            .collect::<Result<_, IssuerError>>()?;
        Ok(StaplesResponse { staples })
    }

    /// Gives up a person's phone: what a visit at the centre does. Tells whether there was one.
    ///
    /// # Errors
    /// [`IssuerError::Store`].
    pub fn release(&mut self, registration_number: &str, now: i64) -> Result<bool, IssuerError> {
        let person = self.person_id(registration_number);
        let released = self.store.release(&person)?;
        self.store.log(now, None, "release", if released { "ok" } else { "nobody" })?;
        Ok(released)
    }

    /// The keyed hash under which a person is remembered.
    pub(crate) fn person_id(&self, registration_number: &str) -> PersonId {
        hmac_sha256(self.pki.person_key.expose(), &[b"desk person v1", registration_number.as_bytes()])
    }

    /// Moves a session on, once, and within its time when `now` is given.
    pub(crate) fn take_step(
        &mut self,
        id: &SessionId,
        from: SessionState,
        to: SessionState,
        now: Option<i64>,
    ) -> Result<Nonce, IssuerError> {
        let moved = self.store.advance_session(id, from, to)?;
        let (nonce, expires_at) = match moved {
            None => return Err(IssuerError::refused(Refusal::UnknownSession)),
            Some(Err(state)) => return Err(IssuerError::because(Refusal::Replayed, state)),
            Some(Ok(found)) => found,
        };
        match now {
            Some(now) if now >= expires_at => Err(IssuerError::refused(Refusal::ChallengeExpired)),
            _ => Ok(nonce),
        }
    }

    pub(crate) fn check_binding(&self, person: &PersonId, instance: &Thumbprint) -> Result<(), IssuerError> {
        refuse_binding(self.store.binding(person, instance)?)
    }

    pub(crate) fn audit<T>(
        &mut self,
        now: i64,
        session: Option<SessionId>,
        event: &str,
        outcome: &Result<T, IssuerError>,
    ) -> Result<(), IssuerError> {
        Ok(self.store.log(now, session.as_ref(), event, &outcome_name(outcome))?)
    }
}

/// What an outcome is called in the audit log: machine names, never claims.
pub(crate) fn outcome_name<T>(outcome: &Result<T, IssuerError>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(IssuerError::Refused { refusal, because }) if because.is_empty() => refusal.code().to_owned(),
        Err(IssuerError::Refused { refusal, because }) => format!("{}: {because}", refusal.code()),
        Err(IssuerError::OAuth { code, because }) => format!("{}: {because}", code.code()),
        Err(IssuerError::Store(_)) => "store failed".to_owned(),
        Err(IssuerError::Failed) => "failed".to_owned(),
    }
}

pub(crate) fn refuse_binding(state: BindingState) -> Result<(), IssuerError> {
    match state {
        BindingState::Free | BindingState::Same => Ok(()),
        BindingState::AnotherPhone => Err(IssuerError::refused(Refusal::AnotherPhone)),
        BindingState::AnotherHolder => Err(IssuerError::refused(Refusal::AnotherHolder)),
    }
}

fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, IssuerError> {
    parse_message(body).map_err(|_| IssuerError::refused(Refusal::MalformedRequest))
}

/// The Instance key of a request, which must have signed it.
fn check_instance_signature(
    key: &Fixed<65>,
    part: SignedPart,
    body: &[u8],
    signature: &Signature,
) -> Result<PublicKey, IssuerError> {
    let key = PublicKey::from_sec1(&key.0).map_err(|_| IssuerError::refused(Refusal::MalformedRequest))?;
    sign::verify(&key, &signed_bytes(part, body), signature)
        .map_err(|_| IssuerError::refused(Refusal::BadSignature))?;
    Ok(key)
}
