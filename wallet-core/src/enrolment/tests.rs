use std::collections::{BTreeMap, HashMap};

use super::*;
use crate::{
    card::{
        Disclosure, Nonce, Refusal, SessionId, SignedPart, derive_chip_challenge, derive_face_challenge,
        derive_instance_challenge, face_statement, signed_bytes,
    },
    crypto::sign::PublicKey,
    jose::{Blob, Fixed},
    platform::{Attestation, FaceEvidence, HttpRequest, HttpResponse},
};

/// Some point on P-256 for each number: the first x with these leading bytes that lies on the curve.
fn point(number: u8) -> PublicKey {
    (0..=255)
        .find_map(|last| {
            PublicKey::from_x(&[[number; 31].as_slice(), &[last]].concat().try_into().unwrap(), false).ok()
        })
        .unwrap()
}

fn url() -> IssuerUrl {
    IssuerUrl::parse("http://127.0.0.1:8080/").unwrap()
}

fn ok(message: &impl serde::Serialize) -> Input {
    response(200, &serde_json::to_vec(message).unwrap())
}

fn response(status: u16, body: &[u8]) -> Input {
    Input::Response(HttpResponse { status, headers: HashMap::new(), body: body.to_vec() })
}

fn software() -> Attestation {
    Attestation::Software { chains: vec![vec![vec![1, 2, 3]]] }
}

fn session() -> BeginResponse {
    BeginResponse { session: Fixed([1; 16]), nonce: Fixed([2; 32]), expires_in: 120 }
}

fn evidence() -> Input {
    Input::Evidence {
        sod: vec![0x77],
        groups: BTreeMap::from([(1, vec![0x61]), (2, vec![0x75])]),
        active_authentication: vec![9; 64],
        face: FaceEvidence { provider: "test".into(), signature: vec![8; 64] },
    }
}

fn grant(levels: &[(&str, u32)], mdocs: u32) -> GrantedResponse {
    let levels =
        levels.iter().map(|(level, copies)| LevelGrant { level: (*level).into(), copies: *copies }).collect();
    GrantedResponse { levels, mdocs, key_challenge: Fixed([3; 32]) }
}

fn copy(number: u8) -> CopyMessage {
    CopyMessage {
        sd_cwt: Blob(vec![number]),
        portrait_salt: Fixed([number; 16]),
        staple: StapleMessage { hour: 500_000, preimage: Fixed([number; 16]) },
    }
}

fn credentials() -> CredentialsResponse {
    CredentialsResponse {
        issuer_chain: vec![Blob(vec![9])],
        levels: vec![LevelCopies { level: "adult".into(), copies: vec![copy(1), copy(2)] }],
        mdocs: vec![Blob(vec![7])],
    }
}

fn begun() -> Enrolment {
    Enrolment::begin(Plan { issuer: url(), instance: None }).unwrap().0
}

fn before_evidence() -> Enrolment {
    let (machine, _) = begun().handle(ok(&session())).unwrap();
    let input = Input::Instance { public_key: point(1).as_sec1().to_vec(), attestation: software() };
    machine.handle(input).unwrap().0
}

fn before_grant() -> (Enrolment, HttpRequest) {
    let (machine, _) = before_evidence().handle(evidence()).unwrap();
    let (machine, step) = machine.handle(Input::Signature(vec![5; 64])).unwrap();
    let Step::Http(request) = step else { panic!("{step:?}") };
    (machine, request)
}

fn before_credentials() -> Enrolment {
    let (machine, step) = before_grant().0.handle(ok(&grant(&[("adult", 2)], 1))).unwrap();
    assert!(matches!(step, Step::MakeHolderKeys { count: 3, challenge } if challenge == [3; 32]));
    let (machine, step) = machine.handle(keys(&[11, 12, 13])).unwrap();
    assert!(matches!(step, Step::SignInstance(_)));
    machine.handle(Input::Signature(vec![6; 64])).unwrap().0
}

fn keys(numbers: &[u8]) -> Input {
    let public_keys = numbers.iter().map(|number| point(*number).as_sec1().to_vec()).collect();
    Input::HolderKeys { public_keys, attestation: software() }
}

fn failure(result: Result<(Enrolment, Step), EnrolmentError>) -> EnrolmentError {
    result.map(|(_, step)| panic!("went on with {step:?}")).unwrap_err()
}

