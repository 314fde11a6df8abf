//! The ways into the chip: the card says which it offers, the citizen's password says which it opens, the caller says which
//! will do.

mod bac;
mod card_access;
pub(super) mod discovery;
mod entropy;
pub(super) mod pace;
mod password;

use std::collections::VecDeque;

pub(crate) use card_access::offers_mapping_by_key;
pub use card_access::{
    Mapping, PaceInfo, access_matches, offers_pace, parse_card_access, standardized_group,
};
pub use entropy::Entropy;
pub use pace::MappingProof;
use pace::PaceStep;
pub use password::{
    BasicAccess, Can, CardAccess, Mrz, MrzPart, NotACan, NotAPin, NotAPuk, NotAnMrz, Pin, Puk, Reference,
};

use super::{
    error::{ChipError, Feature, Misuse},
    secure_messaging::SecureMessaging,
};
use crate::apdu::{CommandApdu, ResponseApdu};

/// The way by which the door was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessUsed {
    /// PACE, by this offer of the card.
    Pace(PaceInfo),
    /// Basic access control, on a card that speaks of nothing else.
    Basic,
    /// Basic access control, although the card speaks of PACE: the caller allowed it by name.
    BasicInsteadOfPace,
}

/// One way in, under way, and those still to be tried.
#[derive(Debug)]
pub(super) struct Access {
    way: Way,
    offers: VecDeque<PaceInfo>,
    /// The card speaks of PACE.
    pace_offered: bool,
    /// The number printed on the card was shown to resume a PIN, which is done once.
    resumed: bool,
}

#[derive(Debug)]
enum Way {
    Pace(pace::Pace),
    Basic(bac::Bac),
}

/// What a way in wants next.
#[derive(Debug)]
pub(super) enum AccessStep {
    /// Send this, as the channel is so far, and bring the response.
    Transmit(Access, CommandApdu),
    /// The card printed on the outside opened a channel; the password itself goes on within.
    Within(Box<SecureMessaging>, Access, CommandApdu),
    /// The door is open.
    Open(Opened),
}

/// An open door.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) session: SecureMessaging,
    pub(super) used: AccessUsed,
    /// Whether the application is selected already.
    pub(super) in_application: bool,
    /// What the chip claims about its key, where it mapped by it.
    pub(super) mapping_proof: Option<MappingProof>,
}

impl Access {
    /// Chooses among what the card offers (`None`: it has no EF.CardAccess) and what the password opens.
    pub(super) fn begin(
        card_access: Option<&[u8]>,
        password: &CardAccess,
        entropy: &mut Entropy,
    ) -> Result<(Self, CommandApdu), ChipError> {
        let offers: VecDeque<_> = card_access.map_or(Ok(Vec::new()), parse_card_access)?.into();
        let pace_offered = card_access.is_some_and(offers_pace);
        let nothing = ChipError::Unsupported(Feature::NoCommonAccess);
        Self::next(offers, pace_offered, false, password, entropy, nothing)
    }

    /// The best way left; `otherwise` when there is none.
    fn next(
        mut offers: VecDeque<PaceInfo>,
        pace_offered: bool,
        resumed: bool,
        password: &CardAccess,
        entropy: &mut Entropy,
        otherwise: ChipError,
    ) -> Result<(Self, CommandApdu), ChipError> {
        let (way, command) = if let Some(info) = offers.pop_front() {
            let (pace, command) = begin_pace(info, password, password.reference())?;
            (Way::Pace(if resumed { pace.resumed() } else { pace }), command)
        } else {
            match password {
                CardAccess::Mrz(mrz, BasicAccess::EvenWhenPaceIsRefused) => basic(mrz, entropy)?,
                CardAccess::Mrz(mrz, BasicAccess::WhereThereIsNoPace) if !pace_offered => {
                    basic(mrz, entropy)?
                }
                _ => return Err(otherwise),
            }
        };
        Ok((Self { way, offers, pace_offered, resumed }, command))
    }

    /// Takes the response to the last command.
    pub(super) fn handle(
        self,
        response: &ResponseApdu,
        password: &CardAccess,
        entropy: &mut Entropy,
    ) -> Result<AccessStep, ChipError> {
        let Self { way, offers, pace_offered, resumed } = self;
        let by = |way, offers, resumed| Self { way, offers, pace_offered, resumed };
        match way {
            Way::Pace(pace) => {
                let (info, reference) = (pace.info(), pace.reference());
                match pace.handle(response, entropy)? {
                    PaceStep::Transmit(pace, command) => {
                        Ok(AccessStep::Transmit(by(Way::Pace(pace), offers, resumed), command))
                    }
                    PaceStep::Refused(status) => {
                        let refused = ChipError::PaceRefused(status);
                        // Each offer spends randomness; what is left has to open the door once.
                        let offers = if entropy.suffices() { offers } else { VecDeque::new() };
                        let (next, command) =
                            Self::next(offers, pace_offered, resumed, password, entropy, refused)?;
                        Ok(AccessStep::Transmit(next, command))
                    }
                    PaceStep::Suspended => {
                        // Whoever holds the card shows so by the number printed on it.
                        if !matches!(password, CardAccess::Pin { resume_by: Some(_), .. }) {
                            return Err(ChipError::Suspended);
                        }
                        let (pace, command) = begin_pace(info, password, Reference::Can)?;
                        Ok(AccessStep::Transmit(by(Way::Pace(pace), offers, resumed), command))
                    }
                    PaceStep::Open(session, _) if reference != password.reference() => {
                        let (pace, command) = begin_pace(info, password, password.reference())?;
                        let next = by(Way::Pace(pace.resumed()), offers, true);
                        Ok(AccessStep::Within(Box::new(session), next, command))
                    }
                    PaceStep::Open(session, mapping_proof) => Ok(AccessStep::Open(Opened {
                        session,
                        used: AccessUsed::Pace(info),
                        in_application: false,
                        mapping_proof,
                    })),
                }
            }
            Way::Basic(basic) => Ok(match basic.handle(response)? {
                bac::BacStep::Transmit(bac, command) => {
                    AccessStep::Transmit(by(Way::Basic(bac), offers, resumed), command)
                }
                bac::BacStep::Open(session) => AccessStep::Open(Opened {
                    session,
                    used: if pace_offered { AccessUsed::BasicInsteadOfPace } else { AccessUsed::Basic },
                    in_application: true,
                    mapping_proof: None,
                }),
            }),
        }
    }
}

fn begin_pace(
    info: PaceInfo,
    password: &CardAccess,
    reference: Reference,
) -> Result<(pace::Pace, CommandApdu), ChipError> {
    let key = password.key(reference, info.cipher).ok_or(ChipError::Misuse(Misuse::NoPassword))?;
    Ok(pace::Pace::begin(info, key, reference))
}

fn basic(mrz: &Mrz, entropy: &mut Entropy) -> Result<(Way, CommandApdu), ChipError> {
    let (bac, command) = bac::Bac::begin(mrz, entropy)?;
    Ok((Way::Basic(bac), command))
}
