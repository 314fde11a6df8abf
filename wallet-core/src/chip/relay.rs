//! Chip authentication at a distance: a server holds the ephemeral key, the wallet carries APDUs. The chip proves itself to
//! the server, and the wallet in between can neither read nor make up what they say.
//!
//! 1. The wallet reads the card and sends the files. The server verifies EF.SOD and EF.DG14, makes [`Examiner`] and sends
//!    its public key.
//! 2. The wallet reads with [`super::ReadPlan::relay`]: [`super::Step::AskServer`] asks for that key, the reading's last act
//!    hands it to the chip, and its [`super::ChipData::relay`] is a [`Carrier`].
//! 3. The server's [`Examiner::ask`] is a protected selection and a protected read, which every card knows, those without short
//!    identifiers too. The wallet carries both by [`Carrier::carry`] and brings the responses to [`AwaitingProof::verify`].
//!
//! The server's key is new for each session, so an answer recorded elsewhere is none.

use super::error::{ChipError, Misuse};
use crate::apdu::CommandApdu;

/// Carries commands of somebody else's session to the card: reads and selections, a few of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    left: u8,
}

impl Carrier {
    pub(super) const fn new() -> Self {
        Self { left: MOST_COMMANDS }
    }

    /// Looks at a command from the server and gives the bytes for the card: protected, and by its header a selection or a
    /// read, so that a server cannot make the wallet change anything on the card.
    ///
    /// # Errors
    /// [`Misuse::NotARead`] for any other, and when there were too many.
    pub fn carry(self, command: &[u8]) -> Result<(Self, Vec<u8>), ChipError> {
        let refused = ChipError::Misuse(Misuse::NotARead);
        let CommandApdu { cla, ins, p1: _, p2: _, data, le: _ } =
            CommandApdu::parse(command).map_err(|_| refused)?;
        if cla != PROTECTED || !matches!(ins, SELECT | READ_BINARY) || data.len() > MOST_DATA {
            return Err(refused);
        }
        let left = self.left.checked_sub(1).ok_or(refused)?;
        Ok((Self { left }, command.to_vec()))
    }
}

const PROTECTED: u8 = 0x0C;
const SELECT: u8 = 0xA4;
const READ_BINARY: u8 = 0xB0;
const MOST_COMMANDS: u8 = 8;
const MOST_DATA: usize = 255;

#[cfg(any(test, feature = "issuer"))]
mod examiner {
    use super::super::{
        access::Entropy,
        chip_auth::ChipKey,
        error::{ChipError, Feature, Part, Rule},
        file_read::{FileId, select},
        secure_messaging::{AwaitingAnswer, SecureMessaging},
        security_infos::SecurityInfos,
    };
    use crate::{
        apdu::{CommandApdu, LengthForm, ResponseApdu},
        bytes::equal_in_constant_time,
        crypto::agreement::Element,
    };

    /// The server's side, holding the ephemeral key.
    #[derive(Debug)]
    pub struct Examiner {
        /// The same session twice: one for each answer that is waited for.
        sessions: [SecureMessaging; 2],
        public: Vec<u8>,
    }

    /// The server's side, waiting for the chip's answers.
    #[derive(Debug)]
    pub struct AwaitingProof {
        selection: AwaitingAnswer,
        read: AwaitingAnswer,
    }

    impl Examiner {
        /// For a chip whose EF.DG14 passive authentication has accepted. `entropy` must serve nothing else.
        ///
        /// # Errors
        /// [`Feature::ChipAuthentication`] when EF.DG14 has no key that is known here; [`Part::AuthenticationData`] when it
        /// is malformed.
        pub fn begin(dg14: &[u8], entropy: &mut Entropy) -> Result<Self, ChipError> {
            let infos = SecurityInfos::parse_dg14(dg14)
                .map_err(|_| ChipError::Malformed(Part::AuthenticationData))?;
            let key = ChipKey::choose(&infos)?.ok_or(ChipError::Unsupported(Feature::ChipAuthentication))?;
            let ours = entropy.next_key(key.group())?;
            let public = ours
                .multiply(&Element::generator(key.group()))
                .map_err(super::super::error::refused_element)?;
            let sessions = [key.session(&ours)?, key.session(&ours)?];
            Ok(Self { sessions, public: public.on_wire().to_vec() })
        }

        /// The public key that the wallet hands to the chip.
        #[must_use]
        pub fn public(&self) -> &[u8] {
            &self.public
        }

        /// The commands that only the true chip can answer, in their order: they read the beginning of its own EF.SOD.
        ///
        /// # Errors
        /// [`ChipError::Misuse`], which these commands do not give.
        pub fn ask(self) -> Result<(AwaitingProof, [Vec<u8>; 2]), ChipError> {
            let [first, second] = self.sessions;
            let select = select(FileId::SecurityObject);
            let (selection, selecting) = first.protect(&select, LengthForm::Short)?;
            let (selected, _) = second.protect(&select, LengthForm::Short)?;
            let read = CommandApdu::new(0x00, 0xB0, 0x00, 0x00).expecting(LENGTH);
            let (read, reading) = selected.unheard().protect(&read, LengthForm::Short)?;
            Ok((AwaitingProof { selection, read }, [selecting, reading]))
        }
    }

    impl AwaitingProof {
        /// Whether the responses, in the order of the commands, come from the owner of the key in EF.DG14, over the document
        /// `sod` is of.
        ///
        /// # Errors
        /// [`ChipError::NotGenuine`] for a chip without the key; [`ChipError::AnotherCard`] for one with another EF.SOD;
        /// [`ChipError::CardRefused`].
        pub fn verify(self, responses: [&[u8]; 2], sod: &[u8]) -> Result<(), ChipError> {
            let [selection, read] = responses;
            opened(self.selection, selection)?;
            let answer = opened(self.read, read)?;
            let length = usize::try_from(LENGTH).unwrap_or(0);
            let beginning = sod.get(..length).unwrap_or(sod);
            if equal_in_constant_time(&answer.data, beginning) { Ok(()) } else { Err(ChipError::AnotherCard) }
        }
    }

    fn opened(waiting: AwaitingAnswer, response: &[u8]) -> Result<ResponseApdu, ChipError> {
        let (_, answer) = waiting.open(response).map_err(|error| match error {
            ChipError::CardMisbehaved(Rule::WrongMac | Rule::PlainAnswer) | ChipError::SessionEnded(_) => {
                ChipError::NotGenuine
            }
            other => other,
        })?;
        if answer.status.is_ok() { Ok(answer) } else { Err(ChipError::CardRefused(answer.status)) }
    }

    /// Header, and as much of the digests as tells one document from any other.
    const LENGTH: u32 = 200;
}

#[cfg(any(test, feature = "issuer"))]
pub use examiner::{AwaitingProof, Examiner};
