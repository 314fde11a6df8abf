//! The command line: one clap `Command` in the language the citizen reads, and what it parses into.

use std::path::PathBuf;

use clap::{
    Arg, ArgAction, ArgMatches, Command,
    builder::{PathBufValueParser, PossibleValuesParser},
    error::ErrorKind,
};
use fixtures::chip::ChipAuthentication;
use wallet_core::{
    card::Disclosure,
    chip::{FileId, FileSet, MrzPart},
    wallet::BasicAccessPolicy,
};

use crate::{
    card_password::{CardPassword, TypedMrz},
    commands::chip,
    failure::{Failure, Outcome, UsageFault},
    texts::{Help, Texts},
};

/// What was typed.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// The folder the wallet lives in, when given.
    pub(crate) home: Option<PathBuf>,
    /// Whether a machine reads the output.
    pub(crate) json: bool,
    /// What to do.
    pub(crate) action: Action,
}

/// The commands.
#[derive(Debug)]
pub(crate) enum Action {
    /// The whole walk on invented people.
    Demo {
        /// Where the pictures go.
        out: Option<PathBuf>,
    },
    /// A desk, cards and phones for apps under development.
    Simulator,
    /// Play the invented card in another program's reader.
    Chip(ChipArguments),
    /// Read a chip and say what it proved.
    Read(ReadArguments),
    /// Make an ID of a card.
    Enrol(EnrolArguments),
    /// Take the ID by a community centre's code.
    Accept(AcceptArguments),
    /// Go on with an issuance that waits.
    Continue {
        /// Where the browser was sent back to.
        url: Option<String>,
        /// Whether every question is answered already.
        yes: bool,
    },
    /// Show the ID at a counter.
    Show(ShowArguments),
    /// What an app does in the background.
    Refresh,
    /// Keys and everything else go.
    Wipe {
        /// Whether the issuer is told first.
        give_up: bool,
        /// Whether the question is answered already.
        yes: bool,
    },
    /// Check what was shown.
    Check(CheckArguments),
    /// The cards in the wallet.
    List,
    /// What was done with them.
    History {
        /// At most so many entries.
        limit: u32,
    },
}

/// A reader as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReaderName {
    /// The fixture's card, in process.
    Virtual,
    /// Listen here for a chip.
    Vpcd(String),
    /// PC/SC: the reader whose name contains this, or the first with a card.
    Pcsc(Option<String>),
}

/// `wallet chip`.
#[derive(Debug)]
pub(crate) struct ChipArguments {
    pub(crate) connect: String,
    pub(crate) offers: Vec<chip::Offer>,
    pub(crate) key: Option<ChipAuthentication>,
    pub(crate) basic_access: bool,
    pub(crate) short: bool,
}

/// `wallet read`.
#[derive(Debug)]
pub(crate) struct ReadArguments {
    pub(crate) reader: ReaderName,
    pub(crate) password: CardPassword,
    /// Never extended length.
    pub(crate) short: bool,
    /// Where the portrait goes.
    pub(crate) portrait: Option<PathBuf>,
    pub(crate) files: FileSet,
    pub(crate) csca: Vec<PathBuf>,
    pub(crate) master_lists: Vec<PathBuf>,
    pub(crate) links: Vec<PathBuf>,
    pub(crate) revocation_lists: Vec<PathBuf>,
    /// Only who is on a current list is trusted.
    pub(crate) require_list: bool,
}

/// With which issuer, and whom to trust.
#[derive(Debug)]
pub(crate) struct IssuerArguments {
    pub(crate) url: String,
    pub(crate) trust: Option<PathBuf>,
    pub(crate) issuer_root: Vec<PathBuf>,
    pub(crate) csca: Vec<PathBuf>,
    pub(crate) desk_root: Vec<PathBuf>,
    pub(crate) yes: bool,
}

/// `wallet accept`.
#[derive(Debug)]
pub(crate) struct AcceptArguments {
    pub(crate) code: String,
    pub(crate) digits: Option<String>,
    pub(crate) issuer: IssuerArguments,
}

/// `wallet enrol`.
#[derive(Debug)]
pub(crate) struct EnrolArguments {
    pub(crate) reader: ReaderName,
    pub(crate) can: Option<String>,
    pub(crate) issuer: IssuerArguments,
}

