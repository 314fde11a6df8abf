//! `desk`: the other side of the counter.

mod account;
mod settings;

use std::{
    fs,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{Parser, Subcommand};
use desk::{
    Config, Desk, DeskIdentity, FaceProvider, Policy,
    attestation::{AndroidApp, AppleApp},
    limits::RequestRate,
    log::Log,
    pages::{Account, SessionLife},
    register::Register,
    store::DatabaseUrl,
    telecom::Operator,
};
use wallet_core::{
    card::{Date, RegistrationNumber},
    counter::DeskId,
    crypto::sign::PublicKey,
    platform::{Clock, ClockError, Now},
    trust::Certificate,
};

/// Issuer, counter packs and desk signs on loopback. A model: nothing it issues is a legally valid ID.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answers HTTP until interrupted; prints its base URL first. Each option can also stand in the file that `--config` names,
    /// or in the environment as DESK_ and its name; the line goes before the environment, the environment before the file.
    Serve(Box<Serve>),
    /// Asks for a password, or reads one line, and prints the account as it belongs into the file of `serve`.
    Account(account::AccountArguments),
    /// What a clerk does when a resident has come and shown who they are: prints the code to scan and the six digits to speak.
    /// The desk may run meanwhile.
    Visit {
        #[command(flatten)]
        memory: Memory,
        /// Where the desk answers, without a slash at the end.
        #[arg(long)]
        url: String,
        /// Registration number, YYMMDD-NNNNNNN.
        #[arg(long)]
        number: String,
        /// The register of the fixtures' invented people. DEVELOPMENT ONLY.
        #[arg(long)]
        trust_fixtures: bool,
    },
    /// What a visit at the centre does: gives up a person's phone, so that another can enrol.
    Release {
        #[command(flatten)]
        memory: Memory,
        /// Registration number, YYMMDD-NNNNNNN.
        #[arg(long)]
        number: String,
    },
    /// What a clerk does who has looked whether a resident may have a document that waits for that.
    Decide {
        #[command(flatten)]
        memory: Memory,
        /// Registration number, YYMMDD-NNNNNNN.
        #[arg(long)]
        number: String,
        /// The document's id.
        #[arg(long)]
        document: String,
        /// They may not have it.
        #[arg(long)]
        deny: bool,
    },
    /// Declares in counter packs from now on that the country's network is down until a moment, so that counters take proofs of any
    /// age and say so; or that it is over. A desk that runs publishes it with its next pack.
    Outage {
        #[command(flatten)]
        memory: Memory,
        /// Until when, in Korea: YYYY-MM-DDTHH:MM.
        #[arg(long, value_name = "MOMENT", conflicts_with = "over", required_unless_present = "over")]
        until: Option<String>,
        /// The network is up again.
        #[arg(long)]
        over: bool,
    },
}

