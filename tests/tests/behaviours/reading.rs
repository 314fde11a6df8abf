//! Reading a card.

use std::sync::{Arc, Mutex};

use fixtures::{
    chip::{Fault, VirtualCard, VirtualLink, When},
    people,
    pki::{DocumentSigner, csca, dsc, dsc_rsa, link, revocation_list, rogue_csca},
    platform::FixedClock,
};
use tests::scene::{CAN, NOON, Scene};
use wallet_core::{
    platform::{CardLink, LinkError},
    wallet::{
        BasicAccessPolicy, CardAccessView, CardReading, CardTerms, CardTrouble, ChipCheckOutcome,
        ChipCheckSkip, Distrust, ListenerError, PasswordKind, ReadingListener, ReadingProgress, WalletError,
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
    let checks = evidence.checks();
    assert!(!checks.iter().any(|check| matches!(check.outcome, ChipCheckOutcome::Failed { .. })));
    let genuine = checks.iter().find(|check| check.name == "active_authentication").unwrap();
    assert_eq!(genuine.outcome, ChipCheckOutcome::Passed);
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

#[tokio::test]
async fn a_link_of_the_app_leads_to_a_further_key() {
    let run = async |links: Vec<Vec<u8>>| {
        let card = VirtualCard::of(&people::adult()).can(CAN).signed_by(DocumentSigner::Rogue).build();
        let reading = reading(Arc::new(VirtualLink::new(card)), CAN, None).await.unwrap();
        reading.heed(CardTerms { links, ..CardTerms::default() })?;
        reading.run(None).await.map(drop)
    };
    let distrusted = Err(WalletError::NotTrusted { why: Distrust::ChipSigner });
    assert_eq!(run(vec![link(csca(), rogue_csca())]).await, Ok(()));
    // From nobody whom the app trusts, and no certificate at all.
    assert_eq!(run(vec![link(rogue_csca(), rogue_csca())]).await, distrusted);
    assert_eq!(run(vec![vec![0x30, 0]]).await, distrusted);
}

#[tokio::test]
async fn a_revocation_list_of_the_app_is_heeded() {
    let run = async |revocation_lists: Vec<Vec<u8>>| {
        let reading = reading(WatchedLink::new(|_| Ok(())), CAN, None).await.unwrap();
        reading.heed(CardTerms { revocation_lists, ..CardTerms::default() })?;
        let checks = reading.run(None).await?.checks();
        let revocation = checks.into_iter().find(|check| check.name == "passive_authentication.revocation");
        Ok::<_, WalletError>(revocation.unwrap().outcome)
    };
    let distrusted = Err(WalletError::NotTrusted { why: Distrust::ChipSigner });
    assert_eq!(run(vec![]).await, Ok(ChipCheckOutcome::Skipped { why: ChipCheckSkip::NoRevocationList }));
    assert_eq!(run(vec![revocation_list(csca(), &[dsc_rsa()], 2049)]).await, Ok(ChipCheckOutcome::Passed));
    assert_eq!(run(vec![revocation_list(csca(), &[dsc()], 2049)]).await, distrusted);
    // By nobody whom the app trusts, and no list at all: what they took back would go unnoticed.
    assert_eq!(run(vec![revocation_list(rogue_csca(), &[], 2049)]).await, distrusted);
    assert_eq!(run(vec![vec![0x30, 0]]).await, distrusted);
}

#[tokio::test]
async fn only_the_files_the_app_names_are_read() {
    let run = async |files: &[&str]| {
        let link = WatchedLink::new(|_| Ok(()));
        let reading = reading(link.clone(), CAN, None).await.unwrap();
        let files = files.iter().map(|name| (*name).to_owned()).collect();
        reading.heed(CardTerms { files: Some(files), ..CardTerms::default() })?;
        let read = reading.run(None).await?.files();
        Ok::<_, WalletError>((read.into_iter().map(|file| file.name).collect::<Vec<_>>(), link.commands()))
    };
    let (few, commands) = run(&["DG1", "EF.COM"]).await.unwrap();
    let (all, more) = run(&["DG1", "DG2", "DG11", "DG12", "DG14", "DG15"]).await.unwrap();
    assert_eq!(few, ["EF.CardAccess", "EF.SOD", "EF.COM", "DG1"]);
    assert!(all.contains(&"DG2".to_owned()) && !all.contains(&"EF.COM".to_owned()));
    assert!(commands < more);
    for none in ["DG0", "DG17", "dg1", "EF.SOD", ""] {
        assert!(matches!(run(&[none]).await, Err(WalletError::Unavailable { .. })), "{none}");
    }
}

#[tokio::test]
async fn a_lost_card_pauses_and_goes_on() {
    let card = || VirtualCard::of(&people::adult()).can(CAN).build();
    let whole = Arc::new(VirtualLink::new(card()).short());
    let evidence = reading(whole.clone(), CAN, None).await.unwrap().run(None).await.unwrap();
    let half = whole.commands() / 2;
    let link = Arc::new(VirtualLink::new(card()).short().with_fault(When::At(half), Fault::Drop));
    let reading = reading(link.clone(), CAN, None).await.unwrap();
    assert!(!reading.is_paused());
    assert_eq!(reading.run(None).await.map(drop), Err(WalletError::CardLost));
    assert!(reading.is_paused());
    link.tap_again();
    let resumed = reading.run(None).await.unwrap();
    assert!(!reading.is_paused());
    assert_eq!(resumed.files(), evidence.files());
    // The door again, and not the files that were read.
    assert!(link.commands() < whole.commands() + half / 2, "{} of {}", link.commands(), whole.commands());
}

#[tokio::test]
async fn another_card_does_not_go_on() {
    let card = Arc::new(Mutex::new(VirtualCard::of(&people::adult()).can(CAN).build()));
    let link = Arc::new(VirtualLink::over(card.clone()).with_fault(When::At(20), Fault::Drop).short());
    let reading = reading(link.clone(), CAN, None).await.unwrap();
    assert_eq!(reading.run(None).await.map(drop), Err(WalletError::CardLost));
    *card.lock().unwrap() = VirtualCard::of(&people::other_adult()).can(CAN).build();
    link.tap_again();
    let other = WalletError::CardUnreadable { why: CardTrouble::AnotherCard };
    assert_eq!(reading.run(None).await.map(drop), Err(other));
    // It waits for its own card.
    assert!(reading.is_paused());
}

#[tokio::test]
async fn weaker_access_is_told() {
    let citizen = people::adult();
    let lines = citizen.mrz_information();
    let read = async |basic_access| {
        let card = VirtualCard::of(&citizen).basic_access().refuses_pace().build();
        let access = CardAccessView::Mrz {
            number: lines[..10].into(),
            birth: lines[10..17].into(),
            expiry: lines[17..].into(),
            basic_access,
        };
        let roots = vec![fixtures::pki::csca().certificate().to_vec()];
        let clock = Arc::new(FixedClock::new(NOON));
        let link = Arc::new(VirtualLink::new(card));
        CardReading::new(link, access, roots, clock, None).unwrap().run(None).await
    };
    let weaker = WalletError::CardUnreadable { why: CardTrouble::WeakerAccess };
    assert_eq!(read(BasicAccessPolicy::WhereThereIsNoPace).await.map(drop), Err(weaker));
    let evidence = read(BasicAccessPolicy::EvenWhenPaceIsRefused).await.unwrap();
    assert!(evidence.opened_by_weaker_access());
    let usual = reading(WatchedLink::new(|_| Ok(())), CAN, None).await.unwrap().run(None).await.unwrap();
    assert!(!usual.opened_by_weaker_access());
}
