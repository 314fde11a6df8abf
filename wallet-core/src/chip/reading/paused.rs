//! A reading whose card left the field: what was read stays, the door is opened again, and reading goes on where it stopped.

use std::sync::Arc;

use super::{ChipData, Idle, Plan, Reading, State, Step, Task, chunks_for};
use crate::{
    chip::{
        access::{Entropy, discovery::Discovery},
        error::ChipError,
        file_read::{FileId, FileRead},
    },
    platform::LinkLimits,
};

/// A reading without a card. Dropping it forgets what was read.
#[derive(Debug)]
pub struct Paused(pub(super) Idle);

impl Reading {
    /// The card left the field, or the link failed: keeps what was read and waits for the card.
    #[must_use]
    pub fn pause(self) -> Paused {
        let Self { mut idle, state, waiting: _ } = self;
        // What belongs to a door or a session that is gone.
        idle.tasks.retain(|task| match task {
            Task::SelectApplication | Task::Recognise(_) => false,
            Task::Read(file) => file.id != FileId::CardSecurity,
            Task::Sign(_) | Task::ProveChip | Task::AskServer => true,
        });
        match state {
            // Nothing says yet whose file it is, so it begins anew.
            State::File(file) if file.id == FileId::SecurityObject => {
                idle.tasks.push_front(Task::Read(FileRead::begin(FileId::SecurityObject)));
            }
            State::File(file) if file.id != FileId::CardSecurity => {
                idle.tasks.push_front(Task::Read(file.reopen()));
            }
            State::Signature(challenge, _) => idle.tasks.push_front(Task::Sign(challenge)),
            State::ChipAuth(_, Some(_)) => idle.tasks.push_front(Task::ProveChip),
            State::ChipAuth(_, None) | State::Server(..) => idle.tasks.push_front(Task::AskServer),
            State::File(_)
            | State::Discovery(_)
            | State::Lengths(_)
            | State::Access(_)
            | State::Recognising(_)
            | State::Application
            | State::Finished => {}
        }
        Paused(idle)
    }

    /// The chip took the server's key, and the server's question or the chip's answer went astray: keeps what
    /// [`Step::Done`] gave, and has the server asked for another key.
    #[must_use]
    pub fn unheard(self, data: ChipData) -> Paused {
        let Self { mut idle, state: _, waiting: _ } = self;
        idle.data = ChipData { relay: None, apdus: idle.data.apdus, ..data };
        idle.tasks.push_back(Task::AskServer);
        Paused(idle)
    }
}

impl Paused {
    /// Goes on with a card that was powered up anew, over a link that may carry more or less than the one before. What was
    /// read stays here too, for a tap of another card or one that fails.
    ///
    /// # Errors
    /// [`super::Misuse::LinkTooNarrow`].
    pub fn resume(&self, limits: LinkLimits, entropy: Entropy) -> Result<(Reading, Step), ChipError> {
        let Idle { password, plan, entropy: _, chunks, data, tasks, progress, proof_pending, model } =
            &self.0;
        let mut chunks_here = chunks_for(&limits)?;
        chunks_here.learn_from(chunks);
        let idle = Idle {
            password: Arc::clone(password),
            plan: Plan { limits, ..plan.clone() },
            entropy,
            chunks: chunks_here,
            data: data.clone(),
            tasks: tasks.clone(),
            progress: *progress,
            proof_pending: *proof_pending,
            model: *model,
        };
        idle.open_again(Discovery::begin())
    }

    /// Commands sent so far.
    #[must_use]
    pub const fn apdus(&self) -> u32 {
        self.0.data.apdus
    }
}
