//! The steps of the demo: each with its time and outcome, for people as they happen, for machines at the end.

use std::{path::Path, time::Instant};

use serde::Serialize;
use wallet_core::verify::{Reason, Verdict};

use crate::{
    failure::{Failure, Outcome},
    output::Output,
    views::LabelledKeys,
};

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    /// It did what it should.
    Done,
    /// The counter accepted the code.
    Accepted,
    /// The code, or the phone, was refused.
    Refused,
    /// Neither what should happen nor a failure.
    Unexpected,
    /// It failed.
    Failed,
}

#[derive(Serialize)]
struct Step {
    name: &'static str,
    outcome: End,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    milliseconds: u64,
}

/// A level as it was really shown.
#[derive(Serialize)]
pub(super) struct Level {
    /// Its machine name.
    pub(super) name: &'static str,
    /// Characters of the code's text.
    pub(super) characters: usize,
    /// The code's version at error correction level M.
    pub(super) qr_version: u32,
}

#[derive(Serialize)]
struct Document<'a> {
    keys: LabelledKeys,
    steps: &'a [Step],
    prompts: usize,
    apdus: u32,
    levels: &'a [Level],
    pictures: String,
    accepted: usize,
    refused: usize,
}

/// The steps so far.
pub(super) struct Steps {
    output: Output,
    began: Instant,
    steps: Vec<Step>,
    levels: Vec<Level>,
    prompts: usize,
    apdus: u32,
}

impl Steps {
    /// None yet.
    pub(super) fn new(output: Output) -> Self {
        Self { output, began: Instant::now(), steps: Vec::new(), levels: Vec::new(), prompts: 0, apdus: 0 }
    }

    /// Where they are told.
    pub(super) const fn output(&self) -> Output {
        self.output
    }

    /// A step that did what it should.
    pub(super) fn done(&mut self, name: &'static str, told: &str) -> Outcome<()> {
        self.record(name, End::Done, None, told)
    }

    /// A step that ended otherwise.
    pub(super) fn end(&mut self, name: &'static str, what: &str, end: End, why: &str) -> Outcome<()> {
        self.record(name, end, None, &format!("{what}: {why}"))
    }

    /// A step that a counter decided. It counts as refused only for a reason that is `expected`.
    pub(super) fn verdict(
        &mut self,
        name: &'static str,
        what: &str,
        verdict: &Verdict,
        expected: impl FnOnce(Reason) -> bool,
    ) -> Outcome<()> {
        let say = &self.output.texts.say;
        match verdict.reason() {
            None if verdict.accepted => {
                self.record(name, End::Accepted, None, &format!("{what}: {}", say.accepted))
            }
            Some(reason) => {
                let told = format!("{what}: {}. {}", say.refused, reason.text(self.output.texts.language));
                let end = if expected(reason) { End::Refused } else { End::Unexpected };
                self.record(name, end, Some(reason.name()), &told)
            }
            None => self.record(name, End::Unexpected, None, what),
        }
    }

    /// A step that the phone itself refused.
    pub(super) fn refused(
        &mut self,
        name: &'static str,
        what: &str,
        reason: &'static str,
        why: &str,
    ) -> Outcome<()> {
        let told = format!("{what}: {}. {why}", self.output.texts.say.refused);
        self.record(name, End::Refused, Some(reason), &told)
    }

    /// A step that failed, and with it the demo.
    pub(super) fn broken(&mut self, failure: &Failure) -> Outcome<()> {
        let told = (self.output.texts.say.failure)(failure);
        self.record("failure", End::Failed, Some(failure.name()), &told)
    }

    /// A level that was shown.
    pub(super) fn level(&mut self, level: Level) -> Outcome<()> {
        let Level { name, characters, qr_version } = level;
        self.output.line(&format!("           {name}: {characters}, QR {qr_version}-M"))?;
        self.levels.push(level);
        Ok(())
    }

    /// What the walk took.
    pub(super) fn count(&mut self, prompts: usize, apdus: u32) {
        self.prompts = prompts;
        self.apdus = apdus;
    }

    /// Tells the end, with `demo: accepted N, refused N` as the last line. Success is four accepted, twelve refused, and no
    /// step that ended in any other way.
    pub(super) fn finish(self, pictures: &Path) -> Outcome<()> {
        let ended = |end| self.steps.iter().filter(|step| step.outcome == end).count();
        let (accepted, refused) = (ended(End::Accepted), ended(End::Refused));
        let pictures = pictures.display().to_string();
        let demo = &self.output.texts.demo;
        self.output.line(&(demo.counts)(self.prompts, self.apdus))?;
        self.output.line(&(demo.pictures)(&pictures))?;
        self.output.line(&format!("demo: accepted {accepted}, refused {refused}"))?;
        self.output.document(&Document {
            keys: LabelledKeys::default(),
            steps: &self.steps,
            prompts: self.prompts,
            apdus: self.apdus,
            levels: &self.levels,
            pictures,
            accepted,
            refused,
        })?;
        let good = (accepted, refused, ended(End::Unexpected), ended(End::Failed)) == (4, 12, 0, 0);
        if good { Ok(()) } else { Err(Failure::DemoFailed) }
    }

    fn record(
        &mut self,
        name: &'static str,
        outcome: End,
        reason: Option<&'static str>,
        told: &str,
    ) -> Outcome<()> {
        let milliseconds = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.began = Instant::now();
        self.steps.push(Step { name, outcome, reason, milliseconds });
        self.output.line(&format!("{milliseconds:>6} ms  {told}"))
    }
}
