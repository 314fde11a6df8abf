//! Apple App Attest: whether a genuine copy of the app on a genuine device speaks.
//! <https://developer.apple.com/documentation/devicecheck/validating-apps-that-connect-to-your-server>
//!
//! What it proves is the app, not the keys: Apple says nothing of the Secure Enclave keys whose names the app asserts. That
//! they live there and ask for the citizen rests on the app being the one that was published (docs/threats.md).

use wallet_core::{
    bytes::{Reader, equal_in_constant_time},
    cbor::{self, CborError, Limits, Profile},
    cms::algorithm::ecdsa_plain,
    crypto::{
        hash::{sha256, sha256_of},
        sign::{self, PublicKey},
        verify::Curve,
    },
    tlv,
    trust::{Anchors, Certificate, TrustError, Usage, verify_chain},
};

/// The extension in which Apple puts the nonce, 1.2.840.113635.100.8.2, content octets.
const NONCE_OID: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x63, 0x64, 0x08, 0x02];
const FORMAT: &str = "apple-appattest";
/// `aaguid` of keys made by an app from the store, and by one under development.
const PRODUCTION: &[u8; 16] = b"appattest\0\0\0\0\0\0\0";
const DEVELOPMENT: &[u8; 16] = b"appattestdevelop";
/// The flag that says an attested key follows. WebAuthn, 6.1.
const ATTESTED: u8 = 0x40;
const MAX_CHAIN: u64 = 4;
const ATTESTATION_LABEL: &[u8] = b"kr-wallet app attest v1";
const ASSERTION_LABEL: &[u8] = b"kr-wallet app attest keys v1";

/// An app that is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppleApp {
    /// Team and bundle: `TEAMID.bundle.identifier`.
    pub app_id: String,
    /// Whether copies under development count. **Development only.**
    pub development: bool,
}

/// Whose word is taken.
#[derive(Debug, Default)]
pub struct ApplePolicy {
    /// Apple's App Attestation root.
    pub roots: Anchors,
    /// The apps that are accepted.
    pub apps: Vec<AppleApp>,
}

/// A key that App Attest vouched for, and how often it has signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppKey {
    /// SHA-256 of the public key; Apple's name for it.
    pub id: [u8; 32],
    /// The public key.
    pub public: PublicKey,
    /// SHA-256 of the app's id.
    pub app: [u8; 32],
    /// The counter of its last assertion; zero before the first.
    pub counter: u32,
}

/// Why a word of App Attest does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppleFault {
    /// Neither an attestation object nor an assertion.
    #[error("malformed")]
    Malformed,
    /// A statement of another format.
    #[error("another format")]
    Format,
    /// No root of Apple's vouches for the chain.
    #[error("untrusted chain: {0}")]
    Untrusted(TrustError),
    /// The certificate was made for another challenge, or for other data beside it.
    #[error("another nonce")]
    Nonce,
    /// The key is not the one that is named.
    #[error("another key")]
    OtherKey,
    /// An app that is not accepted.
    #[error("another app")]
    OtherApp,
    /// A copy under development, or of an environment nobody knows.
    #[error("another environment")]
    Environment,
    /// A fresh key that has signed already.
    #[error("a counter that does not begin at zero")]
    Counter,
    /// The signature is not this key's, or not over these keys and this challenge.
    #[error("bad signature")]
    BadSignature,
    /// The counter did not grow: the assertion was seen before, or the key was copied.
    #[error("the counter did not grow")]
    Replayed,
}

/// What an app has attested when it makes its App Attest key for a challenge: SHA-256("kr-wallet app attest v1" ‖ challenge).
#[must_use]
pub fn attestation_hash(challenge: &[u8]) -> [u8; 32] {
    sha256_of(&[ATTESTATION_LABEL, challenge])
}

