//! English.

use clap::error::{ContextKind, ErrorKind};
use wallet_core::{
    chip::MrzPart,
    verify::{AudienceKind, Relaxation},
    wallet::{ChipCheckFailure, ChipCheckOutcome, ChipCheckSkip, Distrust, ErrorText, Language, WalletError},
};

use super::{Demo, Detail, Fields, Help, Say, Texts, percent};
use crate::failure::{Failure, PassphraseFault, ReaderFault, UsageFault};

/// The texts.
pub(crate) static ENGLISH: Texts = Texts { language: Language::English, help: HELP, say: SAY, demo: DEMO };

const HELP: Help = Help {
    template: "{before-help}{about}\n\nUsage: {usage}\n\n{all-args}{after-help}",
    options: "Options",
    commands: "Commands",
    about: "The citizen's mobile ID on a desktop, and the clerk's checker",
    usage: "wallet COMMAND [options]",
    exit_codes: "Exit codes: 0 done · 1 unexpected · 2 usage · 3 refused or not trusted · 4 card or reader · 5 network or issuer · \
                 6 locked, passphrase or biometrics · 7 storage · 8 cancelled",
    complaint,

    home: "The folder the wallet lives in (else $XDG_DATA_HOME/wallet, else ~/.local/share/wallet)",
    lang: "Language: en or ko (else by the locale)",
    json: "One JSON document on standard output, no progress",
    help: "Print this help",
    version: "Print the version",

    demo: "Walk the whole way with an invented citizen: tap, enrol, show, check, a community centre's code, a lost phone, and ten refusals",
    demo_usage: "wallet demo [--out DIR] [--json]",
    demo_out: "Where the pictures go (else a new temporary folder)",

    simulator: "A desk, cards to tap and software phones on loopback, for apps under development",
    simulator_usage: "wallet simulator",

    chip: "Play the invented card in another program's reader, over TCP, to try out terminals",
    chip_usage: "wallet chip --connect HOST:PORT [--pace WAY]... [--key KEY] [--basic-access] [--short]",
    connect: "Where the reader listens (the protocol of vsmartcard's vpcd)",
    pace: "A way of PACE that the card offers, MAPPING-CIPHER-GROUP: gm, im or cam; 3des, aes128, aes192 or aes256; the group's \
           number (0 to 2, 10, 12 to 18); may be repeated (else gm-aes128-12)",
    chip_key: "The chip's key for chip authentication, CIPHER-GROUP",
    basic_access: "Know basic access control too",
    chip_short: "Refuse extended length",

    read: "Read a card's chip and say what it proved",
    read_usage: "wallet read --reader READER [--can N | --mrz NUMBER,BIRTH,EXPIRY | --pin N | --puk N] [--files LIST] [--csca FILE]... [--crl FILE]... [--json]",
    reader: "virtual (the invented card), pcsc or pcsc:NAME (a reader whose name contains NAME), vpcd:HOST:PORT (listens there \
             for a chip)",
    can: "The six digits printed on the card; asked for when missing. With --pin: resumes a suspended PIN",
    mrz: "From the lines for machines: document number, birth and expiry (YYMMDD), each with its check digit",
    pin: "The holder's own number; - asks for it where nobody sees it",
    puk: "The number that unblocks the PIN; - asks for it where nobody sees it",
    basic_access_policy: "With --mrz, when basic access, which a listener can open later, is good enough: never, \
                          where-there-is-no-pace (the default), even-when-pace-is-refused",
    read_short: "Never use extended length",
    portrait: "Write the portrait here, as the image file it is on the chip",
    read_files: "Which files to read, by commas: dg1 to dg16, com; or all (else dg1,dg2,dg11,dg12,dg14,dg15). No other is asked for",
    csca: "A country signing certificate to trust, PEM or DER; may be repeated (else those of the wallet)",
    master_list: "A master list of country signing certificates, signed under a certificate of --csca; may be repeated",
    link: "A link certificate by which a country passed on to a new key; may be repeated",
    crl: "A country's list of revoked certificates, DER or PEM; may be repeated",
    require_crl: "Refuse a card whose signer is on no current list",

    enrol: "Make a mobile ID of a card, at an issuer",
    enrol_usage: "wallet enrol --issuer URL --reader READER [--can N] [--trust DIR] [--yes]",
    issuer: "The issuer's address: https, or http on this machine",
    trust: "A folder with the certificates to trust, as `desk serve` writes it",
    issuer_root: "A root certificate of issuers, PEM or DER; may be repeated",
    desk_root: "A root certificate under which desks are registered, PEM or DER; may be repeated",
    yes: "Answer every question with yes (the face check and the fingerprint of the software phone), for scripts",

    accept: "Take a mobile ID by a community centre's code or a portal's link",
    accept_usage: "wallet accept CODE --issuer URL [--digits N] [--trust DIR] [--yes]",
    offer: "The clerk's code or the portal's link: its text, or a picture file of it",
    digits: "The six digits that the clerk spoke; asked for when missing",

    go_on: "Go on with an ID that waits: for a browser, for a clerk, or after it was cut short",
    go_on_usage: "wallet continue [URL] [--yes]",
    came_back: "Where the browser was sent back to, after signing in",

    show: "Show the ID at a counter, as a QR code that changes every 15 seconds",
    show_usage: "wallet show [--level LEVEL] [--desk SIGN] [--out DIR] [--once] [--yes]",
    level: "How much to show: adult (the default), name_birth, address, full, registration_number",
    card: "Which card, by its id in `wallet list` (else the only one)",
    desk: "The desk's sign: its KD1 text, or a picture file of it",
    show_out: "Also write each frame to frame.png, frame.svg and frame.txt here",
    once: "Print one frame and end (always with --json)",
    offline: "Do not fetch fresh proofs from the issuer before showing",

    refresh: "Do what the app does in the background: obey commands, ask for the card's status, fetch proofs and copies",
    refresh_usage: "wallet refresh [--json]",

    wipe: "Delete the keys, then everything in the wallet. It cannot be undone",
    wipe_usage: "wallet wipe [--give-up] [--yes]",
    give_up: "Tell the issuer first, so that another phone can have the ID",

    check: "Check a shown code as a counter does, without any network",
    check_usage: "wallet check SHOWN --pack FILE --pack-root FILE [--desk-id ID] [--json]",
    shown: "A picture file with the code (PNG or JPEG), its KR1 text, or - for standard input",
    pack: "The counter pack (else the wallet's)",
    pack_root: "The root certificate the counter pack is signed under, PEM or DER (else the wallet's)",
    desk_id: "This desk's id, for codes that are meant for one desk",
    nonce: "The nonce this desk's sign carried, hexadecimal",
    seen: "Remember accepted codes in this file, so that none is accepted twice",
    policy: "A named policy: accept_general_audience (codes made for nobody in particular), require_nonce; may be repeated",

    list: "The cards in the wallet, and how many shows are left",
    list_usage: "wallet list [--json]",

    history: "What was done with the wallet, newest first",
    history_usage: "wallet history [--limit N] [--json]",
    limit: "At most so many entries (20)",
};

