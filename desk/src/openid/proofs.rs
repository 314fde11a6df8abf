//! Who asks: DPoP proofs, attestations of wallets and of keys.

use serde::Deserialize;
use wallet_core::{
    crypto::{
        hash::{hmac_sha256, sha256, sha256_of, truncated},
        sign::PublicKey,
    },
    jose::{Jwk, Jws, encode},
    openid::ErrorCode,
    trust::{Anchors, Certificate, Usage, verify_chain},
};

use super::{SKEW, digest};
use crate::issuer::{Issuer, IssuerError};

/// Seconds until the server wants another nonce in DPoP proofs; the one before is taken as long again.
const NONCE_SECONDS: i64 = 300;
/// Longest identifier of a proof, bytes.
const MAX_JTI: usize = 128;

/// What a request shows beside its body. A header that came twice is absent.
#[derive(Debug, Default)]
pub(crate) struct Proofs {
    /// Below the issuer's URL.
    pub(crate) path: &'static str,
    pub(crate) dpop: Option<String>,
    pub(crate) attestation: Option<String>,
    pub(crate) attestation_proof: Option<String>,
    /// `Authorization: DPoP …`.
    pub(crate) access_token: Option<String>,
    /// Whether the body says of itself that it is encrypted: `application/jwt`.
    pub(crate) encrypted: bool,
}

#[derive(Deserialize)]
struct DpopClaims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    ath: Option<String>,
    nonce: Option<String>,
}

#[derive(Deserialize)]
struct WalletClaims {
    sub: String,
    exp: i64,
    cnf: Confirmation,
}

#[derive(Deserialize)]
struct Confirmation {
    jwk: Jwk,
}

#[derive(Deserialize)]
struct ProofClaims {
    iss: String,
    aud: String,
    jti: String,
    iat: i64,
}

#[derive(Deserialize)]
struct KeysClaims {
    attested_keys: Vec<Jwk>,
    exp: i64,
    nonce: Option<String>,
    #[serde(default)]
    key_storage: Vec<String>,
    #[serde(default)]
    user_authentication: Vec<String>,
    cnf: Option<Owner>,
}

/// The wallet that keys belong to, by the thumbprint of its Instance key. RFC 9449, 6.1.
#[derive(Deserialize)]
struct Owner {
    jkt: Option<String>,
}

/// How well a key is kept, and its user known, in the words of ISO/IEC 18045. OpenID4VCI 1.0, D.2.
pub(crate) const GOOD_LEVELS: [&str; 2] = ["iso_18045_high", "iso_18045_moderate"];
/// What software keys get: good under `AcceptSoftwareKeys` alone.
pub(crate) const BASIC_LEVEL: &str = "iso_18045_basic";

impl Issuer {
    /// The nonce that DPoP proofs have to carry now. RFC 9449, 8.
    pub(crate) fn dpop_nonce(&self, now: i64) -> String {
        self.dpop_nonce_of(now.div_euclid(NONCE_SECONDS))
    }

    fn dpop_nonce_of(&self, window: i64) -> String {
        let mac = hmac_sha256(self.pki.code_key.expose(), &[b"desk dpop nonce v1", &window.to_be_bytes()]);
        encode(&truncated::<16>(mac))
    }

    /// Checks the DPoP proof of a request; gives the key that made it. RFC 9449, 4.3.
    pub(super) fn check_dpop(&self, proofs: &Proofs, now: i64) -> Result<PublicKey, IssuerError> {
        let invalid = |check: &'static str| IssuerError::oauth(ErrorCode::InvalidDpopProof, check);
        let proof = proofs.dpop.as_deref().ok_or_else(|| invalid("Missing"))?;
        let jws = Jws::parse(proof, "dpop+jwt").map_err(|_| invalid("Malformed"))?;
        let key = *jws.key().ok_or_else(|| invalid("NoKey"))?;
        let claims: DpopClaims = jws.verify(&key).map_err(|_| invalid("Signature"))?;
        if claims.htm != "POST" || claims.htu != format!("{}{}", self.url, proofs.path) {
            return Err(invalid("Target"));
        }
        if claims.iat.saturating_sub(now).saturating_abs() > SKEW {
            return Err(invalid("Time"));
        }
        if claims.ath != proofs.access_token.as_ref().map(|token| encode(&sha256(token.as_bytes()))) {
            return Err(invalid("Token"));
        }
        let window = now.div_euclid(NONCE_SECONDS);
        let fresh = [window, window.saturating_sub(1)].map(|window| self.dpop_nonce_of(window));
        if !claims.nonce.is_some_and(|nonce| fresh.contains(&nonce)) {
            return Err(IssuerError::oauth(ErrorCode::UseDpopNonce, "Nonce"));
        }
        if !self.first_time("dpop", &key, &claims.jti, now)? {
            return Err(invalid("Replayed"));
        }
        Ok(key)
    }

