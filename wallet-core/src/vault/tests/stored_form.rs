//! Shipped forms stay readable: the schema, the rows' encoding, and a whole file of version 1.
//! `BLESS=1` writes the snapshots anew; a shipped one must not change.

use rusqlite::Connection;

use super::*;
use crate::vault::{
    file,
    rows::{self, CardRow, CopyRow, EventRow, HistoryRow, MdocRow, PublicDataRow, SettingsRow, StapleRow},
    schema,
};

fn snapshot(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/vault/tests").join(name)
}

/// Compares with the stored snapshot, or writes it when told so.
fn compare(name: &str, made: &str) {
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(snapshot(name), made).unwrap();
    }
    assert_eq!(std::fs::read_to_string(snapshot(name)).unwrap(), made, "{name}");
}

#[test]
fn the_schema_of_version_1_is_the_shipped_one() {
    let folder = Folder::new();
    let vault = create(&folder.file());
    let statements: String = schema::describe(vault.connection())
        .unwrap()
        .into_iter()
        .filter_map(|(_, _, sql)| sql.map(|sql| format!("{sql};\n")))
        .collect();
    compare("create_v1.sql", &statements);
}

#[test]
fn every_row_is_encoded_as_shipped() {
    let event = rows::encode(&EventRow::from(&shown(2))).unwrap();
    let bare = Event { at: -1, kind: EventKind::CardAdded, level: None, counterparty: None };
    let staple = copies("a")[0].staple;
    let encoded = [
        ("setting", rows::encode(&SettingsRow::from(&settings()))),
        ("setting, empty", rows::encode(&SettingsRow::from(&Settings::default()))),
        (
            "public_data",
            rows::encode(&PublicDataRow { name: "counter-pack".to_owned(), value: b"pack".to_vec() }),
        ),
        ("staple", rows::encode(&StapleRow { cti: b"cti".to_vec(), staple: staple.map(Into::into) })),
        ("staple, none", rows::encode(&StapleRow { cti: b"cti".to_vec(), staple: None })),
        ("card", rows::encode(&CardRow::from(&card("doc-1")))),
        ("copy", rows::encode(&CopyRow::fresh(1, &copies("a")[0]))),
        ("mdoc", rows::encode(&MdocRow::new(1, &mdoc("a")))),
        ("event", Ok(event.clone())),
        ("event, bare", rows::encode(&EventRow::from(&bare))),
        ("history", rows::encode(&HistoryRow { event, chain: vec![5; 32] })),
    ];
    let lines: String = encoded
        .into_iter()
        .map(|(name, bytes)| format!("{name}: {}\n", hex::encode(bytes.unwrap())))
        .collect();
    compare("rows_v1.txt", &lines);
}

#[test]
fn a_row_with_an_unknown_field_or_bytes_left_over_is_refused() {
    let mut bytes = rows::encode(&SettingsRow::from(&settings())).unwrap();
    assert!(rows::decode::<SettingsRow>(&bytes).is_ok());
    bytes.push(0);
    assert!(rows::decode::<SettingsRow>(&bytes).is_err());
    assert!(rows::decode::<SettingsRow>(&rows::encode(&EventRow::from(&shown(1))).unwrap()).is_err());
}

/// The statements that make a copy of this file.
fn dump(db: &Connection) -> String {
    let mut statements = String::new();
    for table in ["header", "digest", "setting", "public_data", "staple", "card", "copy", "mdoc", "history"] {
        let columns: Vec<String> = db
            .prepare(&format!("SELECT * FROM {table}"))
            .unwrap()
            .column_names()
            .map(|column| format!("quote({column})"))
            .collect();
        let sql = format!("SELECT {} FROM {table}", columns.join(" || ', ' || "));
        let mut query = db.prepare(&sql).unwrap();
        let rows = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
        for row in rows {
            statements.push_str(&format!("INSERT INTO {table} VALUES ({});\n", row.unwrap()));
        }
    }
    statements
}

#[test]
fn a_file_of_version_1_opens_with_everything_in_it() {
    if std::env::var_os("BLESS").is_some() {
        let folder = Folder::new();
        let mut vault = create(&folder.file());
        fill(&mut vault);
        let copy = reserve(&mut vault, Disclosure::AdultOnly);
        vault.spend(copy.id).unwrap();
        std::fs::write(snapshot("stored_v1.sql"), dump(vault.connection())).unwrap();
    }
    let folder = Folder::new();
    let db = Connection::open(folder.file()).unwrap();
    db.execute_batch(&std::fs::read_to_string(snapshot("create_v1.sql")).unwrap()).unwrap();
    db.execute_batch(&std::fs::read_to_string(snapshot("stored_v1.sql")).unwrap()).unwrap();
    db.execute_batch("PRAGMA application_id = 1263687510; PRAGMA user_version = 1").unwrap();
    drop(db);

    let mut vault = open(&folder.file(), 8).unwrap();
    assert_eq!((vault.version(), vault.schema()), (8, 1));
    assert_eq!(*vault.wrapped_keys(), header());
    assert_eq!(vault.settings().unwrap(), settings());
    assert_eq!(vault.public_data("counter-pack").unwrap().unwrap(), b"pack");
    assert_eq!(vault.cards().unwrap(), [card("doc-1")]);
    assert_eq!(vault.mdocs("doc-1").unwrap(), [mdoc("a")]);
    assert_eq!(vault.staples().unwrap().len(), 2);
    assert_eq!(
        vault.pool("doc-1").unwrap()[&Disclosure::AdultOnly],
        PoolCount { fresh: 1, reserved: 0, spent: 1 }
    );
    assert_eq!(vault.spent_keys().unwrap()[0].1.as_str(), "holder-a-1");
    let next = reserve(&mut vault, Disclosure::AdultOnly);
    assert_eq!((next.holder_key.as_str(), next.staple), ("holder-a-2", copies("a")[1].staple));
    let history = vault.history(9).unwrap();
    assert_eq!((history.len(), &history[0].event), (2, &shown(2)));
}

#[test]
fn a_later_migration_keeps_rows_sealed_as_they_are() {
    let folder = Folder::new();
    fill(&mut create(&folder.file()));
    let mut db = file::connect_existing(&folder.file()).unwrap();
    let mut migrations = schema::MIGRATIONS.to_vec();
    migrations.push("CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT");
    let reached = file::in_transaction(&mut db, |tx| {
        let before = dump(tx);
        let reached = schema::migrate(tx, 1, &migrations)?;
        assert_eq!(dump(tx), before);
        Ok(reached)
    });
    assert_eq!(reached.unwrap(), 2);
    assert_eq!(db.query_row("SELECT count(*) FROM later", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    drop(db);
    assert_eq!(Vault::header(&folder.file()), Err(VaultError::SchemaTooNew { found: 2, known: 1 }));
}
