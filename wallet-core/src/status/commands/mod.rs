//! Signed commands from the issuer to one phone: lock, resume, wipe (docs/formats/commands.md).
//!
//! A command is good for the phone whose Instance key it names, once: its number is above all that were obeyed before.
//! The same command again is obeyed again, which changes nothing, so that an acknowledgement may be lost.

mod exchange;
#[cfg(feature = "issuer")]
pub mod issue;
#[cfg(test)]
#[cfg(feature = "issuer")]
mod tests;

pub use exchange::{
    COMMANDS_PATH, CommandsRequest, CommandsResponse, GIVE_UP_PATH, GiveUp, GiveUpRequest, Heard, MAX_WAIT,
    Poll, StandingMessage, commands_request_bytes, give_up_request_bytes,
};

use crate::{
    cbor::{CborError, Limits, Profile, Reader, check},
    cose::{CoseError, ESP256, Sign1},
    crypto::sign::{self, PublicKey},
    trust::{Anchors, Certificate, TrustError, Usage, verify_chain},
};

/// `typ` of a command.
const TYP: &str = "kr-command";
/// How far the clocks of phone and issuer may be apart, seconds.
const SKEW: i64 = 300;

/// Labels of header and claims.
mod label {
    pub(super) const ALG: i64 = 1;
    pub(super) const TYP: i64 = 16;
    pub(super) const X5CHAIN: i64 = 33;
    pub(super) const AUD: i64 = 1;
    pub(super) const SEQ: i64 = 2;
    pub(super) const OP: i64 = 3;
    pub(super) const IAT: i64 = 4;
    pub(super) const EXP: i64 = 5;
    pub(super) const WHY: i64 = 6;
}

/// What the phone is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CommandOp {
    /// Show nothing, renew nothing, until `Resume`.
    Lock,
    /// The lock is lifted.
    Resume,
    /// Delete the hardware keys, then everything.
    Wipe,
}

/// Why the phone is to do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CommandReason {
    /// The phone was reported lost.
    PhoneLost,
    /// The phone was found.
    PhoneFound,
    /// The citizen asked for it.
    ByCitizen,
    /// The issuer ordered it.
    ByIssuer,
    /// The ID moved to another phone.
    OtherPhone,
}

impl CommandOp {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Lock, Self::Resume, Self::Wipe];

    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::Lock => 1,
            Self::Resume => 2,
            Self::Wipe => 3,
        }
    }

    /// The stable machine name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Resume => "resume",
            Self::Wipe => "wipe",
        }
    }

    /// What this number, or name, stands for.
    fn from_number(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.number() == number)
    }

    /// The operation with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.name() == name)
    }
}

impl CommandReason {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::PhoneLost, Self::PhoneFound, Self::ByCitizen, Self::ByIssuer, Self::OtherPhone];

    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::PhoneLost => 1,
            Self::PhoneFound => 2,
            Self::ByCitizen => 3,
            Self::ByIssuer => 4,
            Self::OtherPhone => 5,
        }
    }

    /// The stable machine name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PhoneLost => "phone_lost",
            Self::PhoneFound => "phone_found",
            Self::ByCitizen => "by_citizen",
            Self::ByIssuer => "by_issuer",
            Self::OtherPhone => "other_phone",
        }
    }

    /// The reason with this number.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.number() == number)
    }

    /// The reason with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// Why a command is not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// Not a command: bytes, members or numbers that none has.
    #[error("malformed")]
    Malformed,
    /// `typ` is not a command's.
    #[error("a message of another type")]
    Type,
    /// Another algorithm than ESP256.
    #[error("signed with another algorithm")]
    Algorithm,
    /// The signer is not one that may command phones.
    #[error("not trusted: {0}")]
    Untrusted(#[from] TrustError),
    /// The signature is not of that key.
    #[error("the signature does not verify")]
    BadSignature,
    /// It is for another phone.
    #[error("for another phone")]
    OtherPhone,
    /// Its number is below one that was obeyed.
    #[error("obeyed or overtaken before")]
    Replayed,
    /// `exp` has passed.
    #[error("expired")]
    Expired,
    /// `iat` is later than now.
    #[error("from the future")]
    FromTheFuture,
}

/// A command that was verified: only [`UnverifiedCommand::verify`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    seq: u64,
    op: CommandOp,
    why: CommandReason,
}

impl Command {
    /// Its number, above those before.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// What to do.
    #[must_use]
    pub const fn op(&self) -> CommandOp {
        self.op
    }

    /// Why.
    #[must_use]
    pub const fn why(&self) -> CommandReason {
        self.why
    }
}

/// A command as received; nothing in it is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedCommand {
    bytes: Vec<u8>,
    certificate: Vec<u8>,
}

