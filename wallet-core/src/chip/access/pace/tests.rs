use super::*;
use crate::{
    apdu::LengthForm,
    bytes::Reader,
    chip::error::parse_response,
    crypto::{
        aes::{AesKey, KeyLength},
        domain::{Curve, Modp},
    },
};

const AES_128: Cipher = Cipher::Aes(KeyLength::Aes128);
const G1: PaceInfo = PaceInfo {
    mapping: Mapping::Generic,
    cipher: AES_128,
    group: Group::Curve(Curve::BrainpoolP256r1),
    parameter_id: Some(13),
};

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn expect_transmit(step: PaceStep) -> (Pace, String) {
    match step {
        PaceStep::Transmit(pace, command) => (pace, hex::encode(command.encode().unwrap())),
        other => panic!("not a command: {other:?}"),
    }
}

/// One step, from the bytes of a response.
fn hear(pace: Pace, response: &[u8], entropy: &mut Entropy) -> Result<PaceStep, ChipError> {
    pace.handle(&parse_response(response)?, entropy)
}

/// ICAO Doc 9303-11, G.1, with our parameter id in MSE:Set AT.
fn begin_worked_example() -> (Pace, Entropy, String) {
    begin_with(Reference::Mrz)
}

/// The same under the name of another password.
fn begin_with(reference: Reference) -> (Pace, Entropy, String) {
    let entropy = Entropy::dangerous_fixed(&[
        &bytes("7f4ef07b9ea82fd78ad689b38d0bc78cf21f249d953bc46f4c6e19259c010f99"),
        &bytes("a73fb703ac1436a18e0cfa5abb3f7bec7a070e7a6788486bee230c4a22762595"),
    ]);
    let password = AesKey::from_slice(&bytes("89ded1b26624ec1e634c1989302849dd")).unwrap();
    let (pace, command) = Pace::begin(G1, password.into(), reference);
    (pace, entropy, hex::encode(command.encode().unwrap()))
}

const MAP_IFD: &str = "047acf3efc982ec45565a4b155129efbc74650dcbfa6362d896fc70262e0c2cc5e544552dcb6725218799115b55c9baa6d9f6bc3a9618e70c25af71777a9c4922d";
const MAP_IC: &str = "04824fba91c9cbe26bef53a0ebe7342a3bf178cea9f45de0b70aa601651fba3f5730d8c879aaa9c9f73991e61b58f4d52eb87a0a0c709a49dc63719363ccd13c54";
const AGREE_IFD: &str = "042db7a64c0355044ec9df190514c625cba2cea48754887122f3a5ef0d5edd301c3556f3b3b186df10b857b58f6a7eb80f20ba5dc7be1d43d9bf850149fbb36462";
const AGREE_IC: &str = "049e880f842905b8b3181f7af7caa9f0efb743847f44a306d2d28c1d9ec65df6db7764b22277a2eddc3c265a9f018f9cb852e111b768b326904b59a0193776f094";
const NONCE: &str = "7c12801095a3a016522ee98d01e76cb6b98b42c39000";

/// Runs the worked example with `answers` in place of the card's; the error of the last one.
fn fails_with(answers: &[&str]) -> ChipError {
    let (mut pace, mut entropy, _) = begin_worked_example();
    let (last, before) = answers.split_last().unwrap();
    for answer in before {
        (pace, _) = expect_transmit(hear(pace, &bytes(answer), &mut entropy).unwrap());
    }
    hear(pace, &bytes(last), &mut entropy).unwrap_err()
}

fn map_answer(point: &str) -> String {
    format!("7c438241{point}9000")
}

fn agree_answer(point: &str) -> String {
    format!("7c438441{point}9000")
}

