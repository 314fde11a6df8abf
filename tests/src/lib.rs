//! What the behaviour tests share: where the outside oracles are, and how their absence is told.

pub mod held;
pub mod mortal;
pub mod prompting;
pub mod report;
pub mod scene;

use std::path::{Path, PathBuf};

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| Path::new(".")).to_path_buf()
}

/// The outside oracle `name` (a path in the folder of oracles), when it is there.
///
/// Absent, it is said aloud and `None` is given, so that the caller returns; under `ORACLES=required` it is a failure.
///
/// # Panics
/// When oracles are required and this one is missing.
#[must_use]
pub fn oracle(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("ORACLES_DIR").map_or_else(|| root().join("../shared"), PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var("ORACLES").as_deref() != Ok("required"), "missing oracle: {name}");
    eprintln!("skipped: {name} is not there");
    None
}
