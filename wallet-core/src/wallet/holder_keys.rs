//! Holder keys made for an issuance, until the credentials they are for are kept.

use super::{Distrust, WalletError};
use crate::{
    crypto::sign::PublicKey,
    platform::{CreatedKeys, HolderKeyId},
};

/// Every Holder key made, by its public half.
#[derive(Default)]
pub(super) struct HolderKeys(Vec<(Vec<u8>, HolderKeyId)>);

impl HolderKeys {
    pub(super) fn take(&mut self, created: &CreatedKeys) {
        let made = created.keys.iter();
        self.0.extend(made.map(|key| (key.public_key.clone(), HolderKeyId::new(key.id.clone()))));
    }

    pub(super) fn id_of(&self, public: &PublicKey) -> Result<HolderKeyId, WalletError> {
        let found = self.0.iter().find(|(key, _)| key == public.as_sec1());
        found.map(|(_, id)| id.clone()).ok_or(WalletError::NotTrusted { why: Distrust::IssuerAnswer })
    }

    /// Their names in the key store.
    pub(super) fn ids(&self) -> Vec<String> {
        self.0.iter().map(|(_, id)| id.as_str().to_owned()).collect()
    }
}
