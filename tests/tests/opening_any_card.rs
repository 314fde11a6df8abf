//! Every way into a chip and every proof that it is the original, against the virtual card, which computes them by code of
//! its own.

use std::sync::Arc;

use fixtures::{
    chip::{
        ActiveAuthentication, CardBuilder, ChipAuthentication, Cipher, CommandSet, Curve, Fault, Mapping,
        VirtualCard, VirtualLink, When,
    },
    people::{self, Citizen},
    pki,
};
use wallet_core::{
    apdu::StatusWord,
    chip::{
        AccessUsed, BasicAccess, Can, CardAccess, ChipAuthentication as Outcome, ChipData, ChipError,
        Entropy, FileSet, KnownModels, Misuse, Mrz, Pin, Puk, ReadPlan, Reading, Reference, Relay, Step,
        passive_auth,
        relay::{Carrier, Examiner},
    },
    crypto::random::make_random,
    platform::LinkLimits,
    trust::{Anchors, Certificate},
    wallet::{
        BasicAccessPolicy, CardAccessView, CardReading, CardTrouble, ChipCheckOutcome, Distrust,
        PasswordKind, ReadingTerms, WalletError,
    },
};

const LONG: LinkLimits = LinkLimits { max_command: 65_544, max_response: 65_538, extended: true };
const SHORT: LinkLimits = LinkLimits { max_command: 261, max_response: 258, extended: false };
const CHALLENGE: [u8; 8] = *b"RND.IFD!";

fn citizen() -> Citizen {
    people::adult()
}

fn card() -> CardBuilder {
    VirtualCard::of(&citizen())
}

fn entropy() -> Entropy {
    Entropy::new(make_random().unwrap())
}

fn plan(access: CardAccess, limits: LinkLimits) -> ReadPlan {
    ReadPlan {
        access,
        files: FileSet::WALLET,
        challenge: Some(CHALLENGE),
        chip_authentication: true,
        relay: Relay::Never,
        limits,
        models: KnownModels::default(),
        entropy: entropy(),
    }
}

fn can() -> CardAccess {
    CardAccess::Can(Can::parse("123456").unwrap())
}

fn mrz_parts() -> (String, String, String) {
    let information = citizen().mrz_information();
    (information[..10].to_owned(), information[10..17].to_owned(), information[17..].to_owned())
}

fn mrz(basic: BasicAccess) -> CardAccess {
    let (number, birth, expiry) = mrz_parts();
    CardAccess::Mrz(Mrz::parse(&number, &birth, &expiry).unwrap(), basic)
}

fn pin(pin: &str, resume_by: Option<&str>) -> CardAccess {
    CardAccess::Pin {
        pin: Pin::parse(pin).unwrap(),
        resume_by: resume_by.map(|can| Can::parse(can).unwrap()),
    }
}

fn read_plan(card: &mut VirtualCard, plan: ReadPlan) -> Result<ChipData, ChipError> {
    read_for(card, plan, &[])
}

/// As `server` would have it, whose public key this is.
fn read_for(card: &mut VirtualCard, plan: ReadPlan, server: &[u8]) -> Result<ChipData, ChipError> {
    card.reset();
    let (mut reading, mut step) = Reading::begin(plan)?;
    loop {
        match step {
            Step::Transmit(command) => (reading, step) = reading.handle(&card.process(&command))?,
            Step::AskServer => (reading, step) = reading.hand_over(server.to_vec())?,
            Step::Done(data) => return Ok(*data),
        }
    }
}

fn read(card: &mut VirtualCard, access: CardAccess, limits: LinkLimits) -> Result<ChipData, ChipError> {
    read_plan(card, plan(access, limits))
}

fn anchors() -> Anchors {
    Anchors::new(vec![Certificate::parse(pki::csca().certificate()).unwrap()])
}

fn assert_whole(card: &VirtualCard, data: &ChipData) {
    assert_eq!(data.groups, card.groups());
    passive_auth::verify(&data.sod, &data.groups, &anchors(), NOW).unwrap();
}

const NOW: i64 = 1_795_570_000;
const CIPHERS: [Cipher; 4] = [Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256];

