//! The HTTP of issuer and wallet provider, and nothing else: headers and bodies in, answers and status codes out.

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Serialize;
use serde_json::json;
use wallet_core::{
    card::Refusal,
    openid::{CHALLENGE_PATH, ErrorCode, KEYS_PATH, WALLET_PATH},
};

use super::{
    Proofs,
    credential::{Body, CredentialAnswer},
    paths,
    tap::Challenged,
};
use crate::{
    issuer::{Issuer, IssuerError},
    server::{App, read_body, status_of},
    wallet_provider::{self, WalletProvider},
};

/// The routes of issuer, authorization server and wallet provider.
pub(crate) fn routes() -> Router<App> {
    let provider = |path: &str| format!("{}{path}", wallet_provider::PATH);
    Router::new()
        .route("/.well-known/openid-credential-issuer", get(issuer_metadata))
        .route("/.well-known/oauth-authorization-server", get(server_metadata))
        .route(&format!("{}/{{id}}", paths::OFFER), get(offer))
        .route(paths::CHALLENGE, post(challenge))
        .route(paths::TOKEN, post(token))
        .route(paths::NONCE, post(nonce))
        .route(paths::CREDENTIAL, post(credential))
        .route(paths::DEFERRED, post(deferred))
        .route(paths::PUSHED, post(pushed))
        .route(&format!("{}/{{id}}", paths::APPLICATION), get(application))
        .route(paths::NOTIFICATION, post(notification))
        .route(&provider(CHALLENGE_PATH), post(provider_challenge))
        .route(&provider(WALLET_PATH), post(wallet_attestation))
        .route(&provider(KEYS_PATH), post(key_attestation))
}

/// Signed for whoever asks for that, in the clear for others. OpenID4VCI 1.0, 12.2.2.
async fn issuer_metadata(State(app): State<App>, headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = accepted.split(',').filter_map(|kind| kind.split(';').next());
    if !signed.into_iter().any(|kind| kind.trim().eq_ignore_ascii_case("application/jwt")) {
        return answer(app.with_issuer(|issuer, _| issuer.issuer_metadata()).await);
    }
    match app.with_issuer(Issuer::signed_issuer_metadata).await {
        Ok(token) => private(([(header::CONTENT_TYPE, "application/jwt")], token).into_response()),
        Err(error) => refuse(&error, false),
    }
}

async fn server_metadata(State(app): State<App>) -> Response {
    answer(app.with_issuer(Issuer::signed_server_metadata).await)
}

async fn offer(State(app): State<App>, Path(id): Path<String>) -> Response {
    match app.with_issuer(move |issuer, now| issuer.offered(&id, now)).await {
        Ok(Some(offer)) => private(Json(offer).into_response()),
        Ok(None) => private(StatusCode::NOT_FOUND.into_response()),
        Err(error) => refuse(&error, false),
    }
}

async fn challenge(State(app): State<App>, request: Request) -> Response {
    let (outcome, nonce) = ask(app, paths::CHALLENGE, request, Issuer::challenge).await;
    let response = match outcome {
        Ok(Challenged::Challenge(answer)) => (StatusCode::FORBIDDEN, Json(answer)).into_response(),
        Ok(Challenged::Examination(answer)) => (StatusCode::FORBIDDEN, Json(answer)).into_response(),
        Ok(Challenged::Code(answer)) => Json(answer).into_response(),
        Err(error) => refuse(&error, false),
    };
    with_nonce(response, nonce)
}

async fn token(State(app): State<App>, request: Request) -> Response {
    let (outcome, nonce) = ask(app, paths::TOKEN, request, Issuer::token).await;
    with_nonce(answer(outcome), nonce)
}

async fn credential(State(app): State<App>, request: Request) -> Response {
    let (outcome, nonce) = ask(app, paths::CREDENTIAL, request, Issuer::credential).await;
    with_nonce(credentials(outcome), nonce)
}

async fn deferred(State(app): State<App>, request: Request) -> Response {
    let (outcome, nonce) = ask(app, paths::DEFERRED, request, Issuer::deferred).await;
    with_nonce(credentials(outcome), nonce)
}

async fn pushed(State(app): State<App>, request: Request) -> Response {
    let (outcome, nonce) = ask(app, paths::PUSHED, request, Issuer::push).await;
    let response = match outcome {
        Ok(pushed) => (StatusCode::CREATED, Json(pushed)).into_response(),
        Err(error) => refuse(&error, false),
    };
    with_nonce(response, nonce)
}

async fn application(State(app): State<App>, Path(id): Path<String>) -> Response {
    match app.with_issuer(move |issuer, now| issuer.applied(&id, now)).await {
        Ok(Some(offer)) => private(Json(offer).into_response()),
        Ok(None) => private(StatusCode::NOT_FOUND.into_response()),
        Err(error) => refuse(&error, false),
    }
}

