//! The wallet's facade against a running desk: what is left, and what goes on, when things do not go well.

#[cfg(test)]
mod documents;
#[cfg(test)]
mod lost_phone;
#[cfg(test)]
mod offers;
#[cfg(test)]
mod portal;
#[cfg(test)]
mod stage;

use std::sync::Arc;

use fixtures::{people, platform::SoftwareKeyStore};
use stage::{Stage, desk_in};
use wallet_core::{
    card::Disclosure,
    vault::EventKind,
    wallet::{Distrust, UnlockWith, Wallet, WalletError, WalletState},
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
    phone.enrol(&people::adult()).await.unwrap();
    assert_eq!(phone.keys.key_count(), keys, "the key that nobody knows is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_finger_costs_the_card_and_not_the_wallet() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    phone.enrol(&people::adult()).await.unwrap();
    phone.keys.invalidate_biometric_keys();
    phone.wallet.lock().unwrap();
    assert_eq!(phone.wallet.unlock(UnlockWith::Biometrics).await, Err(WalletError::KeyInvalidated));
    let prompts = phone.keys.prompt_count();
    phone.wallet.start_over().await.unwrap();
    assert_eq!(phone.keys.prompt_count(), prompts, "a dead key asks nobody");
    assert_eq!(phone.wallet.state().unwrap(), WalletState::Empty);
    // The issuer knows the phone again: the person is bound to its Instance key.
    phone.enrol(&people::adult()).await.unwrap();
    // With living keys it is an unlock.
    phone.wallet.lock().unwrap();
    phone.wallet.start_over().await.unwrap();
    assert_eq!(phone.wallet.cards().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_hardware_key_is_gone_is_moved_aside() {
    let stage = Stage::new().await;
    let mut phone = stage.phone().await;
    phone.platform.key_store = Arc::new(SoftwareKeyStore::new());
    let path = phone.config.vault_path.clone();
    let (platform, config) = (phone.platform.clone(), phone.config.clone());
    let outcome = phone.reopened(|_| {}).await.map(|_| ());
    let Err(WalletError::StorageCorrupt { kept_at: Some(kept) }) = outcome else { panic!("{outcome:?}") };
    assert!(std::fs::exists(kept).unwrap() && !std::fs::exists(path).unwrap());
    Wallet::open(platform, config).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_wallet_that_was_deleted_does_not_come_back() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    phone.enrol(&people::adult()).await.unwrap();
    let (path, platform, config) =
        (phone.config.vault_path.clone(), phone.platform.clone(), phone.config.clone());
    drop(phone);
    let former = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    drop(Wallet::open(platform.clone(), config.clone()).await.unwrap());
    std::fs::write(&path, former).unwrap();
    let outcome = Wallet::open(platform, config).await.map(|_| ());
    assert!(matches!(outcome, Err(WalletError::StorageCorrupt { .. })), "{outcome:?}");
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
    assert_eq!(card.valid_until, "2029-11-23");
    // Midnight of 22 December ends the copies.
    assert_eq!(card.copies_until.as_deref(), Some("2026-12-21"));
    phone.enrol(&people::adult()).await.unwrap();
    let kinds: Vec<_> = phone.wallet.history(9).unwrap().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [EventKind::CardReplaced, EventKind::CardAdded]);
}
