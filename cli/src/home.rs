//! The one folder the wallet lives in.
//!
//! | file | what |
//! |---|---|
//! | `vault` | the vault |
//! | `keys` | software keys, sealed by the passphrase |
//! | `anchor` | the version the vault has reached |
//! | `settings.json` | the issuer's address |
//! | `trust/` | certificates trusted, the counter pack, and how far packs have come |

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use wallet_core::crypto::hash::sha256;

use crate::failure::{Failure, Outcome, UsageFault, storage};

/// The folder.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    folder: PathBuf,
}

/// What enrolment settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// The issuer's address.
    pub(crate) issuer: String,
}

/// Whom the wallet trusts: certificates in DER.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trust {
    /// Roots of issuers.
    pub(crate) issuers: Vec<Vec<u8>>,
    /// Country signing certificates of cards.
    pub(crate) cards: Vec<Vec<u8>>,
    /// Roots under which desks are registered.
    pub(crate) desks: Vec<Vec<u8>>,
}

impl Home {
    /// The folder given, else the user's data folder by the XDG base directory specification.
    pub(crate) fn at(given: Option<PathBuf>) -> Outcome<Self> {
        let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = given
            .or_else(|| folder("XDG_DATA_HOME").map(|data| data.join("wallet")))
            .or_else(|| folder("HOME").map(|home| home.join(".local/share/wallet")))
            .ok_or(Failure::Usage(UsageFault::Missing("--home")))?;
        Ok(Self { folder })
    }

    /// Makes the folder, for its owner only.
    pub(crate) fn create(&self) -> Outcome<()> {
        private_folder(&self.folder).map_err(storage(&self.folder))
    }

    /// Whether a wallet lives here.
    pub(crate) fn has_wallet(&self) -> bool {
        self.vault().exists()
    }

    /// The vault's file.
    pub(crate) fn vault(&self) -> PathBuf {
        self.folder.join("vault")
    }

    /// The software keys' file.
    pub(crate) fn keys(&self) -> PathBuf {
        self.folder.join("keys")
    }

    /// The anchor's file.
    pub(crate) fn anchor(&self) -> PathBuf {
        self.folder.join("anchor")
    }

    /// What enrolment settled; nothing before the first.
    pub(crate) fn settings(&self) -> Outcome<Option<Settings>> {
        let path = self.folder.join(SETTINGS);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|_| Failure::Storage { path, reason: io::ErrorKind::InvalidData }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(storage(path)(error)),
        }
    }

    /// Keeps what enrolment settled.
    pub(crate) fn keep_settings(&self, settings: &Settings) -> Outcome<()> {
        let text =
            serde_json::to_vec_pretty(settings).map_err(|_| Failure::Internal("settings without JSON"))?;
        self.replace(&self.folder.join(SETTINGS), &text)
    }

    /// Whom this wallet trusts.
    pub(crate) fn trust(&self) -> Outcome<Trust> {
        Ok(Trust { issuers: self.load(ISSUERS)?, cards: self.load(CARDS)?, desks: self.load(DESKS)? })
    }

    /// Keeps whom this wallet trusts, in place of what was there.
    pub(crate) fn keep_trust(&self, trust: &Trust) -> Outcome<()> {
        for (kind, certificates) in [(ISSUERS, &trust.issuers), (CARDS, &trust.cards), (DESKS, &trust.desks)]
        {
            let folder = self.trust_folder(kind);
            private_folder(&folder).map_err(storage(&folder))?;
            for old in listed(&folder)? {
                fs::remove_file(&old).map_err(storage(&old))?;
            }
            for (number, certificate) in certificates.iter().enumerate() {
                self.replace(&folder.join(format!("{number:02}.der")), certificate)?;
            }
        }
        Ok(())
    }

    /// Where the wallet's own counter pack is kept.
    pub(crate) fn pack(&self) -> PathBuf {
        self.folder.join("trust").join("counter-pack.cbor")
    }

    /// Keeps a counter pack, so that `check` needs no arguments.
    pub(crate) fn keep_pack(&self, pack: &[u8]) -> Outcome<()> {
        self.replace(&self.pack(), pack)
    }

    /// Where the certificate of the pack's authority is kept.
    pub(crate) fn pack_root(&self) -> PathBuf {
        self.folder.join("trust").join("pack-root.crt")
    }

    /// Keeps the certificate of the pack's authority, DER.
    pub(crate) fn keep_pack_root(&self, certificate: &[u8]) -> Outcome<()> {
        self.replace(&self.pack_root(), certificate)
    }

    /// The highest sequence of a counter pack seen of the authority with this key; 0 before the first.
    pub(crate) fn pack_sequence(&self, authority: &[u8]) -> Outcome<u64> {
        Ok(self.pack_sequences()?.get(&name_of(authority)).copied().unwrap_or_default())
    }

    /// Remembers that a pack with this sequence was seen. It never goes back.
    pub(crate) fn keep_pack_sequence(&self, authority: &[u8], sequence: u64) -> Outcome<()> {
        let mut sequences = self.pack_sequences()?;
        let kept = sequences.entry(name_of(authority)).or_default();
        if sequence <= *kept {
            return Ok(());
        }
        *kept = sequence;
        let text =
            serde_json::to_vec_pretty(&sequences).map_err(|_| Failure::Internal("sequences without JSON"))?;
        self.create()?;
        let path = self.sequences();
        if let Some(folder) = path.parent() {
            private_folder(folder).map_err(storage(folder))?;
        }
        self.replace(&path, &text)
    }

    fn pack_sequences(&self) -> Outcome<BTreeMap<String, u64>> {
        let path = self.sequences();
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|_| Failure::Storage { path, reason: io::ErrorKind::InvalidData }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(storage(path)(error)),
        }
    }

    fn sequences(&self) -> PathBuf {
        self.folder.join("trust").join(SEQUENCES)
    }

    fn trust_folder(&self, kind: &str) -> PathBuf {
        self.folder.join("trust").join(kind)
    }

    fn load(&self, kind: &str) -> Outcome<Vec<Vec<u8>>> {
        listed(&self.trust_folder(kind))?
            .into_iter()
            .map(|path| fs::read(&path).map_err(storage(&path)))
            .collect()
    }

    /// Writes beside the file and renames over it: a crash leaves the old one or the new one.
    fn replace(&self, path: &Path, bytes: &[u8]) -> Outcome<()> {
        let beside = path.with_extension("new");
        let written = fs::File::create(&beside).and_then(|mut file| {
            file.write_all(bytes)?;
            // Else the rename may reach the disk before the content.
            file.sync_all()
        });
        written.map_err(storage(&beside))?;
        fs::rename(&beside, path).map_err(storage(path))
    }
}

