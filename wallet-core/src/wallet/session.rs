//! The wallet itself: opening, unlocking, what it holds.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{
    CardState, CardView, CopiesLeft, HistoryEntryView, Platform, UnlockWith, WalletConfig, WalletError,
    WalletState,
    anchored::Anchored,
    code,
    issuing::Issuing,
    known_cards::Models,
    prompts,
    standing::Standing,
    trusted::Roots,
    turns::Turns,
    underway::UnderWay,
    wiping::{self, WIPED},
};
use crate::{
    bytes::Secret,
    card::{Date, LifeCycle},
    crypto::random::make_random,
    openid::Issuance,
    platform::{KeyPolicy, KeyStoreError, Now, WrapKeyId},
    status::commands::CommandReason,
    vault::{Card, Header, Misuse, Settings, Vault, VaultError, WrappedKey},
};

/// The citizen's wallet on one phone. Open it once; every call may come from any thread.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct Wallet {
    pub(super) platform: Platform,
    pub(super) config: WalletConfig,
    pub(super) roots: Roots,
    /// None once it was wiped.
    pub(super) vault: Arc<Mutex<Option<Vault>>>,
    /// What the anchor holds, or is about to.
    pub(super) anchored: Mutex<Anchored>,
    /// Set when a lock or a wipe ends the shows that run; another takes its place for those to come.
    ended: Mutex<Arc<AtomicBool>>,
    /// An issuance whose issuer was not ready.
    pub(super) deferred: Mutex<Option<(Issuance, Issuing)>>,
    /// Which issuance is driven.
    pub(super) turns: Turns,
    /// How often the app has locked it: an unlock that began before is for somebody who has left.
    locks: AtomicU64,
    /// What cards taught.
    pub(super) models: Models,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Wallet {
    /// Opens the wallet at `config.vault_path`, locked; makes an empty one at first; finishes a wipe that was cut short, after
    /// which `state` says `Wiped`. No network, no prompt.
    ///
    /// # Errors
    /// [`WalletError::StorageCorrupt`] when the file does not verify or its hardware key is gone (it is moved aside, and the
    /// next call makes an empty wallet), or when it is older than the one this phone wrote last (it is left alone);
    /// [`WalletError::StorageFull`], [`WalletError::Unavailable`].
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub async fn open(platform: Platform, config: WalletConfig) -> Result<Arc<Self>, WalletError> {
        let roots = Roots::parse(&config)?;
        let path = PathBuf::from(&config.vault_path);
        let anchored = Anchored::load(platform.anchor.as_ref()).await;
        let wiped = anchored.as_ref().is_ok_and(|anchored| anchored.wiped);
        let vault = if wiped {
            wiping::finish(&platform, &path, None).await?;
            None
        } else {
            Some(match Vault::header(&path) {
                Ok(header) => open_existing(&platform, &path, header, anchored.as_ref()).await?,
                // A former vault that is gone must not make this one look older than itself, nor come back as the newer one.
                Err(VaultError::NotFound) => create(&platform, &path, anchored.clone()?.version).await?,
                Err(error) => return Err(error.into()),
            })
        };
        let vault = Arc::new(Mutex::new(vault));
        let wallet = Self {
            platform,
            config,
            roots,
            models: Models::of(&vault)?,
            vault,
            anchored: Mutex::new(anchored?),
            ended: Mutex::default(),
            deferred: Mutex::new(None),
            turns: Turns::default(),
            locks: AtomicU64::new(0),
        };
        if !wiped {
            wallet.anchor_version().await?;
        }
        Ok(Arc::new(wallet))
    }

    /// The state of the wallet. Works while locked.
    ///
    /// # Errors
    /// [`WalletError::StorageCorrupt`], [`WalletError::Unavailable`].
    pub fn state(&self) -> Result<WalletState, WalletError> {
        if self.is_wiped()? {
            return Ok(WalletState::Wiped);
        }
        self.with_vault(|vault| {
            let settings = vault.settings()?;
            Ok(match (settings.issuer.is_some(), vault.is_unlocked()) {
                _ if settings.locked_by_command => WalletState::LockedByCommand,
                (false, _) => WalletState::Empty,
                (true, false) => WalletState::Locked,
                (true, true) => WalletState::Ready,
            })
        })
    }

    /// Why a command locks the wallet; none when none does.
    ///
    /// # Errors
    /// As [`Wallet::state`], and [`WalletError::NotUsable`] when it was wiped.
    pub fn locked_for(&self) -> Result<Option<CommandReason>, WalletError> {
        self.with_vault(|vault| {
            let locked = vault.settings()?.locked_by_command;
            Ok(if locked { Some(Standing::load(vault)?.locked_for()) } else { None })
        })
    }

    /// Unlocks the personal part after one prompt. Already unlocked, it does nothing and shows no prompt.
    ///
    /// # Errors
    /// [`WalletError::UserCancelled`], [`WalletError::LockedOut`], [`WalletError::NoBiometrics`],
    /// [`WalletError::KeyInvalidated`], [`WalletError::NotUsable`] while a command locks the wallet, [`WalletError::Locked`] when
    /// [`Wallet::lock`] was called meanwhile, [`WalletError::StorageCorrupt`], [`WalletError::Unavailable`].
    pub async fn unlock(&self, with: UnlockWith) -> Result<(), WalletError> {
        let UnlockWith::Biometrics = with;
        self.refuse_locked()?;
        let (unlocked, person) =
            self.with_vault(|vault| Ok((vault.is_unlocked(), vault.wrapped_keys().person.clone())))?;
        if unlocked {
            return Ok(());
        }
        let locks = self.locks.load(Ordering::Acquire);
        let prompt = prompts::unlock(self.config.language);
        let key = self.platform.key_store.unwrap(person.alias, person.wrapped, Some(prompt)).await?;
        let key = data_key(key)?;
        // A lock may have come while the citizen looked for the sensor.
        let opened = self.with_vault(|vault| {
            let locked = vault.settings()?.locked_by_command || self.locks.load(Ordering::Acquire) != locks;
            if locked { Ok(false) } else { vault.unlock(&key).map(|()| true) }
        })?;
        if !opened {
            self.refuse_locked()?;
            return Err(WalletError::Locked);
        }
        self.settle(self.now()?)?;
        self.anchor_version().await
    }

    /// The way on after `unlock` said [`WalletError::KeyInvalidated`]: throws away the cards, which nobody can read or show
    /// any more, and leaves an empty, unlocked wallet to enrol with. The Instance key stays, so that the issuer knows the
    /// phone again. Where the keys turn out to live this is `unlock`, and nothing is lost. After a wipe it makes an empty,
    /// unlocked wallet.
    ///
    /// # Errors
    /// As [`Wallet::unlock`], without [`WalletError::KeyInvalidated`].
    pub async fn start_over(&self) -> Result<(), WalletError> {
        if self.is_wiped()? {
            self.begin_anew().await?;
        }
        match self.unlock(UnlockWith::Biometrics).await {
            Err(WalletError::KeyInvalidated) => {}
            unlocked_or_not_now => return unlocked_or_not_now,
        }
        // Its cards would not be the new person's.
        self.turns.end();
        let person = make_key()?;
        let wrapped = wrap(&self.platform, KeyPolicy::WRAP_PERSON, &person).await?;
        let dead = self.with_vault(|vault| {
            let dead = vault.wrapped_keys().person.alias.clone();
            vault.restart_person(wrapped, &person)?;
            let settings = Settings { issuer: None, ..vault.settings()? };
            vault.set_settings(&settings)?;
            // The keys of the cards go with the next issuance, which sweeps what nobody's credential is for.
            let mut standing = Standing::load(vault)?;
            let mut under_way = UnderWay::load(vault)?;
            under_way.keys.append(&mut standing.forget_cards());
            under_way.store(vault)?;
            standing.store(vault)?;
            Ok(dead)
        })?;
        self.anchor_version().await?;
        // A dead key opens nothing; that it stays changes nothing.
        drop(self.platform.key_store.delete(vec![dead.into()]).await);
        Ok(())
    }

    /// Locks the personal part. An [`Wallet::unlock`] that waits for the citizen fails then.
    ///
    /// # Errors
    /// [`WalletError::Unavailable`].
    pub fn lock(&self) -> Result<(), WalletError> {
        self.with_vault(|vault| {
            self.locks.fetch_add(1, Ordering::AcqRel);
            vault.lock();
            Ok(())
        })
    }

    /// The cards, oldest first, ended ones included.
    ///
    /// # Errors
    /// [`WalletError::Locked`], [`WalletError::StorageCorrupt`], [`WalletError::Unavailable`].
    pub fn cards(&self) -> Result<Vec<CardView>, WalletError> {
        let now = self.now()?;
        self.with_vault(|vault| {
            let cards = vault.cards()?;
            cards.into_iter().map(|card| view(vault, card, now)).collect()
        })
    }

    /// The newest `limit` lines of the history, newest first.
    ///
    /// # Errors
    /// [`WalletError::Locked`], [`WalletError::StorageCorrupt`], [`WalletError::Unavailable`].
    pub fn history(&self, limit: u32) -> Result<Vec<HistoryEntryView>, WalletError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.with_vault(|vault| vault.history(limit)).map(|entries| {
            entries
                .into_iter()
                .map(|entry| HistoryEntryView {
                    at: entry.event.at,
                    kind: entry.event.kind,
                    disclosure: entry.event.level,
                    verified: entry.event.counterparty.as_ref().is_some_and(|desk| desk.verified),
                    counterparty: entry.event.counterparty.map(|desk| desk.name),
                })
                .collect()
        })
    }
}

