//! Time on the air, by the link model of the fixtures: ours, the floor of the model, and other authors' readers over the same chip
//! and link. And the core's own time for a whole reading, checks and all.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use criterion::Criterion;
use fixtures::{
    chip::{ChipAuthentication, Cipher, Curve, Door, LinkModel, ModelledLink, VirtualCard, VirtualLink},
    people, pki,
    platform::FixedClock,
};
use wallet_core::{
    platform::{CardLink, LinkError, LinkLimits},
    wallet::{CardAccessView, CardReading, WalletError},
};

use super::NOW;

const RATES: [u32; 4] = [106, 212, 424, 848];

/// With both proofs: active authentication by P-256, chip authentication by P-256 and AES-128.
fn card() -> VirtualCard {
    VirtualCard::of(&people::adult()).chip_authentication(ChipAuthentication::AES_128).seeded([6; 32]).build()
}

pub(super) fn link(model: LinkModel, extended: bool) -> ModelledLink {
    let link = VirtualLink::new(card());
    ModelledLink::new(if extended { link } else { link.short() }, model)
}

fn reading(link: Arc<dyn CardLink>) -> Arc<CardReading> {
    let access = CardAccessView::Can { can: b"123456".to_vec() };
    let roots = vec![pki::csca().certificate().to_vec()];
    CardReading::new(link, access, roots, Arc::new(FixedClock::new(NOW)), None).unwrap()
}

/// Reads by the facade, tapping again whenever the card is lost. Gives the number of commands and the time on the air.
fn read(model: LinkModel, extended: bool, seed: u64) -> (u32, Duration) {
    let link = Arc::new(link(model, extended).seeded(seed));
    let reading = reading(link.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    loop {
        match runtime.block_on(reading.run(Some(vec![7; 8]))) {
            Ok(_) => return (link.commands(), link.elapsed()),
            Err(WalletError::CardLost) => link.tap_again(),
            Err(error) => panic!("{error}"),
        }
    }
}

fn floor(model: LinkModel, extended: bool) -> (u32, Duration) {
    let card = card();
    let length = |id| card.file(id).map_or(0, <[u8]>::len);
    let files = [0x011D, 0x010F, 0x010E, 0x0101, 0x010B, 0x010C, 0x0102].map(length);
    model.floor(length(0x011C), &files, &Door { point: 65, signature: 64 }, extended)
}

pub(super) fn air(criterion: &mut Criterion) {
    for kilobits in RATES {
        let model = LinkModel::at(kilobits);
        for (form, extended) in [("extended", true), ("short", false)] {
            let (apdus, time) = read(model, extended, 1);
            let (fewest, least) = floor(model, extended);
            eprintln!(
                "{kilobits} kbit/s, {form}: {apdus} APDUs, {time:.2?}; floor {fewest} APDUs, {least:.2?}; ratio {:.3}",
                time.as_secs_f64() / least.as_secs_f64()
            );
            #[cfg(feature = "peers")]
            if !extended {
                let link = link(model, extended);
                super::peer::read_over(&link);
                eprintln!("{kilobits} kbit/s, dmrtd: {} APDUs, {:.2?}", link.commands(), link.elapsed());
            }
            by_jmrtd(kilobits, model, extended);
        }
    }
    for lost_per_mille in [5, 20] {
        let model = LinkModel { lost_per_mille, ..LinkModel::at(424) };
        let times: Vec<Duration> = (0..40).map(|seed| read(model, false, seed).1).collect();
        let mean = times.iter().sum::<Duration>() / 40;
        eprintln!("424 kbit/s, short, {lost_per_mille} of 1000 exchanges lost: {mean:.2?} on average of 40");
    }
    let mut measured = criterion.benchmark_group("on the air at 424 kbit/s");
    for (form, extended) in [("extended", true), ("short", false)] {
        measured.bench_function(form, |bencher| {
            bencher.iter_custom(|times| {
                (0..times)
                    .map(|_| {
                        let begun = Instant::now();
                        let (_, time) = read(LinkModel::at(424), extended, 1);
                        time + begun.elapsed()
                    })
                    .sum()
            });
        });
    }
}

/// JMRTD over the same chip and link, where `JMRTD_JAR` names its driver.
fn by_jmrtd(kilobits: u32, model: LinkModel, extended: bool) {
    let Some(jar) = std::env::var_os("JMRTD_JAR") else { return };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options: &[&str] = if extended { &["--extended", "--sfi", "--block=4000"] } else { &["--sfi"] };
    let mut terminal = std::process::Command::new("java")
        .arg("-jar")
        .arg(jar)
        .args([&format!("--tcp={port}"), "--can=123456"])
        .args(options)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let link = link(model, extended);
    let deadline = Instant::now() + Duration::from_secs(60);
    while fixtures::vpcd::play_over(&link, ("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "JMRTD does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    terminal.wait().unwrap();
    let form = if extended { "extended" } else { "short" };
    eprintln!("{kilobits} kbit/s, {form}, JMRTD: {} APDUs, {:.2?}", link.commands(), link.elapsed());
}

/// A card whose own computing is counted, to be taken off.
struct Metered {
    link: VirtualLink,
    spent: Mutex<Duration>,
}

#[async_trait::async_trait]
impl CardLink for Metered {
    async fn transceive(&self, apdu: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        let begun = Instant::now();
        let answer = self.link.transceive_now(&apdu);
        *self.spent.lock().unwrap() += begun.elapsed();
        answer
    }

    async fn limits(&self) -> Result<LinkLimits, LinkError> {
        self.link.limits().await
    }
}

/// The core's time for a whole reading with every proof, from the first command to the verified evidence.
pub(super) fn core(criterion: &mut Criterion) {
    let key = |cipher, curve| ChipAuthentication { cipher, curve, key_id: None, announced: true };
    let cards = [
        ("P-256, AES-128", key(Cipher::Aes128, Curve::P256)),
        ("brainpoolP256r1, AES-256", key(Cipher::Aes256, Curve::BrainpoolP256r1)),
        ("P-521, AES-256", key(Cipher::Aes256, Curve::P521)),
        ("brainpoolP512r1, AES-256", key(Cipher::Aes256, Curve::BrainpoolP512r1)),
        ("DH 2048, AES-128", key(Cipher::Aes128, Curve::Modp2048Order256)),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut measured = criterion.benchmark_group("core time of a whole reading");
    for (name, key) in cards {
        for (form, short) in [("extended", false), ("short", true)] {
            measured.bench_function(format!("{name}, {form}"), |bencher| {
                bencher.iter_custom(|times| {
                    let mut sum = Duration::ZERO;
                    for _ in 0..times {
                        let card = VirtualCard::of(&people::adult()).pace(key.cipher, key.curve);
                        let link = VirtualLink::new(card.chip_authentication(key).build());
                        let link = if short { link.short() } else { link };
                        let link = Arc::new(Metered { link, spent: Mutex::default() });
                        let reading = reading(link.clone());
                        let begun = Instant::now();
                        runtime.block_on(reading.run(Some(vec![7; 8]))).unwrap();
                        sum += begun.elapsed().saturating_sub(*link.spent.lock().unwrap());
                    }
                    sum
                });
            });
        }
    }
}
