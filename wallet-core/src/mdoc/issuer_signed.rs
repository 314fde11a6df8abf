//! `IssuerSigned`: elements with their salts, and the signature over their digests. ISO/IEC 18013-5:2021, 8.3.2.1.2.2
//! and 9.1.2.

use std::collections::BTreeSet;

use super::{
    Feature, Item, MdocError, NAMESPACE_23220, NAMESPACE_PHOTO_ID, NAMESPACE_RESIDENT_CARD, Rule,
    SecurityObject, StatusEntry, Validity, item::untag,
};
use crate::{
    bytes::equal_in_constant_time,
    card::{Date, Person, RegistrationNumber},
    cbor::{CborError, Kind, Limits, Profile, Reader, check},
    cose::Sign1,
    crypto::{
        sign::PublicKey,
        verify::{self as signature, Curve, HashAlgorithm, SignatureScheme, VerifyingKey},
    },
    trust::{Anchors, Certificate, Usage, Verified, verify_chain},
};

/// COSE header parameter `alg`. RFC 9052, 3.1.
const ALG: i64 = 1;
/// COSE header parameter `x5chain`. RFC 9360, 2.
const X5CHAIN: i64 = 33;
/// Most certificates in a chain: signer and two above it.
const MAX_CHAIN: u64 = 4;

/// An issuer-signed document as received; nothing in it is believed yet.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuerSigned {
    name_spaces: Vec<(String, Vec<Item>)>,
    protected: Vec<u8>,
    chain: Vec<Vec<u8>>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// What the document has to be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The document type asked for.
    pub doc_type: &'a str,
    /// The key it has to be bound to: the holder's own when receiving it. `None` for a reader, who learns the key from
    /// the document and has it prove itself.
    pub device_key: Option<&'a PublicKey>,
}

/// A document whose every item, signature and date was checked. Only [`verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedDocument {
    doc_type: String,
    name_spaces: Vec<(String, Vec<Item>)>,
    device_key: PublicKey,
    validity: Validity,
    status: Option<StatusEntry>,
    signer: Verified<Certificate>,
}

impl IssuerSigned {
    /// Parses an `IssuerSigned` map. Items keep their bytes.
    ///
    /// # Errors
    /// [`MdocError::Malformed`], and [`MdocError::IssuerMisbehaved`] with the rules about items and headers.
    pub fn parse(bytes: &[u8]) -> Result<Self, MdocError> {
        check(bytes, Profile::Definite, Limits::DOCUMENT)?;
        let mut reader = Reader::new(bytes);
        let (mut name_spaces, mut issuer_auth) = (Vec::new(), None);
        for _ in 0..reader.map()? {
            match reader.text()? {
                "nameSpaces" => name_spaces = parse_name_spaces(&mut reader)?,
                "issuerAuth" => issuer_auth = Some(parse_sign1(reader.raw()?)?),
                _ => return Err(CborError::UnexpectedType.into()),
            }
        }
        reader.finish()?;
        let auth = issuer_auth.ok_or(CborError::UnexpectedType)?;
        Ok(Self {
            name_spaces,
            protected: auth.protected.to_vec(),
            chain: parse_chain(auth.unprotected)?,
            payload: auth.payload.to_vec(),
            signature: auth.signature.to_vec(),
        })
    }

    /// The security object, unverified: to find out which key and type a document claims before it is checked.
    ///
    /// # Errors
    /// As [`IssuerSigned::parse`].
    pub fn unverified_security_object(&self) -> Result<SecurityObject, MdocError> {
        SecurityObject::parse(untag(&self.payload)?)
    }
}

impl core::fmt::Debug for IssuerSigned {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("IssuerSigned(..)")
    }
}

impl VerifiedDocument {
    /// The document's type.
    #[must_use]
    pub fn doc_type(&self) -> &str {
        &self.doc_type
    }

    /// Name spaces with their items, in the order received.
    #[must_use]
    pub fn name_spaces(&self) -> &[(String, Vec<Item>)] {
        &self.name_spaces
    }

    /// One element.
    #[must_use]
    pub fn element(&self, name_space: &str, identifier: &str) -> Option<&Item> {
        let (_, items) = self.name_spaces.iter().find(|(name, _)| name == name_space)?;
        items.iter().find(|item| item.identifier() == identifier)
    }

    /// The key the document is bound to.
    #[must_use]
    pub const fn device_key(&self) -> &PublicKey {
        &self.device_key
    }

    /// When it holds.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        self.validity
    }

    /// Where its status is asked, when the issuer says.
    #[must_use]
    pub const fn status(&self) -> Option<&StatusEntry> {
        self.status.as_ref()
    }

    /// The last day of the ID as such, however often its copies are renewed (`expiry_date`).
    #[must_use]
    pub fn expiry_date(&self) -> Option<Date> {
        self.element(NAMESPACE_23220, "expiry_date")?.date()
    }

    /// Who signed it.
    #[must_use]
    pub const fn signer(&self) -> &Verified<Certificate> {
        &self.signer
    }
}

