//! Any request to any route of the desk, as somebody signed in or as nobody: paths, queries, cookies, headers, forms, files and
//! JSON. The desk answers everything, never with a failure of its own, always with its strict headers; nobody sees a page that is
//! not theirs, no answer leads elsewhere, and no script comes back.
#![no_main]

use std::sync::Mutex;

use fuzz::desk::{
    BEARER, FIRST_OF_STAFF, JSON, OPERATOR_TOKEN, OWN_PATH, PARTS, POST, ROUTES, SIGNED, Session, URL,
    WITH_TOKEN, World,
};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use libfuzzer_sys::fuzz_target;

static WORLD: Mutex<Option<World>> = Mutex::new(None);

fuzz_target!(|data: &[u8]| {
    let [route, who, flags, rest @ ..] = data else { return };
    let mut world = WORLD.lock().unwrap();
    if world.as_ref().is_none_or(World::is_full) {
        *world = None;
    }
    let world = world.get_or_insert_with(World::new);
    let place = usize::from(*route) % ROUTES.len();
    let session = world.sessions[usize::from(*who) % world.sessions.len()].clone();
    let nobody = session.cookies.is_empty();
    let of_staff =
        ROUTES.iter().position(|route| *route == FIRST_OF_STAFF).is_some_and(|first| place >= first);
    let Some(request) = request(ROUTES[place], &session, *flags, rest) else { return };
    let (path, is_post) = (request.uri().path().to_owned(), request.method() == "POST");
    let answer = world.answer(request);
    check(&answer, &path);
    // Whoever sends cookies of their own in the headers cannot have guessed one of these.
    if nobody && of_staff && flags & OWN_PATH == 0 {
        assert!(!answer.status().is_success(), "{path} is nobody's: {}", answer.status());
    }
    if is_post && of_staff && flags & (WITH_TOKEN | OWN_PATH) == 0 {
        assert!(!answer.status().is_success(), "{path} without a token: {}", answer.status());
    }
});

/// Headers, one in a line; 0xff; the body. The first line is a query, or a whole path.
fn request(template: &str, session: &Session, flags: u8, rest: &[u8]) -> Option<Request<Vec<u8>>> {
    let mut parts = rest.splitn(2, |byte| *byte == 0xff);
    let head = std::str::from_utf8(parts.next()?).ok()?;
    let given = parts.next().unwrap_or_default();
    let mut lines = head.split('\n');
    let first = lines.next().unwrap_or_default();
    let uri = if flags & OWN_PATH != 0 {
        first.to_owned()
    } else {
        let path = template.replace("{handle}", &session.handle);
        if first.is_empty() { path } else { format!("{path}?{first}") }
    };
    let mut builder = Request::builder().uri(uri).method(if flags & POST != 0 { "POST" } else { "GET" });
    let headers = builder.headers_mut()?;
    let mut add = |name: &str, value: &str| {
        let name = name.parse::<HeaderName>().ok()?;
        headers.append(name, HeaderValue::from_str(value).ok()?);
        Some(())
    };
    for line in lines.take(16) {
        let (name, value) = line.split_once(':')?;
        add(name, value.trim())?;
    }
    if !session.cookies.is_empty() {
        add("cookie", &session.cookies)?;
    }
    if flags & BEARER != 0 {
        add("authorization", &format!("Bearer {OPERATOR_TOKEN}"))?;
    }
    if flags & SIGNED != 0 {
        add("wallet-signature", &"A".repeat(86))?;
    }
    if flags & WITH_TOKEN != 0 {
        add("origin", URL)?;
    }
    let token = if flags & WITH_TOKEN != 0 { session.csrf.as_str() } else { "" };
    let (kind, body) = if flags & PARTS != 0 {
        let before = format!(
            "--b\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n--b\r\n\
             content-disposition: form-data; name=\"picture\"; filename=\"p\"\r\n\r\n"
        );
        ("multipart/form-data; boundary=b", [before.as_bytes(), given, b"\r\n--b--\r\n"].concat())
    } else if flags & JSON != 0 {
        ("application/json", given.to_vec())
    } else {
        let token = if token.is_empty() { String::new() } else { format!("csrf={token}&") };
        ("application/x-www-form-urlencoded", [token.as_bytes(), given].concat())
    };
    if !headers_have(&builder, "content-type") {
        builder = builder.header("content-type", kind);
    }
    builder.body(body).ok()
}

fn headers_have(builder: &http::request::Builder, name: &str) -> bool {
    builder.headers_ref().is_some_and(|headers| headers.contains_key(name))
}

fn check(answer: &Response<Vec<u8>>, path: &str) {
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap());
    assert!(answer.status() < StatusCode::INTERNAL_SERVER_ERROR, "{path}: {}", answer.status());
    assert_eq!(header("x-content-type-options"), Some("nosniff"), "{path}");
    assert_eq!(header("x-frame-options"), Some("DENY"), "{path}");
    let policy = header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{path}");
    if let Some(place) = header("location") {
        assert!(
            place.starts_with('/') && !place.starts_with("//") && !place.contains('\\'),
            "{path}: {place}"
        );
    }
    if header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
        let page = std::str::from_utf8(answer.body()).unwrap();
        let own = page.matches(r#"<script src="/static/desk.js"#).count();
        assert_eq!(page.to_lowercase().matches("<script").count(), own, "{path}");
    }
}
