//! The issuer's own page: one of its officials suspends an ID at the issuer's word, and lifts what the issuer ordered. What an operator
//! or the citizen ordered is lifted where they are.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use maud::{Markup, html};
use wallet_core::card::Person;

use super::{
    clerk::{Word, found, number_form, resident, who},
    guard::{Official, Posted, Signed},
    layout::{Page, csrf},
    session::Session,
    shown::{or_out_of_order, trail},
    sign_in::see,
};
use crate::{
    issuer::{Issuer, IssuerError, SuspendedBy},
    server::App,
    store::{Standing, Trail},
};

/// Acts shown.
const TRAIL: u32 = 50;

/// What the issuer orders.
#[derive(Debug, Clone, Copy)]
enum Order {
    Suspend,
    Resume,
}

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/issuer", get(front))
        .route("/issuer/find", post(find))
        .route("/issuer/people/{handle}", get(person))
        .route("/issuer/people/{handle}/suspend", post(suspend))
        .route("/issuer/people/{handle}/resume", post(resume))
}

async fn front(State(app): State<App>, Signed { session, .. }: Signed<Official>) -> Response {
    or_out_of_order(session.language, front_page(&app, &session, None).await)
}

async fn front_page(
    app: &App,
    session: &Session,
    fault: Option<(&str, &str)>,
) -> Result<Response, IssuerError> {
    let office = session.office.clone();
    let acts = app.with_issuer(move |issuer, _| Ok(issuer.store.acts(&office, None, TRAIL)?)).await?;
    let page =
        Page::of(&app.pages, session, ("발급기관의 정지와 해제", "Suspensions by the issuer")).at("/issuer");
    let content = html! {
        @if let Some((korean, english)) = fault { p.notice.bad #fault role="alert" { (page.say(korean, english)) } }
        (number_form(&page, session, "/issuer/find"))
        section aria-labelledby="trail" {
            h2 #trail { (page.say("우리 기관의 최근 처리", "What this office did lately")) }
            (trail(&page, &acts))
        }
    };
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(page.render(status, &content))
}

async fn find(State(app): State<App>, posted: Posted<Official>) -> Response {
    let Posted { session, form, .. } = posted;
    let answer = match found(&app, &session, &form).await {
        Ok(Ok(handle)) => Ok(see(&format!("/issuer/people/{handle}"), None)),
        Ok(Err(fault)) => front_page(&app, &session, Some(fault)).await,
        Err(error) => Err(error),
    };
    or_out_of_order(session.language, answer)
}

async fn person(
    State(app): State<App>,
    Signed { session, .. }: Signed<Official>,
    Path(handle): Path<String>,
) -> Response {
    match resident(&app, &session, &handle).await {
        Ok(person) => {
            or_out_of_order(session.language, person_page(&app, &session, &handle, &person, None).await)
        }
        Err(response) => response,
    }
}

async fn person_page(
    app: &App,
    session: &Session,
    handle: &str,
    person: &Person,
    word: Option<Word>,
) -> Result<Response, IssuerError> {
    let number = person.registration_number().as_str().to_owned();
    let standing = app.with_issuer(move |issuer, _| Ok(issuer.store.standing(&issuer.person_id(&number))?));
    let standing = standing.await?;
    let place = format!("/issuer/people/{handle}");
    let page = Page::of(&app.pages, session, ("주민 확인", "Resident")).at(&place);
    let content = html! {
        @if let Some((good, korean, english)) = word {
            @if good { p.notice.good #done role="status" { (page.say(korean, english)) } }
            @else { p.notice.bad #fault role="alert" { (page.say(korean, english)) } }
        }
        (who(&page, person, &standing))
        @if standing.closed_since.is_none() { (form(&page, session, &place, &standing)) }
        p { a href="/issuer" { (page.say("다른 주민 찾기", "Find another resident")) } }
    };
    let bad = word.is_some_and(|(good, ..)| !good);
    let status = if bad { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(page.render(status, &content))
}

/// What the issuer may do now. A lower rank's order may be taken over, and is lifted by whoever gave it.
fn form(page: &Page<'_>, session: &Session, place: &str, standing: &Standing) -> Markup {
    html! {
        @if standing.suspended_by == Some(SuspendedBy::Issuer) {
            form.card method="post" action={ (place) "/resume" } {
                h2 { (page.say("정지 해제", "Resume")) }
                (csrf(&session.csrf))
                p.hint { (page.say(
                    "발급기관이 한 정지와 휴대전화 잠금이 풀립니다.",
                    "Lifts what the issuer ordered, and the lock of the phone.",
                )) }
                (ordered(page))
                button type="submit" { (page.say("정지 해제하기", "Resume")) }
            }
        } @else {
            @match standing.suspended_by {
                Some(SuspendedBy::Operator) => p.notice.warn #elsewhere { (page.say(
                    "통신사가 분실 신고로 정지했습니다. 해제는 통신사나 주민센터에서 합니다.",
                    "An operator suspended it as lost. The operator or the centre lifts that.",
                )) },
                Some(_) => p.notice.warn #elsewhere { (page.say(
                    "본인의 요청으로 정지되었습니다. 해제는 주민센터에서 합니다.",
                    "It is suspended at the citizen's word. The centre lifts that.",
                )) },
                None => {},
            }
            form.card method="post" action={ (place) "/suspend" } {
                h2 { (page.say("정지", "Suspend")) }
                (csrf(&session.csrf))
                p.hint { (page.say(
                    "신분증이 바로 정지되고 휴대전화가 잠깁니다. 이 화면에서만 풀 수 있습니다.",
                    "Suspends the ID at once and locks the phone. It is lifted on this page alone.",
                )) }
                (ordered(page))
                button.danger type="submit" { (page.say("정지하기", "Suspend")) }
            }
        }
    }
}