const SAY: Say = Say {
    error: "wallet: ",
    failure,
    level: |level| level.text(Language::English),
    card_state: |state| state.text(Language::English),
    history_kind: |kind| kind.text(Language::English),
    software_keys: "software keys, not attested hardware",

    ask_passphrase: "Passphrase of the wallet: ",
    ask_new_passphrase: "Choose a passphrase for the wallet: ",
    ask_can: "The six digits printed on the card: ",
    ask_pin: "PIN of the card: ",
    ask_puk: "PUK of the card: ",
    ask_digits: "The six digits that you were told: ",
    ask_again: "Once more: ",
    yes_or_no: " [y/N] ",
    yes_letters: &['y', 'Y'],
    face_question: "This desktop has no camera. Are you the person on the card?",
    touch_question: "This desktop has no fingerprint reader. Do you agree?",

    playing_chip: |address| format!("The card is in the reader at {address}; Ctrl-C takes it out."),
    waiting_for_chip: |address| format!("Waiting for a chip to connect to {address} …"),
    waiting_for_card: |reader| format!("Put the card on the reader {reader} …"),
    card_found: |reader| format!("There is a card in {reader}. Keep it still until all is read."),
    reading_file: |file, read, total| match percent(read, total) {
        None => format!("Reading {file} …"),
        Some(percent) => format!("Reading {file}: {percent} % of {total} bytes"),
    },
    read_title: "The card",
    files: "Files",
    bytes: |count| format!("{count} bytes"),
    checks: "Checks",
    detail: Detail::english,
    unreadable,
    signed_by,
    opened_by,
    common_differs: "EF.COM, which nobody signed, says otherwise than what was signed.",
    check,
    check_outcome,
    read_took: |apdus, milliseconds| format!("{apdus} commands to the chip in {milliseconds} ms"),
    passed: "passed",
    failed: "FAILED",
    skipped: "skipped",

    enrolment_stage: |stage| stage.text(Language::English),
    enrolled: |name| format!("The mobile ID of {name} is in the wallet."),
    sign_in: |url| {
        format!(
            "Open this address in a browser and sign in:\n{url}\nThen go on with `wallet continue URL`, the address it sends you back to."
        )
    },
    later: |seconds| format!("A clerk looks at it first. Ask again by `wallet continue` in {seconds} s."),
    no_cards: "There is no card in the wallet. `wallet enrol` makes one.",
    copies: "Shows left",
    left: |count| format!("{count}"),
    no_history: "Nothing has happened yet.",
    unverified: "an unverified desk",
    field: Fields {
        name: "Name",
        name_latin: "Name in Latin letters",
        birth_date: "Date of birth",
        registration_number: "Registration number",
        address: "Address",
        issued: "Issued",
        valid_until: "Valid until",
        state: "State",
        document_number: "Document number",
        nationality: "Nationality",
        keys: "Keys",
        adult: "Adult by the year of birth",
        authority: "Issued by",
        vouched: "The issuer vouched",
    },

    show_countdown: |next, end| {
        format!("New code in {next} s. The show ends in {end} s. Ctrl-C ends it now.")
    },
    show_ended: "The show is over.",
    show_to: |desk| match desk {
        Some(desk) => format!("Shown to: {desk} (verified)"),
        None => "Shown to: an unverified desk".to_owned(),
    },
    written: |path| format!("Written: {path}"),
    stale: "The issuer cannot be reached; an offline counter may refuse the code.",

    refreshed: |obeyed, staples, renewed, seconds| {
        let copies = if renewed { ", fresh copies" } else { "" };
        format!("Refreshed: {obeyed} commands, {staples} fresh proofs{copies}. Again in {seconds} s.")
    },
    wiped: "The wallet was wiped. Nothing is left.",

    accepted: "ACCEPTED",
    refused: "REFUSED",
    relaxation,
    audience,
    pack_age: |sequence, seconds| format!("Counter pack {sequence}, made {} ago.", age(seconds)),
    yes: "yes",
    no: "no",
};

