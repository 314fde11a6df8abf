use std::{collections::BTreeSet, env, fs, path::PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine};
use fixtures::platform::attestation::{chain_for, key_description, root_certificate};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair,
    PKCS_ECDSA_P256_SHA256,
};
use wallet_core::{
    crypto::sign::SigningKey,
    jose::Blob,
    platform::UserAuthentication::{self, EachUse, Window},
};

use super::*;

/// 2026-11-24T12:00:00 in Korea.
const NOW: i64 = 1_795_489_200;
const CHALLENGE: &[u8] = b"challenge";

fn policy(root: &[u8]) -> AttestationPolicy {
    AttestationPolicy {
        roots: Anchors::new(vec![Certificate::parse(root).unwrap()]),
        revoked: Revocations::default(),
        android_apps: Vec::new(),
        apple: ApplePolicy::default(),
        accept_software_keys: true,
    }
}

fn listed(serials: BTreeSet<Vec<u8>>) -> Revocations {
    Revocations::Listed(AttestationStatusList::of(serials))
}

/// Accepts the app that this key was made by, and no other.
fn app_of(description: &KeyDescription) -> Vec<AndroidApp> {
    let Some(application) = &description.software.application else { return Vec::new() };
    let [(package, version)] = application.packages.as_slice() else { panic!("one package") };
    vec![AndroidApp {
        package: String::from_utf8(package.clone()).unwrap(),
        minimal_version: *version,
        signers: application.signers.iter().cloned().collect(),
    }]
}

fn message(chains: Vec<Vec<Vec<u8>>>) -> AttestationMessage {
    let blobs = |chain: Vec<Vec<u8>>| chain.into_iter().map(Blob).collect();
    AttestationMessage::Android { chains: chains.into_iter().map(blobs).collect() }
}

fn key() -> PublicKey {
    *SigningKey::make().unwrap().0.public()
}

/// A software key made this way, checked for this role.
fn software(made: UserAuthentication, role: KeyRole) -> Result<SecurityLevel, Fault> {
    let key = key();
    let chain = chain_for(key.as_sec1(), made, CHALLENGE).unwrap();
    check(&message(vec![chain]), &[key], CHALLENGE, role, &policy(root_certificate()), None, NOW)
        .map(|vouched| vouched.level)
}

#[test]
fn a_holder_key_asks_for_biometrics_each_time_and_an_instance_key_need_not() {
    assert_eq!(software(EachUse, KeyRole::Holder), Ok(SecurityLevel::Software));
    assert_eq!(software(UserAuthentication::None, KeyRole::Instance), Ok(SecurityLevel::Software));
    assert_eq!(software(UserAuthentication::None, KeyRole::Holder), Err(Fault::NoUserAuthentication));
    assert_eq!(software(Window { seconds: 10 }, KeyRole::Holder), Err(Fault::NoUserAuthentication));
}