impl Wallet {
    /// Runs `work` on the vault, alone. Never across an `.await`.
    pub(super) fn with_vault<T>(
        &self,
        work: impl FnOnce(&mut Vault) -> Result<T, VaultError>,
    ) -> Result<T, WalletError> {
        if self.is_wiped()? {
            return Err(WIPED);
        }
        let mut vault = self.vault.lock().map_err(|_| WalletError::Unavailable { code: code::INTERNAL })?;
        work(vault.as_mut().ok_or(WIPED)?).map_err(WalletError::from)
    }

    /// Ends the shows that run, and those about to.
    pub(super) fn stop_shows(&self) {
        if let Ok(mut ended) = self.ended.lock() {
            core::mem::take(&mut *ended).store(true, Ordering::Release);
        }
    }

    /// What a show that begins now has to look at.
    pub(super) fn end_of_shows(&self) -> Arc<AtomicBool> {
        self.ended.lock().map(|ended| Arc::clone(&ended)).unwrap_or_default()
    }

    pub(super) fn now(&self) -> Result<Now, WalletError> {
        Ok(self.platform.clock.now()?)
    }

    /// One card as the app sees it.
    pub(super) fn card_view(&self, id: &str) -> Result<CardView, WalletError> {
        let now = self.now()?;
        self.with_vault(|vault| {
            let card = vault.card(id)?;
            view(vault, card, now)
        })
    }
}

