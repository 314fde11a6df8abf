//! Cards that refuse at the door, late or strangely: the next way is tried where no password was, and what the citizen is told
//! is about the right password.

use std::sync::Arc;

use fixtures::{
    chip::{CardBuilder, Cipher, Curve, Mapping, VirtualCard, VirtualLink},
    people, pki,
};
use wallet_core::{
    chip::{
        AccessUsed, BasicAccess, Can, CardAccess, ChipData, ChipError, Entropy, FileSet, KnownModels, Mrz,
        Pin, Puk, ReadPlan, Reading, Reference, Relay, Step,
    },
    crypto::random::make_random,
    platform::LinkLimits,
    wallet::{CardAccessView, CardReading, PasswordKind, WalletError},
};

const LONG: LinkLimits = LinkLimits { max_command: 65_544, max_response: 65_538, extended: true };

fn card() -> CardBuilder {
    VirtualCard::of(&people::adult())
}

fn can() -> CardAccess {
    CardAccess::Can(Can::parse("123456").unwrap())
}

fn mrz(basic: BasicAccess) -> CardAccess {
    let information = people::adult().mrz_information();
    let mrz = Mrz::parse(&information[..10], &information[10..17], &information[17..]).unwrap();
    CardAccess::Mrz(mrz, basic)
}

fn pin(resume_by: Option<&str>) -> CardAccess {
    let resume_by = resume_by.map(|can| Can::parse(can).unwrap());
    CardAccess::Pin { pin: Pin::parse("111111").unwrap(), resume_by }
}

fn puk() -> CardAccess {
    CardAccess::Puk(Puk::parse("3333333333").unwrap())
}

/// What a command of PACE is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Offer,
    Nonce,
    Mapping,
    Agreement,
    Token,
}

fn about(command: &[u8]) -> Option<About> {
    match command {
        [0, 0x22, 0xC1, 0xA4, ..] => Some(About::Offer),
        [0x10, 0x86, 0, 0, _, 0x7C, 0, ..] => Some(About::Nonce),
        [0x10, 0x86, 0, 0, _, 0x7C, _, 0x81, ..] => Some(About::Mapping),
        [0x10, 0x86, 0, 0, _, 0x7C, _, 0x83, ..] => Some(About::Agreement),
        [0, 0x86, 0, 0, _, 0x7C, _, 0x85, ..] => Some(About::Token),
        _ => None,
    }
}

/// Reads a card that says `meddled` instead of its own answer where that is something.
fn read_through(
    card: &mut VirtualCard,
    access: CardAccess,
    mut meddled: impl FnMut(&[u8]) -> Option<u16>,
) -> Result<ChipData, ChipError> {
    card.reset();
    let entropy = Entropy::new(make_random().unwrap());
    let plan = ReadPlan {
        access,
        files: FileSet::WALLET,
        challenge: None,
        chip_authentication: true,
        relay: Relay::Never,
        limits: LONG,
        models: KnownModels::default(),
        entropy,
    };
    let (mut reading, mut step) = Reading::begin(plan)?;
    loop {
        match step {
            Step::Transmit(command) => {
                let own = card.process(&command);
                let answer = meddled(&command).map_or(own, |status| status.to_be_bytes().to_vec());
                (reading, step) = reading.handle(&answer)?;
            }
            Step::AskServer => panic!("no server is to hear the chip"),
            Step::Done(data) => return Ok(*data),
        }
    }
}

/// The first offer fails with `status` at `place`, whatever was said before.
fn fails_once(place: About, status: u16) -> impl FnMut(&[u8]) -> Option<u16> {
    let mut offers = 0;
    move |command| {
        offers += u32::from(about(command) == Some(About::Offer));
        (about(command) == Some(place) && offers == 1).then_some(status)
    }
}

#[test]
fn an_offer_that_fails_before_the_token_is_followed_by_the_next() {
    for place in [About::Offer, About::Nonce, About::Mapping, About::Agreement] {
        for status in [0x6A80, 0x6A88, 0x6F00, 0x6985] {
            for access in [can(), mrz(BasicAccess::Never)] {
                let mut card = card()
                    .pace_by(Mapping::Generic, Cipher::Aes256, Curve::P256)
                    .also_pace(Cipher::TripleDes, Curve::BrainpoolP256r1)
                    .build();
                let data = read_through(&mut card, access, fails_once(place, status))
                    .unwrap_or_else(|error| panic!("{place:?} {status:04X}: {error}"));
                let Some(AccessUsed::Pace(info)) = data.access else { panic!("by PACE") };
                assert_eq!(info.parameter_id, Some(13), "{place:?} {status:04X}");
            }
        }
    }
    // The token is the password's.
    let mut card = card().also_pace(Cipher::Aes256, Curve::P384).build();
    let wrong = read_through(&mut card, can(), fails_once(About::Token, 0x6300)).unwrap_err();
    assert_eq!(wrong, ChipError::WrongPassword { which: Reference::Can, tries_left: None });
}

