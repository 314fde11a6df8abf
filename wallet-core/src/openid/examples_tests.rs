//! The examples of OpenID4VCI 1.0, where the published vectors are at hand: every one of them, each by a test. Requests are compared
//! with those of the wallet, answers are given to it.
#![cfg(feature = "issuer")]

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::{
    CredentialOffer, ErrorCode, Format, Grant, IssuerMetadata, OfferLink, Outcome, RequestEncryption,
    ResponseEncryption, TokenPolicy, Unsupported,
    form::parse_form,
    messages::authorization_details,
    scripted_issuer::{ISSUER, Issuer, REDIRECT, SIGN_IN, answer, dpop_claims, form, issuer, offer},
    sd_jwt::SdJwt,
};
use crate::{
    jose::{ContentEncryption, Jwk, Jws, encode},
    oracles,
    platform::{HttpResponse, Url},
    trust::Certificate,
};

/// The examples, and which test looks at each.
const EXAMPLES: [(&str, &[&str]); 12] = [
    (
        "offers",
        &[
            "offer-authorization-code",
            "offer-by-reference-body",
            "offer-multiple-credentials",
            "offer-pre-authorized-code",
        ],
    ),
    ("links", &["offer-uri-by-value", "offer-uri-by-reference"]),
    ("metadata", &["issuer-metadata", "issuer-metadata-mso-mdoc", "issuer-metadata-sd-jwt-vc"]),
    ("keys and tokens", &["proof-jwt", "wallet-attestation", "issuer-metadata-signed", "issuer-jwks"]),
    ("errors", &["credential-error", "deferred-error"]),
    (
        "authorization details",
        &[
            "authorization-details",
            "authorization-details-multiple",
            "authorization-details-with-locations",
            "authorization-details-mso-mdoc",
            "authorization-details-sd-jwt-vc",
        ],
    ),
    ("pushed", &["par-response", "token-request-authorization-code"]),
    ("token", &["token-request-pre-authorized-code", "token-response", "nonce-response"]),
    (
        "requests",
        &[
            "credential-request-configuration-id",
            "credential-request-identifier-two-proofs",
            "credential-request-format-mso-mdoc",
        ],
    ),
    (
        "credentials",
        &["credential-response-one", "credential-response-batch", "credential-response-sd-jwt-vc"],
    ),
    ("deferred", &["credential-response-deferred", "deferred-request", "deferred-response-pending"]),
    ("notices", &["notification-accepted", "notification-failure"]),
];

