//! What phones say of their keys: nobody's word is believed, and reading it ends. First byte: 0 Android's key description, 1 a
//! status list, 2 and 3 an App Attest object and an assertion, 4 an attestation message as JSON.
#![no_main]

use std::sync::LazyLock;

use desk::attestation::{
    AndroidApp, AppleApp, ApplePolicy, AttestationPolicy, KeyDescription, KeyRole, Revocations, check,
    parse_status_list,
};
use fixtures::{pki, platform::app_attest::TestApple};
use fuzz::documents::NOW;
use libfuzzer_sys::fuzz_target;
use wallet_core::{
    crypto::sign::PublicKey,
    jose::Blob,
    platform::AttestationMessage,
    trust::{Anchors, Certificate},
};

static KEY: LazyLock<PublicKey> = LazyLock::new(|| *pki::desk().signing_key().public());
static POLICY: LazyLock<AttestationPolicy> = LazyLock::new(|| AttestationPolicy {
    roots: Anchors::new(vec![Certificate::parse(pki::csca().certificate()).unwrap()]),
    // An app is named and no list asked for: the strict defaults would refuse before anything is read.
    revoked: Revocations::Unchecked,
    android_apps: vec![AndroidApp {
        package: "kr.example.wallet".to_owned(),
        minimal_version: 0,
        signers: [vec![7; 32]].into(),
    }],
    apple: ApplePolicy {
        roots: Anchors::new(vec![Certificate::parse(TestApple::new().root()).unwrap()]),
        apps: vec![AppleApp { app_id: "TEAM.app".to_owned(), development: true }],
    },
    accept_software_keys: true,
});

fn is_believed(message: &AttestationMessage) -> bool {
    check(message, &[*KEY], b"challenge", KeyRole::Holder, &POLICY, None, NOW).is_ok()
}

fuzz_target!(|data: &[u8]| {
    let Some((mode, data)) = data.split_first() else { return };
    let apple = |object: &[u8], assertion: &[u8]| AttestationMessage::AppAttest {
        key_id: Blob(vec![7; 32]),
        object: Blob(object.to_vec()),
        assertion: Blob(assertion.to_vec()),
    };
    match mode % 5 {
        0 => drop(KeyDescription::parse(data)),
        1 => {
            let Ok(serials) = parse_status_list(data) else { return };
            assert!(serials.iter().all(|serial| serial.first() != Some(&0)), "a serial has leading zeros");
        }
        2 => assert!(!is_believed(&apple(data, &[]))),
        3 => assert!(!is_believed(&apple(&[], data))),
        _ => {
            let Ok(message) = serde_json::from_slice::<AttestationMessage>(data) else { return };
            assert!(!is_believed(&message), "nobody vouched for this key");
        }
    }
});
