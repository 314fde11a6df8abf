use super::*;
use crate::card::{OfferReason, ReplaceReason, RevokeReason, SuspendReason};

#[test]
fn what_was_stored_is_there_after_reopening() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    let version = vault.version();
    drop(vault);

    assert_eq!(Vault::header(&folder.file()).unwrap(), header());
    let mut vault = open(&folder.file(), version).unwrap();
    assert_eq!(vault.version(), version);
    assert_eq!(vault.settings().unwrap(), settings());
    assert_eq!(vault.public_data("counter-pack").unwrap().unwrap(), b"pack");
    assert_eq!(vault.public_data("other").unwrap(), None);
    assert_eq!(vault.cards().unwrap(), [card("doc-1")]);
    assert_eq!(vault.mdocs("doc-1").unwrap(), [mdoc("a")]);
    let history = vault.history(10).unwrap();
    assert_eq!((history[0].number, &history[0].event), (2, &shown(2)));
    assert_eq!(history[1].event.kind, EventKind::CardAdded);
    assert_eq!(vault.history(1).unwrap(), history[..1]);
}

#[test]
fn nothing_of_the_person_is_readable_while_locked_but_staples_are_refreshed() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    vault.lock();
    assert!(!vault.is_unlocked());
    assert_eq!(vault.cards(), Err(VaultError::Locked));
    assert_eq!(vault.reserve_copy("doc-1", Disclosure::Full), Err(VaultError::Locked));
    assert_eq!(vault.history(1), Err(VaultError::Locked));
    assert_eq!(vault.record(&shown(3)), Err(VaultError::Locked));
    assert_eq!(vault.store_card(&card("doc-2"), &copies("b"), &[]), Err(VaultError::Locked));
    assert_eq!(vault.settings().unwrap(), settings());

    let (newer, older) = (Staple { hour: 8, preimage: [8; 16] }, Staple { hour: 6, preimage: [6; 16] });
    let fetched = [(b"cti-a-1".to_vec(), newer), (b"cti-a-2".to_vec(), older), (b"gone".to_vec(), newer)];
    assert_eq!(vault.set_staples(&fetched).unwrap(), 1);
    vault.unlock(&person_key()).unwrap();
    assert_eq!(reserve(&mut vault, Disclosure::AdultOnly).staple, Some(newer));
    assert_eq!(reserve(&mut vault, Disclosure::AdultOnly).staple.unwrap().hour, 7);
}

#[test]
fn no_claim_or_key_name_is_in_the_file_in_clear() {
    let folder = Folder::new();
    fill(&mut create(&folder.file()));
    let bytes = std::fs::read(folder.file()).unwrap();
    let held = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    for secret in ["홍길동", "900314", "sd-cwt of", "holder-", "편의점", "doc-1", "cti-", "fresh", "adult"]
    {
        assert!(!held(secret.as_bytes()), "{secret}");
    }
    assert!(held(b"wrap-device"));
}

#[test]
fn the_copy_issued_longest_ago_goes_first_and_none_goes_twice() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    let first = reserve(&mut vault, Disclosure::AdultOnly);
    assert_eq!(
        (first.holder_key.as_str(), first.sd_cwt.as_slice()),
        ("holder-a-1", b"sd-cwt of a-1".as_slice())
    );
    let second = reserve(&mut vault, Disclosure::AdultOnly);
    assert_eq!(second.holder_key.as_str(), "holder-a-2");
    assert_eq!(vault.reserve_copy("doc-1", Disclosure::AdultOnly).unwrap(), Reservation::PoolEmpty);

    vault.release(first.id).unwrap();
    let again = reserve(&mut vault, Disclosure::AdultOnly);
    assert_eq!(again, first);
    vault.spend_and_record(again.id, Some(&shown(5))).unwrap();
    assert_eq!(vault.history(1).unwrap()[0].event, shown(5));
    let not_reserved = Err(VaultError::Misuse(Misuse::NotReserved));
    assert_eq!(vault.release(again.id), not_reserved);
    assert_eq!(vault.spend(again.id), not_reserved);
    let count = |fresh, reserved, spent| PoolCount { fresh, reserved, spent };
    let pool = vault.pool("doc-1").unwrap();
    assert_eq!(pool[&Disclosure::AdultOnly], count(0, 1, 1));
    assert_eq!(pool[&Disclosure::Full], count(1, 0, 0));
    assert_eq!(vault.forget_spent(&[second.id]), not_reserved);
    assert_eq!(vault.spent_keys().unwrap(), [(again.id, again.holder_key)]);
    vault.forget_spent(&[again.id]).unwrap();
    vault.forget_spent(&[again.id]).unwrap();
    assert_eq!(vault.spend(again.id), Err(VaultError::NotFound));
    assert_eq!(vault.pool("doc-1").unwrap()[&Disclosure::AdultOnly], count(0, 1, 0));
}

