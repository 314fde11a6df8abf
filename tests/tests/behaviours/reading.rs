//! Reading a card.

use std::sync::{Arc, Mutex};

use fixtures::{
    chip::{VirtualCard, VirtualLink},
    people,
    pki::DocumentSigner,
};
use tests::scene::{CAN, Scene};
use wallet_core::{
    platform::{CardLink, LinkError},
    wallet::{
        CardAccessView, CardReading, ChipCheckOutcome, Distrust, ListenerError, PasswordKind,
        ReadingListener, ReadingProgress, WalletError,
    },
};

use crate::WatchedLink;

/// Writes down what it hears, and says no from a command on.
pub(crate) struct Heard {
    pub(crate) progress: Mutex<Vec<ReadingProgress>>,
    pub(crate) no_from: u32,
}

impl ReadingListener for Heard {
    fn progress(&self, progress: ReadingProgress) -> Result<bool, ListenerError> {
        let goes_on = progress.apdus < self.no_from;
        self.progress.lock().unwrap().push(progress);
        Ok(goes_on)
    }
}

pub(crate) async fn reading(
    link: Arc<dyn CardLink>,
    digits: &str,
    listener: Option<Arc<dyn ReadingListener>>,
) -> Result<Arc<CardReading>, WalletError> {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let access = CardAccessView::Can { can: digits.as_bytes().to_vec() };
    phone.wallet.read_card(link, access, listener)
}

#[tokio::test]
async fn reads_a_card_and_tells_its_progress() {
    let heard = Arc::new(Heard { progress: Mutex::new(Vec::new()), no_from: u32::MAX });
    let reading = reading(WatchedLink::new(|_| Ok(())), CAN, Some(heard.clone())).await.unwrap();
    let evidence = reading.run(Some(vec![7; 8])).await.unwrap();
    let progress = heard.progress.lock().unwrap();
    assert!(progress.iter().map(|told| told.apdus).eq(1..=evidence.apdus()));
    assert!(progress.iter().any(|told| told.bytes_total > 0 && told.bytes_read == told.bytes_total));
    assert!(evidence.checks().iter().all(|check| check.outcome == ChipCheckOutcome::Passed));
    assert!(evidence.files().iter().any(|file| file.name == "DG1"));
    assert_eq!(evidence.holder().unwrap().name, people::adult().name);
}

#[tokio::test]
async fn a_wrong_can_is_told() {
    let reading = reading(WatchedLink::new(|_| Ok(())), "654321", None).await.unwrap();
    let wrong = WalletError::WrongPassword { kind: PasswordKind::Can, tries_left: None };
    assert_eq!(reading.run(None).await.map(|_| ()), Err(wrong));
}

#[tokio::test]
async fn a_malformed_can_never_reaches_the_card() {
    let link = WatchedLink::new(|_| Ok(()));
    let refused = reading(link.clone(), "12ab", None).await.map(|_| ());
    assert!(matches!(refused, Err(WalletError::WrongPassword { .. })));
    assert_eq!(link.commands(), 0);
}

#[tokio::test]
async fn a_lost_tag_is_told_and_the_next_tap_reads() {
    let moved = WatchedLink::new(|number| if number == 8 { Err(LinkError::TagLost) } else { Ok(()) });
    let lost = reading(moved.clone(), CAN, None).await.unwrap().run(None).await;
    assert_eq!(lost.map(|_| ()), Err(WalletError::CardLost));
    assert_eq!(moved.commands(), 8);
    reading(WatchedLink::new(|_| Ok(())), CAN, None).await.unwrap().run(None).await.unwrap();
}

#[tokio::test]
async fn a_reading_is_cancelled() {
    let handle: Arc<Mutex<Option<Arc<CardReading>>>> = Arc::default();
    let canceller = handle.clone();
    let link = WatchedLink::new(move |number| {
        if number == 5 {
            canceller.lock().unwrap().take().unwrap().cancel();
        }
        Ok(())
    });
    let reading = reading(link.clone(), CAN, None).await.unwrap();
    *handle.lock().unwrap() = Some(reading.clone());
    assert_eq!(reading.run(None).await.map(|_| ()), Err(WalletError::UserCancelled));
    assert_eq!(link.commands(), 5);
}

#[tokio::test]
async fn a_listener_that_says_no_cancels() {
    let link = WatchedLink::new(|_| Ok(()));
    let no = Arc::new(Heard { progress: Mutex::new(Vec::new()), no_from: 3 });
    let stopped = reading(link.clone(), CAN, Some(no)).await.unwrap().run(None).await;
    assert_eq!(stopped.map(|_| ()), Err(WalletError::UserCancelled));
    assert_eq!(link.commands(), 3);
}

#[tokio::test]
async fn an_unknown_country_is_not_trusted() {
    let card = VirtualCard::of(&people::adult()).can(CAN).signed_by(DocumentSigner::Rogue).build();
    let read = reading(Arc::new(VirtualLink::new(card)), CAN, None).await.unwrap().run(None).await;
    assert_eq!(read.map(|_| ()), Err(WalletError::NotTrusted { why: Distrust::ChipSigner }));
}
