//! `wallet read`: a card's chip, and what it proved.

use std::{sync::Arc, time::Instant};

use fixtures::platform::SystemClock;
use serde::Serialize;
use wallet_core::{
    crypto::random::make_random,
    wallet::{
        CardAccessView, CardReading, ChipCheckOutcome, ChipEvidence, ListenerError, ReadingListener,
        ReadingProgress,
    },
};

use crate::{
    args::{ReadArguments, ReaderName},
    certificates,
    failure::{Failure, Outcome},
    home::Home,
    output::Output,
    readers,
};

#[derive(Serialize)]
struct Document {
    holder: Holder,
    files: Vec<File>,
    checks: Vec<Check>,
    apdus: u32,
    milliseconds: u64,
}

#[derive(Serialize)]
struct Holder {
    name: String,
    name_latin: String,
    document_number: String,
    /// `YYYY-MM-DD`, as far as the card knows it.
    birth_date: Option<String>,
}

#[derive(Serialize)]
struct File {
    name: String,
    length: u32,
    /// Lower-case hexadecimal.
    sha256: String,
}

#[derive(Serialize)]
struct Check {
    name: String,
    outcome: &'static str,
}

/// Shows progress on the terminal.
pub(crate) struct TerminalListener(pub(crate) Output);

impl ReadingListener for TerminalListener {
    fn progress(&self, progress: ReadingProgress) -> Result<bool, ListenerError> {
        let say = &self.0.texts.say;
        self.0.progress(&(say.reading_file)(&progress.file, progress.bytes_read, progress.bytes_total));
        Ok(true)
    }
}

/// Runs it.
pub(crate) async fn run(arguments: ReadArguments, home: &Home, output: Output) -> Outcome<()> {
    let roots = roots(&arguments, home)?;
    let can = readers::access_number(arguments.can, &arguments.reader, output).await?;
    let link = readers::connect(&arguments.reader, output).await?;
    let listener = Arc::new(TerminalListener(output));
    let access = CardAccessView::Can { can };
    let reading = CardReading::new(link, access, roots, Arc::new(SystemClock), Some(listener))?;
    let challenge = make_random::<8>().map_err(|_| Failure::Internal("no randomness"))?;

    let began = Instant::now();
    let evidence = reading.run(Some(challenge.to_vec())).await?;
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    output.clear_progress();

    let document = describe(&evidence, milliseconds)?;
    print(&document, output)?;
    output.document(&document)
}

/// Whom to trust: the files named, else the wallet's own, and for the fixture's card its own authority.
fn roots(arguments: &ReadArguments, home: &Home) -> Outcome<Vec<Vec<u8>>> {
    let mut roots = certificates::read_all(&arguments.csca, "--csca")?;
    if roots.is_empty() {
        roots = home.trust()?.cards;
        if arguments.reader == ReaderName::Virtual {
            roots.push(fixtures::pki::csca().certificate().to_vec());
        }
    }
    Ok(roots)
}

fn describe(evidence: &ChipEvidence, milliseconds: u64) -> Outcome<Document> {
    let holder = evidence.holder()?;
    let file = |name: String| name.strip_prefix("EF.").map(ToOwned::to_owned).unwrap_or(name);
    Ok(Document {
        holder: Holder {
            name: holder.name,
            name_latin: holder.name_latin,
            document_number: holder.document_number,
            birth_date: holder.birth_date,
        },
        files: evidence
            .files()
            .into_iter()
            .map(|view| File { name: file(view.name), length: view.length, sha256: hex::encode(view.sha256) })
            .collect(),
        checks: evidence
            .checks()
            .into_iter()
            .map(|view| Check { name: view.name, outcome: outcome_name(view.outcome) })
            .collect(),
        apdus: evidence.apdus(),
        milliseconds,
    })
}

const fn outcome_name(outcome: ChipCheckOutcome) -> &'static str {
    match outcome {
        ChipCheckOutcome::Passed => "passed",
        ChipCheckOutcome::Skipped => "skipped",
    }
}

fn print(document: &Document, output: Output) -> Outcome<()> {
    let say = &output.texts.say;
    output.line(say.read_title)?;
    let holder = &document.holder;
    for (name, value) in [
        (say.field.name, holder.name.as_str()),
        (say.field.name_latin, &holder.name_latin),
        (say.field.birth_date, holder.birth_date.as_deref().unwrap_or_default()),
        (say.field.document_number, &holder.document_number),
    ] {
        if !value.is_empty() {
            output.line(&format!("  {name}: {value}"))?;
        }
    }
    output.line(say.files)?;
    for file in &document.files {
        output.line(&format!(
            "  {:5} {:>14}  sha256 {}",
            file.name,
            (say.bytes)(file.length),
            file.sha256
        ))?;
    }
    output.line(say.checks)?;
    for check in &document.checks {
        let outcome = if check.outcome == "passed" { say.passed } else { say.skipped };
        output.line(&format!("  {}: {outcome}", check.name))?;
    }
    output.line(&(say.read_took)(document.apdus, document.milliseconds))
}
