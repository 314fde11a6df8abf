//! Getting the ID onto the phone: the messages between wallet and issuer and the wallet's machine. First cut of our
//! own, JSON over HTTP (docs/formats/enrolment.md); OpenID4VCI replaces it behind this module.

mod binding;
mod client;
mod encoding;
mod error;
mod messages;
mod refusal;
mod staples;

#[cfg(test)]
mod tests;

pub use binding::{
    FaceChallenge, Nonce, SessionId, SignedPart, derive_chip_challenge, derive_face_challenge,
    derive_instance_challenge, face_statement, signed_bytes,
};
pub use client::{Enrolment, Input, Issued, IssuedCopy, IssuedLevel, IssuerUrl, Plan, Step};
pub use encoding::{Blob, Fixed};
pub use error::{EnrolmentError, Misuse, Rule};
pub use messages::{
    AttestationMessage, BeginRequest, BeginResponse, ChipMessage, CopyMessage, CredentialsResponse,
    EvidenceRequest, FaceMessage, GrantedResponse, GroupMessage, KeysRequest, LevelCopies, LevelGrant,
    LevelKeys, MAX_BODY, NotTheMessage, Refused, SIGNATURE_HEADER, StapleMessage, StaplesRequest,
    StaplesResponse, VERSION, parse_message, paths,
};
pub use refusal::{Refusal, UnknownRefusal};
pub use staples::{StapleRefresh, StapleStep};
