//! The seam's traits and their errors.

use super::{
    CreatedKeys, HolderKeyId, HttpRequest, HttpResponse, InstanceKeyId, KeyPolicy, LinkLimits, Now, Prompt,
    SignRequest, WrapKeyId,
};

/// Lets a foreign implementation that fails in an unforeseen way surface as `$failure` instead of a panic. The text it
/// carries may hold a foreign stack, so it is dropped.
macro_rules! foreign_failure {
    ($error:ident, $failure:expr) => {
        #[cfg(feature = "uniffi")]
        impl From<uniffi::UnexpectedUniFFICallbackError> for $error {
            fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
                $failure
            }
        }
    };
}

/// Why the key store did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
pub enum KeyStoreError {
    /// The citizen dismissed the prompt.
    #[error("the citizen dismissed the prompt")]
    UserCancelled,
    /// Too many failed attempts; the system locked biometrics.
    #[error("biometrics are locked")]
    LockedOut,
    /// No strong biometrics are enrolled on this phone.
    #[error("no biometrics are set up")]
    NoBiometrics,
    /// The key died, because biometrics were changed or the screen lock removed.
    #[error("the key was invalidated")]
    KeyInvalidated,
    /// There is no such key.
    #[error("there is no such key")]
    KeyNotFound,
    /// The key store cannot be reached now: phone locked, service busy.
    #[error("the key store is unavailable")]
    Unavailable,
    /// Anything else, with the system's code.
    #[error("the key store failed with code {os_code}")]
    Failed {
        /// The system's own number.
        os_code: i32,
    },
}
foreign_failure!(KeyStoreError, Self::Failed { os_code: -1 });

/// Keys in secure hardware. Private keys never leave it.
#[cfg_attr(feature = "uniffi", uniffi::export(foreign))]
#[async_trait::async_trait]
pub trait KeyStore: Send + Sync {
    /// Makes `count` keys by `policy`, attested over `challenge`.
    async fn create(
        &self,
        policy: KeyPolicy,
        challenge: Vec<u8>,
        count: u32,
    ) -> Result<CreatedKeys, KeyStoreError>;
    /// Signs with a Holder key after showing `prompt` once. A key made for [`super::UserAuthentication::EachUse`] takes one
    /// request. Each signature: `r ‖ s`, 64 bytes, ES256.
    async fn sign(
        &self,
        key: HolderKeyId,
        requests: Vec<SignRequest>,
        prompt: Prompt,
    ) -> Result<Vec<Vec<u8>>, KeyStoreError>;
    /// Signs as the wallet, without a prompt: `r ‖ s`, 64 bytes, ES256.
    async fn sign_instance(&self, key: InstanceKeyId, message: Vec<u8>) -> Result<Vec<u8>, KeyStoreError>;
    /// Encrypts a data key (at most 64 bytes) under `key`. Needs no prompt.
    async fn wrap(&self, key: WrapKeyId, plain: Vec<u8>) -> Result<Vec<u8>, KeyStoreError>;
    /// Decrypts what `wrap` made; shows `prompt` when the key asks for the citizen.
    async fn unwrap(
        &self,
        key: WrapKeyId,
        wrapped: Vec<u8>,
        prompt: Option<Prompt>,
    ) -> Result<Vec<u8>, KeyStoreError>;
    /// Deletes keys; gives back the aliases that are gone now, those that never existed included.
    async fn delete(&self, ids: Vec<String>) -> Result<Vec<String>, KeyStoreError>;
}

/// Why the anchor did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
pub enum AnchorError {
    /// Cannot be reached now.
    #[error("the anchor is unavailable")]
    Unavailable,
    /// Anything else, with the system's code.
    #[error("the anchor failed with code {os_code}")]
    Failed {
        /// The system's own number.
        os_code: i32,
    },
}
foreign_failure!(AnchorError, Self::Failed { os_code: -1 });

