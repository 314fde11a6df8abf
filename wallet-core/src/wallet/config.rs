//! What the app hands in when it opens the wallet. Nothing is global.

use std::sync::Arc;

use crate::{
    card::Language,
    platform::{Anchor, Clock, FaceCheck, Http, KeyStore},
};

/// The phone, as the core sees it.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Platform {
    /// Keys in secure hardware.
    pub key_store: Arc<dyn KeyStore>,
    /// A little state that survives a restored older file.
    pub anchor: Arc<dyn Anchor>,
    /// The HTTP client.
    pub http: Arc<dyn Http>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The face check.
    pub face_check: Arc<dyn FaceCheck>,
}

/// Where the wallet lives and whom it trusts.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct WalletConfig {
    /// The vault's file. Its folder must exist.
    pub vault_path: String,
    /// The issuer's base URL, without a slash at the end.
    pub issuer_url: String,
    /// Root certificates of credential issuers, DER.
    pub issuer_roots: Vec<Vec<u8>>,
    /// Country signing certificates of physical cards (CSCA), DER.
    pub card_roots: Vec<Vec<u8>>,
    /// Root certificates under which desks are registered, DER.
    pub desk_roots: Vec<Vec<u8>>,
    /// The language of prompts.
    pub language: Language,
    /// The wallet provider's base URL; the issuer's own at `/wallet-provider` when none.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub wallet_provider_url: Option<String>,
    /// Where the citizen's browser comes back to after signing in: an `https` link that opens the app.
    #[cfg_attr(feature = "uniffi", uniffi(default = "https://wallet.example/issued"))]
    pub redirect_uri: String,
}

impl WalletConfig {
    /// What [`WalletConfig::redirect_uri`] is unless the app says otherwise.
    pub const REDIRECT_URI: &'static str = "https://wallet.example/issued";
}
