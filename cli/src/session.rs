//! Opening the wallet of a home folder.

use std::sync::Arc;

use fixtures::platform::{
    FileAnchor, FixtureFaceCheck, KeyFileError, LoopbackHttp, SoftwareKeyStore, SystemClock,
};
use wallet_core::bytes::SecretBytes;
use wallet_core::wallet::{Platform, UnlockWith, Wallet, WalletConfig, WalletError, WalletState};

use crate::{
    failure::{Failure, Outcome, PassphraseFault},
    home::{Home, Trust},
    output::Output,
    platform::{AskingFaceCheck, AskingKeys, Consent},
    terminal,
};

/// Opens the wallet in `home`, asking for the passphrase; makes one when there is none.
pub(crate) async fn open(
    home: &Home,
    issuer: &str,
    trust: Trust,
    consent: Consent,
    output: Output,
) -> Outcome<Arc<Wallet>> {
    let passphrase = terminal::passphrase(output.texts, !home.keys().exists()).await?;
    let passphrase = SecretBytes::new(passphrase.into_bytes());
    home.create()?;
    let keys =
        SoftwareKeyStore::open(home.keys(), passphrase.expose()).map_err(|error| key_failure(home, error))?;
    let platform = Platform {
        key_store: Arc::new(AskingKeys { inner: Arc::new(keys), consent, output }),
        anchor: Arc::new(FileAnchor::new(home.anchor())),
        http: Arc::new(LoopbackHttp::new()),
        clock: Arc::new(SystemClock),
        face_check: Arc::new(AskingFaceCheck { inner: Arc::new(FixtureFaceCheck::new()), consent, output }),
    };
    let config = WalletConfig {
        vault_path: home.vault().to_string_lossy().into_owned(),
        issuer_url: issuer.trim_end_matches('/').to_owned(),
        issuer_roots: trust.issuers,
        card_roots: trust.cards,
        desk_roots: trust.desks,
        language: output.texts.language,
        wallet_provider_url: None,
        redirect_uri: WalletConfig::REDIRECT_URI.to_owned(),
    };
    Ok(Wallet::open(platform, config).await?)
}

/// Unlocks a wallet to get an ID with; one that was wiped begins anew.
pub(crate) async fn unlock_or_begin_anew(wallet: &Wallet) -> Outcome<()> {
    match wallet.state()? {
        WalletState::Wiped => wallet.start_over().await?,
        _ => wallet.unlock(UnlockWith::Biometrics).await?,
    }
    Ok(())
}

/// Opens and unlocks the wallet that enrolment left in `home`; nothing when there is none yet.
pub(crate) async fn open_existing(
    home: &Home,
    consent: Consent,
    output: Output,
) -> Outcome<Option<Arc<Wallet>>> {
    if !home.has_wallet() {
        return Ok(None);
    }
    let issuer = home.settings()?.map(|settings| settings.issuer).unwrap_or_default();
    let wallet = open(home, &issuer, home.trust()?, consent, output).await?;
    wallet.unlock(UnlockWith::Biometrics).await?;
    Ok(Some(wallet))
}

/// The one card meant: by its id, or the only one.
pub(crate) fn choose_card(wallet: &Wallet, wanted: Option<&str>) -> Outcome<wallet_core::wallet::CardView> {
    let mut cards = wallet.cards()?.into_iter();
    let found = match wanted {
        Some(id) => cards.find(|card| card.id == id),
        None => cards.next_back(),
    };
    found.ok_or(Failure::Wallet(WalletError::CardNotFound))
}

fn key_failure(home: &Home, error: KeyFileError) -> Failure {
    let broken = |reason| Failure::Storage { path: home.keys(), reason };
    match error {
        KeyFileError::WrongPassphrase => Failure::Passphrase(PassphraseFault::Wrong),
        KeyFileError::Malformed => broken(std::io::ErrorKind::InvalidData),
        KeyFileError::Io(reason) => broken(reason),
    }
}
