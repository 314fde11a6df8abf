//! `wallet read`: by every password, short or long, with the portrait in a file.

use std::{
    net::{SocketAddr, TcpListener},
    process::Stdio,
};

use fixtures::{chip::VirtualCard, people};

use super::{Folder, Run, command, wallet};

fn read(folder: &Folder, words: &[&str]) -> Run {
    wallet(&folder.0, &[&["read", "--reader", "virtual"], words].concat())
}

/// Document number, birth and expiry of the invented card, each with its check digit.
fn mrz() -> [String; 3] {
    let information = fixtures::people::adult().mrz_information();
    let (number, dates) = information.split_at(10);
    let (birth, expiry) = dates.split_at(7);
    [number, birth, expiry].map(ToOwned::to_owned)
}

#[test]
fn the_invented_card_opens_by_each_of_its_passwords() {
    let folder = Folder::new("read-passwords");
    let mrz = mrz();
    for words in [
        &[][..],
        &["--can", "123456"],
        &["--mrz", &mrz.join(",")],
        &["--mrz", &mrz.concat(), "--basic-access", "never"],
        &["--pin", "111111"],
        &["--pin", "111111", "--can", "123456"],
        &["--puk", "3333333333"],
    ] {
        let run = read(&folder, &[words, &["--json"]].concat());
        assert_eq!(run.code, 0, "{words:?}: {}", run.stderr);
        assert!(run.json()["holder"]["name"].is_string());
    }
    for wrong in [&["--pin", "222222"][..], &["--puk", "3333333334"]] {
        assert_eq!(read(&folder, wrong).code, 4, "{wrong:?}");
    }
}

#[test]
fn a_mistyped_line_is_told_by_its_part_and_reaches_no_card() {
    let folder = Folder::new("read-mistyped");
    let [number, birth, expiry] = mrz();
    let other = |digits: &str| {
        let (kept, last) = digits.split_at(digits.len() - 1);
        format!("{kept}{}", if last == "0" { '1' } else { '0' })
    };
    for (mrz, told) in [
        ([other(&number), birth.clone(), expiry.clone()], "document number"),
        ([number.clone(), other(&birth), expiry.clone()], "date of birth"),
        ([number.clone(), birth.clone(), other(&expiry)], "date of expiry"),
    ] {
        let run = read(&folder, &["--mrz", &mrz.join(",")]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains(told), "{}", run.stderr);
    }
}

#[test]
fn passwords_exclude_each_other_and_a_secret_is_not_repeated() {
    let folder = Folder::new("read-excluded");
    for words in [
        &["--pin", "111111", "--puk", "3333333333"][..],
        &["--mrz", "L898902C<3,6908061,9406236", "--can", "123456"],
        &["--basic-access", "never"],
        &["--pin", "-"],
    ] {
        assert_eq!(read(&folder, words).code, 2, "{words:?}");
    }
    let run = read(&folder, &["--pin", "12x456"]);
    assert_eq!(run.code, 2);
    assert!(!run.stderr.contains("12x456"), "{}", run.stderr);
}

#[test]
fn short_commands_read_the_same_with_more_of_them() {
    let folder = Folder::new("read-short");
    let (long, short) = (read(&folder, &["--json"]).json(), read(&folder, &["--short", "--json"]).json());
    assert_eq!(long["files"], short["files"]);
    assert!(short["apdus"].as_u64() > long["apdus"].as_u64());
}

