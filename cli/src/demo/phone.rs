//! A phone in software: everything in memory but the vault.

use std::{path::Path, sync::Arc};

use fixtures::{
    chip::{VirtualCard, VirtualLink},
    people::Citizen,
    pki,
    platform::{FixtureFaceCheck, LoopbackHttp, MemoryAnchor, SoftwareKeyStore, SystemClock},
};
use wallet_core::{
    card::Disclosure,
    wallet::{
        CardAccessView, CardOffer, ChipEvidence, CounterShow, DeskSign, Enrolment, Language, Platform, Scan,
        UnlockWith, Wallet, WalletConfig,
    },
};

use super::desks::DemoDesk;
use crate::{
    failure::{Outcome, storage},
    readers::VIRTUAL_CAN,
    session,
};

/// What the resident card is called in a wallet.
const ONLY_CARD: &str = "resident_card";

/// The phone.
pub(super) struct Phone {
    wallet: Arc<Wallet>,
    keys: Arc<SoftwareKeyStore>,
    face: Arc<FixtureFaceCheck>,
}

impl Phone {
    /// A new phone whose wallet trusts `desk`, open and unlocked.
    pub(super) async fn open(folder: &Path, desk: &DemoDesk, language: Language) -> Outcome<Self> {
        let config = WalletConfig {
            vault_path: String::new(),
            issuer_url: desk.base_url().to_owned(),
            issuer_roots: vec![desk.issuer_root().to_vec()],
            card_roots: vec![pki::csca().certificate().to_vec()],
            desk_roots: vec![desk.desk_root().to_vec()],
            language,
            wallet_provider_url: None,
            redirect_uri: WalletConfig::REDIRECT_URI.to_owned(),
        };
        Self::make(folder, config, true).await
    }

    /// A new phone on which no fingerprint and no face is set up.
    pub(super) async fn open_without_biometrics(folder: &Path, language: Language) -> Outcome<Self> {
        let config = WalletConfig {
            vault_path: String::new(),
            issuer_url: "http://127.0.0.1:1".to_owned(),
            issuer_roots: Vec::new(),
            card_roots: Vec::new(),
            desk_roots: Vec::new(),
            language,
            wallet_provider_url: None,
            redirect_uri: WalletConfig::REDIRECT_URI.to_owned(),
        };
        Self::make(folder, config, false).await
    }

    async fn make(folder: &Path, mut config: WalletConfig, biometrics: bool) -> Outcome<Self> {
        std::fs::create_dir_all(folder).map_err(storage(folder))?;
        config.vault_path = folder.join("vault").to_string_lossy().into_owned();
        let keys = Arc::new(SoftwareKeyStore::new());
        keys.set_biometrics(biometrics);
        let face = Arc::new(FixtureFaceCheck::new());
        let platform = Platform {
            key_store: keys.clone(),
            anchor: Arc::new(MemoryAnchor::new()),
            http: Arc::new(LoopbackHttp::new()),
            clock: Arc::new(SystemClock),
            face_check: face.clone(),
        };
        let wallet = Wallet::open(platform, config).await?;
        wallet.unlock(UnlockWith::Biometrics).await?;
        Ok(Self { wallet, keys, face })
    }

    /// Its wallet.
    pub(super) const fn wallet(&self) -> &Arc<Wallet> {
        &self.wallet
    }

    /// Taps the citizen's card and has it answer the issuer's challenge.
    pub(super) async fn tap(&self, citizen: &Citizen) -> Outcome<(Arc<Enrolment>, Arc<ChipEvidence>)> {
        let enrolment = Arc::clone(&self.wallet).enrol().await?;
        let card = VirtualCard::of(citizen).can(VIRTUAL_CAN).build();
        let access = CardAccessView::Can { can: VIRTUAL_CAN.as_bytes().to_vec() };
        let reading = self.wallet.read_card(Arc::new(VirtualLink::new(card)), access, None)?;
        let evidence = reading.run(Some(enrolment.challenge())).await?;
        Ok((enrolment, evidence))
    }

    /// Scans a desk's sign.
    pub(super) fn scan(&self, text: String) -> Outcome<Arc<DeskSign>> {
        let Scan::DeskSign { sign } = self.wallet.scan(text)? else {
            return Err(wallet_core::wallet::WalletError::NotForThisWallet.into());
        };
        Ok(sign)
    }

    /// Scans the code of a community centre and looks the offer up.
    pub(super) async fn open_offer(&self, text: &str) -> Outcome<Arc<CardOffer>> {
        let Scan::Offer { link } = self.wallet.scan(text.to_owned())? else {
            return Err(wallet_core::wallet::WalletError::NotForThisWallet.into());
        };
        Ok(Arc::clone(&self.wallet).open_offer(link).await?)
    }

    /// Shows the card.
    pub(super) async fn show(&self, level: Disclosure, desk: Arc<DeskSign>) -> Outcome<Arc<CounterShow>> {
        // A locked wallet names no card; there is one all the same, and asking for it says why not.
        let card =
            session::choose_card(&self.wallet, None).map_or_else(|_| ONLY_CARD.to_owned(), |card| card.id);
        Ok(self.wallet.show_at_counter(card, level, Some(desk)).await?)
    }

    /// Hears what the issuer orders.
    pub(super) async fn hear_commands(&self) -> Outcome<()> {
        self.wallet.receive_commands(0).await?;
        Ok(())
    }

    /// The citizen unlocks the wallet.
    pub(super) async fn unlock(&self) -> Outcome<()> {
        Ok(self.wallet.unlock(UnlockWith::Biometrics).await?)
    }

    /// How often the citizen was asked for finger or face.
    pub(super) fn prompts(&self) -> usize {
        self.keys.prompt_count() + self.face.prompts().len()
    }
}
