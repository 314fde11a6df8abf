//! Requests that only this issuer reads, and answers that only the wallet reads. OpenID4VCI 1.0, 8.2 and 10.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json};
use wallet_core::{
    bytes::SecretBytes,
    crypto::hash::hmac_sha256,
    jose::{ContentEncryption, DecryptionKey, Jwk, encode, encrypt},
    openid::ErrorCode,
};

use super::Proofs;
use crate::issuer::{Issuer, IssuerError};

/// What a wallet wants its answer encrypted to. 8.2.
#[derive(Deserialize)]
pub(super) struct EncryptionMember {
    jwk: Value,
    enc: String,
    zip: Option<serde::de::IgnoredAny>,
}

/// To whom an answer is encrypted, and how.
pub(super) struct Encryption {
    key: Jwk,
    content: ContentEncryption,
}

fn invalid(check: &'static str) -> IssuerError {
    IssuerError::oauth(ErrorCode::InvalidEncryptionParameters, check)
}

impl Encryption {
    /// 8.2 and 10: ECDH-ES on P-256, AES-GCM, uncompressed; the metadata say so. A key that came in the clear may be anybody's.
    pub(super) fn read(
        asked: Option<EncryptionMember>,
        proofs: &Proofs,
    ) -> Result<Option<Self>, IssuerError> {
        let Some(EncryptionMember { jwk, enc, zip }) = asked else { return Ok(None) };
        if !proofs.encrypted {
            return Err(invalid("RequestInTheClear"));
        }
        if zip.is_some() {
            return Err(invalid("Compression"));
        }
        if jwk.get("alg").and_then(Value::as_str) != Some("ECDH-ES") {
            return Err(invalid("Algorithm"));
        }
        let content = ContentEncryption::ALL.into_iter().find(|content| content.name() == enc);
        let content = content.ok_or_else(|| invalid("Content"))?;
        let key = serde_json::from_value(jwk).map_err(|_| invalid("Key"))?;
        Ok(Some(Self { key, content }))
    }

    pub(super) fn seal(&self, message: &str) -> Result<String, IssuerError> {
        encrypt(&self.key, self.content, message.as_bytes()).ok_or(IssuerError::Failed)
    }
}

impl Issuer {
    /// What requests are encrypted to, the same at every desk that shares its keys.
    pub(crate) fn decryption_key(&self) -> Result<DecryptionKey, IssuerError> {
        let half =
            |number: u8| hmac_sha256(self.pki.code_key.expose(), &[b"desk request encryption v1", &[number]]);
        let wide = SecretBytes::new([half(1), half(2)].concat());
        let wide = wide.expose().try_into().map_err(|_| IssuerError::Failed)?;
        DecryptionKey::derive(wide).ok_or(IssuerError::Failed)
    }

    /// Its public half, as metadata have it: with a name, which a wallet repeats. 12.2.4.
    pub(super) fn request_key(&self) -> Result<Value, IssuerError> {
        let key = *self.decryption_key()?.public();
        let kid = encode(&key.thumbprint());
        let (x, y) = (encode(&key.x()), encode(&key.y()));
        Ok(json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "use": "enc", "alg": "ECDH-ES" }))
    }

    /// The body of a request, opened where it is encrypted.
    pub(super) fn opened_body<'a>(
        &self,
        body: &'a [u8],
        proofs: &Proofs,
    ) -> Result<Cow<'a, [u8]>, IssuerError> {
        if !proofs.encrypted {
            return Ok(Cow::Borrowed(body));
        }
        let token = std::str::from_utf8(body).map_err(|_| invalid("Request"))?;
        let key = self.decryption_key()?;
        let open = |content| key.open(token.trim(), content).ok();
        let plain = ContentEncryption::ALL.into_iter().find_map(open);
        plain.map(Cow::Owned).ok_or_else(|| invalid("Request"))
    }
}
