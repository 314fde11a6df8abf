//! A folder that goes with the run.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome, storage};

/// A folder of this run alone, gone when it is dropped.
pub(crate) struct TemporaryFolder {
    path: PathBuf,
    kept: bool,
}

impl TemporaryFolder {
    /// Makes it.
    pub(crate) fn create() -> Outcome<Self> {
        let base = std::env::temp_dir();
        let random = wallet_core::crypto::random::make_random::<8>();
        let random = random.map_err(|_| Failure::Internal("no randomness"))?;
        let path = base.join(format!("wallet-{}", hex::encode(random)));
        std::fs::create_dir(&path).map_err(storage(&path))?;
        Ok(Self { path, kept: false })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves it to the person.
    pub(crate) fn keep(mut self) -> PathBuf {
        self.kept = true;
        self.path.clone()
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if !self.kept {
            // A folder that stays behind in the temporary folder does no harm.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
