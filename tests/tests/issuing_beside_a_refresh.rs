//! A refresh renews copies; the citizen gets an ID at the same moment. What the citizen does goes first.

use std::sync::Arc;

use fixtures::people;
use tests::{
    held::HeldHttp,
    scene::{Phone, Scene},
};
use wallet_core::{
    card::Disclosure,
    wallet::{CardOffer, Issued, Renewed, Scan, UnlockWith},
};

/// Long enough for the copies to be renewed.
const THREE_WEEKS: i64 = 21 * 86_400;

/// The adult's phone, whose copies are to be renewed.
async fn phone(scene: &Scene, http: &Arc<HeldHttp>) -> Phone {
    let phone = scene.locked_phone("phone", http.clone()).await;
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    phone.enrol(&people::adult()).await.unwrap();
    scene.clock.advance(THREE_WEEKS);
    phone
}

async fn offer(scene: &Scene, phone: &Phone) -> (Arc<CardOffer>, Vec<u8>) {
    let visit = scene.desk.visit(people::adult().registration_number).await.unwrap();
    let Scan::Offer { link } = phone.wallet.scan(visit.link).unwrap() else { panic!("an offer") };
    (Arc::clone(&phone.wallet).open_offer(link).await.unwrap(), visit.transaction_code.into())
}

/// Every copy of the one card can be signed for.
async fn shows_every_level(phone: &Phone) {
    let card = phone.wallet.cards().unwrap().remove(0).id;
    for level in Disclosure::ALL {
        phone.wallet.show_at_counter(card.clone(), level, None).await.unwrap();
    }
}

#[tokio::test]
async fn an_offer_that_is_accepted_overtakes_a_renewal() {
    let scene = Scene::new().await;
    let http = Arc::new(HeldHttp::default());
    let phone = phone(&scene, &http).await;
    http.door.shut();
    let refreshing = tokio::spawn(Arc::clone(&phone.wallet).refresh());
    http.door.reached().await;
    let (offer, digits) = offer(&scene, &phone).await;
    let issued = offer.accept(Some(digits), None).await.unwrap();
    assert!(matches!(issued, Issued::Card { .. }));
    http.door.open();
    let refreshed = refreshing.await.unwrap().unwrap();
    assert_eq!((refreshed.renewed, refreshed.trouble), (Renewed::Later, None));
    shows_every_level(&phone).await;
}

#[tokio::test]
async fn no_renewal_begins_while_an_id_comes() {
    let scene = Scene::new().await;
    let http = Arc::new(HeldHttp::default());
    let phone = phone(&scene, &http).await;
    let (offer, digits) = offer(&scene, &phone).await;
    http.door.shut();
    let accepting = tokio::spawn(async move { offer.accept(Some(digits), None).await });
    http.door.reached().await;
    let refreshed = Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert_eq!(refreshed.renewed, Renewed::Later);
    http.door.open();
    assert!(matches!(accepting.await.unwrap(), Ok(Issued::Card { .. })));
    shows_every_level(&phone).await;
}

#[tokio::test]
async fn of_two_refreshes_one_renews() {
    let scene = Scene::new().await;
    let http = Arc::new(HeldHttp::default());
    let phone = phone(&scene, &http).await;
    http.door.shut();
    let first = tokio::spawn(Arc::clone(&phone.wallet).refresh());
    http.door.reached().await;
    let second = Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert_eq!(second.renewed, Renewed::Later);
    http.door.open();
    assert_eq!(first.await.unwrap().unwrap().renewed, Renewed::Done);
    shows_every_level(&phone).await;
}
