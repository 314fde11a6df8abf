//! Asking for commands, acknowledging those obeyed, and giving the phone up: by the Instance key, without a prompt.

use serde::{Deserialize, Serialize};

use crate::{
    card::LifeCycle,
    crypto::sign::PublicKey,
    jose::{Blob, Fixed},
    platform::{HttpRequest, HttpResponse, Url},
    status::asking::{self, AskError, Misuse, Rule},
};

/// Where commands are asked for, below the issuer's URL: POST, [`CommandsRequest`] → [`CommandsResponse`].
pub const COMMANDS_PATH: &str = "/commands";
/// Where a phone is given up, below the issuer's URL: POST, [`GiveUpRequest`] → `{}`.
pub const GIVE_UP_PATH: &str = "/give-up";
/// Longest wait of a long poll, seconds: clients and proxies give up at thirty.
pub const MAX_WAIT: u32 = 25;
/// Most commands in one answer.
const MAX_COMMANDS: usize = 16;

/// What the Instance key signs to ask for commands: a label, and the body as sent.
#[must_use]
pub fn commands_request_bytes(body: &[u8]) -> Vec<u8> {
    [b"kr-wallet commands v1\0", body].concat()
}

/// What the Instance key signs to give the phone up: a label, and the body as sent.
#[must_use]
pub fn give_up_request_bytes(body: &[u8]) -> Vec<u8> {
    [b"kr-wallet give-up v1\0", body].concat()
}

/// Asks for commands above `obeyed`, which acknowledges the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandsRequest {
    /// The Instance key, uncompressed SEC1.
    pub instance_key: Fixed<65>,
    /// Seconds since 1970 UTC by the phone's clock. Told and not judged: a wrong clock must not keep a lock away.
    pub made_at: i64,
    /// The number of the last command obeyed; zero: none.
    pub obeyed: u64,
    /// Seconds to wait for a command when there is none, at most [`MAX_WAIT`].
    pub wait: u32,
}

/// The commands not yet acknowledged, lowest number first, and how the issuer sees the card on this phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandsResponse {
    /// Each a signed command.
    pub commands: Vec<Blob<4096>>,
    /// The card's state and its reason, where the issuer knows one.
    pub standing: Option<StandingMessage>,
}

/// A state and its reason by their machine names ([`LifeCycle::names`]). It explains; what holds is in the status list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingMessage {
    /// `active`, `suspended`, `revoked`, `replaced`.
    pub state: String,
    /// The reason.
    pub reason: String,
}

impl StandingMessage {
    /// The message for a state.
    #[must_use]
    pub fn of(state: LifeCycle) -> Self {
        let (state, reason) = state.names();
        Self { state: state.to_owned(), reason: reason.to_owned() }
    }

    /// The state, where this wallet knows it.
    #[must_use]
    pub fn life_cycle(&self) -> Option<LifeCycle> {
        LifeCycle::from_names(&self.state, &self.reason).ok()
    }
}

/// What a poll brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Commands, lowest number first, not verified yet.
    pub commands: Vec<Vec<u8>>,
    /// The card's state by the issuer's word, where the wallet understands it.
    pub standing: Option<LifeCycle>,
}

/// One poll: signature, then answer.
#[derive(Debug)]
pub struct Poll {
    issuer: Url,
    body: Vec<u8>,
}

impl Poll {
    /// Asks for commands above `obeyed`, waiting at most `wait` seconds.
    ///
    /// # Errors
    /// [`Misuse::WrongLength`] for a wait above [`MAX_WAIT`].
    pub fn begin(
        issuer: Url,
        instance: &PublicKey,
        obeyed: u64,
        wait: u32,
        now: i64,
    ) -> Result<Self, AskError> {
        if wait > MAX_WAIT {
            return Err(Misuse::WrongLength.into());
        }
        let message =
            CommandsRequest { instance_key: Fixed(*instance.as_sec1()), made_at: now, obeyed, wait };
        Ok(Self { issuer, body: serde_json::to_vec(&message).map_err(|_| Misuse::WrongLength)? })
    }

    /// What the Instance key signs.
    #[must_use]
    pub fn to_sign(&self) -> Vec<u8> {
        commands_request_bytes(&self.body)
    }

    /// The request, given the Instance key's signature (`r ‖ s`).
    ///
    /// # Errors
    /// [`Misuse::BadSignature`] for other than 64 bytes.
    pub fn signed(&self, signature: &[u8]) -> Result<HttpRequest, AskError> {
        asking::signed(&self.issuer, COMMANDS_PATH, &self.body, signature)
    }

    /// What the issuer answered.
    ///
    /// # Errors
    /// [`AskError::IssuerMisbehaved`] or [`AskError::Refused`].
    pub fn finish(self, response: &HttpResponse) -> Result<Heard, AskError> {
        let CommandsResponse { commands, standing } = asking::answer(response)?;
        if commands.len() > MAX_COMMANDS {
            return Err(Rule::TooManyCommands.into());
        }
        Ok(Heard {
            commands: commands.into_iter().map(|Blob(bytes)| bytes).collect(),
            standing: standing.and_then(|standing| standing.life_cycle()),
        })
    }
}

/// Gives the phone up: the person is free for another one. Signed by the Instance key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GiveUpRequest {
    /// The Instance key, uncompressed SEC1.
    pub instance_key: Fixed<65>,
    /// Seconds since 1970 UTC when this was made; the issuer takes it for five minutes.
    pub made_at: i64,
}

/// One phone given up: signature, then answer. Asked again it is answered again.
#[derive(Debug)]
pub struct GiveUp {
    issuer: Url,
    body: Vec<u8>,
}

impl GiveUp {
    /// Gives the phone with this Instance key up.
    ///
    /// # Errors
    /// None in practice: the message has a JSON form.
    pub fn begin(issuer: Url, instance: &PublicKey, now: i64) -> Result<Self, AskError> {
        let message = GiveUpRequest { instance_key: Fixed(*instance.as_sec1()), made_at: now };
        Ok(Self { issuer, body: serde_json::to_vec(&message).map_err(|_| Misuse::WrongLength)? })
    }

    /// What the Instance key signs.
    #[must_use]
    pub fn to_sign(&self) -> Vec<u8> {
        give_up_request_bytes(&self.body)
    }

    /// The request, given the Instance key's signature (`r ‖ s`).
    ///
    /// # Errors
    /// [`Misuse::BadSignature`] for other than 64 bytes.
    pub fn signed(&self, signature: &[u8]) -> Result<HttpRequest, AskError> {
        asking::signed(&self.issuer, GIVE_UP_PATH, &self.body, signature)
    }

    /// Whether the issuer took it.
    ///
    /// # Errors
    /// [`AskError::IssuerMisbehaved`] or [`AskError::Refused`].
    pub fn finish(self, response: &HttpResponse) -> Result<(), AskError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Taken {}
        asking::answer(response).map(|Taken {}| ())
    }
}
