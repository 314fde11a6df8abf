//! Reading a card through the facade: what the citizen is told when it works and when it does not.

use std::sync::{Arc, Mutex};

use fixtures::{
    chip::{ActiveAuthentication, CardBuilder, Cipher, Curve, Fault, VirtualCard, VirtualLink, When},
    people,
    pki::DocumentSigner,
};
use tests::scene::{CAN, Scene};
use wallet_core::wallet::{
    CardAccessView, CardTrouble, ChipCheckOutcome, ChipCheckSkip, Distrust, ListenerError, PasswordKind,
    ReadingListener, ReadingProgress, WalletError,
};

const CHALLENGE: [u8; 8] = *b"RND.IFD!";

fn card() -> CardBuilder {
    VirtualCard::of(&people::adult())
}

async fn failure(card: CardBuilder) -> WalletError {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    phone.reading(card).run(Some(CHALLENGE.to_vec())).await.unwrap_err()
}

async fn failure_over(link: VirtualLink) -> WalletError {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    phone.reading_over(link).run(Some(CHALLENGE.to_vec())).await.unwrap_err()
}

fn faulty(when: When, fault: Fault) -> VirtualLink {
    VirtualLink::new(card().can(CAN).build()).with_fault(when, fault)
}

#[tokio::test]
async fn every_suite_and_every_kind_of_signature_reads_the_same_person() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let citizen = people::adult();
    let cards = [
        card().pace(Cipher::Aes128, Curve::P256),
        card().pace(Cipher::Aes192, Curve::BrainpoolP256r1),
        card().pace(Cipher::Aes256, Curve::P384),
        card().short_apdus_only(),
        card().signed_by(DocumentSigner::RsaPss).active_authentication(ActiveAuthentication::Rsa1024),
        card().signed_by(DocumentSigner::RsaPkcs1),
    ];
    for card in cards {
        let evidence = phone.reading(card).run(Some(CHALLENGE.to_vec())).await.unwrap();
        // No list of the authority was given, and the card has no key for chip authentication.
        let skipped = [ChipCheckSkip::NoRevocationList, ChipCheckSkip::NoKey];
        assert!(evidence.checks().iter().all(|check| match check.outcome {
            ChipCheckOutcome::Passed => true,
            ChipCheckOutcome::Skipped { why } => skipped.contains(&why),
            ChipCheckOutcome::PassedWeakly | ChipCheckOutcome::Failed { .. } => false,
        }));
        let holder = evidence.holder().unwrap();
        assert_eq!(holder.name, citizen.name);
        assert_eq!(holder.birth_date, Some(citizen.birth_date.to_string()));
        assert_eq!(holder.portrait, citizen.portrait());
        let files: Vec<_> = evidence.files().into_iter().map(|file| file.name).collect();
        assert_eq!(files, ["EF.CardAccess", "EF.SOD", "DG1", "DG2", "DG11", "DG12", "DG14", "DG15"]);
    }
}

#[tokio::test]
async fn a_wrong_number_a_lost_card_an_unknown_signer_and_altered_data_are_four_errors() {
    let wrong = WalletError::WrongPassword { kind: PasswordKind::Can, tries_left: None };
    assert_eq!(failure_over(VirtualLink::new(card().can("654321").build())).await, wrong);
    assert_eq!(failure_over(faulty(When::At(12), Fault::Drop)).await, WalletError::CardLost);
    for signer in [DocumentSigner::Rogue, DocumentSigner::Impostor, DocumentSigner::Expired] {
        let untrusted = WalletError::NotTrusted { why: Distrust::ChipSigner };
        assert_eq!(failure(card().signed_by(signer)).await, untrusted);
    }
    assert_eq!(
        failure(card().broken_signature()).await,
        WalletError::NotTrusted { why: Distrust::ChipSigner }
    );
    for group in [1, 2, 11, 12, 15] {
        let altered = WalletError::NotTrusted { why: Distrust::ChipDataAltered };
        assert_eq!(failure(card().altered_group(group)).await, altered, "DG{group}");
    }
}

#[tokio::test]
async fn a_group_that_nobody_signed_is_not_even_read() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let evidence = phone.reading(card().unhashed_group(12)).run(Some(CHALLENGE.to_vec())).await.unwrap();
    assert!(evidence.files().iter().all(|file| file.name != "DG12"));
}

#[tokio::test]
async fn a_copied_chip_is_found_out() {
    let cloned = WalletError::NotTrusted { why: Distrust::ChipCloned };
    assert_eq!(failure(card().cloned_without_its_key()).await, cloned);
}

#[tokio::test]
async fn faults_on_the_air_are_typed_and_nothing_is_accepted() {
    let misbehaved = WalletError::CardUnreadable { why: CardTrouble::Misbehaved };
    for at in [8, 9, 11, 15] {
        for fault in [Fault::WrongMac, Fault::CutResponse, Fault::PlainAnswerUnderSm, Fault::Replayed] {
            assert_eq!(failure_over(faulty(When::At(at), fault)).await, misbehaved, "{fault:?} at {at}");
        }
        let silent = WalletError::CardUnreadable { why: CardTrouble::Silent };
        for fault in [Fault::Timeout, Fault::Delay] {
            assert_eq!(failure_over(faulty(When::At(at), fault)).await, silent);
        }
    }
    // The application refused. Files refused once are asked for in another way, which is the chip module's to test.
    let refused = failure_over(faulty(When::At(8), Fault::WrongStatusWord(0x6982))).await;
    assert_eq!(refused, WalletError::CardUnreadable { why: CardTrouble::Refused });
}