async fn open_existing(
    platform: &Platform,
    path: &Path,
    header: Header,
    anchored: Result<&Anchored, &WalletError>,
) -> Result<Vault, WalletError> {
    let device = header.device;
    let key = match platform.key_store.unwrap(device.alias, device.wrapped, None).await {
        // A vault restored on another phone, or one whose header was altered: no later call will open it either.
        Err(KeyStoreError::KeyInvalidated | KeyStoreError::KeyNotFound) => {
            return Err(Vault::set_aside(path).into());
        }
        unwrapped => data_key(unwrapped?)?,
    };
    match Vault::open(path, &key, anchored.map_err(Clone::clone)?.version) {
        Err(VaultError::Misuse(Misuse::WrongKey)) => Err(Vault::set_aside(path).into()),
        opened => Ok(opened?),
    }
}

pub(super) async fn create(platform: &Platform, path: &Path, former: u64) -> Result<Vault, WalletError> {
    let (device, person) = (make_key()?, make_key()?);
    let header = Header {
        device: wrap(platform, KeyPolicy::WRAP_DEVICE, &device).await?,
        person: wrap(platform, KeyPolicy::WRAP_PERSON, &person).await?,
    };
    let wrapping = [&header.device, &header.person].map(|key| String::from(key.alias.clone()));
    match Vault::create_after(path, header, &device, &person, former) {
        Ok(mut vault) => {
            vault.lock();
            Ok(vault)
        }
        Err(error) => {
            // Keys that wrap nothing would only fill the hardware.
            drop(platform.key_store.delete(wrapping.to_vec()).await);
            Err(error.into())
        }
    }
}

