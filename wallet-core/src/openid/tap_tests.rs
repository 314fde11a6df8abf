//! The card in the citizen's hand becomes an ID: challenge, evidence, code.
#![cfg(feature = "issuer")]

use serde_json::{Value, json};

use super::{
    CARD_EVIDENCE, CardEvidence, Issuance, OpenIdError, Rule, Unsupported,
    scripted_issuer::{ISSUER, Issuer, NOW, answer, chip, face, form, issuer},
};
use crate::{
    bytes::Secret,
    card::Refusal,
    jose::{Blob, Jws, encode},
    platform::{ChipProof, Url},
};

fn granted() -> Value {
    let detail = |id: &str| json!({"type": "openid_credential", "credential_configuration_id": id});
    json!({"access_token": "token", "token_type": "DPoP", "refresh_token": "again",
           "authorization_details": [detail("card"), detail("twin")]})
}

fn tap(issuer: &mut Issuer) -> Result<super::Finished, OpenIdError> {
    let url = Url::parse(ISSUER).unwrap();
    let begun = Issuance::with_card(issuer.client(), url, Secret::new([5; 32]));
    issuer.run(begun)
}

#[test]
fn evidence_for_the_challenge_is_worth_what_the_issuer_grants() {
    let mut issuer = issuer().change("/token", vec![answer(200, &granted())]);
    let finished = tap(&mut issuer).unwrap();
    assert_eq!(finished.renewal.unwrap().configurations, ["card", "twin"]);
    assert_eq!(issuer.delivered, 6);
    assert!(!issuer.asked_citizen);
    let [first, second] = issuer.sent("/challenge")[..] else { panic!("two requests") };
    let asked = form(first);
    assert_eq!((asked["scope"].as_str(), asked["code_challenge_method"].as_str()), ("mobile_id", "S256"));
    for request in [first, second] {
        assert!(request.headers.contains_key("dpop"));
        assert!(request.headers.contains_key("oauth-client-attestation-pop"));
    }
    let shown = form(second);
    let jws = Jws::parse(&shown["card_evidence"], CARD_EVIDENCE).unwrap();
    let evidence: CardEvidence = jws.verify(issuer.instance.public()).unwrap();
    assert_eq!((evidence.aud.as_str(), evidence.iat, evidence.auth_session.0), (ISSUER, NOW, [8; 16]));
    assert_eq!((evidence.chip, evidence.face), (chip(), face()));
    let token = form(issuer.sent("/token")[0]);
    assert_eq!(token["code"], "from-the-card");
    assert!(!token.contains_key("redirect_uri"));
}

#[test]
fn the_issuer_speaks_to_a_chip_that_cannot_sign_before_it_sees_the_evidence() {
    let mut issuer = issuer().change("/token", vec![answer(200, &granted())]);
    (issuer.card_cannot_sign, issuer.chip_proofs) =
        (true, vec!["active_authentication", "chip_authentication"]);
    tap(&mut issuer).unwrap();
    let [_, examine, shown] = issuer.sent("/challenge")[..] else { panic!("three requests") };
    let examined = form(examine);
    assert_eq!(
        ["auth_session", "chip_sod", "chip_dg14"].map(|name| examined[name].as_str()),
        ["CAgICAgICAgICAgICAgICA", "dw", "bg"]
    );
    assert!(examine.headers.contains_key("dpop"));
    let evidence: CardEvidence = Jws::parse(&form(shown)["card_evidence"], CARD_EVIDENCE)
        .unwrap()
        .verify(issuer.instance.public())
        .unwrap();
    let answers = vec![Blob(vec![3; 20]), Blob(vec![4; 30])];
    assert_eq!(evidence.chip.proof, ChipProof::ChipAuthentication(answers));
}

#[test]
fn an_examiner_that_answers_beside_the_question_is_none() {
    let examination = |error: &str, session: [u8; 16], key: usize| {
        let body = json!({"error": error, "auth_session": encode(&session),
                          "chip_public_key": encode(&vec![4; key]), "chip_commands": ["DA"]});
        answer(403, &body)
    };
    let good = "insufficient_authorization";
    let challenge = issuer().challenge_answer();
    for (examined, expected) in [
        (examination(good, [7; 16], 65), Rule::NotAChallenge.into()),
        (answer(200, &json!({"authorization_code": "for-nothing"})), Rule::NotAChallenge.into()),
        (examination("clone_suspected", [8; 16], 65), OpenIdError::Refused(Refusal::CloneSuspected)),
        (examination("challenge_expired", [8; 16], 600), OpenIdError::Refused(Refusal::ChallengeExpired)),
    ] {
        let mut issuer = issuer().change("/challenge", vec![challenge.clone(), examined]);
        issuer.card_cannot_sign = true;
        assert_eq!(tap(&mut issuer), Err(expected));
    }
}

#[test]
fn an_issuer_that_refuses_the_card_says_why() {
    let refused = answer(403, &json!({"error": "clone_suspected"}));
    let mut issuer = issuer().change("/challenge", vec![refused]);
    assert_eq!(tap(&mut issuer), Err(OpenIdError::Refused(Refusal::CloneSuspected)));
}

#[test]
fn a_challenge_that_breaks_a_rule_is_none() {
    let challenge = |expires_in: u32| {
        answer(
            403,
            &json!({"error": "insufficient_authorization", "auth_session": "CAgICAgICAgICAgICAgICA",
                    "chip_nonce": "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk", "expires_in": expires_in}),
        )
    };
    let code = answer(200, &json!({"authorization_code": "for-nothing"}));
    for answers in
        [vec![challenge(0)], vec![challenge(121)], vec![challenge(120), challenge(120)], vec![code]]
    {
        let mut issuer = issuer().change("/challenge", answers);
        assert_eq!(tap(&mut issuer), Err(Rule::NotAChallenge.into()));
    }
    let mut empty = issuer();
    assert_eq!(tap(&mut empty), Err(Rule::NothingGranted.into()));
    let mut silent = issuer();
    silent.server.as_object_mut().unwrap().remove("authorization_challenge_endpoint");
    assert_eq!(tap(&mut silent), Err(Unsupported::Grant.into()));
}
