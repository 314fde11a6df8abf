//! CBOR: a walk over raw bytes that demands definite, duplicate-free and (where asked) deterministic form, a small
//! deterministic writer, and a reader that hands out what it read as received. RFC 8949.

mod check;
mod reader;
mod writer;

pub use check::{Limits, Profile, check};
pub use reader::{Kind, Reader};
pub use writer::{MapWriter, Writer};

use crate::bytes::{TrailingData, Truncated};

/// What is wrong with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborError {
    /// The input ended before the item did.
    #[error("CBOR ended early")]
    Truncated,
    /// Bytes left over after the item.
    #[error("bytes left over after the CBOR item")]
    TrailingData,
    /// An indefinite length, which none of our formats allows.
    #[error("indefinite length")]
    IndefiniteLength,
    /// A number, length or simple value not in its shortest form. RFC 8949, 4.2.1.
    #[error("not the shortest form")]
    NotShortest,
    /// A reserved additional information value, or a lone break.
    #[error("reserved CBOR form")]
    Reserved,
    /// A floating-point number where the deterministic profile has none.
    #[error("floating-point number")]
    Float,
    /// One map has the same key twice.
    #[error("duplicate map key")]
    DuplicateKey,
    /// The keys of a map are not in bytewise order. RFC 8949, 4.2.1.
    #[error("map keys out of order")]
    UnsortedKeys,
    /// A text string that is not UTF-8.
    #[error("text is not UTF-8")]
    NotUtf8,
    /// Nested deeper than the limit.
    #[error("nested too deep")]
    TooDeep,
    /// More items than the limit.
    #[error("too many items")]
    TooManyItems,
    /// More bytes than the limit.
    #[error("too long")]
    TooLong,
    /// An item of another type stood where this one was required.
    #[error("unexpected CBOR type")]
    UnexpectedType,
    /// A number outside its range, or a string of the wrong length.
    #[error("CBOR value out of range")]
    OutOfRange,
}

impl From<Truncated> for CborError {
    fn from(_: Truncated) -> Self {
        Self::Truncated
    }
}

impl From<TrailingData> for CborError {
    fn from(_: TrailingData) -> Self {
        Self::TrailingData
    }
}
