//! Showing the ID at a counter: reserve a copy, one prompt, one signature, then frames.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use super::{Language, Unusable, Wallet, WalletError, code, prompts, scan::DeskSign};
use crate::{
    bytes::Secret,
    card::Disclosure,
    counter::{self, Audience, CounterError, ExpectSignature, Misuse, Show, ShowPlan, Staple, pack::Policy},
    crypto::random::make_random,
    platform::{KeyStoreError, Now},
    qr::QrCode,
    vault::{CopyId, Counterparty, Event, EventKind, Reservation, ReservedCopy},
};

/// A running show. Ask it for a frame on a timer.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct CounterShow {
    show: Show,
    staple_hours: u32,
    /// Set when a command locks or wipes the wallet meanwhile.
    ended: Arc<AtomicBool>,
    /// The newest step's code: apps ask each second, and drawing it takes longer than all the rest.
    drawn: Mutex<Option<(u32, QrCode)>>,
}

/// A reserved copy whose show has not come to an outcome. An app may drop the show's future at any moment: a copy that the hardware may
/// have signed for is used up then and the history says so, any other goes back.
struct Held<'a> {
    wallet: &'a Wallet,
    copy: CopyId,
    asked: bool,
    /// None once there was an outcome.
    dropped: Option<Event>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let Some(event) = self.dropped.take() else { return };
        // What fails here is mended as after a crash: the next unlock uses up what was left reserved.
        drop(self.wallet.with_vault(|vault| {
            if self.asked {
                vault.spend_and_record(self.copy, Some(&event))
            } else {
                vault.release(self.copy)
            }
        }));
    }
}

/// What to do when the issuer's last word for a copy is so old that counters refuse it by their default policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum IfStale {
    /// Say so before the prompt, with [`Unusable::StapleTooOld`]; no copy is used up.
    Refuse,
    /// The citizen knows and shows it all the same: the counter may have declared an outage.
    ShowAnyway,
}

