#![cfg(feature = "issuer")]

use serde_json::{Value, json};

use super::*;
use crate::crypto::sign::SigningKey;

fn token(key: &SigningKey, header: &Value) -> String {
    let input = SigningInput::new(header, &json!({"a": 1})).unwrap();
    let signature = key.sign(input.as_bytes()).unwrap();
    input.signed(&signature)
}

#[test]
fn a_token_says_something_to_the_right_key_only() {
    let (key, other) = (SigningKey::make().unwrap().0, SigningKey::make().unwrap().0);
    let jwk = Jwk::new(*key.public());
    let text = token(&key, &json!({"alg": "ES256", "typ": "kb+jwt", "jwk": jwk}));
    let jws = Jws::parse(&text, "kb+jwt").unwrap();
    assert_eq!(jws.key(), Some(key.public()));
    assert_eq!(jws.verify::<Value>(key.public()).unwrap()["a"], 1);
    assert_eq!(jws.verify::<Value>(other.public()), Err(JwsError::BadSignature));
    for at in 0..text.len() {
        let mut altered = text.clone().into_bytes();
        altered[at] ^= 1;
        let Ok(altered) = String::from_utf8(altered) else { continue };
        let Ok(jws) = Jws::parse(&altered, "kb+jwt") else { continue };
        assert!(jws.verify::<Value>(key.public()).is_err(), "byte {at}");
    }
}

#[test]
fn headers_that_weaken_are_refused() {
    let key = SigningKey::make().unwrap().0;
    let refused = |header: Value| Jws::parse(&token(&key, &header), "kb+jwt").unwrap_err();
    assert_eq!(refused(json!({"alg": "none", "typ": "kb+jwt"})), JwsError::Algorithm);
    assert_eq!(refused(json!({"alg": "HS256", "typ": "kb+jwt"})), JwsError::Algorithm);
    assert_eq!(refused(json!({"alg": "ES256"})), JwsError::Type);
    assert_eq!(refused(json!({"alg": "ES256", "typ": "dpop+jwt"})), JwsError::Type);
    assert_eq!(refused(json!({"alg": "ES256", "typ": "kb+jwt", "crit": ["b64"]})), JwsError::Critical);
    let off = json!({"kty": "EC", "crv": "P-256", "x": encode(&[1; 32]), "y": encode(&[1; 32])});
    assert_eq!(refused(json!({"alg": "ES256", "typ": "kb+jwt", "jwk": off})), JwsError::Malformed);
    let mut private = serde_json::to_value(Jwk::new(*key.public())).unwrap();
    private["d"] = json!(encode(&[1; 32]));
    assert_eq!(refused(json!({"alg": "ES256", "typ": "kb+jwt", "jwk": private})), JwsError::Malformed);
    assert!(
        Jws::parse(&token(&key, &json!({"alg": "ES256", "typ": "application/KB+jwt"})), "kb+jwt").is_ok()
    );
}

#[test]
fn texts_that_are_no_tokens_are_refused() {
    for text in ["", ".", "..", "a.b", "a.b.c", "e30.e30.", "e30.e30.AAAA=", &"a".repeat(MAX_TOKEN + 1)] {
        assert_eq!(Jws::parse(text, "kb+jwt"), Err(JwsError::Malformed), "{}", text.len());
    }
}
