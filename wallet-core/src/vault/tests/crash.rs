//! Power loss, kill -9, a full disk, a cut file.

use std::io::BufRead;

use super::*;
use crate::vault::{error::Fault, seal::Table};

#[test]
fn a_cut_file_is_an_error_and_is_kept() {
    let original = Folder::new();
    fill(&mut create(&original.file()));
    let bytes = std::fs::read(original.file()).unwrap();
    for length in
        [1, 15, 99, 100, 511, 4095, 4096, 4097, bytes.len() / 2, bytes.len() - 4096, bytes.len() - 1]
    {
        let folder = Folder::new();
        std::fs::write(folder.file(), &bytes[..length]).unwrap();
        let outcome = open(&folder.file(), 0).and_then(|mut vault| read_everything(&mut vault));
        let Err(VaultError::Corrupt { kept_at }) = outcome else { panic!("{length}: {outcome:?}") };
        assert!(std::fs::read(kept_at).unwrap() == bytes[..length], "kept as it was, {length}");
    }
}

/// What the disk holds now, as a machine that loses power here would find it.
fn image(folder: &Folder) -> Folder {
    let image = Folder::new();
    for name in ["wallet.vault", "wallet.vault-journal"] {
        if folder.0.join(name).exists() {
            std::fs::copy(folder.0.join(name), image.0.join(name)).unwrap();
        }
    }
    image
}

#[test]
fn power_lost_between_any_two_writes_gives_the_last_committed_state() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    let version = vault.version();
    // No cache: each statement goes to the file, with the journal, long before the commit.
    vault.connection().execute_batch("PRAGMA cache_size = 1; PRAGMA cache_spill = 1").unwrap();
    let before = std::fs::read(folder.file()).unwrap();
    let mut images = Vec::new();
    let mut touched = false;
    vault
        .commit(|batch| {
            batch.remove(Table::Card, 1)?;
            images.push(image(&folder));
            for id in 10..40 {
                batch.write(Table::Copy, id, &[7; 9000])?;
                images.push(image(&folder));
                touched |= std::fs::read(folder.file()).unwrap()[..before.len()] != before;
            }
            Ok(())
        })
        .unwrap();
    assert!(touched, "the test must catch the file half written");
    assert_eq!(images.len(), 31);
    for image in images {
        let mut vault = open(&image.file(), version).unwrap();
        assert_eq!(vault.version(), version);
        assert_eq!(vault.cards().unwrap(), [card("doc-1")]);
        assert_eq!(vault.pool("doc-1").unwrap().values().map(|count| count.fresh).sum::<u32>(), 3);
    }
}

