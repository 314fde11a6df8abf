use ciborium::Value;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};

use super::{
    issue::{PhotoIdRequest, issue_photo_id},
    *,
};
use crate::{
    card::{Date, Person, RegistrationNumber},
    cbor::CborError,
    crypto::sign::{PublicKey, SigningKey},
    trust::{Anchors, Certificate, TrustError},
};

/// 2026-11-24T00:00:00 in Korea.
const NOW: i64 = 1_795_446_000;

/// A test issuer: root, signer and the signer's key.
struct Authority {
    root: Vec<u8>,
    signer: Vec<u8>,
    key: SigningKey,
}

impl Authority {
    fn new() -> Self {
        Self::with(ExtendedKeyUsagePurpose::Other(vec![1, 0, 18013, 5, 1, 2]), 2027)
    }

    fn with(purpose: ExtendedKeyUsagePurpose, ends: i32) -> Self {
        let params = |name: &str, ends: i32| {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.distinguished_name.push(DnType::CountryName, "KR");
            params.distinguished_name.push(DnType::CommonName, name);
            params.not_before = rcgen::date_time_ymd(2026, 11, 1);
            params.not_after = rcgen::date_time_ymd(ends, 10, 1);
            params
        };
        let mut root = params("TEST ONLY issuer root", 2035);
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let root_der = root.self_signed(&root_key).unwrap().der().to_vec();
        let mut signer = params("TEST ONLY document signer", ends);
        signer.use_authority_key_identifier_extension = true;
        signer.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        signer.extended_key_usages = vec![purpose];
        let (key, pkcs8) = SigningKey::make().unwrap();
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), &PKCS_ECDSA_P256_SHA256).unwrap();
        let signer = signer.signed_by(&pair, &Issuer::from_params(&root, &root_key)).unwrap();
        Self { root: root_der, signer: signer.der().to_vec(), key }
    }

    fn anchors(&self) -> Anchors {
        Anchors::new(vec![Certificate::parse(&self.root).unwrap()])
    }

    fn issue(&self) -> Vec<u8> {
        let day = |days| Date::in_korea_at(NOW).unwrap().plus_days(days).unwrap();
        let request = PhotoIdRequest {
            person: &person(),
            nationality: Some("KR"),
            device_key: &device_key(1),
            valid_from: day(0),
            valid_until: day(60),
            expiry: day(3 * 365),
            status: None,
            chain: core::slice::from_ref(&self.signer),
        };
        issue_photo_id(&request, &|bytes| self.key.sign(bytes)).unwrap()
    }

    fn issue_with_status(&self, status: &StatusEntry) -> Vec<u8> {
        let day = |days| Date::in_korea_at(NOW).unwrap().plus_days(days).unwrap();
        let request = PhotoIdRequest {
            person: &person(),
            nationality: Some("KR"),
            device_key: &device_key(1),
            valid_from: day(0),
            valid_until: day(28),
            expiry: day(3 * 365),
            status: Some(status),
            chain: core::slice::from_ref(&self.signer),
        };
        issue_photo_id(&request, &|bytes| self.key.sign(bytes)).unwrap()
    }

    fn verify(&self, bytes: &[u8]) -> Result<VerifiedDocument, MdocError> {
        self.verify_at(bytes, NOW)
    }

    fn verify_at(&self, bytes: &[u8], now: i64) -> Result<VerifiedDocument, MdocError> {
        let key = device_key(1);
        let expected = Expected { doc_type: PHOTO_ID, device_key: Some(&key) };
        verify(&IssuerSigned::parse(bytes)?, &expected, &self.anchors(), now)
    }

    /// Changes the security object of an issued document and signs it again, with another CBOR library.
    fn resigned(&self, bytes: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
        edited(bytes, |document| {
            let auth = document.at("issuerAuth").items();
            let Value::Tag(24, object) = decode(auth[2].as_bytes().unwrap()) else { panic!() };
            let mut object = decode(object.as_bytes().unwrap());
            change(&mut object);
            auth[2] = Value::Bytes(encode(&Value::Tag(24, Box::new(Value::Bytes(encode(&object))))));
            self.sign(auth);
        })
    }

    fn sign(&self, auth: &mut [Value]) {
        let signed = Value::Array(vec![
            Value::Text("Signature1".into()),
            auth[0].clone(),
            Value::Bytes(Vec::new()),
            auth[2].clone(),
        ]);
        auth[3] = Value::Bytes(self.key.sign(&encode(&signed)).unwrap().to_vec());
    }
}

