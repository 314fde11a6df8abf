//! What the vault does per show: reserving a copy before anything is signed, and spending it with its history entry.
//! Two commits that survive a power cut; the floor is the disk's.

use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
    path::PathBuf,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use fixtures::people;
use wallet_core::{
    bytes::Secret,
    card::{ActiveReason, Date, Disclosure, LifeCycle},
    platform::{HolderKeyId, WrapKeyId},
    vault::{Card, CopyId, Event, EventKind, Header, NewCopy, Reservation, Vault, WrappedKey},
};

/// Copies in a fresh pool, as an issuer's batch has them.
const POOL: u32 = 30;

struct Bench {
    folder: PathBuf,
    vault: Vault,
    made: u32,
}

impl Bench {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("vault-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let key = |alias: &str| WrappedKey { alias: WrapKeyId::new(alias), wrapped: vec![1; 60] };
        let header = Header { device: key("device"), person: key("person") };
        let (device, person) = (Secret::new([1; 32]), Secret::new([2; 32]));
        let vault = Vault::create(&folder.join("wallet.vault"), header, &device, &person).unwrap();
        let mut bench = Self { folder, vault, made: 0 };
        let card = Card {
            id: "card".into(),
            document: "resident_card".into(),
            enrolled_at: 1_790_000_000,
            valid_until: Date::parse("2029-11-23").unwrap(),
            state: LifeCycle::Active { reason: ActiveReason::Issued },
            person: people::adult().person(),
            levels: vec![Disclosure::AdultOnly],
        };
        let copies = bench.copies();
        bench.vault.store_card(&card, &copies, &[]).unwrap();
        bench
    }

    fn copies(&mut self) -> Vec<NewCopy> {
        self.made += POOL;
        (self.made - POOL..self.made)
            .map(|number| NewCopy {
                disclosure: Disclosure::AdultOnly,
                holder_key: HolderKeyId::new(format!("holder-{number}")),
                cti: number.to_be_bytes().to_vec(),
                sd_cwt: vec![0xA5; 330],
                portrait_salt: [3; 16],
                staple: None,
            })
            .collect()
    }

    /// As after a fetch of new copies; not measured.
    fn refill(&mut self) {
        let spent: Vec<CopyId> = self.vault.spent_keys().unwrap().into_iter().map(|(id, _)| id).collect();
        self.vault.forget_spent(&spent).unwrap();
        let copies = self.copies();
        self.vault.add_copies("card", &copies).unwrap();
    }

    fn reserve_and_spend(&mut self) -> Duration {
        let event = Event {
            at: 1_790_000_000,
            kind: EventKind::ShownAtCounter,
            level: Some(Disclosure::AdultOnly),
            counterparty: None,
        };
        loop {
            let start = Instant::now();
            match self.vault.reserve_copy("card", Disclosure::AdultOnly).unwrap() {
                Reservation::Copy(copy) => {
                    self.vault.spend_and_record(copy.id, Some(&event)).unwrap();
                    return start.elapsed();
                }
                Reservation::PoolEmpty => self.refill(),
            }
        }
    }
}

fn vault(criterion: &mut Criterion) {
    let mut bench = Bench::new();
    let mut measured = criterion.benchmark_group("vault");
    measured.bench_function("reserve and spend", |bencher| {
        bencher.iter_custom(|times| (0..times).map(|_| bench.reserve_and_spend()).sum());
    });
    let mut file = File::create(bench.folder.join("floor")).unwrap();
    measured.bench_function("floor: two pages written and synced", |bencher| {
        bencher.iter(|| {
            for _ in 0..2 {
                file.seek(SeekFrom::Start(0)).unwrap();
                file.write_all(&[0xA5; 4096]).unwrap();
                file.sync_data().unwrap();
            }
        });
    });
    measured.finish();
    std::fs::remove_dir_all(&bench.folder).unwrap();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    targets = vault
}
criterion_main!(benches);