#[test]
fn a_whole_enrolment_yields_each_credential_beside_its_key() {
    let (_, step) = before_credentials().handle(ok(&credentials())).unwrap();
    let Step::Done(issued) = step else { panic!("{step:?}") };
    assert_eq!(issued.levels.len(), 1);
    assert_eq!(issued.levels[0].level, Disclosure::AdultOnly);
    let paired: Vec<_> = issued.levels[0].copies.iter().map(|c| (c.public_key, c.sd_cwt.clone())).collect();
    assert_eq!(paired, [(point(11), vec![1]), (point(12), vec![2])]);
    assert_eq!(issued.mdocs, [(point(13), vec![7])]);
}

#[test]
fn nothing_can_be_handed_to_a_machine_that_is_done() {
    let (machine, _) = before_credentials().handle(ok(&credentials())).unwrap();
    assert_eq!(failure(machine.handle(evidence())), Misuse::UnexpectedInput.into());
    let (machine, _) = before_credentials().handle(ok(&credentials())).unwrap();
    let empty = CredentialsResponse { issuer_chain: vec![], levels: vec![], mdocs: vec![] };
    assert_eq!(failure(machine.handle(ok(&empty))), Misuse::UnexpectedInput.into());
}

#[test]
fn challenges_are_bound_to_session_nonce_and_phone() {
    let (session, nonce) = (SessionId([1; 16]), Nonce([2; 32]));
    let chip = derive_chip_challenge(&nonce, &session, &point(1));
    assert_ne!(chip, derive_chip_challenge(&nonce, &session, &point(2)));
    assert_ne!(chip, derive_chip_challenge(&nonce, &SessionId([0; 16]), &point(1)));
    assert_ne!(chip, derive_chip_challenge(&Nonce([0; 32]), &session, &point(1)));
    assert_ne!(derive_face_challenge(&nonce, &session), derive_instance_challenge(&nonce, &session));

    let (machine, step) = begun().handle(ok(&self::session())).unwrap();
    let Step::MakeInstanceKey { challenge } = step else { panic!("{step:?}") };
    assert_eq!(challenge, derive_instance_challenge(&nonce, &session));
    let input = Input::Instance { public_key: point(1).as_sec1().to_vec(), attestation: software() };
    let (_, step) = machine.handle(input).unwrap();
    let Step::GatherEvidence { chip_challenge, face_challenge, expires_in: 120 } = step else {
        panic!("{step:?}")
    };
    assert_eq!((chip_challenge, face_challenge), (chip, derive_face_challenge(&nonce, &session)));
}

#[test]
fn a_known_instance_key_is_not_attested_again() {
    let plan = Plan { issuer: url(), instance: Some(point(1)) };
    let (machine, step) = Enrolment::begin(plan).unwrap();
    let Step::Http(request) = step else { panic!("{step:?}") };
    assert_eq!(request.url, "http://127.0.0.1:8080/enrolment/begin");
    let (machine, step) = machine.handle(ok(&session())).unwrap();
    assert!(matches!(step, Step::GatherEvidence { .. }));
    let (_, step) = machine.handle(evidence()).unwrap();
    let Step::SignInstance(bytes) = step else { panic!("{step:?}") };
    let body = bytes.strip_prefix(b"kr-wallet enrolment v1 evidence\0").unwrap();
    let message: EvidenceRequest = parse_message(body).unwrap();
    assert_eq!(message.instance_attestation, None);
    assert_eq!(message.chip.groups.len(), 2);
}

#[test]
fn a_request_carries_the_bytes_that_were_signed() {
    let (machine, step) = before_evidence().handle(evidence()).unwrap();
    let Step::SignInstance(signed) = step else { panic!("{step:?}") };
    let (_, step) = machine.handle(Input::Signature(vec![5; 64])).unwrap();
    let Step::Http(request) = step else { panic!("{step:?}") };
    assert_eq!(signed, signed_bytes(SignedPart::Evidence, &request.body));
    assert_ne!(signed, signed_bytes(SignedPart::Keys, &request.body));
    assert_eq!(request.url, "http://127.0.0.1:8080/enrolment/evidence");
    assert_eq!(request.headers.get(SIGNATURE_HEADER).unwrap().len(), 86);
}

