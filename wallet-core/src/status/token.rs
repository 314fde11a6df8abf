//! The signed token that carries a list, as JWT and as CWT. Section 5.

use serde::Deserialize;

use super::{StatusError, StatusList};
use crate::{
    cbor::{CborError, Kind, Limits, Profile, Reader, check},
    cose::{ES256, ESP256, Sign1},
    crypto::sign::{self, PublicKey},
    jose::{Jws, JwsError, decode},
    trust::{Anchors, Certificate, Usage, verify_chain},
};

/// `typ` in a JWT. 5.1.
pub(super) const TYP_JWT: &str = "statuslist+jwt";
/// `typ` in a CWT. 5.2.
pub(super) const TYP_CWT: &str = "application/statuslist+cwt";
/// How far an issuer's clock may be ahead, seconds.
const SKEW: i64 = 60;
/// Most certificates in a chain.
const MAX_CHAIN: u64 = 5;

/// Labels of CWT claims and headers. RFC 8392, 4; RFC 9596; section 14.3 of the draft.
pub(super) mod label {
    pub(in crate::status) const ALG: i64 = 1;
    pub(in crate::status) const TYP: i64 = 16;
    pub(in crate::status) const X5CHAIN: i64 = 33;
    pub(in crate::status) const SUB: i64 = 2;
    pub(in crate::status) const EXP: i64 = 4;
    pub(in crate::status) const IAT: i64 = 6;
    pub(in crate::status) const STATUS_LIST: i64 = 65533;
    pub(in crate::status) const TTL: i64 = 65534;
}

/// Where a credential's status is. 6.1.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StatusReference {
    /// Its place in the list, from zero.
    pub idx: u64,
    /// Where the list is fetched.
    pub uri: String,
}

/// The two forms of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusForm {
    /// 5.1.
    Jwt,
    /// 5.2.
    Cwt,
}

impl StatusForm {
    /// What a fetcher accepts and a server answers. 8.1, 14.9.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jwt => "application/statuslist+jwt",
            Self::Cwt => "application/statuslist+cwt",
        }
    }
}

/// A list whose signature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusToken {
    list: StatusList,
    issued_at: i64,
    expires_at: Option<i64>,
    ttl: Option<u64>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    iat: i64,
    exp: Option<i64>,
    ttl: Option<u64>,
    status_list: ListClaim,
}

#[derive(Deserialize)]
struct ListClaim {
    bits: u8,
    lst: String,
}

impl StatusReference {
    /// Reads the `status` claim of a credential. 6.2.
    ///
    /// # Errors
    /// [`StatusError::Malformed`].
    pub fn from_claim(claim: &serde_json::Value) -> Result<Self, StatusError> {
        let reference = claim.get("status_list").ok_or(StatusError::Malformed)?;
        serde_json::from_value(reference.clone()).map_err(|_| StatusError::Malformed)
    }
}

impl StatusToken {
    /// Verifies a JWT fetched from `uri`. `key` is the issuer's, trusted already.
    ///
    /// # Errors
    /// [`StatusError`], all but [`StatusError::NoSuchEntry`].
    pub fn verify_jwt(token: &str, uri: &str, key: &PublicKey, now: i64) -> Result<Self, StatusError> {
        Self::read_jwt(token, uri, Signer::Known(key), now)
    }

    /// Verifies a CWT fetched from `uri`. `key` is the issuer's, trusted already.
    ///
    /// # Errors
    /// As [`StatusToken::verify_jwt`].
    pub fn verify_cwt(token: &[u8], uri: &str, key: &PublicKey, now: i64) -> Result<Self, StatusError> {
        Self::read_cwt(token, uri, Signer::Known(key), now)
    }

