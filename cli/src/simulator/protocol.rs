//! The lines of the phone socket.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use wallet_core::platform::{
    FaceCheckError, KeyPolicy, KeyPurpose, KeyStoreError, Prompt, Residence, UserAuthentication,
};

/// Bytes as standard base64 with padding.
#[derive(Debug, Clone)]
pub(super) struct Base64(pub(super) Vec<u8>);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(|_| D::Error::custom("not base64"))
    }
}

/// The first line of a connection: which phone speaks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hello {
    pub(super) phone: String,
}

/// Every other line.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Request {
    Create {
        purpose: Purpose,
        user_authentication: Authentication,
        window_seconds: Option<u8>,
        residence: Place,
        challenge: Base64,
        count: u32,
    },
    Sign {
        key: String,
        messages: Vec<Base64>,
        prompt: PromptLine,
    },
    SignInstance {
        key: String,
        message: Base64,
    },
    Wrap {
        key: String,
        plain: Base64,
    },
    Unwrap {
        key: String,
        wrapped: Base64,
        prompt: Option<PromptLine>,
    },
    Delete {
        ids: Vec<String>,
    },
    Compare {
        portrait: Base64,
        challenge: Base64,
        instance_key: Base64,
        prompt: PromptLine,
    },
    /// Test hardware of another make asks for the chain of a key it made itself.
    Attest {
        public_key: Base64,
        user_authentication: Authentication,
        window_seconds: Option<u8>,
        challenge: Base64,
    },
    /// A client whose language brings no cryptography asks for ES256 over SHA-256 of the message …
    Verify {
        public_key: Base64,
        message: Base64,
        signature: Base64,
    },
    /// … and for SHA-256.
    Sha256 {
        bytes: Base64,
    },
    AnswerNext {
        answer: PromptAnswer,
    },
    EndLockOut,
    SetNoBiometrics {
        value: bool,
    },
    SetUnavailable {
        value: bool,
    },
    InvalidateKeys,
    Face {
        answer: Camera,
    },
    Prompts,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    Holder,
    Instance,
    Wrap,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Authentication {
    None,
    EachUse,
    Window,
}

impl Authentication {
    /// The policy; a window without its length is a window of nothing, which no key store makes.
    pub(super) fn policy(self, window_seconds: Option<u8>) -> UserAuthentication {
        match self {
            Self::None => UserAuthentication::None,
            Self::EachUse => UserAuthentication::EachUse,
            Self::Window => UserAuthentication::Window { seconds: window_seconds.unwrap_or(0) },
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    SecureElement,
    SecureWorld,
}

/// The policy a line asks for.
pub(super) fn policy(
    purpose: &Purpose,
    authentication: Authentication,
    seconds: Option<u8>,
    place: &Place,
) -> KeyPolicy {
    KeyPolicy {
        purpose: match purpose {
            Purpose::Holder => KeyPurpose::Holder,
            Purpose::Instance => KeyPurpose::Instance,
            Purpose::Wrap => KeyPurpose::Wrap,
        },
        user_authentication: authentication.policy(seconds),
        residence: match place {
            Place::SecureElement => Residence::SecureElement,
            Place::SecureWorld => Residence::SecureWorld,
        },
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PromptAnswer {
    Approve,
    Cancel,
    FailUntilLockedOut,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Camera {
    Match,
    NoMatch,
    Cancel,
    Unavailable,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PromptLine {
    pub(super) title: String,
    pub(super) reason: String,
    pub(super) counterparty: Option<String>,
}

impl From<PromptLine> for Prompt {
    fn from(line: PromptLine) -> Self {
        Self { title: line.title, reason: line.reason, counterparty: line.counterparty }
    }
}

impl From<Prompt> for PromptLine {
    fn from(prompt: Prompt) -> Self {
        Self { title: prompt.title, reason: prompt.reason, counterparty: prompt.counterparty }
    }
}

/// What is answered when it went well.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Answer {
    Nothing {},
    Created { keys: Vec<CreatedKey>, attestation: SoftwareAttestation },
    Signatures { signatures: Vec<Base64> },
    Signature { signature: Base64 },
    Bytes { bytes: Base64 },
    Ids { ids: Vec<String> },
    Face { provider: String, signature: Base64 },
    Chain { chain: Vec<Base64> },
    Verified { verifies: bool },
    Prompts { prompts: Vec<PromptLine> },
}

#[derive(Serialize)]
pub(super) struct CreatedKey {
    pub(super) id: String,
    pub(super) public_key: Base64,
}

/// One chain a key, leaf first.
#[derive(Serialize)]
pub(super) struct SoftwareAttestation {
    pub(super) kind: &'static str,
    pub(super) chains: Vec<Vec<Base64>>,
}

/// What is answered when it did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Fault {
    pub(super) error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) os_code: Option<i32>,
}

impl Fault {
    /// A fault that is only its name.
    pub(super) const fn named(error: &'static str) -> Self {
        Self { error, os_code: None }
    }
}

impl From<KeyStoreError> for Fault {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::UserCancelled => Self::named("user_cancelled"),
            KeyStoreError::LockedOut => Self::named("locked_out"),
            KeyStoreError::NoBiometrics => Self::named("no_biometrics"),
            KeyStoreError::KeyInvalidated => Self::named("key_invalidated"),
            KeyStoreError::KeyNotFound => Self::named("key_not_found"),
            KeyStoreError::Unavailable => Self::named("unavailable"),
            KeyStoreError::Failed { os_code } => Self { error: "failed", os_code: Some(os_code) },
        }
    }
}

impl From<FaceCheckError> for Fault {
    fn from(error: FaceCheckError) -> Self {
        Self::named(match error {
            FaceCheckError::UserCancelled => "user_cancelled",
            FaceCheckError::NoMatch => "no_match",
            FaceCheckError::Unavailable => "unavailable",
        })
    }
}
