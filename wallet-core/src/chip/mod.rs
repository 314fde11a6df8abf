//! ICAO 9303 chip reader, sans-IO.

pub mod access;
pub mod active_auth;
mod chunks;
mod error;
mod file_read;
pub mod files;
mod group_list;
pub mod passive_auth;
pub mod person;
mod reading;
pub mod secure_messaging;
pub mod security_infos;
#[cfg(test)]
mod test_card;

pub use access::{Can, CardAccess, Entropy, NotACan};
pub use error::{ChipError, Feature, Misuse, Part, Rule};
pub use file_read::FileId;
pub use reading::{ChipData, Progress, ReadPlan, Reading, Step};
