//! The portal: a citizen signs in, applies, gets a link, and says yes when the wallet that opened it asks.
//!
//! The sign-in is a model: name and number from the register, where a real portal asks the state's identity service. It proves
//! so little that nothing is issued on it alone (`openid::authorize`).

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use wallet_core::card::{Language, Person, RegistrationNumber};

use super::{
    account::Role,
    address::Address,
    guard::{
        Anyone, CITIZEN_SIGN_IN, Citizen, Fields, Posted, PostedByAnyone, Signed, malformed, out_of_order,
    },
    language::say,
    layout::{Page, csrf, refusal},
    own_line,
    session::{self, Jar, Session},
    shown::{or_out_of_order, qr, time},
    sign_in::see,
};
use crate::{
    documents::{Document, Holders},
    issuer::IssuerError,
    openid::{Answered, Application, PortalRefusal, paths},
    server::App,
    store::{PersonId, Rate},
};

/// Tries for one number, and from one address.
const PER_NUMBER: Rate = Rate { every: 60, burst: 5 };
const PER_ADDRESS: Rate = Rate { every: 5, burst: 30 };
/// Longest `request_uri`, bytes.
const MAX_REQUEST: usize = 200;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/portal", get(front))
        .route(CITIZEN_SIGN_IN, get(form).post(sign_in))
        .route("/portal/sign-out", post(sign_out))
        .route("/portal/apply", post(apply))
        .route(paths::OPEN, get(open))
        .route(paths::AUTHORIZE, get(ask).post(answer))
}

async fn form(State(app): State<App>, visitor: Anyone) -> Response {
    let response = sign_in_page(&app, &visitor, None, None).render_with(StatusCode::OK);
    visitor.keep(response)
}

async fn sign_in(State(app): State<App>, from: Address, posted: PostedByAnyone) -> Response {
    let PostedByAnyone { visitor, headers, form } = posted;
    let request = form.get("request").filter(|request| is_request(request)).map(str::to_owned);
    let fault = |status: StatusCode, words| {
        sign_in_page(&app, &visitor, request.as_deref(), Some(words)).render_with(status)
    };
    let number = form.get("number").and_then(|number| RegistrationNumber::parse(number.trim()).ok());
    let wait = wait_of(&app, &from, number.as_ref()).await;
    match wait {
        Ok(None) => {}
        Ok(Some(seconds)) => {
            let words = (
                "너무 자주 시도했습니다. 잠시 뒤에 다시 해 주세요.",
                "Too many tries. Wait a little and try again.",
            );
            let page = fault(StatusCode::TOO_MANY_REQUESTS, words);
            return ([(header::RETRY_AFTER, HeaderValue::from(seconds))], page).into_response();
        }
        Err(_) => return out_of_order(visitor.language),
    }
    let name = form.get("name").unwrap_or_default().trim();
    let registered = number.as_ref().and_then(|number| app.register.find(number.as_str())).cloned();
    let known = app.with_issuer(move |issuer, _| match registered {
        Some(person) => issuer.known_person(person.registration_number().as_str(), Some(&person)),
        None => Ok(None),
    });
    let Ok(known) = known.await else { return out_of_order(visitor.language) };
    let Some(person) = known.filter(|person| person.name() == name) else {
        let words = (
            "성명과 주민등록번호가 등록된 내용과 맞지 않습니다.",
            "Name and number do not match the register.",
        );
        return fault(StatusCode::UNAUTHORIZED, words);
    };
    let kept = app.with_issuer(move |issuer, now| {
        let id = issuer.keep_person(&person, now)?;
        issuer.store.log(now, None, "portal sign-in", "ok")?;
        Ok(id)
    });
    let Ok(id) = kept.await else { return out_of_order(visitor.language) };
    match session::begin(&app, &headers, Role::Citizen, &name_of(&id), [0; 32]).await {
        Ok(cookie) => {
            let place =
                request.map_or_else(|| Role::Citizen.home().to_owned(), |request| authorize_place(&request));
            see(&place, Some(cookie))
        }
        Err(_) => out_of_order(visitor.language),
    }
}

/// Counts a try; gives how long to wait when there were too many.
async fn wait_of(
    app: &App,
    from: &Address,
    number: Option<&RegistrationNumber>,
) -> Result<Option<i64>, IssuerError> {
    let number = number.map_or("", RegistrationNumber::as_str);
    let limits = [
        (app.pages.limit_name("portal number", number), PER_NUMBER),
        (app.pages.limit_name("portal address", &from.network().to_string()), PER_ADDRESS),
    ];
    app.with_issuer(move |issuer, now| {
        let mut wait = None;
        for (limit, rate) in limits {
            wait = wait.max(issuer.store.try_page_limit(&limit, rate, now)?);
        }
        Ok(wait)
    })
    .await
}