/// A little state outside the vault that survives a restored older file: Keychain, device-protected storage.
#[cfg_attr(feature = "uniffi", uniffi::export(foreign))]
#[async_trait::async_trait]
pub trait Anchor: Send + Sync {
    /// What was stored last; empty at first.
    async fn load(&self) -> Result<Vec<u8>, AnchorError>;
    /// Stores at most 256 bytes; gives back the bytes as stored.
    async fn store(&self, bytes: Vec<u8>) -> Result<Vec<u8>, AnchorError>;
}

/// Why no response came from the card.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
pub enum LinkError {
    /// The card left the field.
    #[error("the card left the field")]
    TagLost,
    /// The card did not answer in time.
    #[error("the card did not answer in time")]
    Timeout,
    /// The command or the response is longer than the link carries.
    #[error("too long for the link")]
    TooLong,
    /// The citizen closed the reading sheet.
    #[error("the reading was cancelled")]
    Cancelled,
    /// Anything else, with the system's code.
    #[error("the card link failed with code {os_code}")]
    Failed {
        /// The system's own number.
        os_code: i32,
    },
}
foreign_failure!(LinkError, Self::Failed { os_code: -1 });

/// A chip card in the field.
#[cfg_attr(feature = "uniffi", uniffi::export(foreign))]
#[async_trait::async_trait]
pub trait CardLink: Send + Sync {
    /// Sends one command APDU, gives back the response APDU with its status word.
    async fn transceive(&self, apdu: Vec<u8>) -> Result<Vec<u8>, LinkError>;
    /// What the link can carry.
    async fn limits(&self) -> Result<LinkLimits, LinkError>;
}

/// Why no response came from the server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
pub enum HttpError {
    /// No network.
    #[error("no network")]
    Offline,
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The connection is not the server's.
    #[error("the secure connection failed")]
    Tls,
    /// Anything else, with the system's code.
    #[error("the request failed with code {os_code}")]
    Failed {
        /// The system's own number.
        os_code: i32,
    },
}
foreign_failure!(HttpError, Self::Failed { os_code: -1 });

/// The platform's HTTP client, with its TLS. It follows no redirect and reads at most 1 MiB.
#[cfg_attr(feature = "uniffi", uniffi::export(foreign))]
#[async_trait::async_trait]
pub trait Http: Send + Sync {
    /// One request, one response; any status code is a response.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;
}

/// The clock could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
pub enum ClockError {
    /// Anything, with the system's code.
    #[error("the clock failed with code {os_code}")]
    Failed {
        /// The system's own number.
        os_code: i32,
    },
}
foreign_failure!(ClockError, Self::Failed { os_code: -1 });

/// The wall clock.
#[cfg_attr(feature = "uniffi", uniffi::export(foreign))]
pub trait Clock: Send + Sync {
    /// The time now.
    ///
    /// # Errors
    /// [`ClockError`] when the platform cannot tell.
    fn now(&self) -> Result<Now, ClockError>;
}

/// Why there is no face evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
pub enum FaceCheckError {
    /// The citizen closed the camera.
    #[error("the face check was cancelled")]
    UserCancelled,
    /// Not the person on the card.
    #[error("the face does not match the card")]
    NoMatch,
    /// No camera, no provider, no permission.
    #[error("the face check is unavailable")]
    Unavailable,
}
foreign_failure!(FaceCheckError, Self::Unavailable);

/// A provider's word that the person before the camera is the one on the portrait.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct FaceEvidence {
    /// Which provider signed, as the issuer's configuration knows it.
    pub provider: String,
    /// ES256 (`r ‖ s`, 64 bytes) over challenge ‖ SHA-256(reference portrait) ‖ SHA-256(instance public key, 65 bytes).
    pub signature: Vec<u8>,
}

/// Compares a live face with the portrait from the chip. Keeps no image.
#[cfg_attr(feature = "uniffi", uniffi::export(foreign))]
#[async_trait::async_trait]
pub trait FaceCheck: Send + Sync {
    /// Compares, and has the provider sign for `challenge` and this wallet's Instance key (65 bytes).
    async fn compare(
        &self,
        portrait: Vec<u8>,
        challenge: Vec<u8>,
        instance_key: Vec<u8>,
        prompt: Prompt,
    ) -> Result<FaceEvidence, FaceCheckError>;
}
