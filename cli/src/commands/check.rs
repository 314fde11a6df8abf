//! `wallet check`: a shown code, checked as a counter does. No network, and no secret of the wallet.

use std::{
    fs, io,
    io::Read as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use wallet_core::{
    crypto::sign::PublicKey,
    verify::{Counter, DeskSettings, SeenEntry},
};

use crate::{
    args::CheckArguments,
    certificates,
    clerk::{self, NoCounter, VerdictDocument},
    failure::{Failure, Outcome, UsageFault, storage},
    home::Home,
    output::Output,
    views,
};

/// The file of `--seen`: what a counter must not forget between two codes. It may go to another machine, so it has the pack too.
#[derive(Default, Serialize, Deserialize)]
struct Memory {
    /// The highest sequence of a pack so far: an older one is refused.
    pack_sequence: u64,
    codes: Vec<SeenRow>,
}

/// An accepted code.
#[derive(Serialize, Deserialize)]
struct SeenRow {
    /// Lower-case hexadecimal.
    key: String,
    at: i64,
    until: i64,
}

/// Runs it.
pub(crate) fn run(arguments: &CheckArguments, home: &Home, output: Output) -> Outcome<()> {
    let text = shown(&arguments.shown)?;
    let now = views::now()?.unix_seconds;
    let memory = arguments.seen.as_deref().map(load_memory).transpose()?.unwrap_or_default();
    let lowest_sequence = memory.pack_sequence;
    let (counter, authority) = open_counter(arguments, home, lowest_sequence, now)?;
    if let Some(nonce) = &arguments.nonce {
        let bad = || Failure::Usage(UsageFault::Value { argument: "--nonce", value: nonce.clone() });
        let bytes = hex::decode(nonce).map_err(|_| bad())?;
        counter.expect_nonce(bytes, PROCESS_START).map_err(|_| bad())?;
    }
    counter.remember(memory.codes.into_iter().map(SeenEntry::from).collect(), PROCESS_START);
    let verdict = counter.check(&text, now, PROCESS_START);
    // Before the answer, so that nothing is answered by a pack that is forgotten again.
    home.keep_pack_sequence(authority.as_sec1(), verdict.pack_sequence)?;
    if let Some(path) = &arguments.seen {
        // Before the answer: a code that could not be remembered must not be accepted.
        let codes = counter.seen().into_iter().map(SeenRow::from).collect();
        let pack_sequence = verdict.pack_sequence.max(lowest_sequence);
        store_memory(path, &Memory { pack_sequence, codes })?;
    }
    clerk::print(&verdict, output)?;
    output.document(&VerdictDocument::from(&verdict))?;
    if verdict.accepted { Ok(()) } else { Err(Failure::Refused) }
}

fn open_counter(
    arguments: &CheckArguments,
    home: &Home,
    lowest_sequence: u64,
    now: i64,
) -> Outcome<(Counter, PublicKey)> {
    let settings = settings(arguments)?;
    let pack_path = arguments.pack.clone().unwrap_or_else(|| home.pack());
    if arguments.pack.is_none() && !pack_path.exists() {
        return Err(Failure::Usage(UsageFault::Missing("--pack")));
    }
    let root_path = arguments.pack_root.clone().unwrap_or_else(|| home.pack_root());
    if arguments.pack_root.is_none() && !root_path.exists() {
        return Err(Failure::Usage(UsageFault::Missing("--pack-root")));
    }
    let pack = fs::read(&pack_path).map_err(|_| Failure::Usage(UsageFault::File(pack_path.clone())))?;
    let roots = certificates::read(&root_path, "--pack-root")?;
    let mut fault = NoCounter::Root;
    for root in roots {
        let Ok(authority) = clerk::authority(&root) else { continue };
        let kept = home.pack_sequence(authority.as_sec1())?;
        match clerk::counter(&pack, &root, lowest_sequence.max(kept), settings.clone(), now) {
            Ok(counter) => return Ok((counter, authority)),
            Err(other) => fault = other,
        }
    }
    Err(Failure::Usage(match fault {
        NoCounter::OlderPack => UsageFault::OlderPack(pack_path),
        NoCounter::Pack => UsageFault::FileContent { argument: "--pack", path: pack_path },
        NoCounter::Root => UsageFault::FileContent { argument: "--pack-root", path: root_path },
        NoCounter::DeskId => {
            UsageFault::Value { argument: "--desk-id", value: arguments.desk_id.clone().unwrap_or_default() }
        }
    }))
}

fn settings(arguments: &CheckArguments) -> Outcome<DeskSettings> {
    let mut settings = DeskSettings { desk_id: arguments.desk_id.clone(), ..DeskSettings::default() };
    for name in &arguments.policy {
        match name.as_str() {
            "accept_general_audience" => settings.accept_general_audience = true,
            "require_nonce" => settings.require_nonce = true,
            _ => {
                return Err(Failure::Usage(UsageFault::Value { argument: "--policy", value: name.clone() }));
            }
        }
    }
    Ok(settings)
}

/// The text shown: as typed, from standard input, or from a file that is a picture or text.
fn shown(argument: &str) -> Outcome<String> {
    if argument.starts_with("KR1:") {
        return Ok(argument.to_owned());
    }
    if argument == "-" {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().take(LONGEST_FILE).read_to_end(&mut bytes);
        read.map_err(|_| Failure::Usage(UsageFault::File(PathBuf::from("-"))))?;
        return text_of(&bytes, Path::new("-"), "SHOWN", "KR1:");
    }
    read_code(Path::new(argument), "SHOWN", "KR1:")
}

/// The text of a code in a file: a picture of it, or the text itself. Of several codes in a picture, the one that begins
/// with `prefix`.
pub(crate) fn read_code(path: &Path, argument: &'static str, prefix: &str) -> Outcome<String> {
    let unreadable = || Failure::Usage(UsageFault::File(path.to_owned()));
    let file = fs::File::open(path).map_err(|_| unreadable())?;
    let mut bytes = Vec::new();
    file.take(LONGEST_FILE).read_to_end(&mut bytes).map_err(|_| unreadable())?;
    text_of(&bytes, path, argument, prefix)
}

fn text_of(bytes: &[u8], path: &Path, argument: &'static str, prefix: &str) -> Outcome<String> {
    let wrong = || Failure::Usage(UsageFault::FileContent { argument, path: path.to_owned() });
    if !desk::pictures::is_picture(bytes) {
        let text = core::str::from_utf8(bytes).map_err(|_| wrong())?;
        return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    let codes = desk::pictures::read_codes(bytes).map_err(|_| wrong())?;
    let found = codes.iter().find(|text| text.starts_with(prefix)).or(codes.first());
    found.cloned().ok_or(Failure::Usage(UsageFault::NoCode))
}

fn load_memory(path: &Path) -> Outcome<Memory> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map_err(|_| Failure::Storage { path: path.to_owned(), reason: io::ErrorKind::InvalidData }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Memory::default()),
        Err(error) => Err(storage(path)(error)),
    }
}

fn store_memory(path: &Path, memory: &Memory) -> Outcome<()> {
    let text = serde_json::to_vec(memory).map_err(|_| Failure::Internal("seen codes without JSON"))?;
    let beside = path.with_extension("new");
    fs::write(&beside, text).map_err(storage(&beside))?;
    fs::rename(&beside, path).map_err(storage(path))
}

impl From<SeenEntry> for SeenRow {
    fn from(SeenEntry { key, at, until }: SeenEntry) -> Self {
        Self { key: hex::encode(key), at, until }
    }
}

impl From<SeenRow> for SeenEntry {
    fn from(SeenRow { key, at, until }: SeenRow) -> Self {
        // A key that is no hexadecimal equals no code's.
        Self { key: hex::decode(key).unwrap_or_default(), at, until }
    }
}

/// The counter's monotonic clock: one run is one moment.
const PROCESS_START: i64 = 0;
/// Longest file that is looked at, bytes.
const LONGEST_FILE: u64 = 64 * 1024 * 1024;
