//! What the issuer makes: copies of a card, one per disclosure level and holder key, and their hourly staples.

use super::{
    claims::write_person,
    copy::{Document, MAX_LIFE, derive_portrait_digest},
    desk::{DeskId, TYP_DESK_SIGN, member},
    error::{CounterError, Misuse},
    labels::{CNF_COSE_KEY, KD1, SHA256_64, TYP_SD_CWT, claim, header},
    staple::{MAX_STAPLE_HOURS, Staple, StapleAnchor, hour_of},
};
use crate::{
    bytes::Secret,
    card::{Date, Disclosure, Person},
    cbor::{MapWriter, Writer},
    cose::{self, issue::sign1, write_key},
    crypto::{
        chain::{Domain, Link, Salt, derive_at},
        hash::{hmac_sha256, truncated},
        sign::{PublicKey, Signature},
    },
    qr::base45,
};

/// What one copy is to say.
#[derive(Debug, Clone, Copy)]
pub struct CopyRequest<'a> {
    /// Which card.
    pub document: Document,
    /// Whose card.
    pub person: &'a Person,
    /// How much this copy shows.
    pub disclosure: Disclosure,
    /// The phone's key for this copy.
    pub holder: &'a PublicKey,
    /// Random, of this copy alone; the staples derive from it.
    pub cti: [u8; 8],
    /// Index in the status list, of this copy alone and in random order.
    pub status_index: u32,
    /// Random, of this copy alone; it travels with the photo only.
    pub portrait_salt: [u8; 16],
    /// From [`derive_staple_anchor`]; its first hour not before `issued_on`.
    pub staple: StapleAnchor,
    /// First day (KST) of validity: whole days, lest a time join two visits.
    pub issued_on: Date,
    /// The day (KST) at whose beginning the copy ends.
    pub expires_on: Date,
    /// The day for which adulthood by year of birth is stated.
    pub today: Date,
}

/// Signs one copy: an SD-CWT (draft-ietf-spice-sd-cwt-08) with its claims in the clear. `x5t` is SHA-256/64 of the
/// issuer's certificate; `sign` signs ES256, `r ‖ s`, low S.
///
/// # Errors
/// [`Misuse::Times`] for days out of order or a staple chain out of bounds, [`Misuse::TextTooLong`],
/// [`Misuse::NotSigned`] when `sign` fails.
pub fn issue_copy<E>(
    request: &CopyRequest<'_>,
    x5t: [u8; 8],
    sign: &dyn Fn(&[u8]) -> Result<Signature, E>,
) -> Result<Vec<u8>, CounterError> {
    let (issued_at, expires_at) = (request.issued_on.starts_at(), request.expires_on.starts_at());
    let first_hour = hour_of(issued_at)
        .and_then(|issued| request.staple.first_hour.checked_sub(issued))
        .filter(|_| {
            (1..=MAX_LIFE).contains(&expires_at.saturating_sub(issued_at))
                && (1..=MAX_STAPLE_HOURS).contains(&request.staple.n)
        })
        .ok_or(Misuse::Times)?;
    let person = write_person(request.person, request.disclosure, request.today)?;
    let digest = derive_portrait_digest(&request.portrait_salt, request.person.portrait());

    let payload = MapWriter::new()
        // Draft 08 asks for a subject; a name here would join visits, so it is the empty text.
        .entry(claim::SUB, |w| w.text(""))
        .entry(claim::EXP, |w| w.int(expires_at))
        .entry(claim::IAT, |w| w.int(issued_at))
        .entry(claim::CTI, |w| w.bytes(&request.cti))
        .entry(claim::CNF, |w| {
            w.map(MapWriter::new().entry(CNF_COSE_KEY, |w| {
                write_key(w, request.holder);
                w
            }))
        })
        .entry(claim::VCT, |w| w.text(request.document.vct(request.disclosure)))
        .entry(claim::CARD, |w| {
            w.array(4).uint(u64::from(request.status_index));
            w.array(4).bytes(&request.staple.y).bytes(&request.staple.salt);
            w.uint(u64::from(first_hour)).uint(u64::from(request.staple.n));
            w.bytes(&digest).map(person)
        })
        .finish();
    sign1(&protected(x5t), &payload, sign).map_err(|_| Misuse::NotSigned.into())
}