const DEMO: Demo = Demo {
    started: |address| format!("The desk answers at {address}: issuer, community centre and counter in one"),
    tapped: |name, apdus| {
        format!("The card of {name} was tapped: genuine, unaltered, the original chip ({apdus} commands)")
    },
    enrolled: |name, copies| format!("The ID of {name} is on the phone, with {copies} one-time copies"),
    scanned: |desk| format!("The desk's sign was scanned: {desk}, verified"),
    shown: |level, desk| format!("The ID was shown to {desk}: {level}"),
    every_level: "Every level was shown (characters, QR version)",
    visited: |name| {
        format!("At the community centre: {name} was seen, the clerk shows a code and speaks six digits")
    },
    issued: |name, copies| {
        format!("The ID of {name} is on another phone, with {copies} one-time copies and no prompt")
    },
    wrong_digits: "The clerk's code with other digits",
    used_code: "The clerk's code, used a second time",
    second_phone: "A second phone of the same person",
    checked_centre: "The offline counter checks the ID from the centre",
    portal_unseen: "A portal's link for somebody whom nobody has seen and who tapped no card",
    portal_link: |name| {
        format!(
            "At the portal: {name} was at the centre before, signs in, applies and opens the link on the phone"
        )
    },
    portal_other_browser: "What another browser brings back to the phone",
    issued_by_portal: |name, copies| {
        format!("The ID of {name} is on a third phone, with {copies} one-time copies: a foreign resident's")
    },
    checked_portal: "The offline counter checks the ID from the portal",
    lost_phone: "The phone is reported lost, its operator suspends the ID, an online counter checks it",
    locked_phone: "The lost phone hears of it and locks itself; whoever found it tries to show the ID",
    found_phone: "The phone is found, it opens again, an online counter checks it",
    network_off: "The network is off from here; an issuer nobody knows had made another ID before",
    checked: "The offline counter checks the code",
    screenshot: "A screenshot, 20 seconds later",
    other_desk: "The code of this desk, at another desk",
    flipped_bit: "The code with one bit flipped",
    wrong_issuer: "An ID of another issuer",
    no_biometrics: "A phone without fingerprint or face",
    counts: |prompts, apdus| {
        format!("The citizen was asked {prompts} times for finger or face; {apdus} commands to the chip.")
    },
    pictures: |folder| format!("Pictures of all levels: {folder}"),
};