#[test]
fn a_reservation_survives_locking_but_not_a_crash() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    let copy = reserve(&mut vault, Disclosure::Full);
    vault.lock();
    vault.unlock(&person_key()).unwrap();
    vault.release(copy.id).unwrap();
    let copy = reserve(&mut vault, Disclosure::Full);
    drop(vault);

    let mut vault = open(&folder.file(), 0).unwrap();
    assert_eq!(
        vault.pool("doc-1").unwrap()[&Disclosure::Full],
        PoolCount { fresh: 0, reserved: 0, spent: 1 }
    );
    assert_eq!(vault.release(copy.id), Err(VaultError::Misuse(Misuse::NotReserved)));
    assert_eq!(vault.reserve_copy("doc-1", Disclosure::Full).unwrap(), Reservation::PoolEmpty);
}

#[test]
fn copies_refill_the_levels_a_card_has() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    vault.add_copies("doc-1", &[copy(Disclosure::Full, "b-1")]).unwrap();
    assert_eq!(vault.pool("doc-1").unwrap()[&Disclosure::Full].fresh, 2);
    let refused = |vault: &mut Vault, copy| vault.add_copies("doc-1", &[copy]).unwrap_err();
    let misuse = VaultError::Misuse;
    assert_eq!(refused(&mut vault, copy(Disclosure::Address, "b-2")), misuse(Misuse::LevelsDiffer));
    assert_eq!(refused(&mut vault, copy(Disclosure::Full, "b-1")), misuse(Misuse::SharedCopy));
    let same_cti = NewCopy { holder_key: HolderKeyId::new("other"), ..copy(Disclosure::Full, "b-1") };
    assert_eq!(refused(&mut vault, same_cti), misuse(Misuse::SharedCopy));
    let empty = NewCopy { sd_cwt: Vec::new(), ..copy(Disclosure::Full, "b-3") };
    assert_eq!(refused(&mut vault, empty), misuse(Misuse::Size));
    assert_eq!(vault.add_copies("doc-9", &[]), Err(VaultError::NotFound));
}

#[test]
fn another_persons_card_is_refused_and_leaves_no_trace() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    let version = vault.version();
    let stranger = Card { person: person("900314-2000001"), ..card("doc-2") };
    assert_eq!(vault.store_card(&stranger, &copies("b"), &[]), Err(VaultError::AnotherHolder));
    assert_eq!(vault.cards().unwrap(), [card("doc-1")]);
    assert_eq!(vault.version(), version);
}

#[test]
fn a_new_card_of_the_same_person_replaces_the_old_one() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    let stored = vault.store_card(&card("doc-2"), &copies("b"), &[mdoc("b")]).unwrap();
    let orphaned: Vec<_> = stored.orphaned_keys.iter().map(HolderKeyId::as_str).collect();
    assert_eq!(orphaned, ["holder-a-1", "holder-a-2", "holder-a-3", "holder-mdoc-a"]);
    let cards = vault.cards().unwrap();
    assert_eq!(cards[0].state, LifeCycle::Replaced { reason: ReplaceReason::Reissued });
    assert!(cards[1].state.is_active());
    assert_eq!(vault.mdocs("doc-1").unwrap(), []);
    assert_eq!(vault.staples().unwrap().len(), 3);
    assert_eq!(vault.reserve_copy("doc-1", Disclosure::Full), Err(VaultError::Misuse(Misuse::NotActive)));

    // The same document once more takes its own place.
    let stored = vault.store_card(&card("doc-2"), &copies("c"), &[]).unwrap();
    assert_eq!(stored.orphaned_keys.len(), 4);
    assert_eq!(vault.cards().unwrap().len(), 2);
}

