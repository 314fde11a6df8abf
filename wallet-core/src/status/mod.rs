//! Token Status List (draft-ietf-oauth-status-list-21): whether a credential still holds, as its issuer signed it for many
//! at once, so that asking tells the issuer nothing about one; and the hourly staples of the counter's copies, which the issuer
//! gives to the phone that holds them; and its signed commands to one phone.

mod asking;
mod cache;
pub mod commands;
#[cfg(feature = "issuer")]
pub mod issue;
mod list;
mod staples;
mod token;

pub use asking::{AskError, Misuse, Refused, Rule, SIGNATURE_HEADER, parse_message};
pub use cache::StatusLists;
pub use list::{Status, StatusList};
pub use staples::{
    STAPLES_PATH, StapleMessage, StapleRefresh, StapleStep, StaplesRequest, StaplesResponse,
    staple_request_bytes,
};
pub use token::{StatusForm, StatusReference, StatusToken};

/// Why there is no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatusError {
    /// Not a token or a reference of that shape.
    #[error("malformed")]
    Malformed,
    /// Neither 1, 2, 4 nor 8 bits for each entry. 4.1.
    #[error("a number of bits that no list has")]
    Bits,
    /// The list is no ZLIB stream, or longer than the wallet takes. 4.1.
    #[error("the list does not decompress within its limit")]
    Compression,
    /// Another algorithm than ES256, or ESP256 in COSE.
    #[error("signed with another algorithm")]
    Algorithm,
    /// `typ` is not a status list's. 5.1, 5.2.
    #[error("a token of another type")]
    Type,
    /// The signature is not of that key.
    #[error("the signature does not verify")]
    BadSignature,
    /// The signer is not one whose lists count for this issuer.
    #[error("not trusted: {0}")]
    Untrusted(#[from] crate::trust::TrustError),
    /// `sub` is not where the list was fetched. 8.3.
    #[error("the list of another address")]
    OtherList,
    /// `exp` has passed. 8.3.
    #[error("the list has expired")]
    Expired,
    /// `iat` is later than now.
    #[error("the list is from the future")]
    FromTheFuture,
    /// The list has no such entry. 8.3.
    #[error("the list has no such entry")]
    NoSuchEntry,
}
