//! The machine against an issuer that breaks each rule in turn.
#![cfg(feature = "issuer")]

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    Client, ErrorCode, Input, Issuance, MetadataPolicy, Misuse, OpenIdError, Outcome, RequestPolicy, Rule,
    TokenPolicy, Unsupported,
    scripted_issuer::{
        ISSUER, NOW, REDIRECT, SIGN_IN, WITH_CODE, answer, dpop_claims, form, issuer, offer, with_nonce,
    },
};
use crate::{
    bytes::Secret,
    crypto::{hash::sha256, sign::SigningKey},
    jose::{Jws, SigningInput, encode},
    platform::{HttpMethod, HttpResponse, Url},
};

#[test]
fn an_offer_with_a_transaction_code_becomes_a_batch() {
    let mut issuer = issuer();
    let finished = issuer.drive(&offer(&["card"], WITH_CODE)).unwrap();
    assert!(finished.renewal.is_some());
    assert_eq!(issuer.delivered, 3);
    let token = issuer.sent("/token")[0];
    let members = form(token);
    assert_eq!(members["pre-authorized_code"], "pre");
    assert_eq!(members["tx_code"], "493536");
    let claims = dpop_claims(token, &issuer.instance);
    assert_eq!(
        (&claims["htm"], &claims["htu"], &claims["iat"]),
        (&json!("POST"), &json!("https://issuer.example/token"), &json!(NOW))
    );
    assert_eq!(token.headers["oauth-client-attestation"], "wallet.attest.ation");
    let proof =
        Jws::parse(&token.headers["oauth-client-attestation-pop"], "oauth-client-attestation-pop+jwt")
            .unwrap();
    let proof: Value = proof.verify(issuer.instance.public()).unwrap();
    assert_eq!((&proof["iss"], &proof["aud"]), (&json!("wallet"), &json!(ISSUER)));
    let request = issuer.sent("/credential")[0];
    assert_eq!(request.headers["authorization"], "DPoP token");
    assert_eq!(dpop_claims(request, &issuer.instance)["ath"], encode(&sha256(b"token")));
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["proofs"]["attestation"], json!(["keys.attest.ed"]));
    assert_eq!(body["credential_configuration_id"], "card");
    let notice: Value = serde_json::from_slice(&issuer.sent("/notification")[0].body).unwrap();
    assert_eq!(notice, json!({"notification_id": "n1", "event": "credential_accepted"}));
    assert!(issuer.asked.iter().all(|request| request.headers["accept"] == "application/json"));
}

#[test]
fn an_offer_by_reference_is_fetched_first() {
    let mut issuer = issuer();
    issuer
        .drive("openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fissuer.example%2Foffer")
        .unwrap();
    assert_eq!(
        (issuer.asked[0].method, issuer.asked[0].url.as_str()),
        (HttpMethod::Get, "https://issuer.example/offer")
    );
    assert_eq!(issuer.delivered, 3);
}

#[test]
fn copies_are_renewed_without_asking_the_citizen() {
    let mut first = issuer();
    let renewal = first.drive(&offer(&["card"], WITH_CODE)).unwrap().renewal.unwrap();
    let rotated = answer(200, &json!({"access_token": "t2", "token_type": "DPoP", "refresh_token": "next"}));
    let same = answer(200, &json!({"access_token": "t3", "token_type": "DPoP"}));
    for (response, kept) in [(rotated, "next"), (same, "again")] {
        let mut again = issuer().change("/token", vec![response]);
        // Whoever is asked for a code now has none to give.
        again.typed = None;
        let begun = Issuance::renew(again.client(), renewal.clone(), Secret::new([6; 32]));
        let finished = again.run(begun).unwrap();
        assert_eq!(again.delivered, 3);
        let members = form(again.sent("/token")[0]);
        assert_eq!(
            (members["grant_type"].as_str(), members["refresh_token"].as_str()),
            ("refresh_token", "again")
        );
        assert_eq!(finished.renewal.unwrap().refresh_token.expose(), kept);
        assert!(!again.asked_citizen);
    }
    let mut ended = issuer().change("/token", vec![answer(400, &json!({"error": "invalid_grant"}))]);
    let begun = Issuance::renew(ended.client(), renewal, Secret::new([6; 32]));
    assert_eq!(ended.run(begun), Err(OpenIdError::IssuerRefused(ErrorCode::InvalidGrant)));
}

