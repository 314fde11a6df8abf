//! What happened to a resident, as the centre records it: the card was lost, name or address changed, they died.

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::post,
};
use maud::{Markup, html};
use wallet_core::card::Person;

use super::{
    clerk::{Word, answer, done_to, resident},
    guard::{Clerk, Fields, Posted},
    layout::{Page, csrf},
    session::Session,
};
use crate::{
    issuer::{IssuerError, PersonEvent},
    server::App,
};

/// Longest texts of a person, characters: what a card has room for.
const LONGEST_NAME: usize = 40;
const LONGEST_LATIN: usize = 80;
const LONGEST_ADDRESS: usize = 120;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/clerk/people/{handle}/card-lost", post(card_lost))
        .route("/clerk/people/{handle}/details", post(details))
        .route("/clerk/people/{handle}/died", post(died))
}

/// The forms for what may have happened.
pub(super) fn forms(page: &Page<'_>, session: &Session, place: &str, person: &Person) -> Markup {
    html! {
        details #events {
            summary { (page.say("변동 신고: 카드 분실, 주소·성명 변경, 사망", "Card lost, address or name changed, death")) }
            div.columns {
                form.card method="post" action={ (place) "/details" } {
                    h2 { (page.say("주소·성명 변경", "Address or name changed")) }
                    (csrf(&session.csrf))
                    p.hint { (page.say(
                        "지금 신분증의 사본은 바로 대체되고, 휴대전화가 바뀐 내용으로 새로 받습니다.",
                        "The copies on the phone are replaced at once; the phone fetches new ones that say this.",
                    )) }
                    label for="name" { (page.say("성명", "Name")) }
                    input #name name="name" value=(person.name()) autocomplete="off" maxlength=(LONGEST_NAME) required;
                    label for="latin" { (page.say("로마자 성명", "Name in Latin letters")) }
                    input #latin name="name_latin" value=(person.name_latin()) autocomplete="off" maxlength=(LONGEST_LATIN)
                        lang="en" required;
                    label for="address" { (page.say("주소", "Address")) }
                    input #address name="address" value=(person.address()) autocomplete="off" maxlength=(LONGEST_ADDRESS) required;
                    (sure(page, "details-sure", ("신고가 수리되었음을 확인했습니다.", "I checked that the change is on the register.")))
                    button type="submit" { (page.say("변경하기", "Record the change")) }
                }
                form.card method="post" action={ (place) "/card-lost" } {
                    h2 { (page.say("실물 카드 분실", "The card is lost")) }
                    (csrf(&session.csrf))
                    p.hint { (page.say(
                        "분실한 카드로 만든 모바일 신분증은 폐기됩니다. 새 카드를 받으면 다시 발급합니다.",
                        "The mobile ID made of the lost card is revoked. A new card gets a new one.",
                    )) }
                    (sure(page, "card-sure", ("본인의 분실 신고를 받았습니다.", "The holder reported the loss.")))
                    button.danger type="submit" { (page.say("폐기하기", "Revoke")) }
                }
                form.card method="post" action={ (place) "/died" } {
                    h2 { (page.say("사망", "Death")) }
                    (csrf(&session.csrf))
                    p.hint { (page.say(
                        "모바일 신분증이 폐기되고 이 주민에게는 더 발급되지 않습니다. 되돌릴 수 없습니다.",
                        "The mobile ID is revoked and nothing is issued to this resident any more. This cannot be undone.",
                    )) }
                    (sure(page, "died-sure", ("사망 신고가 수리되었음을 확인했습니다.", "I checked that the death is on the register.")))
                    button.danger type="submit" { (page.say("폐기하기", "Revoke")) }
                }
            }
        }
    }
}

fn sure(page: &Page<'_>, id: &str, (korean, english): (&str, &str)) -> Markup {
    html! {
        label.choice for=(id) {
            input id=(id) type="checkbox" name="sure" value="yes" required;
            (page.say(korean, english))
        }
    }
}

async fn card_lost(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Clerk>) -> Response {
    happened(app, handle, posted, "card-lost", |_, _| Some(PersonEvent::CardLost)).await
}

async fn died(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Clerk>) -> Response {
    happened(app, handle, posted, "died", |_, _| Some(PersonEvent::Died)).await
}

