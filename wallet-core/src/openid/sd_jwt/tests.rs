use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::{
    issue::{SdJwtRequest, issue},
    *,
};
use crate::{
    card::{Date, Person, RegistrationNumber},
    crypto::{hash::sha256, sign::PublicKey, sign::SigningKey},
    jose::{Jwk, JwsError, SigningInput, encode},
    oracles,
    trust::{
        Anchors, Certificate, TrustError, eku,
        test_pki::{NOW, authority_params, key, leaf_params, root, with_usage},
    },
};

const VCT: &str = "kr.example.card.1";

/// A root, and a signer below it.
struct Signer {
    anchors: Anchors,
    key: SigningKey,
    chain: Vec<Vec<u8>>,
}

impl Signer {
    fn with(usage: &[u64]) -> Self {
        let top = root(authority_params("root", Some(0)));
        let pair = key();
        let certificate = with_usage(leaf_params("signer"), usage).signed_by(&pair, &top).unwrap();
        Self {
            anchors: Anchors::new(vec![Certificate::parse(top.der()).unwrap()]),
            key: SigningKey::from_pkcs8(&pair.serialize_der()).unwrap(),
            chain: vec![certificate.der().to_vec()],
        }
    }

    fn new() -> Self {
        Self::with(&eku::SD_JWT_ISSUER)
    }

    fn issue(&self, claims: Vec<(String, Value)>) -> String {
        let request = SdJwtRequest {
            vct: VCT,
            issuer: "https://issuer.example",
            holder: &holder(),
            issued_at: NOW - 100,
            expires_at: NOW + 100,
            status: Some(StatusEntry { uri: "https://issuer.example/status/1".into(), index: 7 }),
            claims,
            chain: &self.chain,
        };
        issue(&request, &|bytes| self.key.sign(bytes)).unwrap()
    }

    /// Signs whatever payload it is given.
    fn sign(&self, payload: &Value, disclosures: &[&str]) -> String {
        use base64::prelude::{BASE64_STANDARD, Engine as _};
        let x5c: Vec<_> = self.chain.iter().map(|der| BASE64_STANDARD.encode(der)).collect();
        let input = SigningInput::new(&json!({"alg": "ES256", "typ": TYP, "x5c": x5c}), payload).unwrap();
        let signature = self.key.sign(input.as_bytes()).unwrap();
        let mut text = input.signed(&signature);
        for disclosure in disclosures {
            text = format!("{text}~{disclosure}");
        }
        format!("{text}~")
    }

    fn check(&self, text: &str) -> Result<VerifiedSdJwt, SdJwtError> {
        verify(&SdJwt::parse(text)?, &Expected { vct: VCT, holder: &holder() }, &self.anchors, NOW)
    }
}

fn holder() -> PublicKey {
    static HOLDER: LazyLock<PublicKey> = LazyLock::new(|| *SigningKey::make().unwrap().0.public());
    *HOLDER
}

/// Everything but the claims under test.
fn payload(change: &Value) -> Value {
    let mut payload =
        json!({"vct": VCT, "iat": NOW - 100, "exp": NOW + 100, "cnf": {"jwk": Jwk::new(holder())}});
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            payload.as_object_mut().unwrap().remove(name);
        } else {
            payload[name] = value.clone();
        }
    }
    payload
}

fn disclosure(content: &Value) -> (String, String) {
    let text = encode(content.to_string().as_bytes());
    (encode(&sha256(text.as_bytes())), text)
}

fn claims(pairs: &[(&str, Value)]) -> Vec<(String, Value)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

