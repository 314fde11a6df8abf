//! What the issuer says of itself. OpenID4VCI 1.0, 12.2.4; RFC 8414.

use serde_json::{Map, Value, json};
use wallet_core::{
    card::{Disclosure, Language},
    mdoc::PHOTO_ID,
};

use super::{
    Wanted, paths,
    proofs::{BASIC_LEVEL, GOOD_LEVELS},
};
use crate::issuer::Issuer;

const NAMES: [(&str, &str); 2] = [("모바일 주민등록증 (시험)", "ko"), ("Mobile resident card (test)", "en")];

impl Issuer {
    pub(crate) fn issuer_metadata(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.url);
        let configurations: Map<String, Value> =
            Wanted::ALL.into_iter().map(|wanted| (wanted.id(), self.configuration(wanted))).collect();
        let most = Wanted::ALL.into_iter().map(Wanted::batch).max().unwrap_or(1);
        json!({
            "credential_issuer": self.url,
            "credential_endpoint": at(paths::CREDENTIAL),
            "nonce_endpoint": at(paths::NONCE),
            "notification_endpoint": at(paths::NOTIFICATION),
            "batch_credential_issuance": { "batch_size": most },
            "display": NAMES.map(|(name, locale)| json!({ "name": name, "locale": locale })),
            "credential_configurations_supported": configurations,
        })
    }

    fn configuration(&self, wanted: Wanted) -> Value {
        let mut levels = GOOD_LEVELS.to_vec();
        if self.trust.attestation.accept_software_keys {
            levels.push(BASIC_LEVEL);
        }
        let display = NAMES.map(|(name, locale)| {
            let language = if locale == "ko" { Language::Korean } else { Language::English };
            json!({ "name": format!("{name}: {}", shown(wanted, language)), "locale": locale })
        });
        let mut configuration = json!({
            "cryptographic_binding_methods_supported": ["cose_key"],
            "proof_types_supported": { "attestation": {
                "proof_signing_alg_values_supported": ["ES256"],
                "key_attestations_required": { "key_storage": levels, "user_authentication": levels },
            } },
            "credential_metadata": { "display": display },
        });
        if let Some(members) = configuration.as_object_mut() {
            let (format, name, kind, algorithm) = match wanted.vct() {
                None => ("mso_mdoc", "doctype", PHOTO_ID, -7),
                Some(vct) => ("dc+sd-cwt", "vct", vct, -9),
            };
            members.insert("format".to_owned(), format.into());
            members.insert(name.to_owned(), kind.into());
            members.insert("credential_signing_alg_values_supported".to_owned(), json!([algorithm]));
        }
        configuration
    }

    pub(crate) fn server_metadata(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.url);
        json!({
            "issuer": self.url,
            "token_endpoint": at(paths::TOKEN),
            "authorization_challenge_endpoint": at(paths::CHALLENGE),
            "grant_types_supported": [
                "urn:ietf:params:oauth:grant-type:pre-authorized_code", "authorization_code", "refresh_token",
            ],
            "response_types_supported": [],
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

const fn shown(wanted: Wanted, language: Language) -> &'static str {
    match (wanted, language) {
        (Wanted::Mdoc, Language::Korean) => "사진이 있는 신분증",
        (Wanted::Mdoc, Language::English) => "photo ID",
        (Wanted::Level(level), language) => Disclosure::text(level, language),
    }
}
