//! ICAO 9303 chip reader, sans-IO.

pub mod access;
mod chunks;
mod error;
mod file_read;
pub mod files;
mod group_list;
mod reading;
pub mod secure_messaging;
#[cfg(test)]
mod test_card;

pub use access::{Can, CardAccess, Entropy, NotACan};
pub use error::{ChipError, Feature, Misuse, Part, Rule};
pub use file_read::FileId;
pub use reading::{ChipData, Progress, ReadPlan, Reading, Step};
pub mod active_auth;
pub mod passive_auth;
pub mod security_infos;
