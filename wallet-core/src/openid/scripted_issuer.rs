//! An issuer of a few lines for tests of the machine, which can be told to break each rule.
#![cfg(feature = "issuer")]

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    Client, Finished, Input, Issuance, MetadataPolicy, Misuse, OpenIdError, Outcome, RequestPolicy, Step,
    TokenPolicy, form::parse_form,
};
use crate::{
    bytes::{Secret, SecretBytes},
    card::{Nonce, SessionId, derive_chip_challenge, derive_face_challenge},
    crypto::{hash::sha256, sign::SigningKey},
    jose::{Blob, ContentEncryption, DecryptionKey, Fixed, Jws, encode, encrypt},
    platform::{ChipMessage, ChipProof, FaceMessage, GroupMessage, HttpRequest, HttpResponse, Url},
};

/// What `run` gives back when the process died on the way.
pub(super) const DIED: OpenIdError = OpenIdError::Misuse(Misuse::BadRandomness);
pub(super) const NOW: i64 = 1_795_500_000;
pub(super) const ISSUER: &str = "https://issuer.example";
pub(super) const REDIRECT: &str = "https://wallet.example/cb";
pub(super) const WITH_CODE: &str = r#"{"urn:ietf:params:oauth:grant-type:pre-authorized_code":{"pre-authorized_code":"pre","tx_code":{"length":6}}}"#;
pub(super) const SIGN_IN: &str = r#"{"authorization_code":{"issuer_state":"st"}}"#;

/// An issuer that answers by path. A changed answer comes instead of the usual one.
pub(super) struct Issuer {
    pub(super) instance: SigningKey,
    pub(super) holders: Vec<SigningKey>,
    changed: HashMap<&'static str, Vec<HttpResponse>>,
    pub(super) asked: Vec<HttpRequest>,
    pub(super) metadata: Value,
    pub(super) server: Value,
    pub(super) policy: TokenPolicy,
    pub(super) requests: RequestPolicy,
    pub(super) attested: bool,
    pub(super) typed: Option<&'static str>,
    pub(super) browser: fn(&str) -> String,
    pub(super) waited: u32,
    pub(super) notice: Outcome,
    pub(super) delivered: usize,
    pub(super) asked_citizen: bool,
    /// The first credential request is put off with this.
    pub(super) later: Option<Value>,
    /// All credentials of an issuance get the same name for notices.
    pub(super) one_name: bool,
    pub(super) saved: Vec<Vec<u8>>,
    /// The process dies when the machine asks for this.
    pub(super) dies_at: Option<fn(&Step) -> bool>,
    pub(super) chip_proofs: Vec<&'static str>,
    pub(super) card_cannot_sign: bool,
    pub(super) c_nonce: &'static str,
}

pub(super) fn answer(status: u16, body: &Value) -> HttpResponse {
    HttpResponse {
        status,
        headers: HashMap::from([("content-type".into(), "application/json; charset=utf-8".into())]),
        body: serde_json::to_vec(body).unwrap(),
    }
}

/// The key that requests are encrypted to.
pub(super) fn request_key() -> DecryptionKey {
    DecryptionKey::derive(&[3; 64]).unwrap()
}

/// An answer encrypted as the wallet asked.
pub(super) fn sealed_answer(status: u16, asked: &Value, message: &Value) -> HttpResponse {
    let key = serde_json::from_value(asked["jwk"].clone()).unwrap();
    let content = ContentEncryption::ALL.into_iter().find(|content| asked["enc"] == content.name()).unwrap();
    let token = encrypt(&key, content, &serde_json::to_vec(message).unwrap()).unwrap();
    let headers = HashMap::from([("content-type".into(), "application/jwt".into())]);
    HttpResponse { status, headers, body: token.into_bytes() }
}

pub(super) fn with_nonce(mut response: HttpResponse, nonce: &str) -> HttpResponse {
    response.headers.insert("dpop-nonce".into(), nonce.into());
    response
}