#[test]
fn a_chain_vouches_for_its_own_key_and_challenge_only() {
    let (key, other) = (key(), key());
    let chain = chain_for(key.as_sec1(), EachUse, CHALLENGE).unwrap();
    let holder = |message: &AttestationMessage, keys: &[PublicKey], challenge: &[u8], policy| {
        check(message, keys, challenge, KeyRole::Holder, &policy, None, NOW)
    };
    let trusted = || policy(root_certificate());
    let one = message(vec![chain.clone()]);
    assert_eq!(holder(&one, &[other], CHALLENGE, trusted()), Err(Fault::OtherKey));
    assert_eq!(holder(&one, &[key], b"other", trusted()), Err(Fault::OtherChallenge));
    assert_eq!(holder(&one, &[key, other], CHALLENGE, trusted()), Err(Fault::ChainCount));
    assert_eq!(holder(&one, &[], CHALLENGE, trusted()), Err(Fault::ChainCount));
    assert_eq!(holder(&message(vec![vec![]]), &[key], CHALLENGE, trusted()), Err(Fault::ChainLength));
    let long = message(vec![vec![chain[0].clone(); 7]]);
    assert_eq!(holder(&long, &[key], CHALLENGE, trusted()), Err(Fault::ChainLength));
    let hardware_only = AttestationPolicy { accept_software_keys: false, ..trusted() };
    assert_eq!(holder(&one, &[key], CHALLENGE, hardware_only), Err(Fault::NotInHardware));
    let intermediate = Certificate::parse(&chain[1]).unwrap();
    let serial = intermediate.serial().iter().copied().skip_while(|byte| *byte == 0).collect();
    let revoked = listed([serial].into());
    assert_eq!(
        holder(&one, &[key], CHALLENGE, AttestationPolicy { revoked, ..trusted() }),
        Err(Fault::Revoked)
    );
    let (root, _) = Maker::root();
    assert!(matches!(holder(&one, &[key], CHALLENGE, policy(&root)), Err(Fault::Untrusted(_))));
    let apple = AttestationMessage::AppAttest {
        key_id: Blob(vec![1]),
        object: Blob(vec![1]),
        assertion: Blob(vec![1]),
    };
    let malformed = Err(Fault::Apple(AppleFault::Malformed));
    assert_eq!(holder(&apple, &[key], CHALLENGE, trusted()), malformed);
    assert_eq!(holder(&apple, &[], CHALLENGE, trusted()), Err(Fault::ChainCount));
}

#[test]
fn an_attested_key_cannot_attest_another() {
    let description = key_description(EachUse, CHALLENGE);
    let (root, maker) = Maker::root();
    let (above, attested) = maker.issue("attested key", Some(&description), true);
    let (leaf, forged) = attested.issue("forged key", Some(&description), false);
    let chain = message(vec![vec![leaf, above]]);
    let outcome = check(&chain, &[forged.public()], CHALLENGE, KeyRole::Holder, &policy(&root), None, NOW);
    assert_eq!(outcome, Err(Fault::DescriptionAboveLeaf));
}

#[test]
fn a_leaf_without_a_readable_description_is_refused() {
    let (root, maker) = Maker::root();
    for (description, fault) in
        [(None, Fault::NoDescription), (Some(&[0x30, 0x01][..]), Fault::Malformed(TlvError::Truncated))]
    {
        let (leaf, key) = maker.issue("key", description, false);
        let chain = message(vec![vec![leaf]]);
        let outcome = check(&chain, &[key.public()], CHALLENGE, KeyRole::Holder, &policy(&root), None, NOW);
        assert_eq!(outcome, Err(fault));
    }
}

