//! What the wallet does, through the facade: each test bears the id of a behaviour in behaviours.toml, and Kotlin and Swift
//! assert the same over the bindings.

mod bindings;
mod enrolling;
mod keeping;
mod offers;
mod opening;
mod reading;
mod showing;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use fixtures::{
    chip::{VirtualCard, VirtualLink},
    people,
    platform::{FixtureFaceCheck, MemoryAnchor, ScriptedHttp, SoftwareKeyStore},
};
use tests::scene::{CAN, Phone, Scene};
use wallet_core::{
    card::Disclosure,
    platform::{CardLink, LinkError, LinkLimits, Now},
    wallet::{CounterShow, Platform, Wallet, WalletError},
};

async fn enrolled(scene: &Scene) -> Phone {
    let phone = scene.phone("phone").await;
    phone.enrol(&people::adult()).await.unwrap();
    phone
}

async fn show_adult(phone: &Phone) -> Result<Arc<CounterShow>, WalletError> {
    let card = phone.wallet.cards()?.remove(0);
    phone.wallet.show_at_counter(card.id, Disclosure::AdultOnly, None).await
}

fn left(phone: &Phone, disclosure: Disclosure) -> u32 {
    let card = phone.wallet.cards().unwrap().remove(0);
    card.copies.iter().find(|copies| copies.disclosure == disclosure).unwrap().left
}

fn text_at(show: &CounterShow, unix_seconds: i64) -> String {
    show.frame(Now { unix_seconds }).unwrap().text
}

/// Opens the phone's vault with other seams.
async fn reopened(phone: &Phone, platform: Platform) -> Result<Arc<Wallet>, WalletError> {
    Wallet::open(platform, phone.config.clone()).await
}

/// The app ends and is started again.
async fn restarted(phone: Phone) -> Phone {
    let closed = phone.closed();
    let wallet = Wallet::open(closed.platform.clone(), closed.config.clone()).await.unwrap();
    closed.running(&wallet)
}

/// The adult's card over a link that calls `before` with the number of each command, from one.
struct WatchedLink<F> {
    inner: VirtualLink,
    commands: AtomicU32,
    before: F,
}

impl<F: Fn(u32) -> Result<(), LinkError> + Send + Sync> WatchedLink<F> {
    fn new(before: F) -> Arc<Self> {
        let inner = VirtualLink::new(VirtualCard::of(&people::adult()).can(CAN).build());
        Arc::new(Self { inner, commands: AtomicU32::new(0), before })
    }

    fn commands(&self) -> u32 {
        self.commands.load(Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl<F: Fn(u32) -> Result<(), LinkError> + Send + Sync> CardLink for WatchedLink<F> {
    async fn transceive(&self, apdu: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        (self.before)(self.commands.fetch_add(1, Ordering::SeqCst) + 1)?;
        // As over a real link, others get their turn.
        tokio::task::yield_now().await;
        self.inner.transceive(apdu).await
    }

    async fn limits(&self) -> Result<LinkLimits, LinkError> {
        self.inner.limits().await
    }
}

/// A phone's seams, all of them fakes that answer nothing by themselves.
fn bare_platform(scene: &Scene) -> Platform {
    Platform {
        key_store: Arc::new(SoftwareKeyStore::with_clock(scene.clock.clone())),
        anchor: Arc::new(MemoryAnchor::new()),
        http: Arc::new(ScriptedHttp::offline()),
        clock: scene.clock.clone(),
        face_check: Arc::new(FixtureFaceCheck::new()),
    }
}