#[test]
fn every_mapping_every_group_and_every_cipher_opens_a_card() {
    for (index, curve) in Curve::ALL.into_iter().enumerate() {
        for mapping in [Mapping::Generic, Mapping::Integrated, Mapping::ChipAuthentication] {
            let undefined = (mapping == Mapping::ChipAuthentication && curve.is_modp())
                || (mapping == Mapping::Integrated && curve == Curve::P224);
            if undefined {
                continue;
            }
            // Each group meets two ciphers, each cipher every mapping.
            for cipher in [CIPHERS[index % 4], CIPHERS[(index + 2) % 4]] {
                if mapping == Mapping::ChipAuthentication && cipher == Cipher::TripleDes {
                    continue;
                }
                let key = ChipAuthentication { cipher: Cipher::Aes128, curve, key_id: None, announced: true };
                let mut card = card().pace_by(mapping, cipher, curve).chip_authentication(key).build();
                let name = format!("{mapping:?} {cipher:?} {curve:?}");
                let data = read(&mut card, can(), LONG).unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_whole(&card, &data);
                assert_eq!(data.mapping_proof.is_some(), mapping == Mapping::ChipAuthentication, "{name}");
                assert_eq!(data.card_security.is_some(), mapping == Mapping::ChipAuthentication, "{name}");
            }
        }
    }
}

#[test]
fn keys_too_long_for_a_short_link_go_in_parts() {
    for mapping in [Mapping::Generic, Mapping::Integrated] {
        let mut card = card().pace_by(mapping, Cipher::Aes256, Curve::Modp2048Order256).build();
        let data = read(&mut card, can(), SHORT).unwrap();
        assert_whole(&card, &data);
    }
}

#[test]
fn a_link_that_carries_little_gets_every_key_in_parts() {
    for max_command in [128, 143, 200] {
        for extended in [false, true] {
            let limits = LinkLimits { max_command, max_response: 258, extended };
            for curve in [Curve::P521, Curve::BrainpoolP512r1, Curve::Modp2048Order256] {
                for cipher in [Cipher::Aes256, Cipher::TripleDes] {
                    let key = ChipAuthentication { cipher, curve, key_id: None, announced: true };
                    let mut card = card().pace(cipher, curve).chip_authentication(key).build();
                    card.reset();
                    let (mut reading, mut step) = Reading::begin(plan(can(), limits)).unwrap();
                    let data = loop {
                        match step {
                            Step::Transmit(command) => {
                                assert!(
                                    command.len() <= usize::try_from(max_command).unwrap(),
                                    "{curve:?} {}",
                                    command.len()
                                );
                                (reading, step) = reading.handle(&card.process(&command)).unwrap();
                            }
                            Step::AskServer => panic!("no server was named"),
                            Step::Done(data) => break data,
                        }
                    };
                    assert_eq!(data.chip_authentication, Outcome::Proven, "{curve:?} {cipher:?}");
                    assert_whole(&card, &data);
                }
            }
        }
    }
}

#[test]
fn every_password_opens_its_card() {
    let built = || card().pin("111111", 3).puk("3333333333").build();
    for access in [
        can(),
        mrz(BasicAccess::Never),
        pin("111111", None),
        CardAccess::Puk(Puk::parse("3333333333").unwrap()),
    ] {
        let mut card = built();
        let data = read(&mut card, access, LONG).unwrap();
        assert_whole(&card, &data);
    }
}

#[test]
fn a_wrong_password_tells_the_tries_that_are_left_and_the_last_one_suspends() {
    let mut card = card().pin("111111", 3).build();
    let wrong = |card: &mut VirtualCard, resume| read(card, pin("222222", resume), LONG).unwrap_err();
    assert_eq!(
        wrong(&mut card, None),
        ChipError::WrongPassword { which: Reference::Pin, tries_left: Some(2) }
    );
    assert_eq!(
        wrong(&mut card, None),
        ChipError::WrongPassword { which: Reference::Pin, tries_left: Some(1) }
    );
    // Suspended: not even the right one is taken, and no try is lost.
    assert_eq!(wrong(&mut card, None), ChipError::Suspended);
    assert_eq!(read(&mut card, pin("111111", None), LONG).unwrap_err(), ChipError::Suspended);
    assert_eq!(card.pin_tries(), 1);
    // A wrong number of the card does not resume it; the right one does.
    let error = read(&mut card, pin("111111", Some("654321")), LONG).unwrap_err();
    assert_eq!(error, ChipError::WrongPassword { which: Reference::Can, tries_left: None });
    assert!(read(&mut card, pin("111111", Some("123456")), LONG).is_ok());
    assert_eq!(card.pin_tries(), 3);
}