/// 200 with credentials, 202 where the wallet has to come again. 8.3 and 9.2.
fn credentials(outcome: Result<CredentialAnswer, IssuerError>) -> Response {
    let CredentialAnswer { ready, body } = match outcome {
        Ok(answer) => answer,
        Err(error) => return refuse(&error, true),
    };
    let status = if ready { StatusCode::OK } else { StatusCode::ACCEPTED };
    let (kind, body) = match body {
        Body::Clear(json) => ("application/json", json),
        Body::Encrypted(token) => ("application/jwt", token),
    };
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}

async fn notification(State(app): State<App>, request: Request) -> Response {
    let (outcome, nonce) = ask(app, paths::NOTIFICATION, request, Issuer::notification).await;
    let response = match outcome {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refuse(&error, true),
    };
    with_nonce(response, nonce)
}

async fn nonce(State(app): State<App>) -> Response {
    answer(app.with_issuer(Issuer::nonce).await)
}

async fn provider_challenge(State(app): State<App>) -> Response {
    answer(app.with_issuer(|issuer, now| issuer.wallet_provider().challenge(now)).await)
}

async fn wallet_attestation(State(app): State<App>, request: Request) -> Response {
    vouch(app, request, |provider, body, now| provider.attest_wallet(body, now)).await
}

async fn key_attestation(State(app): State<App>, request: Request) -> Response {
    vouch(app, request, |provider, body, now| provider.attest_keys(body, now)).await
}

/// Hands a signed request to the wallet provider.
async fn vouch<T: Serialize + Send + 'static>(
    app: App,
    request: Request,
    handle: fn(&mut WalletProvider<'_>, &[u8], i64) -> Result<T, IssuerError>,
) -> Response {
    let Some(body) = read_body(request.into_body()).await else { return too_much() };
    answer(app.with_issuer(move |issuer, now| handle(&mut issuer.wallet_provider(), &body, now)).await)
}

/// Hands a request with its proofs to the issuer; gives also the nonce for the next DPoP proof.
async fn ask<T: Send + 'static>(
    app: App,
    path: &'static str,
    request: Request,
    handle: fn(&Issuer, &[u8], &Proofs, i64) -> Result<T, IssuerError>,
) -> (Result<T, IssuerError>, Option<String>) {
    let (parts, body) = request.into_parts();
    let proofs = proofs_of(path, &parts.headers);
    let Some(body) = read_body(body).await else {
        return (Err(IssuerError::oauth(ErrorCode::InvalidRequest, "Body")), None);
    };
    let both = app
        .with_issuer(move |issuer, now| {
            let outcome = handle(issuer, &body, &proofs, now);
            Ok((outcome, issuer.dpop_nonce(now)))
        })
        .await;
    match both {
        Ok((outcome, nonce)) => (outcome, Some(nonce)),
        Err(error) => (Err(error), None),
    }
}

fn proofs_of(path: &'static str, headers: &HeaderMap) -> Proofs {
    let only = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        value.to_str().ok().map(str::to_owned)
    };
    let access_token = only("authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("dpop").then(|| token.to_owned())
    });
    Proofs {
        path,
        dpop: only("dpop"),
        attestation: only("oauth-client-attestation"),
        attestation_proof: only("oauth-client-attestation-pop"),
        access_token,
        encrypted: only("content-type").is_some_and(|value| {
            let kind = value.split(';').next().unwrap_or_default();
            kind.trim().eq_ignore_ascii_case("application/jwt")
        }),
    }
}

fn answer<T: Serialize>(outcome: Result<T, IssuerError>) -> Response {
    match outcome {
        Ok(message) => private(Json(message).into_response()),
        Err(error) => refuse(&error, false),
    }
}

/// The words of OAuth, or this project's own (docs/formats/issuing.md). At a resource a bad token or proof is a 401 that says
/// how to do better. RFC 9449, 7.1.
fn refuse(error: &IssuerError, at_resource: bool) -> Response {
    let (status, code) = match error {
        IssuerError::OAuth { code, .. } => {
            let of_token = matches!(
                code,
                ErrorCode::InvalidToken | ErrorCode::UseDpopNonce | ErrorCode::InvalidDpopProof
            );
            let status = match code {
                _ if at_resource && of_token => StatusCode::UNAUTHORIZED,
                ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
                _ => StatusCode::BAD_REQUEST,
            };
            (status, code.code())
        }
        IssuerError::Refused { refusal, .. } => (status_of(*refusal), refusal.code()),
        IssuerError::Store(_) | IssuerError::Failed => {
            (StatusCode::SERVICE_UNAVAILABLE, Refusal::Unavailable.code())
        }
    };
    let mut response = private((status, Json(json!({ "error": code }))).into_response());
    if status == StatusCode::UNAUTHORIZED
        && let Ok(value) = HeaderValue::from_str(&format!("DPoP error=\"{code}\", algs=\"ES256\""))
    {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

fn too_much() -> Response {
    refuse(&IssuerError::refused(Refusal::MalformedRequest), false)
}

/// Nobody between keeps it.
fn private(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn with_nonce(mut response: Response, nonce: Option<String>) -> Response {
    if let Some(value) = nonce.and_then(|nonce| HeaderValue::from_str(&nonce).ok()) {
        response.headers_mut().insert("dpop-nonce", value);
    }
    private(response)
}
