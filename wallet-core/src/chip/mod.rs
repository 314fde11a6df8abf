//! ICAO 9303 chip reader, sans-IO.

pub mod access;
pub mod active_auth;
mod atr_info;
pub mod chip_auth;
mod chunks;
mod conversation;
mod error;
mod file_read;
mod file_set;
pub mod files;
mod group_list;
mod issuing_state;
mod models;
pub mod passive_auth;
pub mod person;
mod reading;
pub mod relay;
pub mod secure_messaging;
pub mod security_infos;
#[cfg(test)]
mod test_card;

pub use access::{
    AccessUsed, BasicAccess, Can, CardAccess, Entropy, Mapping, MappingProof, Mrz, MrzPart, NotACan, NotAPin,
    NotAPuk, NotAnMrz, PaceInfo, Pin, Puk, Reference,
};
pub use chip_auth::ChipAuthentication;
pub use error::{ChipError, Feature, Misuse, Part, Rule};
pub use file_read::FileId;
pub use file_set::FileSet;
pub use issuing_state::IssuingState;
pub use models::{Habits, KnownModels, ModelId};
pub use reading::{ChipData, Paused, Progress, ReadPlan, Reading, Relay, Step};
