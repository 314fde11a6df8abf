//! The wallet's facade against a running desk: what is left, and what goes on, when things do not go well.

#[cfg(test)]
mod stage;

use fixtures::people;
use stage::{Stage, desk_in};
use wallet_core::{
    card::Disclosure,
    vault::EventKind,
    wallet::{Distrust, Refusal, WalletError},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_began_anew_does_not_lock_a_phone_out() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    phone.enrol(&people::adult()).await.unwrap();
    let keys = phone.keys.key_count();
    let desk = desk_in(stage.folder.join("desk-2"), &stage.clock).await;
    let phone = phone.reopened(|config| {
        config.issuer_url = desk.base_url().to_owned();
        config.issuer_roots = vec![desk.issuer_root().to_vec()];
    });
    let phone = phone.await.unwrap();
    let refused = phone.enrol(&people::adult()).await;
    assert_eq!(refused, Err(WalletError::IssuerRefused { why: Refusal::AttestationRefused }));
    assert_eq!(phone.keys.key_count(), keys - 1, "the key that nobody knows is gone");
    phone.enrol(&people::adult()).await.unwrap();
    assert_eq!(phone.keys.key_count(), keys);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_show_that_never_came_to_a_prompt_costs_no_copy() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    let card = phone.enrol(&people::adult()).await.unwrap();
    phone.anchor.set_available(false);
    let shown = phone.wallet.show_at_counter(card.id.clone(), Disclosure::AdultOnly, None).await;
    assert!(matches!(shown.map(|_| ()), Err(WalletError::Unavailable { .. })));
    assert_eq!(phone.wallet.cards().unwrap()[0].copies, card.copies);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staple_from_the_future_is_refused() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    phone.enrol(&people::adult()).await.unwrap();
    stage.clock.advance(3600);
    phone.http.play(Some(Box::new(|request, mut response| {
        if request.url.ends_with("/staples") {
            let mut answer: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
            answer["staples"][0]["hour"] = u32::MAX.into();
            response.body = serde_json::to_vec(&answer).unwrap();
        }
        Ok(response)
    })));
    let refused = phone.wallet.refresh_staples().await;
    assert_eq!(refused, Err(WalletError::NotTrusted { why: Distrust::IssuerAnswer }));
    phone.http.play(None);
    assert_eq!(phone.wallet.refresh_staples().await, Ok(24));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_takes_anothers_place_says_so_and_names_its_last_day() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    let card = phone.enrol(&people::adult()).await.unwrap();
    // Midnight of 23 January ends it.
    assert_eq!(card.valid_until, "2027-01-22");
    phone.enrol(&people::adult()).await.unwrap();
    let kinds: Vec<_> = phone.wallet.history(9).unwrap().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [EventKind::CardReplaced, EventKind::CardAdded]);
}
