//! Credential offers: what a centre's QR or a portal's link says. OpenID4VCI 1.0, 4.1.

use std::fmt;

use serde::Deserialize;

use super::{
    OfferRule,
    form::{member, parse_form},
};
use crate::{bytes::SecretBytes, platform::Url};

/// Longest offer, bytes, in a link or as fetched.
const MAX_OFFER: usize = 64 * 1024;
/// Most configurations in one offer.
const MAX_CONFIGURATIONS: usize = 16;
/// Longest name of a configuration, and longest code, characters.
const MAX_NAME: usize = 256;
const MAX_CODE: usize = 4096;
/// Longest transaction code, characters.
const MAX_TRANSACTION_CODE: u32 = 32;
const SCHEME: &str = "openid-credential-offer:";

/// What a scanned or opened link holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OfferLink {
    /// The offer itself. 4.1.2.
    ByValue(Box<CredentialOffer>),
    /// Where it is fetched, by GET. 4.1.3.
    ByReference(Url),
}

/// An offer of one or more credentials. 4.1.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialOffer {
    /// Who offers.
    pub issuer: Url,
    /// Names of configurations in the issuer's metadata; at least one.
    pub configurations: Vec<String>,
    /// How the token is got.
    pub grant: Grant,
    /// The authorization server to use when the issuer has several.
    pub authorization_server: Option<Url>,
}

/// How the token is got. An offer with both takes the pre-authorised code: the citizen has been seen already.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Grant {
    /// `urn:ietf:params:oauth:grant-type:pre-authorized_code`. 3.5.
    PreAuthorized {
        /// The code. A secret: with it, and without a transaction code, anybody gets the token.
        code: Code,
        /// What the citizen was told on another way.
        transaction_code: Option<TransactionCode>,
    },
    /// `authorization_code`: the citizen signs in with a browser. 3.4.
    Authorization {
        /// What the issuer wants to see again.
        issuer_state: Option<String>,
    },
    /// `refresh_token`: in no offer, but in what a wallet keeps to renew its copies. RFC 6749, 6.
    Refresh {
        /// The token.
        token: Code,
    },
    /// In no offer: the citizen's card is before the phone. draft-ietf-oauth-first-party-apps.
    Card,
    /// In no offer, but in what a wallet keeps: the browser is out, or has come back.
    Browser {
        /// What PKCE hides until the token is asked for. RFC 7636.
        verifier: Code,
        /// What the browser has to bring back. RFC 6749, 10.12.
        state: String,
        /// The URL it came back with.
        came_back: Option<String>,
    },
    /// In no offer, but in what a wallet keeps: the token is there, the credentials are not.
    Token(Token),
}

/// A token, and what came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub(super) access: Code,
    /// Whether it is bound to the Instance key.
    pub(super) bound: bool,
    pub(super) refresh: Option<Code>,
    /// Credential identifiers by configuration. OpenID4VCI 1.0, 6.2.
    pub(super) identifiers: Vec<(String, String)>,
}

/// The form of a transaction code. 4.1.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionCode {
    /// Whether it has digits only.
    pub numeric: bool,
    /// Its length in characters, when told.
    pub length: Option<u32>,
    /// What the issuer says of it; at most 300 characters, without controls.
    pub description: Option<String>,
}

/// A code that is worth a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// Takes the text over.
    #[must_use]
    pub const fn new(code: String) -> Self {
        Self(code)
    }

    /// The code itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code")
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

impl OfferLink {
    /// Whether a text looks like an offer, so that whoever scans it knows where it belongs.
    #[must_use]
    pub fn is_offer(text: &str) -> bool {
        text.starts_with(SCHEME) || (text.starts_with("http") && text.contains("credential_offer"))
    }

    /// Reads a link.
    ///
    /// # Errors
    /// [`OfferRule`].
    pub fn parse(text: &str) -> Result<Self, OfferRule> {
        if text.len() > MAX_OFFER {
            return Err(OfferRule::TooLong);
        }
        let text = text.trim();
        if !text.starts_with(SCHEME) && !text.starts_with("https://") && !text.starts_with("http://") {
            return Err(OfferRule::NotAnOffer);
        }
        let (_, query) = text.split_once('?').ok_or(OfferRule::NotAnOffer)?;
        let members = parse_form(query).ok_or(OfferRule::NotAnOffer)?;
        match (member(&members, "credential_offer"), member(&members, "credential_offer_uri")) {
            (Some(value), None) => Ok(Self::ByValue(Box::new(CredentialOffer::parse(value.as_bytes())?))),
            (None, Some(url)) => Ok(Self::ByReference(Url::parse(url).map_err(|_| OfferRule::BadUrl)?)),
            _ => Err(OfferRule::NotAnOffer),
        }
    }
}

