//! The other side of the counter: a scanned text, a signed pack and the time become a verdict. No network, no vault.

mod counter;
mod reason;
mod texts;
mod verdict;

pub use crate::card::Language;
pub use crate::counter::{
    Claims, Document,
    pack::{CounterPack, PackContent, Policy, StatusSet},
};
pub use counter::{Counter, DeskSettings, SeenEntry};
pub use reason::Reason;
pub use texts::{check_text, reason_text};
pub use verdict::{AudienceKind, Check, CheckOutcome, Outcome, Relaxation, Shown, SkipReason, Verdict};

#[cfg(test)]
mod tests;