async fn details(State(app): State<App>, Path(handle): Path<String>, posted: Posted<Clerk>) -> Response {
    let changed =
        |person: &Person, form: &Fields| Some(PersonEvent::DetailsChanged(Box::new(changed(person, form)?)));
    happened(app, handle, posted, "details", changed).await
}

async fn happened(
    app: App,
    handle: String,
    posted: Posted<Clerk>,
    act: &'static str,
    event: impl Fn(&Person, &Fields) -> Option<PersonEvent> + Send,
) -> Response {
    let Posted { session, form, .. } = posted;
    let person = match resident(&app, &session, &handle).await {
        Ok(person) => person,
        Err(response) => return response,
    };
    let number = person.registration_number().as_str().to_owned();
    let refused = |word: Word| answer(&app, &session, &handle, &person, word, (act, "refused", &number));
    if form.get("sure") != Some("yes") {
        let word =
            (false, "먼저 신고를 확인하고 표시해 주세요.", "First check the report, and tick the box.");
        return refused(word).await;
    }
    let Some(event) = event(&person, &form) else {
        let word = (
            false,
            "바뀐 내용이 없거나 성명, 로마자 성명, 주소를 읽을 수 없습니다.",
            "Nothing changed, or name, Latin name or address cannot be read.",
        );
        return refused(word).await;
    };
    let told = app.with_issuer({
        let (number, event, trail) = (number.clone(), event.clone(), session.trail(act));
        move |issuer, now| {
            issuer.refuse_closed(&issuer.person_id(&number))?;
            issuer.happened(&number, &event, Some(&trail), now)
        }
    });
    let word: Result<Word, _> = match told.await {
        Ok(true) => Ok((true, "기록했습니다. 휴대전화에 알립니다.", "Recorded. The phone is told.")),
        Ok(false) => {
            Ok((true, "기록했습니다. 알릴 휴대전화는 없습니다.", "Recorded. There is no phone to tell."))
        }
        Err(IssuerError::Refused { .. }) => {
            let word =
                (false, "이미 발급이 종료된 주민입니다.", "Nothing is issued to this resident any more.");
            return refused(word).await;
        }
        Err(error) => Err(error),
    };
    // Shown as they are from now on.
    match resident(&app, &session, &handle).await {
        Ok(person) => done_to(&app, &session, &handle, &person, word, act).await,
        Err(response) => response,
    }
}

/// The person with what the form says; nothing when that is as before, or is no name or address.
fn changed(person: &Person, form: &Fields) -> Option<Person> {
    let text = |name: &str, longest: usize| {
        let text = form.get(name)?.trim();
        let fits = (1..=longest).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then_some(text)
    };
    let latin = text("name_latin", LONGEST_LATIN)?;
    if !latin.chars().all(|letter| letter.is_ascii_alphabetic() || " -'.,<".contains(letter)) {
        return None;
    }
    let changed = Person::new(
        text("name", LONGEST_NAME)?,
        latin,
        person.birth_date(),
        person.registration_number().clone(),
        text("address", LONGEST_ADDRESS)?,
        person.issue_date(),
        person.issuing_authority(),
        person.portrait().to_vec(),
    );
    (changed != *person).then_some(changed)
}

#[cfg(test)]
mod tests {
    use fixtures::people;

    use super::*;

    #[test]
    fn only_a_name_and_an_address_that_are_ones_change_a_person() {
        let person = people::adult().person();
        let change = |name: &str, latin: &str, address: &str| {
            let pairs = [("name", name), ("name_latin", latin), ("address", address)];
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            changed(&person, &Fields::parse(body.as_bytes()).unwrap())
        };
        let (name, latin, address) = (person.name(), person.name_latin(), person.address());
        let moved = change(name, latin, " 세종특별자치시 보기로 1 ").unwrap();
        assert_eq!((moved.address(), moved.name()), ("세종특별자치시 보기로 1", name));
        assert_eq!(moved.portrait(), person.portrait());
        assert_eq!(change(name, latin, address), None, "nothing changed");
        for (name, latin, address) in [
            ("", latin, address),
            (name, "", address),
            (name, latin, " "),
            (name, "홍길동", address),
            ("홍\u{7}길동", latin, address),
            (&"가".repeat(41), latin, address),
            (name, latin, &"가".repeat(121)),
        ] {
            assert_eq!(change(name, latin, address), None, "{name} {latin} {address}");
        }
    }
}