#[test]
fn what_was_issued_is_believed_with_every_claim() {
    let signer = Signer::new();
    let text = signer.issue(claims(&[
        ("name", json!("홍길동")),
        ("adult", json!(true)),
        ("n", json!({"deep": [1]})),
    ]));
    let verified = signer.check(&text).unwrap();
    assert_eq!(verified.text("name"), Some("홍길동"));
    assert_eq!(verified.claims()["adult"], json!(true));
    assert_eq!(verified.claims()["n"], json!({"deep": [1]}));
    assert_eq!(verified.expires_at(), Some(NOW + 100));
    assert_eq!(verified.issued_at(), Some(NOW - 100));
    let entry = StatusEntry { uri: "https://issuer.example/status/1".into(), index: 7 };
    assert_eq!(verified.status(), Some(&entry));
    assert!(!verified.claims().contains_key("_sd") && !verified.claims().contains_key("_sd_alg"));
    assert!(!format!("{verified:?}").contains("홍"), "nothing of the person is printed");
    // The mdoc signer may sign it too; a wallet provider may not.
    let same = Signer::with(&eku::MDOC_ISSUER);
    same.check(&same.issue(Vec::new())).unwrap();
    let other = Signer::with(&eku::WALLET_PROVIDER);
    let refused = other.check(&other.issue(Vec::new())).unwrap_err();
    assert_eq!(refused, SdJwtError::Untrusted(TrustError::WrongUsage));
}

#[test]
fn two_copies_share_nothing_that_joins_them() {
    let signer = Signer::new();
    let person = claims(&[("name", json!("홍길동")), ("adult", json!(true))]);
    let (one, two) = (signer.issue(person.clone()), signer.issue(person));
    let parts = |text: &str| {
        text.split('~').skip(1).filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(parts(&one).iter().all(|part| !two.contains(part.as_str())));
}

#[test]
fn every_altered_byte_is_noticed() {
    let signer = Signer::new();
    let text = signer.issue(claims(&[("name", json!("A")), ("adult", json!(true))]));
    for at in 0..text.len() {
        let mut altered = text.clone().into_bytes();
        altered[at] ^= 1;
        let Ok(altered) = String::from_utf8(altered) else { continue };
        assert!(signer.check(&altered).is_err(), "byte {at}");
    }
    assert_eq!(Signer::new().check(&text).unwrap_err(), SdJwtError::Untrusted(TrustError::BadSignature));
}

#[test]
fn a_disclosure_left_out_is_left_out_and_one_too_many_is_refused() {
    let signer = Signer::new();
    let text = signer.issue(claims(&[("name", json!("A")), ("adult", json!(true))]));
    let parts: Vec<&str> = text.split('~').collect();
    let without = [parts[0], parts[1], ""].join("~");
    let left = signer.check(&without).unwrap();
    assert_eq!(["name", "adult"].iter().filter(|name| left.claims().contains_key(**name)).count(), 1);
    let unused = disclosure(&json!(["salt", "name", "B"])).1;
    for extra in [unused.as_str(), parts[1]] {
        let more = [parts[0], parts[1], parts[2], extra, ""].join("~");
        assert_eq!(signer.check(&more).unwrap_err(), SdRule::UnusedDisclosure.into());
    }
}

#[test]
fn each_rule_about_disclosures_is_kept() {
    let signer = Signer::new();
    let refused =
        |payload: &Value, disclosures: &[&str]| signer.check(&signer.sign(payload, disclosures)).unwrap_err();
    let (digest, text) = disclosure(&json!(["salt", "name", "A"]));
    let (element, element_text) = disclosure(&json!(["salt", "A"]));

    let hidden = |digests: Value| payload(&json!({ "_sd": digests }));
    assert!(signer.check(&signer.sign(&hidden(json!([digest])), &[&text])).is_ok());
    assert_eq!(refused(&hidden(json!([digest, digest])), &[&text]), SdRule::RepeatedDigest.into());
    assert_eq!(
        refused(&payload(&json!({"_sd": [digest], "inner": {"_sd": [digest]}})), &[&text]),
        SdRule::RepeatedDigest.into()
    );
    // Decoys count as digests too.
    assert_eq!(refused(&hidden(json!(["decoy", "decoy"])), &[]), SdRule::RepeatedDigest.into());
    assert_eq!(refused(&hidden(json!("no array")), &[]), SdRule::DigestShape.into());
    assert_eq!(refused(&hidden(json!([1])), &[]), SdRule::DigestShape.into());
    let named = payload(&json!({"_sd": [digest], "name": "B"}));
    assert_eq!(refused(&named, &[&text]), SdRule::RepeatedClaim.into());
    // An element where a claim belongs, and the other way round.
    assert_eq!(refused(&hidden(json!([element])), &[&element_text]), SdRule::DisclosureShape.into());
    let listed = |item: Value| payload(&json!({ "list": [item] }));
    assert!(signer.check(&signer.sign(&listed(json!({"...": element})), &[&element_text])).is_ok());
    assert_eq!(refused(&listed(json!({"...": digest})), &[&text]), SdRule::DisclosureShape.into());
    assert_eq!(
        refused(&listed(json!({"...": element, "x": 1})), &[&element_text]),
        SdRule::DigestShape.into()
    );
    assert_eq!(refused(&listed(json!({"...": 1})), &[]), SdRule::DigestShape.into());
    assert_eq!(refused(&payload(&json!({"...": "x"})), &[]), SdRule::ReservedName.into());
    assert_eq!(
        refused(&payload(&json!({"inner": {"_sd_alg": "sha-256"}})), &[]),
        SdRule::ReservedName.into()
    );
    for alg in [json!("sha-512"), json!(1)] {
        assert_eq!(refused(&payload(&json!({"_sd_alg": alg, "_sd": []})), &[]), SdRule::HashAlgorithm.into());
    }
    for name in ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status"] {
        let (digest, text) = disclosure(&json!(["salt", name, 1]));
        assert_eq!(refused(&hidden(json!([digest])), &[&text]), SdRule::MustBeOpen.into(), "{name}");
    }
    for name in ["_sd", "_sd_alg", "..."] {
        let (digest, text) = disclosure(&json!(["salt", name, 1]));
        assert_eq!(refused(&hidden(json!([digest])), &[&text]), SdRule::ReservedName.into(), "{name}");
    }
    for shape in [
        json!([]),
        json!(["salt"]),
        json!([1, "name", 2]),
        json!(["salt", 1, 2]),
        json!(["s", "n", 1, 2]),
        json!({"s": 1}),
    ] {
        let text = disclosure(&shape).1;
        assert_eq!(refused(&payload(&json!({})), &[&text]), SdRule::DisclosureShape.into(), "{shape}");
    }
    assert_eq!(refused(&payload(&json!({})), &["no+base64url"]), SdRule::DisclosureShape.into());
}

