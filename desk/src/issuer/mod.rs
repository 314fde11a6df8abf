//! The issuer: sessions, evidence, binding and credentials. No HTTP; the time is an argument of each call.

mod credentials;
mod evidence;
mod phones;
mod published;
mod record;

pub use crate::store::SuspendedBy;
pub(crate) use credentials::{Batch, MadeCopy};
pub(crate) use evidence::ShownCard;
pub use phones::{ListBits, PersonEvent};

use std::collections::HashMap;

use wallet_core::{
    card::{Nonce, Refusal, SessionId},
    counter::pack::Policy,
    crypto::{
        hash::hmac_sha256,
        random::NoRandomness,
        sign::{self, PublicKey, Signature},
    },
    jose::Fixed,
    openid::ErrorCode,
    status::{StaplesRequest, StaplesResponse, parse_message, staple_request_bytes},
    trust::Anchors,
};

use self::published::{PackBasis, Published};
use crate::{
    attestation::AttestationPolicy,
    counter_pack,
    documents::Documents,
    pki::Pki,
    store::{BindingState, PackWindow, PersonId, SessionState, Store, StoreError},
    wallet_provider::{self, WalletProvider},
};

/// Seconds a card session waits for evidence.
pub const SESSION_SECONDS: u32 = 120;
/// How far a staple request's time may be from ours, seconds.
const STAPLE_REQUEST_SKEW: i64 = 300;
/// Most copies in one staple request.
const MAX_STAPLES: usize = 256;
/// Hours a deactivated copy is listed beyond the oldest staple accepted: the hour it was retired in, and what clocks differ by.
const STAPLE_MARGIN_HOURS: i64 = 2;

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
    /// Where browsers may go back to.
    pub wallet_redirects: Vec<String>,
}

/// The issuer.
pub struct Issuer {
    pub(crate) store: Store,
    pub(crate) pki: Pki,
    pub(crate) trust: Trust,
    /// What it issues.
    pub(crate) documents: Documents,
    /// The issuer's identifier: where it answers.
    pub(crate) url: String,
    /// What was signed for everybody.
    published: Published,
    /// Woken when a command may wait for a phone.
    pub(crate) told: tokio::sync::Notify,
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
    /// An issuer with this memory, these keys and this trust, for these documents.
    #[must_use]
    pub fn new(store: Store, pki: Pki, trust: Trust, documents: Documents) -> Self {
        Self {
            store,
            pki,
            trust,
            documents,
            url: String::new(),
            published: Published::default(),
            told: tokio::sync::Notify::new(),
        }
    }

    /// What it issues.
    #[must_use]
    pub const fn documents(&self) -> &Documents {
        &self.documents
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
    pub(crate) fn wallet_provider(&self) -> WalletProvider<'_> {
        WalletProvider {
            store: &self.store,
            identity: self.pki.wallet_provider.current(),
            policy: &self.trust.attestation,
            url: format!("{}{}", self.url, wallet_provider::PATH),
        }
    }

    /// What the issuer remembers.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Gives the staples of this hour for copies of the phone that asks.
    ///
    /// # Errors
    /// [`Refusal::MalformedRequest`], [`Refusal::BadSignature`], [`Refusal::ChallengeExpired`].
    pub fn staples(
        &self,
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
        let instance = check_signed(&request.instance_key, &staple_request_bytes(body), signature)?;
        if request.made_at.saturating_sub(now).saturating_abs() > STAPLE_REQUEST_SKEW {
            return Err(IssuerError::refused(Refusal::ChallengeExpired));
        }
        if request.copies.len() > MAX_STAPLES {
            return Err(IssuerError::refused(Refusal::MalformedRequest));
        }
        let thumbprint = instance.thumbprint();
        let copies: Vec<&[u8]> = request.copies.iter().map(|cti| cti.0.as_slice()).collect();
        Ok(StaplesResponse { staples: self.staples_of(&copies, &thumbprint, now)? })
    }

    /// The pack counters decide by, with the copies nobody may accept now.
    ///
    /// # Errors
    /// [`IssuerError::Store`], [`IssuerError::Failed`].
    pub fn counter_pack(&self, now: i64) -> Result<Vec<u8>, IssuerError> {
        // One that is over is nobody's business any more.
        let outage_until = self.store.outage_until()?.filter(|until| *until > now);
        let window = PackWindow {
            issued_after: now.saturating_sub(credentials::longest_copy_seconds()),
            stopped_after: stapled_until(&counter_pack::policy(outage_until), now),
        };
        if let (Some(sequence), deactivated) = self.store.newest_pack(&window)?
            && let Some(pack) = self.published.pack(&PackBasis { sequence, deactivated, outage_until }, now)
        {
            return Ok(pack);
        }
        let (sequence, deactivated) = self.store.counter_pack(&window, now)?;
        let pack = counter_pack::make_pack(&self.pki, sequence, deactivated.clone(), outage_until, now)
            .map_err(|_| IssuerError::Failed)?;
        self.published.keep_pack(PackBasis { sequence, deactivated, outage_until }, now, pack.clone());
        Ok(pack)
    }

    /// The keyed hash under which a person is remembered.
    pub(crate) fn person_id(&self, registration_number: &str) -> PersonId {
        hmac_sha256(self.pki.person_key.expose(), &[b"desk person v1", registration_number.as_bytes()])
    }

    /// Moves a session on, once, and within its time when `now` is given.
    pub(crate) fn take_step(
        &self,
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

    pub(crate) fn audit<T>(
        &self,
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

/// A copy that has had no new staple since then is refused for that by every counter under this policy; the beginning of time when
/// staples of any age are taken. By the full hour, so that a list does not change with each second.
fn stapled_until(policy: &Policy, now: i64) -> i64 {
    if policy.outage_until.is_some() {
        return i64::MIN;
    }
    let oldest =
        i64::from(policy.max_staple_age_hours).saturating_add(STAPLE_MARGIN_HOURS).saturating_mul(3600);
    now.saturating_sub(now.rem_euclid(3600)).saturating_sub(oldest)
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
fn check_signed(key: &Fixed<65>, message: &[u8], signature: &Signature) -> Result<PublicKey, IssuerError> {
    let key = PublicKey::from_sec1(&key.0).map_err(|_| IssuerError::refused(Refusal::MalformedRequest))?;
    sign::verify(&key, message, signature).map_err(|_| IssuerError::refused(Refusal::BadSignature))?;
    Ok(key)
}
