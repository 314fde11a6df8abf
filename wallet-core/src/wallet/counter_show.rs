//! Showing the ID at a counter: reserve a copy, one prompt, one signature, then frames.

use std::sync::Arc;

use super::{Language, Wallet, WalletError, code, prompts, scan::DeskSign};
use crate::{
    bytes::Secret,
    card::Disclosure,
    counter::{Audience, CounterError, ExpectSignature, Misuse, Show, ShowPlan, Staple},
    crypto::random::make_random,
    platform::{KeyStoreError, Now},
    qr::QrCode,
    vault::{Counterparty, Event, EventKind, Reservation, ReservedCopy},
};

/// A running show. Ask it for a frame on a timer.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct CounterShow {
    show: Show,
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
    /// [`WalletError::ShowEnded`] when the last frame is over.
    pub fn frame(&self, now: Now) -> Result<FrameView, WalletError> {
        let frame = self.show.frame(now.unix_seconds).map_err(|_| WalletError::ShowEnded)?;
        let qr =
            QrCode::encode(&frame.text).map_err(|_| WalletError::Unavailable { code: code::INTERNAL })?;
        Ok(FrameView {
            text: frame.text,
            qr,
            step: frame.step,
            frames: frame.frames,
            seconds_left: frame.seconds_left,
        })
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
    /// the prompt ended before anything was signed.
    ///
    /// # Errors
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
        let now = self.now()?.unix_seconds;
        let audience = match &desk {
            Some(sign) => sign.audience_at(now)?,
            None => Audience::General,
        };
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
        let waiting = match self.prepare(&copy, audience, now).await {
            Ok(waiting) => waiting,
            Err(error) => {
                self.with_vault(|vault| vault.release(copy.id))?;
                return Err(error);
            }
        };

        let signed =
            self.platform.key_store.sign(copy.holder_key.clone(), vec![waiting.request()], prompt).await;
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
        Ok(Arc::new(CounterShow { show }))
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
