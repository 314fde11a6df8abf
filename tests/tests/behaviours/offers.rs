//! The code of a community centre.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use desk::openid::Offer;
use fixtures::{people, platform::LoopbackHttp};
use tests::scene::{Phone, Scene};
use wallet_core::{
    card::Disclosure,
    platform::{Http, HttpError, HttpRequest, HttpResponse},
    wallet::{
        Distrust, Issued, PasswordKind, Refusal, Scan, UnfinishedIssuance, UnlockWith, WalletError,
        WalletState,
    },
};

use crate::{enrolled, left, reopened};

const REFUSED: WalletError = WalletError::IssuerRefused { why: Refusal::CodeNotAccepted };

async fn visit(scene: &Scene) -> Offer {
    scene.desk.visit(people::adult().registration_number).await.unwrap()
}

async fn accept(phone: &Phone, link: &str, digits: &str) -> Result<Issued, WalletError> {
    let Scan::Offer { link } = phone.wallet.scan(link.to_owned())? else { panic!("an offer") };
    Arc::clone(&phone.wallet).open_offer(link).await?.accept(Some(digits.into()), None).await
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
