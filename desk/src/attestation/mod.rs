//! Whether a key lives where it says and asks whom it should: Android key attestation, checked up to the configured
//! roots, and Apple's App Attest. The chains of the software key store are of Android's form and are checked by the same code.

mod apple;
mod key_description;
mod revocation;

use std::collections::BTreeSet;

use wallet_core::{
    bytes::equal_in_constant_time,
    crypto::sign::PublicKey,
    platform::AttestationMessage,
    tlv::TlvError,
    trust::{Anchors, Certificate, TrustError, Usage, verify_chain},
};

pub use apple::{AppKey, AppleApp, AppleFault, ApplePolicy, assertion_hash, attestation_hash};
pub use key_description::{
    Application, Authorizations, KEY_DESCRIPTION_OID, KeyDescription, RootOfTrust, SecurityLevel,
};

pub use revocation::{
    AttestationStatusList, NotAStatusList, RevocationError, Revocations, parse_status_list,
};

/// Most certificates in one chain.
const MAX_CHAIN: usize = 6;
const PURPOSE_SIGN: u64 = 2;
const PURPOSE_VERIFY: u64 = 3;
const ALGORITHM_EC: u64 = 3;
const CURVE_P256: u64 = 1;
const BITS: u64 = 256;
const ORIGIN_GENERATED: u64 = 0;
const AUTHENTICATOR_BIOMETRIC: u64 = 2;

/// Whose word is taken, and how much is demanded.
#[derive(Debug)]
pub struct AttestationPolicy {
    /// Roots of the makers of secure hardware.
    pub roots: Anchors,
    /// What is known of certificates whose keys leaked.
    pub revoked: Revocations,
    /// The Android apps that are accepted; nobody's when empty.
    pub android_apps: Vec<AndroidApp>,
    /// Whom App Attest is believed for; nobody when it has no app.
    pub apple: ApplePolicy,
    /// `AcceptSoftwareKeys`: **development only**. Keys outside secure hardware are taken, which any program that runs as
    /// the user can copy.
    pub accept_software_keys: bool,
}

/// An Android app that is accepted, as the system describes the caller of the key store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AndroidApp {
    /// Its package.
    pub package: String,
    /// The oldest version accepted: one with a known fault is not rolled back to.
    pub minimal_version: u64,
    /// SHA-256 of the certificates that sign it.
    pub signers: BTreeSet<Vec<u8>>,
}

/// An attestation that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vouched {
    /// The weakest level among the keys.
    pub level: SecurityLevel,
    /// The App Attest key that spoke, with its new counter, which the caller has to keep before it relies on this.
    pub app_key: Option<AppKey>,
}

/// An App Attest key known from before, with what Apple said of it then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAppKey {
    /// The key.
    pub key: AppKey,
    /// Its attestation object.
    pub object: Vec<u8>,
    /// What that was made for.
    pub client_data_hash: [u8; 32],
    /// When, seconds since 1970 UTC.
    pub attested_at: i64,
}