    /// Verifies a token fetched from `uri` in this form, whose own chain has to lead to one of `anchors`: the roots of the
    /// credential's issuer.
    ///
    /// # Errors
    /// As [`StatusToken::verify_jwt`], and [`StatusError::Untrusted`].
    pub fn verify_under(
        token: &[u8],
        form: StatusForm,
        uri: &str,
        anchors: &Anchors,
        now: i64,
    ) -> Result<Self, StatusError> {
        match form {
            StatusForm::Cwt => Self::read_cwt(token, uri, Signer::Under(anchors), now),
            StatusForm::Jwt => {
                let token = core::str::from_utf8(token).map_err(|_| StatusError::Malformed)?;
                Self::read_jwt(token, uri, Signer::Under(anchors), now)
            }
        }
    }

    fn read_jwt(token: &str, uri: &str, signer: Signer<'_>, now: i64) -> Result<Self, StatusError> {
        let jws = Jws::parse(token, TYP_JWT).map_err(from_jws)?;
        let key = signer.key(|| jws.chain().map_err(from_jws), now)?;
        let claims: Claims = jws.verify(&key).map_err(from_jws)?;
        let Claims { sub, iat, exp, ttl, status_list: ListClaim { bits, lst } } = claims;
        let zlib = &decode(&lst).ok_or(StatusError::Malformed)?;
        Said { sub: &sub, iat, exp, ttl, bits, zlib }.accept(uri, now)
    }

    fn read_cwt(token: &[u8], uri: &str, signer: Signer<'_>, now: i64) -> Result<Self, StatusError> {
        check(token, Profile::Definite, Limits::DOCUMENT)?;
        let parts = Sign1::parse(token).map_err(|_| StatusError::Malformed)?;
        check(parts.protected, Profile::Definite, Limits::SMALL)?;
        let mut header = Reader::new(parts.protected);
        let (mut alg, mut typ, mut chain) = (None, None, None);
        for _ in 0..header.map()? {
            match header.int()? {
                label::ALG => alg = Some(header.int()?),
                label::TYP => typ = Some(header.text()?),
                label::X5CHAIN => chain = Some(read_chain(&mut header)?),
                // A critical header, above all: this reader knows none. RFC 9052, 3.1.
                2 => return Err(StatusError::Malformed),
                _ => drop(header.raw()?),
            }
        }
        if !matches!(alg, Some(ES256 | ESP256)) {
            return Err(StatusError::Algorithm);
        }
        if typ != Some(TYP_CWT) {
            return Err(StatusError::Type);
        }
        let key = signer.key(|| chain.ok_or(StatusError::Malformed), now)?;
        let signature = parts.signature_64().map_err(|_| StatusError::BadSignature)?;
        sign::verify(&key, &parts.sig_structure(), &signature).map_err(|_| StatusError::BadSignature)?;

        check(parts.payload, Profile::Definite, Limits::DOCUMENT)?;
        let mut claims = Reader::new(parts.payload);
        let (mut sub, mut iat, mut exp, mut ttl, mut list) = (None, None, None, None, None);
        for _ in 0..claims.map()? {
            match claims.int()? {
                label::SUB => sub = Some(claims.text()?),
                label::IAT => iat = Some(claims.int()?),
                label::EXP => exp = Some(claims.int()?),
                label::TTL => ttl = Some(claims.uint()?),
                label::STATUS_LIST => list = Some(read_list(&mut claims)?),
                _ => drop(claims.raw()?),
            }
        }
        let (Some((bits, zlib)), Some(iat), Some(sub)) = (list, iat, sub) else {
            return Err(StatusError::Malformed);
        };
        Said { sub, iat, exp, ttl, bits, zlib }.accept(uri, now)
    }

    /// The list.
    #[must_use]
    pub const fn list(&self) -> &StatusList {
        &self.list
    }

    /// When the issuer signed it, seconds since 1970 UTC.
    #[must_use]
    pub const fn issued_at(&self) -> i64 {
        self.issued_at
    }

