//! Documents that a clerk looks at before they are issued: what waits, and the decision.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use maud::{Markup, html};

use super::{
    clerk::{answer, done_to, gone, note, resident},
    guard::{Clerk, Posted, Signed, out_of_order},
    layout::{Page, csrf},
    session::Session,
    shown::{or_out_of_order, time},
    sign_in::see,
};
use crate::{
    documents::Label,
    issuer::{Issuer, IssuerError},
    server::App,
    store::{CheckRow, CheckState, PersonId},
};

/// The list of what waits.
pub(super) const WAITING: &str = "/clerk/waiting";
/// Most rows of it.
const MOST: u32 = 100;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(WAITING, get(waiting))
        .route("/clerk/waiting/{handle}", post(open))
        .route("/clerk/people/{handle}/decide", post(decide))
}

/// A check as a page tells it.
pub(super) struct Check {
    document: String,
    name: Option<Label>,
    state: CheckState,
    asked_at: i64,
}

/// The checks of a person.
pub(super) fn checks(issuer: &Issuer, person: &PersonId) -> Result<Vec<Check>, IssuerError> {
    let check = |row: CheckRow| {
        // A document may have been withdrawn since.
        let name = issuer.documents().find(&row.document).map(|document| document.name().clone());
        Check { document: row.document, name, state: row.state, asked_at: row.asked_at }
    };
    Ok(issuer.store.checks_of(person)?.into_iter().map(check).collect())
}

/// The forms that decide. A decision can be taken back: what was issued stays, what is asked for again is decided anew.
pub(super) fn forms(page: &Page<'_>, session: &Session, place: &str, checks: &[Check]) -> Markup {
    html! {
        @for check in checks {
            @let name = check.name.as_ref().map_or(check.document.as_str(), |name| name.text(page.language));
            form.card.check method="post" action={ (place) "/decide" } data-state=(state_name(check.state)) {
                h2 { (name) }
                (csrf(&session.csrf))
                input type="hidden" name="document" value=(check.document);
                p {
                    @match check.state {
                        CheckState::Asked => strong { (page.say("확인을 기다립니다", "Waits for a check")) },
                        CheckState::Approved => strong.passed { (page.say("승인됨", "Approved")) },
                        CheckState::Denied => strong.failed { (page.say("거절됨", "Denied")) },
                    }
                    " · " (page.say("신청 ", "applied ")) (time(check.asked_at))
                }
                p.actions {
                    @if check.state != CheckState::Approved {
                        button type="submit" name="answer" value="approve" { (page.say("승인", "Approve")) }
                    }
                    @if check.state != CheckState::Denied {
                        button.danger type="submit" name="answer" value="deny" { (page.say("거절", "Deny")) }
                    }
                }
            }
        }
    }
}

const fn state_name(state: CheckState) -> &'static str {
    match state {
        CheckState::Asked => "asked",
        CheckState::Approved => "approved",
        CheckState::Denied => "denied",
    }
}

async fn waiting(State(app): State<App>, Signed { session, .. }: Signed<Clerk>) -> Response {
    or_out_of_order(session.language, waiting_page(&app, &session).await)
}

/// Names nobody: whom a document is for is seen by opening it, which leaves a trace.
async fn waiting_page(app: &App, session: &Session) -> Result<Response, IssuerError> {
    let language = session.language;
    let rows = app.with_issuer(move |issuer, _| {
        let row = |row: CheckRow| {
            let number = issuer.kept_person(&row.person)?.registration_number().as_str().to_owned();
            let document = issuer.documents().find(&row.document);
            let name = document
                .map_or_else(|| row.document.clone(), |document| document.name().text(language).to_owned());
            Ok((number, name, row.asked_at))
        };
        issuer.store.waiting_checks(MOST)?.into_iter().map(row).collect::<Result<Vec<_>, IssuerError>>()
    });
    let mut sealed = Vec::new();
    for (number, name, asked_at) in rows.await? {
        let handle = app.pages.seal(session, &number).ok_or(IssuerError::Failed)?;
        sealed.push((handle, name, asked_at));
    }
    let page = Page::of(&app.pages, session, ("확인을 기다리는 신청", "Applications that wait for a check"));
    let content = html! {
        @if sealed.is_empty() {
            p.soft { (page.say("기다리는 신청이 없습니다.", "Nothing waits.")) }
        } @else {
            div.table tabindex="0" role="region" aria-label=(page.say("기다리는 신청", "What waits")) {
                table {
                    thead { tr {
                        th scope="col" { (page.say("신청 시각", "Applied")) }
                        th scope="col" { (page.say("신분증", "Document")) }
                        th scope="col" { (page.say("처리", "Open")) }
                    } }
                    tbody {
                        @for (handle, name, asked_at) in &sealed {
                            tr {
                                td { (time(*asked_at)) }
                                td { (name) }
                                td {
                                    form method="post" action={ (WAITING) "/" (handle) } {
                                        (csrf(&session.csrf))
                                        button.quiet type="submit" { (page.say("열기", "Open")) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        p { a href="/clerk" { (page.say("주민 찾기", "Find a resident")) } }
    };
    Ok(page.render(StatusCode::OK, &content))
}

async fn open(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Clerk>) -> Response {
    let session = posted.session;
    let Some(number) = app.pages.open(&session, &handle) else { return gone(&app, &session) };
    if note(&app, &session, "find", "ok", Some(&number)).await.is_err() {
        return out_of_order(session.language);
    }
    see(&format!("/clerk/people/{handle}"), None)
}

async fn decide(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Clerk>) -> Response {
    let Posted { session, form, .. } = posted;
    let person = match resident(&app, &session, &handle).await {
        Ok(person) => person,
        Err(response) => return response,
    };
    let number = person.registration_number().as_str().to_owned();
    let (act, approved) = match form.get("answer") {
        Some("approve") => ("approve", true),
        Some("deny") => ("deny", false),
        _ => {
            let word = (false, "승인이나 거절을 골라 주세요.", "Choose to approve or to deny.");
            return answer(&app, &session, &handle, &person, word, ("deny", "refused", &number)).await;
        }
    };
    let document = form.get("document").unwrap_or_default().to_owned();
    let decided = app.with_issuer({
        let trail = session.trail(act);
        move |issuer, now| issuer.decide(&number, &document, approved, Some(&trail), now)
    });
    let word = decided.await.map(|decided| match (decided, approved) {
        (true, true) => (
            true,
            "승인했습니다. 휴대전화가 다음에 물을 때 받습니다.",
            "Approved. The phone gets it when it next asks.",
        ),
        (true, false) => (true, "거절했습니다.", "Denied."),
        (false, _) => (false, "그런 신청이 없습니다.", "Nobody applied for that."),
    });
    done_to(&app, &session, &handle, &person, word, act).await
}
