//! The separate commands with a desk beside them.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use desk::{Config, Desk, DeskIdentity};
use fixtures::{chip::VirtualCard, platform::SystemClock};
use wallet_core::counter::DeskId;

use super::{Folder, Run, command, wallet};

/// A desk that answers on a thread of its own, and has written its anchors where `desk serve` does.
struct Beside {
    url: String,
    data: PathBuf,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    fn start(data: PathBuf) -> Self {
        let (tell, told) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let folder = data.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let identity = DeskIdentity {
                    id: DeskId::parse("test-1").unwrap(),
                    name_ko: "시험 창구".to_owned(),
                    name_en: "Test desk".to_owned(),
                };
                let config = Config::new(&folder, identity, Arc::new(SystemClock)).trusting_fixtures();
                let running = Desk::start(config).await.unwrap();
                let anchors = folder.join("anchors");
                std::fs::create_dir_all(&anchors).unwrap();
                for (name, bytes) in [
                    ("issuer-root.der", running.issuer_root()),
                    ("registration-root.der", running.registration_root()),
                    ("pack-authority.der", running.pack_authority_certificate()),
                    ("counter-pack.cbor", running.counter_pack()),
                ] {
                    std::fs::write(anchors.join(name), bytes).unwrap();
                }
                tell.send(running.base_url().to_owned()).unwrap();
                let _ = stopped.await;
                running.shutdown().await.unwrap();
            });
        });
        Self { url: told.recv().unwrap(), data, stop: Some(stop), thread: Some(thread) }
    }

    fn sign(&self) -> String {
        let text = ureq::get(format!("{}/desk-sign", self.url)).call().unwrap().body_mut().read_to_string();
        let sign: serde_json::Value = serde_json::from_str(&text.unwrap()).unwrap();
        sign["sign"].as_str().unwrap().to_owned()
    }

    /// What a clerk does for the fixtures' adult, with the folder of the running desk: the code and the digits.
    fn visit(&self) -> (String, String) {
        let identity =
            DeskIdentity { id: DeskId::parse("test-1").unwrap(), name_ko: "-".into(), name_en: "-".into() };
        let config = Config::new(&self.data, identity, Arc::new(SystemClock)).trusting_fixtures();
        let person = fixtures::people::adult().person();
        let now = wallet_core::platform::Clock::now(&SystemClock).unwrap().unix_seconds;
        let issuer = Desk::open(&config).unwrap().serving_at(self.url.clone());
        let offer = { issuer }.offer(&person, None, now).unwrap();
        (offer.link, offer.transaction_code)
    }

    fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

fn enrol(home: &Path, desk: &Beside) -> Run {
    let trust = desk.data.to_str().unwrap();
    wallet(
        home,
        &["enrol", "--issuer", &desk.url, "--reader", "virtual", "--trust", trust, "--yes", "--json"],
    )
}

#[test]
fn a_card_is_enrolled_shown_and_checked_by_separate_commands() {
    let folder = Folder::new("walk");
    let mut desk = Beside::start(folder.path("desk"));
    let home = folder.path("home");

    let run = enrol(&home, &desk);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let told = run.json();
    assert_eq!(told["card"]["name"], "한가람");
    assert_eq!(told["keys"]["label"], "software keys, not attested hardware");

    // The sign as a picture, as a citizen meets it.
    let sign = desk.sign();
    let picture = folder.path("sign.png");
    let image = wallet_core::qr::QrCode::encode(&sign).unwrap().to_grey(6);
    let mut encoder = png::Encoder::new(std::fs::File::create(&picture).unwrap(), image.side, image.side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&image.pixels).unwrap();
    let out = folder.path("frames");
    let (picture, out_name) = (picture.to_str().unwrap(), out.to_str().unwrap());
    let show = wallet(
        &home,
        &["show", "--level", "full", "--desk", picture, "--out", out_name, "--once", "--yes", "--json"],
    );
    assert_eq!(show.code, 0, "{}", show.stderr);
    let shown = show.json();
    assert_eq!((&shown["desk"]["id"], &shown["desk"]["name"]), (&"test-1".into(), &"Test desk".into()));
    assert_eq!(shown["keys"]["attested_hardware"], false);
    let people = wallet(&home, &["show", "--desk", &sign, "--yes", "--once"]);
    assert!(people.stdout.contains("software keys, not attested hardware"));
    assert!(people.stdout.contains("Test desk (verified)"));

    // From here nothing answers any more.
    desk.stop();
    let frame = out.join("frame.png");
    let (frame, seen) = (frame.to_str().unwrap(), folder.path("seen"));
    let check = ["check", frame, "--desk-id", "test-1", "--seen", seen.to_str().unwrap(), "--json"];
    let first = wallet(&home, &check);
    assert_eq!(first.code, 0, "{}{}", first.stdout, first.stderr);
    let verdict = first.json();
    assert_eq!(verdict["accepted"], true);
    assert_eq!(verdict["shown"]["name"], "한가람");
    assert!(verdict["shown"]["registration_number"].is_null(), "the level does not carry it");
    assert_eq!(verdict["checks"].as_array().unwrap().len(), 15);

    let again = wallet(&home, &check);
    assert_eq!((again.code, again.json()["reason"].as_str()), (3, Some("seen_before")));
    let elsewhere = wallet(&home, &["check", frame, "--desk-id", "other", "--json"]);
    assert_eq!((elsewhere.code, elsewhere.json()["reason"].as_str()), (3, Some("other_desk")));

    let list = wallet(&home, &["list", "--json"]).json();
    let left = |level: &str| {
        let copies = list["cards"][0]["copies"].as_array().unwrap();
        copies.iter().find(|copies| copies["level"] == level).unwrap()["left"].as_u64().unwrap()
    };
    assert_eq!((left("adult"), left("name_birth"), left("full")), (9, 5, 2));
    let people = wallet(&home, &["list"]);
    assert!(people.stdout.contains("software keys, not attested hardware"));
    assert!(!people.stdout.contains("2000000"), "the number is masked");

    let history = wallet(&home, &["history", "--json"]).json();
    let kinds: Vec<_> = history["entries"].as_array().unwrap().iter().map(|entry| &entry["kind"]).collect();
    assert_eq!(kinds, ["shown_at_counter", "shown_at_counter", "card_added"]);
    assert_eq!(history["entries"][0]["counterparty"], "Test desk");
    assert_eq!(history["entries"][0]["verified"], true);
}

