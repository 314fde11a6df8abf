//! What the wallet does in the background: this hour's staples, and spent keys out of the hardware.

use super::{Distrust, Wallet, WalletError, code};
use crate::{
    counter,
    crypto::sign::PublicKey,
    status::{StapleError, StapleRefresh, StapleStep},
    vault::Staple,
};

/// How far phone and issuer may disagree about the time, seconds: what the issuer takes in a request for staples.
const CLOCK_SKEW: i64 = 300;

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Wallet {
    /// Fetches this hour's staples for all copies, and deletes the hardware keys of copies that were used up. No prompt; works
    /// while locked. Gives back how many staples are new.
    ///
    /// # Errors
    /// [`WalletError::Offline`], [`WalletError::IssuerRefused`], [`WalletError::NotTrusted`],
    /// [`WalletError::Unavailable`].
    pub async fn refresh_staples(&self) -> Result<u32, WalletError> {
        let (instance, entries, unlocked) = self.with_vault(|vault| {
            Ok((vault.settings()?.instance_key, vault.staples()?, vault.is_unlocked()))
        })?;
        if unlocked {
            self.delete_spent_keys().await?;
        }
        let Some(instance) = instance.filter(|_| !entries.is_empty()) else { return Ok(0) };
        let misbehaved = WalletError::Unavailable { code: code::PLATFORM_MISBEHAVED };
        let public = PublicKey::from_sec1(&instance.public_key).map_err(|_| misbehaved)?;
        let copies: Vec<_> = entries.into_iter().map(|entry| entry.cti).collect();
        let issuer = self.issuer()?;
        let now = self.now()?.unix_seconds;
        let (refresh, StapleStep::SignInstance(bytes)) =
            StapleRefresh::begin(issuer, &public, copies.clone(), now)?;
        let signature = self.platform.key_store.sign_instance(instance.id, bytes).await?;
        let request = refresh.signed(&signature)?;
        let response = self.platform.http.send(request).await?;
        let staples = refresh.finish(&response)?;
        // A staple from the future would be kept as the newest for good, and no counter takes it.
        let newest = counter::hour_of(now.saturating_add(CLOCK_SKEW)).unwrap_or(0);
        if staples.iter().flatten().any(|staple| staple.hour > newest) {
            return Err(WalletError::NotTrusted { why: Distrust::IssuerAnswer });
        }
        let fetched: Vec<_> = copies
            .into_iter()
            .zip(staples)
            .filter_map(|(cti, staple)| {
                let staple = staple?;
                Some((cti, Staple { hour: staple.hour, preimage: staple.preimage.0 }))
            })
            .collect();
        let stored = self.with_vault(|vault| vault.set_staples(&fetched))?;
        self.anchor_version().await?;
        Ok(stored)
    }
}

impl Wallet {
    /// A spent copy's key can sign nothing that is shown any more; it leaves the hardware.
    async fn delete_spent_keys(&self) -> Result<(), WalletError> {
        let spent = self.with_vault(|vault| vault.spent_keys())?;
        if spent.is_empty() {
            return Ok(());
        }
        let ids = spent.iter().map(|(_, key)| key.as_str().to_owned()).collect();
        let gone = self.platform.key_store.delete(ids).await?;
        let forget: Vec<_> = spent
            .iter()
            .filter(|(_, key)| gone.iter().any(|id| id == key.as_str()))
            .map(|(copy, _)| *copy)
            .collect();
        self.with_vault(|vault| vault.forget_spent(&forget))?;
        self.anchor_version().await
    }
}

impl From<StapleError> for WalletError {
    fn from(error: StapleError) -> Self {
        match error {
            StapleError::IssuerMisbehaved(_) => Self::NotTrusted { why: Distrust::IssuerAnswer },
            StapleError::Refused(why) => Self::IssuerRefused { why },
            StapleError::Misuse(_) => Self::Unavailable { code: code::INTERNAL },
        }
    }
}
