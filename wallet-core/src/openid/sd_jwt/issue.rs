//! Making SD-JWT VCs: the issuer's side.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{StatusEntry, TYP};
use crate::{
    crypto::{
        hash::sha256,
        random::{NoRandomness, make_random},
        sign::{PublicKey, Signature},
    },
    jose::{Jwk, SigningInput, encode},
};

/// Bytes of salt. RFC 9901, 9.3.
const SALT: usize = 16;

/// One SD-JWT VC to be issued.
#[derive(Debug, Clone)]
pub struct SdJwtRequest<'a> {
    /// Its type.
    pub vct: &'a str,
    /// Who issues, a URL.
    pub issuer: &'a str,
    /// The key it is bound to.
    pub holder: &'a PublicKey,
    /// Seconds since 1970 UTC; whole days, so that two copies of one day share them.
    pub issued_at: i64,
    /// Seconds since 1970 UTC.
    pub expires_at: i64,
    /// Where its status is told.
    pub status: Option<StatusEntry>,
    /// Claims that the holder may leave out, each for itself.
    pub claims: Vec<(String, Value)>,
    /// The signer's certificate, DER; its chain up to the anchor, which is left out, may follow.
    pub chain: &'a [Vec<u8>],
}

/// Why no SD-JWT was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The operating system gave no randomness.
    #[error("no randomness")]
    NoRandomness,
    /// The signing key failed.
    #[error("the signing key failed")]
    SigningFailed,
    /// A claim has no JSON form.
    #[error("a claim has no JSON form")]
    NoJson,
}

impl From<NoRandomness> for IssueError {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

#[derive(Serialize)]
struct Header {
    alg: &'static str,
    typ: &'static str,
    x5c: Vec<String>,
}

/// Hides each claim behind a salted digest and has `sign` sign the rest by ES256, `r ‖ s`.
///
/// # Errors
/// [`IssueError`].
pub fn issue<E>(
    request: &SdJwtRequest<'_>,
    sign: &dyn Fn(&[u8]) -> Result<Signature, E>,
) -> Result<String, IssueError> {
    let mut disclosures = Vec::new();
    for (name, value) in &request.claims {
        let salt = encode(&make_random::<SALT>()?);
        let text = serde_json::to_vec(&json!([salt, name, value])).map_err(|_| IssueError::NoJson)?;
        let text = encode(&text);
        disclosures.push((encode(&sha256(text.as_bytes())), text));
    }
    // Digests are random: their order tells nothing of the claims behind them.
    disclosures.sort();
    let digests: Vec<&String> = disclosures.iter().map(|(digest, _)| digest).collect();
    let mut payload = Map::new();
    let mut put = |name: &str, value: Value| drop(payload.insert(name.to_owned(), value));
    put("iss", request.issuer.into());
    put("iat", request.issued_at.into());
    put("exp", request.expires_at.into());
    put("vct", request.vct.into());
    put("cnf", json!({ "jwk": Jwk::new(*request.holder) }));
    put("_sd_alg", "sha-256".into());
    put("_sd", json!(digests));
    if let Some(StatusEntry { uri, index }) = &request.status {
        put("status", json!({ "status_list": { "idx": index, "uri": uri } }));
    }
    let x5c = request.chain.iter().map(|der| BASE64_STANDARD.encode(der)).collect();
    let input =
        SigningInput::new(&Header { alg: "ES256", typ: TYP, x5c }, &payload).ok_or(IssueError::NoJson)?;
    let signature = sign(input.as_bytes()).map_err(|_| IssueError::SigningFailed)?;
    let mut text = input.signed(&signature);
    for (_, disclosure) in disclosures {
        text.push('~');
        text.push_str(&disclosure);
    }
    text.push('~');
    Ok(text)
}
