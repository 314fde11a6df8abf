#![cfg(feature = "issuer")]

use std::collections::HashMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

use super::*;
use crate::{
    bytes::Secret,
    crypto::sign::SigningKey,
    jose::SigningInput,
    openid::{Input, Issuance, RequestPolicy, TokenPolicy},
    oracles,
    trust::{
        eku,
        test_pki::{NOW, authority_params, key, leaf_params, root, with_usage},
    },
};

const ISSUER: &str = "https://issuer.example";

struct Signer {
    anchors: Anchors,
    key: SigningKey,
    x5c: [String; 1],
}

impl Signer {
    fn with(usage: &[u64]) -> Self {
        let top = root(authority_params("root", Some(0)));
        let pair = key();
        let certificate = with_usage(leaf_params("signer"), usage).signed_by(&pair, &top).unwrap();
        Self {
            anchors: Anchors::new(vec![Certificate::parse(top.der()).unwrap()]),
            key: SigningKey::from_pkcs8(&pair.serialize_der()).unwrap(),
            x5c: [BASE64_STANDARD.encode(certificate.der())],
        }
    }

    fn sign(&self, typ: &str, claims: &Value) -> HttpResponse {
        let input = SigningInput::new(&json!({"alg": "ES256", "typ": typ, "x5c": self.x5c}), claims).unwrap();
        let signature = self.key.sign(input.as_bytes()).unwrap();
        answer("application/jwt", input.signed(&signature).into_bytes())
    }
}

fn answer(content_type: &str, body: Vec<u8>) -> HttpResponse {
    let headers = HashMap::from([("content-type".to_owned(), content_type.to_owned())]);
    HttpResponse { status: 200, headers, body }
}

