//! Getting the ID onto the phone: the messages between wallet and issuer and the wallet's machine. First cut of our
//! own, JSON over HTTP (docs/formats/enrolment.md); OpenID4VCI replaces it behind this module.

mod client;
mod error;
mod messages;
mod staples;

#[cfg(test)]
mod tests;

pub use client::{Enrolment, Input, Issued, IssuedCopy, IssuedLevel, IssuerUrl, Plan, Step};
pub use error::{EnrolmentError, Misuse, Rule};
pub use messages::{
    BeginRequest, BeginResponse, CopyMessage, CredentialsResponse, EvidenceRequest, GrantedResponse,
    KeysRequest, LevelCopies, LevelGrant, LevelKeys, MAX_BODY, NotTheMessage, Refused, SIGNATURE_HEADER,
    StapleMessage, StaplesRequest, StaplesResponse, VERSION, parse_message, paths,
};
pub use staples::{StapleRefresh, StapleStep};
