//! `wallet read`: a card's chip, and what it proved.

use std::{path::PathBuf, sync::Arc, time::Instant};

use fixtures::platform::SystemClock;
use wallet_core::{
    card::Date,
    chip::{FileId, files::dg2},
    crypto::random::make_random,
    trust::{Anchors, Certificate, RevocationList, RevocationPolicy, TrustError},
    wallet::{
        CardReading, ChipEvidence, Distrust, ListenerError, ReadingListener, ReadingProgress, ReadingTerms,
        WalletError,
    },
};

use crate::{
    args::{ReadArguments, ReaderName},
    card_report::{CardDocument, Check, print_checks},
    certificates,
    failure::{Failure, Outcome, UsageFault, storage},
    home::Home,
    output::Output,
    readers, views,
};

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
    let now = views::now()?.unix_seconds;
    let terms = ReadingTerms { anchors: anchors(&arguments, home, now)?, files: arguments.files };
    let ReadArguments { reader, password, short, portrait, .. } = arguments;
    let access = password.access(&reader, output).await?;
    let mut link = readers::connect(&reader, output).await?;
    if short {
        link = Arc::new(readers::ShortLink(link));
    }
    let listener = Arc::new(TerminalListener(output));
    let reading = CardReading::on_terms(link.clone(), &access, terms, Arc::new(SystemClock), Some(listener))?;
    let challenge = make_random::<8>().map_err(|_| Failure::Internal("no randomness"))?;

    let began = Instant::now();
    let run = || reading.run(Some(challenge.to_vec()));
    let evidence = readers::while_the_card_comes_back(&link, &reading, output, run).await;
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    output.clear_progress();
    let evidence = evidence.map_err(|error| unbelieved(&reading, error, output))?;

    let today = Date::in_korea_at(now).map_err(|_| Failure::Internal("no date"))?;
    let document = CardDocument::of(&evidence, today, milliseconds)?;
    document.print(output)?;
    if let Some(path) = portrait {
        keep_portrait(&evidence, path, output)?;
    }
    output.document(&document)
}

/// The error of a card that was read and is not believed comes with what each check came to.
fn unbelieved(reading: &CardReading, error: WalletError, output: Output) -> Failure {
    let Some(report) = reading.report() else { return Failure::Wallet(error) };
    let checks: Vec<Check> = report.checks.into_iter().map(Check::from).collect();
    match print_checks(&checks, output) {
        Ok(()) => Failure::Unbelieved { error, checks },
        Err(failure) => failure,
    }
}

fn keep_portrait(evidence: &ChipEvidence, path: PathBuf, output: Output) -> Outcome<()> {
    let file = evidence.file(FileId::Group(2)).ok_or(Failure::Usage(UsageFault::Missing("--files dg2")))?;
    let portrait = dg2::parse(file).map_err(WalletError::from)?;
    let told = path.display().to_string();
    std::fs::write(&path, portrait.image).map_err(storage(path))?;
    output.line(&(output.texts.say.written)(&told))
}

/// Whom to trust: the files named, else the wallet's own, and for the fixture's card its own authority; with the master
/// lists, links and revocation lists that were named.
fn anchors(arguments: &ReadArguments, home: &Home, now: i64) -> Outcome<Anchors> {
    let mut roots = certificates::read_all(&arguments.csca, "--csca")?;
    if roots.is_empty() {
        roots = home.trust()?.cards;
        if arguments.reader == ReaderName::Virtual {
            roots.push(fixtures::pki::csca().certificate().to_vec());
        }
    }
    let roots: Result<Vec<Certificate>, TrustError> =
        roots.iter().map(|der| Certificate::parse(der)).collect();
    let roots = roots.map_err(|_| Failure::Wallet(WalletError::NotTrusted { why: Distrust::ChipSigner }))?;
    let signers = Anchors::new(roots.clone());
    let mut trusted = roots;
    for path in &arguments.master_lists {
        let list = std::fs::read(path).map_err(|_| Failure::Usage(UsageFault::File(path.clone())))?;
        let (listed, _) =
            Anchors::from_master_list(&list, &signers, now).map_err(|_| unfit("--master-list", path))?;
        trusted.extend_from_slice(listed.certificates());
    }
    let mut anchors = Anchors::new(trusted);
    for path in &arguments.links {
        let links: Result<Vec<Certificate>, TrustError> =
            certificates::read(path, "--link")?.iter().map(|der| Certificate::parse(der)).collect();
        let links = links.map_err(|_| unfit("--link", path))?;
        let (linked, left_out) = anchors.with_links(&links, now);
        if left_out > 0 {
            return Err(unfit("--link", path));
        }
        anchors = linked;
    }
    for path in &arguments.revocation_lists {
        for der in certificates::read_lists(path, "--crl")? {
            let list = RevocationList::parse(&der).map_err(|_| unfit("--crl", path))?;
            anchors = anchors.with_revocation_list(list, now).map_err(|_| unfit("--crl", path))?;
        }
    }
    let policy =
        if arguments.require_list { RevocationPolicy::Required } else { RevocationPolicy::ListsAtHand };
    Ok(anchors.with_revocation_policy(policy))
}

fn unfit(argument: &'static str, path: &std::path::Path) -> Failure {
    Failure::Usage(UsageFault::FileContent { argument, path: path.to_owned() })
}
