//! The register of residents: whom a clerk finds by number. A model of one; the people in it are invented.

mod file;

use std::collections::BTreeMap;

use wallet_core::card::Person;

pub use self::file::{LineError, RegisterError};

/// Residents by registration number.
#[derive(Clone, Default)]
pub struct Register {
    people: BTreeMap<String, Person>,
    /// What is known for documents beside the resident card, by document and number.
    fields: BTreeMap<(String, String), Fields>,
}

/// What the register has of a person for one document, by field.
pub type Fields = BTreeMap<String, String>;

impl Register {
    /// A register of these people.
    #[must_use]
    pub fn of(people: impl IntoIterator<Item = Person>) -> Self {
        let by_number = |person: Person| (person.registration_number().as_str().to_owned(), person);
        Self { people: people.into_iter().map(by_number).collect(), fields: BTreeMap::new() }
    }

    /// The same register that knows also what a document says of a resident.
    #[must_use]
    pub fn with_fields(mut self, registration_number: &str, document: &str, fields: Fields) -> Self {
        self.fields.insert((document.to_owned(), registration_number.to_owned()), fields);
        self
    }

    /// What is known of a resident for a document; nothing when they have none.
    #[must_use]
    pub fn fields(&self, registration_number: &str, document: &str) -> Option<&Fields> {
        self.fields.get(&(document.to_owned(), registration_number.to_owned()))
    }

    /// The resident with this number, `YYMMDD-NNNNNNN`.
    #[must_use]
    pub fn find(&self, registration_number: &str) -> Option<&Person> {
        self.people.get(registration_number)
    }
}

impl core::fmt::Debug for Register {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Register").field("residents", &self.people.len()).finish()
    }
}
