//! The code of a community centre, the portal's link, and documents beside the card.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use desk::openid::Offer;
use fixtures::{browser::Browser, people, platform::LoopbackHttp};
use tests::{
    held::HeldHttp,
    scene::{Phone, Scene},
};
use wallet_core::{
    card::Disclosure,
    platform::{Http, HttpError, HttpRequest, HttpResponse},
    wallet::{
        CardView, Distrust, Issued, Language, PasswordKind, Refusal, Scan, UnfinishedIssuance, UnlockWith,
        Wallet, WalletError, WalletState,
    },
};

use crate::{enrolled, left, reopened, restarted, show_adult, text_at};

const REFUSED: WalletError = WalletError::IssuerRefused { why: Refusal::CodeNotAccepted };

async fn visit(scene: &Scene) -> Offer {
    scene.desk.visit(people::adult().registration_number).await.unwrap()
}

async fn accept(phone: &Phone, link: &str, digits: &str) -> Result<Issued, WalletError> {
    let Scan::Offer { link } = phone.wallet.scan(link.to_owned())? else { panic!("an offer") };
    Arc::clone(&phone.wallet).open_offer(link).await?.accept(Some(digits.into()), None).await
}

/// Opens a link of the portal as far as the browser; gives what that is to open.
async fn open(phone: &Phone, link: &str) -> String {
    let Scan::Offer { link } = phone.wallet.scan(link.to_owned()).unwrap() else { panic!("an offer") };
    let offer = Arc::clone(&phone.wallet).open_offer(link).await.unwrap();
    match offer.accept(None, None).await.unwrap() {
        Issued::SignIn { url } => url,
        other => panic!("{other:?}"),
    }
}

async fn go_on(phone: &Phone, url: &str) -> Result<CardView, WalletError> {
    match Arc::clone(&phone.wallet).continue_with(url.to_owned(), None).await? {
        Issued::Card { card } => Ok(card),
        other => panic!("{other:?}"),
    }
}

/// The adult applies at the portal and opens the link; gives the browser and what it is to open.
async fn applied(scene: &Scene, phone: &Phone) -> (Browser, String) {
    let browser = scene.browser();
    let applied = browser.apply(&people::adult(), None).await.unwrap();
    let url = open(phone, &applied.link).await;
    (browser, url)
}

/// The adult signs in and says yes; gives where that leads.
async fn agree(browser: &Browser, url: &str) -> String {
    browser.answer(url, &people::adult(), true).await.unwrap().way_back().unwrap()
}

/// A scene whose desk issues a veteran's card and a welfare card too.
async fn with_documents() -> Scene {
    Scene::with(|config| {
        let folder = config.data.with_file_name("documents");
        config.issuing_fixtures(folder).unwrap()
    })
    .await
}

async fn accept_document(scene: &Scene, phone: &Phone, document: &str) -> Result<Issued, WalletError> {
    let number = people::adult().registration_number;
    let visit = scene.desk.visit_for(number, document).await.unwrap();
    accept(phone, &visit.link, &visit.transaction_code).await
}

#[tokio::test]
async fn an_offer_becomes_an_id() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let (visit, prompts) = (visit(&scene).await, phone.prompts());
    let issued = accept(&phone, &visit.link, &visit.transaction_code).await.unwrap();
    let Issued::Card { card } = issued else { panic!("{issued:?}") };
    assert_eq!(card.name, people::adult().name);
    assert!(card.copies.iter().map(|copies| copies.left).eq(Disclosure::ALL.map(Disclosure::batch)));
    assert_eq!(phone.wallet.state(), Ok(WalletState::Ready));
    assert_eq!(phone.prompts(), prompts);
}

#[tokio::test]
async fn wrong_digits_are_told() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let visit = visit(&scene).await;
    let mistyped = accept(&phone, &visit.link, "12345").await;
    let kind = PasswordKind::TransactionCode;
    assert_eq!(mistyped, Err(WalletError::WrongPassword { kind, tries_left: None }));
    let other = if visit.transaction_code == "000000" { "111111" } else { "000000" };
    assert_eq!(accept(&phone, &visit.link, other).await, Err(REFUSED));
    accept(&phone, &visit.link, &visit.transaction_code).await.unwrap();
}

#[tokio::test]
async fn an_offer_is_good_once() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let visit = visit(&scene).await;
    accept(&phone, &visit.link, &visit.transaction_code).await.unwrap();
    assert_eq!(accept(&phone, &visit.link, &visit.transaction_code).await, Err(REFUSED));
    assert_eq!(phone.wallet.cards().unwrap().len(), 1);
}

#[tokio::test]
async fn another_issuers_offer_is_refused() {
    let (scene, elsewhere) = (Scene::new().await, Scene::new().await);
    let phone = scene.phone("phone").await;
    let visit = visit(&elsewhere).await;
    let refused = accept(&phone, &visit.link, &visit.transaction_code).await;
    assert_eq!(refused, Err(WalletError::NotTrusted { why: Distrust::ForeignIssuer }));
}

