//! From a card to an ID.

use std::sync::{Arc, Mutex};

use fixtures::{
    chip::{VirtualCard, VirtualLink},
    people,
    platform::{FaceAnswer, ScriptedHttp},
};
use tests::scene::{CAN, Scene};
use wallet_core::{
    card::Disclosure,
    wallet::{
        BasicAccessPolicy, CardAccessView, CardState, Enrolment, EnrolmentListener, EnrolmentStage, Language,
        ListenerError, Refusal, UnlockWith, WalletError, WalletState,
    },
};

use crate::enrolled;

/// Writes the stages down, and cancels at one.
#[derive(Default)]
struct Stages {
    heard: Mutex<Vec<EnrolmentStage>>,
    cancel_at: Option<(EnrolmentStage, Arc<Enrolment>)>,
}

impl EnrolmentListener for Stages {
    fn stage(&self, stage: EnrolmentStage) -> Result<bool, ListenerError> {
        self.heard.lock().unwrap().push(stage);
        if let Some((at, enrolment)) = &self.cancel_at
            && *at == stage
        {
            enrolment.cancel();
        }
        Ok(true)
    }
}

#[tokio::test]
async fn enrols_a_tapped_card() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let (enrolment, evidence) = phone.tap(VirtualCard::of(&people::adult())).await.unwrap();
    let stages = Arc::new(Stages::default());
    let card = enrolment.finish(evidence, Some(stages.clone())).await.unwrap();
    assert_eq!(
        *stages.heard.lock().unwrap(),
        [
            EnrolmentStage::CheckingFace,
            EnrolmentStage::SendingEvidence,
            EnrolmentStage::MakingKeys,
            EnrolmentStage::FetchingCredentials,
            EnrolmentStage::Verifying,
            EnrolmentStage::Storing,
        ]
    );
    assert_eq!(card.state, CardState::Active);
    assert!(card.masked_registration_number.ends_with("******"));
    assert!(card.copies.iter().map(|copies| copies.left).eq(Disclosure::ALL.map(Disclosure::batch)));
    assert_eq!(phone.wallet.state(), Ok(WalletState::Ready));
}

#[tokio::test]
async fn enrols_by_the_printed_lines() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let citizen = people::adult();
    let lines = citizen.mrz_information();
    let access = CardAccessView::Mrz {
        number: lines[..10].into(),
        birth: lines[10..17].into(),
        expiry: lines[17..].into(),
        basic_access: BasicAccessPolicy::Never,
    };
    let enrolment = Arc::clone(&phone.wallet).enrol().await.unwrap();
    let link = VirtualLink::new(VirtualCard::of(&citizen).can(CAN).build());
    let reading = phone.wallet.read_card(Arc::new(link), access, None).unwrap();
    let evidence = enrolment.tap(reading).await.unwrap();
    let card = enrolment.finish(evidence, None).await.unwrap();
    assert_eq!((card.name.as_str(), card.state), (citizen.name, CardState::Active));
}

#[tokio::test]
async fn a_face_that_differs_keeps_nothing() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    phone.face.answer(FaceAnswer::NoMatch);
    assert_eq!(phone.enrol(&people::adult()).await, Err(WalletError::FaceMismatch));
    assert_eq!(phone.wallet.cards(), Ok(Vec::new()));
    assert_eq!(phone.wallet.state(), Ok(WalletState::Empty));
}

#[tokio::test]
async fn an_enrolment_is_cancelled() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let (enrolment, evidence) = phone.tap(VirtualCard::of(&people::adult())).await.unwrap();
    let cancel_at = Some((EnrolmentStage::MakingKeys, enrolment.clone()));
    let stages = Arc::new(Stages { cancel_at, ..Stages::default() });
    let cancelled = enrolment.finish(evidence, Some(stages)).await;
    assert_eq!(cancelled, Err(WalletError::UserCancelled));
    assert_eq!(phone.wallet.cards(), Ok(Vec::new()));
}

#[tokio::test]
async fn another_holder_is_refused() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let refused = phone.enrol(&people::other_adult()).await;
    assert!(matches!(
        refused,
        Err(WalletError::AnotherHolder | WalletError::IssuerRefused { why: Refusal::AnotherHolder })
    ));
    assert_eq!(phone.wallet.cards().unwrap().len(), 1);
}

#[tokio::test]
async fn a_second_phone_is_refused_with_a_way_out() {
    let scene = Scene::new().await;
    scene.phone("first").await.enrol(&people::adult()).await.unwrap();
    let refused = scene.phone("second").await.enrol(&people::adult()).await.unwrap_err();
    assert_eq!(refused, WalletError::IssuerRefused { why: Refusal::AnotherPhone });
    for language in [Language::Korean, Language::English] {
        assert!(refused.text(language).next.contains("1688-0990"));
    }
}

#[tokio::test]
async fn offline_is_told() {
    let scene = Scene::new().await;
    let http = ScriptedHttp::offline();
    let phone = scene.locked_phone("phone", Arc::new(http)).await;
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    assert_eq!(phone.enrol(&people::adult()).await, Err(WalletError::Offline));
    assert_eq!(phone.wallet.state(), Ok(WalletState::Empty));
}
