//! A chip without the key that its issuer signed, and one with it, disturbed at every command: whatever the one does it is
//! never believed, and whatever happens to the other it proves itself before it is done.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use fixtures::{
    chip::{
        ActiveAuthentication, CardBuilder, ChipAuthentication, Cipher, Curve, Fault, Mapping, VirtualCard,
        VirtualLink, When,
    },
    people,
    pki::{self, DocumentSigner},
};
use wallet_core::{
    chip::{
        Can, CardAccess, ChipAuthentication as Outcome, ChipData, ChipError, Entropy, FileSet, KnownModels,
        ReadPlan, Reading, Relay, Step,
    },
    crypto::random::make_random,
    platform::{CardLink, LinkError, LinkLimits},
    tlv,
    wallet::{
        CardAccessView, CardReading, CardTrouble, ChipCheckFailure, ChipCheckOutcome, ChipCheckSkip,
        Distrust, WalletError,
    },
};

const LONG: LinkLimits = LinkLimits { max_command: 65_544, max_response: 65_538, extended: true };
const SHORT: LinkLimits = LinkLimits { max_command: 261, max_response: 258, extended: false };

fn with_key() -> CardBuilder {
    VirtualCard::of(&people::adult()).chip_authentication(ChipAuthentication::AES_128)
}

fn plan(limits: LinkLimits) -> ReadPlan {
    ReadPlan {
        access: CardAccess::Can(Can::parse("123456").unwrap()),
        files: FileSet::WALLET,
        challenge: None,
        chip_authentication: true,
        relay: Relay::Never,
        limits,
        models: KnownModels::default(),
        entropy: entropy(),
    }
}

fn entropy() -> Entropy {
    Entropy::new(make_random().unwrap())
}

/// What happens at one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Nothing,
    /// The card leaves the field before it hears the command, and is given back.
    Lost,
    /// The card says so and no more, and its session is over.
    Bare(u16),
}

/// Reads the card, and how many commands that took.
fn read(
    card: &mut VirtualCard,
    limits: LinkLimits,
    at: u32,
    event: Event,
) -> (Result<ChipData, ChipError>, u32) {
    card.reset();
    let (mut reading, mut step) = Reading::begin(plan(limits)).unwrap();
    let mut number = 0;
    loop {
        let command = match step {
            Step::Transmit(command) => command,
            Step::Done(data) => return (Ok(*data), number),
            Step::AskServer => panic!("no server was named"),
        };
        number += 1;
        let next = match event {
            Event::Lost if number == at => {
                card.reset();
                reading.pause().resume(limits, entropy())
            }
            Event::Bare(status) if number == at => {
                card.reset();
                reading.handle(&status.to_be_bytes())
            }
            _ => reading.handle(&card.process(&command)),
        };
        match next {
            Ok(next) => (reading, step) = next,
            Err(error) => return (Err(error), number),
        }
    }
}

const EVENTS: [Event; 4] = [Event::Lost, Event::Bare(0x6700), Event::Bare(0x6F00), Event::Bare(0x6282)];

#[test]
fn a_copy_is_never_believed_whatever_it_does_and_wherever_it_is_lost() {
    for limits in [LONG, SHORT] {
        let copy = || with_key().cloned_without_its_chip_key().build();
        let (found_out, all) = read(&mut copy(), limits, 0, Event::Nothing);
        assert_eq!(found_out.unwrap_err(), ChipError::NotGenuine);
        for event in EVENTS {
            for at in 1..=all {
                let (outcome, _) = read(&mut copy(), limits, at, event);
                assert!(outcome.is_err(), "{event:?} at {at} of {all}: {outcome:?}");
            }
        }
    }
}

#[test]
fn an_original_proves_itself_wherever_it_was_lost() {
    for limits in [LONG, SHORT] {
        let original = || with_key().build();
        let (whole, all) = read(&mut original(), limits, 0, Event::Nothing);
        let whole = whole.unwrap();
        assert_eq!(whole.chip_authentication, Outcome::Proven);
        let mut resumed = 0;
        for event in EVENTS {
            for at in 1..=all {
                // Beyond the photo's beginning a short link has nothing new to tell.
                if at > 40 && at % 10 != 0 {
                    continue;
                }
                match read(&mut original(), limits, at, event) {
                    (Ok(data), _) => {
                        assert_eq!(data.chip_authentication, Outcome::Proven, "{event:?} at {at} of {all}");
                        assert_eq!(data.groups, whole.groups, "{event:?} at {at} of {all}");
                        resumed += 1;
                    }
                    (Err(error), _) => {
                        assert_ne!(event, Event::Lost, "at {at} of {all}: {error}");
                        // Under keys that only the original has, a bare word to a short command is what a copy says.
                        let accused = error == ChipError::NotGenuine;
                        assert!(!accused || limits == SHORT, "{event:?} at {at} of {all}");
                    }
                }
            }
        }
        assert!(resumed > 20, "{resumed}");
    }
}