#[test]
fn a_general_code_is_accepted_for_the_adult_level_and_by_policy_for_others() {
    let folder = Folder::new("general");
    let desk = Beside::start(folder.path("desk"));
    let home = folder.path("home");
    assert_eq!(enrol(&home, &desk).code, 0);
    let show = |level: &str| {
        let run = wallet(&home, &["show", "--level", level, "--yes", "--json", "--offline"]);
        run.json()["text"].as_str().unwrap().to_owned()
    };
    let adult = wallet(&home, &["check", &show("adult"), "--json"]);
    assert_eq!((adult.code, &adult.json()["shown"]["adult_by_year"]), (0, &true.into()), "{}", adult.stdout);
    let text = show("address");
    let refused = wallet(&home, &["check", &text, "--json"]);
    assert_eq!((refused.code, refused.json()["reason"].as_str()), (3, Some("general_audience")));
    let accepted = wallet(&home, &["check", &text, "--policy", "accept_general_audience", "--json"]);
    assert_eq!(accepted.code, 0, "{}", accepted.stdout);
    assert_eq!(wallet(&home, &["check", &text, "--policy", "accept_anything"]).code, 2);
}

#[test]
fn a_card_that_was_taken_away_amid_an_enrolment_is_asked_for_and_becomes_an_id() {
    let folder = Folder::new("enrol-taken-away");
    let desk = Beside::start(folder.path("desk"));
    let card = || VirtualCard::of(&fixtures::people::adult()).build();
    let enrol_over_tcp = |home: &str, plays: &mut dyn FnMut(SocketAddr)| -> Run {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (reader, trust) = (format!("vpcd:{address}"), desk.data.to_str().unwrap());
        let csca = folder.path("csca.der");
        std::fs::write(&csca, fixtures::pki::csca().certificate()).unwrap();
        let words = [
            &["enrol", "--issuer", &desk.url, "--reader", &reader, "--can", "123456", "--trust", trust][..],
            &["--csca", csca.to_str().unwrap(), "--yes", "--json"],
        ]
        .concat();
        let mut child = command(&folder.path(home), &words);
        let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        plays(address);
        Run::from(child.wait_with_output().unwrap())
    };
    // A contact that is never good: it is asked for nine times more, and no tenth.
    let gone = enrol_over_tcp("gone", &mut |address| {
        let mut card = card();
        for _ in 0..10 {
            fixtures::vpcd::play_for(&mut card, address, 3).unwrap();
        }
    });
    assert_eq!((gone.code, &gone.json()["error"]["name"]), (4, &"card_lost".into()));
    assert!(wallet(&folder.path("gone"), &["list", "--json"]).json()["cards"].as_array().unwrap().is_empty());

    let mut back = card();
    let run = enrol_over_tcp("home", &mut |address| {
        fixtures::vpcd::play_for(&mut back, address, 14).unwrap();
        fixtures::vpcd::play_for(&mut back, address, u32::MAX - 14).unwrap();
    });
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.json()["card"]["name"], "한가람");
    // What the card heard before it left is counted, and the command that it did not hear.
    let told = run.json()["apdus"].as_u64().unwrap();
    assert_eq!(told, u64::from(back.apdus()) + 1);
}

#[test]
fn a_second_phone_of_the_same_person_is_refused_by_the_issuer() {
    let folder = Folder::new("second");
    let desk = Beside::start(folder.path("desk"));
    assert_eq!(enrol(&folder.path("first"), &desk).code, 0);
    let second = enrol(&folder.path("second"), &desk);
    assert_eq!((second.code, &second.json()["error"]["name"]), (5, &"issuer_refused".into()));
    // The same phone may enrol again.
    assert_eq!(enrol(&folder.path("first"), &desk).code, 0);
}

