//! The HTTP of what phones ask for by their Instance key beside staples: commands, by long poll, and being given up; and of the
//! status lists, which anybody asks for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header::ACCEPT, header::CACHE_CONTROL, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::time::{Instant, MissedTickBehavior};
use wallet_core::{
    card::Refusal,
    status::{
        StatusForm,
        commands::{COMMANDS_PATH, CommandsRequest, GIVE_UP_PATH, MAX_WAIT},
        parse_message,
    },
};

use crate::{
    issuer::{IssuerError, ListBits},
    server::{App, read_body},
    staples_api::{answer, refuse, signature_of},
};

/// A phone looks by itself so many times more seldom than the desk looks for all: for an order of a desk whose clock is far off.
const SELDOM: u32 = 10;
/// How far the clocks of two desks may be apart, and how long one count goes on, seconds.
const APART: i64 = 120;
const ANEW: i64 = 60;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(COMMANDS_PATH, post(commands))
        .route(GIVE_UP_PATH, post(give_up))
        .route("/status/{number}", get(status))
        .route("/status/1-bit/{number}", get(status_in_one_bit))
}

async fn commands(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(signature) = signature_of(&parts.headers) else { return refuse(Refusal::BadSignature) };
    let Some(body) = read_body(body).await else { return refuse(Refusal::MalformedRequest) };
    let Ok(asked) = parse_message::<CommandsRequest>(&body) else { return refuse(Refusal::MalformedRequest) };
    let wait = Duration::from_secs(u64::from(asked.wait.min(MAX_WAIT)));
    let until = Instant::now() + wait;
    loop {
        // Listening before looking: what is queued in between is not missed.
        let told = app.issuer().told.notified();
        tokio::pin!(told);
        told.as_mut().enable();
        let body = body.clone();
        let found = app.with_issuer(move |issuer, now| issuer.commands(&body, &signature, now)).await;
        let worth_waiting = found.as_ref().is_ok_and(|(_, waits)| *waits);
        let found = found.map(|(response, _)| response);
        let left = until.saturating_duration_since(Instant::now());
        if !worth_waiting || left.is_zero() {
            return answer(found);
        }
        let _waiting = Waiting::among(&app.waiting);
        tokio::select! {
            () = told => {}
            () = tokio::time::sleep(left.min(app.look_again.saturating_mul(SELDOM))) => {}
            () = app.stopping() => return answer(found),
        }
    }
}

/// Wakes the phones that wait when another desk over the same database has ordered something: one question for all of them, and none
/// while nobody waits.
pub(crate) async fn listen(app: App) {
    let mut times = tokio::time::interval(app.look_again.max(Duration::from_millis(1)));
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen: Option<(i64, i64)> = None;
    loop {
        times.tick().await;
        if app.waiting.load(Ordering::SeqCst) == 0 {
            seen = None;
            continue;
        }
        // From one moment on the count only grows. Another moment now and then keeps it small.
        let since = seen.map(|(since, _)| since);
        let counted = app.with_issuer(move |issuer, now| {
            let recent = now.saturating_sub(APART).saturating_sub(ANEW)..=now.saturating_sub(APART);
            let since = since.filter(|since| recent.contains(since)).unwrap_or(*recent.end());
            Ok((since, issuer.store().commands_since(since)?))
        });
        // A store that does not answer is asked again at the next turn.
        let Ok(counted) = counted.await else { continue };
        if seen.replace(counted) != Some(counted) {
            app.issuer().tell_phones();
        }
    }
}

/// One long poll among those that wait, as long as it is there.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn among(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn give_up(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(signature) = signature_of(&parts.headers) else { return refuse(Refusal::BadSignature) };
    let Some(body) = read_body(body).await else { return refuse(Refusal::MalformedRequest) };
    let given_up = app.with_issuer(move |issuer, now| issuer.give_up(&body, &signature, now)).await;
    answer(given_up.map(|()| serde_json::json!({})))
}

async fn status(State(app): State<App>, Path(number): Path<String>, headers: HeaderMap) -> Response {
    list(app, number, ListBits::Two, &headers).await
}

/// For verifiers that only ask whether a credential holds: half as long, and it tells nobody that it is only for now.
async fn status_in_one_bit(
    State(app): State<App>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Response {
    list(app, number, ListBits::One, &headers).await
}

async fn list(app: App, number: String, bits: ListBits, headers: &HeaderMap) -> Response {
    let Some(form) = form_of(headers) else { return StatusCode::NOT_ACCEPTABLE.into_response() };
    // One spelling of each address: the list is signed for it.
    let number = number.parse::<u32>().ok().filter(|parsed| parsed.to_string() == number);
    let Some(number) = number else { return StatusCode::NOT_FOUND.into_response() };
    match app.with_issuer(move |issuer, now| issuer.status_list(number, bits, form, now)).await {
        Ok(Some(list)) => {
            let headers = [(CONTENT_TYPE, form.media_type()), (CACHE_CONTROL, "no-cache")];
            (headers, list).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(IssuerError::Refused { refusal, .. }) => refuse(refusal),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// The form asked for; a JWT when nothing in particular is. Token Status List, 8.1.
fn form_of(headers: &HeaderMap) -> Option<StatusForm> {
    let mut accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    if accepted.peek().is_none() {
        return Some(StatusForm::Jwt);
    }
    let ranges = accepted.flat_map(|value| value.split(','));
    ranges.map(|range| range.split(';').next().unwrap_or_default().trim()).find_map(|range| {
        let named = [StatusForm::Jwt, StatusForm::Cwt].into_iter().find(|form| form.media_type() == range);
        named.or(matches!(range, "*/*" | "application/*").then_some(StatusForm::Jwt))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_comes_in_the_form_asked_for() {
        let form = |accept: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(ACCEPT, value.parse().unwrap());
            }
            form_of(&headers)
        };
        let (jwt, cwt) = (Some(StatusForm::Jwt), Some(StatusForm::Cwt));
        assert_eq!(form(&[]), jwt);
        assert_eq!(form(&["*/*"]), jwt);
        assert_eq!(form(&["application/statuslist+cwt"]), cwt);
        assert_eq!(form(&["text/html, application/statuslist+cwt;q=0.5"]), cwt);
        assert_eq!(form(&["application/statuslist+jwt", "application/statuslist+cwt"]), jwt);
        assert_eq!(form(&["text/html"]), None);
    }
}
