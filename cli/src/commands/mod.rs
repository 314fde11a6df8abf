//! The commands, one file each.

pub(crate) mod accept;
pub(crate) mod check;
pub(crate) mod chip;
pub(crate) mod enrol;
pub(crate) mod go_on;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod refresh;
pub(crate) mod show;
pub(crate) mod wipe;
