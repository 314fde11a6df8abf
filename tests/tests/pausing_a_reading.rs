//! A reading without its card: what may come in between, and what is told of it afterwards.

use std::sync::{Arc, Mutex};

use fixtures::{
    chip::{CardBuilder, Fault, VirtualCard, VirtualLink, When},
    people,
    pki::{self, DocumentSigner},
    platform::FixedClock,
};
use wallet_core::{
    chip::{FileId, FileSet},
    trust::{Anchors, Certificate},
    wallet::{
        CardAccessView, CardReading, CardTrouble, Distrust, ListenerError, ReadingListener, ReadingProgress,
        ReadingTerms, WalletError,
    },
};

const ACCESS: &[u8] = b"123456";

/// Hears how far a reading came.
#[derive(Default)]
struct Heard(Mutex<Vec<ReadingProgress>>);

impl ReadingListener for Heard {
    fn progress(&self, progress: ReadingProgress) -> Result<bool, ListenerError> {
        self.0.lock().unwrap().push(progress);
        Ok(true)
    }
}

fn reading(link: &Arc<VirtualLink>, files: FileSet, heard: Arc<Heard>) -> Arc<CardReading> {
    let anchors = Anchors::new(vec![Certificate::parse(pki::csca().certificate()).unwrap()]);
    let terms = ReadingTerms { anchors, files };
    let clock = Arc::new(FixedClock::new(1_795_570_000));
    let access = CardAccessView::Can { can: ACCESS.to_vec() };
    CardReading::on_terms(link.clone(), &access, terms, clock, Some(heard)).unwrap()
}

fn wallets(link: &Arc<VirtualLink>) -> (Arc<CardReading>, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    (reading(link, FileSet::WALLET, heard.clone()), heard)
}

fn card() -> CardBuilder {
    VirtualCard::of(&people::adult())
}

/// How many commands a reading without faults takes.
async fn commands() -> u32 {
    let link = Arc::new(VirtualLink::new(card().build()));
    wallets(&link).0.run(None).await.unwrap();
    link.commands()
}

#[tokio::test]
async fn a_door_that_fails_takes_nothing_away_from_what_was_read() {
    let all = commands().await;
    let other = || VirtualCard::of(&people::elder());
    let wrong = WalletError::WrongPassword { kind: wallet_core::wallet::PasswordKind::Can, tries_left: None };
    let unreadable = |why| WalletError::CardUnreadable { why };
    let cases = [
        ("another card", other(), None, unreadable(CardTrouble::AnotherCard)),
        ("a flaky door", card().can("654321"), None, wrong),
        ("a card that misbehaves", card(), Some((7, Fault::WrongMac)), unreadable(CardTrouble::Misbehaved)),
    ];
    for (name, between, fault, told) in cases {
        let mut link = VirtualLink::new(card().build()).with_fault(When::At(all), Fault::Drop);
        if let Some((after, fault)) = fault {
            link = link.with_fault(When::At(all + after), fault);
        }
        let link = Arc::new(link);
        let (reading, heard) = wallets(&link);
        assert_eq!(reading.run(None).await.map(|_| ()), Err(WalletError::CardLost), "{name}");
        let own = std::mem::replace(&mut *link.card(), between.build());
        link.tap_again();
        assert_eq!(reading.run(None).await.map(|_| ()), Err(told), "{name}");
        assert!(reading.is_paused(), "{name}");
        *link.card() = own;
        link.tap_again();
        let before = heard.0.lock().unwrap().len();
        reading.run(None).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let since = heard.0.lock().unwrap().split_off(before);
        assert!(!since.iter().any(|told| told.file == "DG1"), "{name}: what was read is not read again");
    }
}

#[tokio::test]
async fn a_cancellation_after_the_end_is_for_nobody() {
    let link = Arc::new(VirtualLink::new(card().build()).with_fault(When::At(8), Fault::WrongMac));
    let (reading, _) = wallets(&link);
    let misbehaved = WalletError::CardUnreadable { why: CardTrouble::Misbehaved };
    assert_eq!(reading.run(None).await.map(|_| ()), Err(misbehaved));
    for _ in 0..2 {
        reading.cancel();
        link.tap_again();
        reading.run(None).await.unwrap();
    }
}

#[tokio::test]
async fn a_report_is_of_the_reading_that_came_to_its_end() {
    let link = Arc::new(VirtualLink::new(card().signed_by(DocumentSigner::Rogue).build()));
    let (reading, _) = wallets(&link);
    let untrusted = WalletError::NotTrusted { why: Distrust::ChipSigner };
    assert_eq!(reading.run(None).await.map(|_| ()), Err(untrusted));
    assert!(reading.report().is_some());
    *link.card() = card().can("654321").build();
    link.tap_again();
    assert!(reading.run(None).await.is_err());
    assert!(reading.report().is_none(), "nothing was checked of this card");

    // Amid the photo, when the first checks have held.
    let all = commands().await;
    let link = Arc::new(VirtualLink::new(card().build()).with_fault(When::At(all), Fault::CutResponse));
    let (reading, _) = wallets(&link);
    assert!(reading.run(None).await.is_err());
    assert!(reading.report().is_none(), "no check said anything against this card");
}

#[tokio::test]
async fn progress_never_goes_backwards() {
    let link = Arc::new(VirtualLink::new(card().build()).short());
    let heard = Arc::new(Heard::default());
    reading(&link, FileSet::WALLET.with(FileId::Common), heard.clone()).run(None).await.unwrap();
    let read: Vec<u32> = heard.0.lock().unwrap().iter().map(|told| told.card_bytes_read).collect();
    assert!(read.is_sorted(), "{read:?}");
}
