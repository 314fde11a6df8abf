//! What issuers and authorization servers say of themselves. OpenID4VCI 1.0, 12.2; RFC 8414.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{OpenIdError, Rule, Unsupported};
use crate::{
    jose::{ContentEncryption, Jwk},
    platform::{NotAUrl, Url},
};

/// Most copies of one credential that the wallet asks for at a time.
const MAX_BATCH: u32 = 50;
/// Longest name shown to the citizen, characters.
const MAX_NAME: usize = 100;
/// Most claims whose names are read.
const MAX_CLAIMS: usize = 100;

/// A credential issuer. 12.2.4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerMetadata {
    /// Its identifier.
    pub issuer: Url,
    /// Its authorization servers, the preferred one first; the issuer itself when it names none.
    pub authorization_servers: Vec<Url>,
    /// Where credentials are asked for.
    pub credential_endpoint: Url,
    /// Where nonces come from.
    pub nonce_endpoint: Option<Url>,
    /// Where deferred credentials are asked for.
    pub deferred_endpoint: Option<Url>,
    /// Where the wallet tells how it went.
    pub notification_endpoint: Option<Url>,
    /// How many copies may be asked for in one request; one when it says nothing.
    pub batch_size: u32,
    /// How requests are encrypted.
    pub request_encryption: RequestEncryption,
    /// How answers are encrypted.
    pub response_encryption: ResponseEncryption,
    /// Names by language tag, as the issuer wrote them.
    pub names: Names,
    configurations: BTreeMap<String, ConfigurationMessage>,
}

/// Whether requests for credentials are encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestEncryption {
    /// The issuer takes them in the clear, and the wallet knows no key to encrypt them to.
    None,
    /// To this key, by this; the wallet does it wherever it can.
    Offered(Jwk, ContentEncryption),
    /// The issuer takes no others, and the wallet has not the means.
    RequiredOther,
}

/// Whether answers are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseEncryption {
    /// The issuer cannot.
    None,
    /// It can, by this; the wallet asks for it.
    Offered(ContentEncryption),
    /// It does nothing else.
    Required(ContentEncryption),
    /// It does nothing else, by a cipher the wallet does not have.
    RequiredOther,
}

/// One credential an issuer can issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// Its name in the metadata.
    pub id: String,
    /// What comes.
    pub format: Format,
    /// The scope that stands for it.
    pub scope: Option<String>,
    /// How the keys are proven.
    pub proof: ProofKind,
    /// Names by language tag.
    pub names: Names,
    /// What the claims at the top are called, in the issuer's order. B.2.
    pub claims: Vec<(String, Names)>,
}

/// The formats this wallet keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// ISO/IEC 18013-5. OpenID4VCI 1.0, A.2.
    Mdoc {
        /// The document type.
        doctype: String,
    },
    /// SD-JWT VC. OpenID4VCI 1.0, A.3.
    SdJwtVc {
        /// The type.
        vct: String,
    },
    /// The counter's SD-CWT, `dc+sd-cwt`: our own identifier (docs/formats/kr1.md).
    SdCwt {
        /// The type.
        vct: String,
    },
}

/// How a wallet proves its keys to this issuer. OpenID4VCI 1.0, F.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofKind {
    /// The wallet provider attests all keys at once; no key signs. F.3.
    Attestation,
    /// One key signs, and the attestation of all of them is in its header. F.1.
    JwtWithKeyAttestation,
    /// Each key signs for itself. F.1.
    Jwt,
    /// Nothing is proven: the credential is nobody's.
    None,
}

/// What to call something, by language.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Names(Vec<(String, String)>);