/// `wallet show`.
#[derive(Debug)]
pub(crate) struct ShowArguments {
    pub(crate) level: Disclosure,
    pub(crate) card: Option<String>,
    pub(crate) desk: Option<String>,
    pub(crate) out: Option<PathBuf>,
    pub(crate) once: bool,
    pub(crate) offline: bool,
    pub(crate) yes: bool,
}

/// `wallet check`.
#[derive(Debug)]
pub(crate) struct CheckArguments {
    pub(crate) shown: String,
    pub(crate) pack: Option<PathBuf>,
    pub(crate) pack_root: Option<PathBuf>,
    pub(crate) desk_id: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) seen: Option<PathBuf>,
    pub(crate) policy: Vec<String>,
}

/// Parses `words` (the program's name first), with help and complaints in the language of `texts`.
///
/// # Errors
/// [`UsageFault`] for what cannot be used; help and version come back as `Ok(Err(text))`, for standard output.
pub(crate) fn parse(words: &[String], texts: &'static Texts) -> Outcome<Result<Arguments, String>> {
    match command(&texts.help).try_get_matches_from(words) {
        Ok(matches) => arguments(&matches).map(Ok),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(Err(error.render().to_string())),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                Err(Failure::Usage(UsageFault::Nothing(error.render().to_string())))
            }
            _ => Err(Failure::Usage(UsageFault::CommandLine((texts.help.complaint)(&error)))),
        },
    }
}

