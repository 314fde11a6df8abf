//! What a clerk does beside the visit: recovers, suspends and wipes phones, records what happened, decides on documents that wait.

mod together;

use std::sync::Arc;

use desk::{Config, issuer::SuspendedBy};
use fixtures::people;
use wallet_core::{
    card::{ActiveReason, Disclosure, LifeCycle, RevokeReason},
    platform::Clock,
    verify::{Counter, DeskSettings, Reason},
    wallet::{CardView, CommandOp, CommandReason, Issued, Refusal, UnlockWith, WalletError, WalletState},
};

use crate::{
    browser::{Answer, Browser},
    office::{Office, resident, shown},
    stage::Phone,
};

/// Sends one of the forms of a resident's page, the box ticked.
pub(crate) fn act(clerk: &mut Browser, place: &str, act: &str, more: &[(&str, &str)]) -> Answer {
    let csrf = clerk.get(place).csrf().to_owned();
    let mut fields = vec![("csrf", csrf.as_str()), ("seen", "yes"), ("sure", "yes")];
    fields.extend(more);
    clerk.post(&format!("{place}/{act}"), &fields)
}

/// Takes the code that a page shows onto a phone.
async fn accept(clerk: &mut Browser, code: &Answer, phone: &Phone) -> Result<Issued, WalletError> {
    let place = code.location().to_owned();
    let page = clerk.get(&place);
    let link = page.between(r#"id="offer" href=""#, "\"").replace("&amp;", "&");
    let digits = page.between(r#"id="digits">"#, "<").replace(' ', "");
    let offer = Arc::clone(&phone.wallet).open_offer(link).await?;
    offer.accept(Some(digits.into()), None).await
}

async fn accepted(clerk: &mut Browser, code: &Answer, phone: &Phone) -> CardView {
    match accept(clerk, code, phone).await.unwrap() {
        Issued::Card { card } => card,
        other => panic!("{other:?}"),
    }
}

/// A phone with the adult's ID and a clerk at their page.
pub(crate) async fn visited(office: &Office) -> (Phone, Browser, String) {
    let phone = office.phone().await;
    phone.enrol(&people::adult()).await.unwrap();
    let mut clerk = office.signed_in("kim");
    let (place, _) = resident(&mut clerk);
    (phone, clerk, place)
}

/// Why a counter refuses the adult's ID on a phone; nothing when it accepts.
pub(crate) async fn refused(office: &Office, phone: &Phone) -> Option<Reason> {
    let text = shown(office, phone).await;
    let pack = office.browser().bytes("/counter-pack");
    let now = office.clock.now().unwrap().unix_seconds;
    let authority = office.desk.pack_authority().as_sec1().to_vec();
    let counter = Counter::open(pack, authority, 0, DeskSettings::default(), now).unwrap();
    counter.check(&text, now, now).reason()
}

pub(crate) async fn hear(phone: &Phone) -> Vec<CommandOp> {
    phone.wallet.receive_commands(0).await.unwrap().obeyed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_phone_is_recovered_onto_another_and_locks_itself() {
    let office = Office::open().await;
    let (lost, mut clerk, place) = visited(&office).await;
    let unseen = clerk.get(&place).csrf().to_owned();
    assert_eq!(clerk.post(&format!("{place}/recover"), &[("csrf", &unseen)]).status, 422);
    assert_eq!(refused(&office, &lost).await, None, "without the tick nothing happens");

    let code = act(&mut clerk, &place, "recover", &[]);
    assert_eq!(
        refused(&office, &lost).await,
        Some(Reason::Deactivated),
        "revoked at once, before another has it"
    );
    assert_eq!(hear(&lost).await, [CommandOp::Lock]);
    assert_eq!(lost.wallet.locked_for(), Ok(Some(CommandReason::PhoneLost)));
    let new = office.second_phone().await;
    let card = accepted(&mut clerk, &code, &new).await;
    assert_eq!(card.name, people::adult().name);
    assert_eq!(refused(&office, &new).await, None);
    assert_eq!(hear(&lost).await, [CommandOp::Lock], "the ID went elsewhere");
    assert_eq!(lost.wallet.locked_for(), Ok(Some(CommandReason::OtherPhone)));
    let trail = clerk.get("/clerk").body;
    assert!(trail.contains("<td>Recovered</td><td>Done</td>"), "{trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_is_found_before_it_was_replaced_is_resumed_and_used_again() {
    let office = Office::open().await;
    let (phone, mut clerk, place) = visited(&office).await;
    act(&mut clerk, &place, "recover", &[]);
    assert_eq!(hear(&phone).await, [CommandOp::Lock]);
    // Found the next day, and nobody has taken the code.
    assert!(clerk.get(&place).body.contains(&format!("{place}/resume")));
    assert!(act(&mut clerk, &place, "resume", &[]).body.contains("Resumed."));
    assert!(!clerk.get(&place).body.contains(&format!("{place}/resume")));
    assert_eq!(hear(&phone).await, [CommandOp::Resume]);
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    let code = act(&mut clerk, &place, "visit", &[]);
    accepted(&mut clerk, &code, &phone).await;
    assert_eq!(refused(&office, &phone).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_centre_suspends_resumes_and_wipes_and_gives_up() {
    let office = Office::open().await;
    let (phone, mut clerk, place) = visited(&office).await;
    assert!(act(&mut clerk, &place, "suspend", &[]).body.contains("It is accepted no longer."));
    assert_eq!(refused(&office, &phone).await, Some(Reason::Deactivated));
    assert!(clerk.get(&place).body.contains("Recover it on another phone below"));
    act(&mut clerk, &place, "resume", &[]);
    assert_eq!(refused(&office, &phone).await, None);
    hear(&phone).await;
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();

    assert!(act(&mut clerk, &place, "wipe", &[]).body.contains("as soon as it is connected"));
    assert_eq!(refused(&office, &phone).await, Some(Reason::Deactivated));
    assert_eq!(hear(&phone).await, [CommandOp::Wipe]);
    assert_eq!((phone.wallet.state().unwrap(), phone.keys.key_count()), (WalletState::Wiped, 0));
    let nothing = act(&mut clerk, &place, "release", &[]);
    assert!(nothing.status == 422 && nothing.body.contains("There is no such phone."));
    for (name, outcome) in
        [("Suspended", "Done"), ("Resumed", "Done"), ("Wiped", "Done"), ("Phone given up", "Nobody")]
    {
        let trail = clerk.get("/clerk").body;
        assert!(trail.contains(&format!("<td>{name}</td><td>{outcome}</td>")), "{name}: {trail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_issuer_suspended_the_centre_neither_lifts_nor_takes_over() {
    let office = Office::open().await;
    let (phone, mut clerk, place) = visited(&office).await;
    let number = people::adult().registration_number;
    office.desk.suspend(number, SuspendedBy::Issuer).await.unwrap();
    let page = clerk.get(&place).body;
    assert!(page.contains("The centre can neither resume nor recover it."));
    assert!(!page.contains(&format!("{place}/resume")));
    act(&mut clerk, &place, "suspend", &[]);
    let answer = act(&mut clerk, &place, "resume", &[]);
    assert!(answer.status == 422 && answer.body.contains("The issuer suspended this ID."));
    act(&mut clerk, &place, "release", &[]);
    let visit = office.desk.visit(number).await.unwrap();
    let offer = Arc::clone(&phone.wallet).open_offer(visit.link).await.unwrap();
    let accepted = offer.accept(Some(visit.transaction_code.into()), None).await;
    assert_eq!(accepted, Err(WalletError::IssuerRefused { why: Refusal::Suspended }));
    assert!(clerk.get("/clerk").body.contains("<td>Resumed</td><td>Still suspended</td>"));
    assert!(office.desk.resume(number, SuspendedBy::Issuer).await.unwrap());
}

/// Where the card on a phone stands after it asked.
async fn standing(phone: &Phone) -> LifeCycle {
    assert_eq!(Arc::clone(&phone.wallet).refresh().await.unwrap().trouble, None);
    phone.wallet.cards().unwrap().remove(0).standing
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_card_takes_the_mobile_id_with_it() {
    let office = Office::open().await;
    let (phone, mut clerk, place) = visited(&office).await;
    let csrf = clerk.get(&place).csrf().to_owned();
    for event in ["card-lost", "died", "details"] {
        assert_eq!(clerk.post(&format!("{place}/{event}"), &[("csrf", &csrf)]).status, 422, "{event}");
    }
    assert_eq!(refused(&office, &phone).await, None, "without the tick nothing happens");
    assert!(act(&mut clerk, &place, "card-lost", &[]).body.contains("The phone is told."));
    assert_eq!(refused(&office, &phone).await, Some(Reason::Deactivated));
    assert_eq!(standing(&phone).await, LifeCycle::Revoked { reason: RevokeReason::CardLost });
    let again = act(&mut clerk, &place, "card-lost", &[]);
    assert!(again.status == 200 && again.body.contains("There is no phone to tell."));
    // With the new card in their hands they come again.
    let code = act(&mut clerk, &place, "visit", &[]);
    accepted(&mut clerk, &code, &phone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_and_address_hold_from_then_on_wherever_they_are_asked_for() {
    let office = Office::open().await;
    let (phone, mut clerk, place) = visited(&office).await;
    let person = people::adult().person();
    let new = |name, address| [("name", name), ("name_latin", person.name_latin()), ("address", address)];
    let same = act(&mut clerk, &place, "details", &new(person.name(), person.address()));
    assert!(same.status == 422 && same.body.contains("Nothing changed"));
    let (name, address) = ("홍새봄", "세종특별자치시 보기로 1");
    let told = act(&mut clerk, &place, "details", &new(name, address));
    assert!(told.body.contains("The phone is told.") && told.body.contains(address), "{}", told.body);
    assert_eq!(refused(&office, &phone).await, Some(Reason::Deactivated));
    assert_eq!(standing(&phone).await, LifeCycle::Active { reason: ActiveReason::Issued });
    let card = phone.wallet.cards().unwrap().remove(0);
    assert_eq!((card.name.as_str(), card.address.as_str()), (name, address), "fetched by itself");

    // Neither a visit, nor the portal, nor a restart brings the old ones back.
    let (place, page) = resident(&mut clerk);
    assert!(page.body.contains(name) && !page.body.contains(person.name()));
    let code = act(&mut clerk, &place, "visit", &[]);
    let card = accepted(&mut clerk, &code, &phone).await;
    assert_eq!((card.name.as_str(), card.address.as_str()), (name, address));
    let mut citizen = office.browser();
    let front = citizen.get("/portal/sign-in");
    let number = people::adult().registration_number;
    let mut sign_in = |name: &str| {
        let fields = [("csrf", front.csrf()), ("name", name), ("number", number)];
        citizen.post("/portal/sign-in", &fields).status
    };
    assert_eq!((sign_in(person.name()), sign_in(name)), (401, 303));
    let card = Arc::clone(&phone.wallet);
    card.renew_card(None).await.unwrap();
    assert_eq!(phone.wallet.cards().unwrap().remove(0).address, address);
    // The card says what was: the centre is where one goes.
    let tapped = phone.enrol(&people::adult()).await;
    assert_eq!(tapped, Err(WalletError::IssuerRefused { why: Refusal::CardOutdated }));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_issued_to_who_died() {
    let office = Office::open().await;
    let (phone, mut clerk, place) = visited(&office).await;
    assert!(act(&mut clerk, &place, "died", &[]).body.contains("Closed"));
    assert_eq!(standing(&phone).await, LifeCycle::Revoked { reason: RevokeReason::Died });
    let page = clerk.get(&place);
    for form in ["visit", "recover", "died", "details", "line"] {
        assert!(!page.body.contains(&format!("{place}/{form}")), "{form} is not offered");
    }
    let csrf = clerk.get("/clerk").csrf().to_owned();
    for form in ["visit", "recover", "died", "card-lost"] {
        let fields = [("csrf", csrf.as_str()), ("seen", "yes"), ("sure", "yes")];
        assert_eq!(clerk.post(&format!("{place}/{form}"), &fields).status, 422, "{form}");
    }
    let trail = clerk.get("/clerk").body;
    assert!(
        trail.contains("<td>Death</td><td>Refused</td>")
            && trail.contains("<td>Code made</td><td>Refused</td>")
    );
}

/// A welfare card: a clerk looks before it is issued.
const WELFARE_CARD: &str = r#"id = "welfare_card"
holders = "registered"
card_days = 1095
copy_days = 60
manual_check = true

[name]
ko = "복지카드 (시험)"
en = "Welfare card (test)"

[sd_jwt]
vct = "kr.example.walletcore.welfare_card.1"
copies = 3

[[claim]]
name = "name"
ko = "성명"
en = "Name"

[[claim]]
name = "family_name_latin1"
ko = "로마자 성"
en = "Family name in Latin letters"

[[claim]]
name = "given_name_latin1"
ko = "로마자 이름"
en = "Given name in Latin letters"

[[claim]]
name = "birth_date"
ko = "생년월일"
en = "Date of birth"

[[claim]]
name = "person_id"
ko = "주민등록번호"
en = "Resident registration number"

[[claim]]
name = "resident_address"
ko = "주소"
en = "Address"

[[claim]]
name = "issue_date"
ko = "발급일"
en = "Date of issue"

[[claim]]
name = "issuing_authority"
ko = "발급기관"
en = "Issuing authority"

[[claim]]
name = "portrait"
ko = "사진"
en = "Portrait"

[[claim]]
name = "welfare_grade"
from = "register.welfare_grade"
ko = "정도"
en = "Grade"
"#;

fn with_documents(mut config: Config) -> Config {
    let folder = config.data.with_file_name("checked");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("welfare_card.toml"), WELFARE_CARD).unwrap();
    config.documents = Some(folder);
    let number = people::adult().registration_number;
    let fields = [("welfare_grade".to_owned(), "1".to_owned())].into();
    config.register = std::mem::take(&mut config.register).with_fields(number, "welfare_card", fields);
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_waits_is_opened_from_the_list_and_decided() {
    let office = Office::open_as(with_documents).await;
    let (phone, mut clerk, place) = visited(&office).await;
    assert!(clerk.get("/clerk/waiting").body.contains("Nothing waits."));
    assert!(!clerk.get("/clerk").body.contains("/clerk/waiting"));
    let nobody = act(&mut clerk, &place, "decide", &[("document", "welfare_card"), ("answer", "approve")]);
    assert!(nobody.status == 422 && nobody.body.contains("Nobody applied for that."));
    let stranger = act(&mut clerk, &place, "visit", &[("document", "veteran_card")]);
    assert!(stranger.status == 422 && stranger.body.contains("This cannot be issued to this resident."));

    let code = act(&mut clerk, &place, "visit", &[("document", "welfare_card")]);
    assert_eq!(accept(&mut clerk, &code, &phone).await, Ok(Issued::Later { seconds: 3600 }));
    let mut other = office.signed_in("lee");
    assert!(other.get("/clerk").body.contains(r#"id="waiting" href="/clerk/waiting""#));
    let list = other.get("/clerk/waiting");
    let citizen = people::adult();
    assert!(
        !list.body.contains(citizen.name) && !list.body.contains(citizen.registration_number),
        "names nobody"
    );
    let row = list.between(r#"action="/clerk/waiting/"#, "\"").to_owned();
    assert_eq!(clerk.post(&format!("/clerk/waiting/{row}"), &[("csrf", list.csrf())]).status, 403);
    let opened = other.post(&format!("/clerk/waiting/{row}"), &[("csrf", list.csrf())]);
    let place = opened.location().to_owned();
    assert!(other.get(&place).body.contains(citizen.name));
    assert!(other.get("/clerk").body.contains("<td>lee</td><td>Look-up</td>"), "opening leaves a trace");

    let decide = |other: &mut Browser, answer| {
        act(other, &place, "decide", &[("document", "welfare_card"), ("answer", answer)])
    };
    assert_eq!(decide(&mut other, "perhaps").status, 422);
    assert!(decide(&mut other, "deny").body.contains(r#"data-state="denied""#));
    assert!(other.get("/clerk/waiting").body.contains("Nothing waits."));
    // Denied by mistake.
    assert!(decide(&mut other, "approve").body.contains("Approved."));
    let trail = other.get("/clerk").body;
    assert!(
        trail.contains("<td>Approved</td><td>Done</td>") && trail.contains("<td>Denied</td><td>Done</td>")
    );
    office.clock.advance(3600);
    let issued = Arc::clone(&phone.wallet).resume_issuance(None).await.unwrap();
    assert!(matches!(issued, Issued::Card { card } if card.document == "welfare_card"));
}

#[tokio::test(flavor = "multi_thread")]
async fn none_but_a_clerk_does_any_of_it() {
    let office = Office::open().await;
    let (phone, _, place) = visited(&office).await;
    for name in ["park", "choi"] {
        let mut other = office.signed_in(name);
        let csrf = other.get(if name == "park" { "/operator" } else { "/counter" }).csrf().to_owned();
        for path in
            ["recover", "release", "suspend", "resume", "wipe", "card-lost", "details", "died", "decide"]
        {
            let fields = [("csrf", csrf.as_str()), ("seen", "yes"), ("sure", "yes")];
            assert_eq!(other.post(&format!("{place}/{path}"), &fields).status, 403, "{name} {path}");
        }
        assert_eq!(other.get("/clerk/waiting").status, 403, "{name}");
    }
    assert_eq!(refused(&office, &phone).await, None);
    let card = phone.wallet.cards().unwrap().remove(0);
    assert!(phone.wallet.show_at_counter(card.id, Disclosure::AdultOnly, None).await.is_ok());
}
