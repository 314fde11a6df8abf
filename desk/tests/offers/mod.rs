//! The community centre: a resident was seen, scans the clerk's code, types the spoken digits, and has the ID. And everything
//! that can come in between.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use fixtures::people;
use wallet_core::{
    card::{Date, Disclosure},
    platform::HttpError,
    wallet::{
        CardView, Distrust, Issued, PasswordKind, Refusal, Renewed, Scan, UnfinishedIssuance, UnlockWith,
        WalletError, WalletState,
    },
};

use crate::stage::{self, Phone, Stage, desk_in};

const REFUSED: WalletError = WalletError::IssuerRefused { why: Refusal::CodeNotAccepted };

async fn accept(phone: &Phone, link: &str, digits: &str) -> Result<CardView, WalletError> {
    let Scan::Offer { link } = phone.wallet.scan(format!(" {link}\n"))? else { panic!("an offer") };
    let offer = Arc::clone(&phone.wallet).open_offer(link).await?;
    card_of(offer.accept(Some(digits.into()), None).await)
}

fn card_of(issued: Result<Issued, WalletError>) -> Result<CardView, WalletError> {
    issued.map(|issued| {
        let Issued::Card { card } = issued else { panic!("{issued:?}") };
        card
    })
}

fn other(digits: &str) -> String {
    digits.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect()
}

