//! Building and signing a photo ID from the person on the card. docs/formats/documents.md lists the elements.

use super::{
    NAMESPACE_23220, NAMESPACE_PHOTO_ID, NAMESPACE_RESIDENT_CARD, PHOTO_ID, StatusEntry, item::MAX_DIGEST_ID,
};
use crate::{
    card::{Date, NotADate, Person},
    cbor::{MapWriter, Writer},
    cose::ES256,
    crypto::{
        hash::sha256,
        random::{NoRandomness, make_random},
        sign::{PublicKey, Signature},
    },
};

const ENCODED_CBOR: u64 = 24;
const DATE_TIME: u64 = 0;
const FULL_DATE: u64 = 1004;
const ALG: i64 = 1;
const X5CHAIN: i64 = 33;
/// Bytes of salt per item: twice what ISO/IEC 18013-5:2021, 9.1.2.5 asks for.
const SALT: usize = 32;

/// One photo ID to be issued.
#[derive(Debug, Clone, Copy)]
pub struct PhotoIdRequest<'a> {
    /// Whom it is about.
    pub person: &'a Person,
    /// `nationality`, where it is the same for every holder of this document.
    pub nationality: Option<&'a str>,
    /// The key it is bound to.
    pub device_key: &'a PublicKey,
    /// First day it holds, in Korea.
    pub valid_from: Date,
    /// First day it no longer holds, in Korea.
    pub valid_until: Date,
    /// `expiry_date`: until when the ID as such holds, however often its copies are renewed.
    pub expiry: Date,
    /// Where its status is asked; none makes a document without.
    pub status: Option<&'a StatusEntry>,
    /// The signer's certificate, DER; its chain up to the anchor, which is left out, may follow.
    pub chain: &'a [Vec<u8>],
}

/// Why no document was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The operating system gave no randomness.
    #[error("no randomness")]
    NoRandomness,
    /// The signing key failed.
    #[error("the signing key failed")]
    SigningFailed,
    /// A date leaves the calendar.
    #[error("a date leaves the calendar")]
    BadDate,
}

/// Builds `IssuerSigned` and has `sign` sign it: given the Sig_structure it answers ES256, `r ‖ s`.
///
/// # Errors
/// [`IssueError`].
pub fn issue_photo_id<E>(
    request: &PhotoIdRequest<'_>,
    sign: &dyn Fn(&[u8]) -> Result<Signature, E>,
) -> Result<Vec<u8>, IssueError> {
    let mut spaces = Vec::new();
    for (name, elements) in photo_id_elements(request)? {
        spaces.push((name, salted(elements)?));
    }
    let object = security_object(request, &spaces)?;
    let mut payload = Writer::new();
    payload.tag(ENCODED_CBOR).bytes(&object);
    let payload = payload.finish();

    let protected = MapWriter::new().entry(ALG, |w| w.int(ES256)).finish();
    let signed = crate::cose::sig_structure(&protected, &payload);
    let signature = sign(&signed).map_err(|_| IssueError::SigningFailed)?;

    let mut auth = Writer::new();
    auth.array(4).bytes(&protected);
    auth.map(MapWriter::new().entry(X5CHAIN, |w| match request.chain {
        [only] => w.bytes(only),
        chain => chain.iter().fold(w.array(chain.len()), |w, certificate| w.bytes(certificate)),
    }));
    auth.bytes(&payload).bytes(&signature);

    let name_spaces = spaces.iter().fold(MapWriter::new(), |map, (name, items)| {
        map.entry_text(name, |w| items.iter().fold(w.array(items.len()), |w, item| w.raw(&item.raw)))
    });
    Ok(MapWriter::new()
        .entry_text("nameSpaces", |w| w.map(name_spaces))
        .entry_text("issuerAuth", |w| w.raw(&auth.finish()))
        .finish())
}

struct SaltedItem {
    digest_id: u32,
    raw: Vec<u8>,
}

