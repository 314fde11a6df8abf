//! What a clerk does and the line that says who did it: both, or neither.

use std::path::Path;

use desk::FIXTURE_LINES;
use fixtures::people;
use rusqlite::{Connection, types::Value};

use super::{accept, act, visited, with_documents};
use crate::office::Office;

fn memory(office: &Office) -> Connection {
    Connection::open(office.folder.join("desk/desk.sqlite")).unwrap()
}

/// Everything the desk remembers, but who is signed in and how often something was tried.
fn all(office: &Office) -> Vec<(String, Vec<Vec<Value>>)> {
    let memory = memory(office);
    let mut names =
        memory.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let kept = names.into_iter().filter(|name| !name.starts_with("page_") && !name.starts_with("sqlite_"));
    let rows = |name: String| {
        let mut table = memory.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns = table.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect();
        let rows = table.query_map([], row).unwrap().map(Result::unwrap).collect();
        (name, rows)
    };
    kept.map(rows).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_clerk_does_and_its_trail_are_one_transaction() {
    let office = Office::open_as(with_documents).await;
    let (phone, mut clerk, place) = visited(&office).await;
    let welfare = act(&mut clerk, &place, "visit", &[("document", "welfare_card")]);
    accept(&mut clerk, &welfare, &phone).await.unwrap();
    assert!(Path::new(&office.folder).join("desk/desk.sqlite").exists());
    let citizen = people::adult();
    let moved = [
        ("name", citizen.name),
        ("name_latin", &citizen.name_latin()),
        ("address", "세종특별자치시 보기로 1"),
    ];
    // In an order in which each does something.
    let acts: [(&str, &[(&str, &str)]); 12] = [
        ("visit", &[]),
        ("line", &[("line", FIXTURE_LINES[0])]),
        ("decide", &[("document", "welfare_card"), ("answer", "approve")]),
        ("decide", &[("document", "welfare_card"), ("answer", "deny")]),
        ("details", &moved),
        ("suspend", &[]),
        ("resume", &[]),
        ("release", &[]),
        ("recover", &[]),
        ("wipe", &[]),
        ("card-lost", &[]),
        ("died", &[]),
    ];
    for (name, more) in acts {
        let before = all(&office);
        memory(&office)
            .execute_batch(
                "CREATE TRIGGER no_trail BEFORE INSERT ON acts BEGIN SELECT RAISE(ABORT, 'full'); END",
            )
            .unwrap();
        assert_eq!(act(&mut clerk, &place, name, more).status, 503, "{name}");
        assert!(all(&office) == before, "{name} was done, and nobody knows by whom");
        memory(&office).execute_batch("DROP TRIGGER no_trail").unwrap();
        let done = act(&mut clerk, &place, name, more);
        assert!([200, 303].contains(&done.status), "{name}: {}", done.body);
        let after = all(&office);
        let changed: Vec<&str> = before
            .iter()
            .zip(&after)
            .filter(|(before, after)| before != after)
            .map(|(_, (name, _))| name.as_str())
            .collect();
        assert!(changed.contains(&"acts") && changed.contains(&"audit"), "{name}: {changed:?}");
        assert!(changed.len() > 2, "{name}: {changed:?}");
    }
}
