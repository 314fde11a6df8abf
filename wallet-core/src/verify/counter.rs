//! The checker.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    AudienceKind, Check, CheckOutcome, CounterPack, Outcome, Reason, Relaxation, Shown, SkipReason, Verdict,
};
use crate::{
    card::Disclosure,
    counter::{
        Audience, CounterError, DeskId, FrameParts, Malformed, ReceivedFrame, Rule, Staple, UnverifiedCopy,
        UnverifiedToken, VerifiedCopy, VerifiedToken, hour_of,
    },
    crypto::sign::PublicKey,
    trust::{Anchors, Certificate, Usage, verify_chain},
};

/// Seconds by which two clocks may differ.
const SKEW: i64 = 3;
/// The same when a fresh nonce of this counter proves the moment.
const SKEW_WITH_NONCE: i64 = 120;
/// Seconds a nonce is good for, by the counter's monotonic clock.
const NONCE_LIFE: i64 = 120;
/// Seconds an accepted token is remembered at least, by the monotonic clock: longer than any token can be accepted.
const MEMORY: i64 = 600;
/// Most nonces outstanding; the oldest goes first.
const MAX_NONCES: usize = 64;

/// Who the counter is and what it asks beyond the pack's policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct DeskSettings {
    /// The desk's id, when it has one: 1 to 12 of `A–Z a–z 0–9 . _ -`.
    pub desk_id: Option<String>,
    /// Accept every level from a code for the general audience.
    pub accept_general_audience: bool,
    /// Refuse a code without a fresh nonce of this counter.
    pub require_nonce: bool,
}

/// An issuer whose certificate leads to an anchor of the pack.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Issuer {
    x5t: [u8; 8],
    key: PublicKey,
    not_before: i64,
    not_after: i64,
}

impl Issuer {
    /// The issuers of a pack whose certificates lead to its anchors. One whose does not is left out, and its copies are
    /// of an unknown issuer. A certificate's own dates are judged at each check, so its path is walked at the moment of
    /// its life that is nearest to `now`: neither a clock that was wrong when the pack came, nor a certificate of
    /// tomorrow, leaves an issuer out.
    fn all_of(pack: &CounterPack, now: i64) -> Vec<Self> {
        let parse = |der: &Vec<u8>| Certificate::parse(der).ok();
        let anchors = Anchors::new(pack.content().anchors.iter().filter_map(parse).collect());
        let trusted = |certificate: Certificate| {
            let moment = now.max(certificate.not_before()).min(certificate.not_after());
            verify_chain(&[certificate], &anchors, moment, Usage::CounterIssuer).ok().and_then(
                |certificate| {
                    Some(Self {
                        x5t: certificate.x5t(),
                        key: certificate.p256_public_key().ok()?,
                        not_before: certificate.not_before(),
                        not_after: certificate.not_after(),
                    })
                },
            )
        };
        pack.content().issuers.iter().filter_map(parse).filter_map(trusted).collect()
    }
}

/// An accepted token, for a counter that restarts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SeenEntry {
    /// SHA-256 of the token's Sig_structure.
    pub key: Vec<u8>,
    /// When it was accepted, seconds since 1970 UTC.
    pub at: i64,
    /// When it can be forgotten, seconds since 1970 UTC.
    pub until: i64,
}

/// A counter: checks scanned texts against one pack at a time. Shared between threads as it is.
#[derive(Debug)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct Counter {
    desk: Option<DeskId>,
    settings: DeskSettings,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    pack: CounterPack,
    issuers: Vec<Issuer>,
    seen: HashMap<Vec<u8>, Seen>,
    nonces: Vec<Nonce>,
}

#[derive(Debug)]
struct Seen {
    at: i64,
    until: i64,
    /// Monotonic.
    since: i64,
}

#[derive(Debug)]
struct Nonce {
    value: [u8; 8],
    /// Monotonic.
    issued: i64,
    used: bool,
}

impl Counter {
    /// A counter with a verified pack. Its issuers' certificates are verified up to the pack's anchors; `now` (seconds
    /// since 1970 UTC) says in which of their dates the anchors have to be.
    ///
    /// # Errors
    /// [`CounterError::Misuse`] for a desk id that is none.
    pub fn new(pack: CounterPack, settings: DeskSettings, now: i64) -> Result<Self, CounterError> {
        let desk = settings.desk_id.as_deref().map(DeskId::parse).transpose()?;
        let issuers = Issuer::all_of(&pack, now);
        let state = State { pack, issuers, seen: HashMap::new(), nonces: Vec::new() };
        Ok(Self { desk, settings, state: Mutex::new(state) })
    }