#[test]
fn hidden_claims_may_hide_others_but_not_without_end() {
    let signer = Signer::new();
    let (inner, inner_text) = disclosure(&json!(["salt", "street", "B"]));
    let (outer, outer_text) = disclosure(&json!(["salt", "address", {"_sd": [inner], "city": "A"}]));
    let verified = signer
        .check(&signer.sign(&payload(&json!({ "_sd": [outer] })), &[&inner_text, &outer_text]))
        .unwrap();
    assert_eq!(verified.claims()["address"], json!({"city": "A", "street": "B"}));
    let mut deep = json!("bottom");
    for _ in 0..20 {
        deep = json!([deep]);
    }
    let refused = signer.check(&signer.sign(&payload(&json!({ "deep": deep })), &[])).unwrap_err();
    assert_eq!(refused, SdRule::TooDeep.into());
}

#[test]
fn type_key_times_and_status_are_what_was_asked_for() {
    let signer = Signer::new();
    let refused = |change: Value| signer.check(&signer.sign(&payload(&change), &[])).unwrap_err();
    assert_eq!(refused(json!({"vct": "other"})), SdRule::OtherType.into());
    assert_eq!(refused(json!({"vct": null})), SdRule::OtherType.into());
    assert_eq!(refused(json!({"cnf": null})), SdRule::NotBound.into());
    assert_eq!(refused(json!({"cnf": {"kid": "1"}})), SdRule::NotBound.into());
    assert_eq!(refused(json!({"cnf": {"jwk": Jwk::new(holder()), "kid": "1"}})), SdRule::NotBound.into());
    let other = SigningKey::make().unwrap().0;
    assert_eq!(refused(json!({"cnf": {"jwk": Jwk::new(*other.public())}})), SdRule::OtherHolder.into());
    for bad in [json!("1"), json!(1.5), json!(-1)] {
        assert_eq!(refused(json!({ "iat": bad })), SdRule::BadTime.into());
        assert_eq!(refused(json!({ "exp": bad })), SdRule::BadTime.into());
        assert_eq!(refused(json!({ "nbf": bad })), SdRule::BadTime.into());
    }
    assert_eq!(refused(json!({"exp": NOW})), SdRule::Expired.into());
    assert_eq!(refused(json!({"iat": NOW + 301, "exp": NOW + 400})), SdRule::NotYetValid.into());
    assert_eq!(refused(json!({"nbf": NOW + 301, "exp": NOW + 400})), SdRule::NotYetValid.into());
    assert_eq!(refused(json!({"iat": NOW, "exp": NOW})), SdRule::TimesOutOfOrder.into());
    for status in [
        json!(1),
        json!({}),
        json!({"status_list": {"idx": -1, "uri": "https://a.example/1"}}),
        json!({"status_list": {"idx": 1}}),
        json!({"status_list": {"idx": 1, "uri": "http://a.example/1"}}),
    ] {
        assert_eq!(refused(json!({ "status": status })), SdRule::Status.into());
    }
    assert!(signer.check(&signer.sign(&payload(&json!({"exp": null, "iat": null})), &[])).is_ok());
}

