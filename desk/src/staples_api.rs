//! The HTTP of the hourly staples, and nothing else: bodies in, answers and status codes out.

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
    status::{Refused, SIGNATURE_HEADER, STAPLES_PATH},
};

use crate::{
    issuer::IssuerError,
    server::{App, read_body, status_of},
};

/// The route of the staples.
pub(crate) fn routes() -> Router<App> {
    Router::new().route(STAPLES_PATH, post(staples))
}

async fn staples(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(signature) = signature_of(&parts.headers) else { return refuse(Refusal::BadSignature) };
    let Some(body) = read_body(body).await else { return refuse(Refusal::MalformedRequest) };
    answer(app.with_issuer(move |issuer, now| issuer.staples(&body, &signature, now)).await)
}

pub(crate) fn signature_of(headers: &HeaderMap) -> Option<Signature> {
    let mut values = headers.get_all(SIGNATURE_HEADER).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    BASE64_URL_SAFE_NO_PAD.decode(value.as_bytes()).ok()?.try_into().ok()
}

pub(crate) fn answer<T: Serialize>(outcome: Result<T, IssuerError>) -> Response {
    match outcome {
        Ok(message) => Json(message).into_response(),
        Err(IssuerError::Refused { refusal, .. }) => refuse(refusal),
        Err(IssuerError::OAuth { .. } | IssuerError::Store(_) | IssuerError::Failed) => {
            refuse(Refusal::Unavailable)
        }
    }
}

pub(crate) fn refuse(refusal: Refusal) -> Response {
    (status_of(refusal), Json(Refused::because(refusal))).into_response()
}
