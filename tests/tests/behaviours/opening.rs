//! Opening and unlocking.

use std::sync::Arc;

use fixtures::{
    people,
    platform::{Answer, ScriptedHttp},
};
use tests::{
    held::Door,
    prompting::Prompting,
    scene::{Phone, Scene},
};
use wallet_core::{
    card::Disclosure,
    wallet::{Platform, UnlockWith, Wallet, WalletError, WalletState},
};

use crate::{enrolled, reopened};

async fn locked(scene: &Scene) -> Phone {
    // No answer is scripted: a request would fail.
    scene.locked_phone("phone", Arc::new(ScriptedHttp::offline())).await
}

#[tokio::test]
async fn opens_empty_without_a_prompt() {
    let scene = Scene::new().await;
    let phone = locked(&scene).await;
    assert_eq!(phone.wallet.state(), Ok(WalletState::Empty));
    assert_eq!(phone.prompts(), 0);
}

#[tokio::test]
async fn opens_again_with_the_same_card() {
    let scene = Scene::new().await;
    let mut phone = enrolled(&scene).await;
    let card = phone.wallet.cards().unwrap();
    let other = scene.locked_phone("other", Arc::new(ScriptedHttp::offline())).await.wallet;
    drop(std::mem::replace(&mut phone.wallet, other));
    let wallet = reopened(&phone, phone.platform.clone()).await.unwrap();
    assert_eq!(wallet.state(), Ok(WalletState::Locked));
    wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    assert_eq!(wallet.cards().unwrap(), card);
}

#[tokio::test]
async fn a_damaged_vault_is_moved_aside() {
    let scene = Scene::new().await;
    let Phone { wallet, platform, config, keys, face } = enrolled(&scene).await;
    drop((wallet, keys, face));
    let mut bytes = std::fs::read(&config.vault_path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0x55);
    std::fs::write(&config.vault_path, &bytes).unwrap();
    let opened = Wallet::open(platform.clone(), config.clone()).await;
    let Err(WalletError::StorageCorrupt { kept_at: Some(kept_at) }) = opened.map(|_| ()) else { panic!() };
    assert_eq!(std::fs::read(kept_at).unwrap(), bytes);
    let fresh = Wallet::open(platform, config).await.unwrap();
    assert_eq!(fresh.state(), Ok(WalletState::Empty));
}

#[tokio::test]
async fn unlocks_with_one_prompt() {
    let scene = Scene::new().await;
    let phone = locked(&scene).await;
    for _ in 0..2 {
        phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
        assert_eq!(phone.prompts(), 1);
    }
}

#[tokio::test]
async fn a_cancelled_unlock_stays_locked() {
    let scene = Scene::new().await;
    let phone = locked(&scene).await;
    phone.keys.answer_next(Answer::Cancel);
    assert_eq!(phone.wallet.unlock(UnlockWith::Biometrics).await, Err(WalletError::UserCancelled));
    assert_eq!(phone.wallet.cards(), Err(WalletError::Locked));
}

#[tokio::test]
async fn a_lock_while_the_prompt_is_up_wins() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await.closed();
    let keys = Prompting::new(phone.keys.clone(), Door::default());
    let platform = Platform { key_store: keys.clone(), ..phone.platform.clone() };
    let wallet = Wallet::open(platform, phone.config.clone()).await.unwrap();
    let prompts = phone.keys.prompt_count();
    keys.before.shut();
    let asked = tokio::spawn({
        let wallet = Arc::clone(&wallet);
        async move { wallet.unlock(UnlockWith::Biometrics).await }
    });
    keys.before.reached().await;
    wallet.lock().unwrap();
    keys.before.open();
    assert_eq!(asked.await.unwrap(), Err(WalletError::Locked));
    assert_eq!(wallet.state(), Ok(WalletState::Locked));
    wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    assert_eq!(wallet.state(), Ok(WalletState::Ready));
    assert_eq!(phone.keys.prompt_count(), prompts + 2);
}

#[tokio::test]
async fn a_lock_out_is_told() {
    let scene = Scene::new().await;
    let phone = locked(&scene).await;
    phone.keys.answer_next(Answer::FailUntilLockedOut);
    for _ in 0..2 {
        assert_eq!(phone.wallet.unlock(UnlockWith::Biometrics).await, Err(WalletError::LockedOut));
    }
    phone.keys.end_lock_out();
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
}

#[tokio::test]
async fn missing_biometrics_are_told() {
    let scene = Scene::new().await;
    let phone = locked(&scene).await;
    let (platform, mut config) = (phone.platform.clone(), phone.config.clone());
    config.vault_path.push_str("-new");
    let open = || Wallet::open(platform.clone(), config.clone());
    phone.keys.set_biometrics(false);
    assert_eq!(open().await.map(|_| ()), Err(WalletError::NoBiometrics));
    phone.keys.set_biometrics(true);
    open().await.unwrap().unlock(UnlockWith::Biometrics).await.unwrap();
}

#[tokio::test]
async fn invalidated_keys_start_over() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    phone.wallet.lock().unwrap();
    phone.keys.invalidate_biometric_keys();
    assert_eq!(phone.wallet.unlock(UnlockWith::Biometrics).await, Err(WalletError::KeyInvalidated));
    phone.wallet.start_over().await.unwrap();
    assert_eq!(phone.wallet.cards(), Ok(Vec::new()));
    phone.enrol(&people::adult()).await.unwrap();
    assert_eq!(phone.wallet.cards().unwrap().len(), 1);
}

#[tokio::test]
async fn a_locked_wallet_shows_nothing() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let card = phone.wallet.cards().unwrap().remove(0).id;
    phone.wallet.lock().unwrap();
    assert_eq!(phone.wallet.cards(), Err(WalletError::Locked));
    assert_eq!(phone.wallet.history(9), Err(WalletError::Locked));
    let shown = phone.wallet.show_at_counter(card, Disclosure::AdultOnly, None).await;
    assert_eq!(shown.map(|_| ()), Err(WalletError::Locked));
}
