//! The folder of trusted certificates as `desk serve` leaves it in its data folder.

use std::{fs, io, path::Path};

use crate::{
    certificates,
    failure::{Outcome, storage},
    home::Trust,
};

/// What the folder held.
pub(crate) struct FromDesk {
    /// Certificates.
    pub(crate) trust: Trust,
    /// The counter pack.
    pub(crate) pack: Option<Vec<u8>>,
    /// The certificate of the authority that signs packs.
    pub(crate) pack_root: Option<Vec<u8>>,
}

/// Reads it: the folder itself, or its `anchors`. A file that is not there is not trusted.
pub(crate) fn read(folder: &Path) -> Outcome<FromDesk> {
    let anchors = folder.join("anchors");
    let folder = if anchors.is_dir() { anchors.as_path() } else { folder };
    let certificates = |name: &str| {
        let path = folder.join(name);
        if path.exists() { certificates::read(&path, "--trust") } else { Ok(Vec::new()) }
    };
    let pack = folder.join(COUNTER_PACK);
    let pack = match fs::read(&pack) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(storage(pack)(error)),
    };
    Ok(FromDesk {
        trust: Trust {
            issuers: certificates(ISSUER_ROOT)?,
            cards: certificates(CSCA)?,
            desks: certificates(DESK_ROOT)?,
        },
        pack,
        pack_root: certificates(PACK_ROOT)?.into_iter().next(),
    })
}

const ISSUER_ROOT: &str = "issuer-root.der";
const CSCA: &str = "csca.der";
const DESK_ROOT: &str = "registration-root.der";
const COUNTER_PACK: &str = "counter-pack.cbor";
const PACK_ROOT: &str = "pack-authority.der";
