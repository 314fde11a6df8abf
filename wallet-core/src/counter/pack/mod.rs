//! The signed pack a counter works from without a network.

#[cfg(feature = "issuer")]
pub mod issue;

use super::error::{CounterError, Malformed, Rule};
use crate::{
    bytes,
    card::Disclosure,
    cbor::{CborError, Limits, Profile, Reader, check},
    cose::{ESP256, Sign1},
    counter::labels::header,
    crypto::sign::{self, PublicKey},
};

/// `typ` of a pack.
pub(super) const TYP_PACK: &str = "kr1-pack";

/// Keys of the pack's payload.
pub(super) mod member {
    pub(in crate::counter) const SEQUENCE: i64 = 1;
    pub(in crate::counter) const MADE_AT: i64 = 2;
    pub(in crate::counter) const EXPIRES_AT: i64 = 3;
    pub(in crate::counter) const ISSUERS: i64 = 4;
    pub(in crate::counter) const ANCHORS: i64 = 5;
    // 6 was a list of four bytes an index, which outgrew what a counter reads.
    pub(in crate::counter) const POLICY: i64 = 7;
    pub(in crate::counter) const STATUS: i64 = 8;
}

/// Keys of the policy map.
pub(super) mod policy {
    pub(in crate::counter) const MAX_STAPLE_AGE: i64 = 1;
    pub(in crate::counter) const GENERAL_AUDIENCE: i64 = 2;
    pub(in crate::counter) const OUTAGE_UNTIL: i64 = 3;
    pub(in crate::counter) const REQUIRE_NONCE: i64 = 4;
}

/// How an offline counter is to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Policy {
    /// Oldest staple accepted, hours.
    pub max_staple_age_hours: u32,
    /// Levels beside the adult one that are accepted from a code for the general audience.
    pub accept_general_audience: Vec<Disclosure>,
    /// Until then (seconds since 1970 UTC) staples of any age are accepted: the country's network is down.
    pub outage_until: Option<i64>,
    /// Whether a code without a fresh nonce of the counter is refused.
    pub require_nonce: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_staple_age_hours: 24,
            accept_general_audience: Vec::new(),
            outage_until: None,
            require_nonce: false,
        }
    }
}

/// Which copies are deactivated, as of a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusSet {
    /// Seconds since 1970 UTC.
    pub as_of: i64,
    /// Status indices that are not valid, ascending, each once.
    pub deactivated: Vec<u32>,
}

/// What a pack says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackContent {
    /// Never goes back.
    pub sequence: u64,
    /// Seconds since 1970 UTC.
    pub made_at: i64,
    /// First second after its life.
    pub expires_at: i64,
    /// Issuer certificates, DER.
    pub issuers: Vec<Vec<u8>>,
    /// Anchors the issuer certificates lead to, DER.
    pub anchors: Vec<Vec<u8>>,
    /// Deactivated copies, when the counter is given them.
    pub status: Option<StatusSet>,
    /// How to decide.
    pub policy: Policy,
}

/// A pack whose signature was verified: only [`CounterPack::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterPack(PackContent);

impl CounterPack {
    /// Verifies the pack under the key of the authority that makes packs, and reads it. Whether it is still in its
    /// time is part of each verdict.
    ///
    /// # Errors
    /// [`Rule::Signature`], [`Rule::UnprotectedHeader`], [`Rule::WrongType`], [`Rule::WrongAlgorithm`],
    /// [`CounterError::Malformed`].
    pub fn verify(bytes: &[u8], signer: &PublicKey) -> Result<Self, CounterError> {
        check(bytes, Profile::Deterministic, Limits::PACK)?;
        let parts = Sign1::parse(bytes)?;
        if !parts.has_no_unprotected_label() {
            return Err(Rule::UnprotectedHeader.into());
        }
        check(parts.protected, Profile::Deterministic, Limits::SMALL)?;
        let mut reader = Reader::new(parts.protected);
        let (mut alg, mut typ) = (None, None);
        for _ in 0..reader.map()? {
            match reader.int()? {
                header::ALG => alg = Some(reader.int()?),
                header::TYP => typ = Some(reader.text()?),
                _ => return Err(Malformed::Members.into()),
            }
        }
        if typ != Some(TYP_PACK) {
            return Err(Rule::WrongType.into());
        }
        if alg != Some(ESP256) {
            return Err(Rule::WrongAlgorithm.into());
        }
        let signature = parts.signature_64().map_err(|_| Rule::Signature)?;
        sign::verify(signer, &parts.sig_structure(), &signature).map_err(|_| Rule::Signature)?;
        if !sign::is_low_s(&signature) {
            return Err(Rule::Signature.into());
        }
        read(parts.payload).map(Self)
    }