fn unreadable(file: &str) -> String {
    format!("{file} is what was signed, and does not follow a form this program knows.")
}

fn signed_by(country: &str, signature: &str, hash: &str) -> String {
    format!("Signed by the authority of {country}: {signature}, digests {hash}")
}

fn opened_by(way: &str) -> &'static str {
    match way {
        "pace" => "Opened by PACE",
        "basic_access" => "Opened by basic access: the card speaks of nothing better",
        _ => {
            "Opened by basic access although the card speaks of PACE: somebody near may have heard what it holds"
        }
    }
}

fn check(name: &str) -> &'static str {
    match name {
        "passive_authentication.signature" => "Signature over the card's content",
        "passive_authentication.chain" => "Signer known to the country",
        "passive_authentication.issuing_state" => "Signer of the state that issued the card",
        "passive_authentication.revocation" => "Signer not revoked",
        "passive_authentication.hashes" => "Content as it was signed",
        "access" => "Ways to open it as they were signed",
        "chip_authentication" => "Original chip, by key agreement",
        _ => "Original chip, by signature",
    }
}

fn check_outcome(outcome: ChipCheckOutcome) -> String {
    let (word, why) = match outcome {
        ChipCheckOutcome::Passed => return "passed".to_owned(),
        ChipCheckOutcome::PassedWeakly => ("passed", "by an old and weak method"),
        ChipCheckOutcome::Failed { why } => (
            "FAILED",
            match why {
                ChipCheckFailure::Malformed => "the file is malformed",
                ChipCheckFailure::Unsupported => "this program does not know the method",
                ChipCheckFailure::BadSignature => "the signature does not verify",
                ChipCheckFailure::UntrustedIssuer => "no trusted authority stands behind it",
                ChipCheckFailure::NotInForce => "a certificate is past its end or before its begin",
                ChipCheckFailure::Revoked => {
                    "the authority took the certificate back, or no current list says otherwise"
                }
                ChipCheckFailure::AnotherState => "another state than the card's own signed it",
                ChipCheckFailure::Altered => "a file was altered or never signed",
                ChipCheckFailure::HiddenAccess => "the card spoke of other ways than were signed",
                ChipCheckFailure::NotProven => "the chip did not prove its key: a copy",
            },
        ),
        ChipCheckOutcome::Skipped { why } => (
            "not checked",
            match why {
                ChipCheckSkip::NoChallenge => "no challenge was given",
                ChipCheckSkip::NoKey => "the card has no key for it",
                ChipCheckSkip::NotAsked => "the card was not asked",
                ChipCheckSkip::NotRead => "the file was not read",
                ChipCheckSkip::Unreadable => "the file with the key cannot be read",
                ChipCheckSkip::Unsupported => "this program does not know the method",
                ChipCheckSkip::UnknownState => "it cannot be told which state signed or issued it",
                ChipCheckSkip::NothingSigned => "nothing signed was read to compare with",
                ChipCheckSkip::AfterAFailure => "another check failed before",
                ChipCheckSkip::NoRevocationList => "no revocation list was given (--crl)",
                ChipCheckSkip::OldRevocationList => "the revocation list is not current",
            },
        ),
    };
    format!("{word} ({why})")
}

fn complaint(error: &clap::Error) -> String {
    // clap speaks English; its own words are kept, without the usage line it would repeat.
    let rendered = error.render().to_string();
    let first = rendered.lines().take_while(|line| !line.starts_with("Usage")).collect::<Vec<_>>().join("\n");
    match error.kind() {
        ErrorKind::InvalidSubcommand | ErrorKind::MissingSubcommand
            if error.get(ContextKind::InvalidSubcommand).is_none() =>
        {
            "Which command? `wallet --help` lists them.".to_owned()
        }
        _ => first.trim().trim_start_matches("error: ").to_owned(),
    }
}

fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Usage(fault) => usage(fault),
        Failure::Wallet(error) | Failure::Unbelieved { error, .. } => wallet(error),
        Failure::Reader(fault) => reader(fault),
        Failure::Refused => "The code was refused.".to_owned(),
        Failure::DemoFailed => "The demo did not come out as it must.".to_owned(),
        Failure::Passphrase(PassphraseFault::Missing) => {
            "A passphrase is needed: set WALLET_PASSPHRASE, or run this in a terminal.".to_owned()
        }
        Failure::Passphrase(PassphraseFault::Differ) => {
            "The two passphrases differ. Nothing was changed.".to_owned()
        }
        Failure::Passphrase(PassphraseFault::Wrong) => "The passphrase does not open this wallet.".to_owned(),
        Failure::Storage { path, reason } => format!("{} cannot be used: {reason}.", path.display()),
        Failure::Cancelled => "Cancelled. Nothing was changed.".to_owned(),
        Failure::Output => "The output cannot be written.".to_owned(),
        Failure::Internal(what) => format!("This should not happen: {what}."),
    }
}

fn usage(fault: &UsageFault) -> String {
    match fault {
        UsageFault::CommandLine(words) | UsageFault::Nothing(words) => words.clone(),
        UsageFault::Value { argument, value } => {
            format!("{argument} cannot be \"{value}\". `wallet --help` says what it can be.")
        }
        UsageFault::Mrz(part) => {
            let part = match part {
                MrzPart::Number => "document number",
                MrzPart::Birth => "date of birth",
                MrzPart::Expiry => "date of expiry",
            };
            format!(
                "The {part} of --mrz does not fit its check digit, or has none: look at the lines again. The card was not touched."
            )
        }
        UsageFault::NotANumber(argument) => {
            format!("What {argument} was given is no such number: digits only, a PIN 4 to 12, a PUK 6 to 12.")
        }
        UsageFault::Missing(argument) => format!("{argument} is needed here."),
        UsageFault::File(path) => format!("The file {} cannot be read.", path.display()),
        UsageFault::FileContent { argument, path } => {
            format!("The file {} is not what {argument} asks for.", path.display())
        }
        UsageFault::OlderPack(path) => format!("The counter pack {} is older than one this counter has used.", path.display()),
        UsageFault::NoCode => "There is no readable QR code in the picture.".to_owned(),
        #[cfg(not(feature = "pcsc"))]
        UsageFault::NoPcsc => {
            "This program was built without PC/SC. Build it with `--features pcsc` (needs the system's pcsc-lite).".to_owned()
        }
    }
}

fn reader(fault: &ReaderFault) -> String {
    match fault {
        ReaderFault::NoReader => "There is no card reader, or its service (pcscd) does not run.".to_owned(),
        ReaderFault::UnknownReader(there) => {
            format!("No reader has that name. There are: {}.", there.join(", "))
        }
        ReaderFault::Busy => "Another program is using the card. Close it and try again.".to_owned(),
        ReaderFault::NoCard => "No card came in time.".to_owned(),
        ReaderFault::Port => {
            "That address cannot be listened on, or the chip broke the connection.".to_owned()
        }
        ReaderFault::Failed(code) => format!("The reader failed with code {code:#010x}."),
    }
}

const fn relaxation(relaxation: Relaxation) -> &'static str {
    match relaxation {
        Relaxation::AcceptGeneralAudience => "the policy accepts codes for the general audience",
        Relaxation::OutageUntil => "the policy suspends the age of the proof during an outage",
        Relaxation::FreshNonce => "a fresh nonce of this desk stands in for the clock",
    }
}

const fn audience(audience: AudienceKind) -> &'static str {
    match audience {
        AudienceKind::ThisDesk => "Made for this desk.",
        AudienceKind::OtherDesk => "Made for another desk.",
        AudienceKind::General => "Made for no desk in particular.",
    }
}

/// A span of time in its largest whole unit.
fn age(seconds: i64) -> String {
    match seconds {
        172_800.. => format!("{} days", seconds / 86_400),
        7_200.. => format!("{} h", seconds / 3600),
        120.. => format!("{} min", seconds / 60),
        _ => format!("{} s", seconds.max(0)),
    }
}

/// The core's words, and what only a desktop adds.
fn wallet(error: &WalletError) -> String {
    let ErrorText { what, next } = error.text(Language::English);
    match error {
        WalletError::NotTrusted { why: Distrust::ChipSigner } => {
            format!("{what} {next} Name other authorities with --csca.")
        }
        WalletError::StorageCorrupt { kept_at: Some(path) } => {
            format!("{what} It was kept as {path}. {next}")
        }
        _ => format!("{what} {next}"),
    }
}
