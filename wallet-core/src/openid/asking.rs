//! Asking an issuer what it is, and believing the answer as far as the policy goes. OpenID4VCI 1.0, 12.2.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    OpenIdError, Rule,
    flow::Next,
    issuance::{Client, MetadataPolicy, State, Step},
    metadata::IssuerMetadata,
    offer::CredentialOffer,
    request::{checked, fetch, fetch_as, is_of_type},
};
use crate::{
    jose::Jws,
    platform::HttpResponse,
    trust::{Anchors, Certificate, Usage, verify_chain},
};

/// `typ` of signed metadata. OpenID4VCI 1.0, 12.2.3.
pub const SIGNED_METADATA: &str = "openidvci-issuer-metadata+jwt";
const JWT: &str = "application/jwt";
/// How far issuer and phone may disagree about the time, seconds.
const SKEW: i64 = 300;

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
            signed(&response.body, &offer, anchors, now)?
        }
    };
    let server = match &offer.authorization_server {
        Some(named) if issuer.authorization_servers.contains(named) => named,
        Some(_) => return Err(Rule::UnlistedAuthorizationServer.into()),
        None => issuer.authorization_servers.first().unwrap_or(&issuer.issuer),
    };
    let request = fetch(server.well_known("oauth-authorization-server"));
    let offer = CredentialOffer { authorization_server: Some(server.clone()), ..offer };
    Ok((State::ExpectServer(offer, issuer), Step::Http(request)))
}

/// 12.2.3: `sub` is the issuer, `iat` has to be there, and what is signed is all that counts.
fn signed(
    body: &[u8],
    offer: &CredentialOffer,
    anchors: &Anchors,
    now: i64,
) -> Result<IssuerMetadata, OpenIdError> {
    #[derive(Deserialize)]
    struct Claims {
        sub: String,
        iat: i64,
        exp: Option<i64>,
        #[serde(flatten)]
        metadata: Map<String, Value>,
    }
    let claims = || -> Option<Claims> {
        let jws = Jws::parse(core::str::from_utf8(body).ok()?.trim(), SIGNED_METADATA).ok()?;
        let chain = jws.chain().ok()?;
        let chain = chain.iter().map(|der| Certificate::parse(der)).collect::<Result<Vec<_>, _>>().ok()?;
        let signer = verify_chain(&chain, anchors, now, Usage::MetadataSigner).ok()?;
        jws.verify(&signer.p256_public_key().ok()?).ok()
    };
    let Claims { sub, iat, exp, metadata } = claims().ok_or(Rule::MetadataSignature)?;
    if sub != offer.issuer.as_str() {
        return Err(Rule::OtherIssuer.into());
    }
    if iat > now.saturating_add(SKEW) || exp.is_some_and(|exp| now >= exp) {
        return Err(Rule::MetadataTime.into());
    }
    let json = serde_json::to_vec(&metadata).map_err(|_| Rule::NotMetadata)?;
    Ok(IssuerMetadata::parse(&json, &offer.issuer)?)
}

#[cfg(test)]
#[path = "asking_tests.rs"]
mod tests;
