//! The wallet provider: looks at what the hardware says of a wallet and its keys, and vouches for them under a key of its own.
//! The issuer believes it only where its certificate leads to a configured root.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use wallet_core::{
    card::Refusal,
    crypto::{hash::sha256, random::make_random, sign::PublicKey},
    jose::{Blob, Fixed, Jwk, Jws, SigningInput, encode},
    openid::{AttestationResponse, ChallengeResponse, KeysClaims, REQUEST_TYPE, WalletClaims},
    platform::AttestationMessage,
};

use crate::{
    attestation::{self, AttestationPolicy, KeyRole, SecurityLevel, attestation_hash},
    issuer::{IssuerError, outcome_name},
    pki::Identity,
    store::{InstanceRow, Store, Thumbprint},
};

/// Where it answers, below the desk's URL.
pub const PATH: &str = "/wallet-provider";
/// The name wallets go by at authorization servers.
pub const CLIENT_ID: &str = "kr.example.wallet";
/// Seconds a challenge is good.
const CHALLENGE_SECONDS: i64 = 120;
/// Seconds an attestation of a wallet is good: it is asked for when it is needed.
const WALLET_SECONDS: i64 = 3600;
/// Seconds an attestation of keys is good.
const KEYS_SECONDS: i64 = 600;
/// How far the clocks of phone and desk may be apart, seconds.
const SKEW: i64 = 300;
/// Most keys in one request.
const MAX_KEYS: usize = 50;

#[derive(Serialize)]
struct Header {
    typ: &'static str,
    alg: &'static str,
    x5c: [String; 1],
}

/// The wallet provider, for one request.
pub(crate) struct WalletProvider<'a> {
    pub(crate) store: &'a Store,
    /// Its own key and certificate.
    pub(crate) identity: Arc<Identity>,
    /// What it demands of phone keys.
    pub(crate) policy: &'a AttestationPolicy,
    /// Where it answers.
    pub(crate) url: String,
}

