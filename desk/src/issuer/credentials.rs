//! Making the batches: SD-CWTs per disclosure level with this hour's staple, and mdocs.

use wallet_core::{
    card::{Date, Disclosure, Person},
    counter::{
        DeliveredCopy, Document, Staple, hour_of,
        issue::{CopyRequest, derive_staple_anchor, issue_copy, staple_for},
    },
    crypto::{
        hash::{sha256, truncated},
        random::make_random,
        sign::PublicKey,
    },
    jose::Fixed,
    mdoc::issue::{PhotoIdRequest, issue_photo_id},
    status::StapleMessage,
};

use super::{Issuer, IssuerError};
use crate::store::{CopyRow, StapleSpan, Thumbprint};

/// Days a copy lasts; its staples last as long.
pub(super) const COPY_DAYS: u16 = 60;
const STAPLE_HOURS: u16 = COPY_DAYS * 24;
/// Years the ID as such lasts, however often its copies are renewed.
const CARD_DAYS: i64 = 3 * 365;
/// A status index has 26 bits.
const STATUS_MASK: u32 = (1 << 26) - 1;
/// Under which a document of the other form is remembered.
pub(crate) const MDOC_LEVEL: &str = "mdoc";

/// A copy made, to be remembered.
pub(crate) struct MadeCopy {
    cti: [u8; 8],
    status_index: u32,
    level: &'static str,
    staples: StapleSpan,
}

impl MadeCopy {
    pub(crate) const fn row(&self) -> CopyRow<'_> {
        CopyRow { cti: &self.cti, status_index: self.status_index, level: self.level, staples: self.staples }
    }
}

impl Issuer {
    /// One SD-CWT with its first staple.
    pub(crate) fn make_copy(
        &self,
        person: &Person,
        level: Disclosure,
        holder: &PublicKey,
        others: &[MadeCopy],
        now: i64,
    ) -> Result<(MadeCopy, DeliveredCopy), IssuerError> {
        let today = Date::in_korea_at(now).map_err(|_| IssuerError::Failed)?;
        let failed = |_| IssuerError::Failed;
        let cti = make_random::<8>()?;
        let portrait_salt = make_random::<16>()?;
        let status_index = self.make_status_index(others)?;
        let first_hour = hour_of(today.starts_at()).ok_or(IssuerError::Failed)?;
        let master = &self.pki.staple_master;
        let anchor =
            derive_staple_anchor(master, &cti, first_hour, STAPLE_HOURS).ok_or(IssuerError::Failed)?;
        let request = CopyRequest {
            document: Document::ResidentCard,
            person,
            disclosure: level,
            holder,
            cti,
            status_index,
            portrait_salt,
            staple: anchor,
            issued_on: today,
            expires_on: today.plus_days(i64::from(COPY_DAYS)).map_err(|_| IssuerError::Failed)?,
            today,
        };
        let signer = &self.pki.counter_signer;
        let x5t = truncated(sha256(&signer.certificate));
        let sd_cwt = issue_copy(&request, x5t, &|bytes| signer.key.sign(bytes)).map_err(failed)?;
        let hour = hour_of(now).ok_or(IssuerError::Failed)?;
        let staple = staple_for(master, &cti, &anchor, hour).ok_or(IssuerError::Failed)?;
        let staples = StapleSpan { first_hour, hours: STAPLE_HOURS };
        let made = MadeCopy { cti, status_index, level: level.name(), staples };
        let issuer_chain = vec![signer.certificate.clone()];
        Ok((made, DeliveredCopy { sd_cwt, portrait_salt, staple, issuer_chain }))
    }

    /// One mdoc.
    pub(crate) fn make_mdoc(
        &self,
        person: &Person,
        key: &PublicKey,
        others: &[MadeCopy],
        now: i64,
    ) -> Result<(MadeCopy, Vec<u8>), IssuerError> {
        let today = Date::in_korea_at(now).map_err(|_| IssuerError::Failed)?;
        let signer = &self.pki.mdoc_signer;
        let day = |days| today.plus_days(days).map_err(|_| IssuerError::Failed);
        let request = PhotoIdRequest {
            person,
            device_key: key,
            valid_from: today,
            valid_until: day(i64::from(COPY_DAYS))?,
            expiry: day(CARD_DAYS)?,
            chain: core::slice::from_ref(&signer.certificate),
        };
        let bytes =
            issue_photo_id(&request, &|bytes| signer.key.sign(bytes)).map_err(|_| IssuerError::Failed)?;
        let made = MadeCopy {
            cti: truncated(sha256(&bytes)),
            status_index: self.make_status_index(others)?,
            level: MDOC_LEVEL,
            staples: StapleSpan { first_hour: 0, hours: 0 },
        };
        Ok((made, bytes))
    }

    /// A random status index that nobody has.
    fn make_status_index(&self, others: &[MadeCopy]) -> Result<u32, IssuerError> {
        for _ in 0..64 {
            let index = u32::from_be_bytes(make_random()?) & STATUS_MASK;
            if others.iter().all(|copy| copy.status_index != index) && self.store.is_free(index)? {
                return Ok(index);
            }
        }
        Err(IssuerError::Failed)
    }

    /// The staple of this hour for one copy of this phone; `None` when the issuer no longer vouches for it.
    pub(super) fn staple_of(
        &self,
        cti: &[u8],
        thumbprint: &Thumbprint,
        now: i64,
    ) -> Result<Option<StapleMessage>, IssuerError> {
        let Ok(cti) = <[u8; 8]>::try_from(cti) else { return Ok(None) };
        let Some(span) = self.store.active_copy(&cti, thumbprint)? else { return Ok(None) };
        let master = &self.pki.staple_master;
        let staple = derive_staple_anchor(master, &cti, span.first_hour, span.hours)
            .and_then(|anchor| staple_for(master, &cti, &anchor, hour_of(now)?));
        Ok(staple.as_ref().map(message_of))
    }
}

const fn message_of(staple: &Staple) -> StapleMessage {
    StapleMessage { hour: staple.hour, preimage: Fixed(staple.preimage) }
}