impl VerifiedDocument {
    /// The person this photo ID of the resident card is about; `None` when an element is missing, or two contradict each other.
    #[must_use]
    pub fn person(&self) -> Option<Person> {
        let shared = |identifier| self.element(NAMESPACE_23220, identifier);
        let domestic = |identifier| self.element(NAMESPACE_RESIDENT_CARD, identifier)?.text();
        let number = self.element(NAMESPACE_PHOTO_ID, "person_id")?.text()?;
        let latin = [shared("family_name_latin1")?.text()?, shared("given_name_latin1")?.text()?].join(" ");
        let person = Person::new(
            domestic("name")?,
            latin.trim(),
            shared("birth_date")?.birth_date()?,
            RegistrationNumber::parse(number).ok()?,
            shared("resident_address")?.text()?,
            shared("issue_date")?.date()?,
            shared("issuing_authority")?.text()?,
            shared("portrait")?.bytes()?.to_vec(),
        );
        self.is_of(&person).then_some(person)
    }

    /// Whether this photo ID is `person`'s and says of them what their card says.
    #[must_use]
    pub fn is_of(&self, person: &Person) -> bool {
        let element = |identifier| self.element(NAMESPACE_23220, identifier);
        let text =
            |name_space: &str, identifier: &str| self.element(name_space, identifier).and_then(Item::text);
        // The two halves of a name, however the issuer parted it.
        let joined = |parts: [&str; 2]| {
            let parts = parts.map(|part| text(NAMESPACE_23220, part).unwrap_or_default());
            parts.concat().chars().filter(|c| c.is_alphabetic()).collect::<String>()
        };
        let letters = |name: &str| name.chars().filter(|c| c.is_alphabetic()).collect::<String>();
        text(NAMESPACE_RESIDENT_CARD, "name") == Some(person.name())
            && text(NAMESPACE_PHOTO_ID, "person_id") == Some(person.registration_number().as_str())
            && text(NAMESPACE_23220, "resident_address") == Some(person.address())
            && text(NAMESPACE_23220, "issuing_authority") == Some(person.issuing_authority())
            && text(NAMESPACE_RESIDENT_CARD, "rrn_front") == Some(person.registration_number().front())
            && joined(["family_name", "given_name"]) == letters(person.name())
            && joined(["family_name_latin1", "given_name_latin1"]) == letters(person.name_latin())
            && element("birth_date").and_then(Item::birth_date) == Some(person.birth_date())
            && element("issue_date").and_then(Item::date) == Some(person.issue_date())
            && element("portrait").and_then(Item::bytes) == Some(person.portrait())
    }
}

/// Checks a document as a whole: signer, signature, type, key, dates and the digest of every item. It is believed whole
/// or not at all. ISO/IEC 18013-5:2021, 9.3.1. `now` is in seconds since 1970 UTC.
///
/// # Errors
/// [`MdocError`], the first check that fails.
pub fn verify(
    document: &IssuerSigned,
    expected: &Expected<'_>,
    anchors: &Anchors,
    now: i64,
) -> Result<VerifiedDocument, MdocError> {
    let chain = document.chain.iter().map(|der| Certificate::parse(der)).collect::<Result<Vec<_>, _>>()?;
    let signer = verify_chain(&chain, anchors, now, Usage::MdocIssuer)?;
    check_signature(document, signer.public_key())?;
    let object = document.unverified_security_object()?;
    if object.doc_type != expected.doc_type {
        return Err(Rule::OtherDocType.into());
    }
    if expected.device_key.is_some_and(|key| *key != object.device_key) {
        return Err(Rule::OtherDeviceKey.into());
    }
    check_validity(&object.validity, &signer, now)?;
    check_digests(document, &object)?;
    Ok(VerifiedDocument {
        doc_type: object.doc_type,
        name_spaces: document.name_spaces.clone(),
        device_key: object.device_key,
        validity: object.validity,
        status: object.status,
        signer,
    })
}

fn check_signature(document: &IssuerSigned, key: &VerifyingKey) -> Result<(), MdocError> {
    let scheme = signature_scheme(&document.protected, key)?;
    let signed = crate::cose::sig_structure(&document.protected, &document.payload);
    signature::verify(key, &scheme, &signed, &document.signature).map_err(|_| Rule::BadSignature.into())
}

fn check_validity(validity: &Validity, signer: &Verified<Certificate>, now: i64) -> Result<(), MdocError> {
    let Validity { signed, valid_from, valid_until } = *validity;
    if signed > valid_from || valid_from >= valid_until {
        return Err(Rule::ValidityOutOfOrder.into());
    }
    if !(signer.not_before()..=signer.not_after()).contains(&signed) {
        return Err(Rule::SignedOutsideCertificate.into());
    }
    if now < valid_from {
        return Err(Rule::NotYetValid.into());
    }
    if now >= valid_until {
        return Err(Rule::Expired.into());
    }
    Ok(())
}

