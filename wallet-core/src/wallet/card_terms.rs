//! What the app knows about cards beside its roots: further keys of countries, what they took back, which files it has a use for.

use super::{Distrust, ReadingTerms, WalletError, code, evidence::name_of};
use crate::{
    chip::{FileId, FileSet},
    trust::{Certificate, RevocationList},
};

/// What an app adds to a reading, from the public key directories it keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CardTerms {
    /// Link certificates, DER: by them trusted countries vouch for further keys of their own. Those that lead to no trusted
    /// root are left out. ICAO Doc 9303-12, 3.2.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub links: Vec<Vec<u8>>,
    /// Revocation lists, DER, of the trusted countries alone. What they took back is refused; the check
    /// `passive_authentication.revocation` says whether a current one was there.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub revocation_lists: Vec<Vec<u8>>,
    /// The files to read, by their names in [`ReadingProgress`](super::ReadingProgress): `DG1` to `DG16` and `EF.COM`. None: what
    /// an ID is made of. EF.SOD and what opens the card are always read.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub files: Option<Vec<String>>,
}

impl CardTerms {
    /// `terms` with all this added.
    pub(super) fn added_to(&self, terms: &ReadingTerms, now: i64) -> Result<ReadingTerms, WalletError> {
        let Self { links, revocation_lists, files } = self;
        let distrusted = WalletError::NotTrusted { why: Distrust::ChipSigner };
        let links = links.iter().map(|der| Certificate::parse(der)).collect::<Result<Vec<_>, _>>();
        let links = links.map_err(|_| distrusted.clone())?;
        let (mut anchors, _) = terms.anchors.clone().with_links(&links, now);
        for der in revocation_lists {
            // One that does not count would leave what it took back unnoticed.
            let list = RevocationList::parse(der).map_err(|_| distrusted.clone())?;
            anchors = anchors.with_revocation_list(list, now).map_err(|_| distrusted.clone())?;
        }
        let files = files.as_ref().map_or(Ok(terms.files), |names| named(names))?;
        Ok(ReadingTerms { anchors, files })
    }
}

fn named(names: &[String]) -> Result<FileSet, WalletError> {
    let mut set = FileSet::NONE;
    for name in names {
        let mut choices = (1..=16).map(FileId::Group).chain([FileId::Common]);
        let file = choices.find(|file| name_of(*file) == *name);
        set = set.with(file.ok_or(WalletError::Unavailable { code: code::INTERNAL })?);
    }
    Ok(set)
}
