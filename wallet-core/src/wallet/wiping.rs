//! Wiping: a latch in the anchor first, then the hardware keys, then the file. Cut short anywhere, the next `open` finishes it.
//!
//! The names of the card's keys are sealed under the device key, so its wrapping key goes after them; the wrapping keys'
//! own names stand outside any seal, so the file goes last.

use std::path::Path;

use super::{
    Platform, Unusable, Wallet, WalletError,
    anchored::Obeyed,
    code, prompts,
    session::{create, data_key},
    standing::Standing,
    underway::UnderWay,
};
use crate::{
    platform::KeyStoreError,
    status::commands::{GiveUp, Poll},
    vault::{Misuse, Vault, VaultError},
};

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Wallet {
    /// Wipes this wallet after one prompt: its hardware keys, then everything it holds. Works without a network and while a
    /// command locks the wallet. The issuer is told nothing, and still counts this phone as the citizen's: see
    /// `give_up_phone`. Cards whose keys died are wiped without a prompt, which nothing could answer.
    ///
    /// # Errors
    /// [`WalletError::UserCancelled`], [`WalletError::LockedOut`], [`WalletError::NoBiometrics`]: nothing happened.
    /// [`WalletError::Unavailable`] when the key store or the disk failed on the way: `state` says whether it was
    /// begun, and calling again, or opening again, goes on.
    pub async fn wipe(&self) -> Result<(), WalletError> {
        if !self.is_wiped()? {
            self.confirm(prompts::wipe(self.config.language)).await?;
        }
        self.wipe_now(None).await
    }

    /// Gives this phone up towards the issuer after one prompt, so that the citizen can get the ID on another one, and then wipes
    /// it. Without the issuer's answer nothing happens.
    ///
    /// # Errors
    /// [`WalletError::Offline`], [`WalletError::IssuerRefused`], [`WalletError::NotTrusted`]: nothing happened here. Else as
    /// [`Wallet::wipe`].
    pub async fn give_up_phone(&self) -> Result<(), WalletError> {
        if !self.is_wiped()? {
            self.confirm(prompts::give_up(self.config.language)).await?;
            if let Some((instance, public)) = self.known_instance()? {
                let give_up = GiveUp::begin(self.issuer()?, &public, self.now()?.unix_seconds)?;
                let signature = self.platform.key_store.sign_instance(instance.id, give_up.to_sign()).await?;
                let response = self.platform.http.send(give_up.signed(&signature)?).await?;
                give_up.finish(&response)?;
            }
        }
        self.wipe_now(None).await
    }
}

impl Wallet {
    /// Whether a wipe was begun.
    pub(super) fn is_wiped(&self) -> Result<bool, WalletError> {
        let anchored = self.anchored.lock().map_err(|_| WalletError::Unavailable { code: code::INTERNAL })?;
        Ok(anchored.wiped)
    }

    /// One prompt that the citizen's finger or face answers. Dead keys ask nobody.
    async fn confirm(&self, prompt: crate::platform::Prompt) -> Result<(), WalletError> {
        let person = self.with_vault(|vault| Ok(vault.wrapped_keys().person.clone()))?;
        match self.platform.key_store.unwrap(person.alias, person.wrapped, Some(prompt)).await {
            Err(KeyStoreError::KeyInvalidated | KeyStoreError::KeyNotFound) => Ok(()),
            unwrapped => data_key(unwrapped?).map(drop),
        }
    }

    /// Wipes. `obeyed` is the command that said so; it is acknowledged at the end, as far as the network allows.
    pub(super) async fn wipe_now(&self, obeyed: Option<Obeyed>) -> Result<(), WalletError> {
        // Signed while there is a key to sign with.
        let farewell = match obeyed {
            Some(obeyed) => self.farewell(obeyed).await,
            None => None,
        };
        self.anchor(|anchored| {
            anchored.wiped = true;
            anchored.obeyed = obeyed.unwrap_or(anchored.obeyed);
        })
        .await?;
        self.stop_shows();
        self.turns.end();
        if let Ok(mut deferred) = self.deferred.lock() {
            *deferred = None;
        }
        let vault = self.vault.lock().ok().and_then(|mut vault| vault.take());
        finish(&self.platform, Path::new(&self.config.vault_path), vault).await?;
        if let Some(request) = farewell {
            // The issuer sends the command again to a phone that does not answer; there is no more it could do.
            drop(self.platform.http.send(request).await);
        }
        Ok(())
    }