impl WalletProvider<'_> {
    /// A challenge for a new wallet.
    pub(crate) fn challenge(&self, now: i64) -> Result<ChallengeResponse, IssuerError> {
        let challenge = make_random::<32>()?;
        self.store.add_nonce(&sha256(&challenge), now.saturating_add(CHALLENGE_SECONDS))?;
        Ok(ChallengeResponse { challenge: Fixed(challenge) })
    }

    /// Vouches for a wallet whose Instance key lives in secure hardware.
    pub(crate) fn attest_wallet(&self, body: &[u8], now: i64) -> Result<AttestationResponse, IssuerError> {
        let outcome = self.vouch_for_wallet(body, now);
        self.store.log(now, None, "wallet_attestation", &outcome_name(&outcome))?;
        outcome
    }

    fn vouch_for_wallet(&self, body: &[u8], now: i64) -> Result<AttestationResponse, IssuerError> {
        let (claims, instance): (WalletClaims, _) = self.asked(body)?;
        self.check_asked(&claims.aud, claims.iat, now)?;
        let Fixed(challenge) = claims.challenge;
        if !self.store.take_nonce(&sha256(&challenge), now)? {
            return Err(IssuerError::refused(Refusal::ChallengeExpired));
        }
        let thumbprint = instance.thumbprint();
        match &claims.attestation {
            Some(message) => {
                self.look_at(message, &[instance], &challenge, KeyRole::Instance, &thumbprint, now)?;
                let said = serde_json::to_vec(&kept(message)).map_err(|_| IssuerError::Failed)?;
                self.store.add_instance(&thumbprint, &said, &challenge, now)?;
            }
            None => self.judge(&instance)?,
        }
        self.vouch(
            "oauth-client-attestation+jwt",
            &json!({
                "iss": self.url, "sub": CLIENT_ID, "iat": now, "exp": now.saturating_add(WALLET_SECONDS),
                "cnf": { "jwk": Jwk::new(instance) },
            }),
        )
    }

    /// Vouches for Holder keys of a wallet it knows.
    pub(crate) fn attest_keys(&self, body: &[u8], now: i64) -> Result<AttestationResponse, IssuerError> {
        let outcome = self.vouch_for_keys(body, now);
        self.store.log(now, None, "key_attestation", &outcome_name(&outcome))?;
        outcome
    }

    fn vouch_for_keys(&self, body: &[u8], now: i64) -> Result<AttestationResponse, IssuerError> {
        let (claims, instance): (KeysClaims, _) = self.asked(body)?;
        self.check_asked(&claims.aud, claims.iat, now)?;
        self.judge(&instance)?;
        if !(1..=MAX_KEYS).contains(&claims.keys.len()) {
            return Err(IssuerError::refused(Refusal::MalformedRequest));
        }
        let keys: Vec<PublicKey> = claims.keys.iter().map(|key| *key.key()).collect();
        let challenge = sha256(claims.nonce.as_deref().unwrap_or_default().as_bytes());
        let thumbprint = instance.thumbprint();
        let level =
            self.look_at(&claims.attestation, &keys, &challenge, KeyRole::Holder, &thumbprint, now)?;
        let level = match level {
            SecurityLevel::StrongBox => "iso_18045_high",
            SecurityLevel::TrustedEnvironment => "iso_18045_moderate",
            SecurityLevel::Software => "iso_18045_basic",
        };
        self.vouch(
            "key-attestation+jwt",
            &json!({
                "iat": now, "exp": now.saturating_add(KEYS_SECONDS), "attested_keys": claims.keys,
                "key_storage": [level], "user_authentication": [level], "nonce": claims.nonce,
                // Whose keys these are: an issuer takes them from nobody else. RFC 7800, 3; RFC 9449, 6.1.
                "cnf": { "jkt": encode(&thumbprint) },
            }),
        )
    }

    /// Judges an Instance key that was attested before by what is demanded now: roots and apps may have changed since, a certificate of
    /// its chain may have leaked, and a relaxation may be over.
    fn judge(&self, instance: &PublicKey) -> Result<(), IssuerError> {
        let refused = |check: &'static str| IssuerError::because(Refusal::AttestationRefused, check);
        let thumbprint = instance.thumbprint();
        let known = self.store.instance(&thumbprint)?.ok_or_else(|| refused("UnknownInstance"))?;
        let InstanceRow { attestation, challenge, attested_at } = known;
        let message = serde_json::from_slice(&attestation).map_err(|_| refused("UnknownInstance"))?;
        let judged = match &message {
            AttestationMessage::AppAttest { key_id, .. } => {
                let id = key_id.0.as_slice().try_into().map_err(|_| refused("KeyId"))?;
                let key = self.store.app_key(&id)?.filter(|(_, owner)| *owner == thumbprint);
                let (key, _) = key.ok_or_else(|| refused("UnknownInstance"))?;
                key.judge(self.policy).map(drop)
            }
            AttestationMessage::Android { .. } | AttestationMessage::Software { .. } => {
                let (keys, role) = ([*instance], KeyRole::Instance);
                attestation::check(&message, &keys, &challenge, role, self.policy, None, attested_at)
                    .map(drop)
            }
        };
        judged.map_err(|fault| IssuerError::because(Refusal::AttestationRefused, fault))
    }

    /// What the hardware says of keys of this wallet. An App Attest key belongs to the wallet it first spoke for, and its counter
    /// is kept before anything is vouched for.
    fn look_at(
        &self,
        message: &AttestationMessage,
        keys: &[PublicKey],
        challenge: &[u8; 32],
        role: KeyRole,
        wallet: &Thumbprint,
        now: i64,
    ) -> Result<SecurityLevel, IssuerError> {
        let refused = |check: &'static str| IssuerError::because(Refusal::AttestationRefused, check);
        let known = match message {
            AttestationMessage::AppAttest { key_id, .. } => {
                let id = key_id.0.as_slice().try_into().map_err(|_| refused("KeyId"))?;
                self.store.app_key(&id)?
            }
            AttestationMessage::Android { .. } | AttestationMessage::Software { .. } => None,
        };
        if known.as_ref().is_some_and(|(_, owner)| owner != wallet) {
            return Err(refused("AnotherWallet"));
        }
        let known = known.map(|(key, _)| key);
        let vouched = attestation::check(message, keys, challenge, role, self.policy, known.as_ref(), now)
            .map_err(|fault| IssuerError::because(Refusal::AttestationRefused, fault))?;
        if let (Some(key), AttestationMessage::AppAttest { object, .. }) = (vouched.app_key, message) {
            let said = (object.0.as_slice(), &attestation_hash(challenge));
            if !self.store.keep_app_key(&key, said, wallet, now)? {
                return Err(refused("Replayed"));
            }
        }
        Ok(vouched.level)
    }

    fn asked<T: serde::de::DeserializeOwned>(&self, body: &[u8]) -> Result<(T, PublicKey), IssuerError> {
        let malformed = || IssuerError::refused(Refusal::MalformedRequest);
        let token = std::str::from_utf8(body).map_err(|_| malformed())?;
        let jws = Jws::parse(token.trim(), REQUEST_TYPE).map_err(|_| malformed())?;
        let instance = *jws.key().ok_or_else(malformed)?;
        match jws.verify(&instance) {
            Ok(claims) => Ok((claims, instance)),
            Err(wallet_core::jose::JwsError::Malformed) => Err(malformed()),
            Err(_) => Err(IssuerError::refused(Refusal::BadSignature)),
        }
    }

    fn check_asked(&self, audience: &str, made_at: i64, now: i64) -> Result<(), IssuerError> {
        if audience != self.url {
            return Err(IssuerError::refused(Refusal::MalformedRequest));
        }
        if made_at.saturating_sub(now).saturating_abs() > SKEW {
            return Err(IssuerError::refused(Refusal::ChallengeExpired));
        }
        Ok(())
    }

    fn vouch(
        &self,
        typ: &'static str,
        claims: &serde_json::Value,
    ) -> Result<AttestationResponse, IssuerError> {
        use base64::prelude::{BASE64_STANDARD, Engine};
        let provider = &self.identity;
        let x5c = [BASE64_STANDARD.encode(&provider.certificate)];
        let input =
            SigningInput::new(&Header { typ, alg: "ES256", x5c }, claims).ok_or(IssuerError::Failed)?;
        let signature = provider.key.sign(input.as_bytes()).map_err(|_| IssuerError::Failed)?;
        Ok(AttestationResponse { attestation: input.signed(&signature) })
    }
}

/// What is kept of an attestation. What Apple said stands with the App Attest key, which speaks again.
fn kept(message: &AttestationMessage) -> AttestationMessage {
    match message {
        AttestationMessage::AppAttest { key_id, .. } => AttestationMessage::AppAttest {
            key_id: key_id.clone(),
            // An empty one is none that can be read back.
            object: Blob(vec![0]),
            assertion: Blob(vec![0]),
        },
        hardware => hardware.clone(),
    }
}

#[cfg(test)]
mod tests;
