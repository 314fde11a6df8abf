//! The portal: a citizen applies with a browser, opens the link in the wallet, and says yes. And everybody else does not get the ID.

use std::sync::Arc;

use desk::issuer::{PersonEvent, SuspendedBy};
use fixtures::{
    browser::{Applied, Browser, Page},
    people::{self, Citizen},
};
use wallet_core::wallet::{
    CardView, Distrust, Issued, Refusal, Scan, UnfinishedIssuance, UnlockWith, Wallet, WalletError,
};

use crate::stage::{Phone, Stage};

const DENIED: WalletError = WalletError::IssuerRefused { why: Refusal::Denied };
const MALFORMED: WalletError = WalletError::IssuerRefused { why: Refusal::MalformedRequest };

fn browser_at(stage: &Stage) -> Browser {
    Browser::at(stage.desk.base_url())
}

/// Applies for the citizen's card.
async fn link_for(browser: &Browser, citizen: &Citizen) -> String {
    browser.apply(citizen, None).await.unwrap().link
}

/// Says yes; gives where that leads.
async fn agree(browser: &Browser, url: &str, citizen: &Citizen) -> String {
    browser.answer(url, citizen, true).await.unwrap().way_back().unwrap()
}

/// Opens a link in the wallet as far as the browser; gives where that goes.
async fn open(wallet: &Arc<Wallet>, link: &str) -> Result<String, WalletError> {
    let Scan::Offer { link } = wallet.scan(link.to_owned())? else { panic!("an offer") };
    let offer = Arc::clone(wallet).open_offer(link).await?;
    assert_eq!(offer.view()?.transaction_code, None);
    match offer.accept(None, None).await? {
        Issued::SignIn { url } => Ok(url),
        other => panic!("{other:?}"),
    }
}

async fn go_on(phone: &Phone, url: &str) -> Result<CardView, WalletError> {
    match Arc::clone(&phone.wallet).continue_with(url.to_owned(), None).await? {
        Issued::Card { card } => Ok(card),
        other => panic!("{other:?}"),
    }
}

