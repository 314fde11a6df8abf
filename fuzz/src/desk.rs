//! A desk in this process, people signed in at its pages, and a wallet at its APIs.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use desk::{
    Config, DeskIdentity, FIXTURE_LINES, InProcess,
    limits::RequestRate,
    pages::{Account, Password},
    telecom::Operator,
};
use fixtures::{people, platform::SteppedClock};
use http::{Request, Response};
use tokio::runtime::Runtime;
use wallet_core::{
    counter::DeskId,
    platform::{HttpMethod, HttpRequest, HttpResponse},
};

use crate::documents::NOW;

/// By what browsers and wallets know the desk.
pub const URL: &str = "http://127.0.0.1:8480";
/// What the telecom operator is known by.
pub const OPERATOR_TOKEN: &str = "a secret of the fuzzer";
/// Answers after which the desk's memory is made anew: it keeps a trail of everything.
const ANSWERS: u32 = 5000;
const PASSWORD: &str = "a password of the fuzzer";

/// The routes by their templates, but for those that end a session or a person. Those from [`FIRST_OF_STAFF`] on are for somebody who
/// is signed in.
pub const ROUTES: &[&str] = &[
    "/",
    "/health",
    "/openapi.json",
    "/counter-pack",
    "/desk-sign",
    "/status/0",
    "/status/{handle}",
    "/staples",
    "/commands",
    "/give-up",
    "/telecom/suspend",
    "/telecom/resume",
    "/.well-known/openid-credential-issuer",
    "/.well-known/oauth-authorization-server",
    "/openid/offers/{handle}",
    "/openid/applications/{handle}",
    "/openid/challenge",
    "/openid/token",
    "/openid/nonce",
    "/openid/credential",
    "/openid/deferred",
    "/openid/par",
    "/openid/notification",
    "/openid/authorize",
    "/wallet-provider/challenge",
    "/wallet-provider/wallet-attestation",
    "/wallet-provider/key-attestation",
    "/language/ko",
    "/language/{handle}",
    "/sign-in",
    "/portal/sign-in",
    "/portal/open",
    "/static/desk.css",
    FIRST_OF_STAFF,
    "/clerk",
    "/clerk/find",
    "/clerk/waiting",
    "/clerk/waiting/{handle}",
    "/clerk/people/{handle}",
    "/clerk/people/{handle}/visit",
    "/clerk/people/{handle}/line",
    "/clerk/people/{handle}/recover",
    "/clerk/people/{handle}/suspend",
    "/clerk/people/{handle}/resume",
    "/clerk/people/{handle}/details",
    "/clerk/people/{handle}/decide",
    "/clerk/people/{handle}/card-lost",
    "/clerk/people/{handle}/release",
    "/clerk/visits/{handle}",
    "/clerk/visits/{handle}/state",
    "/operator",
    "/operator/find",
    "/operator/lines/{handle}",
    "/operator/lines/{handle}/suspend",
    "/operator/lines/{handle}/resume",
    "/counter",
    "/counter/check",
    "/counter/picture",
    "/counter/sign",
    "/admin",
    "/admin/accounts",
    "/admin/trail",
];
/// The first of those that nobody sees who is not signed in.
pub const FIRST_OF_STAFF: &str = "/password";

/// What the third byte of `desk_http` asks for: the token and origin of the session's forms …
pub const WITH_TOKEN: u8 = 1;
/// … a POST …
pub const POST: u8 = 2;
/// … a body of JSON …
pub const JSON: u8 = 4;
/// … or a file …
pub const PARTS: u8 = 8;
/// … the whole path of the input's own …
pub const OWN_PATH: u8 = 16;
/// … the operator's token …
pub const BEARER: u8 = 32;
/// … something where a signature belongs.
pub const SIGNED: u8 = 64;

static HASH: LazyLock<String> = LazyLock::new(|| Password::make(PASSWORD).unwrap().hash());

/// Somebody at the pages.
#[derive(Debug, Clone, Default)]
pub struct Session {
    /// The cookie header.
    pub cookies: String,
    /// The token of their forms.
    pub csrf: String,
    /// What `{handle}` in a path stands for: somebody, or something, that they opened.
    pub handle: String,
}

/// The desk, and who is there: nobody, a clerk (with a resident opened), the same (with a code), an operator, a counter, an
/// administrator, a citizen.
pub struct World {
    runtime: Runtime,
    desk: InProcess,
    folder: PathBuf,
    pub sessions: Vec<Session>,
    answers: u32,
}

impl World {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("desk-fuzz-{}-{number}", std::process::id()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let desk = InProcess::open(config(folder.clone())).unwrap();
        let mut world = Self { runtime, desk, folder, sessions: Vec::new(), answers: 0 };
        let mut clerk = world.signed_in("kim", "/clerk");
        let number = people::adult().registration_number;
        let found = world.post(&clerk, "/clerk/find", &[("number", number)]);
        let place = location(&found);
        clerk.handle = last(&place);
        let made = world.post(&clerk, &format!("{place}/visit"), &[("seen", "yes")]);
        let visit = Session { handle: last(&location(&made)), ..clerk.clone() };
        let mut operator = world.signed_in("park", "/operator");
        world.post(&clerk, &format!("{place}/line"), &[("line", FIXTURE_LINES[0])]);
        let found = world.post(&operator, "/operator/find", &[("line", FIXTURE_LINES[0])]);
        operator.handle = last(&location(&found));
        let counter = world.signed_in("choi", "/counter");
        let administrator = Session { handle: "kim".to_owned(), ..world.signed_in("han", "/admin") };
        let citizen = world.citizen();
        world.sessions = vec![Session::default(), clerk, visit, operator, counter, administrator, citizen];
        world
    }