#[test]
fn a_half_written_file_without_its_journal_is_never_taken_for_whole() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    vault.connection().execute_batch("PRAGMA cache_size = 1; PRAGMA cache_spill = 1").unwrap();
    let mut images = Vec::new();
    vault
        .commit(|batch| {
            batch.remove(Table::Card, 1)?;
            for id in 1..40 {
                batch.write(Table::Copy, id, &[7; 9000])?;
                images.push(image(&folder));
            }
            Ok(())
        })
        .unwrap();
    let mut damaged = 0;
    for half in images {
        let _ = std::fs::remove_file(half.0.join("wallet.vault-journal"));
        match open(&half.file(), 0).and_then(|mut vault| Ok((vault.cards()?, vault.pool("doc-1")?))) {
            Err(VaultError::Corrupt { .. }) => damaged += 1,
            // Nothing that counts had reached the file.
            Ok((cards, pool)) => {
                assert_eq!((cards, pool[&Disclosure::AdultOnly].fresh), (vec![card("doc-1")], 2));
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(damaged > 0, "the test must catch the file half written");
}

#[test]
fn a_change_that_fails_leaves_nothing_behind() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    let version = vault.version();
    let failed: Result<(), _> = vault.commit(|batch| {
        batch.write(Table::Copy, 77, b"half")?;
        batch.remove(Table::Card, 1)?;
        Err(Fault::Error(VaultError::NotFound))
    });
    assert_eq!(failed, Err(VaultError::NotFound));
    assert_eq!(vault.version(), version);
    assert_eq!(vault.cards().unwrap(), [card("doc-1")]);
    assert_eq!(vault.pool("doc-1").unwrap()[&Disclosure::Full].fresh, 1);
    vault.record(&shown(9)).unwrap();
    drop(vault);
    assert_eq!(open(&folder.file(), version + 1).unwrap().history(1).unwrap()[0].event, shown(9));
}

#[test]
fn a_full_disk_refuses_the_card_and_keeps_what_was_there() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    let pages: i64 = vault.connection().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    vault.connection().pragma_update(None, "max_page_count", pages + 2).unwrap();
    let version = vault.version();
    let mut large = copies("b");
    for copy in &mut large {
        copy.sd_cwt = vec![1; 9000];
    }
    assert_eq!(vault.store_card(&card("doc-2"), &large, &[]), Err(VaultError::StorageFull));
    assert_eq!(vault.cards().unwrap(), [card("doc-1")]);
    assert_eq!(vault.version(), version);
    let copy = reserve(&mut vault, Disclosure::Full);
    vault.release(copy.id).unwrap();

    vault.connection().pragma_update(None, "max_page_count", pages + 100).unwrap();
    vault.store_card(&card("doc-2"), &large, &[]).unwrap();
    drop(vault);
    assert_eq!(open(&folder.file(), version).unwrap().cards().unwrap().len(), 2);
}

const CHILD: &str = "VAULT_CHILD_FILE";

/// Run by the next test in a process of its own: prints the version after each commit until it is killed.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let mut vault = open(Path::new(&path), 0).unwrap();
    for at in 0.. {
        println!("version {}", vault.version());
        match vault.reserve_copy("doc-1", Disclosure::AdultOnly).unwrap() {
            Reservation::Copy(copy) => vault.spend_and_record(copy.id, Some(&shown(at))).unwrap(),
            Reservation::PoolEmpty => {
                let names =
                    [format!("{at}-{}", std::process::id()), format!("{at}-{}-x", std::process::id())];
                let spent: Vec<_> = vault.spent_keys().unwrap().into_iter().map(|(id, _)| id).collect();
                vault.forget_spent(&spent).unwrap();
                vault.add_copies("doc-1", &names.map(|name| copy(Disclosure::AdultOnly, &name))).unwrap();
            }
        }
    }
}

#[test]
fn a_killed_process_leaves_its_last_commit() {
    let folder = Folder::new();
    fill(&mut create(&folder.file()));
    let mut expected = 0;
    // Six here; `KILLS` of them in ci/long.
    let kills = std::env::var("KILLS").map_or(6, |kills| kills.parse().expect("KILLS is a number"));
    for lines in [1, 2, 5, 9, 14, 20].into_iter().cycle().take(kills) {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "vault::tests::crash::child_that_writes_until_it_is_killed", "--nocapture"])
            .env(CHILD, folder.file())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let printed = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
        let versions = printed.map(Result::unwrap).filter_map(|line| {
            line.split_once("version ").map(|(_, version)| version.parse::<u64>().unwrap())
        });
        expected = versions.take(lines).last().expect("the child prints versions").max(expected);
        child.kill().unwrap();
        child.wait().unwrap();

        let mut vault = open(&folder.file(), expected).expect("a faithful file of that version or later");
        expected = vault.version();
        let shows = u32::try_from(read_everything(&mut vault).unwrap().len()).unwrap();
        assert!(shows >= 2);
        let pool = vault.pool("doc-1").unwrap()[&Disclosure::AdultOnly];
        assert_eq!(pool.reserved, 0, "what the crash left reserved is spent");
    }
    assert!(expected > 40);
}
