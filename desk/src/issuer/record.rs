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
}

impl Issuer {
    /// Remembers a person, and gives back the name under which.
    pub(crate) fn keep_person(&self, person: &Person, now: i64) -> Result<PersonId, IssuerError> {
        let id = self.person_id(person.registration_number().as_str());
        let documents = self.open_record(&id)?.map(|record| record.documents).unwrap_or_default();
        self.seal_record(&id, person, documents, now)?;
        Ok(id)
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
        let mut documents = self.open_record(&id)?.map(|record| record.documents).unwrap_or_default();
        documents.insert(document.to_owned(), fields.clone());
        self.seal_record(&id, person, documents, now)?;
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
        documents: BTreeMap<String, Fields>,
        now: i64,
    ) -> Result<(), IssuerError> {
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

    /// The person remembered under this name.
    pub(crate) fn kept_person(&self, id: &PersonId) -> Result<Person, IssuerError> {
        let record = self.open_record(id)?.ok_or(IssuerError::Failed)?;
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
}