#[test]
fn the_last_wrong_try_blocks_the_pin_and_the_puk_unblocks_it() {
    let mut card = card().pin("111111", 1).puk("3333333333").build();
    let error = read(&mut card, pin("222222", Some("123456")), LONG).unwrap_err();
    assert_eq!(error, ChipError::WrongPassword { which: Reference::Pin, tries_left: Some(0) });
    for resume in [None, Some("123456")] {
        assert_eq!(read(&mut card, pin("111111", resume), LONG).unwrap_err(), ChipError::Blocked);
    }
    read(&mut card, CardAccess::Puk(Puk::parse("3333333333").unwrap()), LONG).unwrap();
    assert!(read(&mut card, pin("111111", None), LONG).is_ok());
}

#[test]
fn basic_access_opens_a_card_that_has_nothing_else_and_no_other_unless_named() {
    let old = || card().basic_access_only().build();
    for limits in [LONG, SHORT] {
        let mut card = old();
        let data = read(&mut card, mrz(BasicAccess::WhereThereIsNoPace), limits).unwrap();
        assert_whole(&card, &data);
        assert_eq!(data.access, Some(AccessUsed::Basic));
    }
    let unsupported = |access| matches!(read(&mut old(), access, LONG), Err(ChipError::Unsupported(_)));
    assert!(unsupported(mrz(BasicAccess::Never)) && unsupported(can()));

    // A card that offers PACE and refuses it.
    let weak = || card().basic_access().refuses_pace().build();
    for policy in [BasicAccess::Never, BasicAccess::WhereThereIsNoPace] {
        let mut card = weak();
        assert!(matches!(read(&mut card, mrz(policy), LONG), Err(ChipError::PaceRefused(_))), "{policy:?}");
    }
    let mut card = weak();
    let data = read(&mut card, mrz(BasicAccess::EvenWhenPaceIsRefused), LONG).unwrap();
    assert_eq!(data.access, Some(AccessUsed::BasicInsteadOfPace));
    // A wrong line is a wrong line, and PACE that fails by it is no reason for anything else.
    let (number, birth, _) = mrz_parts();
    let wrong = Mrz::parse(&number[..9], &birth[..6], "310101").unwrap();
    let access = CardAccess::Mrz(wrong, BasicAccess::EvenWhenPaceIsRefused);
    let mut both = self::card().basic_access().build();
    let wrong = ChipError::WrongPassword { which: Reference::Mrz, tries_left: None };
    assert_eq!(read(&mut both, access, LONG).unwrap_err(), wrong);
    assert_eq!(both.apdus(), 7, "the door was tried once, by PACE");
}

#[test]
fn of_several_offers_the_best_is_taken_and_the_next_where_it_is_refused() {
    let mut card = card()
        .pace(Cipher::TripleDes, Curve::BrainpoolP256r1)
        .also_pace_by(Mapping::Integrated, Cipher::Aes128, Curve::P256)
        .also_pace(Cipher::Aes256, Curve::P384)
        .also_pace(Cipher::Aes256, Curve::P521)
        .build();
    let data = read(&mut card, can(), LONG).unwrap();
    let Some(AccessUsed::Pace(info)) = data.access else { panic!("by PACE") };
    assert_eq!(info.parameter_id, Some(15));
    assert_whole(&card, &data);
}

