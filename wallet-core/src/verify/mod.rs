//! The other side of the counter: a scanned text, a signed pack and the time become a verdict; and the status of credentials that a
//! verifier is shown. No network, no vault.

mod counter;
#[cfg(feature = "issuer")]
mod credential_status;
mod reason;
mod texts;
mod verdict;

pub use crate::card::Language;
pub use crate::counter::{
    Claims, Document,
    pack::{CounterPack, PackContent, Policy, StatusSet},
};
pub use counter::{Counter, DeskSettings, SeenEntry};
#[cfg(feature = "issuer")]
pub use credential_status::{HasStatus, StatusRefusal, check_status};
pub use reason::Reason;
pub use texts::{check_text, reason_text};
pub use verdict::{AudienceKind, Check, CheckOutcome, Outcome, Relaxation, Shown, SkipReason, Verdict};

#[cfg(test)]
mod tests;
