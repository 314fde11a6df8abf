//! An office: several desks, each a process of its own, over one memory; a clerk; and synthetic citizens.

pub(crate) mod wallet;

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use desk::{
    Config, Desk, DeskError, DeskIdentity, FIXTURE_OPERATOR, issuer::Issuer, openid::Offer,
    store::DatabaseUrl, telecom::SubscriberLine,
};
use fixtures::{people, platform::SystemClock};
use wallet_core::{
    card::{Date, Person, RegistrationNumber},
    counter::DeskId,
    platform::Clock,
};

/// What wallets know the office by. Nobody listens there: a wallet's way to the desks takes one after the other.
pub(crate) const PUBLIC_URL: &str = "http://127.0.0.1:1";
/// What the telecom operator is known by.
pub(crate) const OPERATOR_TOKEN: &str = "gaon-telecom: a secret of the tests";

pub(crate) fn now() -> i64 {
    SystemClock.now().unwrap().unix_seconds
}

/// The office. Its desks and its folder are gone when it is dropped.
pub(crate) struct Office {
    folder: PathBuf,
    database: Option<String>,
    desks: Vec<Running>,
}

struct Running {
    port: u16,
    child: Child,
}

impl Office {
    /// So many desks, with a file when there is no database.
    pub(crate) fn open(database: Option<String>, desks: usize) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("desk-office-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("operator"), OPERATOR_TOKEN).unwrap();
        let mut office = Self { folder, database, desks: Vec::new() };
        // All at once: they make the keys and the tables together.
        let ports: Vec<u16> = (0..desks).map(|_| free_port()).collect();
        let children: Vec<Child> = ports.iter().map(|port| office.spawn(*port)).collect();
        for (port, mut child) in ports.into_iter().zip(children) {
            await_word(&mut child);
            office.desks.push(Running { port, child });
        }
        office
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the desks listen.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.desks.iter().map(|desk| format!("http://127.0.0.1:{}", desk.port)).collect()
    }

    /// Kills a desk with SIGKILL and starts it again at the same place.
    pub(crate) fn kill_and_restart(&mut self, which: usize) {
        let desk = &mut self.desks[which];
        desk.child.kill().unwrap();
        desk.child.wait().unwrap();
        let port = desk.port;
        let mut child = self.spawn(port);
        await_word(&mut child);
        self.desks[which].child = child;
    }

    /// What the desks have used of the processors so far, seconds: user and system time of proc_pid_stat(5), in hundredths.
    pub(crate) fn processor_seconds(&self) -> f64 {
        let used = |desk: &Running| {
            let stat = fs::read_to_string(format!("/proc/{}/stat", desk.child.id())).unwrap();
            let after_name = stat.rsplit_once(')').unwrap().1;
            let ticks = after_name.split_whitespace().skip(11).take(2);
            ticks.map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
        };
        self.desks.iter().map(used).sum()
    }

    /// The clerk of this office.
    pub(crate) fn clerk(&self) -> Clerk {
        Clerk::open(&self.folder.join("desk"), self.database())
    }

    pub(crate) fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Where the wallets' files are.
    pub(crate) fn journals(&self) -> PathBuf {
        self.folder.join("wallets")
    }

    /// Reports a phone lost at one of the desks, as the operator does, and waits for the answer.
    pub(crate) fn suspend(&self, line: &str, which: usize) {
        let desk = &self.desks[which % self.desks.len()];
        let report = format!("{{\"line\": \"{line}\", \"reason\": \"lost\"}}");
        let answer = ureq::post(format!("http://127.0.0.1:{}/telecom/suspend", desk.port))
            .header("authorization", format!("Bearer {OPERATOR_TOKEN}"))
            .send(report.as_bytes());
        assert_eq!(answer.unwrap().status(), 204);
    }

    /// A desk with keys of its own over the memory of this office.
    pub(crate) fn stranger(&self) -> Result<(), DeskError> {
        Desk::open(&config(&self.folder.join("stranger"), self.database())).map(drop)
    }

