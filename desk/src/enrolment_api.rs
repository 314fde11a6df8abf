//! The HTTP of the enrolment messages, and nothing else: bodies in, answers and status codes out.

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde::Serialize;
use wallet_core::{
    card::Refusal,
    crypto::sign::Signature,
    enrolment::{MAX_BODY, Refused, SIGNATURE_HEADER, paths},
};

use crate::{
    issuer::{Issuer, IssuerError},
    server::{ANSWER_WITHIN, App},
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
    let Some(body) = read(body).await else { return refuse(Refusal::MalformedRequest) };
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
    let Some(body) = read(body).await else { return refuse(Refusal::MalformedRequest) };
    answer(app.with_issuer(move |issuer, now| handle(issuer, &body, &signature, now)).await)
}

fn signature_of(headers: &HeaderMap) -> Option<Signature> {
    let mut values = headers.get_all(SIGNATURE_HEADER).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    BASE64_URL_SAFE_NO_PAD.decode(value.as_bytes()).ok()?.try_into().ok()
}

/// The body, if it comes whole, in time and within bounds.
async fn read(body: Body) -> Option<Vec<u8>> {
    let whole = tokio::time::timeout(ANSWER_WITHIN, to_bytes(body, MAX_BODY)).await;
    whole.ok()?.ok().map(|bytes| bytes.to_vec())
}

fn answer<T: Serialize>(outcome: Result<T, IssuerError>) -> Response {
    match outcome {
        Ok(message) => Json(message).into_response(),
        Err(IssuerError::Refused { refusal, .. }) => refuse(refusal),
        Err(IssuerError::Store(_) | IssuerError::Failed) => refuse(Refusal::Unavailable),
    }
}

fn refuse(refusal: Refusal) -> Response {
    let status = match refusal {
        Refusal::MalformedRequest | Refusal::UnsupportedVersion => StatusCode::BAD_REQUEST,
        Refusal::BadSignature => StatusCode::UNAUTHORIZED,
        Refusal::UnknownSession => StatusCode::NOT_FOUND,
        Refusal::Replayed | Refusal::AnotherPhone | Refusal::AnotherHolder => StatusCode::CONFLICT,
        Refusal::ChallengeExpired => StatusCode::GONE,
        Refusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::UntrustedChip
        | Refusal::AlteredChipData
        | Refusal::CloneSuspected
        | Refusal::CardIncomplete
        | Refusal::FaceMismatch
        | Refusal::AttestationRefused => StatusCode::FORBIDDEN,
    };
    (status, Json(Refused::because(refusal))).into_response()
}