pub(super) fn issuer() -> Issuer {
    let jwt = json!({"proof_signing_alg_values_supported": ["ES256"]});
    Issuer {
        instance: SigningKey::make().unwrap().0,
        holders: (0..3).map(|_| SigningKey::make().unwrap().0).collect(),
        changed: HashMap::new(),
        asked: Vec::new(),
        metadata: json!({
            "credential_issuer": ISSUER, "credential_endpoint": "https://issuer.example/credential",
            "nonce_endpoint": "https://issuer.example/nonce", "deferred_credential_endpoint": "https://issuer.example/deferred",
            "notification_endpoint": "https://issuer.example/notification", "batch_credential_issuance": {"batch_size": 3},
            "credential_configurations_supported": {
                "card": {"format": "mso_mdoc", "doctype": "org.iso.23220.photoid.1",
                    "proof_types_supported": {"attestation": {"proof_signing_alg_values_supported": ["ES256"], "key_attestations_required": {}}}},
                "twin": {"format": "dc+sd-jwt", "vct": "urn:card", "scope": "twin",
                    "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": ["ES256"], "key_attestations_required": {}}}},
                "plain": {"format": "dc+sd-jwt", "vct": "urn:card", "proof_types_supported": {"jwt": jwt}},
            }
        }),
        server: json!({
            "issuer": ISSUER, "token_endpoint": "https://issuer.example/token",
            "authorization_endpoint": "https://issuer.example/authorize",
            "pushed_authorization_request_endpoint": "https://issuer.example/par",
            "authorization_challenge_endpoint": "https://issuer.example/challenge",
            "authorization_response_iss_parameter_supported": true,
            "token_endpoint_auth_methods_supported": ["attest_jwt_client_auth"],
            "code_challenge_methods_supported": ["S256"], "dpop_signing_alg_values_supported": ["ES256"],
        }),
        policy: TokenPolicy::DpopOnly,
        requests: RequestPolicy::PushedOnly,
        attested: true,
        typed: Some("493536"),
        browser: come_back,
        waited: 0,
        notice: Outcome::Kept,
        delivered: 0,
        asked_citizen: false,
        later: None,
        one_name: false,
        saved: Vec::new(),
        dies_at: None,
        chip_proofs: vec!["active_authentication"],
        card_cannot_sign: false,
        c_nonce: "c-nonce",
    }
}

pub(super) fn chip() -> ChipMessage {
    ChipMessage {
        sod: Blob(vec![0x77]),
        groups: vec![GroupMessage { number: 1, content: Blob(vec![0x61]) }],
        proof: ChipProof::ActiveAuthentication(Blob(vec![1; 64])),
    }
}

pub(super) fn face() -> FaceMessage {
    FaceMessage { provider: "face".into(), signature: Fixed([2; 64]) }
}

fn come_back(url: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    assert_eq!(query, "client_id=wallet&request_uri=urn%3Apushed");
    // Filled in by `drive`, which has seen the pushed state.
    format!("{REDIRECT}?code=abc&iss=https%3A%2F%2Fissuer.example&state=STATE")
}

impl Issuer {
    pub(super) fn change(mut self, path: &'static str, responses: Vec<HttpResponse>) -> Self {
        self.changed.insert(path, responses);
        self
    }

    /// Evidence is worth a code; without it there is a challenge.
    fn challenge(&self) -> HttpResponse {
        let members = form(self.asked.last().unwrap());
        if members.contains_key("card_evidence") {
            return answer(200, &json!({"authorization_code": "from-the-card"}));
        }
        if members.contains_key("chip_dg14") {
            return answer(
                403,
                &json!({"error": "insufficient_authorization", "auth_session": encode(&[8; 16]),
                        "chip_public_key": encode(&[4; 65]), "chip_commands": [encode(&[0x0C, 0xA4, 2, 0x0C]), encode(&[0x0C, 0xB0, 0, 0])]}),
            );
        }
        self.challenge_answer()
    }

    pub(super) fn challenge_answer(&self) -> HttpResponse {
        answer(
            403,
            &json!({"error": "insufficient_authorization", "auth_session": encode(&[8; 16]), "chip_nonce": encode(&[9; 32]),
                    "expires_in": 120, "chip_proofs": self.chip_proofs}),
        )
    }

