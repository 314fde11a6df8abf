//! The administrator's page: the accounts of an office, and everything that was done under them. No citizen is named here: a
//! line of the trail says who did what and when, and not to whom.

use axum::{
    Router,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use maud::{Markup, html};
use wallet_core::{card::Language, crypto::random::make_random};

use super::{
    account::{Account, Role, is_name},
    guard::{Administrator, Fields, Posted, Signed, malformed},
    layout::{Page, csrf, role_name},
    password::Password,
    session::Session,
    shown::{or_out_of_order, time, trail},
};
use crate::{
    issuer::IssuerError,
    server::App,
    store::{AccountRow, ActRow},
};

/// Seconds a password that was handed out is good: three days.
const HANDED_SECONDS: i64 = 3 * 86_400;
/// Lines of the trail on a page.
const LINES: u32 = 100;
/// Letters and digits that nobody mistakes for others, 32 of them.
const LEGIBLE: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";
/// Letters of a password that is handed out: a hundred bits.
const HANDED_LETTERS: usize = 20;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/admin", get(front))
        .route("/admin/accounts", post(add))
        .route("/admin/accounts/{name}/reset", post(reset))
        .route("/admin/accounts/{name}/disable", post(disable))
        .route("/admin/accounts/{name}/enable", post(enable))
        .route("/admin/trail", get(show_trail))
}

/// What to say above the list, in both languages: good or bad.
type Word = (bool, &'static str, &'static str);

/// A password just made, to be handed to whom the account is for.
struct Handed {
    name: String,
    password: String,
}

async fn front(State(app): State<App>, Signed { session, .. }: Signed<Administrator>) -> Response {
    or_out_of_order(session.language, front_page(&app, &session, None, None).await)
}

async fn front_page(
    app: &App,
    session: &Session,
    word: Option<Word>,
    handed: Option<&Handed>,
) -> Result<Response, IssuerError> {
    let office = session.office.clone();
    let looked = app.with_issuer(move |issuer, now| Ok((issuer.store.accounts(&office)?, now)));
    let (rows, now) = looked.await?;
    let of_file: Vec<&Account> =
        app.pages.accounts.iter().filter(|account| account.office() == session.office).collect();
    let page = Page::of(&app.pages, session, ("계정 관리", "Accounts")).at("/admin");
    let content = html! {
        @if let Some((good, korean, english)) = word {
            @if good { p.notice.good #done role="status" { (page.say(korean, english)) } }
            @else { p.notice.bad #fault role="alert" { (page.say(korean, english)) } }
        }
        @if let Some(handed) = handed { (handed_out(&page, handed)) }
        (add_form(&page, session))
        (list(&page, session, &of_file, &rows, now))
        p { a href="/admin/trail" { (page.say("처리 기록 보기", "What was done")) } }
    };
    let bad = word.is_some_and(|(good, ..)| !good);
    Ok(page.render(if bad { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &content))
}

/// Told once: the desk keeps its hash alone.
fn handed_out(page: &Page<'_>, Handed { name, password }: &Handed) -> Markup {
    html! {
        section.card aria-labelledby="handed" {
            h2 #handed { (page.say("건네줄 비밀번호", "The password to hand over")) " · " (name) }
            p.spoken #password lang="en" { (password) }
            p.hint { (page.say(
                "다시 볼 수 없습니다. 본인에게 직접 건네주세요. 사흘 안에 로그인하여 자기 비밀번호를 정해야 합니다.",
                "It is not shown again. Hand it over in person. They sign in within three days and choose their own.",
            )) }
        }
    }
}

fn add_form(page: &Page<'_>, session: &Session) -> Markup {
    let roles = session.account.as_ref().map_or(&[][..], Account::manages);
    html! {
        @if !roles.is_empty() {
            form.card method="post" action="/admin/accounts" {
                h2 { (page.say("계정 만들기", "Make an account")) }
                (csrf(&session.csrf))
                label for="name" { (page.say("계정 이름", "Account name")) }
                p.hint #name-hint { (page.say(
                    "영문 소문자, 숫자, . _ - 로 32자까지. 한 번 쓴 이름은 다시 쓸 수 없습니다.",
                    "Up to 32 of a-z 0-9 . _ - A name is never given twice.",
                )) }
                input #name name="name" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="32"
                    aria-describedby="name-hint" required;
                fieldset {
                    legend { (page.say("역할", "Role")) }
                    @for role in roles {
                        @let id = format!("role-{}", role.name());
                        label.choice for=(id) {
                            input id=(id) type="radio" name="role" value=(role.name()) required;
                            (role_name(page.language, *role))
                        }
                    }
                }
                button type="submit" { (page.say("만들기", "Make it")) }
            }
        }
    }
}

