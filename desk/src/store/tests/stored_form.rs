//! The schema: what was shipped stays as it is, and what was written under it is read by this program. `BLESS=1` writes the
//! snapshots of a new version; a shipped one must not change.

use std::path::Path;

use rusqlite::Connection;

use super::{
    super::{
        engine::{MIGRATIONS, VERSION, in_postgres},
        *,
    },
    NOW, database,
};

/// A row for every table of the first schema, in words that both engines know.
const ROWS_V1: &str = include_str!("rows_v1.sql");

fn snapshot(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/tests").join(name)
}

fn compare(name: &str, made: &str) {
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(snapshot(name), made).unwrap();
    }
    assert_eq!(std::fs::read_to_string(snapshot(name)).unwrap(), made, "{name}");
}

#[test]
fn every_version_of_the_schema_is_the_shipped_one() {
    let db = Connection::open_in_memory().unwrap();
    for (version, migration) in (1..=VERSION).zip(MIGRATIONS) {
        db.execute_batch(migration).unwrap();
        let mut query =
            db.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").unwrap();
        let statements = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let statements: String = statements.map(|sql| format!("{};\n", sql.unwrap())).collect();
        compare(&format!("create_v{version}.sql"), &statements);
    }
}

#[test]
fn both_engines_have_the_same_tables() {
    let Some(url) = database() else { return };
    drop(Store::connect(&url).unwrap());
    let mut client = url.client();
    let rows = client.query(
        "SELECT table_name || '.' || column_name || ' ' || data_type || CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'schema_version' ORDER BY 1",
        &[],
    );
    let theirs: Vec<String> = rows.unwrap().iter().map(|row| row.get(0)).collect();
    let db = Connection::open_in_memory().unwrap();
    MIGRATIONS.iter().for_each(|migration| db.execute_batch(migration).unwrap());
    let mut query = db
        .prepare(
            "SELECT t.name || '.' || c.name || ' ' || c.type || iif(c.\"notnull\", ' NOT NULL', '')
             FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'",
        )
        .unwrap();
    let ours = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let mut ours: Vec<String> = ours
        .map(|column| {
            let column =
                column.unwrap().replace("INTEGER", "bigint").replace("BLOB", "bytea").replace("TEXT", "text");
            // SQLite's own counter may be left out by who inserts, and is never nothing either.
            let counter = column == "audit.id bigint" || column == "acts.id bigint";
            if counter { format!("{column} NOT NULL") } else { column }
        })
        .collect();
    ours.sort();
    let mut theirs = theirs;
    theirs.sort();
    assert_eq!(ours, theirs);
}

#[test]
fn a_file_of_version_1_opens_with_everything_in_it() {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(&std::fs::read_to_string(snapshot("create_v1.sql")).unwrap()).unwrap();
    db.execute_batch(ROWS_V1).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    holds_the_rows_of_version_1(&Store(Engine::Sqlite(Sqlite::over(db).unwrap())));
}

#[test]
fn a_database_of_version_1_opens_with_everything_in_it() {
    let Some(url) = database() else { return };
    let mut client = url.client();
    client.batch_execute(&in_postgres(MIGRATIONS[0])).unwrap();
    client.batch_execute(&in_postgres(ROWS_V1)).unwrap();
    client.batch_execute("CREATE TABLE schema_version (version BIGINT NOT NULL)").unwrap();
    client.batch_execute("INSERT INTO schema_version (version) VALUES (1)").unwrap();
    let store = Store::connect(&url).unwrap();
    holds_the_rows_of_version_1(&store);
}