#[test]
fn no_identifier_is_used_twice() {
    let mut issuer = issuer();
    issuer.drive(&offer(&["card"], WITH_CODE)).unwrap();
    let mut seen: Vec<Value> = Vec::new();
    for request in issuer.asked.iter().filter(|request| request.headers.contains_key("dpop")) {
        let claims = dpop_claims(request, &issuer.instance);
        assert!(!seen.contains(&claims["jti"]));
        seen.push(claims["jti"].clone());
    }
    assert_eq!(seen.len(), 3);
}

#[test]
fn one_key_signs_for_all_where_the_issuer_wants_a_jwt_with_the_attestation() {
    let mut issuer = issuer();
    issuer.drive(&offer(&["twin"], WITH_CODE)).unwrap();
    let body: Value = serde_json::from_slice(&issuer.sent("/credential")[0].body).unwrap();
    let proofs = body["proofs"]["jwt"].as_array().unwrap();
    assert_eq!(proofs.len(), 1);
    let jws = Jws::parse(proofs[0].as_str().unwrap(), "openid4vci-proof+jwt").unwrap();
    let claims: Value = jws.verify(issuer.holders[0].public()).unwrap();
    assert_eq!(claims, json!({"iss": "wallet", "aud": ISSUER, "iat": NOW, "nonce": "c-nonce"}));
    assert_eq!(issuer.delivered, 3);
}

#[test]
fn a_plain_jwt_proves_one_key_because_the_citizen_is_asked_once() {
    let mut issuer = issuer();
    issuer.drive(&offer(&["plain"], WITH_CODE)).unwrap();
    assert_eq!(issuer.delivered, 1);
}

#[test]
fn two_configurations_are_fetched_with_one_token() {
    let mut issuer = issuer();
    issuer.drive(&offer(&["card", "plain"], WITH_CODE)).unwrap();
    assert_eq!(issuer.delivered, 4);
    assert_eq!(
        (issuer.sent("/token").len(), issuer.sent("/nonce").len(), issuer.sent("/notification").len()),
        (1, 2, 2)
    );
}