/// An authorization server. RFC 8414, 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerMetadata {
    /// Its identifier.
    pub issuer: Url,
    /// Where tokens are got.
    pub token_endpoint: Url,
    /// Where the citizen signs in.
    pub authorization_endpoint: Option<Url>,
    /// Where the request is pushed before. RFC 9126.
    pub pushed_endpoint: Option<Url>,
    /// Where the card is asked. draft-ietf-oauth-first-party-apps, 4.
    pub challenge_endpoint: Option<Url>,
    /// Whether its redirects name it. RFC 9207.
    pub names_itself: bool,
    /// Whether it takes attested wallets. draft-ietf-oauth-attestation-based-client-auth.
    pub takes_wallet_attestation: bool,
    /// Whether it takes nothing but attested wallets.
    pub demands_wallet_attestation: bool,
    /// Whether it has PKCE with S256. RFC 7636.
    pub pkce: bool,
    /// Whether it takes DPoP proofs with ES256. RFC 9449, 5.1.
    pub dpop: bool,
}

impl Names {
    /// Whether there is no name.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name for a language tag, else the one without a tag, else the first.
    #[must_use]
    pub fn best(&self, language: &str) -> Option<&str> {
        let spoken =
            |tag: &str| tag.split('-').next().is_some_and(|primary| primary.eq_ignore_ascii_case(language));
        let find = |wanted: &dyn Fn(&str) -> bool| self.0.iter().find(|(tag, _)| wanted(tag));
        find(&|tag| spoken(tag))
            .or_else(|| find(&str::is_empty))
            .or_else(|| self.0.first())
            .map(|(_, name)| name.as_str())
    }
}

impl IssuerMetadata {
    /// Reads the metadata fetched for `issuer`.
    ///
    /// # Errors
    /// [`Rule::NotMetadata`], [`Rule::OtherIssuer`], [`Rule::EndpointUrl`], [`Rule::BatchSize`].
    pub fn parse(json: &[u8], issuer: &Url) -> Result<Self, Rule> {
        let message: IssuerMessage = serde_json::from_slice(json).map_err(|_| Rule::NotMetadata)?;
        if message.credential_issuer != issuer.as_str() {
            return Err(Rule::OtherIssuer);
        }
        let mut authorization_servers = Vec::new();
        for server in message.authorization_servers.unwrap_or_default() {
            authorization_servers.push(identifier(&server)?);
        }
        if authorization_servers.is_empty() {
            authorization_servers.push(issuer.clone());
        }
        let batch_size = match message.batch_credential_issuance {
            None => 1,
            Some(BatchMessage { batch_size }) if batch_size >= 2 => batch_size.min(MAX_BATCH),
            Some(_) => return Err(Rule::BatchSize),
        };
        Ok(Self {
            issuer: issuer.clone(),
            authorization_servers,
            credential_endpoint: endpoint(&message.credential_endpoint)?,
            nonce_endpoint: optional_endpoint(message.nonce_endpoint.as_deref())?,
            deferred_endpoint: optional_endpoint(message.deferred_credential_endpoint.as_deref())?,
            notification_endpoint: optional_endpoint(message.notification_endpoint.as_deref())?,
            batch_size,
            request_encryption: message
                .credential_request_encryption
                .map_or(RequestEncryption::None, RequestEncryptionMessage::read),
            response_encryption: message
                .credential_response_encryption
                .map_or(ResponseEncryption::None, |m| m.read()),
            names: names(message.display),
            configurations: message.credential_configurations_supported,
        })
    }

    /// The configuration of this name.
    ///
    /// # Errors
    /// [`Rule::UnknownConfiguration`]; [`Unsupported::Format`], [`Unsupported::ProofType`].
    pub fn configuration(&self, id: &str) -> Result<Configuration, OpenIdError> {
        let message = self.configurations.get(id).ok_or(Rule::UnknownConfiguration)?;
        Ok(message.read(id)?)
    }
}