/// What an app asserts of keys it made for a challenge: SHA-256("kr-wallet app attest keys v1" ‖ challenge ‖ key ‖ key …), each
/// key a SEC1 point of 65 bytes.
#[must_use]
pub fn assertion_hash(challenge: &[u8], keys: &[PublicKey]) -> [u8; 32] {
    hash_of_points(challenge, keys.iter().map(PublicKey::as_sec1))
}

fn hash_of_points<'a>(challenge: &'a [u8], points: impl Iterator<Item = &'a [u8; 65]>) -> [u8; 32] {
    let mut parts: Vec<&[u8]> = vec![ASSERTION_LABEL, challenge];
    parts.extend(points.map(<[u8; 65]>::as_slice));
    sha256_of(&parts)
}

/// Checks an attestation object made for `client_data_hash`, at `now` (seconds since 1970 UTC). Gives the key it vouches for.
///
/// # Errors
/// [`AppleFault`], the first one found.
pub(super) fn check_attestation(
    object: &[u8],
    key_id: &[u8],
    client_data_hash: &[u8; 32],
    policy: &ApplePolicy,
    now: i64,
) -> Result<AppKey, AppleFault> {
    let Statement { chain, auth_data } = Statement::parse(object)?;
    let chain = chain.iter().map(|der| Certificate::parse(der)).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(AppleFault::Untrusted)?;
    let leaf = verify_chain(&chain, &policy.roots, now, Usage::Attestation).map_err(AppleFault::Untrusted)?;
    let nonce = sha256_of(&[auth_data, client_data_hash]);
    let stated = leaf.extension(NONCE_OID).and_then(nonce_of).ok_or(AppleFault::Nonce)?;
    if !equal_in_constant_time(stated, &nonce) {
        return Err(AppleFault::Nonce);
    }
    let public = leaf.p256_public_key().map_err(|_| AppleFault::OtherKey)?;
    let id = sha256(public.as_sec1());
    let data = AuthenticatorData::parse(auth_data)?;
    let (environment, credential) = data.attested.ok_or(AppleFault::Malformed)?;
    if id != key_id || credential != key_id {
        return Err(AppleFault::OtherKey);
    }
    let app = policy.apps.iter().find(|app| sha256(app.app_id.as_bytes()) == data.app);
    let app = app.ok_or(AppleFault::OtherApp)?;
    if environment != PRODUCTION && !(app.development && environment == DEVELOPMENT) {
        return Err(AppleFault::Environment);
    }
    if data.counter != 0 {
        return Err(AppleFault::Counter);
    }
    Ok(AppKey { id, public, app: data.app, counter: 0 })
}

/// Checks an assertion over `client_data_hash` by a key that was attested before. Gives the key with its new counter, which the
/// caller keeps: the next has to be greater.
///
/// # Errors
/// [`AppleFault`], the first one found.
pub(super) fn check_assertion(
    assertion: &[u8],
    client_data_hash: &[u8; 32],
    key: &AppKey,
) -> Result<AppKey, AppleFault> {
    let (signature, auth_data) = parse_assertion(assertion)?;
    let nonce = sha256_of(&[auth_data, client_data_hash]);
    let plain = ecdsa_plain(Curve::P256, signature).and_then(|plain| plain.try_into().ok());
    let plain = plain.ok_or(AppleFault::Malformed)?;
    sign::verify(&key.public, &nonce, &plain).map_err(|_| AppleFault::BadSignature)?;
    let data = AuthenticatorData::parse(auth_data)?;
    if data.app != key.app {
        return Err(AppleFault::OtherApp);
    }
    if data.counter <= key.counter {
        return Err(AppleFault::Replayed);
    }
    Ok(AppKey { counter: data.counter, ..*key })
}

/// `{fmt, attStmt: {x5c, receipt}, authData}`.
struct Statement<'a> {
    chain: Vec<&'a [u8]>,
    auth_data: &'a [u8],
}

