//! The vault's tests and what they share.

mod contents;
mod crash;
mod erase;
mod stored_form;
mod tamper;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::{
    bytes::Secret,
    card::{ActiveReason, Date, Disclosure, LifeCycle, Person, RegistrationNumber},
    platform::{HolderKeyId, InstanceKeyId, WrapKeyId},
};

/// A folder of one test, removed when it passes.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("vault-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("wallet.vault")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

fn device_key() -> Secret<32> {
    Secret::new([0xD1; 32])
}

fn person_key() -> Secret<32> {
    Secret::new([0xE2; 32])
}

fn header() -> Header {
    let key = |alias: &str, byte| WrappedKey { alias: WrapKeyId::new(alias), wrapped: vec![byte; 60] };
    Header { device: key("wrap-device", 1), person: key("wrap-person", 2) }
}

fn create(path: &Path) -> Vault {
    Vault::create(path, header(), &device_key(), &person_key()).unwrap()
}

/// Reads the header, opens and unlocks.
fn open(path: &Path, minimal_version: u64) -> Result<Vault, VaultError> {
    Vault::header(path)?;
    let mut vault = Vault::open(path, &device_key(), minimal_version)?;
    vault.unlock(&person_key())?;
    Ok(vault)
}

/// Somebody invented; the number belongs to nobody.
fn person(number: &str) -> Person {
    Person::new(
        "홍길동",
        "HONG GILDONG",
        Date::from_ymd(1990, 3, 14).unwrap(),
        RegistrationNumber::parse(number).unwrap(),
        "서울특별시 종로구 세종대로 209",
        Date::from_ymd(2024, 5, 1).unwrap(),
        "서울특별시 종로구청장",
        vec![0xFF, 0xD8, 0xFF, 0x00],
    )
}

fn card(id: &str) -> Card {
    Card {
        id: id.to_owned(),
        document: "resident_card".to_owned(),
        enrolled_at: 1_790_000_000,
        valid_until: Date::parse("2029-11-23").unwrap(),
        state: LifeCycle::Active { reason: ActiveReason::Issued },
        person: person("900314-2000000"),
        levels: vec![Disclosure::AdultOnly, Disclosure::Full],
    }
}

fn copy(disclosure: Disclosure, name: &str) -> NewCopy {
    NewCopy {
        disclosure,
        holder_key: HolderKeyId::new(format!("holder-{name}")),
        cti: format!("cti-{name}").into_bytes(),
        sd_cwt: format!("sd-cwt of {name}").into_bytes(),
        portrait_salt: [3; 16],
        staple: Some(Staple { hour: 7, preimage: [9; 16] }),
    }
}

fn copies(batch: &str) -> Vec<NewCopy> {
    vec![
        copy(Disclosure::AdultOnly, &format!("{batch}-1")),
        copy(Disclosure::AdultOnly, &format!("{batch}-2")),
        copy(Disclosure::Full, &format!("{batch}-3")),
    ]
}

fn mdoc(name: &str) -> NewMdoc {
    NewMdoc {
        doc_type: "org.iso.23220.photoid.1".to_owned(),
        holder_key: HolderKeyId::new(format!("holder-mdoc-{name}")),
        issuer_signed: b"issuer signed".to_vec(),
    }
}

fn shown(at: i64) -> Event {
    Event {
        at,
        kind: EventKind::ShownAtCounter,
        level: Some(Disclosure::AdultOnly),
        counterparty: Some(Counterparty { name: "편의점".to_owned(), verified: true }),
    }
}

fn settings() -> Settings {
    Settings {
        instance_key: Some(InstanceKey { id: InstanceKeyId::new("instance"), public_key: vec![4; 65] }),
        issuer: Some("http://127.0.0.1:8000".to_owned()),
        locked_by_command: false,
    }
}

/// Fills a fresh vault with at least one row per table.
fn fill(vault: &mut Vault) {
    vault.set_settings(&settings()).unwrap();
    vault.set_public_data("counter-pack", b"pack").unwrap();
    vault.store_card(&card("doc-1"), &copies("a"), &[mdoc("a")]).unwrap();
    vault.record(&Event { at: 1, kind: EventKind::CardAdded, level: None, counterparty: None }).unwrap();
    vault.record(&shown(2)).unwrap();
}

/// Reads every row of every table.
fn read_everything(vault: &mut Vault) -> Result<Vec<HistoryEntry>, VaultError> {
    vault.settings()?;
    vault.public_data("counter-pack")?;
    vault.staples()?;
    for card in vault.cards()? {
        vault.pool(&card.id)?;
        vault.mdocs(&card.id)?;
    }
    vault.history(usize::MAX)
}

fn reserve(vault: &mut Vault, level: Disclosure) -> ReservedCopy {
    match vault.reserve_copy("doc-1", level).unwrap() {
        Reservation::Copy(copy) => *copy,
        Reservation::PoolEmpty => panic!("the pool is empty"),
    }
}
