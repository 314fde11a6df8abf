//! What the wallet learns about cards while it reads them: how much they give at once, and whether to go on with the photo.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use fixtures::{
    chip::{CardBuilder, Fault, VirtualCard, VirtualLink, When},
    people,
    pki::{self, DocumentSigner},
};
use tests::scene::{CAN, Phone, Scene};
use wallet_core::{
    bytes::Secret,
    platform::{CardLink, Clock, ClockError, KeyStore, LinkError, LinkLimits, Now},
    vault::Vault,
    wallet::{CardAccessView, CardReading, ChipEvidence, Distrust, Wallet, WalletError},
};

/// A link that keeps what was said, and carries less than it says it does.
struct Narrow {
    link: VirtualLink,
    carries: usize,
    said: Mutex<Vec<(Vec<u8>, Vec<u8>)>>,
}

impl Narrow {
    fn to(card: CardBuilder) -> Arc<Self> {
        Self::carrying(usize::MAX, card)
    }

    fn carrying(carries: usize, card: CardBuilder) -> Arc<Self> {
        Arc::new(Self { link: VirtualLink::new(card.build()), carries, said: Mutex::default() })
    }

    /// Answers that refuse a length, in the plain.
    fn refusals(&self) -> usize {
        self.said.lock().unwrap().iter().filter(|(_, answer)| *answer == [0x67, 0x00]).count()
    }

    fn commands(&self) -> usize {
        self.said.lock().unwrap().len()
    }

    fn longest_answer(&self) -> usize {
        self.said.lock().unwrap().iter().map(|(_, answer)| answer.len()).max().unwrap()
    }

    /// How often EF.ATR/INFO was asked for.
    fn lengths_asked(&self) -> usize {
        self.said.lock().unwrap().iter().filter(|(command, _)| command.starts_with(&[0, 0xB0, 0x81])).count()
    }
}

#[async_trait::async_trait]
impl CardLink for Narrow {
    async fn transceive(&self, apdu: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        let answer = self.link.transceive_now(&apdu)?;
        if apdu.len().max(answer.len()) > self.carries {
            return Err(LinkError::TooLong);
        }
        self.said.lock().unwrap().push((apdu, answer.clone()));
        Ok(answer)
    }

    async fn limits(&self) -> Result<LinkLimits, LinkError> {
        self.link.limits().await
    }
}

fn card() -> CardBuilder {
    VirtualCard::of(&people::adult())
}

/// Another person's, of the same make.
fn sibling() -> CardBuilder {
    VirtualCard::of(&people::elder())
}

async fn read(phone: &Phone, link: Arc<dyn CardLink>) -> Result<Arc<ChipEvidence>, WalletError> {
    let access = CardAccessView::Can { can: CAN.as_bytes().to_vec() };
    phone.wallet.read_card(link, access, None).unwrap().run(Some(vec![7; 8])).await
}

#[tokio::test]
async fn a_model_that_refused_long_commands_is_not_asked_for_them_again() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let first = Narrow::to(card().short_apdus_only());
    read(&phone, first.clone()).await.unwrap();
    assert_eq!((first.refusals(), first.lengths_asked()), (1, 1));
    let second = Narrow::to(sibling().short_apdus_only());
    read(&phone, second.clone()).await.unwrap();
    assert_eq!((second.refusals(), second.lengths_asked()), (0, 0));
    // As many commands as over a link that carries short ones only: the door once, and no look at lengths.
    let short = Arc::new(VirtualLink::new(sibling().build()).short());
    read(&phone, short.clone()).await.unwrap();
    assert_eq!(second.commands(), usize::try_from(short.commands()).unwrap());
    // Another model is met with all hope.
    let another = Narrow::to(card().pace(fixtures::chip::Cipher::Aes256, fixtures::chip::Curve::P384));
    read(&phone, another.clone()).await.unwrap();
    assert!(another.longest_answer() > 4000);
}

#[tokio::test]
async fn a_refusal_is_remembered_though_the_reading_failed() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let untrusted = Narrow::to(card().short_apdus_only().signed_by(DocumentSigner::Rogue));
    read(&phone, untrusted.clone()).await.unwrap_err();
    assert_eq!(untrusted.refusals(), 1);
    let next = Narrow::to(sibling().short_apdus_only());
    read(&phone, next.clone()).await.unwrap();
    assert_eq!(next.refusals(), 0);
}