#[test]
fn the_portrait_goes_to_a_file_as_it_is_on_the_chip() {
    let folder = Folder::new("read-portrait");
    let path = folder.path("portrait.jpg");
    let run = read(&folder, &["--portrait", path.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("portrait.jpg"));
    let image = std::fs::read(&path).unwrap();
    assert!(image.starts_with(&[0xFF, 0xD8, 0xFF]) || image.starts_with(&[0xFF, 0x4F]), "an image");
    let nowhere = folder.path("no-such-folder/portrait.jpg");
    assert_eq!(read(&folder, &["--portrait", nowhere.to_str().unwrap()]).code, 7);
}

/// The outcome of a check, and why.
fn check(document: &serde_json::Value, name: &str) -> (String, Option<String>) {
    let checks = document["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name).unwrap();
    (check["outcome"].as_str().unwrap().to_owned(), check["why"].as_str().map(ToOwned::to_owned))
}

fn kept(folder: &Folder, name: &str, bytes: &[u8]) -> String {
    let path = folder.path(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

const REVOCATION: &str = "passive_authentication.revocation";

#[test]
fn a_signer_that_its_country_took_back_is_refused_and_each_check_told() {
    use fixtures::pki::{csca, dsc, dsc_rsa, revocation_list, rogue_csca};
    let folder = Folder::new("read-crl");
    let crl = |name: &str, bytes: Vec<u8>| kept(&folder, name, &bytes);
    let good = crl("good.crl", revocation_list(csca(), &[dsc_rsa()], 2049));
    let bad = crl("bad.crl", revocation_list(csca(), &[dsc()], 2049));
    let old = crl("old.crl", revocation_list(csca(), &[dsc_rsa()], 2021));
    let foreign = crl("foreign.crl", revocation_list(rogue_csca(), &[dsc()], 2049));

    let none = read(&folder, &["--json"]).json();
    assert_eq!(check(&none, REVOCATION), ("skipped".into(), Some("no_revocation_list".into())));
    let listed = read(&folder, &["--crl", &good, "--json"]).json();
    assert_eq!(check(&listed, REVOCATION), ("passed".into(), None));
    let stale = read(&folder, &["--crl", &old, "--json"]).json();
    assert_eq!(check(&stale, REVOCATION), ("skipped".into(), Some("old_revocation_list".into())));

    let run = read(&folder, &["--crl", &good, "--crl", &bad, "--json"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let document = run.json();
    assert_eq!(document["error"]["name"], "not_trusted");
    assert_eq!(check(&document, REVOCATION), ("failed".into(), Some("revoked".into())));
    for held in ["signature", "chain", "hashes"] {
        let (outcome, _) = check(&document, &format!("passive_authentication.{held}"));
        assert_eq!(outcome, "passed", "{held}");
    }
    let told = read(&folder, &["--crl", &bad]);
    assert_eq!(told.code, 3);
    assert!(told.stdout.contains("took the certificate back"), "{}", told.stdout);

    for unknown in [&[][..], &["--crl", &old]] {
        assert_eq!(read(&folder, &[&["--require-crl"], unknown].concat()).code, 3, "{unknown:?}");
    }
    assert_eq!(read(&folder, &["--require-crl", "--crl", &good]).code, 0);
    // A list that no trusted authority signed, and a file that is none.
    assert_eq!(read(&folder, &["--crl", &foreign]).code, 2);
    assert_eq!(read(&folder, &["--crl", &kept(&folder, "none.crl", b"\x30\x03\x02\x01\x00")]).code, 2);
}

#[test]
fn links_and_master_lists_lead_to_a_card_that_nobody_named() {
    use fixtures::pki::{csca, issuer_root, link, master_list, rogue_csca, verifier_root};
    let folder = Folder::new("read-links");
    let other = kept(&folder, "other.der", rogue_csca().certificate());
    assert_eq!(read(&folder, &["--csca", &other]).code, 3, "a stranger");
    let linked = kept(&folder, "link.der", &link(rogue_csca(), csca()));
    assert_eq!(read(&folder, &["--csca", &other, "--link", &linked]).code, 0);
    let foreign = kept(&folder, "foreign.der", &link(verifier_root(), csca()));
    assert_eq!(read(&folder, &["--csca", &other, "--link", &foreign]).code, 2);

    let list = kept(&folder, "list.ml", &master_list(&[issuer_root(), csca()]));
    assert_eq!(read(&folder, &["--csca", &other, "--master-list", &list]).code, 0);
    let stranger = kept(&folder, "stranger.der", verifier_root().certificate());
    assert_eq!(read(&folder, &["--csca", &stranger, "--master-list", &list]).code, 2);
}

#[test]
fn only_the_files_that_were_named_are_read() {
    let folder = Folder::new("read-files");
    let names = |words: &[&str]| -> Vec<String> {
        let document = read(&folder, &[words, &["--json"]].concat()).json();
        let files = document["files"].as_array().unwrap();
        files.iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&["--files", "dg1"]), ["CardAccess", "SOD", "DG1"]);
    assert_eq!(names(&["--files", "com,dg11"]), ["CardAccess", "SOD", "COM", "DG11"]);
    assert_eq!(
        names(&["--files", "all"]),
        ["CardAccess", "SOD", "COM", "DG1", "DG2", "DG11", "DG12", "DG14", "DG15"]
    );
    let few = read(&folder, &["--files", "dg1", "--json"]).json();
    assert_eq!(few["holder"]["name"], "HAN GARAM");
    assert_eq!(check(&few, "active_authentication"), ("skipped".into(), Some("not_read".into())));
    assert_eq!(check(&few, "access"), ("skipped".into(), Some("nothing_signed".into())));
    let all = read(&folder, &["--files", "all", "--json"]).json();
    assert_eq!(all["ef_com"]["agrees"], true);
    assert_eq!(all["signed"]["country"], "KR");
    assert_eq!(read(&folder, &["--files", "dg17"]).code, 2);
    assert_eq!(read(&folder, &["--files", "dg1", "--portrait", "unused.jpg"]).code, 2);
}

#[test]
fn a_report_for_people_says_what_held_and_what_was_not_checked() {
    let folder = Folder::new("read-report");
    let english = read(&folder, &["--files", "all"]);
    for told in ["Signed by the authority of KR", "Opened by PACE", "Original chip, by signature: passed"] {
        assert!(english.stdout.contains(told), "{told} in {}", english.stdout);
    }
    assert!(english.stdout.contains("Signer not revoked: not checked (no revocation list was given"));
    let korean = read(&folder, &["--lang", "ko"]);
    assert!(korean.stdout.contains("원본 칩 (서명): 통과"), "{}", korean.stdout);
    let [number, birth, expiry] = mrz();
    let mrz = format!("{number},{birth},{expiry}");
    let by_mrz = read(&folder, &["--mrz", &mrz, "--json"]).json();
    assert_eq!(by_mrz["opened_by"], "pace");
}

/// Reads what `play` puts into a reader over TCP.
fn read_over_tcp(folder: &Folder, words: &[&str], play: impl FnOnce(SocketAddr)) -> Run {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let reader = format!("vpcd:{address}");
    let csca = kept(folder, "csca.der", fixtures::pki::csca().certificate());
    let words =
        [&["read", "--reader", &reader, "--can", "123456", "--csca", &csca, "--json"], words].concat();
    let mut child = command(&folder.0, &words);
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    play(address);
    Run::from(child.wait_with_output().unwrap())
}

#[test]
fn a_card_that_was_taken_away_is_asked_for_and_read_on() {
    let folder = Folder::new("read-taken-away");
    let mut card = VirtualCard::of(&people::adult()).build();
    let run = read_over_tcp(&folder, &[], |address| {
        // Twice in the reader, and out of it in between.
        fixtures::vpcd::play_for(&mut card, address, 14).unwrap();
        fixtures::vpcd::play_for(&mut card, address, u32::MAX - 14).unwrap();
    });
    assert_eq!(run.code, 0, "{}", run.stderr);
    let told = run.json()["apdus"].as_u64().unwrap();
    // What the card heard before it left is counted, and the command that it did not hear.
    assert_eq!(told, u64::from(card.apdus()) + 1);
    let mut whole = VirtualCard::of(&people::adult()).build();
    let at_once = read_over_tcp(&folder, &[], |address| {
        fixtures::vpcd::play_for(&mut whole, address, u32::MAX).unwrap();
    });
    assert!(told < 14 + at_once.json()["apdus"].as_u64().unwrap(), "it went on where it stopped");
}

#[test]
fn a_file_that_nobody_can_parse_is_told_and_the_rest_read() {
    let folder = Folder::new("read-odd");
    for (number, tag) in [(7, 0x67), (11, 0x6B), (12, 0x6C), (16, 0x70)] {
        let mut card = VirtualCard::of(&people::adult()).group(number, vec![tag, 2, 0x81, 0x7F]).build();
        let files = format!("dg1,dg2,dg{number}");
        let run = read_over_tcp(&folder, &["--files", &files], |address| {
            fixtures::vpcd::play_for(&mut card, address, u32::MAX).unwrap();
        });
        assert_eq!(run.code, 0, "{number}: {}", run.stderr);
        assert_eq!(run.json()["unreadable"], serde_json::json!([format!("DG{number}")]));
        assert!(run.json()["holder"]["document_number"].is_string());
    }
}
