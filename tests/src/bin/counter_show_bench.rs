//! The Rust twin of `CounterShowBench` (Kotlin) and `Bench show` (Swift): the time of one whole counter show that is spent outside the
//! seam's own methods. What either of them takes more is what its binding costs. Like theirs, it waits at each prompt for `wallet simulator`
//! (`WALLET_SIMULATOR`), a process of its own: what a processor forgets while it waits is no binding's fault. `docs/benchmarks.md`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench that fails has nothing to report"
)]

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use fixtures::people;
use serde_json::{Value, json};
use tests::{
    prompting::{BeforePrompt, Prompting},
    scene::Scene,
};
use wallet_core::{
    card::Disclosure,
    platform::{
        Anchor, AnchorError, Clock, ClockError, CreatedKeys, HolderKeyId, InstanceKeyId, KeyPolicy, KeyStore,
        KeyStoreError, Now, Prompt, SignRequest, WrapKeyId,
    },
    wallet::{Platform, UnlockWith, Wallet, WalletConfig},
};

const WARM_UP: usize = 100;
const ROUNDS: usize = 300;
const FRAMES: i64 = 4;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let rounds = std::env::args().nth(1).map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let scene = Scene::new().await;
    let phone = scene.phone("bench").await;
    let card = phone.enrol(&people::adult()).await.unwrap().id;
    let (platform, config) = (phone.platform.clone(), phone.config.clone());
    drop(phone);

    let folder = Path::new(&config.vault_path).parent().unwrap().to_owned();
    let files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
        .collect();
    let state = platform.anchor.load().await.unwrap();
    let watch = Arc::new(Stopwatch::default());
    let simulator = std::env::var("WALLET_SIMULATOR").unwrap();
    let asked = Prompting::new(platform.key_store.clone(), Elsewhere::begin(&simulator));
    let timed = Platform {
        key_store: Arc::new(Timed::<dyn KeyStore>(asked, watch.clone())),
        anchor: Arc::new(Timed(platform.anchor.clone(), watch.clone())),
        clock: Arc::new(Timed(platform.clock.clone(), watch.clone())),
        ..platform.clone()
    };
    let mut outside = Vec::new();
    for round in 0..WARM_UP + rounds {
        for entry in std::fs::read_dir(&folder).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        for (path, bytes) in &files {
            std::fs::write(path, bytes).unwrap();
        }
        platform.anchor.store(state.clone()).await.unwrap();
        watch.reset();
        let begin = Instant::now();
        show(timed.clone(), config.clone(), &card).await;
        let total = u64::try_from(begin.elapsed().as_nanos()).unwrap();
        if round >= WARM_UP {
            outside.push(total.saturating_sub(watch.nanoseconds.load(Ordering::Relaxed)));
        }
    }
    outside.sort_unstable();
    let at = |percent: usize| outside.get(outside.len() * percent / 100).copied().unwrap_or_default() / 1000;
    println!(
        r#"{{"rounds":{rounds},"best_us":{},"p10_us":{},"median_us":{},"p95_us":{},"seam_calls":{},"language":"rust"}}"#,
        at(0),
        at(10),
        at(50),
        at(95),
        watch.calls.load(Ordering::Relaxed)
    );
}

/// Open, unlock, show, four frames fifteen seconds apart, close.
async fn show(platform: Platform, config: WalletConfig, card: &str) {
    let wallet = Wallet::open(platform, config).await.unwrap();
    wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    let show = wallet.show_at_counter(card.to_owned(), Disclosure::AdultOnly, None).await.unwrap();
    let begin = show.ends_at() - 180;
    for frame in 0..FRAMES {
        show.frame(Now { unix_seconds: begin + frame * 15 }).unwrap();
    }
}

/// Time spent inside the seam.
#[derive(Default)]
struct Stopwatch {
    nanoseconds: AtomicU64,
    calls: AtomicU64,
}

impl Stopwatch {
    fn reset(&self) {
        self.nanoseconds.store(0, Ordering::Relaxed);
        self.calls.store(0, Ordering::Relaxed);
    }

