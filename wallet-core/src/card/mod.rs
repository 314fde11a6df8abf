//! What the citizen owns: person, disclosure levels, credentials and their life. No raw bytes, no SQL.

mod date;
mod disclosure;
mod language;
mod life_cycle;
mod person;

pub use date::{Date, NotADate};
pub use disclosure::{Disclosure, UnknownDisclosure};
pub use language::Language;
pub use life_cycle::{
    ActiveReason, ExpireReason, LifeCycle, OfferReason, ReplaceReason, RevokeReason, SuspendReason,
    UnknownLifeCycle,
};
pub use person::{NotANumber, Person, RegistrationNumber};
