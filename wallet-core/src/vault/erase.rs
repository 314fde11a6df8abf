//! Erasing: what a wipe does once the hardware keys are gone.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{Vault, VaultError, error::Fault, file};

impl Vault {
    /// The hardware keys that wrap data keys of the vault at `path`, and of vaults that were set aside beside it. What cannot be
    /// read names none. No [`Vault`] may have the file open.
    ///
    /// # Errors
    /// [`VaultError::Busy`] while another process has it open; [`VaultError::Failed`] when the folder cannot be read.
    pub fn wrapping_keys(path: &Path) -> Result<Vec<String>, VaultError> {
        let mut keys = Vec::new();
        for file in remains(path)?.into_iter().filter(|file| !is_journal(file)) {
            match file::connect_existing(&file).and_then(|db| file::read_header(&db)) {
                Ok(header) => {
                    keys.extend([header.device, header.person].map(|key| String::from(key.alias)));
                }
                Err(Fault::Error(VaultError::Busy)) => return Err(VaultError::Busy),
                // Not a file of ours any more, or half of one: it names no key.
                Err(Fault::Damaged | Fault::Error(_)) => {}
            }
        }
        Ok(keys)
    }

    /// Deletes the vault at `path`, its journal, and everything that was set aside beside it. Done already, it does nothing. The
    /// caller has deleted the hardware keys before: what a disk keeps of the file opens for nobody. No [`Vault`] may have the
    /// file open.
    ///
    /// # Errors
    /// Storage errors; called again it goes on.
    pub fn erase(path: &Path) -> Result<(), VaultError> {
        // A journal left alone would be played into the next vault of this name.
        let (journals, files): (Vec<_>, Vec<_>) =
            remains(path)?.into_iter().partition(|file| is_journal(file));
        for file in journals.into_iter().chain(files) {
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                Ok(()) | Err(_) => {}
            }
        }
        #[cfg(unix)]
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

/// The file, its journal, and those set aside with theirs, as far as they are there.
fn remains(path: &Path) -> Result<Vec<PathBuf>, VaultError> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Ok(Vec::new()) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder.unwrap_or(Path::new(".")))? {
        let entry = entry?;
        let entry_name = entry.file_name();
        let rest = entry_name.to_str().and_then(|entry| entry.strip_prefix(name));
        if rest.is_some_and(|rest| matches!(rest, "" | "-journal") || rest.starts_with(".kept-")) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn is_journal(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.ends_with("-journal"))
}
