//! Documents beside the resident card: one that a file alone adds, one that a clerk looks at first, and the foreign resident's.

use std::sync::Arc;

use desk::{Config, issuer::IssuerError};
use fixtures::people;
use wallet_core::{
    card::Disclosure,
    counter::Document,
    verify::{Counter, CounterPack, DeskSettings},
    wallet::{Issued, Refusal, UnfinishedIssuance, WalletError},
};

use crate::stage::{NOW, Phone, Stage};

const DENIED: WalletError = WalletError::IssuerRefused { why: Refusal::Denied };

/// A desk that issues the documents of the fixtures too.
fn with_documents(config: &mut Config) {
    let folder = config.data.with_file_name("documents");
    *config = config.clone().issuing_fixtures(folder).unwrap();
}

fn number() -> &'static str {
    people::adult().registration_number
}

async fn accept(phone: &Phone, link: &str, digits: &str) -> Result<Issued, WalletError> {
    let offer = Arc::clone(&phone.wallet).open_offer(link.to_owned()).await?;
    offer.accept(Some(digits.into()), None).await
}

fn left(phone: &Phone, document: &str) -> Vec<u32> {
    let cards = phone.wallet.cards().unwrap();
    let card = cards.into_iter().find(|card| card.document == document).unwrap();
    card.copies.iter().map(|copies| copies.left).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_veterans_card_is_added_by_a_file_alone_and_lives_beside_the_resident_card() {
    let stage = Stage::with(with_documents).await;
    let phone = stage.phone().await;
    phone.enrol(&people::adult()).await.unwrap();
    let visit = stage.desk.visit_for(number(), "veteran_card").await.unwrap();
    let offer = Arc::clone(&phone.wallet).open_offer(visit.link.clone()).await.unwrap();
    assert_eq!(offer.view().unwrap().documents, ["Veteran's card (test)"]);
    let issued = offer.accept(Some(visit.transaction_code.into()), None).await.unwrap();
    let Issued::Card { card } = issued else { panic!("{issued:?}") };
    assert_eq!((card.document.as_str(), card.name.as_str()), ("veteran_card", people::adult().name));
    assert_eq!(card.portrait, people::adult().portrait());
    assert_eq!(card.copies, [], "counters do not know it");
    assert_eq!(phone.wallet.cards().unwrap().len(), 2);
    assert!(left(&phone, "resident_card").into_iter().eq(Disclosure::ALL.map(Disclosure::batch)));

    let claims = phone.wallet.card_claims("veteran_card".into()).unwrap();
    let said: Vec<_> = claims.iter().map(|claim| (claim.label.as_str(), claim.value.as_str())).collect();
    assert!(said.contains(&("Veteran number", "12-345678")), "{said:?}");
    assert!(said.contains(&("Category", "국가유공자")));
    assert!(!said.iter().any(|(label, _)| *label == "Portrait"));
    let name = |document: &str| phone.wallet.document_name(document.to_owned()).unwrap();
    assert_eq!(name("veteran_card"), "Veteran's card (test)");
    assert_eq!(name("resident_card"), "Mobile resident card");

    // Each is renewed for itself, and the issuer goes on vouching for the other.
    Arc::clone(&phone.wallet).renew_document("veteran_card".into(), None).await.unwrap();
    assert_eq!(phone.wallet.refresh_staples().await, Ok(0), "the hour's staples came with the copies");
    stage.clock.advance(3600);
    assert_eq!(phone.wallet.refresh_staples().await, Ok(24));
    Arc::clone(&phone.wallet).renew_document("resident_card".into(), None).await.unwrap();
    Arc::clone(&phone.wallet).renew_document("veteran_card".into(), None).await.unwrap();
    assert_eq!(phone.wallet.cards().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_for_whom_the_register_has_it() {
    let stage = Stage::with(with_documents).await;
    let refused = |outcome: Result<desk::openid::Offer, IssuerError>| {
        assert!(matches!(outcome, Err(IssuerError::Refused { refusal: Refusal::Denied, .. })));
    };
    let other = people::other_adult().registration_number;
    refused(stage.desk.visit_for(other, "veteran_card").await);
    refused(stage.desk.visit_for(number(), "nobodys_card").await);
    refused(stage.desk.visit_for(number(), "foreign_resident_card").await);
    let foreigner = people::foreign_resident().registration_number;
    refused(stage.desk.visit_for(foreigner, "resident_card").await);
    refused(stage.desk.visit_for("000000-0000000", "resident_card").await);
    stage.desk.visit_for(other, "resident_card").await.unwrap();
    stage.desk.visit_for(foreigner, "foreign_resident_card").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_resident_gets_their_own_document_by_the_same_code() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    let citizen = people::foreign_resident();
    let card = phone.enrol(&citizen).await.unwrap();
    assert_eq!(card.document, "foreign_resident_card");
    assert_eq!(phone.wallet.document_name(card.document).unwrap(), "Mobile residence card");
    let show = phone.wallet.show_at_counter(card.id, Disclosure::AdultOnly, None).await.unwrap();
    let frame = show.frame(wallet_core::platform::Now { unix_seconds: NOW }).unwrap();
    let pack = CounterPack::verify(stage.desk.counter_pack(), stage.desk.pack_authority()).unwrap();
    let counter = Counter::new(pack, DeskSettings::default(), NOW).unwrap();
    let verdict = counter.check(&frame.text, NOW, 0);
    assert!(verdict.accepted, "{verdict:?}");
    assert_eq!(verdict.shown.unwrap().document, Document::ForeignResidentCard);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_a_clerk_looks_at_first_comes_later() {
    let stage = Stage::with(with_documents).await;
    let phone = stage.phone().await;
    assert!(!stage.desk.decide(number(), "welfare_card", true).await.unwrap(), "nobody asked");
    let visit = stage.desk.visit_for(number(), "welfare_card").await.unwrap();
    let later = Ok(Issued::Later { seconds: 3600 });
    assert_eq!(accept(&phone, &visit.link, &visit.transaction_code).await, later);
    stage.clock.advance(3600);
    assert_eq!(Arc::clone(&phone.wallet).resume_issuance(None).await, later, "nobody has looked yet");
    assert!(phone.wallet.cards().unwrap().is_empty());
    assert!(stage.desk.decide(number(), "welfare_card", true).await.unwrap());
    let issued = Arc::clone(&phone.wallet).resume_issuance(None).await.unwrap();
    let Issued::Card { card } = issued else { panic!("{issued:?}") };
    assert_eq!(card.document, "welfare_card");
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::None));
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_clerk_survives_the_phone_and_ends_with_a_no() {
    let stage = Stage::with(with_documents).await;
    let phone = stage.phone().await;
    let visit = stage.desk.visit_for(number(), "welfare_card").await.unwrap();
    let later = Ok(Issued::Later { seconds: 3600 });
    assert_eq!(accept(&phone, &visit.link, &visit.transaction_code).await, later);
    let phone = phone.reopened(|_| {}).await.unwrap();
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::Waiting));
    assert_eq!(Arc::clone(&phone.wallet).resume_issuance(None).await, later, "it asks anew, and waits again");
    assert!(stage.desk.decide(number(), "welfare_card", false).await.unwrap());
    assert_eq!(Arc::clone(&phone.wallet).resume_issuance(None).await, Err(DENIED));
    assert!(phone.wallet.cards().unwrap().is_empty());
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::None));
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_travel_encrypted_to_the_wallet_that_asked() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    phone.http.play(Some(Box::new(|request, response| {
        if request.url.ends_with("/openid/credential") {
            assert_eq!(response.headers["content-type"], "application/jwt");
            assert_eq!(response.body.iter().filter(|byte| **byte == b'.').count(), 4);
        }
        Ok(response)
    })));
    phone.enrol(&people::adult()).await.unwrap();
}
