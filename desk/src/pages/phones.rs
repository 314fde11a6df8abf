//! A resident's phone at the centre: recovered onto another, suspended, resumed, given up, wiped.

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::post,
};
use maud::{Markup, html};

use super::{
    clerk::{Word, done_to, not_seen, resident, seen, show_offer},
    guard::{Clerk, Posted},
    layout::{Page, csrf},
    session::Session,
};
use crate::{
    issuer::{Issuer, IssuerError, SuspendedBy},
    server::App,
    store::{Standing, Trail},
};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/clerk/people/{handle}/recover", post(recover))
        .route("/clerk/people/{handle}/release", post(release))
        .route("/clerk/people/{handle}/suspend", post(suspend))
        .route("/clerk/people/{handle}/resume", post(resume))
        .route("/clerk/people/{handle}/wipe", post(wipe))
}

const BY_ISSUER: Word = (
    false,
    "발급기관이 정지한 신분증입니다. 주민센터에서는 풀거나 복구할 수 없습니다.",
    "The issuer suspended this ID. The centre can neither resume nor recover it.",
);

/// What is done with a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Release,
    Suspend,
    Resume,
    Wipe,
}

/// The forms for the phone a person has, had, or lost.
pub(super) fn forms(page: &Page<'_>, session: &Session, place: &str, standing: &Standing) -> Markup {
    let has_phone = standing.phone_since.is_some();
    let suspended = standing.suspended_since.is_some();
    let by_issuer = standing.suspended_by == Some(SuspendedBy::Issuer);
    html! {
        details #phone-acts {
            summary { (page.say("휴대전화 분실, 교체, 정지", "Phone lost, replaced or suspended")) }
            @if by_issuer { p.notice.warn #by-issuer { (page.say(BY_ISSUER.1, BY_ISSUER.2)) } }
            div.columns {
                form.card method="post" action={ (place) "/recover" } {
                    h2 { (page.say("새 휴대전화로 복구", "Recover on another phone")) }
                    (csrf(&session.csrf))
                    p.hint { (page.say(
                        "지금 휴대전화의 신분증은 바로 폐기되고 그 휴대전화는 잠깁니다. 새 휴대전화에 쓸 발급 코드가 만들어집니다.",
                        "The ID on the present phone is revoked at once and that phone locks itself. The code for another phone is made.",
                    )) }
                    (seen(page, "recover-seen"))
                    button.danger type="submit" { (page.say("복구하기", "Recover")) }
                }
                @if !by_issuer && (suspended || standing.former_phone_locked) {
                    form.card method="post" action={ (place) "/resume" } {
                        h2 { (page.say("정지 해제", "Resume")) }
                        (csrf(&session.csrf))
                        p.hint { (page.say(
                            "통신사나 본인이 한 정지와 휴대전화 잠금이 풀립니다. 휴대전화를 되찾았을 때만 해 주세요.",
                            "Lifts what an operator or the citizen ordered, and the lock of the phone. Only if that was found.",
                        )) }
                        (seen(page, "resume-seen"))
                        button type="submit" { (page.say("정지 해제하기", "Resume")) }
                    }
                }
                @if !suspended {
                    form.card method="post" action={ (place) "/suspend" } {
                        h2 { (page.say("정지", "Suspend")) }
                        (csrf(&session.csrf))
                        p.hint { (page.say(
                            "신분증이 바로 정지되고 휴대전화가 잠깁니다. 통신사는 풀 수 없고 주민센터만 풀 수 있습니다.",
                            "Suspends the ID at once and locks the phone. Only the centre can lift it, no operator.",
                        )) }
                        (seen(page, "suspend-seen"))
                        button.danger type="submit" { (page.say("정지하기", "Suspend")) }
                    }
                }
                @if has_phone {
                    form.card method="post" action={ (place) "/release" } {
                        h2 { (page.say("휴대전화 해지", "Give the phone up")) }
                        (csrf(&session.csrf))
                        p.hint { (page.say(
                            "지금 휴대전화의 신분증을 더 이상 쓸 수 없게 됩니다. 되돌릴 수 없습니다.",
                            "The ID on the present phone can no longer be used. This cannot be undone.",
                        )) }
                        (seen(page, "release-seen"))
                        button.danger type="submit" { (page.say("해지하기", "Give it up")) }
                    }
                }
                form.card method="post" action={ (place) "/wipe" } {
                    h2 { (page.say("원격 삭제", "Wipe the phone")) }
                    (csrf(&session.csrf))
                    p.hint { (page.say(
                        "신분증을 폐기하고, 휴대전화가 연결되면 지갑의 열쇠와 내용을 모두 지웁니다. 되돌릴 수 없습니다.",
                        "Revokes the ID; when the phone is next connected, its wallet deletes its keys and all it holds. This cannot be undone.",
                    )) }
                    (seen(page, "wipe-seen"))
                    button.danger type="submit" { (page.say("삭제하기", "Wipe it")) }
                }
            }
        }
    }
}