#[test]
fn no_example_of_the_specification_is_left_out() {
    if example("offer-uri-by-value").is_none() {
        return;
    }
    let folder = std::env::var_os("ORACLES_DIR").map_or_else(
        || std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        Into::into,
    );
    let files = std::fs::read_dir(folder.join("vectors/openid4vci")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<String> =
        names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect();
    let named: Vec<&str> = EXAMPLES.iter().flat_map(|(_, names)| *names).copied().collect();
    assert_eq!(there, named.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(there.len(), named.len(), "each by one test");
}

fn example(name: &str) -> Option<Value> {
    oracles::json(&format!("vectors/openid4vci/{name}.json"))
}

#[test]
fn the_offers_of_the_specification_are_read() {
    for name in [
        "offer-authorization-code",
        "offer-by-reference-body",
        "offer-multiple-credentials",
        "offer-pre-authorized-code",
    ] {
        let Some(example) = example(name) else { return };
        let json = &example["credential_offer"];
        let offer = CredentialOffer::parse(&serde_json::to_vec(json).unwrap()).unwrap();
        assert_eq!(offer.issuer.as_str(), json["credential_issuer"]);
        assert_eq!(Value::from(offer.configurations), json["credential_configuration_ids"]);
        match offer.grant {
            Grant::PreAuthorized { code, transaction_code } => {
                let grant = &json["grants"]["urn:ietf:params:oauth:grant-type:pre-authorized_code"];
                assert_eq!(code.expose(), grant["pre-authorized_code"]);
                let (told, form) = (&grant["tx_code"], transaction_code.unwrap());
                assert_eq!(form.length.map(u64::from), told["length"].as_u64());
                assert_eq!(form.description.as_deref(), told["description"].as_str());
            }
            Grant::Authorization { issuer_state } => {
                assert_eq!(
                    issuer_state.as_deref(),
                    json["grants"]["authorization_code"]["issuer_state"].as_str()
                );
            }
            _ => panic!("{name}: in no offer"),
        }
    }
}

#[test]
fn the_offer_links_of_the_specification_are_read() {
    let Some(by_value) = example("offer-uri-by-value") else { return };
    let OfferLink::ByValue(offer) = OfferLink::parse(by_value["uri"].as_str().unwrap()).unwrap() else {
        panic!("by value")
    };
    let expected = &by_value["expect"]["credential_offer"];
    assert_eq!(*offer, CredentialOffer::parse(&serde_json::to_vec(expected).unwrap()).unwrap());
    let by_reference = example("offer-uri-by-reference").unwrap();
    let OfferLink::ByReference(url) = OfferLink::parse(by_reference["uri"].as_str().unwrap()).unwrap() else {
        panic!("by reference")
    };
    assert_eq!(url.as_str(), by_reference["expect"]["credential_offer_uri"]);
}

#[test]
fn the_metadata_of_the_specification_are_read() {
    let Some(example) = example("issuer-metadata") else { return };
    let json = &example["issuer_metadata"];
    let issuer = Url::parse(json["credential_issuer"].as_str().unwrap()).unwrap();
    let metadata = IssuerMetadata::parse(&serde_json::to_vec(json).unwrap(), &issuer).unwrap();
    assert_eq!(metadata.batch_size, 10);
    assert_eq!(metadata.response_encryption, ResponseEncryption::Required(ContentEncryption::A128Gcm));
    let RequestEncryption::Offered(key, content) = metadata.request_encryption else {
        panic!("encrypted requests")
    };
    let published = &json["credential_request_encryption"];
    assert_eq!(key.kid(), published["jwks"]["keys"][0]["kid"].as_str());
    assert_eq!(content.name(), published["enc_values_supported"][0]);
    assert_eq!(metadata.nonce_endpoint.unwrap().as_str(), json["nonce_endpoint"]);
    assert_eq!(metadata.names.best("ko"), Some("Example University"));
}

#[test]
fn the_key_proof_of_the_specification_verifies() {
    let Some(example) = example("proof-jwt") else { return };
    let jws = Jws::parse(example["proofs"]["jwt"][0].as_str().unwrap(), "openid4vci-proof+jwt").unwrap();
    let claims: Value = jws.verify(jws.key().unwrap()).unwrap();
    assert_eq!(claims, example["expect"]["payload"]);
}

#[test]
fn the_tokens_with_a_chain_of_the_specification_verify() {
    for (name, typ) in [
        ("wallet-attestation", "oauth-client-attestation+jwt"),
        ("issuer-metadata-signed", "openidvci-issuer-metadata+jwt"),
    ] {
        let Some(example) = example(name) else { return };
        let jws = Jws::parse(example["jwt"].as_str().unwrap(), typ).unwrap();
        let [leaf] = &jws.chain().unwrap()[..] else { panic!("{name}: one certificate") };
        let key = Certificate::parse(leaf).unwrap().p256_public_key().unwrap();
        assert!(jws.verify::<Value>(&key).unwrap().is_object(), "{name}");
    }
}

#[test]
fn the_error_codes_of_the_specification_are_known() {
    for name in ["credential-error", "deferred-error"] {
        let Some(example) = example(name) else { return };
        let code = example["message"]["json"]["error"].as_str().unwrap();
        assert_ne!(ErrorCode::from_code(code), ErrorCode::Other, "{code}");
    }
}

/// The answer that an example shows.
fn response(example: &Value) -> HttpResponse {
    let message = &example["message"];
    let status = message["start_line"].as_str().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = message["headers"].as_object().unwrap().iter();
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap().to_owned()));
    HttpResponse { status, headers: headers.collect(), body: serde_json::to_vec(&message["json"]).unwrap() }
}