fn person() -> Person {
    let birth = Date::from_ymd(1990, 3, 14).unwrap();
    let number = RegistrationNumber::parse("900314-2000000").unwrap();
    let issued = Date::from_ymd(2020, 5, 1).unwrap();
    let (address, office) = ("가상시 시험구 보기로 1", "가상시 시험구청장");
    Person::new("홍보기", "HONG, BOGI", birth, number, address, issued, office, vec![0xFF, 0xD8, 1, 2, 3])
}

fn device_key(number: u8) -> PublicKey {
    (0..=255)
        .find_map(|odd| PublicKey::from_x(&[number, odd].repeat(16).try_into().unwrap(), false).ok())
        .unwrap()
}

fn decode(bytes: &[u8]) -> Value {
    ciborium::from_reader(bytes).unwrap()
}

fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

fn edited(bytes: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value = decode(bytes);
    change(&mut value);
    encode(&value)
}

trait Walk {
    fn at(&mut self, key: &str) -> &mut Value;
    fn items(&mut self) -> &mut Vec<Value>;
}

impl Walk for Value {
    fn at(&mut self, key: &str) -> &mut Value {
        let entries = self.as_map_mut().unwrap();
        entries.iter_mut().find(|(name, _)| name.as_text() == Some(key)).map(|(_, value)| value).unwrap()
    }
    fn items(&mut self) -> &mut Vec<Value> {
        self.as_array_mut().unwrap()
    }
}

/// Changes the first item of the shared name space.
fn with_item(bytes: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    edited(bytes, |document| {
        let item = &mut document.at("nameSpaces").at(NAMESPACE_23220).items()[0];
        let Value::Tag(24, content) = item else { panic!() };
        let mut content_value = decode(content.as_bytes().unwrap());
        change(&mut content_value);
        **content = Value::Bytes(encode(&content_value));
    })
}

