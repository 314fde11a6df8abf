//! The suites every platform must pass, over the parts that are not fakes: the virtual chip's link, and the HTTP client
//! against a server on loopback. The fakes run theirs beside themselves.

mod the_virtual_chip {
    use fixtures::{
        chip::{VirtualCard, VirtualLink},
        conformance, people,
    };

    conformance::card_link!(|| VirtualLink::new(VirtualCard::of(&people::adult()).build()));
}

mod the_virtual_chip_over_a_narrow_link {
    use fixtures::{
        chip::{VirtualCard, VirtualLink},
        conformance, people,
    };

    conformance::card_link!(|| VirtualLink::new(VirtualCard::of(&people::adult()).build()).short());
}

mod the_http_client {
    use std::{
        io::{BufRead, BufReader, Read, Write},
        net::{TcpListener, TcpStream},
        sync::OnceLock,
    };

    use fixtures::{conformance, platform::LoopbackHttp};
    use tokio::runtime::Runtime;
    use wallet_core::platform::{Http, HttpError, HttpRequest, HttpResponse};

    conformance::http!(|| (OnRuntime, server()));

    /// The client on the runtime it needs, whoever waits for it.
    struct OnRuntime;

    #[async_trait::async_trait]
    impl Http for OnRuntime {
        async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
            static RUNTIME: OnceLock<Runtime> = OnceLock::new();
            let runtime = RUNTIME.get_or_init(|| Runtime::new().unwrap());
            runtime.spawn(async move { LoopbackHttp::new().send(request).await }).await.unwrap()
        }
    }

    fn server() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || listener.incoming().for_each(|stream| answer(stream.unwrap())));
        format!("http://{address}")
    }

    fn answer(stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut first, mut length) = (String::new(), 0);
        reader.read_line(&mut first).unwrap();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            match line.trim().to_ascii_lowercase().strip_prefix("content-length:") {
                Some(value) => length = value.trim().parse().unwrap(),
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let path = first.split(' ').nth(1).unwrap();
        if path == "/drip" {
            return drip(stream);
        }
        let (status, more) = match path {
            "/echo" | "/full" | "/over" => ("200 OK", ""),
            "/redirect" => ("302 Found", "Location: /echo\r\n"),
            _ => ("404 Not Found", ""),
        };
        match path {
            "/full" => body.resize(1 << 20, b'x'),
            "/over" => body.resize((1 << 20) + 1, b'x'),
            _ => {}
        }
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nX-Mixed-Case: yes\r\nConnection: close\r\n{more}\r\n",
            body.len()
        );
        let mut stream = stream;
        stream.write_all(head.as_bytes()).unwrap();
        // A client that has read enough hangs up.
        drop(stream.write_all(&body));
    }

    /// A word now and then, and no end that anybody would wait for.
    fn drip(mut stream: TcpStream) {
        std::thread::spawn(move || {
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n";
            let mut sent = stream.write_all(head);
            for _ in 0..60 {
                if sent.is_err() {
                    return;
                }
                std::thread::sleep(std::time::Duration::from_millis(250));
                sent = stream.write_all(b".");
            }
        });
    }
}

/// A phone's seams are held to the same rules by whichever language tests them.
#[test]
fn the_suites_have_the_same_rules_in_every_language() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |path: String| std::fs::read_to_string(root.join(&path)).unwrap_or_else(|_| panic!("{path}"));
    let swift: String = ["KeyStoreConformance", "SmallSuites"]
        .map(|name| read(format!("ios/Sources/WalletConformance/{name}.swift")))
        .concat();
    for (rust, other) in [
        ("anchor", "Anchor"),
        ("card_link", "CardLink"),
        ("clock", "Clock"),
        ("face_check", "FaceCheck"),
        ("http", "Http"),
        ("key_store", "KeyStore"),
    ] {
        let ours = names(&read(format!("fixtures/src/conformance/{rust}.rs")), "pub async fn ", '<');
        let sync = names(&read(format!("fixtures/src/conformance/{rust}.rs")), "pub fn ", '<');
        let rules: std::collections::BTreeSet<_> = ours.union(&sync).cloned().collect();
        let kotlin = format!(
            "android/conformance/src/main/kotlin/kr/example/wallet/conformance/{other}Conformance.kt"
        );
        assert!(!rules.is_empty());
        assert_eq!(names(&read(kotlin), "    @Test\n    public fun ", '('), rules, "{other} in Kotlin");
        let suite = swift.split(&format!("struct {other}Conformance")).nth(1).unwrap();
        let suite = suite.split("\n}\n").next().unwrap();
        assert_eq!(names(suite, "ConformanceCase(name: \"", '"'), rules, "{other} in Swift");
    }
}

/// What stands between each `before` and the next `after`.
fn names(text: &str, before: &str, after: char) -> std::collections::BTreeSet<String> {
    text.split(before).skip(1).map(|rest| rest.split(after).next().unwrap().to_owned()).collect()
}
