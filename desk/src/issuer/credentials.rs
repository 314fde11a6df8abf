//! Making the batches: SD-CWTs per disclosure level with this hour's staple, mdocs and SD-JWT VCs.

use wallet_core::{
    card::{Date, Disclosure, Person},
    counter::{
        DeliveredCopy, Staple, hour_of,
        issue::{CopyRequest, derive_staple_anchor, issue_copy, staple_for},
    },
    crypto::{
        hash::{sha256, truncated},
        random::make_random,
        sign::PublicKey,
    },
    jose::{Fixed, encode},
    mdoc::issue::{PhotoIdRequest, issue_photo_id},
    openid::sd_jwt::issue::{SdJwtRequest, issue},
    status::StapleMessage,
};

use super::{Issuer, IssuerError};
use crate::{
    documents::{About, Document, Form, Wanted},
    register::Fields,
    store::{CopyRow, StapleSpan, Thumbprint},
};

/// Most days a copy of any document lasts; its staples last as long.
pub(super) const MOST_COPY_DAYS: u16 = 62;
/// A status index has 26 bits.
const STATUS_MASK: u32 = (1 << 26) - 1;

/// A copy made, to be remembered.
pub(crate) struct MadeCopy {
    cti: [u8; 8],
    status_index: u32,
    level: &'static str,
    staples: StapleSpan,
}

/// One batch in the making: whose, and what was made already.
pub(crate) struct Batch<'a> {
    /// The document in its form.
    pub(crate) wanted: Wanted<'a>,
    /// Whom it is about.
    pub(crate) person: &'a Person,
    /// What the register has of them for this document.
    pub(crate) fields: &'a Fields,
    /// The copies so far.
    pub(crate) made: Vec<MadeCopy>,
}

impl MadeCopy {
    pub(crate) const fn row(&self) -> CopyRow<'_> {
        CopyRow { cti: &self.cti, status_index: self.status_index, level: self.level, staples: self.staples }
    }
}

impl Issuer {
    /// Makes one credential of a batch for `holder`; gives it as the credential endpoint does.
    pub(crate) fn make_credential(
        &self,
        batch: &mut Batch<'_>,
        holder: &PublicKey,
        now: i64,
    ) -> Result<String, IssuerError> {
        let (copy, text) = match batch.wanted.form {
            Form::Mdoc => {
                let (copy, bytes) = self.make_mdoc(batch, holder, now)?;
                (copy, encode(&bytes))
            }
            Form::SdJwt => self.make_sd_jwt(batch, holder, now)?,
            Form::Level(level) => {
                let (copy, delivered) = self.make_copy(batch, level, holder, now)?;
                (copy, encode(&delivered.encode()))
            }
        };
        batch.made.push(copy);
        Ok(text)
    }

    /// One SD-CWT with its first staple.
    fn make_copy(
        &self,
        batch: &Batch<'_>,
        level: Disclosure,
        holder: &PublicKey,
        now: i64,
    ) -> Result<(MadeCopy, DeliveredCopy), IssuerError> {
        let days = Days::of(batch.wanted.document, now)?;
        let failed = |_| IssuerError::Failed;
        let cti = make_random::<8>()?;
        let portrait_salt = make_random::<16>()?;
        let status_index = self.make_status_index(&batch.made)?;
        let first_hour = hour_of(days.today.starts_at()).ok_or(IssuerError::Failed)?;
        let hours = batch.wanted.document.copy_days().saturating_mul(24);
        let master = &self.pki.staple_master;
        let anchor = derive_staple_anchor(master, &cti, first_hour, hours).ok_or(IssuerError::Failed)?;
        let request = CopyRequest {
            document: batch.wanted.document.at_counters().ok_or(IssuerError::Failed)?,
            person: batch.person,
            disclosure: level,
            holder,
            cti,
            status_index,
            portrait_salt,
            staple: anchor,
            issued_on: days.today,
            expires_on: days.copy_ends,
            today: days.today,
        };
        let signer = &self.pki.counter_signer;
        let x5t = truncated(sha256(&signer.certificate));
        let sd_cwt = issue_copy(&request, x5t, &|bytes| signer.key.sign(bytes)).map_err(failed)?;
        let hour = hour_of(now).ok_or(IssuerError::Failed)?;
        let staple = staple_for(master, &cti, &anchor, hour).ok_or(IssuerError::Failed)?;
        let staples = StapleSpan { first_hour, hours };
        let made = MadeCopy { cti, status_index, level: level.name(), staples };
        let issuer_chain = vec![signer.certificate.clone()];
        Ok((made, DeliveredCopy { sd_cwt, portrait_salt, staple, issuer_chain }))
    }

    /// One mdoc.
    fn make_mdoc(
        &self,
        batch: &Batch<'_>,
        key: &PublicKey,
        now: i64,
    ) -> Result<(MadeCopy, Vec<u8>), IssuerError> {
        let days = Days::of(batch.wanted.document, now)?;
        let signer = &self.pki.mdoc_signer;
        let request = PhotoIdRequest {
            person: batch.person,
            nationality: batch.wanted.document.nationality(),
            device_key: key,
            valid_from: days.today,
            valid_until: days.copy_ends,
            expiry: days.card_ends,
            chain: core::slice::from_ref(&signer.certificate),
        };
        let bytes =
            issue_photo_id(&request, &|bytes| signer.key.sign(bytes)).map_err(|_| IssuerError::Failed)?;
        Ok((self.remembered(batch, &bytes)?, bytes))
    }

    /// One SD-JWT VC.
    fn make_sd_jwt(
        &self,
        batch: &Batch<'_>,
        holder: &PublicKey,
        now: i64,
    ) -> Result<(MadeCopy, String), IssuerError> {
        let document = batch.wanted.document;
        let days = Days::of(document, now)?;
        let about =
            About { person: batch.person, fields: batch.fields, today: days.today, expiry: days.card_ends };
        let signer = &self.pki.sd_jwt_signer;
        let request = SdJwtRequest {
            vct: batch.wanted.kind().ok_or(IssuerError::Failed)?,
            issuer: &self.url,
            holder,
            issued_at: days.today.starts_at(),
            expires_at: days.copy_ends.starts_at(),
            status: None,
            claims: document.values(&about).ok_or(IssuerError::Failed)?,
            chain: core::slice::from_ref(&signer.certificate),
        };
        let text = issue(&request, &|bytes| signer.key.sign(bytes)).map_err(|_| IssuerError::Failed)?;
        Ok((self.remembered(batch, text.as_bytes())?, text))
    }

    /// What is kept of a credential without staples.
    fn remembered(&self, batch: &Batch<'_>, bytes: &[u8]) -> Result<MadeCopy, IssuerError> {
        Ok(MadeCopy {
            cti: truncated(sha256(bytes)),
            status_index: self.make_status_index(&batch.made)?,
            level: batch.wanted.form.name(),
            staples: StapleSpan { first_hour: 0, hours: 0 },
        })
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

/// The days of a batch made now, in Korea.
struct Days {
    today: Date,
    copy_ends: Date,
    card_ends: Date,
}

impl Days {
    fn of(document: &Document, now: i64) -> Result<Self, IssuerError> {
        let today = Date::in_korea_at(now).map_err(|_| IssuerError::Failed)?;
        let day = |days: u16| today.plus_days(i64::from(days)).map_err(|_| IssuerError::Failed);
        Ok(Self { today, copy_ends: day(document.copy_days())?, card_ends: day(document.card_days())? })
    }
}

const fn message_of(staple: &Staple) -> StapleMessage {
    StapleMessage { hour: staple.hour, preimage: Fixed(staple.preimage) }
}
