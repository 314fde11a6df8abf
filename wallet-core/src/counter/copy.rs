//! One copy of the card: an SD-CWT for one holder key and one disclosure level.

use core::fmt;

use super::{
    claims::{Claims, read_person},
    error::{CounterError, Malformed, Rule},
    labels::{CNF_COSE_KEY, SHA256_64, TYP_SD_CWT, claim, header},
    staple::{MAX_STAPLE_HOURS, StapleAnchor, hour_of},
};
use crate::{
    card::Disclosure,
    cbor::{Limits, Profile, Reader, check},
    cose::{ESP256, Sign1, decode_key},
    crypto::{
        hash::{sha256_of, truncated},
        sign::{self, PublicKey},
    },
};

/// Which card a copy is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Document {
    /// The mobile resident card.
    ResidentCard,
    /// The mobile residence card of a foreign resident.
    ForeignResidentCard,
}

impl Document {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::ResidentCard, Self::ForeignResidentCard];

    /// The document's name at issuers and in the wallet: `resident_card`, `foreign_resident_card`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResidentCard => "resident_card",
            Self::ForeignResidentCard => "foreign_resident_card",
        }
    }

    /// The document of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|document| document.name() == name)
    }

    /// The `vct` of a copy: document, version of the claims, level.
    #[must_use]
    pub const fn vct(self, disclosure: Disclosure) -> &'static str {
        match (self, disclosure) {
            (Self::ResidentCard, Disclosure::AdultOnly) => "rc1.adult",
            (Self::ResidentCard, Disclosure::NameAndBirth) => "rc1.name",
            (Self::ResidentCard, Disclosure::Address) => "rc1.addr",
            (Self::ResidentCard, Disclosure::Full) => "rc1.full",
            (Self::ResidentCard, Disclosure::RegistrationNumber) => "rc1.rrn",
            (Self::ForeignResidentCard, Disclosure::AdultOnly) => "fc1.adult",
            (Self::ForeignResidentCard, Disclosure::NameAndBirth) => "fc1.name",
            (Self::ForeignResidentCard, Disclosure::Address) => "fc1.addr",
            (Self::ForeignResidentCard, Disclosure::Full) => "fc1.full",
            (Self::ForeignResidentCard, Disclosure::RegistrationNumber) => "fc1.rrn",
        }
    }

    /// The document and level of a `vct`.
    #[must_use]
    pub fn from_vct(vct: &str) -> Option<(Self, Disclosure)> {
        let all = Self::ALL.into_iter().flat_map(|document| Disclosure::ALL.map(|level| (document, level)));
        all.into_iter().find(|(document, level)| document.vct(*level) == vct)
    }
}

/// A copy as received: its form is checked, its content is out of reach until the issuer's signature is.
#[derive(Debug, Clone, Copy)]
pub struct UnverifiedCopy<'a> {
    parts: Sign1<'a>,
    x5t: [u8; 8],
}