#[test]
fn the_worked_example_is_followed_byte_for_byte() {
    let (pace, mut entropy, command) = begin_worked_example();
    assert_eq!(command, "0022c1a412800a04007f00070202040202830101 84010d".replace(' ', ""));
    let (pace, command) = expect_transmit(hear(pace, &bytes("9000"), &mut entropy).unwrap());
    assert_eq!(command, "10860000027c0000");
    let (pace, command) = expect_transmit(hear(pace, &bytes(NONCE), &mut entropy).unwrap());
    assert_eq!(command, format!("10860000457c438141{MAP_IFD}00"));
    let (pace, command) = expect_transmit(hear(pace, &bytes(&map_answer(MAP_IC)), &mut entropy).unwrap());
    assert_eq!(command, format!("10860000457c438341{AGREE_IFD}00"));
    let (pace, command) = expect_transmit(hear(pace, &bytes(&agree_answer(AGREE_IC)), &mut entropy).unwrap());
    assert_eq!(command, "008600000c7c0a8508c2b0bd78d94ba86600");
    let PaceStep::Open(session, None) =
        hear(pace, &bytes("7c0a86083abb9674bce93c089000"), &mut entropy).unwrap()
    else {
        panic!("not open");
    };
    // The session has the keys of the example: its first command equals one built with them.
    let command = CommandApdu::new(0, 0xA4, 4, 0x0C).with_data(vec![1, 2, 3]);
    let theirs = SecureMessaging::new(
        AesKey::from_slice(&bytes("f5f0e35c0d7161ee6724ee513a0d9a7f")).unwrap(),
        AesKey::from_slice(&bytes("fe251c7858b356b24514b3bd5f4297d1")).unwrap(),
    );
    assert_eq!(
        session.protect(&command, LengthForm::Short).unwrap().1,
        theirs.protect(&command, LengthForm::Short).unwrap().1
    );
}

#[test]
fn a_wrong_password_a_blocked_and_a_suspended_one_are_told_apart() {
    let (map, agree) = (map_answer(MAP_IC), agree_answer(AGREE_IC));
    let until_token = ["9000", NONCE, &map, &agree];
    let at_token = |answer: &'static str| fails_with(&[&until_token[..], &[answer]].concat());
    assert_eq!(at_token("6300"), ChipError::WrongPassword { which: Reference::Mrz, tries_left: None });
    assert_eq!(at_token("63c2"), ChipError::WrongPassword { which: Reference::Mrz, tries_left: Some(2) });
    assert_eq!(at_token("6f00"), ChipError::CardRefused(StatusWord::INTERNAL));
    for (reference, blocked) in
        [(Reference::Mrz, false), (Reference::Can, false), (Reference::Pin, true), (Reference::Puk, true)]
    {
        let first = |answer: &str| {
            let (pace, mut entropy, _) = begin_with(reference);
            hear(pace, &bytes(answer), &mut entropy)
        };
        for status in ["63c0", "6983"] {
            assert_eq!(first(status).unwrap_err(), ChipError::Blocked, "{reference:?} {status}");
        }
        // What is printed on the card cannot be blocked, so the word is about the offer there.
        match first("6985") {
            Err(error) => assert!(blocked && error == ChipError::Blocked, "{reference:?}"),
            Ok(step) => assert!(!blocked && matches!(step, PaceStep::Refused(_)), "{reference:?}"),
        }
        assert!(matches!(first("6a80"), Ok(PaceStep::Refused(StatusWord(0x6A80)))));
        expect_transmit(first("63c2").unwrap());
    }
}

#[test]
fn the_pin_alone_is_suspended_before_its_last_try() {
    for reference in [Reference::Mrz, Reference::Can, Reference::Pin, Reference::Puk] {
        let (pace, mut entropy, _) = begin_with(reference);
        match hear(pace, &bytes("63c1"), &mut entropy).unwrap() {
            PaceStep::Suspended => assert_eq!(reference, Reference::Pin),
            step => {
                expect_transmit(step);
                assert_ne!(reference, Reference::Pin);
            }
        }
        let (pace, mut entropy, _) = begin_with(reference);
        expect_transmit(hear(pace.resumed(), &bytes("63c1"), &mut entropy).unwrap());
    }
}