#[test]
fn a_clerks_code_and_six_digits_become_an_id() {
    let folder = Folder::new("accept");
    let desk = Beside::start(folder.path("desk"));
    let (code, digits) = desk.visit();
    // As the citizen meets it: a picture.
    let picture = folder.path("code.png");
    let image = wallet_core::qr::QrCode::encode(&code).unwrap().to_grey(6);
    let mut encoder = png::Encoder::new(std::fs::File::create(&picture).unwrap(), image.side, image.side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&image.pixels).unwrap();
    let (home, trust) = (folder.path("home"), desk.data.to_str().unwrap());
    let accept = |code: &str, digits: &str| {
        let of =
            ["accept", code, "--digits", digits, "--issuer", &desk.url, "--trust", trust, "--yes", "--json"];
        wallet(&home, &of)
    };
    let mistyped = accept(&code, "12345");
    assert_eq!(mistyped.json()["error"]["name"], "wrong_password");
    let other = if digits == "000000" { "111111" } else { "000000" };
    let refused = accept(&code, other);
    assert_eq!((refused.code, &refused.json()["error"]["name"]), (5, &"issuer_refused".into()));
    let accepted = accept(picture.to_str().unwrap(), &digits);
    assert_eq!(accepted.code, 0, "{}", accepted.stderr);
    assert_eq!(accepted.json()["card"]["name"], "한가람");
    let show = wallet(&home, &["show", "--yes", "--once", "--json"]);
    assert_eq!(show.code, 0, "{}", show.stderr);
    assert_eq!(accept(&code, &digits).code, 5, "used");
}

#[test]
fn a_portals_link_leads_to_a_browser_and_back_to_a_card() {
    let folder = Folder::new("portal");
    let desk = Beside::start(folder.path("desk"));
    let (home, trust) = (folder.path("home"), desk.data.to_str().unwrap());
    let citizen = fixtures::people::adult();
    let browser = fixtures::browser::Browser::at(&desk.url);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Somebody has seen them.
    desk.visit();
    let link = runtime.block_on(browser.apply(&citizen, None)).unwrap().link;
    let of = ["accept", &link, "--issuer", &desk.url, "--trust", trust, "--yes", "--json"];
    let waits = wallet(&home, &of);
    assert_eq!(waits.code, 0, "{}", waits.stderr);
    let url = waits.json()["sign_in"].as_str().unwrap().to_owned();
    assert!(url.starts_with(&desk.url), "{url}");
    let early = wallet(&home, &["continue", "--yes", "--json"]);
    assert_eq!(early.json()["error"]["name"], "not_for_this_wallet", "the browser is out");
    let back = runtime.block_on(browser.answer(&url, &citizen, true)).unwrap().way_back().unwrap();
    assert_eq!(wallet(&home, &["continue", &back]).code, 2, "without --yes nobody is there to ask");
    let done = wallet(&home, &["continue", &back, "--yes", "--json"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(done.json()["card"]["name"], citizen.name);
    assert_ne!(wallet(&home, &["continue", &back, "--yes"]).code, 0, "it is good once");
    assert_eq!(wallet(&home, &["show", "--yes", "--once", "--json"]).code, 0);
}

#[test]
fn a_wallet_is_refreshed_and_wiped_and_begins_anew() {
    let folder = Folder::new("wipe");
    let desk = Beside::start(folder.path("desk"));
    let home = folder.path("home");
    for words in [&["refresh", "--json"][..], &["wipe", "--yes", "--json"]] {
        let run = wallet(&home, words);
        assert_eq!((run.code, &run.json()["error"]["name"]), (7, &"card_not_found".into()), "{words:?}");
    }
    assert_eq!(enrol(&home, &desk).code, 0);
    let refreshed = wallet(&home, &["refresh", "--json"]);
    assert_eq!(refreshed.code, 0, "{}", refreshed.stdout);
    let told = refreshed.json();
    assert_eq!((&told["state"], &told["renewed"]), (&"ready".into(), &"not_needed".into()));
    assert!(told["lists"].as_u64().unwrap() >= 1 && told["obeyed"].as_array().unwrap().is_empty());

    // Without --yes nobody is there to ask.
    assert_eq!(wallet(&home, &["wipe"]).code, 2);
    let wiped = wallet(&home, &["wipe", "--give-up", "--yes", "--json"]);
    assert_eq!(wiped.code, 0, "{}", wiped.stdout);
    assert_eq!(wiped.json()["given_up"], true);
    assert_eq!(wallet(&home, &["list", "--json"]).json()["cards"], serde_json::json!([]));
    // Another phone may have the ID now, and this one begins anew when that one gives it up.
    let other = folder.path("other");
    assert_eq!(enrol(&other, &desk).code, 0);
    assert_eq!(enrol(&home, &desk).json()["error"]["name"], "issuer_refused");
    assert_eq!(wallet(&other, &["wipe", "--give-up", "--yes"]).code, 0);
    assert_eq!(enrol(&home, &desk).code, 0);
}
