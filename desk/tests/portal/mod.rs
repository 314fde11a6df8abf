//! The portal: a citizen applies with a browser, opens the link in the wallet, and says yes. And everybody else does not get the ID.

use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

use fixtures::people::{self, Citizen};
use wallet_core::wallet::{
    CardView, Distrust, Issued, Refusal, Scan, UnfinishedIssuance, Wallet, WalletError,
};

use crate::stage::{Phone, Stage};

const DENIED: WalletError = WalletError::IssuerRefused { why: Refusal::Denied };
const MALFORMED: WalletError = WalletError::IssuerRefused { why: Refusal::MalformedRequest };

/// A browser: it keeps cookies and sends forms from the page it is on.
struct Browser {
    base: String,
    cookies: RefCell<BTreeMap<String, String>>,
}

struct Page {
    status: u16,
    location: Option<String>,
    text: String,
}

impl Browser {
    fn at(stage: &Stage) -> Self {
        Self { base: stage.desk.base_url().to_owned(), cookies: RefCell::default() }
    }

    fn get(&self, place: &str) -> Page {
        self.send(place, None)
    }

    fn post(&self, place: &str, fields: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(place, Some(body))
    }

    fn send(&self, place: &str, form: Option<String>) -> Page {
        let url = if place.starts_with("http") { place.to_owned() } else { format!("{}{place}", self.base) };
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        let cookies =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        let cookies = cookies.join("; ");
        let mut response = tokio::task::block_in_place(|| match form {
            None => agent.get(&url).header("cookie", &cookies).call(),
            Some(body) => agent
                .post(&url)
                .header("cookie", &cookies)
                .header("origin", &self.base)
                .header("content-type", "application/x-www-form-urlencoded")
                .send(body.as_bytes()),
        })
        .unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
        let location = response.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        Page { status, location, text: response.body_mut().read_to_string().unwrap() }
    }

    /// Signs in on this page; gives where that leads.
    fn sign_in_on(&self, page: &Page, citizen: &Citizen) -> Page {
        let request = page.field("request");
        let mut fields = vec![
            ("csrf", page.field("csrf").unwrap()),
            ("name", citizen.name.to_owned()),
            ("number", citizen.registration_number.to_owned()),
        ];
        fields.extend(request.map(|request| ("request", request)));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let sent = self.post("/portal/sign-in", &fields);
        assert_eq!(sent.status, 303, "{}", sent.text);
        self.get(&sent.location.unwrap())
    }

    fn sign_in(&self, citizen: &Citizen) -> Page {
        let page = self.get("/portal/sign-in");
        assert!(page.text.contains("모의 로그인") || page.text.contains("simulated"), "it says what it is");
        self.sign_in_on(&page, citizen)
    }

    /// Applies for the citizen's card; gives the link for the wallet and the one for the web.
    fn apply(&self, citizen: &Citizen) -> (String, String) {
        let page = self.sign_in(citizen);
        let fields = [("csrf", page.field("csrf").unwrap()), ("document", page.field("document").unwrap())];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = self.post("/portal/apply", &fields);
        assert_eq!(page.status, 200, "{}", page.text);
        (page.href("offer"), page.href("web-offer"))
    }

    /// Answers what the wallet asks; gives the page that leads back.
    fn answer(&self, url: &str, citizen: &Citizen, answer: &str) -> Page {
        let mut page = self.get(url);
        if page.text.contains("id=\"number\"") {
            page = self.sign_in_on(&page, citizen);
        }
        assert_eq!(page.status, 200, "{}", page.text);
        let fields = [
            ("csrf", page.field("csrf").unwrap()),
            ("request", page.field("request").unwrap()),
            ("answer", answer.to_owned()),
        ];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.post("/openid/authorize", &fields)
    }
}

impl Page {
    /// The value of a hidden field.
    fn field(&self, name: &str) -> Option<String> {
        let (_, rest) = self.text.split_once(&format!("name=\"{name}\" value=\""))?;
        Some(rest.split('"').next()?.replace("&amp;", "&"))
    }

