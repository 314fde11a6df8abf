//! The machine of `openid/` gets credentials from an issuer nobody here wrote. `ci/openid-peers` starts it and says where
//! it is; without it these tests do not run.

use std::{env, fs, path::PathBuf};

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use fixtures::platform::LoopbackHttp;
use serde_json::{Value, json};
use wallet_core::{
    bytes::{Secret, SecretBytes},
    card::Refusal,
    crypto::sign::{PublicKey, SigningKey},
    jose::{Jwk, SigningInput},
    mdoc::{self, Expected, IssuerSigned, MdocError, PHOTO_ID},
    openid::{
        Client, Delivered, ErrorCode, Format, Input, Issuance, MetadataPolicy, OpenIdError, Outcome,
        RequestPolicy, Step, TokenPolicy,
        sd_jwt::{self, SdJwt, SdJwtError, SdRule},
    },
    platform::{Http, HttpMethod, HttpRequest, Url},
    trust::{Anchors, Certificate},
};

const WALLET: &str = "wallet1";
const MDL: &str = "org.iso.18013.5.1.mDL";

/// What the citizen, the phone and the wallet provider do.
struct Phone {
    instance: SigningKey,
    holders: Vec<SigningKey>,
    provider: Provider,
    /// Instead of the code that the citizen was told.
    typed: Option<&'static str>,
    /// Fewer copies than the issuer gives.
    most: usize,
    nonce: Option<&'static str>,
}

/// The peer trusts its own document signer as a wallet provider too.
struct Provider {
    key: SigningKey,
    certificate: String,
}

impl Provider {
    fn open() -> Self {
        let folder = PathBuf::from(env::var("OPENID_PEER_PKI").unwrap());
        let pem = fs::read_to_string(folder.join("ds.key.pem")).unwrap();
        let pkcs8: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        Self {
            key: SigningKey::from_pkcs8(&BASE64_STANDARD.decode(pkcs8).unwrap()).unwrap(),
            certificate: BASE64_STANDARD.encode(fs::read(folder.join("ds.der")).unwrap()),
        }
    }

    fn sign(&self, typ: &str, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": typ, "x5c": [self.certificate]});
        let input = SigningInput::new(&header, claims).unwrap();
        let signature = self.key.sign(input.as_bytes()).unwrap();
        input.signed(&signature)
    }
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_secs().try_into().unwrap()
}

fn peer() -> String {
    env::var("OPENID_PEER").expect("ci/openid-peers starts the peer")
}

/// Has the peer make an offer; gives back its link and the code that the citizen is told.
async fn offer(what: Value) -> (String, Option<String>) {
    let request = HttpRequest {
        method: HttpMethod::Post,
        url: format!("{}/admin/offer", peer()),
        headers: [("content-type".to_owned(), "application/json".to_owned())].into(),
        body: serde_json::to_vec(&what).unwrap(),
    };
    let response = LoopbackHttp::new().send(request).await.unwrap();
    let made: Value = serde_json::from_slice(&response.body).unwrap();
    (made["offer"].as_str().unwrap().to_owned(), made["tx_code"].as_str().map(str::to_owned))
}

fn phone() -> Phone {
    Phone {
        instance: SigningKey::make().unwrap().0,
        holders: (0..5).map(|_| SigningKey::make().unwrap().0).collect(),
        provider: Provider::open(),
        typed: None,
        most: 5,
        nonce: None,
    }
}