impl<'a> UnverifiedCopy<'a> {
    /// Splits the SD-CWT.
    ///
    /// # Errors
    /// [`CounterError::Malformed`]; [`Rule::UnprotectedHeader`], [`Rule::WrongType`], [`Rule::WrongAlgorithm`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CounterError> {
        check(bytes, Profile::Deterministic, Limits::SMALL)?;
        let parts = Sign1::parse(bytes)?;
        if !parts.has_no_unprotected_label() {
            return Err(Rule::UnprotectedHeader.into());
        }
        check(parts.protected, Profile::Deterministic, Limits::SMALL)?;
        let mut reader = Reader::new(parts.protected);
        let (mut alg, mut typ, mut x5t) = (None, None, None);
        for _ in 0..reader.map()? {
            match reader.int()? {
                header::ALG => alg = Some(reader.int()?),
                header::TYP => typ = Some(reader.uint()?),
                header::X5T => {
                    reader.array_exactly(2)?;
                    if reader.int()? != SHA256_64 {
                        return Err(Rule::WrongAlgorithm.into());
                    }
                    x5t = Some(reader.array_of::<8>()?);
                }
                _ => return Err(Malformed::Members.into()),
            }
        }
        if typ != Some(TYP_SD_CWT) {
            return Err(Rule::WrongType.into());
        }
        if alg != Some(ESP256) {
            return Err(Rule::WrongAlgorithm.into());
        }
        Ok(Self { parts, x5t: x5t.ok_or(Malformed::Members)? })
    }

    /// SHA-256/64 of the issuer's certificate.
    #[must_use]
    pub const fn x5t(&self) -> [u8; 8] {
        self.x5t
    }

    /// Verifies the issuer's signature, then reads the claims.
    ///
    /// # Errors
    /// [`Rule::IssuerSignature`], [`Rule::IssuerSignatureHighS`]; then what the claims can break.
    pub fn verify(self, issuer: &PublicKey) -> Result<VerifiedCopy, CounterError> {
        let signature = self.parts.signature_64().map_err(|_| Rule::IssuerSignature)?;
        sign::verify(issuer, &self.parts.sig_structure(), &signature).map_err(|_| Rule::IssuerSignature)?;
        if !sign::is_low_s(&signature) {
            return Err(Rule::IssuerSignatureHighS.into());
        }
        Ok(VerifiedCopy { x5t: self.x5t, content: Content::read(self.parts.payload)? })
    }

    /// The claims of a copy out of the wallet's own vault, which verified it on receipt.
    pub(super) fn read_own(self) -> Result<Content, CounterError> {
        Content::read(self.parts.payload)
    }
}

/// A copy whose issuer signature was verified: only [`UnverifiedCopy::verify`] makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedCopy {
    x5t: [u8; 8],
    content: Content,
}

impl VerifiedCopy {
    /// SHA-256/64 of the issuer's certificate.
    #[must_use]
    pub const fn x5t(&self) -> [u8; 8] {
        self.x5t
    }
    /// Which card.
    #[must_use]
    pub const fn document(&self) -> Document {
        self.content.document
    }
    /// How much it shows.
    #[must_use]
    pub const fn disclosure(&self) -> Disclosure {
        self.content.disclosure
    }
    /// First second of validity, seconds since 1970 UTC: the beginning of a day in Korea.
    #[must_use]
    pub const fn issued_at(&self) -> i64 {
        self.content.issued_at
    }
    /// First second after validity, seconds since 1970 UTC: the beginning of a day in Korea.
    #[must_use]
    pub const fn expires_at(&self) -> i64 {
        self.content.expires_at
    }
    /// The copy's own id.
    #[must_use]
    pub const fn cti(&self) -> [u8; 8] {
        self.content.cti
    }
    /// The key it is bound to.
    #[must_use]
    pub const fn holder(&self) -> &PublicKey {
        &self.content.holder
    }
    /// Index in the status list.
    #[must_use]
    pub const fn status_index(&self) -> u32 {
        self.content.status_index
    }
    /// The anchor of its freshness staples.
    #[must_use]
    pub const fn staple_anchor(&self) -> &StapleAnchor {
        &self.content.staple
    }
    /// SHA-256(salt ‖ image), first 16 bytes.
    #[must_use]
    pub const fn portrait_digest(&self) -> [u8; 16] {
        self.content.portrait_digest
    }
    /// What it shows of the person.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.content.claims
    }
}

impl fmt::Debug for VerifiedCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedCopy({})", self.disclosure().name())
    }
}

/// What the payload says.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Content {
    document: Document,
    disclosure: Disclosure,
    pub(super) issued_at: i64,
    pub(super) expires_at: i64,
    cti: [u8; 8],
    pub(super) holder: PublicKey,
    status_index: u32,
    pub(super) staple: StapleAnchor,
    portrait_digest: [u8; 16],
    claims: Claims,
}

