//! The ways into the chip: the card says which it offers, the citizen's password says which it opens.

mod card_access;
pub(super) mod discovery;
mod entropy;
pub(super) mod pace;
mod password;

pub use card_access::{PaceInfo, parse_card_access};
pub use entropy::Entropy;
pub use password::{Can, CardAccess, NotACan};

use super::{
    error::{ChipError, Feature},
    secure_messaging::SecureMessaging,
};
use crate::apdu::CommandApdu;

/// One way in, under way.
#[derive(Debug)]
pub(super) enum Access {
    /// Password authenticated connection establishment.
    Pace(pace::Pace),
}

/// What a way in wants next.
#[derive(Debug)]
pub(super) enum AccessStep {
    /// Send this, unprotected, and bring the response.
    Transmit(Access, CommandApdu),
    /// The door is open.
    Open(SecureMessaging),
}

impl Access {
    /// Chooses among what the card offers (`None`: it has no EF.CardAccess) and what the password opens.
    pub(super) fn begin(
        card_access: Option<&[u8]>,
        password: &CardAccess,
        entropy: &mut Entropy,
    ) -> Result<(Self, CommandApdu), ChipError> {
        let CardAccess::Can(can) = password;
        // A card access number opens PACE and nothing else.
        let offered = card_access.ok_or(ChipError::Unsupported(Feature::NoCommonAccess))?;
        let info = parse_card_access(offered)?
            .into_iter()
            .next()
            .ok_or(ChipError::Unsupported(Feature::NoCommonAccess))?;
        let (pace, command) = pace::Pace::begin(info, can.key(info.key_length), pace::CAN, entropy)?;
        Ok((Self::Pace(pace), command))
    }

    /// Takes the response to the last command.
    pub(super) fn handle(self, response: &[u8]) -> Result<AccessStep, ChipError> {
        match self {
            Self::Pace(pace) => Ok(match pace.handle(response)? {
                pace::PaceStep::Transmit(pace, command) => AccessStep::Transmit(Self::Pace(pace), command),
                pace::PaceStep::Open(session) => AccessStep::Open(session),
            }),
        }
    }
}
