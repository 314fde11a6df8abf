//! OpenID4VCI 1.0, the issuer's side, and the authorization server before it: offers, tokens, credentials. The rules, without
//! HTTP; its `api` carries the messages.

pub(crate) mod api;
mod authorize;
mod credential;
mod encryption;
mod metadata;
mod offer;
mod proofs;
mod tap;
mod token;

pub(crate) use authorize::Answered;
pub use authorize::{Application, PortalRefusal};
pub use offer::Offer;
pub(crate) use proofs::Proofs;

use wallet_core::{crypto::hash::sha256, openid::ErrorCode};

use crate::issuer::IssuerError;

/// Paths below the issuer's URL.
pub(crate) mod paths {
    pub(crate) const OFFER: &str = "/openid/offers";
    pub(crate) const APPLICATION: &str = "/openid/applications";
    pub(crate) const PUSHED: &str = "/openid/par";
    pub(crate) const AUTHORIZE: &str = "/openid/authorize";
    /// Where a browser comes that knows no wallet.
    pub(crate) const OPEN: &str = "/portal/open";
    pub(crate) const CHALLENGE: &str = "/openid/challenge";
    pub(crate) const TOKEN: &str = "/openid/token";
    pub(crate) const NONCE: &str = "/openid/nonce";
    pub(crate) const CREDENTIAL: &str = "/openid/credential";
    pub(crate) const DEFERRED: &str = "/openid/deferred";
    pub(crate) const NOTIFICATION: &str = "/openid/notification";
}

/// How far the clocks of phone and desk may be apart, seconds.
const SKEW: i64 = 300;

/// What is kept of a code, token or nonce.
fn digest(text: &str) -> [u8; 32] {
    sha256(text.as_bytes())
}

/// A form's members; each name once.
struct Form(Vec<(String, String)>);

impl Form {
    fn parse(body: &[u8]) -> Result<Self, IssuerError> {
        let invalid = || IssuerError::oauth(ErrorCode::InvalidRequest, "Form");
        let text = std::str::from_utf8(body).map_err(|_| invalid())?;
        let mut members: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if members.iter().any(|(known, _)| *known == name) {
                return Err(invalid());
            }
            members.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(members))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn required(&self, name: &'static str) -> Result<&str, IssuerError> {
        self.get(name).ok_or_else(|| IssuerError::oauth(ErrorCode::InvalidRequest, name))
    }
}