impl ServerMetadata {
    /// Reads the metadata fetched for `issuer`.
    ///
    /// # Errors
    /// [`Rule::NotMetadata`], [`Rule::OtherAuthorizationServer`], [`Rule::EndpointUrl`].
    pub fn parse(json: &[u8], issuer: &Url) -> Result<Self, Rule> {
        let message: ServerMessage = serde_json::from_slice(json).map_err(|_| Rule::NotMetadata)?;
        if message.issuer != issuer.as_str() {
            return Err(Rule::OtherAuthorizationServer);
        }
        let methods = message.token_endpoint_auth_methods_supported.unwrap_or_default();
        let attested = |method: &String| method == "attest_jwt_client_auth";
        let lists = |list: Option<Vec<String>>, wanted: &str| {
            list.is_some_and(|list| list.iter().any(|x| x == wanted))
        };
        Ok(Self {
            issuer: issuer.clone(),
            token_endpoint: endpoint(&message.token_endpoint)?,
            authorization_endpoint: optional_endpoint(message.authorization_endpoint.as_deref())?,
            pushed_endpoint: optional_endpoint(message.pushed_authorization_request_endpoint.as_deref())?,
            challenge_endpoint: optional_endpoint(message.authorization_challenge_endpoint.as_deref())?,
            names_itself: message.authorization_response_iss_parameter_supported.unwrap_or(false),
            takes_wallet_attestation: methods.iter().any(attested),
            demands_wallet_attestation: !methods.is_empty() && methods.iter().all(attested),
            pkce: lists(message.code_challenge_methods_supported, "S256"),
            dpop: lists(message.dpop_signing_alg_values_supported, "ES256"),
        })
    }
}

impl ServerMetadata {
    /// Where it is asked for anything.
    pub(super) fn endpoints(&self) -> impl Iterator<Item = &Url> {
        let others = [&self.authorization_endpoint, &self.pushed_endpoint, &self.challenge_endpoint];
        core::iter::once(&self.token_endpoint).chain(others.into_iter().flatten())
    }
}

#[derive(Deserialize)]
struct IssuerMessage {
    credential_issuer: String,
    authorization_servers: Option<Vec<String>>,
    credential_endpoint: String,
    nonce_endpoint: Option<String>,
    deferred_credential_endpoint: Option<String>,
    notification_endpoint: Option<String>,
    credential_request_encryption: Option<RequestEncryptionMessage>,
    credential_response_encryption: Option<ResponseEncryptionMessage>,
    batch_credential_issuance: Option<BatchMessage>,
    #[serde(default)]
    display: Vec<DisplayMessage>,
    credential_configurations_supported: BTreeMap<String, ConfigurationMessage>,
}

#[derive(Deserialize)]
struct BatchMessage {
    batch_size: u32,
}

#[derive(Deserialize)]
struct RequestEncryptionMessage {
    jwks: KeySet,
    enc_values_supported: Vec<String>,
    encryption_required: bool,
}

