//! The telecom operator's page: a subscriber says that the phone is lost. Suspends and resumes by a line of its own,
//! says that one has changed, and nothing else.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use maud::{Markup, html};

use super::{
    guard::{Operator, Posted, Signed, out_of_order},
    layout::{Page, csrf, refusal},
    session::Session,
    shown::{or_out_of_order, time, trail},
    sign_in::see,
};
use crate::{
    issuer::{Issuer, IssuerError},
    server::App,
    store::{ActRow, LineChange, LineId, Reported, Standing},
    telecom::{Act, Reason, SubscriberLine},
};

/// Acts shown.
const TRAIL: u32 = 50;

/// What to say above a line: good or bad, in both languages.
type Word = (bool, &'static str, &'static str);

const NOT_OURS: Word = (
    false,
    "우리 회사 가입자로 등록된 신분증이 없는 번호입니다.",
    "No ID is recorded for this number as a line of ours.",
);

const STAYS: Word = (
    false,
    "다른 곳에서 정지한 신분증입니다. 고객에게 주민센터를 안내해 주세요.",
    "Somebody else suspended this ID. The centre can say more to the subscriber.",
);

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/operator", get(front))
        .route("/operator/find", post(find))
        .route("/operator/lines/{handle}", get(line))
        .route("/operator/lines/{handle}/suspend", post(suspend))
        .route("/operator/lines/{handle}/resume", post(resume))
        .route("/operator/lines/{handle}/changed", post(changed))
}

async fn front(State(app): State<App>, Signed { session, .. }: Signed<Operator>) -> Response {
    or_out_of_order(session.language, front_page(&app, &session, false).await)
}

async fn front_page(app: &App, session: &Session, malformed: bool) -> Result<Response, IssuerError> {
    let acts = acts(app, session, None).await?;
    let page = Page::of(&app.pages, session, ("분실 신고", "Lost phone")).at("/operator");
    let content = html! {
        @if malformed {
            p.notice.bad #fault role="alert" {
                (page.say("휴대전화 번호를 다시 확인해 주세요.", "Check the mobile number again."))
            }
        }
        form.card method="post" action="/operator/find" {
            (csrf(&session.csrf))
            label for="phone" { (page.say("가입자 번호", "Subscriber number")) }
            p.hint #line-hint { (page.say("010으로 시작하는 번호", "A mobile number, such as 010-1234-5678")) }
            input #phone name="line" type="tel" inputmode="tel" autocomplete="off" maxlength="13"
                aria-describedby="line-hint" required autofocus;
            button type="submit" { (page.say("조회", "Look up")) }
        }
        section aria-labelledby="trail" {
            h2 #trail { (page.say("우리 회사의 처리 기록", "What this operator did")) }
            (trail(&page, &acts))
        }
    };
    let status = if malformed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(page.render(status, &content))
}

async fn find(State(app): State<App>, posted: Posted<Operator>) -> Response {
    let Posted { session, form, .. } = posted;
    let Some(line) = SubscriberLine::parse(form.get("line").unwrap_or_default().trim()) else {
        return or_out_of_order(session.language, front_page(&app, &session, true).await);
    };
    let Ok(standing) = look(&app, &session, &line).await else { return out_of_order(session.language) };
    let outcome = match standing {
        Err(Reported::Nobody) => "nobody",
        Err(Reported::AnotherOperator) => "not ours",
        Ok(_) | Err(_) => "ok",
    };
    if note(&app, &session, "find", outcome, &line).await.is_err() {
        return out_of_order(session.language);
    }
    match app.pages.seal(&session, line.digits()) {
        Some(handle) => see(&format!("/operator/lines/{handle}"), None),
        None => out_of_order(session.language),
    }
}

async fn line(
    State(app): State<App>,
    Signed { session, .. }: Signed<Operator>,
    Path(handle): Path<String>,
) -> Response {
    let Some(line) = opened(&app, &session, &handle) else { return gone(&app, &session) };
    or_out_of_order(session.language, line_page(&app, &session, &handle, &line, None).await)
}

