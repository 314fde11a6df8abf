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
    mdoc::{
        StatusEntry,
        issue::{PhotoIdRequest, issue_photo_id},
    },
    openid::sd_jwt::{
        self,
        issue::{SdJwtRequest, issue},
    },
    status::StapleMessage,
};

use super::{Issuer, IssuerError, phones::LIST_BITS};
use crate::{
    documents::{About, Form, Wanted},
    register::Fields,
    store::{CopyRow, StapleSpan, Thumbprint},
};

/// Most days a copy of any document lasts; its staples last as long.
const MOST_COPY_DAYS: u16 = 62;
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
    /// When the ID as such ends, however often its copies are renewed; seconds since 1970 UTC.
    pub(crate) ends_at: i64,
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
        let days = Days::of(batch, now)?;
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
        let days = Days::of(batch, now)?;
        let signer = self.pki.mdoc_signer.current();
        let status_index = self.make_status_index(&batch.made)?;
        let (uri, idx) = self.status_place(status_index);
        let request = PhotoIdRequest {
            person: batch.person,
            nationality: batch.wanted.document.nationality(),
            device_key: key,
            valid_from: days.today,
            valid_until: days.copy_ends,
            expiry: days.card_ends,
            status: Some(&StatusEntry { idx, uri }),
            chain: core::slice::from_ref(&signer.certificate),
        };
        let bytes =
            issue_photo_id(&request, &|bytes| signer.key.sign(bytes)).map_err(|_| IssuerError::Failed)?;
        Ok((remembered(batch, status_index, &bytes), bytes))
    }

    /// One SD-JWT VC.
    fn make_sd_jwt(
        &self,
        batch: &Batch<'_>,
        holder: &PublicKey,
        now: i64,
    ) -> Result<(MadeCopy, String), IssuerError> {
        let document = batch.wanted.document;
        let days = Days::of(batch, now)?;
        let about =
            About { person: batch.person, fields: batch.fields, today: days.today, expiry: days.card_ends };
        let signer = self.pki.sd_jwt_signer.current();
        let status_index = self.make_status_index(&batch.made)?;
        let (uri, index) = self.status_place(status_index);
        let request = SdJwtRequest {
            vct: batch.wanted.kind().ok_or(IssuerError::Failed)?,
            issuer: &self.url,
            holder,
            issued_at: days.today.starts_at(),
            expires_at: days.copy_ends.starts_at(),
            status: Some(sd_jwt::StatusEntry { uri, index }),
            claims: document.values(&about).ok_or(IssuerError::Failed)?,
            chain: core::slice::from_ref(&signer.certificate),
        };
        let text = issue(&request, &|bytes| signer.key.sign(bytes)).map_err(|_| IssuerError::Failed)?;
        Ok((remembered(batch, status_index, text.as_bytes()), text))
    }

    /// The list that an index is in, and its place there.
    fn status_place(&self, status_index: u32) -> (String, u64) {
        let place = status_index & ((1 << LIST_BITS) - 1);
        (self.status_uri(status_index >> LIST_BITS), u64::from(place))
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

    /// The staples of this hour for copies of this phone; `None` where the issuer no longer vouches.
    pub(super) fn staples_of(
        &self,
        copies: &[&[u8]],
        thumbprint: &Thumbprint,
        now: i64,
    ) -> Result<Vec<Option<StapleMessage>>, IssuerError> {
        let spans = self.store.active_copies(copies, thumbprint)?;
        let master = &self.pki.staple_master;
        let staple = |(cti, span): (&&[u8], Option<StapleSpan>)| {
            let (cti, span) = (<[u8; 8]>::try_from(*cti).ok()?, span?);
            let anchor = derive_staple_anchor(master, &cti, span.first_hour, span.hours)?;
            Some(message_of(&staple_for(master, &cti, &anchor, hour_of(now)?)?))
        };
        Ok(copies.iter().zip(spans).map(staple).collect())
    }
}

/// The days of a batch made now, in Korea.
struct Days {
    today: Date,
    copy_ends: Date,
    card_ends: Date,
}

impl Days {
    fn of(batch: &Batch<'_>, now: i64) -> Result<Self, IssuerError> {
        let failed = |_| IssuerError::Failed;
        let today = Date::in_korea_at(now).map_err(failed)?;
        let card_ends = Date::in_korea_at(batch.ends_at).map_err(failed)?;
        let copies = today.plus_days(i64::from(batch.wanted.document.copy_days())).map_err(failed)?;
        // No copy outlives the ID, whose last day is a day of it.
        let copy_ends = copies.min(card_ends.plus_days(1).map_err(failed)?);
        Ok(Self { today, copy_ends, card_ends })
    }
}

/// What is kept of a credential without staples.
fn remembered(batch: &Batch<'_>, status_index: u32, bytes: &[u8]) -> MadeCopy {
    MadeCopy {
        cti: truncated(sha256(bytes)),
        status_index,
        level: batch.wanted.form.name(),
        staples: StapleSpan { first_hour: 0, hours: 0 },
    }
}

/// How long ago a copy that still counts was issued at most, seconds: days are those of Korea.
pub(super) fn longest_copy_seconds() -> i64 {
    i64::from(MOST_COPY_DAYS).saturating_add(2).saturating_mul(86_400)
}

const fn message_of(staple: &Staple) -> StapleMessage {
    StapleMessage { hour: staple.hour, preimage: Fixed(staple.preimage) }
}
