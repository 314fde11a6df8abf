//! What a wallet keeps, sealed, of an issuance under way: enough to go on after the process died.

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::offer::{Code, CredentialOffer, Grant, Token};
use crate::{bytes::SecretBytes, platform::Url};

const VERSION: u8 = 1;

/// Members of the two points that are worth keeping: the browser is out, or the token is there.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    version: u8,
    issuer: String,
    authorization_server: Option<String>,
    configurations: Vec<String>,
    browser: Option<Browser>,
    token: Option<KeptToken>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Browser {
    verifier: String,
    state: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptToken {
    access: String,
    bound: bool,
    refresh: Option<String>,
    identifiers: Vec<(String, String)>,
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.verifier.zeroize();
    }
}

impl Drop for KeptToken {
    fn drop(&mut self) {
        self.access.zeroize();
        self.refresh.zeroize();
    }
}

/// The bytes to keep; `None` for an offer that has not come to a point worth keeping.
pub(super) fn write(offer: &CredentialOffer) -> Option<SecretBytes> {
    let text = |code: &Code| code.expose().to_owned();
    let (mut browser, mut token) = (None, None);
    match &offer.grant {
        Grant::Browser { verifier, state, .. } => {
            browser = Some(Browser { verifier: text(verifier), state: state.clone() });
        }
        Grant::Token(Token { access, bound, refresh, identifiers }) => {
            token = Some(KeptToken {
                access: text(access),
                bound: *bound,
                refresh: refresh.as_ref().map(text),
                identifiers: identifiers.clone(),
            });
        }
        _ => return None,
    }
    let saved = Saved {
        version: VERSION,
        issuer: offer.issuer.as_str().to_owned(),
        authorization_server: offer.authorization_server.as_ref().map(|url| url.as_str().to_owned()),
        configurations: offer.configurations.clone(),
        browser,
        token,
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
    let grant = match (&saved.browser, &saved.token) {
        (Some(Browser { verifier, state }), None) => {
            Grant::Browser { verifier: code(verifier), state: state.clone(), came_back: None }
        }
        (None, Some(KeptToken { access, bound, refresh, identifiers })) => Grant::Token(Token {
            access: code(access),
            bound: *bound,
            refresh: refresh.as_ref().map(code),
            identifiers: identifiers.clone(),
        }),
        _ => return None,
    };
    Some(CredentialOffer {
        issuer: Url::parse(&saved.issuer).ok()?,
        configurations: saved.configurations,
        grant,
        authorization_server: saved.authorization_server.map(|url| Url::parse(&url)).transpose().ok()?,
    })
}