/// The command line's grammar.
pub(crate) fn command(help: &'static Help) -> Command {
    let level_names = Disclosure::ALL.map(Disclosure::name);
    let base = |name: &'static str, about: &'static str, usage: &'static str| {
        Command::new(name)
            .about(about)
            .override_usage(usage)
            .help_template(help.template)
            .next_help_heading(help.options)
            .disable_help_flag(true)
            .disable_help_subcommand(true)
            .arg(flag("help", help.help).short('h').action(ArgAction::Help).display_order(900))
    };
    let reader = || value("reader", "READER", help.reader).required(true);
    let can = || value("can", "N", help.can);
    let csca = || file("csca", help.csca).action(ArgAction::Append);
    let issuer = || {
        [
            value("issuer", "URL", help.issuer).required(true),
            file("trust", help.trust).value_name("DIR"),
            file("issuer-root", help.issuer_root).action(ArgAction::Append),
            csca(),
            file("desk-root", help.desk_root).action(ArgAction::Append),
            flag("yes", help.yes),
        ]
    };
    base("wallet", help.about, help.usage)
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_help_heading(help.commands)
        .after_help(help.exit_codes)
        .arg(file("home", help.home).value_name("DIR").global(true).display_order(800))
        .arg(
            value("lang", "en|ko", help.lang)
                .value_parser(["en", "ko"])
                .hide_possible_values(true)
                .global(true)
                .display_order(801),
        )
        .arg(flag("json", help.json).global(true).display_order(802))
        .arg(flag("version", help.version).short('V').action(ArgAction::Version).display_order(901))
        .subcommand(
            base("demo", help.demo, help.demo_usage).arg(file("out", help.demo_out).value_name("DIR")),
        )
        .subcommand(base("simulator", help.simulator, help.simulator_usage))
        .subcommand(
            base("chip", help.chip, help.chip_usage)
                .arg(value("connect", "HOST:PORT", help.connect).required(true))
                .arg(
                    value("pace", "WAY", help.pace)
                        .value_parser(chip::Offer::parse)
                        .action(ArgAction::Append),
                )
                .arg(value("key", "KEY", help.chip_key).value_parser(chip::parse_key))
                .arg(flag("basic-access", help.basic_access))
                .arg(flag("short", help.chip_short)),
        )
        .subcommand(
            base("read", help.read, help.read_usage)
                .arg(reader())
                .arg(can())
                .arg(value("mrz", "NUMBER,BIRTH,EXPIRY", help.mrz).conflicts_with_all(["can", "pin", "puk"]))
                .arg(value("pin", "N|-", help.pin).conflicts_with("puk"))
                .arg(value("puk", "N|-", help.puk).conflicts_with("can"))
                .arg(
                    value("basic-access", "POLICY", help.basic_access_policy)
                        .value_parser(PossibleValuesParser::new(POLICIES.map(|(name, _)| name)))
                        .hide_possible_values(true)
                        .requires("mrz"),
                )
                .arg(flag("short", help.read_short))
                .arg(file("portrait", help.portrait))
                .arg(value("files", "LIST", help.read_files))
                .arg(csca())
                .arg(file("master-list", help.master_list).action(ArgAction::Append))
                .arg(file("link", help.link).action(ArgAction::Append))
                .arg(file("crl", help.crl).action(ArgAction::Append))
                .arg(flag("require-crl", help.require_crl)),
        )
        .subcommand(base("enrol", help.enrol, help.enrol_usage).arg(reader()).arg(can()).args(issuer()))
        .subcommand(
            base("accept", help.accept, help.accept_usage)
                .arg(Arg::new("code").value_name("CODE").help(help.offer).required(true))
                .arg(value("digits", "N", help.digits))
                .args(issuer()),
        )
        .subcommand(
            base("continue", help.go_on, help.go_on_usage)
                .arg(Arg::new("url").value_name("URL").help(help.came_back))
                .arg(flag("yes", help.yes)),
        )
        .subcommand(
            base("show", help.show, help.show_usage)
                .arg(
                    value("level", "LEVEL", help.level)
                        .value_parser(level_names)
                        .hide_possible_values(true)
                        .default_value(Disclosure::AdultOnly.name())
                        .hide_default_value(true),
                )
                .arg(value("card", "ID", help.card))
                .arg(value("desk", "SIGN", help.desk))
                .arg(file("out", help.show_out).value_name("DIR"))
                .arg(flag("once", help.once))
                .arg(flag("offline", help.offline))
                .arg(flag("yes", help.yes)),
        )
        .subcommand(
            base("check", help.check, help.check_usage)
                .arg(Arg::new("shown").value_name("SHOWN").required(true).help(help.shown))
                .arg(file("pack", help.pack))
                .arg(file("pack-root", help.pack_root))
                .arg(value("desk-id", "ID", help.desk_id))
                .arg(value("nonce", "HEX", help.nonce))
                .arg(file("seen", help.seen))
                .arg(value("policy", "NAME", help.policy).action(ArgAction::Append)),
        )
        .subcommand(base("refresh", help.refresh, help.refresh_usage))
        .subcommand(
            base("wipe", help.wipe, help.wipe_usage)
                .arg(flag("give-up", help.give_up))
                .arg(flag("yes", help.yes)),
        )
        .subcommand(base("list", help.list, help.list_usage))
        .subcommand(
            base("history", help.history, help.history_usage).arg(
                value("limit", "N", help.limit)
                    .value_parser(clap::value_parser!(u32).range(1..=10_000))
                    .default_value("20")
                    .hide_default_value(true),
            ),
        )
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help).action(ArgAction::SetTrue)
}

fn value(name: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value_name).help(help)
}

fn file(name: &'static str, help: &'static str) -> Arg {
    value(name, "FILE", help).value_parser(PathBufValueParser::new())
}