    fn add(&self, begin: Instant) {
        let took = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(took, Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Relaxed);
    }
}

/// A seam's part, timed.
struct Timed<T: ?Sized>(Arc<T>, Arc<Stopwatch>);

impl<T: ?Sized> Timed<T> {
    async fn during<R>(&self, call: impl Future<Output = R>) -> R {
        let begin = Instant::now();
        let result = call.await;
        self.1.add(begin);
        result
    }
}

impl Clock for Timed<dyn Clock> {
    fn now(&self) -> Result<Now, ClockError> {
        let begin = Instant::now();
        let now = self.0.now();
        self.1.add(begin);
        now
    }
}

#[async_trait::async_trait]
impl Anchor for Timed<dyn Anchor> {
    async fn load(&self) -> Result<Vec<u8>, AnchorError> {
        self.during(self.0.load()).await
    }

    async fn store(&self, bytes: Vec<u8>) -> Result<Vec<u8>, AnchorError> {
        self.during(self.0.store(bytes)).await
    }
}

/// A phone in another process.
struct Elsewhere {
    process: Child,
    phone: Mutex<BufReader<TcpStream>>,
    key: Value,
}

impl Elsewhere {
    fn begin(simulator: &str) -> Self {
        let mut process = Command::new(simulator)
            .arg("simulator")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let stream = TcpStream::connect(ready["phone"].as_str().unwrap()).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut elsewhere = Self { process, phone: Mutex::new(BufReader::new(stream)), key: Value::Null };
        elsewhere.ask(&json!({ "phone": "bench" }));
        let made = elsewhere.ask(&json!({
            "op": "create", "purpose": "instance", "user_authentication": "none", "residence": "secure_element",
            "challenge": "AAAA", "count": 1,
        }));
        elsewhere.key = made["keys"][0]["id"].clone();
        elsewhere
    }

    fn ask(&self, request: &Value) -> Value {
        let mut phone = self.phone.lock().unwrap();
        phone.get_mut().write_all(format!("{request}\n").as_bytes()).unwrap();
        let mut line = String::new();
        phone.read_line(&mut line).unwrap();
        let mut answer: Value = serde_json::from_str(&line).unwrap();
        assert!(answer["ok"].is_object(), "the simulator says {answer}");
        answer["ok"].take()
    }
}

#[async_trait::async_trait]
impl BeforePrompt for Elsewhere {
    /// Signs, as a key store's answer to a prompt mostly is.
    async fn before(&self) -> Result<(), KeyStoreError> {
        self.ask(&json!({ "op": "sign_instance", "key": self.key, "message": "AAAA" }));
        Ok(())
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

#[async_trait::async_trait]
impl KeyStore for Timed<dyn KeyStore> {
    async fn create(
        &self,
        policy: KeyPolicy,
        challenge: Vec<u8>,
        count: u32,
    ) -> Result<CreatedKeys, KeyStoreError> {
        self.during(self.0.create(policy, challenge, count)).await
    }

    async fn sign(
        &self,
        key: HolderKeyId,
        requests: Vec<SignRequest>,
        prompt: Prompt,
    ) -> Result<Vec<Vec<u8>>, KeyStoreError> {
        self.during(self.0.sign(key, requests, prompt)).await
    }

    async fn sign_instance(&self, key: InstanceKeyId, message: Vec<u8>) -> Result<Vec<u8>, KeyStoreError> {
        self.during(self.0.sign_instance(key, message)).await
    }

    async fn wrap(&self, key: WrapKeyId, plain: Vec<u8>) -> Result<Vec<u8>, KeyStoreError> {
        self.during(self.0.wrap(key, plain)).await
    }

    async fn unwrap(
        &self,
        key: WrapKeyId,
        wrapped: Vec<u8>,
        prompt: Option<Prompt>,
    ) -> Result<Vec<u8>, KeyStoreError> {
        self.during(self.0.unwrap(key, wrapped, prompt)).await
    }

    async fn delete(&self, ids: Vec<String>) -> Result<Vec<String>, KeyStoreError> {
        self.during(self.0.delete(ids)).await
    }
}
