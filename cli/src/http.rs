//! The wallet's HTTP client on a desktop: `ureq`, without TLS of its own.
//!
//! It follows no redirect, reads at most 1 MiB, and speaks plain HTTP to this machine only.

use std::{collections::HashMap, io::Read as _, net::IpAddr, time::Duration};

use async_trait::async_trait;
use ureq::{Agent, http};
use wallet_core::platform::{Http, HttpError, HttpMethod, HttpRequest, HttpResponse};

/// The client.
pub(crate) struct DesktopHttp {
    agent: Agent,
}

impl DesktopHttp {
    /// A client that waits for an answer at most 30 seconds: a long poll is at most 25.
    pub(crate) fn new() -> Self {
        let config = Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_global(Some(Duration::from_secs(30)))
            .user_agent(concat!("wallet/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into() }
    }
}

#[async_trait]
impl Http for DesktopHttp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let agent = self.agent.clone();
        tokio::task::spawn_blocking(move || send(&agent, request))
            .await
            .unwrap_or(Err(HttpError::Failed { os_code: TASK_DIED }))
    }
}

/// `https`, or `http` to this machine: anything else would let the network read and change what is sent.
pub(crate) fn is_allowed(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => true,
        (Some("http"), Some(host)) => is_loopback(host),
        _ => false,
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn send(agent: &Agent, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    if !is_allowed(&request.url) {
        return Err(HttpError::Tls);
    }
    let method = match request.method {
        HttpMethod::Get => http::Method::GET,
        HttpMethod::Post => http::Method::POST,
    };
    let mut builder = http::Request::builder().method(method).uri(&request.url);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let response = match request.method {
        HttpMethod::Get => builder.body(()).map_err(ureq::Error::from).and_then(|built| agent.run(built)),
        HttpMethod::Post => {
            builder.body(request.body).map_err(ureq::Error::from).and_then(|built| agent.run(built))
        }
    };
    let response = response.map_err(|error| name_failure(&error))?;
    let status = response.status().as_u16();
    let mut headers = HashMap::new();
    for (name, value) in response.headers() {
        if let Ok(value) = value.to_str() {
            headers.insert(name.as_str().to_ascii_lowercase(), value.to_owned());
        }
    }
    let mut body = Vec::new();
    let mut reader = response.into_body().into_reader().take(BODY_LIMIT + 1);
    reader.read_to_end(&mut body).map_err(|error| name_failure(&ureq::Error::from(error)))?;
    if u64::try_from(body.len()).is_ok_and(|length| length <= BODY_LIMIT) {
        Ok(HttpResponse { status, headers, body })
    } else {
        Err(HttpError::Failed { os_code: BODY_TOO_LONG })
    }
}

fn name_failure(error: &ureq::Error) -> HttpError {
    use std::io::ErrorKind;
    match error {
        ureq::Error::Timeout(_) => HttpError::Timeout,
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => HttpError::Offline,
        ureq::Error::Tls(_) | ureq::Error::TlsRequired | ureq::Error::RequireHttpsOnly(_) => HttpError::Tls,
        ureq::Error::Io(io) => match io.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => HttpError::Timeout,
            ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::NotConnected
            | ErrorKind::NetworkUnreachable
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkDown => HttpError::Offline,
            _ => HttpError::Failed { os_code: io.raw_os_error().unwrap_or(OTHER) },
        },
        _ => HttpError::Failed { os_code: OTHER },
    }
}

/// Longest body that is read, bytes.
const BODY_LIMIT: u64 = 1024 * 1024;
/// The request's thread died.
const TASK_DIED: i32 = -1;
/// The answer is longer than [`BODY_LIMIT`].
const BODY_TOO_LONG: i32 = -2;
/// Anything else: not HTTP, a bad header.
const OTHER: i32 = -3;

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// Answers one request with `answer`, and gives back the address.
    fn server(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(&answer);
        });
        url
    }

    fn get(url: String) -> Result<HttpResponse, HttpError> {
        let request = HttpRequest { method: HttpMethod::Get, url, headers: HashMap::new(), body: Vec::new() };
        send(&DesktopHttp::new().agent, request)
    }

    #[test]
    fn plain_http_goes_to_this_machine_only() {
        for url in
            ["http://127.0.0.1:8080/x", "http://localhost/", "http://[::1]:1/", "https://issuer.example/"]
        {
            assert!(is_allowed(url), "{url}");
        }
        for url in
            ["http://issuer.example/", "http://127.0.0.1.example/", "ftp://localhost/", "localhost", ""]
        {
            assert!(!is_allowed(url), "{url}");
        }
        assert_eq!(get("http://192.0.2.1/".to_owned()), Err(HttpError::Tls));
    }

    #[test]
    fn a_redirect_is_an_answer_and_is_not_followed() {
        let answer =
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n".to_vec();
        let response = get(server(answer)).unwrap();
        assert_eq!(response.status, 302);
        assert_eq!(response.headers.get("location").unwrap(), "http://127.0.0.1:9/");
    }

    #[test]
    fn an_error_status_is_an_answer_with_its_body() {
        let answer = b"HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\nno".to_vec();
        let response = get(server(answer)).unwrap();
        assert_eq!((response.status, response.body), (409, b"no".to_vec()));
    }

    #[test]
    fn a_body_over_one_mebibyte_is_refused() {
        let sized = |length: usize| {
            let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
            answer.resize(answer.len() + length, b'x');
            answer
        };
        assert_eq!(get(server(sized(1024 * 1024))).unwrap().body.len(), 1024 * 1024);
        assert_eq!(get(server(sized(1024 * 1024 + 1))), Err(HttpError::Failed { os_code: BODY_TOO_LONG }));
    }

    #[test]
    fn nobody_listening_is_offline() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(get(format!("http://{free}/")), Err(HttpError::Offline));
    }
}