async fn line_page(
    app: &App,
    session: &Session,
    handle: &str,
    line: &SubscriberLine,
    word: Option<(bool, &str, &str)>,
) -> Result<Response, IssuerError> {
    let standing = look(app, session, line).await?.ok();
    let acts = acts(app, session, Some(line)).await?;
    let place = format!("/operator/lines/{handle}");
    let page = Page::of(&app.pages, session, ("가입자 번호", "Subscriber number")).at(&place);
    let content = html! {
        @if let Some((good, korean, english)) = word {
            @if good { p.notice.good #done role="status" { (page.say(korean, english)) } }
            @else { p.notice.bad #fault role="alert" { (page.say(korean, english)) } }
        }
        section.card aria-labelledby="line" {
            h2 #line { (line.spaced()) }
            (standing_of(&page, standing.as_ref()))
        }
        @if let Some(standing) = &standing {
            (form(&page, session, &place, standing))
            (change_form(&page, session, &place))
        }
        section aria-labelledby="trail" {
            h2 #trail { (page.say("이 번호의 처리 기록", "What was done with this number")) }
            (trail(&page, &acts))
        }
        p { a href="/operator" { (page.say("다른 번호 조회", "Another number")) } }
    };
    let bad = word.is_some_and(|(good, ..)| !good);
    Ok(page.render(if bad { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &content))
}

fn standing_of(page: &Page<'_>, standing: Option<&Standing>) -> Markup {
    html! {
        p #standing {
            @match standing {
                None => (page.say(
                    "우리 회사 가입자로 등록된 모바일 신분증이 없는 번호입니다.",
                    "No mobile ID is recorded for this number as a line of ours.",
                )),
                Some(Standing { suspended_since: Some(since), .. }) => {
                    strong.failed { (page.say("정지됨", "Suspended")) } " · " (time(*since))
                }
                Some(Standing { phone_since: Some(_), .. }) => {
                    strong.passed { (page.say("사용 중", "In use")) }
                }
                Some(_) => (page.say(
                    "등록되어 있으나 아직 휴대전화에 발급되지 않았습니다.",
                    "Recorded, but not issued to a phone yet.",
                )),
            }
        }
    }
}

fn form(page: &Page<'_>, session: &Session, place: &str, standing: &Standing) -> Markup {
    html! {
        @if standing.suspended_since.is_none() {
            form.card method="post" action={ (place) "/suspend" } {
                h2 { (page.say("정지", "Suspend")) }
                (csrf(&session.csrf))
                p.hint { (page.say(
                    "모바일 신분증만 바로 정지됩니다. 카드와 통화는 그대로입니다. 폐기와 삭제는 본인이나 주민센터만 할 수 있습니다.",
                    "Suspends the mobile ID at once, not the card and not the line. To revoke or to wipe takes the citizen or the community centre.",
                )) }
                fieldset {
                    legend { (page.say("사유", "Reason")) }
                    label.choice for="lost" {
                        input #lost type="radio" name="reason" value="lost" required;
                        (page.say("분실", "Lost"))
                    }
                    label.choice for="stolen" {
                        input #stolen type="radio" name="reason" value="stolen" required;
                        (page.say("도난", "Stolen"))
                    }
                }
                button.danger type="submit" { (page.say("정지하기", "Suspend")) }
            }
        } @else {
            form.card method="post" action={ (place) "/resume" } {
                h2 { (page.say("정지 해제", "Resume")) }
                (csrf(&session.csrf))
                label.choice for="found" {
                    input #found type="checkbox" name="reason" value="found" required;
                    (page.say(
                        "가입자 본인임을 확인했고, 휴대전화를 되찾았다고 합니다.",
                        "I checked that this is the subscriber, who has found the phone.",
                    ))
                }
                button type="submit" { (page.say("정지 해제하기", "Resume")) }
            }
        }
    }
}

fn change_form(page: &Page<'_>, session: &Session, place: &str) -> Markup {
    let choices = [
        (LineChange::Number, page.say("번호를 바꿈", "Has another number now")),
        (LineChange::Sim, page.say("유심을 바꿈", "Has another SIM now")),
        (
            LineChange::Ended,
            page.say("해지하거나 다른 통신사로 옮김", "Gave the line back, or took it to another operator"),
        ),
    ];
    html! {
        form.card method="post" action={ (place) "/changed" } {
            h2 { (page.say("회선 변경 알림", "The line has changed")) }
            (csrf(&session.csrf))
            p.hint { (page.say(
                "주민센터에 알립니다. 가입자가 쓰지 않게 된 번호로는 신분증을 정지할 수 없으니, 새 번호는 주민센터에서 등록해야 합니다.",
                "The centre is told. A number that the subscriber has no more suspends nothing; a new one is recorded at the centre.",
            )) }
            fieldset {
                legend { (page.say("가입자가", "The subscriber")) }
                @for (change, words) in choices {
                    label.choice for=(change.name()) {
                        input id=(change.name()) type="radio" name="change" value=(change.name()) required;
                        (words)
                    }
                }
            }
            button type="submit" { (page.say("알리기", "Report")) }
        }
    }
}

async fn changed(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Operator>) -> Response {
    let Posted { session, form, .. } = posted;
    let Some(line) = opened(&app, &session, &handle) else { return gone(&app, &session) };
    let word = match form.get("change").and_then(LineChange::reported) {
        Some(change) => told_of_change(&app, &session, &line, change).await,
        None => Ok((false, "바뀐 내용을 골라 주세요.", "Choose what has changed.")),
    };
    let shown = match word {
        Ok(word) => line_page(&app, &session, &handle, &line, Some(word)).await,
        Err(error) => Err(error),
    };
    or_out_of_order(session.language, shown)
}

async fn told_of_change(
    app: &App,
    session: &Session,
    line: &SubscriberLine,
    change: LineChange,
) -> Result<Word, IssuerError> {
    let (operator, who, wanted) = (session.office.clone(), session.who.clone(), line.clone());
    let told = move |issuer: &Issuer, now| issuer.line_changed((&operator, &who), &wanted, change, now);
    let reported = app.with_issuer(told).await?;
    Ok(match reported {
        Reported::Nobody | Reported::AnotherOperator => NOT_OURS,
        _ => (true, "주민센터에 알렸습니다.", "The centre is told."),
    })
}

async fn suspend(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Operator>) -> Response {
    report(app, handle, posted, Act::Suspend).await
}

async fn resume(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Operator>) -> Response {
    report(app, handle, posted, Act::Resume).await
}

async fn report(app: App, handle: String, posted: Posted<Operator>, act: Act) -> Response {
    let Posted { session, form, .. } = posted;
    let Some(line) = opened(&app, &session, &handle) else { return gone(&app, &session) };
    let Some(reason) = form.get("reason").and_then(Reason::parse).filter(|reason| reason.fits(act)) else {
        let word = (false, "사유를 골라 주세요.", "Choose a reason.");
        let shown = line_page(&app, &session, &handle, &line, Some(word)).await;
        return or_out_of_order(session.language, shown);
    };
    let done = done(&app, &session, &line, act, reason).await;
    let shown = match done {
        Ok(word) => line_page(&app, &session, &handle, &line, Some(word)).await,
        Err(error) => Err(error),
    };
    or_out_of_order(session.language, shown)
}

async fn done(
    app: &App,
    session: &Session,
    line: &SubscriberLine,
    act: Act,
    reason: Reason,
) -> Result<Word, IssuerError> {
    let (operator, who, wanted) = (session.office.clone(), session.who.clone(), line.clone());
    let told = move |issuer: &Issuer, now| issuer.report((&operator, &who), act, &wanted, reason, now);
    let reported = app.with_issuer(told).await?;
    Ok(match act {
        _ if matches!(reported, Reported::Nobody | Reported::AnotherOperator) => NOT_OURS,
        _ if reported != Reported::Done => STAYS,
        Act::Suspend => {
            (true, "정지했습니다. 지금부터 받아들여지지 않습니다.", "Suspended. It is accepted no longer.")
        }
        Act::Resume => (true, "정지를 해제했습니다.", "Resumed."),
    })
}

fn opened(app: &App, session: &Session, handle: &str) -> Option<SubscriberLine> {
    SubscriberLine::parse(&app.pages.open(session, handle)?)
}

async fn look(
    app: &App,
    session: &Session,
    line: &SubscriberLine,
) -> Result<Result<Standing, Reported>, IssuerError> {
    let (line, operator) = (line.clone(), session.office.clone());
    app.with_issuer(move |issuer, _| Ok(issuer.store.standing_of_line(&issuer.line_id(&line), &operator)?))
        .await
}

async fn acts(
    app: &App,
    session: &Session,
    line: Option<&SubscriberLine>,
) -> Result<Vec<ActRow>, IssuerError> {
    let (office, line) = (session.office.clone(), line.cloned());
    app.with_issuer(move |issuer, _| {
        let subject: Option<LineId> = line.map(|line| issuer.line_id(&line));
        Ok(issuer.store.acts(&office, subject.as_ref(), TRAIL)?)
    })
    .await
}

async fn note(
    app: &App,
    session: &Session,
    act: &'static str,
    outcome: &'static str,
    line: &SubscriberLine,
) -> Result<(), IssuerError> {
    let (row, line) = (session.act(act, outcome), line.clone());
    app.with_issuer(move |issuer, now| {
        let subject = issuer.line_id(&line);
        Ok(issuer.store.add_act(&row(now), Some(&subject))?)
    })
    .await
}

fn gone(app: &App, session: &Session) -> Response {
    let page =
        Page::of(&app.pages, session, ("다시 조회해 주세요", "Look the number up again")).at("/operator");
    let words = page.say(
        "로그인이 바뀌어 이 화면을 더 볼 수 없습니다.",
        "This page belonged to an earlier sign-in and can no longer be seen.",
    );
    refusal(&page, StatusCode::NOT_FOUND, words)
}
