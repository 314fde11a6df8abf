//! What can go wrong with a chip, grouped by whose fault it is. A card that left the field is told by the link.

use super::access::Reference;
use crate::{
    apdu::{ApduError, ResponseApdu, StatusWord},
    crypto::agreement::AgreementError,
};

/// Why a reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChipError {
    /// The card refused the password: the citizen typed something else than the card's.
    #[error("the password for the card is wrong")]
    WrongPassword {
        /// Which of them: to resume a PIN, the number printed on the card is tried first.
        which: Reference,
        /// Tries until the card blocks the password, when the card says.
        tries_left: Option<u8>,
    },
    /// The card accepts this password no more.
    #[error("the card has blocked its access")]
    Blocked,
    /// The card has suspended this password; another one must resume it first.
    #[error("the card has suspended its access")]
    Suspended,
    /// The card's bytes do not have the form they must have.
    #[error("malformed bytes from the card: {0:?}")]
    Malformed(Part),
    /// The card broke a rule of the protocol, or someone between us and the card did.
    #[error("the card broke the protocol: {0:?}")]
    CardMisbehaved(Rule),
    /// The card speaks of PACE and does none of it. What it might do instead is weaker, and was not tried.
    #[error("the card refused every way of PACE it offers, last with {0}")]
    PaceRefused(StatusWord),
    /// The card ended the protected session with a bare error; whatever follows begins anew.
    #[error("the card ended the session with {0}")]
    SessionEnded(StatusWord),
    /// The chip did not prove that it holds the key it shows: a copy.
    #[error("the chip is not the original")]
    NotGenuine,
    /// Another card than the one whose reading was interrupted.
    #[error("another card")]
    AnotherCard,
    /// The card refused a command it must know.
    #[error("the card refused with {0}")]
    CardRefused(StatusWord),
    /// The card asks for something this reader does not have.
    #[error("not supported: {0:?}")]
    Unsupported(Feature),
    /// The caller asked for something impossible.
    #[error("misuse: {0:?}")]
    Misuse(Misuse),
}

/// Which bytes were malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// A response shorter than its status word, or too long for any form.
    Response,
    /// EF.CardAccess.
    CardAccess,
    /// The data objects of GENERAL AUTHENTICATE.
    AuthenticationData,
    /// The data objects of secure messaging.
    SecureMessaging,
    /// The outer tag and length of a file, or a tag that is not the file's.
    FileHeader,
}

/// A rule the card broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// The encrypted nonce of PACE has an impossible length.
    NonceLength,
    /// A public key is not an element of its group: off the curve, outside the subgroup.
    KeyNotInGroup,
    /// A public key, the shared element or the mapped generator is the neutral element.
    NeutralKey,
    /// The card sent our own key back, or one it had sent before.
    RepeatedKey,
    /// The card's token does not prove that it knows the password.
    WrongToken,
    /// A response without protection inside a protected session.
    PlainAnswer,
    /// The checksum of a protected response is wrong.
    WrongMac,
    /// The status word inside the protection differs from the one outside.
    StatusMismatch,
    /// A protected response without its status word or its checksum.
    MissingObject,
    /// The padding of decrypted data is damaged.
    WrongPadding,
    /// Success without the data asked for.
    EmptyAnswer,
    /// More data than asked for.
    TooMuchData,
    /// A file ends before its own length says.
    FileTooShort,
    /// A file longer than any document has.
    FileTooLong,
    /// The card keeps us asking without end.
    TooManyCommands,
}

/// What this reader lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feature {
    /// None of the ways into the chip that the card offers and the citizen's password opens.
    NoCommonAccess,
    /// Chip authentication by a protocol, a group or a key not known here.
    ChipAuthentication,
}

/// What the caller did wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// The link carries less than a protected response needs.
    LinkTooNarrow,
    /// The random bytes are no random bytes.
    BadEntropy,
    /// A response to a reading that is over.
    Finished,
    /// A password that the way in does not take.
    NoPassword,
    /// A server's key that the reading did not ask for.
    NobodyAsked,
    /// A command of a relayed protocol that reads nothing.
    NotARead,
    /// A command longer than an APDU.
    CommandTooLong,
}

impl From<ApduError> for ChipError {
    /// For commands, which are built here: one that does not fit is the caller's.
    fn from(_: ApduError) -> Self {
        Self::Misuse(Misuse::CommandTooLong)
    }
}

/// Splits what came from the card: whatever is wrong with its length is the card's fault.
pub(super) fn parse_response(bytes: &[u8]) -> Result<ResponseApdu, ChipError> {
    ResponseApdu::parse(bytes).map_err(|_| ChipError::Malformed(Part::Response))
}

/// Scalars are ours and valid, so a refusal is about the card's element.
pub(super) const fn refused_element(error: AgreementError) -> ChipError {
    match error {
        AgreementError::NotInGroup | AgreementError::MixedGroups => {
            ChipError::CardMisbehaved(Rule::KeyNotInGroup)
        }
        AgreementError::Neutral => ChipError::CardMisbehaved(Rule::NeutralKey),
        AgreementError::BadScalar => ChipError::Misuse(Misuse::BadEntropy),
    }
}