/// The anchor of a copy's staples, from the issuer's master key and the copy's `cti`; nothing is stored. `first_hour`
/// in hours since 1970 UTC: the first hour of the day of issue, lest it tell more than the day. `n` hours, at most
/// [`MAX_STAPLE_HOURS`].
#[must_use]
pub fn derive_staple_anchor(
    master: &Secret<32>,
    cti: &[u8; 8],
    first_hour: u32,
    n: u16,
) -> Option<StapleAnchor> {
    if !(1..=MAX_STAPLE_HOURS).contains(&n) {
        return None;
    }
    let (x, salt) = derive_staple_secret(master, cti);
    let y = derive_at(Domain::Staple, &salt, 0, x.expose(), u32::from(n))?;
    Some(StapleAnchor { y, salt, first_hour, n })
}

/// The staple of `hour` (hours since 1970 UTC): only for a copy whose status is good, and never for an hour to come.
/// `None` when the chain does not reach that hour or belongs to another copy.
#[must_use]
pub fn staple_for(master: &Secret<32>, cti: &[u8; 8], anchor: &StapleAnchor, hour: u32) -> Option<Staple> {
    let (x, salt) = derive_staple_secret(master, cti);
    let preimage = derive_at(Domain::Staple, &salt, 0, x.expose(), anchor.steps_left(hour)?)?;
    let staple = Staple { hour, preimage };
    anchor.proves(&staple).then_some(staple)
}

/// What a desk sign is to say.
#[derive(Debug, Clone, Copy)]
pub struct DeskSignRequest<'a> {
    /// The desk's id.
    pub id: &'a DeskId,
    /// Its name in Korean, 1 to 64 characters.
    pub name_ko: &'a str,
    /// Its name in English, 1 to 64 characters.
    pub name_en: &'a str,
    /// A fresh nonce, on a screen; none on a printed sign.
    pub cnonce: Option<[u8; 8]>,
    /// First second after its life, seconds since 1970 UTC.
    pub expires_at: i64,
}

/// Signs a desk sign (`KD1:` text) under the verifier's registration key, whose `certificate` (DER) it carries.
///
/// # Errors
/// [`Misuse::NotSigned`] when `sign` fails.
pub fn issue_desk_sign<E>(
    request: &DeskSignRequest<'_>,
    certificate: &[u8],
    sign: &dyn Fn(&[u8]) -> Result<Signature, E>,
) -> Result<String, CounterError> {
    let protected = MapWriter::new()
        .entry(header::ALG, |w| w.int(cose::ESP256))
        .entry(header::TYP, |w| w.text(TYP_DESK_SIGN))
        .entry(header::X5CHAIN, |w| w.bytes(certificate))
        .finish();
    let payload = MapWriter::new()
        .entry(member::ID, |w| w.text(request.id.as_str()))
        .entry(member::NAME_KO, |w| w.text(request.name_ko))
        .entry(member::NAME_EN, |w| w.text(request.name_en))
        .entry_if(member::CNONCE, request.cnonce, |w, nonce| w.bytes(&nonce))
        .entry(member::EXP, |w| w.int(request.expires_at))
        .finish();
    let sign = sign1(&protected, &payload, sign).map_err(|_| Misuse::NotSigned)?;
    Ok(format!("{KD1}{}", base45::encode(&sign)))
}

fn derive_staple_secret(master: &Secret<32>, cti: &[u8; 8]) -> (Secret<16>, Salt) {
    let x: Link = truncated(hmac_sha256(master.expose(), &[b"KR1 staple secret", cti]));
    let salt = truncated(hmac_sha256(master.expose(), &[b"KR1 staple salt", cti]));
    (Secret::new(x), salt)
}

fn protected(x5t: [u8; 8]) -> Vec<u8> {
    MapWriter::new()
        .entry(header::ALG, |w| w.int(cose::ESP256))
        .entry(header::TYP, |w| w.uint(TYP_SD_CWT))
        .entry(header::X5T, |w: &mut Writer| w.array(2).int(SHA256_64).bytes(&x5t))
        .finish()
}
