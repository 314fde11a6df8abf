//! An offer of the ID: scanned at a community centre, or opened from the portal.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use super::{
    CardView, Distrust, EnrolmentListener, Wallet, WalletError, code,
    issuing::{Issuing, Stop, Watch, seed},
    underway::{self, UnderWay},
};
use crate::{
    bytes::SecretBytes,
    openid::{Input, Issuance, OfferLink, Summary},
    platform::Url,
};

/// An offer of this wallet's issuer, looked up.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct CardOffer {
    wallet: Arc<Wallet>,
    summary: Summary,
    pending: Mutex<Option<(Issuance, Issuing)>>,
    cancelled: AtomicBool,
}

/// What the citizen is asked about. The issuer says it of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OfferView {
    /// The issuer's name in the wallet's language, when it has one.
    pub issuer_name: Option<String>,
    /// The issuer's URL.
    pub issuer: String,
    /// What comes, in the wallet's language.
    pub documents: Vec<String>,
    /// What has to be typed, if anything.
    pub transaction_code: Option<TransactionCodeView>,
}

/// What the citizen was told on another way and types now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct TransactionCodeView {
    /// Whether it has digits only.
    pub numeric: bool,
    /// How many characters, when told.
    pub length: Option<u32>,
    /// What the issuer says of it.
    pub description: Option<String>,
}

/// What accepting an offer, or going on with it, came to.
#[expect(clippy::large_enum_variant, reason = "it crosses to Kotlin and Swift as it is, where no box is")]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Issued {
    /// The card is in the wallet.
    Card {
        /// The card.
        card: CardView,
    },
    /// Open this in the citizen's browser; hand the URL it comes back with to `Wallet::continue_with`. The app may end in
    /// between.
    SignIn {
        /// The URL.
        url: String,
    },
    /// The issuer is not ready: call `Wallet::resume_issuance` after these seconds.
    Later {
        /// Seconds.
        seconds: u64,
    },
}