fn holds_the_rows_of_version_1(store: &Store) {
    let (person, phone) = ([b'p'; 32], [b'i'; 32]);
    assert_eq!(store.instance(&phone).unwrap(), None, "nobody knows how it was attested");
    store.add_instance(&phone, b"said", &[3; 32], NOW).unwrap();
    assert_eq!(store.instance(&phone).unwrap().unwrap().attestation, b"said");
    assert_eq!(store.binding(&person, &phone).unwrap(), BindingState::Same);
    let span = StapleSpan { first_hour: 500_000, hours: 1440 };
    assert_eq!(store.active_copies(&[b"copy---1"], &phone).unwrap(), [Some(span)]);
    assert_eq!(store.audit().unwrap(), [("enrol".to_owned(), "ok".to_owned())]);
    store.log(NOW, None, "later", "ok").unwrap();
    assert_eq!(store.audit().unwrap().len(), 2);
    let session = SessionId([b's'; 16]);
    let moved = store.advance_session(&session, SessionState::Begun, SessionState::Shown).unwrap();
    assert_eq!(moved, Some(Ok((Nonce([b'n'; 32]), NOW))));
    // What came with later versions works on it too.
    let access = Access { person, instance: phone, issue: [1; 16] };
    store.retire_other_batches(&access, NOW).unwrap();
    assert_eq!(store.active_copies(&[b"copy---1"], &phone).unwrap(), [None]);
}

#[test]
fn a_file_of_a_newer_program_is_left_alone() {
    let db = Connection::open_in_memory().unwrap();
    db.pragma_update(None, "user_version", VERSION + 1).unwrap();
    let refused = Sqlite::over(db).map(drop);
    assert!(matches!(refused, Err(StoreError::NewerSchema { found }) if found == VERSION + 1));
}

#[test]
fn a_database_of_a_newer_program_is_left_alone() {
    let Some(url) = database() else { return };
    drop(Store::connect(&url).unwrap());
    url.client().execute("UPDATE schema_version SET version = $1", &[&i64::from(VERSION + 1)]).unwrap();
    let refused = Store::connect(&url).map(drop);
    assert!(matches!(refused, Err(StoreError::NewerSchema { found }) if found == VERSION + 1));
}

#[test]
fn desks_that_start_together_make_one_schema() {
    let Some(url) = database() else { return };
    std::thread::scope(|scope| {
        let desks: Vec<_> = (0..8).map(|_| scope.spawn(|| Store::connect(&url).unwrap())).collect();
        for desk in desks {
            desk.join().unwrap().log(NOW, None, "started", "ok").unwrap();
        }
    });
    assert_eq!(Store::connect(&url).unwrap().audit().unwrap().len(), 8);
}

#[test]
fn a_schema_is_not_changed_under_a_desk_that_runs() {
    let Some(url) = database() else { return };
    let running = Store::connect(&url).unwrap();
    assert_eq!(url.free_for_a_new_schema(), Some(false));
    drop(running);
    assert_eq!(url.free_for_a_new_schema(), Some(true));
}

#[test]
fn no_query_has_a_question_mark_but_before_a_number() {
    for file in std::fs::read_dir(snapshot("..")).unwrap() {
        let file = file.unwrap().path();
        if file.is_dir() || file.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let source = std::fs::read_to_string(file).unwrap();
        for literal in source.split('"').skip(1).step_by(2) {
            let after_marks = literal.split('?').skip(1);
            let alone = after_marks.filter(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
            assert_eq!(alone.count(), 0, "{literal}");
        }
    }
}

#[test]
fn the_few_copies_that_ended_are_found_without_reading_all() {
    let db = Connection::open_in_memory().unwrap();
    MIGRATIONS.iter().for_each(|migration| db.execute_batch(migration).unwrap());
    for (query, indexes) in [
        (super::super::suspensions::DEACTIVATED, ["copies_retired", "copies_of_person"]),
        (super::super::phones::INACTIVE, ["copies_inactive", "copies_of_person"]),
    ] {
        let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let bound = vec![0_i64; plan.parameter_count()];
        let steps = plan.query_map(rusqlite::params_from_iter(bound), |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<String> = steps.map(Result::unwrap).collect();
        assert!(steps.iter().all(|step| !step.starts_with("SCAN copies")), "{steps:?}");
        assert!(indexes.iter().all(|index| steps.iter().any(|step| step.contains(index))), "{steps:?}");
    }
}
