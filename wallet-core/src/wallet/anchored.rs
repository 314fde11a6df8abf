//! What the wallet keeps in the platform's anchor, where a restored file cannot undo it: the vault's version, the number of
//! the last command obeyed, and the latch of a wipe.

use super::{Wallet, WalletError, code};
use crate::platform::{Anchor, AnchorError};

/// Layout of the first format: format ‖ vault version, u64 big-endian.
const FIRST: u8 = 1;
/// Layout: format ‖ vault version ‖ wiped, 0 or 1 ‖ number of the last command obeyed ‖ the phone it was for (both zero: none).
/// Numbers are u64, big-endian.
const FORMAT: u8 = 2;

/// The anchor's content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Anchored {
    /// The vault version.
    pub(super) version: u64,
    /// A wipe was begun: whatever is found of a vault is to go.
    pub(super) wiped: bool,
    /// The last command obeyed.
    pub(super) obeyed: Obeyed,
}

/// The last command obeyed, and for which Instance key: a new key has its own numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Obeyed {
    seq: u64,
    phone: [u8; 16],
}

impl Obeyed {
    pub(super) fn by(thumbprint: &[u8; 32], seq: u64) -> Self {
        Self { seq, phone: phone_of(thumbprint) }
    }

    /// The number of the last command that the phone with this Instance key obeyed; zero: none.
    pub(super) fn seq_of(self, thumbprint: &[u8; 32]) -> u64 {
        if self.phone == phone_of(thumbprint) { self.seq } else { 0 }
    }
}

impl Anchored {
    pub(super) fn encode(self) -> Vec<u8> {
        let Self { version, wiped, obeyed: Obeyed { seq, phone } } = self;
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(&version.to_be_bytes());
        bytes.push(u8::from(wiped));
        bytes.extend_from_slice(&seq.to_be_bytes());
        bytes.extend_from_slice(&phone);
        bytes
    }

    /// All zero where nothing was stored yet, `None` for bytes of another format.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first() {
            None => Some(Self::default()),
            Some((&FIRST, version)) => {
                Some(Self { version: u64::from_be_bytes(version.try_into().ok()?), ..Self::default() })
            }
            Some((&FORMAT, rest)) => {
                let (version, rest) = rest.split_first_chunk()?;
                let (wiped, rest) = rest.split_first()?;
                let (seq, rest) = rest.split_first_chunk()?;
                let obeyed = Obeyed { seq: u64::from_be_bytes(*seq), phone: rest.try_into().ok()? };
                let wiped = match wiped {
                    0 => false,
                    1 => true,
                    _ => return None,
                };
                Some(Self { version: u64::from_be_bytes(*version), wiped, obeyed })
            }
            Some(_) => None,
        }
    }

    pub(super) async fn load(anchor: &dyn Anchor) -> Result<Self, WalletError> {
        let misbehaved = WalletError::Unavailable { code: code::PLATFORM_MISBEHAVED };
        Self::decode(&anchor.load().await?).ok_or(misbehaved)
    }

    /// Stores it and makes sure that the platform really has it.
    async fn store(self, anchor: &dyn Anchor) -> Result<(), WalletError> {
        let bytes = self.encode();
        if anchor.store(bytes.clone()).await? == bytes {
            Ok(())
        } else {
            Err(AnchorError::Unavailable.into())
        }
    }
}

/// Calls that change the anchor at once, at most: each makes the others store once more.
const ROUNDS: u32 = 16;

impl Wallet {
    /// Changes the anchor. Calls at the same time lose nothing of each other: whoever stored what another has meanwhile
    /// changed stores again.
    pub(super) async fn anchor(&self, change: impl FnOnce(&mut Anchored)) -> Result<(), WalletError> {
        let internal = || WalletError::Unavailable { code: code::INTERNAL };
        let (before, mut wanted) = {
            let mut anchored = self.anchored.lock().map_err(|_| internal())?;
            let before = *anchored;
            change(&mut anchored);
            (before, *anchored)
        };
        for _ in 0..ROUNDS {
            if let Err(error) = wanted.store(self.platform.anchor.as_ref()).await {
                // What is not in the anchor was not obeyed; the version is a fact either way. Whoever has changed more meanwhile
                // stores this too.
                let mut anchored = self.anchored.lock().map_err(|_| internal())?;
                if *anchored == wanted {
                    *anchored = Anchored { version: wanted.version, ..before };
                }
                return Err(error);
            }
            let now = *self.anchored.lock().map_err(|_| internal())?;
            if now == wanted {
                return Ok(());
            }
            wanted = now;
        }
        Err(internal())
    }

    /// Tells the anchor which version the vault has reached: after every commit that must not be undone.
    pub(super) async fn anchor_version(&self) -> Result<(), WalletError> {
        let version = self.with_vault(|vault| Ok(vault.version()))?;
        self.anchor(|anchored| anchored.version = anchored.version.max(version)).await
    }
}

fn phone_of(thumbprint: &[u8; 32]) -> [u8; 16] {
    thumbprint.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_anchor_is_all_zero_and_a_strange_one_is_none() {
        assert_eq!(Anchored::decode(&[]), Some(Anchored::default()));
        let full = Anchored { version: 77, wiped: true, obeyed: Obeyed::by(&[5; 32], 9) };
        assert_eq!(Anchored::decode(&full.encode()), Some(full));
        assert_eq!(full.encode().len(), 34);
        assert_eq!(Anchored::decode(&[3, 0, 0, 0, 0, 0, 0, 0, 77]), None);
        for length in 1..34 {
            assert_eq!(Anchored::decode(&full.encode()[..length]), None, "{length}");
        }
        let mut strange = full.encode();
        strange[9] = 2;
        assert_eq!(Anchored::decode(&strange), None);
    }

    #[test]
    fn the_first_format_is_read() {
        let first = Anchored::decode(&[1, 0, 0, 0, 0, 0, 0, 0, 77]);
        assert_eq!(first, Some(Anchored { version: 77, ..Anchored::default() }));
        assert_eq!(Anchored::decode(&[1, 0]), None);
    }

    #[test]
    fn another_phones_numbers_are_not_this_ones() {
        let obeyed = Obeyed::by(&[5; 32], 9);
        assert_eq!((obeyed.seq_of(&[5; 32]), obeyed.seq_of(&[6; 32])), (9, 0));
        assert_eq!(Obeyed::default().seq_of(&[0; 32]), 0);
    }
}