fn number() -> &'static str {
    people::adult().registration_number
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_becomes_an_id_without_a_prompt_or_a_card() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    let visit = stage.desk.visit(number()).await.unwrap();
    assert!(visit.link.len() < 160, "it has to fit in a small code: {}", visit.link);
    let prompts = phone.keys.prompt_count();
    let offer = Arc::clone(&phone.wallet).open_offer(visit.link.clone()).await.unwrap();
    let asked = offer.view().unwrap();
    assert_eq!(asked.issuer, stage.desk.base_url());
    assert!(asked.issuer_name.unwrap().contains("test"));
    assert_eq!(asked.documents.len(), 7);
    let form = asked.transaction_code.unwrap();
    assert_eq!((form.numeric, form.length), (true, Some(6)));
    for mistyped in ["12345", "1234567", "12345x", ""] {
        let typed = offer.accept(Some(mistyped.into()), None).await;
        let wrong = WalletError::WrongPassword { kind: PasswordKind::TransactionCode, tries_left: None };
        assert_eq!(typed, Err(wrong), "{mistyped:?} never reaches the issuer");
    }
    let card = card_of(offer.accept(Some(visit.transaction_code.into()), None).await).unwrap();
    let citizen = people::adult();
    assert_eq!((card.name.as_str(), card.address.as_str()), (citizen.name, citizen.address));
    assert_eq!(card.portrait, citizen.portrait());
    assert!(card.copies.iter().map(|copies| copies.left).eq(Disclosure::ALL.map(Disclosure::batch)));
    assert_eq!(phone.keys.prompt_count(), prompts);
    assert_eq!(phone.wallet.state(), Ok(WalletState::Ready));
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::None));
    phone.wallet.refresh_staples().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_for_ten_minutes() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    let visit = stage.desk.visit(number()).await.unwrap();
    accept(&phone, &visit.link, &visit.transaction_code).await.unwrap();
    assert_eq!(accept(&phone, &visit.link, &visit.transaction_code).await, Err(REFUSED), "used");
    let visit = stage.desk.visit(number()).await.unwrap();
    stage.clock.advance(601);
    assert_eq!(accept(&phone, &visit.link, &visit.transaction_code).await, Err(REFUSED), "too old");
    let (older, newer) =
        (stage.desk.visit(number()).await.unwrap(), stage.desk.visit(number()).await.unwrap());
    assert_eq!(accept(&phone, &older.link, &older.transaction_code).await, Err(REFUSED), "another was made");
    accept(&phone, &newer.link, &newer.transaction_code).await.unwrap();
    assert_eq!(phone.wallet.cards().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_wrong_digits_end_an_offer() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    let visit = stage.desk.visit(number()).await.unwrap();
    let keys = phone.keys.key_count();
    for _ in 0..2 {
        assert_eq!(accept(&phone, &visit.link, &other(&visit.transaction_code)).await, Err(REFUSED));
    }
    accept(&phone, &visit.link, &visit.transaction_code).await.unwrap();
    let visit = stage.desk.visit(people::adult().registration_number).await.unwrap();
    for _ in 0..3 {
        assert_eq!(accept(&phone, &visit.link, &other(&visit.transaction_code)).await, Err(REFUSED));
    }
    assert_eq!(accept(&phone, &visit.link, &visit.transaction_code).await, Err(REFUSED));
    assert_eq!(phone.keys.key_count(), keys + 1 + 30, "the wallet's own key, and one per copy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_phone_is_refused_and_the_offer_waits_until_the_first_is_given_up() {
    let stage = Stage::new().await;
    let (first, second) = (stage.phone().await, stage.second_phone().await);
    first.enrol(&people::adult()).await.unwrap();
    let visit = stage.desk.visit(number()).await.unwrap();
    let refused = accept(&second, &visit.link, &visit.transaction_code).await;
    assert_eq!(refused, Err(WalletError::IssuerRefused { why: Refusal::AnotherPhone }));
    assert!(stage.desk.release(number()).await.unwrap());
    accept(&second, &visit.link, &visit.transaction_code).await.unwrap();
    assert_eq!(first.wallet.refresh_staples().await, Ok(0), "nobody vouches for the first phone's copies");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_takes_no_other_persons_offer() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    phone.enrol(&people::adult()).await.unwrap();
    let visit = stage.desk.visit(people::other_adult().registration_number).await.unwrap();
    let refused = accept(&phone, &visit.link, &visit.transaction_code).await;
    assert_eq!(refused, Err(WalletError::IssuerRefused { why: Refusal::AnotherHolder }));
    assert_eq!(phone.wallet.cards().unwrap()[0].name, people::adult().name);
    assert!(stage.desk.visit("000000-0000000").await.is_err(), "whom nobody registered gets no offer");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_issuers_offer_is_refused_before_anybody_is_asked() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    let stranger = desk_in(stage.folder.join("stranger"), &stage.clock).await;
    let visit = stranger.visit(number()).await.unwrap();
    phone.http.play(Some(Box::new(|_, _| panic!("nobody is asked"))));
    let refused = accept(&phone, &visit.link, &visit.transaction_code).await;
    assert_eq!(refused, Err(WalletError::NotTrusted { why: Distrust::ForeignIssuer }));
    let nonsense = Arc::clone(&phone.wallet).open_offer("openid-credential-offer://?x=1".to_owned()).await;
    assert_eq!(nonsense.err(), Some(WalletError::NotForThisWallet));
}

/// The network fails at the answer to the n-th request. Whatever was reached, the citizen gets one card in the end, the hardware
/// no key too many, and the digits are asked for again only where the issuer had not granted it yet.
#[tokio::test(flavor = "multi_thread")]
async fn whichever_answer_is_lost_there_is_one_card_in_the_end() {
    let mut lost_after_the_grant = 0;
    for lost in 0.. {
        let stage = Stage::new().await;
        let phone = stage.phone().await;
        let visit = stage.desk.visit(number()).await.unwrap();
        let count = Arc::new(AtomicU32::new(0));
        phone.http.play(Some(Box::new({
            let count = Arc::clone(&count);
            move |_, response| {
                let nth = count.fetch_add(1, Ordering::Relaxed);
                if nth == lost { Err(HttpError::Offline) } else { Ok(response) }
            }
        })));
        let first = accept(&phone, &visit.link, &visit.transaction_code).await;
        let reached_the_end = count.load(Ordering::Relaxed) <= lost;
        // The app ends and is started again.
        let phone = phone.reopened(|_| {}).await.unwrap();
        phone.http.play(None);
        match (first, phone.wallet.unfinished_issuance().unwrap()) {
            (Ok(_), UnfinishedIssuance::None) => {}
            // The card is there; only the issuer's notice was lost.
            (Ok(_), UnfinishedIssuance::Waiting) | (Err(_), UnfinishedIssuance::Waiting) => {
                lost_after_the_grant += 1;
                card_of(Arc::clone(&phone.wallet).resume_issuance(None).await).unwrap();
            }
            (Err(error), UnfinishedIssuance::None) => {
                assert_eq!(error, WalletError::Offline, "request {lost}");
                let again = stage.desk.visit(number()).await.unwrap();
                accept(&phone, &again.link, &again.transaction_code).await.unwrap();
            }
        }
        assert_eq!(phone.wallet.cards().unwrap().len(), 1);
        assert_eq!(phone.keys.key_count(), 2 + 1 + 30, "request {lost}");
        assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::None));
        if reached_the_end {
            assert!(lost > 20, "an issuance has more requests than {lost}");
            break;
        }
    }
    assert!(lost_after_the_grant > 15, "{lost_after_the_grant}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_may_be_started_again_in_the_middle() {
    let mut stage = Stage::new().await;
    let phone = stage.phone().await;
    let visit = stage.desk.visit(number()).await.unwrap();
    let offer = Arc::clone(&phone.wallet).open_offer(visit.link.clone()).await.unwrap();
    stage.restart().await;
    // The network is gone for good after the token.
    phone.http.play(Some(Box::new(|request, response| {
        if request.url.ends_with("/nonce") { Err(HttpError::Timeout) } else { Ok(response) }
    })));
    let cut = offer.accept(Some(visit.transaction_code.into()), None).await;
    assert_eq!(cut, Err(WalletError::Offline));
    stage.restart().await;
    phone.http.play(None);
    assert_eq!(phone.wallet.unfinished_issuance(), Ok(UnfinishedIssuance::Waiting));
    card_of(Arc::clone(&phone.wallet).resume_issuance(None).await).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_are_renewed_in_the_background_and_the_old_ones_end() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    assert_eq!(
        Arc::clone(&phone.wallet).renew_card(None).await,
        Err(WalletError::CardNotFound),
        "nothing renews what is not there"
    );
    phone.enrol(&people::adult()).await.unwrap();
    let prompts = phone.keys.prompt_count();
    stage.clock.advance(30 * 86_400);
    let renewed = card_of(Arc::clone(&phone.wallet).renew_card(None).await).unwrap();
    assert_eq!(phone.keys.prompt_count(), prompts);
    assert_eq!(renewed.enrolled_at, stage::NOW + 30 * 86_400);
    assert_eq!(phone.keys.key_count(), 2 + 1 + 30, "the old copies' keys are gone");
    stage.clock.advance(3600);
    assert_eq!(phone.wallet.refresh_staples().await, Ok(24));
    // A phone that was given up renews nothing.
    stage.desk.release(number()).await.unwrap();
    let visit = stage.desk.visit(number()).await.unwrap();
    let second = stage.second_phone().await;
    accept(&second, &visit.link, &visit.transaction_code).await.unwrap();
    let refused = Arc::clone(&phone.wallet).renew_card(None).await;
    assert!(matches!(refused, Err(WalletError::IssuerRefused { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_that_last_as_long_as_the_id_are_not_renewed_again() {
    let mut stage = Stage::new().await;
    let phone = stage.phone().await;
    let card = phone.enrol(&people::adult()).await.unwrap();
    let end = Date::parse(&card.valid_until).unwrap().starts_at();
    let renewed = async || {
        let refreshed = Arc::clone(&phone.wallet).refresh().await.unwrap();
        assert_eq!(refreshed.trouble, None);
        refreshed.renewed
    };
    stage.clock.advance(end - stage::NOW - 10 * 86_400);
    // Its signers were renewed meanwhile.
    stage.restart().await;
    assert_eq!(renewed().await, Renewed::Done);
    assert_eq!(renewed().await, Renewed::NotNeeded);
    // These end with the ID, and so would all that could be had.
    stage.clock.advance(6 * 86_400);
    assert_eq!(renewed().await, Renewed::NotNeeded);
    phone.wallet.lock().unwrap();
    assert_eq!(renewed().await, Renewed::NotNeeded, "and nobody is asked to unlock for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_wallet_takes_no_offer() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    phone.wallet.lock().unwrap();
    let visit = stage.desk.visit(number()).await.unwrap();
    assert_eq!(accept(&phone, &visit.link, &visit.transaction_code).await, Err(WalletError::Locked));
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    let offer = Arc::clone(&phone.wallet).open_offer(visit.link.clone()).await.unwrap();
    offer.cancel();
    let cancelled = offer.accept(Some(visit.transaction_code.clone().into()), None).await;
    assert_eq!(cancelled, Err(WalletError::UserCancelled));
    assert_eq!(phone.wallet.cards(), Ok(Vec::new()));
}
