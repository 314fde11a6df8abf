//! A phone is lost: its telecom operator suspends the ID, counters refuse it, nothing is issued to it; and found again.

mod commands;

use std::{collections::HashMap, sync::Arc};

use desk::{FIXTURE_LINES, issuer::IssuerError, telecom::Operator};
use fixtures::{browser::Browser, operator::SimulatedOperator, people, platform::LoopbackHttp};
use wallet_core::{
    card::Disclosure,
    platform::{Clock, Http, HttpMethod, HttpRequest},
    verify::{Counter, DeskSettings, Reason},
    wallet::{CounterShow, Refusal, WalletError},
};

use crate::stage::{OPERATOR_TOKEN, Phone, Stage};

const SUSPENDED: WalletError = WalletError::IssuerRefused { why: Refusal::Suspended };

async fn ask(stage: &Stage, path: &str, token: Option<&str>, body: &str) -> u16 {
    let mut headers = HashMap::from([("content-type".to_owned(), "application/json".to_owned())]);
    if let Some(token) = token {
        headers.insert("authorization".to_owned(), format!("Bearer {token}"));
    }
    let url = format!("{}/telecom/{path}", stage.desk.base_url());
    let request = HttpRequest { method: HttpMethod::Post, url, headers, body: body.into() };
    LoopbackHttp::new().send(request).await.unwrap().status
}

