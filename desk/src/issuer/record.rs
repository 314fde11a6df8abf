//! What is known of a person, sealed for the store under a key that lies elsewhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wallet_core::{
    card::{Date, Person, RegistrationNumber},
    crypto::{aead, random::make_random},
    jose::Blob,
};

use super::{Issuer, IssuerError};
use crate::{
    register::Fields,
    store::{PersonId, StoreError},
};

const NONCE: usize = 12;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    name: String,
    name_latin: String,
    birth_date: String,
    registration_number: String,
    address: String,
    issue_date: String,
    issuing_authority: String,
    portrait: Blob<{ 1 << 20 }>,
    /// What documents beside the card say, by document.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    documents: BTreeMap<String, Fields>,
    /// What changed since the card was issued, as the register has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amended: Option<Amended>,
}

/// Name and address as they are now, and since which day. A card issued before says what was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Amended {
    on: String,
    name: String,
    name_latin: String,
    address: String,
}

/// What was known of a person before.
#[derive(Default)]
struct Before {
    person: Option<Person>,
    documents: BTreeMap<String, Fields>,
    amended: Option<Amended>,
}

impl Before {
    /// The person of the newer card: this one, or the one known before.
    fn newer<'a>(&'a self, person: &'a Person) -> &'a Person {
        self.person.as_ref().filter(|known| known.issue_date() > person.issue_date()).unwrap_or(person)
    }

    /// The person as they are now, by what is known and what a card or a register has.
    fn now(&self, person: &Person) -> Person {
        let newer = self.newer(person);
        self.amended.as_ref().map_or_else(|| newer.clone(), |amended| amended.applied_to(newer))
    }
}

impl Amended {
    fn of(person: &Person, now: i64) -> Result<Self, IssuerError> {
        let on = Date::in_korea_at(now).map_err(|_| IssuerError::Failed)?.to_string();
        let (name, name_latin) = (person.name().to_owned(), person.name_latin().to_owned());
        Ok(Self { on, name, name_latin, address: person.address().to_owned() })
    }

    /// Whether a person, as a card or a register has them, is from before the change.
    fn is_after(&self, person: &Person) -> bool {
        Date::parse(&self.on).is_ok_and(|on| person.issue_date() <= on)
    }

    fn applied_to(&self, person: &Person) -> Person {
        if !self.is_after(person) {
            return person.clone();
        }
        Person::new(
            &self.name,
            &self.name_latin,
            person.birth_date(),
            person.registration_number().clone(),
            &self.address,
            person.issue_date(),
            person.issuing_authority(),
            person.portrait().to_vec(),
        )
    }
}

impl Issuer {
    /// Remembers a person, and gives back the name under which. What changed since their card was issued stands.
    pub(crate) fn keep_person(&self, person: &Person, now: i64) -> Result<PersonId, IssuerError> {
        let id = self.person_id(person.registration_number().as_str());
        self.store.amend_person(&id, now, &|record| self.seen_record(&id, person, record))?;
        Ok(id)
    }

    /// The record of a person who is this one now, whatever a card issued before says, made out of the one before.
    pub(super) fn amended_record(
        &self,
        id: &PersonId,
        person: &Person,
        record: Option<Vec<u8>>,
        now: i64,
    ) -> Result<Vec<u8>, StoreError> {
        let change = |before: Before| -> Result<Before, IssuerError> {
            Ok(Before { amended: Some(Amended::of(person, now)?), ..before })
        };
        self.resealed(id, person, record, change)
    }

    /// Remembers also what a document says of a person.
    pub(crate) fn keep_fields(
        &self,
        person: &Person,
        document: &str,
        fields: &Fields,
        now: i64,
    ) -> Result<PersonId, IssuerError> {
        let id = self.person_id(person.registration_number().as_str());
        let reseal = |record| self.record_with_fields(&id, person, (document, fields), record);
        self.store.amend_person(&id, now, &reseal)?;
        Ok(id)
    }

