//! A card that cannot sign becomes an ID all the same: its chip agrees on keys with the issuer itself, and the wallet only
//! carries what they say. Through the facade and a desk on loopback.

use std::sync::{Arc, Mutex};

use fixtures::{
    chip::{
        ActiveAuthentication, CardBuilder, ChipAuthentication, Cipher, Curve, Fault, VirtualCard,
        VirtualLink, When,
    },
    people,
};
use tests::scene::{CAN, Phone, Scene};
use wallet_core::{
    platform::{CardLink, LinkError, LinkLimits},
    tlv,
    wallet::{
        CardAccessView, CardReading, CardTrouble, CardView, ChipCheckOutcome, ChipEvidence, Enrolment,
        Refusal, WalletError,
    },
};

/// A card without a key to sign by.
fn card() -> CardBuilder {
    VirtualCard::of(&people::adult())
        .active_authentication(ActiveAuthentication::None)
        .chip_authentication(ChipAuthentication::AES_128)
}

/// A link that somebody else has a hand in.
struct Meddled<M> {
    link: VirtualLink,
    meddle: M,
}

#[async_trait::async_trait]
impl<M: Fn(&VirtualLink, &[u8]) -> Result<Vec<u8>, LinkError> + Send + Sync> CardLink for Meddled<M> {
    async fn transceive(&self, apdu: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        (self.meddle)(&self.link, &apdu)
    }

    async fn limits(&self) -> Result<LinkLimits, LinkError> {
        self.link.limits().await
    }
}

/// The issuer's own read, which is in short form and of the file that it selected, where the wallet's have the extended one and
/// short identifiers.
fn is_the_issuers(command: &[u8]) -> bool {
    command.starts_with(&[0x0C, 0xB0, 0x00, 0x00]) && command[4] != 0
}

/// The issuer's selection of that file.
fn is_its_selection(command: &[u8]) -> bool {
    command.starts_with(&[0x0C, 0xA4, 0x02, 0x0C])
}

fn reading(phone: &Phone, link: impl CardLink + 'static) -> Arc<CardReading> {
    let access = CardAccessView::Can { can: CAN.as_bytes().to_vec() };
    phone.wallet.read_card(Arc::new(link), access, None).unwrap()
}

async fn begin(phone: &Phone) -> Arc<Enrolment> {
    Arc::clone(&phone.wallet).enrol().await.unwrap()
}

async fn enrol(phone: &Phone, link: impl CardLink + 'static) -> Result<CardView, WalletError> {
    let enrolment = begin(phone).await;
    let evidence = enrolment.tap(reading(phone, link)).await?;
    enrolment.finish(evidence, None).await
}

fn outcome(evidence: &ChipEvidence, name: &str) -> ChipCheckOutcome {
    let check = evidence.checks().into_iter().find(|check| check.name == name);
    check.expect("the check").outcome
}

fn refused(why: Refusal) -> Result<CardView, WalletError> {
    Err(WalletError::IssuerRefused { why })
}

#[tokio::test]
async fn a_card_that_cannot_sign_is_heard_by_the_issuer_itself() {
    let scene = Scene::new().await;
    let triple_des = ChipAuthentication {
        cipher: Cipher::TripleDes,
        curve: Curve::BrainpoolP256r1,
        key_id: Some(3),
        announced: true,
    };
    for (name, card, short) in [
        ("AES", card(), false),
        ("AES, short", card(), true),
        ("by name", card().without_short_identifiers(), false),
        ("by name, short", card().without_short_identifiers(), true),
        ("3DES", card().chip_authentication(triple_des), false),
    ] {
        let phone = scene.phone(name).await;
        let link = VirtualLink::new(card.build());
        let link = if short { link.short() } else { link };
        let enrolment = begin(&phone).await;
        let evidence = enrolment.tap(reading(&phone, link)).await.unwrap();
        // The wallet itself has heard no proof, and says so.
        for proof in ["active_authentication", "chip_authentication"] {
            assert!(matches!(outcome(&evidence, proof), ChipCheckOutcome::Skipped { .. }), "{proof}");
        }
        let view = if name == "AES" {
            enrolment.finish(evidence, None).await
        } else {
            enrolment.finish_moving(evidence, None).await
        };
        assert_eq!(view.unwrap().name, people::adult().name, "{name}");
    }
}

#[tokio::test]
async fn a_card_that_can_sign_does_so_in_a_tap_too() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let signing = VirtualCard::of(&people::adult()).chip_authentication(ChipAuthentication::AES_128);
    let enrolment = begin(&phone).await;
    let evidence = enrolment.tap(phone.reading(signing)).await.unwrap();
    for proof in ["active_authentication", "chip_authentication"] {
        assert_eq!(outcome(&evidence, proof), ChipCheckOutcome::Passed, "{proof}");
    }
    enrolment.finish(evidence, None).await.unwrap();
}

