//! What `--json` prints where no issuer is needed.

use serde_json::Value;

use super::{Folder, wallet};

#[test]
fn read_gives_lengths_digests_checks_and_numbers() {
    let folder = Folder::new("json-read");
    let run = wallet(&folder.0, &["read", "--reader", "virtual", "--json"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let told = run.json();
    let files = told["files"].as_array().unwrap();
    for name in ["DG1", "DG2", "SOD"] {
        let file = files.iter().find(|file| file["name"] == name).unwrap();
        assert!(file["length"].as_u64().unwrap() > 0);
        let sha256 = file["sha256"].as_str().unwrap();
        assert!(
            sha256.len() == 64 && sha256.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
        );
    }
    let checks = told["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 8);
    // No list of the authority was named, and the card has no key for chip authentication.
    let skipped = |check: &Value| check["why"] == "no_revocation_list" || check["why"] == "no_key";
    assert!(checks.iter().all(|check| check["outcome"] == "passed" || skipped(check)), "{checks:?}");
    assert!(checks.iter().any(|it| it["name"] == "active_authentication" && it["outcome"] == "passed"));
    assert!(told["apdus"].is_u64() && told["milliseconds"].is_u64());
    assert!(told["holder"]["name"].is_string());
}

#[test]
fn an_empty_wallet_has_no_cards_and_no_history() {
    let folder = Folder::new("json-empty");
    let list = wallet(&folder.0, &["list", "--json"]).json();
    assert_eq!(list["cards"], Value::Array(vec![]));
    assert_eq!(list["keys"]["kind"], "software");
    assert_eq!(list["keys"]["attested_hardware"], false);
    assert_eq!(wallet(&folder.0, &["history", "--json"]).json()["entries"], Value::Array(vec![]));
}

#[test]
fn a_failure_is_a_document_too() {
    let folder = Folder::new("json-failure");
    let run = wallet(&folder.0, &["read", "--reader", "virtual", "--can", "654321", "--json"]);
    let error = &run.json()["error"];
    assert_eq!((&error["name"], &error["exit_code"]), (&"wrong_password".into(), &4.into()));
    assert!(error["message"].is_string());
    let run = wallet(&folder.0, &["--json", "nonsense"]);
    assert_eq!((run.code, &run.json()["error"]["name"]), (2, &"usage".into()));
}
