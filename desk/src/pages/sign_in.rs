//! Signing in and out, for staff.

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use maud::{Markup, html};

use super::{
    account::{self, Account},
    address::Address,
    guard::{Anyone, Fields, Posted, PostedByAnyone, SIGN_OUT, Staff, out_of_order},
    layout::{Page, csrf},
    password::Password,
    session,
};
use crate::{
    issuer::IssuerError,
    server::App,
    store::{ActRow, Rate},
};

/// Tries for one account: five, and one more each minute.
pub(super) const PER_ACCOUNT: Rate = Rate { every: 60, burst: 5 };
/// Tries from one address: thirty, and one more each five seconds. A centre has one address for all its staff.
const PER_ADDRESS: Rate = Rate { every: 5, burst: 30 };
/// Stands in where there is no account, so that a name is not told apart by the time a refusal takes.
const NOBODY: &str = "nobody has this account";

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/sign-in", get(form).post(sign_in)).route(SIGN_OUT, post(sign_out))
}

async fn form(State(app): State<App>, visitor: Anyone) -> Response {
    let response = page(&app, &visitor).render(StatusCode::OK, &fields(&visitor, None));
    visitor.keep(response)
}

async fn sign_in(State(app): State<App>, from: Address, posted: PostedByAnyone) -> Response {
    let PostedByAnyone { visitor, headers, form } = posted;
    match admit(&app, &from, &form).await {
        Ok(Admission::Granted(account)) => {
            let begun = session::begin(&app, &headers, account.role(), account.name(), account.stamp()).await;
            match begun {
                Ok(cookie) => see(account.role().home(), Some(cookie)),
                Err(_) => out_of_order(visitor.language),
            }
        }
        Ok(Admission::Refused) => {
            let words =
                ("계정 이름이나 비밀번호가 맞지 않습니다.", "The account name or the password is wrong.");
            page(&app, &visitor).render(StatusCode::UNAUTHORIZED, &fields(&visitor, Some(words)))
        }
        Ok(Admission::TooOften { seconds }) => {
            let words = (
                "로그인을 너무 자주 시도했습니다. 잠시 뒤에 다시 해 주세요.",
                "Too many tries. Wait a little and sign in again.",
            );
            let page =
                page(&app, &visitor).render(StatusCode::TOO_MANY_REQUESTS, &fields(&visitor, Some(words)));
            ([(header::RETRY_AFTER, HeaderValue::from(seconds))], page).into_response()
        }
        Err(_) => out_of_order(visitor.language),
    }
}

/// Whether somebody may come in.
enum Admission {
    Granted(Box<Account>),
    Refused,
    TooOften { seconds: i64 },
}

/// Counts the try, then looks at the password.
async fn admit(app: &App, from: &Address, form: &Fields) -> Result<Admission, IssuerError> {
    let name = form.get("account").unwrap_or_default().to_owned();
    let password = form.get("password").unwrap_or_default().to_owned();
    let limits = [
        (app.pages.limit_name("sign-in account", &name), PER_ACCOUNT),
        (app.pages.limit_name("sign-in address", &from.network().to_string()), PER_ADDRESS),
    ];
    let [(of_account, _), _] = limits;
    let wait = app.with_issuer(move |issuer, now| {
        let mut wait = None;
        for (limit, rate) in limits {
            wait = wait.max(issuer.store.try_page_limit(&limit, rate, now)?);
        }
        Ok((wait, now))
    });
    let (wait, now) = wait.await?;
    let account = account::find(app, &name).await?;
    if let Some(seconds) = wait {
        note(app, account.as_ref(), "sign-in", "too often").await?;
        return Ok(Admission::TooOften { seconds });
    }
    let right = is_password(app, account.as_ref(), password).await?;
    if !right || account.as_ref().is_some_and(|account| !account.is_open(now)) {
        note(app, account.as_ref(), "sign-in", "refused").await?;
        return Ok(Admission::Refused);
    }
    let Some(account) = account else { return Ok(Admission::Refused) };
    app.with_issuer(move |issuer, _| Ok(issuer.store.clear_page_limit(&of_account)?)).await?;
    note(app, Some(&account), "sign-in", "ok").await?;
    Ok(Admission::Granted(Box::new(account)))
}

/// Hashes away from the threads that serve, and few at a time.
pub(super) async fn is_password(
    app: &App,
    account: Option<&Account>,
    password: String,
) -> Result<bool, IssuerError> {
    let _turn = app.pages.heavy.acquire().await.map_err(|_| IssuerError::Failed)?;
    let known = account.map(|account| account.password().clone());
    let hashed = tokio::task::spawn_blocking(move || match known {
        Some(known) => known.is(&password),
        None => Password::make(NOBODY).is_err(),
    });
    hashed.await.map_err(|_| IssuerError::Failed)
}

/// Writes a try down. A name that is no account's may be a password typed in the wrong field.
pub(super) async fn note(
    app: &App,
    account: Option<&Account>,
    act: &'static str,
    outcome: &'static str,
) -> Result<(), IssuerError> {
    let (who, office) = account.map_or(("-", "-"), |account| (account.name(), account.office()));
    let (who, office) = (who.to_owned(), office.to_owned());
    app.with_issuer(move |issuer, now| {
        let act = ActRow { at: now, who, office, act: act.to_owned(), outcome: outcome.to_owned() };
        Ok(issuer.store.add_act(&act, None)?)
    })
    .await
}

async fn sign_out(State(app): State<App>, posted: Posted<Staff>) -> Response {
    match session::end(&app, &posted.session).await {
        Ok(cookie) => see("/", Some(cookie)),
        Err(_) => out_of_order(posted.session.language),
    }
}

fn page<'a>(app: &'a App, visitor: &'a Anyone) -> Page<'a> {
    Page::open(&app.pages, visitor.language, &visitor.path, ("직원 로그인", "Staff sign-in"))
}

fn fields(visitor: &Anyone, fault: Option<(&str, &str)>) -> Markup {
    let say = |korean, english| super::language::say(visitor.language, korean, english);
    html! {
        @if let Some((korean, english)) = fault { p.notice.bad #fault role="alert" { (say(korean, english)) } }
        form.card method="post" action="/sign-in" {
            (csrf(&visitor.csrf))
            label for="account" { (say("계정", "Account")) }
            input #account name="account" autocomplete="username" autocapitalize="none" spellcheck="false"
                maxlength="32" required autofocus;
            label for="password" { (say("비밀번호", "Password")) }
            input #password name="password" type="password" autocomplete="current-password" maxlength="512" required;
            button type="submit" { (say("로그인", "Sign in")) }
        }
    }
}

/// Sends a browser on, after a form.
pub(crate) fn see(place: &str, cookie: Option<HeaderValue>) -> Response {
    let Ok(place) = HeaderValue::from_str(place) else { return StatusCode::BAD_REQUEST.into_response() };
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