#[test]
fn what_a_key_may_do_is_looked_at_property_by_property() {
    let good = Authorizations {
        purposes: vec![2],
        algorithm: Some(3),
        key_size: Some(256),
        curve: Some(1),
        no_auth_required: false,
        user_auth_type: Some(2),
        auth_timeout: None,
        origin: Some(0),
        root_of_trust: Some(RootOfTrust { device_locked: true, verified_boot: true }),
        application: None,
    };
    let application =
        Application { packages: vec![(b"kr.example.wallet".to_vec(), 1)], signers: vec![vec![7; 32]] };
    let described = |level, hardware: &Authorizations| KeyDescription {
        attestation_level: level,
        key_level: level,
        challenge: CHALLENGE.to_vec(),
        software: Authorizations { application: Some(application.clone()), ..Authorizations::default() },
        hardware: hardware.clone(),
    };
    let accepted = app_of(&described(SecurityLevel::TrustedEnvironment, &good));
    let strict = AttestationPolicy {
        accept_software_keys: false,
        android_apps: accepted,
        revoked: listed(BTreeSet::new()),
        ..policy(root_certificate())
    };
    let judge = |change: fn(&mut Authorizations)| {
        let mut changed = good.clone();
        change(&mut changed);
        let description = described(SecurityLevel::TrustedEnvironment, &changed);
        check_description(&description, CHALLENGE, KeyRole::Holder, &strict)
    };
    assert_eq!(judge(|_| {}), Ok(SecurityLevel::TrustedEnvironment));
    assert_eq!(judge(|a| a.purposes.push(3)), Ok(SecurityLevel::TrustedEnvironment));
    assert_eq!(judge(|a| a.purposes.push(1)), Err(Fault::WrongPurpose));
    assert_eq!(judge(|a| a.purposes = vec![3]), Err(Fault::WrongPurpose));
    assert_eq!(judge(|a| a.algorithm = Some(1)), Err(Fault::WrongAlgorithm));
    assert_eq!(judge(|a| a.key_size = Some(384)), Err(Fault::WrongAlgorithm));
    assert_eq!(judge(|a| a.curve = Some(2)), Err(Fault::WrongAlgorithm));
    assert_eq!(judge(|a| a.origin = Some(2)), Err(Fault::Imported));
    assert_eq!(judge(|a| a.no_auth_required = true), Err(Fault::NoUserAuthentication));
    assert_eq!(judge(|a| a.user_auth_type = Some(3)), Err(Fault::NoUserAuthentication));
    assert_eq!(judge(|a| a.user_auth_type = None), Err(Fault::NoUserAuthentication));
    assert_eq!(judge(|a| a.auth_timeout = Some(30)), Err(Fault::NoUserAuthentication));
    assert_eq!(judge(|a| a.root_of_trust = None), Err(Fault::SystemNotVerified));
    let unlocked = |a: &mut Authorizations| {
        a.root_of_trust = Some(RootOfTrust { device_locked: false, verified_boot: true });
    };
    assert_eq!(judge(unlocked), Err(Fault::SystemNotVerified));
    // A hardware key whose properties only the system vouches for has none.
    let mut swapped = described(SecurityLevel::StrongBox, &good);
    swapped.software = Authorizations { application: Some(application.clone()), ..good.clone() };
    swapped.hardware = Authorizations { root_of_trust: good.root_of_trust, ..Authorizations::default() };
    assert_eq!(check_description(&swapped, CHALLENGE, KeyRole::Holder, &strict), Err(Fault::WrongPurpose));
    // A software attestation of a hardware key is a software attestation.
    let mut mixed = described(SecurityLevel::StrongBox, &good);
    mixed.attestation_level = SecurityLevel::Software;
    assert_eq!(check_description(&mixed, CHALLENGE, KeyRole::Holder, &strict), Err(Fault::NotInHardware));
}