fn arguments(matches: &ArgMatches) -> Outcome<Arguments> {
    let (name, own) = matches.subcommand().ok_or(Failure::Internal("no subcommand"))?;
    let action = match name {
        "simulator" => Action::Simulator,
        "chip" => Action::Chip(ChipArguments {
            connect: text(own, "connect").unwrap_or_default(),
            offers: own.get_many("pace").map(|ways| ways.copied().collect()).unwrap_or_default(),
            key: own.get_one("key").copied(),
            basic_access: own.get_flag("basic-access"),
            short: own.get_flag("short"),
        }),
        "demo" => Action::Demo { out: path(own, "out") },
        "read" => Action::Read(ReadArguments {
            reader: reader_name(own)?,
            password: password(own)?,
            short: own.get_flag("short"),
            portrait: path(own, "portrait"),
            files: files(own)?,
            csca: paths(own, "csca"),
            master_lists: paths(own, "master-list"),
            links: paths(own, "link"),
            revocation_lists: paths(own, "crl"),
            require_list: own.get_flag("require-crl"),
        }),
        "enrol" => Action::Enrol(EnrolArguments {
            reader: reader_name(own)?,
            can: can(own)?,
            issuer: issuer_arguments(own),
        }),
        "accept" => Action::Accept(AcceptArguments {
            code: text(own, "code").unwrap_or_default(),
            digits: text(own, "digits"),
            issuer: issuer_arguments(own),
        }),
        "continue" => Action::Continue { url: text(own, "url"), yes: own.get_flag("yes") },
        "show" => Action::Show(ShowArguments {
            level: level(own)?,
            card: text(own, "card"),
            desk: text(own, "desk"),
            out: path(own, "out"),
            once: own.get_flag("once"),
            offline: own.get_flag("offline"),
            yes: own.get_flag("yes"),
        }),
        "check" => Action::Check(CheckArguments {
            shown: text(own, "shown").unwrap_or_default(),
            pack: path(own, "pack"),
            pack_root: path(own, "pack-root"),
            desk_id: text(own, "desk-id"),
            nonce: text(own, "nonce"),
            seen: path(own, "seen"),
            policy: own
                .get_many::<String>("policy")
                .map(|names| names.cloned().collect())
                .unwrap_or_default(),
        }),
        "refresh" => Action::Refresh,
        "wipe" => Action::Wipe { give_up: own.get_flag("give-up"), yes: own.get_flag("yes") },
        "list" => Action::List,
        "history" => Action::History { limit: own.get_one::<u32>("limit").copied().unwrap_or(20) },
        _ => return Err(Failure::Internal("a command without code")),
    };
    Ok(Arguments { home: path(own, "home"), json: own.get_flag("json"), action })
}

fn issuer_arguments(own: &ArgMatches) -> IssuerArguments {
    IssuerArguments {
        url: text(own, "issuer").unwrap_or_default(),
        trust: path(own, "trust"),
        issuer_root: paths(own, "issuer-root"),
        csca: paths(own, "csca"),
        desk_root: paths(own, "desk-root"),
        yes: own.get_flag("yes"),
    }
}

fn text(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.get_one::<String>(name).cloned()
}

fn path(matches: &ArgMatches, name: &str) -> Option<PathBuf> {
    matches.get_one::<PathBuf>(name).cloned()
}

fn paths(matches: &ArgMatches, name: &str) -> Vec<PathBuf> {
    matches.get_many::<PathBuf>(name).map(|paths| paths.cloned().collect()).unwrap_or_default()
}

fn bad_value(argument: &'static str, value: String) -> Failure {
    Failure::Usage(UsageFault::Value { argument, value })
}

fn level(matches: &ArgMatches) -> Outcome<Disclosure> {
    let name = text(matches, "level").unwrap_or_default();
    Disclosure::from_name(&name).map_err(|_| bad_value("--level", name))
}

fn can(matches: &ArgMatches) -> Outcome<Option<String>> {
    match text(matches, "can") {
        Some(can) if can.len() == 6 && can.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(can)),
        Some(can) => Err(bad_value("--can", can)),
        None => Ok(None),
    }
}

fn password(matches: &ArgMatches) -> Outcome<CardPassword> {
    let mrz = text(matches, "mrz").map(|typed| TypedMrz::parse(&typed)).transpose();
    let wanted = text(matches, "basic-access");
    Ok(CardPassword {
        can: can(matches)?,
        mrz: mrz.map_err(|part: MrzPart| Failure::Usage(UsageFault::Mrz(part)))?,
        pin: text(matches, "pin"),
        puk: text(matches, "puk"),
        basic_access: wanted.and_then(|wanted| {
            POLICIES.into_iter().find(|(name, _)| *name == wanted).map(|(_, policy)| policy)
        }),
    })
}

fn files(matches: &ArgMatches) -> Outcome<FileSet> {
    let Some(typed) = text(matches, "files") else { return Ok(FileSet::WALLET) };
    parse_files(&typed).ok_or_else(|| bad_value("--files", typed))
}

/// `all`, or names of data groups and `com` with commas between.
fn parse_files(typed: &str) -> Option<FileSet> {
    if typed == "all" {
        return Some(FileSet::ALL);
    }
    typed.split(',').try_fold(FileSet::NONE, |files, name| {
        let file = match name.trim().to_ascii_lowercase().as_str() {
            "com" => FileId::Common,
            name => match name.strip_prefix("dg")?.parse() {
                Ok(number @ 1..=16) => FileId::Group(number),
                _ => return None,
            },
        };
        Some(files.with(file))
    })
}

