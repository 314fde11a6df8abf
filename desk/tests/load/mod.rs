//! Synthetic citizens, each with a wallet, at desks that are killed as they are.

mod crowd;
mod phases;

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Sender, channel},
    thread,
    time::Instant,
};

use fixtures::postgres::{Durability, PostgresServer};

use crate::fleet::{
    Office,
    wallet::{End, Net, Wallet},
};

/// Processes of wallets, when they are killed.
const PROCESSES: u32 = 4;
/// One citizen from the clerk to the ID in the wallet, in the report.
const WHOLE: &str = "an ID, whole";
/// Every so many citizens try with two phones at once, when there are kills.
const TWO_PHONES: u32 = 8;

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    citizens: u32,
    /// At once.
    wallets: u32,
    kills: u32,
    desks: u32,
    seed: u32,
}

impl Plan {
    /// A few, more than there are wallets at once; or what the environment says.
    fn of(desks: u32) -> Self {
        Self {
            citizens: asked("LOAD_CITIZENS").unwrap_or(72),
            wallets: asked("LOAD_WALLETS").unwrap_or(64),
            kills: asked("LOAD_KILLS").unwrap_or(6),
            desks: asked("LOAD_DESKS").unwrap_or(desks),
            seed: asked("LOAD_SEED").unwrap_or_else(std::process::id),
        }
    }

    const fn processes(&self) -> u32 {
        if self.kills == 0 { 1 } else { PROCESSES }
    }

    /// How many phones a citizen tries with.
    const fn phones_of(&self, citizen: u32) -> u32 {
        if self.kills > 0 && citizen.is_multiple_of(TWO_PHONES) { 2 } else { 1 }
    }

    /// Every phone: whose it is and which of theirs, and the name of its files.
    fn phones(&self) -> impl Iterator<Item = (u32, String)> {
        let phones =
            |citizen| (0..self.phones_of(citizen)).map(move |phone| (citizen, format!("{citizen}-{phone}")));
        (0..self.citizens).flat_map(phones)
    }
}

fn asked(name: &str) -> Option<u32> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[test]
#[ignore = "ci/stores runs it"]
fn load_over_a_file() {
    run(Plan::of(1), None);
}

#[test]
#[ignore = "ci/stores runs it"]
fn load_over_one_database() {
    let Some(server) = PostgresServer::start(Durability::Service) else { return };
    run(Plan::of(3), Some(server.make_database()));
}

#[test]
#[ignore = "a part of the load, started by it in a process of its own"]
fn a_process_of_wallets() {
    crowd::run();
}

/// What a process of wallets says.
enum Said {
    /// A wallet has come to its end.
    Ended,
    /// The process is over.
    Over { which: u32, life: u32 },
}

/// A process of wallets.
struct Shard {
    child: Child,
    life: u32,
    over: bool,
}

fn run(plan: Plan, database: Option<String>) {
    println!("load: {} over {plan:?}", if database.is_some() { "PostgreSQL" } else { "SQLite" });
    let mut office = Office::open(database, usize::try_from(plan.desks).unwrap());
    fs::create_dir_all(office.journals()).unwrap();
    let (said, heard) = channel();
    let begun = Instant::now();
    let mut shards: Vec<Shard> =
        (0..plan.processes()).map(|which| Shard::start(&office, &plan, which, 0, &said)).collect();
    let mut random = Random(u64::from(plan.seed) | 1);
    let phones = u32::try_from(plan.phones().count()).unwrap();
    // Kills are spread over the phones: after every so many that came to their end, one.
    let between = (phones / (plan.kills + 1)).max(1);
    let (mut ended, mut desks_killed, mut wallets_killed) = (0, 0, 0);
    while shards.iter().any(|shard| !shard.over) {
        match heard.recv().unwrap() {
            Said::Ended => ended += 1,
            Said::Over { which, life } => {
                let shard = &mut shards[usize::try_from(which).unwrap()];
                if shard.life == life {
                    assert!(shard.child.wait().unwrap().success(), "wallets failed; {plan:?}");
                    shard.over = true;
                }
            }
        }
        let killed = desks_killed + wallets_killed;
        if killed < plan.kills && ended >= between * (killed + 1) {
            let which = random.below(plan.processes());
            let shard = &mut shards[usize::try_from(which).unwrap()];
            if killed % 2 == 0 || shard.over {
                office.kill_and_restart(usize::try_from(random.below(plan.desks)).unwrap());
                desks_killed += 1;
            } else {
                shard.child.kill().unwrap();
                shard.child.wait().unwrap();
                *shard = Shard::start(&office, &plan, which, shard.life + 1, &said);
                wallets_killed += 1;
            }
        }
    }
    let elapsed = begun.elapsed().as_secs_f64();
    report(&office.journals(), elapsed);
    let (has, issued) = verify(&office, &plan);
    println!(
        "load: {has} of {} citizens have their ID, {issued} copies, {:.1} IDs each second; \
         {desks_killed} desks and {wallets_killed} wallet processes killed; none lost, none double",
        plan.citizens,
        f64::from(plan.citizens) / elapsed,
    );
    assert_eq!(desks_killed + wallets_killed, plan.kills, "{plan:?}");
    println!("load: renewals");
    let renewed = phases::renew(&office, &plan);
    assert!(plan.kills > 0 || renewed == has, "somebody could not renew; {plan:?}");
    println!("load: counters");
    let accepted = phases::check(&office, &plan);
    assert_eq!(accepted, has, "somebody could not show; {plan:?}");
    println!("load: phones that wait");
    phases::wait(&office, &plan);
    let (still, copies) = verify(&office, &plan);
    assert_eq!((still, copies), (has, issued), "{plan:?}");
    println!("load: {renewed} of {has} renewed their copies, {accepted} accepted; none lost");
}