fn rule<T: core::fmt::Debug>(result: Result<T, MdocError>) -> Rule {
    match result {
        Err(MdocError::IssuerMisbehaved(rule)) => rule,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_photo_id_carries_the_person_and_verifies_whole() {
    let authority = Authority::new();
    let document = authority.verify(&authority.issue()).unwrap();
    let element = |space: &str, name: &str| document.element(space, name).unwrap().clone();
    assert_eq!(element(NAMESPACE_23220, "family_name").text(), Some("홍"));
    assert_eq!(element(NAMESPACE_23220, "given_name").text(), Some("보기"));
    assert_eq!(element(NAMESPACE_23220, "family_name_latin1").text(), Some("HONG"));
    assert_eq!(element(NAMESPACE_23220, "given_name_latin1").text(), Some("BOGI"));
    assert_eq!(element(NAMESPACE_23220, "portrait").bytes(), Some(&[0xFF, 0xD8, 1, 2, 3][..]));
    assert_eq!(element(NAMESPACE_23220, "issue_date").date(), Date::from_ymd(2020, 5, 1).ok());
    assert_eq!(element(NAMESPACE_23220, "age_over_18").bool(), Some(true));
    assert_eq!(element(NAMESPACE_23220, "age_birth_year").uint(), Some(1990));
    assert_eq!(element(NAMESPACE_PHOTO_ID, "person_id").text(), Some("900314-2000000"));
    assert_eq!(element(NAMESPACE_RESIDENT_CARD, "rrn_front").text(), Some("900314"));
    assert_eq!(element(NAMESPACE_RESIDENT_CARD, "adult_by_year").bool(), Some(true));
    assert_eq!(document.device_key(), &device_key(1));
    assert_eq!(document.doc_type(), "org.iso.23220.photoid.1");
    // From midnight in Korea, sixty days.
    assert_eq!(document.validity().valid_from, NOW);
    assert_eq!(document.validity().valid_until, NOW + 60 * 86_400);
    assert_eq!(document.name_spaces().len(), 3);
}

#[test]
fn a_photo_id_is_of_the_person_whose_every_field_it_repeats() {
    let authority = Authority::new();
    let document = authority.verify(&authority.issue()).unwrap();
    assert!(document.is_of(&person()));
    let number = |text| RegistrationNumber::parse(text).unwrap();
    let day = |text| Date::parse(text).unwrap();
    let like = |name, latin, birth, number: &RegistrationNumber, address, issued, office, picture: &[u8]| {
        Person::new(name, latin, birth, number.clone(), address, issued, office, picture.to_vec())
    };
    let (born, issued, me) = (day("1990-03-14"), day("2020-05-01"), number("900314-2000000"));
    let (place, office, face) = ("가상시 시험구 보기로 1", "가상시 시험구청장", &[0xFF, 0xD8, 1, 2, 3][..]);
    let same = like("홍보기", "HONG BOGI", born, &me, place, issued, office, face);
    assert!(document.is_of(&same) && document.person() == Some(same));
    for other in [
        like("홍보라", "HONG BOGI", born, &me, place, issued, office, face),
        like("홍보기", "HONG BORA", born, &me, place, issued, office, face),
        like("홍보기", "HONG BOGI", day("1990-03-15"), &me, place, issued, office, face),
        like("홍보기", "HONG BOGI", born, &number("900314-2000001"), place, issued, office, face),
        like("홍보기", "HONG BOGI", born, &me, "가상시 시험구 보기로 2", issued, office, face),
        like("홍보기", "HONG BOGI", born, &me, place, day("2020-05-02"), office, face),
        like("홍보기", "HONG BOGI", born, &me, place, issued, "다른 구청장", face),
        like("홍보기", "HONG BOGI", born, &me, place, issued, office, &face[..4]),
    ] {
        assert!(!document.is_of(&other));
    }
}

#[test]
fn two_documents_share_no_salt_and_no_digest_number() {
    let authority = Authority::new();
    let numbers = |bytes: &[u8]| -> Vec<u32> {
        let document = IssuerSigned::parse(bytes).unwrap().unverified_security_object().unwrap();
        document.digests.values().flat_map(|digests| digests.keys().copied()).collect()
    };
    let (first, second) = (numbers(&authority.issue()), numbers(&authority.issue()));
    assert_eq!(first.len(), 21);
    assert!(first.iter().all(|number| !second.contains(number)));
}

#[test]
fn every_flipped_bit_of_a_document_is_refused() {
    let authority = Authority::new();
    let bytes = authority.issue();
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(authority.verify(&flipped).is_err(), "byte {at}");
    }
}

#[test]
fn an_altered_or_foreign_item_is_refused() {
    let authority = Authority::new();
    let bytes = authority.issue();
    let altered = with_item(&bytes, |item| *item.at("elementValue") = Value::from(7));
    assert_eq!(rule(authority.verify(&altered)), Rule::AlteredItem);
    let renumbered = with_item(&bytes, |item| *item.at("digestID") = Value::from(5));
    assert_eq!(rule(authority.verify(&renumbered)), Rule::UnsignedItem);
    let renamed = edited(&bytes, |document| {
        let spaces = document.at("nameSpaces").as_map_mut().unwrap();
        spaces[0].0 = Value::Text("org.iso.18013.5.1".into());
    });
    assert_eq!(rule(authority.verify(&renamed)), Rule::UnsignedItem);
}

#[test]
fn items_that_break_the_format_are_refused_while_parsing() {
    let authority = Authority::new();
    let bytes = authority.issue();
    let parse = |bytes: &[u8]| IssuerSigned::parse(bytes);
    let short = with_item(&bytes, |item| *item.at("random") = Value::Bytes(vec![1; 15]));
    assert_eq!(rule(parse(&short)), Rule::ShortSalt);
    let large = with_item(&bytes, |item| *item.at("digestID") = Value::from(1_u64 << 31));
    assert_eq!(rule(parse(&large)), Rule::DigestIdTooLarge);
    let twice = edited(&bytes, |document| {
        let items = document.at("nameSpaces").at(NAMESPACE_23220).items();
        items.push(items[0].clone());
    });
    assert_eq!(rule(parse(&twice)), Rule::RepeatedDigestId);
    let mut named = None;
    with_item(&bytes, |item| named = Some(item.at("elementIdentifier").clone()));
    let same_name = edited(&bytes, |document| {
        let item = &mut document.at("nameSpaces").at(NAMESPACE_23220).items()[1];
        let Value::Tag(24, content) = item else { panic!() };
        let mut value = decode(content.as_bytes().unwrap());
        *value.at("elementIdentifier") = named.unwrap();
        **content = Value::Bytes(encode(&value));
    });
    assert_eq!(rule(parse(&same_name)), Rule::RepeatedElement);
    let extra = with_item(&bytes, |item| {
        item.as_map_mut().unwrap().push((Value::Text("extra".into()), Value::Null));
    });
    assert_eq!(parse(&extra), Err(MdocError::Malformed(CborError::UnexpectedType)));
    let trailing = [bytes.as_slice(), &[0]].concat();
    assert_eq!(parse(&trailing), Err(MdocError::Malformed(CborError::TrailingData)));
    let truncated = &bytes[..bytes.len() - 1];
    assert_eq!(parse(truncated), Err(MdocError::Malformed(CborError::Truncated)));
}

#[test]
fn a_document_for_another_type_or_key_is_refused() {
    let authority = Authority::new();
    let bytes = authority.issue();
    let other = authority.resigned(&bytes, |object| {
        *object.at("docType") = Value::Text("org.iso.18013.5.1.mDL".into());
    });
    assert_eq!(rule(authority.verify(&other)), Rule::OtherDocType);

    let key = device_key(2);
    let expected = Expected { doc_type: PHOTO_ID, device_key: Some(&key) };
    let document = IssuerSigned::parse(&bytes).unwrap();
    assert_eq!(rule(verify(&document, &expected, &authority.anchors(), NOW)), Rule::OtherDeviceKey);
    let expected = Expected { doc_type: PHOTO_ID, device_key: None };
    verify(&document, &expected, &authority.anchors(), NOW).unwrap();

    let bad = authority.resigned(&bytes, |object| {
        let key = object.at("deviceKeyInfo").at("deviceKey").as_map_mut().unwrap();
        let y = key.iter_mut().find(|(label, _)| *label == Value::from(-3)).unwrap();
        y.1 = Value::Bytes(vec![1; 32]);
    });
    assert_eq!(rule(authority.verify(&bad)), Rule::BadDeviceKey);
    let curve = authority.resigned(&bytes, |object| {
        let key = object.at("deviceKeyInfo").at("deviceKey").as_map_mut().unwrap();
        key.iter_mut().find(|(label, _)| *label == Value::from(-1)).unwrap().1 = Value::from(2);
    });
    assert_eq!(authority.verify(&curve), Err(MdocError::Unsupported(Feature::DeviceKeyType)));
}

#[test]
fn a_document_holds_only_within_its_dates() {
    let authority = Authority::new();
    let bytes = authority.issue();
    assert_eq!(rule(authority.verify_at(&bytes, NOW - 1)), Rule::NotYetValid);
    authority.verify_at(&bytes, NOW + 60 * 86_400 - 1).unwrap();
    assert_eq!(rule(authority.verify_at(&bytes, NOW + 60 * 86_400)), Rule::Expired);
    let with_date = |name: &str, date: &str| {
        authority.resigned(&bytes, |object| {
            *object.at("validityInfo").at(name) = Value::Tag(0, Box::new(Value::Text(date.into())));
        })
    };
    let disordered = with_date("validUntil", "2026-11-23T15:00:00Z");
    assert_eq!(rule(authority.verify(&disordered)), Rule::ValidityOutOfOrder);
    let late = with_date("signed", "2026-11-23T15:00:01Z");
    assert_eq!(rule(authority.verify(&late)), Rule::ValidityOutOfOrder);
    let early = with_date("signed", "2026-10-31T23:59:59Z");
    assert_eq!(rule(authority.verify(&early)), Rule::SignedOutsideCertificate);
    let fraction = with_date("signed", "2026-11-23T15:00:00.5Z");
    assert_eq!(rule(authority.verify(&fraction)), Rule::BadDate);
}

#[test]
fn only_the_signer_the_anchor_vouches_for_is_believed() {
    let (authority, other) = (Authority::new(), Authority::new());
    let bytes = authority.issue();
    assert!(matches!(other.verify(&bytes), Err(MdocError::UntrustedSigner(_))));
    let forged = edited(&bytes, |document| other.sign(document.at("issuerAuth").items()));
    assert_eq!(rule(authority.verify(&forged)), Rule::BadSignature);
    let wrong_use = Authority::with(ExtendedKeyUsagePurpose::ServerAuth, 2027);
    assert!(matches!(wrong_use.verify(&wrong_use.issue()), Err(MdocError::UntrustedSigner(_))));
    let expired = Authority::new();
    let later = expired.verify_at(&expired.issue(), NOW + 400 * 86_400);
    assert!(matches!(later, Err(MdocError::UntrustedSigner(_))));
}

#[test]
fn headers_stand_where_the_standard_wants_them() {
    let authority = Authority::new();
    let bytes = authority.issue();
    let with_auth = |change: &dyn Fn(&mut Vec<Value>)| {
        edited(&bytes, |document| {
            let auth = document.at("issuerAuth").items();
            change(auth);
            authority.sign(auth);
        })
    };
    let protected = |pairs: &[(i64, Value)]| {
        let map = pairs.iter().map(|(label, value)| (Value::from(*label), value.clone())).collect();
        Value::Bytes(encode(&Value::Map(map)))
    };
    let no_chain = with_auth(&|auth| auth[1] = Value::Map(Vec::new()));
    assert_eq!(rule(authority.verify(&no_chain)), Rule::MisplacedHeader);
    // 9.1.2.4 keeps others out of the protected header alone: Credo has the signer's `kid` here.
    for other in [(Value::from(4), Value::Bytes(vec![1])), (Value::from("more"), Value::Null)] {
        let beside = with_auth(&|auth| auth[1].as_map_mut().unwrap().insert(0, other.clone()));
        assert!(authority.verify(&beside).is_ok(), "{other:?}");
        let alone = with_auth(&|auth| auth[1] = Value::Map(vec![other.clone()]));
        assert_eq!(rule(authority.verify(&alone)), Rule::MisplacedHeader);
    }
    let second = with_auth(&|auth| auth[1].as_map_mut().unwrap().push((Value::from(1), Value::from(-7))));
    assert_eq!(rule(authority.verify(&second)), Rule::MisplacedHeader);
    let no_label = with_auth(&|auth| auth[1].as_map_mut().unwrap().push((Value::Null, Value::Null)));
    assert!(matches!(authority.verify(&no_label), Err(MdocError::Malformed(_))));
    let two = with_auth(&|auth| auth[0] = protected(&[(1, Value::from(-7)), (4, Value::Bytes(vec![1]))]));
    assert_eq!(rule(authority.verify(&two)), Rule::MisplacedHeader);
    let other = with_auth(&|auth| auth[0] = protected(&[(1, Value::from(-35))]));
    assert_eq!(authority.verify(&other), Err(MdocError::Unsupported(Feature::SignatureAlgorithm)));
    let long = with_auth(&|auth| {
        let certificate = auth[1].as_map().unwrap()[0].1.clone();
        auth[1] = Value::Map(vec![(Value::from(33), Value::Array(vec![certificate; 5]))]);
    });
    assert_eq!(authority.verify(&long), Err(MdocError::Malformed(CborError::TooManyItems)));
}

#[test]
fn what_the_reader_does_not_know_it_says() {
    let authority = Authority::new();
    let bytes = authority.issue();
    let version = authority.resigned(&bytes, |object| *object.at("version") = Value::Text("2.0".into()));
    assert_eq!(authority.verify(&version), Err(MdocError::Unsupported(Feature::Version)));
    // A misspelling that shipped once: round trips pass, everyone else's documents fail.
    let algorithm =
        authority.resigned(&bytes, |object| *object.at("digestAlgorithm") = Value::Text("SHA-348".into()));
    assert_eq!(authority.verify(&algorithm), Err(MdocError::Unsupported(Feature::DigestAlgorithm)));
}

#[test]
fn names_split_after_the_family_name() {
    let authority = Authority::new();
    let names = [
        ("홍보기", "홍", "보기"),
        ("남궁보기", "남궁", "보기"),
        ("남궁민", "남", "궁민"),
        ("DOE JANE ANN", "DOE", "JANE ANN"),
        ("MONONYM", "MONONYM", ""),
    ];
    for (name, family, given) in names {
        let birth = Date::from_ymd(2008, 11, 24).unwrap();
        let number = RegistrationNumber::parse("081124-4000000").unwrap();
        let person = Person::new(name, "HONG BOGI", birth, number, "", birth, "", vec![1]);
        let day = Date::in_korea_at(NOW).unwrap();
        let request = PhotoIdRequest {
            person: &person,
            nationality: Some("KR"),
            device_key: &device_key(1),
            valid_from: day,
            valid_until: day.plus_days(60).unwrap(),
            expiry: day.plus_days(1000).unwrap(),
            status: None,
            chain: core::slice::from_ref(&authority.signer),
        };
        let bytes = issue_photo_id(&request, &|bytes| authority.key.sign(bytes)).unwrap();
        let document = authority.verify(&bytes).unwrap();
        let element = |name: &str| document.element(NAMESPACE_23220, name).unwrap().clone();
        assert_eq!(
            (element("family_name").text(), element("given_name").text()),
            (Some(family), Some(given))
        );
        // Eighteen today, nineteen this year not.
        assert_eq!((element("age_over_18").bool(), element("age_over_19").bool()), (Some(true), Some(false)));
    }
}

#[test]
fn a_document_says_where_its_status_is_asked_and_how_long_the_id_lasts() {
    let authority = Authority::new();
    let entry = StatusEntry { idx: 1_048_575, uri: "https://issuer.example/status/63".into() };
    let document = authority.verify(&authority.issue_with_status(&entry)).unwrap();
    assert_eq!(document.status(), Some(&entry));
    let last = Date::in_korea_at(NOW).unwrap().plus_days(3 * 365).unwrap();
    assert_eq!(document.expiry_date(), Some(last));
    assert_eq!(authority.verify(&authority.issue()).unwrap().status(), None);

    let bytes = authority.issue_with_status(&entry);
    let changed = |change: &dyn Fn(&mut Value)| {
        authority.verify(&authority.resigned(&bytes, |object| {
            change(object.at("status"));
        }))
    };
    let other = Value::Map(vec![(Value::Text("identifier_list".into()), Value::Map(vec![]))]);
    let without = changed(&|status| *status = other.clone()).unwrap();
    assert_eq!(without.status(), None, "another mechanism than the list");
    for broken in [Value::Integer(1.into()), Value::Map(vec![])] {
        let read = changed(&|status| *status.at("status_list") = broken.clone());
        assert!(matches!(read, Err(MdocError::Malformed(_))), "{broken:?}");
    }
}

/// Documents made by others: the example of ISO/IEC 18013-5:2021, annex D, and two captured in the field.
mod published {
    use std::{env, fs, path::PathBuf};

    use super::*;

    fn oracle(path: &str) -> Option<serde_json::Value> {
        let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
        let folder = env::var_os("ORACLES_DIR").map_or(default, PathBuf::from);
        match fs::read(folder.join("vectors/mdoc").join(path)) {
            Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
            Err(_) if env::var("ORACLES").as_deref() == Ok("required") => panic!("{path} is missing"),
            Err(_) => {
                println!("skipped: {path} is not there");
                None
            }
        }
    }

    /// Verifies the first document of a response, its own signer taken as the anchor.
    fn first(
        response: &str,
        now: i64,
        change: impl FnOnce(&mut Value),
    ) -> Result<VerifiedDocument, MdocError> {
        let mut response = decode(&hex::decode(response).unwrap());
        let document = &mut response.at("documents").items()[0];
        let doc_type = document.at("docType").as_text().unwrap().to_owned();
        let signed = document.at("issuerSigned");
        change(signed);
        let header = signed.at("issuerAuth").items()[1].as_map().unwrap();
        let chain = &header.iter().find(|(label, _)| *label == Value::from(33)).unwrap().1;
        let signer = chain.as_bytes().unwrap_or_else(|| chain.as_array().unwrap()[0].as_bytes().unwrap());
        let anchors = Anchors::new(vec![Certificate::parse(signer).unwrap()]);
        let expected = Expected { doc_type: &doc_type, device_key: None };
        verify(&IssuerSigned::parse(&encode(signed))?, &expected, &anchors, now)
    }

    #[test]
    fn the_example_of_annex_d_verifies_and_its_alterations_do_not() {
        let Some(file) = oracle("annex-d/device-response.json") else { return };
        let response = file["hex"].as_str().unwrap();
        // 2021-01-01: inside the example's validity.
        let document = first(response, 1_609_459_200, |_| {}).unwrap();
        assert_eq!(document.doc_type(), "org.iso.18013.5.1.mDL");
        assert_eq!(document.element("org.iso.18013.5.1", "family_name").unwrap().text(), Some("Doe"));
        assert_eq!(document.name_spaces()[0].1.len(), 6);
        let later = first(response, 1_633_132_800, |_| {});
        assert!(later.is_err());
        let altered = first(response, 1_609_459_200, |signed| {
            let item = &mut signed.at("nameSpaces").at("org.iso.18013.5.1").items()[0];
            let Value::Tag(24, content) = item else { panic!() };
            let mut value = decode(content.as_bytes().unwrap());
            *value.at("elementValue") = Value::Text("Roe".into());
            **content = Value::Bytes(encode(&value));
        });
        assert_eq!(rule(altered), Rule::AlteredItem);
    }

    /// Both come from sample wallets and break the standard; a reader has to say so rather than look away.
    #[test]
    fn documents_captured_in_the_field_say_which_rule_they_break() {
        // Fractions of seconds in the dates, which 9.1.2.4 forbids.
        let Some(file) = oracle("real-world/google-dc-api.json") else { return };
        let google = first(file["device_response"].as_str().unwrap(), 1_742_000_000, |_| {});
        assert_eq!(rule(google), Rule::BadDate);
        // A signer certificate without the extended key usage of table B.3.
        let Some(file) = oracle("real-world/ubique.json") else { return };
        let ubique = first(file["device_response"].as_str().unwrap(), 1_739_000_000, |_| {});
        assert_eq!(ubique, Err(MdocError::UntrustedSigner(TrustError::WrongUsage)));
    }
}