/// Applies, opens, answers yes as `citizen`, and hands the wallet what came back.
async fn whole(stage: &Stage, phone: &Phone, citizen: &Citizen) -> Result<CardView, WalletError> {
    let browser = browser_at(stage);
    let link = link_for(&browser, citizen).await;
    let url = open(&phone.wallet, &link).await?;
    go_on(phone, &agree(&browser, &url, citizen).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_at_the_centre_is_issued_to_by_link() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    stage.desk.visit(people::adult().registration_number).await.unwrap();
    let browser = browser_at(&stage);
    let Applied { link, web_link } = browser.apply(&people::adult(), None).await.unwrap();
    assert!(link.starts_with("openid-credential-offer://?credential_offer_uri="), "{link}");
    assert!(web_link.starts_with(&format!("{}/portal/open?credential_offer_uri=", stage.desk.base_url())));
    let landing = browser.get(&web_link).await.unwrap();
    assert_eq!(landing.href("offer"), Some(link.clone()), "a browser without a wallet is told what to do");
    let url = open(&phone.wallet, &web_link).await.unwrap();
    assert!(
        url.contains("request_uri=urn") && !url.contains("code_challenge"),
        "the request was pushed: {url}"
    );
    let back = agree(&browser, &url, &people::adult()).await;
    assert!(back.starts_with("https://wallet.example/issued?code="), "{back}");
    let card = go_on(&phone, &back).await.unwrap();
    assert_eq!(card.name, people::adult().name);
    // Neither the request nor the link is good twice.
    assert_eq!(browser.get(&url).await.unwrap().status, 400);
    assert!(open(&phone.wallet, &link).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_and_a_face_shown_to_this_phone_will_do_and_to_another_will_not() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    assert_eq!(whole(&stage, &phone, &people::adult()).await, Err(DENIED), "nobody was seen yet");
    phone.enrol(&people::adult()).await.unwrap();
    whole(&stage, &phone, &people::adult()).await.unwrap();
    // The record is a day old.
    stage.clock.advance(86_400);
    assert_eq!(whole(&stage, &phone, &people::adult()).await, Err(DENIED));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_is_told_on_the_page_and_in_the_wallet() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    let (adult, other) = (people::adult(), people::other_adult());
    stage.desk.visit(adult.registration_number).await.unwrap();
    stage.desk.visit(other.registration_number).await.unwrap();
    let browser = browser_at(&stage);
    let told = |page: Page, words: &str| {
        assert!(page.text.contains(words), "{words}: {}", page.text);
        page.way_back().unwrap()
    };
    let english = async |browser: &Browser| {
        let page = browser.get("/language/en?back=/portal/sign-in").await.unwrap();
        assert!(page.status < 400);
    };
    english(&browser).await;

    // The citizen says no.
    let link = link_for(&browser, &adult).await;
    let url = open(&phone.wallet, &link).await.unwrap();
    let back = told(browser.answer(&url, &adult, false).await.unwrap(), "You said no.");
    assert_eq!(go_on(&phone, &back).await, Err(DENIED));

    // Somebody else signs in on the way.
    let url = open(&phone.wallet, &link).await.unwrap();
    let somebody = browser_at(&stage);
    english(&somebody).await;
    let back = told(somebody.answer(&url, &other, true).await.unwrap(), "Somebody else applied");
    assert_eq!(go_on(&phone, &back).await, Err(DENIED));

    // The phone holds another person's ID.
    let theirs = stage.second_phone().await;
    theirs.enrol(&other).await.unwrap();
    let url = open(&theirs.wallet, &link).await.unwrap();
    let back = told(browser.answer(&url, &adult, true).await.unwrap(), "holds somebody else");
    assert_eq!(go_on(&theirs, &back).await, Err(DENIED));

    // The person's ID lives on another phone.
    let url = open(&phone.wallet, &link_for(&somebody, &other).await).await.unwrap();
    let back = told(somebody.answer(&url, &other, true).await.unwrap(), "lives on another phone");
    assert_eq!(go_on(&phone, &back).await, Err(DENIED));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_may_be_out_while_the_app_ends() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    stage.desk.visit(people::adult().registration_number).await.unwrap();
    let browser = browser_at(&stage);
    let url = open(&phone.wallet, &link_for(&browser, &people::adult()).await).await.unwrap();
    let phone = phone.reopened(|_| {}).await.unwrap();
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::Waiting));
    let resumed = Arc::clone(&phone.wallet).resume_issuance(None).await;
    assert_eq!(resumed, Err(WalletError::NotForThisWallet), "it waits for the browser still");
    let back = agree(&browser, &url, &people::adult()).await;
    go_on(&phone, &back).await.unwrap();
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::None));
    assert_eq!(go_on(&phone, &back).await, Err(WalletError::NotForThisWallet), "nothing waits any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_browser_brings_is_refused() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    stage.desk.visit(people::adult().registration_number).await.unwrap();
    let untrusted = Err(WalletError::NotTrusted { why: Distrust::IssuerAnswer });
    let state = |back: &str| back.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    for change in ["state", "issuer", "no issuer", "redirect", "code"] {
        let browser = browser_at(&stage);
        let url = open(&phone.wallet, &link_for(&browser, &people::adult()).await).await.unwrap();
        let back = agree(&browser, &url, &people::adult()).await;
        let (changed, outcome) = match change {
            "state" => (back.replace(&state(&back), "another"), untrusted.clone()),
            "issuer" => (
                format!("{}iss=https%3A%2F%2Fevil.example", back.split("iss=").next().unwrap()),
                untrusted.clone(),
            ),
            "no issuer" => (back.split("&iss=").next().unwrap().to_owned(), untrusted.clone()),
            "redirect" => {
                (back.replace("wallet.example", "evil.example"), Err(WalletError::NotForThisWallet))
            }
            _ => (
                back.replace("code=", "code=x"),
                Err(WalletError::IssuerRefused { why: Refusal::CodeNotAccepted }),
            ),
        };
        let got = go_on(&phone, &changed).await;
        assert_eq!(got, outcome, "{change}");
        assert!(phone.wallet.cards().unwrap().is_empty(), "{change}");
        Arc::clone(&phone.wallet).abandon_issuance().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_and_requests_end_by_themselves() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    stage.desk.visit(people::adult().registration_number).await.unwrap();
    let browser = browser_at(&stage);
    let link = link_for(&browser, &people::adult()).await;
    let url = open(&phone.wallet, &link).await.unwrap();
    stage.clock.advance(600);
    assert_eq!(browser.get(&url).await.unwrap().status, 400, "ten minutes to answer");
    // A newer application ends the one before.
    let newer = link_for(&browser, &people::adult()).await;
    let gone = WalletError::IssuerRefused { why: Refusal::CodeNotAccepted };
    assert_eq!(open(&phone.wallet, &link).await.unwrap_err(), gone);
    stage.clock.advance(86_400);
    assert_eq!(open(&phone.wallet, &newer).await.unwrap_err(), gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_comes_back_elsewhere_is_not_served() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    stage.desk.visit(people::adult().registration_number).await.unwrap();
    let link = link_for(&browser_at(&stage), &people::adult()).await;
    let elsewhere =
        phone.reopened(|config| config.redirect_uri = "https://evil.example/issued".into()).await.unwrap();
    assert_eq!(open(&elsewhere.wallet, &link).await.unwrap_err(), MALFORMED);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_in_the_register_signs_in_and_only_on_our_own_pages() {
    let stage = Stage::new().await;
    let browser = browser_at(&stage);
    let page = browser.get("/portal/sign-in").await.unwrap();
    assert!(page.text.contains("모의 로그인"), "it says what it is");
    let csrf = page.field("csrf").unwrap();
    let number = people::adult().registration_number;
    let wrong = browser
        .post("/portal/sign-in", &[("csrf", &csrf), ("name", "홍길순"), ("number", number)])
        .await
        .unwrap();
    assert_eq!(wrong.status, 401);
    let nobody = browser
        .post("/portal/sign-in", &[("csrf", &csrf), ("name", "홍길동"), ("number", "0")])
        .await
        .unwrap();
    assert_eq!(nobody.status, 401);
    let forged = browser
        .post("/portal/sign-in", &[("csrf", "x"), ("name", people::adult().name), ("number", number)])
        .await
        .unwrap();
    assert_eq!(forged.status, 403);
    assert_eq!(browser.get("/portal").await.unwrap().status, 303, "who has not signed in is sent to");
    let page = browser.sign_in(&people::adult()).await.unwrap();
    let csrf = page.field("csrf").unwrap();
    let foreign = [("csrf", csrf.as_str()), ("document", "foreign_resident_card")];
    assert_eq!(browser.post("/portal/apply", &foreign).await.unwrap().status, 403);
    for request in [
        "",
        "?request_uri=urn:x",
        "?client_id=kr.example.wallet&request_uri=urn:x",
        "?client_id=other&request_uri=urn:x",
    ] {
        assert_eq!(
            browser.get(&format!("/openid/authorize{request}")).await.unwrap().status,
            400,
            "{request}"
        );
    }
    let evil = browser
        .get("/portal/open?credential_offer_uri=https%3A%2F%2Fevil.example%2Fopenid%2Fapplications%2F1")
        .await
        .unwrap();
    assert_eq!(evil.status, 400, "the landing page leads to our own offers only");
}

/// The clerk saw the person, so the visit counts though its code was never taken; but once, and not after the phone has ended.
#[tokio::test(flavor = "multi_thread")]
async fn a_visit_is_good_for_one_issuance_of_what_it_was_for() {
    let stage = Stage::new().await;
    let (adult, number) = (people::adult(), people::adult().registration_number);
    let phone = stage.phone().await;
    stage.desk.visit(number).await.unwrap();
    stage.clock.advance(3600);
    whole(&stage, &phone, &adult).await.unwrap();

    // The visit is used up, and the page says so.
    assert_eq!(whole(&stage, &phone, &adult).await, Err(DENIED));
    let browser = browser_at(&stage);
    browser.get("/language/en?back=/portal/sign-in").await.unwrap();
    let url = open(&phone.wallet, &link_for(&browser, &adult).await).await.unwrap();
    let page = browser.answer(&url, &adult, true).await.unwrap();
    assert!(page.text.contains("good for one issuance"), "{}", page.text);
    assert_eq!(go_on(&phone, &page.way_back().unwrap()).await, Err(DENIED));

    // A name and a number that somebody knows are worth nothing on another phone.
    assert!(stage.desk.release(number).await.unwrap());
    let thief = stage.second_phone().await;
    assert_eq!(whole(&stage, &thief, &adult).await, Err(DENIED));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_whose_code_was_taken_is_worth_nothing_more() {
    let stage = Stage::new().await;
    let (adult, number) = (people::adult(), people::adult().registration_number);
    let (phone, thief) = (stage.phone().await, stage.second_phone().await);
    for end in ["release", "wipe", "give up", "card lost"] {
        let visit = stage.desk.visit(number).await.unwrap();
        let offer = Arc::clone(&phone.wallet).open_offer(visit.link).await.unwrap();
        let issued = offer.accept(Some(visit.transaction_code.into()), None).await.unwrap();
        assert!(matches!(issued, Issued::Card { .. }), "{issued:?}");
        assert_eq!(whole(&stage, &phone, &adult).await, Err(DENIED), "{end}: it was spent on the code");
        // Seen again, and never issued to.
        stage.desk.visit(number).await.unwrap();
        match end {
            "release" => assert!(stage.desk.release(number).await.unwrap()),
            "wipe" => assert!(stage.desk.wipe(number).await.unwrap()),
            "give up" => phone.wallet.give_up_phone().await.unwrap(),
            _ => assert!(stage.desk.happened(number, PersonEvent::CardLost).await.unwrap()),
        }
        assert_eq!(whole(&stage, &thief, &adult).await, Err(DENIED), "{end}");
        // So that nobody has signed in too often.
        stage.clock.advance(600);
        if end == "wipe" {
            phone.wallet.receive_commands(0).await.unwrap();
        }
        if matches!(end, "wipe" | "give up") {
            phone.wallet.start_over().await.unwrap();
            phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_id_is_issued_by_no_link() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    let number = people::adult().registration_number;
    stage.desk.visit(number).await.unwrap();
    stage.desk.suspend(number, SuspendedBy::Issuer).await.unwrap();
    let browser = browser_at(&stage);
    browser.get("/language/en?back=/portal/sign-in").await.unwrap();
    let url = open(&phone.wallet, &link_for(&browser, &people::adult()).await).await.unwrap();
    let page = browser.answer(&url, &people::adult(), true).await.unwrap();
    assert!(page.text.contains("Your ID is suspended."), "{}", page.text);
    assert_eq!(go_on(&phone, &page.way_back().unwrap()).await, Err(DENIED));
}
