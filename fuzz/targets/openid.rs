//! Offers of any text, and the wallet's machine with any answers of an issuer: it ends within its limits and asks for no more
//! keys than the batch may have.
#![no_main]

use std::{collections::HashMap, sync::LazyLock};

use fixtures::pki;
use libfuzzer_sys::fuzz_target;
use wallet_core::{
    bytes::{Secret, SecretBytes},
    crypto::sign::PublicKey,
    jose::{Blob, Fixed},
    openid::{Client, Input, Issuance, MetadataPolicy, Outcome, RequestPolicy, Step, TokenPolicy},
    platform::{ChipMessage, ChipProof, FaceMessage, HttpResponse, Url},
};

const OFFER: &str = "openid-credential-offer://?credential_offer=%7B%22credential_issuer%22%3A%22https%3A%2F%2Fa%22%2C%22credential_configuration_ids%22%3A%5B%22c%22%5D%2C%22grants%22%3A%7B%22urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Apre-authorized_code%22%3A%7B%22pre-authorized_code%22%3A%22x%22%7D%7D%7D";
const ISSUER: &[u8] = br#"{"credential_issuer":"https://a","credential_endpoint":"https://a/c","nonce_endpoint":"https://a/n","deferred_credential_endpoint":"https://a/d","notification_endpoint":"https://a/o","batch_credential_issuance":{"batch_size":2},"credential_configurations_supported":{"c":{"format":"dc+sd-jwt","vct":"v","proof_types_supported":{"attestation":{"proof_signing_alg_values_supported":["ES256"]}}}}}"#;
const SERVER: &[u8] = br#"{"issuer":"https://a","token_endpoint":"https://a/t","dpop_signing_alg_values_supported":["ES256"],"code_challenge_methods_supported":["S256"]}"#;
const TOKEN: &[u8] = br#"{"access_token":"t","token_type":"DPoP"}"#;
const NONCE: &[u8] = br#"{"c_nonce":"n"}"#;

static KEY: LazyLock<PublicKey> = LazyLock::new(|| *pki::desk().signing_key().public());

const TAP_SERVER: &[u8] = br#"{"issuer":"https://a","token_endpoint":"https://a/t","authorization_challenge_endpoint":"https://a/h","dpop_signing_alg_values_supported":["ES256"],"code_challenge_methods_supported":["S256"]}"#;
const CHALLENGE: &[u8] = b"\x01{\"error\":\"insufficient_authorization\",\"auth_session\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"chip_nonce\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"expires_in\":60}";

fuzz_target!(|data: &[u8]| {
    let Some((which, body)) = data.split_first() else { return };
    // Good answers as far as `which` says, then what was given, answer by answer.
    let good = [ISSUER, SERVER, TOKEN, NONCE];
    if *which >= 0x80 {
        let good = [ISSUER, TAP_SERVER, CHALLENGE];
        let known = usize::from(*which) % (good.len() + 1);
        let _ = run(
            None,
            &good.iter().take(known).copied().chain(body.split(|byte| *byte == 0xff)).collect::<Vec<_>>(),
        );
        return;
    }
    let known = usize::from(*which) % (good.len() + 2);
    if known > good.len() {
        if let Ok(text) = std::str::from_utf8(body) {
            let _ = run(Some(text), &[]);
        }
        return;
    }
    let answers: Vec<&[u8]> =
        good.iter().take(known).copied().chain(body.split(|byte| *byte == 0xff)).collect();
    let _ = run(Some(OFFER), &answers);
});

/// Without an offer the card is in the citizen's hand.
fn run(offer: Option<&str>, answers: &[&[u8]]) -> Option<()> {
    let client = Client {
        client_id: "w".into(),
        redirect_uri: Url::parse("https://w/cb").ok()?,
        instance: *KEY,
        attested: true,
        tokens: TokenPolicy::DpopOnly,
        requests: RequestPolicy::PushedOnly,
        metadata: MetadataPolicy::AcceptUnsigned,
    };
    let mut answers = answers.iter();
    let seed = Secret::new([7; 32]);
    let (mut machine, mut step) = match offer {
        Some(offer) => Issuance::begin(client.clone(), offer, seed).ok()?,
        None => Issuance::with_card(client.clone(), Url::parse("https://a").ok()?, seed),
    };
    for _ in 0..200 {
        let input = match step {
            Step::Http(_) => {
                let body = answers.next()?;
                let (status, body) = match body.split_first() {
                    Some((1, rest)) => (400, rest),
                    Some((2, rest)) => (202, rest),
                    _ => (200, *body),
                };
                let headers = HashMap::from([
                    ("content-type".to_owned(), "application/json".to_owned()),
                    ("dpop-nonce".to_owned(), "n".to_owned()),
                ]);
                Input::Response(HttpResponse { status, headers, body: body.to_vec() })
            }
            Step::AskConsent(summary) => {
                let typed = summary.transaction_code.map(|_| SecretBytes::new(b"123456".to_vec()));
                Input::Consent { transaction_code: typed }
            }
            Step::AttestWallet => Input::WalletAttestation("a".into()),
            Step::SignInstance(_) | Step::SignHolder(_) => Input::Signature(vec![1; 64]),
            Step::OpenInBrowser(_) => Input::Redirected("https://w/cb?code=a".into()),
            Step::MakeHolderKeys { count, .. } => {
                assert!((1..=50).contains(&count));
                Input::HolderKeys(vec![KEY.as_sec1().to_vec()])
            }
            Step::AttestKeys { .. } => Input::KeyAttestation("k".into()),
            Step::Save(kept) => {
                // What was kept is read again, whatever the issuer put into it.
                assert!(
                    Issuance::resume(
                        client.clone(),
                        &kept,
                        Some("https://w/cb".into()),
                        Secret::new([7; 32])
                    )
                    .is_ok()
                );
                Input::Saved
            }
            Step::GatherEvidence { expires_in, relay, .. } => {
                assert!((1..=120).contains(&expires_in));
                if relay { Input::AskExaminer { sod: vec![1], dg14: vec![1] } } else { evidence() }
            }
            Step::Examine { public_key, command } => {
                assert!(public_key.len() <= 512 && command.len() <= 261);
                evidence()
            }
            Step::Wait { seconds } => {
                assert!(seconds > 0);
                Input::Waited
            }
            Step::Keep(delivered) => {
                assert!(delivered.credentials.iter().all(|issued| issued.copies.len() == 1));
                Input::Outcome(Outcome::Kept)
            }
            Step::Done(_) => return Some(()),
            _ => return None,
        };
        (machine, step) = machine.handle(input, 1_795_500_000).ok()?;
    }
    panic!("the machine does not end");
}

fn evidence() -> Input {
    let proof = ChipProof::ActiveAuthentication(Blob(vec![1]));
    Input::Evidence {
        chip: ChipMessage { sod: Blob(vec![1]), groups: Vec::new(), proof },
        face: FaceMessage { provider: "f".into(), signature: Fixed([1; 64]) },
        replaces_phone: false,
    }
}