/// A card that maps by its own key, and knows the generic mapping too.
fn mapping(builder: CardBuilder) -> CardBuilder {
    builder
        .chip_authentication(ChipAuthentication::AES_128)
        .pace_by(Mapping::ChipAuthentication, Cipher::Aes128, Curve::P256)
        .also_pace(Cipher::Aes128, Curve::P256)
}

/// MSE:Set AT for the mapping by the chip's key.
fn asks_to_map_by_its_key(command: &[u8]) -> bool {
    command.starts_with(&[0, 0x22, 0xC1, 0xA4])
        && command.get(7..15) == Some(b"\x04\x00\x7F\x00\x07\x02\x02\x04")
        && command.get(15) == Some(&6)
}

/// Reads `first` to the command before `at`, then `second`, which refuses to map by its key.
fn exchanged(first: &mut VirtualCard, second: &mut VirtualCard, at: u32) -> Result<ChipData, ChipError> {
    let (mut reading, mut step) = Reading::begin(plan(SHORT))?;
    while reading.apdus() < at {
        let Step::Transmit(command) = step else { panic!("over before {at}") };
        (reading, step) = reading.handle(&first.process(&command))?;
    }
    second.reset();
    (reading, step) = reading.pause().resume(SHORT, entropy())?;
    let mut refused = false;
    loop {
        match step {
            Step::Transmit(command) if asks_to_map_by_its_key(&command) => {
                refused = true;
                (reading, step) = reading.handle(&[0x6A, 0x80])?;
            }
            Step::Transmit(command) => (reading, step) = reading.handle(&second.process(&command))?,
            Step::AskServer => panic!("no server was named"),
            Step::Done(data) => {
                assert!(refused);
                return Ok(*data);
            }
        }
    }
}

#[test]
fn what_one_card_proved_at_the_door_is_no_proof_of_the_next() {
    let own = || mapping(VirtualCard::of(&people::adult())).build();
    let whole = read(&mut own(), SHORT, 0, Event::Nothing).0.unwrap();
    assert!(whole.mapping_proof.is_some());
    // The door, EF.CardSecurity, the application, and EF.SOD.
    for at in 2..40 {
        let copy = || mapping(VirtualCard::of(&people::elder())).cloned_without_its_chip_key().build();
        let outcome = exchanged(&mut own(), &mut copy(), at);
        assert!(outcome.is_err(), "{at}: {outcome:?}");
        // Whose document it is comes before what its chip can prove: another card is no copy.
        if at > 25 {
            assert_eq!(outcome.unwrap_err(), ChipError::AnotherCard, "{at}");
        }
        // A genuine card whose chip says no to the mapping the second time proves itself the other way.
        let data = exchanged(&mut own(), &mut own(), at).unwrap_or_else(|error| panic!("{at}: {error}"));
        assert!(data.mapping_proof.is_none() && data.card_security.is_some(), "{at}");
        assert_eq!(data.chip_authentication, Outcome::Proven, "{at}");
        assert_eq!(data.groups, whole.groups, "{at}");
    }
}

#[tokio::test]
async fn a_card_that_maps_by_its_key_is_proven_wherever_it_was_lost() {
    let reading = |link: &Arc<VirtualLink>| {
        let roots = vec![pki::csca().certificate().to_vec()];
        let clock = Arc::new(fixtures::platform::FixedClock::new(1_795_570_000));
        let access = CardAccessView::Can { can: b"123456".to_vec() };
        CardReading::new(link.clone(), access, roots, clock, None).unwrap()
    };
    let card = || mapping(VirtualCard::of(&people::adult())).build();
    let whole = Arc::new(VirtualLink::new(card()));
    reading(&whole).run(None).await.unwrap();
    for lost_at in 1..=whole.commands() {
        let link = Arc::new(VirtualLink::new(card()).with_fault(When::At(lost_at), Fault::Drop));
        let reading = reading(&link);
        assert_eq!(reading.run(None).await.map(|_| ()), Err(WalletError::CardLost), "{lost_at}");
        link.tap_again();
        let checks = reading.run(None).await.unwrap_or_else(|error| panic!("{lost_at}: {error}")).checks();
        let proven = checks.iter().find(|check| check.name == "chip_authentication").unwrap();
        assert_eq!(proven.outcome, ChipCheckOutcome::Passed, "{lost_at}");
    }
}

/// A copy that refuses to map by its key at first, drops the reading amid the photo, and then maps by a key of its own.
struct Changing {
    card: Mutex<VirtualCard>,
    doors: AtomicU32,
    dropped: AtomicBool,
}

