//! The facade: Wallet and its sessions.
//!
//! The only async code of the core, the only loops that drive a machine, the only calls to the platform. What is public
//! here, in [`crate::verify`] and in [`crate::platform`] is exactly what crosses to Kotlin and Swift.

mod anchored;
mod attesting;
mod card_access;
mod card_claims;
mod card_offer;
mod card_reading;
mod card_terms;
mod chip_report;
mod commanded;
mod config;
mod counter_show;
mod enrolment;
mod error;
mod evidence;
mod holder_keys;
mod inner_errors;
mod issuing;
mod known_cards;
mod prompts;
mod received;
mod refreshing;
mod scan;
mod session;
mod standing;
mod texts;
mod trusted;
mod turns;
mod underway;
mod views;
mod wiping;

pub use crate::{
    card::{Language, LifeCycle, Refusal},
    status::commands::{CommandOp, CommandReason},
};
pub use card_access::{BasicAccessPolicy, CardAccessView};
pub use card_claims::CardClaim;
pub use card_offer::{CardOffer, Issued, OfferView, TransactionCodeView, UnfinishedIssuance};
pub use card_reading::{CardReading, ListenerError, ReadingListener, ReadingProgress, ReadingTerms};
pub use card_terms::CardTerms;
pub use chip_report::{ChipCheckFailure, ChipCheckOutcome, ChipCheckSkip, ChipCheckView, ChipReport};
pub use commanded::CommandsHeard;
pub use config::{Platform, WalletConfig};
pub use counter_show::{CounterShow, FrameView, IfStale};
pub use enrolment::{Enrolment, EnrolmentListener, EnrolmentStage};
pub use error::{CardTrouble, Distrust, PasswordKind, Unusable, WalletError};
pub use evidence::{ChipEvidence, ChipFileView, ChipHolderView};
pub use refreshing::{Refreshed, Renewed};
pub use scan::{DeskSign, Scan};
pub use session::Wallet;
pub use texts::{
    ErrorText, card_state_text, disclosure_text, error_text, event_text, locked_text, stage_text,
    standing_text,
};
pub use views::{CardState, CardView, CopiesLeft, HistoryEntryView, UnlockWith, WalletState};

use error::code;
