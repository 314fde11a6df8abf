//! The HTTP of the enrolment messages, and nothing else: bodies in, answers and status codes out.

use axum::{
    Json, Router,
    extract::{Request, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::post,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde::Serialize;
use wallet_core::{
    card::Refusal,
    crypto::sign::Signature,
    enrolment::{Refused, SIGNATURE_HEADER, paths},
};

use crate::{
    issuer::{Issuer, IssuerError},
    server::{App, read_body, status_of},
};

/// The routes of the enrolment API.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(paths::BEGIN, post(begin))
        .route(paths::EVIDENCE, post(evidence))
        .route(paths::KEYS, post(keys))
        .route(paths::STAPLES, post(staples))
}

async fn begin(State(app): State<App>, request: Request) -> Response {
    let (_, body) = request.into_parts();
    let Some(body) = read_body(body).await else { return refuse(Refusal::MalformedRequest) };
    answer(app.with_issuer(move |issuer, now| issuer.begin(&body, now)).await)
}

async fn evidence(State(app): State<App>, request: Request) -> Response {
    signed(app, request, Issuer::evidence).await
}

async fn keys(State(app): State<App>, request: Request) -> Response {
    signed(app, request, Issuer::keys).await
}

async fn staples(State(app): State<App>, request: Request) -> Response {
    signed(app, request, Issuer::staples).await
}

/// Hands a signed request to the issuer.
async fn signed<T: Serialize + Send + 'static>(
    app: App,
    request: Request,
    handle: fn(&mut Issuer, &[u8], &Signature, i64) -> Result<T, IssuerError>,
) -> Response {
    let (parts, body) = request.into_parts();
    let Some(signature) = signature_of(&parts.headers) else { return refuse(Refusal::BadSignature) };
    let Some(body) = read_body(body).await else { return refuse(Refusal::MalformedRequest) };
    answer(app.with_issuer(move |issuer, now| handle(issuer, &body, &signature, now)).await)
}

fn signature_of(headers: &HeaderMap) -> Option<Signature> {
    let mut values = headers.get_all(SIGNATURE_HEADER).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    BASE64_URL_SAFE_NO_PAD.decode(value.as_bytes()).ok()?.try_into().ok()
}

fn answer<T: Serialize>(outcome: Result<T, IssuerError>) -> Response {
    match outcome {
        Ok(message) => Json(message).into_response(),
        Err(IssuerError::Refused { refusal, .. }) => refuse(refusal),
        Err(IssuerError::OAuth { .. } | IssuerError::Store(_) | IssuerError::Failed) => {
            refuse(Refusal::Unavailable)
        }
    }
}

fn refuse(refusal: Refusal) -> Response {
    (status_of(refusal), Json(Refused::because(refusal))).into_response()
}