#[test]
fn pace_that_is_refused_late_leads_to_basic_access_where_that_was_named_and_nowhere_else() {
    for place in [About::Nonce, About::Mapping, About::Agreement] {
        let refused = |command: &[u8]| (about(command) == Some(place)).then_some(0x6A80);
        let built = || card().basic_access().build();
        for policy in [BasicAccess::Never, BasicAccess::WhereThereIsNoPace] {
            let error = read_through(&mut built(), mrz(policy), refused).unwrap_err();
            assert!(matches!(error, ChipError::PaceRefused(_)), "{place:?} {policy:?}: {error}");
        }
        let data = read_through(&mut built(), mrz(BasicAccess::EvenWhenPaceIsRefused), refused).unwrap();
        assert_eq!(data.access, Some(AccessUsed::BasicInsteadOfPace), "{place:?}");
    }
}

#[test]
fn a_card_that_refuses_every_offer_late_is_told_as_that_and_no_offer_takes_the_last_randomness() {
    let curves = [
        Curve::P224,
        Curve::P384,
        Curve::P521,
        Curve::BrainpoolP256r1,
        Curve::BrainpoolP320r1,
        Curve::BrainpoolP384r1,
        Curve::BrainpoolP512r1,
    ];
    let offers = curves.into_iter().fold(card(), |card, curve| card.also_pace(Cipher::Aes128, curve));
    let refused = |command: &[u8]| (about(command) == Some(About::Agreement)).then_some(0x6A80);
    let error = read_through(&mut offers.clone().build(), can(), refused).unwrap_err();
    assert!(matches!(error, ChipError::PaceRefused(_)), "{error}");
    let by_less = mrz(BasicAccess::EvenWhenPaceIsRefused);
    let data = read_through(&mut offers.basic_access().build(), by_less, refused).unwrap();
    assert_eq!(data.access, Some(AccessUsed::BasicInsteadOfPace));
}

#[test]
fn a_card_without_a_list_of_ways_is_asked_for_its_lengths_too() {
    let mut asked = 0;
    let mut built = card().basic_access_only().announces(true, 2048, 1024).build();
    let data = read_through(&mut built, mrz(BasicAccess::WhereThereIsNoPace), |command| {
        asked += u32::from(command.starts_with(&[0, 0xB0, 0x81]));
        assert!(command.len() < 2048);
        None
    });
    assert_eq!((data.unwrap().access, asked), (Some(AccessUsed::Basic), 1));
}

#[test]
fn a_pin_is_not_tried_by_the_next_offer_once_the_card_may_have_counted_a_try() {
    let built = || card().pin("111111", 3).also_pace(Cipher::Aes256, Curve::P384).build();
    for place in [About::Mapping, About::Agreement] {
        let error = read_through(&mut built(), pin(None), fails_once(place, 0x6A80)).unwrap_err();
        assert!(matches!(error, ChipError::CardRefused(_)), "{place:?}: {error}");
    }
    for place in [About::Offer, About::Nonce] {
        let mut card = built();
        read_through(&mut card, pin(None), fails_once(place, 0x6A80)).unwrap();
        assert_eq!(card.pin_tries(), 3);
    }
}

/// The answer to each MSE:Set AT is a warning of the last try, whatever password it is about.
fn warns_always(command: &[u8]) -> Option<u16> {
    (about(command) == Some(About::Offer)).then_some(0x63C1)
}

#[test]
fn the_last_try_of_any_password_but_the_pin_is_a_warning() {
    let built = || card().pin("111111", 1).puk("3333333333").build();
    for access in [can(), mrz(BasicAccess::Never), puk()] {
        read_through(&mut built(), access, warns_always).unwrap();
    }
    assert_eq!(read_through(&mut built(), pin(None), warns_always).unwrap_err(), ChipError::Suspended);
    // The number that resumes it is shown once, and not for ever.
    let mut card = built();
    let before = card.apdus();
    read_through(&mut card, pin(Some("123456")), warns_always).unwrap();
    assert!(card.apdus() - before < 100);
    assert_eq!(card.pin_tries(), 3);
}

#[tokio::test]
async fn the_number_that_resumes_a_pin_is_the_one_that_was_mistyped() {
    let built = || card().pin("111111", 1).build();
    let error = read_through(&mut built(), pin(Some("654321")), |_| None).unwrap_err();
    assert_eq!(error, ChipError::WrongPassword { which: Reference::Can, tries_left: None });
    let link = Arc::new(VirtualLink::new(built()));
    let access = CardAccessView::Pin { pin: b"111111".to_vec(), can: Some(b"654321".to_vec()) };
    let roots = vec![pki::csca().certificate().to_vec()];
    let clock = Arc::new(fixtures::platform::FixedClock::new(1_795_570_000));
    let reading = CardReading::new(link.clone(), access, roots, clock, None).unwrap();
    let told = reading.run(None).await.map(|_| ());
    assert_eq!(told, Err(WalletError::WrongPassword { kind: PasswordKind::Can, tries_left: None }));
    assert_eq!(link.card().pin_tries(), 1, "the PIN was not tried");
}
