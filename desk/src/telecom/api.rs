//! The HTTP of the telecom operators, `Authorization: Bearer TOKEN`: `POST /telecom/suspend` and `/telecom/resume`, JSON
//! `{"line", "reason"}` with `lost` or `stolen` to suspend and `found` to resume; `POST /telecom/changed`, JSON `{"line",
//! "change"}` with `number`, `sim` or `ended`; `POST /telecom/own-names`, answered with what waits for the own-name check, and
//! `POST /telecom/own-name`, JSON `{"id", "theirs"}`. Answers 204; 401 for nobody, 404 for a line that nobody has with this operator, 409
//! with `{"reason"}` for an ID that stays suspended, 400 for the rest.

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, CACHE_CONTROL},
    },
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use serde_json::json;
use wallet_core::jose::Fixed;

use super::{Act, Operator, Reason, SubscriberLine};
use crate::{
    issuer::{Issuer, IssuerError},
    server::{App, read_body},
    store::{LineChange, Reported, Said},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    line: String,
    reason: Reason,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    line: String,
    change: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnNameAnswer {
    id: Fixed<16>,
    theirs: bool,
}

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/telecom/suspend", post(suspend))
        .route("/telecom/resume", post(resume))
        .route("/telecom/changed", post(changed))
        .route("/telecom/own-names", post(own_names))
        .route("/telecom/own-name", post(own_name))
}

async fn suspend(State(app): State<App>, request: Request) -> Response {
    report(app, Act::Suspend, request).await
}

async fn resume(State(app): State<App>, request: Request) -> Response {
    report(app, Act::Resume, request).await
}

async fn report(app: App, act: Act, request: Request) -> Response {
    let (operator, body) = match heard(&app, request).await {
        Ok(heard) => heard,
        Err(response) => return response,
    };
    let report = serde_json::from_slice::<Report>(&body).ok();
    let parsed = report.and_then(|report| Some((SubscriberLine::parse(&report.line)?, report.reason)));
    let Some((line, reason)) = parsed.filter(|(_, reason)| reason.fits(act)) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    answer(
        app.with_issuer(move |issuer, now| issuer.report((&operator, Said::BY_API), act, &line, reason, now))
            .await,
    )
}

async fn changed(State(app): State<App>, request: Request) -> Response {
    let (operator, body) = match heard(&app, request).await {
        Ok(heard) => heard,
        Err(response) => return response,
    };
    let said = serde_json::from_slice::<Change>(&body).ok();
    let parsed =
        said.and_then(|said| Some((SubscriberLine::parse(&said.line)?, LineChange::reported(&said.change)?)));
    let Some((line, change)) = parsed else { return StatusCode::BAD_REQUEST.into_response() };
    answer(
        app.with_issuer(move |issuer, now| {
            issuer.line_changed((&operator, Said::BY_API), &line, change, now)
        })
        .await,
    )
}

/// Lines that citizens named as theirs and this operator's, with the names to compare.
async fn own_names(State(app): State<App>, request: Request) -> Response {
    let operator = match heard(&app, request).await {
        Ok((operator, _)) => operator,
        Err(response) => return response,
    };
    match app.with_issuer(move |issuer, now| issuer.own_names(&operator, now)).await {
        Ok(asked) => ([(CACHE_CONTROL, "no-store")], Json(json!({ "asked": asked }))).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn own_name(State(app): State<App>, request: Request) -> Response {
    let (operator, body) = match heard(&app, request).await {
        Ok(heard) => heard,
        Err(response) => return response,
    };
    let Ok(OwnNameAnswer { id, theirs }) = serde_json::from_slice(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let told =
        move |issuer: &Issuer, now| Ok(issuer.store().answer_own_name(&id.0, &operator, theirs, now)?);
    match app.with_issuer(told).await {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Which operator speaks, and what it says.
async fn heard(app: &App, request: Request) -> Result<(String, Vec<u8>), Response> {
    let (parts, body) = request.into_parts();
    let known = token(&parts.headers).and_then(|token| Operator::known(&app.operators, token));
    let Some(operator) = known.map(|operator| operator.name.clone()) else {
        return Err(StatusCode::UNAUTHORIZED.into_response());
    };
    Ok((operator, read_body(body).await.unwrap_or_default().to_vec()))
}

fn answer(reported: Result<Reported, IssuerError>) -> Response {
    match reported {
        Ok(Reported::Done) => StatusCode::NO_CONTENT.into_response(),
        // Whether another operator's customer has an ID is nothing that this one is told.
        Ok(Reported::Nobody | Reported::AnotherOperator) => StatusCode::NOT_FOUND.into_response(),
        Ok(Reported::OrderedByAnotherOperator) => stays("ordered_by_another_operator"),
        Ok(Reported::OrderedByCentre) => stays("ordered_by_centre"),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// The ID stays suspended, at somebody else's word.
fn stays(reason: &'static str) -> Response {
    (StatusCode::CONFLICT, Json(json!({ "reason": reason }))).into_response()
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
