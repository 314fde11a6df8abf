//! Choosing a password, for staff whose account an administrator made.

use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use maud::html;

use super::{
    guard::{PASSWORD, Posted, Signed, Staff, out_of_order},
    layout::{Page, csrf, refusal},
    password::Password,
    session::{self, Session},
    sign_in::{PER_ACCOUNT, is_password, note, see},
};
use crate::{issuer::IssuerError, server::App};

pub(crate) fn routes() -> Router<App> {
    Router::new().route(PASSWORD, get(form).post(choose))
}

/// Why nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Wrong,
    TooOften,
    Differ,
    Unfit,
    Same,
}

async fn form(State(app): State<App>, Signed { session, .. }: Signed<Staff>) -> Response {
    page(&app, &session, None)
}

async fn choose(State(app): State<App>, headers: axum::http::HeaderMap, posted: Posted<Staff>) -> Response {
    let Posted { session, form, .. } = posted;
    let text = |name: &str| form.get(name).unwrap_or_default().to_owned();
    match changed(&app, &session, text("password"), text("new"), text("again")).await {
        Ok(Ok(stamp)) => match session::begin(&app, &headers, session.role, &session.who, stamp).await {
            Ok(cookie) => see(session.role.home(), Some(cookie)),
            Err(_) => out_of_order(session.language),
        },
        Ok(Err(fault)) => page(&app, &session, Some(fault)),
        Err(_) => out_of_order(session.language),
    }
}

/// Changes it, and writes down that it was or was not; gives what the account is from then on.
async fn changed(
    app: &App,
    session: &Session,
    password: String,
    new: String,
    again: String,
) -> Result<Result<[u8; 32], Fault>, IssuerError> {
    let Some(account) = session.account.as_ref().filter(|account| !account.is_of_file()) else {
        return Ok(Err(Fault::Wrong));
    };
    if new != again {
        return Ok(Err(Fault::Differ));
    }
    if new == password {
        return Ok(Err(Fault::Same));
    }
    // Whoever found a desk unlocked tries no more often than at the door.
    let limit = app.pages.limit_name("sign-in account", account.name());
    let wait =
        app.with_issuer(move |issuer, now| Ok(issuer.store.try_page_limit(&limit, PER_ACCOUNT, now)?));
    if wait.await?.is_some() {
        note(app, Some(account), "password", "too often").await?;
        return Ok(Err(Fault::TooOften));
    }
    if !is_password(app, Some(account), password).await? {
        note(app, Some(account), "password", "refused").await?;
        return Ok(Err(Fault::Wrong));
    }
    let hashed = tokio::task::spawn_blocking(move || Password::make(&new));
    let Ok(chosen) = hashed.await.map_err(|_| IssuerError::Failed)? else { return Ok(Err(Fault::Unfit)) };
    let (name, before, hash) = (account.name().to_owned(), account.password().hash(), chosen.hash());
    let kept = app.with_issuer(move |issuer, _| {
        let kept = issuer.store.choose_password(&name, &before, &hash)?;
        issuer.store.clear_page_limit(&limit)?;
        Ok(kept)
    });
    if !kept.await? {
        return Ok(Err(Fault::Wrong));
    }
    note(app, Some(account), "password", "ok").await?;
    Ok(Ok(account.stamp_with(&chosen)))
}

fn page(app: &App, session: &Session, fault: Option<Fault>) -> Response {
    let page = Page::of(&app.pages, session, ("비밀번호 변경", "Change the password")).at(PASSWORD);
    let account = session.account.as_ref();
    if account.is_none_or(|account| account.is_of_file()) {
        let words = page.say(
            "이 계정의 비밀번호는 설정 파일에 있습니다. 운영자에게 문의해 주세요.",
            "The password of this account stands in the desk's configuration. Ask whoever runs the desk.",
        );
        return refusal(&page, StatusCode::FORBIDDEN, words);
    }
    let handed = account.is_some_and(|account| account.has_to_choose());
    let content = html! {
        @if let Some(fault) = fault {
            @let (korean, english) = fault.words();
            p.notice.bad #fault role="alert" { (page.say(korean, english)) }
        } @else if handed {
            p.notice.warn { (page.say(
                "건네받은 비밀번호입니다. 계속하려면 새 비밀번호를 정해 주세요.",
                "This password was handed to you. Choose your own to go on.",
            )) }
        }
        form.card method="post" action=(PASSWORD) {
            (csrf(&session.csrf))
            label for="password" { (page.say("지금 비밀번호", "Present password")) }
            input #password name="password" type="password" autocomplete="current-password" maxlength="512" required autofocus;
            label for="new" { (page.say("새 비밀번호", "New password")) }
            p.hint #new-hint { (page.say("15자 이상. 여러 낱말을 이어 쓰면 외우기 쉽습니다.", "15 characters or more. Several words are easy to remember.")) }
            input #new name="new" type="password" autocomplete="new-password" minlength="15" maxlength="512"
                aria-describedby="new-hint" required;
            label for="again" { (page.say("새 비밀번호 다시", "New password again")) }
            input #again name="again" type="password" autocomplete="new-password" minlength="15" maxlength="512" required;
            button type="submit" { (page.say("변경하기", "Change it")) }
        }
    };
    let status = match fault {
        None => StatusCode::OK,
        Some(Fault::TooOften) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    page.render(status, &content)
}

impl Fault {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Wrong => ("지금 비밀번호가 맞지 않습니다.", "The present password is wrong."),
            Self::TooOften => (
                "너무 자주 시도했습니다. 잠시 뒤에 다시 해 주세요.",
                "Too many tries. Wait a little and try again.",
            ),
            Self::Differ => ("새 비밀번호가 서로 다릅니다.", "The two new passwords differ."),
            Self::Unfit => (
                "새 비밀번호는 15자 이상이어야 합니다.",
                "A new password has 15 characters or more, and at most 512 bytes.",
            ),
            Self::Same => ("지금 비밀번호와 다른 것을 정해 주세요.", "Choose another than the present one."),
        }
    }
}