/// Name spaces with (identifier, value as CBOR).
type Elements = Vec<(&'static str, Vec<u8>)>;

fn photo_id_elements(request: &PhotoIdRequest<'_>) -> Result<Vec<(&'static str, Elements)>, IssueError> {
    let person = request.person;
    let today = request.valid_from;
    let (family_name, given_name) = split_name(person.name());
    let (family_latin, given_latin) = split_latin(person.name_latin());
    let birth = person.birth_date();
    let birth_map = MapWriter::new().entry_text("birth_date", |w| full_date(w, birth)).finish();
    let birth_year = u64::try_from(birth.year()).map_err(|_| IssueError::BadDate)?;
    let mut shared = vec![
        ("family_name", text(family_name)),
        ("given_name", text(given_name)),
        ("family_name_latin1", text(&family_latin)),
        ("given_name_latin1", text(&given_latin)),
        ("birth_date", birth_map),
        ("portrait", one(|w| w.bytes(person.portrait()))),
        ("issue_date", one(|w| full_date(w, person.issue_date()))),
        ("expiry_date", one(|w| full_date(w, request.expiry))),
        ("issuing_authority", text(person.issuing_authority())),
        ("issuing_country", text("KR")),
        ("resident_address", text(person.address())),
        ("resident_country", text("KR")),
        ("age_over_18", one(|w| w.bool(age_in_years(birth, today) >= 18))),
        ("age_over_19", one(|w| w.bool(age_in_years(birth, today) >= 19))),
        ("age_birth_year", one(|w| w.uint(birth_year))),
    ];
    shared.extend(request.nationality.map(|country| ("nationality", text(country))));
    let photo_id = vec![("person_id", text(person.registration_number().as_str()))];
    let domestic = vec![
        ("name", text(person.name())),
        ("rrn_front", text(person.registration_number().front())),
        ("adult_by_year", one(|w| w.bool(birth.is_adult_by_year(today)))),
        ("card_issue_date", one(|w| full_date(w, person.issue_date()))),
    ];
    Ok(vec![(NAMESPACE_23220, shared), (NAMESPACE_PHOTO_ID, photo_id), (NAMESPACE_RESIDENT_CARD, domestic)])
}

/// Salts each element, gives it a random digestID and shuffles, so that neither number nor place tells which element
/// an undisclosed digest hides.
fn salted(elements: Elements) -> Result<Vec<SaltedItem>, IssueError> {
    let mut items: Vec<SaltedItem> = Vec::new();
    for (identifier, value) in elements {
        let digest_id = loop {
            let id = u32::from_be_bytes(make_random::<4>()?) & MAX_DIGEST_ID;
            if items.iter().all(|item| item.digest_id != id) {
                break id;
            }
        };
        let salt = make_random::<SALT>()?;
        let content = MapWriter::new()
            .entry_text("digestID", |w| w.uint(digest_id.into()))
            .entry_text("random", |w| w.bytes(&salt))
            .entry_text("elementIdentifier", |w| w.text(identifier))
            .entry_text("elementValue", |w| w.raw(&value))
            .finish();
        items.push(SaltedItem { digest_id, raw: one(|w| w.tag(ENCODED_CBOR).bytes(&content)) });
    }
    // The ids are random: their order is a shuffle.
    items.sort_by_key(|item| item.digest_id);
    Ok(items)
}

fn security_object(
    request: &PhotoIdRequest<'_>,
    spaces: &[(&'static str, Vec<SaltedItem>)],
) -> Result<Vec<u8>, IssueError> {
    let digests = spaces.iter().fold(MapWriter::new(), |map, (name, items)| {
        let of_space = items.iter().fold(MapWriter::new(), |map, item| {
            map.entry(item.digest_id.into(), |w| w.bytes(&sha256(&item.raw)))
        });
        map.entry_text(name, |w| w.map(of_space))
    });
    let device = MapWriter::new().entry_text("deviceKey", |w| device_key(w, request.device_key));
    let (from, until) = (moment(request.valid_from)?, moment(request.valid_until)?);
    let validity = MapWriter::new()
        .entry_text("signed", |w| w.tag(DATE_TIME).text(&from))
        .entry_text("validFrom", |w| w.tag(DATE_TIME).text(&from))
        .entry_text("validUntil", |w| w.tag(DATE_TIME).text(&until));
    let object = MapWriter::new()
        .entry_text("version", |w| w.text("1.0"))
        .entry_text("digestAlgorithm", |w| w.text("SHA-256"))
        .entry_text("valueDigests", |w| w.map(digests))
        .entry_text("deviceKeyInfo", |w| w.map(device))
        .entry_text("docType", |w| w.text(PHOTO_ID))
        .entry_text("validityInfo", |w| w.map(validity));
    Ok(match request.status {
        None => object,
        Some(StatusEntry { idx, uri }) => {
            let list =
                MapWriter::new().entry_text("idx", |w| w.uint(*idx)).entry_text("uri", |w| w.text(uri));
            let list = MapWriter::new().entry_text("status_list", |w| w.map(list));
            object.entry_text("status", |w| w.map(list))
        }
    }
    .finish())
}

/// The first second of a day in Korea as `tdate`: 15:00 UTC of the day before. `signed` is a whole day too, so that two
/// copies of one day cannot be told apart by it.
fn moment(day: Date) -> Result<String, IssueError> {
    Ok(format!("{}T15:00:00Z", day.plus_days(-1)?))
}

/// ISO asks for two elements; the chip has one string. Korean family names have one syllable but for a handful of two;
/// names in other scripts are parted by their first space.
#[must_use]
pub fn split_name(name: &str) -> (&str, &str) {
    const DOUBLE: [&str; 6] = ["남궁", "황보", "제갈", "사공", "선우", "독고"];
    if let Some((family, given)) = name.split_once(' ') {
        return (family, given.trim_start());
    }
    if !name.chars().all(|c| ('가'..='힣').contains(&c)) {
        return (name, "");
    }
    let is_double = DOUBLE.iter().any(|double| name.starts_with(double)) && name.chars().count() > 3;
    let family = if is_double { 2 } else { 1 };
    let at = name.char_indices().nth(family).map_or(name.len(), |(at, _)| at);
    name.split_at_checked(at).unwrap_or((name, ""))
}

/// The MRZ separates the names: `HONG, GIL DONG` or `HONG GIL DONG`; the first word is the family name.
#[must_use]
pub fn split_latin(name: &str) -> (String, String) {
    let (family, given) = name.split_once([',', ' ']).unwrap_or((name, ""));
    (family.trim().to_owned(), given.trim().to_owned())
}

/// Whole years on a day.
#[must_use]
pub fn age_in_years(birth: Date, today: Date) -> i32 {
    let years = today.year() - birth.year();
    // Month and day compare as text: both are `MM-DD`.
    let day_of = |date: Date| date.to_string().split_once('-').map(|(_, rest)| rest.to_owned());
    if day_of(today) < day_of(birth) { years - 1 } else { years }
}

/// `COSE_Key` with both coordinates: readers in the field know no compressed points here. RFC 9053, 7.1.1.
fn device_key<'w>(writer: &'w mut Writer, key: &PublicKey) -> &'w mut Writer {
    writer.map(
        MapWriter::new()
            .entry(1, |w| w.int(2))
            .entry(-1, |w| w.int(1))
            .entry(-2, |w| w.bytes(&key.x()))
            .entry(-3, |w| w.bytes(&key.y())),
    )
}

fn text(value: &str) -> Vec<u8> {
    one(|w| w.text(value))
}

fn full_date(writer: &mut Writer, date: Date) -> &mut Writer {
    writer.tag(FULL_DATE).text(&date.to_string())
}

fn one(write: impl for<'w> FnOnce(&'w mut Writer) -> &'w mut Writer) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.finish()
}

impl From<NoRandomness> for IssueError {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

impl From<NotADate> for IssueError {
    fn from(_: NotADate) -> Self {
        Self::BadDate
    }
}
