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
        let (status, more) = match first.split(' ').nth(1).unwrap() {
            "/echo" => ("200 OK", ""),
            "/redirect" => ("302 Found", "Location: /echo\r\n"),
            _ => ("404 Not Found", ""),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nX-Mixed-Case: yes\r\nConnection: close\r\n{more}\r\n",
            body.len()
        );
        let mut stream = stream;
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
    }
}
