//! Lists of certificates that their authority takes back. RFC 5280, 5; ICAO 9303-12, 7.1.4.

use super::certificate::{Signed, find, issuer_key_id, parse_extensions, parse_time};
use super::{Certificate, TrustError, name};
use crate::bytes::Reader;
use crate::cms::algorithm::SignatureAlgorithm;
use crate::cms::oid;
use crate::tlv;

/// A certificate revocation list as received. [`Anchors::with_revocation_list`](super::Anchors::with_revocation_list)
/// checks who signed it and lets it count.
#[derive(Clone, PartialEq, Eq)]
pub struct RevocationList {
    tbs: Vec<u8>,
    algorithm: Option<SignatureAlgorithm>,
    signature: Vec<u8>,
    issuer_key_id: Option<Vec<u8>>,
    says: Revoked,
}

/// Whether an authority took a certificate back, as far as the lists at hand tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// A current list of its issuer does not name it.
    NotRevoked,
    /// A list of its issuer names it.
    Revoked,
    /// No list of its issuer is at hand.
    NoList,
    /// The lists of its issuer do not name it, and none is current: past its next update, or from the future.
    ListNotCurrent,
}

/// What a list has to say before a certificate is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RevocationPolicy {
    /// Whoever a list names is refused; without a current list nothing is known, and that is told.
    #[default]
    ListsAtHand,
    /// Only who is missing on a current list of its issuer is trusted.
    Required,
}

/// What a list says, once it is known who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Revoked {
    issuer: Vec<u8>,
    this_update: i64,
    next_update: i64,
    /// Content octets.
    serials: Vec<Vec<u8>>,
}

impl RevocationList {
    /// Reads one DER list: a full one, of one issuer.
    ///
    /// # Errors
    /// `Malformed`, also when the time of the next list is missing: its age would have no bound. `Unsupported` for a list of
    /// changes, one limited to a distribution point, one that speaks for other issuers, and any critical extension not
    /// known here.
    pub fn parse(der: &[u8]) -> Result<Self, TrustError> {
        if der.len() > MAX_LENGTH {
            return Err(TrustError::Malformed);
        }
        let Signed { tbs, algorithm, signature } = Signed::parse(der)?;
        let mut fields = Reader::new(tbs.value);
        // Absent is version 1. RFC 5280, 5.1.2.1.
        if let Some(version) = tlv::optional(&mut fields, 0x02)?
            && version.value != [1]
        {
            return Err(TrustError::Malformed);
        }
        if tlv::expect(&mut fields, 0x30)?.raw != algorithm.raw {
            return Err(TrustError::Malformed);
        }
        let issuer = tlv::expect(&mut fields, 0x30)?.raw.to_vec();
        let this_update = parse_time(&tlv::read(&mut fields)?)?;
        let next_update = parse_time(&tlv::read(&mut fields)?)?;
        let serials = match tlv::optional(&mut fields, 0x30)? {
            Some(entries) => parse_entries(entries.value)?,
            None => Vec::new(),
        };
        let extensions = match tlv::optional(&mut fields, 0xA0)? {
            Some(wrapped) => parse_extensions(tlv::exactly(wrapped.value, 0x30)?.value)?,
            None => Vec::new(),
        };
        fields.finish().map_err(|_| TrustError::Malformed)?;
        let narrowed = [oid::DELTA_CRL_INDICATOR, oid::ISSUING_DISTRIBUTION_POINT];
        let unknown = extensions.iter().any(|it| it.critical && !KNOWN.contains(&it.kind.as_slice()));
        if unknown || narrowed.into_iter().any(|kind| find(&extensions, kind).is_some()) {
            return Err(TrustError::Unsupported);
        }
        Ok(Self {
            tbs: tbs.raw.to_vec(),
            algorithm: SignatureAlgorithm::parse(&algorithm).ok(),
            signature: signature.to_vec(),
            issuer_key_id: issuer_key_id(&extensions).map(<[u8]>::to_vec),
            says: Revoked { issuer, this_update, next_update, serials },
        })
    }

    /// How many certificates it names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.says.serials.len()
    }

    /// Whether it names none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.says.serials.is_empty()
    }

    /// When it was made: seconds since 1970 UTC.
    #[must_use]
    pub const fn this_update(&self) -> i64 {
        self.says.this_update
    }

    /// When the next one is to come, seconds since 1970 UTC; until then, that moment included, it is current.
    #[must_use]
    pub const fn next_update(&self) -> i64 {
        self.says.next_update
    }

    /// Whether `authority` signed it and may.
    pub(super) fn check_signed_by(&self, authority: &Certificate) -> Result<(), TrustError> {
        let same_key = self.issuer_key_id.is_some()
            && self.issuer_key_id.as_deref() == authority.subject_key_id()
            && name::country(&self.says.issuer) == name::country(authority.subject_raw());
        if !same_key && !name::read_the_same(&self.says.issuer, authority.subject_raw()) {
            return Err(TrustError::UntrustedIssuer);
        }
        let algorithm = self.algorithm.ok_or(TrustError::Unsupported)?;
        algorithm.verify(authority.public_key(), &self.tbs, &self.signature)?;
        if authority.allows_signing_lists() { Ok(()) } else { Err(TrustError::WrongUsage) }
    }

    /// What it says, for whoever has checked who signed it.
    pub(super) fn into_says(self) -> Revoked {
        self.says
    }
}

/// Names stay out of logs.
impl std::fmt::Debug for RevocationList {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RevocationList").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl Revoked {
    /// What this list knows of a certificate. An authority signs one list for all its keys, so the name decides, not the
    /// key.
    pub(super) fn of(&self, certificate: &Certificate, now_unix: i64) -> Revocation {
        if !name::read_the_same(&self.issuer, certificate.issuer_raw()) {
            Revocation::NoList
        } else if self.serials.iter().any(|serial| serial == certificate.serial()) {
            Revocation::Revoked
        } else if (self.this_update..=self.next_update).contains(&now_unix) {
            Revocation::NotRevoked
        } else {
            Revocation::ListNotCurrent
        }
    }
}

fn parse_entries(bytes: &[u8]) -> Result<Vec<Vec<u8>>, TrustError> {
    let mut serials = Vec::new();
    for entry in tlv::all(bytes, MAX_ENTRIES)? {
        if entry.tag != 0x30 {
            return Err(TrustError::Malformed);
        }
        let mut fields = Reader::new(entry.value);
        let serial = tlv::expect(&mut fields, 0x02)?.value;
        parse_time(&tlv::read(&mut fields)?)?;
        if let Some(extensions) = tlv::optional(&mut fields, 0x30)? {
            let extensions = parse_extensions(extensions.value)?;
            // The entry of another issuer's certificate, or a condition not known here. RFC 5280, 5.3.
            if extensions.iter().any(|it| it.critical || it.kind == oid::CERTIFICATE_ISSUER) {
                return Err(TrustError::Unsupported);
            }
        }
        fields.finish().map_err(|_| TrustError::Malformed)?;
        serials.push(serial.to_vec());
    }
    Ok(serials)
}

/// Extensions of a list that may be critical.
const KNOWN: [&[u8]; 3] = [oid::AUTHORITY_KEY_IDENTIFIER, oid::ISSUER_ALTERNATIVE_NAME, oid::CRL_NUMBER];
/// Far above any published list of document signers.
const MAX_LENGTH: usize = 1 << 20;
const MAX_ENTRIES: usize = 1 << 16;

#[cfg(test)]
#[cfg(feature = "issuer")]
#[path = "revocation_tests.rs"]
mod tests;
