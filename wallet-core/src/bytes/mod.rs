//! Reader and Secret over hostile bytes; the only place that slices.

mod reader;
mod secret;

pub use reader::{Reader, TrailingData, Truncated};
pub use secret::{Secret, SecretBytes, equal_in_constant_time};