#[test]
fn texts_that_are_no_sd_jwt_are_refused() {
    let signer = Signer::new();
    let good = signer.issue(Vec::new());
    assert_eq!(signer.check(good.trim_end_matches('~')).unwrap_err(), SdJwtError::Malformed);
    assert_eq!(signer.check(&format!("{good}e30.e30.AA")).unwrap_err(), SdRule::KeyBindingAttached.into());
    assert_eq!(signer.check(&"a".repeat(MAX_TEXT + 1)).unwrap_err(), SdJwtError::TooLarge);
    let many = format!("{good}{}", "WyJzIiwxXQ~".repeat(MAX_DISCLOSURES + 1));
    assert_eq!(signer.check(&many).unwrap_err(), SdJwtError::TooLarge);
    for text in ["~", "a~", "..~"] {
        assert_eq!(signer.check(text).unwrap_err(), SdJwtError::Envelope(JwsError::Malformed), "{text}");
    }
    let input =
        SigningInput::new(&json!({"alg": "ES256", "typ": "vc+sd-jwt"}), &payload(&json!({}))).unwrap();
    let signature = signer.key.sign(input.as_bytes()).unwrap();
    let older = format!("{}~", input.signed(&signature));
    assert_eq!(signer.check(&older).unwrap_err(), SdJwtError::Envelope(JwsError::Type));
    let input = SigningInput::new(&json!({"alg": "ES256", "typ": TYP}), &payload(&json!({}))).unwrap();
    let signature = signer.key.sign(input.as_bytes()).unwrap();
    let nobodys = format!("{}~", input.signed(&signature));
    assert_eq!(signer.check(&nobodys).unwrap_err(), SdJwtError::Envelope(JwsError::Malformed), "no chain");
}