fn reader_name(matches: &ArgMatches) -> Outcome<ReaderName> {
    let typed = text(matches, "reader").unwrap_or_default();
    parse_reader(&typed).ok_or_else(|| bad_value("--reader", typed))
}

/// `virtual`, `vpcd:HOST:PORT`, `pcsc` or `pcsc:NAME`.
fn parse_reader(typed: &str) -> Option<ReaderName> {
    match typed.split_once(':') {
        None if typed == "virtual" => Some(ReaderName::Virtual),
        None if typed == "pcsc" => Some(ReaderName::Pcsc(None)),
        Some(("pcsc", name)) if !name.is_empty() => Some(ReaderName::Pcsc(Some(name.to_owned()))),
        Some(("vpcd", address)) => {
            let (host, port) = address.rsplit_once(':')?;
            port.parse::<u16>().ok().filter(|_| !host.is_empty())?;
            Some(ReaderName::Vpcd(address.to_owned()))
        }
        _ => None,
    }
}

/// When basic access is good enough, by the names of `--basic-access`.
const POLICIES: [(&str, BasicAccessPolicy); 3] = [
    ("never", BasicAccessPolicy::Never),
    ("where-there-is-no-pace", BasicAccessPolicy::WhereThereIsNoPace),
    ("even-when-pace-is-refused", BasicAccessPolicy::EvenWhenPaceIsRefused),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::{ENGLISH, KOREAN};

    #[test]
    fn readers_are_told_apart_and_half_a_reader_is_none() {
        assert_eq!(parse_reader("virtual"), Some(ReaderName::Virtual));
        assert_eq!(parse_reader("pcsc"), Some(ReaderName::Pcsc(None)));
        assert_eq!(parse_reader("pcsc:ACS: 00 00"), Some(ReaderName::Pcsc(Some("ACS: 00 00".into()))));
        assert_eq!(parse_reader("vpcd:[::1]:45963"), Some(ReaderName::Vpcd("[::1]:45963".into())));
        for half in ["", "pcsc:", "vpcd", "vpcd:", "vpcd:45963", "vpcd::45963", "vpcd:h:99999", "virtual:x"] {
            assert_eq!(parse_reader(half), None, "{half}");
        }
    }

    #[test]
    fn files_are_chosen_by_name() {
        let chosen = FileSet::NONE.with(FileId::Group(1)).with(FileId::Group(16)).with(FileId::Common);
        assert_eq!(parse_files("dg1,DG16, com"), Some(chosen));
        assert_eq!(parse_files("all"), Some(FileSet::ALL));
        for bad in ["", "dg0", "dg17", "1", "dg1,", "sod", "dg1;dg2"] {
            assert_eq!(parse_files(bad), None, "{bad}");
        }
    }

    /// Every command and argument of the tree, with its path.
    fn helps(command: &Command, at: &str, found: &mut Vec<(String, String)>) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        found.push((at.to_owned(), about));
        for argument in command.get_arguments() {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            found.push((format!("{at} {}", argument.get_id()), help));
        }
        for sub in command.get_subcommands() {
            helps(sub, &format!("{at} {}", sub.get_name()), found);
        }
    }

    fn has_hangul(text: &str) -> bool {
        text.chars().any(|c| ('가'..='힣').contains(&c))
    }

    #[test]
    fn every_command_and_option_is_explained_in_both_languages() {
        let mut english = Vec::new();
        helps(&command(&ENGLISH.help), "wallet", &mut english);
        let mut korean = Vec::new();
        helps(&command(&KOREAN.help), "wallet", &mut korean);
        assert_eq!(english.len(), korean.len());
        assert!(english.len() > 30, "the tree was walked");
        for ((at, en), (_, ko)) in english.iter().zip(&korean) {
            assert!(!en.is_empty() && !has_hangul(en), "{at}: {en}");
            assert!(has_hangul(ko), "{at}: {ko}");
        }
    }

    #[test]
    fn the_grammar_holds_together() {
        command(&ENGLISH.help).debug_assert();
        command(&KOREAN.help).debug_assert();
    }
}
