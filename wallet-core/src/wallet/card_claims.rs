//! What a document says beside what every card has, in words the issuer gave for it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Language, Wallet, WalletError, code};
use crate::{
    counter::Document,
    openid::{Delivered, Format, Names, sd_jwt::SdJwt},
    vault::{Vault, VaultError},
};

/// Longest text of one claim that is shown, characters.
const MAX_SHOWN: usize = 500;
/// What [`super::CardView`] has already, or what is a picture.
const SHOWN_ELSEWHERE: [&str; 5] = ["portrait", "name", "birth_date", "person_id", "resident_address"];

/// One claim of a document, as its holder reads it.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CardClaim {
    /// Its name in the credential.
    pub name: String,
    /// What it is called in the wallet's language; its name where the issuer gave no word.
    pub label: String,
    /// What it says.
    pub value: String,
}

impl core::fmt::Debug for CardClaim {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "CardClaim({:?}, ..)", self.name)
    }
}

/// What an issuer calls a document and its claims, kept beside the card. It says so itself.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    document: Names,
    claims: Vec<(String, Names)>,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Wallet {
    /// What a document says beside what [`super::CardView`] has: the claims of its SD-JWT form, in the issuer's order. Empty for a
    /// document without one.
    ///
    /// # Errors
    /// [`WalletError::CardNotFound`], [`WalletError::Locked`], [`WalletError::Unavailable`].
    pub fn card_claims(&self, card: String) -> Result<Vec<CardClaim>, WalletError> {
        let (sd_jwts, words) = self.with_vault(|vault| {
            let sd_jwts = vault.sd_jwts(&card)?;
            Ok((sd_jwts, Words::load(vault, &card)?))
        })?;
        let Some(first) = sd_jwts.first() else { return Ok(Vec::new()) };
        let damaged = WalletError::Unavailable { code: code::INTERNAL };
        // It was verified when it came; the vault is sealed.
        let kept = SdJwt::parse(&first.text).map_err(|_| damaged)?;
        let disclosed: Vec<(&str, &Value)> = kept.disclosed().collect();
        let claim = |(name, names): &(String, Names)| {
            let (_, value) = disclosed.iter().find(|(disclosed, _)| disclosed == name)?;
            let label = names.best(self.config.language.code()).unwrap_or(name).to_owned();
            Some(CardClaim { name: name.clone(), label, value: shown(value, self.config.language)? })
        };
        let elsewhere = |name: &str| SHOWN_ELSEWHERE.contains(&name);
        Ok(words.claims.iter().filter(|(name, _)| !elsewhere(name)).filter_map(claim).collect())
    }

    /// What a document is called, in the wallet's language: by the wallet where it knows the document, by the issuer otherwise.
    /// Works while locked.
    ///
    /// # Errors
    /// [`WalletError::Unavailable`].
    pub fn document_name(&self, document: String) -> Result<String, WalletError> {
        let words = self.with_vault(|vault| Words::load(vault, &document))?;
        Ok(words.name(&document, self.config.language))
    }
}

impl Words {
    pub(super) fn of(delivered: &Delivered) -> Self {
        let mut words = Self::default();
        for credentials in &delivered.credentials {
            let configuration = &credentials.configuration;
            if words.document.is_empty() {
                words.document = configuration.names.clone();
            }
            if matches!(configuration.format, Format::SdJwtVc { .. }) {
                words.document = configuration.names.clone();
                words.claims.clone_from(&configuration.claims);
            }
        }
        words
    }

    pub(super) fn row_of(document: &str) -> String {
        format!("document.{document}")
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        // Lists of strings have a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn load(vault: &mut Vault, document: &str) -> Result<Self, VaultError> {
        let row = vault.public_data(&Self::row_of(document))?;
        Ok(row.and_then(|row| serde_json::from_slice(&row).ok()).unwrap_or_default())
    }

    /// What the document is called: by the wallet where it knows it, by the issuer otherwise.
    fn name(&self, document: &str, language: Language) -> String {
        match (Document::from_name(document), language) {
            (Some(Document::ResidentCard), Language::Korean) => "모바일 주민등록증".to_owned(),
            (Some(Document::ResidentCard), Language::English) => "Mobile resident card".to_owned(),
            (Some(Document::ForeignResidentCard), Language::Korean) => "모바일 외국인등록증".to_owned(),
            (Some(Document::ForeignResidentCard), Language::English) => "Mobile residence card".to_owned(),
            (None, language) => self.document.best(language.code()).unwrap_or(document).to_owned(),
        }
    }
}

/// A claim in words; none for a structure, and no controls.
fn shown(value: &Value, language: Language) -> Option<String> {
    let text = match (value, language) {
        (Value::String(text), _) => text.clone(),
        (Value::Number(number), _) => number.to_string(),
        (Value::Bool(true), Language::Korean) => "예".to_owned(),
        (Value::Bool(false), Language::Korean) => "아니요".to_owned(),
        (Value::Bool(true), Language::English) => "yes".to_owned(),
        (Value::Bool(false), Language::English) => "no".to_owned(),
        _ => return None,
    };
    Some(text.chars().filter(|c| !c.is_control()).take(MAX_SHOWN).collect())
}
