//! The small tokens the wallet makes: DPoP proofs, proofs of the wallet's attestation, proofs of keys.

use serde::{Deserialize, Serialize};

use super::Misuse;
use crate::{
    crypto::{hash::sha256, sign::PublicKey},
    jose::{Fixed, Jwk, SigningInput, encode},
    platform::{ChipMessage, FaceMessage},
};

/// Seconds a proof of the wallet's attestation lives.
const PROOF_SECONDS: i64 = 60;

#[derive(Serialize)]
struct Header<'a> {
    typ: &'a str,
    alg: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwk: Option<Jwk>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_attestation: Option<&'a str>,
}

#[derive(Serialize)]
struct DpopClaims<'a> {
    jti: &'a str,
    htm: &'a str,
    htu: &'a str,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

#[derive(Serialize)]
struct AttestationProofClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    jti: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
}

#[derive(Serialize)]
struct KeyProofClaims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    aud: &'a str,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

/// `typ` of the evidence that the citizen's card is before this phone.
pub const CARD_EVIDENCE: &str = "card-evidence+jwt";

/// What the wallet shows of card and face, signed by the Instance key (docs/formats/issuing.md).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardEvidence {
    /// The authorization server.
    pub aud: String,
    /// When, seconds since 1970 UTC.
    pub iat: i64,
    /// The session that the challenge belongs to.
    pub auth_session: Fixed<16>,
    /// The chip.
    pub chip: ChipMessage,
    /// The face.
    pub face: FaceMessage,
    /// The citizen wants the ID on this phone instead of the one that has it.
    #[serde(default)]
    pub replaces_phone: bool,
}

/// Evidence to be signed by the Instance key.
pub(super) fn card_evidence(evidence: &CardEvidence) -> Result<SigningInput, Misuse> {
    let header = Header { typ: CARD_EVIDENCE, alg: "ES256", jwk: None, key_attestation: None };
    SigningInput::new(&header, evidence).ok_or(Misuse::NoJson)
}

/// What a DPoP proof is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct DpopTarget<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    pub(super) access_token: Option<&'a str>,
    pub(super) nonce: Option<&'a str>,
}

/// A DPoP proof to be signed by the Instance key. RFC 9449, 4.2.
pub(super) fn dpop(
    key: &PublicKey,
    target: DpopTarget<'_>,
    jti: &str,
    now: i64,
) -> Result<SigningInput, Misuse> {
    let DpopTarget { method, url, access_token, nonce } = target;
    let header = Header { typ: "dpop+jwt", alg: "ES256", jwk: Some(Jwk::new(*key)), key_attestation: None };
    let htu = url.split(['?', '#']).next().unwrap_or(url);
    let ath = access_token.map(|token| encode(&sha256(token.as_bytes())));
    let claims = DpopClaims { jti, htm: method, htu, iat: now, ath, nonce };
    SigningInput::new(&header, &claims).ok_or(Misuse::NoJson)
}

/// A proof that this wallet is the attested one, to be signed by the Instance key.
/// draft-ietf-oauth-attestation-based-client-auth, 5.2.
pub(super) fn attestation_proof(
    client_id: &str,
    audience: &str,
    jti: &str,
    now: i64,
) -> Result<SigningInput, Misuse> {
    let header =
        Header { typ: "oauth-client-attestation-pop+jwt", alg: "ES256", jwk: None, key_attestation: None };
    let exp = now.saturating_add(PROOF_SECONDS);
    let claims = AttestationProofClaims { iss: client_id, aud: audience, jti, iat: now, nbf: now, exp };
    SigningInput::new(&header, &claims).ok_or(Misuse::NoJson)
}

/// A proof of a key, to be signed by it. OpenID4VCI 1.0, F.1. `client_id` only where the wallet is known to the server.
pub(super) fn key_proof(
    key: &PublicKey,
    key_attestation: Option<&str>,
    client_id: Option<&str>,
    issuer: &str,
    nonce: Option<&str>,
    now: i64,
) -> Result<SigningInput, Misuse> {
    let header =
        Header { typ: "openid4vci-proof+jwt", alg: "ES256", jwk: Some(Jwk::new(*key)), key_attestation };
    let claims = KeyProofClaims { iss: client_id, aud: issuer, iat: now, nonce };
    SigningInput::new(&header, &claims).ok_or(Misuse::NoJson)
}