/// Where keys and memory are.
#[derive(clap::Args)]
struct Memory {
    /// The folder with keys and database, made if missing. `serve` writes anchors for wallets and counters to its folder
    /// `anchors`.
    #[arg(long)]
    data: PathBuf,
    /// A PostgreSQL instead of the file in that folder, which several desks with the same keys may share:
    /// postgres://user:password@host:port/database. Other users of the machine see what is on a command line, but not what is in
    /// the environment.
    #[arg(long, value_name = "URL", env = "DESK_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// Allow a database on another machine. There is no TLS here: put both on a network that nobody else is on.
    #[arg(long)]
    database_in_clear_text: bool,
    /// A folder with data files of documents beside those built in.
    #[arg(long, value_name = "DIR")]
    documents: Option<PathBuf>,
    /// The residents that a clerk finds, a line of JSON each.
    #[arg(long, value_name = "FILE")]
    register: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Serve {
    /// A file of options, TOML: `name-ko = ".."`, lists for what may be repeated, and accounts as tables `[[account]]`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8480")]
    listen: SocketAddr,
    #[command(flatten)]
    memory: Memory,
    /// A country signing certificate, DER. May be repeated.
    #[arg(long)]
    csca: Vec<PathBuf>,
    /// A link certificate by which such an authority passed on to a new key, DER. May be repeated.
    #[arg(long, value_name = "FILE")]
    csca_link: Vec<PathBuf>,
    /// A revocation list of such an authority, DER: cards of a signer it names are refused. Read at the start. May be
    /// repeated.
    #[arg(long, value_name = "FILE")]
    csca_crl: Vec<PathBuf>,
    /// A root of key attestation, DER. May be repeated.
    #[arg(long)]
    attestation_root: Vec<PathBuf>,
    /// Google's list of attestation certificates that leaked (JSON), read again each minute: revoked and suspended ones are refused.
    /// Without it no Android phone's hardware is believed.
    #[arg(long, value_name = "FILE")]
    attestation_status: Option<PathBuf>,
    /// An Android app to accept; without one nobody's is: PACKAGE=SHA256-OF-SIGNER[:MINIMAL-VERSION], the digest in hexadecimal. May be
    /// repeated.
    #[arg(long, value_name = "APP")]
    android_app: Vec<String>,
    /// Apple's App Attestation root, DER. May be repeated.
    #[arg(long, value_name = "FILE")]
    apple_root: Vec<PathBuf>,
    /// An Apple app to accept: TEAMID.bundle.identifier. May be repeated.
    #[arg(long, value_name = "APP")]
    apple_app: Vec<String>,
    /// Accept copies of the Apple apps that are under development too. DEVELOPMENT ONLY.
    #[arg(long)]
    apple_development: bool,
    /// A face provider: NAME=FILE, the file its certificate (DER, P-256). May be repeated.
    #[arg(long)]
    face_provider: Vec<String>,
    /// A telecom operator that may report lost phones: NAME=FILE, the file its token. May be repeated.
    #[arg(long)]
    operator: Vec<String>,
    /// This desk's registered id.
    #[arg(long, default_value = "centre.1")]
    desk_id: String,
    /// This desk's name in Korean.
    #[arg(long, default_value = "가온 주민센터 (시험)")]
    name_ko: String,
    /// This desk's name in English.
    #[arg(long, default_value = "Gaon community centre (test)")]
    name_en: String,
    /// Trust the fixtures' card authority, face provider and software keys. DEVELOPMENT ONLY.
    #[arg(long)]
    trust_fixtures: bool,
    /// Accept phone keys outside secure hardware, which any program of the user can copy. DEVELOPMENT ONLY.
    #[arg(long)]
    accept_software_keys: bool,
    /// Accept attestations of hardware without looking whether their keys leaked.
    #[arg(long)]
    accept_unchecked_attestation: bool,
    /// A link that opens a wallet, to which the portal may send browsers back. May be repeated; the project's own wallets' when none
    /// is given.
    #[arg(long, value_name = "URL")]
    wallet_redirect: Vec<String>,
    /// A root of a wallet provider to believe, DER. May be repeated.
    #[arg(long)]
    wallet_provider_root: Vec<PathBuf>,
    /// Believe the wallet provider that this desk runs.
    #[arg(long)]
    trust_own_wallet_provider: bool,
    /// The URL wallets know this desk by, without a slash at the end; where it listens when none is given.
    #[arg(long)]
    public_url: Option<String>,
    /// A proxy before this desk whose last X-Forwarded-For is believed. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    proxy: Vec<IpAddr>,
    /// Seconds after which whoever does nothing is signed out.
    #[arg(long, default_value_t = SessionLife::default().idle, value_parser = clap::value_parser!(i64).range(60..))]
    session_idle: i64,
    /// Seconds after which everybody is signed out.
    #[arg(long, default_value_t = SessionLife::default().whole, value_parser = clap::value_parser!(i64).range(60..))]
    session_life: i64,
    /// Requests a second of one network, in the long run; ten times as many at once. 0 does not count them.
    #[arg(long, default_value_t = 100)]
    requests_per_second: u32,
    /// One line of JSON for each answer, on standard error.
    #[arg(long, value_enum, default_value_t = LogTo::Stderr)]
    log: LogTo,
    /// Allow to listen on other than loopback addresses. There is no TLS here: put a proxy before it.
    #[arg(long)]
    listen_beyond_loopback: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LogTo {
    Stderr,
    Off,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Settings(#[from] settings::SettingsError),
    #[error("{0}")]
    Account(#[from] desk::pages::AccountError),
    #[error("{0}")]
    Desk(#[from] desk::DeskError),
    #[error("{0}")]
    Register(#[from] desk::register::RegisterError),
    #[error("{0}")]
    Store(#[from] desk::store::StoreError),
    #[error("{0}")]
    Issuer(#[from] desk::issuer::IssuerError),
    #[error("{path}: {error}")]
    File { path: PathBuf, error: std::io::Error },
    #[error("{0}: not a P-256 certificate")]
    NotACertificate(PathBuf),
    #[error("{0}")]
    Argument(&'static str),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Result<Now, ClockError> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        let seconds = since.and_then(|since| i64::try_from(since.as_secs()).ok());
        Ok(Now { unix_seconds: seconds.ok_or(ClockError::Failed { os_code: -1 })? })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match arguments() {
        Ok((arguments, accounts)) => run(arguments.command, accounts).await,
        Err(failure) => Err(failure.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("desk: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<(Arguments, Vec<Account>), settings::SettingsError> {
    let line: Vec<_> = std::env::args_os().collect();
    settings::read(&line, std::env::vars_os().map(|(name, _)| name), "serve")
}

async fn run(command: Command, accounts: Vec<Account>) -> Result<(), Failure> {
    match command {
        Command::Serve(arguments) => serve(*arguments, accounts).await,
        Command::Account(arguments) => account::print(&arguments),
        Command::Visit { memory, url, number, trust_fixtures } => visit(memory, url, &number, trust_fixtures),
        Command::Release { memory, number } => release(memory, &number),
        Command::Decide { memory, number, document, deny } => decide(memory, &number, &document, !deny),
        Command::Outage { memory, until, over: _ } => outage(memory, until.as_deref()),
    }
}

#[expect(clippy::print_stdout, reason = "the base URL is what a caller reads from standard output")]
async fn serve(arguments: Serve, accounts: Vec<Account>) -> Result<(), Failure> {
    let data = arguments.memory.data.clone();
    let (fixtures, development) = (arguments.trust_fixtures, arguments.apple_development);
    let config = Config { accounts, ..configure(arguments)? };
    let relaxed = [
        (fixtures, "TrustFixtures: cards are accepted whose signing key everybody has. Development only."),
        (
            config.policy.accept_software_keys,
            "AcceptSoftwareKeys: phone keys outside secure hardware are accepted. Development only.",
        ),
        (
            config.policy.accept_unchecked_attestation,
            "AcceptUncheckedAttestation: nobody looks whether keys of phone makers leaked.",
        ),
        (development, "AppleDevelopment: apps under development are accepted. Development only."),
    ];
    let warnings = relaxed.into_iter().filter_map(|(on, told)| on.then_some(told));
    for warning in warnings {
        eprintln!("desk: WARNING: {warning}");
    }
    let interrupted = interruption()?;
    let running = Desk::start(config).await?;
    write_anchors(&data.join("anchors"), &running)?;
    println!("{}", running.base_url());
    interrupted.await;
    Ok(running.shutdown().await?)
}

/// Takes Ctrl-C and, where there is one, the signal a service manager sends: from this call on neither ends the process. What it
/// gives is over when one came.
#[cfg(unix)]
fn interruption() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupted, mut terminated) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn interruption() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

#[expect(clippy::print_stdout, reason = "the answer of a command")]
fn visit(memory: Memory, url: String, number: &str, trust_fixtures: bool) -> Result<(), Failure> {
    let number =
        RegistrationNumber::parse(number).map_err(|_| Failure::Argument("not a registration number"))?;
    let config = memory.config(identity("centre.1", "-", "-")?)?;
    let config = if trust_fixtures { config.trusting_fixtures() } else { config };
    let person =
        config.register.find(number.as_str()).ok_or(Failure::Argument("nobody is registered under it"))?;
    let now = SystemClock.now().map_err(|_| Failure::Argument("the clock could not be read"))?;
    let offer = Desk::open(&config)?.serving_at(url).offer(person, None, now.unix_seconds)?;
    println!("{}\n{}", offer.link, offer.transaction_code);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the answer of a command")]
fn release(memory: Memory, number: &str) -> Result<(), Failure> {
    let number =
        RegistrationNumber::parse(number).map_err(|_| Failure::Argument("not a registration number"))?;
    let config = memory.config(identity("centre.1", "-", "-")?)?;
    let now = SystemClock.now().map_err(|_| Failure::Argument("the clock could not be read"))?;
    let released = Desk::open(&config)?.release(number.as_str(), None, now.unix_seconds)?;
    println!("{}", if released { "released" } else { "no phone is bound to this person" });
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the answer of a command")]
fn decide(memory: Memory, number: &str, document: &str, approved: bool) -> Result<(), Failure> {
    let number =
        RegistrationNumber::parse(number).map_err(|_| Failure::Argument("not a registration number"))?;
    let config = memory.config(identity("centre.1", "-", "-")?)?;
    let now = SystemClock.now().map_err(|_| Failure::Argument("the clock could not be read"))?;
    let decided = Desk::open(&config)?.decide(number.as_str(), document, approved, None, now.unix_seconds)?;
    println!("{}", if decided { "decided" } else { "nobody asked for it" });
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the answer of a command")]
fn outage(memory: Memory, until: Option<&str>) -> Result<(), Failure> {
    let now = SystemClock.now().map_err(|_| Failure::Argument("the clock could not be read"))?.unix_seconds;
    let moment = until.map(|text| in_korea(text).ok_or(Failure::Argument("a moment is YYYY-MM-DDTHH:MM")));
    let moment = moment.transpose()?;
    if moment.is_some_and(|moment| moment <= now) {
        return Err(Failure::Argument("that moment has passed"));
    }
    let config = memory.config(identity("centre.1", "-", "-")?)?;
    Desk::open(&config)?.declare_outage(moment, now)?;
    match until {
        Some(until) => println!("counters take proofs of any age until {until} in Korea"),
        None => println!("counters take fresh proofs alone"),
    }
    Ok(())
}

/// `YYYY-MM-DDTHH:MM` in Korea, as seconds since 1970 UTC.
fn in_korea(text: &str) -> Option<i64> {
    let (day, time) = text.split_once('T')?;
    let (hour, minute) = time.split_once(':')?;
    let of_two = |digits: &str, below: i64| {
        let fits = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<i64>().ok().filter(|number| fits && *number < below)
    };
    let seconds = of_two(hour, 24)?.checked_mul(3600)?.checked_add(of_two(minute, 60)?.checked_mul(60)?)?;
    Date::parse(day).ok()?.starts_at().checked_add(seconds)
}

fn configure(arguments: Serve) -> Result<Config, Failure> {
    let desk = identity(&arguments.desk_id, &arguments.name_ko, &arguments.name_en)?;
    let mut config = arguments.memory.config(desk)?;
    config.listen = arguments.listen;
    config.csca = read_all(&arguments.csca)?;
    config.csca_links = read_all(&arguments.csca_link)?;
    config.csca_revocation_lists = read_all(&arguments.csca_crl)?;
    config.attestation_roots = read_all(&arguments.attestation_root)?;
    config.attestation_status = arguments.attestation_status;
    config.android_apps =
        arguments.android_app.iter().map(|app| android_app(app)).collect::<Result<_, _>>()?;
    config.apple_roots = read_all(&arguments.apple_root)?;
    let development = arguments.apple_development;
    config.apple_apps =
        arguments.apple_app.into_iter().map(|app_id| AppleApp { app_id, development }).collect();
    if !arguments.wallet_redirect.is_empty() {
        config.wallet_redirects = arguments.wallet_redirect;
    }
    config.wallet_provider_roots = read_all(&arguments.wallet_provider_root)?;
    config.public_url = arguments.public_url;
    config.proxies = arguments.proxy;
    config.session_life = SessionLife { idle: arguments.session_idle, whole: arguments.session_life };
    config.request_rate = match arguments.requests_per_second {
        0 => RequestRate::Unlimited,
        per_second => RequestRate::PerNetwork { per_second, burst: per_second.saturating_mul(10) },
    };
    config.log = match arguments.log {
        LogTo::Stderr => Log::to_stderr(),
        LogTo::Off => Log::default(),
    };
    for provider in &arguments.face_provider {
        let (name, path) =
            provider.split_once('=').ok_or(Failure::Argument("a face provider is given as NAME=FILE"))?;
        config.face_providers.push(FaceProvider { name: name.to_owned(), key: key_in(Path::new(path))? });
    }
    for operator in &arguments.operator {
        let (name, path) =
            operator.split_once('=').ok_or(Failure::Argument("an operator is given as NAME=FILE"))?;
        let token =
            String::from_utf8(read(Path::new(path))?).map_err(|_| Failure::Argument("a token is text"))?;
        config.operators.push(Operator::new(name, token.trim()));
    }
    config.policy = Policy {
        accept_software_keys: arguments.accept_software_keys,
        accept_unchecked_attestation: arguments.accept_unchecked_attestation,
        trust_own_wallet_provider: arguments.trust_own_wallet_provider,
        listen_beyond_loopback: arguments.listen_beyond_loopback,
        ..config.policy
    };
    Ok(if arguments.trust_fixtures { config.trusting_fixtures() } else { config })
}

/// `PACKAGE=DIGEST[:VERSION]`.
fn android_app(text: &str) -> Result<AndroidApp, Failure> {
    const FORM: Failure = Failure::Argument("an Android app is given as PACKAGE=SHA256[:VERSION]");
    let (package, rest) = text.split_once('=').ok_or(FORM)?;
    let (digest, version) = rest.split_once(':').unwrap_or((rest, "0"));
    let byte =
        |pair: &[u8]| core::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let signer: Option<Vec<u8>> = digest.as_bytes().chunks(2).map(byte).collect();
    let signer = signer.filter(|signer| signer.len() == 32 && !package.is_empty()).ok_or(FORM)?;
    Ok(AndroidApp {
        package: package.to_owned(),
        minimal_version: version.parse().map_err(|_| FORM)?,
        signers: [signer].into(),
    })
}

impl Memory {
    fn config(self, desk: DeskIdentity) -> Result<Config, Failure> {
        let mut config = Config::new(self.data, desk, Arc::new(SystemClock));
        config.database = self.database.as_deref().map(DatabaseUrl::parse).transpose()?;
        config.policy.database_in_clear_text = self.database_in_clear_text;
        config.documents = self.documents;
        if let Some(path) = &self.register {
            config.register = Register::read(path)?;
        }
        Ok(config)
    }
}

fn identity(id: &str, name_ko: &str, name_en: &str) -> Result<DeskIdentity, Failure> {
    let id =
        DeskId::parse(id).map_err(|_| Failure::Argument("a desk id has 1 to 12 of A-Z a-z 0-9 . _ -"))?;
    Ok(DeskIdentity { id, name_ko: name_ko.to_owned(), name_en: name_en.to_owned() })
}

fn read_all(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, Failure> {
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::File { path: path.to_owned(), error })
}

fn key_in(path: &Path) -> Result<PublicKey, Failure> {
    Certificate::parse(&read(path)?)
        .and_then(|certificate| certificate.p256_public_key())
        .map_err(|_| Failure::NotACertificate(path.to_owned()))
}

fn write_anchors(folder: &Path, running: &desk::RunningDesk) -> Result<(), Failure> {
    fs::create_dir_all(folder)?;
    let files: [(&str, &[u8]); 4] = [
        ("issuer-root.der", running.issuer_root()),
        ("registration-root.der", running.registration_root()),
        ("pack-authority.der", running.pack_authority_certificate()),
        ("counter-pack.cbor", running.counter_pack()),
    ];
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|error| Failure::File { path, error })?;
    }
    Ok(())
}
