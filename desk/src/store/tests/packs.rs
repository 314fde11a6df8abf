//! What counter packs list, and that they stay small enough to be read.

use std::sync::Arc;

use fixtures::platform::SteppedClock;
use wallet_core::counter::{
    DeskId,
    pack::{CounterPack, StatusSet},
};
use wallet_core::verify::{Counter, DeskSettings};

use super::*;
use crate::{
    Config, Desk, DeskIdentity,
    issuer::Issuer,
    pages::counter::{Checker, bring_up},
};

const HOUR: i64 = 3600;

/// An issuer with keys and a memory of its own.
struct Office {
    issuer: Issuer,
    identity: DeskIdentity,
    folder: std::path::PathBuf,
}

impl Office {
    fn open() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("desk-packs-{}-{count}", std::process::id()));
        let id = DeskId::parse("centre.1").unwrap();
        let identity = DeskIdentity { id, name_ko: "가온".into(), name_en: "Gaon".into() };
        let config = Config::new(folder.clone(), identity.clone(), Arc::new(SteppedClock::new(NOW)));
        Self { issuer: Desk::open(&config).unwrap(), identity, folder }
    }

    fn listed(&self, now: i64) -> Vec<u32> {
        let pack = self.issuer.counter_pack(now).unwrap();
        let authority = &self.issuer.pki().pack_authority.key;
        let pack = CounterPack::verify(&pack, authority.public()).unwrap();
        let StatusSet { deactivated, .. } = pack.content().status.clone().unwrap();
        deactivated
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// Copies from one index on, far apart, retired at that moment.
fn retired(store: &Store, indices: impl Iterator<Item = u32> + Clone, staples: StapleSpan, at: i64) {
    let person = [u8::try_from(at % 251).unwrap(); 32];
    store
        .write(|tx| {
            for index in indices.clone() {
                let cti = [&[0; 4][..], &index.to_be_bytes()].concat();
                let row = CopyRow { cti: &cti, status_index: index, level: "adult", staples };
                insert_copy(tx, &person, None, &row, at - HOUR)?;
            }
            Ok(())
        })
        .unwrap();
    store.release(&person, at).unwrap();
}

#[test]
fn a_pack_of_three_hundred_thousand_retired_copies_is_read_by_a_counter() {
    let office = Office::open();
    let indices = (0..300_000_u32).map(|count| count * 223 + count * 7919 % 223);
    let checker = Checker::default();
    let check = |now| checker.check(&office.issuer, &office.identity, "", now);
    let before = check(NOW).unwrap().pack_sequence;
    retired(office.issuer.store(), indices.clone(), SPAN, NOW);
    assert_eq!(office.listed(NOW), indices.collect::<Vec<_>>());
    assert!(office.issuer.counter_pack(NOW).unwrap().len() < 600_000);
    assert!(check(NOW).unwrap().pack_sequence > before, "the desk's own counter goes on with the new one");
}

#[test]
fn a_pack_lists_what_a_counter_could_still_accept_and_nothing_else() {
    let office = Office::open();
    let store = office.issuer.store();
    retired(store, 1..2, SPAN, NOW);
    retired(store, 2..3, StapleSpan { first_hour: 0, hours: 0 }, NOW);
    retired(store, 3..4, SPAN, NOW - 24 * HOUR);
    retired(store, 4..5, SPAN, NOW - 30 * HOUR);
    retired(store, 5..6, SPAN, NOW - 70 * 24 * HOUR);
    let batch = access(10, 1, 1);
    let line = [5; 32];
    store.bind_line(&line, &batch.person, "first", NOW).unwrap();
    bind(store, batch, &[copy(b"copy---a", 7)]);
    store.suspend_line(&line, &said_by("first"), NOW).unwrap();
    assert_eq!(office.listed(NOW), [1, 3, 7], "no photo ID, and none whose staples are too old already");
    assert_eq!(office.listed(NOW + 30 * HOUR), [0_u32; 0]);
    office.issuer.declare_outage(Some(NOW + 80 * HOUR), NOW).unwrap();
    assert_eq!(office.listed(NOW + 30 * HOUR), [1, 3, 4, 7], "staples of any age are taken");
    assert_eq!(office.listed(NOW + 81 * HOUR), [0_u32; 0]);
    store.resume_line(&line, &said_by("first"), NOW).unwrap();
}

#[test]
fn a_counter_that_cannot_read_the_desks_pack_decides_nothing_by_the_old_one() {
    let office = Office::open();
    let authority = office.issuer.pki().pack_authority.key.public().as_sec1().to_vec();
    let first = office.issuer.counter_pack(NOW).unwrap();
    let counter = Counter::open(first.clone(), authority.clone(), 0, DeskSettings::default(), NOW).unwrap();
    let second = office.issuer.counter_pack(NOW + 100).unwrap();
    let given = |pack: &[u8]| bring_up(&counter, pack.to_vec(), authority.clone(), NOW + 100);
    assert!(given(&second[..second.len() - 1]).is_err());
    assert!(given(&second).is_ok());
    assert!(given(&first).is_ok(), "one made a moment earlier is not taken, and is no reason to stop");
    let newest = u64::try_from(NOW + 100).unwrap();
    assert_eq!(counter.check("", NOW + 100, 0).pack_sequence, newest);
}