impl CredentialOffer {
    /// Reads the object.
    ///
    /// # Errors
    /// [`OfferRule`].
    pub fn parse(json: &[u8]) -> Result<Self, OfferRule> {
        if json.len() > MAX_OFFER {
            return Err(OfferRule::TooLong);
        }
        let message: OfferMessage = serde_json::from_slice(json).map_err(|_| OfferRule::NotTheObject)?;
        let OfferMessage { credential_issuer, credential_configuration_ids, grants } = message;
        let issuer = Url::parse(&credential_issuer).map_err(|_| OfferRule::BadUrl)?;
        if !issuer.is_identifier() {
            return Err(OfferRule::BadUrl);
        }
        let mut configurations: Vec<String> = Vec::new();
        for id in credential_configuration_ids {
            if id.is_empty() || id.len() > MAX_NAME || configurations.contains(&id) {
                return Err(OfferRule::Configurations);
            }
            configurations.push(id);
        }
        if !(1..=MAX_CONFIGURATIONS).contains(&configurations.len()) {
            return Err(OfferRule::Configurations);
        }
        let GrantsMessage { pre_authorized, authorization } = grants.unwrap_or_default();
        let (grant, server) = match (pre_authorized, authorization) {
            (Some(message), _) => message.read()?,
            (None, Some(AuthorizationMessage { issuer_state, authorization_server })) => {
                if issuer_state.as_ref().is_some_and(|state| state.is_empty() || state.len() > MAX_CODE) {
                    return Err(OfferRule::EmptyCode);
                }
                (Grant::Authorization { issuer_state }, authorization_server)
            }
            // 4.1.1: without grants the wallet finds out from the metadata; ours asks the citizen to sign in.
            (None, None) => (Grant::Authorization { issuer_state: None }, None),
        };
        let authorization_server =
            server.map(|url| Url::parse(&url)).transpose().map_err(|_| OfferRule::BadUrl)?;
        Ok(Self { issuer, configurations, grant, authorization_server })
    }
}

impl TransactionCode {
    /// Whether what the citizen typed has the form the offer says.
    #[must_use]
    pub fn fits(&self, typed: &SecretBytes) -> bool {
        let Ok(text) = std::str::from_utf8(typed.expose()) else { return false };
        let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let sized = self.length.map_or(length <= MAX_TRANSACTION_CODE, |wanted| wanted == length);
        length > 0
            && sized
            && (!self.numeric || text.bytes().all(|b| b.is_ascii_digit()))
            && !text.contains(char::is_control)
    }
}

#[derive(Deserialize)]
struct OfferMessage {
    credential_issuer: String,
    credential_configuration_ids: Vec<String>,
    grants: Option<GrantsMessage>,
}

#[derive(Deserialize, Default)]
struct GrantsMessage {
    #[serde(rename = "urn:ietf:params:oauth:grant-type:pre-authorized_code")]
    pre_authorized: Option<PreAuthorizedMessage>,
    #[serde(rename = "authorization_code")]
    authorization: Option<AuthorizationMessage>,
}

#[derive(Deserialize)]
struct PreAuthorizedMessage {
    #[serde(rename = "pre-authorized_code")]
    code: String,
    tx_code: Option<TransactionCodeMessage>,
    authorization_server: Option<String>,
}

#[derive(Deserialize)]
struct AuthorizationMessage {
    issuer_state: Option<String>,
    authorization_server: Option<String>,
}

#[derive(Deserialize)]
struct TransactionCodeMessage {
    input_mode: Option<String>,
    length: Option<u32>,
    description: Option<String>,
}

impl PreAuthorizedMessage {
    fn read(self) -> Result<(Grant, Option<String>), OfferRule> {
        if self.code.is_empty() || self.code.len() > MAX_CODE {
            return Err(OfferRule::EmptyCode);
        }
        let transaction_code = self.tx_code.map(TransactionCodeMessage::read).transpose()?;
        Ok((Grant::PreAuthorized { code: Code::new(self.code), transaction_code }, self.authorization_server))
    }
}