fn list(page: &Page<'_>, session: &Session, of_file: &[&Account], rows: &[AccountRow], now: i64) -> Markup {
    let manages = session.account.as_ref().map_or(&[][..], Account::manages);
    html! {
        div.table tabindex="0" role="region" aria-label=(page.say("계정 목록", "Accounts")) {
            table #accounts {
                thead { tr {
                    th scope="col" { (page.say("이름", "Name")) }
                    th scope="col" { (page.say("역할", "Role")) }
                    th scope="col" { (page.say("상태", "State")) }
                    th scope="col" { (page.say("처리", "Do")) }
                } }
                tbody {
                    @for account in of_file {
                        tr data-account=(account.name()) {
                            td { (account.name()) }
                            td { (role_name(page.language, account.role())) }
                            td { (page.say("설정 파일의 계정", "In the configuration")) }
                            td { span.soft { (page.say("여기서 바꿀 수 없음", "Not changed here")) } }
                        }
                    }
                    @for row in rows {
                        @let role = Role::parse(&row.role);
                        tr data-account=(row.name) {
                            td { (row.name) }
                            td { (role.map_or("-", |role| role_name(page.language, role))) }
                            td { (state(page.language, row, now)) }
                            td {
                                @if role.is_some_and(|role| manages.contains(&role)) {
                                    (acts(page, session, row))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn state(language: Language, row: &AccountRow, now: i64) -> Markup {
    let say = |korean, english| super::language::say(language, korean, english);
    html! {
        @match (row.disabled_at, row.handed_until) {
            (Some(since), _) => { strong.failed { (say("닫힘", "Closed")) } " · " (time(since)) }
            (None, Some(until)) if until <= now => {
                strong.failed { (say("건네준 비밀번호가 만료됨", "Handed password ended")) }
            }
            (None, Some(until)) => {
                (say("첫 로그인 전", "Not yet signed in")) " · " (say("기한 ", "until ")) (time(until))
            }
            (None, None) => strong.passed { (say("사용 중", "In use")) },
        }
    }
}

fn acts(page: &Page<'_>, session: &Session, row: &AccountRow) -> Markup {
    let (act, word, class) = match row.disabled_at {
        None => ("disable", page.say("닫기", "Close"), "danger"),
        Some(_) => ("enable", page.say("다시 열기", "Open again"), "quiet"),
    };
    let form = |act: &str, word: &str, class: &str| {
        html! {
            form method="post" action={ "/admin/accounts/" (row.name) "/" (act) } {
                (csrf(&session.csrf))
                button class=(class) type="submit" aria-label={ (word) ": " (row.name) } { (word) }
            }
        }
    };
    html! {
        div.actions {
            (form("reset", page.say("새 비밀번호", "New password"), "quiet"))
            (form(act, word, class))
        }
    }
}

async fn add(State(app): State<App>, posted: Posted<Administrator>) -> Response {
    let Posted { session, form, .. } = posted;
    let name = form.get("name").unwrap_or_default().trim().to_owned();
    let role = form.get("role").and_then(Role::parse);
    or_out_of_order(session.language, added(&app, &session, name, role).await)
}

async fn added(
    app: &App,
    session: &Session,
    name: String,
    role: Option<Role>,
) -> Result<Response, IssuerError> {
    let manages = session.account.as_ref().map_or(&[][..], Account::manages);
    let Some(role) = role.filter(|role| manages.contains(role)) else {
        note(app, session, "account-add", "refused".to_owned()).await?;
        let word = (false, "이 역할은 줄 수 없습니다.", "This role is not yours to give.");
        return front_page(app, session, Some(word), None).await;
    };
    if !is_name(&name) {
        let word = (false, "계정 이름을 다시 확인해 주세요.", "Check the account name again.");
        return front_page(app, session, Some(word), None).await;
    }
    let (password, hash) = hand_out(app).await?;
    let of_file = app.pages.accounts.iter().any(|account| account.name() == name);
    let row = AccountRow {
        name: name.clone(),
        role: role.name().to_owned(),
        office: session.office.clone(),
        password: hash,
        handed_until: None,
        disabled_at: None,
        made_at: 0,
    };
    let free = app.with_issuer(move |issuer, now| {
        let until = now.saturating_add(HANDED_SECONDS);
        let row = AccountRow { handed_until: Some(until), made_at: now, ..row };
        Ok(!of_file && issuer.store.add_account(&row)?)
    });
    if !free.await? {
        note(app, session, "account-add", "refused".to_owned()).await?;
        let word = (false, "이미 쓰인 이름입니다.", "This name was given before.");
        return front_page(app, session, Some(word), None).await;
    }
    note(app, session, "account-add", format!("ok: {name}")).await?;
    let word = (true, "계정을 만들었습니다.", "The account is made.");
    front_page(app, session, Some(word), Some(&Handed { name, password })).await
}

async fn reset(State(app): State<App>, Path(name): Path<String>, posted: Posted<Administrator>) -> Response {
    or_out_of_order(posted.session.language, was_reset(&app, &posted.session, name).await)
}

async fn was_reset(app: &App, session: &Session, name: String) -> Result<Response, IssuerError> {
    if !may_change(app, session, &name).await? {
        return not_ours(app, session, "account-reset").await;
    }
    let (password, hash) = hand_out(app).await?;
    let (account, office) = (name.clone(), session.office.clone());
    let changed = app.with_issuer(move |issuer, now| {
        let until = now.saturating_add(HANDED_SECONDS);
        Ok(issuer.store.hand_password(&account, &office, &hash, until)?)
    });
    if !changed.await? {
        return not_ours(app, session, "account-reset").await;
    }
    note(app, session, "account-reset", format!("ok: {name}")).await?;
    let word = (
        true,
        "새 비밀번호를 만들었습니다. 로그인되어 있던 곳은 모두 끝났습니다.",
        "A new password is made. Whoever was signed in with the old one is not any more.",
    );
    front_page(app, session, Some(word), Some(&Handed { name, password })).await
}

async fn disable(
    State(app): State<App>,
    Path(name): Path<String>,
    posted: Posted<Administrator>,
) -> Response {
    or_out_of_order(posted.session.language, switched(&app, &posted.session, name, false).await)
}

async fn enable(State(app): State<App>, Path(name): Path<String>, posted: Posted<Administrator>) -> Response {
    or_out_of_order(posted.session.language, switched(&app, &posted.session, name, true).await)
}

async fn switched(app: &App, session: &Session, name: String, open: bool) -> Result<Response, IssuerError> {
    let act = if open { "account-enable" } else { "account-disable" };
    if !may_change(app, session, &name).await? {
        return not_ours(app, session, act).await;
    }
    let (account, office) = (name.clone(), session.office.clone());
    let changed = app.with_issuer(move |issuer, now| {
        Ok(issuer.store.disable_account(&account, &office, (!open).then_some(now))?)
    });
    let word = match (changed.await?, open) {
        (false, _) => (false, "이미 그 상태입니다.", "It was so already."),
        (true, true) => (true, "계정을 다시 열었습니다.", "The account is open again."),
        (true, false) => (
            true,
            "계정을 닫았습니다. 로그인되어 있던 곳도 끝났습니다.",
            "The account is closed, and signed out.",
        ),
    };
    if word.0 {
        note(app, session, act, format!("ok: {name}")).await?;
    }
    front_page(app, session, Some(word), None).await
}

/// Whether this administrator gave the account, or might have: it is of the office, of a role they give, and not in the
/// configuration.
async fn may_change(app: &App, session: &Session, name: &str) -> Result<bool, IssuerError> {
    let manages = session.account.as_ref().map_or(&[][..], Account::manages);
    let found = super::account::find(app, name).await?;
    Ok(found.is_some_and(|account| {
        !account.is_of_file() && account.office() == session.office && manages.contains(&account.role())
    }))
}

/// One answer for what is not there and what is another office's.
async fn not_ours(app: &App, session: &Session, act: &'static str) -> Result<Response, IssuerError> {
    note(app, session, act, "refused".to_owned()).await?;
    let word = (false, "바꿀 수 있는 계정이 아닙니다.", "This account is not yours to change.");
    front_page(app, session, Some(word), None).await
}

/// A password to hand over, and its hash.
async fn hand_out(app: &App) -> Result<(String, String), IssuerError> {
    let password = make_password()?;
    let _turn = app.pages.heavy.acquire().await.map_err(|_| IssuerError::Failed)?;
    let made = password.clone();
    let hashed = tokio::task::spawn_blocking(move || Password::make(&made));
    let hash = hashed.await.map_err(|_| IssuerError::Failed)?.map_err(|_| IssuerError::Failed)?;
    Ok((password, hash.hash()))
}

/// Five groups of four letters, each letter as likely as any other: 32 divides 256.
fn make_password() -> Result<String, IssuerError> {
    let drawn: [u8; HANDED_LETTERS] = make_random()?;
    let mut password = String::new();
    for (at, byte) in drawn.into_iter().enumerate() {
        if at > 0 && at % 4 == 0 {
            password.push('-');
        }
        let letter = LEGIBLE.get(usize::from(byte % 32)).copied().ok_or(IssuerError::Failed)?;
        password.push(char::from(letter));
    }
    Ok(password)
}

async fn note(app: &App, session: &Session, act: &'static str, outcome: String) -> Result<(), IssuerError> {
    let (who, office) = (session.who.clone(), session.office.clone());
    app.with_issuer(move |issuer, at| {
        let act = ActRow { at, who, office, act: act.to_owned(), outcome };
        Ok(issuer.store.add_act(&act, None)?)
    })
    .await
}

/// `?before=NUMBER` goes on where a page ended; `?who=NAME` shows one account's.
async fn show_trail(
    State(app): State<App>,
    Signed { session, .. }: Signed<Administrator>,
    RawQuery(query): RawQuery,
) -> Response {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let before = match fields.get("before").map(str::parse::<i64>) {
        None => i64::MAX,
        Some(Ok(before)) => before,
        Some(Err(_)) => return malformed(session.language),
    };
    let who = fields.get("who").map(str::trim).filter(|who| !who.is_empty()).map(str::to_owned);
    if who.as_ref().is_some_and(|who| !is_name(who)) {
        return malformed(session.language);
    }
    or_out_of_order(session.language, trail_page(&app, &session, before, who).await)
}

async fn trail_page(
    app: &App,
    session: &Session,
    before: i64,
    who: Option<String>,
) -> Result<Response, IssuerError> {
    let (office, of) = (session.office.clone(), who.clone());
    let lines = app
        .with_issuer(move |issuer, _| Ok(issuer.store.acts_before(&office, of.as_deref(), before, LINES)?));
    let lines = lines.await?;
    let full = u32::try_from(lines.len()).is_ok_and(|count| count == LINES);
    let last = lines.last().map(|(number, _)| *number).filter(|_| full);
    let acts: Vec<ActRow> = lines.into_iter().map(|(_, act)| act).collect();
    let page = Page::of(&app.pages, session, ("처리 기록", "What was done"));
    let chosen = who.as_deref().unwrap_or_default();
    let content = html! {
        form.card method="get" action="/admin/trail" {
            label for="who" { (page.say("계정", "Account")) }
            p.hint #who-hint { (page.say("비워 두면 모두", "Empty for all")) }
            input #who name="who" value=(chosen) autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="32"
                aria-describedby="who-hint";
            button type="submit" { (page.say("보기", "Show")) }
        }
        (trail(&page, &acts))
        @if let Some(last) = last {
            p { a #older href={ "/admin/trail?before=" (last) "&who=" (chosen) } { (page.say("더 오래된 기록", "Older")) } }
        }
        p { a href="/admin" { (page.say("계정 관리", "Accounts")) } }
    };
    Ok(page.render(StatusCode::OK, &content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_to_hand_over_is_long_enough_legible_and_never_the_same() {
        let made: std::collections::BTreeSet<String> = (0..64).map(|_| make_password().unwrap()).collect();
        assert_eq!(made.len(), 64);
        for password in &made {
            assert_eq!(password.len(), 24, "{password}");
            assert_eq!(password.split('-').count(), 5);
            assert!(password.bytes().all(|byte| byte == b'-' || LEGIBLE.contains(&byte)), "{password}");
            assert!(Password::make(password).is_ok());
        }
        let drawn: std::collections::BTreeSet<char> =
            made.iter().flat_map(|password| password.chars()).collect();
        assert_eq!(drawn.len(), 33, "every letter is drawn");
    }
}