fn pre_authorized(code: &str) -> String {
    let grant = json!({"pre-authorized_code": code, "tx_code": {"length": 6}});
    json!({"urn:ietf:params:oauth:grant-type:pre-authorized_code": grant}).to_string()
}

/// The issuer of the tests, with a configuration under another name.
fn offering(name: &str, like: &str) -> Issuer {
    let mut issuer = issuer();
    let configurations = issuer.metadata["credential_configurations_supported"].as_object_mut().unwrap();
    let configuration = configurations[like].clone();
    configurations.insert(name.to_owned(), configuration);
    issuer
}

/// One credential, for the one key that was proven.
fn single() -> HttpResponse {
    answer(200, &json!({"credentials": [{"credential": "only"}]}))
}

fn body(issuer: &Issuer, path: &str) -> Value {
    serde_json::from_slice(&issuer.sent(path)[0].body).unwrap()
}

fn without(value: &Value, names: &[&str]) -> Value {
    let members: Map<String, Value> = value.as_object().unwrap().clone();
    Value::Object(members.into_iter().filter(|(name, _)| !names.contains(&name.as_str())).collect())
}

#[test]
fn the_metadata_parts_of_the_specification_are_read() {
    for (name, id, format, shown, claim) in [
        (
            "issuer-metadata-mso-mdoc",
            "org.iso.18013.5.1.mDL",
            Format::Mdoc { doctype: "org.iso.18013.5.1.mDL".into() },
            "Mobile Driving License",
            None,
        ),
        (
            "issuer-metadata-sd-jwt-vc",
            "SD_JWT_VC_example_in_OpenID4VCI",
            Format::SdJwtVc { vct: "SD_JWT_VC_example_in_OpenID4VCI".into() },
            "IdentityCredential",
            Some("Given Name"),
        ),
    ] {
        let Some(example) = example(name) else { return };
        let mut whole =
            json!({"credential_issuer": ISSUER, "credential_endpoint": format!("{ISSUER}/credential")});
        let part = example["issuer_metadata"].as_object().unwrap().clone();
        whole.as_object_mut().unwrap().extend(part);
        let metadata =
            IssuerMetadata::parse(&serde_json::to_vec(&whole).unwrap(), &Url::parse(ISSUER).unwrap())
                .unwrap();
        let configuration = match metadata.configuration(id) {
            Ok(configuration) => configuration,
            // It names no way to prove a key that this wallet has.
            Err(error) => {
                assert_eq!((name, error), ("issuer-metadata-mso-mdoc", Unsupported::ProofType.into()));
                continue;
            }
        };
        assert_eq!((&configuration.format, configuration.names.best("en")), (&format, Some(shown)));
        let found = configuration.claims.iter().find(|(name, _)| name == "given_name");
        assert_eq!(found.and_then(|(_, names)| names.best("en")), claim, "{name}");
    }
}

#[test]
fn the_issuers_key_of_the_specification_has_the_name_it_is_published_under() {
    let Some(example) = example("issuer-jwks") else { return };
    let published = &example["jwks"]["keys"][0];
    let jwk: Jwk = serde_json::from_value(published.clone()).unwrap();
    let name = format!("urn:ietf:params:oauth:jwk-thumbprint:sha-256:{}", encode(&jwk.key().thumbprint()));
    assert_eq!(published["kid"], name);
}

#[test]
fn authorization_details_are_those_of_the_specification() {
    for name in EXAMPLES.iter().find(|(test, _)| *test == "authorization details").unwrap().1 {
        let Some(example) = example(name) else { return };
        let wanted = example["authorization_details"].as_array().unwrap();
        let ids: Vec<&str> =
            wanted.iter().map(|detail| detail["credential_configuration_id"].as_str().unwrap()).collect();
        let mut issuer = issuer();
        let like = issuer.metadata["credential_configurations_supported"]["card"].clone();
        issuer.metadata["credential_configurations_supported"] =
            ids.iter().map(|id| ((*id).to_owned(), like.clone())).collect::<Map<_, _>>().into();
        let bytes = serde_json::to_vec(&issuer.metadata).unwrap();
        let metadata = IssuerMetadata::parse(&bytes, &Url::parse(ISSUER).unwrap()).unwrap();
        let configurations: Vec<_> = ids.iter().map(|id| metadata.configuration(id).unwrap()).collect();
        let location = wanted[0]["locations"][0].as_str();
        let ours: Value =
            serde_json::from_str(&authorization_details(&configurations, location).unwrap()).unwrap();
        // A wallet takes the whole document: it asks for no part of it.
        let whole: Value = wanted.iter().map(|detail| without(detail, &["claims"])).collect();
        assert_eq!(ours, whole, "{name}");
    }
}

