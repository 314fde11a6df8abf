//! The counter's page: staff scan what a citizen shows, and see whether it holds, check by check.

mod checker;
mod verdict;

pub(crate) use checker::Checker;
#[cfg(test)]
pub(crate) use checker::bring_up;

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use maud::{Markup, html};
use wallet_core::verify::Verdict;

use super::{
    guard::{Counter, Posted, Signed, Uploaded},
    layout::{Page, csrf},
    session::Session,
    shown::{or_out_of_order, qr, time, trail},
};
use crate::{issuer::IssuerError, pictures::read_codes, server::App};

/// How a code for the counter begins.
const PREFIX: &str = "KR1:";
/// Longest text of a code, bytes: a QR code holds no more.
const LONGEST: usize = 4296;
/// Largest picture, bytes: what a phone's camera makes.
const LARGEST_PICTURE: usize = 8 << 20;
/// Acts shown.
const TRAIL: u32 = 10;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/counter", get(front))
        .route("/counter/check", post(check))
        .route("/counter/picture", post(picture).layer(DefaultBodyLimit::max(LARGEST_PICTURE)))
        .route("/counter/sign", get(sign))
}

/// What came of a scan.
enum Scanned<'a> {
    Nothing,
    Unreadable,
    NoCode,
    Checked(&'a Verdict),
}

async fn front(State(app): State<App>, Signed { session, .. }: Signed<Counter>) -> Response {
    or_out_of_order(session.language, page(&app, &session, Scanned::Nothing).await)
}

async fn check(State(app): State<App>, posted: Posted<Counter>) -> Response {
    let Posted { session, form, .. } = posted;
    let text = form.get("code").unwrap_or_default().trim().to_owned();
    or_out_of_order(session.language, checked(&app, &session, text).await)
}

async fn picture(State(app): State<App>, posted: Uploaded<Counter>) -> Response {
    let Uploaded { session, file, .. } = posted;
    let text = text_in(&app, file).await;
    let answer = match text {
        Ok(Some(text)) => checked(&app, &session, text).await,
        Ok(None) => page(&app, &session, Scanned::NoCode).await,
        Err(_) => page(&app, &session, Scanned::Unreadable).await,
    };
    or_out_of_order(session.language, answer)
}

/// The code in a picture: the first for a counter, else the first. A few are looked through at a time.
async fn text_in(app: &App, file: Vec<u8>) -> Result<Option<String>, ()> {
    let _turn = app.pages.heavy.acquire().await.map_err(drop)?;
    let read = tokio::task::spawn_blocking(move || read_codes(&file));
    let codes = read.await.map_err(drop)?.map_err(drop)?;
    let found = codes.iter().find(|text| text.starts_with(PREFIX)).or(codes.first());
    Ok(found.cloned())
}

async fn checked(app: &App, session: &Session, text: String) -> Result<Response, IssuerError> {
    if text.is_empty() || text.len() > LONGEST {
        return page(app, session, Scanned::NoCode).await;
    }
    let pages = app.pages.clone();
    let row = session.act_by("check");
    let verdict = app
        .with_issuer(move |issuer, now| {
            let verdict = pages.checker.check(issuer, &pages.desk, &text, now)?;
            let outcome = verdict.reason().map_or("ok", |reason| reason.name());
            issuer.store().add_act(&row(outcome, now), None)?;
            Ok(verdict)
        })
        .await?;
    page(app, session, Scanned::Checked(&verdict)).await
}

