use fixtures::platform::{
    SteppedClock,
    app_attest::{AppAttestKey, Attested, TestApple},
    attestation::chain_for,
};
use wallet_core::{
    counter::DeskId,
    crypto::sign::SigningKey,
    platform::UserAuthentication,
    trust::{Anchors, Certificate},
};

use super::*;
use crate::{
    Config, Desk, DeskIdentity,
    attestation::{AppleApp, AppleFault, ApplePolicy, Fault, assertion_hash},
    issuer::Issuer,
};

const NOW: i64 = 1_795_489_200;
const APP: &str = "TESTTEAM01.kr.example.wallet";

#[derive(Serialize)]
struct RequestHeader {
    typ: &'static str,
    alg: &'static str,
    jwk: Jwk,
}

/// A provider that believes the fixtures' hardware, and an app of Apple's.
fn provider(apple: &TestApple) -> (Issuer, std::path::PathBuf) {
    let name = format!("desk-provider-{}-{}", std::process::id(), hex::encode(make_random::<4>().unwrap()));
    let folder = std::env::temp_dir().join(name);
    let id = DeskId::parse("centre.1").unwrap();
    let identity = DeskIdentity { id, name_ko: "가온".into(), name_en: "Gaon".into() };
    let clock = Arc::new(SteppedClock::new(NOW));
    let config = Config::new(folder.clone(), identity, clock).trusting_fixtures();
    let mut issuer = Desk::open(&config).unwrap().serving_at("http://127.0.0.1:1".into());
    issuer.trust.attestation.apple = ApplePolicy {
        roots: Anchors::new(vec![Certificate::parse(apple.root()).unwrap()]),
        apps: vec![AppleApp { app_id: APP.into(), development: false }],
    };
    (issuer, folder)
}

/// Asks to be vouched for, with what the hardware says or without.
fn ask(
    issuer: &Issuer,
    instance: &SigningKey,
    said: impl FnOnce(&[u8; 32]) -> Option<AttestationMessage>,
) -> Result<(), IssuerError> {
    let provider = issuer.wallet_provider();
    let Fixed(challenge) = provider.challenge(NOW).unwrap().challenge;
    let aud = provider.url.clone();
    let claims = WalletClaims { aud, iat: NOW, challenge: Fixed(challenge), attestation: said(&challenge) };
    let header = RequestHeader { typ: REQUEST_TYPE, alg: "ES256", jwk: Jwk::new(*instance.public()) };
    let input = SigningInput::new(&header, &claims).unwrap();
    let signature = instance.sign(input.as_bytes()).unwrap();
    provider.attest_wallet(input.signed(&signature).as_bytes(), NOW).map(drop)
}

fn refused(outcome: Result<(), IssuerError>, fault: impl core::fmt::Debug) {
    let Err(IssuerError::Refused { refusal: Refusal::AttestationRefused, because }) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(because, format!("{fault:?}"));
}

#[test]
fn a_wallet_known_from_before_is_judged_by_what_is_demanded_now() {
    let (mut issuer, folder) = provider(&TestApple::new());
    let instance = SigningKey::make().unwrap().0;
    refused(ask(&issuer, &instance, |_| None), "UnknownInstance");
    let chain = |challenge: &[u8; 32]| {
        let chain = chain_for(instance.public().as_sec1(), UserAuthentication::EachUse, challenge).unwrap();
        let chains = vec![chain.into_iter().map(Blob).collect()];
        Some(AttestationMessage::Software { chains })
    };
    ask(&issuer, &instance, chain).unwrap();
    ask(&issuer, &instance, |_| None).unwrap();
    issuer.trust.attestation.accept_software_keys = false;
    refused(ask(&issuer, &instance, |_| None), Fault::NotInHardware);
    issuer.trust.attestation.accept_software_keys = true;
    let roots = std::mem::replace(&mut issuer.trust.attestation.roots, Anchors::new(Vec::new()));
    assert!(ask(&issuer, &instance, |_| None).is_err(), "the root is believed no longer");
    issuer.trust.attestation.roots = roots;
    ask(&issuer, &instance, |_| None).unwrap();
    std::fs::remove_dir_all(folder).ok();
}

#[test]
fn an_app_attest_key_known_from_before_is_judged_by_what_is_demanded_now() {
    let apple = TestApple::new();
    let (mut issuer, folder) = provider(&apple);
    let (instance, key) = (SigningKey::make().unwrap().0, AppAttestKey::make());
    let message = |challenge: &[u8; 32], fresh: bool, counter: u32| {
        let object = match fresh {
            true => apple.attest(&key, &Attested::genuine(APP, attestation_hash(challenge))),
            false => vec![0],
        };
        let hash = assertion_hash(challenge, &[*instance.public()]);
        let assertion = key.assert(APP, &hash, counter);
        let key_id = Blob(key.id().to_vec());
        Some(AttestationMessage::AppAttest { key_id, object: Blob(object), assertion: Blob(assertion) })
    };
    ask(&issuer, &instance, |challenge| message(challenge, true, 1)).unwrap();
    ask(&issuer, &instance, |challenge| message(challenge, false, 2)).unwrap();
    ask(&issuer, &instance, |_| None).unwrap();
    // The app is accepted no longer: neither by a fresh word of its key, nor because it was known.
    let apps = std::mem::take(&mut issuer.trust.attestation.apple.apps);
    let other = Fault::Apple(AppleFault::OtherApp);
    refused(ask(&issuer, &instance, |challenge| message(challenge, false, 3)), other);
    refused(ask(&issuer, &instance, |_| None), other);
    issuer.trust.attestation.apple.apps = apps;
    issuer.trust.attestation.apple.roots = Anchors::new(Vec::new());
    assert!(ask(&issuer, &instance, |challenge| message(challenge, false, 4)).is_err());
    assert!(ask(&issuer, &instance, |_| None).is_err());
    std::fs::remove_dir_all(folder).ok();
}