    /// Where the link with this id leads.
    fn href(&self, id: &str) -> String {
        let (_, rest) =
            self.text.split_once(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("{}", self.text));
        let (_, rest) = rest.split_once("href=\"").unwrap();
        rest.split('"').next().unwrap().replace("&amp;", "&")
    }
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
    let browser = Browser::at(stage);
    let (link, _) = browser.apply(citizen);
    let url = open(&phone.wallet, &link).await?;
    go_on(phone, &browser.answer(&url, citizen, "yes").href("back")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_at_the_centre_is_issued_to_by_link() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    stage.desk.visit(people::adult().registration_number).await.unwrap();
    let browser = Browser::at(&stage);
    let (link, web_link) = browser.apply(&people::adult());
    assert!(link.starts_with("openid-credential-offer://?credential_offer_uri="), "{link}");
    assert!(web_link.starts_with(&format!("{}/portal/open?credential_offer_uri=", stage.desk.base_url())));
    let landing = browser.get(&web_link);
    assert_eq!(landing.href("offer"), link, "a browser without a wallet is told what to do");
    let url = open(&phone.wallet, &web_link).await.unwrap();
    assert!(
        url.contains("request_uri=urn") && !url.contains("code_challenge"),
        "the request was pushed: {url}"
    );
    let page = browser.answer(&url, &people::adult(), "yes");
    let back = page.href("back");
    assert!(back.starts_with("https://wallet.example/issued?code="), "{back}");
    let card = go_on(&phone, &back).await.unwrap();
    assert_eq!(card.name, people::adult().name);
    // Neither the request nor the link is good twice.
    assert_eq!(browser.get(&url).status, 400);
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
    let browser = Browser::at(&stage);
    let told = |page: Page, words: &str| {
        assert!(page.text.contains(words), "{words}: {}", page.text);
        page.href("back")
    };
    let english = |browser: &Browser| {
        let page = browser.get("/language/en?back=/portal/sign-in");
        assert!(page.status < 400);
    };
    english(&browser);

    // The citizen says no.
    let (link, _) = browser.apply(&adult);
    let url = open(&phone.wallet, &link).await.unwrap();
    let back = told(browser.answer(&url, &adult, "no"), "You said no.");
    assert_eq!(go_on(&phone, &back).await, Err(DENIED));

    // Somebody else signs in on the way.
    let url = open(&phone.wallet, &link).await.unwrap();
    let somebody = Browser::at(&stage);
    english(&somebody);
    let back = told(somebody.answer(&url, &other, "yes"), "Somebody else applied");
    assert_eq!(go_on(&phone, &back).await, Err(DENIED));

    // The phone holds another person's ID.
    let theirs = stage.second_phone().await;
    theirs.enrol(&other).await.unwrap();
    let url = open(&theirs.wallet, &link).await.unwrap();
    let back = told(browser.answer(&url, &adult, "yes"), "holds somebody else");
    assert_eq!(go_on(&theirs, &back).await, Err(DENIED));

    // The person's ID lives on another phone.
    let url = open(&phone.wallet, &somebody.apply(&other).0).await.unwrap();
    let back = told(somebody.answer(&url, &other, "yes"), "lives on another phone");
    assert_eq!(go_on(&phone, &back).await, Err(DENIED));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_may_be_out_while_the_app_ends() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    stage.desk.visit(people::adult().registration_number).await.unwrap();
    let browser = Browser::at(&stage);
    let url = open(&phone.wallet, &browser.apply(&people::adult()).0).await.unwrap();
    let phone = phone.reopened(|_| {}).await.unwrap();
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::Waiting));
    let resumed = Arc::clone(&phone.wallet).resume_issuance(None).await;
    assert_eq!(resumed, Err(WalletError::NotForThisWallet), "it waits for the browser still");
    let back = browser.answer(&url, &people::adult(), "yes").href("back");
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
        let browser = Browser::at(&stage);
        let url = open(&phone.wallet, &browser.apply(&people::adult()).0).await.unwrap();
        let back = browser.answer(&url, &people::adult(), "yes").href("back");
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
    let browser = Browser::at(&stage);
    let (link, _) = browser.apply(&people::adult());
    let url = open(&phone.wallet, &link).await.unwrap();
    stage.clock.advance(600);
    assert_eq!(browser.get(&url).status, 400, "ten minutes to answer");
    // A newer application ends the one before.
    let (newer, _) = browser.apply(&people::adult());
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
    let link = Browser::at(&stage).apply(&people::adult()).0;
    let elsewhere =
        phone.reopened(|config| config.redirect_uri = "https://evil.example/issued".into()).await.unwrap();
    assert_eq!(open(&elsewhere.wallet, &link).await.unwrap_err(), MALFORMED);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_in_the_register_signs_in_and_only_on_our_own_pages() {
    let stage = Stage::new().await;
    let browser = Browser::at(&stage);
    let page = browser.get("/portal/sign-in");
    let csrf = page.field("csrf").unwrap();
    let number = people::adult().registration_number;
    let wrong = browser.post("/portal/sign-in", &[("csrf", &csrf), ("name", "홍길순"), ("number", number)]);
    assert_eq!(wrong.status, 401);
    let nobody = browser.post("/portal/sign-in", &[("csrf", &csrf), ("name", "홍길동"), ("number", "0")]);
    assert_eq!(nobody.status, 401);
    let forged =
        browser.post("/portal/sign-in", &[("csrf", "x"), ("name", people::adult().name), ("number", number)]);
    assert_eq!(forged.status, 403);
    assert_eq!(browser.get("/portal").status, 303, "who has not signed in is sent to");
    let page = browser.sign_in(&people::adult());
    let csrf = page.field("csrf").unwrap();
    let foreign = [("csrf", csrf.as_str()), ("document", "foreign_resident_card")];
    assert_eq!(browser.post("/portal/apply", &foreign).status, 403);
    for request in [
        "",
        "?request_uri=urn:x",
        "?client_id=kr.example.wallet&request_uri=urn:x",
        "?client_id=other&request_uri=urn:x",
    ] {
        assert_eq!(browser.get(&format!("/openid/authorize{request}")).status, 400, "{request}");
    }
    let evil = browser
        .get("/portal/open?credential_offer_uri=https%3A%2F%2Fevil.example%2Fopenid%2Fapplications%2F1");
    assert_eq!(evil.status, 400, "the landing page leads to our own offers only");
}