#[test]
fn a_nonce_that_a_server_asks_for_is_given_once() {
    let wants = || with_nonce(answer(400, &json!({"error": "use_dpop_nonce"})), "n-7");
    let mut once = issuer().change("/token", vec![wants()]);
    once.drive(&offer(&["card"], WITH_CODE)).unwrap();
    let tokens = once.sent("/token");
    assert_eq!(dpop_claims(tokens[0], &once.instance)["nonce"], Value::Null);
    assert_eq!(dpop_claims(tokens[1], &once.instance)["nonce"], "n-7");
    // The same origin's nonce goes on.
    assert_eq!(dpop_claims(once.sent("/credential")[0], &once.instance)["nonce"], "n-7");

    let mut header = answer(401, &json!({}));
    header.headers.insert("www-authenticate".into(), r#"DPoP error="use_dpop_nonce", algs="ES256""#.into());
    let mut resource = issuer().change("/credential", vec![with_nonce(header, "r-1")]);
    resource.drive(&offer(&["card"], WITH_CODE)).unwrap();
    assert_eq!(dpop_claims(resource.sent("/credential")[1], &resource.instance)["nonce"], "r-1");

    let mut ever = issuer().change("/token", vec![wants(), wants()]);
    assert_eq!(ever.drive(&offer(&["card"], WITH_CODE)), Err(Rule::DpopNonce.into()));
    let mut without = issuer().change("/token", vec![answer(400, &json!({"error": "use_dpop_nonce"}))]);
    assert_eq!(without.drive(&offer(&["card"], WITH_CODE)), Err(Rule::DpopNonce.into()));
}

#[test]
fn the_citizen_signs_in_with_a_pushed_request_and_pkce() {
    let mut issuer = issuer();
    issuer.drive(&offer(&["twin"], SIGN_IN)).unwrap();
    let pushed = form(issuer.sent("/par")[0]);
    assert_eq!((pushed["scope"].as_str(), pushed["issuer_state"].as_str()), ("twin", "st"));
    let token = form(issuer.sent("/token")[0]);
    assert_eq!(pushed["code_challenge"], encode(&sha256(token["code_verifier"].as_bytes())));
    assert_eq!((token["code"].as_str(), token["redirect_uri"].as_str()), ("abc", REDIRECT));
    assert!(token["code_verifier"].len() >= 43);
}

#[test]
fn a_request_goes_through_the_browser_only_under_the_policy_named_for_it() {
    let mut issuer = issuer();
    issuer.server.as_object_mut().unwrap().remove("pushed_authorization_request_endpoint");
    assert_eq!(issuer.drive(&offer(&["twin"], SIGN_IN)), Err(Unsupported::PushedRequest.into()));
    assert!(!issuer.asked_citizen);
    issuer.requests = RequestPolicy::AcceptUnpushed;
    issuer.browser = |url| {
        assert!(
            url.starts_with("https://issuer.example/authorize?response_type=code&client_id=wallet&"),
            "{url}"
        );
        assert!(url.contains("&code_challenge_method=S256&") && url.contains("&scope=twin&"), "{url}");
        format!("{REDIRECT}?code=abc&iss=https%3A%2F%2Fissuer.example&state=STATE")
    };
    issuer.drive(&offer(&["twin"], SIGN_IN)).unwrap();
    assert!(issuer.sent("/par").is_empty());
    assert_eq!(form(issuer.sent("/token")[0])["code"], "abc");
}

#[test]
fn a_browser_that_comes_back_wrongly_gives_no_token() {
    let back = |browser: fn(&str) -> String| {
        let mut issuer = issuer();
        issuer.browser = browser;
        let outcome = issuer.drive(&offer(&["card"], SIGN_IN));
        assert!(issuer.sent("/token").is_empty());
        outcome.unwrap_err()
    };
    assert_eq!(back(|_| format!("{REDIRECT}?code=abc&state=other&iss={ISSUER}")), Rule::OtherState.into());
    assert_eq!(back(|_| format!("{REDIRECT}?code=abc&iss={ISSUER}")), Rule::OtherState.into());
    assert_eq!(
        back(|_| format!("{REDIRECT}?code=abc&state=STATE&iss=https://evil.example")),
        Rule::OtherResponseIssuer.into()
    );
    assert_eq!(back(|_| format!("{REDIRECT}?code=abc&state=STATE")), Rule::OtherResponseIssuer.into());
    assert_eq!(back(|_| format!("{REDIRECT}?code=&state=STATE&iss={ISSUER}")), Rule::NoCode.into());
    assert_eq!(back(|_| format!("{REDIRECT}?code=a&code=b&state=STATE&iss={ISSUER}")), Rule::NoCode.into());
    assert_eq!(back(|_| "https://evil.example/cb?code=abc&state=STATE".into()), Misuse::BadUrl.into());
    let denied = back(|_| format!("{REDIRECT}?error=access_denied&state=STATE&iss={ISSUER}"));
    assert_eq!(denied, OpenIdError::IssuerRefused(ErrorCode::AccessDenied));
}

#[test]
fn a_server_that_wants_an_attested_wallet_without_saying_so_gets_it_when_it_refuses() {
    let refusal = || answer(401, &json!({"error": "invalid_client"}));
    let mut quiet = issuer().change("/token", vec![refusal()]);
    quiet.server.as_object_mut().unwrap().remove("token_endpoint_auth_methods_supported");
    quiet.drive(&offer(&["card"], WITH_CODE)).unwrap();
    let shown: Vec<bool> =
        quiet.sent("/token").iter().map(|r| r.headers.contains_key("oauth-client-attestation")).collect();
    assert_eq!(shown, [false, true]);

    let mut never = issuer().change("/token", vec![refusal(), refusal()]);
    never.server.as_object_mut().unwrap().remove("token_endpoint_auth_methods_supported");
    let refused = never.drive(&offer(&["card"], WITH_CODE));
    assert_eq!(refused, Err(OpenIdError::IssuerRefused(ErrorCode::InvalidClient)));
}

#[test]
fn an_issuer_that_puts_off_is_asked_again_and_not_for_ever() {
    let later = || answer(202, &json!({"transaction_id": "t1", "interval": 5}));
    let mut patient = issuer().change("/credential", vec![later()]).change("/deferred", vec![later()]);
    patient.drive(&offer(&["card"], WITH_CODE)).unwrap();
    assert_eq!((patient.waited, patient.delivered), (2, 3));
    let body: Value = serde_json::from_slice(&patient.sent("/deferred")[0].body).unwrap();
    assert_eq!(body, json!({"transaction_id": "t1"}));

    let mut ever =
        issuer().change("/credential", vec![later()]).change("/deferred", (0..50).map(|_| later()).collect());
    assert_eq!(ever.drive(&offer(&["card"], WITH_CODE)), Err(Rule::Deferral.into()));
    for bad in [
        json!({"transaction_id": "t1"}),
        json!({"transaction_id": "", "interval": 5}),
        json!({"transaction_id": "t", "interval": 0}),
        json!({"transaction_id": "t", "interval": 99_999_999}),
    ] {
        let mut issuer = issuer().change("/credential", vec![answer(202, &bad)]);
        assert_eq!(issuer.drive(&offer(&["card"], WITH_CODE)), Err(Rule::Deferral.into()), "{bad}");
    }
}

#[test]
fn the_issuer_hears_of_every_credential_what_became_of_it() {
    for (outcome, event) in [
        (Outcome::Kept, "credential_accepted"),
        (Outcome::Failed, "credential_failure"),
        (Outcome::Deleted, "credential_deleted"),
    ] {
        let mut issuer = issuer();
        issuer.notice = outcome;
        issuer.drive(&offer(&["card", "twin"], WITH_CODE)).unwrap();
        let notices = issuer.sent("/notification");
        assert_eq!(notices.len(), 2);
        for notice in notices {
            let notice: Value = serde_json::from_slice(&notice.body).unwrap();
            assert_eq!(notice["event"], event);
        }
    }
}

#[test]
fn one_notice_stands_for_all_credentials_of_that_name() {
    let mut issuer = issuer();
    issuer.one_name = true;
    issuer.drive(&offer(&["card", "twin"], WITH_CODE)).unwrap();
    assert_eq!(issuer.sent("/notification").len(), 1);
}

#[test]
fn a_notice_that_the_issuer_does_not_take_changes_nothing() {
    let nonce = || answer(400, &json!({"error": "use_dpop_nonce"}));
    for refusals in [
        vec![answer(400, &json!({"error": "invalid_notification_id"}))],
        vec![nonce()],
        vec![with_nonce(nonce(), "n"), with_nonce(nonce(), "n")],
        vec![HttpResponse { status: 500, headers: HashMap::new(), body: Vec::new() }],
    ] {
        let mut issuer = issuer().change("/notification", refusals);
        issuer.drive(&offer(&["card"], WITH_CODE)).unwrap();
    }
}

#[test]
fn a_refusal_keeps_its_code() {
    for (path, status, code) in [
        ("/token", 400, ErrorCode::InvalidGrant),
        ("/token", 401, ErrorCode::InvalidClient),
        ("/par", 400, ErrorCode::InvalidScope),
        ("/credential", 400, ErrorCode::InvalidNonce),
        ("/credential", 401, ErrorCode::InvalidToken),
    ] {
        let grants = if path == "/par" { SIGN_IN } else { WITH_CODE };
        let mut issuer = issuer().change(path, vec![answer(status, &json!({"error": code.code()}))]);
        assert_eq!(issuer.drive(&offer(&["card"], grants)), Err(OpenIdError::IssuerRefused(code)), "{path}");
    }
    let html = |status| HttpResponse { status, headers: HashMap::new(), body: b"<html>".to_vec() };
    let slow_down = answer(429, &json!({"error": "slow_down"}));
    for busy in [html(502), html(503), html(429), slow_down, answer(500, &json!({"error": "of_a_proxy"}))] {
        let mut down = issuer().change("/token", vec![busy]);
        assert_eq!(
            down.drive(&offer(&["card"], WITH_CODE)),
            Err(OpenIdError::IssuerRefused(ErrorCode::TemporarilyUnavailable))
        );
    }
    let mut strange = issuer().change("/token", vec![answer(418, &json!({}))]);
    assert_eq!(strange.drive(&offer(&["card"], WITH_CODE)), Err(Rule::UnknownFailure.into()));
    let mut new = issuer().change("/token", vec![answer(400, &json!({"error": "of_next_year"}))]);
    assert_eq!(new.drive(&offer(&["card"], WITH_CODE)), Err(OpenIdError::IssuerRefused(ErrorCode::Other)));
}

#[test]
fn answers_that_break_a_rule_name_it() {
    let three = |names: [&str; 3]| json!({"credentials": names.map(|name| json!({"credential": name}))});
    let cases: Vec<(&'static str, HttpResponse, Rule)> = vec![
        ("/.well-known/openid-credential-issuer", answer(200, &json!({})), Rule::NotMetadata),
        (
            "/.well-known/openid-credential-issuer",
            HttpResponse { headers: HashMap::new(), ..answer(200, &json!({})) },
            Rule::ContentType,
        ),
        ("/.well-known/oauth-authorization-server", answer(200, &json!([])), Rule::NotMetadata),
        ("/token", answer(200, &json!({"token_type": "DPoP"})), Rule::NotATokenResponse),
        (
            "/token",
            answer(200, &json!({"access_token": "a\nb", "token_type": "DPoP"})),
            Rule::NotATokenResponse,
        ),
        ("/token", answer(200, &json!({"access_token": "a", "token_type": "Bearer"})), Rule::TokenType),
        (
            "/token",
            HttpResponse { body: vec![b' '; 1024 * 1024 + 1], ..answer(200, &json!({})) },
            Rule::BodyTooLong,
        ),
        ("/nonce", answer(200, &json!({"nonce": "x"})), Rule::NotANonceResponse),
        ("/nonce", answer(200, &json!({"c_nonce": ""})), Rule::NotANonceResponse),
        ("/credential", answer(200, &json!({})), Rule::NotACredentialResponse),
        (
            "/credential",
            answer(200, &json!({"credentials": [], "transaction_id": "t"})),
            Rule::NotACredentialResponse,
        ),
        ("/credential", answer(200, &json!({"credentials": []})), Rule::CredentialCount),
        ("/credential", answer(200, &json!({"credentials": [{"credential": "a"}]})), Rule::CredentialCount),
        ("/credential", answer(200, &three(["a", "b", "a"])), Rule::RepeatedCredential),
        ("/credential", answer(200, &json!({"credentials": ["a", "b", "c"]})), Rule::NotACredentialResponse),
    ];
    for (path, response, rule) in cases {
        let mut issuer = issuer().change(path, vec![response]);
        assert_eq!(issuer.drive(&offer(&["card"], WITH_CODE)), Err(rule.into()), "{path}");
    }
    let mut pushed = issuer().change("/par", vec![answer(201, &json!({"request_uri": ""}))]);
    assert_eq!(pushed.drive(&offer(&["card"], SIGN_IN)), Err(Rule::NotAPushedResponse.into()));
}

#[test]
fn servers_that_lack_what_keeps_the_citizen_safe_are_not_used() {
    let without = |member: &str, grants: &str| {
        let mut issuer = issuer();
        issuer.server.as_object_mut().unwrap().remove(member);
        issuer.drive(&offer(&["card"], grants)).unwrap_err()
    };
    assert_eq!(without("dpop_signing_alg_values_supported", WITH_CODE), Unsupported::Dpop.into());
    assert_eq!(without("code_challenge_methods_supported", SIGN_IN), Unsupported::Pkce.into());
    assert_eq!(without("authorization_endpoint", SIGN_IN), Unsupported::Grant.into());
    let mut alone = issuer();
    alone.attested = false;
    assert_eq!(alone.drive(&offer(&["card"], WITH_CODE)), Err(Unsupported::WalletAttestation.into()));

    let bearer = || answer(200, &json!({"access_token": "a", "token_type": "bearer"}));
    let mut relaxed = issuer().change("/token", vec![bearer()]);
    relaxed.server.as_object_mut().unwrap().remove("dpop_signing_alg_values_supported");
    relaxed.policy = TokenPolicy::AcceptBearer;
    relaxed.drive(&offer(&["card"], WITH_CODE)).unwrap();
    assert_eq!(relaxed.sent("/credential")[0].headers["authorization"], "Bearer a");
}

#[test]
fn a_server_that_the_issuer_does_not_list_is_not_asked() {
    let grants =
        WITH_CODE.replace("\"tx_code\"", "\"authorization_server\":\"https://evil.example\",\"tx_code\"");
    let mut issuer = issuer();
    assert_eq!(issuer.drive(&offer(&["card"], &grants)), Err(Rule::UnlistedAuthorizationServer.into()));
    assert_eq!(issuer.asked.len(), 1);
}

#[test]
fn a_transaction_code_of_another_form_is_not_sent() {
    for typed in [None, Some("12345"), Some("12345a")] {
        let mut issuer = issuer();
        issuer.typed = typed;
        assert_eq!(issuer.drive(&offer(&["card"], WITH_CODE)), Err(Misuse::TransactionCode.into()));
        assert!(issuer.sent("/token").is_empty());
    }
}

#[test]
fn an_identifier_from_the_token_answer_is_asked_for() {
    let details = json!([{"type": "openid_credential", "credential_configuration_id": "card", "credential_identifiers": ["card-7"]}]);
    let token =
        answer(200, &json!({"access_token": "a", "token_type": "DPoP", "authorization_details": details}));
    let mut issuer = issuer().change("/token", vec![token]);
    issuer.drive(&offer(&["card"], WITH_CODE)).unwrap();
    let body: Value = serde_json::from_slice(&issuer.sent("/credential")[0].body).unwrap();
    assert_eq!(
        (&body["credential_identifier"], &body["credential_configuration_id"]),
        (&json!("card-7"), &Value::Null)
    );
}

#[test]
fn inputs_out_of_turn_and_keys_twice_are_misuse() {
    let client = Client {
        client_id: "wallet".into(),
        redirect_uri: Url::parse(REDIRECT).unwrap(),
        instance: *SigningKey::make().unwrap().0.public(),
        attested: true,
        tokens: TokenPolicy::DpopOnly,
        requests: RequestPolicy::PushedOnly,
        metadata: MetadataPolicy::AcceptUnsigned,
    };
    let begin =
        || Issuance::begin(client.clone(), &offer(&["card"], WITH_CODE), Secret::new([5; 32])).unwrap().0;
    for input in [
        Input::Waited,
        Input::Signature(vec![0; 64]),
        Input::Outcome(Outcome::Kept),
        Input::HolderKeys(Vec::new()),
    ] {
        assert_eq!(begin().handle(input, NOW).unwrap_err(), Misuse::UnexpectedInput.into());
    }
    let mut twice = issuer();
    let (key, pkcs8) = SigningKey::make().unwrap();
    twice.holders = vec![key, SigningKey::from_pkcs8(&pkcs8).unwrap()];
    assert_eq!(twice.drive(&offer(&["card"], WITH_CODE)), Err(Misuse::KeyCount.into()));
    let mut none = issuer();
    none.holders.clear();
    assert_eq!(none.drive(&offer(&["card"], WITH_CODE)), Err(Misuse::KeyCount.into()));
}

#[test]
fn fewer_keys_than_the_batch_will_do() {
    let mut issuer = issuer();
    issuer.holders.truncate(2);
    issuer.drive(&offer(&["card"], WITH_CODE)).unwrap();
    assert_eq!(issuer.delivered, 2);
}

#[test]
fn nothing_secret_is_printed() {
    let mut issuer = issuer();
    let finished = issuer.drive(&offer(&["card"], WITH_CODE)).unwrap();
    assert!(!format!("{finished:?}").contains("again"));
    let input = SigningInput::new(&json!({}), &json!({})).unwrap();
    assert_eq!(input.as_bytes(), b"e30.e30");
}
