//! The register of residents: whom a clerk finds by number. A model of one; the people in it are invented.

use std::collections::BTreeMap;

use wallet_core::card::Person;

/// Residents by registration number.
#[derive(Clone, Default)]
pub struct Register(BTreeMap<String, Person>);

impl Register {
    /// A register of these people.
    #[must_use]
    pub fn of(people: impl IntoIterator<Item = Person>) -> Self {
        let by_number = |person: Person| (person.registration_number().as_str().to_owned(), person);
        Self(people.into_iter().map(by_number).collect())
    }

    /// The resident with this number, `YYMMDD-NNNNNNN`.
    #[must_use]
    pub fn find(&self, registration_number: &str) -> Option<&Person> {
        self.0.get(registration_number)
    }
}

impl core::fmt::Debug for Register {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Register").field("residents", &self.0.len()).finish()
    }
}