/// A network that goes with the first credential.
struct Fading {
    gone: AtomicBool,
}

#[async_trait::async_trait]
impl Http for Fading {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if request.url.ends_with("/credential") {
            self.gone.store(true, Ordering::Relaxed);
        }
        if self.gone.load(Ordering::Relaxed) {
            return Err(HttpError::Offline);
        }
        LoopbackHttp::new().send(request).await
    }
}

#[tokio::test]
async fn an_issuance_cut_short_is_resumed() {
    let scene = Scene::new().await;
    let mut phone = scene.locked_phone("phone", Arc::new(Fading { gone: AtomicBool::new(false) })).await;
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    let visit = visit(&scene).await;
    let cut = accept(&phone, &visit.link, &visit.transaction_code).await;
    assert_eq!(cut, Err(WalletError::Offline));
    let mut platform = phone.platform.clone();
    platform.http = Arc::new(LoopbackHttp::new());
    // The app ends and is started again.
    let elsewhere = scene.phone("elsewhere").await;
    phone.wallet = elsewhere.wallet;
    phone.wallet = reopened(&phone, platform).await.unwrap();
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::Waiting));
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    let issued = Arc::clone(&phone.wallet).resume_issuance(None).await.unwrap();
    assert!(matches!(issued, Issued::Card { .. }));
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::None));
}

#[tokio::test]
async fn another_issuance_takes_the_turn() {
    let scene = Scene::new().await;
    let http = Arc::new(HeldHttp::default());
    let phone = scene.locked_phone("phone", http.clone()).await;
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    let first = visit(&scene).await;
    let Scan::Offer { link } = phone.wallet.scan(first.link).unwrap() else { panic!("an offer") };
    let offer = Arc::clone(&phone.wallet).open_offer(link).await.unwrap();
    http.door.shut();
    // Its keys are made, and its credentials are on their way.
    let accepted = tokio::spawn(async move { offer.accept(Some(first.transaction_code.into()), None).await });
    http.door.reached().await;
    let second = visit(&scene).await;
    let issued = accept(&phone, &second.link, &second.transaction_code).await.unwrap();
    assert!(matches!(issued, Issued::Card { .. }));
    http.door.open();
    assert_eq!(accepted.await.unwrap(), Err(WalletError::UserCancelled));
    assert_eq!(phone.wallet.cards().unwrap().len(), 1);
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::None));
    let show = show_adult(&phone).await.unwrap();
    let now = scene.now().unix_seconds;
    assert!(scene.counter().check(&text_at(&show, now), now, 0).accepted);
    // No key of the first is left: as many as of one issuance.
    let other = scene.phone("other").await;
    other.enrol(&people::minor()).await.unwrap();
    assert_eq!(phone.keys.key_count(), other.keys.key_count());
}

#[tokio::test]
async fn a_card_is_renewed_without_a_prompt() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let id = phone.wallet.cards().unwrap().remove(0).id;
    phone.wallet.show_at_counter(id, Disclosure::AdultOnly, None).await.unwrap();
    assert_eq!(left(&phone, Disclosure::AdultOnly), 9);
    let prompts = phone.prompts();
    let issued = Arc::clone(&phone.wallet).renew_card(None).await.unwrap();
    assert!(matches!(issued, Issued::Card { .. }));
    assert_eq!(left(&phone, Disclosure::AdultOnly), 10);
    assert_eq!(phone.prompts(), prompts);
}

#[tokio::test]
async fn a_link_leads_to_the_browser_and_back_to_a_card() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    visit(&scene).await;
    let (browser, url) = applied(&scene, &phone).await;
    assert!(url.starts_with(scene.desk.base_url()));
    let prompts = phone.prompts();
    let card = go_on(&phone, &agree(&browser, &url).await).await.unwrap();
    assert_eq!(card.name, people::adult().name);
    assert_eq!(phone.prompts(), prompts);
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::None));
}

#[tokio::test]
async fn the_app_may_end_while_the_browser_is_out() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    visit(&scene).await;
    let (browser, url) = applied(&scene, &phone).await;
    let phone = restarted(phone).await;
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::Waiting));
    let back = agree(&browser, &url).await;
    assert_eq!(go_on(&phone, &back).await, Err(WalletError::Locked));
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    go_on(&phone, &back).await.unwrap();
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::None));
}

#[tokio::test]
async fn what_another_browser_brings_is_refused() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    visit(&scene).await;
    let (browser, url) = applied(&scene, &phone).await;
    let back = agree(&browser, &url).await;
    let (before, rest) = back.split_once("state=").unwrap();
    let foreign = format!("{before}state=another&{}", rest.split_once('&').unwrap().1);
    let untrusted = WalletError::NotTrusted { why: Distrust::IssuerAnswer };
    assert_eq!(go_on(&phone, &foreign).await, Err(untrusted));
    assert_eq!(phone.wallet.cards(), Ok(Vec::new()));
}

