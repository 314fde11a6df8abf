//! Asking an issuer what it is, and believing the answer as far as the policy goes. OpenID4VCI 1.0, 12.2.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    OpenIdError, Rule,
    flow::Next,
    issuance::{Client, MetadataPolicy, State, Step},
    metadata::{IssuerMetadata, ServerMetadata},
    offer::CredentialOffer,
    request::{checked, fetch, fetch_as, is_of_type},
};
use crate::{
    jose::Jws,
    platform::{HttpResponse, Url},
    trust::{Anchors, Certificate, Usage, verify_chain},
};

/// `typ` of signed metadata. OpenID4VCI 1.0, 12.2.3.
pub const SIGNED_METADATA: &str = "openidvci-issuer-metadata+jwt";
/// `typ` of the signed metadata of an authorization server, for which RFC 8414, 2.1 names none: the project's own.
pub const SIGNED_SERVER_METADATA: &str = "oauth-authz-server-metadata+jwt";
const JWT: &str = "application/jwt";
/// How far issuer and phone may disagree about the time, seconds.
const SKEW: i64 = 300;
/// How long signed metadata hold that do not say so, seconds.
const MAX_AGE: i64 = 7 * 86_400;

pub(super) fn ask_issuer(client: &Client, offer: CredentialOffer) -> (State, Step) {
    let url = offer.issuer.well_known("openid-credential-issuer");
    let request = match client.metadata {
        MetadataPolicy::Signed(_) => fetch_as(url, JWT),
        MetadataPolicy::AcceptUnsigned => fetch(url),
    };
    (State::ExpectIssuer(offer), Step::Http(request))
}

pub(super) fn ask_server(client: &Client, offer: CredentialOffer, response: &HttpResponse, now: i64) -> Next {
    let issuer = match &client.metadata {
        MetadataPolicy::AcceptUnsigned => {
            checked(response, &[200], "application/json")?;
            IssuerMetadata::parse(&response.body, &offer.issuer)?
        }
        MetadataPolicy::Signed(anchors) => {
            // Who asks for signed metadata and gets others is told so, not that the type was wrong.
            if response.status == 200 && !is_of_type(response, JWT) {
                return Err(Rule::MetadataNotSigned.into());
            }
            checked(response, &[200], JWT)?;
            let Signed { sub, metadata, .. } = Signed::read(&response.body, SIGNED_METADATA, anchors, now)?;
            // 12.2.3: `sub` is the issuer, and what is signed is all that counts.
            if sub.as_deref() != Some(offer.issuer.as_str()) {
                return Err(Rule::OtherIssuer.into());
            }
            IssuerMetadata::parse(&json(&metadata)?, &offer.issuer)?
        }
    };
    let server = match &offer.authorization_server {
        Some(named) if issuer.authorization_servers.contains(named) => named,
        Some(_) => return Err(Rule::UnlistedAuthorizationServer.into()),
        None => issuer.authorization_servers.first().unwrap_or(&issuer.issuer),
    };
    let request = fetch(server.well_known("oauth-authorization-server"));
    let offer = CredentialOffer { authorization_server: Some(server.clone()), ..offer };
    Ok((State::ExpectServer(offer, Box::new(issuer)), Step::Http(request)))
}

/// What the authorization server says of itself. RFC 8414: under a policy of signed metadata, what `signed_metadata` (2.1) says
/// and nothing else, by a signer of the same root; otherwise what comes over TLS, which speaks for one origin only.
pub(super) fn read_server(
    policy: &MetadataPolicy,
    response: &HttpResponse,
    server: &Url,
    now: i64,
) -> Result<ServerMetadata, OpenIdError> {
    #[derive(Deserialize)]
    struct Wrapped {
        signed_metadata: Option<String>,
    }
    checked(response, &[200], "application/json")?;
    match policy {
        MetadataPolicy::AcceptUnsigned => {
            let metadata = ServerMetadata::parse(&response.body, server)?;
            if !metadata.endpoints().all(|endpoint| endpoint.origin() == server.origin()) {
                return Err(Rule::EndpointOrigin.into());
            }
            Ok(metadata)
        }
        MetadataPolicy::Signed(anchors) => {
            let wrapped: Wrapped = serde_json::from_slice(&response.body).map_err(|_| Rule::NotMetadata)?;
            let token = wrapped.signed_metadata.ok_or(Rule::MetadataNotSigned)?;
            let Signed { iss, metadata, .. } =
                Signed::read(token.as_bytes(), SIGNED_SERVER_METADATA, anchors, now)?;
            if iss.as_deref() != Some(server.as_str()) {
                return Err(Rule::OtherAuthorizationServer.into());
            }
            Ok(ServerMetadata::parse(&json(&metadata)?, server)?)
        }
    }
}

#[derive(Deserialize)]
struct Signed {
    iss: Option<String>,
    sub: Option<String>,
    iat: i64,
    exp: Option<i64>,
    #[serde(flatten)]
    metadata: Map<String, Value>,
}

impl Signed {
    /// Metadata by a signer that the anchors vouch for, and in time.
    fn read(body: &[u8], typ: &str, anchors: &Anchors, now: i64) -> Result<Self, OpenIdError> {
        let read = || -> Option<Self> {
            let jws = Jws::parse(core::str::from_utf8(body).ok()?.trim(), typ).ok()?;
            let chain = jws.chain().ok()?;
            let chain =
                chain.iter().map(|der| Certificate::parse(der)).collect::<Result<Vec<_>, _>>().ok()?;
            let signer = verify_chain(&chain, anchors, now, Usage::MetadataSigner).ok()?;
            jws.verify(&signer.p256_public_key().ok()?).ok()
        };
        let signed = read().ok_or(Rule::MetadataSignature)?;
        let end = signed.exp.unwrap_or_else(|| signed.iat.saturating_add(MAX_AGE));
        if signed.iat > now.saturating_add(SKEW) || now >= end {
            return Err(Rule::MetadataTime.into());
        }
        Ok(signed)
    }
}

fn json(metadata: &Map<String, Value>) -> Result<Vec<u8>, Rule> {
    serde_json::to_vec(metadata).map_err(|_| Rule::NotMetadata)
}

#[cfg(test)]
#[path = "asking_tests.rs"]
mod tests;
