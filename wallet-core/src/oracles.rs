//! Where tests find published vectors that are not part of the repository.

use std::path::PathBuf;

/// The file under the oracles' directory (`ORACLES_DIR`, by default `../shared` beside the workspace). `None` when it is
/// absent, which is an error under `ORACLES=required`.
pub(crate) fn read(path: &str) -> Option<Vec<u8>> {
    let directory = std::env::var_os("ORACLES_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")), PathBuf::from);
    let found = std::fs::read(directory.join(path)).ok();
    if found.is_none() {
        assert!(std::env::var("ORACLES").as_deref() != Ok("required"), "{path} is absent");
        println!("skipped: {path} is absent");
    }
    found
}

/// The same, as JSON.
pub(crate) fn json(path: &str) -> Option<serde_json::Value> {
    read(path).map(|bytes| serde_json::from_slice(&bytes).unwrap())
}

/// The bytes of a hexadecimal JSON string.
pub(crate) fn bytes(value: &serde_json::Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}
