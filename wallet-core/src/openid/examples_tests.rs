//! The examples of OpenID4VCI 1.0, where the published vectors are at hand.

use serde_json::Value;

use super::{
    CredentialOffer, ErrorCode, Grant, IssuerMetadata, OfferLink, RequestEncryption, ResponseEncryption,
};
use crate::{
    jose::{ContentEncryption, Jws},
    oracles,
    platform::Url,
    trust::Certificate,
};

fn example(name: &str) -> Option<Value> {
    oracles::json(&format!("vectors/openid4vci/{name}.json"))
}

#[test]
fn the_offers_of_the_specification_are_read() {
    for name in [
        "offer-authorization-code",
        "offer-by-reference-body",
        "offer-multiple-credentials",
        "offer-pre-authorized-code",
    ] {
        let Some(example) = example(name) else { return };
        let json = &example["credential_offer"];
        let offer = CredentialOffer::parse(&serde_json::to_vec(json).unwrap()).unwrap();
        assert_eq!(offer.issuer.as_str(), json["credential_issuer"]);
        assert_eq!(Value::from(offer.configurations), json["credential_configuration_ids"]);
        match offer.grant {
            Grant::PreAuthorized { code, transaction_code } => {
                let grant = &json["grants"]["urn:ietf:params:oauth:grant-type:pre-authorized_code"];
                assert_eq!(code.expose(), grant["pre-authorized_code"]);
                let (told, form) = (&grant["tx_code"], transaction_code.unwrap());
                assert_eq!(form.length.map(u64::from), told["length"].as_u64());
                assert_eq!(form.description.as_deref(), told["description"].as_str());
            }
            Grant::Authorization { issuer_state } => {
                assert_eq!(
                    issuer_state.as_deref(),
                    json["grants"]["authorization_code"]["issuer_state"].as_str()
                );
            }
            _ => panic!("{name}: in no offer"),
        }
    }
}

#[test]
fn the_offer_links_of_the_specification_are_read() {
    let Some(by_value) = example("offer-uri-by-value") else { return };
    let OfferLink::ByValue(offer) = OfferLink::parse(by_value["uri"].as_str().unwrap()).unwrap() else {
        panic!("by value")
    };
    let expected = &by_value["expect"]["credential_offer"];
    assert_eq!(*offer, CredentialOffer::parse(&serde_json::to_vec(expected).unwrap()).unwrap());
    let by_reference = example("offer-uri-by-reference").unwrap();
    let OfferLink::ByReference(url) = OfferLink::parse(by_reference["uri"].as_str().unwrap()).unwrap() else {
        panic!("by reference")
    };
    assert_eq!(url.as_str(), by_reference["expect"]["credential_offer_uri"]);
}

#[test]
fn the_metadata_of_the_specification_are_read() {
    let Some(example) = example("issuer-metadata") else { return };
    let json = &example["issuer_metadata"];
    let issuer = Url::parse(json["credential_issuer"].as_str().unwrap()).unwrap();
    let metadata = IssuerMetadata::parse(&serde_json::to_vec(json).unwrap(), &issuer).unwrap();
    assert_eq!(metadata.batch_size, 10);
    assert_eq!(metadata.response_encryption, ResponseEncryption::Required(ContentEncryption::A128Gcm));
    let RequestEncryption::Offered(key, content) = metadata.request_encryption else {
        panic!("encrypted requests")
    };
    let published = &json["credential_request_encryption"];
    assert_eq!(key.kid(), published["jwks"]["keys"][0]["kid"].as_str());
    assert_eq!(content.name(), published["enc_values_supported"][0]);
    assert_eq!(metadata.nonce_endpoint.unwrap().as_str(), json["nonce_endpoint"]);
    assert_eq!(metadata.names.best("ko"), Some("Example University"));
}

#[test]
fn the_key_proof_of_the_specification_verifies() {
    let Some(example) = example("proof-jwt") else { return };
    let jws = Jws::parse(example["proofs"]["jwt"][0].as_str().unwrap(), "openid4vci-proof+jwt").unwrap();
    let claims: Value = jws.verify(jws.key().unwrap()).unwrap();
    assert_eq!(claims, example["expect"]["payload"]);
}

#[test]
fn the_tokens_with_a_chain_of_the_specification_verify() {
    for (name, typ) in [
        ("wallet-attestation", "oauth-client-attestation+jwt"),
        ("issuer-metadata-signed", "openidvci-issuer-metadata+jwt"),
    ] {
        let Some(example) = example(name) else { return };
        let jws = Jws::parse(example["jwt"].as_str().unwrap(), typ).unwrap();
        let [leaf] = &jws.chain().unwrap()[..] else { panic!("{name}: one certificate") };
        let key = Certificate::parse(leaf).unwrap().p256_public_key().unwrap();
        assert!(jws.verify::<Value>(&key).unwrap().is_object(), "{name}");
    }
}

#[test]
fn the_error_codes_of_the_specification_are_known() {
    for name in ["credential-error", "deferred-error"] {
        let Some(example) = example(name) else { return };
        let code = example["message"]["json"]["error"].as_str().unwrap();
        assert_ne!(ErrorCode::from_code(code), ErrorCode::Other, "{code}");
    }
}
