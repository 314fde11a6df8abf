//! Enrolment messages, the first byte says which: each comes out as it went in, and the wallet's machine takes any
//! answer of an issuer without asking for more keys than its limits allow.
#![no_main]

use std::{collections::BTreeMap, sync::LazyLock};

use fixtures::pki;
use fuzz::counter::WORLD;
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};
use wallet_core::{
    crypto::sign::PublicKey,
    enrolment::{
        BeginRequest, BeginResponse, CredentialsResponse, Enrolment, EvidenceRequest, GrantedResponse, Input,
        IssuerUrl, KeysRequest, Plan, Refused, StapleRefresh, StaplesRequest, StaplesResponse, Step,
        parse_message,
    },
    platform::{Attestation, FaceEvidence, HttpResponse},
};

static KEY: LazyLock<PublicKey> = LazyLock::new(|| *pki::desk().signing_key().public());
const SESSION: &[u8] = br#"{"session":"AAAAAAAAAAAAAAAAAAAAAA","nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","expires_in":60}"#;
const GRANT: &[u8] = br#"{"levels":[{"level":"adult","copies":2},{"level":"full","copies":1}],"mdocs":1,"key_challenge":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;

fuzz_target!(|data: &[u8]| {
    let Some((which, body)) = data.split_first() else { return };
    match which {
        0 => same::<BeginRequest>(body),
        1 => same::<BeginResponse>(body),
        2 => same::<EvidenceRequest>(body),
        3 => same::<GrantedResponse>(body),
        4 => same::<KeysRequest>(body),
        5 => same::<CredentialsResponse>(body),
        6 => same::<StaplesRequest>(body),
        7 => same::<StaplesResponse>(body),
        8 => same::<Refused>(body),
        9 => drop(enrol(200, [body, GRANT, b""])),
        10 => drop(enrol(200, [SESSION, body, b""])),
        11 => drop(enrol(200, [SESSION, GRANT, body])),
        12 => refresh(body),
        _ => drop(enrol(u16::from(*which) * 4, [body, GRANT, b""])),
    }
});

fn same<T: DeserializeOwned + Serialize + PartialEq + core::fmt::Debug>(body: &[u8]) {
    if let Ok(message) = parse_message::<T>(body) {
        let again = serde_json::to_vec(&message).unwrap();
        assert_eq!(parse_message::<T>(&again).as_ref(), Ok(&message));
    }
}

fn response(status: u16, body: &[u8]) -> Input {
    Input::Response(HttpResponse { status, headers: Default::default(), body: body.to_vec() })
}

/// Goes as far as the answers lead.
fn enrol(status: u16, answers: [&[u8]; 3]) -> Option<()> {
    let issuer = IssuerUrl::parse("https://issuer.example").unwrap();
    let (mut machine, mut step) = Enrolment::begin(Plan { issuer, instance: Some(*KEY) }).unwrap();
    let mut answers = answers.into_iter();
    loop {
        let input = match step {
            Step::Http(_) => response(status, answers.next().unwrap_or_default()),
            Step::GatherEvidence { .. } => Input::Evidence {
                sod: vec![1],
                groups: BTreeMap::from([(1, vec![1])]),
                active_authentication: vec![1],
                face: FaceEvidence { provider: "face".into(), signature: vec![1; 64] },
            },
            Step::SignInstance(_) => Input::Signature(vec![1; 64]),
            Step::MakeHolderKeys { count, .. } => {
                assert!(count <= 300, "{count} keys");
                let keys = holder_keys(count)?;
                Input::HolderKeys { public_keys: keys, attestation: Attestation::Software { chains: vec![] } }
            }
            Step::Done(issued) => {
                assert!(!issued.issuer_chain.is_empty());
                return Some(());
            }
            _ => return None,
        };
        (machine, step) = machine.handle(input).ok()?;
    }
}

/// As many different points as there are fixture keys; more are not made.
fn holder_keys(count: u32) -> Option<Vec<Vec<u8>>> {
    static POINTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
        let keys = [pki::desk(), pki::other_desk(), pki::dsc(), pki::counter_signer(), pki::mdoc_signer()];
        keys.map(|identity| identity.signing_key().public().as_sec1().to_vec()).into()
    });
    POINTS.get(..usize::try_from(count).ok()?).map(<[_]>::to_vec)
}

fn refresh(body: &[u8]) {
    let issuer = IssuerUrl::parse("https://issuer.example").unwrap();
    let copies = vec![vec![1; 8], vec![2; 8]];
    let (refresh, _) = StapleRefresh::begin(issuer, &KEY, copies, WORLD.now).unwrap();
    let answer = HttpResponse { status: 200, headers: Default::default(), body: body.to_vec() };
    if let Ok(staples) = refresh.finish(&answer) {
        assert_eq!(staples.len(), 2);
    }
}
