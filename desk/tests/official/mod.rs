//! An official of the issuer suspends at its word, and lifts what it ordered; nobody else does.

use desk::issuer::SuspendedBy;
use fixtures::people;
use wallet_core::wallet::{CommandOp, CommandReason, UnlockWith};

use crate::{
    browser::Browser,
    centre::{act, hear, refused, visited},
    office::Office,
};

fn found(official: &mut Browser) -> String {
    let front = official.get("/issuer");
    let number = people::adult().registration_number;
    official.post("/issuer/find", &[("number", number), ("csrf", front.csrf())]).location().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_issuer_ordered_is_lifted_at_its_own_page_and_nowhere_else() {
    let office = Office::open().await;
    let (phone, mut clerk, centre) = visited(&office).await;
    let mut official = office.signed_in("seo");
    let place = found(&mut official);
    let page = official.get(&place);
    assert!(page.body.contains(people::adult().name) && !page.body.contains(&format!("{place}/resume")));
    let unsure = official.post(&format!("{place}/suspend"), &[("csrf", page.csrf())]);
    assert!(unsure.status == 422 && unsure.body.contains("tick the box"));
    assert_eq!(refused(&office, &phone).await, None);

    assert!(act(&mut official, &place, "suspend", &[]).body.contains("It is accepted no longer."));
    assert!(refused(&office, &phone).await.is_some());
    assert_eq!(hear(&phone).await, [CommandOp::Lock]);
    let stays = act(&mut clerk, &centre, "resume", &[]);
    assert!(stays.status == 422 && stays.body.contains("The issuer suspended this ID."));
    assert_eq!(hear(&phone).await, []);

    let mut korean = office.signed_in("seo");
    korean.languages = "ko";
    let place = found(&mut korean);
    let page = korean.get(&place);
    assert!(page.body.contains("발급기관이 한 정지와") && page.body.contains("발급기관 담당자 · seo"));
    let resumed = act(&mut korean, &place, "resume", &[]);
    assert!(resumed.status == 200 && resumed.body.contains("정지를 해제했습니다."));
    assert_eq!(hear(&phone).await, [CommandOp::Resume]);
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    assert_eq!(refused(&office, &phone).await, None);
    let trail = official.get("/issuer").body;
    for (name, outcome) in [("Look-up", "Done"), ("Suspended", "Done"), ("Resumed", "Done")] {
        assert!(trail.contains(&format!("<td>seo</td><td>{name}</td><td>{outcome}</td>")), "{trail}");
    }
    assert!(!clerk.get("/clerk").body.contains("<td>seo</td>"), "another office's trail");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_citizen_ordered_is_the_centres_to_lift() {
    let office = Office::open().await;
    let (phone, mut clerk, centre) = visited(&office).await;
    act(&mut clerk, &centre, "suspend", &[]);
    let mut official = office.signed_in("seo");
    let place = found(&mut official);
    let page = official.get(&place);
    assert!(page.body.contains("The centre lifts that.") && !page.body.contains(&format!("{place}/resume")));
    let stays = act(&mut official, &place, "resume", &[]);
    assert!(stays.status == 422 && stays.body.contains("The issuer has not suspended this ID."));
    assert!(refused(&office, &phone).await.is_some());
    // Taken over, it is the issuer's.
    act(&mut official, &place, "suspend", &[]);
    assert_eq!(act(&mut clerk, &centre, "resume", &[]).status, 422);
    assert_eq!(act(&mut official, &place, "resume", &[]).status, 200);
    assert_eq!(refused(&office, &phone).await, None);
    // The other way round it is not.
    let number = people::adult().registration_number;
    office.desk.suspend(number, SuspendedBy::Issuer).await.unwrap();
    act(&mut clerk, &centre, "suspend", &[]);
    assert_eq!(act(&mut clerk, &centre, "resume", &[]).status, 422);
    hear(&phone).await;
    assert_eq!(phone.wallet.locked_for(), Ok(Some(CommandReason::ByIssuer)));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_opens_the_issuers_door_and_an_official_opens_no_other() {
    let office = Office::open().await;
    let (phone, _, _) = visited(&office).await;
    let mut official = office.signed_in("seo");
    let place = found(&mut official);
    for (name, home) in [("kim", "/clerk"), ("park", "/operator"), ("choi", "/counter"), ("han", "/admin")] {
        let mut other = office.signed_in(name);
        assert_eq!(other.get("/issuer").status, 403, "{name}");
        let csrf = other.get(home).csrf().to_owned();
        for path in ["/issuer/find", &format!("{place}/suspend"), &format!("{place}/resume")] {
            let fields = [("csrf", csrf.as_str()), ("sure", "yes")];
            assert_eq!(other.post(path, &fields).status, 403, "{name} {path}");
        }
    }
    for path in ["/clerk", "/operator", "/counter", "/admin"] {
        assert_eq!(official.get(path).status, 403, "{path}");
    }
    let forged = official.post(&format!("{place}/suspend"), &[("csrf", "x"), ("sure", "yes")]);
    assert_eq!(forged.status, 403);
    let csrf = official.get(&place).csrf().to_owned();
    let elsewhere = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    let fields = [("csrf", csrf.as_str()), ("sure", "yes")];
    assert_eq!(official.post_from(&elsewhere, &format!("{place}/suspend"), &fields).status, 403);
    let mut again = office.signed_in("seo");
    assert_eq!(again.get(&place).status, 404, "an address is of one session");
    let fields = [("number", "1"), ("csrf", csrf.as_str())];
    assert_eq!(again.post("/issuer/find", &fields).status, 403, "and so is a form");
    assert_eq!(refused(&office, &phone).await, None);
}