    fn respond(&mut self, request: HttpRequest) -> HttpResponse {
        let path = request.url.strip_prefix(ISSUER).unwrap_or(&request.url).to_owned();
        let body = self.read(&request);
        let count =
            body.as_ref().map(|body| body["proofs"]["jwt"].as_array().map_or(self.holders.len(), Vec::len));
        let several = body.as_ref().is_some_and(|body| body["credential_configuration_id"] != "plain");
        self.asked.push(request);
        if let Some(response) = self
            .changed
            .get_mut(path.as_str())
            .and_then(|changed| (!changed.is_empty()).then(|| changed.remove(0)))
        {
            return response;
        }
        match path.as_str() {
            "/.well-known/openid-credential-issuer" => answer(200, &self.metadata),
            "/.well-known/oauth-authorization-server" => answer(200, &self.server),
            "/offer" => answer(200, &serde_json::from_str(&offer_json(&["card"], WITH_CODE)).unwrap()),
            "/challenge" => self.challenge(),
            "/par" => answer(201, &json!({"request_uri": "urn:pushed", "expires_in": 60})),
            "/token" => {
                answer(200, &json!({"access_token": "token", "token_type": "DPoP", "refresh_token": "again"}))
            }
            "/nonce" => answer(200, &json!({"c_nonce": self.c_nonce})),
            "/credential" | "/deferred" => {
                let count = if several { self.holders.len() } else { count.unwrap_or(1) };
                let credentials: Vec<Value> = (0..count)
                    .map(|i| json!({"credential": format!("{path}{i}-{}", self.asked.len())}))
                    .collect();
                let number = self.sent("/credential").len();
                let name = if self.one_name { "n1".to_owned() } else { format!("n{number}") };
                let credentials = json!({"credentials": credentials, "notification_id": name});
                let (status, message) = self.later.take().map_or((200, credentials), |later| (202, later));
                match body.and_then(|body| body.get("credential_response_encryption").cloned()) {
                    Some(asked) => sealed_answer(status, &asked, &message),
                    None => answer(status, &message),
                }
            }
            "/notification" => HttpResponse { status: 204, headers: HashMap::new(), body: Vec::new() },
            other => panic!("nobody answers {other}"),
        }
    }

    /// What a request says, opened where it is encrypted to this issuer.
    pub(super) fn read(&self, request: &HttpRequest) -> Option<Value> {
        if request.headers.get("content-type").is_none_or(|kind| kind != "application/jwt") {
            return serde_json::from_slice(&request.body).ok();
        }
        let token = std::str::from_utf8(&request.body).unwrap();
        let open = |content| request_key().open(token, content).ok();
        let plain = ContentEncryption::ALL.into_iter().find_map(open).expect("encrypted to this issuer");
        Some(serde_json::from_slice(&plain).unwrap())
    }

    pub(super) fn drive(&mut self, offer: &str) -> Result<Finished, OpenIdError> {
        let begun = Issuance::begin(self.client(), offer, Secret::new([5; 32]))?;
        self.run(begun)
    }

    pub(super) fn client(&self) -> Client {
        Client {
            client_id: "wallet".into(),
            redirect_uri: Url::parse(REDIRECT).unwrap(),
            instance: *self.instance.public(),
            attested: self.attested,
            tokens: self.policy,
            requests: self.requests,
            metadata: MetadataPolicy::AcceptUnsigned,
        }
    }

