//! The key-binding token around a copy, and the rolling anchor in it.

use super::{
    copy::VerifiedCopy,
    desk::Audience,
    error::{CounterError, Malformed, Rule},
    labels::{TYP_KBT, claim, header},
};
use crate::{
    cbor::{Limits, MapWriter, Profile, Reader, Writer, check},
    cose::{ESP256, Sign1},
    crypto::{
        chain::{Domain, Link, Salt, derive_at},
        hash::sha256,
        sign::{self, PublicKey},
    },
};

/// Seconds a frame is shown.
pub const PERIOD: u32 = 15;
/// Most frames of one token.
pub const MAX_FRAMES: u32 = 12;

/// The rolling anchor as signed: `Y = H^n(x)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roll {
    /// `Y`.
    pub y: Link,
    /// The salt in each step.
    pub salt: Salt,
    /// Seconds a frame is shown; must be [`PERIOD`].
    pub period: u32,
    /// Frames; 1 to [`MAX_FRAMES`].
    pub n: u32,
}

impl Roll {
    /// Whether `preimage` is the value of frame `step`.
    ///
    /// # Errors
    /// [`Rule::Step`], [`Rule::Preimage`].
    pub fn check(&self, step: u32, preimage: &Link) -> Result<(), Rule> {
        let left = self.n.checked_sub(step).filter(|left| *left > 0).ok_or(Rule::Step)?;
        // Bounded, whatever was signed.
        let n = self.n.min(MAX_FRAMES);
        if derive_at(Domain::Frame, &self.salt, left, preimage, n) == Some(self.y) {
            Ok(())
        } else {
            Err(Rule::Preimage)
        }
    }
}

/// A token as received. The copy inside is needed to verify it.
#[derive(Debug, Clone, Copy)]
pub struct UnverifiedToken<'a> {
    parts: Sign1<'a>,
    copy: &'a [u8],
}

impl<'a> UnverifiedToken<'a> {
    /// Splits the token.
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
        let (mut alg, mut typ, mut copy) = (None, None, None);
        for _ in 0..reader.map()? {
            match reader.int()? {
                header::ALG => alg = Some(reader.int()?),
                header::TYP => typ = Some(reader.uint()?),
                header::KCWT => copy = Some(reader.raw()?),
                _ => return Err(Malformed::Members.into()),
            }
        }
        if typ != Some(TYP_KBT) {
            return Err(Rule::WrongType.into());
        }
        if alg != Some(ESP256) {
            return Err(Rule::WrongAlgorithm.into());
        }
        Ok(Self { parts, copy: copy.ok_or(Malformed::Members)? })
    }

    /// The copy inside, as received.
    #[must_use]
    pub const fn copy(&self) -> &'a [u8] {
        self.copy
    }

    /// Verifies the holder's signature, then reads the claims.
    ///
    /// # Errors
    /// [`Rule::HolderSignature`], [`Rule::HolderSignatureHighS`]; then what the claims can break.
    pub fn verify(self, holder: &PublicKey) -> Result<VerifiedToken, CounterError> {
        let signature = self.parts.signature_64().map_err(|_| Rule::HolderSignature)?;
        let signed = self.parts.sig_structure();
        sign::verify(holder, &signed, &signature).map_err(|_| Rule::HolderSignature)?;
        if !sign::is_low_s(&signature) {
            return Err(Rule::HolderSignatureHighS.into());
        }
        VerifiedToken::read(self.parts.payload, sha256(&signed))
    }
}

/// A token whose holder signature was verified: only [`UnverifiedToken::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    audience: Audience,
    issued_at: i64,
    expires_at: i64,
    roll: Roll,
    seen_key: [u8; 32],
}

impl VerifiedToken {
    /// Whom it is for.
    #[must_use]
    pub const fn audience(&self) -> &Audience {
        &self.audience
    }
    /// When frame 0 begins, seconds since 1970 UTC by the phone's clock.
    #[must_use]
    pub const fn issued_at(&self) -> i64 {
        self.issued_at
    }
    /// When its last frame ends.
    #[must_use]
    pub const fn expires_at(&self) -> i64 {
        self.expires_at
    }
    /// The rolling anchor.
    #[must_use]
    pub const fn roll(&self) -> &Roll {
        &self.roll
    }
    /// SHA-256 of the Sig_structure: the same for every encoding of the signature, so that no twin counts as new.
    #[must_use]
    pub const fn seen_key(&self) -> &[u8; 32] {
        &self.seen_key
    }

