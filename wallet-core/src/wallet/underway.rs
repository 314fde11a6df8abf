//! What the vault keeps of issuing beside the card, sealed under the device key: an issuance under way, the keys made for it,
//! and what renews the copies.

use serde::{Deserialize, Serialize};

use crate::{
    bytes::SecretBytes,
    jose::{decode, encode},
    openid::{Code, Renewal},
    platform::Url,
    vault::{Vault, VaultError},
};

/// Name of the row.
pub(super) const UNDER_WAY: &str = "issuance";

/// Name of the row of a document's renewal.
fn renewal_row(document: &str) -> String {
    format!("renewal.{document}")
}

/// An issuance under way. A row that no version knows counts as none: the citizen begins again.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnderWay {
    /// What the machine goes on from.
    saved: Option<String>,
    /// Holder keys that no credential is kept for yet.
    pub(super) keys: Vec<String>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.saved);
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptRenewal {
    issuer: String,
    authorization_server: String,
    configurations: Vec<String>,
    refresh_token: String,
}

impl Drop for KeptRenewal {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.refresh_token);
    }
}

impl UnderWay {
    pub(super) fn load(vault: &mut Vault) -> Result<Self, VaultError> {
        let row = vault.public_data(UNDER_WAY)?;
        Ok(row.and_then(|row| serde_json::from_slice(&row).ok()).unwrap_or_default())
    }

    pub(super) fn store(&self, vault: &mut Vault) -> Result<(), VaultError> {
        vault.set_public_data(UNDER_WAY, &self.encode())
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        // Strings and lists of strings have a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn saved(&self) -> Option<SecretBytes> {
        self.saved.as_ref().and_then(|saved| decode(saved)).map(SecretBytes::new)
    }

    /// These keys are somebody's, or gone.
    pub(super) fn forget(&mut self, keys: &[String]) {
        self.keys.retain(|key| !keys.contains(key));
    }

    pub(super) fn forget_saved(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.saved);
        self.saved = None;
    }

    pub(super) fn set_saved(&mut self, saved: &SecretBytes) {
        self.saved = Some(encode(saved.expose()));
    }
}

/// Changes what is kept of the issuance under way, as it is now.
pub(super) fn change(vault: &mut Vault, change: impl FnOnce(&mut UnderWay)) -> Result<(), VaultError> {
    let before = UnderWay::load(vault)?;
    let mut after = before.clone();
    change(&mut after);
    if after == before { Ok(()) } else { after.store(vault) }
}

/// What renews the copies without the citizen.
pub(super) fn load_renewal(vault: &mut Vault, document: &str) -> Result<Option<Renewal>, VaultError> {
    let Some(row) = vault.public_data(&renewal_row(document))? else { return Ok(None) };
    let Ok(kept) = serde_json::from_slice::<KeptRenewal>(&row) else { return Ok(None) };
    let url = |text: &str| Url::parse(text).ok();
    let (Some(issuer), Some(authorization_server)) = (url(&kept.issuer), url(&kept.authorization_server))
    else {
        return Ok(None);
    };
    Ok(Some(Renewal {
        issuer,
        authorization_server,
        configurations: kept.configurations.clone(),
        refresh_token: Code::new(kept.refresh_token.clone()),
    }))
}

pub(super) fn store_renewal(vault: &mut Vault, renewal: &Renewal) -> Result<(), VaultError> {
    let kept = KeptRenewal {
        issuer: renewal.issuer.as_str().to_owned(),
        authorization_server: renewal.authorization_server.as_str().to_owned(),
        configurations: renewal.configurations.clone(),
        refresh_token: renewal.refresh_token.expose().to_owned(),
    };
    let document = renewal.configurations.first().and_then(|id| id.split('.').next()).unwrap_or_default();
    vault.set_public_data(&renewal_row(document), &serde_json::to_vec(&kept).unwrap_or_default())
}
