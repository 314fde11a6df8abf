use super::{KeyHolder, TrustError, name};
use crate::bytes::Reader;
use crate::cms::algorithm::SignatureAlgorithm;
use crate::cms::{oid, spki};
use crate::crypto::hash::{sha256, truncated};
use crate::crypto::sign;
use crate::crypto::verify::{Curve, VerifyingKey};
use crate::tlv::{self, Tlv, TlvError};

/// An X.509 certificate: its bytes as received, and what this crate looks at. RFC 5280.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    tbs: Vec<u8>,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    serial: Vec<u8>,
    not_before: i64,
    not_after: i64,
    key: VerifyingKey,
    signature_algorithm: Option<SignatureAlgorithm>,
    signature: Vec<u8>,
    extensions: Vec<Extension>,
    basic_constraints: Option<BasicConstraints>,
    key_usage: Option<u16>,
    extended_key_usage: Option<Vec<Vec<u8>>>,
}

/// RFC 5280, 4.2.1.9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasicConstraints {
    /// The subject issues certificates.
    pub ca: bool,
    /// How many issuers may stand between this one and a leaf.
    pub path_length: Option<u8>,
}

/// An issuing country: two or three letters, upper case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Country(String);

impl Country {
    /// The letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Extension {
    pub(super) kind: Vec<u8>,
    pub(super) critical: bool,
    pub(super) value: Vec<u8>,
}

/// The three parts of what an authority signs. RFC 5280, 4.1.1 and 5.1.1.
pub(super) struct Signed<'a> {
    pub(super) tbs: Tlv<'a>,
    pub(super) algorithm: Tlv<'a>,
    pub(super) signature: &'a [u8],
}

impl<'a> Signed<'a> {
    pub(super) fn parse(der: &'a [u8]) -> Result<Self, TrustError> {
        let mut parts = Reader::new(tlv::exactly(der, 0x30)?.value);
        let tbs = tlv::expect(&mut parts, 0x30)?;
        let algorithm = tlv::expect(&mut parts, 0x30)?;
        // Whole octets: no bits unused.
        let Some((0, signature)) = tlv::expect(&mut parts, 0x03)?.value.split_first() else {
            return Err(TrustError::Malformed);
        };
        parts.finish().map_err(|_| TrustError::Malformed)?;
        Ok(Self { tbs, algorithm, signature })
    }
}

impl Certificate {
    /// Reads one DER certificate.
    ///
    /// # Errors
    /// `Malformed`, or `Unsupported` for a kind of public key or a curve that this crate does not know.
    pub fn parse(der: &[u8]) -> Result<Self, TrustError> {
        if der.len() > MAX_LENGTH {
            return Err(TrustError::Malformed);
        }
        let Signed { tbs, algorithm, signature } = Signed::parse(der)?;
        let mut fields = Reader::new(tbs.value);
        // Absent is version 1. RFC 5280, 4.1.2.1.
        if let Some(version) = tlv::optional(&mut fields, 0xA0)?
            && !matches!(tlv::exactly(version.value, 0x02)?.value, [0..=2])
        {
            return Err(TrustError::Malformed);
        }
        let serial = tlv::expect(&mut fields, 0x02)?.value;
        // RFC 5280, 4.1.1.2: the algorithm outside the signature repeats the one inside.
        if serial.is_empty() || tlv::expect(&mut fields, 0x30)?.raw != algorithm.raw {
            return Err(TrustError::Malformed);
        }
        let issuer = tlv::expect(&mut fields, 0x30)?.raw;
        let validity = tlv::all(tlv::expect(&mut fields, 0x30)?.value, 2)?;
        let [not_before, not_after] = validity.as_slice() else { return Err(TrustError::Malformed) };
        let subject = tlv::expect(&mut fields, 0x30)?.raw;
        let key = tlv::expect(&mut fields, 0x30)?.raw;
        // Unique identifiers of issuer and subject, which nobody writes any more.
        tlv::optional(&mut fields, 0x81)?;
        tlv::optional(&mut fields, 0x82)?;
        let extensions = match tlv::optional(&mut fields, 0xA3)? {
            Some(wrapped) => parse_extensions(tlv::exactly(wrapped.value, 0x30)?.value)?,
            None => Vec::new(),
        };
        fields.finish().map_err(|_| TrustError::Malformed)?;
        let value = |kind| find(&extensions, kind).map(|found| found.value.as_slice());
        Ok(Self {
            tbs: tbs.raw.to_vec(),
            subject: subject.to_vec(),
            issuer: issuer.to_vec(),
            serial: serial.to_vec(),
            not_before: parse_time(not_before)?,
            not_after: parse_time(not_after)?,
            key: spki::parse(key)?,
            signature_algorithm: SignatureAlgorithm::parse(&algorithm).ok(),
            signature: signature.to_vec(),
            basic_constraints: value(oid::BASIC_CONSTRAINTS).map(parse_basic_constraints).transpose()?,
            key_usage: value(oid::KEY_USAGE).map(parse_key_usage).transpose()?,
            extended_key_usage: value(oid::EXTENDED_KEY_USAGE).map(parse_extended_key_usage).transpose()?,
            extensions,
            der: der.to_vec(),
        })
    }

