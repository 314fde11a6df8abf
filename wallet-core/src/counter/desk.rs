//! Desks: their ids, whom a token is for, and the signs they put up (`KD1:`).

use core::fmt;

use super::{
    error::{CounterError, Malformed, Misuse, Rule},
    frame::MAX_TEXT,
    labels::{GENERAL_AUDIENCE, KD1, header},
};
use crate::{
    cbor::{Limits, Profile, Reader, check},
    cose::{ESP256, Sign1},
    crypto::sign::{self, PublicKey},
    qr::base45,
    tlv::{self, Tlv},
    trust::{Anchors, Certificate, TrustError, Usage, Verified, verify_chain},
};

/// A desk's id: 1 to 12 of `A–Z a–z 0–9 . _ -`. Short, because it stands in every code shown to the desk.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeskId(String);

impl DeskId {
    /// Longest id, characters.
    pub const MAX: usize = 12;

    /// Parses an id.
    ///
    /// # Errors
    /// [`Misuse::DeskId`].
    pub fn parse(text: &str) -> Result<Self, Misuse> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=Self::MAX).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Misuse::DeskId)
        }
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a verifier registered as `registered` may use this id: the name itself, or the name, a dot and more.
    #[must_use]
    pub fn belongs_to(&self, registered: &str) -> bool {
        self.0.strip_prefix(registered).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            && !registered.is_empty()
    }
}

impl fmt::Display for DeskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whom a token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Whoever scans it.
    General,
    /// The desk whose sign was scanned.
    Desk {
        /// Its id.
        id: DeskId,
        /// The nonce of its sign, when it showed a fresh one.
        cnonce: Option<[u8; 8]>,
    },
}

impl Audience {
    /// The `aud` claim.
    #[must_use]
    pub fn aud(&self) -> &str {
        match self {
            Self::General => GENERAL_AUDIENCE,
            Self::Desk { id, .. } => id.as_str(),
        }
    }

    /// The desk nonce.
    #[must_use]
    pub const fn cnonce(&self) -> Option<[u8; 8]> {
        match self {
            Self::General => None,
            Self::Desk { cnonce, .. } => *cnonce,
        }
    }

    /// From the claims; a nonce without a desk is no token of ours.
    pub(super) fn from_claims(aud: &str, cnonce: Option<[u8; 8]>) -> Result<Self, Malformed> {
        match (aud, cnonce) {
            (GENERAL_AUDIENCE, None) => Ok(Self::General),
            (GENERAL_AUDIENCE, Some(_)) => Err(Malformed::Members),
            _ => DeskId::parse(aud).map(|id| Self::Desk { id, cnonce }).map_err(|_| Malformed::Members),
        }
    }
}

/// `typ` of a desk sign.
pub(super) const TYP_DESK_SIGN: &str = "kd1";

/// Keys of a desk sign's payload.
pub(super) mod member {
    pub(in crate::counter) const ID: i64 = 1;
    pub(in crate::counter) const NAME_KO: i64 = 2;
    pub(in crate::counter) const NAME_EN: i64 = 3;
    pub(in crate::counter) const CNONCE: i64 = 4;
    pub(in crate::counter) const EXP: i64 = 5;
}

/// The verifier's registration, as its verified certificate gives it.
#[derive(Debug, Clone)]
pub(super) struct Registration {
    /// The certified key.
    pub(super) key: PublicKey,
    /// The name it is registered under: see [`DeskId::belongs_to`].
    pub(super) registered_as: String,
}

impl Registration {
    fn of(certificate: &Verified<Certificate>) -> Result<Self, TrustError> {
        let registered_as = registered_name(certificate.subject_raw()).ok_or(TrustError::WrongUsage)?;
        Ok(Self { key: certificate.p256_public_key()?, registered_as })
    }
}

/// The `serialNumber` attribute of a subject (X.520, 6.2.9; 2.5.4.5), under which a verifier is registered.
fn registered_name(subject: &[u8]) -> Option<String> {
    const SERIAL_NUMBER: &[u8] = &[0x55, 0x04, 0x05];
    const MOST: usize = 16;
    for set in tlv::all(tlv::exactly(subject, 0x30).ok()?.value, MOST).ok()? {
        for attribute in tlv::all(set.value, MOST).ok()? {
            let parts = tlv::all(attribute.value, 2).ok()?;
            if let [Tlv { tag: 0x06, value: SERIAL_NUMBER, .. }, Tlv { tag: 0x0C | 0x13, value, .. }] =
                parts.as_slice()
            {
                return String::from_utf8(value.to_vec()).ok();
            }
        }
    }
    None
}

/// A scanned desk sign, its content out of reach until its signature is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedDeskSign {
    bytes: Vec<u8>,
    certificate: Vec<u8>,
}

impl UnverifiedDeskSign {
    /// Whether a scanned text is meant as a desk sign.
    #[must_use]
    pub fn recognises(text: &str) -> bool {
        text.starts_with(KD1)
    }