/// An issuance that was begun and not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum UnfinishedIssuance {
    /// There is none.
    None,
    /// One waits for the browser, or can be fetched: try `Wallet::resume_issuance`.
    Waiting,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Wallet {
    /// Looks an offer up that `scan` gave or the system opened the app with. Unlock first.
    ///
    /// # Errors
    /// [`WalletError::NotForThisWallet`]; [`WalletError::NotTrusted`] when it is another issuer's;
    /// [`WalletError::IssuerRefused`] with `CodeNotAccepted` when it is gone; [`WalletError::Locked`], [`WalletError::Offline`],
    /// [`WalletError::Unavailable`].
    pub async fn open_offer(self: Arc<Self>, link: String) -> Result<Arc<CardOffer>, WalletError> {
        self.check_offer_is_ours(&link)?;
        let mut issuing = self.begin_issuing(None).await?;
        let (machine, step) = Issuance::begin(self.client(&issuing)?, link.trim(), seed()?)?;
        let cancelled = AtomicBool::new(false);
        let stop = issuing.drive(&self, machine, step, &Watch::new(None, &cancelled)).await?;
        let Stop::Consent { machine, summary } = stop else {
            return Err(WalletError::Unavailable { code: code::INTERNAL });
        };
        if !self.config.is_issuer(&summary.issuer) {
            return Err(WalletError::NotTrusted { why: Distrust::ForeignIssuer });
        }
        let pending = Mutex::new(Some((machine, issuing)));
        Ok(Arc::new(CardOffer { wallet: self, summary, pending, cancelled }))
    }

    /// Whether an issuance was begun and not finished, because the browser is out, the network was lost, or the app ended.
    /// Works while locked.
    ///
    /// # Errors
    /// [`WalletError::StorageCorrupt`], [`WalletError::Unavailable`].
    pub fn unfinished_issuance(&self) -> Result<UnfinishedIssuance, WalletError> {
        let under_way = self.with_vault(UnderWay::load)?;
        let waits = under_way.saved().is_some();
        Ok(if waits { UnfinishedIssuance::Waiting } else { UnfinishedIssuance::None })
    }

    /// Goes on with an issuance when the citizen's browser has come back with `url`. Unlock first.
    ///
    /// # Errors
    /// [`WalletError::NotForThisWallet`] when none waits, or for a URL that is not the wallet's own to come back to;
    /// [`WalletError::NotTrusted`] when the browser brings another issuance's state or another server's answer;
    /// [`WalletError::IssuerRefused`] with `Denied` when the issuer, or the citizen at its page, said no; else as
    /// [`CardOffer::accept`].
    pub async fn continue_with(
        self: Arc<Self>,
        url: String,
        listener: Option<Arc<dyn EnrolmentListener>>,
    ) -> Result<Issued, WalletError> {
        // Whatever else opened the app says nothing about an issuance, and ends none.
        let ours = Url::parse(&self.config.redirect_uri).is_ok_and(|ours| ours.query_of(&url).is_some());
        if !ours {
            return Err(WalletError::NotForThisWallet);
        }
        self.go_on(Some(url), listener).await
    }

    /// Goes on with an issuance that was cut short after the issuer had granted it. Unlock first. The citizen is asked nothing
    /// again.
    ///
    /// # Errors
    /// [`WalletError::NotForThisWallet`] when there is none, or one that waits for the browser; else as
    /// [`CardOffer::accept`].
    pub async fn resume_issuance(
        self: Arc<Self>,
        listener: Option<Arc<dyn EnrolmentListener>>,
    ) -> Result<Issued, WalletError> {
        self.go_on(None, listener).await
    }

    /// Forgets an issuance that was begun and not finished, and its keys.
    ///
    /// # Errors
    /// [`WalletError::Unavailable`].
    pub async fn abandon_issuance(&self) -> Result<(), WalletError> {
        self.abandon().await
    }

    /// Has the first card issued again with fresh copies, without asking the citizen: when copies run low, or the card ends soon, or
    /// what it says has changed. Unlock first.
    ///
    /// # Errors
    /// [`WalletError::CardNotFound`] when nothing renews it; else as [`CardOffer::accept`].
    pub async fn renew_card(
        self: Arc<Self>,
        listener: Option<Arc<dyn EnrolmentListener>>,
    ) -> Result<Issued, WalletError> {
        // Why comes before how: a locked vault would hide that a command locked the wallet.
        self.refuse_locked()?;
        let cards = self.with_vault(|vault| vault.cards())?;
        let card = cards.first().ok_or(WalletError::CardNotFound)?;
        self.renew_document(card.document.clone(), listener).await
    }

    /// As [`Wallet::renew_card`], for one of several documents: by the `document` of its card.
    ///
    /// # Errors
    /// As [`Wallet::renew_card`].
    pub async fn renew_document(
        self: Arc<Self>,
        document: String,
        listener: Option<Arc<dyn EnrolmentListener>>,
    ) -> Result<Issued, WalletError> {
        let renewal = self.with_vault(|vault| underway::load_renewal(vault, &document))?;
        let renewal = renewal.ok_or(WalletError::CardNotFound)?;
        let mut issuing = self.begin_issuing(None).await?;
        let (machine, step) = Issuance::renew(self.client(&issuing)?, renewal, seed()?);
        let cancelled = AtomicBool::new(false);
        let watch = Watch::new(listener.as_deref(), &cancelled);
        let stop = issuing.drive(&self, machine, step, &watch).await?;
        self.issued(stop, issuing)
    }
}

impl Wallet {
    /// What a stop means to the app. An issuance the issuer is not ready for waits in memory; a process that dies begins
    /// again with the token that is kept.
    fn issued(&self, stop: Stop, issuing: Issuing) -> Result<Issued, WalletError> {
        match stop {
            Stop::Done(card) => Ok(Issued::Card { card }),
            Stop::Browser { url } => Ok(Issued::SignIn { url }),
            Stop::Later { machine, seconds } => {
                let mut deferred =
                    self.deferred.lock().map_err(|_| WalletError::Unavailable { code: code::INTERNAL })?;
                *deferred = Some((machine, issuing));
                Ok(Issued::Later { seconds })
            }
            Stop::Card { .. } | Stop::Examine { .. } | Stop::Consent { .. } => {
                Err(WalletError::Unavailable { code: code::INTERNAL })
            }
        }
    }