    /// Takes a newer pack; what was seen stays seen.
    ///
    /// # Errors
    /// [`Rule::OlderPack`]: the sequence never goes back.
    pub fn update(&self, pack: CounterPack, now: i64) -> Result<(), CounterError> {
        let mut state = self.state();
        let pack = pack.not_before(state.pack.content().sequence)?;
        state.issuers = Issuer::all_of(&pack, now);
        state.pack = pack;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the state whole: each change is one assignment or insertion.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Counter {
    /// [`Self::new`] from the bytes of a pack: verified under the `authority`'s key (SEC1 point), not older than
    /// `lowest_sequence`, the highest this counter has seen.
    ///
    /// # Errors
    /// Those of [`CounterPack::verify`]; [`Rule::OlderPack`]; [`Rule::Signature`] for a key that is none;
    /// [`CounterError::Misuse`] for a desk id that is none.
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub fn open(
        pack: Vec<u8>,
        authority: Vec<u8>,
        lowest_sequence: u64,
        settings: DeskSettings,
        now: i64,
    ) -> Result<Self, CounterError> {
        let pack = open_pack(&pack, &authority)?.not_before(lowest_sequence)?;
        Self::new(pack, settings, now)
    }

    /// [`Self::update`] from the bytes of a pack.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn update_from(&self, pack: Vec<u8>, authority: Vec<u8>, now: i64) -> Result<(), CounterError> {
        self.update(open_pack(&pack, &authority)?, now)
    }

    /// Remembers a nonce shown on the desk's sign (8 random bytes), so that codes made for it are known to be fresh.
    /// `monotonic`: seconds of a clock that is never set.
    ///
    /// # Errors
    /// [`CounterError::Malformed`] for another length.
    pub fn expect_nonce(&self, nonce: Vec<u8>, monotonic: i64) -> Result<(), CounterError> {
        let value = nonce.try_into().map_err(|_| Malformed::Members)?;
        let nonces = &mut self.state().nonces;
        if nonces.len() >= MAX_NONCES {
            nonces.remove(0);
        }
        nonces.push(Nonce { value, issued: monotonic, used: false });
        Ok(())
    }
}

impl Counter {
    /// What was accepted and is still remembered, for a counter that restarts.
    #[must_use]
    pub fn seen(&self) -> Vec<SeenEntry> {
        let entry =
            |(key, seen): (&Vec<u8>, &Seen)| SeenEntry { key: key.clone(), at: seen.at, until: seen.until };
        self.state().seen.iter().map(entry).collect()
    }

    /// Gives back what [`Self::seen`] told.
    pub fn remember(&self, entries: Vec<SeenEntry>, monotonic: i64) {
        let entries = entries
            .into_iter()
            .map(|SeenEntry { key, at, until }| (key, Seen { at, until, since: monotonic }));
        self.state().seen.extend(entries);
    }

    /// Checks a scanned text. `now`: seconds since 1970 UTC; `monotonic`: seconds of a clock that is never set. An
    /// accepted code is remembered and not accepted again.
    #[must_use]
    pub fn check(&self, text: &str, now: i64, monotonic: i64) -> Verdict {
        let mut state = self.state();
        state.seen.retain(|_, seen| now < seen.until || monotonic.saturating_sub(seen.since) < MEMORY);

        let mut run = Run { checks: Vec::with_capacity(Check::ALL.len()), audience: None };
        run.record(Check::Pack, check_pack(&state.pack, now));
        // Scanners that type what they read end the line.
        let presented = self.walk(&mut run, &state, text.trim_end_matches(['\r', '\n']), now, monotonic);

        let accepted = run.holds();
        let shown = presented.filter(|_| accepted).map(|presented| {
            let Presented { copy, token, staple } = presented;
            let until = token.expires_at().saturating_add(SKEW_WITH_NONCE);
            state.seen.insert(token.seen_key().to_vec(), Seen { at: now, until, since: monotonic });
            if let Some(nonce) = token.audience().cnonce() {
                state
                    .nonces
                    .iter_mut()
                    .filter(|known| known.value == nonce)
                    .for_each(|known| known.used = true);
            }
            shown(&copy, &staple)
        });
        let content = state.pack.content();
        Verdict {
            accepted: shown.is_some(),
            checks: run.finish(),
            shown,
            audience: run.audience,
            pack_sequence: content.sequence,
            pack_age: now.saturating_sub(content.made_at),
        }
    }
}

/// What crosses to Kotlin and Swift can fail, even where nothing here does: a panic in a call that cannot throw would
/// take the clerk's app down.
#[cfg(feature = "uniffi")]
#[uniffi::export]
impl Counter {
    /// Checks a scanned text. `now`: seconds since 1970 UTC; `monotonic`: seconds of a clock that is never set. An
    /// accepted code is remembered and not accepted again.
    #[uniffi::method(name = "check")]
    pub fn exported_check(&self, text: String, now: i64, monotonic: i64) -> Result<Verdict, CounterError> {
        Ok(self.check(&text, now, monotonic))
    }

