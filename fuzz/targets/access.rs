//! The door. The first byte says what: EF.CardAccess against what was signed, EF.CardSecurity, or a kind of card (third bit and
//! above) whose recorded session is edited from a step of the door on (second byte, then edits of 16 bytes for each answer).
//! What is read behind an edited door is what the card authenticated.
#![no_main]

use std::sync::LazyLock;

use fuzz::{
    chip::{Kind, LONG, Recording, SHORT, carry},
    documents::{ANCHORS, NOW},
    edited,
};
use libfuzzer_sys::fuzz_target;
use wallet_core::chip::{
    access::{access_matches, offers_pace, parse_card_access},
    chip_auth::verify_mapping,
    passive_auth::verify_card_security,
    security_infos::SecurityInfos,
};

static RECORDED: LazyLock<Vec<[Recording; 2]>> = LazyLock::new(|| {
    let of = |kind| [LONG, SHORT].map(|limits| Recording::of(kind, limits, None));
    Kind::ALL.into_iter().map(of).collect()
});
/// What the fixture's signer says in EF.CardSecurity.
static SIGNED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let file = RECORDED.iter().find_map(|recorded| recorded[0].data.card_security.as_deref());
    verify_card_security(file.unwrap(), &ANCHORS, NOW).unwrap().0
});

fuzz_target!(|data: &[u8]| {
    let Some((mode, data)) = data.split_first() else { return };
    match mode & 3 {
        0 => offered(data),
        1 => signed(data),
        form => door(usize::from(mode >> 2), form == 3, data),
    }
});

/// Two files, the length of the first in two bytes.
fn offered(data: &[u8]) {
    let Some((length, rest)) = data.split_first_chunk::<2>() else { return };
    let (one, other) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
    for file in [one, other] {
        if parse_card_access(file).is_ok_and(|offers| !offers.is_empty()) {
            assert!(offers_pace(file));
        }
        assert!(matches!(access_matches(file, file), Ok(true) | Err(_)));
    }
    if let (Ok(there), Ok(back)) = (access_matches(one, other), access_matches(other, one)) {
        // An absent file is one without offers, and stands on one side only.
        assert!(there == back || one.is_empty() || other.is_empty());
        assert!(!there || one.is_empty() || offers_pace(one) == offers_pace(other));
    }
}

fn signed(file: &[u8]) {
    if let Ok((infos, country)) = verify_card_security(file, &ANCHORS, NOW) {
        assert_eq!(infos, *SIGNED, "infos that nobody signed are trusted");
        assert_eq!(country.unwrap().as_str(), "KR");
        SecurityInfos::parse_set(&infos).unwrap();
    }
}

fn door(kind: usize, short: bool, data: &[u8]) {
    let Some((from, edits)) = data.split_first() else { return };
    let kind = kind % Kind::ALL.len();
    let recorded = &RECORDED[kind][usize::from(short)];
    let from = usize::from(*from) % DOOR;
    let mut edits = edits.chunks(16);
    let course = carry(Kind::ALL[kind], if short { SHORT } else { LONG }, None, |number, _| {
        let original = recorded.responses.get(number)?;
        let edits = if (from..DOOR).contains(&number) { edits.next().unwrap_or_default() } else { &[] };
        Some(edited(original, edits))
    });
    if let Some(data) = course.data {
        assert_eq!((&data.sod, &data.groups), (&recorded.data.sod, &recorded.data.groups));
        let (claimed, made) = (&data.mapping_proof, &recorded.data.mapping_proof);
        assert_eq!(claimed.is_some(), made.is_some());
        if let Some(proof) = claimed.as_ref().filter(|_| claimed != made) {
            // It comes enciphered and not authenticated: what counts is that nobody believes it.
            let signed = SecurityInfos::parse_set(&SIGNED).unwrap();
            assert!(!matches!(verify_mapping(&signed, proof), Ok(true)), "a proof that the chip never made");
        }
    }
}

/// No door takes more commands: two files, and PACE twice for a PIN that another password resumes.
const DOOR: usize = 16;
