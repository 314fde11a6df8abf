//! Disclosures, and putting them where their digests stand. RFC 9901, 4.2 and 7.1.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{SdJwtError, SdRule};
use crate::{
    crypto::hash::sha256,
    jose::{decode, encode},
};

/// How deep objects and arrays may lie in each other; disclosures count.
const MAX_DEPTH: u32 = 16;
const DIGESTS: &str = "_sd";
const HASH: &str = "_sd_alg";
const HIDDEN_ELEMENT: &str = "...";
/// Claims that decide whether the rest is believed. draft-ietf-oauth-sd-jwt-vc, 2.2.2.3.
const ALWAYS_OPEN: [&str; 7] = ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status"];

/// One claim, or one element of an array, with its digest.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Disclosure {
    /// base64url, as it stands where the claim was.
    digest: String,
    /// The claim's name; none for an element of an array.
    name: Option<String>,
    value: Value,
}

impl Eq for Disclosure {}

impl Disclosure {
    /// Name and value; none for an element of an array.
    pub(super) fn claim(&self) -> Option<(&str, &Value)> {
        Some((self.name.as_deref()?, &self.value))
    }

    pub(super) fn parse(text: &str) -> Result<Self, SdJwtError> {
        let bytes = decode(text).ok_or(SdRule::DisclosureShape)?;
        let parts: Vec<Value> = serde_json::from_slice(&bytes).map_err(|_| SdRule::DisclosureShape)?;
        // The digest is over the text as received: two texts may say the same.
        let digest = encode(&sha256(text.as_bytes()));
        let mut parts = parts.into_iter();
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Value::String(_)), Some(Value::String(name)), Some(value), None) => {
                if [DIGESTS, HASH, HIDDEN_ELEMENT].contains(&name.as_str()) {
                    return Err(SdRule::ReservedName.into());
                }
                Ok(Self { digest, name: Some(name), value })
            }
            (Some(Value::String(_)), Some(value), None, None) => Ok(Self { digest, name: None, value }),
            _ => Err(SdRule::DisclosureShape.into()),
        }
    }
}

/// The claims with every disclosure in its place, and without the digests that nothing was disclosed for. RFC 9901, 7.1.
///
/// # Errors
/// [`SdRule`].
pub(super) fn put_in_place(
    mut payload: Map<String, Value>,
    disclosures: &[Disclosure],
) -> Result<Map<String, Value>, SdRule> {
    match payload.remove(HASH) {
        None => {}
        Some(Value::String(name)) if name == "sha-256" => {}
        Some(_) => return Err(SdRule::HashAlgorithm),
    }
    let mut by_digest = BTreeMap::new();
    for disclosure in disclosures {
        if by_digest.insert(disclosure.digest.as_str(), disclosure).is_some() {
            return Err(SdRule::UnusedDisclosure);
        }
    }
    let mut opening = Opening { by_digest, seen: BTreeSet::new() };
    let claims = opening.object(payload, 0)?;
    if opening.by_digest.is_empty() { Ok(claims) } else { Err(SdRule::UnusedDisclosure) }
}

/// `put_in_place` for texts: what a fuzz target and the examples of RFC 9901 ask of this module without a signature.
///
/// # Errors
/// [`SdJwtError`].
pub fn open(payload: Map<String, Value>, disclosures: &[&str]) -> Result<Map<String, Value>, SdJwtError> {
    let disclosures =
        disclosures.iter().map(|text| Disclosure::parse(text)).collect::<Result<Vec<_>, _>>()?;
    Ok(put_in_place(payload, &disclosures)?)
}

struct Opening<'a> {
    /// Disclosures whose digest was not met yet.
    by_digest: BTreeMap<&'a str, &'a Disclosure>,
    /// Every digest met, decoys among them.
    seen: BTreeSet<String>,
}

impl<'a> Opening<'a> {
    /// What was disclosed for a digest, the one time it is met.
    fn take(&mut self, digest: String) -> Result<Option<&'a Disclosure>, SdRule> {
        let found = self.by_digest.remove(digest.as_str());
        if self.seen.insert(digest) { Ok(found) } else { Err(SdRule::RepeatedDigest) }
    }

    fn value(&mut self, value: Value, depth: u32) -> Result<Value, SdRule> {
        if depth > MAX_DEPTH {
            return Err(SdRule::TooDeep);
        }
        match value {
            Value::Object(map) => Ok(Value::Object(self.object(map, depth)?)),
            Value::Array(items) => Ok(Value::Array(self.array(items, depth)?)),
            plain => Ok(plain),
        }
    }

    fn object(&mut self, mut map: Map<String, Value>, depth: u32) -> Result<Map<String, Value>, SdRule> {
        let digests = match map.remove(DIGESTS) {
            None => Vec::new(),
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(SdRule::DigestShape),
        };
        if map.contains_key(HIDDEN_ELEMENT) || map.contains_key(HASH) {
            return Err(SdRule::ReservedName);
        }
        let below = depth.saturating_add(1);
        let mut claims = Map::new();
        for (name, value) in map {
            let value = self.value(value, below)?;
            claims.insert(name, value);
        }
        for digest in digests {
            let Value::String(digest) = digest else { return Err(SdRule::DigestShape) };
            let Some(disclosure) = self.take(digest)? else { continue };
            let name = disclosure.name.as_ref().ok_or(SdRule::DisclosureShape)?;
            if depth == 0 && ALWAYS_OPEN.contains(&name.as_str()) {
                return Err(SdRule::MustBeOpen);
            }
            if claims.contains_key(name) {
                return Err(SdRule::RepeatedClaim);
            }
            let value = self.value(disclosure.value.clone(), below)?;
            claims.insert(name.clone(), value);
        }
        Ok(claims)
    }

    fn array(&mut self, items: Vec<Value>, depth: u32) -> Result<Vec<Value>, SdRule> {
        let below = depth.saturating_add(1);
        let mut opened = Vec::new();
        for item in items {
            let hidden =
                item.as_object().and_then(|map| map.get(HIDDEN_ELEMENT).map(|digest| (map.len(), digest)));
            match hidden {
                None => opened.push(self.value(item, below)?),
                Some((1, Value::String(digest))) => {
                    let Some(disclosure) = self.take(digest.clone())? else { continue };
                    if disclosure.name.is_some() {
                        return Err(SdRule::DisclosureShape);
                    }
                    opened.push(self.value(disclosure.value.clone(), below)?);
                }
                Some(_) => return Err(SdRule::DigestShape),
            }
        }
        Ok(opened)
    }
}
