use base64::prelude::{BASE64_STANDARD, Engine as _};
use fixtures::platform::app_attest::{AppAttestKey, Attested, TestApple};

use super::*;

/// 2026-11-24T12:00:00 in Korea.
const NOW: i64 = 1_795_489_200;
const APP: &str = "TESTTEAM01.kr.example.wallet";
const CHALLENGE: &[u8] = b"challenge";

fn policy(apple: &TestApple) -> ApplePolicy {
    ApplePolicy {
        roots: Anchors::new(vec![Certificate::parse(apple.root()).unwrap()]),
        apps: vec![AppleApp { app_id: APP.to_owned(), development: false }],
    }
}

/// What a genuine app sends, changed.
fn outcome(change: fn(&mut Attested)) -> Result<AppKey, AppleFault> {
    let apple = TestApple::new();
    let key = AppAttestKey::make();
    let mut attested = Attested::genuine(APP, attestation_hash(CHALLENGE));
    change(&mut attested);
    let object = apple.attest(&key, &attested);
    check_attestation(&object, &key.id(), &attestation_hash(CHALLENGE), &policy(&apple), NOW)
}

#[test]
fn a_genuine_app_is_believed_and_each_deviation_has_its_name() {
    let known = outcome(|_| {}).unwrap();
    assert_eq!(known.counter, 0);
    assert_eq!(known.app, sha256(APP.as_bytes()));
    assert_eq!(known.id, sha256(known.public.as_sec1()));
    assert_eq!(outcome(|a| a.client_data_hash = attestation_hash(b"other")), Err(AppleFault::Nonce));
    assert_eq!(outcome(|a| a.nonce_extension = false), Err(AppleFault::Nonce));
    assert_eq!(outcome(|a| a.app_id = "TESTTEAM01.other".to_owned()), Err(AppleFault::OtherApp));
    assert_eq!(outcome(|a| a.counter = 1), Err(AppleFault::Counter));
    assert_eq!(outcome(|a| a.aaguid = *DEVELOPMENT), Err(AppleFault::Environment));
    assert_eq!(outcome(|a| a.aaguid = [7; 16]), Err(AppleFault::Environment));
    assert_eq!(outcome(|a| a.credential_id = Some(vec![7; 32])), Err(AppleFault::OtherKey));
    assert_eq!(outcome(|a| a.format = "packed"), Err(AppleFault::Format));
}

#[test]
fn another_root_another_name_and_an_old_certificate_are_refused() {
    let (apple, other) = (TestApple::new(), TestApple::new());
    let key = AppAttestKey::make();
    let hash = attestation_hash(CHALLENGE);
    let object = apple.attest(&key, &Attested::genuine(APP, hash));
    let check =
        |id: &[u8], apple: &TestApple, now| check_attestation(&object, id, &hash, &policy(apple), now);
    check(&key.id(), &apple, NOW).unwrap();
    assert!(matches!(check(&key.id(), &other, NOW), Err(AppleFault::Untrusted(_))));
    assert_eq!(check(&[7; 32], &apple, NOW), Err(AppleFault::OtherKey));
    assert_eq!(check(&[], &apple, NOW), Err(AppleFault::OtherKey));
    let late = 4_000_000_000;
    assert_eq!(check(&key.id(), &apple, late), Err(AppleFault::Untrusted(TrustError::Expired)));
    let nobody = ApplePolicy { apps: Vec::new(), ..policy(&apple) };
    assert_eq!(check_attestation(&object, &key.id(), &hash, &nobody, NOW), Err(AppleFault::OtherApp));
}

#[test]
fn a_copy_under_development_counts_where_that_is_asked_for() {
    let apple = TestApple::new();
    let key = AppAttestKey::make();
    let hash = attestation_hash(CHALLENGE);
    let developed = Attested { aaguid: *DEVELOPMENT, ..Attested::genuine(APP, hash) };
    let object = apple.attest(&key, &developed);
    let apps = vec![AppleApp { app_id: APP.to_owned(), development: true }];
    let lenient = ApplePolicy { apps, ..policy(&apple) };
    assert!(check_attestation(&object, &key.id(), &hash, &lenient, NOW).is_ok());
    assert_eq!(
        check_attestation(&object, &key.id(), &hash, &policy(&apple), NOW),
        Err(AppleFault::Environment)
    );
}

#[test]
fn an_assertion_is_for_these_keys_and_this_challenge_and_counts_on() {
    let key = AppAttestKey::make();
    let point = || *wallet_core::crypto::sign::SigningKey::make().unwrap().0.public();
    let keys = [point(), point()];
    let hash = assertion_hash(CHALLENGE, &keys);
    let known = AppKey { id: key.id(), public: key.public(), app: sha256(APP.as_bytes()), counter: 4 };
    let assert = |app: &str, counter: u32| key.assert(app, &hash, counter);
    let next = check_assertion(&assert(APP, 5), &hash, &known).unwrap();
    assert_eq!(next, AppKey { counter: 5, ..known });
    assert_eq!(check_assertion(&assert(APP, 4), &hash, &known), Err(AppleFault::Replayed));
    assert_eq!(check_assertion(&assert(APP, 0), &hash, &known), Err(AppleFault::Replayed));
    assert_eq!(check_assertion(&assert("other", 5), &hash, &known), Err(AppleFault::OtherApp));
    let [one, two] = keys;
    for other in [
        assertion_hash(b"other", &keys),
        assertion_hash(CHALLENGE, &[two, one]),
        assertion_hash(CHALLENGE, &[one]),
    ] {
        assert_eq!(check_assertion(&assert(APP, 5), &other, &known), Err(AppleFault::BadSignature));
    }
    let stranger = AppKey { public: AppAttestKey::make().public(), ..known };
    assert_eq!(check_assertion(&assert(APP, 5), &hash, &stranger), Err(AppleFault::BadSignature));
}

