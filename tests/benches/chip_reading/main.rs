//! Reading the virtual card in process, beside what no reading can do without.

#[path = "../../../fuzz/src/chip.rs"]
#[expect(dead_code, reason = "the world of the fuzz targets holds more than benches need")]
mod world;

mod air;
#[cfg(feature = "peers")]
mod peer;

use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fixtures::{
    chip::{Cipher, Curve, VirtualCard},
    people, pki,
};
use ring::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, UnparsedPublicKey};
use wallet_core::{
    chip::{ChipData, Reading, Step, active_auth, passive_auth},
    crypto::{
        aes::{AesKey, KeyLength, Purpose},
        agreement::{Element, Group, PrivateKey, map_generator},
        domain::Curve as Numbers,
        hash::sha256,
    },
    platform::LinkLimits,
    trust::{Anchors, Certificate},
};

const NOW: i64 = 1_795_570_000;
const SUITES: [(&str, Cipher, Curve, Group, KeyLength); 3] = [
    ("P-256, AES-128", Cipher::Aes128, Curve::P256, Group::Curve(Numbers::P256), KeyLength::Aes128),
    (
        "brainpoolP256r1, AES-256",
        Cipher::Aes256,
        Curve::BrainpoolP256r1,
        Group::Curve(Numbers::BrainpoolP256r1),
        KeyLength::Aes256,
    ),
    ("P-384, AES-256", Cipher::Aes256, Curve::P384, Group::Curve(Numbers::P384), KeyLength::Aes256),
];

/// One reading: what the card answered, and what was read.
struct Recorded {
    responses: Vec<Vec<u8>>,
    data: ChipData,
    bytes: usize,
}

fn card(cipher: Cipher, curve: Curve) -> VirtualCard {
    VirtualCard::of(&people::adult()).pace(cipher, curve).seeded([6; 32]).build()
}

fn read(limits: LinkLimits, mut answer: impl FnMut(&[u8]) -> Vec<u8>) -> ChipData {
    let (mut reading, mut step) = Reading::begin(world::plan(limits)).unwrap();
    loop {
        match step {
            Step::Transmit(command) => (reading, step) = reading.handle(&answer(&command)).unwrap(),
            Step::AskServer => panic!("no server is to hear the chip"),
            Step::Done(data) => return *data,
        }
    }
}

fn record(card: &mut VirtualCard, limits: LinkLimits) -> Recorded {
    let (mut responses, mut bytes) = (Vec::new(), 0);
    let data = read(limits, |command| {
        let response = card.process(command);
        bytes += command.len() + response.len();
        responses.push(response.clone());
        response
    });
    Recorded { responses, data, bytes }
}

/// Generic mapping on the reader's side: five multiplications. ICAO Doc 9303-11, 4.4.
fn pace_multiplications(group: Group) -> Element {
    let key = |byte| PrivateKey::derive(group, &[byte; PrivateKey::SEED]).unwrap();
    let generator = Element::generator(group);
    let (mine, theirs) = (key(1), key(2));
    let card_point = theirs.multiply(&generator).unwrap();
    let shared = mine.multiply(&card_point).unwrap();
    let mapped = map_generator(&[3; 16], &shared).unwrap();
    let ephemeral = key(4).multiply(&mapped).unwrap();
    key(5).multiply(&ephemeral).unwrap()
}

fn reading(criterion: &mut Criterion) {
    for (name, cipher, curve, group, length) in SUITES {
        for (link, limits) in [("extended", world::LONG), ("short", world::SHORT)] {
            let recorded = record(&mut card(cipher, curve), limits);
            let apdus = u64::from(recorded.data.apdus);
            eprintln!("{name}, {link}: {apdus} APDUs, {} bytes on the link", recorded.bytes);
            let mut measured = criterion.benchmark_group(format!("reading/{name}/{link}"));
            measured.throughput(Throughput::Elements(apdus));
            measured.bench_function("reader alone", |bencher| {
                bencher.iter(|| {
                    let mut responses = recorded.responses.iter();
                    read(limits, |_| responses.next().unwrap().clone())
                });
            });
            measured.bench_function("reader and card", |bencher| {
                bencher.iter_batched_ref(
                    || card(cipher, curve),
                    |card| read(limits, |command| card.process(command)),
                    BatchSize::SmallInput,
                );
            });
            let key = AesKey::derive(b"a shared secret", Purpose::Encryption, length);
            let volume = vec![0xA5; recorded.bytes.next_multiple_of(16)];
            measured.bench_function("floor", |bencher| {
                bencher.iter(|| {
                    let point = pace_multiplications(group);
                    let plain = key.decrypt_cbc(&[0; 16], &volume).unwrap();
                    (point, plain, key.cmac(&[&volume]).unwrap())
                });
            });
        }
    }
}

fn believing(criterion: &mut Criterion) {
    let mut chip = card(Cipher::Aes128, Curve::P256);
    let data = record(&mut chip, world::LONG).data;
    let csca = Certificate::parse(pki::csca().certificate()).unwrap();
    let anchors = Anchors::new(vec![csca]);
    let mut measured = criterion.benchmark_group("believing");
    measured.bench_function("passive and active authentication", |bencher| {
        bencher.iter(|| {
            let report = passive_auth::verify(&data.sod, &data.groups, &anchors, NOW).unwrap();
            let answer = data.active_auth.as_deref().unwrap();
            let dg14 = data.groups.get(&14).map(Vec::as_slice);
            let active =
                active_auth::verify(&data.groups[&15], dg14, &[1, 2, 3, 4, 5, 6, 7, 8], answer).unwrap();
            (report, active)
        });
    });
    // The authority signed the signer (P-384), the signer the hashes, the chip the challenge (P-256).
    let message = [7; 200];
    let by_csca = pki::csca().key().sign_ecdsa_der(&message);
    let by_signer = pki::dsc().key().sign_ecdsa_der(&message);
    let authority = UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, pki::csca().key().public_key());
    let signer = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, pki::dsc().key().public_key());
    let volume: Vec<u8> = data.groups.values().flatten().copied().collect();
    measured.bench_function("floor", |bencher| {
        bencher.iter(|| {
            authority.verify(&message, &by_csca).unwrap();
            signer.verify(&message, &by_signer).unwrap();
            signer.verify(&message, &by_signer).unwrap();
            sha256(&volume)
        });
    });
}

fn peer(criterion: &mut Criterion) {
    #[cfg(feature = "peers")]
    peer::peer(criterion);
    #[cfg(not(feature = "peers"))]
    let _ = criterion;
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = reading, peer, believing, air::air, air::core
}
criterion_main!(benches);