fn report(line: &str, reason: &str) -> String {
    format!(r#"{{"line":"{line}","reason":"{reason}"}}"#)
}

async fn pack(stage: &Stage) -> Vec<u8> {
    let url = format!("{}/counter-pack", stage.desk.base_url());
    let request = HttpRequest { method: HttpMethod::Get, url, headers: HashMap::new(), body: Vec::new() };
    LoopbackHttp::new().send(request).await.unwrap().body
}

fn now(stage: &Stage) -> i64 {
    stage.clock.now().unwrap().unix_seconds
}

async fn counter(stage: &Stage) -> Counter {
    let authority = stage.desk.pack_authority().as_sec1().to_vec();
    let settings = DeskSettings::default();
    Counter::open(pack(stage).await, authority, 0, settings, now(stage)).unwrap()
}

async fn show(phone: &Phone) -> Arc<CounterShow> {
    let card = phone.wallet.cards().unwrap().remove(0);
    phone.wallet.show_at_counter(card.id, Disclosure::AdultOnly, None).await.unwrap()
}

/// Why a counter refuses what is shown now; `None` when it accepts.
fn refused(stage: &Stage, counter: &Counter, show: &CounterShow) -> Option<Reason> {
    let text = show.frame(stage.clock.now().unwrap()).unwrap().text;
    let verdict = counter.check(&text, now(stage), now(stage));
    assert_eq!(verdict.accepted, verdict.reason().is_none());
    verdict.reason()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_phone_is_suspended_at_once_until_it_is_found() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    let number = people::adult().registration_number;
    phone.enrol(&people::adult()).await.unwrap();
    stage.desk.record_line(number, FIXTURE_LINES[0]).await.unwrap();
    let seen = show(&phone).await;
    assert_eq!(refused(&stage, &counter(&stage).await, &seen), None);

    // Lost while it is being shown.
    let showing = show(&phone).await;
    let lost = report(FIXTURE_LINES[0], "lost");
    assert_eq!(ask(&stage, "suspend", Some(OPERATOR_TOKEN), &lost).await, 204);
    let online = counter(&stage).await;
    assert_eq!(refused(&stage, &online, &showing), Some(Reason::Deactivated), "within the same second");
    assert_eq!(ask(&stage, "suspend", Some(OPERATOR_TOKEN), &lost).await, 204, "said twice it stays so");

    stage.clock.advance(3600);
    assert_eq!(phone.wallet.refresh_staples().await, Ok(0), "nobody vouches for it any more");
    assert_eq!(Arc::clone(&phone.wallet).renew_card(None).await, Err(SUSPENDED));
    assert_eq!(
        phone.enrol(&people::adult()).await,
        Err(SUSPENDED),
        "the card and the face alone do not help"
    );
    let visit = stage.desk.visit(number).await.unwrap();
    let offer = Arc::clone(&phone.wallet).open_offer(visit.link).await.unwrap();
    assert_eq!(offer.accept(Some(visit.transaction_code.into()), None).await, Err(SUSPENDED));

    assert_eq!(ask(&stage, "resume", Some(OPERATOR_TOKEN), &report(FIXTURE_LINES[0], "found")).await, 204);
    assert_eq!(phone.wallet.refresh_staples().await, Ok(22), "all copies but the two shown");
    let again = show(&phone).await;
    assert_eq!(refused(&stage, &counter(&stage).await, &again), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_phone_is_given_up_at_the_centre_and_another_takes_its_place() {
    let stage = Stage::new().await;
    let (lost, new) = (stage.phone().await, stage.second_phone().await);
    let number = people::adult().registration_number;
    lost.enrol(&people::adult()).await.unwrap();
    stage.desk.record_line(number, FIXTURE_LINES[0]).await.unwrap();
    let thief = show(&lost).await;
    let stolen = report(FIXTURE_LINES[0], "stolen");
    assert_eq!(ask(&stage, "suspend", Some(OPERATOR_TOKEN), &stolen).await, 204);
    assert!(stage.desk.release(number).await.unwrap());
    new.enrol(&people::adult()).await.unwrap();
    let online = counter(&stage).await;
    assert_eq!(refused(&stage, &online, &thief), Some(Reason::Deactivated));
    let shown = show(&new).await;
    assert_eq!(refused(&stage, &online, &shown), None);
    // Found again, the old phone is nobody's.
    assert_eq!(ask(&stage, "resume", Some(OPERATOR_TOKEN), &report(FIXTURE_LINES[0], "found")).await, 204);
    assert_eq!(refused(&stage, &counter(&stage).await, &thief), Some(Reason::Deactivated));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_acts_on_its_own_lines_alone() {
    const SECOND_TOKEN: &str = "raon-telecom: another secret of the tests";
    let stage = Stage::with(|config| {
        config.operators.push(Operator::new("raon-telecom", SECOND_TOKEN));
    })
    .await;
    let phone = stage.phone().await;
    phone.enrol(&people::adult()).await.unwrap();
    stage.desk.record_line(people::adult().registration_number, FIXTURE_LINES[0]).await.unwrap();
    let (lost, found) = (report(FIXTURE_LINES[0], "lost"), report(FIXTURE_LINES[0], "found"));
    // As if nobody had it: whose customer has an ID is nobody else's business.
    assert_eq!(ask(&stage, "suspend", Some(SECOND_TOKEN), &lost).await, 404);
    let seen = show(&phone).await;
    assert_eq!(refused(&stage, &counter(&stage).await, &seen), None);
    assert_eq!(ask(&stage, "suspend", Some(OPERATOR_TOKEN), &lost).await, 204);
    assert_eq!(ask(&stage, "resume", Some(SECOND_TOKEN), &found).await, 404);
    assert_eq!(refused(&stage, &counter(&stage).await, &seen), Some(Reason::Deactivated));
    let audit = stage.desk.audit().await.unwrap();
    for (event, reason) in [("suspend", "lost"), ("resume", "found")] {
        let line = (event.to_owned(), format!("another operator's: raon-telecom: {reason}"));
        assert!(audit.contains(&line), "{audit:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recycled_number_suspends_nobody_who_had_it_before() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    phone.enrol(&people::adult()).await.unwrap();
    stage.desk.record_line(people::adult().registration_number, FIXTURE_LINES[0]).await.unwrap();
    let changed = |change: &str| format!(r#"{{"line":"{}","change":"{change}"}}"#, FIXTURE_LINES[0]);
    for wrong in ["taken", "lost", ""] {
        assert_eq!(ask(&stage, "changed", Some(OPERATOR_TOKEN), &changed(wrong)).await, 400, "{wrong}");
    }
    assert_eq!(ask(&stage, "changed", None, &changed("sim")).await, 401);
    // Another SIM is told, and the number is the subscriber's still.
    assert_eq!(ask(&stage, "changed", Some(OPERATOR_TOKEN), &changed("sim")).await, 204);
    assert_eq!(ask(&stage, "changed", Some(OPERATOR_TOKEN), &changed("number")).await, 204);
    assert_eq!(
        ask(&stage, "changed", Some(OPERATOR_TOKEN), &changed("number")).await,
        404,
        "nobody's by now"
    );
    // Whoever got the number loses a phone.
    let lost = report(FIXTURE_LINES[0], "lost");
    assert_eq!(ask(&stage, "suspend", Some(OPERATOR_TOKEN), &lost).await, 404);
    let seen = show(&phone).await;
    assert_eq!(refused(&stage, &counter(&stage).await, &seen), None);
    let audit = stage.desk.audit().await.unwrap();
    let told = audit.iter().filter(|(event, _)| event == "line_changed").map(|(_, outcome)| outcome.as_str());
    let expected = ["ok: gaon-telecom: sim", "ok: gaon-telecom: number", "nobody: gaon-telecom: number"];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_known_operator_reports_and_only_a_line_that_is_ones_own_is_recorded() {
    let stage = Stage::new().await;
    let lost = report(FIXTURE_LINES[0], "lost");
    for token in [None, Some(""), Some("a token"), Some("gaon-telecom")] {
        assert_eq!(ask(&stage, "suspend", token, &lost).await, 401, "{token:?}");
    }
    let known = Some(OPERATOR_TOKEN);
    assert_eq!(ask(&stage, "suspend", known, &lost).await, 404, "nobody has that line");
    for (path, body) in [
        ("suspend", report(FIXTURE_LINES[0], "found")),
        ("resume", report(FIXTURE_LINES[0], "lost")),
        ("suspend", report(FIXTURE_LINES[0], "because")),
        ("suspend", report("112", "lost")),
        ("suspend", "{}".to_owned()),
        ("suspend", format!("{lost}x")),
    ] {
        assert_eq!(ask(&stage, path, known, &body).await, 400, "{path} {body}");
    }
    let adult = people::adult().registration_number;
    for (number, line, why) in [
        (adult, FIXTURE_LINES[1], Refusal::Denied),
        (adult, "010-9999-9999", Refusal::Denied),
        ("000000-0000000", FIXTURE_LINES[0], Refusal::Denied),
        (adult, "112", Refusal::MalformedRequest),
    ] {
        let outcome = stage.desk.record_line(number, line).await;
        assert!(
            matches!(outcome, Err(IssuerError::Refused { refusal, .. }) if refusal == why),
            "{outcome:?}"
        );
    }
}

/// No clerk and nothing of the fixtures says whose the line is: the citizen names it, and its operator answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_names_their_line_and_its_operator_confirms_and_suspends_by_it() {
    const LINE: &str = "010-0000-0077";
    let stage = Stage::with(|config| {
        config.own_names = None;
        config.operators.push(Operator::new("other-telecom", "another secret"));
    })
    .await;
    let (adult, phone) = (people::adult(), stage.phone().await);
    let browser = Browser::at(stage.desk.base_url());
    let page = browser.sign_in(&adult).await.unwrap();
    assert!(!page.text.contains("/portal/line"), "without an ID there is nothing to suspend");
    let csrf = page.field("csrf").unwrap();
    let name = async |line: &str, operator: &str| {
        let fields = [("csrf", csrf.as_str()), ("line", line), ("operator", operator)];
        browser.post("/portal/line", &fields).await.unwrap().status
    };
    assert_eq!(name(LINE, "gaon-telecom").await, 409);
    phone.enrol(&adult).await.unwrap();
    assert!(browser.get("/portal").await.unwrap().text.contains("/portal/line"));
    assert_eq!(name("02-123-4567", "gaon-telecom").await, 422);
    assert_eq!(name(LINE, "nobody's").await, 422);

    let base = stage.desk.base_url();
    let operator = SimulatedOperator::at(base, OPERATOR_TOKEN, &[(LINE, adult.name)]);
    let other = SimulatedOperator::at(base, "another secret", &[(LINE, adult.name)]);
    // Somebody else's line is not theirs, and what is asked of one operator no other hears of.
    assert_eq!(name("010-0000-0078", "gaon-telecom").await, 200);
    assert_eq!(other.answer_all().await, Ok((0, 0)));
    assert_eq!(operator.answer_all().await, Ok((0, 1)));
    assert_eq!(ask(&stage, "suspend", Some(OPERATOR_TOKEN), &report("010-0000-0078", "lost")).await, 404);
    assert_eq!(name(LINE, "gaon-telecom").await, 200);
    assert_eq!(operator.report("suspend", LINE, "lost").await, Ok(404), "nobody has said that it is theirs");
    assert_eq!(operator.answer_all().await, Ok((1, 0)));
    assert_eq!(operator.answer_all().await, Ok((0, 0)));
    assert_eq!(name(LINE, "gaon-telecom").await, 429);

    let shown = show(&phone).await;
    assert_eq!(refused(&stage, &counter(&stage).await, &shown), None);
    assert_eq!(other.report("suspend", LINE, "lost").await, Ok(404));
    assert_eq!(operator.report("suspend", LINE, "lost").await, Ok(204));
    let shown = show(&phone).await;
    assert_eq!(refused(&stage, &counter(&stage).await, &shown), Some(Reason::Deactivated));
    assert_eq!(operator.report("resume", LINE, "found").await, Ok(204));

    let unknown = format!(r#"{{"id":"{}","theirs":true}}"#, "A".repeat(22));
    assert_eq!(ask(&stage, "own-name", Some(OPERATOR_TOKEN), &unknown).await, 404);
    assert_eq!(ask(&stage, "own-name", Some(OPERATOR_TOKEN), "{}").await, 400);
    for path in ["own-names", "own-name"] {
        assert_eq!(ask(&stage, path, None, "{}").await, 401);
    }
    let audit = stage.desk.audit().await.unwrap();
    let own_names: Vec<_> =
        audit.iter().filter(|(event, _)| event == "own_name").map(|(_, what)| what).collect();
    assert_eq!(own_names, ["no phone", "asked", "not theirs: gaon-telecom", "asked", "ok: gaon-telecom"]);
}
