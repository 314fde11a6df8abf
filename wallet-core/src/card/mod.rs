//! What the citizen owns: person, disclosure levels, credentials and their life, and what an issuer says no for. No SQL.

mod binding;
mod date;
mod disclosure;
mod language;
mod life_cycle;
mod person;
mod refusal;

pub use binding::{
    FaceChallenge, Nonce, SessionId, derive_chip_challenge, derive_face_challenge, face_statement,
};
pub use date::{Date, NotADate};
pub use disclosure::{Disclosure, UnknownDisclosure};
pub use language::Language;
pub use life_cycle::{
    ActiveReason, ExpireReason, LifeCycle, OfferReason, RenewReason, ReplaceReason, RevokeReason,
    SuspendReason, UnknownLifeCycle,
};
pub use person::{NotANumber, Person, RegistrationNumber};
pub use refusal::{Refusal, UnknownRefusal};
