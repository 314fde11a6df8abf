//! What goes into the bodies of requests. OpenID4VCI 1.0, 8.2, 9.1 and 11.1.

use serde::Serialize;

use super::{Misuse, metadata::Configuration};
use crate::jose::{ContentEncryption, Jwk};

#[derive(Serialize)]
pub(super) struct CredentialRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) credential_identifier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) credential_configuration_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) proofs: Option<Proofs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) credential_response_encryption: Option<EncryptionRequest>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Proofs {
    Jwt([String; 1]),
    Attestation([String; 1]),
}

#[derive(Serialize)]
pub(super) struct EncryptionRequest {
    jwk: EncryptionJwk,
    enc: &'static str,
}

impl EncryptionRequest {
    /// Asks for the answer to be encrypted to `key`.
    pub(super) const fn new(key: Jwk, content: ContentEncryption) -> Self {
        Self { jwk: EncryptionJwk { key, alg: "ECDH-ES", usage: "enc" }, enc: content.name() }
    }
}

#[derive(Serialize)]
struct EncryptionJwk {
    #[serde(flatten)]
    key: Jwk,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
}

#[derive(Serialize)]
pub(super) struct DeferredRequest<'a> {
    pub(super) transaction_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) credential_response_encryption: Option<EncryptionRequest>,
}

#[derive(Serialize)]
pub(super) struct Notification<'a> {
    pub(super) notification_id: &'a str,
    pub(super) event: &'static str,
}

/// `authorization_details` for these configurations; `issuer` where a server is asked that serves several. 5.1.1.
pub(super) fn authorization_details(
    configurations: &[Configuration],
    issuer: Option<&str>,
) -> Result<String, Misuse> {
    #[derive(Serialize)]
    struct Detail<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        credential_configuration_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        locations: Option<[&'a str; 1]>,
    }
    let locations = issuer.map(|issuer| [issuer]);
    let details: Vec<_> = configurations
        .iter()
        .map(|wanted| Detail {
            kind: "openid_credential",
            credential_configuration_id: &wanted.id,
            locations,
        })
        .collect();
    serde_json::to_string(&details).map_err(|_| Misuse::NoJson)
}
