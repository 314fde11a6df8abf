//! Asking the wallet provider.
#![cfg(feature = "issuer")]

use std::collections::HashMap;

use super::{
    AttestationResponse, Attesting, ChallengeResponse, KeysClaims, Misuse, OpenIdError, ProviderInput,
    ProviderStep, REQUEST_TYPE, Rule, WalletClaims,
};
use crate::{
    card::Refusal,
    crypto::sign::SigningKey,
    jose::{Fixed, Jws},
    platform::{Attestation, HttpRequest, HttpResponse, Url},
};

const NOW: i64 = 1_795_500_000;

fn provider() -> Url {
    Url::parse("https://provider.example/wallets").unwrap()
}

fn answer(status: u16, body: &impl serde::Serialize) -> ProviderInput {
    ProviderInput::Response(HttpResponse {
        status,
        headers: HashMap::from([("content-type".into(), "application/json".into())]),
        body: serde_json::to_vec(body).unwrap(),
    })
}

fn software() -> Attestation {
    Attestation::Software { chains: vec![vec![vec![1, 2, 3]]] }
}

fn signed(machine: Attesting, step: ProviderStep, key: &SigningKey) -> (Attesting, HttpRequest) {
    let ProviderStep::SignInstance(bytes) = step else { panic!("{step:?}") };
    let signature = key.sign(&bytes).unwrap().to_vec();
    let (machine, step) = machine.handle(ProviderInput::Signature(signature), NOW).unwrap();
    let ProviderStep::Http(request) = step else { panic!("{step:?}") };
    (machine, request)
}

fn claims<T: serde::de::DeserializeOwned>(request: &HttpRequest, key: &SigningKey) -> T {
    let jws = Jws::parse(std::str::from_utf8(&request.body).unwrap(), REQUEST_TYPE).unwrap();
    assert_eq!(jws.key(), Some(key.public()));
    jws.verify(key.public()).unwrap()
}

#[test]
fn a_new_wallet_makes_its_key_over_the_providers_challenge() {
    let key = SigningKey::make().unwrap().0;
    let (machine, step) = Attesting::wallet(provider(), None);
    let ProviderStep::Http(request) = step else { panic!("{step:?}") };
    assert_eq!(request.url, "https://provider.example/wallets/challenge");
    let challenge = ChallengeResponse { challenge: Fixed([4; 32]) };
    let (machine, step) = machine.handle(answer(200, &challenge), NOW).unwrap();
    assert!(matches!(step, ProviderStep::MakeInstanceKey { challenge } if challenge == [4; 32]));
    let made =
        ProviderInput::Instance { public_key: key.public().as_sec1().to_vec(), attestation: software() };
    let (machine, step) = machine.handle(made, NOW).unwrap();
    let (machine, request) = signed(machine, step, &key);
    assert_eq!(request.url, "https://provider.example/wallets/wallet-attestation");
    let claims: WalletClaims = claims(&request, &key);
    assert_eq!((claims.aud.as_str(), claims.iat), ("https://provider.example/wallets", NOW));
    assert_eq!((claims.challenge.0, claims.attestation), ([4; 32], Some(software().into())));
    let word = AttestationResponse { attestation: "a.b.c".into() };
    let (_, step) = machine.handle(answer(200, &word), NOW).unwrap();
    assert!(matches!(step, ProviderStep::Done(text) if text == "a.b.c"));
}

#[test]
fn a_known_wallet_only_signs() {
    let key = SigningKey::make().unwrap().0;
    let (machine, _) = Attesting::wallet(provider(), Some(*key.public()));
    let challenge = ChallengeResponse { challenge: Fixed([4; 32]) };
    let (machine, step) = machine.handle(answer(200, &challenge), NOW).unwrap();
    let (_, request) = signed(machine, step, &key);
    assert_eq!(claims::<WalletClaims>(&request, &key).attestation, None);
}

#[test]
fn keys_are_attested_for_the_issuers_nonce() {
    let (key, holder) = (SigningKey::make().unwrap().0, SigningKey::make().unwrap().0);
    let keys = [holder.public().as_sec1().to_vec()];
    let asked =
        |keys: &[Vec<u8>]| Attesting::keys(provider(), key.public(), Some("n".into()), keys, software(), NOW);
    let (machine, step) = asked(&keys).unwrap();
    let (_, request) = signed(machine, step, &key);
    assert_eq!(request.url, "https://provider.example/wallets/key-attestation");
    let claims: KeysClaims = claims(&request, &key);
    assert_eq!((claims.nonce.as_deref(), claims.keys[0].key()), (Some("n"), holder.public()));
    assert!(matches!(asked(&[vec![4; 65]]), Err(OpenIdError::Misuse(Misuse::BadKey))));
}

#[test]
fn a_provider_that_refuses_or_says_nothing_is_told_apart() {
    let refused = serde_json::json!({"error": "attestation_refused"});
    let outcome = |input| Attesting::wallet(provider(), None).0.handle(input, NOW).err();
    assert_eq!(outcome(answer(400, &refused)), Some(OpenIdError::Refused(Refusal::AttestationRefused)));
    let nothing = serde_json::json!({});
    assert_eq!(outcome(answer(200, &nothing)), Some(Rule::NotAnAttestation.into()));
    assert_eq!(outcome(ProviderInput::Signature(vec![])), Some(Misuse::UnexpectedInput.into()));
}