#[test]
fn a_chip_proves_itself_by_chip_authentication_of_every_kind() {
    let key = |cipher, curve, key_id, announced| ChipAuthentication { cipher, curve, key_id, announced };
    let template = CommandSet::KeyAgreementTemplate;
    let pair = CommandSet::AuthenticationTemplate;
    for (key, commands) in [
        (key(Cipher::Aes128, Curve::P256, None, true), pair),
        (key(Cipher::Aes256, Curve::BrainpoolP512r1, Some(7), true), pair),
        (key(Cipher::Aes192, Curve::BrainpoolP320r1, None, true), pair),
        (key(Cipher::TripleDes, Curve::P224, None, true), template),
        (key(Cipher::TripleDes, Curve::P521, Some(1), true), template),
        (key(Cipher::TripleDes, Curve::BrainpoolP256r1, None, true), pair),
        (key(Cipher::TripleDes, Curve::BrainpoolP384r1, None, false), template),
        (key(Cipher::Aes128, Curve::Modp2048Order224, None, true), pair),
        (key(Cipher::TripleDes, Curve::Modp1024, Some(3), true), template),
    ] {
        for limits in [LONG, SHORT] {
            let mut card = card().chip_authentication(key).knows_only(commands).build();
            let data = read(&mut card, can(), limits).unwrap_or_else(|error| panic!("{key:?}: {error}"));
            assert_whole(&card, &data);
            assert_eq!(data.chip_authentication, Outcome::Proven, "{key:?}");
            let mut copy = self::card()
                .chip_authentication(key)
                .knows_only(commands)
                .cloned_without_its_chip_key()
                .build();
            assert_eq!(read(&mut copy, can(), limits).unwrap_err(), ChipError::NotGenuine, "{key:?}");
        }
    }
    let mut without = card().build();
    assert_eq!(read(&mut without, can(), LONG).unwrap().chip_authentication, Outcome::NotAsked);
    let mut unasked = card().chip_authentication(ChipAuthentication::AES_128).build();
    let plan = ReadPlan { chip_authentication: false, ..plan(can(), LONG) };
    assert_eq!(read_plan(&mut unasked, plan).unwrap().chip_authentication, Outcome::NotAsked);
}

#[test]
fn chip_authentication_takes_two_commands_after_basic_access_too() {
    let key = ChipAuthentication { cipher: Cipher::Aes256, ..ChipAuthentication::AES_128 };
    let mut with = card().basic_access_only().chip_authentication(key).build();
    let mut without = card().basic_access_only().build();
    let access = || mrz(BasicAccess::WhereThereIsNoPace);
    let data = read(&mut with, access(), LONG).unwrap();
    assert_eq!(data.chip_authentication, Outcome::Proven);
    assert_eq!(data.apdus, read(&mut without, access(), LONG).unwrap().apdus + 2);
}

/// What the wallet brought for the server, and the answer the server waits for.
fn relayed(card: &mut VirtualCard, dg14: &[u8], sod: &[u8]) -> Result<(), ChipError> {
    let examiner = Examiner::begin(dg14, &mut entropy()).unwrap();
    let plan = ReadPlan { relay: Relay::Always, ..plan(can(), LONG) };
    let data = read_for(card, plan, examiner.public())?;
    assert_eq!(data.chip_authentication, Outcome::NotAsked);
    let carrier: Carrier = data.relay.unwrap();
    let (waiting, [selecting, reading]) = examiner.ask().unwrap();
    let (carrier, selecting) = carrier.carry(&selecting).unwrap();
    let selection = card.process(&selecting);
    let (_, reading) = carrier.carry(&reading).unwrap();
    waiting.verify([&selection, &card.process(&reading)], sod)
}