#[test]
fn an_authorization_server_of_its_own_is_told_whose_credentials_are_meant() {
    const LOGIN: &str = "https://login.example";
    let server = issuer().server.to_string().replace(ISSUER, LOGIN);
    let refused = HttpResponse { status: 400, headers: HashMap::new(), body: Vec::new() };
    let mut issuer = issuer()
        .change(
            "https://login.example/.well-known/oauth-authorization-server",
            vec![answer(200, &serde_json::from_str(&server).unwrap())],
        )
        .change("https://login.example/par", vec![refused]);
    issuer.metadata["authorization_servers"] = json!([LOGIN]);
    assert!(issuer.drive(&offer(&["card"], SIGN_IN)).is_err());
    let pushed = issuer.asked.iter().find(|request| request.url.ends_with("/par")).unwrap();
    let details: Value = serde_json::from_str(&form(pushed)["authorization_details"]).unwrap();
    assert_eq!(details[0]["locations"], json!([ISSUER]));
}

#[test]
fn the_pushed_request_of_the_specification_leads_to_its_token_request() {
    let (Some(pushed), Some(token)) = (example("par-response"), example("token-request-authorization-code"))
    else {
        return;
    };
    let mut issuer = issuer().change("/par", vec![response(&pushed)]);
    issuer.browser = |url| {
        let query = url.split_once('?').unwrap().1;
        let asked = parse_form(query).unwrap();
        let (_, uri) = asked.iter().find(|(name, _)| name == "request_uri").unwrap();
        assert_eq!(uri, "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c");
        format!("{REDIRECT}?code=SplxlOBeZQQYbYS6WxSbIA&iss=https%3A%2F%2Fissuer.example&state=STATE")
    };
    issuer.drive(&offer(&["card"], SIGN_IN)).unwrap();
    let ours = form(issuer.sent("/token")[0]);
    // It authenticates by an attestation in headers instead of an assertion.
    let theirs = parse_form(token["message"]["form"].as_str().unwrap()).unwrap();
    let theirs = theirs.into_iter().filter(|(name, _)| !name.starts_with("client_assertion"));
    for (name, value) in theirs {
        match name.as_str() {
            "code_verifier" => assert_eq!(ours[&name].len(), value.len()),
            "redirect_uri" => assert_eq!(ours[&name], REDIRECT),
            _ => assert_eq!(ours[&name], value, "{name}"),
        }
    }
}

#[test]
fn the_token_of_the_specification_fetches_what_it_names_with_its_nonce() {
    let (Some(asked), Some(token), Some(nonce), Some(two)) = (
        example("token-request-pre-authorized-code"),
        example("token-response"),
        example("nonce-response"),
        example("credential-request-identifier-two-proofs"),
    ) else {
        return;
    };
    let theirs = parse_form(asked["message"]["form"].as_str().unwrap()).unwrap();
    let code = &theirs.iter().find(|(name, _)| name == "pre-authorized_code").unwrap().1;
    let mut issuer = offering("UniversityDegreeCredential", "plain")
        .change("/token", vec![response(&token)])
        .change("/nonce", vec![response(&nonce)])
        .change("/credential", vec![single()]);
    issuer.policy = TokenPolicy::AcceptBearer;
    issuer.c_nonce = "wKI4LT17ac15ES9bw8ac4";
    issuer.drive(&offer(&["UniversityDegreeCredential"], &pre_authorized(code))).unwrap();
    let ours = form(issuer.sent("/token")[0]);
    // The details say what the offer says anyway.
    for (name, value) in theirs.iter().filter(|(name, _)| name != "authorization_details") {
        assert_eq!(ours[name], *value, "{name}");
    }
    let request = issuer.sent("/credential")[0];
    let access = token["message"]["json"]["access_token"].as_str().unwrap();
    assert_eq!(request.headers["authorization"], format!("Bearer {access}"));
    if request.headers.contains_key("dpop") {
        assert_eq!(dpop_claims(request, &issuer.instance)["nonce"], "eyJ7S_zG.eyJH0-Z.HX4w-7v");
    }
    // The citizen is asked once, so that one key is proven, where the example proves two.
    let mut expected = two["message"]["json"].clone();
    let ours = body(&issuer, "/credential");
    expected["proofs"]["jwt"] = json!([ours["proofs"]["jwt"][0]]);
    assert_eq!(ours, expected);
}