    /// Splits the sign.
    ///
    /// # Errors
    /// [`CounterError::Malformed`]; [`Rule::UnprotectedHeader`], [`Rule::WrongType`], [`Rule::WrongAlgorithm`].
    pub fn parse(text: &str) -> Result<Self, CounterError> {
        if text.len() > MAX_TEXT {
            return Err(Malformed::Base45.into());
        }
        let bytes = base45::decode(text.strip_prefix(KD1).ok_or(Malformed::Prefix)?)?;
        check(&bytes, Profile::Deterministic, Limits::SMALL)?;
        let parts = Sign1::parse(&bytes)?;
        if !parts.has_no_unprotected_label() {
            return Err(Rule::UnprotectedHeader.into());
        }
        check(parts.protected, Profile::Deterministic, Limits::SMALL)?;
        let mut reader = Reader::new(parts.protected);
        let (mut alg, mut typ, mut certificate) = (None, None, None);
        for _ in 0..reader.map()? {
            match reader.int()? {
                header::ALG => alg = Some(reader.int()?),
                header::TYP => typ = Some(reader.text()?),
                header::X5CHAIN => certificate = Some(reader.bytes()?.to_vec()),
                _ => return Err(Malformed::Members.into()),
            }
        }
        if typ != Some(TYP_DESK_SIGN) {
            return Err(Rule::WrongType.into());
        }
        if alg != Some(ESP256) {
            return Err(Rule::WrongAlgorithm.into());
        }
        let certificate = certificate.ok_or(Malformed::Members)?;
        Ok(Self { bytes, certificate })
    }

    /// The registration certificate, DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Verifies the certificate up to a registration anchor and the sign under its key, then reads it.
    ///
    /// # Errors
    /// [`CounterError::Untrusted`], [`Rule::Signature`], [`Rule::OutsideItsTime`], [`Rule::ForeignDeskId`],
    /// [`CounterError::Malformed`].
    pub fn verify(self, anchors: &Anchors, now: i64) -> Result<DeskSign, CounterError> {
        let certificate = Certificate::parse(&self.certificate)?;
        let certificate = verify_chain(&[certificate], anchors, now, Usage::VerifierRegistration)?;
        self.verify_under(&Registration::of(&certificate)?, now)
    }

    pub(super) fn verify_under(
        self,
        registration: &Registration,
        now: i64,
    ) -> Result<DeskSign, CounterError> {
        let parts = Sign1::parse(&self.bytes)?;
        let signature = parts.signature_64().map_err(|_| Rule::Signature)?;
        sign::verify(&registration.key, &parts.sig_structure(), &signature).map_err(|_| Rule::Signature)?;
        if !sign::is_low_s(&signature) {
            return Err(Rule::Signature.into());
        }
        let desk = DeskSign::read(parts.payload)?;
        if now >= desk.expires_at {
            return Err(Rule::OutsideItsTime.into());
        }
        if !desk.id.belongs_to(&registration.registered_as) {
            return Err(Rule::ForeignDeskId.into());
        }
        Ok(desk)
    }
}

/// A verified desk: only [`UnverifiedDeskSign::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskSign {
    id: DeskId,
    name_ko: String,
    name_en: String,
    cnonce: Option<[u8; 8]>,
    expires_at: i64,
}

impl DeskSign {
    /// The desk's id.
    #[must_use]
    pub const fn id(&self) -> &DeskId {
        &self.id
    }
    /// Its name in Korean, for the prompt.
    #[must_use]
    pub fn name_ko(&self) -> &str {
        &self.name_ko
    }
    /// Its name in English.
    #[must_use]
    pub fn name_en(&self) -> &str {
        &self.name_en
    }
    /// First second after the sign's life, seconds since 1970 UTC.
    #[must_use]
    pub const fn expires_at(&self) -> i64 {
        self.expires_at
    }
    /// The audience of a token for this desk.
    #[must_use]
    pub fn audience(&self) -> Audience {
        Audience::Desk { id: self.id.clone(), cnonce: self.cnonce }
    }

    fn read(payload: &[u8]) -> Result<Self, CounterError> {
        check(payload, Profile::Deterministic, Limits::SMALL)?;
        let mut reader = Reader::new(payload);
        let (mut id, mut name_ko, mut name_en, mut cnonce, mut exp) = (None, None, None, None, None);
        for _ in 0..reader.map()? {
            match reader.int()? {
                member::ID => id = Some(DeskId::parse(reader.text()?).map_err(|_| Malformed::Text)?),
                member::NAME_KO => name_ko = Some(read_name(&mut reader)?),
                member::NAME_EN => name_en = Some(read_name(&mut reader)?),
                member::CNONCE => cnonce = Some(reader.array_of::<8>()?),
                member::EXP => exp = Some(reader.int()?),
                _ => return Err(Malformed::Members.into()),
            }
        }
        let missing = Malformed::Members;
        Ok(Self {
            id: id.ok_or(missing)?,
            name_ko: name_ko.ok_or(missing)?,
            name_en: name_en.ok_or(missing)?,
            cnonce,
            expires_at: exp.ok_or(missing)?,
        })
    }
}

/// A name for the prompt: 1 to 64 characters, none of control or of direction.
fn read_name(reader: &mut Reader<'_>) -> Result<String, CounterError> {
    let text = reader.text()?;
    let misleading = |c: char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
    };
    if (1..=64).contains(&text.chars().count()) && !text.chars().any(misleading) {
        Ok(text.to_owned())
    } else {
        Err(Malformed::Text.into())
    }
}
