//! One door for every code the citizen scans.

use std::sync::Arc;

use super::{Distrust, Language, Wallet, WalletError};
use crate::{
    counter::{self, Audience, UnverifiedDeskSign},
    openid::OfferLink,
};

/// What a scanned code is.
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[derive(Debug, Clone)]
pub enum Scan {
    /// The sign of a registered desk: hand it to `show_at_counter`.
    DeskSign {
        /// The sign, verified.
        sign: Arc<DeskSign>,
    },
    /// An offer of an ID: hand it to `open_offer`.
    Offer {
        /// The text, as scanned.
        link: String,
    },
}

/// The verified sign of a desk.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct DeskSign {
    pub(super) sign: counter::DeskSign,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl DeskSign {
    /// The desk's name.
    #[must_use]
    pub fn name(&self, language: Language) -> String {
        self.localised(language).to_owned()
    }

    /// The desk's id, which a code made for it carries.
    #[must_use]
    pub fn desk_id(&self) -> String {
        self.sign.id().as_str().to_owned()
    }

    /// When the sign ends, seconds since 1970 UTC.
    #[must_use]
    pub fn expires_at(&self) -> i64 {
        self.sign.expires_at()
    }
}

impl DeskSign {
    /// The audience of a code for this desk, while the sign is good.
    pub(super) fn audience_at(&self, now: i64) -> Result<Audience, WalletError> {
        if now < self.sign.expires_at() {
            Ok(self.sign.audience())
        } else {
            Err(WalletError::NotTrusted { why: Distrust::DeskSign })
        }
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Wallet {
    /// Says what a scanned code is. Works while locked, without a network.
    ///
    /// # Errors
    /// [`WalletError::NotForThisWallet`]; [`WalletError::NotTrusted`] for a desk sign that does not verify.
    pub fn scan(&self, text: String) -> Result<Scan, WalletError> {
        let text = text.trim();
        #[cfg(feature = "planted-panic")]
        planted_panic(text);
        if OfferLink::is_offer(text) {
            return Ok(Scan::Offer { link: text.to_owned() });
        }
        if !UnverifiedDeskSign::recognises(text) {
            return Err(WalletError::NotForThisWallet);
        }
        let now = self.now()?.unix_seconds;
        let sign = self.verify_sign(text, now).ok_or(WalletError::NotTrusted { why: Distrust::DeskSign })?;
        Ok(Scan::DeskSign { sign: Arc::new(DeskSign { sign }) })
    }
}

impl Wallet {
    fn verify_sign(&self, text: &str, now: i64) -> Option<counter::DeskSign> {
        UnverifiedDeskSign::parse(text).ok()?.verify(&self.roots.desks, now).ok()
    }
}

/// What the suites of all three languages scan to see a panic arrive as an error.
#[cfg(feature = "planted-panic")]
#[expect(clippy::panic, reason = "it is there to be survived; no shipped library has it")]
fn planted_panic(text: &str) {
    if text == "PANIC" {
        panic!("planted for tests");
    }
}