/// An authority by its key, however often its certificate is renewed: SHA-256, lower-case hexadecimal.
fn name_of(authority: &[u8]) -> String {
    hex::encode(sha256(authority))
}

/// The certificate files in a folder, by name; none when there is no folder.
fn listed(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(storage(folder)(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(storage(folder))?.path();
        if path.extension().is_some_and(|extension| extension == "der") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

const SETTINGS: &str = "settings.json";
const SEQUENCES: &str = "pack-sequences.json";
const ISSUERS: &str = "issuers";
const CARDS: &str = "cards";
const DESKS: &str = "desks";

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (Home, PathBuf) {
        let folder = std::env::temp_dir().join(format!(
            "wallet-home-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        let _ = fs::remove_dir_all(&folder);
        (Home { folder: folder.clone() }, folder)
    }

    #[test]
    fn what_is_kept_comes_back_and_what_was_trusted_before_is_gone() {
        let (home, folder) = home();
        home.create().unwrap();
        assert_eq!(home.settings().unwrap(), None);
        assert_eq!(home.trust().unwrap(), Trust::default());
        let first = Trust { issuers: vec![vec![1], vec![2]], cards: vec![vec![3]], desks: vec![] };
        home.keep_trust(&first).unwrap();
        assert_eq!(home.trust().unwrap(), first);
        let second = Trust { issuers: vec![vec![9]], cards: vec![], desks: vec![vec![8]] };
        home.keep_trust(&second).unwrap();
        assert_eq!(home.trust().unwrap(), second);
        let settings = Settings { issuer: "http://127.0.0.1:1".into() };
        home.keep_settings(&settings).unwrap();
        assert_eq!(home.settings().unwrap(), Some(settings));
        fs::write(folder.join(SETTINGS), b"{").unwrap();
        assert_eq!(home.settings().unwrap_err().exit_code(), 7);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_sequence_of_packs_is_kept_for_each_authority_and_never_goes_back() {
        let (home, folder) = home();
        assert_eq!(home.pack_sequence(b"one").unwrap(), 0, "before there is a folder");
        home.keep_pack_sequence(b"one", 7).unwrap();
        home.keep_pack_sequence(b"one", 5).unwrap();
        home.keep_pack_sequence(b"two", 3).unwrap();
        assert_eq!((home.pack_sequence(b"one").unwrap(), home.pack_sequence(b"two").unwrap()), (7, 3));
        // A file that cannot be read is not taken for none.
        fs::write(home.sequences(), b"{").unwrap();
        assert_eq!(home.pack_sequence(b"one").unwrap_err().exit_code(), 7);
        assert_eq!(home.keep_pack_sequence(b"one", 9).unwrap_err().exit_code(), 7);
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_look_into_the_folder() {
        use std::os::unix::fs::PermissionsExt as _;
        let (home, folder) = home();
        home.create().unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        fs::remove_dir_all(folder).unwrap();
    }
}