    async fn go_on(
        self: Arc<Self>,
        url: Option<String>,
        listener: Option<Arc<dyn EnrolmentListener>>,
    ) -> Result<Issued, WalletError> {
        let cancelled = AtomicBool::new(false);
        let watch = Watch::new(listener.as_deref(), &cancelled);
        let deferred = self.deferred.lock().ok().and_then(|mut deferred| deferred.take());
        let (machine, step, mut issuing) = match deferred {
            Some((machine, issuing)) if url.is_none() => {
                let (machine, step) = machine.handle(Input::Waited, self.now()?.unix_seconds)?;
                (machine, step, issuing)
            }
            _ => {
                let saved = self.with_vault(UnderWay::load)?.saved().ok_or(WalletError::NotForThisWallet)?;
                let issuing = self.begin_issuing(None).await?;
                let resumed = Issuance::resume(self.client(&issuing)?, &saved, url, seed()?);
                let (machine, step) = resumed.map_err(|_| WalletError::NotForThisWallet)?;
                (machine, step, issuing.resumed())
            }
        };
        let stop = issuing.drive(&self, machine, step, &watch).await?;
        self.issued(stop, issuing)
    }

    /// Nobody is asked on behalf of a code before it is known to be this wallet's issuer.
    fn check_offer_is_ours(&self, link: &str) -> Result<(), WalletError> {
        let ours = match OfferLink::parse(link).map_err(|_| WalletError::NotForThisWallet)? {
            OfferLink::ByValue(offer) => self.config.is_issuer(&offer.issuer),
            OfferLink::ByReference(url) => url.origin() == self.issuer()?.origin(),
        };
        if ours { Ok(()) } else { Err(WalletError::NotTrusted { why: Distrust::ForeignIssuer }) }
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl CardOffer {
    /// What to ask the citizen.
    ///
    /// # Errors
    /// None; it is fallible so that a failing library is never fatal to the app.
    pub fn view(&self) -> Result<OfferView, WalletError> {
        let language = self.wallet.config.language.code();
        let configurations = self.summary.configurations.iter();
        Ok(OfferView {
            issuer_name: self.summary.names.best(language).map(str::to_owned),
            issuer: self.summary.issuer.as_str().to_owned(),
            documents: configurations
                .map(|wanted| wanted.names.best(language).unwrap_or(&wanted.id).to_owned())
                .collect(),
            transaction_code: self.summary.transaction_code.as_ref().map(|form| TransactionCodeView {
                numeric: form.numeric,
                length: form.length,
                description: form.description.clone(),
            }),
        })
    }

    /// Stops between two steps. `accept` then fails with [`WalletError::UserCancelled`] and nothing is kept.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    /// Accepts: fetches, verifies and stores the card, all of it or nothing. `transaction_code` is what the citizen typed,
    /// wiped after use. Can be called once; a mistyped code of the wrong length does not count.
    ///
    /// # Errors
    /// [`WalletError::WrongPassword`] for a code of another form than asked for; [`WalletError::IssuerRefused`],
    /// [`WalletError::NotTrusted`], [`WalletError::AnotherHolder`], [`WalletError::Offline`],
    /// [`WalletError::UserCancelled`], [`WalletError::Locked`], [`WalletError::StorageFull`],
    /// [`WalletError::Unavailable`].
    pub async fn accept(
        &self,
        transaction_code: Option<Vec<u8>>,
        listener: Option<Arc<dyn EnrolmentListener>>,
    ) -> Result<Issued, WalletError> {
        let transaction_code = transaction_code.map(SecretBytes::new);
        let fits = match (&self.summary.transaction_code, &transaction_code) {
            (None, None) => true,
            (Some(form), Some(typed)) => form.fits(typed),
            _ => false,
        };
        if !fits {
            return Err(crate::openid::OpenIdError::Misuse(crate::openid::Misuse::TransactionCode).into());
        }
        let pending = self.pending.lock().ok().and_then(|mut pending| pending.take());
        let (machine, mut issuing) = pending.ok_or(WalletError::Unavailable { code: code::SPENT_SESSION })?;
        let now = self.wallet.now()?.unix_seconds;
        let (machine, step) = machine.handle(Input::Consent { transaction_code }, now)?;
        let watch = Watch::new(listener.as_deref(), &self.cancelled);
        let stop = issuing.drive(&self.wallet, machine, step, &watch).await?;
        self.wallet.issued(stop, issuing)
    }
}