impl KnownAppKey {
    /// Judges the key by what is demanded now, at the time it was attested: Apple's certificates are good for days. Roots, apps and
    /// environments are those of today.
    ///
    /// # Errors
    /// [`Fault`], the first one found.
    pub fn judge(&self, policy: &AttestationPolicy) -> Result<AppKey, Fault> {
        let Self { key, object, client_data_hash, attested_at } = self;
        apple::check_attestation(object, &key.id, client_data_hash, &policy.apple, *attested_at)?;
        Ok(*key)
    }
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRole {
    /// Signs presentations: a strong biometric for each use, nothing else.
    Holder,
    /// Signs as the wallet: no prompt is demanded.
    Instance,
}

/// Why an attestation does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Other than one chain per key.
    #[error("other than one chain per key")]
    ChainCount,
    /// An empty chain, or one of more than six certificates.
    #[error("chain of a wrong length")]
    ChainLength,
    /// No root vouches for the chain.
    #[error("untrusted chain: {0}")]
    Untrusted(TrustError),
    /// There is no list of leaked certificates to look the chain up in.
    #[error("no list of leaked certificates")]
    RevocationUnknown,
    /// A certificate of the chain is on the list of leaked ones.
    #[error("revoked certificate")]
    Revoked,
    /// The leaf is for another key.
    #[error("another key")]
    OtherKey,
    /// The leaf describes no key.
    #[error("no key description")]
    NoDescription,
    /// A certificate above the leaf describes a key: an attested key was used to issue certificates.
    #[error("key description above the leaf")]
    DescriptionAboveLeaf,
    /// The description is malformed.
    #[error("malformed key description: {0}")]
    Malformed(TlvError),
    /// Attested for another challenge.
    #[error("another challenge")]
    OtherChallenge,
    /// The key does not live in secure hardware.
    #[error("not in secure hardware")]
    NotInHardware,
    /// The phone's system is not the maker's, or its bootloader is open.
    #[error("system not verified")]
    SystemNotVerified,
    /// The key may do more or other than sign.
    #[error("wrong purpose")]
    WrongPurpose,
    /// Not an EC key on P-256.
    #[error("wrong algorithm")]
    WrongAlgorithm,
    /// The key came from outside.
    #[error("not generated inside")]
    Imported,
    /// A Holder key that signs without a fresh biometric.
    #[error("no user authentication on each use")]
    NoUserAuthentication,
    /// Made by another app, by an older version, or by one that somebody else signed.
    #[error("another app")]
    OtherApp,
    /// App Attest.
    #[error("App Attest: {0}")]
    Apple(AppleFault),
}

impl From<AppleFault> for Fault {
    fn from(fault: AppleFault) -> Self {
        Self::Apple(fault)
    }
}

/// Checks the attestation of `keys`, made over `challenge`, at `now` (seconds since 1970 UTC). `known` is the App Attest key that
/// is named, where it was attested before: it is judged anew.
///
/// # Errors
/// [`Fault`], the first one found.
pub fn check(
    attestation: &AttestationMessage,
    keys: &[PublicKey],
    challenge: &[u8],
    role: KeyRole,
    policy: &AttestationPolicy,
    known: Option<&KnownAppKey>,
    now: i64,
) -> Result<Vouched, Fault> {
    let chains = match attestation {
        AttestationMessage::Android { chains } | AttestationMessage::Software { chains } => chains,
        AttestationMessage::AppAttest { key_id, object, assertion } => {
            if keys.is_empty() {
                return Err(Fault::ChainCount);
            }
            let attested = match known {
                Some(known) if known.key.id == key_id.0.as_slice() => known.judge(policy)?,
                _ => {
                    let hash = attestation_hash(challenge);
                    apple::check_attestation(&object.0, &key_id.0, &hash, &policy.apple, now)?
                }
            };
            let hash = assertion_hash(challenge, keys);
            let app_key = apple::check_assertion(&assertion.0, &hash, &attested)?;
            // What Apple vouches for is the app; that its keys are the Secure Enclave's, as good as a trusted environment's, is
            // the app's word.
            return Ok(Vouched { level: SecurityLevel::TrustedEnvironment, app_key: Some(app_key) });
        }
    };
    if chains.len() != keys.len() || keys.is_empty() {
        return Err(Fault::ChainCount);
    }
    let mut weakest = SecurityLevel::StrongBox;
    for (chain, key) in chains.iter().zip(keys) {
        if !(1..=MAX_CHAIN).contains(&chain.len()) {
            return Err(Fault::ChainLength);
        }
        let chain = chain
            .iter()
            .map(|der| Certificate::parse(&der.0).map_err(Fault::Untrusted))
            .collect::<Result<Vec<_>, _>>()?;
        let description = describe(&chain, key, policy, now)?;
        weakest = weakest.min(check_description(&description, challenge, role, policy)?);
    }
    Ok(Vouched { level: weakest, app_key: None })
}

