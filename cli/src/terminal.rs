//! Asking the person at the terminal.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use crate::{
    failure::{Failure, Outcome, PassphraseFault},
    texts::Texts,
};

/// Whether somebody is there to answer.
pub(crate) fn is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// The passphrase from the environment, or asked for without showing it; twice when it is `new`. Never an argument, which
/// other users of the machine could read.
pub(crate) async fn passphrase(texts: &Texts, new: bool) -> Outcome<String> {
    if let Ok(passphrase) = std::env::var("WALLET_PASSPHRASE") {
        return Ok(passphrase);
    }
    if !is_there() {
        return Err(Failure::Passphrase(PassphraseFault::Missing));
    }
    if !new {
        return ask_hidden(texts.say.ask_passphrase).await;
    }
    let passphrase = ask_hidden(texts.say.ask_new_passphrase).await?;
    if passphrase.is_empty() {
        return Err(Failure::Passphrase(PassphraseFault::Missing));
    }
    if ask_hidden(texts.say.ask_again).await? == passphrase {
        Ok(passphrase)
    } else {
        Err(Failure::Passphrase(PassphraseFault::Differ))
    }
}

/// One line that the terminal does not show. Ctrl-C ends the question and gives the terminal its echo back.
pub(crate) async fn ask_hidden(question: &'static str) -> Outcome<String> {
    let mode = TerminalMode::save();
    let answered = tokio::task::spawn_blocking(move || rpassword::prompt_password(question));
    tokio::select! {
        answer = answered => {
            answer.ok().and_then(Result::ok).ok_or(Failure::Passphrase(PassphraseFault::Missing))
        }
        _ = tokio::signal::ctrl_c() => {
            mode.restore();
            Err(Failure::Cancelled)
        }
    }
}

/// How the terminal was before a question.
struct TerminalMode {
    #[cfg(unix)]
    saved: Option<rustix::termios::Termios>,
}

impl TerminalMode {
    fn save() -> Self {
        Self {
            #[cfg(unix)]
            saved: rustix::termios::tcgetattr(std::io::stdin()).ok(),
        }
    }

    fn restore(&self) {
        #[cfg(unix)]
        if let Some(saved) = &self.saved {
            // A terminal that is gone needs no echo.
            let _ =
                rustix::termios::tcsetattr(std::io::stdin(), rustix::termios::OptionalActions::Now, saved);
        }
    }
}

/// One line of answer to `question`; nothing when nobody is there. Ctrl-C is no answer; it
/// is heard because a thread of its own waits.
pub(crate) async fn ask(question: &str) -> Option<String> {
    if !is_there() {
        return None;
    }
    let question = question.to_owned();
    let answered = tokio::task::spawn_blocking(move || {
        let mut stderr = std::io::stderr();
        write!(stderr, "\r\x1b[2K{question}").and_then(|()| stderr.flush()).ok()?;
        let mut answer = String::new();
        let length = std::io::stdin().lock().read_line(&mut answer).ok()?;
        (length > 0).then(|| answer.trim().to_owned())
    });
    tokio::select! {
        answer = answered => answer.ok().flatten(),
        _ = tokio::signal::ctrl_c() => None,
    }
}

/// Whether the answer to `question` is yes. Nobody there means no.
pub(crate) async fn agrees(texts: &Texts, question: &str) -> bool {
    ask(&format!("{question}{}", texts.say.yes_or_no))
        .await
        .is_some_and(|answer| answer.starts_with(texts.say.yes_letters))
}