async fn wrap(platform: &Platform, policy: KeyPolicy, key: &Secret<32>) -> Result<WrappedKey, WalletError> {
    // Wrapping keys sign nothing, so their attestation proves nothing to anybody: any challenge will do.
    let challenge = make_random::<32>().map_err(|_| KeyStoreError::Unavailable)?.to_vec();
    let created = platform.key_store.create(policy, challenge, 1).await?;
    let new = created.keys.into_iter().next();
    let alias = WrapKeyId::new(new.ok_or(WalletError::Unavailable { code: code::PLATFORM_MISBEHAVED })?.id);
    let wrapped = platform.key_store.wrap(alias.clone(), key.expose().to_vec()).await?;
    Ok(WrappedKey { alias, wrapped })
}

fn make_key() -> Result<Secret<32>, WalletError> {
    Ok(Secret::new(make_random().map_err(|_| KeyStoreError::Unavailable)?))
}

pub(super) fn data_key(bytes: Vec<u8>) -> Result<Secret<32>, WalletError> {
    let bytes = crate::bytes::SecretBytes::new(bytes);
    Secret::from_slice(bytes.expose()).ok_or(WalletError::Unavailable { code: code::PLATFORM_MISBEHAVED })
}

fn view(vault: &mut Vault, card: Card, now: Now) -> Result<CardView, VaultError> {
    let known = Standing::load(vault)?;
    let standing = known.of(&card, now.unix_seconds);
    // The moment itself is past the end.
    let copies_until =
        known.copies_until(&card.id).and_then(|until| Date::in_korea_at(until.saturating_sub(1)).ok());
    let pool = vault.pool(&card.id)?;
    let copies = card
        .levels
        .iter()
        .map(|level| CopiesLeft { disclosure: *level, left: pool.get(level).map_or(0, |count| count.fresh) })
        .collect();
    let person = &card.person;
    Ok(CardView {
        state: state_of(standing),
        standing,
        copies_until: copies_until.map(|day| day.to_string()),
        document: card.document.clone(),
        name: person.name().to_owned(),
        name_latin: person.name_latin().to_owned(),
        birth_date: person.birth_date().to_string(),
        masked_registration_number: person.registration_number().masked(),
        address: person.address().to_owned(),
        issue_date: person.issue_date().to_string(),
        issuing_authority: person.issuing_authority().to_owned(),
        portrait: person.portrait().to_vec(),
        enrolled_at: card.enrolled_at,
        valid_until: card.valid_until.to_string(),
        id: card.id,
        copies,
    })
}

const fn state_of(state: LifeCycle) -> CardState {
    match state {
        LifeCycle::Offered { .. } => CardState::Offered,
        LifeCycle::Active { .. } => CardState::Active,
        LifeCycle::Suspended { .. } => CardState::Suspended,
        LifeCycle::NeedsRenewal { .. } => CardState::NeedsRenewal,
        LifeCycle::Expired { .. } => CardState::Expired,
        LifeCycle::Revoked { .. } => CardState::Revoked,
        LifeCycle::Replaced { .. } => CardState::Replaced,
    }
}