/// The official says that there is an order.
fn ordered(page: &Page<'_>) -> Markup {
    html! {
        label.choice for="sure" {
            input #sure type="checkbox" name="sure" value="yes" required;
            (page.say("이 주민에 대한 결정 문서를 확인했습니다.", "I checked the decision about this resident."))
        }
    }
}

async fn suspend(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Official>) -> Response {
    carry_out(app, handle, posted, Order::Suspend).await
}

async fn resume(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Official>) -> Response {
    carry_out(app, handle, posted, Order::Resume).await
}

async fn carry_out(app: App, handle: String, posted: Posted<Official>, order: Order) -> Response {
    let Posted { session, form, .. } = posted;
    let person = match resident(&app, &session, &handle).await {
        Ok(person) => person,
        Err(response) => return response,
    };
    let word = if form.get("sure") == Some("yes") {
        let (number, trail) = (person.registration_number().as_str().to_owned(), session.trail(order.name()));
        let done = app.with_issuer(move |issuer, now| order.done(issuer, &number, &trail, now));
        done.await.map(|done| order.word(done))
    } else {
        Ok((false, "먼저 결정 문서를 확인하고 표시해 주세요.", "First check the decision, and tick the box."))
    };
    let answer = match word {
        Ok(word) => person_page(&app, &session, &handle, &person, Some(word)).await,
        Err(error) => Err(error),
    };
    or_out_of_order(session.language, answer)
}

impl Order {
    /// Gives it; tells whether there was anything of the issuer's to lift.
    fn done(self, issuer: &Issuer, number: &str, trail: &Trail, now: i64) -> Result<bool, IssuerError> {
        match self {
            Self::Suspend => issuer.suspend(number, SuspendedBy::Issuer, Some(trail), now).map(|()| true),
            Self::Resume => issuer.lift_own(number, trail, now),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Resume => "resume",
        }
    }

    const fn word(self, done: bool) -> Word {
        match (self, done) {
            (_, false) => {
                (false, "발급기관이 정지한 신분증이 아닙니다.", "The issuer has not suspended this ID.")
            }
            (Self::Suspend, true) => (
                true,
                "정지했습니다. 지금부터 받아들여지지 않습니다.",
                "Suspended. It is accepted no longer.",
            ),
            (Self::Resume, true) => (true, "정지를 해제했습니다.", "Resumed."),
        }
    }
}