    /// The window of a frame, `[first second, first second after)`. `None` when the numbers overflow.
    #[must_use]
    pub fn window(&self, step: u32) -> Option<(i64, i64)> {
        let from = self.issued_at.checked_add(i64::from(step).checked_mul(i64::from(PERIOD))?)?;
        Some((from, from.checked_add(i64::from(PERIOD))?))
    }

    /// The rules of the token's own numbers and of its place inside the copy's life.
    ///
    /// # Errors
    /// [`Rule::Period`], [`Rule::FrameCount`], [`Rule::TokenLife`], [`Rule::TokenOutsideCopy`].
    pub fn check_rules(&self, copy: &VerifiedCopy) -> Result<(), Rule> {
        if self.roll.period != PERIOD {
            return Err(Rule::Period);
        }
        if !(1..=MAX_FRAMES).contains(&self.roll.n) {
            return Err(Rule::FrameCount);
        }
        let life = i64::from(self.roll.n) * i64::from(PERIOD);
        if self.issued_at.checked_add(life) != Some(self.expires_at) {
            return Err(Rule::TokenLife);
        }
        if self.issued_at < copy.issued_at() || self.expires_at > copy.expires_at() {
            return Err(Rule::TokenOutsideCopy);
        }
        Ok(())
    }

    fn read(payload: &[u8], seen_key: [u8; 32]) -> Result<Self, CounterError> {
        check(payload, Profile::Deterministic, Limits::SMALL)?;
        let mut reader = Reader::new(payload);
        let (mut aud, mut exp, mut iat, mut cnonce, mut roll) = (None, None, None, None, None);
        for _ in 0..reader.map()? {
            match reader.int()? {
                claim::ISS | claim::SUB => return Err(Rule::TokenNamesParty.into()),
                claim::AUD => aud = Some(reader.text()?),
                claim::EXP => exp = Some(reader.int()?),
                claim::IAT => iat = Some(reader.int()?),
                claim::CNONCE => cnonce = Some(reader.array_of::<8>()?),
                claim::ROLL => roll = Some(read_roll(&mut reader)?),
                _ => return Err(Malformed::Members.into()),
            }
        }
        let missing = Malformed::Members;
        Ok(Self {
            audience: Audience::from_claims(aud.ok_or(missing)?, cnonce)?,
            issued_at: iat.ok_or(missing)?,
            expires_at: exp.ok_or(missing)?,
            roll: roll.ok_or(missing)?,
            seen_key,
        })
    }
}

fn read_roll(reader: &mut Reader<'_>) -> Result<Roll, CounterError> {
    reader.array_exactly(4)?;
    Ok(Roll {
        y: reader.array_of()?,
        salt: reader.array_of()?,
        period: reader.uint32()?,
        n: reader.uint32()?,
    })
}

/// The protected header of a token around `copy`.
pub(super) fn write_protected(copy: &[u8]) -> Vec<u8> {
    MapWriter::new()
        .entry(header::ALG, |w| w.int(ESP256))
        .entry(header::KCWT, |w| w.raw(copy))
        .entry(header::TYP, |w| w.uint(TYP_KBT))
        .finish()
}

/// The payload of a token.
pub(super) fn write_payload(audience: &Audience, issued_at: i64, expires_at: i64, roll: &Roll) -> Vec<u8> {
    MapWriter::new()
        .entry(claim::AUD, |w| w.text(audience.aud()))
        .entry(claim::EXP, |w| w.int(expires_at))
        .entry(claim::IAT, |w| w.int(issued_at))
        .entry_if(claim::CNONCE, audience.cnonce(), |w, nonce| w.bytes(&nonce))
        .entry(claim::ROLL, |w: &mut Writer| {
            w.array(4).bytes(&roll.y).bytes(&roll.salt);
            w.uint(u64::from(roll.period)).uint(u64::from(roll.n))
        })
        .finish()
}
