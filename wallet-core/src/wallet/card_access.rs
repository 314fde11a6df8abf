//! What opens a card, as the app hands it over.

use super::{PasswordKind, WalletError};
use crate::{
    bytes::SecretBytes,
    chip::{BasicAccess, Can, CardAccess, Mrz, Pin, Puk},
};

/// What opens the card. Secrets are bytes, so that the app can wipe them.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CardAccessView {
    /// The six digits printed on the card.
    Can {
        /// ASCII digits.
        can: Vec<u8>,
    },
    /// The lines for machines. Where both dates have seven digits, the last one is the check digit printed behind, and the
    /// number has its own too; all are then verified before the card is touched.
    Mrz {
        /// The document number: ASCII letters, digits and `<`.
        number: Vec<u8>,
        /// Date of birth, `YYMMDD`.
        birth: Vec<u8>,
        /// Date of expiry, `YYMMDD`.
        expiry: Vec<u8>,
        /// When basic access is good enough.
        basic_access: BasicAccessPolicy,
    },
    /// The holder's own number.
    Pin {
        /// ASCII digits.
        pin: Vec<u8>,
        /// The six digits printed on the card, for a card that has suspended the PIN after failures.
        can: Option<Vec<u8>>,
    },
    /// The number that unblocks the holder's own.
    Puk {
        /// ASCII digits.
        puk: Vec<u8>,
    },
}

/// When basic access, which whoever records it can open later, is good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum BasicAccessPolicy {
    /// Never.
    Never,
    /// On a card that has nothing better, by what its issuer signed.
    WhereThereIsNoPace,
    /// Also where the card speaks of something better and refuses it. The evidence says so.
    EvenWhenPaceIsRefused,
}

impl core::fmt::Debug for CardAccessView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Can { .. } => "Can(..)",
            Self::Mrz { .. } => "Mrz(..)",
            Self::Pin { .. } => "Pin(..)",
            Self::Puk { .. } => "Puk(..)",
        })
    }
}

/// The same, wiped when dropped.
pub(super) enum Secrets {
    Can(SecretBytes),
    Mrz { number: SecretBytes, birth: SecretBytes, expiry: SecretBytes, basic: BasicAccess },
    Pin { pin: SecretBytes, can: Option<SecretBytes> },
    Puk(SecretBytes),
}

impl Secrets {
    /// Keeps what parses.
    pub(super) fn keep(view: &CardAccessView) -> Result<Self, WalletError> {
        let secret = |bytes: &[u8]| SecretBytes::new(bytes.to_vec());
        let secrets = match view {
            CardAccessView::Can { can } => Self::Can(secret(can)),
            CardAccessView::Mrz { number, birth, expiry, basic_access } => Self::Mrz {
                number: secret(number),
                birth: secret(birth),
                expiry: secret(expiry),
                basic: match basic_access {
                    BasicAccessPolicy::Never => BasicAccess::Never,
                    BasicAccessPolicy::WhereThereIsNoPace => BasicAccess::WhereThereIsNoPace,
                    BasicAccessPolicy::EvenWhenPaceIsRefused => BasicAccess::EvenWhenPaceIsRefused,
                },
            },
            CardAccessView::Pin { pin, can } => {
                Self::Pin { pin: secret(pin), can: can.as_deref().map(secret) }
            }
            CardAccessView::Puk { puk } => Self::Puk(secret(puk)),
        };
        secrets.access().map(|_| secrets)
    }

    const fn kind(&self) -> PasswordKind {
        match self {
            Self::Can(_) => PasswordKind::Can,
            Self::Mrz { .. } => PasswordKind::Mrz,
            Self::Pin { .. } => PasswordKind::Pin,
            Self::Puk(_) => PasswordKind::Puk,
        }
    }

    /// For one reading.
    pub(super) fn access(&self) -> Result<CardAccess, WalletError> {
        let wrong = |kind| WalletError::WrongPassword { kind, tries_left: None };
        let can = |digits| parsed(digits, Can::parse).ok_or_else(|| wrong(PasswordKind::Can));
        Ok(match self {
            Self::Can(digits) => CardAccess::Can(can(digits)?),
            Self::Mrz { number, birth, expiry, basic } => {
                let parts = [number, birth, expiry].map(|part| core::str::from_utf8(part.expose()));
                let [Ok(number), Ok(birth), Ok(expiry)] = parts else { return Err(wrong(self.kind())) };
                let mrz = Mrz::parse(number, birth, expiry).map_err(|_| wrong(self.kind()))?;
                CardAccess::Mrz(mrz, *basic)
            }
            Self::Pin { pin, can: resume_by } => CardAccess::Pin {
                pin: parsed(pin, Pin::parse).ok_or_else(|| wrong(self.kind()))?,
                resume_by: resume_by.as_ref().map(can).transpose()?,
            },
            Self::Puk(puk) => CardAccess::Puk(parsed(puk, Puk::parse).ok_or_else(|| wrong(self.kind()))?),
        })
    }
}

fn parsed<T, E>(secret: &SecretBytes, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
    core::str::from_utf8(secret.expose()).ok().and_then(|text| parse(text).ok())
}
