//! The clerk's page: a resident has come and shown who they are.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use maud::{Markup, html};
use wallet_core::card::{Person, RegistrationNumber};

use super::{
    documents, events,
    guard::{Clerk, Fields, Posted, Signed, out_of_order},
    layout::{Page, csrf, refusal},
    phones,
    session::Session,
    shown::{or_out_of_order, portrait, time, trail},
    sign_in::see,
    visit,
};
use crate::{
    documents::{Document, Holders},
    issuer::IssuerError,
    openid::Offer,
    server::App,
    store::{LineChange, PersonId, Standing},
    telecom::SubscriberLine,
};

/// Acts shown.
const TRAIL: u32 = 20;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/clerk", get(front))
        .route("/clerk/find", post(find))
        .route("/clerk/people/{handle}", get(person))
        .route("/clerk/people/{handle}/visit", post(make_offer))
        .route("/clerk/people/{handle}/line", post(record_line))
}

async fn front(State(app): State<App>, Signed { session, .. }: Signed<Clerk>) -> Response {
    or_out_of_order(session.language, front_page(&app, &session, None).await)
}

async fn front_page(
    app: &App,
    session: &Session,
    fault: Option<(&str, &str)>,
) -> Result<Response, IssuerError> {
    let office = session.office.clone();
    let looked = app.with_issuer(move |issuer, _| {
        Ok((issuer.store.acts(&office, None, TRAIL)?, issuer.store.count_waiting_checks()?))
    });
    let (acts, waiting) = looked.await?;
    let page = Page::of(&app.pages, session, ("주민 찾기", "Find a resident")).at("/clerk");
    let content = html! {
        @if let Some((korean, english)) = fault { p.notice.bad #fault role="alert" { (page.say(korean, english)) } }
        (number_form(&page, session, "/clerk/find"))
        @if waiting > 0 {
            p.notice { a #waiting href=(documents::WAITING) {
                (page.say("확인을 기다리는 신분증 신청: ", "Applications that wait for a check: ")) (waiting)
            } }
        }
        section aria-labelledby="trail" {
            h2 #trail { (page.say("우리 기관의 최근 처리", "What this office did lately")) }
            (trail(&page, &acts))
        }
    };
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(page.render(status, &content))
}

async fn find(State(app): State<App>, posted: Posted<Clerk>) -> Response {
    let Posted { session, form, .. } = posted;
    let answer = match found(&app, &session, &form).await {
        Ok(Ok(handle)) => Ok(see(&format!("/clerk/people/{handle}"), None)),
        Ok(Err(fault)) => front_page(&app, &session, Some(fault)).await,
        Err(error) => Err(error),
    };
    or_out_of_order(session.language, answer)
}

/// The resident whose number was typed, as an address of this session's; or why there is none, in both languages. Looking somebody up is
/// an act: whoever looks at neighbours leaves a trace.
pub(super) async fn found(
    app: &App,
    session: &Session,
    form: &Fields,
) -> Result<Result<String, (&'static str, &'static str)>, IssuerError> {
    let number = RegistrationNumber::parse(form.get("number").unwrap_or_default().trim()).ok();
    let person = match &number {
        Some(number) => known(app, number.as_str()).await?,
        None => None,
    };
    let Some(person) = person else {
        note(app, session, "find", "nobody", None).await?;
        return Ok(Err(match number {
            None => ("주민등록번호 13자리를 다시 확인해 주세요.", "Check the thirteen digits again."),
            Some(_) => ("이 번호로 등록된 주민이 없습니다.", "Nobody is registered under this number."),
        }));
    };
    let number = person.registration_number().as_str().to_owned();
    note(app, session, "find", "ok", Some(&number)).await?;
    app.pages.seal(session, &number).map(Ok).ok_or(IssuerError::Failed)
}

/// Where the number of a resident is typed, to be looked up at that address.
pub(super) fn number_form(page: &Page<'_>, session: &Session, action: &str) -> Markup {
    html! {
        form.card method="post" action=(action) {
            (csrf(&session.csrf))
            label for="number" { (page.say("주민등록번호", "Registration number")) }
            p.hint #number-hint { (page.say("숫자 13자리. 예: 900101-1234567", "Thirteen digits, such as 900101-1234567")) }
            input #number name="number" inputmode="numeric" autocomplete="off" spellcheck="false" maxlength="14"
                aria-describedby="number-hint" required autofocus;
            button type="submit" { (page.say("찾기", "Find")) }
        }
    }
}

