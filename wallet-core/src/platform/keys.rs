//! Keys in the phone's secure hardware, as the core names them.

macro_rules! key_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Takes the platform's alias for the key.
            #[must_use]
            pub fn new(alias: impl Into<String>) -> Self {
                Self(alias.into())
            }

            /// The platform's alias.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(alias: String) -> Self {
                Self(alias)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        #[cfg(feature = "uniffi")]
        uniffi::custom_type!($name, String);
    };
}

key_id! {
    /// A key bound to one credential copy. User authentication on each use; the only kind that signs a presentation.
    HolderKeyId
}
key_id! {
    /// The wallet's own key, without a prompt. It can never sign a presentation.
    InstanceKeyId
}
key_id! {
    /// A key that wraps the vault's data keys.
    WrapKeyId
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum KeyPurpose {
    /// Signs presentations of one credential copy (P-256).
    Holder,
    /// Signs as the wallet (P-256).
    Instance,
    /// Wraps data keys.
    Wrap,
}

/// When the hardware demands the citizen's fingerprint or face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum UserAuthentication {
    /// Never: the phone being unlocked is enough.
    None,
    /// One strong-biometric prompt authorises one operation.
    EachUse,
    /// Strong biometrics within the last `seconds` (at most 10) authorise several operations. A named relaxation.
    Window {
        /// Length of the window.
        seconds: u8,
    },
}

/// Where the key shall live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Residence {
    /// A separate secure element (StrongBox, Secure Enclave) where there is one.
    SecureElement,
    /// The main secure world: a key in milliseconds rather than seconds.
    SecureWorld,
}

/// How a key is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct KeyPolicy {
    /// What for.
    pub purpose: KeyPurpose,
    /// Whether the citizen must be there.
    pub user_authentication: UserAuthentication,
    /// Where it lives.
    pub residence: Residence,
}

impl KeyPolicy {
    /// Keys of credential copies: a prompt for each use, in the main secure world.
    pub const HOLDER: Self = Self {
        purpose: KeyPurpose::Holder,
        user_authentication: UserAuthentication::EachUse,
        residence: Residence::SecureWorld,
    };
    /// The wallet's own key: no prompt, in the secure element where there is one.
    pub const INSTANCE: Self = Self {
        purpose: KeyPurpose::Instance,
        user_authentication: UserAuthentication::None,
        residence: Residence::SecureElement,
    };
    /// Wraps the `device` data key.
    pub const WRAP_DEVICE: Self = Self {
        purpose: KeyPurpose::Wrap,
        user_authentication: UserAuthentication::None,
        residence: Residence::SecureWorld,
    };
    /// Wraps the `person` data key: opens by biometrics only.
    pub const WRAP_PERSON: Self = Self {
        purpose: KeyPurpose::Wrap,
        user_authentication: UserAuthentication::EachUse,
        residence: Residence::SecureWorld,
    };
}

/// A key just made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct NewKey {
    /// The platform's alias; becomes a [`HolderKeyId`], [`InstanceKeyId`] or [`WrapKeyId`] by the policy it was made with.
    pub id: String,
    /// Uncompressed SEC1 point (65 bytes); empty for a wrapping key that has no public half.
    pub public_key: Vec<u8>,
}

/// What the hardware says about keys it made, for the wallet provider or the issuer to check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Attestation {
    /// Android key attestation: for each key its certificate chain, leaf first, DER.
    AndroidChain {
        /// One chain per key, in the order of the keys.
        chains: Vec<Vec<Vec<u8>>>,
    },
    /// Apple App Attest.
    AppAttest {
        /// The attestation key's id.
        key_id: Vec<u8>,
        /// The attestation object, CBOR.
        object: Vec<u8>,
        /// The assertion over the hash of the new public keys.
        assertion: Vec<u8>,
    },
    /// Software keys under a test root: development only. Same chains as Android's.
    Software {
        /// One chain per key, in the order of the keys.
        chains: Vec<Vec<Vec<u8>>>,
    },
}

/// What `create` gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CreatedKeys {
    /// The keys, as many as asked for.
    pub keys: Vec<NewKey>,
    /// What the hardware vouches for.
    pub attestation: Attestation,
}

/// One message to be signed by a Holder key: ES256 over SHA-256 of `message`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SignRequest {
    /// The bytes to sign; the key store hashes them.
    pub message: Vec<u8>,
}
