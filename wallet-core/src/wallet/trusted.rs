//! Whom the wallet trusts, parsed once when it opens.

use super::{Distrust, WalletConfig, WalletError};
use crate::trust::{Anchors, Certificate};

/// The configured roots, one set for each use.
pub(super) struct Roots {
    /// Credential issuers.
    pub(super) issuers: Anchors,
    /// Country signing authorities of physical cards.
    pub(super) cards: Anchors,
    /// Verifier registration.
    pub(super) desks: Anchors,
}

impl Roots {
    pub(super) fn parse(config: &WalletConfig) -> Result<Self, WalletError> {
        Ok(Self {
            issuers: parse_anchors(&config.issuer_roots, Distrust::IssuedCredential)?,
            cards: parse_anchors(&config.card_roots, Distrust::ChipSigner)?,
            desks: parse_anchors(&config.desk_roots, Distrust::DeskSign)?,
        })
    }
}

/// Certificates of the app's configuration. One that does not parse is an error, lest a root be missing unnoticed.
pub(super) fn parse_anchors(roots: &[Vec<u8>], why: Distrust) -> Result<Anchors, WalletError> {
    let certificates = roots.iter().map(|der| Certificate::parse(der)).collect::<Result<Vec<_>, _>>();
    certificates.map(Anchors::new).map_err(|_| WalletError::NotTrusted { why })
}