#[tokio::test]
async fn a_card_whose_signature_nobody_can_check_is_heard_by_the_issuer_itself() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let odd_key = tlv::write(0x6F, &tlv::write(0x30, &tlv::write(0x30, &[6, 3, 0x2B, 0x65, 0x70])));
    let card = VirtualCard::of(&people::adult()).chip_authentication(ChipAuthentication::AES_128);
    enrol(&phone, VirtualLink::new(card.group(15, odd_key).build())).await.unwrap();
}

#[tokio::test]
async fn a_card_with_no_key_at_all_proves_nothing() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let bare = VirtualCard::of(&people::adult()).active_authentication(ActiveAuthentication::None);
    let outcome = enrol(&phone, VirtualLink::new(bare.build())).await;
    assert_eq!(outcome, Err(WalletError::CardUnreadable { why: CardTrouble::Unsupported }));
}

#[tokio::test]
async fn the_issuer_finds_out_a_copy_that_the_wallet_cannot() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let copy = VirtualLink::new(card().cloned_without_its_chip_key().build());
    assert_eq!(enrol(&phone, copy).await, refused(Refusal::CloneSuspected));
    assert_eq!(phone.wallet.cards().unwrap(), []);
}

#[tokio::test]
async fn what_a_chip_answered_once_is_worth_nothing_the_next_time() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let recorded = Arc::new(Mutex::new(Vec::new()));
    let record = {
        let recorded = Arc::clone(&recorded);
        move |link: &VirtualLink, command: &[u8]| {
            let answer = link.transceive_now(command)?;
            if is_the_issuers(command) {
                recorded.lock().unwrap().clone_from(&answer);
            }
            Ok(answer)
        }
    };
    enrol(&phone, Meddled { link: VirtualLink::new(card().build()), meddle: record }).await.unwrap();
    let replay = move |link: &VirtualLink, command: &[u8]| match is_the_issuers(command) {
        true => Ok(recorded.lock().unwrap().clone()),
        false => link.transceive_now(command),
    };
    // Even the true chip's own words, and a copy that has only them.
    for card in [card(), card().cloned_without_its_chip_key()] {
        let link = Meddled { link: VirtualLink::new(card.build()), meddle: replay.clone() };
        assert_eq!(enrol(&phone, link).await, refused(Refusal::CloneSuspected));
    }
}

#[tokio::test]
async fn another_document_in_the_place_of_the_one_that_was_read_is_refused() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    // The chip has the right key and another document: all that can be told apart is what the issuer reads itself.
    let other = VirtualCard::of(&people::elder()).chip_authentication(ChipAuthentication::AES_128).build();
    let sod = other.file(0x011D).unwrap().to_vec();
    let swap = move |link: &VirtualLink, command: &[u8]| {
        if is_the_issuers(command) {
            link.card().replace_file(0x011D, sod.clone());
        }
        link.transceive_now(command)
    };
    let link = Meddled { link: VirtualLink::new(card().build()), meddle: swap };
    assert_eq!(enrol(&phone, link).await, refused(Refusal::CloneSuspected));
}

#[tokio::test]
async fn a_chip_that_will_not_hear_the_issuer_is_taken_for_a_copy() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let refuse = |link: &VirtualLink, command: &[u8]| match command {
        [0x0C, 0x22, 0x41, ..] => Ok(vec![0x6A, 0x88]),
        _ => link.transceive_now(command),
    };
    let outcome = enrol(&phone, Meddled { link: VirtualLink::new(card().build()), meddle: refuse }).await;
    assert!(outcome.is_err(), "{outcome:?}");
}

#[tokio::test]
async fn a_true_chip_that_refuses_the_issuers_question_is_no_copy() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    for refuses in [is_its_selection, is_the_issuers] {
        let hide = move |link: &VirtualLink, command: &[u8]| {
            if refuses(command) {
                link.card().remove_file(0x011D);
            }
            link.transceive_now(command)
        };
        let link = Meddled { link: VirtualLink::new(card().build()), meddle: hide };
        assert_eq!(enrol(&phone, link).await, refused(Refusal::CardIncomplete));
    }
}

#[tokio::test]
async fn what_was_heard_beside_the_selection_is_no_proof() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let alter = |link: &VirtualLink, command: &[u8]| {
        let mut answer = link.transceive_now(command)?;
        if is_its_selection(command) {
            answer[6] ^= 1;
        }
        Ok(answer)
    };
    let link = Meddled { link: VirtualLink::new(card().build()), meddle: alter };
    assert_eq!(enrol(&phone, link).await, refused(Refusal::CloneSuspected));
}