#[test]
fn a_server_hears_the_chip_itself_and_no_copy() {
    for key in [
        ChipAuthentication::AES_128,
        ChipAuthentication {
            cipher: Cipher::TripleDes,
            curve: Curve::BrainpoolP320r1,
            key_id: None,
            announced: true,
        },
    ] {
        let mut genuine = card().chip_authentication(key).build();
        let (dg14, sod) = (genuine.groups()[&14].clone(), genuine.file(0x011D).unwrap().to_vec());
        assert_eq!(relayed(&mut genuine, &dg14, &sod), Ok(()));
        // Another document's EF.SOD was handed in.
        let mut other = sod.clone();
        other[100] ^= 1;
        assert_eq!(relayed(&mut genuine, &dg14, &other), Err(ChipError::AnotherCard));
        let mut copy = card().chip_authentication(key).cloned_without_its_chip_key().build();
        assert_eq!(relayed(&mut copy, &dg14, &sod), Err(ChipError::NotGenuine));
        let mut by_name = card().chip_authentication(key).without_short_identifiers().build();
        assert_eq!(relayed(&mut by_name, &dg14, &sod), Ok(()));
        let mut empty = card().chip_authentication(key).build();
        let examiner = Examiner::begin(&dg14, &mut entropy()).unwrap();
        let plan = ReadPlan { relay: Relay::Always, ..plan(can(), LONG) };
        read_for(&mut empty, plan, examiner.public()).unwrap();
        empty.remove_file(0x011D);
        let (waiting, [selecting, reading]) = examiner.ask().unwrap();
        let selection = empty.process(&selecting);
        let refused = waiting.verify([&selection, &empty.process(&reading)], &sod);
        assert_eq!(refused, Err(ChipError::CardRefused(StatusWord::NOT_FOUND)));
    }
}

#[test]
fn a_server_is_asked_where_the_chip_cannot_sign_and_has_a_key_to_agree_by() {
    let both = || card().chip_authentication(ChipAuthentication::AES_128);
    let unsigning = || both().active_authentication(ActiveAuthentication::None);
    let plain = || card().active_authentication(ActiveAuthentication::None);
    for (relay, card, heard) in [
        (Relay::Never, unsigning(), false),
        (Relay::WhereTheChipCannotSign, both(), false),
        (Relay::WhereTheChipCannotSign, unsigning(), true),
        (Relay::WhereTheChipCannotSign, plain(), false),
        (Relay::Always, both(), true),
        (Relay::Always, plain(), false),
    ] {
        let mut card = card.build();
        let examiner = Examiner::begin(&card.groups()[&14], &mut entropy()).ok();
        let public = examiner.map(|examiner| examiner.public().to_vec()).unwrap_or_default();
        let data = read_for(&mut card, ReadPlan { relay, ..plan(can(), LONG) }, &public).unwrap();
        assert_whole(&card, &data);
        assert_eq!(data.relay.is_some(), heard, "{relay:?}");
        let has_key = !public.is_empty();
        assert_eq!(data.chip_authentication == Outcome::Proven, has_key && !heard, "{relay:?}");
    }
    let (reading, _) = Reading::begin(plan(can(), LONG)).unwrap();
    assert_eq!(reading.hand_over(vec![4; 65]).unwrap_err(), ChipError::Misuse(Misuse::NobodyAsked));
}

#[test]
fn a_server_can_make_the_wallet_carry_reads_and_nothing_else() {
    let key = ChipAuthentication::AES_128;
    let mut card = card().chip_authentication(key).build();
    let examiner = Examiner::begin(&card.groups()[&14], &mut entropy()).unwrap();
    let plan = ReadPlan { relay: Relay::Always, ..plan(can(), LONG) };
    let carrier = read_for(&mut card, plan, examiner.public()).unwrap().relay.unwrap();
    for refused in [
        &[0x00, 0xB0, 0x9D, 0, 0][..],
        &[0x0C, 0xD6, 0, 0, 1, 1, 0],
        &[0x0C, 0x22, 0x41, 0xA4, 1, 1, 0],
        &[0x0C, 0xB0],
        &[0x0C, 0xB0, 0, 0, 0, 1, 0, 0],
    ] {
        assert!(carrier.clone().carry(refused).is_err(), "{refused:02x?}");
    }
    let mut carrier = Ok(carrier);
    let mut carried = 0;
    while let Ok(next) = carrier {
        carrier = next.carry(&[0x0C, 0xB0, 0x9D, 0, 1, 1, 0]).map(|(next, _)| next);
        carried += 1;
        assert!(carried < 20);
    }
    assert_eq!(carried, 9, "eight commands, and the refusal");
}

fn reading(link: &Arc<VirtualLink>, access: CardAccessView) -> Arc<CardReading> {
    let roots = vec![pki::csca().certificate().to_vec()];
    let clock = Arc::new(fixtures::platform::FixedClock::new(NOW));
    CardReading::new(link.clone(), access, roots, clock, None).unwrap()
}

fn can_view() -> CardAccessView {
    CardAccessView::Can { can: b"123456".to_vec() }
}