#[tokio::test]
async fn a_foreign_url_ends_no_issuance() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    visit(&scene).await;
    let (browser, url) = applied(&scene, &phone).await;
    let back = agree(&browser, &url).await;
    for foreign in ["", "https://elsewhere.example/?code=1&state=1", &back.replace("wallet", "other")] {
        assert_eq!(go_on(&phone, foreign).await, Err(WalletError::NotForThisWallet));
    }
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::Waiting));
    go_on(&phone, &back).await.unwrap();
}

#[tokio::test]
async fn a_begun_issuance_is_given_up() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    visit(&scene).await;
    let (browser, url) = applied(&scene, &phone).await;
    let back = agree(&browser, &url).await;
    phone.wallet.abandon_issuance().await.unwrap();
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::None));
    assert_eq!(go_on(&phone, &back).await, Err(WalletError::NotForThisWallet));
    let (browser, url) = applied(&scene, &phone).await;
    go_on(&phone, &agree(&browser, &url).await).await.unwrap();
}

#[tokio::test]
async fn who_was_never_seen_gets_no_card_by_link() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let (browser, url) = applied(&scene, &phone).await;
    let refused = go_on(&phone, &agree(&browser, &url).await).await;
    assert_eq!(refused, Err(WalletError::IssuerRefused { why: Refusal::Denied }));
    assert_eq!(phone.wallet.cards(), Ok(Vec::new()));
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::None));
}

#[tokio::test]
async fn a_second_document_lives_beside_the_first() {
    let scene = with_documents().await;
    let phone = enrolled(&scene).await;
    let prompts = phone.prompts();
    let Issued::Card { card } = accept_document(&scene, &phone, "veteran_card").await.unwrap() else {
        panic!("it is issued at once")
    };
    let documents =
        || -> Vec<String> { phone.wallet.cards().unwrap().into_iter().map(|card| card.document).collect() };
    assert_eq!(documents(), ["resident_card", "veteran_card"]);
    for document in ["veteran_card", "resident_card"] {
        let renewed = Arc::clone(&phone.wallet).renew_document(document.to_owned(), None).await.unwrap();
        assert!(matches!(renewed, Issued::Card { card } if card.document == document));
    }
    assert_eq!(documents(), ["resident_card", "veteran_card"]);
    assert_eq!(phone.prompts(), prompts);
    let unknown = Arc::clone(&phone.wallet).renew_document("none".to_owned(), None).await;
    assert_eq!(unknown, Err(WalletError::CardNotFound));
    assert_eq!(card.copies, [], "counters do not know it");
}

#[tokio::test]
async fn a_document_says_its_claims_in_the_issuers_words() {
    let scene = with_documents().await;
    let mut phone = enrolled(&scene).await;
    accept_document(&scene, &phone, "veteran_card").await.unwrap();
    for (language, name, label) in [
        (Language::English, "Veteran's card (test)", "Veteran number"),
        (Language::Korean, "국가보훈등록증 (시험)", "보훈번호"),
    ] {
        let mut closed = phone.closed();
        closed.config.language = language;
        let wallet = Wallet::open(closed.platform.clone(), closed.config.clone()).await.unwrap();
        phone = closed.running(&wallet);
        assert_eq!(phone.wallet.document_name("veteran_card".to_owned()), Ok(name.to_owned()));
        assert_eq!(phone.wallet.card_claims("veteran_card".to_owned()), Err(WalletError::Locked));
        phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
        let claims = phone.wallet.card_claims("veteran_card".to_owned()).unwrap();
        let number = claims.iter().find(|claim| claim.name == "veteran_number").unwrap();
        assert_eq!((number.label.as_str(), number.value.as_str()), (label, "12-345678"));
    }
}

#[tokio::test]
async fn a_document_that_waits_for_a_clerk_comes_later() {
    let scene = with_documents().await;
    let phone = enrolled(&scene).await;
    let decide = |approved| scene.desk.decide(people::adult().registration_number, "welfare_card", approved);
    let later = Ok(Issued::Later { seconds: 3600 });
    assert_eq!(accept_document(&scene, &phone, "welfare_card").await, later);
    assert_eq!(Arc::clone(&phone.wallet).resume_issuance(None).await, later, "nobody has looked yet");
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::Waiting));
    assert!(decide(true).await.unwrap());
    let issued = Arc::clone(&phone.wallet).resume_issuance(None).await.unwrap();
    assert!(matches!(issued, Issued::Card { card } if card.document == "welfare_card"));
    assert_eq!(phone.wallet.cards().unwrap().len(), 2);

    let scene = with_documents().await;
    let phone = enrolled(&scene).await;
    assert_eq!(accept_document(&scene, &phone, "welfare_card").await, later);
    assert!(scene.desk.decide(people::adult().registration_number, "welfare_card", false).await.unwrap());
    let denied = Arc::clone(&phone.wallet).resume_issuance(None).await;
    assert_eq!(denied, Err(WalletError::IssuerRefused { why: Refusal::Denied }));
    assert_eq!(phone.wallet.cards().unwrap().len(), 1);
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::None));
}