#[test]
fn a_person_is_read_and_another_is_told_apart() {
    let date = |text| Date::parse(text).unwrap();
    let number = RegistrationNumber::parse("900314-2000000").unwrap();
    let person = |address: &str, portrait: Vec<u8>| {
        Person::new(
            "홍길동",
            "HONG GILDONG",
            date("1990-03-14"),
            number.clone(),
            address,
            date("2020-01-02"),
            "종로구청장",
            portrait,
        )
    };
    let signer = Signer::new();
    let said = claims(&[
        ("name", json!("홍길동")),
        ("family_name_latin1", json!("HONG")),
        ("given_name_latin1", json!("GILDONG")),
        ("birth_date", json!("1990-03-14")),
        ("person_id", json!("900314-2000000")),
        ("resident_address", json!("서울")),
        ("issue_date", json!("2020-01-02")),
        ("issuing_authority", json!("종로구청장")),
        ("portrait", json!(encode(&[1, 2, 3]))),
    ]);
    let verified = signer.check(&signer.issue(said.clone())).unwrap();
    let right = person("서울", vec![1, 2, 3]);
    assert_eq!(verified.person(), Some(right.clone()));
    assert!(verified.is_of(&right));
    assert!(!verified.is_of(&person("부산", vec![1, 2, 3])));
    assert!(!verified.is_of(&person("서울", vec![1, 2])));
    for missing in 0..said.len() {
        let mut less = said.clone();
        let (name, _) = less.remove(missing);
        assert_eq!(signer.check(&signer.issue(less)).unwrap().person(), None, "{name}");
    }
}

/// The published examples: signature, and the claims with their disclosures in place.
#[test]
fn the_examples_of_the_rfc_come_out_as_published() {
    for name in [
        "rfc9901-section-5-issued",
        "rfc9901-a1-structured",
        "rfc9901-a2-complex-structured",
        "rfc9901-a3-sd-jwt-vc-pid-issued",
        "rfc9901-a3-sd-jwt-vc-pid-presented",
        "rfc9901-a4-w3c-vcdm-issued",
        "rfc9901-a4-w3c-vcdm-presented",
        "openid4vci-sd-jwt-vc-issued",
        "openid4vp-sd-jwt-vcld-issued",
        "openid4vp-sd-jwt-vcld-presented",
    ] {
        let Some(example) = oracles::json(&format!("vectors/sd-jwt/{name}.json")) else { return };
        let text = example["sd_jwt"].as_str().unwrap();
        // What binds the key is another matter.
        let (issued, _) = text.rsplit_once('~').unwrap();
        let typ = example["expect"]["header"]["typ"].as_str().unwrap_or(TYP);
        let parsed = SdJwt::parse_as(&format!("{issued}~"), typ).unwrap();
        let key: Jwk = serde_json::from_value(example["issuer_public_jwk"].clone()).unwrap();
        let payload: Map<String, Value> = parsed.jwt.verify(key.key()).unwrap();
        let opened = disclosure::put_in_place(payload, &parsed.disclosures).unwrap();
        assert_eq!(Value::Object(opened), example["expect"]["processed_payload"], "{name}");
    }
}

/// RFC 9901, 4.2: one claim in several spellings, each with a digest of its own.
#[test]
fn a_digest_is_over_the_text_as_received() {
    let Some(examples) = oracles::json("vectors/sd-jwt/rfc9901-section-4-2-disclosures.json") else { return };
    for case in examples["cases"].as_array().unwrap() {
        let (text, digest) = (case["disclosure"].as_str().unwrap(), &case["sha256_digest"]);
        let Some(name) = case["claim_name"].as_str() else {
            let list = json!({"list": [{"...": digest}]});
            let opened = open(list.as_object().unwrap().clone(), &[text]).unwrap();
            assert_eq!(opened["list"].as_array().unwrap().len(), 1, "{}", case["name"]);
            continue;
        };
        let hidden = json!({"_sd": [digest]});
        let opened = open(hidden.as_object().unwrap().clone(), &[text]).unwrap();
        assert_eq!(opened[name], case["claim_value"], "{}", case["name"]);
    }
}