#[test]
fn a_credential_request_names_a_configuration_as_the_specification_does_and_no_format() {
    let (Some(by_id), Some(by_format)) =
        (example("credential-request-configuration-id"), example("credential-request-format-mso-mdoc"))
    else {
        return;
    };
    let mut issuer = offering("org.iso.18013.5.1.mDL", "plain").change("/credential", vec![single()]);
    issuer.drive(&offer(&["org.iso.18013.5.1.mDL"], &pre_authorized("pre"))).unwrap();
    let ours = body(&issuer, "/credential");
    let mut expected = by_id["message"]["json"].clone();
    expected["proofs"]["jwt"][0] = ours["proofs"]["jwt"][0].clone();
    assert_eq!(ours, expected);
    // What drafts had, and 1.0 has no more.
    for name in ["format", "doctype"] {
        assert!(by_format["credential_request"].get(name).is_some() && ours.get(name).is_none(), "{name}");
    }
}

#[test]
fn the_credentials_of_the_specification_are_handed_over_and_noticed() {
    let (Some(one), Some(batch), Some(sd_jwt)) = (
        example("credential-response-one"),
        example("credential-response-batch"),
        example("credential-response-sd-jwt-vc"),
    ) else {
        return;
    };
    let mut single = issuer().change("/credential", vec![response(&one)]);
    single.drive(&offer(&["plain"], &pre_authorized("pre"))).unwrap();
    assert_eq!(single.delivered, 1);
    assert_eq!(single.sent("/notification").len(), 0, "it has no name to be noticed by");

    let whole = json!({"message": {"start_line": "HTTP/1.1 200 OK", "headers": {"Content-Type": "application/json"},
        "json": sd_jwt["credential_response"]}});
    let mut single = issuer().change("/credential", vec![response(&whole)]);
    single.drive(&offer(&["plain"], &pre_authorized("pre"))).unwrap();
    assert_eq!(single.delivered, 1);
    let text = sd_jwt["credential_response"]["credentials"][0]["credential"].as_str().unwrap();
    assert!(SdJwt::parse(text).is_ok());

    for (notice, name) in
        [(Outcome::Kept, "notification-accepted"), (Outcome::Failed, "notification-failure")]
    {
        let mut two = issuer().change("/credential", vec![response(&batch)]);
        two.holders.truncate(2);
        two.notice = notice;
        two.drive(&offer(&["card"], &pre_authorized("pre"))).unwrap();
        assert_eq!(two.delivered, 2);
        // Why it failed is the citizen's business.
        let expected = without(&example(name).unwrap()["message"]["json"], &["event_description"]);
        assert_eq!(body(&two, "/notification"), expected);
    }
}

#[test]
fn a_wallet_that_is_put_off_as_in_the_specification_asks_as_there() {
    let (Some(later), Some(pending), Some(request)) = (
        example("credential-response-deferred"),
        example("deferred-response-pending"),
        example("deferred-request"),
    ) else {
        return;
    };
    let mut issuer =
        issuer().change("/credential", vec![response(&later)]).change("/deferred", vec![response(&pending)]);
    issuer.drive(&offer(&["card"], &pre_authorized("pre"))).unwrap();
    assert_eq!(issuer.delivered, 3);
    assert_eq!(issuer.sent("/deferred").len(), 2);
    assert_eq!(body(&issuer, "/deferred"), request["message"]["json"]);
}
