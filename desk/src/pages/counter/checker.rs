//! The desk as a counter: one checker for all its pages, always with the pack of this moment.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use wallet_core::{
    counter::{CounterError, Rule},
    crypto::hash::sha256_of,
    verify::{Counter, DeskSettings, Verdict},
};

use crate::{
    config::DeskIdentity,
    desk_sign::{DeskSignView, make_sign},
    issuer::{Issuer, IssuerError},
};

/// Seconds a code that was accepted is remembered for the desks beside this one: longer than any code can be accepted.
const REMEMBERED: i64 = 600;

/// The checker, with what it showed and saw. A nonce is known to the desk that showed it alone.
#[derive(Debug)]
pub(crate) struct Checker {
    counter: Mutex<Option<Counter>>,
    started: Instant,
}

impl Default for Checker {
    fn default() -> Self {
        Self { counter: Mutex::default(), started: Instant::now() }
    }
}

impl Checker {
    /// Checks what was scanned.
    pub(crate) fn check(
        &self,
        issuer: &Issuer,
        desk: &DeskIdentity,
        text: &str,
        now: i64,
    ) -> Result<Verdict, IssuerError> {
        self.with(issuer, desk, now, |counter, monotonic| {
            let before = counter.seen();
            let verdict = counter.check(text, now, monotonic);
            let new = counter.seen().into_iter().find(|entry| !before.iter().any(|old| old.key == entry.key));
            // Another desk over the same memory may have accepted it a moment ago; then it is one that this one saw, too.
            let first = match new {
                None => true,
                Some(entry) => {
                    let digest = sha256_of(&[b"desk counter v1", &entry.key]);
                    issuer.store().first_time(&digest, now, now.saturating_add(REMEMBERED))?
                }
            };
            Ok(if first { verdict } else { counter.check(text, now, monotonic) })
        })
    }

    /// A sign with a fresh nonce, which codes shown for it may carry.
    pub(crate) fn sign(
        &self,
        issuer: &Issuer,
        desk: &DeskIdentity,
        now: i64,
    ) -> Result<DeskSignView, IssuerError> {
        let sign = make_sign(issuer.pki(), desk, true, now).map_err(|_| IssuerError::Failed)?;
        self.with(issuer, desk, now, |counter, monotonic| {
            let nonce = sign.cnonce.as_ref().map(|nonce| nonce.0.to_vec()).unwrap_or_default();
            counter.expect_nonce(nonce, monotonic).map_err(|_| IssuerError::Failed)
        })?;
        Ok(sign)
    }

    /// Runs something with the checker, brought up to this moment. One at a time: a code shown twice at once is accepted once.
    fn with<T>(
        &self,
        issuer: &Issuer,
        desk: &DeskIdentity,
        now: i64,
        work: impl FnOnce(&Counter, i64) -> Result<T, IssuerError>,
    ) -> Result<T, IssuerError> {
        let pack = issuer.counter_pack(now)?;
        let authority = issuer.pki().pack_authority.key.public().as_sec1().to_vec();
        // A panic elsewhere leaves the checker whole.
        let mut held = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = match &mut *held {
            Some(counter) => {
                bring_up(counter, pack, authority, now)?;
                counter
            }
            none => {
                let settings = DeskSettings { desk_id: Some(desk.id.to_string()), ..DeskSettings::default() };
                let counter = Counter::open(pack, authority, 0, settings, now);
                none.insert(counter.map_err(|_| IssuerError::Failed)?)
            }
        };
        let monotonic = i64::try_from(self.started.elapsed().as_secs()).unwrap_or(i64::MAX);
        work(counter, monotonic)
    }
}

/// Gives a counter the pack of this moment. One that it cannot read ends the checking, for the pack it has may know less than the
/// desk does; what was seen stays seen.
pub(crate) fn bring_up(
    counter: &Counter,
    pack: Vec<u8>,
    authority: Vec<u8>,
    now: i64,
) -> Result<(), IssuerError> {
    match counter.update_from(pack, authority, now) {
        // A pack made a moment earlier than the last one is as good; it is older by its number alone.
        Ok(()) | Err(CounterError::PeerMisbehaved(Rule::OlderPack)) => Ok(()),
        Err(_) => Err(IssuerError::Failed),
    }
}