    pub(super) fn run(&mut self, begun: (Issuance, Step)) -> Result<Finished, OpenIdError> {
        let (mut machine, mut step) = begun;
        for _ in 0..100 {
            if self.dies_at.is_some_and(|dies| dies(&step)) {
                return Err(DIED);
            }
            let input = match step {
                Step::Http(request) => Input::Response(self.respond(request)),
                Step::AskConsent(summary) => {
                    self.asked_citizen = true;
                    let typed = summary.transaction_code.and(self.typed);
                    Input::Consent { transaction_code: typed.map(|code| SecretBytes::new(code.into())) }
                }
                Step::AttestWallet => Input::WalletAttestation("wallet.attest.ation".into()),
                Step::SignInstance(bytes) => Input::Signature(self.instance.sign(&bytes).unwrap().to_vec()),
                Step::OpenInBrowser(url) => {
                    let back = (self.browser)(&url);
                    let pushed = self.asked.iter().rfind(|request| request.url.ends_with("/par"));
                    let members = pushed.map_or(url.split_once('?').unwrap().1, |pushed| {
                        std::str::from_utf8(&pushed.body).unwrap()
                    });
                    let form = parse_form(members).unwrap();
                    let state = &form.iter().find(|(name, _)| name == "state").unwrap().1;
                    Input::Redirected(back.replace("STATE", state))
                }
                Step::MakeHolderKeys { count, challenge, .. } => {
                    assert_eq!(challenge, sha256(self.c_nonce.as_bytes()));
                    let count = usize::try_from(count).unwrap();
                    Input::HolderKeys(
                        self.holders.iter().take(count).map(|key| key.public().as_sec1().to_vec()).collect(),
                    )
                }
                Step::AttestKeys { nonce } => {
                    assert_eq!(nonce.as_deref(), Some(self.c_nonce));
                    Input::KeyAttestation("keys.attest.ed".into())
                }
                Step::SignHolder(bytes) => Input::Signature(self.holders[0].sign(&bytes).unwrap().to_vec()),
                Step::Wait { seconds } => {
                    assert!(seconds > 0);
                    self.waited += 1;
                    Input::Waited
                }
                Step::Keep(delivered) => {
                    self.delivered = delivered.credentials.iter().map(|c| c.copies.len()).sum();
                    Input::Outcome(self.notice)
                }
                Step::Save(bytes) => {
                    self.saved.push(bytes.expose().to_vec());
                    Input::Saved
                }
                Step::GatherEvidence { chip_challenge, face_challenge, relay, expires_in } => {
                    assert_eq!((expires_in, relay), (120, self.chip_proofs.contains(&"chip_authentication")));
                    let (nonce, id) = (Nonce([9; 32]), SessionId([8; 16]));
                    assert_eq!(chip_challenge, derive_chip_challenge(&nonce, &id, self.instance.public()));
                    assert_eq!(face_challenge, derive_face_challenge(&nonce, &id));
                    if self.card_cannot_sign {
                        Input::AskExaminer { sod: vec![0x77], dg14: vec![0x6E] }
                    } else {
                        Input::Evidence { chip: chip(), face: face(), replaces_phone: false }
                    }
                }
                Step::Examine { public_key, commands } => {
                    let asked = vec![vec![0x0C, 0xA4, 2, 0x0C], vec![0x0C, 0xB0, 0, 0]];
                    assert_eq!((public_key, commands), (vec![4; 65], asked));
                    let proof = ChipProof::ChipAuthentication(vec![Blob(vec![3; 20]), Blob(vec![4; 30])]);
                    let chip = ChipMessage { proof, ..chip() };
                    Input::Evidence { chip, face: face(), replaces_phone: false }
                }
                Step::Done(finished) => return Ok(finished),
            };
            (machine, step) = machine.handle(input, NOW)?;
        }
        panic!("the machine does not end");
    }

    pub(super) fn sent(&self, path: &str) -> Vec<&HttpRequest> {
        self.asked.iter().filter(|request| request.url == format!("{ISSUER}{path}")).collect()
    }
}

pub(super) fn offer_json(ids: &[&str], grants: &str) -> String {
    format!(
        r#"{{"credential_issuer":"{ISSUER}","credential_configuration_ids":{},"grants":{grants}}}"#,
        json!(ids)
    )
}

pub(super) fn offer(ids: &[&str], grants: &str) -> String {
    let value = form_urlencoded::byte_serialize(offer_json(ids, grants).as_bytes()).collect::<String>();
    format!("openid-credential-offer://?credential_offer={value}")
}

pub(super) fn form(request: &HttpRequest) -> HashMap<String, String> {
    parse_form(std::str::from_utf8(&request.body).unwrap()).unwrap().into_iter().collect()
}

pub(super) fn dpop_claims(request: &HttpRequest, key: &SigningKey) -> Value {
    let jws = Jws::parse(&request.headers["dpop"], "dpop+jwt").unwrap();
    assert_eq!(jws.key(), Some(key.public()));
    jws.verify(key.public()).unwrap()
}
