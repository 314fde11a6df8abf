//! The messages, as JSON. Unknown fields are refused, lengths are limited while they are read.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    card::Refusal,
    jose::{Blob, Fixed},
    platform::{AttestationMessage, ChipMessage, FaceMessage},
};

/// The version of the messages.
pub const VERSION: u32 = 1;
/// Longest body either side reads, bytes.
pub const MAX_BODY: usize = 1024 * 1024;
/// The header (lower case) with the Instance key's signature over [`super::signed_bytes`]: base64url of `r ‖ s`.
pub const SIGNATURE_HEADER: &str = "wallet-signature";

const MAX_CERTIFICATE: usize = 8 * 1024;
const MAX_CREDENTIAL: usize = 512 * 1024;

/// Where the messages go, below the issuer's URL. All are POST.
pub mod paths {
    /// [`super::BeginRequest`] → [`super::BeginResponse`].
    pub const BEGIN: &str = "/enrolment/begin";
    /// [`super::EvidenceRequest`], signed → [`super::GrantedResponse`].
    pub const EVIDENCE: &str = "/enrolment/evidence";
    /// [`super::KeysRequest`], signed → [`super::CredentialsResponse`].
    pub const KEYS: &str = "/enrolment/keys";
    /// [`super::StaplesRequest`], signed → [`super::StaplesResponse`].
    pub const STAPLES: &str = "/staples";
}

/// Not a message of that kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the message expected")]
pub struct NotTheMessage;

/// Reads one message from at most [`MAX_BODY`] bytes.
///
/// # Errors
/// [`NotTheMessage`]: too long, not JSON, or not of this shape.
pub fn parse_message<T: DeserializeOwned>(body: &[u8]) -> Result<T, NotTheMessage> {
    if body.len() > MAX_BODY {
        return Err(NotTheMessage);
    }
    serde_json::from_slice(body).map_err(|_| NotTheMessage)
}

/// Opens a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeginRequest {
    /// [`VERSION`].
    pub version: u32,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeginResponse {
    /// The session's id.
    pub session: Fixed<16>,
    /// The issuer's nonce, from which every challenge is derived.
    pub nonce: Fixed<32>,
    /// Seconds until evidence comes too late: 1 to 120. A span and not a moment, so that no clock has to agree.
    pub expires_in: u32,
}

/// What the wallet shows of card, citizen and phone. Signed by the Instance key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRequest {
    /// The session's id.
    pub session: Fixed<16>,
    /// The Instance key, uncompressed SEC1.
    pub instance_key: Fixed<65>,
    /// Its attestation over [`super::derive_instance_challenge`]; absent for a key the issuer attested before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_attestation: Option<AttestationMessage>,
    /// The chip.
    pub chip: ChipMessage,
    /// The face.
    pub face: FaceMessage,
}

/// What will be issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantedResponse {
    /// Disclosure levels with their number of copies.
    pub levels: Vec<LevelGrant>,
    /// How many mdocs.
    pub mdocs: u32,
    /// What the Holder keys are attested over.
    pub key_challenge: Fixed<32>,
}

/// Copies of one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelGrant {
    /// [`crate::card::Disclosure::name`].
    pub level: String,
    /// How many.
    pub copies: u32,
}

/// The Holder keys, one per copy. Signed by the Instance key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysRequest {
    /// The session's id.
    pub session: Fixed<16>,
    /// Keys per level, in the order granted.
    pub levels: Vec<LevelKeys>,
    /// Keys of the mdocs.
    pub mdocs: Vec<Fixed<65>>,
    /// Attestation of all keys, those of the levels first, then those of the mdocs.
    pub attestation: AttestationMessage,
}

/// Keys of one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelKeys {
    /// [`crate::card::Disclosure::name`].
    pub level: String,
    /// Uncompressed SEC1 points.
    pub keys: Vec<Fixed<65>>,
}

/// The credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialsResponse {
    /// Certificate of the key that signs the copies and those above it up to a root the wallet knows, leaf first, DER.
    pub issuer_chain: Vec<Blob<{ MAX_CERTIFICATE }>>,
    /// Copies per level, in the order of the keys.
    pub levels: Vec<LevelCopies>,
    /// `IssuerSigned` structures, in the order of the keys.
    pub mdocs: Vec<Blob<{ MAX_CREDENTIAL }>>,
}

/// Copies of one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelCopies {
    /// [`crate::card::Disclosure::name`].
    pub level: String,
    /// The copies.
    pub copies: Vec<CopyMessage>,
}

/// One SD-CWT for the counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyMessage {
    /// The SD-CWT.
    pub sd_cwt: Blob<4096>,
    /// Salt of the portrait digest in this copy; travels only with the photo.
    pub portrait_salt: Fixed<16>,
    /// The issuer's freshness proof of this hour.
    pub staple: StapleMessage,
}

/// The issuer's freshness proof: it still vouched in that hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StapleMessage {
    /// Hours since 1970 UTC.
    pub hour: u32,
    /// The chain's value of that hour.
    pub preimage: Fixed<16>,
}

/// Asks for the staples of this hour. Signed by the Instance key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaplesRequest {
    /// The Instance key, uncompressed SEC1.
    pub instance_key: Fixed<65>,
    /// Seconds since 1970 UTC when this was made; the issuer takes it for five minutes.
    pub made_at: i64,
    /// `cti` of each copy.
    pub copies: Vec<Blob<32>>,
}

/// The staples of this hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaplesResponse {
    /// In the order asked for; `None` for a copy the issuer no longer vouches for, or that is not this phone's.
    pub staples: Vec<Option<StapleMessage>>,
}

/// Any answer but 200.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// [`Refusal::code`].
    pub error: String,
    /// For people who read the wire; the wallet shows its own text.
    pub way_out: String,
}

impl Refused {
    /// The answer for this refusal.
    #[must_use]
    pub fn because(refusal: Refusal) -> Self {
        Self { error: refusal.code().into(), way_out: refusal.way_out().into() }
    }
}