#[async_trait::async_trait]
impl CardLink for Changing {
    async fn transceive(&self, apdu: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        let mut card = self.card.lock().unwrap();
        if asks_to_map_by_its_key(&apdu) && self.doors.fetch_add(1, Ordering::Relaxed) == 0 {
            return Ok(vec![0x6A, 0x80]);
        }
        let answer = card.process(&apdu);
        if answer.len() > 3000 && !self.dropped.swap(true, Ordering::Relaxed) {
            card.reset();
            return Ok(vec![0x67, 0]);
        }
        Ok(answer)
    }

    async fn limits(&self) -> Result<LinkLimits, LinkError> {
        Ok(LONG)
    }
}

#[tokio::test]
async fn a_proof_made_at_a_later_door_is_looked_at_like_the_first() {
    let run = async |card: VirtualCard| {
        let link =
            Changing { card: Mutex::new(card), doors: AtomicU32::new(0), dropped: AtomicBool::new(false) };
        let link = Arc::new(link);
        let roots = vec![pki::csca().certificate().to_vec()];
        let clock = Arc::new(fixtures::platform::FixedClock::new(1_795_570_000));
        let access = CardAccessView::Can { can: b"123456".to_vec() };
        let reading = CardReading::new(link.clone(), access, roots, clock, None).unwrap();
        let outcome = reading.run(None).await;
        let doors = link.doors.load(Ordering::Relaxed);
        outcome.map(|evidence| (evidence.checks(), doors))
    };
    // Without EF.DG14 the chip's key is in EF.CardSecurity alone.
    let card = || mapping(VirtualCard::of(&people::adult())).without_group(14);
    let (checks, doors) = run(card().build()).await.unwrap();
    assert_eq!(doors, 2);
    assert!(checks.iter().any(|check| {
        // … and nothing signed ties it to this document.
        check.name == "chip_authentication" && check.outcome == ChipCheckOutcome::PassedWeakly
    }));
    let copied = run(card().cloned_without_its_chip_key().build()).await.map(|_| ());
    assert_eq!(copied, Err(WalletError::NotTrusted { why: Distrust::ChipCloned }));
}

#[tokio::test]
async fn a_key_out_of_another_card_vouches_for_no_copy() {
    let run = async |card: CardBuilder| {
        let link = Arc::new(VirtualLink::new(mapping(card).build()));
        let roots = [pki::csca(), pki::foreign_csca()].map(|root| root.certificate().to_vec());
        let clock = Arc::new(fixtures::platform::FixedClock::new(1_795_570_000));
        let access = CardAccessView::Can { can: b"123456".to_vec() };
        let reading = CardReading::new(link, access, roots.to_vec(), clock, None).unwrap();
        let outcome = reading.run(None).await;
        outcome.map(|evidence| {
            evidence.checks().into_iter().find(|check| check.name == "chip_authentication").unwrap().outcome
        })
    };
    let card = || VirtualCard::of(&people::adult());
    let copied = Err(WalletError::NotTrusted { why: Distrust::ChipCloned });
    assert_eq!(run(card()).await, Ok(ChipCheckOutcome::Passed));
    for signer in [DocumentSigner::Ecdsa, DocumentSigner::Foreign] {
        let copy = card().cloned_with_the_key_of_another(signer);
        assert_eq!(run(copy).await, copied, "{signer:?}");
    }
    // Where EF.DG14 has no key, any key of the same state fits, and that is told; another state's does not.
    let apart = || card().chip_key_in_card_security_only();
    assert_eq!(run(apart()).await, Ok(ChipCheckOutcome::PassedWeakly));
    assert_eq!(run(apart().cloned_with_the_key_of_another(DocumentSigner::Foreign)).await, copied);
}

#[tokio::test]
async fn a_state_signs_its_own_documents_only() {
    let run = async |card: CardBuilder| {
        let link = Arc::new(VirtualLink::new(card.build()));
        let roots = [pki::csca(), pki::foreign_csca()].map(|root| root.certificate().to_vec());
        let clock = Arc::new(fixtures::platform::FixedClock::new(1_795_570_000));
        let access = CardAccessView::Can { can: b"123456".to_vec() };
        let reading = CardReading::new(link, access, roots.to_vec(), clock, None).unwrap();
        let outcome = reading.run(None).await.map(|_| ());
        let checks = reading.report().unwrap().checks;
        let state = checks.iter().find(|check| check.name == "passive_authentication.issuing_state");
        (outcome, state.unwrap().outcome)
    };
    let card = || VirtualCard::of(&people::adult());
    assert_eq!(run(card()).await, (Ok(()), ChipCheckOutcome::Passed));
    let refused = Err(WalletError::NotTrusted { why: Distrust::ChipSigner });
    let another = ChipCheckOutcome::Failed { why: ChipCheckFailure::AnotherState };
    assert_eq!(run(card().signed_by(DocumentSigner::Foreign)).await, (refused, another));
}