#[test]
fn cards_for_different_documents_live_side_by_side() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    let text = "signed~disclosed~".to_owned();
    let sd_jwt = NewSdJwt { vct: "veteran".to_owned(), holder_key: HolderKeyId::new("holder-sd"), text };
    let other = Card { document: "veteran_card".to_owned(), levels: Vec::new(), ..card("veteran_card") };
    let enrolled = Enrolled {
        card: &other,
        copies: &[],
        mdocs: &[],
        sd_jwts: core::slice::from_ref(&sd_jwt),
        settings: &settings(),
        event: &shown(1),
        device_data: &[],
    };
    assert_eq!(vault.store_enrolled(&enrolled).unwrap(), Stored::default());
    drop(vault);
    let mut vault = open(&folder.file(), 0).unwrap();
    assert_eq!(vault.cards().unwrap().len(), 2);
    assert!(vault.cards().unwrap().iter().all(|card| card.state.is_active()));
    assert_eq!(vault.sd_jwts("veteran_card").unwrap(), core::slice::from_ref(&sd_jwt));
    assert_eq!(vault.mdocs("veteran_card").unwrap(), []);
    assert_eq!(vault.sd_jwts("doc-1").unwrap(), []);
    assert_eq!(vault.mdocs("doc-1").unwrap().len(), 1);
    assert!(!format!("{sd_jwt:?}").contains("disclosed"));

    // Issued again it takes its own place, and the older key goes.
    let stored = vault.store_enrolled(&Enrolled { sd_jwts: &[], ..enrolled }).unwrap();
    assert_eq!(stored.orphaned_keys, [HolderKeyId::new("holder-sd")]);
    assert_eq!(vault.sd_jwts("veteran_card").unwrap(), []);
    let twice = [sd_jwt.clone(), sd_jwt.clone()];
    let shared = vault.store_enrolled(&Enrolled { sd_jwts: &twice, ..enrolled });
    assert_eq!(shared, Err(VaultError::Misuse(Misuse::SharedCopy)));
    let empty = [NewSdJwt { text: String::new(), ..sd_jwt.clone() }];
    let empty = vault.store_enrolled(&Enrolled { sd_jwts: &empty, ..enrolled });
    assert_eq!(empty, Err(VaultError::Misuse(Misuse::Size)));
}

#[test]
fn a_card_and_its_copies_must_fit_each_other() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    let misuse = |misuse| Err(VaultError::Misuse(misuse));
    assert_eq!(vault.store_card(&card("doc-1"), &copies("a")[..2], &[]), misuse(Misuse::LevelsDiffer));
    let mut surplus = copies("a");
    surplus.push(copy(Disclosure::Address, "a-4"));
    assert_eq!(vault.store_card(&card("doc-1"), &surplus, &[]), misuse(Misuse::LevelsDiffer));
    let shared = NewMdoc { holder_key: HolderKeyId::new("holder-a-1"), ..mdoc("a") };
    assert_eq!(vault.store_card(&card("doc-1"), &copies("a"), &[shared]), misuse(Misuse::SharedCopy));
    assert_eq!(vault.store_card(&card(""), &copies("a"), &[]), misuse(Misuse::Size));
    let huge = NewCopy { sd_cwt: vec![1; MAX_RECORD], ..copy(Disclosure::Full, "a-3") };
    let mut copies = copies("a");
    copies[2] = huge;
    assert_eq!(vault.store_card(&card("doc-1"), &copies, &[]), misuse(Misuse::Size));
    assert_eq!(vault.cards().unwrap(), []);
    assert_eq!(vault.staples().unwrap(), []);
}

#[test]
fn a_card_moves_along_its_life_only() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    let suspended = LifeCycle::Suspended { reason: SuspendReason::PhoneLost };
    vault.set_state("doc-1", suspended).unwrap();
    assert_eq!(vault.card("doc-1").unwrap().state, suspended);
    let version = vault.version();
    vault.set_state("doc-1", suspended).unwrap();
    assert_eq!(vault.version(), version);
    assert_eq!(
        vault.reserve_copy("doc-1", Disclosure::AdultOnly),
        Err(VaultError::Misuse(Misuse::NotActive))
    );
    let offered = LifeCycle::Offered { reason: OfferReason::Portal };
    assert_eq!(vault.set_state("doc-1", offered), Err(VaultError::Misuse(Misuse::NoSuchTransition)));
    vault.set_state("doc-1", LifeCycle::Revoked { reason: RevokeReason::ByIssuer }).unwrap();
    let active = LifeCycle::Active { reason: ActiveReason::Resumed };
    assert_eq!(vault.set_state("doc-1", active), Err(VaultError::Misuse(Misuse::NoSuchTransition)));
    assert_eq!(vault.set_state("doc-9", active), Err(VaultError::NotFound));
}

#[test]
fn names_and_values_beyond_the_limits_are_misuse() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    let size = Err(VaultError::Misuse(Misuse::Size));
    assert_eq!(vault.set_public_data("", b""), size);
    assert_eq!(vault.set_public_data(&"n".repeat(65), b""), size);
    let long = Counterparty { name: "n".repeat(513), verified: false };
    assert_eq!(vault.record(&Event { counterparty: Some(long), ..shown(1) }), size);
    vault.set_public_data("pack", b"one").unwrap();
    vault.set_public_data("pack", b"two").unwrap();
    assert_eq!(vault.public_data("pack").unwrap().unwrap(), b"two");
}