#[tokio::test]
async fn a_narrow_card_is_read_all_the_same() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let link = faulty(When::Always, Fault::ShortReadsOnly { most: 200 });
    phone.reading_over(link).run(Some(CHALLENGE.to_vec())).await.unwrap();
}

#[tokio::test]
async fn without_a_challenge_or_a_key_active_authentication_is_said_to_be_skipped() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let bare = card().active_authentication(ActiveAuthentication::None);
    let skips =
        [(card(), None, ChipCheckSkip::NoChallenge), (bare, Some(CHALLENGE.to_vec()), ChipCheckSkip::NoKey)];
    for (card, challenge, why) in skips {
        let evidence = phone.reading(card).run(challenge).await.unwrap();
        let check =
            evidence.checks().into_iter().find(|check| check.name == "active_authentication").unwrap();
        assert_eq!(check.outcome, ChipCheckOutcome::Skipped { why });
    }
}

#[tokio::test]
async fn a_card_access_number_that_is_none_is_refused_before_the_card_is_touched() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    for digits in ["12345", "1234567", "12345a", "", "１２３４５６"] {
        let link = Arc::new(VirtualLink::new(card().build()));
        let access = CardAccessView::Can { can: digits.as_bytes().to_vec() };
        let Err(error) = phone.wallet.read_card(link.clone(), access, None) else { panic!("{digits}") };
        assert_eq!(error, WalletError::WrongPassword { kind: PasswordKind::Can, tries_left: None });
        assert_eq!(link.commands(), 0);
    }
}

/// Writes down what it hears, and stops at a file.
struct Listener {
    stop_at: &'static str,
    heard: Mutex<Vec<ReadingProgress>>,
}

impl ReadingListener for Listener {
    fn progress(&self, progress: ReadingProgress) -> Result<bool, ListenerError> {
        let stop = progress.file == self.stop_at;
        self.heard.lock().unwrap().push(progress);
        Ok(!stop)
    }
}

#[tokio::test]
async fn progress_is_told_for_each_file_and_a_listener_can_stop_the_reading() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let access = || CardAccessView::Can { can: CAN.as_bytes().to_vec() };
    for (stop_at, expected) in [("", Ok(())), ("DG2", Err(WalletError::UserCancelled))] {
        let link = Arc::new(VirtualLink::new(card().can(CAN).build()).short());
        let listener = Arc::new(Listener { stop_at, heard: Mutex::new(Vec::new()) });
        let reading = phone.wallet.read_card(link.clone(), access(), Some(listener.clone())).unwrap();
        assert_eq!(reading.run(None).await.map(|_| ()), expected);
        let heard = listener.heard.lock().unwrap();
        assert_eq!(u32::try_from(heard.len()).unwrap(), heard.last().unwrap().apdus.min(link.commands()));
        let files: std::collections::BTreeSet<_> = heard.iter().map(|told| told.file.clone()).collect();
        assert!(files.is_superset(&["EF.CardAccess", "EF.SOD", "DG1", "DG2"].map(String::from).into()));
        assert!(heard.iter().all(|told| told.bytes_read <= told.bytes_total || told.bytes_total == 0));
        let grows = heard
            .windows(2)
            .all(|pair| pair[0].file != pair[1].file || pair[0].bytes_read <= pair[1].bytes_read);
        assert!(grows, "progress went back");
        let whole: Vec<_> = heard
            .iter()
            .map(|told| (u64::from(told.card_bytes_read), u64::from(told.card_bytes_total)))
            .collect();
        assert!(whole.windows(2).all(|pair| pair[0].0 * pair[1].1 <= pair[1].0 * pair[0].1), "{whole:?}");
        assert!(stop_at == "DG2" || whole.last().is_some_and(|(read, total)| read == total));
    }
}

#[tokio::test]
async fn a_cancelled_reading_can_be_run_again() {
    struct CancelsAt(Mutex<Option<Arc<wallet_core::wallet::CardReading>>>);
    impl ReadingListener for CancelsAt {
        fn progress(&self, progress: ReadingProgress) -> Result<bool, ListenerError> {
            if progress.apdus == 9
                && let Some(reading) = self.0.lock().unwrap().take()
            {
                reading.cancel();
            }
            Ok(true)
        }
    }
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let link = Arc::new(VirtualLink::new(card().can(CAN).build()));
    let listener = Arc::new(CancelsAt(Mutex::new(None)));
    let access = CardAccessView::Can { can: CAN.as_bytes().to_vec() };
    let reading = phone.wallet.read_card(link.clone(), access, Some(listener.clone())).unwrap();
    *listener.0.lock().unwrap() = Some(reading.clone());
    assert_eq!(reading.run(None).await.map(|_| ()), Err(WalletError::UserCancelled));
    assert_eq!(link.commands(), 9, "not one command after the cancel");
    link.tap_again();
    reading.run(None).await.unwrap();
}
