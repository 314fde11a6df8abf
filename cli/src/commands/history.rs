//! `wallet history`: what was done with the wallet, newest first.

use serde::Serialize;
use wallet_core::wallet::HistoryEntryView;

use crate::{failure::Outcome, home::Home, output::Output, platform::Consent, session, views::korean_time};

#[derive(Serialize)]
struct Document {
    entries: Vec<EntryDocument>,
}

#[derive(Serialize)]
struct EntryDocument {
    at: i64,
    kind: &'static str,
    level: Option<&'static str>,
    counterparty: Option<String>,
    verified: bool,
}

impl From<HistoryEntryView> for EntryDocument {
    fn from(entry: HistoryEntryView) -> Self {
        Self {
            at: entry.at,
            kind: entry.kind.name(),
            level: entry.disclosure.map(|level| level.name()),
            counterparty: entry.counterparty,
            verified: entry.verified,
        }
    }
}

/// Runs it.
pub(crate) async fn run(limit: u32, home: &Home, output: Output) -> Outcome<()> {
    let wallet = session::open_existing(home, Consent::Asked, output).await?;
    let entries = wallet.map(|wallet| wallet.history(limit)).transpose()?.unwrap_or_default();
    if entries.is_empty() {
        output.line(output.texts.say.no_history)?;
    }
    for entry in &entries {
        output.line(&line(entry, output))?;
    }
    output.document(&Document { entries: entries.into_iter().map(EntryDocument::from).collect() })
}

fn line(entry: &HistoryEntryView, output: Output) -> String {
    let say = &output.texts.say;
    let mut line = format!("{}  {}", korean_time(entry.at), (say.history_kind)(entry.kind));
    if let Some(level) = entry.disclosure {
        line.push_str(" · ");
        line.push_str((say.level)(level));
        // Only a show has a counterparty, named or not.
        line.push_str(" · ");
        line.push_str(entry.counterparty.as_deref().filter(|_| entry.verified).unwrap_or(say.unverified));
    }
    line
}