/// The description of `key`, after its chain was verified.
fn describe(
    chain: &[Certificate],
    key: &PublicKey,
    policy: &AttestationPolicy,
    now: i64,
) -> Result<KeyDescription, Fault> {
    let leaf = verify_chain(chain, &policy.roots, now, Usage::Attestation).map_err(Fault::Untrusted)?;
    if chain.iter().any(|certificate| policy.revoked.name(certificate)) {
        return Err(Fault::Revoked);
    }
    // Only the description nearest to the root is the hardware's own word: were a second one allowed, an attested key
    // could sign a leaf that says anything.
    if chain.iter().skip(1).any(|above| above.extension(KEY_DESCRIPTION_OID).is_some()) {
        return Err(Fault::DescriptionAboveLeaf);
    }
    if leaf.p256_public_key().map_err(|_| Fault::WrongAlgorithm)? != *key {
        return Err(Fault::OtherKey);
    }
    let value = leaf.extension(KEY_DESCRIPTION_OID).ok_or(Fault::NoDescription)?;
    KeyDescription::parse(value).map_err(Fault::Malformed)
}

fn check_description(
    description: &KeyDescription,
    challenge: &[u8],
    role: KeyRole,
    policy: &AttestationPolicy,
) -> Result<SecurityLevel, Fault> {
    if !equal_in_constant_time(&description.challenge, challenge) {
        return Err(Fault::OtherChallenge);
    }
    let level = description.attestation_level.min(description.key_level);
    let enforced = match level {
        SecurityLevel::Software if !policy.accept_software_keys => return Err(Fault::NotInHardware),
        SecurityLevel::Software => &description.software,
        SecurityLevel::TrustedEnvironment | SecurityLevel::StrongBox => {
            let system = description.hardware.root_of_trust;
            if !system.is_some_and(|system| system.device_locked && system.verified_boot) {
                return Err(Fault::SystemNotVerified);
            }
            if !policy.revoked.are_known() {
                return Err(Fault::RevocationUnknown);
            }
            check_app(description.software.application.as_ref(), &policy.android_apps)?;
            &description.hardware
        }
    };
    check_properties(enforced, role)?;
    Ok(level)
}

/// The system says in its own list who asked for the key; the hardware passes it on.
fn check_app(application: Option<&Application>, accepted: &[AndroidApp]) -> Result<(), Fault> {
    let application = application.ok_or(Fault::OtherApp)?;
    let is_this = |app: &AndroidApp| {
        let packaged = |(name, version): &(Vec<u8>, u64)| {
            name == app.package.as_bytes() && *version >= app.minimal_version
        };
        application.packages.iter().any(packaged)
            && !application.signers.is_empty()
            && application.signers.iter().all(|signer| app.signers.contains(signer))
    };
    if accepted.iter().any(is_this) { Ok(()) } else { Err(Fault::OtherApp) }
}

/// Destructured whole, so that a property added to the parser has to be looked at here.
fn check_properties(enforced: &Authorizations, role: KeyRole) -> Result<(), Fault> {
    let Authorizations {
        purposes,
        algorithm,
        key_size,
        curve,
        no_auth_required,
        user_auth_type,
        auth_timeout,
        origin,
        root_of_trust: _,
        application: _,
    } = enforced;
    let signs = purposes.contains(&PURPOSE_SIGN);
    if !signs || !purposes.iter().all(|purpose| [PURPOSE_SIGN, PURPOSE_VERIFY].contains(purpose)) {
        return Err(Fault::WrongPurpose);
    }
    let on_p256 = *key_size == Some(BITS) && curve.is_none_or(|curve| curve == CURVE_P256);
    if *algorithm != Some(ALGORITHM_EC) || !on_p256 {
        return Err(Fault::WrongAlgorithm);
    }
    if *origin != Some(ORIGIN_GENERATED) {
        return Err(Fault::Imported);
    }
    let each_use_by_biometrics =
        !no_auth_required && *user_auth_type == Some(AUTHENTICATOR_BIOMETRIC) && auth_timeout.is_none();
    match role {
        KeyRole::Holder if !each_use_by_biometrics => Err(Fault::NoUserAuthentication),
        KeyRole::Holder | KeyRole::Instance => Ok(()),
    }
}

#[cfg(test)]
mod tests;
