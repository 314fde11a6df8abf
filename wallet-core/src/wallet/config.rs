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
}