/// Chains of real phones, published by others.
#[test]
fn keys_of_real_phones_are_judged_by_what_their_hardware_says() {
    let Some(roots) = oracle("roots.json") else { return };
    let roots: Vec<String> = serde_json::from_slice(&roots).unwrap();
    let roots = roots.iter().map(|pem| Certificate::parse(&certificates(pem)[0]).unwrap()).collect();
    let mut strict = AttestationPolicy {
        roots: Anchors::new(roots),
        revoked: listed(BTreeSet::new()),
        android_apps: Vec::new(),
        apple: ApplePolicy::default(),
        accept_software_keys: false,
    };
    use SecurityLevel::{StrongBox, TrustedEnvironment};
    let cases = [
        ("caiman_sdk36_TEE_EC_RKP", Ok(TrustedEnvironment), Err(Fault::NoUserAuthentication)),
        ("caiman_sdk36_SB_EC_RKP", Ok(StrongBox), Err(Fault::NoUserAuthentication)),
        ("akita_sdk34_TEE_RSA_NONE_USERAUTH", Err(Fault::WrongAlgorithm), Err(Fault::WrongAlgorithm)),
        ("blueline_sdk28_SB_RSA_NONE_USERAUTH", Err(Fault::WrongAlgorithm), Err(Fault::WrongAlgorithm)),
        ("tegu_sdk36_SB_EC_2026_ROOT", Ok(StrongBox), Err(Fault::NoUserAuthentication)),
        ("akita_sdk34_TEE_EC_NONE", Err(Fault::SystemNotVerified), Err(Fault::SystemNotVerified)),
    ];
    for (name, instance, holder) in cases {
        let Some(pem) = oracle(&format!("{name}.pem")) else { return };
        let chain = certificates(&String::from_utf8(pem).unwrap());
        let parsed: Vec<_> = chain.iter().map(|der| Certificate::parse(der).unwrap()).collect();
        // The root in use was made anew in March 2022, after some of the chains under it.
        let now = parsed.iter().map(Certificate::not_before).fold(1_650_000_000, i64::max) + 1;
        let key = parsed[0].p256_public_key().unwrap_or_else(|_| key());
        let description =
            parsed[0].extension(KEY_DESCRIPTION_OID).and_then(|value| KeyDescription::parse(value).ok());
        strict.android_apps = description.as_ref().map(app_of).unwrap_or_default();
        let challenge = description.map_or_else(Vec::new, |description| description.challenge);
        let message = message(vec![chain]);
        let judge =
            |role| check(&message, &[key], &challenge, role, &strict, None, now).map(|vouched| vouched.level);
        assert_eq!((judge(KeyRole::Instance), judge(KeyRole::Holder)), (instance, holder), "{name}");
    }
}

/// The app on the published chains: another package, an older version or another signer is another app.
#[test]
fn keys_of_another_app_are_refused_and_of_any_where_none_is_configured() {
    let Some(pem) = oracle("caiman_sdk36_SB_EC_RKP.pem") else { return };
    let leaf = Certificate::parse(&certificates(&String::from_utf8(pem).unwrap())[0]).unwrap();
    let description = KeyDescription::parse(leaf.extension(KEY_DESCRIPTION_OID).unwrap()).unwrap();
    let signer = BASE64_STANDARD.decode("EDk47kU35Z6O55L2VFBPuDRvxrNG0LvEQV/DOfz8jsE=").unwrap();
    let app = AndroidApp {
        package: "com.google.android.attestation".to_owned(),
        minimal_version: 0,
        signers: BTreeSet::from([signer]),
    };
    let judge = |android_apps: Vec<AndroidApp>| {
        let revoked = listed(BTreeSet::new());
        let policy = AttestationPolicy { android_apps, revoked, ..policy(root_certificate()) };
        check_description(&description, &description.challenge, KeyRole::Instance, &policy)
    };
    assert_eq!(judge(vec![app.clone()]), Ok(SecurityLevel::StrongBox));
    assert_eq!(judge(Vec::new()), Err(Fault::OtherApp));
    let other = AndroidApp { package: "kr.example.wallet".to_owned(), ..app.clone() };
    assert_eq!(judge(vec![other.clone()]), Err(Fault::OtherApp));
    assert_eq!(judge(vec![AndroidApp { minimal_version: 1, ..app.clone() }]), Err(Fault::OtherApp));
    assert_eq!(
        judge(vec![AndroidApp { signers: BTreeSet::from([vec![7; 32]]), ..app.clone() }]),
        Err(Fault::OtherApp)
    );
    assert_eq!(judge(vec![other, app]), Ok(SecurityLevel::StrongBox));
    let mut nobody = description.clone();
    nobody.software.application = None;
    let app = AndroidApp { package: String::new(), minimal_version: 0, signers: BTreeSet::new() };
    let revoked = listed(BTreeSet::new());
    let policy = AttestationPolicy { android_apps: vec![app], revoked, ..policy(root_certificate()) };
    assert_eq!(
        check_description(&nobody, &nobody.challenge, KeyRole::Instance, &policy),
        Err(Fault::OtherApp)
    );
}