#[test]
fn every_refusal_reaches_the_caller_by_its_code() {
    for refusal in Refusal::ALL {
        let body = serde_json::to_vec(&Refused::because(refusal)).unwrap();
        let error = failure(before_grant().0.handle(response(403, &body)));
        assert_eq!(error, EnrolmentError::IssuerRefused(refusal));
        assert!(!refusal.way_out().is_empty() && !refusal.way_out_korean().is_empty());
        assert_eq!(error.to_string(), format!("the issuer refused: {}", refusal.code()));
    }
}

#[test]
fn an_answer_that_is_no_message_is_the_issuers_fault() {
    let cases: [(u16, Vec<u8>, Rule); 7] = [
        (200, b"{}".to_vec(), Rule::NotTheMessage),
        (200, b"<html>".to_vec(), Rule::NotTheMessage),
        (200, vec![b' '; MAX_BODY + 1], Rule::BodyTooLong),
        (302, Vec::new(), Rule::UnknownFailure),
        (403, br#"{"error":"because","way_out":""}"#.to_vec(), Rule::UnknownFailure),
        (200, br#"{"session":"AQ","nonce":"AQ","expires_in":1}"#.to_vec(), Rule::NotTheMessage),
        (200, with_extra_field(), Rule::NotTheMessage),
    ];
    for (status, body, rule) in cases {
        assert_eq!(failure(begun().handle(response(status, &body))), rule.into(), "{status}");
    }
}

#[test]
fn a_proxy_before_an_issuer_that_is_down_is_no_distrust() {
    for (status, body) in [(500, &b"oops"[..]), (502, b"<html>"), (503, b"")] {
        let error = failure(begun().handle(response(status, body)));
        assert_eq!(error, EnrolmentError::IssuerRefused(Refusal::Unavailable), "{status}");
    }
}

fn with_extra_field() -> Vec<u8> {
    let mut value = serde_json::to_value(session()).unwrap();
    value.as_object_mut().unwrap().insert("extra".into(), true.into());
    serde_json::to_vec(&value).unwrap()
}

#[test]
fn a_session_lasts_between_one_and_120_seconds() {
    for expires_in in [0, 121, u32::MAX] {
        let error = failure(begun().handle(ok(&BeginResponse { expires_in, ..session() })));
        assert_eq!(error, Rule::SessionLifetime.into());
    }
}

#[test]
fn a_grant_is_bounded_and_names_each_level_once() {
    type Case<'a> = (&'a [(&'a str, u32)], u32, Rule);
    let cases: [Case<'_>; 6] = [
        (&[("adults", 1)], 0, Rule::UnknownLevel),
        (&[("adult", 1), ("adult", 1)], 0, Rule::RepeatedLevel),
        (&[("adult", 0)], 0, Rule::EmptyLevel),
        (&[("adult", 51)], 0, Rule::TooManyCopies),
        (&[("adult", 1)], 11, Rule::TooManyCopies),
        (&[], 0, Rule::NothingGranted),
    ];
    for (levels, mdocs, rule) in cases {
        assert_eq!(failure(before_grant().0.handle(ok(&grant(levels, mdocs)))), rule.into());
    }
}

#[test]
fn credentials_other_than_those_asked_for_are_refused() {
    type Case = (fn(&mut CredentialsResponse), Rule);
    let cases: [Case; 9] = [
        (|c| c.issuer_chain.clear(), Rule::IssuerChain),
        (|c| c.issuer_chain = vec![Blob(vec![9]); 4], Rule::IssuerChain),
        (|c| c.levels.clear(), Rule::OtherLevels),
        (|c| c.levels[0].level = "full".into(), Rule::OtherLevels),
        (|c| drop(c.levels[0].copies.pop()), Rule::OtherCount),
        (|c| c.levels[0].copies.push(copy(3)), Rule::OtherCount),
        (|c| c.mdocs.clear(), Rule::OtherCount),
        (|c| c.levels[0].copies[1] = copy(1), Rule::RepeatedCredential),
        (|c| c.mdocs[0] = Blob(vec![1]), Rule::RepeatedCredential),
    ];
    for (change, rule) in cases {
        let mut answer = credentials();
        change(&mut answer);
        assert_eq!(failure(before_credentials().handle(ok(&answer))), rule.into());
    }
}

#[test]
fn a_caller_who_strays_is_told() {
    let misuse = |result, misuse: Misuse| assert_eq!(failure(result), misuse.into());
    misuse(begun().handle(evidence()), Misuse::UnexpectedInput);
    misuse(before_grant().0.handle(Input::Signature(vec![0; 64])), Misuse::UnexpectedInput);
    let machine = begun().handle(ok(&session())).unwrap().0;
    misuse(
        machine.handle(Input::Instance { public_key: vec![4; 65], attestation: software() }),
        Misuse::BadKey,
    );
    let machine = before_evidence().handle(evidence()).unwrap().0;
    misuse(machine.handle(Input::Signature(vec![0; 63])), Misuse::BadSignature);
    let face = FaceEvidence { provider: "test".into(), signature: vec![8; 64] };
    let input = Input::Evidence {
        sod: vec![0; 256 * 1024 + 1],
        groups: BTreeMap::new(),
        active_authentication: vec![1],
        face,
    };
    misuse(before_evidence().handle(input), Misuse::WrongLength);
    for wrong in [&[11, 12][..], &[11, 12, 13, 14], &[11, 12, 12]] {
        let machine = before_grant().0.handle(ok(&grant(&[("adult", 2)], 1))).unwrap().0;
        misuse(machine.handle(keys(wrong)), Misuse::WrongKeyCount);
    }
}

#[test]
fn plain_http_goes_to_loopback_only() {
    for good in [
        "https://issuer.example",
        "https://issuer.example:8443/api/",
        "http://127.0.0.1:1",
        "http://[::1]:8080",
    ] {
        assert!(IssuerUrl::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "http://issuer.example",
        "http://127.0.0.1.example",
        "http://127.0.0.1@issuer.example",
        "https://user@issuer.example",
        "https://issuer.example/?a",
        "https://issuer.example/#a",
        "https://",
        "ftp://127.0.0.1",
        "issuer.example",
        "https://issuer example",
    ] {
        assert_eq!(IssuerUrl::parse(bad), Err(Misuse::BadUrl.into()), "{bad}");
    }
}

#[test]
fn a_staple_refresh_keeps_the_order_asked_for() {
    let begin = |copies| StapleRefresh::begin(url(), &point(1), copies, 1_800_000_000);
    let (refresh, StapleStep::SignInstance(bytes)) = begin(vec![vec![1; 16], vec![2; 16]]).unwrap();
    let request = refresh.signed(&[1; 64]).unwrap();
    assert_eq!(bytes, signed_bytes(SignedPart::Staples, &request.body));
    let staple = StapleMessage { hour: 500_000, preimage: Fixed([4; 16]) };
    let Input::Response(good) = ok(&StaplesResponse { staples: vec![Some(staple), None] }) else { panic!() };
    assert_eq!(refresh.finish(&good).unwrap(), [Some(staple), None]);

    let (refresh, _) = begin(vec![vec![1; 16]]).unwrap();
    assert_eq!(refresh.signed(&[1; 63]).unwrap_err(), Misuse::BadSignature.into());
    assert_eq!(refresh.finish(&good), Err(Rule::OtherCopy.into()));
    assert_eq!(begin(vec![]).unwrap_err(), Misuse::WrongLength.into());
    assert_eq!(begin(vec![vec![0; 33]]).unwrap_err(), Misuse::WrongLength.into());
}

#[test]
fn bytes_in_json_keep_their_lengths() {
    assert!(serde_json::from_str::<Fixed<2>>("\"AQI\"").is_ok());
    for wrong in ["\"AQ\"", "\"AQID\"", "\"AQI=\"", "\"A+I\"", "\"AQJ\"", "1", "null"] {
        assert!(serde_json::from_str::<Fixed<2>>(wrong).is_err(), "{wrong}");
    }
    assert!(serde_json::from_str::<Blob<2>>("\"\"").is_err());
    assert!(serde_json::from_str::<Blob<2>>("\"AQID\"").is_err());
    assert_eq!(serde_json::from_str::<Blob<2>>("\"AQI\"").unwrap().0, [1, 2]);
}

#[test]
fn a_face_statement_is_challenge_portrait_and_phone() {
    let statement = face_statement(&[7; 32], b"portrait", &point(1));
    assert_eq!(statement[..32], [7; 32]);
    assert_eq!(statement[32..64], crate::crypto::hash::sha256(b"portrait"));
    assert_eq!(statement[64..], crate::crypto::hash::sha256(point(1).as_sec1()));
}