    /// Whether what is kept may still be used. 8.3.
    #[must_use]
    pub fn is_usable(&self, now: i64) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }

    /// When a list fetched at `fetched_at` is fetched again: after `ttl`, and before it expires. `None`: the issuer
    /// says nothing, and the keeper's own policy decides. 13.7.
    #[must_use]
    pub fn reload_at(&self, fetched_at: i64) -> Option<i64> {
        let after = self.ttl.map(|ttl| fetched_at.saturating_add(i64::try_from(ttl).unwrap_or(i64::MAX)));
        match (after, self.expires_at) {
            (Some(after), Some(expires_at)) => Some(after.min(expires_at)),
            (after, expires_at) => after.or(expires_at),
        }
    }
}

/// Whose word a token has to be.
#[derive(Clone, Copy)]
enum Signer<'a> {
    Known(&'a PublicKey),
    Under(&'a Anchors),
}

impl Signer<'_> {
    /// The key that has to have signed, given the chain in the token.
    fn key(
        self,
        chain: impl FnOnce() -> Result<Vec<Vec<u8>>, StatusError>,
        now: i64,
    ) -> Result<PublicKey, StatusError> {
        match self {
            Self::Known(key) => Ok(*key),
            Self::Under(anchors) => {
                let chain =
                    chain()?.iter().map(|der| Certificate::parse(der)).collect::<Result<Vec<_>, _>>()?;
                Ok(verify_chain(&chain, anchors, now, Usage::StatusIssuer)?.p256_public_key()?)
            }
        }
    }
}

/// What a token says, signed by the issuer.
struct Said<'a> {
    sub: &'a str,
    iat: i64,
    exp: Option<i64>,
    ttl: Option<u64>,
    bits: u8,
    zlib: &'a [u8],
}

impl Said<'_> {
    /// 8.3. Decompresses last: only a list that is wanted now costs that.
    fn accept(self, uri: &str, now: i64) -> Result<StatusToken, StatusError> {
        let Self { sub, iat, exp, ttl, bits, zlib } = self;
        if sub != uri {
            return Err(StatusError::OtherList);
        }
        if exp.is_some_and(|exp| now >= exp) {
            return Err(StatusError::Expired);
        }
        if iat > now.saturating_add(SKEW) {
            return Err(StatusError::FromTheFuture);
        }
        Ok(StatusToken { list: StatusList::from_zlib(bits, zlib)?, issued_at: iat, expires_at: exp, ttl })
    }
}

/// `x5chain`: one certificate, or several, leaf first. RFC 9360, 2.
fn read_chain(header: &mut Reader<'_>) -> Result<Vec<Vec<u8>>, StatusError> {
    if header.peek()? == Kind::Bytes {
        return Ok(vec![header.bytes()?.to_vec()]);
    }
    let count = header.array()?;
    if count > MAX_CHAIN {
        return Err(StatusError::Malformed);
    }
    (0..count).map(|_| Ok(header.bytes()?.to_vec())).collect()
}

fn read_list<'a>(claims: &mut Reader<'a>) -> Result<(u8, &'a [u8]), StatusError> {
    let (mut bits, mut list) = (None, None);
    for _ in 0..claims.map()? {
        match claims.text()? {
            "bits" => bits = Some(u8::try_from(claims.uint()?).map_err(|_| StatusError::Bits)?),
            "lst" => list = Some(claims.bytes()?),
            _ => drop(claims.raw()?),
        }
    }
    bits.zip(list).ok_or(StatusError::Malformed)
}

fn from_jws(error: JwsError) -> StatusError {
    match error {
        JwsError::Malformed | JwsError::Critical => StatusError::Malformed,
        JwsError::Algorithm => StatusError::Algorithm,
        JwsError::Type => StatusError::Type,
        JwsError::BadSignature => StatusError::BadSignature,
    }
}

impl From<CborError> for StatusError {
    fn from(_: CborError) -> Self {
        Self::Malformed
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