impl UnverifiedCommand {
    /// Splits the message.
    ///
    /// # Errors
    /// [`CommandError::Malformed`], [`CommandError::Type`], [`CommandError::Algorithm`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CommandError> {
        check(bytes, Profile::Deterministic, Limits::SMALL)?;
        let parts = Sign1::parse(bytes)?;
        if !parts.has_no_unprotected_label() {
            return Err(CommandError::Malformed);
        }
        check(parts.protected, Profile::Deterministic, Limits::SMALL)?;
        let mut header = Reader::new(parts.protected);
        let (mut alg, mut typ, mut certificate) = (None, None, None);
        for _ in 0..header.map()? {
            match header.int()? {
                label::ALG => alg = Some(header.int()?),
                label::TYP => typ = Some(header.text()?),
                label::X5CHAIN => certificate = Some(header.bytes()?.to_vec()),
                _ => return Err(CommandError::Malformed),
            }
        }
        if typ != Some(TYP) {
            return Err(CommandError::Type);
        }
        if alg != Some(ESP256) {
            return Err(CommandError::Algorithm);
        }
        let certificate = certificate.ok_or(CommandError::Malformed)?;
        Ok(Self { bytes: bytes.to_vec(), certificate })
    }

    /// Verifies that an issuer's command key signed it, for the phone with this Instance key, after the command numbered
    /// `obeyed` (zero: none), and that it holds at `now`, seconds since 1970 UTC.
    ///
    /// A lock is obeyed whatever the phone's clock says: whoever found the phone can set it. Its number alone keeps an old one
    /// out, and its certificate is checked at its own time.
    ///
    /// # Errors
    /// Every [`CommandError`] but those of [`UnverifiedCommand::parse`]; [`CommandError::Malformed`] for claims that none has.
    pub fn verify(
        self,
        anchors: &Anchors,
        instance: &PublicKey,
        obeyed: u64,
        now: i64,
    ) -> Result<Command, CommandError> {
        let parts = Sign1::parse(&self.bytes)?;
        let claims = Claims::read(parts.payload)?;
        let at = if claims.op == CommandOp::Lock { claims.iat } else { now };
        let certificate = Certificate::parse(&self.certificate)?;
        let signer = verify_chain(&[certificate], anchors, at, Usage::CommandKey)?;
        let signature = parts.signature_64()?;
        sign::verify(&signer.p256_public_key()?, &parts.sig_structure(), &signature)
            .map_err(|_| CommandError::BadSignature)?;

        let Claims { aud, seq, op, iat, exp, why } = claims;
        if aud != instance.thumbprint() {
            return Err(CommandError::OtherPhone);
        }
        if seq < obeyed {
            return Err(CommandError::Replayed);
        }
        if now >= exp.saturating_add(SKEW) && op != CommandOp::Lock {
            return Err(CommandError::Expired);
        }
        if iat > now.saturating_add(SKEW) && op != CommandOp::Lock {
            return Err(CommandError::FromTheFuture);
        }
        Ok(Command { seq, op, why })
    }
}

/// What is signed.
struct Claims {
    aud: [u8; 32],
    seq: u64,
    op: CommandOp,
    iat: i64,
    exp: i64,
    why: CommandReason,
}

impl Claims {
    fn read(payload: &[u8]) -> Result<Self, CommandError> {
        check(payload, Profile::Deterministic, Limits::SMALL)?;
        let mut reader = Reader::new(payload);
        let (mut aud, mut seq, mut op, mut iat, mut exp, mut why) = (None, None, None, None, None, None);
        for _ in 0..reader.map()? {
            match reader.int()? {
                label::AUD => aud = Some(reader.array_of()?),
                label::SEQ => seq = Some(reader.uint()?),
                label::OP => op = CommandOp::from_number(reader.uint()?),
                label::IAT => iat = Some(reader.int()?),
                label::EXP => exp = Some(reader.int()?),
                label::WHY => why = CommandReason::from_number(reader.uint()?),
                _ => return Err(CommandError::Malformed),
            }
        }
        let missing = CommandError::Malformed;
        let claims = Self {
            aud: aud.ok_or(missing)?,
            seq: seq.filter(|seq| *seq > 0).ok_or(missing)?,
            op: op.ok_or(missing)?,
            iat: iat.ok_or(missing)?,
            exp: exp.ok_or(missing)?,
            why: why.ok_or(missing)?,
        };
        if claims.iat < claims.exp { Ok(claims) } else { Err(missing) }
    }
}

impl From<CborError> for CommandError {
    fn from(_: CborError) -> Self {
        Self::Malformed
    }
}

impl From<CoseError> for CommandError {
    fn from(_: CoseError) -> Self {
        Self::Malformed
    }
}
