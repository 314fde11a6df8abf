//! SD-JWT VC: what an issuer signed with its disclosures, parsed as received and believed only whole. RFC 9901;
//! draft-ietf-oauth-sd-jwt-vc. Presenting it comes later.

mod disclosure;
mod error;
#[cfg(feature = "issuer")]
pub mod issue;
mod verify;

#[cfg(test)]
#[cfg(feature = "issuer")]
mod tests;

pub use disclosure::open;
pub use error::{SdJwtError, SdRule};
pub use verify::{Expected, StatusEntry, VerifiedSdJwt, verify};

use disclosure::Disclosure;

use crate::jose::Jws;

/// `typ` of an SD-JWT VC. draft-ietf-oauth-sd-jwt-vc, 2.2.1.
pub const TYP: &str = "dc+sd-jwt";
/// Longest SD-JWT, bytes: a portrait is in it.
const MAX_TEXT: usize = 512 * 1024;
/// Most disclosures.
const MAX_DISCLOSURES: usize = 256;

/// An SD-JWT as received; nothing in it is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdJwt {
    jwt: Jws,
    disclosures: Vec<Disclosure>,
}

impl SdJwt {
    /// Reads an SD-JWT VC as an issuer hands it over: without a key-binding token.
    ///
    /// # Errors
    /// [`SdJwtError::TooLarge`], [`SdJwtError::Malformed`], [`SdJwtError::Envelope`]; [`SdRule::KeyBindingAttached`],
    /// [`SdRule::DisclosureShape`], [`SdRule::ReservedName`].
    pub fn parse(text: &str) -> Result<Self, SdJwtError> {
        Self::parse_as(text, TYP)
    }

    /// The claims that are disclosed at any depth, by name. They are worth what [`verify`] once made of this text.
    pub fn disclosed(&self) -> impl Iterator<Item = (&str, &serde_json::Value)> {
        self.disclosures.iter().filter_map(Disclosure::claim)
    }

    /// As [`SdJwt::parse`], for a `typ` of another profile.
    fn parse_as(text: &str, typ: &str) -> Result<Self, SdJwtError> {
        if text.len() > MAX_TEXT {
            return Err(SdJwtError::TooLarge);
        }
        let mut parts = text.split('~');
        let jwt = parts.next().ok_or(SdJwtError::Malformed)?;
        // RFC 9901, 4: what follows the last tilde binds the key; without it that part is there and empty.
        match parts.next_back() {
            Some("") => {}
            Some(_) => return Err(SdRule::KeyBindingAttached.into()),
            None => return Err(SdJwtError::Malformed),
        }
        let jwt = Jws::parse(jwt, typ)?;
        let mut disclosures = Vec::new();
        for text in parts {
            if disclosures.len() >= MAX_DISCLOSURES {
                return Err(SdJwtError::TooLarge);
            }
            disclosures.push(Disclosure::parse(text)?);
        }
        Ok(Self { jwt, disclosures })
    }
}