#[tokio::test]
async fn a_card_whose_state_cannot_be_told_is_heard_and_refused() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    // Until here the issuer knew two files of it, and the state stands in neither.
    let link = VirtualLink::new(card().issued_by("XOM").build());
    let enrolment = begin(&phone).await;
    let evidence = enrolment.tap(reading(&phone, link)).await.unwrap();
    assert_eq!(enrolment.finish(evidence, None).await, refused(Refusal::UntrustedChip));
}

#[tokio::test]
async fn a_cancelled_tap_stops_between_the_issuers_questions() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let handed_over = |command: &[u8]| command.starts_with(&[0x0C, 0x86]);
    for (cancels, left) in [(handed_over as fn(&[u8]) -> bool, 2), (is_its_selection, 1), (is_the_issuers, 0)]
    {
        let tapped: Arc<Mutex<Option<Arc<CardReading>>>> = Arc::default();
        let heard = Arc::new(Mutex::new(0));
        let cancel = {
            let (tapped, heard) = (Arc::clone(&tapped), Arc::clone(&heard));
            move |link: &VirtualLink, command: &[u8]| {
                *heard.lock().unwrap() += i32::from(is_its_selection(command) || is_the_issuers(command));
                let answer = link.transceive_now(command);
                if cancels(command) {
                    tapped.lock().unwrap().as_ref().unwrap().cancel();
                }
                answer
            }
        };
        let reading = reading(&phone, Meddled { link: VirtualLink::new(card().build()), meddle: cancel });
        *tapped.lock().unwrap() = Some(Arc::clone(&reading));
        let enrolment = begin(&phone).await;
        let cancelled = enrolment.tap(Arc::clone(&reading)).await.map(|_| ());
        assert_eq!(cancelled, Err(WalletError::UserCancelled));
        assert_eq!(*heard.lock().unwrap(), 2 - left, "what the issuer asked went to the chip");
        assert!(!reading.is_paused());
    }
}

#[tokio::test]
async fn a_challenge_is_good_for_two_minutes_for_the_issuers_questions_too() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let link = || VirtualLink::new(card().build());
    let enrolment = begin(&phone).await;
    scene.clock.advance(120);
    let late = enrolment.tap(reading(&phone, link())).await.map(|_| ());
    assert_eq!(late, Err(WalletError::IssuerRefused { why: Refusal::ChallengeExpired }));
    let spent = enrolment.tap(reading(&phone, link())).await.map(|_| ());
    assert!(matches!(spent, Err(WalletError::Unavailable { .. })), "the enrolment is over: {spent:?}");

    let enrolment = begin(&phone).await;
    let evidence = enrolment.tap(reading(&phone, link())).await.unwrap();
    scene.clock.advance(120);
    assert_eq!(enrolment.finish(evidence.clone(), None).await, refused(Refusal::ChallengeExpired));
    // Another enrolment's evidence does not even leave the wallet.
    let another = begin(&phone).await.finish(evidence, None).await;
    assert!(matches!(another, Err(WalletError::NotTrusted { .. })), "{another:?}");
}

#[tokio::test]
async fn a_card_lost_at_any_command_is_tapped_again_and_heard() {
    let scene = Scene::new().await;
    let whole = scene.phone("whole").await;
    let count = Arc::new(Mutex::new(0));
    let counting = {
        let count = Arc::clone(&count);
        move |link: &VirtualLink, command: &[u8]| {
            *count.lock().unwrap() += 1;
            link.transceive_now(command)
        }
    };
    enrol(&whole, Meddled { link: VirtualLink::new(card().build()), meddle: counting }).await.unwrap();
    let all = *count.lock().unwrap();
    // The last of the photo, two commands that hand the issuer's key over, and the issuer's own two.
    for lost_at in (all - 4)..=all {
        let phone = scene.phone(&format!("lost-at-{lost_at}")).await;
        let link = Arc::new(VirtualLink::new(card().build()).with_fault(When::At(lost_at), Fault::Drop));
        let access = CardAccessView::Can { can: CAN.as_bytes().to_vec() };
        let reading = phone.wallet.read_card(link.clone(), access, None).unwrap();
        let enrolment = begin(&phone).await;
        let lost = enrolment.tap(reading.clone()).await.map(|_| ());
        assert_eq!(lost, Err(WalletError::CardLost), "{lost_at} of {all}");
        assert!(reading.is_paused(), "{lost_at} of {all}");
        link.tap_again();
        let before = link.commands();
        let evidence = enrolment.tap(reading).await.unwrap();
        assert!(link.commands() - before < all, "{lost_at} of {all}: it went on where it stopped");
        enrolment.finish_moving(evidence, None).await.unwrap();
    }
}
