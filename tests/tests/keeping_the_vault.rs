//! What the wallet says when its file was tampered with, put back, or cannot grow.

use std::sync::Arc;

use fixtures::{people, platform::MemoryAnchor};
use tests::scene::{Phone, Scene};
use wallet_core::{
    card::Disclosure,
    wallet::{UnlockWith, Wallet, WalletError, WalletState},
};

async fn enrolled(scene: &Scene) -> Phone {
    let phone = scene.phone("phone").await;
    phone.enrol(&people::adult()).await.unwrap();
    phone
}

#[tokio::test]
async fn an_altered_file_is_moved_aside_and_kept() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let (platform, config) = (phone.platform.clone(), phone.config.clone());
    drop(phone);
    let mut file = std::fs::read(&config.vault_path).unwrap();
    // In every page: a spot that no row uses would be no damage.
    for spot in (2048..file.len()).step_by(4096) {
        file[spot] ^= 0x10;
    }
    let altered = file.clone();
    std::fs::write(&config.vault_path, file).unwrap();
    let outcome = match Wallet::open(platform.clone(), config.clone()).await {
        Ok(wallet) => {
            let unlocked = wallet.unlock(UnlockWith::Biometrics).await;
            unlocked.and_then(|()| wallet.cards()).map(|_| ())
        }
        Err(error) => Err(error),
    };
    let Err(WalletError::StorageCorrupt { kept_at: Some(kept_at) }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(std::fs::read(kept_at).unwrap(), altered, "nothing is deleted");
    let fresh = Wallet::open(platform, config).await.unwrap();
    assert_eq!(fresh.state().unwrap(), WalletState::Empty);
}

#[tokio::test]
async fn a_file_put_back_is_noticed_and_left_alone() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let (platform, config) = (phone.platform.clone(), phone.config.clone());
    let Phone { wallet, .. } = phone;
    drop(wallet);
    let older = std::fs::read(&config.vault_path).unwrap();
    let wallet = Wallet::open(platform.clone(), config.clone()).await.unwrap();
    wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    let card = wallet.cards().unwrap().remove(0);
    wallet.show_at_counter(card.id, Disclosure::AdultOnly, None).await.unwrap();
    drop(wallet);
    // With the older file the used copy would be fresh again.
    std::fs::write(&config.vault_path, &older).unwrap();
    let outcome = Wallet::open(platform, config.clone()).await.map(|_| ());
    assert_eq!(outcome, Err(WalletError::StorageCorrupt { kept_at: None }));
    assert_eq!(std::fs::read(&config.vault_path).unwrap(), older);
}

#[tokio::test]
async fn a_copied_file_is_useless_on_another_phone() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let other = scene.phone("other").await;
    let (platform, config) = (phone.platform.clone(), phone.config.clone());
    let Phone { wallet, .. } = phone;
    drop(wallet);
    let mut stolen = other.config.clone();
    stolen.vault_path.push_str("-stolen");
    std::fs::copy(&config.vault_path, &stolen.vault_path).unwrap();
    let thief =
        wallet_core::wallet::Platform { anchor: Arc::new(MemoryAnchor::new()), ..other.platform.clone() };
    assert!(Wallet::open(thief, stolen).await.is_err());
    let wallet = Wallet::open(platform, config).await.unwrap();
    wallet.unlock(UnlockWith::Biometrics).await.unwrap();
}