/// The app ends and begins anew, after `meddle` had a hand in what the phone keeps.
async fn restarted(phone: Phone, meddle: impl FnOnce(&mut Vault)) -> Phone {
    let closed = phone.closed();
    let path = std::path::Path::new(&closed.config.vault_path);
    let device = Vault::header(path).unwrap().device;
    let key = closed.keys.unwrap(device.alias, device.wrapped, None).await.unwrap();
    meddle(&mut Vault::open(path, &Secret::from_slice(&key).unwrap(), 0).unwrap());
    let wallet = Wallet::open(closed.platform.clone(), closed.config.clone()).await.unwrap();
    closed.running(&wallet)
}

#[tokio::test]
async fn what_a_model_refused_is_known_after_the_app_ended() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let first = Narrow::to(card().short_apdus_only());
    read(&phone, first.clone()).await.unwrap();
    assert_eq!((first.refusals(), first.lengths_asked()), (1, 1));
    // Sixteen bytes for a model, and what it takes.
    let row = |vault: &mut Vault| vault.public_data("card-models").unwrap().unwrap();
    let phone = restarted(phone, |vault| assert_eq!(row(vault).len(), 1 + 25)).await;
    let second = Narrow::to(sibling().short_apdus_only());
    read(&phone, second.clone()).await.unwrap();
    assert_eq!((second.refusals(), second.lengths_asked()), (0, 0));
    assert!(second.longest_answer() <= 258);
    // Nothing new was learned, so nothing was written.
    let version = |vault: &mut Vault| vault.version();
    let (mut before, mut after) = (0, 0);
    let phone = restarted(phone, |vault| before = version(vault)).await;
    read(&phone, Narrow::to(card().short_apdus_only())).await.unwrap();
    let _ = restarted(phone, |vault| after = version(vault)).await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_memory_of_cards_that_no_version_knows_counts_as_none() {
    let scene = Scene::new().await;
    for damage in [&b""[..], &[1], &[2], &[1, 7], &[0xFF; 26]] {
        let phone = scene.phone(&format!("phone-{}", hex::encode(damage))).await;
        read(&phone, Narrow::to(card().short_apdus_only())).await.unwrap();
        let phone = restarted(phone, |vault| vault.set_public_data("card-models", damage).unwrap()).await;
        let again = Narrow::to(card().short_apdus_only());
        read(&phone, again.clone()).await.unwrap();
        assert_eq!((again.refusals(), again.lengths_asked()), (1, 1), "{damage:?}");
        let phone = restarted(phone, |_| ()).await;
        let learned = Narrow::to(card().short_apdus_only());
        read(&phone, learned.clone()).await.unwrap();
        assert_eq!((learned.refusals(), learned.lengths_asked()), (0, 0), "{damage:?}");
    }
}

#[tokio::test]
async fn what_a_card_that_nobody_believes_taught_ends_with_the_app() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    read(&phone, Narrow::to(card().short_apdus_only().signed_by(DocumentSigner::Rogue))).await.unwrap_err();
    let phone = restarted(phone, |vault| assert_eq!(vault.public_data("card-models"), Ok(None))).await;
    let next = Narrow::to(sibling());
    read(&phone, next.clone()).await.unwrap();
    assert!(next.longest_answer() > 4000);
}

#[tokio::test]
async fn a_reading_keeps_no_wallet_open() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let access = CardAccessView::Can { can: CAN.as_bytes().to_vec() };
    let reading = phone.wallet.read_card(Narrow::to(card()), access, None).unwrap();
    let phone = restarted(phone, |_| ()).await;
    reading.run(None).await.unwrap();
    let _ = restarted(phone, |vault| assert_eq!(vault.public_data("card-models"), Ok(None))).await;
}

#[tokio::test]
async fn a_card_is_asked_for_no_more_than_it_announces() {
    let scene = Scene::new().await;
    for (name, extended, length, most) in
        [("long", true, 1024, 1024), ("short", false, 1024, 258), ("nonsense", true, 2, 258)]
    {
        let phone = scene.phone(name).await;
        for card in [card(), sibling()] {
            let link = Narrow::to(card.announces(extended, 1024, length));
            read(&phone, link.clone()).await.unwrap();
            assert_eq!(link.refusals(), 0);
            assert!(link.longest_answer() <= most, "{name}: {}", link.longest_answer());
            assert!(link.longest_answer() > most / 2, "{name}: {}", link.longest_answer());
        }
    }
}

