//! The counter QR: an SD-CWT and a rolling key-binding token in base45, its maker and the pieces its checker needs.
//!
//! The format is described in docs/formats/kr1.md.

mod claims;
mod compact_text;
mod copy;
mod error;
#[cfg(feature = "issuer")]
pub mod issue;
mod labels;
mod staple;

pub use claims::Claims;
pub use copy::{Document, UnverifiedCopy, VerifiedCopy, check_copy};
pub use error::{CounterError, Malformed, Misuse, Rule};
pub use staple::{MAX_STAPLE_HOURS, Staple, StapleAnchor, hour_of};
