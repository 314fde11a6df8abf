//! Standard output for people or machines, and progress on the terminal.

use std::io::{IsTerminal as _, Write as _};

use serde::Serialize;

use crate::{
    card_report::Check,
    failure::{Failure, Outcome, UsageFault},
    texts::Texts,
};

/// Where the commands speak.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    /// The language.
    pub(crate) texts: &'static Texts,
    /// Whether a machine reads standard output.
    pub(crate) json: bool,
    progress: bool,
}

#[derive(Serialize)]
struct FailureDocument<'a> {
    error: FailureView<'a>,
    /// Of a card that is not believed.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    checks: &'a [Check],
}

#[derive(Serialize)]
struct FailureView<'a> {
    name: &'a str,
    exit_code: u8,
    message: String,
}

impl Output {
    /// Progress shows only to people, on a terminal.
    pub(crate) fn new(texts: &'static Texts, json: bool) -> Self {
        Self { texts, json, progress: !json && std::io::stderr().is_terminal() }
    }

    /// One line for people; nothing when a machine reads.
    pub(crate) fn line(&self, text: &str) -> Outcome<()> {
        if self.json {
            return Ok(());
        }
        self.clear_progress();
        print(text)
    }

    /// The one document for machines; nothing when people read.
    pub(crate) fn document<T: Serialize>(&self, document: &T) -> Outcome<()> {
        if !self.json {
            return Ok(());
        }
        let text =
            serde_json::to_string(document).map_err(|_| Failure::Internal("a document without JSON"))?;
        print(&text)
    }

    /// A line of progress, in place of the one before.
    pub(crate) fn progress(&self, text: &str) {
        if self.progress {
            // Progress that cannot be shown is no failure.
            let _ = write!(std::io::stderr(), "\r\x1b[2K{text}");
            let _ = std::io::stderr().flush();
        }
    }

    /// Takes the line of progress away.
    pub(crate) fn clear_progress(&self) {
        self.progress("");
    }

    /// A remark for people, beside the output.
    pub(crate) fn remark(&self, text: &str) {
        if !self.json {
            self.clear_progress();
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// Why it failed: a sentence on standard error, and for machines a document on standard output.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.clear_progress();
        let message = (self.texts.say.failure)(failure);
        if self.json && !matches!(failure, Failure::Refused | Failure::DemoFailed) {
            let error = FailureView {
                name: failure.name(),
                exit_code: failure.exit_code(),
                message: message.clone(),
            };
            let checks = match failure {
                Failure::Unbelieved { checks, .. } => checks.as_slice(),
                _ => &[],
            };
            let _ = self.document(&FailureDocument { error, checks });
        }
        let prefix = match failure {
            Failure::Usage(UsageFault::Nothing(_)) => "",
            _ => self.texts.say.error,
        };
        let _ = writeln!(std::io::stderr(), "{prefix}{}", message.trim_end());
    }
}

/// One line to standard output.
pub(crate) fn print(text: &str) -> Outcome<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(|_| Failure::Output)
}
