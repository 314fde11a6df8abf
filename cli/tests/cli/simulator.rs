//! The simulator starts, answers and leaves nothing behind, however it is ended.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, ChildStdin, Command, Stdio},
    sync::Arc,
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fixtures::platform::{FixtureFaceCheck, LoopbackHttp, MemoryAnchor, SoftwareKeyStore, SystemClock};
use serde_json::{Value, json};
use wallet_core::wallet::{
    Issued, Language, Platform, Refusal, UnlockWith, Wallet, WalletConfig, WalletError, WalletState,
};

use super::Folder;

struct Simulator {
    child: Child,
    input: Option<ChildStdin>,
    ready: Value,
}

impl Simulator {
    fn start(folder: &Folder) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wallet"))
            .arg("simulator")
            .env("TMPDIR", folder.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let input = child.stdin.take();
        Self { child, input, ready: serde_json::from_str(&line).unwrap() }
    }

    fn address(&self) -> String {
        self.ready["desk"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned()
    }

    /// What the centre answers.
    fn centre(&self, request: &Value) -> Value {
        let mut stream = TcpStream::connect(self.ready["centre"].as_str().unwrap()).unwrap();
        stream.write_all(format!("{request}\n").as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// A wallet whose vault is in `folder`, as the first line says it has to be set up, unlocked.
    async fn wallet(&self, folder: &Folder) -> Arc<Wallet> {
        let config = &self.ready["config"];
        let roots = |name: &str| {
            let roots = config[name].as_array().unwrap().iter();
            roots.map(|root| STANDARD.decode(root.as_str().unwrap()).unwrap()).collect()
        };
        let config = WalletConfig {
            vault_path: folder.path("vault").to_str().unwrap().to_owned(),
            issuer_url: config["issuer_url"].as_str().unwrap().to_owned(),
            issuer_roots: roots("issuer_roots"),
            card_roots: roots("card_roots"),
            desk_roots: roots("desk_roots"),
            language: Language::English,
            wallet_provider_url: None,
            redirect_uri: WalletConfig::REDIRECT_URI.to_owned(),
        };
        let platform = Platform {
            key_store: Arc::new(SoftwareKeyStore::new()),
            anchor: Arc::new(MemoryAnchor::new()),
            http: Arc::new(LoopbackHttp::new()),
            clock: Arc::new(SystemClock),
            face_check: Arc::new(FixtureFaceCheck::new()),
        };
        let wallet = Wallet::open(platform, config).await.unwrap();
        wallet.unlock(UnlockWith::Biometrics).await.unwrap();
        wallet
    }

    /// Its exit code once it has ended.
    fn ended(mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

/// Has the desk make nonces, each of which is a row in its database, until nobody answers.
fn keep_busy(address: &str) {
    let request = format!(
        "POST /openid/nonce HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    );
    while let Ok(mut stream) = TcpStream::connect(address) {
        let mut answer = Vec::new();
        if stream.write_all(request.as_bytes()).is_err() || stream.read_to_end(&mut answer).is_err() {
            return;
        }
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
    }
}

fn end_while_busy(name: &str, end: impl Fn(&mut Simulator)) {
    let folder = Folder::new(name);
    for _ in 0..5 {
        let mut simulator = Simulator::start(&folder);
        let busy: Vec<_> = (0..4)
            .map(|_| {
                let address = simulator.address();
                thread::spawn(move || keep_busy(&address))
            })
            .collect();
        // It writes by now.
        drop(TcpStream::connect(simulator.address()).unwrap());
        end(&mut simulator);
        assert_eq!(simulator.ended(), 0);
        for worker in busy {
            worker.join().unwrap();
        }
        let left: Vec<_> =
            std::fs::read_dir(folder.path("")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

#[test]
fn a_simulator_whose_input_ends_leaves_nothing_behind() {
    end_while_busy("simulator-input", |simulator| drop(simulator.input.take()));
}

#[test]
fn a_simulator_that_is_terminated_leaves_nothing_behind() {
    end_while_busy("simulator-terminated", |simulator| {
        let id = simulator.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    });
}

#[test]
fn a_client_that_says_nothing_does_not_keep_it_alive() {
    let folder = Folder::new("simulator-silent");
    let mut simulator = Simulator::start(&folder);
    let cards = simulator.ready["cards"].as_array().unwrap();
    let held = TcpStream::connect(cards[0]["address"].as_str().unwrap()).unwrap();
    let mut half = TcpStream::connect(simulator.address()).unwrap();
    half.write_all(b"POST /enrolment/begin HTTP/1.1\r\n").unwrap();
    drop(simulator.input.take());
    assert_eq!(simulator.ended(), 0);
    drop((held, half));
    assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 0);
}

async fn accept(wallet: &Arc<Wallet>, link: &Value, digits: Option<&Value>) -> Result<Issued, WalletError> {
    let offer = Arc::clone(wallet).open_offer(link.as_str().unwrap().to_owned()).await?;
    offer.accept(digits.map(|digits| digits.as_str().unwrap().into()), None).await
}

#[tokio::test]
async fn a_resident_gets_an_id_by_link_and_loses_the_phone() {
    let folder = Folder::new("simulator-link");
    let simulator = Simulator::start(&folder);
    let wallet = simulator.wallet(&folder).await;
    let centre = |op: &str, more: Value| {
        let mut request = json!({"op": op, "card": "adult"});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        simulator.centre(&request)
    };
    let denied = Err(WalletError::IssuerRefused { why: Refusal::Denied });
    // Seen by nobody, then by a clerk and unwilling, then willing.
    for (visited, agree) in [(false, true), (true, false), (true, true)] {
        if visited {
            assert!(centre("visit", json!({}))["ok"]["link"].is_string());
        }
        let applied = centre("portal_link", json!({}));
        assert!(applied["ok"]["web_link"].as_str().unwrap().contains("/portal/open?"));
        let Issued::SignIn { url } = accept(&wallet, &applied["ok"]["link"], None).await.unwrap() else {
            panic!("a browser is asked for")
        };
        let back = centre("browse", json!({"url": url, "agree": agree}));
        let back = back["ok"]["redirect_uri"].as_str().unwrap().to_owned();
        let outcome = Arc::clone(&wallet).continue_with(back, None).await;
        if visited && agree {
            assert!(matches!(outcome, Ok(Issued::Card { .. })), "{outcome:?}");
        } else {
            assert_eq!(outcome, denied);
        }
    }

    let veteran = centre("visit", json!({"document": "veteran_card"}));
    let digits = &veteran["ok"]["transaction_code"];
    assert!(matches!(accept(&wallet, &veteran["ok"]["link"], Some(digits)).await, Ok(Issued::Card { .. })));
    let welfare = centre("visit", json!({"document": "welfare_card"}));
    let digits = &welfare["ok"]["transaction_code"];
    assert!(matches!(accept(&wallet, &welfare["ok"]["link"], Some(digits)).await, Ok(Issued::Later { .. })));
    let decided = centre("decide", json!({"document": "welfare_card", "approve": true}));
    assert_eq!(decided, json!({"ok": {"asked": true}}));
    let resumed = Arc::clone(&wallet).resume_issuance(None).await;
    assert!(matches!(resumed, Ok(Issued::Card { .. })), "{resumed:?}");

    for (op, state) in [("suspend", WalletState::LockedByCommand), ("resume", WalletState::Locked)] {
        assert_eq!(centre(op, json!({})), json!({"ok": {}}));
        wallet.receive_commands(0).await.unwrap();
        assert_eq!(wallet.state(), Ok(state));
    }
    assert_eq!(centre("end_card", json!({"event": "details_changed"})), json!({"ok": {"phone": true}}));
    assert_eq!(centre("wipe", json!({})), json!({"ok": {"phone": true}}));
    wallet.receive_commands(0).await.unwrap();
    assert_eq!(wallet.state(), Ok(WalletState::Wiped));
}

#[test]
fn what_the_centre_cannot_do_it_says() {
    let folder = Folder::new("simulator-centre");
    let simulator = Simulator::start(&folder);
    for (request, fault) in [
        (json!({"op": "visit", "card": "nobody"}), "not_registered"),
        (json!({"op": "suspend", "card": "minor"}), "no_line"),
        (json!({"op": "visit", "card": "second", "document": "veteran_card"}), "refused"),
        (json!({"op": "browse", "card": "adult", "url": "https://elsewhere.example/"}), "malformed"),
        (
            json!({"op": "browse", "card": "adult", "url": format!("{}.example/", simulator.ready["desk"].as_str().unwrap())}),
            "malformed",
        ),
        (json!({"op": "portal_link", "card": "second", "document": "veteran_card"}), "failed"),
        (json!({"op": "end_card", "card": "adult", "event": "bored"}), "malformed"),
        (json!({"op": "suspend", "card": "adult", "reason": "lost"}), "malformed"),
    ] {
        assert_eq!(simulator.centre(&request), json!({"error": fault}), "{request}");
    }
    let nobody_hears = json!({"ok": {"phone": false}});
    for event in ["card_lost", "details_changed", "died"] {
        let request = json!({"op": "end_card", "card": "adult", "event": event});
        assert_eq!(simulator.centre(&request), nobody_hears);
    }
    assert_eq!(simulator.centre(&json!({"op": "wipe", "card": "adult"})), nobody_hears);
    let decide = json!({"op": "decide", "card": "adult", "document": "welfare_card", "approve": true});
    assert_eq!(simulator.centre(&decide), json!({"ok": {"asked": false}}));
}