async fn person(
    State(app): State<App>,
    Signed { session, .. }: Signed<Clerk>,
    Path(handle): Path<String>,
) -> Response {
    match resident(&app, &session, &handle).await {
        Ok(person) => {
            or_out_of_order(session.language, person_page(&app, &session, &handle, &person, None).await)
        }
        Err(response) => response,
    }
}

/// What to say above a person: good or bad, in both languages.
pub(super) type Word = (bool, &'static str, &'static str);

pub(super) async fn person_page(
    app: &App,
    session: &Session,
    handle: &str,
    person: &Person,
    word: Option<Word>,
) -> Result<Response, IssuerError> {
    let number = person.registration_number().as_str().to_owned();
    let (holder, register) = (person.clone(), Arc::clone(&app.register));
    let looked = app.with_issuer(move |issuer, _| {
        let id = issuer.person_id(&number);
        let own = issuer.documents().of_card(&holder);
        let may = |document: &&Document| match document.holders() {
            Holders::Registered => register.fields(&number, document.id()).is_some(),
            Holders::Residents | Holders::ForeignResidents => own == Some(*document),
        };
        let choices: Vec<Document> = issuer.documents().iter().filter(may).cloned().collect();
        Ok((issuer.store.standing(&id)?, documents::checks(issuer, &id)?, choices))
    });
    let (standing, checks, choices) = looked.await?;
    let place = format!("/clerk/people/{handle}");
    let page = Page::of(&app.pages, session, ("주민 확인", "Resident")).at(&place);
    let content = html! {
        @if let Some((good, korean, english)) = word {
            @if good { p.notice.good #done role="status" { (page.say(korean, english)) } }
            @else { p.notice.bad #fault role="alert" { (page.say(korean, english)) } }
        }
        (who(&page, person, &standing))
        (documents::forms(&page, session, &place, &checks))
        @if standing.closed_since.is_none() {
            div.columns { (forms(&page, session, &place, &standing, &choices)) }
            (phones::forms(&page, session, &place, &standing))
            (events::forms(&page, session, &place, person))
        }
        p { a href="/clerk" { (page.say("다른 주민 찾기", "Find another resident")) } }
    };
    let bad = word.is_some_and(|(good, ..)| !good);
    let status = if bad { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(page.render(status, &content))
}

pub(super) fn who(page: &Page<'_>, person: &Person, standing: &Standing) -> Markup {
    html! {
        section.card aria-labelledby="who" {
            (portrait(person.portrait(), page.say("등록된 사진", "Registered photograph")))
            h2 #who { (person.name()) }
            dl {
                dt { (page.say("로마자", "Latin")) } dd { (person.name_latin()) }
                dt { (page.say("생년월일", "Born")) } dd { (person.birth_date()) }
                dt { (page.say("번호", "Number")) } dd { (person.registration_number().masked()) }
                dt { (page.say("주소", "Address")) } dd { (person.address()) }
                dt { (page.say("모바일 신분증", "Mobile ID")) }
                dd #standing {
                    @match (standing.phone_since, standing.suspended_since) {
                        _ if standing.closed_since.is_some() => {
                            strong.failed { (page.say("발급 종료", "Closed")) }
                            @if let Some(since) = standing.closed_since { " · " (time(since)) }
                        }
                        (_, Some(since)) => {
                            strong.failed { (page.say("정지됨", "Suspended")) } " · " (time(since))
                        }
                        (Some(since), None) => {
                            strong.passed { (page.say("휴대전화에 있음", "On a phone")) } " · " (time(since))
                        }
                        (None, None) => (page.say("아직 없음", "None yet")),
                    }
                }
                dt { (page.say("휴대전화 번호", "Phone line")) }
                dd #line {
                    @match standing.line_since {
                        Some(since) => { (page.say("등록됨", "Recorded")) " · " (time(since)) }
                        None => (page.say("등록되지 않음", "Not recorded")),
                    }
                    @if let Some((change, at)) = standing.line_event {
                        " " strong.failed #line-event { (line_event(page, change)) } " · " (time(at))
                    }
                }
            }
        }
    }
}

/// What became of a resident's line: something to ask them about.
fn line_event(page: &Page<'_>, change: LineChange) -> &'static str {
    match change {
        LineChange::Number => page.say("통신사 알림: 번호가 바뀜", "The operator says: another number"),
        LineChange::Sim => page.say("통신사 알림: 유심이 바뀜", "The operator says: another SIM"),
        LineChange::Ended => {
            page.say("통신사 알림: 회선이 해지됨", "The operator says: the line was given back")
        }
        LineChange::Taken => {
            page.say("번호가 다른 주민에게 등록됨", "The number was recorded for another resident")
        }
    }
}

fn forms(
    page: &Page<'_>,
    session: &Session,
    place: &str,
    standing: &Standing,
    choices: &[Document],
) -> Markup {
    html! {
        form.card method="post" action={ (place) "/visit" } {
            h2 { (page.say("발급 코드 만들기", "Make the code")) }
            (csrf(&session.csrf))
            @if standing.suspended_since.is_some() {
                p.notice.warn { (page.say(
                    "정지된 신분증입니다. 아래에서 새 휴대전화로 복구하거나 정지를 풀어 주세요.",
                    "The ID is suspended. Recover it on another phone below, or resume it.",
                )) }
            } @else if standing.phone_since.is_some() {
                p.hint { (page.say(
                    "같은 휴대전화에서만 다시 받을 수 있습니다. 다른 휴대전화라면 먼저 해지해 주세요.",
                    "Only the same phone can take it again. For another phone, give this one up first.",
                )) }
            }
            @if choices.len() > 1 {
                label for="document" { (page.say("신분증", "Document")) }
                select #document name="document" {
                    @for document in choices {
                        option value=(document.id()) { (document.name().text(page.language)) }
                    }
                }
            }
            (seen(page, "visit-seen"))
            button type="submit" { (page.say("코드 만들기", "Make the code")) }
        }
        form.card method="post" action={ (place) "/line" } {
            h2 { (page.say("휴대전화 번호 등록", "Record the phone line")) }
            (csrf(&session.csrf))
            p.hint #line-hint { (page.say(
                "분실 신고 때 통신사가 이 번호로 신분증을 정지합니다. 본인 명의인지 통신사에 확인합니다.",
                "When the phone is lost, the operator suspends the ID by this number. The operator is asked whether it is in their name.",
            )) }
            label for="phone" { (page.say("휴대전화 번호", "Mobile number")) }
            input #phone name="line" type="tel" inputmode="tel" autocomplete="off" maxlength="13"
                aria-describedby="line-hint" required;
            button type="submit" { (page.say("확인하고 등록", "Check and record")) }
        }
    }
}