fn mrz_view(basic_access: BasicAccessPolicy) -> CardAccessView {
    let (number, birth, expiry) = mrz_parts();
    CardAccessView::Mrz { number: number.into(), birth: birth.into(), expiry: expiry.into(), basic_access }
}

async fn outcome(card: CardBuilder, access: CardAccessView) -> Result<Vec<String>, WalletError> {
    let link = Arc::new(VirtualLink::new(card.build()));
    let evidence = reading(&link, access).run(Some(CHALLENGE.to_vec())).await?;
    let passed = evidence.checks().into_iter().filter(|check| check.outcome == ChipCheckOutcome::Passed);
    Ok(passed.map(|check| check.name).collect())
}

#[tokio::test]
async fn the_facade_says_which_proofs_were_made() {
    let names = |names: &[&str]| Ok(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let passive = [
        "passive_authentication.signature",
        "passive_authentication.chain",
        "passive_authentication.issuing_state",
        "passive_authentication.hashes",
        "access",
    ];
    let active = "active_authentication";
    assert_eq!(outcome(card(), can_view()).await, names(&[&passive[..], &[active]].concat()));
    let proven = names(&[&passive[..], &["chip_authentication", active]].concat());
    let with_key = || card().chip_authentication(ChipAuthentication::AES_128);
    assert_eq!(outcome(with_key(), can_view()).await, proven);
    let mapped = || with_key().pace_by(Mapping::ChipAuthentication, Cipher::Aes256, Curve::P256);
    assert_eq!(outcome(mapped(), can_view()).await, proven);
    let cloned = Err(WalletError::NotTrusted { why: Distrust::ChipCloned });
    assert_eq!(outcome(with_key().cloned_without_its_chip_key(), can_view()).await, cloned);
    assert_eq!(outcome(mapped().cloned_without_its_chip_key(), can_view()).await, cloned);
}

#[tokio::test]
async fn an_offer_hidden_at_the_door_is_found_out_behind_it() {
    let altered = Err(WalletError::NotTrusted { why: Distrust::ChipDataAltered });
    let hidden = card().basic_access().offers_hidden();
    assert_eq!(outcome(hidden, mrz_view(BasicAccessPolicy::WhereThereIsNoPace)).await, altered);
    // Also by a caller who asked for nothing that would show it.
    let link = Arc::new(VirtualLink::new(card().basic_access().offers_hidden().build()));
    let terms = ReadingTerms { anchors: anchors(), files: FileSet::NONE };
    let clock = Arc::new(fixtures::platform::FixedClock::new(NOW));
    let view = mrz_view(BasicAccessPolicy::WhereThereIsNoPace);
    let reading_few = CardReading::on_terms(link, &view, terms, clock, None).unwrap();
    assert_eq!(reading_few.run(None).await.err(), altered.clone().err());
    assert!(
        outcome(card().basic_access_only(), mrz_view(BasicAccessPolicy::WhereThereIsNoPace)).await.is_ok()
    );
    let weaker = Err(WalletError::CardUnreadable { why: CardTrouble::WeakerAccess });
    let weak = || card().basic_access().refuses_pace();
    assert_eq!(outcome(weak(), mrz_view(BasicAccessPolicy::WhereThereIsNoPace)).await, weaker);
    let link = Arc::new(VirtualLink::new(weak().build()));
    let evidence =
        reading(&link, mrz_view(BasicAccessPolicy::EvenWhenPaceIsRefused)).run(None).await.unwrap();
    assert!(evidence.opened_by_weaker_access());
    let access = evidence.checks().into_iter().find(|check| check.name == "access").unwrap();
    assert_eq!(access.outcome, ChipCheckOutcome::PassedWeakly);
}

#[tokio::test]
async fn the_facade_tells_passwords_and_their_states_apart() {
    let pin = |digits: &str, can: Option<&str>| CardAccessView::Pin {
        pin: digits.into(),
        can: can.map(Into::into),
    };
    let wrong = |kind, tries_left| Err(WalletError::WrongPassword { kind, tries_left });
    let trouble = |why| Err(WalletError::CardUnreadable { why });
    let with_pin = |tries| card().pin("111111", tries);
    assert_eq!(outcome(with_pin(3), pin("222222", None)).await, wrong(PasswordKind::Pin, Some(2)));
    assert_eq!(outcome(with_pin(1), pin("111111", None)).await, trouble(CardTrouble::Suspended));
    assert_eq!(outcome(with_pin(0), pin("111111", None)).await, trouble(CardTrouble::Blocked));
    assert!(outcome(with_pin(1), pin("111111", Some("123456"))).await.is_ok());
    let puk = CardAccessView::Puk { puk: b"4444444444".to_vec() };
    assert_eq!(outcome(card().puk("3333333333"), puk).await, wrong(PasswordKind::Puk, None));
    let (number, birth, expiry) = mrz_parts();
    let mistyped = CardAccessView::Mrz {
        number: number.clone().into(),
        birth: format!("{}{}", &birth[..6], if birth.ends_with('0') { 1 } else { 0 }).into(),
        expiry: expiry.into(),
        basic_access: BasicAccessPolicy::Never,
    };
    let link = Arc::new(VirtualLink::new(card().build()));
    let clock = Arc::new(fixtures::platform::FixedClock::new(NOW));
    let refused = CardReading::new(link.clone(), mistyped.clone(), Vec::new(), clock, None).map(|_| ());
    assert_eq!(refused, Err(WalletError::WrongPassword { kind: PasswordKind::Mrz, tries_left: None }));
    assert_eq!(link.commands(), 0);
    assert_eq!(format!("{mistyped:?}"), "Mrz(..)");
}

#[tokio::test]
async fn a_lost_card_is_read_on_through_the_facade() {
    let whole = Arc::new(VirtualLink::new(card().build()).short());
    let evidence = reading(&whole, can_view()).run(Some(CHALLENGE.to_vec())).await.unwrap();
    let all = whole.commands();
    for lost_at in [1, 4, 8, 20, all] {
        let link =
            Arc::new(VirtualLink::new(card().build()).short().with_fault(When::At(lost_at), Fault::Drop));
        let reading = reading(&link, can_view());
        let run = || reading.run(Some(CHALLENGE.to_vec()));
        assert_eq!(run().await.map(|_| ()), Err(WalletError::CardLost), "{lost_at}");
        assert!(reading.is_paused());
        link.tap_again();
        let resumed = run().await.unwrap();
        assert!(!reading.is_paused());
        assert_eq!(resumed.files(), evidence.files());
        // The door again, a look at EF.SOD, and what was under way.
        assert!(link.commands() <= all + 10, "lost at {lost_at}: {} of {all}", link.commands());
    }
}

#[tokio::test]
async fn a_cancelled_reading_forgets_what_it_had_read() {
    let link = Arc::new(VirtualLink::new(card().build()).short().with_fault(When::At(20), Fault::Drop));
    let reading = reading(&link, can_view());
    reading.run(None).await.unwrap_err();
    assert!(reading.is_paused());
    reading.cancel();
    assert!(!reading.is_paused());
    link.tap_again();
    let evidence = reading.run(None).await.unwrap();
    assert_eq!(evidence.apdus() + 19, link.commands() - 1, "from the beginning");
}

#[tokio::test]
async fn another_challenge_begins_anew_and_another_card_is_noticed() {
    let shared = Arc::new(std::sync::Mutex::new(card().build()));
    let link = Arc::new(VirtualLink::over(shared.clone()).with_fault(When::At(20), Fault::Drop).short());
    let reading = reading(&link, can_view());
    reading.run(Some(CHALLENGE.to_vec())).await.unwrap_err();
    *shared.lock().unwrap() = VirtualCard::of(&people::elder()).build();
    link.tap_again();
    let other = reading.run(Some(CHALLENGE.to_vec())).await.map(|_| ());
    assert_eq!(other, Err(WalletError::CardUnreadable { why: CardTrouble::AnotherCard }));
    // What was read waits for its own card, and the other card may be read by itself.
    assert!(reading.is_paused());
    link.tap_again();
    let evidence = reading.run(Some(b"another!".to_vec())).await.unwrap();
    assert_eq!(evidence.holder().unwrap().name, people::elder().name);
}