    /// The record of a person with what a document says of them, made out of the one before.
    pub(crate) fn record_with_fields(
        &self,
        id: &PersonId,
        person: &Person,
        (document, fields): (&str, &Fields),
        record: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, StoreError> {
        self.resealed(id, person, record, |mut before| {
            before.documents.insert(document.to_owned(), fields.clone());
            Ok(before)
        })
    }

    /// The record of a person with what was known before, changed by `change`.
    fn resealed(
        &self,
        id: &PersonId,
        person: &Person,
        record: Option<Vec<u8>>,
        change: impl Fn(Before) -> Result<Before, IssuerError>,
    ) -> Result<Vec<u8>, StoreError> {
        let before = self.before(id, record).and_then(change);
        before.and_then(|before| self.sealed(id, person, before)).map_err(|_| StoreError::Record)
    }

    /// The record of a person who was seen, made out of the one before.
    pub(super) fn seen_record(
        &self,
        id: &PersonId,
        person: &Person,
        record: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, StoreError> {
        self.resealed(id, person, record, Ok)
    }

    /// The record of a person as the card in their hand has them, made out of the one before; `None` when what the card says has
    /// changed since it was issued, or a newer card is known.
    pub(crate) fn tapped_record(
        &self,
        id: &PersonId,
        record: Option<Vec<u8>>,
        person: &Person,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let before = self.before(id, record).map_err(|_| StoreError::Record)?;
        if before.now(person) != *person {
            return Ok(None);
        }
        self.sealed(id, person, before).map(Some).map_err(|_| StoreError::Record)
    }

    /// A person by number as they are now: what the register has, with what changed since; else whose card was shown here.
    pub(crate) fn known_person(
        &self,
        registration_number: &str,
        registered: Option<&Person>,
    ) -> Result<Option<Person>, IssuerError> {
        let id = self.person_id(registration_number);
        let before = self.before(&id, self.store.person(&id)?)?;
        Ok(match registered {
            Some(registered) => Some(before.now(registered)),
            None => before.person,
        })
    }

    fn before(&self, id: &PersonId, record: Option<Vec<u8>>) -> Result<Before, IssuerError> {
        let Some(record) = record else { return Ok(Before::default()) };
        let mut record = self.opened(id, &record)?;
        let (documents, amended) = (core::mem::take(&mut record.documents), record.amended.take());
        Ok(Before { person: Some(of_record(record)?), documents, amended })
    }

    fn sealed(&self, id: &PersonId, person: &Person, before: Before) -> Result<Vec<u8>, IssuerError> {
        let person = before.now(person);
        let Before { person: _, documents, amended } = before;
        let record = Record {
            name: person.name().to_owned(),
            name_latin: person.name_latin().to_owned(),
            birth_date: person.birth_date().to_string(),
            registration_number: person.registration_number().as_str().to_owned(),
            address: person.address().to_owned(),
            issue_date: person.issue_date().to_string(),
            issuing_authority: person.issuing_authority().to_owned(),
            portrait: Blob(person.portrait().to_vec()),
            documents,
            amended,
        };
        let plain = serde_json::to_vec(&record).map_err(|_| IssuerError::Failed)?;
        let nonce: [u8; NONCE] = make_random()?;
        let sealed = aead::seal(&self.pki.record_key, nonce, id, &plain).map_err(|_| IssuerError::Failed)?;
        Ok([&nonce[..], &sealed].concat())
    }

    fn opened(&self, id: &PersonId, record: &[u8]) -> Result<Record, IssuerError> {
        let (nonce, sealed) = record.split_first_chunk::<NONCE>().ok_or(IssuerError::Failed)?;
        let plain = aead::open(&self.pki.record_key, *nonce, id, sealed).map_err(|_| IssuerError::Failed)?;
        serde_json::from_slice(&plain).map_err(|_| IssuerError::Failed)
    }

    /// The person remembered under this name.
    pub(crate) fn kept_person(&self, id: &PersonId) -> Result<Person, IssuerError> {
        let sealed = self.store.person(id)?.ok_or(IssuerError::Failed)?;
        of_record(self.opened(id, &sealed)?)
    }

    /// What a document is made of: the person remembered under this name, what the document says beside their card, and the record,
    /// sealed, that has both.
    pub(crate) fn made_of(
        &self,
        id: &PersonId,
        document: &str,
    ) -> Result<(Person, Fields, Vec<u8>), IssuerError> {
        let sealed = self.store.person(id)?.ok_or(IssuerError::Failed)?;
        let mut record = self.opened(id, &sealed)?;
        let fields = record.documents.remove(document).unwrap_or_default();
        Ok((of_record(record)?, fields, sealed))
    }
}

fn of_record(record: Record) -> Result<Person, IssuerError> {
    let date = |text: &str| Date::parse(text).map_err(|_| IssuerError::Failed);
    Ok(Person::new(
        &record.name,
        &record.name_latin,
        date(&record.birth_date)?,
        RegistrationNumber::parse(&record.registration_number).map_err(|_| IssuerError::Failed)?,
        &record.address,
        date(&record.issue_date)?,
        &record.issuing_authority,
        record.portrait.0,
    ))
}