    /// The certificate as received.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The bytes its issuer signed.
    #[must_use]
    pub fn tbs(&self) -> &[u8] {
        &self.tbs
    }

    /// Subject `Name`, DER.
    #[must_use]
    pub fn subject_raw(&self) -> &[u8] {
        &self.subject
    }

    /// Issuer `Name`, DER.
    #[must_use]
    pub fn issuer_raw(&self) -> &[u8] {
        &self.issuer
    }

    /// Content octets of the serial number.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// Seconds since 1970 UTC.
    #[must_use]
    pub const fn not_before(&self) -> i64 {
        self.not_before
    }

    /// Seconds since 1970 UTC, included.
    #[must_use]
    pub const fn not_after(&self) -> i64 {
        self.not_after
    }

    /// The subject's key.
    #[must_use]
    pub const fn public_key(&self) -> &VerifyingKey {
        &self.key
    }

    /// The subject's key for the project's own protocols.
    ///
    /// # Errors
    /// [`TrustError::Unsupported`] when it is not on P-256.
    pub fn p256_public_key(&self) -> Result<sign::PublicKey, TrustError> {
        match &self.key {
            VerifyingKey::Ec { curve: Curve::P256, point } => {
                sign::PublicKey::from_sec1(point).map_err(|_| TrustError::Unsupported)
            }
            _ => Err(TrustError::Unsupported),
        }
    }

    /// The first eight bytes of SHA-256 over the certificate. RFC 9360, 2, with hash algorithm -15.
    #[must_use]
    pub fn x5t(&self) -> [u8; 8] {
        truncated(sha256(&self.der))
    }

    /// The value of an extension, given the content octets of its object identifier.
    #[must_use]
    pub fn extension(&self, kind: &[u8]) -> Option<&[u8]> {
        find(&self.extensions, kind).map(|extension| extension.value.as_slice())
    }

    /// Basic constraints, when present.
    #[must_use]
    pub const fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.basic_constraints
    }

    /// Extended key usages, as content octets of object identifiers, when present.
    #[must_use]
    pub fn extended_key_usage(&self) -> Option<&[Vec<u8>]> {
        self.extended_key_usage.as_deref()
    }

    /// Subject key identifier, when present and well formed.
    #[must_use]
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        tlv::exactly(self.extension(oid::SUBJECT_KEY_IDENTIFIER)?, 0x04).ok().map(|id| id.value)
    }

    /// Key identifier of the issuer, when present and well formed.
    #[must_use]
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        issuer_key_id(&self.extensions)
    }

    /// The country of the subject.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        name::country(&self.subject).map(Country)
    }

    /// How the issuer signed; `None` for an algorithm not known here.
    #[must_use]
    pub const fn signature_algorithm(&self) -> Option<SignatureAlgorithm> {
        self.signature_algorithm
    }

    /// Whether `issuer`'s key made the signature.
    pub(super) fn check_signature(&self, issuer: &Self) -> Result<(), TrustError> {
        let algorithm = self.signature_algorithm.ok_or(TrustError::Unsupported)?;
        Ok(algorithm.verify(&issuer.key, &self.tbs, &self.signature)?)
    }

    pub(super) fn check_validity(&self, now_unix: i64) -> Result<(), TrustError> {
        if now_unix < self.not_before {
            Err(TrustError::NotYetValid)
        } else if now_unix > self.not_after {
            Err(TrustError::Expired)
        } else {
            Ok(())
        }
    }

    /// Without the extension, a key may be used for anything. RFC 5280, 4.2.1.3.
    pub(super) fn allows_digital_signature(&self) -> bool {
        self.key_usage.is_none_or(|usage| usage & DIGITAL_SIGNATURE != 0)
    }

    pub(super) fn allows_signing_certificates(&self) -> bool {
        self.key_usage.is_none_or(|usage| usage & KEY_CERT_SIGN != 0)
    }

    pub(super) fn allows_signing_lists(&self) -> bool {
        self.key_usage.is_none_or(|usage| usage & CRL_SIGN != 0)
    }

    /// Whether subject and issuer are one: an authority that signs a further key of its own. RFC 5280, 3.2.
    pub(super) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    pub(super) fn critical_extensions(&self) -> impl Iterator<Item = &[u8]> {
        self.extensions.iter().filter(|extension| extension.critical).map(|it| it.kind.as_slice())
    }
}

/// Names stay out of logs.
impl std::fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Certificate").field("x5t", &self.x5t()).finish_non_exhaustive()
    }
}

impl KeyHolder for Certificate {
    fn key(&self) -> Result<VerifyingKey, TrustError> {
        Ok(self.key.clone())
    }
}

impl From<TlvError> for TrustError {
    fn from(_: TlvError) -> Self {
        Self::Malformed
    }
}

impl From<spki::KeyError> for TrustError {
    fn from(error: spki::KeyError) -> Self {
        match error {
            spki::KeyError::Malformed(_) => Self::Malformed,
            spki::KeyError::UnsupportedKind | spki::KeyError::UnknownCurve => Self::Unsupported,
        }
    }
}