#[test]
fn an_error_before_the_token_is_about_the_offer_and_costs_no_try() {
    let (map, agree) = (map_answer(MAP_IC), agree_answer(AGREE_IC));
    let before_the_token = ["9000", NONCE, &map, &agree];
    for reference in [Reference::Mrz, Reference::Can, Reference::Pin, Reference::Puk] {
        for step in 0..=3 {
            let (mut pace, mut entropy, _) = begin_with(reference);
            for answer in &before_the_token[..step] {
                (pace, _) = expect_transmit(hear(pace, &bytes(answer), &mut entropy).unwrap());
            }
            let heard = hear(pace, &bytes("6f00"), &mut entropy);
            // A card that counts tries may have counted one when it gave its nonce.
            let counted = matches!(reference, Reference::Pin | Reference::Puk) && step > 1;
            match heard {
                Ok(PaceStep::Refused(StatusWord::INTERNAL)) => assert!(!counted, "{reference:?} {step}"),
                Err(ChipError::CardRefused(StatusWord::INTERNAL)) => {
                    assert!(counted, "{reference:?} {step}");
                }
                other => panic!("{reference:?} {step}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_token_that_does_not_prove_the_password_is_the_cards_fault() {
    let (map, agree) = (map_answer(MAP_IC), agree_answer(AGREE_IC));
    for token in
        ["7c0a86083abb9674bce93c099000", "7c0a8608c2b0bd78d94ba8669000", "7c0986073abb9674bce93c9000"]
    {
        assert_eq!(
            fails_with(&["9000", NONCE, &map, &agree, token]),
            ChipError::CardMisbehaved(Rule::WrongToken)
        );
    }
}

#[test]
fn pace_refuses_a_repeated_key() {
    let repeated = ChipError::CardMisbehaved(Rule::RepeatedKey);
    assert_eq!(fails_with(&["9000", NONCE, &map_answer(MAP_IFD)]), repeated);
    for point in [AGREE_IFD, MAP_IFD, MAP_IC] {
        assert_eq!(fails_with(&["9000", NONCE, &map_answer(MAP_IC), &agree_answer(point)]), repeated);
    }
}

#[test]
fn pace_refuses_points_that_are_none() {
    let off = MAP_IC.replace("13c54", "13c55");
    assert_eq!(
        fails_with(&["9000", NONCE, &map_answer(&off)]),
        ChipError::CardMisbehaved(Rule::KeyNotInGroup)
    );
    assert_eq!(fails_with(&["9000", NONCE, "7c038201009000"]), ChipError::CardMisbehaved(Rule::NeutralKey));
    assert_eq!(
        fails_with(&["9000", NONCE, &map_answer(MAP_IC), "7c038401009000"]),
        ChipError::CardMisbehaved(Rule::NeutralKey)
    );
}

#[test]
fn malformed_answers_are_told_apart_from_missing_ones() {
    assert_eq!(fails_with(&["9000", "9000"]), ChipError::CardMisbehaved(Rule::EmptyAnswer));
    let malformed = ChipError::Malformed(Part::AuthenticationData);
    assert_eq!(fails_with(&["9000", "7c009000"]), malformed);
    assert_eq!(fails_with(&["9000", "7c0281009000"]), malformed);
    assert_eq!(fails_with(&["9000", "7d0280009000"]), malformed);
    let nonce = ChipError::CardMisbehaved(Rule::NonceLength);
    assert_eq!(fails_with(&["9000", "7c0280009000"]), nonce);
    assert_eq!(fails_with(&["9000", "7c0480020000 9000".replace(' ', "").as_str()]), nonce);
    assert_eq!(fails_with(&["9000", &format!("7c328030{}9000", "00".repeat(48))]), nonce);
    assert_eq!(fails_with(&["90"]), ChipError::Malformed(Part::Response));
}

/// A card in forty lines: the same mathematics from the other side, for every mapping, group and cipher. In the second
/// round the card looks for a key that makes the shared secret begin with a zero.
fn play(info: PaceInfo, round: u8) {
    let group = info.group;
    let mut random = [round; Entropy::LENGTH];
    let mut entropy = Entropy::new(random);
    random.iter_mut().for_each(|byte| *byte = byte.wrapping_mul(3) ^ 0xDA);
    let mut card_entropy = Entropy::new(random);
    let key = || ChannelKey::derive(b"123456", Purpose::Password, info.cipher);
    let (pace, command) = Pace::begin(info, key(), Reference::Can);
    assert_eq!(tlv::read(&mut Reader::new(&command.data)).unwrap().value, info.oid());

    let card_map = card_entropy.next_key(group).unwrap();
    let mut card_agree = card_entropy.next_key(group).unwrap();
    let nonce = vec![round; if info.cipher.key_length() == 16 { 16 } else { 32 }];
    let answer = |tag, value: &[u8]| [tlv::write(0x7C, &tlv::write(tag, value)), vec![0x90, 0]].concat();
    let sent = |step: &PaceStep| {
        let PaceStep::Transmit(_, command) = step else { panic!("open too early") };
        let outer = tlv::exactly(&command.data, 0x7C).unwrap();
        tlv::read(&mut Reader::new(outer.value)).unwrap().value.to_vec()
    };
    let mut next = |step, response: &[u8]| {
        let PaceStep::Transmit(pace, _) = step else { panic!("open too early") };
        hear(pace, response, &mut entropy).unwrap()
    };
    let step = next(PaceStep::Transmit(pace, command), &[0x90, 0]);
    let step = next(step, &answer(0x80, &key().encrypt_cbc(&key().zero_iv(), &nonce).unwrap()));
    let theirs = sent(&step);
    let (mapped, map_public) = if info.mapping == Mapping::Integrated {
        (map_integrated(group, info.cipher, &nonce, &theirs).unwrap(), Vec::new())
    } else {
        let theirs = Element::parse(group, &theirs).unwrap();
        let public = card_map.multiply(&Element::generator(group)).unwrap();
        let shared = card_map.multiply(&theirs).unwrap();
        (map_generator(&nonce, &shared).unwrap(), public.as_bytes().to_vec())
    };
    let step = next(step, &answer(0x82, &map_public));
    let theirs = Element::parse(group, &sent(&step)).unwrap();
    let mut tries = 0_u32;
    let (ours, secret) = loop {
        let ours = card_agree.multiply(&mapped).unwrap();
        let secret = card_agree.multiply(&theirs).unwrap().secret();
        if round == 1 || secret.expose()[0] == 0 {
            break (ours, secret);
        }
        tries += 1;
        let scalar = [vec![1; group.scalar_length() - 4], tries.to_be_bytes().to_vec()].concat();
        card_agree = PrivateKey::from_scalar(group, &scalar).unwrap();
    };
    let step = next(step, &answer(0x84, ours.as_bytes()));
    let mac = ChannelKey::derive(secret.expose(), Purpose::Authentication, info.cipher);
    let proof = tlv::write(0x86, &token(&mac, &info.oid(), &theirs).unwrap());
    let encryption = ChannelKey::derive(secret.expose(), Purpose::Encryption, info.cipher);
    let claim = if info.mapping == Mapping::ChipAuthentication {
        let iv = encryption.encrypt_block(&[0xFF; 16]).unwrap();
        let scalar = info.cipher.pad(&[7; 30]);
        tlv::write(0x8A, &encryption.encrypt_cbc(&iv, &scalar).unwrap())
    } else {
        Vec::new()
    };
    let step = next(step, &[tlv::write_all(0x7C, &[&proof, &claim]), vec![0x90, 0]].concat());
    let PaceStep::Open(session, claimed) = step else { panic!("not open") };
    assert_eq!(session.cipher(), info.cipher);
    let expected = (info.mapping == Mapping::ChipAuthentication).then_some(MappingProof {
        group,
        map_public,
        chip_data: vec![7; 30],
    });
    assert_eq!(claimed, expected);
}

const CIPHERS: [Cipher; 4] =
    [Cipher::TripleDes, AES_128, Cipher::Aes(KeyLength::Aes192), Cipher::Aes(KeyLength::Aes256)];

#[test]
fn both_sides_agree_by_every_mapping_on_every_curve_and_cipher() {
    for mapping in [Mapping::Generic, Mapping::Integrated, Mapping::ChipAuthentication] {
        for curve in Curve::ALL {
            for cipher in CIPHERS {
                let undefined = (mapping == Mapping::Integrated && curve == Curve::P224)
                    || (mapping == Mapping::ChipAuthentication && cipher == Cipher::TripleDes);
                if !undefined {
                    play(PaceInfo { mapping, cipher, group: Group::Curve(curve), parameter_id: Some(1) }, 1);
                }
            }
        }
    }
}

#[test]
fn both_sides_agree_modulo_a_prime() {
    for mapping in [Mapping::Generic, Mapping::Integrated] {
        for (modp, cipher) in Modp::ALL.into_iter().zip(CIPHERS) {
            play(PaceInfo { mapping, cipher, group: Group::Modp(modp), parameter_id: None }, 1);
        }
    }
}

#[test]
fn both_sides_agree_even_when_the_secret_begins_with_a_zero() {
    for curve in [Curve::P256, Curve::P384, Curve::BrainpoolP256r1, Curve::BrainpoolP384r1] {
        let info = PaceInfo {
            mapping: Mapping::Generic,
            cipher: AES_128,
            group: Group::Curve(curve),
            parameter_id: None,
        };
        play(info, 2);
    }
}