fn check_digests(document: &IssuerSigned, object: &SecurityObject) -> Result<(), MdocError> {
    for (name, items) in &document.name_spaces {
        let digests = object.digests.get(name).ok_or(Rule::UnsignedItem)?;
        for item in items {
            let signed = digests.get(&item.digest_id()).ok_or(Rule::UnsignedItem)?;
            if !equal_in_constant_time(signed, &object.digest_algorithm.digest(item.raw())) {
                return Err(Rule::AlteredItem.into());
            }
        }
    }
    Ok(())
}

fn parse_name_spaces(reader: &mut Reader<'_>) -> Result<Vec<(String, Vec<Item>)>, MdocError> {
    let mut spaces: Vec<(String, Vec<Item>)> = Vec::new();
    for _ in 0..reader.map()? {
        let name = reader.text()?.to_owned();
        let mut items: Vec<Item> = Vec::new();
        let (mut ids, mut identifiers) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..reader.array()? {
            let item = Item::parse(reader.raw()?)?;
            if !ids.insert(item.digest_id()) {
                return Err(Rule::RepeatedDigestId.into());
            }
            if !identifiers.insert(item.identifier().to_owned()) {
                return Err(Rule::RepeatedElement.into());
            }
            items.push(item);
        }
        spaces.push((name, items));
    }
    Ok(spaces)
}

/// `issuerAuth` is an untagged COSE_Sign1. ISO/IEC 18013-5:2021, 9.1.2.4.
fn parse_sign1(bytes: &[u8]) -> Result<Sign1<'_>, MdocError> {
    let mut reader = Reader::new(bytes);
    reader.array_exactly(4)?;
    let protected = reader.bytes()?;
    let unprotected = reader.raw()?;
    let (payload, signature) = (reader.bytes()?, reader.bytes()?);
    reader.finish()?;
    Ok(Sign1 { protected, unprotected, payload, signature })
}

/// `x5chain` stands in the unprotected header: one certificate or an array of them, leaf first. The standard keeps other elements
/// out of the protected header alone (ISO/IEC 18013-5:2021, 9.1.2.4): a `kid` may stand here, and is passed over like what is not
/// known (RFC 9052, 3). Nobody signed it.
fn parse_chain(unprotected: &[u8]) -> Result<Vec<Vec<u8>>, MdocError> {
    let mut reader = Reader::new(unprotected);
    let mut chain = Vec::new();
    for _ in 0..reader.map()? {
        let label =
            if reader.peek()? == Kind::Text { reader.text().map(|_| None)? } else { Some(reader.int()?) };
        match label {
            Some(X5CHAIN) => {}
            Some(ALG) => return Err(Rule::MisplacedHeader.into()),
            _ => {
                reader.raw()?;
                continue;
            }
        }
        if reader.peek()? == Kind::Bytes {
            chain.push(reader.bytes()?.to_vec());
            continue;
        }
        let count = reader.array()?;
        if count > MAX_CHAIN {
            return Err(CborError::TooManyItems.into());
        }
        for _ in 0..count {
            chain.push(reader.bytes()?.to_vec());
        }
    }
    reader.finish()?;
    if chain.is_empty() { Err(Rule::MisplacedHeader.into()) } else { Ok(chain) }
}

/// The protected header names the algorithm and nothing else; it has to suit the signer's key. ISO/IEC 18013-5:2021,
/// table B.3 and 9.1.2.4.
fn signature_scheme(protected: &[u8], key: &VerifyingKey) -> Result<SignatureScheme, MdocError> {
    const ES256: i64 = -7;
    const ES384: i64 = -35;
    const ES512: i64 = -36;
    check(protected, Profile::Definite, Limits::SMALL)?;
    let mut reader = Reader::new(protected);
    if reader.map()? != 1 || reader.int()? != ALG {
        return Err(Rule::MisplacedHeader.into());
    }
    let algorithm = reader.int()?;
    reader.finish()?;
    let VerifyingKey::Ec { curve, .. } = key else { return Err(Feature::SignatureAlgorithm.into()) };
    match (algorithm, curve) {
        (ES256, Curve::P256 | Curve::BrainpoolP256r1) => Ok(SignatureScheme::Ecdsa(HashAlgorithm::Sha256)),
        (ES384, Curve::P384 | Curve::BrainpoolP384r1) => Ok(SignatureScheme::Ecdsa(HashAlgorithm::Sha384)),
        (ES512, Curve::P521) => Ok(SignatureScheme::Ecdsa(HashAlgorithm::Sha512)),
        _ => Err(Feature::SignatureAlgorithm.into()),
    }
}