    /// Answers, and begins anew after many answers.
    pub fn answer(&mut self, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        self.answers += 1;
        self.runtime.block_on(self.desk.answer(request)).unwrap()
    }

    /// Whether the desk has answered so much that a new one is due.
    pub fn is_full(&self) -> bool {
        self.answers >= ANSWERS
    }

    /// A wallet's request.
    pub fn send(&mut self, request: &HttpRequest) -> HttpResponse {
        let path = request.url.strip_prefix(URL).filter(|path| path.starts_with('/')).unwrap_or("/");
        let method = match request.method {
            HttpMethod::Get => "GET",
            HttpMethod::Post => "POST",
        };
        let mut builder = Request::builder().method(method).uri(path);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        // What is no request at all never reaches a desk.
        let Ok(request) = builder.body(request.body.clone()) else {
            return HttpResponse { status: 400, headers: HashMap::new(), body: Vec::new() };
        };
        let answer = self.answer(request);
        let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
        HttpResponse {
            status: answer.status().as_u16(),
            headers: headers.collect(),
            body: answer.body().clone(),
        }
    }

    /// The clerk sees the adult: the link and the digits.
    pub fn visit(&mut self) -> (String, String) {
        let clerk = self.sessions[1].clone();
        let made = self.post(&clerk, &format!("/clerk/people/{}/visit", clerk.handle), &[("seen", "yes")]);
        let page = self.get(&clerk, &location(&made));
        let link = between(&page, r#"id="offer" href=""#).replace("&amp;", "&");
        (link, between(&page, r#"id="digits">"#).replace(' ', ""))
    }

    fn signed_in(&mut self, account: &str, home: &str) -> Session {
        let session = self.sign_in("/sign-in", &[("account", account), ("password", PASSWORD)]);
        let page = self.get(&session, home);
        Session { csrf: between(&page, r#"name="csrf" value=""#), ..session }
    }

    fn citizen(&mut self) -> Session {
        let adult = people::adult();
        let session =
            self.sign_in("/portal/sign-in", &[("name", adult.name), ("number", adult.registration_number)]);
        let page = self.get(&session, "/portal");
        Session { csrf: between(&page, r#"name="csrf" value=""#), ..session }
    }

    fn sign_in(&mut self, path: &str, fields: &[(&str, &str)]) -> Session {
        let page = self.answer(Request::builder().uri(path).body(Vec::new()).unwrap());
        let visitor = Session {
            cookies: cookie(&page),
            csrf: between(&text(&page), r#"name="csrf" value=""#),
            ..Session::default()
        };
        Session { cookies: cookie(&self.post(&visitor, path, fields)), ..Session::default() }
    }

    fn get(&mut self, session: &Session, path: &str) -> String {
        let request = Request::builder().uri(path).header("cookie", &session.cookies);
        text(&self.answer(request.body(Vec::new()).unwrap()))
    }

    fn post(&mut self, session: &Session, path: &str, fields: &[(&str, &str)]) -> Response<Vec<u8>> {
        let fields = fields.iter().copied().chain([("csrf", session.csrf.as_str())]);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("cookie", &session.cookies)
            .header("origin", URL)
            .header("content-type", "application/x-www-form-urlencoded");
        self.answer(request.body(body.into_bytes()).unwrap())
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn config(folder: PathBuf) -> Config {
    let id = DeskId::parse("centre.1").unwrap();
    let desk = DeskIdentity { id, name_ko: "가온".into(), name_en: "Gaon".into() };
    let mut config = Config::new(folder, desk, Arc::new(SteppedClock::new(NOW))).trusting_fixtures();
    config.public_url = Some(URL.to_owned());
    config.request_rate = RequestRate::Unlimited;
    config.operators.push(Operator::new("gaon-telecom", OPERATOR_TOKEN));
    for (name, role) in [("kim", "clerk"), ("park", "operator"), ("choi", "counter")] {
        config.accounts.push(Account::new(name, role, "gaon", &HASH).unwrap());
    }
    let administrator = Account::new("han", "administrator", "gaon", &HASH).unwrap();
    config.accounts.push(administrator.managing(&["clerk", "operator", "counter"]).unwrap());
    config
}

/// Where an answer leads.
pub fn location(answer: &Response<Vec<u8>>) -> String {
    answer.headers().get("location").expect("a way on").to_str().unwrap().to_owned()
}

fn last(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

fn cookie(answer: &Response<Vec<u8>>) -> String {
    let set = answer.headers().get("set-cookie").expect("a cookie").to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

fn text(answer: &Response<Vec<u8>>) -> String {
    String::from_utf8(answer.body().clone()).unwrap()
}

fn between(page: &str, from: &str) -> String {
    let (_, rest) = page.split_once(from).unwrap_or_else(|| panic!("no {from} in {page}"));
    rest.split(['"', '<']).next().unwrap().to_owned()
}