    async fn farewell(&self, obeyed: Obeyed) -> Option<crate::platform::HttpRequest> {
        let (instance, public) = self.known_instance().ok()??;
        let seq = obeyed.seq_of(&public.thumbprint());
        let now = self.now().ok()?.unix_seconds;
        let poll = Poll::begin(self.issuer().ok()?, &public, seq, 0, now).ok()?;
        let signature = self.platform.key_store.sign_instance(instance.id, poll.to_sign()).await.ok()?;
        poll.signed(&signature).ok()
    }

    /// The way on after a wipe: an empty, unlocked wallet.
    pub(super) async fn begin_anew(&self) -> Result<(), WalletError> {
        let path = Path::new(&self.config.vault_path);
        finish(&self.platform, path, None).await?;
        let internal = |_| WalletError::Unavailable { code: code::INTERNAL };
        let former = self.anchored.lock().map(|anchored| anchored.version).map_err(|_| internal(()))?;
        let vault = create(&self.platform, path, former).await?;
        let version = vault.version();
        *self.vault.lock().map_err(|_| internal(()))? = Some(vault);
        // From here it is no remainder of the former one.
        self.anchor(|anchored| {
            anchored.version = anchored.version.max(version);
            anchored.wiped = false;
        })
        .await
    }
}

pub(super) const WIPED: WalletError = WalletError::NotUsable { why: Unusable::Wiped };

/// Finishes a wipe from wherever it was cut: keys of the card and the wallet, the wrapping keys, the file.
pub(super) async fn finish(platform: &Platform, path: &Path, open: Option<Vault>) -> Result<(), WalletError> {
    let vault = match open {
        Some(vault) => Some(vault),
        None => reopen(platform, path).await?,
    };
    if let Some(mut vault) = vault {
        let keys = key_names(&mut vault);
        // Closed before the file is looked at again.
        drop(vault);
        delete(platform, keys).await?;
    }
    delete(platform, Vault::wrapping_keys(path)?).await?;
    Ok(Vault::erase(path)?)
}

/// The vault as a wipe cut short left it. None when its device key went already, or it cannot be read: the keys it names went
/// before, or nobody can name them.
async fn reopen(platform: &Platform, path: &Path) -> Result<Option<Vault>, WalletError> {
    let header = match Vault::header(path) {
        Ok(header) => header,
        Err(VaultError::NotFound | VaultError::Corrupt { .. } | VaultError::SchemaTooNew { .. }) => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let device = header.device;
    let key = match platform.key_store.unwrap(device.alias, device.wrapped, None).await {
        Err(KeyStoreError::KeyInvalidated | KeyStoreError::KeyNotFound) => return Ok(None),
        unwrapped => data_key(unwrapped?)?,
    };
    match Vault::open(path, &key, 0) {
        Ok(vault) => Ok(Some(vault)),
        Err(
            VaultError::NotFound
            | VaultError::Corrupt { .. }
            | VaultError::Misuse(Misuse::WrongKey)
            | VaultError::SchemaTooNew { .. },
        ) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Every key the vault knows of but those that wrap it. What cannot be read names none.
fn key_names(vault: &mut Vault) -> Vec<String> {
    let mut keys: Vec<_> = Standing::load(vault).unwrap_or_default().keys().cloned().collect();
    keys.extend(UnderWay::load(vault).unwrap_or_default().keys.iter().cloned());
    let settings = vault.settings().unwrap_or_default();
    keys.extend(settings.instance_key.map(|key| String::from(key.id)));
    keys
}

/// Deletes keys, all of them: one that stays is a failure, and the wipe goes on later.
async fn delete(platform: &Platform, keys: Vec<String>) -> Result<(), WalletError> {
    if keys.is_empty() {
        return Ok(());
    }
    let gone = platform.key_store.delete(keys.clone()).await?;
    if keys.iter().all(|key| gone.contains(key)) {
        Ok(())
    } else {
        Err(WalletError::Unavailable { code: code::PLATFORM_MISBEHAVED })
    }
}