#[test]
fn a_vault_has_one_owner_at_a_time() {
    let folder = Folder::new();
    let vault = create(&folder.file());
    assert_eq!(Vault::header(&folder.file()), Err(VaultError::Busy));
    assert_eq!(Vault::open(&folder.file(), &device_key(), 0).unwrap_err(), VaultError::Busy);
    drop(vault);
    open(&folder.file(), 0).unwrap();
}

#[test]
fn a_vault_is_not_created_over_another() {
    let folder = Folder::new();
    drop(create(&folder.file()));
    let again = Vault::create(&folder.file(), header(), &device_key(), &person_key());
    assert_eq!(again.unwrap_err(), VaultError::Misuse(Misuse::AlreadyExists));
    open(&folder.file(), 1).unwrap();
}

#[test]
fn a_vault_counts_on_from_the_one_that_is_gone() {
    let folder = Folder::new();
    let (keys, path) = ((device_key(), person_key()), folder.file());
    let vault = Vault::create_after(&path, header(), &keys.0, &keys.1, 41).unwrap();
    assert_eq!(vault.version(), 42);
    drop(vault);
    open(&path, 42).unwrap();
    let last = Vault::create_after(&folder.0.join("other"), header(), &keys.0, &keys.1, u64::MAX);
    assert_eq!(last.unwrap_err(), VaultError::Misuse(Misuse::Size));
}

#[test]
fn a_folder_that_is_not_there_is_not_a_card_that_is_not_there() {
    let nowhere = Folder::new().0.join("no-such-folder").join("vault");
    let made = Vault::create(&nowhere, header(), &device_key(), &person_key());
    assert!(matches!(made, Err(VaultError::Failed { .. })), "{made:?}");
}

#[test]
fn the_persons_half_starts_anew_when_its_key_is_dead() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    vault.lock();
    let (new_key, wrapped) =
        (Secret::new([0xE3; 32]), WrappedKey { alias: WrapKeyId::new("wrap-new"), wrapped: vec![9; 60] });
    vault.restart_person(wrapped.clone(), &new_key).unwrap();
    assert!(vault.is_unlocked());
    assert_eq!(vault.cards().unwrap(), []);
    assert!(vault.staples().unwrap().is_empty());
    assert_eq!(vault.history(9).unwrap(), []);
    assert_eq!(vault.settings().unwrap(), settings());
    assert_eq!(vault.public_data("counter-pack").unwrap().unwrap(), b"pack");
    vault.store_card(&card("doc-1"), &copies("b"), &[mdoc("b")]).unwrap();
    let version = vault.version();
    drop(vault);
    assert_eq!(Vault::header(&folder.file()).unwrap().person, wrapped);
    let mut vault = Vault::open(&folder.file(), &device_key(), version).unwrap();
    assert_eq!(vault.unlock(&person_key()), Err(VaultError::Misuse(Misuse::WrongKey)));
    vault.unlock(&new_key).unwrap();
    assert_eq!(vault.cards().unwrap(), [card("doc-1")]);
}

#[test]
fn no_file_and_an_empty_file_are_no_vault() {
    let folder = Folder::new();
    assert_eq!(Vault::header(&folder.file()), Err(VaultError::NotFound));
    std::fs::write(folder.file(), b"").unwrap();
    assert_eq!(Vault::header(&folder.file()), Err(VaultError::NotFound));
    assert_eq!(open(&folder.file(), 0).unwrap_err(), VaultError::NotFound);
    create(&folder.file());

    // What a creation cut short after its first page leaves behind.
    let folder = Folder::new();
    rusqlite::Connection::open(folder.file()).unwrap().execute_batch("BEGIN EXCLUSIVE; COMMIT").unwrap();
    assert_eq!(std::fs::metadata(folder.file()).unwrap().len(), 4096);
    assert_eq!(Vault::header(&folder.file()), Err(VaultError::NotFound));
    create(&folder.file());
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    create(&folder.file());
    assert_eq!(std::fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_wrapped_keys_are_replaced_together_with_their_binding() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    let mut rewrapped = header();
    rewrapped.person.wrapped = vec![3; 60];
    vault.rewrap(rewrapped.clone()).unwrap();
    assert_eq!(*vault.wrapped_keys(), rewrapped);
    drop(vault);
    assert_eq!(Vault::header(&folder.file()).unwrap(), rewrapped);
    open(&folder.file(), 0).unwrap();
}

#[test]
fn printing_shows_nothing_of_the_person() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    let copy = reserve(&mut vault, Disclosure::Full);
    let printed = format!("{vault:?} {:?} {copy:?} {:?} {:?}", card("doc-1"), copies("a"), mdoc("a"));
    for secret in ["홍", "9003", "doc-1", "holder", "99, 119, 116"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}
