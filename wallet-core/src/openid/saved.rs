//! What a wallet keeps, sealed, of an issuance under way: enough to go on after the process died.

use serde::{Deserialize, Serialize};

use super::offer::{Code, CredentialOffer, Grant, Token};
use crate::{bytes::SecretBytes, platform::Url};

const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    version: u8,
    issuer: String,
    authorization_server: Option<String>,
    configurations: Vec<String>,
    point: Point,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "at", rename_all = "snake_case")]
enum Point {
    Browser { verifier: String, state: String },
    Token { access: String, bound: bool, refresh: Option<String>, identifiers: Vec<(String, String)> },
}

impl Drop for Point {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        match self {
            Self::Browser { verifier, .. } => verifier.zeroize(),
            Self::Token { access, refresh, .. } => {
                access.zeroize();
                refresh.zeroize();
            }
        }
    }
}

/// The bytes to keep; `None` for an offer that has not come to a point worth keeping.
pub(super) fn write(offer: &CredentialOffer) -> Option<SecretBytes> {
    let text = |code: &Code| code.expose().to_owned();
    let point = match &offer.grant {
        Grant::Browser { verifier, state, .. } => {
            Point::Browser { verifier: text(verifier), state: state.clone() }
        }
        Grant::Token(Token { access, bound, refresh, identifiers }) => Point::Token {
            access: text(access),
            bound: *bound,
            refresh: refresh.as_ref().map(text),
            identifiers: identifiers.clone(),
        },
        _ => return None,
    };
    let saved = Saved {
        version: VERSION,
        issuer: offer.issuer.as_str().to_owned(),
        authorization_server: offer.authorization_server.as_ref().map(|url| url.as_str().to_owned()),
        configurations: offer.configurations.clone(),
        point,
    };
    serde_json::to_vec(&saved).ok().map(SecretBytes::new)
}

/// The offer as it stood; `None` for bytes of another version.
pub(super) fn read(bytes: &SecretBytes) -> Option<CredentialOffer> {
    let saved: Saved = serde_json::from_slice(bytes.expose()).ok()?;
    if saved.version != VERSION {
        return None;
    }
    let code = |text: &String| Code::new(text.clone());
    let grant = match &saved.point {
        Point::Browser { verifier, state } => {
            Grant::Browser { verifier: code(verifier), state: state.clone(), came_back: None }
        }
        Point::Token { access, bound, refresh, identifiers } => Grant::Token(Token {
            access: code(access),
            bound: *bound,
            refresh: refresh.as_ref().map(code),
            identifiers: identifiers.clone(),
        }),
    };
    Some(CredentialOffer {
        issuer: Url::parse(&saved.issuer).ok()?,
        configurations: saved.configurations,
        grant,
        authorization_server: saved.authorization_server.map(|url| Url::parse(&url)).transpose().ok()?,
    })
}