impl Shard {
    fn start(office: &Office, plan: &Plan, which: u32, life: u32, said: &Sender<Said>) -> Self {
        let Plan { citizens, wallets, kills, desks: _, seed } = plan;
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "load::a_process_of_wallets", "--ignored", "--nocapture"])
            .env("LOAD_SHARD", which.to_string())
            .env("LOAD_LIFE", life.to_string())
            .env("LOAD_CITIZENS", citizens.to_string())
            .env("LOAD_WALLETS", wallets.to_string())
            .env("LOAD_KILLS", kills.to_string())
            .env("LOAD_SEED", seed.to_string())
            .env("LOAD_FOLDER", office.folder())
            .env("LOAD_ADDRESSES", office.addresses().join(" "))
            .env_remove("DESK_DATABASE")
            .stdout(Stdio::piped());
        if let Some(url) = office.database() {
            command.env("DESK_DATABASE", url);
        }
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let said = said.clone();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if line.ends_with("ended") {
                    said.send(Said::Ended).ok();
                }
            }
            said.send(Said::Over { which, life }).ok();
        });
        Self { child, life, over: false }
    }
}

/// What each call took, over all wallets, and how many there were in a second.
fn report(journals: &Path, elapsed: f64) {
    let mut times = Times::new();
    for file in fs::read_dir(journals).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "times") {
            continue;
        }
        for line in fs::read_to_string(file).unwrap().lines() {
            let (kind, took) = line.split_once('\t').unwrap();
            times.entry(kind.to_owned()).or_default().push(took.parse().unwrap());
        }
    }
    print(times, elapsed);
}

/// What each kind of call took, microseconds.
type Times = BTreeMap<String, Vec<u32>>;

fn print(times: Times, elapsed: f64) {
    for (kind, mut took) in times {
        took.sort_unstable();
        let at = |hundredth: usize| f64::from(took[(took.len() - 1) * hundredth / 100]) / 1000.0;
        let each_second = f64::from(u32::try_from(took.len()).unwrap()) / elapsed;
        println!(
            "load: {kind:22} {:7} calls, {each_second:7.1} each second, p50 {:8.1} ms, p99 {:8.1} ms",
            took.len(),
            at(50),
            at(99)
        );
    }
}

/// Asks the issuer about every wallet: it vouches for all copies of whoever was told that they have the ID, and for one phone
/// of each citizen. Gives how many citizens have it, and how many copies.
fn verify(office: &Office, plan: &Plan) -> (usize, usize) {
    let net = Net::new(&office.addresses(), 0);
    let mut phones: BTreeMap<u32, usize> = BTreeMap::new();
    let mut issued = 0;
    for (citizen, name) in plan.phones() {
        let wallet = Wallet::open(office.journals().join(&name));
        match wallet.ended() {
            Some(End::Has(copies)) => {
                assert_eq!(
                    wallet.vouched_at_last(&net, &copies),
                    copies.len(),
                    "{name} lost copies; {plan:?}"
                );
                issued += copies.len();
                *phones.entry(citizen).or_default() += 1;
            }
            Some(End::Refused(_)) => assert_eq!(plan.phones_of(citizen), 2, "{name} was refused; {plan:?}"),
            other => panic!("{name}: {other:?}; {plan:?}"),
        }
    }
    assert_eq!(phones.len(), usize::try_from(plan.citizens).unwrap(), "somebody has nothing; {plan:?}");
    assert!(phones.values().all(|phones| *phones == 1), "somebody has two; {plan:?}");
    (phones.len(), issued)
}

/// Numbers that a seed decides. xorshift64, Marsaglia 2003.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % u64::from(bound)).unwrap()
    }
}
