//! The code of a visit: a picture to scan, six digits to speak, and what became of it.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use maud::{Markup, html};
use serde_json::json;
use wallet_core::card::Language;

use super::{
    clerk::gone,
    guard::{Clerk, Signed, out_of_order},
    language::say,
    layout::Page,
    session::Session,
    shown::{or_out_of_order, qr, time},
};
use crate::{issuer::IssuerError, openid::Offer, server::App, store::OfferFate};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/clerk/visits/{handle}", get(show)).route("/clerk/visits/{handle}/state", get(state))
}

/// What the address of a visit seals: nothing of it is kept anywhere else.
struct Visit {
    offer: String,
    digits: String,
    expires_at: i64,
    person: String,
}

/// The address at which this session sees the code.
pub(super) fn place_of(app: &App, session: &Session, offer: &Offer, person: &str) -> Option<String> {
    let Offer { id, transaction_code, expires_at, link: _ } = offer;
    let sealed = app.pages.seal(session, &format!("{id} {transaction_code} {expires_at} {person}"))?;
    Some(format!("/clerk/visits/{sealed}"))
}

fn open(app: &App, session: &Session, handle: &str) -> Option<Visit> {
    let text = app.pages.open(session, handle)?;
    let mut parts = text.split(' ').map(str::to_owned);
    Some(Visit {
        offer: parts.next()?,
        digits: parts.next()?,
        expires_at: parts.next()?.parse().ok()?,
        person: parts.next()?,
    })
}

async fn show(
    State(app): State<App>,
    Signed { session, .. }: Signed<Clerk>,
    Path(handle): Path<String>,
) -> Response {
    let Some(visit) = open(&app, &session, &handle) else { return gone(&app, &session) };
    or_out_of_order(session.language, page(&app, &session, &handle, visit).await)
}

async fn page(app: &App, session: &Session, handle: &str, visit: Visit) -> Result<Response, IssuerError> {
    let id = visit.offer.clone();
    let (fate, link, now) = app
        .with_issuer(move |issuer, now| Ok((issuer.offer_fate(&id, now)?, issuer.offer_link(&id), now)))
        .await?;
    let page = Page::of(&app.pages, session, ("발급 코드", "Code for the phone")).with_script();
    let code = match fate {
        OfferFate::Open { .. } => code(&page, &visit, &link, now)?,
        _ => html! {},
    };
    let content = html! {
        (told(session.language, fate, visit.expires_at <= now, &format!("/clerk/visits/{handle}/state")))
        (code)
        p.actions {
            a.button.quiet href={ "/clerk/visits/" (handle) } { (page.say("상태 새로 고침", "Refresh the status")) }
            a href={ "/clerk/people/" (visit.person) } { (page.say("주민 화면으로", "Back to the resident")) }
            a href="/clerk" { (page.say("다른 주민 찾기", "Find another resident")) }
        }
    };
    Ok(page.render(StatusCode::OK, &content))
}

fn code(page: &Page<'_>, visit: &Visit, link: &str, now: i64) -> Result<Markup, IssuerError> {
    let (first, last) = visit.digits.split_at_checked(3).unwrap_or((&visit.digits, ""));
    let left = visit.expires_at.saturating_sub(now);
    let picture = qr(link, page.say("휴대전화로 스캔할 발급 QR 코드", "QR code for the phone to scan"))?;
    Ok(html! {
        div.columns {
            section.card.code aria-labelledby="scan" {
                h2 #scan { (page.say("1. 휴대전화로 스캔", "1. Scan with the phone")) }
                (picture)
                p { a.link #offer href=(link) { (page.say("이 기기에서 열기", "Open on this device")) } }
            }
            section.card aria-labelledby="speak" {
                h2 #speak { (page.say("2. 숫자를 말로 알려 주세요", "2. Speak the digits")) }
                p.spoken #digits { (first) " " (last) }
                p.hint { (page.say(
                    "화면을 보여 주거나 문자로 보내지 마세요. 세 번 틀리면 코드가 끝납니다.",
                    "Do not show or send them. Three wrong tries end the code.",
                )) }
                p {
                    (page.say("유효 시각: ", "Good until ")) (time(visit.expires_at))
                    " " span.soft data-left=(left) aria-hidden="true" {}
                }
            }
        }
    })
}

/// What became of the code. A script asks `address` and reloads the page when that changed.
fn told(language: Language, fate: OfferFate, over: bool, address: &str) -> Markup {
    let (name, words) = words(language, fate, over);
    let kind = match fate {
        OfferFate::Issued => "good",
        OfferFate::Open { .. } | OfferFate::Taken => "",
        OfferFate::OutOfTries | OfferFate::Expired | OfferFate::Gone => "bad",
    };
    html! {
        p #state class={ "notice " (kind) } role="status" data-state=(name) data-ask=(address) { (words) }
    }
}

fn words(language: Language, fate: OfferFate, over: bool) -> (&'static str, &'static str) {
    match fate {
        OfferFate::Open { tries_left: 3.. } => (
            "open",
            say(language, "휴대전화에서 스캔하기를 기다리고 있습니다.", "Waiting for the phone to scan."),
        ),
        OfferFate::Open { .. } => (
            "wrong",
            say(
                language,
                "숫자가 틀렸습니다. 다시 천천히 알려 주세요.",
                "The digits were wrong. Speak them again, slowly.",
            ),
        ),
        OfferFate::Taken => {
            ("taken", say(language, "휴대전화가 신분증을 받고 있습니다.", "The phone is fetching the ID."))
        }
        OfferFate::Issued => ("issued", say(language, "발급되었습니다.", "Issued.")),
        OfferFate::OutOfTries => (
            "out-of-tries",
            say(
                language,
                "세 번 틀려 코드가 끝났습니다. 새로 만들어 주세요.",
                "Three wrong tries ended the code. Make another.",
            ),
        ),
        OfferFate::Gone if !over => (
            "replaced",
            say(language, "더 새로운 코드가 있어 이 코드는 끝났습니다.", "A newer code ended this one."),
        ),
        OfferFate::Expired | OfferFate::Gone => (
            "expired",
            say(
                language,
                "시간이 지나 코드가 끝났습니다. 새로 만들어 주세요.",
                "The code's time is over. Make another.",
            ),
        ),
    }
}

async fn state(
    State(app): State<App>,
    Signed { session, .. }: Signed<Clerk>,
    Path(handle): Path<String>,
) -> Response {
    let Some(visit) = open(&app, &session, &handle) else { return StatusCode::NOT_FOUND.into_response() };
    let fate = app.with_issuer(move |issuer, now| Ok((issuer.offer_fate(&visit.offer, now)?, now))).await;
    let Ok((fate, now)) = fate else { return out_of_order(session.language) };
    let (name, _) = words(session.language, fate, visit.expires_at <= now);
    ([(header::CACHE_CONTROL, "no-store")], Json(json!({ "state": name }))).into_response()
}
