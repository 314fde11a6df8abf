//! One exit code for each family of failures.

use super::{Folder, command, wallet};

#[test]
fn nothing_wrong_is_0() {
    let folder = Folder::new("exit-0");
    assert_eq!(wallet(&folder.0, &["list"]).code, 0);
    assert_eq!(wallet(&folder.0, &["--version"]).code, 0);
}

#[test]
fn a_wrong_command_line_is_2() {
    let folder = Folder::new("exit-2");
    let wrong: [&[&str]; 9] = [
        &[],
        &["no-such-command"],
        &["read", "--reader", "nonsense"],
        &["read", "--reader", "virtual", "--can", "12345"],
        &["read", "--reader", "virtual", "--csca", "no-such-file"],
        &["enrol", "--issuer", "http://issuer.example", "--reader", "virtual", "--yes"],
        // Nobody is there to ask.
        &["enrol", "--issuer", "http://127.0.0.1:1", "--reader", "virtual"],
        &["check", "KR1:"],
        &["show", "--level", "everything"],
    ];
    for words in wrong {
        let run = wallet(&folder.0, words);
        assert_eq!(run.code, 2, "{words:?}: {}", run.stderr);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{words:?}");
    }
}

#[test]
fn a_card_whose_signer_nobody_trusts_is_3() {
    let folder = Folder::new("exit-3");
    let other = folder.path("other.der");
    std::fs::write(&other, fixtures::pki::rogue_csca().certificate()).unwrap();
    let run = wallet(&folder.0, &["read", "--reader", "virtual", "--csca", other.to_str().unwrap()]);
    assert_eq!(run.code, 3, "{}", run.stderr);
}

#[test]
fn a_wrong_number_for_the_card_and_a_reader_without_a_card_are_4() {
    let folder = Folder::new("exit-4");
    let run = wallet(&folder.0, &["read", "--reader", "virtual", "--can", "654321"]);
    assert_eq!(run.code, 4);
    assert!(run.stderr.contains("six digits"), "{}", run.stderr);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let reader = format!("vpcd:{}", taken.local_addr().unwrap());
    assert_eq!(wallet(&folder.0, &["read", "--reader", &reader, "--can", "123456"]).code, 4);
}

#[test]
fn an_issuer_out_of_reach_is_5() {
    let folder = Folder::new("exit-5");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let issuer = format!("http://{free}");
    let run = wallet(&folder.0, &["enrol", "--issuer", &issuer, "--reader", "virtual", "--yes"]);
    assert_eq!(run.code, 5, "{}", run.stderr);
}

#[test]
fn no_passphrase_and_a_wrong_one_are_6() {
    let folder = Folder::new("exit-6");
    let enrol = ["enrol", "--issuer", "http://127.0.0.1:1", "--reader", "virtual", "--yes"];
    let missing = command(&folder.0, &enrol).env_remove("WALLET_PASSPHRASE").output().unwrap();
    assert_eq!(missing.status.code(), Some(6));
    // Fails at the network, but leaves a wallet with keys.
    assert_eq!(wallet(&folder.0, &enrol).code, 5);
    let wrong = command(&folder.0, &["list"]).env("WALLET_PASSPHRASE", "another").output().unwrap();
    assert_eq!(wrong.status.code(), Some(6));
    assert_eq!(wallet(&folder.0, &["list"]).code, 0);
}

#[test]
fn a_card_that_is_not_there_and_a_folder_that_cannot_be_used_are_7() {
    let folder = Folder::new("exit-7");
    assert_eq!(wallet(&folder.path("empty"), &["show", "--yes"]).code, 7);
    let file = folder.path("file");
    std::fs::write(&file, b"").unwrap();
    let run = wallet(&file, &["enrol", "--issuer", "http://127.0.0.1:1", "--reader", "virtual", "--yes"]);
    assert_eq!(run.code, 7, "{}", run.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_is_8() {
    use std::time::{Duration, Instant};
    let folder = Folder::new("exit-8");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let reader = format!("vpcd:{free}");
    let mut child = command(&folder.0, &["read", "--reader", &reader, "--can", "123456"]).spawn().unwrap();
    // It waits for a chip once Ctrl-C (signal 2) is taken over.
    let began = Instant::now();
    let catches = |pid: u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim().to_owned();
        u64::from_str_radix(&caught, 16).unwrap() & 0b10 != 0
    };
    while !catches(child.id()) {
        assert!(began.elapsed() < Duration::from_secs(20), "it never waited");
        std::thread::yield_now();
    }
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(8));
}
