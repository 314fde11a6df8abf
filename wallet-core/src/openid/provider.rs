//! The wallet provider: it looks at what the hardware says of wallet and keys, and vouches for them in the forms that
//! OpenID4VCI knows. How it is asked has no standard; this is the project's own (docs/formats/wallet-provider.md).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{
    Misuse, OpenIdError, Rule,
    flow::{bounded, fixed},
    request::json,
};
use crate::{
    crypto::sign::PublicKey,
    jose::{Fixed, Jwk, SigningInput},
    platform::{Attestation, AttestationMessage, HttpMethod, HttpRequest, HttpResponse, Url},
};

/// `typ` of a request: a JWT by the Instance key, which its header names.
pub const REQUEST_TYPE: &str = "wallet-provider-request+jwt";
/// Where a challenge is got, below the provider's URL: POST without a body.
pub const CHALLENGE_PATH: &str = "/challenge";
/// Where a wallet is attested.
pub const WALLET_PATH: &str = "/wallet-attestation";
/// Where keys are attested.
pub const KEYS_PATH: &str = "/key-attestation";

/// A challenge, good once and for two minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChallengeResponse {
    /// 32 random bytes.
    pub challenge: Fixed<32>,
}

/// Asks for the wallet's attestation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalletClaims {
    /// The provider's URL.
    pub aud: String,
    /// When, seconds since 1970 UTC.
    pub iat: i64,
    /// The challenge.
    pub challenge: Fixed<32>,
    /// What the hardware says of the Instance key, made over the challenge; absent for one the provider knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<AttestationMessage>,
}

/// Asks for an attestation of Holder keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysClaims {
    /// The provider's URL.
    pub aud: String,
    /// When, seconds since 1970 UTC.
    pub iat: i64,
    /// The issuer's nonce. The hardware's word is over its SHA-256, or over that of nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The keys.
    pub keys: Vec<Jwk>,
    /// What the hardware says of them, in their order.
    pub attestation: AttestationMessage,
}

/// The provider's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestationResponse {
    /// A wallet attestation (`oauth-client-attestation+jwt`) or a key attestation (`key-attestation+jwt`).
    pub attestation: String,
}

/// One attestation, as a machine. Every failure ends it.
#[derive(Debug)]
pub struct Attesting {
    provider: Url,
    state: State,
}

/// What the machine wants next.
#[derive(Debug)]
pub enum ProviderStep {
    /// Send this and hand in [`ProviderInput::Response`].
    Http(HttpRequest),
    /// Make an Instance key attested over `challenge` and hand in [`ProviderInput::Instance`].
    MakeInstanceKey {
        /// What the key is attested over.
        challenge: [u8; 32],
    },
    /// Sign these bytes with the Instance key and hand in [`ProviderInput::Signature`].
    SignInstance(Vec<u8>),
    /// The attestation.
    Done(String),
}

/// What the facade did.
#[derive(Debug)]
pub enum ProviderInput {
    /// The answer to the last request.
    Response(HttpResponse),
    /// The Instance key just made.
    Instance {
        /// Its public half, SEC1.
        public_key: Vec<u8>,
        /// What the hardware says.
        attestation: Attestation,
    },
    /// The Instance key's signature, `r ‖ s`.
    Signature(Vec<u8>),
}

#[derive(Debug)]
enum State {
    Challenge(Option<PublicKey>),
    Instance([u8; 32]),
    Signature(&'static str, SigningInput),
    Answer,
}

#[derive(Serialize)]
struct Header {
    typ: &'static str,
    alg: &'static str,
    jwk: Jwk,
}

impl Attesting {
    /// Has the wallet attested. `instance` is its key when the provider knows it; else one is asked for.
    #[must_use]
    pub fn wallet(provider: Url, instance: Option<PublicKey>) -> (Self, ProviderStep) {
        let request = post(&provider, CHALLENGE_PATH, Vec::new());
        (Self { provider, state: State::Challenge(instance) }, ProviderStep::Http(request))
    }

