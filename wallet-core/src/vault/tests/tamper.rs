//! What an attacker with the file does to it.

use rusqlite::{Connection, params, types::Value};

use super::*;

/// A filled vault's file, closed.
fn filled() -> (Folder, u64) {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    let version = vault.version();
    (folder, version)
}

/// Opens, unlocks and reads all of it.
fn read_all(path: &Path, minimal_version: u64) -> Result<Vec<HistoryEntry>, VaultError> {
    read_everything(&mut open(path, minimal_version)?)
}

/// Applies `change` to a copy of the file and says what reading it gives.
fn after(original: &Path, change: impl FnOnce(&Connection)) -> Result<Vec<HistoryEntry>, VaultError> {
    let folder = Folder::new();
    std::fs::copy(original, folder.file()).unwrap();
    let db = Connection::open(folder.file()).unwrap();
    change(&db);
    drop(db);
    let changed = std::fs::read(folder.file()).unwrap();
    let outcome = read_all(&folder.file(), 0);
    if let Err(VaultError::Corrupt { kept_at }) = &outcome {
        assert_eq!(std::fs::read(kept_at).unwrap(), changed, "the file is kept as it was");
        assert_eq!(Vault::header(&folder.file()), Err(VaultError::NotFound));
    }
    outcome
}

fn is_corrupt(outcome: &Result<Vec<HistoryEntry>, VaultError>) -> bool {
    matches!(outcome, Err(VaultError::Corrupt { .. }))
}

const SEALED: [&str; 7] = ["setting", "public_data", "staple", "card", "copy", "mdoc", "history"];

