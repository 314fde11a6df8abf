//! Checking an SD-JWT VC as a whole: it is believed with every claim or not at all.

use serde_json::{Map, Value};

use super::{SdJwt, SdJwtError, SdRule, disclosure::put_in_place};
use crate::{
    card::{Date, Person},
    crypto::sign::PublicKey,
    jose::{Jwk, decode},
    trust::{Anchors, Certificate, Usage, Verified, verify_chain},
};

/// How far issuer and phone may disagree about the time, seconds.
const SKEW: i64 = 300;

/// What the credential has to be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The type asked for.
    pub vct: &'a str,
    /// The key it has to be bound to.
    pub holder: &'a PublicKey,
}

/// An SD-JWT VC whose signature, times, key and every disclosure were checked. Only [`verify`] makes one.
#[derive(Clone, PartialEq)]
pub struct VerifiedSdJwt {
    claims: Map<String, Value>,
    issued_at: Option<i64>,
    expires_at: Option<i64>,
    status: Option<StatusEntry>,
    signer: Verified<Certificate>,
}

/// Where it is told whether a credential was revoked. draft-ietf-oauth-status-list, 6.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusEntry {
    /// The list.
    pub uri: String,
    /// The entry.
    pub index: u64,
}

impl core::fmt::Debug for VerifiedSdJwt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("VerifiedSdJwt(..)")
    }
}

impl VerifiedSdJwt {
    /// All claims, every disclosure in its place.
    #[must_use]
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// One claim that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// When it was issued, seconds since 1970 UTC.
    #[must_use]
    pub const fn issued_at(&self) -> Option<i64> {
        self.issued_at
    }

    /// When it ends, seconds since 1970 UTC.
    #[must_use]
    pub const fn expires_at(&self) -> Option<i64> {
        self.expires_at
    }

    /// Where it is told whether it was revoked.
    #[must_use]
    pub const fn status(&self) -> Option<&StatusEntry> {
        self.status.as_ref()
    }

    /// Who signed it.
    #[must_use]
    pub const fn signer(&self) -> &Verified<Certificate> {
        &self.signer
    }

    /// The person this document is about, in the claims of docs/formats/documents.md; `None` when one is missing or of another
    /// form.
    #[must_use]
    pub fn person(&self) -> Option<Person> {
        let date = |name| Date::parse(self.text(name)?).ok();
        let latin = [self.text("family_name_latin1")?, self.text("given_name_latin1")?].join(" ");
        let number = crate::card::RegistrationNumber::parse(self.text("person_id")?).ok()?;
        let person = Person::new(
            self.text("name")?,
            latin.trim(),
            date("birth_date")?,
            number,
            self.text("resident_address")?,
            date("issue_date")?,
            self.text("issuing_authority")?,
            decode(self.text("portrait")?)?,
        );
        Some(person)
    }

    /// Whether this document is about `person`: it names their number, and whatever else of [`VerifiedSdJwt::person`] it has
    /// is what their card says.
    #[must_use]
    pub fn is_of(&self, person: &Person) -> bool {
        let agrees =
            |name: &str, right: &str| self.claims.get(name).is_none_or(|said| said.as_str() == Some(right));
        let same_day = |name: &str, right: Date| agrees(name, &right.to_string());
        self.text("person_id") == Some(person.registration_number().as_str())
            && agrees("name", person.name())
            && same_day("birth_date", person.birth_date())
            && agrees("resident_address", person.address())
            && self.claims.get("portrait").is_none_or(|said| {
                said.as_str().and_then(decode).is_some_and(|portrait| portrait == person.portrait())
            })
    }
}

/// Checks signer, signature, type, key, times, status and every disclosure. `now` is in seconds since 1970 UTC.
///
/// # Errors
/// [`SdJwtError`], the first check that fails.
pub fn verify(
    sd_jwt: &SdJwt,
    expected: &Expected<'_>,
    anchors: &Anchors,
    now: i64,
) -> Result<VerifiedSdJwt, SdJwtError> {
    let chain = sd_jwt.jwt.chain()?;
    let chain = chain.iter().map(|der| Certificate::parse(der)).collect::<Result<Vec<_>, _>>()?;
    let signer = verify_chain(&chain, anchors, now, Usage::SdJwtIssuer)?;
    let payload: Map<String, Value> = sd_jwt.jwt.verify(&signer.p256_public_key()?)?;
    let claims = put_in_place(payload, &sd_jwt.disclosures)?;
    if claims.get("vct").and_then(Value::as_str) != Some(expected.vct) {
        return Err(SdRule::OtherType.into());
    }
    if holder(&claims).ok_or(SdRule::NotBound)? != *expected.holder {
        return Err(SdRule::OtherHolder.into());
    }
    let (issued_at, expires_at) = check_times(&claims, now)?;
    let status = claims.get("status").map(status_entry).transpose()?;
    Ok(VerifiedSdJwt { claims, issued_at, expires_at, status, signer })
}

/// RFC 7800, 3.2: the member `jwk` of `cnf`, and no other that might name another key.
fn holder(claims: &Map<String, Value>) -> Option<PublicKey> {
    let confirmation = claims.get("cnf")?.as_object().filter(|members| members.len() == 1)?;
    let key: Jwk = serde_json::from_value(confirmation.get("jwk")?.clone()).ok()?;
    Some(*key.key())
}

fn check_times(claims: &Map<String, Value>, now: i64) -> Result<(Option<i64>, Option<i64>), SdRule> {
    let time = |name: &str| {
        claims
            .get(name)
            .map(|value| value.as_i64().filter(|time| *time >= 0).ok_or(SdRule::BadTime))
            .transpose()
    };
    let (issued_at, from, until) = (time("iat")?, time("nbf")?, time("exp")?);
    let begins = issued_at.max(from);
    if until.zip(begins).is_some_and(|(until, begins)| until <= begins) {
        return Err(SdRule::TimesOutOfOrder);
    }
    if begins.is_some_and(|begins| begins > now.saturating_add(SKEW)) {
        return Err(SdRule::NotYetValid);
    }
    if until.is_some_and(|until| now >= until) {
        return Err(SdRule::Expired);
    }
    Ok((issued_at, until))
}

fn status_entry(claim: &Value) -> Result<StatusEntry, SdRule> {
    let entry = claim.get("status_list").and_then(Value::as_object).ok_or(SdRule::Status)?;
    let index = entry.get("idx").and_then(Value::as_u64).ok_or(SdRule::Status)?;
    let uri = entry.get("uri").and_then(Value::as_str).ok_or(SdRule::Status)?;
    let uri = crate::platform::Url::parse(uri).map_err(|_| SdRule::Status)?;
    Ok(StatusEntry { uri: uri.as_str().to_owned(), index })
}