impl<'a> Statement<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, AppleFault> {
        cbor::check(bytes, Profile::Definite, Limits::DOCUMENT)?;
        let mut reader = cbor::Reader::new(bytes);
        let (mut format, mut chain, mut auth_data) = (None, None, None);
        for _ in 0..reader.map()? {
            match reader.text()? {
                "fmt" => format = Some(reader.text()?),
                "attStmt" => chain = Some(parse_statement(&mut reader)?),
                "authData" => auth_data = Some(reader.bytes()?),
                _ => return Err(AppleFault::Malformed),
            }
        }
        reader.finish()?;
        if format.is_some_and(|format| format != FORMAT) {
            return Err(AppleFault::Format);
        }
        match (format, chain, auth_data) {
            (Some(_), Some(chain), Some(auth_data)) => Ok(Self { chain, auth_data }),
            _ => Err(AppleFault::Malformed),
        }
    }
}

fn parse_statement<'a>(reader: &mut cbor::Reader<'a>) -> Result<Vec<&'a [u8]>, AppleFault> {
    let mut chain = Vec::new();
    for _ in 0..reader.map()? {
        match reader.text()? {
            "x5c" => {
                let count = reader.array()?;
                if count > MAX_CHAIN {
                    return Err(AppleFault::Malformed);
                }
                for _ in 0..count {
                    chain.push(reader.bytes()?);
                }
            }
            // For Apple's own service, which tells how many keys a device made. This provider does not ask it.
            "receipt" => drop(reader.bytes()?),
            _ => return Err(AppleFault::Malformed),
        }
    }
    if chain.is_empty() { Err(AppleFault::Malformed) } else { Ok(chain) }
}

/// `{signature, authenticatorData}`.
fn parse_assertion(bytes: &[u8]) -> Result<(&[u8], &[u8]), AppleFault> {
    cbor::check(bytes, Profile::Definite, Limits::SMALL)?;
    let mut reader = cbor::Reader::new(bytes);
    let (mut signature, mut auth_data) = (None, None);
    for _ in 0..reader.map()? {
        match reader.text()? {
            "signature" => signature = Some(reader.bytes()?),
            "authenticatorData" => auth_data = Some(reader.bytes()?),
            _ => return Err(AppleFault::Malformed),
        }
    }
    reader.finish()?;
    signature.zip(auth_data).ok_or(AppleFault::Malformed)
}

/// Authenticator data. WebAuthn, 6.1.
struct AuthenticatorData<'a> {
    /// SHA-256 of the app's id.
    app: [u8; 32],
    counter: u32,
    /// `aaguid` and credential id, where a key is attested.
    attested: Option<(&'a [u8; 16], &'a [u8])>,
}

impl<'a> AuthenticatorData<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, AppleFault> {
        let malformed = |_| AppleFault::Malformed;
        let mut reader = Reader::new(bytes);
        let app = reader.array::<32>().map_err(malformed)?;
        let flags = reader.u8().map_err(malformed)?;
        let counter = reader.u32().map_err(malformed)?;
        // Assertions of real phones carry the flag and no key behind it.
        let attested = if reader.is_empty() {
            None
        } else if flags & ATTESTED == 0 {
            return Err(AppleFault::Malformed);
        } else {
            let environment = reader.take(16).map_err(malformed)?;
            let environment = environment.try_into().map_err(|_| AppleFault::Malformed)?;
            let length = usize::from(reader.u16().map_err(malformed)?);
            let credential = reader.take(length).map_err(malformed)?;
            // The key as COSE_Key: the certificate has it too, and that one is signed.
            Some((environment, credential))
        };
        Ok(Self { app, counter, attested })
    }
}

/// `SEQUENCE { [1] EXPLICIT OCTET STRING }`.
fn nonce_of(extension: &[u8]) -> Option<&[u8]> {
    let sequence = tlv::exactly(extension, 0x30).ok()?.value;
    let tagged = tlv::exactly(sequence, 0xA1).ok()?.value;
    Some(tlv::exactly(tagged, 0x04).ok()?.value)
}

impl From<CborError> for AppleFault {
    fn from(_: CborError) -> Self {
        Self::Malformed
    }
}

#[cfg(test)]
#[path = "apple_tests.rs"]
mod tests;
