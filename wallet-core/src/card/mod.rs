//! What the citizen owns: person, disclosure levels, credentials and their life. No raw bytes, no SQL.

mod date;
mod disclosure;
mod person;

pub use date::{Date, NotADate};
pub use disclosure::{Disclosure, UnknownDisclosure};
pub use person::{NotANumber, Person, RegistrationNumber};
