//! The process dies between two steps; what was kept goes on, and asks the citizen nothing again.
#![cfg(feature = "issuer")]

use serde_json::json;

use super::{
    Issuance, Misuse, OpenIdError, Step,
    scripted_issuer::{DIED, Issuer, SIGN_IN, WITH_CODE, answer, issuer, offer},
};
use crate::bytes::{Secret, SecretBytes};

fn resumed(dead: &Issuer, came_back: Option<String>) -> Result<Issuer, OpenIdError> {
    let mut alive = issuer();
    // Whoever is asked for a code now has none to give.
    alive.typed = None;
    let kept = SecretBytes::new(dead.saved.last().unwrap().clone());
    let begun = Issuance::resume(alive.client(), &kept, came_back, Secret::new([6; 32]))?;
    alive.run(begun)?;
    Ok(alive)
}

#[test]
fn a_token_is_kept_before_the_first_credential_is_asked_for() {
    let points: [fn(&Step) -> bool; 3] = [
        |step| matches!(step, Step::Http(request) if request.url.ends_with("/nonce")),
        |step| matches!(step, Step::MakeHolderKeys { .. }),
        |step| matches!(step, Step::Keep(_)),
    ];
    for dies in points {
        let mut dead = issuer();
        dead.dies_at = Some(dies);
        assert_eq!(dead.drive(&offer(&["card", "twin"], WITH_CODE)), Err(DIED));
        let alive = resumed(&dead, None).unwrap();
        assert_eq!(alive.delivered, 6);
        assert!(alive.sent("/token").is_empty() && !alive.asked_citizen);
        assert_eq!(alive.sent("/credential")[0].headers["authorization"], "DPoP token");
    }
}

#[test]
fn the_browser_may_come_back_to_another_process() {
    let mut dead = issuer();
    dead.dies_at = Some(|step| matches!(step, Step::OpenInBrowser(_)));
    assert_eq!(dead.drive(&offer(&["card"], SIGN_IN)), Err(DIED));
    let pushed = super::scripted_issuer::form(dead.sent("/par")[0]);
    let back = |state: &str| {
        Some(format!("https://wallet.example/cb?code=abc&iss=https%3A%2F%2Fissuer.example&state={state}"))
    };
    let alive = resumed(&dead, back(&pushed["state"])).unwrap();
    assert_eq!(alive.delivered, 3);
    let token = super::scripted_issuer::form(alive.sent("/token")[0]);
    assert_eq!(token["code"], "abc");
    let challenge = crate::jose::encode(&crate::crypto::hash::sha256(token["code_verifier"].as_bytes()));
    assert_eq!(pushed["code_challenge"], challenge);
    assert_eq!(resumed(&dead, back("another")).err(), Some(super::Rule::OtherState.into()));
    // Nothing comes of it before the browser is back.
    assert_eq!(resumed(&dead, None).err(), Some(Misuse::NotKept.into()));
}

#[test]
fn what_is_kept_after_a_renewal_holds_the_new_token() {
    let renewal = issuer().drive(&offer(&["card"], WITH_CODE)).unwrap().renewal.unwrap();
    let rotated = json!({"access_token": "t2", "token_type": "DPoP", "refresh_token": "next"});
    let mut dead = issuer().change("/token", vec![answer(200, &rotated)]);
    dead.dies_at = Some(|step| matches!(step, Step::MakeHolderKeys { .. }));
    let begun = Issuance::renew(dead.client(), renewal, Secret::new([6; 32]));
    assert_eq!(dead.run(begun), Err(DIED));
    let mut alive = issuer();
    let kept = SecretBytes::new(dead.saved.last().unwrap().clone());
    let begun = Issuance::resume(alive.client(), &kept, None, Secret::new([6; 32])).unwrap();
    let finished = alive.run(begun).unwrap();
    assert_eq!(finished.renewal.unwrap().refresh_token.expose(), "next");
}

#[test]
fn what_was_not_kept_by_this_version_is_refused() {
    for kept in ["", "{}", r#"{"version":2}"#, "null"] {
        let kept = SecretBytes::new(kept.as_bytes().to_vec());
        let refused = Issuance::resume(issuer().client(), &kept, None, Secret::new([6; 32]));
        assert_eq!(refused.err(), Some(OpenIdError::Misuse(Misuse::NotKept)));
    }
}