    /// What was accepted and is still remembered, for a counter that restarts.
    #[uniffi::method(name = "seen")]
    pub fn exported_seen(&self) -> Result<Vec<SeenEntry>, CounterError> {
        Ok(self.seen())
    }

    /// Gives back what `seen` told.
    #[uniffi::method(name = "remember")]
    pub fn exported_remember(&self, entries: Vec<SeenEntry>, monotonic: i64) -> Result<(), CounterError> {
        self.remember(entries, monotonic);
        Ok(())
    }
}

/// All that a code which passes presents.
struct Presented {
    copy: VerifiedCopy,
    token: VerifiedToken,
    staple: Staple,
}

impl Counter {
    /// Makes the checks that concern the code; ends early, by `None`, where the next ones would have nothing verified
    /// to stand on.
    fn walk(&self, run: &mut Run, state: &State, text: &str, now: i64, monotonic: i64) -> Option<Presented> {
        let format = |error| match error {
            CounterError::Malformed(Malformed::Prefix) => Reason::NotACounterCode,
            error => Reason::from_error(error, Reason::Malformed),
        };
        let frame = run.gate(Check::Format, ReceivedFrame::parse(text).map_err(format))?;
        let split = split(&frame).map_err(format);
        let (parts, token, copy) = run.gate(Check::Format, split)?;
        run.record(Check::Format, Ok(()));

        let issuer = state.issuers.iter().find(|issuer| issuer.x5t == copy.x5t());
        let issuer = run.gate(Check::Issuer, issuer.ok_or(Reason::UnknownIssuer))?;
        run.record(Check::Issuer, Ok(()));
        let in_time = (issuer.not_before..=issuer.not_after).contains(&now);
        run.record(
            Check::IssuerCertificate,
            in_time.then_some(()).ok_or(Reason::IssuerCertificateOutsideItsTime),
        );

        let copy =
            run.signed(Check::IssuerSignature, Check::Copy, copy.verify(&issuer.key), Reason::CopyBroken)?;
        run.record(Check::Copy, check_copy_time(&copy, now));
        let token = token.verify(copy.holder());
        let token = run.signed(Check::HolderSignature, Check::Token, token, Reason::TokenBroken)?;
        let seen = state.seen.get(token.seen_key().as_slice());
        run.record(Check::FirstUse, seen.map_or(Ok(()), |seen| Err(Reason::SeenBefore { at: seen.at })));
        run.rule(Check::Token, token.check_rules(&copy));
        run.rule(Check::Frame, token.roll().check(parts.step, &parts.preimage));

        let (kind, outcome) = self.check_audience(state, &token, copy.disclosure());
        run.audience = Some(kind);
        run.put(Check::Audience, outcome);
        let nonce = self.check_nonce(state, &token, monotonic);
        run.put(Check::Nonce, nonce);
        run.put(Check::Window, check_window(&token, parts.step, now, nonce == Outcome::Passed));
        let (staple, outcome) = check_staple(state, &copy, &parts, now);
        run.put(Check::Staple, outcome);
        run.put(Check::Status, check_status(state, &copy));
        Some(Presented { copy, token, staple: staple? })
    }