#[tokio::test]
async fn a_link_that_carries_less_than_it_says_is_read_over_by_short_commands() {
    let scene = Scene::new().await;
    for carries in [261, 600, 3000] {
        let phone = scene.phone(&format!("phone-{carries}")).await;
        let link = Narrow::carrying(carries, card());
        let evidence = read(&phone, link.clone()).await.unwrap();
        assert_eq!(evidence.holder().unwrap().name, people::adult().name);
        assert!(link.longest_answer() <= carries);
    }
    // Where not even short commands pass, that is said.
    let phone = scene.phone("none").await;
    let outcome = read(&phone, Narrow::carrying(100, card())).await.map(|_| ());
    assert!(
        matches!(outcome, Err(WalletError::Unavailable { .. } | WalletError::CardUnreadable { .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn the_photo_of_a_card_that_nobody_we_know_signed_is_not_waited_for() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let trusted = Narrow::to(card());
    read(&phone, trusted.clone()).await.unwrap();
    let untrusted = Narrow::to(card().signed_by(DocumentSigner::Rogue));
    let refused = read(&phone, untrusted.clone()).await.map(|_| ());
    assert_eq!(refused, Err(WalletError::NotTrusted { why: Distrust::ChipSigner }));
    // The photo's first part is on the air when the signature turns out to be nobody's. The second card is of a model that
    // was met.
    let parts = card().build().file(0x0102).unwrap().len().div_ceil(4000);
    assert!(parts > 2);
    assert_eq!(untrusted.commands(), trusted.commands() - 1 - (parts - 1));
    // A copied chip likewise.
    let copy = Narrow::to(card().cloned_without_its_key());
    assert_eq!(
        read(&phone, copy.clone()).await.map(|_| ()),
        Err(WalletError::NotTrusted { why: Distrust::ChipCloned })
    );
    assert_eq!(copy.commands(), untrusted.commands());
}

/// A clock that tells whether it was asked.
struct Watched(AtomicBool);

impl Clock for Watched {
    fn now(&self) -> Result<Now, ClockError> {
        self.0.store(true, Ordering::Release);
        Ok(Now { unix_seconds: tests::scene::NOON })
    }
}

/// A card that gives the first part of its photo once its signature is being looked at, and is silent otherwise.
struct Waiting {
    link: VirtualLink,
    clock: Arc<Watched>,
}

#[async_trait::async_trait]
impl CardLink for Waiting {
    async fn transceive(&self, apdu: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        let photo = apdu.starts_with(&[0x0C, 0xB0, 0x82]);
        for _ in 0..100 {
            if !photo || self.clock.0.load(Ordering::Acquire) {
                return self.link.transceive_now(&apdu);
            }
            tokio::task::yield_now().await;
        }
        Err(LinkError::Timeout)
    }

    async fn limits(&self) -> Result<LinkLimits, LinkError> {
        self.link.limits().await
    }
}

#[tokio::test]
async fn signatures_are_verified_while_the_photo_is_on_the_air() {
    let clock = Arc::new(Watched(AtomicBool::new(false)));
    let link = Arc::new(Waiting { link: VirtualLink::new(card().build()), clock: clock.clone() });
    let access = CardAccessView::Can { can: CAN.as_bytes().to_vec() };
    let roots = vec![pki::csca().certificate().to_vec()];
    let reading = CardReading::new(link, access, roots, clock, None).unwrap();
    reading.run(Some(vec![7; 8])).await.unwrap();
}

#[tokio::test]
async fn a_photo_altered_after_everything_else_was_believed_is_noticed() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let altered = Err(WalletError::NotTrusted { why: Distrust::ChipDataAltered });
    assert_eq!(read(&phone, Narrow::to(card().altered_group(2))).await.map(|_| ()), altered);
    // Also where the card was lost amid it.
    let link =
        Arc::new(VirtualLink::new(card().altered_group(2).build()).with_fault(When::At(17), Fault::Drop));
    let access = CardAccessView::Can { can: CAN.as_bytes().to_vec() };
    let reading = phone.wallet.read_card(link.clone(), access, None).unwrap();
    assert_eq!(reading.run(None).await.map(|_| ()), Err(WalletError::CardLost));
    link.tap_again();
    assert_eq!(reading.run(None).await.map(|_| ()), altered);
}

#[tokio::test]
async fn a_card_that_hides_the_keys_it_should_have_is_taken_for_a_copy() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    for group in [14_u16, 15] {
        let mut hiding = card().build();
        hiding.remove_file(0x0100 | group).unwrap();
        let outcome = read(&phone, Arc::new(VirtualLink::new(hiding))).await.map(|_| ());
        assert_eq!(outcome, Err(WalletError::NotTrusted { why: Distrust::ChipCloned }), "DG{group}");
    }
    // One that has no such group at all is read, and says that the proof was not made.
    let without = card().without_group(14).active_authentication(fixtures::chip::ActiveAuthentication::None);
    read(&phone, Arc::new(VirtualLink::new(without.build()))).await.unwrap();
}
