//! Requests and answers that nobody between reads or replaces. OpenID4VCI 1.0, 8.2 and 10.
#![cfg(feature = "issuer")]

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};

use super::{
    OpenIdError, Rule, Unsupported,
    scripted_issuer::{Issuer, WITH_CODE, answer, issuer, offer, request_key, sealed_answer},
};
use crate::{jose::Jwk, platform::HttpRequest};

/// An issuer that encrypts, and takes encrypted requests.
fn sealing() -> Issuer {
    let mut issuer = issuer();
    issuer.metadata["credential_response_encryption"] = json!({
        "alg_values_supported": ["ECDH-ES"], "enc_values_supported": ["A128GCM"], "encryption_required": false});
    issuer.metadata["credential_request_encryption"] = json!({
        "jwks": {"keys": [{"kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB"}, key("ECDH-ES", "k1")]},
        "enc_values_supported": ["A128CBC-HS256", "A256GCM"], "encryption_required": false});
    issuer
}

fn key(alg: &str, kid: &str) -> Value {
    let mut key = serde_json::to_value(Jwk::new(*request_key().public())).unwrap();
    (key["alg"], key["kid"], key["use"]) = (alg.into(), kid.into(), "enc".into());
    key
}

fn header(request: &HttpRequest) -> Value {
    let token = std::str::from_utf8(&request.body).unwrap();
    let header = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice(&header).unwrap()
}

#[test]
fn whoever_is_between_sees_neither_request_nor_answer() {
    let mut issuer = sealing();
    issuer.drive(&offer(&["card"], WITH_CODE)).unwrap();
    assert_eq!(issuer.delivered, 3);
    let [request] = &issuer.sent("/credential")[..] else { panic!("one request") };
    assert_eq!(request.headers["content-type"], "application/jwt");
    let header = header(request);
    assert_eq!(
        (&header["alg"], &header["enc"], &header["kid"]),
        (&json!("ECDH-ES"), &json!("A256GCM"), &json!("k1"))
    );
    assert_eq!(header.get("zip"), None);
    let body = issuer.read(request).unwrap();
    assert_eq!(body["proofs"]["attestation"], json!(["keys.attest.ed"]));
    let asked = &body["credential_response_encryption"];
    assert_eq!(
        (&asked["enc"], &asked["jwk"]["use"], &asked["jwk"]["alg"]),
        (&json!("A128GCM"), &json!("enc"), &json!("ECDH-ES"))
    );
    assert!(serde_json::from_value::<Jwk>(asked["jwk"].clone()).is_ok());
    assert_ne!(asked["jwk"]["x"], header["epk"]["x"], "one key for one purpose");
}

#[test]
fn a_wallet_that_is_put_off_asks_again_as_secretly() {
    let mut issuer = sealing();
    issuer.later = Some(json!({"transaction_id": "later", "interval": 60}));
    issuer.drive(&offer(&["card"], WITH_CODE)).unwrap();
    let first = issuer.sent("/credential")[0];
    let [again] = &issuer.sent("/deferred")[..] else { panic!("one request") };
    assert_eq!(again.headers["content-type"], "application/jwt");
    let body = issuer.read(again).unwrap();
    assert_eq!(body["transaction_id"], "later");
    assert!(body["credential_response_encryption"]["jwk"].is_object());
    assert_ne!(header(first)["epk"], header(again)["epk"], "a fresh key for each request");
}

#[test]
fn no_answer_is_encrypted_to_a_key_that_travels_in_the_clear() {
    let mut issuer = sealing();
    issuer.metadata.as_object_mut().unwrap().remove("credential_request_encryption");
    issuer.drive(&offer(&["card"], WITH_CODE)).unwrap();
    let request = issuer.sent("/credential")[0];
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(issuer.read(request).unwrap().get("credential_response_encryption"), None);
}

#[test]
fn a_request_is_encrypted_for_whom_can_read_that_and_cannot_answer_so() {
    let mut issuer = sealing();
    issuer.metadata.as_object_mut().unwrap().remove("credential_response_encryption");
    issuer.drive(&offer(&["card"], WITH_CODE)).unwrap();
    let request = issuer.sent("/credential")[0];
    assert_eq!(request.headers["content-type"], "application/jwt");
    assert_eq!(issuer.read(request).unwrap().get("credential_response_encryption"), None);
}

#[test]
fn an_answer_in_the_clear_is_refused_where_encryption_was_asked_for() {
    let clear = answer(200, &json!({"credentials": [{"credential": "one"}]}));
    let mut issuer = sealing().change("/credential", vec![clear]);
    assert_eq!(issuer.drive(&offer(&["card"], WITH_CODE)), Err(Rule::Encryption.into()));
}

#[test]
fn an_answer_encrypted_to_somebody_else_is_refused() {
    let stranger = json!({"jwk": key("ECDH-ES", "s"), "enc": "A128GCM"});
    let other = sealed_answer(200, &stranger, &json!({"credentials": [{"credential": "one"}]}));
    let mut issuer = sealing().change("/credential", vec![other]);
    assert_eq!(issuer.drive(&offer(&["card"], WITH_CODE)), Err(Rule::Encryption.into()));
}

#[test]
fn an_issuer_that_demands_what_cannot_be_done_is_not_used() {
    let outcome = |change: &dyn Fn(&mut Value)| {
        let mut issuer = sealing();
        change(&mut issuer.metadata);
        issuer.drive(&offer(&["card"], WITH_CODE)).map(|_| ())
    };
    let unsupported: Result<(), OpenIdError> = Err(Unsupported::Encryption.into());
    let response = "credential_response_encryption";
    let request = "credential_request_encryption";
    assert_eq!(outcome(&|m| m[response]["encryption_required"] = true.into()), Ok(()));
    assert_eq!(outcome(&|m| m[request]["encryption_required"] = true.into()), Ok(()));
    assert_eq!(
        outcome(&|m| {
            m[response]["encryption_required"] = true.into();
            m[response]["alg_values_supported"] = json!(["RSA-OAEP"]);
        }),
        unsupported
    );
    assert_eq!(
        outcome(&|m| {
            m[response]["encryption_required"] = true.into();
            m.as_object_mut().unwrap().remove(request);
        }),
        unsupported,
        "8.2: encrypted answers only for encrypted requests"
    );
    let cases: [&dyn Fn(&mut Value); 5] = [
        &|m| m["enc_values_supported"] = json!(["A128CBC-HS256"]),
        &|m| m["jwks"]["keys"] = json!([key("ECDH-ES+A128KW", "k1")]),
        &|m| m["jwks"]["keys"] = json!([]),
        &|m| m["jwks"]["keys"][1]["use"] = "sig".into(),
        // Each key has a name. 12.2.4.
        &|m| drop(m["jwks"]["keys"][1].as_object_mut().unwrap().remove("kid")),
    ];
    for spoil in cases {
        let demanded = |m: &mut Value| {
            spoil(&mut m[request]);
            m[request]["encryption_required"] = true.into();
        };
        assert_eq!(outcome(&demanded), unsupported);
        assert_eq!(outcome(&|m| spoil(&mut m[request])), Ok(()), "what is not demanded is left out");
    }
}