/// The clerk says that they looked at the person in front of them.
pub(super) fn seen(page: &Page<'_>, id: &str) -> Markup {
    html! {
        label.choice for=(id) {
            input id=(id) type="checkbox" name="seen" value="yes" required;
            (page.say(
                "창구에 온 분이 이 주민임을 신분증과 얼굴로 확인했습니다.",
                "I checked by card and face that the person at the desk is this resident.",
            ))
        }
    }
}

async fn make_offer(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Clerk>) -> Response {
    let Posted { session, form, .. } = posted;
    let person = match resident(&app, &session, &handle).await {
        Ok(person) => person,
        Err(response) => return response,
    };
    if form.get("seen") != Some("yes") {
        return not_seen(&app, &session, &handle, &person).await;
    }
    let document = form.get("document").map(str::to_owned);
    let (holder, register) = (person.clone(), Arc::clone(&app.register));
    let trail = session.trail("offer");
    let made = app.with_issuer(move |issuer, now| {
        let number = holder.registration_number().as_str();
        issuer.refuse_closed(&issuer.person_id(number))?;
        match document {
            None => issuer.offer(&holder, Some(&trail), now),
            Some(document) => {
                let fields = register.fields(number, &document).cloned().unwrap_or_default();
                issuer.offer_document(&holder, &document, &fields, Some(&trail), now)
            }
        }
    });
    show_offer(&app, &session, &handle, &person, made.await, "offer").await
}

/// Shows a code that was made and written down; writes down that none was.
pub(super) async fn show_offer(
    app: &App,
    session: &Session,
    handle: &str,
    person: &Person,
    made: Result<Offer, IssuerError>,
    act: &'static str,
) -> Response {
    let number = person.registration_number().as_str().to_owned();
    let offer = match made {
        Ok(offer) => offer,
        Err(IssuerError::Refused { .. }) => {
            let word = (
                false,
                "이 주민에게 발급할 수 없는 신분증입니다.",
                "This cannot be issued to this resident.",
            );
            return answer(app, session, handle, person, word, (act, "refused", &number)).await;
        }
        Err(_) => return out_of_order(session.language),
    };
    match visit::place_of(app, session, &offer, handle) {
        Some(place) => see(&place, None),
        None => out_of_order(session.language),
    }
}

