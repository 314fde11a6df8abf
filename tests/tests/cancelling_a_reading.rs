//! Cancelling at every moment: before a reading has begun, while a command is on the air, as the card leaves the field.

use std::sync::{Arc, OnceLock};

use fixtures::{
    chip::{VirtualCard, VirtualLink},
    people, pki,
};
use wallet_core::{
    platform::{CardLink, LinkError, LinkLimits},
    wallet::{CardAccessView, CardReading, WalletError},
};

/// A link on which the citizen cancels while a command is on its way, and the card is lost or not.
struct Cancelling {
    inner: VirtualLink,
    at: u32,
    lost: bool,
    reading: OnceLock<Arc<CardReading>>,
}

#[async_trait::async_trait]
impl CardLink for Cancelling {
    async fn transceive(&self, apdu: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        let answer = self.inner.transceive_now(&apdu);
        if self.inner.commands() == self.at {
            self.reading.get().unwrap().cancel();
            if self.lost {
                self.inner.tap_again();
                return Err(LinkError::TagLost);
            }
        }
        answer
    }

    async fn limits(&self) -> Result<LinkLimits, LinkError> {
        self.inner.limits().await
    }
}

fn reading(link: Arc<dyn CardLink>) -> Arc<CardReading> {
    let roots = vec![pki::csca().certificate().to_vec()];
    let clock = Arc::new(fixtures::platform::FixedClock::new(1_795_570_000));
    let access = CardAccessView::Can { can: b"123456".to_vec() };
    CardReading::new(link, access, roots, clock, None).unwrap()
}

fn link() -> VirtualLink {
    VirtualLink::new(VirtualCard::of(&people::adult()).build())
}

#[tokio::test]
async fn a_reading_cancelled_before_it_begins_does_not_begin() {
    let link = Arc::new(link());
    let reading = reading(link.clone());
    let run = reading.run(None);
    reading.cancel();
    assert_eq!(run.await.map(|_| ()), Err(WalletError::UserCancelled));
    assert_eq!(link.commands(), 0);
    // The next one is another.
    assert!(reading.run(None).await.is_ok());
}

#[tokio::test]
async fn a_reading_cancelled_on_the_air_ends_and_nothing_of_it_stays() {
    let whole = Arc::new(link());
    reading(whole.clone()).run(None).await.unwrap();
    let all = whole.commands();
    for lost in [true, false] {
        for at in 1..=all {
            let link = Arc::new(Cancelling { inner: link(), at, lost, reading: OnceLock::new() });
            let reading = reading(link.clone());
            assert!(link.reading.set(reading.clone()).is_ok());
            let told = reading.run(None).await.map(|_| ());
            assert_eq!(told, Err(WalletError::UserCancelled), "{at} of {all}, lost: {lost}");
            assert!(!reading.is_paused(), "{at} of {all}");
            link.inner.tap_again();
            assert!(reading.run(None).await.is_ok(), "{at} of {all}");
        }
    }
}