    fn check_audience(
        &self,
        state: &State,
        token: &VerifiedToken,
        disclosure: Disclosure,
    ) -> (AudienceKind, Outcome) {
        match token.audience() {
            Audience::Desk { id, .. } if self.desk.as_ref() == Some(id) => {
                (AudienceKind::ThisDesk, Outcome::Passed)
            }
            Audience::Desk { .. } => (AudienceKind::OtherDesk, Outcome::Failed { reason: Reason::OtherDesk }),
            Audience::General => {
                let by_policy = self.settings.accept_general_audience
                    || state.pack.content().policy.accept_general_audience.contains(&disclosure);
                let outcome = match disclosure {
                    Disclosure::AdultOnly => Outcome::Passed,
                    _ if by_policy => Outcome::PassedBy { relaxation: Relaxation::AcceptGeneralAudience },
                    _ => Outcome::Failed { reason: Reason::GeneralAudience },
                };
                (AudienceKind::General, outcome)
            }
        }
    }

    fn check_nonce(&self, state: &State, token: &VerifiedToken, monotonic: i64) -> Outcome {
        let required = self.settings.require_nonce || state.pack.content().policy.require_nonce;
        let Some(shown) = token.audience().cnonce() else {
            return if required {
                Outcome::Failed { reason: Reason::NonceMissing }
            } else {
                Outcome::Skipped { because: SkipReason::NothingToCheck }
            };
        };
        let known = state.nonces.iter().find(|nonce| nonce.value == shown);
        let reason = match known {
            None => Reason::NonceUnknown,
            Some(nonce) if nonce.used => Reason::NonceUsed,
            Some(nonce) if !(0..=NONCE_LIFE).contains(&monotonic.saturating_sub(nonce.issued)) => {
                Reason::NonceTooOld
            }
            Some(_) => return Outcome::Passed,
        };
        Outcome::Failed { reason }
    }
}

fn open_pack(pack: &[u8], authority: &[u8]) -> Result<CounterPack, CounterError> {
    let authority = PublicKey::from_sec1(authority).map_err(|_| Rule::Signature)?;
    CounterPack::verify(pack, &authority)
}

fn split(
    frame: &ReceivedFrame,
) -> Result<(FrameParts<'_>, UnverifiedToken<'_>, UnverifiedCopy<'_>), CounterError> {
    let parts = frame.parts()?;
    let token = UnverifiedToken::parse(parts.token)?;
    let copy = UnverifiedCopy::parse(token.copy())?;
    Ok((parts, token, copy))
}

fn check_pack(pack: &CounterPack, now: i64) -> Result<(), Reason> {
    let content = pack.content();
    if now >= content.expires_at {
        Err(Reason::PackExpired { since: now.saturating_sub(content.expires_at) })
    } else if now.saturating_add(SKEW_WITH_NONCE) < content.made_at {
        Err(Reason::PackFromTheFuture)
    } else {
        Ok(())
    }
}

fn check_copy_time(copy: &VerifiedCopy, now: i64) -> Result<(), Reason> {
    if now >= copy.expires_at() {
        Err(Reason::CopyExpired)
    } else if now.saturating_add(SKEW_WITH_NONCE) < copy.issued_at() {
        Err(Reason::CopyNotYetValid)
    } else {
        Ok(())
    }
}

/// A frame from before its window can only come from a clock that is ahead: nobody photographs the future. One from
/// after its window is an old picture, unless a fresh nonce says that the show is new.
fn check_window(token: &VerifiedToken, step: u32, now: i64, fresh_nonce: bool) -> Outcome {
    let Some((from, until)) = token.window(step) else {
        return Outcome::Failed { reason: Reason::TokenBroken };
    };
    let ahead = from.saturating_sub(now);
    let late = now.saturating_sub(until).saturating_add(1);
    let off = ahead.max(late);
    let reason = match (off <= SKEW, fresh_nonce) {
        (true, _) => return Outcome::Passed,
        (false, true) if off <= SKEW_WITH_NONCE => {
            return Outcome::PassedBy { relaxation: Relaxation::FreshNonce };
        }
        (false, true) if late == off => Reason::ClocksDisagree { by: late.saturating_neg() },
        (false, _) if ahead == off => Reason::ClocksDisagree { by: ahead },
        (false, _) => Reason::FrameExpired { by: late - 1 },
    };
    Outcome::Failed { reason }
}

fn check_staple(
    state: &State,
    copy: &VerifiedCopy,
    parts: &FrameParts<'_>,
    now: i64,
) -> (Option<Staple>, Outcome) {
    let policy = &state.pack.content().policy;
    let failed = |reason| (None, Outcome::Failed { reason });
    let Some(shown) = parts.staple else { return failed(Reason::StapleMissing) };
    let staple = match shown.check(copy.staple_anchor()) {
        Ok(staple) => staple,
        Err(rule) => return failed(Reason::from_rule(rule, Reason::StapleWrong)),
    };
    let hours = i64::from(hour_of(now).unwrap_or(0)) - i64::from(staple.hour);
    // The issuer's clock may be a little ahead at the turn of the hour.
    if hours < 0 && hour_of(now.saturating_add(SKEW_WITH_NONCE)) < Some(staple.hour) {
        return failed(Reason::StapleFromTheFuture);
    }
    let outcome = if hours <= i64::from(policy.max_staple_age_hours) {
        Outcome::Passed
    } else if policy.outage_until.is_some_and(|until| now < until) {
        Outcome::PassedBy { relaxation: Relaxation::OutageUntil }
    } else {
        return failed(Reason::StapleTooOld { hours });
    };
    (Some(staple), outcome)
}

fn check_status(state: &State, copy: &VerifiedCopy) -> Outcome {
    match &state.pack.content().status {
        None => Outcome::Skipped { because: SkipReason::NothingToCheck },
        Some(set) if set.deactivated.binary_search(&copy.status_index()).is_ok() => {
            Outcome::Failed { reason: Reason::Deactivated }
        }
        Some(_) => Outcome::Passed,
    }
}

fn shown(copy: &VerifiedCopy, staple: &Staple) -> Shown {
    Shown {
        document: copy.document(),
        disclosure: copy.disclosure(),
        claims: copy.claims().clone(),
        portrait_digest: copy.portrait_digest().to_vec(),
        valid_until: copy.expires_at(),
        vouched_at: i64::from(staple.hour) * 3600,
    }
}

/// The outcomes so far.
struct Run {
    checks: Vec<CheckOutcome>,
    audience: Option<AudienceKind>,
}

impl Run {
    fn put(&mut self, check: Check, outcome: Outcome) {
        self.checks.push(CheckOutcome { check, outcome });
    }