pub(super) fn find<'a>(extensions: &'a [Extension], kind: &[u8]) -> Option<&'a Extension> {
    extensions.iter().find(|extension| extension.kind == kind)
}

pub(super) fn issuer_key_id(extensions: &[Extension]) -> Option<&[u8]> {
    let value = tlv::exactly(&find(extensions, oid::AUTHORITY_KEY_IDENTIFIER)?.value, 0x30).ok()?.value;
    tlv::optional(&mut Reader::new(value), 0x80).ok()?.map(|id| id.value)
}

pub(super) fn parse_extensions(bytes: &[u8]) -> Result<Vec<Extension>, TrustError> {
    let mut extensions: Vec<Extension> = Vec::new();
    for extension in tlv::all(bytes, MAX_EXTENSIONS)? {
        if extension.tag != 0x30 {
            return Err(TrustError::Malformed);
        }
        let mut parts = Reader::new(extension.value);
        let kind = tlv::expect(&mut parts, 0x06)?.value.to_vec();
        let critical = match tlv::optional(&mut parts, 0x01)?.map(|flag| flag.value) {
            None => false,
            Some([flag]) => *flag != 0,
            Some(_) => return Err(TrustError::Malformed),
        };
        let value = tlv::expect(&mut parts, 0x04)?.value.to_vec();
        parts.finish().map_err(|_| TrustError::Malformed)?;
        // RFC 5280, 4.2: at most one instance of each.
        if find(&extensions, &kind).is_some() {
            return Err(TrustError::Malformed);
        }
        extensions.push(Extension { kind, critical, value });
    }
    Ok(extensions)
}

/// Seconds since 1970 of a UTCTime or GeneralizedTime in UTC; seconds may be left out, as authorities in the field do.
/// RFC 5280, 4.1.2.5.
pub(super) fn parse_time(time: &Tlv<'_>) -> Result<i64, TrustError> {
    let text = time.value.strip_suffix(b"Z").ok_or(TrustError::Malformed)?;
    let mut pairs = text.chunks(2).map(|pair| match pair {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Ok((tens - b'0') * 10 + (ones - b'0')),
        _ => Err(TrustError::Malformed),
    });
    let mut next = || pairs.next().transpose();
    let mut required = || next()?.ok_or(TrustError::Malformed);
    let year = match (time.tag, required()?) {
        (0x17, year @ 50..) => 1900 + i32::from(year),
        (0x17, year) => 2000 + i32::from(year),
        (0x18, century) => i32::from(century) * 100 + i32::from(required()?),
        _ => return Err(TrustError::Malformed),
    };
    let (month, day, hour, minute) = (required()?, required()?, required()?, required()?);
    let second = next()?.unwrap_or(0);
    if next()?.is_some() {
        return Err(TrustError::Malformed);
    }
    time::Month::try_from(month)
        .and_then(|month| time::Date::from_calendar_date(year, month, day))
        .and_then(|date| date.with_hms(hour, minute, second))
        .map(|moment| moment.assume_utc().unix_timestamp())
        .map_err(|_| TrustError::Malformed)
}

fn parse_basic_constraints(value: &[u8]) -> Result<BasicConstraints, TrustError> {
    let mut fields = Reader::new(tlv::exactly(value, 0x30)?.value);
    let ca = tlv::optional(&mut fields, 0x01)?.is_some_and(|flag| flag.value != [0]);
    let path_length = match tlv::optional(&mut fields, 0x02)?.map(|number| number.value) {
        None => None,
        Some([length @ 0..0x80]) => Some(*length),
        Some(_) => return Err(TrustError::Malformed),
    };
    fields.finish().map_err(|_| TrustError::Malformed)?;
    Ok(BasicConstraints { ca, path_length })
}

/// Bit 0 of the BIT STRING is the highest here.
fn parse_key_usage(value: &[u8]) -> Result<u16, TrustError> {
    match tlv::exactly(value, 0x03)?.value {
        [0..8, high] => Ok(u16::from_be_bytes([*high, 0])),
        [0..8, high, low] => Ok(u16::from_be_bytes([*high, *low])),
        _ => Err(TrustError::Malformed),
    }
}

fn parse_extended_key_usage(value: &[u8]) -> Result<Vec<Vec<u8>>, TrustError> {
    tlv::all(tlv::exactly(value, 0x30)?.value, MAX_USAGES)?
        .into_iter()
        .map(|kind| if kind.tag == 0x06 { Ok(kind.value.to_vec()) } else { Err(TrustError::Malformed) })
        .collect()
}

const DIGITAL_SIGNATURE: u16 = 0x8000;
const KEY_CERT_SIGN: u16 = 0x0400;
const CRL_SIGN: u16 = 0x0200;
const MAX_LENGTH: usize = 16 << 10;
const MAX_USAGES: usize = 16;
const MAX_EXTENSIONS: usize = 64;

#[cfg(test)]
#[cfg(feature = "issuer")]
#[path = "certificate_tests.rs"]
mod tests;