async fn sign_out(State(app): State<App>, posted: Posted<Citizen>) -> Response {
    match session::end(&app, &posted.session).await {
        Ok(cookie) => see(CITIZEN_SIGN_IN, Some(cookie)),
        Err(_) => out_of_order(posted.session.language),
    }
}

async fn front(State(app): State<App>, Signed { session, .. }: Signed<Citizen>) -> Response {
    or_out_of_order(session.language, front_page(&app, &session, None).await)
}

/// What a citizen can do here, under a word about what they have just done.
pub(super) async fn front_page(
    app: &App,
    session: &Session,
    word: Option<(StatusCode, own_line::Word)>,
) -> Result<Response, IssuerError> {
    let (person, documents) = signed_in(app, session).await?;
    let number = person.registration_number().as_str();
    let known = |document: &&Document| {
        document.holders() != Holders::Registered || app.register.fields(number, document.id()).is_some()
    };
    let documents: Vec<&Document> = documents.iter().filter(known).collect();
    let page = Page::of(&app.pages, session, ("모바일 신분증 신청", "Apply for a mobile ID"));
    let own =
        own_line::section(app, session, &page, person_of(&session.who).ok_or(IssuerError::Failed)?).await?;
    let content = html! {
        @if let Some((_, (good, korean, english))) = word {
            @if good { p.notice.good #done role="status" { (page.say(korean, english)) } }
            @else { p.notice.bad #fault role="alert" { (page.say(korean, english)) } }
        }
        p { (person.name()) (page.say(" 님, 신청할 신분증을 고르세요.", ", choose what to apply for.")) }
        @for document in &documents {
            form.card method="post" action="/portal/apply" {
                (csrf(&session.csrf))
                input type="hidden" name="document" value=(document.id());
                h2 { (document.name().text(page.language)) }
                button type="submit" { (page.say("신청", "Apply")) }
            }
        }
        p.hint { (page.say(
            "발급하려면 실물 신분증을 휴대전화에 대고 얼굴을 확인했거나, 주민센터를 방문한 기록이 있어야 합니다.",
            "It is issued only if your card was tapped and your face checked on that phone, or you have been to the centre.",
        )) }
        (own)
    };
    Ok(page.render(word.map_or(StatusCode::OK, |(status, _)| status), &content))
}

async fn apply(State(app): State<App>, posted: Posted<Citizen>) -> Response {
    let Posted { session, form, .. } = posted;
    let Some(document) = form.get("document").map(str::to_owned) else { return malformed(session.language) };
    or_out_of_order(session.language, applied(&app, &session, document).await)
}

async fn applied(app: &App, session: &Session, document: String) -> Result<Response, IssuerError> {
    let (person, _) = signed_in(app, session).await?;
    let number = person.registration_number().as_str();
    let fields = app.register.fields(number, &document).cloned().unwrap_or_default();
    let outcome = app.with_issuer(move |issuer, now| issuer.apply(&person, &document, &fields, now)).await;
    let page = Page::of(&app.pages, session, ("발급 링크", "Link to your ID"));
    let Application { link, web_link, expires_at } = match outcome {
        Ok(application) => application,
        Err(IssuerError::Refused { .. }) => {
            let words = page.say("이 신분증은 신청할 수 없습니다.", "You cannot apply for this document.");
            return Ok(refusal(&page, StatusCode::FORBIDDEN, words));
        }
        Err(error) => return Err(error),
    };
    let picture = qr(&link, page.say("휴대전화로 스캔할 발급 QR 코드", "QR code for the phone to scan"))?;
    let content = html! {
        section.card.code {
            p { a.button #offer href=(link) { (page.say("이 기기의 지갑에서 열기", "Open in the wallet on this phone")) } }
            p { a #web-offer href=(web_link) { (page.say("웹 링크로 열기", "Open by web link")) } }
            (picture)
            p { (page.say("유효 시각: ", "Good until ")) (time(expires_at)) }
        }
    };
    Ok(page.render(StatusCode::OK, &content))
}

/// Where the `https` link leads when the system does not hand it to a wallet.
async fn open(State(app): State<App>, visitor: Anyone, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let fields = Fields::parse(query.as_bytes());
    let offer = fields.as_ref().and_then(|fields| fields.get("credential_offer_uri"));
    let ours = app.with_issuer(|issuer, _| Ok(format!("{}{}/", issuer.url, paths::APPLICATION))).await;
    let Ok(ours) = ours else { return out_of_order(visitor.language) };
    let Some(offer) = offer.filter(|offer| offer.starts_with(&ours)) else {
        return malformed(visitor.language);
    };
    let uri: String = form_urlencoded::byte_serialize(offer.as_bytes()).collect();
    let link = format!("openid-credential-offer://?credential_offer_uri={uri}");
    let page = Page::open(&app.pages, visitor.language, "/portal", ("지갑에서 열기", "Open in the wallet"));
    let content = html! {
        p { a.button #offer href=(link) { (page.say("지갑에서 열기", "Open in the wallet")) } }
        p.hint { (page.say("지갑 앱이 없으면 먼저 설치해 주세요.", "Without a wallet, install one first.")) }
    };
    page.render(StatusCode::OK, &content)
}

/// The authorization endpoint: a pushed request and nothing else. RFC 9126, 4.
async fn ask(
    State(app): State<App>,
    visitor: Anyone,
    headers: axum::http::HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let fields = Fields::parse(query.as_bytes()).unwrap_or_default();
    let request = fields.get("request_uri").filter(|request| is_request(request));
    let known = fields.get("client_id") == Some(crate::wallet_provider::CLIENT_ID);
    let Some(request) = request.filter(|_| known).map(str::to_owned) else {
        return over(&app, visitor.language);
    };
    let session = Session::find(&app, Jar::Citizen, &headers, visitor.language, Role::Citizen.home()).await;
    match session {
        Ok(Some(session)) => or_out_of_order(visitor.language, ask_page(&app, &session, request).await),
        Ok(None) => {
            let response = sign_in_page(&app, &visitor, Some(&request), None).render_with(StatusCode::OK);
            visitor.keep(response)
        }
        Err(_) => out_of_order(visitor.language),
    }
}

async fn ask_page(app: &App, session: &Session, request: String) -> Result<Response, IssuerError> {
    let looked = request.clone();
    let found = app.with_issuer(move |issuer, now| Ok(issuer.asked(&looked, now)?.cloned())).await?;
    let Some(document) = found else { return Ok(over(app, session.language)) };
    let page = Page::of(&app.pages, session, ("발급 확인", "Issue this ID?"));
    let content = html! {
        form.card method="post" action=(paths::AUTHORIZE) {
            (csrf(&session.csrf))
            input type="hidden" name="request" value=(request);
            h2 { (document.name().text(page.language)) }
            p { (page.say(
                "링크를 연 휴대전화의 지갑에 발급합니다. 본인이 직접 연 것이 맞습니까?",
                "It goes to the wallet on the phone that opened the link. Was that you?",
            )) }
            button type="submit" name="answer" value="yes" { (page.say("발급", "Issue")) }
            button.quiet type="submit" name="answer" value="no" { (page.say("취소", "No")) }
        }
    };
    Ok(page.render(StatusCode::OK, &content))
}

async fn answer(State(app): State<App>, posted: Posted<Citizen>) -> Response {
    let Posted { session, form, .. } = posted;
    let request = form.get("request").filter(|request| is_request(request)).map(str::to_owned);
    let agreed = match form.get("answer") {
        Some("yes") => true,
        Some("no") => false,
        _ => return malformed(session.language),
    };
    let (Some(request), Some(person)) = (request, person_of(&session.who)) else {
        return malformed(session.language);
    };
    let answered =
        app.with_issuer(move |issuer, now| issuer.answer_pushed(&request, &person, agreed, now)).await;
    match answered {
        Ok(Some(answered)) => back(&app, &session, &answered),
        Ok(None) => over(&app, session.language),
        Err(_) => out_of_order(session.language),
    }
}

/// Back to the wallet, by a link: a browser does not let a form lead to another site, and the citizen should see why not.
fn back(app: &App, session: &Session, answered: &Answered) -> Response {
    let (title, words, url) = match answered {
        Answered::Granted(url) => {
            (("지갑으로 돌아가기", "Back to the wallet"), ("확인했습니다.", "Confirmed."), url)
        }
        Answered::Refused(refusal, url) => (("발급하지 않았습니다", "Not issued"), words_of(*refusal), url),
    };
    let page = Page::of(&app.pages, session, title);
    let content = html! {
        p #outcome { (page.say(words.0, words.1)) }
        p { a.button #back href=(url) { (page.say("지갑으로 돌아가기", "Back to the wallet")) } }
    };
    page.render(StatusCode::OK, &content)
}

const fn words_of(refusal: PortalRefusal) -> (&'static str, &'static str) {
    match refusal {
        PortalRefusal::Declined => ("취소했습니다.", "You said no."),
        PortalRefusal::OtherPerson => {
            ("다른 사람이 신청한 링크입니다.", "Somebody else applied for this link.")
        }
        PortalRefusal::NotSeen => (
            "먼저 그 휴대전화에서 실물 신분증을 대고 얼굴을 확인하거나, 이 신분증을 받으러 주민센터를 방문해 주세요.",
            "First tap your card and check your face on that phone, or come to the community centre for this document.",
        ),
        PortalRefusal::VisitSpent => (
            "주민센터 방문 기록으로는 한 번만 발급됩니다. 그 뒤에 이미 발급되었으니, 휴대전화에서 실물 신분증을 대고 얼굴을 확인하거나 다시 방문해 주세요.",
            "Your visit to the centre was good for one issuance, which has taken place. Tap your card and check your face on that phone, or come again.",
        ),
        PortalRefusal::AnotherPhone => (
            "모바일 신분증이 다른 휴대전화에 있습니다. 먼저 해지하거나 주민센터에서 복구해 주세요.",
            "Your ID lives on another phone. Give that up first, or recover it at the centre.",
        ),
        PortalRefusal::AnotherHolder => {
            ("그 휴대전화에는 다른 사람의 신분증이 있습니다.", "That phone holds somebody else's ID.")
        }
        PortalRefusal::Suspended => ("신분증이 정지되어 있습니다.", "Your ID is suspended."),
    }
}

fn over(app: &App, language: Language) -> Response {
    let page = Page::open(&app.pages, language, "/portal", ("요청이 끝났습니다", "The request is over"));
    let words = page.say(
        "요청이 없거나 이미 끝났습니다. 지갑에서 링크를 다시 열어 주세요.",
        "There is no such request, or it is over. Open the link in the wallet again.",
    );
    refusal(&page, StatusCode::BAD_REQUEST, words)
}

/// The person who signed in, and the documents they may have for all the issuer knows.
async fn signed_in(app: &App, session: &Session) -> Result<(Person, Vec<Document>), IssuerError> {
    let person = person_of(&session.who).ok_or(IssuerError::Failed)?;
    app.with_issuer(move |issuer, _| {
        let person = issuer.kept_person(&person)?;
        let own = issuer.documents().of_card(&person);
        let all = issuer.documents().iter();
        let may = |document: &&Document| document.holders() == Holders::Registered || own == Some(*document);
        let documents = all.filter(may).cloned().collect();
        Ok((person, documents))
    })
    .await
}

/// A session knows a citizen by the keyed hash alone.
fn name_of(person: &PersonId) -> String {
    wallet_core::jose::encode(person)
}

pub(super) fn person_of(who: &str) -> Option<PersonId> {
    wallet_core::jose::decode(who)?.try_into().ok()
}

fn is_request(request: &str) -> bool {
    (1..=MAX_REQUEST).contains(&request.len()) && request.bytes().all(|byte| byte.is_ascii_graphic())
}

fn authorize_place(request: &str) -> String {
    let request: String = form_urlencoded::byte_serialize(request.as_bytes()).collect();
    format!("{}?client_id={}&request_uri={request}", paths::AUTHORIZE, crate::wallet_provider::CLIENT_ID)
}

/// The sign-in, on its way to a request or not.
struct SignIn<'a> {
    page: Page<'a>,
    content: Markup,
}

impl SignIn<'_> {
    fn render_with(&self, status: StatusCode) -> Response {
        self.page.render(status, &self.content)
    }
}

fn sign_in_page<'a>(
    app: &'a App,
    visitor: &'a Anyone,
    request: Option<&str>,
    fault: Option<(&str, &str)>,
) -> SignIn<'a> {
    let page = Page::open(&app.pages, visitor.language, CITIZEN_SIGN_IN, ("포털 로그인", "Portal sign-in"));
    let content = html! {
        @if let Some((korean, english)) = fault { p.notice.bad #fault role="alert" { (say(visitor.language, korean, english)) } }
        p.notice { (page.say(
            "모의 로그인입니다. 실제 포털은 본인확인 서비스를 씁니다.",
            "A simulated sign-in. A real portal asks the state's identity service.",
        )) }
        form.card method="post" action=(CITIZEN_SIGN_IN) {
            (csrf(&visitor.csrf))
            @if let Some(request) = request { input type="hidden" name="request" value=(request); }
            label for="name" { (page.say("성명", "Name")) }
            input #name name="name" autocomplete="name" maxlength="100" required autofocus;
            label for="number" { (page.say("주민등록번호", "Registration number")) }
            input #number name="number" inputmode="numeric" autocomplete="off" spellcheck="false" maxlength="14" required;
            button type="submit" { (page.say("로그인", "Sign in")) }
        }
    };
    SignIn { page, content }
}
