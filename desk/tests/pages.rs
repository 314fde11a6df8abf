//! The pages as browsers and those who would misuse them see them, without a screen.

#[cfg(test)]
mod administration;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod centre;
#[cfg(test)]
mod office;
#[cfg(test)]
mod official;
#[cfg(test)]
#[expect(dead_code, reason = "its phones are for other tests")]
mod stage;

use std::sync::{Arc, Mutex};

use browser::{Answer, Browser, qr_of};
use desk::{
    Config, Desk, FIXTURE_LINES,
    limits::RequestRate,
    log::Log,
    pages::{Account, Password},
};
use fixtures::{people, platform::LoopbackHttp};
use office::{HASH, Office, PASSWORD, resident, shown, with_accounts};
use stage::{OPERATOR_TOKEN, config_in};
use wallet_core::{
    card::Disclosure,
    platform::{Clock, Http, HttpMethod, HttpRequest},
    wallet::Scan,
};

#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_password_opens_the_right_door() {
    let office = Office::open().await;
    let mut browser = office.browser();
    assert_eq!(browser.get("/clerk").location(), "/sign-in");
    for (account, password) in
        [("kim", "a password of the tests "), ("kim", ""), ("nobody", PASSWORD), ("", "")]
    {
        let refused = browser.sign_in(account, password);
        assert_eq!(refused.status, 401);
        assert!(refused.body.contains("The account name or the password is wrong."));
        assert!(!refused.body.contains("a password of"), "nothing typed comes back");
    }
    let page = browser.get("/sign-in");
    let before = browser.cookies.clone();
    let fields = [("account", "kim"), ("password", PASSWORD), ("csrf", page.csrf())];
    let signed_in = browser.post("/sign-in", &fields);
    assert_eq!(signed_in.location(), "/clerk");
    let cookie = signed_in.header("set-cookie");
    assert!(
        cookie.starts_with("desk-staff=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    assert!(!before.contains_key("desk-staff"));
    assert_eq!(browser.get("/clerk").status, 200);
    assert_eq!(browser.get("/").location(), "/clerk");
    let refused = browser.get("/operator");
    assert_eq!(refused.status, 403, "a clerk is no operator");
    assert_eq!(office.signed_in("park").get("/clerk").status, 403, "an operator is no clerk");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_changes_with_each_sign_in_and_ends_for_good() {
    let office = Office::open().await;
    let mut browser = office.signed_in("kim");
    let first = browser.cookies.clone();
    browser.sign_in("lee", PASSWORD);
    assert_ne!(browser.cookies["desk-staff"], first["desk-staff"]);
    let second = browser.cookies.clone();
    let mut thief = office.browser();
    thief.cookies = first;
    assert_eq!(thief.get("/clerk").location(), "/sign-in", "the session before is over");

    let page = browser.get("/clerk");
    assert!(page.body.contains("Centre clerk · lee"));
    assert_eq!(browser.post("/sign-out", &[("csrf", page.csrf())]).location(), "/");
    assert!(!browser.cookies.contains_key("desk-staff"));
    thief.cookies = second;
    assert_eq!(thief.get("/clerk").location(), "/sign-in", "signed out is signed out everywhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_idleness_and_after_a_working_day() {
    let office = Office::open().await;
    let mut browser = office.signed_in("kim");
    for _ in 0..33 {
        office.clock.advance(840);
        assert_eq!(browser.get("/clerk").status, 200);
    }
    office.clock.advance(1200);
    assert_eq!(browser.get("/clerk").location(), "/sign-in", "idle");
    let mut browser = office.signed_in("kim");
    for _ in 0..(8 * 3600 / 840) {
        office.clock.advance(840);
        assert_eq!(browser.get("/clerk").status, 200);
    }
    office.clock.advance(840);
    assert_eq!(browser.get("/clerk").location(), "/sign-in", "a whole day");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_changed_has_no_sessions_from_before() {
    let mut office = Office::open().await;
    let mut browser = office.signed_in("kim");
    let listen = office.desk.base_url().strip_prefix("http://").unwrap().parse().unwrap();
    for (hash, signed_in) in [(HASH.clone(), true), (Password::make(PASSWORD).unwrap().hash(), false)] {
        office.desk.stop().await.unwrap();
        let mut config = Config { listen, ..config_in(office.folder.join("desk"), &office.clock) };
        config.accounts = vec![Account::new("kim", "clerk", "gaon", &hash).unwrap()];
        office.desk = Desk::start(config).await.unwrap();
        let mut again = office.browser();
        again.cookies = browser.cookies.clone();
        assert_eq!(again.get("/clerk").status == 200, signed_in, "a restart alone changes nothing");
        browser = again;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_cannot_be_tried_without_end() {
    let office = Office::open().await;
    let mut browser = office.browser();
    for _ in 0..5 {
        assert_eq!(browser.sign_in("kim", "wrong").status, 401);
    }
    let limited = browser.sign_in("kim", PASSWORD);
    assert_eq!((limited.status, limited.header("retry-after")), (429, "60"), "not even the right one");
    assert_eq!(office.signed_in("lee").get("/clerk").status, 200, "another account is not locked out");
    office.clock.advance(60);
    assert_eq!(browser.sign_in("kim", PASSWORD).status, 303);
    // From one address, whatever the names.
    let names: Vec<String> = (0..40).map(|index| format!("name-{index}")).collect();
    let last = names.iter().map(|name| browser.sign_in(name, "wrong").status).collect::<Vec<_>>();
    assert_eq!(last.last(), Some(&429));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_needs_a_form_of_this_session_and_a_browser_on_this_desk() {
    let office = Office::open().await;
    let mut browser = office.signed_in("kim");
    let (place, page) = resident(&mut browser);
    let act = format!("{place}/visit");
    let csrf = page.csrf().to_owned();
    let good = [("seen", "yes"), ("csrf", csrf.as_str())];
    let own = office.desk.base_url().to_owned();

    assert_eq!(browser.post(&act, &[("seen", "yes")]).status, 403, "no token");
    let other = office.signed_in("kim").get("/clerk").csrf().to_owned();
    assert_eq!(browser.post(&act, &[("seen", "yes"), ("csrf", &other)]).status, 403, "of another session");
    for from in [
        &[][..],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", own.as_str()), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        assert_eq!(browser.post_from(from, &act, &good).status, 403, "{from:?}");
    }
    let mut stranger = office.browser();
    assert_eq!(stranger.post(&act, &good).location(), "/sign-in", "nobody");
    let mut operator = office.signed_in("park");
    let token = operator.get("/operator").csrf().to_owned();
    assert_eq!(operator.post(&act, &[("seen", "yes"), ("csrf", &token)]).status, 403, "another role");
    assert_eq!(browser.get(&act).status, 405, "a link is no act");
    assert!(
        browser.post(&act, &good).location().starts_with("/clerk/visits/"),
        "and the right one goes through"
    );
    // Nor can another site sign somebody in.
    let page = stranger.get("/sign-in");
    let fields = [("account", "kim"), ("password", PASSWORD), ("csrf", page.csrf())];
    assert_eq!(stranger.post_from(&[("origin", "https://evil.example")], "/sign-in", &fields).status, 403);
    stranger.cookies.clear();
    assert_eq!(stranger.post("/sign-in", &fields).status, 403, "the form's cookie is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_s_page_is_of_one_session_and_its_address_says_nothing() {
    let office = Office::open().await;
    let mut browser = office.signed_in("kim");
    let (place, page) = resident(&mut browser);
    let citizen = people::adult();
    assert!(page.body.contains(citizen.name) && !page.body.contains(citizen.registration_number), "masked");
    let digits = citizen.registration_number.replace('-', "");
    assert!(!place.contains(&digits) && !place.contains(citizen.registration_number));
    let mut other = office.signed_in("lee");
    assert_eq!(other.get(&place).status, 404);
    assert_eq!(browser.get("/clerk/people/AAAA").status, 404);
    assert!(
        office.signed_in("kim").get("/clerk").body.contains("Look-up"),
        "looking somebody up leaves a trace"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_makes_a_code_after_looking_at_the_resident_and_sees_what_becomes_of_it() {
    let office = Office::open().await;
    let mut browser = office.signed_in("kim");
    let (place, page) = resident(&mut browser);
    let unseen = browser.post(&format!("{place}/visit"), &[("csrf", page.csrf())]);
    assert_eq!(unseen.status, 422, "the box is not ticked");
    let made = browser.post(&format!("{place}/visit"), &[("seen", "yes"), ("csrf", page.csrf())]);
    let code = made.location().to_owned();
    let page = browser.get(&code);
    assert!(page.body.contains("openid-credential-offer://?credential_offer_uri="));
    let digits = page.between(r#"id="digits">"#, "<");
    assert_eq!(digits.len(), 7, "{digits}");
    assert!(!code.contains(&digits.replace(' ', "")));
    assert_eq!(browser.get(&format!("{code}/state")).body, r#"{"state":"open"}"#);
    assert_eq!(office.signed_in("lee").get(&code).status, 404, "digits are for the clerk who speaks them");
    office.clock.advance(600);
    assert_eq!(browser.get(&format!("{code}/state")).body, r#"{"state":"expired"}"#);
    let page = browser.get(&code);
    assert!(
        page.body.contains("The code&#39;s time is over.") || page.body.contains("The code's time is over.")
    );
    assert!(!page.body.contains("openid-credential-offer://"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_recorded_when_the_operator_knows_it_and_suspends_by_it() {
    let office = Office::open().await;
    let mut clerk = office.signed_in("kim");
    let (place, page) = resident(&mut clerk);
    let [own, other] = FIXTURE_LINES;
    let form = format!("{place}/line");
    let record = |clerk: &mut Browser, line| clerk.post(&form, &[("line", line), ("csrf", page.csrf())]);
    assert_eq!(record(&mut clerk, "02-123-4567").status, 422);
    assert!(record(&mut clerk, other).body.contains("does not know this line to be in their name"));
    assert!(record(&mut clerk, own).body.contains("The phone line is recorded."));

    let mut operator = office.signed_in("park");
    let front = operator.get("/operator");
    let csrf = front.csrf().to_owned();
    let mut find = |line| operator.post("/operator/find", &[("line", line), ("csrf", &csrf)]);
    let nobody = find(other).location().to_owned();
    let line = find(own).location().to_owned();
    assert!(!line.contains(&own.replace('-', "")));
    assert!(operator.get(&nobody).body.contains("No mobile ID is recorded"));
    let page = operator.get(&line);
    assert!(page.body.contains("not issued to a phone yet") && page.body.contains(own));
    let suspend = format!("{line}/suspend");
    for wrong in ["found", "revoked", ""] {
        assert_eq!(operator.post(&suspend, &[("reason", wrong), ("csrf", &csrf)]).status, 422, "{wrong}");
    }
    assert!(operator.post(&suspend, &[("reason", "stolen"), ("csrf", &csrf)]).body.contains("Done (stolen)"));
    assert!(operator.get(&line).body.contains("Suspended"));
    assert!(clerk.get(&place).body.contains("The ID is suspended"));
    let resumed = operator.post(&format!("{line}/resume"), &[("reason", "found"), ("csrf", &csrf)]);
    assert!(resumed.body.contains("Resumed."));
    let change = format!("{line}/changed");
    assert_eq!(operator.post(&change, &[("change", "taken"), ("csrf", &csrf)]).status, 422);
    for (change_of, told) in [("sim", "another SIM"), ("number", "another number")] {
        let answer = operator.post(&change, &[("change", change_of), ("csrf", &csrf)]);
        assert!(answer.body.contains("The centre is told."), "{}", answer.body);
        assert!(clerk.get(&place).body.contains(told), "the clerk sees it");
    }
    assert!(operator.get(&line).body.contains("No mobile ID is recorded"), "the number is nobody's now");
    assert!(clerk.get(&place).body.contains("Not recorded"));
    for beyond in ["revoke", "wipe", "release", "delete"] {
        assert_eq!(operator.post(&format!("{line}/{beyond}"), &[("csrf", &csrf)]).status, 404, "{beyond}");
    }
    // What the operator's own systems say is in its trail too.
    assert!(record(&mut clerk, own).body.contains("The phone line is recorded."));
    let authorization = format!("Bearer {OPERATOR_TOKEN}");
    let body = format!(r#"{{"line":"{own}","reason":"stolen"}}"#);
    let request = HttpRequest {
        method: HttpMethod::Post,
        url: format!("{}/telecom/suspend", office.desk.base_url()),
        headers: [("authorization".to_owned(), authorization)].into(),
        body: body.into(),
    };
    assert_eq!(LoopbackHttp::new().send(request).await.unwrap().status, 204);
    assert!(operator.get(&line).body.contains("<td>API</td><td>Suspended</td><td>Done (stolen)</td>"));
    let trail = operator.get("/operator").body;
    assert!(trail.contains("Done (found)") && trail.contains("Done (SIM)"));
    assert!(!trail.contains("kim"), "an office sees its own acts");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_run_nothing_of_others_and_are_kept_by_nobody() {
    let office = Office::open().await;
    let mut browser = office.signed_in("kim");
    let (place, page) = resident(&mut browser);
    let made = browser.post(&format!("{place}/visit"), &[("seen", "yes"), ("csrf", page.csrf())]);
    let code = made.location().to_owned();
    for path in ["/", "/sign-in", "/clerk", &place, &code, "/operator"] {
        let page = if path == "/" { office.browser().get(path) } else { browser.get(path) };
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self' data:;"), "{path}");
        assert!(policy.ends_with("base-uri 'none'; form-action 'self'; frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}");
        assert_eq!(policy.contains("script-src"), path == code, "{path}");
        assert_eq!(page.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
        assert!(!page.body.contains("style=") && !page.body.contains("onclick"), "{path}");
    }
    for (file, kind) in
        [("desk.css", "text/css"), ("desk.js", "text/javascript"), ("icon.svg", "image/svg+xml")]
    {
        let answer = browser.get(&format!("/static/{file}"));
        assert!(answer.status == 200 && answer.header("content-type").starts_with(kind), "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_speaks_the_language_that_was_asked_for_or_chosen() {
    let office = Office::open().await;
    let mut browser = office.browser();
    for (asked, code, title) in [
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko", "직원 로그인"),
        ("en-GB", "en", "Staff sign-in"),
        ("fr", "ko", "직원 로그인"),
    ] {
        browser.languages = asked;
        let page = browser.get("/sign-in");
        assert!(page.body.contains(&format!(r#"<html lang="{code}">"#)), "{asked}");
        assert!(page.body.contains(&format!("<h1>{title}</h1>")), "{asked}");
        assert_eq!(page.header("content-language"), code);
    }
    assert_eq!(browser.get("/language/en?back=/sign-in").location(), "/sign-in");
    assert!(browser.get("/sign-in").body.contains("Staff sign-in"), "chosen");
    for elsewhere in ["https://evil.example", "//evil.example", "/%0d%0aset-cookie:x=1"] {
        assert_eq!(browser.get(&format!("/language/ko?back={elsewhere}")).location(), "/");
    }
    assert_eq!(browser.get("/language/fr").status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_behind_tls_sets_cookies_that_no_other_host_can() {
    let office = Office::open_as(|mut config| {
        config.public_url = Some("https://desk.example".to_owned());
        config
    });
    let office = office.await;
    let listen = office.desk.listens_at();
    let mut browser = Browser::at(&format!("http://{listen}"));
    let page = browser.get("/sign-in");
    assert!(page.header("set-cookie").starts_with("__Host-desk-form="));
    assert!(page.header("set-cookie").ends_with("; Secure"));
    assert_eq!(page.header("strict-transport-security"), "max-age=31536000");
    let fields = [("account", "kim"), ("password", PASSWORD), ("csrf", page.csrf())];
    assert_eq!(browser.post("/sign-in", &fields).status, 403, "not the public name");
    let from = [("origin", "https://desk.example"), ("sec-fetch-site", "same-origin")];
    let answer = browser.post_from(&from, "/sign-in", &fields);
    assert!(answer.header("set-cookie").starts_with("__Host-desk-staff="));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_what_was_answered_and_nothing_of_anybody() {
    let lines = Arc::new(Mutex::new(Vec::<String>::new()));
    let office = Office::open_as(|mut config| {
        let lines = Arc::clone(&lines);
        config.log = Log::to(Arc::new(move |line| lines.lock().unwrap().push(line.to_owned())));
        config
    });
    let office = office.await;
    let mut browser = office.signed_in("kim");
    let (place, page) = resident(&mut browser);
    let made = browser.post(&format!("{place}/visit"), &[("seen", "yes"), ("csrf", page.csrf())]);
    let code = made.location().to_owned();
    let shown = browser.get(&code);
    browser.post(&format!("{place}/line"), &[("line", FIXTURE_LINES[0]), ("csrf", page.csrf())]);
    browser.get("/language/en?back=/clerk/people/somebody");
    browser.get("/nowhere/010-0000-0001?number=900101-1234567");
    let citizen = people::adult();
    let mut told: Vec<String> =
        [citizen.name, citizen.registration_number, citizen.address].map(str::to_owned).to_vec();
    told.extend(
        ["kim", "gaon", PASSWORD, FIXTURE_LINES[0], "01000000001", "somebody", "nowhere", "?"]
            .map(str::to_owned),
    );
    told.push(citizen.registration_number.replace('-', ""));
    told.push(shown.between(r#"id="digits">"#, "<").replace(' ', ""));
    told.push(shown.csrf().to_owned());
    told.extend(browser.cookies.values().filter(|value| value.len() > 2).cloned());
    told.extend([&place, &code].map(|path| path.rsplit('/').next().unwrap().to_owned()));
    told.push(shown.between("openid%2Foffers%2F", "\"").to_owned());
    let log = lines.lock().unwrap().join("\n");
    for told in told {
        assert!(!log.contains(&told), "{told}");
    }
    let mut routes = std::collections::BTreeSet::new();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for name in line.as_object().unwrap().keys() {
            let known = ["at", "level", "event", "request", "method", "route", "status", "ms"];
            assert!(known.contains(&name.as_str()), "{name}");
        }
        routes.insert(line["route"].as_str().unwrap_or_default().to_owned());
    }
    for route in ["/clerk/people/{handle}/visit", "/clerk/visits/{handle}", "/language/{code}", "-"] {
        assert!(routes.contains(route), "{route}");
    }
    assert!(shown.header("x-request-id").len() == 16 && log.contains(shown.header("x-request-id")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_asks_too_often_is_told_to_wait() {
    let office = Office::open_as(|mut config| {
        config.request_rate = RequestRate::PerNetwork { per_second: 1, burst: 5 };
        config
    });
    let office = office.await;
    let mut browser = office.browser();
    let answers: Vec<Answer> = (0..20).map(|_| browser.get("/health")).collect();
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!(refused.body, r#"{"error":"slow_down"}"#);
    assert!(
        !refused.header("retry-after").is_empty() && !refused.header("content-security-policy").is_empty()
    );
    assert!(answers.iter().filter(|answer| answer.status == 200).count() >= 5);
}

/// What the counter's page says to the code shown now.
fn check(browser: &mut Browser, text: &str) -> Answer {
    let page = browser.get("/counter");
    browser.post("/counter/check", &[("code", text), ("csrf", page.csrf())])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_sees_what_is_shown_once_and_nothing_of_a_lost_phone() {
    let mut office = Office::open().await;
    let phone = office.phone().await;
    phone.enrol(&people::adult()).await.unwrap();
    office.desk.record_line(people::adult().registration_number, FIXTURE_LINES[0]).await.unwrap();
    let mut counter = office.signed_in("choi");
    let text = shown(&office, &phone).await;
    // A scanner that types may end the line.
    let accepted = check(&mut counter, &format!("{text}\r\n"));
    assert!(accepted.body.contains(r#"data-accepted="true""#) && accepted.body.contains("The ID holds"));
    assert!(
        accepted.body.contains("<dt>Adult</dt><dd>Yes</dd>") && accepted.body.contains("made for any desk")
    );
    assert!(!accepted.body.contains(people::adult().name), "nothing that was not shown");
    let again = check(&mut counter, &text);
    assert!(again.body.contains(r#"data-accepted="false""#) && again.body.contains("Do not accept"));
    // Neither a restart nor another desk over the same memory forgets.
    let listen = office.desk.base_url().strip_prefix("http://").unwrap().parse().unwrap();
    office.desk.stop().await.unwrap();
    let config = with_accounts(config_in(office.folder.join("desk"), &office.clock));
    office.desk = Desk::start(Config { listen, ..config }).await.unwrap();
    assert!(check(&mut counter, &text).body.contains("Do not accept"), "after a restart");

    let mut operator = office.signed_in("park");
    let csrf = operator.get("/operator").csrf().to_owned();
    let found = operator.post("/operator/find", &[("line", FIXTURE_LINES[0]), ("csrf", &csrf)]);
    let line = found.location().to_owned();
    let told = operator.post(&format!("{line}/suspend"), &[("reason", "lost"), ("csrf", &csrf)]);
    assert!(told.body.contains("It is accepted no longer."));
    let refused = check(&mut counter, &shown(&office, &phone).await);
    let reason = refused.between(r#"data-check="status""#, "</tr>");
    assert!(reason.contains("failed"), "{reason}");
    operator.post(&format!("{line}/resume"), &[("reason", "found"), ("csrf", &csrf)]);
    assert!(check(&mut counter, &shown(&office, &phone).await).body.contains("The ID holds"));
    for nonsense in ["KR1:", "hello", "", &"A".repeat(5000)] {
        let body = check(&mut counter, nonsense).body;
        assert!(body.contains("Do not accept") || body.contains("No code was found."), "{nonsense}");
    }
    let youth = office.second_phone().await;
    youth.enrol(&people::born_first_day_of_2008()).await.unwrap();
    let told = check(&mut counter, &shown(&office, &youth).await).body;
    assert!(told.contains("Not an adult") && !told.contains("The ID holds"), "a glance must not mistake it");
    assert_eq!(counter.get("/clerk").status, 403);
    assert_eq!(operator.get("/counter").status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_s_sign_names_it_and_its_nonce_is_known_once() {
    let office = Office::open().await;
    let phone = office.phone().await;
    phone.enrol(&people::adult()).await.unwrap();
    let mut counter = office.signed_in("choi");
    let page = counter.get("/counter/sign");
    let sign = qr_of(&page.body);
    assert!(sign.starts_with("KD1:"));
    let Scan::DeskSign { sign: desk } = phone.wallet.scan(sign).unwrap() else { panic!("no sign") };
    let card = phone.wallet.cards().unwrap().remove(0);
    let show = phone.wallet.show_at_counter(card.id, Disclosure::NameAndBirth, Some(desk)).await.unwrap();
    let text = show.frame(office.clock.now().unwrap()).unwrap().text;
    let accepted = check(&mut counter, &text).body;
    assert!(accepted.contains(people::adult().name) && accepted.contains("made for this desk"), "{accepted}");
    assert!(accepted.split_once(r#"data-check="nonce""#).unwrap().1.contains("holds"));
}
