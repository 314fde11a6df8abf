//! The counter QR: an SD-CWT and a rolling key-binding token in base45, its maker and the pieces its checker needs.
//!
//! The format is described in docs/formats/kr1.md.

mod claims;
mod compact_text;
mod copy;
mod delivery;
mod desk;
mod error;
mod frame;
#[cfg(feature = "issuer")]
pub mod issue;
mod labels;
pub mod pack;
mod show;
mod staple;
mod token;

pub use claims::Claims;
pub use copy::{Document, UnverifiedCopy, VerifiedCopy, check_copy, derive_portrait_digest};
pub use delivery::DeliveredCopy;
pub use desk::{Audience, DeskId, DeskSign, UnverifiedDeskSign};
pub use error::{CounterError, Malformed, Misuse, Rule};
pub use frame::{FrameParts, ReceivedFrame, ShownStaple};
pub use show::{Ended, ExpectSignature, Frame, Show, ShowPlan};
pub use staple::{MAX_STAPLE_HOURS, Staple, StapleAnchor, hour_of};
pub use token::{MAX_FRAMES, PERIOD, Roll, UnverifiedToken, VerifiedToken};

#[cfg(test)]
pub(crate) mod tests;