    /// Checks that a provider vouches for the wallet and that this is the wallet.
    /// draft-ietf-oauth-attestation-based-client-auth. Gives the name it goes by.
    pub(super) fn check_wallet(
        &self,
        proofs: &Proofs,
        instance: &PublicKey,
        now: i64,
    ) -> Result<String, IssuerError> {
        let invalid = |check: &'static str| IssuerError::oauth(ErrorCode::InvalidClient, check);
        let (Some(attestation), Some(proof)) = (&proofs.attestation, &proofs.attestation_proof) else {
            return Err(invalid("NoAttestation"));
        };
        let claims: WalletClaims =
            vouched(attestation, "oauth-client-attestation+jwt", &self.trust.wallet_providers, now)
                .ok_or_else(|| invalid("Attestation"))?;
        if claims.exp <= now {
            return Err(invalid("AttestationExpired"));
        }
        // One key for all: whoever stole the attestation has not the phone.
        if claims.cnf.jwk.key() != instance {
            return Err(invalid("OtherKey"));
        }
        let proof = Jws::parse(proof, "oauth-client-attestation-pop+jwt").map_err(|_| invalid("Proof"))?;
        let said: ProofClaims = proof.verify(instance).map_err(|_| invalid("ProofSignature"))?;
        let recent = said.iat.saturating_sub(now).saturating_abs() <= SKEW;
        if said.aud != self.url || said.iss != claims.sub || !recent {
            return Err(invalid("ProofClaims"));
        }
        if !self.first_time("attestation", instance, &said.jti, now)? {
            return Err(invalid("ProofReplayed"));
        }
        Ok(claims.sub)
    }

    /// Checks that a provider vouches for keys of this wallet, made for a nonce of ours; gives them. OpenID4VCI 1.0, D.1 and F.3.
    pub(super) fn check_keys(
        &self,
        attestation: &str,
        instance: &PublicKey,
        now: i64,
    ) -> Result<Vec<PublicKey>, IssuerError> {
        let invalid = |check: &'static str| IssuerError::oauth(ErrorCode::InvalidProof, check);
        let claims: KeysClaims =
            vouched(attestation, "key-attestation+jwt", &self.trust.wallet_providers, now)
                .ok_or_else(|| invalid("Attestation"))?;
        if claims.exp <= now {
            return Err(invalid("AttestationExpired"));
        }
        // Keys of another phone would hold an ID that no command to this one ends.
        let owner = claims.cnf.and_then(|cnf| cnf.jkt);
        if owner.is_none_or(|owner| owner != encode(&instance.thumbprint())) {
            return Err(invalid("OtherWallet"));
        }
        let software = self.trust.attestation.accept_software_keys;
        let enough = |levels: &[String]| {
            levels.iter().any(|level| {
                GOOD_LEVELS.contains(&level.as_str()) || software && level.as_str() == BASIC_LEVEL
            })
        };
        if !enough(&claims.key_storage) || !enough(&claims.user_authentication) {
            return Err(invalid("Level"));
        }
        let nonce = claims.nonce.ok_or_else(|| IssuerError::oauth(ErrorCode::InvalidNonce, "Missing"))?;
        if !self.store.take_nonce(&digest(&nonce), now)? {
            return Err(IssuerError::oauth(ErrorCode::InvalidNonce, "Unknown"));
        }
        Ok(claims.attested_keys.iter().map(|key| *key.key()).collect())
    }

    /// Whether a proof of this key comes for the first time, as long as its time would let it pass again.
    fn first_time(&self, kind: &str, key: &PublicKey, jti: &str, now: i64) -> Result<bool, IssuerError> {
        if jti.is_empty() || jti.len() > MAX_JTI {
            return Ok(false);
        }
        let digest = sha256_of(&[kind.as_bytes(), b"\0", &key.thumbprint(), jti.as_bytes()]);
        Ok(self.store.first_time(&digest, now, now.saturating_add(2 * SKEW))?)
    }
}

/// What a wallet provider that leads to `anchors` says.
fn vouched<T: serde::de::DeserializeOwned>(token: &str, typ: &str, anchors: &Anchors, now: i64) -> Option<T> {
    let jws = Jws::parse(token, typ).ok()?;
    let chain = jws.chain().ok()?;
    let chain = chain.iter().map(|der| Certificate::parse(der)).collect::<Result<Vec<_>, _>>().ok()?;
    let provider = verify_chain(&chain, anchors, now, Usage::WalletProvider).ok()?;
    jws.verify(&provider.p256_public_key().ok()?).ok()
}
