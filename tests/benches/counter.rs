//! The phone's frame and the counter's verdict, beside what neither can do without.

#[path = "../../fuzz/src/counter.rs"]
#[expect(dead_code, reason = "the world of the fuzz targets holds more than benches need")]
mod world;

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use fixtures::pki;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use wallet_core::{
    card::Disclosure,
    counter::Show,
    crypto::{
        chain::{Domain, derive_at},
        hash::sha256,
    },
    qr::QrCode,
};
use world::WORLD;

fn frame(criterion: &mut Criterion) {
    let mut measured = criterion.benchmark_group("counter frame");
    for (level, copy) in Disclosure::ALL.into_iter().zip(&WORLD.copies) {
        if !matches!(level, Disclosure::AdultOnly | Disclosure::RegistrationNumber) {
            continue;
        }
        let waiting = Show::begin(WORLD.plan(copy)).unwrap();
        let signature = WORLD.holder.sign(&waiting.request().message).unwrap();
        let show = waiting.handle(&signature).unwrap();
        let text = show.frame(WORLD.now).unwrap().text;
        eprintln!("{}: {} characters", level.name(), text.len());
        measured.bench_function(format!("text/{}", level.name()), |bencher| {
            bencher.iter(|| show.frame(black_box(WORLD.now)).unwrap());
        });
        measured.bench_function(format!("QR modules/{}", level.name()), |bencher| {
            bencher.iter(|| QrCode::encode(black_box(&text)).unwrap());
        });
    }
    measured.bench_function("beginning a show, signature included", |bencher| {
        bencher.iter(|| {
            let waiting = Show::begin(WORLD.plan(&WORLD.copies[0])).unwrap();
            let signature = WORLD.holder.sign(&waiting.request().message).unwrap();
            waiting.handle(&signature).unwrap()
        });
    });
}

fn check(criterion: &mut Criterion) {
    let text = WORLD.frame(&WORLD.copies[0]);
    assert!(WORLD.counter().check(&text, WORLD.now, 0).accepted);
    let mut measured = criterion.benchmark_group("counter check");
    measured.bench_function("verdict", |bencher| {
        bencher.iter_batched(
            || WORLD.counter(),
            |counter| counter.check(black_box(&text), WORLD.now, 0),
            BatchSize::SmallInput,
        );
    });
    let (issuer, holder) = (pki::counter_signer().key(), pki::dsc().key());
    // As long as the two Sig_structures of the frame are, near enough.
    let (claims, token) = ([1; 260], [2; 420]);
    let signatures = [issuer.sign_ecdsa(&claims), holder.sign_ecdsa(&token)];
    let key = |point| UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    let (issuer, holder) = (key(issuer.public_key()), key(holder.public_key()));
    measured.bench_function("floor: two signatures, their SHA-256, and one more", |bencher| {
        bencher.iter(|| {
            issuer.verify(&claims, &signatures[0]).unwrap();
            holder.verify(&token, &signatures[1]).unwrap();
            sha256(&token)
        });
    });
    // The staple of the copy's 700th hour leads back to its anchor in as many steps.
    measured.bench_function("floor: the staple's chain, 700 steps", |bencher| {
        bencher.iter(|| derive_at(Domain::Staple, &[1; 8], 0, black_box(&[2; 16]), 700).unwrap());
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    targets = frame, check
}
criterion_main!(benches);