/// Each row's key column and value.
fn rows_of(db: &Connection, table: &str, key: &str) -> Vec<Value> {
    let mut query = db.prepare(&format!("SELECT {key} FROM {table}")).unwrap();
    query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn flipped(value: &Value, place: usize) -> Value {
    let flip = |bytes: &mut Vec<u8>| {
        let at = [0, bytes.len() / 2, bytes.len() - 1][place];
        bytes[at] ^= 1 << (place * 2);
    };
    match value {
        Value::Integer(number) => Value::Integer(number ^ [8, 1 << 20, 1 << 62][place]),
        Value::Blob(bytes) => {
            let mut bytes = bytes.clone();
            flip(&mut bytes);
            Value::Blob(bytes)
        }
        Value::Text(text) => {
            let mut bytes = text.clone().into_bytes();
            flip(&mut bytes);
            Value::Text(String::from_utf8(bytes).unwrap())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_flipped_bit_in_any_column_of_any_row_is_noticed() {
    let (folder, _) = filled();
    assert!(read_all(&folder.file(), 0).is_ok());
    let db = Connection::open(folder.file()).unwrap();
    let sealed = ["id", "schema", "version", "tag", "nonce", "sealed"].as_slice();
    let mut tables: Vec<(&str, &[&str])> = SEALED.iter().map(|table| (*table, sealed)).collect();
    tables.push(("header", &["name", "alias", "wrapped"]));
    tables.push(("digest", &["domain", "version", "mac", "key_check"]));
    let mut tried = 0;
    for (table, columns) in tables {
        let rows = rows_of(&db, table, columns[0]);
        assert!(!rows.is_empty(), "{table}");
        for row in rows {
            for column in columns {
                let key = columns[0];
                let value: Value = db
                    .query_row(&format!("SELECT {column} FROM {table} WHERE {key} = ?1"), [&row], |row| {
                        row.get(0)
                    })
                    .unwrap();
                for place in 0..3 {
                    let outcome = after(&folder.file(), |db| {
                        let sql = format!("UPDATE {table} SET {column} = ?1 WHERE {key} = ?2");
                        assert_eq!(db.execute(&sql, params![flipped(&value, place), row]).unwrap(), 1);
                    });
                    assert!(is_corrupt(&outcome), "{table}.{column} of {row:?}: {outcome:?}");
                    tried += 1;
                }
            }
        }
    }
    // 12 sealed rows of 6 columns, 2 wrapped keys of 3, 2 digests of 4.
    assert_eq!(tried, 3 * (12 * 6 + 2 * 3 + 2 * 4));
}

#[test]
fn a_deleted_row_is_noticed_when_its_domain_opens_without_reading_content() {
    let (folder, _) = filled();
    for table in SEALED.into_iter().chain(["header", "digest"]) {
        let outcome = after(&folder.file(), |db| {
            let sql = format!("DELETE FROM {table} WHERE rowid = (SELECT max(rowid) FROM {table})");
            let sql =
                if table == "header" || table == "digest" { format!("DELETE FROM {table}") } else { sql };
            assert!(db.execute(&sql, []).unwrap() > 0);
        });
        assert!(is_corrupt(&outcome), "{table}");
    }
    for (table, noticed_at_open) in [("staple", true), ("copy", false)] {
        let folder_of_copy = Folder::new();
        std::fs::copy(folder.file(), folder_of_copy.file()).unwrap();
        let db = Connection::open(folder_of_copy.file()).unwrap();
        db.execute(&format!("DELETE FROM {table} WHERE id = 1"), []).unwrap();
        drop(db);
        match Vault::open(&folder_of_copy.file(), &device_key(), 0) {
            Err(VaultError::Corrupt { .. }) => assert!(noticed_at_open),
            Ok(mut vault) => {
                assert!(!noticed_at_open);
                assert!(matches!(vault.unlock(&person_key()), Err(VaultError::Corrupt { .. })));
                assert!(matches!(vault.settings(), Err(VaultError::Corrupt { .. })), "it stays set aside");
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn two_rows_that_change_places_are_noticed() {
    let (folder, _) = filled();
    for table in ["staple", "copy", "history"] {
        // Everything but the id changes places; then the sealed part alone.
        for columns in ["schema, version, tag, nonce, sealed", "nonce, sealed"] {
            let outcome = after(&folder.file(), |db| {
                db.execute_batch(&format!(
                    "CREATE TEMP TABLE one AS SELECT * FROM {table} WHERE id = 1;
                     UPDATE {table} SET ({columns}) = (SELECT {columns} FROM {table} WHERE id = 2) WHERE id = 1;
                     UPDATE {table} SET ({columns}) = (SELECT {columns} FROM one) WHERE id = 2;"
                ))
                .unwrap();
            });
            assert!(is_corrupt(&outcome), "{table} {columns}");
        }
    }
}

/// Overwrites tables of the newer file with those of an older one.
fn replay(
    folder: &Folder,
    older: &Path,
    tables: &[&str],
    digests: &str,
) -> Result<Vec<HistoryEntry>, VaultError> {
    after(&folder.file(), |db| {
        db.execute("ATTACH ?1 AS older", [older.to_str().unwrap()]).unwrap();
        for table in tables {
            db.execute_batch(&format!(
                "DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM older.{table};"
            ))
            .unwrap();
        }
        let sql = format!(
            "INSERT OR REPLACE INTO main.digest SELECT * FROM older.digest WHERE domain IN ({digests})"
        );
        db.execute_batch(&sql).unwrap();
        db.execute_batch("DETACH older").unwrap();
    })
}

/// A vault, and its file as it was before a copy was spent.
fn with_an_older_file() -> (Folder, Folder, u64) {
    let (folder, _) = filled();
    let older = Folder::new();
    std::fs::copy(folder.file(), older.file()).unwrap();
    let mut vault = open(&folder.file(), 0).unwrap();
    let copy = reserve(&mut vault, Disclosure::AdultOnly);
    vault.spend(copy.id).unwrap();
    let version = vault.version();
    (folder, older, version)
}

#[test]
fn an_older_row_or_an_older_half_played_back_is_noticed() {
    let (folder, older, _) = with_an_older_file();
    assert!(read_all(&folder.file(), 0).is_ok());
    let half = ["card", "copy", "mdoc", "history"];
    for (tables, digests) in [
        // The copy that was spent comes back as fresh.
        (["copy"].as_slice(), "''"),
        // With the person's digest that went with it.
        (half.as_slice(), "'person'"),
        (["copy"].as_slice(), "'person', 'device'"),
        (["staple"].as_slice(), "'device'"),
        ([].as_slice(), "'device'"),
        ([].as_slice(), "'person'"),
    ] {
        assert!(is_corrupt(&replay(&folder, &older.file(), tables, digests)), "{tables:?} {digests}");
    }
}

#[test]
fn a_row_played_back_while_the_vault_is_open_is_noticed() {
    let (folder, _) = filled();
    let mut vault = open(&folder.file(), 0).unwrap();
    vault.connection().execute_batch("CREATE TEMP TABLE kept AS SELECT * FROM copy").unwrap();
    let copy = reserve(&mut vault, Disclosure::AdultOnly);
    vault.spend(copy.id).unwrap();
    vault.connection().execute_batch("INSERT OR REPLACE INTO copy SELECT * FROM kept").unwrap();
    assert!(matches!(vault.pool("doc-1"), Err(VaultError::Corrupt { .. })));
}

#[test]
fn a_whole_older_file_is_told_from_a_damaged_one() {
    let (_folder, older, version) = with_an_older_file();
    let found = version - 2;
    assert_eq!(read_all(&older.file(), version), Err(VaultError::RolledBack { found, expected: version }));
    assert_eq!(
        read_all(&older.file(), found + 1),
        Err(VaultError::RolledBack { found, expected: found + 1 })
    );
    // Left where it is: the caller decides.
    assert!(read_all(&older.file(), found).is_ok());
}

#[test]
fn a_wrong_key_is_not_taken_for_damage() {
    let (folder, _) = filled();
    let wrong = Err(VaultError::Misuse(Misuse::WrongKey));
    assert_eq!(Vault::open(&folder.file(), &person_key(), 0).map(drop), wrong);
    let mut vault = Vault::open(&folder.file(), &device_key(), 0).unwrap();
    assert_eq!(vault.unlock(&device_key()), wrong);
    assert!(!vault.is_unlocked());
    assert_eq!(vault.cards(), Err(VaultError::Locked));
    vault.unlock(&person_key()).unwrap();
    assert!(read_everything(&mut vault).is_ok());
}

#[test]
fn a_newer_schema_is_left_alone() {
    let (folder, _) = filled();
    let outcome = after(&folder.file(), |db| db.pragma_update(None, "user_version", 2).unwrap());
    assert_eq!(outcome, Err(VaultError::SchemaTooNew { found: 2, known: 1 }));
}

#[test]
fn a_file_with_other_tables_triggers_or_marks_is_damaged() {
    let (folder, _) = filled();
    for sql in [
        "CREATE TABLE extra (x)",
        "CREATE TRIGGER t AFTER INSERT ON copy BEGIN DELETE FROM history; END",
        "CREATE VIEW v AS SELECT 1",
        "ALTER TABLE card ADD COLUMN more ANY",
        "PRAGMA application_id = 1",
        "PRAGMA user_version = 0",
    ] {
        assert!(is_corrupt(&after(&folder.file(), |db| db.execute_batch(sql).unwrap())), "{sql}");
    }
}

#[test]
fn files_set_aside_do_not_overwrite_each_other() {
    let folder = Folder::new();
    let journal = folder.0.join("wallet.vault-journal");
    // One so short that SQLite never sees it, one that SQLite refuses.
    for (number, length) in [(1, 20), (2, 5000), (3, 20)] {
        let content = format!("rubbish number {number}, not a database").repeat(200).into_bytes();
        std::fs::write(folder.file(), &content[..length]).unwrap();
        std::fs::write(&journal, b"a journal").unwrap();
        let Err(VaultError::Corrupt { kept_at }) = Vault::header(&folder.file()) else { panic!() };
        assert_eq!(kept_at, folder.0.join(format!("wallet.vault.kept-{number}")));
        assert_eq!(std::fs::read(kept_at).unwrap(), content[..length]);
        assert!(!journal.exists(), "left alone it would be played into the next vault");
        if length < 4096 {
            let kept = std::fs::read(folder.0.join(format!("wallet.vault.kept-{number}-journal")));
            assert_eq!(kept.unwrap(), b"a journal");
        }
    }
    create(&folder.file());
}

#[test]
fn a_history_rewritten_with_the_keys_in_hand_breaks_its_chain() {
    use crate::vault::{
        rows::{self, EventRow, HistoryRow},
        seal::Table,
    };
    for attack in ["rewritten", "shortened at the old end", "with a gap"] {
        let (folder, _) = filled();
        let mut vault = open(&folder.file(), 0).unwrap();
        vault.record(&shown(3)).unwrap();
        assert_eq!(vault.history(9).unwrap().len(), 3);
        vault
            .commit(|batch| match attack {
                "rewritten" => {
                    let row: HistoryRow = rows::decode(&batch.read(Table::History, 2)?)?;
                    let event = rows::encode(&EventRow::from(&shown(99)))?;
                    batch.write(Table::History, 2, &rows::encode(&HistoryRow { event, ..row })?)
                }
                "with a gap" => batch.remove(Table::History, 2),
                _ => batch.remove(Table::History, 1),
            })
            .unwrap();
        assert!(matches!(vault.history(1), Err(VaultError::Corrupt { .. })), "{attack}");
    }
}

#[test]
#[ignore = "prints durations; run by hand"]
fn how_long_it_takes() {
    let folder = Folder::new();
    let mut vault = create(&folder.file());
    fill(&mut vault);
    let names: Vec<_> = (0..200).map(|n| copy(Disclosure::AdultOnly, &format!("m-{n}"))).collect();
    vault.add_copies("doc-1", &names).unwrap();
    let report = |what: &str, vault: &mut Vault| {
        let started = std::time::Instant::now();
        for at in 0..100 {
            let copy = reserve(vault, Disclosure::AdultOnly);
            vault.spend_and_record(copy.id, Some(&shown(at))).unwrap();
        }
        println!("{what}: reserve + spend + record {:?} each", started.elapsed() / 100);
    };
    report("short history", &mut vault);
    vault
        .commit(|batch| (0..10_000).try_for_each(|at| crate::vault::history::append(batch, &shown(at))))
        .unwrap();
    report("history of 10,000", &mut vault);
    drop(vault);
    let started = std::time::Instant::now();
    let mut vault = Vault::open(&folder.file(), &device_key(), 0).unwrap();
    println!("open {:?}", started.elapsed());
    vault.unlock(&person_key()).unwrap();
    println!("open + unlock {:?}", started.elapsed());
    vault.history(20).unwrap();
    println!("open + unlock + history {:?}", started.elapsed());
}