/// docs/formats/wallet-provider.md.
#[test]
fn the_hashes_are_those_of_the_documented_example() {
    let challenge: Vec<u8> = (0..32).collect();
    let point = |fill: u8| {
        let mut point = [fill; 65];
        point[0] = 4;
        point
    };
    let attested = "0385ce6d660e0a5f490dcbe4a0d61ed102a99359e85acf61f1d6ab4bbb7dba8b";
    assert_eq!(hex::encode(attestation_hash(&challenge)), attested);
    let asserted = "57c37a7af891925960372fe6121ee69f509154035185a6267115c635aebef8b4";
    let points = [point(0x11), point(0x22)];
    assert_eq!(hex::encode(hash_of_points(&challenge, points.iter())), asserted);
}

#[test]
fn every_altered_byte_of_an_object_is_noticed() {
    let apple = TestApple::new();
    let key = AppAttestKey::make();
    let hash = attestation_hash(CHALLENGE);
    let mut attested = Attested::genuine(APP, hash);
    // What Apple's own service reads is nothing to this one, so nothing of it is here.
    attested.receipt = Vec::new();
    let object = apple.attest(&key, &attested);
    let policy = policy(&apple);
    for at in 0..object.len() {
        let mut altered = object.clone();
        altered[at] ^= 1;
        assert!(check_attestation(&altered, &key.id(), &hash, &policy, NOW).is_err(), "byte {at}");
    }
    let assertion = key.assert(APP, &hash, 1);
    let known = AppKey { id: key.id(), public: key.public(), app: sha256(APP.as_bytes()), counter: 0 };
    for at in 0..assertion.len() {
        let mut altered = assertion.clone();
        altered[at] ^= 1;
        assert!(check_assertion(&altered, &hash, &known).is_err(), "byte {at}");
    }
    for length in 0..assertion.len() {
        assert!(check_assertion(&assertion[..length], &hash, &known).is_err());
    }
}

/// Attestations and assertions of real phones, published by others.
#[test]
fn real_phones_are_believed_at_their_own_time() {
    let folder = std::env::var_os("ORACLES_DIR").map_or_else(
        || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        std::path::PathBuf::from,
    );
    let folder = folder.join("vectors/attestation/apple");
    let Ok(root) = std::fs::read_to_string(folder.join("root.pem")) else {
        assert!(std::env::var("ORACLES").as_deref() != Ok("required"), "the samples are missing");
        println!("skipped: the samples are not there");
        return;
    };
    let body = root.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let root = Certificate::parse(&BASE64_STANDARD.decode(body).unwrap()).unwrap();
    for (file, now) in [("ios-14.4.yaml", 1_611_404_013), ("ios-14.2.yaml", 1_605_996_780)] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let (attestation, assertion) = (sample(&text, "attestation"), sample(&text, "assertion"));
        let bytes = |of: &[(String, String)], name: &str| BASE64_STANDARD.decode(field(of, name)).unwrap();
        let app =
            format!("{}.{}", field(&attestation, "teamIdentifier"), field(&attestation, "bundleIdentifier"));
        let policy = |development| ApplePolicy {
            roots: Anchors::new(vec![root.clone()]),
            apps: vec![AppleApp { app_id: app.clone(), development }],
        };
        let hash: [u8; 32] = bytes(&attestation, "clientDataHashSha256Base64").try_into().unwrap();
        let (object, id) = (bytes(&attestation, "attestationBase64"), bytes(&attestation, "keyIdBase64"));
        let key = check_attestation(&object, &id, &hash, &policy(true), now).unwrap();
        let refused = check_attestation(&object, &id, &hash, &policy(false), now);
        assert_eq!(refused, Err(AppleFault::Environment), "{file}: an app under development");
        let late = check_attestation(&object, &id, &hash, &policy(true), NOW);
        assert_eq!(late, Err(AppleFault::Untrusted(TrustError::Expired)), "{file}");

        let hash: [u8; 32] = bytes(&assertion, "clientDataHashSha256Base64").try_into().unwrap();
        let counted = check_assertion(&bytes(&assertion, "assertionBase64"), &hash, &key).unwrap();
        assert_eq!(counted.counter.to_string(), field(&assertion, "counter"), "{file}");
        let again = check_assertion(&bytes(&assertion, "assertionBase64"), &hash, &counted);
        assert_eq!(again, Err(AppleFault::Replayed), "{file}");
    }
}

/// The members of the one document of this type in a file of several.
fn sample(text: &str, kind: &str) -> Vec<(String, String)> {
    // A key in the file ends in dashes too.
    let text = format!("\n{text}");
    let documents = text.split("\n---\n").map(|document| {
        let pairs = document.lines().filter_map(|line| line.split_once(": "));
        pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect::<Vec<_>>()
    });
    let mut of_kind =
        documents.filter(|document| document.iter().any(|(name, value)| name == "type" && value == kind));
    of_kind.next().unwrap()
}

fn field(document: &[(String, String)], name: &str) -> String {
    document.iter().find(|(known, _)| known == name).unwrap().1.clone()
}
