//! The virtual chip read by JMRTD, a terminal nobody here wrote, so that it is not merely our own mirror: every access and
//! every proof that JMRTD has. Run by `ci/card-peers`, which builds the driver among the outside oracles and names it in
//! `JMRTD_JAR`.

use std::{
    io::ErrorKind,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use fixtures::{
    chip::{
        ActiveAuthentication, CardBuilder, ChipAuthentication, Cipher, CommandSet, Curve, Mapping,
        VirtualCard,
    },
    people, pki, vpcd,
};

/// The driver.
fn terminal() -> PathBuf {
    let jar = std::env::var_os("JMRTD_JAR").map(PathBuf::from).filter(|jar| jar.is_file());
    jar.expect("JMRTD_JAR names JMRTD's driver; ci/card-peers builds it")
}

/// JMRTD waiting at a port for a chip.
struct Terminal {
    child: Child,
    port: u16,
}

impl Terminal {
    fn start(jar: &PathBuf, options: &[&str]) -> Self {
        // A port that was free a moment ago.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let anchor = std::env::temp_dir().join(format!("wallet-jmrtd-{}.der", std::process::id()));
        std::fs::write(&anchor, pki::csca().certificate()).unwrap();
        let child = Command::new("java")
            .args(["-Xshare:auto", "-jar"])
            .arg(jar)
            .arg(format!("--tcp={port}"))
            .arg(format!("--csca={}", anchor.display()))
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, port }
    }

    /// Puts the card in, and gives JMRTD's report.
    fn read(self, mut card: VirtualCard) -> serde_json::Value {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            match vpcd::play(&mut card, ("127.0.0.1", self.port)) {
                Ok(()) => break,
                Err(error) if error.kind() == ErrorKind::ConnectionRefused && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(error) => panic!("the chip fell out of its reader: {error}"),
            }
        }
        let output = self.child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        serde_json::from_str(text.lines().last().unwrap_or_default())
            .unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

fn card() -> CardBuilder {
    VirtualCard::of(&people::adult()).active_authentication(ActiveAuthentication::Rsa1024)
}

/// No fault of access, files, signatures or active authentication, and the chip's key proven.
fn assert_read(name: &str, report: &serde_json::Value) {
    println!("{name}: {report}");
    assert_eq!(report["ok"], true, "{name}: {report}");
    assert!(report["chipAuthentication"].is_string(), "{name}: {report}");
}

#[test]
#[ignore = "run by ci/card-peers, with JMRTD"]
fn an_independent_terminal_opens_the_virtual_chip_by_every_way_it_has() {
    let jar = terminal();
    let mrz = format!("--mrz={}", people::adult().mrz_information());
    let key = ChipAuthentication::AES_128;
    let by = |mapping, cipher, curve| card().pace_by(mapping, cipher, curve).chip_authentication(key);
    let (can, pin) = ("--can=123456", "--pin=111111");
    let cases: Vec<(&str, CardBuilder, Vec<&str>)> = vec![
        ("GM AES-128 P-256", by(Mapping::Generic, Cipher::Aes128, Curve::P256), vec![can]),
        ("GM AES-256 P-521, MRZ", by(Mapping::Generic, Cipher::Aes256, Curve::P521), vec![&mrz]),
        ("GM 3DES P320", by(Mapping::Generic, Cipher::TripleDes, Curve::BrainpoolP320r1), vec![can]),
        (
            "GM AES-192 P512, PIN",
            by(Mapping::Generic, Cipher::Aes192, Curve::BrainpoolP512r1).pin("111111", 3),
            vec![pin],
        ),
        ("GM AES-128 P-224", by(Mapping::Generic, Cipher::Aes128, Curve::P224), vec![can]),
        ("IM AES-128 P256r1", by(Mapping::Integrated, Cipher::Aes128, Curve::BrainpoolP256r1), vec![can]),
        ("IM 3DES P-256", by(Mapping::Integrated, Cipher::TripleDes, Curve::P256), vec![can]),
        ("CAM AES-128 P-256", by(Mapping::ChipAuthentication, Cipher::Aes128, Curve::P256), vec![can]),
        ("DH-GM AES-128 1024", by(Mapping::Generic, Cipher::Aes128, Curve::Modp1024), vec![can]),
        ("DH-GM 3DES 2048", by(Mapping::Generic, Cipher::TripleDes, Curve::Modp2048Order256), vec![can]),
        ("DH-IM AES-128 1024", by(Mapping::Integrated, Cipher::Aes128, Curve::Modp1024), vec![can]),
        ("BAC", card().basic_access_only().chip_authentication(key), vec![&mrz, "--bac"]),
        (
            "extended",
            by(Mapping::Generic, Cipher::Aes128, Curve::P256),
            vec![can, "--extended", "--sfi", "--block=4000"],
        ),
    ];
    for (name, card, options) in cases {
        assert_read(name, &Terminal::start(&jar, &options).read(card.build()));
    }
}

#[test]
#[ignore = "run by ci/card-peers, with JMRTD"]
fn an_independent_terminal_is_proven_the_virtual_chips_keys() {
    let jar = terminal();
    let key = |cipher, curve, key_id| ChipAuthentication { cipher, curve, key_id, announced: true };
    for (name, key, commands) in [
        (
            "CA AES-256 P512",
            key(Cipher::Aes256, Curve::BrainpoolP512r1, Some(3)),
            CommandSet::AuthenticationTemplate,
        ),
        ("CA 3DES P-224", key(Cipher::TripleDes, Curve::P224, None), CommandSet::KeyAgreementTemplate),
        (
            "CA DH AES-128",
            key(Cipher::Aes128, Curve::Modp2048Order224, None),
            CommandSet::AuthenticationTemplate,
        ),
    ] {
        let card = card().chip_authentication(key).knows_only(commands).build();
        assert_read(name, &Terminal::start(&jar, &["--can=123456", "--extended"]).read(card));
    }
    let copy = card().chip_authentication(ChipAuthentication::AES_128).cloned_without_its_chip_key().build();
    let report = Terminal::start(&jar, &["--can=123456"]).read(copy);
    assert_ne!(report["ok"], true, "a copy passed: {report}");
}
