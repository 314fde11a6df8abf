//! Messages to and from issuer and wallet provider, the first byte says which: each comes out as it went in, and the wallet takes
//! any answer.
#![no_main]

use std::{collections::HashMap, sync::LazyLock};

use fixtures::pki;
use fuzz::counter::WORLD;
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};
use wallet_core::{
    counter::DeliveredCopy,
    crypto::sign::PublicKey,
    openid::{Attesting, CardEvidence, KeysClaims, ProviderInput, ProviderStep, WalletClaims},
    platform::{Attestation, HttpResponse, Url},
    status::{Refused, StapleRefresh, StaplesRequest, StaplesResponse, parse_message},
};

static KEY: LazyLock<PublicKey> = LazyLock::new(|| *pki::desk().signing_key().public());

fuzz_target!(|data: &[u8]| {
    let Some((which, body)) = data.split_first() else { return };
    match which {
        0 => same::<WalletClaims>(body),
        1 => same::<KeysClaims>(body),
        2 => same::<CardEvidence>(body),
        3 => same::<StaplesRequest>(body),
        4 => same::<StaplesResponse>(body),
        5 => same::<Refused>(body),
        6 => refresh(body),
        7 => drop(attest(body)),
        8 => copy(body),
        _ => drop(parse_message::<serde_json::Value>(body)),
    }
});

fn same<T: Serialize + DeserializeOwned + PartialEq + core::fmt::Debug>(body: &[u8]) {
    if let Ok(message) = parse_message::<T>(body) {
        let again = serde_json::to_vec(&message).unwrap();
        assert_eq!(parse_message::<T>(&again).unwrap(), message);
    }
}

fn refresh(body: &[u8]) {
    let issuer = Url::parse("https://issuer.example").unwrap();
    let copies = vec![vec![1; 8], vec![2; 8]];
    let (refresh, _) = StapleRefresh::begin(issuer, &KEY, copies, WORLD.now).unwrap();
    let answer = HttpResponse { status: 200, headers: HashMap::new(), body: body.to_vec() };
    if let Ok(staples) = refresh.finish(&answer) {
        assert_eq!(staples.len(), 2);
    }
}

/// Each answer of the provider, parted by 0xff.
fn attest(body: &[u8]) -> Option<()> {
    let provider = Url::parse("https://provider.example").ok()?;
    let mut answers = body.split(|byte| *byte == 0xff);
    let (mut machine, mut step) = Attesting::wallet(provider, None);
    for _ in 0..10 {
        let input = match step {
            ProviderStep::Http(_) => ProviderInput::Response(HttpResponse {
                status: 200,
                headers: HashMap::from([("content-type".to_owned(), "application/json".to_owned())]),
                body: answers.next()?.to_vec(),
            }),
            ProviderStep::MakeInstanceKey { .. } => ProviderInput::Instance {
                public_key: KEY.as_sec1().to_vec(),
                attestation: Attestation::Software { chains: vec![vec![vec![1]]] },
            },
            ProviderStep::SignInstance(_) => ProviderInput::Signature(vec![1; 64]),
            ProviderStep::Done(word) => {
                assert!(!word.is_empty());
                return Some(());
            }
        };
        (machine, step) = machine.handle(input, WORLD.now).ok()?;
    }
    panic!("the machine does not end");
}

fn copy(body: &[u8]) {
    if let Ok(copy) = DeliveredCopy::parse(body) {
        assert_eq!(copy.encode(), body);
    }
}