#[test]
fn hardware_is_believed_only_where_it_is_known_which_keys_leaked() {
    let Some(pem) = oracle("caiman_sdk36_SB_EC_RKP.pem") else { return };
    let leaf = Certificate::parse(&certificates(&String::from_utf8(pem).unwrap())[0]).unwrap();
    let description = KeyDescription::parse(leaf.extension(KEY_DESCRIPTION_OID).unwrap()).unwrap();
    let judge = |revoked| {
        let policy =
            AttestationPolicy { android_apps: app_of(&description), revoked, ..policy(root_certificate()) };
        check_description(&description, &description.challenge, KeyRole::Instance, &policy)
    };
    assert_eq!(judge(Revocations::Unknown), Err(Fault::RevocationUnknown));
    assert_eq!(judge(listed(BTreeSet::new())), Ok(SecurityLevel::StrongBox));
    assert_eq!(judge(Revocations::Unchecked), Ok(SecurityLevel::StrongBox));
}

/// Google's list as published for tests.
#[test]
fn the_published_status_list_is_read() {
    let Some(list) = oracle("status.json") else { return };
    let serials = parse_status_list(&list).unwrap();
    assert!(serials.contains(&hex::decode("cc66e9a93713b6e643b26c15879786f7").unwrap()), "a suspended one");
    assert!(
        serials.contains(6_681_152_659_205_225_093_u64.to_be_bytes().as_slice()),
        "one written in decimal"
    );
}

#[test]
fn published_descriptions_that_break_der_do_not_parse() {
    for name in ["tags_not_in_ascending_order", "malformed_rot_device_locked"] {
        let Some(pem) = oracle(&format!("invalid/{name}.pem")) else { return };
        let leaf = Certificate::parse(&certificates(&String::from_utf8(pem).unwrap())[0]).unwrap();
        let outcome = KeyDescription::parse(leaf.extension(KEY_DESCRIPTION_OID).unwrap());
        assert_eq!(outcome, Err(TlvError::BadValue), "{name}");
    }
}

fn oracle(name: &str) -> Option<Vec<u8>> {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = env::var_os("ORACLES_DIR").map_or(default, PathBuf::from);
    match fs::read(folder.join("vectors/attestation/android").join(name)) {
        Ok(bytes) => Some(bytes),
        Err(_) if env::var("ORACLES").as_deref() == Ok("required") => panic!("{name} is missing"),
        Err(_) => {
            println!("skipped: {name} is not there");
            None
        }
    }
}

fn certificates(pem: &str) -> Vec<Vec<u8>> {
    let body = |part: &str| {
        let text = part.split("-----END").next().unwrap();
        BASE64_STANDARD.decode(text.split_whitespace().collect::<String>()).unwrap()
    };
    pem.split("-----BEGIN CERTIFICATE-----").skip(1).map(body).collect()
}

/// A key that issues certificates.
struct Maker {
    params: CertificateParams,
    pair: KeyPair,
}

impl Maker {
    fn root() -> (Vec<u8>, Self) {
        let params = Self::params("TEST root", true);
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        (params.self_signed(&pair).unwrap().der().to_vec(), Self { params, pair })
    }

    fn params(name: &str, ca: bool) -> CertificateParams {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.use_authority_key_identifier_extension = true;
        if ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params
    }

    fn issue(&self, name: &str, description: Option<&[u8]>, ca: bool) -> (Vec<u8>, Self) {
        let mut params = Self::params(name, ca);
        if let Some(description) = description {
            let oid = fixtures::platform::attestation::KEY_DESCRIPTION_OID;
            params.custom_extensions = vec![CustomExtension::from_oid_content(&oid, description.to_vec())];
        }
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let issuer = Issuer::from_params(&self.params, &self.pair);
        (params.signed_by(&pair, &issuer).unwrap().der().to_vec(), Self { params, pair })
    }

    fn public(&self) -> PublicKey {
        PublicKey::from_sec1(self.pair.public_key_raw()).unwrap()
    }
}