    /// Has Holder keys attested for an issuer's `nonce`, as the wallet whose Instance key is `instance`.
    ///
    /// # Errors
    /// [`Misuse::BadKey`].
    pub fn keys(
        provider: Url,
        instance: &PublicKey,
        nonce: Option<String>,
        keys: &[Vec<u8>],
        attestation: Attestation,
        now: i64,
    ) -> Result<(Self, ProviderStep), OpenIdError> {
        let key = |sec1: &Vec<u8>| PublicKey::from_sec1(sec1).map(Jwk::new).map_err(|_| Misuse::BadKey);
        let claims = KeysClaims {
            aud: provider.as_str().to_owned(),
            iat: now,
            nonce,
            keys: keys.iter().map(key).collect::<Result<_, _>>()?,
            attestation: attestation.into(),
        };
        sign(provider, KEYS_PATH, instance, &claims)
    }

    /// Takes what the last step asked for. `now` is in seconds since 1970 UTC.
    ///
    /// # Errors
    /// [`OpenIdError`]. The machine is gone then.
    pub fn handle(self, input: ProviderInput, now: i64) -> Result<(Self, ProviderStep), OpenIdError> {
        let Self { provider, state } = self;
        match (state, input) {
            (State::Challenge(instance), ProviderInput::Response(response)) => {
                let answer: ChallengeResponse = json(&response, &[200], Rule::NotAnAttestation)?;
                let Fixed(challenge) = answer.challenge;
                let Some(instance) = instance else {
                    let state = State::Instance(challenge);
                    return Ok((Self { provider, state }, ProviderStep::MakeInstanceKey { challenge }));
                };
                ask_wallet(provider, challenge, &instance, None, now)
            }
            (State::Instance(challenge), ProviderInput::Instance { public_key, attestation }) => {
                let instance = PublicKey::from_sec1(&public_key).map_err(|_| Misuse::BadKey)?;
                ask_wallet(provider, challenge, &instance, Some(attestation.into()), now)
            }
            (State::Signature(path, signing), ProviderInput::Signature(signature)) => {
                let token = signing.signed(&fixed(&signature)?);
                let request = post(&provider, path, token.into_bytes());
                Ok((Self { provider, state: State::Answer }, ProviderStep::Http(request)))
            }
            (State::Answer, ProviderInput::Response(response)) => {
                let answer: AttestationResponse = json(&response, &[200], Rule::NotAnAttestation)?;
                let attestation = bounded(answer.attestation).ok_or(Rule::NotAnAttestation)?;
                Ok((Self { provider, state: State::Answer }, ProviderStep::Done(attestation)))
            }
            _ => Err(Misuse::UnexpectedInput.into()),
        }
    }
}

fn ask_wallet(
    provider: Url,
    challenge: [u8; 32],
    instance: &PublicKey,
    attestation: Option<AttestationMessage>,
    now: i64,
) -> Result<(Attesting, ProviderStep), OpenIdError> {
    let aud = provider.as_str().to_owned();
    let claims = WalletClaims { aud, iat: now, challenge: Fixed(challenge), attestation };
    sign(provider, WALLET_PATH, instance, &claims)
}

fn sign(
    provider: Url,
    path: &'static str,
    instance: &PublicKey,
    claims: &impl Serialize,
) -> Result<(Attesting, ProviderStep), OpenIdError> {
    let header = Header { typ: REQUEST_TYPE, alg: "ES256", jwk: Jwk::new(*instance) };
    let signing = SigningInput::new(&header, claims).ok_or(Misuse::NoJson)?;
    let step = ProviderStep::SignInstance(signing.as_bytes().to_vec());
    Ok((Attesting { provider, state: State::Signature(path, signing) }, step))
}

fn post(provider: &Url, path: &str, body: Vec<u8>) -> HttpRequest {
    let content_type = ("content-type".to_owned(), "application/jwt".to_owned());
    let accept = ("accept".to_owned(), "application/json".to_owned());
    HttpRequest {
        method: HttpMethod::Post,
        url: format!("{}{path}", provider.as_str().trim_end_matches('/')),
        headers: HashMap::from([content_type, accept]),
        body,
    }
}