impl Phone {
    async fn issue(&self, link: &str, told: Option<&str>) -> Result<Delivered, OpenIdError> {
        let client = Client {
            client_id: WALLET.into(),
            redirect_uri: Url::parse("https://wallet.example/cb").unwrap(),
            instance: *self.instance.public(),
            attested: true,
            tokens: TokenPolicy::DpopOnly,
            requests: RequestPolicy::PushedOnly,
            metadata: MetadataPolicy::AcceptUnsigned,
        };
        let http = LoopbackHttp::new();
        let mut kept = None;
        let seed = wallet_core::crypto::random::make_random().unwrap();
        let (mut machine, mut step) = Issuance::begin(client, link, Secret::new(seed))?;
        loop {
            let input = match step {
                Step::Http(request) => Input::Response(http.send(request).await.unwrap()),
                Step::AskConsent(summary) => {
                    let typed = summary.transaction_code.and(self.typed.or(told));
                    Input::Consent { transaction_code: typed.map(|code| SecretBytes::new(code.into())) }
                }
                Step::AttestWallet => Input::WalletAttestation(self.provider.sign(
                    "oauth-client-attestation+jwt",
                    &json!({"iss": peer(), "sub": WALLET, "iat": now(), "exp": now() + 600,
                            "cnf": {"jwk": Jwk::new(*self.instance.public())}}),
                )),
                Step::SignInstance(bytes) => Input::Signature(self.instance.sign(&bytes).unwrap().to_vec()),
                Step::MakeHolderKeys { count, .. } => {
                    let count = usize::try_from(count).unwrap().min(self.most);
                    let keys = self.holders.iter().take(count);
                    Input::HolderKeys(keys.map(|key| key.public().as_sec1().to_vec()).collect())
                }
                Step::AttestKeys { nonce } => {
                    let keys: Vec<Jwk> =
                        self.holders.iter().take(self.most).map(|key| Jwk::new(*key.public())).collect();
                    Input::KeyAttestation(self.provider.sign(
                        "key-attestation+jwt",
                        &json!({"attested_keys": keys, "key_storage": ["iso_18045_high"], "user_authentication": ["iso_18045_high"],
                                "nonce": self.nonce.map(str::to_owned).or(nonce), "iat": now(), "exp": now() + 600}),
                    ))
                }
                Step::SignHolder(bytes) => Input::Signature(self.holders[0].sign(&bytes).unwrap().to_vec()),
                Step::Keep(delivered) => {
                    kept = Some(*delivered);
                    Input::Outcome(Outcome::Kept)
                }
                Step::Save(_) => Input::Saved,
                Step::Done(_) => return Ok(kept.unwrap()),
                step => panic!("not expected from this issuer: {step:?}"),
            };
            (machine, step) = machine.handle(input, now())?;
        }
    }
}

fn peer_anchors() -> Anchors {
    let folder = PathBuf::from(env::var("OPENID_PEER_PKI").unwrap());
    Anchors::new(vec![Certificate::parse(&fs::read(folder.join("iaca.der")).unwrap()).unwrap()])
}

/// Each SD-JWT VC is believed: its signer under the peer's root, its type, the key it was asked for, times, every disclosure.
fn assert_believed(delivered: &Delivered, copies: usize) {
    let [credentials] = &delivered.credentials[..] else { panic!("one configuration") };
    assert_eq!(credentials.copies.len(), copies);
    let Format::SdJwtVc { vct } = &credentials.configuration.format else { panic!("an SD-JWT VC") };
    let anchors = peer_anchors();
    for (key, text) in &credentials.copies {
        let parsed = SdJwt::parse(text).unwrap();
        let check = |vct: &str, holder: &PublicKey, now: i64| {
            sd_jwt::verify(&parsed, &sd_jwt::Expected { vct, holder }, &anchors, now)
        };
        let believed = check(vct, key, now()).unwrap();
        assert!(text.matches('~').count() > 1, "something is disclosed");
        assert!(!believed.claims().contains_key("_sd"));
        let stranger = SigningKey::make().unwrap().0;
        let misbehaved = |rule| Err(SdJwtError::IssuerMisbehaved(rule));
        assert_eq!(check(vct, stranger.public(), now()), misbehaved(SdRule::OtherHolder));
        assert_eq!(check("another", key, now()), misbehaved(SdRule::OtherType));
        let nobody =
            sd_jwt::verify(&parsed, &sd_jwt::Expected { vct, holder: key }, &Anchors::default(), now());
        assert!(matches!(nobody, Err(SdJwtError::Untrusted(_))), "{nobody:?}");
        // One disclosure twice.
        let mut parts: Vec<&str> = text.split('~').collect();
        let again = parts[1];
        parts.insert(1, again);
        let twice = SdJwt::parse(&parts.join("~")).unwrap();
        let twice = sd_jwt::verify(&twice, &sd_jwt::Expected { vct, holder: key }, &anchors, now());
        assert_eq!(twice, misbehaved(SdRule::UnusedDisclosure));
    }
}

