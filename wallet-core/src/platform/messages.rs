//! What card, face and hardware say, as JSON: the same in every protocol that carries it. Unknown members are refused,
//! lengths are limited while they are read.

use serde::{Deserialize, Serialize};

use super::Attestation;
use crate::jose::{Blob, Fixed};

const MAX_FILE: usize = 256 * 1024;
const MAX_CERTIFICATE: usize = 8 * 1024;

/// Files of the chip as read, and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChipMessage {
    /// EF.SOD.
    pub sod: Blob<{ MAX_FILE }>,
    /// The data groups that were read.
    pub groups: Vec<GroupMessage>,
    /// That the chip is no copy.
    pub proof: ChipProof,
}

/// What only the original chip could say, in the session it was asked in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChipProof {
    /// The answer to INTERNAL AUTHENTICATE over [`crate::card::derive_chip_challenge`].
    ActiveAuthentication(Blob<1024>),
    /// The protected answers to the issuer's own commands, under keys that the issuer and the chip agreed on:
    /// [`crate::chip::relay`].
    ChipAuthentication(Vec<Blob<1024>>),
}

/// One data group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupMessage {
    /// 1 to 16.
    pub number: u8,
    /// The file, as read.
    pub content: Blob<{ MAX_FILE }>,
}

/// A face provider's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaceMessage {
    /// The provider as the issuer's configuration names it.
    pub provider: String,
    /// ES256 over [`crate::card::face_statement`].
    pub signature: Fixed<64>,
}

/// What hardware says about keys it made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "snake_case")]
pub enum AttestationMessage {
    /// Android key attestation.
    Android {
        /// One chain per key, leaf first, DER.
        chains: Vec<Vec<Blob<{ MAX_CERTIFICATE }>>>,
    },
    /// Apple App Attest.
    AppAttest {
        /// The attestation key's id.
        key_id: Blob<64>,
        /// The attestation object.
        object: Blob<{ 64 * 1024 }>,
        /// The assertion over the hash of the new public keys.
        assertion: Blob<4096>,
    },
    /// Software keys under a test root, chains as Android's.
    Software {
        /// One chain per key, leaf first, DER.
        chains: Vec<Vec<Blob<{ MAX_CERTIFICATE }>>>,
    },
}

impl From<Attestation> for AttestationMessage {
    fn from(attestation: Attestation) -> Self {
        let blobs = |chains: Vec<Vec<Vec<u8>>>| {
            chains.into_iter().map(|c| c.into_iter().map(Blob).collect()).collect()
        };
        match attestation {
            Attestation::AndroidChain { chains } => Self::Android { chains: blobs(chains) },
            Attestation::Software { chains } => Self::Software { chains: blobs(chains) },
            Attestation::AppAttest { key_id, object, assertion } => {
                Self::AppAttest { key_id: Blob(key_id), object: Blob(object), assertion: Blob(assertion) }
            }
        }
    }
}