async fn recover(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Clerk>) -> Response {
    let Posted { session, form, .. } = posted;
    let person = match resident(&app, &session, &handle).await {
        Ok(person) => person,
        Err(response) => return response,
    };
    if form.get("seen") != Some("yes") {
        return not_seen(&app, &session, &handle, &person).await;
    }
    let made = app.with_issuer({
        let (person, trail) = (person.clone(), session.trail("recover"));
        move |issuer, now| issuer.recover(&person, Some(&trail), now)
    });
    show_offer(&app, &session, &handle, &person, made.await, "recover").await
}

async fn release(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Clerk>) -> Response {
    act(app, handle, posted, Act::Release).await
}

async fn suspend(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Clerk>) -> Response {
    act(app, handle, posted, Act::Suspend).await
}

async fn resume(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Clerk>) -> Response {
    act(app, handle, posted, Act::Resume).await
}

async fn wipe(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Clerk>) -> Response {
    act(app, handle, posted, Act::Wipe).await
}

async fn act(app: App, handle: String, posted: Posted<Clerk>, act: Act) -> Response {
    let Posted { session, form, .. } = posted;
    let person = match resident(&app, &session, &handle).await {
        Ok(person) => person,
        Err(response) => return response,
    };
    if form.get("seen") != Some("yes") {
        return not_seen(&app, &session, &handle, &person).await;
    }
    let done = app.with_issuer({
        let number = person.registration_number().as_str().to_owned();
        let trail = session.trail(act.name());
        move |issuer, now| act.done(issuer, &number, &trail, now)
    });
    let word = done.await.map(|done| match done {
        true => act.word(),
        false if act == Act::Resume => BY_ISSUER,
        false => (false, "해당하는 휴대전화가 없습니다.", "There is no such phone."),
    });
    done_to(&app, &session, &handle, &person, word, act.name()).await
}

impl Act {
    /// Does it; tells whether there was a phone to do it to, or the suspension could be lifted.
    fn done(self, issuer: &Issuer, number: &str, trail: &Trail, now: i64) -> Result<bool, IssuerError> {
        let trail = Some(trail);
        match self {
            Self::Release => issuer.release(number, trail, now),
            Self::Suspend => issuer.suspend(number, SuspendedBy::Citizen, trail, now).map(|()| true),
            Self::Resume => issuer.resume(number, SuspendedBy::Citizen, trail, now),
            Self::Wipe => issuer.wipe(number, trail, now),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Wipe => "wipe",
        }
    }

    const fn word(self) -> Word {
        match self {
            Self::Release => (true, "휴대전화를 해지했습니다.", "The phone is given up."),
            Self::Suspend => (
                true,
                "정지했습니다. 지금부터 받아들여지지 않습니다.",
                "Suspended. It is accepted no longer.",
            ),
            Self::Resume => (true, "정지를 해제했습니다.", "Resumed."),
            Self::Wipe => (
                true,
                "폐기했습니다. 휴대전화는 연결되는 대로 지워집니다.",
                "Revoked. The phone is wiped as soon as it is connected.",
            ),
        }
    }
}