/// RFC 7517, 5.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct ResponseEncryptionMessage {
    alg_values_supported: Vec<String>,
    enc_values_supported: Vec<String>,
    encryption_required: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct ConfigurationMessage {
    format: String,
    doctype: Option<String>,
    vct: Option<String>,
    scope: Option<String>,
    cryptographic_binding_methods_supported: Option<Vec<String>>,
    proof_types_supported: Option<BTreeMap<String, ProofTypeMessage>>,
    credential_metadata: Option<CredentialMetadataMessage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct ProofTypeMessage {
    #[serde(default)]
    proof_signing_alg_values_supported: Vec<String>,
    key_attestations_required: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct CredentialMetadataMessage {
    #[serde(default)]
    display: Vec<DisplayMessage>,
    #[serde(default)]
    claims: Vec<ClaimMessage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct ClaimMessage {
    path: Vec<serde_json::Value>,
    #[serde(default)]
    display: Vec<DisplayMessage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct DisplayMessage {
    name: Option<String>,
    locale: Option<String>,
}

#[derive(Deserialize)]
struct ServerMessage {
    issuer: String,
    token_endpoint: String,
    authorization_endpoint: Option<String>,
    pushed_authorization_request_endpoint: Option<String>,
    authorization_challenge_endpoint: Option<String>,
    authorization_response_iss_parameter_supported: Option<bool>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    dpop_signing_alg_values_supported: Option<Vec<String>>,
}

impl RequestEncryptionMessage {
    fn read(self) -> RequestEncryption {
        let content = content_encryption(&self.enc_values_supported);
        // Keys of other kinds may stand beside the one that is of use.
        match self.jwks.keys.into_iter().find_map(request_key).zip(content) {
            Some((key, content)) => RequestEncryption::Offered(key, content),
            None if self.encryption_required => RequestEncryption::RequiredOther,
            None => RequestEncryption::None,
        }
    }
}

/// A key for ECDH-ES on P-256 that has a name. 12.2.4; RFC 7517, 4.
fn request_key(key: serde_json::Value) -> Option<Jwk> {
    let says = |member: &str| key.get(member).and_then(serde_json::Value::as_str);
    if says("alg") != Some("ECDH-ES") || says("use").is_some_and(|usage| usage != "enc") {
        return None;
    }
    serde_json::from_value(key).ok().filter(|key: &Jwk| key.kid().is_some())
}

fn content_encryption(supported: &[String]) -> Option<ContentEncryption> {
    let mut known = ContentEncryption::ALL.into_iter();
    known.find(|known| supported.iter().any(|enc| enc == known.name()))
}

impl ResponseEncryptionMessage {
    fn read(self) -> ResponseEncryption {
        let usable = self.alg_values_supported.iter().any(|alg| alg == "ECDH-ES");
        let content = content_encryption(&self.enc_values_supported).filter(|_| usable);
        match content {
            Some(content) if self.encryption_required => ResponseEncryption::Required(content),
            Some(content) => ResponseEncryption::Offered(content),
            None if self.encryption_required => ResponseEncryption::RequiredOther,
            None => ResponseEncryption::None,
        }
    }
}

impl ConfigurationMessage {
    fn read(&self, id: &str) -> Result<Configuration, Unsupported> {
        let format = match (self.format.as_str(), &self.doctype, &self.vct) {
            ("mso_mdoc", Some(doctype), _) => Format::Mdoc { doctype: doctype.clone() },
            ("dc+sd-jwt", _, Some(vct)) => Format::SdJwtVc { vct: vct.clone() },
            ("dc+sd-cwt", _, Some(vct)) => Format::SdCwt { vct: vct.clone() },
            _ => return Err(Unsupported::Format),
        };
        Ok(Configuration {
            id: id.to_owned(),
            format,
            scope: self.scope.clone(),
            proof: self.proof()?,
            names: names(
                self.credential_metadata.clone().map(|metadata| metadata.display).unwrap_or_default(),
            ),
            claims: claims(
                self.credential_metadata.clone().map(|metadata| metadata.claims).unwrap_or_default(),
            ),
        })
    }

    fn proof(&self) -> Result<ProofKind, Unsupported> {
        let Some(types) = &self.proof_types_supported else {
            // 12.2.4: binding methods without proof types break the rule; without either nothing is bound.
            let bound =
                self.cryptographic_binding_methods_supported.as_ref().is_some_and(|list| !list.is_empty());
            return if bound { Err(Unsupported::ProofType) } else { Ok(ProofKind::None) };
        };
        let usable = |name: &str| {
            types
                .get(name)
                .filter(|kind| kind.proof_signing_alg_values_supported.iter().any(|alg| alg == "ES256"))
        };
        match (usable("attestation"), usable("jwt")) {
            (Some(_), _) => Ok(ProofKind::Attestation),
            (None, Some(jwt)) if jwt.key_attestations_required.is_some() => {
                Ok(ProofKind::JwtWithKeyAttestation)
            }
            (None, Some(_)) => Ok(ProofKind::Jwt),
            (None, None) => Err(Unsupported::ProofType),
        }
    }
}

fn names(display: Vec<DisplayMessage>) -> Names {
    let readable = |name: &String| {
        !name.is_empty() && name.chars().count() <= MAX_NAME && !name.contains(char::is_control)
    };
    let entry = |DisplayMessage { name, locale }| Some((locale.unwrap_or_default(), name.filter(readable)?));
    Names(display.into_iter().filter_map(entry).collect())
}

/// Claims at the top, each once. What lies deeper, or in a name space, is shown by other means.
fn claims(messages: Vec<ClaimMessage>) -> Vec<(String, Names)> {
    let mut claims: Vec<(String, Names)> = Vec::new();
    for ClaimMessage { path, display } in messages.into_iter().take(MAX_CLAIMS) {
        let [serde_json::Value::String(name)] = path.as_slice() else { continue };
        let fits = (1..=MAX_NAME).contains(&name.len()) && claims.iter().all(|(known, _)| known != name);
        if fits {
            claims.push((name.clone(), names(display)));
        }
    }
    claims
}

fn identifier(text: &str) -> Result<Url, Rule> {
    Url::parse(text).ok().filter(Url::is_identifier).ok_or(Rule::EndpointUrl)
}

fn endpoint(text: &str) -> Result<Url, Rule> {
    Url::parse(text).map_err(|NotAUrl| Rule::EndpointUrl)
}

fn optional_endpoint(text: Option<&str>) -> Result<Option<Url>, Rule> {
    text.map(endpoint).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://issuer.example/tenant";

    fn issuer(change: &str, to: &str) -> Result<IssuerMetadata, Rule> {
        let json = r#"{"credential_issuer":"https://issuer.example/tenant",
            "authorization_servers":["https://login.example"],
            "credential_endpoint":"https://issuer.example/tenant/credential",
            "nonce_endpoint":"https://issuer.example/tenant/nonce",
            "batch_credential_issuance":{"batch_size":10},
            "credential_response_encryption":{"alg_values_supported":["ECDH-ES"],"enc_values_supported":["A128GCM","A256GCM"],"encryption_required":true},
            "display":[{"name":"Office","locale":"en-GB"},{"name":"주민센터","locale":"ko"}],
            "credential_configurations_supported":{
              "card":{"format":"mso_mdoc","doctype":"org.iso.23220.photoid.1","cryptographic_binding_methods_supported":["cose_key"],
                "proof_types_supported":{"jwt":{"proof_signing_alg_values_supported":["ES256"]},
                  "attestation":{"proof_signing_alg_values_supported":["ES256"],"key_attestations_required":{}}}},
              "jwt":{"format":"dc+sd-jwt","vct":"urn:card","proof_types_supported":{"jwt":{"proof_signing_alg_values_supported":["ES256"],
                  "key_attestations_required":{"key_storage":["iso_18045_high"]}}}},
              "plain":{"format":"dc+sd-jwt","vct":"urn:card","proof_types_supported":{"jwt":{"proof_signing_alg_values_supported":["ES256"]}}},
              "ldp":{"format":"ldp_vc"},
              "edwards":{"format":"dc+sd-jwt","vct":"urn:card","proof_types_supported":{"jwt":{"proof_signing_alg_values_supported":["EdDSA"]}}}
            }}"#;
        assert!(change.is_empty() || json.contains(change), "{change}");
        IssuerMetadata::parse(json.replace(change, to).as_bytes(), &Url::parse(ISSUER).unwrap())
    }

    fn same() -> IssuerMetadata {
        issuer("\n", "").unwrap()
    }

    #[test]
    fn an_issuer_says_where_what_and_how_many() {
        let metadata = same();
        assert_eq!(metadata.authorization_servers[0].as_str(), "https://login.example");
        assert_eq!(metadata.batch_size, 10);
        assert_eq!(metadata.response_encryption, ResponseEncryption::Required(ContentEncryption::A256Gcm));
        assert_eq!(metadata.names.best("ko"), Some("주민센터"));
        assert_eq!(metadata.names.best("en"), Some("Office"));
        assert_eq!(metadata.names.best("fr"), Some("Office"));
        let proof = |id: &str| metadata.configuration(id).map(|c| c.proof);
        assert_eq!(proof("card"), Ok(ProofKind::Attestation));
        assert_eq!(proof("jwt"), Ok(ProofKind::JwtWithKeyAttestation));
        assert_eq!(proof("plain"), Ok(ProofKind::Jwt));
        assert_eq!(proof("ldp"), Err(Unsupported::Format.into()));
        assert_eq!(proof("edwards"), Err(Unsupported::ProofType.into()));
        assert_eq!(metadata.configuration("none"), Err(Rule::UnknownConfiguration.into()));
    }

    #[test]
    fn metadata_that_break_a_rule_name_it() {
        assert_eq!(
            issuer("issuer.example/tenant\",\n", "issuer.example/other\",\n").unwrap_err(),
            Rule::OtherIssuer
        );
        assert_eq!(
            issuer("https://issuer.example/tenant/nonce", "http://issuer.example/nonce").unwrap_err(),
            Rule::EndpointUrl
        );
        assert_eq!(
            issuer("https://login.example", "https://login.example?x=1").unwrap_err(),
            Rule::EndpointUrl
        );
        assert_eq!(issuer("{\"batch_size\":10}", "{\"batch_size\":1}").unwrap_err(), Rule::BatchSize);
        assert_eq!(issuer("\"credential_endpoint\"", "\"endpoint\"").unwrap_err(), Rule::NotMetadata);
        assert_eq!(
            issuer("{\"batch_size\":10}", "{\"batch_size\":4000000000}").unwrap().batch_size,
            MAX_BATCH
        );
        let mut without = issuer("\"authorization_servers\"", "\"others\"").unwrap();
        assert_eq!(without.authorization_servers.pop().unwrap().as_str(), ISSUER);
    }

    #[test]
    fn a_name_with_controls_or_too_long_is_not_shown() {
        assert_eq!(issuer("주민센터", "a\\u202e\\u0007b").unwrap().names.best("ko"), Some("Office"));
        assert_eq!(issuer("주민센터", &"긴".repeat(101)).unwrap().names.best("ko"), Some("Office"));
    }

    #[test]
    fn a_server_says_what_it_takes() {
        let parse = |more: &str| {
            let json = format!(
                r#"{{"issuer":"https://login.example","token_endpoint":"https://login.example/token"{more}}}"#
            );
            ServerMetadata::parse(json.as_bytes(), &Url::parse("https://login.example").unwrap())
        };
        let bare = parse("").unwrap();
        assert!(
            !bare.pkce && !bare.dpop && !bare.takes_wallet_attestation && !bare.demands_wallet_attestation
        );
        let full = parse(
            r#","code_challenge_methods_supported":["plain","S256"],"dpop_signing_alg_values_supported":["ES256"],
               "token_endpoint_auth_methods_supported":["none","attest_jwt_client_auth"]"#,
        );
        let full = full.unwrap();
        assert!(full.pkce && full.dpop && full.takes_wallet_attestation && !full.demands_wallet_attestation);
        let strict = parse(r#","token_endpoint_auth_methods_supported":["attest_jwt_client_auth"]"#).unwrap();
        assert!(strict.demands_wallet_attestation);
        assert_eq!(parse(r#","authorization_endpoint":"http://x.example""#), Err(Rule::EndpointUrl));
        let other = Url::parse("https://other.example").unwrap();
        let json = br#"{"issuer":"https://login.example","token_endpoint":"https://login.example/token"}"#;
        assert_eq!(ServerMetadata::parse(json, &other), Err(Rule::OtherAuthorizationServer));
    }
}