/// One picture of a show.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct FrameView {
    /// The text in the code.
    pub text: String,
    /// The code as modules, at error correction level M.
    pub qr: QrCode,
    /// Which frame, from 0.
    pub step: u32,
    /// How many there are.
    pub frames: u32,
    /// Seconds until the next frame, or the end.
    pub seconds_left: u32,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl CounterShow {
    /// The frame for `now`.
    ///
    /// # Errors
    /// [`WalletError::ShowEnded`] when the last frame is over, or a command has locked or wiped the wallet meanwhile.
    pub fn frame(&self, now: Now) -> Result<FrameView, WalletError> {
        if self.ended.load(Ordering::Acquire) {
            return Err(WalletError::ShowEnded);
        }
        let frame = self.show.frame(now.unix_seconds).map_err(|_| WalletError::ShowEnded)?;
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let qr = match drawn.take() {
            Some((step, qr)) if step == frame.step => qr,
            _ => {
                QrCode::encode(&frame.text).map_err(|_| WalletError::Unavailable { code: code::INTERNAL })?
            }
        };
        *drawn = Some((frame.step, qr.clone()));
        drop(drawn);
        Ok(FrameView {
            text: frame.text,
            qr,
            step: frame.step,
            frames: frame.frames,
            seconds_left: frame.seconds_left,
        })
    }

    /// How old the issuer's last word for this copy was when the show began, whole hours. Counters decide how much they take: 24
    /// by default, one where much is at stake.
    ///
    /// # Errors
    /// None; it is fallible so that a failing library is never fatal to the app.
    pub fn staple_age_hours(&self) -> Result<u32, WalletError> {
        Ok(self.staple_hours)
    }

    /// When the last frame ends, seconds since 1970 UTC.
    #[must_use]
    pub fn ends_at(&self) -> i64 {
        self.show.ends_at()
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Wallet {
    /// Shows a card at a counter. One prompt, which names `desk` when its sign was scanned. A one-time copy is used up, unless
    /// the prompt ended before anything was signed; a call given up while the prompt is up uses it up too. No network: a copy whose staple has grown so old that counters refuse it by
    /// their default policy is refused before the prompt; `refresh` gets fresh ones.
    ///
    /// # Errors
    /// [`WalletError::NotUsable`] when a command locks the wallet, the card is not active, or its staple is too old;
    /// [`WalletError::NoCopiesLeft`], [`WalletError::UserCancelled`], [`WalletError::LockedOut`],
    /// [`WalletError::NoBiometrics`], [`WalletError::KeyInvalidated`], [`WalletError::Locked`],
    /// [`WalletError::CardNotFound`], [`WalletError::NotTrusted`] for a desk sign that ran out,
    /// [`WalletError::StorageFull`], [`WalletError::Unavailable`].
    pub async fn show_at_counter(
        &self,
        card_id: String,
        disclosure: Disclosure,
        desk: Option<Arc<DeskSign>>,
    ) -> Result<Arc<CounterShow>, WalletError> {
        self.show_at_counter_with(card_id, disclosure, desk, IfStale::Refuse).await
    }

    /// As [`Wallet::show_at_counter`]; `if_stale` says what to do when the staple is too old.
    ///
    /// # Errors
    /// As [`Wallet::show_at_counter`].
    pub async fn show_at_counter_with(
        &self,
        card_id: String,
        disclosure: Disclosure,
        desk: Option<Arc<DeskSign>>,
        if_stale: IfStale,
    ) -> Result<Arc<CounterShow>, WalletError> {
        let now = self.now()?.unix_seconds;
        // Before the lock is looked at, so that one that comes later ends this show.
        let ended = self.end_of_shows();
        self.refuse_locked()?;
        let audience = match &desk {
            Some(sign) => sign.audience_at(now)?,
            None => Audience::General,
        };
        self.refuse_card_not_active(&card_id, now)?;
        let name = desk.as_ref().map(|sign| sign.name(self.config.language));
        let prompt = prompts::show(self.config.language, disclosure, name.as_deref());
        let counterparty = name.map(|name| Counterparty { name, verified: true });

        // From here the copy is out of the pool, on disk: neither a crash nor a second call gets it again.
        let copy = match self.with_vault(|vault| vault.reserve_copy(&card_id, disclosure))? {
            Reservation::Copy(copy) => copy,
            Reservation::PoolEmpty => return Err(WalletError::NoCopiesLeft { disclosure }),
        };
        let event =
            |kind| Event { at: now, kind, level: Some(disclosure), counterparty: counterparty.clone() };
        let dropped = Some(event(EventKind::ShowCancelled));
        let mut held = Held { wallet: self, copy: copy.id, asked: false, dropped };
        let staple_hours = age_of(copy.staple, now);
        let prepared = match refuse_stale(staple_hours, if_stale) {
            Ok(()) => self.prepare(&copy, audience, now).await,
            Err(error) => Err(error),
        };
        let waiting = match prepared {
            Ok(waiting) => waiting,
            Err(error) => {
                held.dropped = None;
                self.with_vault(|vault| vault.release(copy.id))?;
                return Err(error);
            }
        };

        held.asked = true;
        let signed =
            self.platform.key_store.sign(copy.holder_key.clone(), vec![waiting.request()], prompt).await;
        held.dropped = None;
        let signatures = match signed {
            Ok(signatures) => signatures,
            Err(error) => {
                self.with_vault(|vault| match &error {
                    // These end before the hardware signs, so the copy is as good as new.
                    KeyStoreError::UserCancelled | KeyStoreError::LockedOut | KeyStoreError::NoBiometrics => {
                        vault.release(copy.id)?;
                        vault.record(&event(EventKind::ShowCancelled))
                    }
                    KeyStoreError::KeyInvalidated
                    | KeyStoreError::KeyNotFound
                    | KeyStoreError::Unavailable
                    | KeyStoreError::Failed { .. } => vault.spend(copy.id),
                })?;
                self.anchor_version().await?;
                return Err(error.into());
            }
        };
        self.with_vault(|vault| vault.spend_and_record(copy.id, Some(&event(EventKind::ShownAtCounter))))?;
        self.anchor_version().await?;

        let misbehaved = WalletError::Unavailable { code: code::PLATFORM_MISBEHAVED };
        let [signature] = <[Vec<u8>; 1]>::try_from(signatures).map_err(|_| misbehaved.clone())?;
        let signature = signature.try_into().map_err(|_| misbehaved.clone())?;
        let show = waiting.handle(&signature).map_err(|_| misbehaved)?;
        Ok(Arc::new(CounterShow { show, staple_hours, ended, drawn: Mutex::new(None) }))
    }
}

impl Wallet {
    /// Everything before the prompt: a copy that gets no further than here is as good as new.
    async fn prepare(
        &self,
        copy: &ReservedCopy,
        audience: Audience,
        now: i64,
    ) -> Result<ExpectSignature, WalletError> {
        self.anchor_version().await?;
        let entropy = Secret::new(make_random().map_err(|_| KeyStoreError::Unavailable)?);
        begin(copy, audience, now, entropy)
    }
}

/// Whole hours since the hour of the staple; none is as old as can be.
fn age_of(staple: Option<crate::vault::Staple>, now: i64) -> u32 {
    let hour = counter::hour_of(now).unwrap_or(u32::MAX);
    staple.map_or(u32::MAX, |staple| hour.saturating_sub(staple.hour))
}

/// What a counter's default policy would say.
fn refuse_stale(hours: u32, if_stale: IfStale) -> Result<(), WalletError> {
    match if_stale {
        IfStale::Refuse if hours > Policy::default().max_staple_age_hours && hours < u32::MAX => {
            Err(WalletError::NotUsable { why: Unusable::StapleTooOld { hours } })
        }
        IfStale::Refuse | IfStale::ShowAnyway => Ok(()),
    }
}

fn begin(
    copy: &ReservedCopy,
    audience: Audience,
    now: i64,
    entropy: Secret<24>,
) -> Result<ExpectSignature, WalletError> {
    // A counter would refuse a code without the issuer's proof of freshness.
    let staple = copy.staple.ok_or(WalletError::NoCopiesLeft { disclosure: copy.disclosure })?;
    let staple = Staple { hour: staple.hour, preimage: staple.preimage };
    Show::begin(ShowPlan { copy: &copy.sd_cwt, staple, audience, now, entropy }).map_err(
        |error| match error {
            // Past its last day, or the phone's clock is before its first.
            CounterError::Misuse(Misuse::CopyNotValidNow) => {
                WalletError::NoCopiesLeft { disclosure: copy.disclosure }
            }
            error => error.into(),
        },
    )
}

impl DeskSign {
    /// The name for prompts and history.
    #[must_use]
    pub(super) fn localised(&self, language: Language) -> &str {
        match language {
            Language::Korean => self.sign.name_ko(),
            Language::English => self.sign.name_en(),
        }
    }
}