fn claims(change: &Value) -> Value {
    let mut claims = json!({
        "sub": ISSUER, "iat": NOW, "exp": NOW + 100, "credential_issuer": ISSUER,
        "credential_endpoint": "https://issuer.example/credential",
        "credential_configurations_supported": {},
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

/// Asks an issuer under this policy; gives what the wallet says to its answer.
fn ask(metadata: MetadataPolicy, response: HttpResponse) -> Result<Step, OpenIdError> {
    let wants = match metadata {
        MetadataPolicy::Signed(_) => JWT,
        MetadataPolicy::AcceptUnsigned => "application/json",
    };
    let client = Client {
        client_id: "wallet".into(),
        redirect_uri: Url::parse("https://wallet.example/issued").unwrap(),
        instance: *SigningKey::make().unwrap().0.public(),
        attested: true,
        tokens: TokenPolicy::DpopOnly,
        requests: RequestPolicy::PushedOnly,
        metadata,
    };
    let (machine, step) = Issuance::with_card(client, Url::parse(ISSUER).unwrap(), Secret::new([1; 32]));
    let Step::Http(request) = step else { panic!("a request") };
    assert_eq!(request.url, "https://issuer.example/.well-known/openid-credential-issuer");
    assert_eq!(request.headers["accept"], wants);
    machine.handle(Input::Response(response), NOW).map(|(_, step)| step)
}

#[test]
fn signed_metadata_are_believed_under_a_root_and_for_this_issuer_only() {
    let signer = Signer::with(&eku::METADATA_SIGNER);
    let under = |signer: &Signer, response| ask(MetadataPolicy::Signed(signer.anchors.clone()), response);
    let Ok(Step::Http(next)) = under(&signer, signer.sign(SIGNED_METADATA, &claims(&json!({})))) else {
        panic!("it goes on")
    };
    assert_eq!(next.url, "https://issuer.example/.well-known/oauth-authorization-server");
    let refused = |response, rule: Rule| assert_eq!(under(&signer, response).unwrap_err(), rule.into());
    let signed = |change: Value| signer.sign(SIGNED_METADATA, &claims(&change));
    refused(signed(json!({"sub": "https://other.example"})), Rule::OtherIssuer);
    refused(signed(json!({"credential_issuer": "https://other.example"})), Rule::OtherIssuer);
    refused(signed(json!({"iat": NOW + 301})), Rule::MetadataTime);
    refused(signed(json!({"exp": NOW})), Rule::MetadataTime);
    refused(signed(json!({"exp": null, "iat": NOW - 7 * 86_400})), Rule::MetadataTime);
    assert!(under(&signer, signed(json!({"exp": null, "iat": NOW - 7 * 86_400 + 1}))).is_ok());
    refused(signed(json!({"iat": "now"})), Rule::MetadataSignature);
    refused(signed(json!({"credential_endpoint": 1})), Rule::NotMetadata);
    refused(signer.sign("JWT", &claims(&json!({}))), Rule::MetadataSignature);
    refused(
        Signer::with(&eku::METADATA_SIGNER).sign(SIGNED_METADATA, &claims(&json!({}))),
        Rule::MetadataSignature,
    );
    let mut altered = signed(json!({}));
    let middle = altered.body.len() / 2;
    altered.body[middle] ^= 1;
    refused(altered, Rule::MetadataSignature);
    refused(answer("application/jwt", vec![0xFF]), Rule::MetadataSignature);
    let other = Signer::with(&eku::SD_JWT_ISSUER);
    let response = other.sign(SIGNED_METADATA, &claims(&json!({})));
    assert_eq!(
        under(&other, response).unwrap_err(),
        Rule::MetadataSignature.into(),
        "a signer of credentials is none of metadata"
    );
}

fn server_claims(change: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "iat": NOW, "exp": NOW + 100, "issuer": ISSUER,
        "token_endpoint": "https://issuer.example/token",
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

/// What an authorization server answers: a proxy's words in the clear, and beside them what the server signed.
fn server_answer(signer: &Signer, typ: &str, claims: &Value) -> HttpResponse {
    let token = String::from_utf8(signer.sign(typ, claims).body).unwrap();
    let body =
        json!({"issuer": ISSUER, "token_endpoint": "https://evil.example/token", "signed_metadata": token});
    answer("application/json", serde_json::to_vec(&body).unwrap())
}

#[test]
fn an_authorization_server_is_believed_by_what_it_signed_and_by_nothing_else() {
    let signer = Signer::with(&eku::METADATA_SIGNER);
    let server = Url::parse(ISSUER).unwrap();
    let policy = MetadataPolicy::Signed(signer.anchors.clone());
    let read = |response: &HttpResponse| read_server(&policy, response, &server, NOW);
    let signed = |change: Value| server_answer(&signer, SIGNED_SERVER_METADATA, &server_claims(&change));
    let believed = read(&signed(json!({}))).unwrap();
    assert_eq!(believed.token_endpoint.as_str(), "https://issuer.example/token", "not the proxy's");
    // Who signs may have its endpoints wherever it says.
    let elsewhere = read(&signed(json!({"token_endpoint": "https://tokens.example/t"}))).unwrap();
    assert_eq!(elsewhere.token_endpoint.as_str(), "https://tokens.example/t");

    let refused = |response: HttpResponse, rule: Rule| assert_eq!(read(&response), Err(rule.into()));
    let unsigned = json!({"issuer": ISSUER, "token_endpoint": "https://issuer.example/token"});
    refused(answer("application/json", serde_json::to_vec(&unsigned).unwrap()), Rule::MetadataNotSigned);
    refused(signed(json!({"iss": "https://other.example"})), Rule::OtherAuthorizationServer);
    refused(signed(json!({"iss": null})), Rule::OtherAuthorizationServer);
    refused(signed(json!({"issuer": "https://other.example"})), Rule::OtherAuthorizationServer);
    refused(signed(json!({"exp": NOW})), Rule::MetadataTime);
    refused(signed(json!({"token_endpoint": null})), Rule::NotMetadata);
    // Metadata of an issuer are none of a server, and the other way round.
    refused(server_answer(&signer, SIGNED_METADATA, &server_claims(&json!({}))), Rule::MetadataSignature);
    let stranger = Signer::with(&eku::METADATA_SIGNER);
    refused(
        server_answer(&stranger, SIGNED_SERVER_METADATA, &server_claims(&json!({}))),
        Rule::MetadataSignature,
    );
    let other = Signer::with(&eku::SD_JWT_ISSUER);
    let under_other = MetadataPolicy::Signed(other.anchors.clone());
    let response = server_answer(&other, SIGNED_SERVER_METADATA, &server_claims(&json!({})));
    assert_eq!(read_server(&under_other, &response, &server, NOW), Err(Rule::MetadataSignature.into()));
}

#[test]
fn a_server_that_only_tls_vouches_for_stays_on_its_own_origin() {
    let server = Url::parse("https://login.example/tenant").unwrap();
    let read = |member: &str, url: &str| {
        let mut body = json!({"issuer": "https://login.example/tenant", "token_endpoint": "https://login.example/token"});
        body[member] = url.into();
        let response = answer("application/json", serde_json::to_vec(&body).unwrap());
        read_server(&MetadataPolicy::AcceptUnsigned, &response, &server, NOW)
    };
    for member in [
        "token_endpoint",
        "authorization_endpoint",
        "pushed_authorization_request_endpoint",
        "authorization_challenge_endpoint",
    ] {
        assert!(read(member, "https://login.example/other").is_ok(), "{member}");
        for other in
            ["https://evil.example/x", "https://login.example:8443/x", "https://login.example.evil.example/x"]
        {
            assert_eq!(read(member, other), Err(Rule::EndpointOrigin.into()), "{member} {other}");
        }
    }
}

#[test]
fn metadata_in_the_clear_will_do_only_where_the_policy_says_so() {
    let plain = || answer("application/json", serde_json::to_vec(&claims(&json!({}))).unwrap());
    assert!(ask(MetadataPolicy::AcceptUnsigned, plain()).is_ok());
    let strict = ask(MetadataPolicy::Signed(Anchors::default()), plain());
    assert_eq!(strict.unwrap_err(), Rule::MetadataNotSigned.into());
    let signer = Signer::with(&eku::METADATA_SIGNER);
    let unasked = ask(MetadataPolicy::AcceptUnsigned, signer.sign(SIGNED_METADATA, &claims(&json!({}))));
    assert_eq!(unasked.unwrap_err(), Rule::ContentType.into());
}

/// OpenID4VCI 1.0, Appendix I.1.
#[test]
fn the_signed_metadata_of_the_specification_verify_and_are_read() {
    let Some(example) = oracles::json("vectors/openid4vci/issuer-metadata-signed.json") else { return };
    let jws = Jws::parse(example["jwt"].as_str().unwrap(), SIGNED_METADATA).unwrap();
    let signer = Certificate::parse(&jws.chain().unwrap()[0]).unwrap();
    let claims: Value = jws.verify(&signer.p256_public_key().unwrap()).unwrap();
    let issuer = Url::parse(claims["credential_issuer"].as_str().unwrap()).unwrap();
    assert_eq!(claims["sub"], issuer.as_str());
    IssuerMetadata::parse(&serde_json::to_vec(&claims).unwrap(), &issuer).unwrap();
}