impl Content {
    fn read(payload: &[u8]) -> Result<Self, CounterError> {
        check(payload, Profile::Deterministic, Limits::SMALL)?;
        let mut reader = Reader::new(payload);
        let (mut exp, mut iat, mut cti, mut holder, mut vct, mut card, mut sub) =
            (None, None, None, None, None, None, None);
        for _ in 0..reader.map()? {
            match reader.int()? {
                claim::SUB => sub = Some(reader.text()?),
                claim::EXP => exp = Some(reader.int()?),
                claim::IAT => iat = Some(reader.int()?),
                claim::CTI => cti = Some(reader.array_of::<8>()?),
                claim::CNF => holder = Some(read_cnf(&mut reader)?),
                claim::VCT => vct = Some(reader.text()?),
                claim::CARD => card = Some(reader.raw()?),
                _ => return Err(Malformed::Members.into()),
            }
        }
        let missing = Malformed::Members;
        if sub != Some("") {
            return Err(missing.into());
        }
        let (issued_at, expires_at) = (iat.ok_or(missing)?, exp.ok_or(missing)?);
        let whole_days = |moment: i64| moment.rem_euclid(86_400) == 54_000;
        let life = expires_at.saturating_sub(issued_at);
        if !(1..=MAX_LIFE).contains(&life) || !whole_days(issued_at) || !whole_days(expires_at) {
            return Err(Rule::CopyTimes.into());
        }
        let (document, disclosure) = Document::from_vct(vct.ok_or(missing)?).ok_or(Rule::UnknownDocument)?;

        let mut reader = Reader::new(card.ok_or(missing)?);
        reader.array_exactly(4)?;
        let status_index = reader.uint32()?;
        let staple = read_anchor(&mut reader, issued_at)?;
        let portrait_digest = reader.array_of::<16>()?;
        let claims = read_person(&mut reader, disclosure)?;
        reader.finish()?;
        Ok(Self {
            document,
            disclosure,
            issued_at,
            expires_at,
            cti: cti.ok_or(missing)?,
            holder: holder.ok_or(missing)?,
            status_index,
            staple,
            portrait_digest,
            claims,
        })
    }
}

/// Longest life of a copy, seconds: its staples reach no further.
pub(super) const MAX_LIFE: i64 = 62 * 86_400;

/// Checks a copy just received from the issuer: its signature, its times, and that it is bound to `holder`.
///
/// # Errors
/// As [`UnverifiedCopy::parse`] and [`UnverifiedCopy::verify`]; [`Rule::WrongHolder`].
pub fn check_copy(
    bytes: &[u8],
    issuer: &PublicKey,
    holder: &PublicKey,
) -> Result<VerifiedCopy, CounterError> {
    let copy = UnverifiedCopy::parse(bytes)?.verify(issuer)?;
    if copy.holder() == holder { Ok(copy) } else { Err(Rule::WrongHolder.into()) }
}

/// The digest a photo is compared with: SHA-256(salt ‖ image), first 16 bytes. The issuer draws the salt after it has
/// the image, so only a second preimage would help a forger.
#[must_use]
pub fn derive_portrait_digest(salt: &[u8; 16], image: &[u8]) -> [u8; 16] {
    truncated(sha256_of(&[salt, image]))
}

fn read_cnf(reader: &mut Reader<'_>) -> Result<PublicKey, CounterError> {
    if reader.map()? != 1 || reader.int()? != CNF_COSE_KEY {
        return Err(Malformed::Members.into());
    }
    Ok(decode_key(reader.raw()?)?)
}

/// `[Y, salt, first hour since iat, n]`.
fn read_anchor(reader: &mut Reader<'_>, issued_at: i64) -> Result<StapleAnchor, CounterError> {
    reader.array_exactly(4)?;
    let (y, salt) = (reader.array_of()?, reader.array_of()?);
    let first_hour = hour_of(issued_at)
        .and_then(|issued| issued.checked_add(reader.uint32().ok()?))
        .ok_or(Rule::StapleBounds)?;
    let n = u16::try_from(reader.uint()?)
        .ok()
        .filter(|n| (1..=MAX_STAPLE_HOURS).contains(n))
        .ok_or(Rule::StapleBounds)?;
    Ok(StapleAnchor { y, salt, first_hour, n })
}