/// A link that says no to the mapping by the chip's key.
struct Unmapped(VirtualLink);

#[async_trait::async_trait]
impl CardLink for Unmapped {
    async fn transceive(&self, apdu: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        if asks_to_map_by_its_key(&apdu) { Ok(vec![0x6A, 0x80]) } else { self.0.transceive_now(&apdu) }
    }

    async fn limits(&self) -> Result<LinkLimits, LinkError> {
        Ok(LONG)
    }
}

/// What chip and active authentication came to.
async fn proofs(link: Arc<dyn CardLink>) -> Result<[ChipCheckOutcome; 2], WalletError> {
    let roots = vec![pki::csca().certificate().to_vec()];
    let clock = Arc::new(fixtures::platform::FixedClock::new(1_795_570_000));
    let access = CardAccessView::Can { can: b"123456".to_vec() };
    let reading = CardReading::new(link, access, roots, clock, None).unwrap();
    let checks = reading.run(Some(vec![7; 8])).await?.checks();
    Ok(["chip_authentication", "active_authentication"]
        .map(|name| checks.iter().find(|check| check.name == name).unwrap().outcome))
}

#[tokio::test]
async fn a_chip_that_refuses_to_map_by_its_key_is_asked_for_it_in_another_way() {
    let card = || {
        let card = VirtualCard::of(&people::adult()).active_authentication(ActiveAuthentication::None);
        mapping(card.chip_key_in_card_security_only())
    };
    let unmapped = |card: VirtualCard| Arc::new(Unmapped(VirtualLink::new(card)));
    let [chip, _] = proofs(unmapped(card().build())).await.unwrap();
    assert_eq!(chip, ChipCheckOutcome::PassedWeakly);
    let copied = Err(WalletError::NotTrusted { why: Distrust::ChipCloned });
    assert_eq!(proofs(unmapped(card().cloned_without_its_chip_key().build())).await, copied);
}

/// An object identifier of EF.DG14 with other bytes behind it.
fn altered_dg14(card: CardBuilder, behind: &[u8], from: &[u8], to: &[u8]) -> CardBuilder {
    let mut file = card.clone().build().groups()[&14].clone();
    let whole = [behind, from].concat();
    let at = file.windows(whole.len()).position(|window| window == whole).unwrap() + behind.len();
    file[at..at + to.len()].copy_from_slice(to);
    card.group(14, file)
}

#[tokio::test]
async fn what_cannot_be_checked_here_is_told_and_refuses_no_chip_that_proves_itself_otherwise() {
    let passed = ChipCheckOutcome::Passed;
    let skipped = |why| ChipCheckOutcome::Skipped { why };
    let run = async |card: CardBuilder| proofs(Arc::new(VirtualLink::new(card.build()))).await;
    // A key of a kind that is not known, where the other key is proven.
    let odd_key = tlv::write(0x6F, &tlv::write(0x30, &tlv::write(0x30, &[6, 3, 0x2B, 0x65, 0x70])));
    let unsupported = ChipCheckOutcome::Failed { why: ChipCheckFailure::Unsupported };
    assert_eq!(run(with_key().group(15, odd_key.clone())).await, Ok([passed, unsupported]));
    let alone = VirtualCard::of(&people::adult()).group(15, odd_key);
    let refused = WalletError::CardUnreadable { why: CardTrouble::Unsupported };
    assert_eq!(run(alone).await, Err(refused));

    // The second version of the protocol, and a key that does not follow its form.
    let protocol = b"\x04\x00\x7F\x00\x07\x02\x02\x03\x02\x02";
    let second = altered_dg14(with_key(), protocol, &[2, 1, 1], &[2, 1, 2]);
    assert_eq!(run(second).await, Ok([skipped(ChipCheckSkip::Unsupported), passed]));
    let key = b"\x04\x00\x7F\x00\x07\x02\x02\x01\x02";
    let broken = altered_dg14(with_key(), key, &[0x30], &[0x31]);
    assert_eq!(run(broken).await, Ok([skipped(ChipCheckSkip::Unreadable), passed]));
}

#[tokio::test]
async fn a_refusal_about_lengths_makes_no_genuine_card_a_copy() {
    let whole = Arc::new(VirtualLink::new(with_key().build()));
    proofs(whole.clone()).await.unwrap();
    for at in 1..=whole.commands() {
        for status in [0x6700, 0x6985] {
            let link = VirtualLink::new(with_key().build());
            let link = link.with_fault(When::At(at), Fault::WrongStatusWord(status));
            let told = proofs(Arc::new(link)).await;
            let copied = Err(WalletError::NotTrusted { why: Distrust::ChipCloned });
            assert_ne!(told, copied, "{status:04X} at {at}");
        }
    }
}