async fn record_line(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Clerk>) -> Response {
    let Posted { session, form, .. } = posted;
    let person = match resident(&app, &session, &handle).await {
        Ok(person) => person,
        Err(response) => return response,
    };
    let number = person.registration_number().as_str().to_owned();
    let line = SubscriberLine::parse(form.get("line").unwrap_or_default().trim());
    let operator_of = |line: &SubscriberLine| app.own_names.as_ref()?.operator_of(line, &person);
    let operator = line.as_ref().and_then(operator_of);
    let (line, operator) = match (line, operator) {
        (Some(line), Some(operator)) => (line, operator),
        (None, _) => {
            let word = (false, "휴대전화 번호를 다시 확인해 주세요.", "Check the mobile number again.");
            return answer(&app, &session, &handle, &person, word, ("line", "refused", &number)).await;
        }
        (Some(_), None) => {
            let word = (
                false,
                "통신사에서 본인 명의로 확인되지 않는 번호입니다.",
                "The operator does not know this line to be in their name.",
            );
            return answer(&app, &session, &handle, &person, word, ("line", "not theirs", &number)).await;
        }
    };
    let recorded = app.with_issuer({
        let (person, trail) = (person.clone(), session.trail("line"));
        move |issuer, now| issuer.record_line(&person, &line, &operator, Some(&trail), now)
    });
    let word = (true, "휴대전화 번호를 등록했습니다.", "The phone line is recorded.");
    done_to(&app, &session, &handle, &person, recorded.await.map(|()| word), "line").await
}

/// Writes down that an act was refused, and shows the person again.
pub(super) async fn answer(
    app: &App,
    session: &Session,
    handle: &str,
    person: &Person,
    word: Word,
    (act, outcome, number): (&'static str, &'static str, &str),
) -> Response {
    let shown = match note(app, session, act, outcome, Some(number)).await {
        Ok(()) => person_page(app, session, handle, person, Some(word)).await,
        Err(error) => Err(error),
    };
    or_out_of_order(session.language, shown)
}

/// Shows the person again after an act that was written down with what it did. One that failed did nothing; that is written down
/// where it can be.
pub(super) async fn done_to(
    app: &App,
    session: &Session,
    handle: &str,
    person: &Person,
    word: Result<Word, IssuerError>,
    act: &'static str,
) -> Response {
    let shown = match word {
        Ok(word) => person_page(app, session, handle, person, Some(word)).await,
        Err(error) => {
            let number = person.registration_number().as_str();
            drop(note(app, session, act, "failed", Some(number)).await);
            Err(error)
        }
    };
    or_out_of_order(session.language, shown)
}

pub(super) async fn not_seen(app: &App, session: &Session, handle: &str, person: &Person) -> Response {
    let word = (
        false,
        "먼저 창구에 온 분이 이 주민인지 확인하고 표시해 주세요.",
        "First check that the person at the desk is this resident, and tick the box.",
    );
    or_out_of_order(session.language, person_page(app, session, handle, person, Some(word)).await)
}

/// The resident whose page this session opened, as they are now; else what to answer.
pub(super) async fn resident(app: &App, session: &Session, handle: &str) -> Result<Person, Response> {
    let Some(number) = app.pages.open(session, handle) else { return Err(gone(app, session)) };
    match known(app, &number).await {
        Ok(Some(person)) => Ok(person),
        Ok(None) => Err(gone(app, session)),
        Err(_) => Err(out_of_order(session.language)),
    }
}

/// A person by number: of the register, or whose card was shown here.
pub(super) async fn known(app: &App, number: &str) -> Result<Option<Person>, IssuerError> {
    let (number, registered) = (number.to_owned(), app.register.find(number).cloned());
    app.with_issuer(move |issuer, _| issuer.known_person(&number, registered.as_ref())).await
}

/// The address is of another session, or of nobody.
pub(super) fn gone(app: &App, session: &Session) -> Response {
    let page = Page::of(&app.pages, session, ("다시 찾아 주세요", "Find the resident again"))
        .at(session.role.home());
    let words = page.say(
        "로그인이 바뀌어 이 화면을 더 볼 수 없습니다.",
        "This page belonged to an earlier sign-in and can no longer be seen.",
    );
    refusal(&page, StatusCode::NOT_FOUND, words)
}

/// Writes down who did what to whom.
pub(super) async fn note(
    app: &App,
    session: &Session,
    act: &'static str,
    outcome: &'static str,
    number: Option<&str>,
) -> Result<(), IssuerError> {
    let row = session.act(act, outcome);
    let number = number.map(str::to_owned);
    app.with_issuer(move |issuer, now| {
        let subject: Option<PersonId> = number.map(|number| issuer.person_id(&number));
        Ok(issuer.store.add_act(&row(now), subject.as_ref())?)
    })
    .await
}