#[tokio::test]
#[ignore = "ci/openid-peers runs it"]
async fn an_mdoc_comes_by_transaction_code_and_dpop() {
    let (link, code) = offer(json!({"ids": ["mdl"], "tx_code": true, "dpop": true})).await;
    let delivered = phone().issue(&link, code.as_deref()).await.unwrap();
    let [credentials] = &delivered.credentials[..] else { panic!("one configuration") };
    assert_eq!(credentials.configuration.format, Format::Mdoc { doctype: MDL.into() });
    let [(key, text)] = &credentials.copies[..] else { panic!("one copy: each key signs for itself") };
    let parsed = IssuerSigned::parse(&BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    let check = |doc_type, key, anchors: &Anchors| {
        mdoc::verify(&parsed, &Expected { doc_type, device_key: Some(key) }, anchors, now())
    };
    let anchors = peer_anchors();
    let believed = check(MDL, key, &anchors).unwrap();
    assert_eq!(believed.element("org.iso.18013.5.1", "family_name").unwrap().text(), Some("Doe"));
    assert_eq!(believed.element("org.iso.18013.5.1", "age_over_18").unwrap().bool(), Some(true));
    let stranger = SigningKey::make().unwrap().0;
    assert!(matches!(check(MDL, stranger.public(), &anchors), Err(MdocError::IssuerMisbehaved(_))));
    assert!(matches!(check(PHOTO_ID, key, &anchors), Err(MdocError::IssuerMisbehaved(_))));
    assert!(matches!(check(MDL, key, &Anchors::default()), Err(MdocError::UntrustedSigner(_))));
}

#[tokio::test]
#[ignore = "ci/openid-peers runs it"]
async fn five_sd_jwt_vcs_come_for_keys_the_wallet_provider_attests() {
    let (link, code) =
        offer(json!({"ids": ["pidka"], "tx_code": true, "dpop": true, "attestation": true})).await;
    let delivered = phone().issue(&link, code.as_deref()).await.unwrap();
    assert_believed(&delivered, 5);
}

#[tokio::test]
#[ignore = "ci/openid-peers runs it"]
async fn an_sd_jwt_vc_comes_without_a_transaction_code() {
    let (link, code) = offer(json!({"ids": ["pid"], "tx_code": false, "dpop": true})).await;
    assert_eq!(code, None);
    assert_believed(&phone().issue(&link, None).await.unwrap(), 1);
}

#[tokio::test]
#[ignore = "ci/openid-peers runs it"]
async fn a_wrong_transaction_code_is_refused() {
    let (link, _) = offer(json!({"ids": ["pid"], "tx_code": true, "dpop": true})).await;
    let wrong = Phone { typed: Some("000000"), ..phone() };
    let outcome = wrong.issue(&link, None).await;
    assert_eq!(outcome, Err(OpenIdError::IssuerRefused(ErrorCode::InvalidGrant)));
}

#[tokio::test]
#[ignore = "ci/openid-peers runs it"]
async fn an_attestation_over_another_nonce_is_refused() {
    let (link, code) = offer(json!({"ids": ["pidka"], "tx_code": true, "dpop": true})).await;
    let replayed = Phone { nonce: Some("from-yesterday"), ..phone() };
    let outcome = replayed.issue(&link, code.as_deref()).await;
    assert!(
        matches!(outcome, Err(OpenIdError::IssuerRefused(ErrorCode::InvalidNonce | ErrorCode::InvalidProof))),
        "{outcome:?}"
    );
}

#[tokio::test]
#[ignore = "ci/openid-peers runs it"]
async fn an_offer_is_good_once() {
    let (link, code) = offer(json!({"ids": ["pid"], "tx_code": true, "dpop": true})).await;
    phone().issue(&link, code.as_deref()).await.unwrap();
    let again = phone().issue(&link, code.as_deref()).await;
    // The offer itself is gone, or the code in it is worth nothing any more.
    assert!(
        matches!(
            again,
            Err(OpenIdError::IssuerRefused(ErrorCode::InvalidGrant)
                | OpenIdError::Refused(Refusal::CodeNotAccepted))
        ),
        "{again:?}"
    );
}