    /// What it says.
    #[must_use]
    pub const fn content(&self) -> &PackContent {
        &self.0
    }

    /// Refuses a pack older than one already seen.
    ///
    /// # Errors
    /// [`Rule::OlderPack`].
    pub fn not_before(self, lowest_sequence: u64) -> Result<Self, Rule> {
        if self.0.sequence < lowest_sequence { Err(Rule::OlderPack) } else { Ok(self) }
    }
}

fn read(payload: &[u8]) -> Result<PackContent, CounterError> {
    check(payload, Profile::Deterministic, Limits::PACK)?;
    let mut reader = Reader::new(payload);
    let (mut sequence, mut made_at, mut expires_at) = (None, None, None);
    let (mut issuers, mut anchors, mut status, mut policy) = (None, None, None, None);
    for _ in 0..reader.map()? {
        match reader.int()? {
            member::SEQUENCE => sequence = Some(reader.uint()?),
            member::MADE_AT => made_at = Some(reader.int()?),
            member::EXPIRES_AT => expires_at = Some(reader.int()?),
            member::ISSUERS => issuers = Some(read_certificates(&mut reader)?),
            member::ANCHORS => anchors = Some(read_certificates(&mut reader)?),
            member::STATUS => status = Some(read_status(&mut reader)?),
            member::POLICY => policy = Some(read_policy(&mut reader)?),
            _ => return Err(Malformed::Members.into()),
        }
    }
    let missing = Malformed::Members;
    Ok(PackContent {
        sequence: sequence.ok_or(missing)?,
        made_at: made_at.ok_or(missing)?,
        expires_at: expires_at.ok_or(missing)?,
        issuers: issuers.ok_or(missing)?,
        anchors: anchors.ok_or(missing)?,
        status,
        policy: policy.ok_or(missing)?,
    })
}

fn read_certificates(reader: &mut Reader<'_>) -> Result<Vec<Vec<u8>>, CounterError> {
    (0..reader.array()?).map(|_| Ok(reader.bytes()?.to_vec())).collect()
}

/// `[as_of, gaps]`: ascending by construction, as each gap is what lies between an index and the one before.
fn read_status(reader: &mut Reader<'_>) -> Result<StatusSet, CounterError> {
    reader.array_exactly(2)?;
    let as_of = reader.int()?;
    let mut rest = bytes::Reader::new(reader.bytes()?);
    let mut deactivated = Vec::new();
    let mut lowest = 0_u32;
    while !rest.is_empty() {
        let index = lowest.checked_add(read_gap(&mut rest)?).ok_or(Malformed::Members)?;
        lowest = index.checked_add(1).ok_or(Malformed::Members)?;
        deactivated.push(index);
    }
    Ok(StatusSet { as_of, deactivated })
}

/// Unsigned LEB128 of at most four bytes, in its shortest form.
fn read_gap(rest: &mut bytes::Reader<'_>) -> Result<u32, CounterError> {
    let mut gap = 0;
    for shift in [0, 7, 14, 21] {
        let byte = rest.u8().map_err(CborError::from)?;
        gap |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            let is_shortest = byte != 0 || shift == 0;
            return if is_shortest { Ok(gap) } else { Err(Malformed::Members.into()) };
        }
    }
    Err(Malformed::Members.into())
}

fn read_policy(reader: &mut Reader<'_>) -> Result<Policy, CounterError> {
    let (mut max_staple_age, mut levels, mut outage_until, mut require_nonce) =
        (None, Vec::new(), None, false);
    for _ in 0..reader.map()? {
        match reader.int()? {
            policy::MAX_STAPLE_AGE => max_staple_age = Some(reader.uint32()?),
            policy::GENERAL_AUDIENCE => {
                for _ in 0..reader.array()? {
                    let level = Disclosure::from_name(reader.text()?).map_err(|_| Malformed::Members)?;
                    levels.push(level);
                }
            }
            policy::OUTAGE_UNTIL => outage_until = Some(reader.int()?),
            policy::REQUIRE_NONCE => require_nonce = reader.bool()?,
            _ => return Err(Malformed::Members.into()),
        }
    }
    Ok(Policy {
        max_staple_age_hours: max_staple_age.ok_or(Malformed::Members)?,
        accept_general_audience: levels,
        outage_until,
        require_nonce,
    })
}
