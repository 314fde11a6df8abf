//! Requests before they are signed for, and answers before they are believed.

use std::collections::HashMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{ErrorCode, Misuse, OpenIdError, Rule, offer::Code};
use crate::{
    card::Refusal,
    platform::{HttpMethod, HttpRequest, HttpResponse, Url},
};

/// Longest answer, bytes.
const MAX_BODY: usize = 1024 * 1024;
/// Longest nonce a server may set, bytes.
const MAX_NONCE: usize = 1024;

/// A request to be sent once its proofs are signed.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) url: Url,
    content_type: &'static str,
    body: Vec<u8>,
    /// The token to show.
    pub(super) token: Option<Code>,
    /// To whom the wallet shows its attestation, if to anybody.
    pub(super) attested_to: Option<Url>,
}

impl Draft {
    /// A form for the authorization server called `server`.
    pub(super) fn form(url: &Url, server: &Url, body: String) -> Self {
        Self {
            url: url.clone(),
            content_type: "application/x-www-form-urlencoded",
            body: body.into_bytes(),
            token: None,
            attested_to: Some(server.clone()),
        }
    }

    /// JSON for the issuer, under a token.
    pub(super) fn json(url: &Url, message: &impl Serialize, token: &Code) -> Result<Self, Misuse> {
        Ok(Self {
            url: url.clone(),
            content_type: "application/json",
            body: serde_json::to_vec(message).map_err(|_| Misuse::NoJson)?,
            token: Some(token.clone()),
            attested_to: None,
        })
    }

    /// The same, its body encrypted. OpenID4VCI 1.0, 10.
    pub(super) fn sealed(self, seal: impl FnOnce(&[u8]) -> Option<String>) -> Result<Self, Misuse> {
        let body = seal(&self.body).ok_or(Misuse::BadKey)?.into_bytes();
        Ok(Self { content_type: "application/jwt", body, ..self })
    }

    /// The request with its proofs.
    pub(super) fn finish(&self, dpop: Option<String>, attestation: Option<(String, String)>) -> HttpRequest {
        let mut headers = accept();
        headers.insert("content-type".into(), self.content_type.into());
        if let Some(token) = &self.token {
            let scheme = if dpop.is_some() { "DPoP" } else { "Bearer" };
            headers.insert("authorization".into(), format!("{scheme} {}", token.expose()));
        }
        if let Some(dpop) = dpop {
            headers.insert("dpop".into(), dpop);
        }
        if let Some((attestation, proof)) = attestation {
            headers.insert("oauth-client-attestation".into(), attestation);
            headers.insert("oauth-client-attestation-pop".into(), proof);
        }
        HttpRequest {
            method: HttpMethod::Post,
            url: self.url.as_str().to_owned(),
            headers,
            body: self.body.clone(),
        }
    }
}

/// A GET.
pub(super) fn fetch(url: String) -> HttpRequest {
    HttpRequest { method: HttpMethod::Get, url, headers: accept(), body: Vec::new() }
}

/// A GET that asks for one content type.
pub(super) fn fetch_as(url: String, content_type: &str) -> HttpRequest {
    let headers = HashMap::from([("accept".to_owned(), content_type.to_owned())]);
    HttpRequest { method: HttpMethod::Get, url, headers, body: Vec::new() }
}

/// A POST without a body and without a token: what the nonce endpoint takes. OpenID4VCI 1.0, 7.1.
pub(super) fn post_nothing(url: &Url) -> HttpRequest {
    HttpRequest {
        method: HttpMethod::Post,
        url: url.as_str().to_owned(),
        headers: accept(),
        body: Vec::new(),
    }
}

fn accept() -> HashMap<String, String> {
    HashMap::from([("accept".to_owned(), "application/json".to_owned())])
}

/// The nonce a server wants in the next DPoP proof. RFC 9449, 8.2.
pub(super) fn dpop_nonce(response: &HttpResponse) -> Option<String> {
    let nonce = response.headers.get("dpop-nonce")?;
    let visible = |b: u8| b == 0x21 || (0x23..=0x5b).contains(&b) || (0x5d..=0x7e).contains(&b);
    (!nonce.is_empty() && nonce.len() <= MAX_NONCE && nonce.bytes().all(visible)).then(|| nonce.clone())
}

/// The JSON of an answer with one of these statuses, or what the server refused.
pub(super) fn json<T: DeserializeOwned>(
    response: &HttpResponse,
    statuses: &[u16],
    not_it: Rule,
) -> Result<T, OpenIdError> {
    checked(response, statuses, "application/json")?;
    serde_json::from_slice(&response.body).map_err(|_| not_it.into())
}

/// Sees that an answer has a status and a content type that the endpoint answers with.
pub(super) fn checked(
    response: &HttpResponse,
    statuses: &[u16],
    content_type: &str,
) -> Result<(), OpenIdError> {
    if response.body.len() > MAX_BODY {
        return Err(Rule::BodyTooLong.into());
    }
    if !statuses.contains(&response.status) {
        return Err(refusal(response));
    }
    if !is_of_type(response, content_type) {
        return Err(Rule::ContentType.into());
    }
    Ok(())
}

/// Whether the answer says it is of this type; parameters do not matter.
pub(super) fn is_of_type(response: &HttpResponse, content_type: &str) -> bool {
    let said = response.headers.get("content-type").and_then(|value| value.split(';').next());
    said.is_some_and(|said| said.trim().eq_ignore_ascii_case(content_type))
}

/// What an answer without success says. RFC 6749, 5.2; for a token that is refused, RFC 6750, 3.
pub(super) fn refusal(response: &HttpResponse) -> OpenIdError {
    #[derive(Deserialize)]
    struct Refused {
        error: String,
    }
    let body = response.body.get(..MAX_BODY).unwrap_or(&response.body);
    let said = serde_json::from_slice::<Refused>(body).ok().map(|Refused { error }| error);
    let challenged = || {
        let header = response.headers.get("www-authenticate")?;
        let (_, rest) = header.split_once("error=\"")?;
        rest.split('"').next().map(str::to_owned)
    };
    // Who is busy, or stands before a server that is down, has words of its own or none, and breaks no rule.
    let busy = response.status >= 500 || response.status == 429;
    let said = said.or_else(challenged);
    if let Some(Ok(refusal)) = said.as_deref().map(Refusal::from_code) {
        return OpenIdError::Refused(refusal);
    }
    match said.as_deref().map(ErrorCode::from_code) {
        None | Some(ErrorCode::Other) if busy => {
            OpenIdError::IssuerRefused(ErrorCode::TemporarilyUnavailable)
        }
        Some(code) => OpenIdError::IssuerRefused(code),
        None => Rule::UnknownFailure.into(),
    }
}
