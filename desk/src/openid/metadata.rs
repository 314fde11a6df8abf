//! What the issuer says of itself. OpenID4VCI 1.0, 12.2.4; RFC 8414.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Map, Value, json};
use wallet_core::{
    card::{Disclosure, Language},
    jose::{ContentEncryption, SigningInput},
    openid::{SIGNED_METADATA, SIGNED_SERVER_METADATA},
};

use super::{
    paths,
    proofs::{BASIC_LEVEL, GOOD_LEVELS},
};
use crate::{
    documents::{Form, Wanted},
    issuer::{Issuer, IssuerError},
};

/// Seconds that signed metadata are good.
const METADATA_SECONDS: i64 = 86_400;
const NAMES: [(&str, Language); 2] =
    [("모바일 신분증 발급 (시험)", Language::Korean), ("Mobile ID issuer (test)", Language::English)];
const LANGUAGES: [Language; 2] = [Language::Korean, Language::English];

impl Issuer {
    pub(crate) fn issuer_metadata(&self) -> Result<Value, IssuerError> {
        let at = |path: &str| format!("{}{path}", self.url);
        let all = || self.documents.iter().flat_map(|document| document.wanted());
        let configurations: Map<String, Value> =
            all().map(|wanted| (wanted.id(), self.configuration(wanted))).collect();
        let most = all().map(Wanted::batch).max().unwrap_or(1);
        Ok(json!({
            "credential_issuer": self.url,
            "credential_endpoint": at(paths::CREDENTIAL),
            "nonce_endpoint": at(paths::NONCE),
            "deferred_credential_endpoint": at(paths::DEFERRED),
            "notification_endpoint": at(paths::NOTIFICATION),
            "credential_request_encryption": {
                "jwks": { "keys": [self.request_key()?] },
                "enc_values_supported": ContentEncryption::ALL.map(ContentEncryption::name),
                "encryption_required": false,
            },
            "credential_response_encryption": {
                "alg_values_supported": ["ECDH-ES"],
                "enc_values_supported": ContentEncryption::ALL.map(ContentEncryption::name),
                "encryption_required": false,
            },
            "batch_credential_issuance": { "batch_size": most },
            "display": NAMES.map(|(name, language)| json!({ "name": name, "locale": language.code() })),
            "credential_configurations_supported": configurations,
        }))
    }

    /// The same, signed. OpenID4VCI 1.0, 12.2.3.
    pub(crate) fn signed_issuer_metadata(&self, now: i64) -> Result<String, IssuerError> {
        self.sign_metadata(SIGNED_METADATA, self.issuer_metadata()?, now)
    }

    /// What the authorization server says of itself, in the clear and signed. RFC 8414, 2.1.
    pub(crate) fn signed_server_metadata(&self, now: i64) -> Result<Value, IssuerError> {
        let mut metadata = self.server_metadata();
        let signed = self.sign_metadata(SIGNED_SERVER_METADATA, metadata.clone(), now)?;
        if let Some(members) = metadata.as_object_mut() {
            members.insert("signed_metadata".to_owned(), signed.into());
        }
        Ok(metadata)
    }

    fn sign_metadata(&self, typ: &str, mut claims: Value, now: i64) -> Result<String, IssuerError> {
        let signer = self.pki.metadata_signer.current();
        if let Some(members) = claims.as_object_mut() {
            members.insert("iss".to_owned(), self.url.clone().into());
            members.insert("sub".to_owned(), self.url.clone().into());
            members.insert("iat".to_owned(), now.into());
            members.insert("exp".to_owned(), now.saturating_add(METADATA_SECONDS).into());
        }
        let x5c = [BASE64_STANDARD.encode(&signer.certificate)];
        let header = json!({ "alg": "ES256", "typ": typ, "x5c": x5c });
        let input = SigningInput::new(&header, &claims).ok_or(IssuerError::Failed)?;
        let signature = signer.key.sign(input.as_bytes()).map_err(|_| IssuerError::Failed)?;
        Ok(input.signed(&signature))
    }

    fn configuration(&self, wanted: Wanted<'_>) -> Value {
        let mut levels = GOOD_LEVELS.to_vec();
        if self.trust.attestation.accept_software_keys {
            levels.push(BASIC_LEVEL);
        }
        let display = LANGUAGES.map(|language| {
            let name = wanted.document.name().text(language);
            // The form is told where there is more than one.
            let name = match wanted.document.wanted().as_slice() {
                [_] => name.to_owned(),
                _ => format!("{name}: {}", shown(wanted.form, language)),
            };
            json!({ "name": name, "locale": language.code() })
        });
        let mut metadata = json!({ "display": display });
        let (format, name, algorithm, binding) = match wanted.form {
            Form::Mdoc => ("mso_mdoc", "doctype", json!(-7), "cose_key"),
            Form::SdJwt => ("dc+sd-jwt", "vct", json!("ES256"), "jwk"),
            Form::Level(_) => ("dc+sd-cwt", "vct", json!(-9), "cose_key"),
        };
        if let (Form::SdJwt, Some(metadata)) = (wanted.form, metadata.as_object_mut()) {
            metadata.insert("claims".to_owned(), claims(wanted));
        }
        json!({
            "format": format,
            name: wanted.kind(),
            "credential_signing_alg_values_supported": [algorithm],
            "cryptographic_binding_methods_supported": [binding],
            "proof_types_supported": { "attestation": {
                "proof_signing_alg_values_supported": ["ES256"],
                "key_attestations_required": { "key_storage": levels, "user_authentication": levels },
            } },
            "credential_metadata": metadata,
        })
    }

    fn server_metadata(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.url);
        json!({
            "issuer": self.url,
            "token_endpoint": at(paths::TOKEN),
            "authorization_endpoint": at(paths::AUTHORIZE),
            "pushed_authorization_request_endpoint": at(paths::PUSHED),
            "require_pushed_authorization_requests": true,
            "authorization_response_iss_parameter_supported": true,
            "authorization_details_types_supported": ["openid_credential"],
            "authorization_challenge_endpoint": at(paths::CHALLENGE),
            "grant_types_supported": [
                "urn:ietf:params:oauth:grant-type:pre-authorized_code", "authorization_code", "refresh_token",
            ],
            "response_types_supported": ["code"],
            "scopes_supported": ["mobile_id"],
            "token_endpoint_auth_methods_supported": ["attest_jwt_client_auth"],
            "client_attestation_signing_alg_values_supported": ["ES256"],
            "client_attestation_pop_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "dpop_signing_alg_values_supported": ["ES256"],
            "pre-authorized_grant_anonymous_access_supported": false,
        })
    }
}

/// What the claims are called. OpenID4VCI 1.0, B.2.
fn claims(wanted: Wanted<'_>) -> Value {
    let claim = |claim: &crate::documents::Claim| {
        let display =
            LANGUAGES.map(|language| json!({ "name": claim.label(language), "locale": language.code() }));
        json!({ "path": [claim.name()], "display": display })
    };
    wanted.document.claims().iter().map(claim).collect()
}

const fn shown(form: Form, language: Language) -> &'static str {
    match (form, language) {
        (Form::Mdoc, Language::Korean) => "사진이 있는 신분증",
        (Form::Mdoc, Language::English) => "photo ID",
        (Form::SdJwt, Language::Korean) => "온라인 제출용",
        (Form::SdJwt, Language::English) => "for online services",
        (Form::Level(level), language) => Disclosure::text(level, language),
    }
}