async fn page(app: &App, session: &Session, scanned: Scanned<'_>) -> Result<Response, IssuerError> {
    let office = session.office.clone();
    let acts = app.with_issuer(move |issuer, _| Ok(issuer.store().acts(&office, None, TRAIL)?)).await?;
    let page = Page::of(&app.pages, session, ("신분증 확인", "Check an ID")).at("/counter").with_camera();
    let (status, above) = match scanned {
        Scanned::Nothing => (StatusCode::OK, html! {}),
        Scanned::Checked(verdict) => (StatusCode::OK, verdict::shown(&page, verdict)),
        Scanned::NoCode => {
            (StatusCode::UNPROCESSABLE_ENTITY, fault(&page, "코드를 찾지 못했습니다.", "No code was found."))
        }
        Scanned::Unreadable => (
            StatusCode::UNPROCESSABLE_ENTITY,
            fault(
                &page,
                "사진을 읽을 수 없습니다. PNG나 JPEG 사진을 올려 주세요.",
                "The picture cannot be read. It has to be PNG or JPEG.",
            ),
        ),
    };
    let content = html! {
        (above)
        div.columns { (scanner(&page, session)) (pictures(&page, session)) }
        p.actions {
            a.button.quiet href="/counter/sign" { (page.say("손님에게 창구 표지 보이기", "Show the citizen our sign")) }
        }
        section aria-labelledby="trail" {
            h2 #trail { (page.say("최근 확인", "Checked lately")) }
            (trail(&page, &acts))
        }
    };
    Ok(page.render(status, &content))
}

fn fault(page: &Page<'_>, korean: &str, english: &str) -> Markup {
    html! { p.notice.bad #fault role="alert" { (page.say(korean, english)) } }
}

/// A scanner that types ends with Enter, which sends the form.
fn scanner(page: &Page<'_>, session: &Session) -> Markup {
    html! {
        form.card #check method="post" action="/counter/check" {
            h2 { (page.say("코드 스캔", "Scan the code")) }
            (csrf(&session.csrf))
            label for="code" { (page.say("손님 휴대전화의 코드", "Code on the citizen's phone")) }
            p.hint #code-hint { (page.say(
                "이 칸을 두고 스캐너로 읽으면 바로 확인됩니다. 화면은 15초마다 바뀝니다.",
                "Leave the cursor here and scan: it is checked at once. The code changes every 15 seconds.",
            )) }
            input #code name="code" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength=(LONGEST)
                aria-describedby="code-hint" required autofocus;
            button type="submit" { (page.say("확인", "Check")) }
        }
    }
}

fn pictures(page: &Page<'_>, session: &Session) -> Markup {
    html! {
        form.card method="post" action="/counter/picture" enctype="multipart/form-data" {
            h2 { (page.say("카메라나 사진", "Camera or picture")) }
            (csrf(&session.csrf))
            div data-camera="code" hidden {
                p { button.quiet type="button" data-start { (page.say("카메라 켜기", "Start the camera")) } }
                video hidden muted playsinline aria-label=(page.say("카메라 화면", "Camera")) {}
            }
            label for="picture" { (page.say("코드가 찍힌 사진", "Picture of the code")) }
            input #picture name="picture" type="file" accept="image/png,image/jpeg" required;
            button type="submit" { (page.say("사진으로 확인", "Check the picture")) }
        }
    }
}

/// What the citizen scans before showing anything: who asks, signed, and fresh.
async fn sign(State(app): State<App>, Signed { session, .. }: Signed<Counter>) -> Response {
    or_out_of_order(session.language, sign_page(&app, &session).await)
}

async fn sign_page(app: &App, session: &Session) -> Result<Response, IssuerError> {
    let pages = app.pages.clone();
    let sign = app.with_issuer(move |issuer, now| Ok((pages.checker.sign(issuer, &pages.desk, now)?, now)));
    let (sign, now) = sign.await?;
    let page = Page::of(&app.pages, session, ("이 창구의 표지", "Sign of this desk")).with_script();
    let left = sign.expires_at.saturating_sub(now);
    let content = html! {
        section.card.code aria-labelledby="names" {
            h2 #names { (app.pages.desk.name_ko) br; span lang="en" { (app.pages.desk.name_en) } }
            (qr(&sign.sign, page.say("앱으로 스캔할 창구 표지", "Sign of the desk, for the app to scan"))?)
            p { (page.say("신분증 앱으로 먼저 스캔해 주세요.", "Scan this first, with your ID app.")) }
            p.soft {
                (page.say("유효 시각: ", "Good until ")) (time(sign.expires_at))
                " " span data-left=(left) data-again aria-hidden="true" {}
            }
        }
        p.actions {
            a.button.quiet href="/counter/sign" { (page.say("새 표지", "A fresh sign")) }
            a href="/counter" { (page.say("확인 화면으로", "Back to checking")) }
        }
    };
    Ok(page.render(StatusCode::OK, &content))
}
