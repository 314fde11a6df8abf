//! An administrator looks after the accounts of an office, reads its trail, and sees no citizen.

use desk::{Config, Desk};
use fixtures::people;

use crate::{
    browser::{Answer, Browser},
    office::{Office, PASSWORD, resident, with_accounts},
    stage::config_in,
};

const CHOSEN: &str = "four words of my own";

/// Sends one of the forms of the administrator's page.
fn act(browser: &mut Browser, path: &str, more: &[(&str, &str)]) -> Answer {
    let csrf = browser.get("/admin").csrf().to_owned();
    let mut fields = vec![("csrf", csrf.as_str())];
    fields.extend(more);
    browser.post(&format!("/admin/accounts{path}"), &fields)
}

/// Makes an account; gives the password to hand over.
fn made(browser: &mut Browser, name: &str, role: &str) -> String {
    let page = act(browser, "", &[("name", name), ("role", role)]);
    assert_eq!(page.status, 200, "{}", page.body);
    page.between(r#"id="password" lang="en">"#, "<").to_owned()
}

fn choose(browser: &mut Browser, password: &str, new: &str, again: &str) -> Answer {
    let page = browser.get("/password");
    browser
        .post("/password", &[("csrf", page.csrf()), ("password", password), ("new", new), ("again", again)])
}

/// The state that the list tells of an account.
fn state(browser: &mut Browser, name: &str) -> String {
    browser.get("/admin").between(&format!(r#"<tr data-account="{name}">"#), "</tr>").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_clerk_chooses_a_password_before_anything_else() {
    let office = Office::open().await;
    let mut administrator = office.signed_in("han");
    let handed = made(&mut administrator, "moon", "clerk");
    assert!(state(&mut administrator, "moon").contains("Not yet signed in"));
    assert!(!administrator.get("/admin").body.contains(&handed), "it is told once");
    let mut clerk = office.browser();
    assert_eq!(clerk.sign_in("moon", &handed).location(), "/clerk");
    for page in ["/clerk", "/clerk/waiting", "/admin", "/counter"] {
        assert_eq!(clerk.get(page).location(), "/password", "{page}");
    }
    let csrf = clerk.get("/password").csrf().to_owned();
    let number = people::adult().registration_number;
    let sent = clerk.post("/clerk/find", &[("csrf", &csrf), ("number", number)]);
    assert_eq!(sent.location(), "/password", "nor by a form");

    for (password, new, again, words) in [
        ("wrong", CHOSEN, CHOSEN, "The present password is wrong."),
        (handed.as_str(), CHOSEN, "another", "The two new passwords differ."),
        (handed.as_str(), "too short", "too short", "15 characters or more"),
        (handed.as_str(), handed.as_str(), handed.as_str(), "Choose another"),
    ] {
        let refused = choose(&mut clerk, password, new, again);
        assert!(refused.status == 422 && refused.body.contains(words), "{words}");
        assert!(
            !refused.body.contains(&handed) && !refused.body.contains(CHOSEN),
            "nothing typed comes back"
        );
    }
    let before = clerk.cookies.clone();
    assert_eq!(choose(&mut clerk, &handed, CHOSEN, CHOSEN).location(), "/clerk");
    assert_eq!(clerk.get("/clerk").status, 200);
    let mut thief = office.browser();
    thief.cookies = before;
    assert_eq!(thief.get("/clerk").location(), "/sign-in", "the session before is over");
    assert_eq!(office.browser().sign_in("moon", &handed).status, 401);
    assert_eq!(office.browser().sign_in("moon", CHOSEN).status, 303);
    assert!(state(&mut administrator, "moon").contains("In use"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handed_password_ends_by_itself_and_can_be_made_anew() {
    let office = Office::open().await;
    let mut administrator = office.signed_in("han");
    let first = made(&mut administrator, "moon", "counter");
    office.clock.advance(3 * 86_400);
    assert_eq!(office.browser().sign_in("moon", &first).status, 401);
    let mut administrator = office.signed_in("han");
    assert!(state(&mut administrator, "moon").contains("Handed password ended"));
    let page = act(&mut administrator, "/moon/reset", &[]);
    let second = page.between(r#"id="password" lang="en">"#, "<").to_owned();
    assert_ne!(first, second);
    let mut staff = office.browser();
    staff.sign_in("moon", &second);
    assert_eq!(choose(&mut staff, &second, CHOSEN, CHOSEN).location(), "/counter");
    // Forgotten: whoever is signed in with the old one is not any more.
    act(&mut administrator, "/moon/reset", &[]);
    assert_eq!(staff.get("/counter").location(), "/sign-in");
    assert_eq!(office.browser().sign_in("moon", CHOSEN).status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_is_out_at_once_and_comes_back_as_it_was() {
    let mut office = Office::open().await;
    let mut administrator = office.signed_in("han");
    let handed = made(&mut administrator, "moon", "clerk");
    let mut clerk = office.browser();
    clerk.sign_in("moon", &handed);
    choose(&mut clerk, &handed, CHOSEN, CHOSEN);
    assert!(act(&mut administrator, "/moon/disable", &[]).body.contains("signed out"));
    assert_eq!(clerk.get("/clerk").location(), "/sign-in");
    assert_eq!(office.browser().sign_in("moon", CHOSEN).status, 401);
    assert_eq!(act(&mut administrator, "/moon/disable", &[]).status, 422, "closed already");
    // A desk that began anew remembers its accounts.
    let listen = office.desk.listens_at();
    office.desk.stop().await.unwrap();
    let config = with_accounts(config_in(office.folder.join("desk"), &office.clock));
    office.desk = Desk::start(Config { listen, ..config }).await.unwrap();
    assert_eq!(office.browser().sign_in("moon", CHOSEN).status, 401);
    let mut administrator = office.signed_in("han");
    assert_eq!(act(&mut administrator, "/moon/enable", &[]).status, 200);
    assert_eq!(office.browser().sign_in("moon", CHOSEN).location(), "/clerk");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_gives_what_the_configuration_lets_them_give_in_their_office_alone() {
    let office = Office::open().await;
    let mut centre = office.signed_in("han");
    let mut telecom = office.signed_in("yoon");
    for role in ["operator", "administrator", "citizen", "Clerk", ""] {
        let refused = act(&mut centre, "", &[("name", "moon"), ("role", role)]);
        assert!(refused.status == 422 && refused.body.contains("not yours to give"), "{role}");
    }
    assert_eq!(act(&mut telecom, "", &[("name", "moon"), ("role", "clerk")]).status, 422);
    made(&mut telecom, "moon", "operator");
    for name in ["moon", "kim", "han", "MOON", "", "moon park", "문"] {
        let refused = act(&mut centre, "", &[("name", name), ("role", "clerk")]);
        assert_eq!(refused.status, 422, "{name}: taken, or no name");
    }
    // Neither another office's accounts, nor those of the configuration, nor one that is not there: one answer for all.
    for name in ["moon", "kim", "han", "yoon", "nobody"] {
        for to in ["reset", "disable", "enable"] {
            let refused = act(&mut centre, &format!("/{name}/{to}"), &[]);
            assert!(refused.status == 422 && refused.body.contains("not yours to change"), "{name} {to}");
            assert!(!refused.body.contains(r#"id="password""#), "{name} {to}");
        }
    }
    assert_eq!(office.browser().sign_in("kim", PASSWORD).status, 303);
    let list = centre.get("/admin").body;
    assert!(list.contains(r#"data-account="kim""#) && list.contains("In the configuration"));
    assert!(!list.contains("moon") && !list.contains("park"), "another office's are not listed");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_an_administrator_and_nobody_by_another_page() {
    let office = Office::open().await;
    for name in ["kim", "park", "choi"] {
        let mut other = office.signed_in(name);
        let home = other.get("/").location().to_owned();
        let csrf = other.get(&home).csrf().to_owned();
        assert_eq!((other.get("/admin").status, other.get("/admin/trail").status), (403, 403), "{name}");
        for path in ["", "/moon/reset", "/moon/disable", "/moon/enable"] {
            let fields = [("csrf", csrf.as_str()), ("name", "moon"), ("role", "clerk")];
            assert_eq!(other.post(&format!("/admin/accounts{path}"), &fields).status, 403, "{name} {path}");
        }
        // The password of an account in the configuration is changed there.
        assert_eq!(other.get("/password").status, 403);
    }
    let mut administrator = office.signed_in("han");
    for page in ["/clerk", "/clerk/waiting", "/operator", "/counter"] {
        assert_eq!(administrator.get(page).status, 403, "{page}");
    }
    let csrf = administrator.get("/admin").csrf().to_owned();
    let fields = [("csrf", csrf.as_str()), ("name", "moon"), ("role", "clerk")];
    let elsewhere = [("origin", "https://evil.example")];
    assert_eq!(administrator.post_from(&elsewhere, "/admin/accounts", &fields).status, 403);
    assert_eq!(administrator.post("/admin/accounts", &fields[1..]).status, 403, "no token");
    assert!(!administrator.get("/admin").body.contains("moon"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_says_who_did_what_and_not_to_whom() {
    let office = Office::open().await;
    let mut clerk = office.signed_in("kim");
    let (place, page) = resident(&mut clerk);
    clerk.post(&format!("{place}/visit"), &[("seen", "yes"), ("csrf", page.csrf())]);
    for _ in 0..60 {
        resident(&mut clerk);
    }
    let mut other = office.signed_in("lee");
    for _ in 0..60 {
        resident(&mut other);
    }
    let mut administrator = office.signed_in("han");
    made(&mut administrator, "moon", "clerk");
    let mut whole = String::new();
    let mut next = "/admin/trail".to_owned();
    let mut pages = 0;
    loop {
        let page = administrator.get(&next);
        whole.push_str(&page.body);
        pages += 1;
        let Some((_, rest)) = page.body.split_once(r#"id="older" href=""#) else { break };
        next = rest.split('"').next().unwrap().replace("&amp;", "&");
    }
    assert_eq!((pages, whole.matches("<td>Look-up</td>").count()), (2, 121), "nothing is lost between pages");
    assert!(whole.contains("<td>Account made</td><td>moon</td>") && whole.contains("<td>Code made</td>"));
    let citizen = people::adult();
    let digits = citizen.registration_number.replace('-', "");
    for told in [citizen.name, citizen.registration_number, citizen.address, &digits] {
        assert!(!whole.contains(told), "{told}");
    }
    assert!(!whole.contains("park") && !whole.contains("choi"), "another office's acts are theirs");
    let of_lee = administrator.get("/admin/trail?who=lee").body;
    assert!(of_lee.contains("<td>lee</td>") && !of_lee.contains("<td>kim</td>"));
    for nonsense in ["?before=x", "?who=%00", "?who=LEE", "?before=1&before=2"] {
        let answer = administrator.get(&format!("/admin/trail{nonsense}"));
        assert!(answer.status == 400 || !answer.body.contains("\u{0}"), "{nonsense}");
    }
}