    /// A desk whose database is on another machine.
    pub(crate) fn over_the_network() -> Result<(), DeskError> {
        let folder = std::env::temp_dir().join(format!("desk-office-{}-elsewhere", std::process::id()));
        let refused = Desk::open(&config(&folder, Some("postgres://desk@192.0.2.1/desk"))).map(drop);
        fs::remove_dir_all(folder).ok();
        refused
    }

    fn spawn(&self, port: u16) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_desk"));
        command
            .args(["serve", "--trust-fixtures", "--public-url", PUBLIC_URL])
            // All of these wallets come from one address, which would be one network's share.
            .args(["--requests-per-second", "0"])
            .arg("--listen")
            .arg(format!("127.0.0.1:{port}"))
            .arg("--data")
            .arg(self.folder.join("desk"))
            .arg("--operator")
            .arg(format!("gaon-telecom={}", self.folder.join("operator").display()))
            .env_remove("DESK_DATABASE")
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(url) = &self.database {
            command.env("DESK_DATABASE", url);
        }
        command.spawn().unwrap()
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        for desk in &mut self.desks {
            desk.child.kill().ok();
            desk.child.wait().ok();
        }
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn config(data: &Path, database: Option<&str>) -> Config {
    let identity = DeskIdentity {
        id: DeskId::parse("centre.1").unwrap(),
        name_ko: "가온 주민센터".into(),
        name_en: "Gaon community centre".into(),
    };
    let mut config = Config::new(data, identity, Arc::new(SystemClock)).trusting_fixtures();
    config.database = database.map(|url| DatabaseUrl::parse(url).unwrap());
    config
}

/// Waits until a desk answers: it prints its URL then.
fn await_word(child: &mut Child) {
    let mut word = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut word).unwrap();
    assert_eq!(word.trim(), PUBLIC_URL, "a desk did not start");
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap().port()
}

/// Who sees citizens and hands them offers: another process over the same memory.
pub(crate) struct Clerk(Issuer);

impl Clerk {
    pub(crate) fn open(data: &Path, database: Option<&str>) -> Self {
        Self(Desk::open(&config(data, database)).unwrap().serving_at(PUBLIC_URL.to_owned()))
    }

    /// The key that counter packs are signed with, as counters know it.
    pub(crate) fn pack_authority(&self) -> Vec<u8> {
        self.0.pki().pack_authority.key.public().as_sec1().to_vec()
    }

    pub(crate) fn offer(&self, citizen: &Person) -> Offer {
        self.0.offer(citizen, None, now()).unwrap()
    }

    /// Records whose line it is, after the operator's own-name check.
    pub(crate) fn record_line(&self, citizen: &Person, line: &str) {
        let line = SubscriberLine::parse(line).unwrap();
        self.0.record_line(citizen, &line, FIXTURE_OPERATOR, None, now()).unwrap();
    }
}

/// The n-th synthetic citizen: of age, with a name, a number and an address of their own. Their number ends in zeros, as no
/// number that was given out does.
pub(crate) fn citizen(number: u32) -> Person {
    static PORTRAIT: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    let portrait = PORTRAIT.get_or_init(|| people::adult().portrait()).clone();
    let (day, sex) = (number / 2, number % 2 + 1);
    let birth = Date::parse("1940-01-01").unwrap().plus_days(i64::from(day)).unwrap();
    let digits: String = birth.to_string().chars().filter(char::is_ascii_digit).skip(2).collect();
    let registration = format!("{digits}-{sex}000000");
    Person::new(
        &format!("가온{number}"),
        &format!("GAON {number}"),
        birth,
        RegistrationNumber::parse(&registration).unwrap(),
        &format!("가온시 시험로 {number}"),
        Date::parse("2024-03-04").unwrap(),
        "가온시장",
        portrait,
    )
}
