//! The portal's form for the line of a citizen's own phone, by which its operator can suspend their ID when the phone is lost.

use axum::{Router, extract::State, http::StatusCode, response::Response, routing::post};
use maud::{Markup, html};

use super::{
    guard::{Citizen, Posted},
    layout::{Page, csrf},
    portal::{front_page, person_of},
    session::Session,
    shown::{or_out_of_order, time},
};
use crate::{
    issuer::{Issuer, IssuerError},
    server::App,
    store::{OwnName, PersonId, Rate, Standing},
    telecom::SubscriberLine,
};

/// Questions about one citizen: each tells an operator who is said to have a line.
const PER_CITIZEN: Rate = Rate { every: 3600, burst: 3 };

/// What to say above the page: good or bad, in both languages.
pub(super) type Word = (bool, &'static str, &'static str);

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/portal/line", post(named))
}

/// How the citizen's line stands, and the form to name another; nothing for who has no ID on a phone, or where no operator is known.
pub(super) async fn section(
    app: &App,
    session: &Session,
    page: &Page<'_>,
    person: PersonId,
) -> Result<Markup, IssuerError> {
    let looked = move |issuer: &Issuer, now| {
        Ok((issuer.store.standing(&person)?, issuer.store.own_name(&person, now)?))
    };
    let (standing, asked): (Standing, Option<OwnName>) = app.with_issuer(looked).await?;
    if standing.phone_since.is_none() || app.operators.is_empty() {
        return Ok(html! {});
    }
    Ok(html! {
        form.card method="post" action="/portal/line" {
            (csrf(&session.csrf))
            h2 { (page.say("내 휴대전화 번호", "The line of my phone")) }
            p.hint { (page.say(
                "휴대전화를 잃어버리면 통신사에 전화해 모바일 신분증을 바로 정지할 수 있습니다. 통신사가 본인 명의인지 확인한 뒤 등록됩니다.",
                "If the phone is lost, its operator can suspend your mobile ID at once. It is recorded when the operator has said that the line is in your name.",
            )) }
            p #own-line {
                @match (asked, standing.line_since) {
                    (Some(OwnName::Asked(at)), _) => {
                        (page.say("통신사의 확인을 기다리는 중", "Waiting for the operator")) " · " (time(at))
                    }
                    (Some(OwnName::Denied(at)), _) => {
                        strong.failed { (page.say("통신사에서 본인 명의로 확인되지 않았습니다.", "The operator does not know it to be in your name.")) }
                        " · " (time(at))
                    }
                    (None, Some(since)) => { (page.say("등록됨", "Recorded")) " · " (time(since)) }
                    (None, None) => (page.say("등록되지 않음", "Not recorded")),
                }
            }
            label for="line" { (page.say("번호", "Number")) }
            input #line name="line" type="tel" inputmode="tel" autocomplete="tel" maxlength="13" required;
            label for="operator" { (page.say("통신사", "Operator")) }
            select #operator name="operator" {
                @for operator in app.operators.iter() {
                    option value=(operator.name()) { (operator.name()) }
                }
            }
            button type="submit" { (page.say("확인 요청", "Have it checked")) }
        }
    })
}

async fn named(State(app): State<App>, posted: Posted<Citizen>) -> Response {
    let Posted { session, form, .. } = posted;
    let line = form.get("line").and_then(|line| SubscriberLine::parse(line.trim()));
    let operator = form.get("operator").filter(|name| app.operators.iter().any(|one| one.name() == *name));
    let named = line.zip(operator.map(str::to_owned));
    or_out_of_order(session.language, answered(&app, &session, named).await)
}

async fn answered(
    app: &App,
    session: &Session,
    named: Option<(SubscriberLine, String)>,
) -> Result<Response, IssuerError> {
    let person = person_of(&session.who).ok_or(IssuerError::Failed)?;
    let Some((line, operator)) = named else {
        let word = (false, "번호와 통신사를 다시 확인해 주세요.", "Check number and operator again.");
        return front_page(app, session, Some((StatusCode::UNPROCESSABLE_ENTITY, word))).await;
    };
    let limit = app.pages.limit_name("own line", &session.who);
    let asked = app.with_issuer(move |issuer, now| {
        if issuer.store.try_page_limit(&limit, PER_CITIZEN, now)?.is_some() {
            return Ok(None);
        }
        issuer.ask_own_name(&person, &line, &operator, now).map(Some)
    });
    let (status, word): (_, Word) = match asked.await? {
        Some(true) => (StatusCode::OK, (true, "통신사에 확인을 요청했습니다.", "The operator is asked.")),
        Some(false) => (
            StatusCode::CONFLICT,
            (false, "먼저 휴대전화에 신분증을 발급받아 주세요.", "First have your ID issued to a phone."),
        ),
        None => (
            StatusCode::TOO_MANY_REQUESTS,
            (false, "너무 자주 요청했습니다. 나중에 다시 해 주세요.", "Too often. Try again later."),
        ),
    };
    front_page(app, session, Some((status, word))).await
}