impl TransactionCodeMessage {
    fn read(self) -> Result<TransactionCode, OfferRule> {
        let numeric = match self.input_mode.as_deref() {
            // 4.1.1: numeric is the default.
            None | Some("numeric") => true,
            Some("text") => false,
            Some(_) => return Err(OfferRule::TransactionCode),
        };
        if self.length.is_some_and(|length| !(1..=MAX_TRANSACTION_CODE).contains(&length)) {
            return Err(OfferRule::TransactionCode);
        }
        let readable = |text: &String| text.chars().count() <= 300 && !text.contains(char::is_control);
        Ok(TransactionCode { numeric, length: self.length, description: self.description.filter(readable) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

    fn offer(grants: &str) -> Result<CredentialOffer, OfferRule> {
        let json = format!(
            r#"{{"credential_issuer":"https://issuer.example","credential_configuration_ids":["a"],"grants":{grants}}}"#
        );
        CredentialOffer::parse(json.as_bytes())
    }

    #[test]
    fn an_offer_by_value_is_read_with_its_transaction_code() {
        // OpenID4VCI 1.0, 4.1.2, with other values.
        let link = "openid-credential-offer://?credential_offer=%7B%22credential_issuer%22:%22https://issuer.example%22,\
                    %22credential_configuration_ids%22:%5B%22card%22%5D,%22grants%22:%7B%22urn:ietf:params:oauth:grant-type:\
                    pre-authorized_code%22:%7B%22pre-authorized_code%22:%22abc%22,%22tx_code%22:%7B%22length%22:6%7D%7D%7D%7D";
        let OfferLink::ByValue(offer) = OfferLink::parse(link).unwrap() else { panic!("by value") };
        assert_eq!(offer.configurations, ["card"]);
        let Grant::PreAuthorized { code, transaction_code } = &offer.grant else { panic!("pre-authorised") };
        assert_eq!(code.expose(), "abc");
        let form = transaction_code.as_ref().unwrap();
        assert_eq!((form.numeric, form.length), (true, Some(6)));
        assert!(form.fits(&SecretBytes::new(b"493536".to_vec())));
        for wrong in [
            &b"49353"[..],
            b"4935366",
            b"49353x",
            b"",
            "４９３５３６".as_bytes(),
            b"\xff\xff\xff\xff\xff\xff",
        ] {
            assert!(!form.fits(&SecretBytes::new(wrong.to_vec())), "{wrong:?}");
        }
    }

    #[test]
    fn an_offer_by_reference_names_where_it_is() {
        let link =
            "https://wallet.example/open?credential_offer_uri=https%3A%2F%2Fissuer%2Eexample%2Foffers%2F1";
        let OfferLink::ByReference(url) = OfferLink::parse(link).unwrap() else { panic!("by reference") };
        assert_eq!(url.as_str(), "https://issuer.example/offers/1");
    }

    #[test]
    fn links_that_are_no_offers_say_so() {
        for (text, rule) in [
            ("KD1:ABC", OfferRule::NotAnOffer),
            ("openid-credential-offer://", OfferRule::NotAnOffer),
            ("openid-credential-offer://?x=1", OfferRule::NotAnOffer),
            (
                "openid-credential-offer://?credential_offer=%7B%7D&credential_offer_uri=https://a",
                OfferRule::NotAnOffer,
            ),
            ("openid-credential-offer://?credential_offer=%7B%7D", OfferRule::NotTheObject),
            (
                "openid-credential-offer://?credential_offer_uri=http%3A%2F%2Fissuer.example",
                OfferRule::BadUrl,
            ),
            ("openid-credential-offer://?credential_offer_uri=file:///etc", OfferRule::BadUrl),
        ] {
            assert_eq!(OfferLink::parse(text), Err(rule), "{text}");
        }
        assert_eq!(OfferLink::parse(&"o".repeat(MAX_OFFER + 1)), Err(OfferRule::TooLong));
    }

    #[test]
    fn objects_that_break_a_rule_name_it() {
        let object = |json: &str| CredentialOffer::parse(json.as_bytes()).unwrap_err();
        let with = |issuer: &str, ids: &str| {
            object(&format!(r#"{{"credential_issuer":"{issuer}","credential_configuration_ids":{ids}}}"#))
        };
        assert_eq!(with("http://issuer.example", r#"["a"]"#), OfferRule::BadUrl);
        assert_eq!(with("https://issuer.example?a=1", r#"["a"]"#), OfferRule::BadUrl);
        assert_eq!(with("https://issuer.example", "[]"), OfferRule::Configurations);
        assert_eq!(with("https://issuer.example", r#"["a","a"]"#), OfferRule::Configurations);
        assert_eq!(with("https://issuer.example", r#"[""]"#), OfferRule::Configurations);
        assert_eq!(with("https://issuer.example", r#""a""#), OfferRule::NotTheObject);
        assert_eq!(
            offer(&format!(r#"{{"{GRANT}":{{"pre-authorized_code":""}}}}"#)),
            Err(OfferRule::EmptyCode)
        );
        let form =
            |tx: &str| offer(&format!(r#"{{"{GRANT}":{{"pre-authorized_code":"x","tx_code":{tx}}}}}"#));
        assert_eq!(form(r#"{"length":0}"#), Err(OfferRule::TransactionCode));
        assert_eq!(form(r#"{"length":33}"#), Err(OfferRule::TransactionCode));
        assert_eq!(form(r#"{"input_mode":"emoji"}"#), Err(OfferRule::TransactionCode));
        assert!(form("{}").is_ok());
    }

    #[test]
    fn without_a_grant_the_citizen_signs_in() {
        assert_eq!(offer("{}").unwrap().grant, Grant::Authorization { issuer_state: None });
    }

    #[test]
    fn a_code_is_not_printed() {
        let offer = offer(&format!(r#"{{"{GRANT}":{{"pre-authorized_code":"geheim"}}}}"#)).unwrap();
        assert!(!format!("{offer:?}").contains("geheim"));
    }
}
