//! What the wallet asks its issuer by its Instance key, without a prompt: a JSON body, signed as a whole.

use std::collections::HashMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    card::Refusal,
    crypto::sign::Signature,
    jose::encode,
    platform::{HttpMethod, HttpRequest, HttpResponse, Url},
};

/// The header (lower case) with the Instance key's signature over label and body: base64url of `r ‖ s`.
pub const SIGNATURE_HEADER: &str = "wallet-signature";
/// Longest body either side reads, bytes.
pub(super) const MAX_BODY: usize = 1024 * 1024;

/// Why there is no answer that could be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The issuer's answer breaks a rule.
    #[error("the issuer broke a rule: {0:?}")]
    IssuerMisbehaved(Rule),
    /// The issuer said no.
    #[error("the issuer refused: {}", .0.code())]
    Refused(Refusal),
    /// The caller did what the exchange does not allow.
    #[error("misuse: {0:?}")]
    Misuse(Misuse),
}

/// The rule an issuer's answer breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// The body is longer than 1 MiB.
    BodyTooLong,
    /// The body is not the JSON message asked for: unknown or missing field, wrong length, not base64url.
    NotTheMessage,
    /// A status other than 200, below 500, without a refusal the wallet knows.
    UnknownFailure,
    /// Other than one staple, or none, for each copy asked about.
    OtherCount,
    /// More commands than a queue has.
    TooManyCommands,
}

/// What a caller did wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// No copy, more than 256, or an id that is empty or too long; or a wait longer than 25 seconds.
    WrongLength,
    /// Not 64 bytes `r ‖ s`.
    BadSignature,
}

impl From<Rule> for AskError {
    fn from(rule: Rule) -> Self {
        Self::IssuerMisbehaved(rule)
    }
}

impl From<Misuse> for AskError {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}

/// Any answer but 200.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// [`Refusal::code`].
    pub error: String,
    /// For people who read the wire; the wallet shows its own text.
    pub way_out: String,
}

impl Refused {
    /// The answer for this refusal.
    #[must_use]
    pub fn because(refusal: Refusal) -> Self {
        Self { error: refusal.code().into(), way_out: refusal.way_out().into() }
    }
}

/// Reads one message from at most 1 MiB.
///
/// # Errors
/// [`Rule::BodyTooLong`], [`Rule::NotTheMessage`].
pub fn parse_message<T: DeserializeOwned>(body: &[u8]) -> Result<T, Rule> {
    if body.len() > MAX_BODY {
        return Err(Rule::BodyTooLong);
    }
    serde_json::from_slice(body).map_err(|_| Rule::NotTheMessage)
}

pub(super) fn answer<T: DeserializeOwned>(response: &HttpResponse) -> Result<T, AskError> {
    if response.status == 200 {
        return Ok(parse_message(&response.body)?);
    }
    let refused = parse_message::<Refused>(&response.body).ok();
    match refused.and_then(|refused| Refusal::from_code(&refused.error).ok()) {
        Some(refusal) => Err(AskError::Refused(refusal)),
        // A proxy before a server that is down speaks no protocol, and breaks none.
        None if response.status >= 500 => Err(AskError::Refused(Refusal::Unavailable)),
        None => Err(Rule::UnknownFailure.into()),
    }
}

/// The request for a body that was signed.
pub(super) fn signed(
    issuer: &Url,
    path: &str,
    body: &[u8],
    signature: &[u8],
) -> Result<HttpRequest, AskError> {
    let signature: Signature = signature.try_into().map_err(|_| Misuse::BadSignature)?;
    let headers = HashMap::from([
        ("content-type".to_owned(), "application/json".to_owned()),
        (SIGNATURE_HEADER.to_owned(), encode(&signature)),
    ]);
    let url = format!("{}{path}", issuer.as_str().trim_end_matches('/'));
    Ok(HttpRequest { method: HttpMethod::Post, url, headers, body: body.to_vec() })
}