    fn record(&mut self, check: Check, result: Result<(), Reason>) {
        self.put(check, result.map_or_else(|reason| Outcome::Failed { reason }, |()| Outcome::Passed));
    }

    fn rule(&mut self, check: Check, result: Result<(), Rule>) {
        self.record(check, result.map_err(|rule| Reason::from_rule(rule, Reason::TokenBroken)));
    }

    /// A step that ends the walk when it fails; passing is recorded by the caller.
    fn gate<T>(&mut self, check: Check, result: Result<T, Reason>) -> Option<T> {
        result.map_err(|reason| self.put(check, Outcome::Failed { reason })).ok()
    }

    /// A signature and the content under it: two checks in one call below. The content's is recorded only when it
    /// fails here.
    fn signed<T>(
        &mut self,
        signature: Check,
        content: Check,
        result: Result<T, CounterError>,
        broken: Reason,
    ) -> Option<T> {
        use Rule::{HolderSignature, HolderSignatureHighS, IssuerSignature, IssuerSignatureHighS};
        let at_fault = match result {
            Err(CounterError::PeerMisbehaved(
                IssuerSignature | IssuerSignatureHighS | HolderSignature | HolderSignatureHighS,
            )) => signature,
            _ => content,
        };
        if at_fault == content {
            self.record(signature, Ok(()));
        }
        self.gate(at_fault, result.map_err(|error| Reason::from_error(error, broken)))
    }

    /// Whether every check was made and none failed.
    fn holds(&self) -> bool {
        let fine = |check: &Check| {
            self.checks.iter().find(|made| made.check == *check).is_some_and(|made| match made.outcome {
                Outcome::Passed | Outcome::PassedBy { .. } => true,
                Outcome::Skipped { because } => because == SkipReason::NothingToCheck,
                Outcome::Failed { .. } => false,
            })
        };
        Check::ALL.iter().all(fine)
    }

    /// Every check in order; those never made are skipped.
    fn finish(&self) -> Vec<CheckOutcome> {
        let not_reached = Outcome::Skipped { because: SkipReason::NotReached };
        let outcome = |check| {
            self.checks.iter().find(|made| made.check == check).map_or(not_reached, |made| made.outcome)
        };
        Check::ALL.into_iter().map(|check| CheckOutcome { check, outcome: outcome(check) }).collect()
    }
}
