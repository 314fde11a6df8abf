//! What is known of a person, sealed for the store under a key that lies elsewhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wallet_core::{
    card::{Date, Person, RegistrationNumber},
    crypto::{aead, random::make_random},
    jose::Blob,
};

use super::{Issuer, IssuerError};
use crate::{register::Fields, store::PersonId};

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
    /// What changed since the card was issued, as the centre recorded it.
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

/// What a record has beside the person's card.
#[derive(Default)]
struct Beside {
    documents: BTreeMap<String, Fields>,
    amended: Option<Amended>,
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
    /// Remembers a person, and gives back the name under which. What the centre recorded since their card was issued stands.
    pub(crate) fn keep_person(&self, person: &Person, now: i64) -> Result<PersonId, IssuerError> {
        let id = self.person_id(person.registration_number().as_str());
        let beside = self.beside(&id)?;
        self.seal_record(&id, person, beside, now)?;
        Ok(id)
    }

    /// Remembers that this is the person now, whatever a card issued before says.
    pub(super) fn amend_person(&self, person: &Person, now: i64) -> Result<(), IssuerError> {
        let id = self.person_id(person.registration_number().as_str());
        let amended = Some(Amended::of(person, now)?);
        let beside = Beside { amended, ..self.beside(&id)? };
        self.seal_record(&id, person, beside, now)
    }

    /// Whether what a card says of its holder has changed since it was issued.
    pub(crate) fn is_outdated(&self, person: &Person) -> Result<bool, IssuerError> {
        let id = self.person_id(person.registration_number().as_str());
        let amended = self.beside(&id)?.amended;
        Ok(amended.is_some_and(|amended| amended.applied_to(person) != *person))
    }

    /// A person by number as they are now: what the register has, with what the centre recorded since; else whose card was shown
    /// here.
    pub(crate) fn known_person(
        &self,
        registration_number: &str,
        registered: Option<&Person>,
    ) -> Result<Option<Person>, IssuerError> {
        let id = self.person_id(registration_number);
        let Some(registered) = registered else { return self.open_record(&id)?.map(of_record).transpose() };
        let amended = self.beside(&id)?.amended;
        Ok(Some(amended.map_or_else(|| registered.clone(), |amended| amended.applied_to(registered))))
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
        let mut beside = self.beside(&id)?;
        beside.documents.insert(document.to_owned(), fields.clone());
        self.seal_record(&id, person, beside, now)?;
        Ok(id)
    }

    /// What a document says of a person beside what their card says.
    pub(crate) fn kept_fields(&self, id: &PersonId, document: &str) -> Result<Fields, IssuerError> {
        let record = self.open_record(id)?;
        Ok(record.and_then(|mut record| record.documents.remove(document)).unwrap_or_default())
    }

    fn seal_record(
        &self,
        id: &PersonId,
        person: &Person,
        Beside { documents, amended }: Beside,
        now: i64,
    ) -> Result<(), IssuerError> {
        let now_is = amended.as_ref().map(|amended| amended.applied_to(person));
        let person = now_is.as_ref().unwrap_or(person);
        let amended = amended.filter(|amended| amended.is_after(person));
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
        Ok(self.store.put_person(id, &[&nonce[..], &sealed].concat(), now)?)
    }

    fn open_record(&self, id: &PersonId) -> Result<Option<Record>, IssuerError> {
        let Some(record) = self.store.person(id)? else { return Ok(None) };
        let (nonce, sealed) = record.split_first_chunk::<NONCE>().ok_or(IssuerError::Failed)?;
        let plain = aead::open(&self.pki.record_key, *nonce, id, sealed).map_err(|_| IssuerError::Failed)?;
        serde_json::from_slice(&plain).map(Some).map_err(|_| IssuerError::Failed)
    }

    fn beside(&self, id: &PersonId) -> Result<Beside, IssuerError> {
        let record = self.open_record(id)?;
        Ok(record.map_or_else(Beside::default, |record| Beside {
            documents: record.documents,
            amended: record.amended,
        }))
    }

    /// The person remembered under this name.
    pub(crate) fn kept_person(&self, id: &PersonId) -> Result<Person, IssuerError> {
        of_record(self.open_record(id)?.ok_or(IssuerError::Failed)?)
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
