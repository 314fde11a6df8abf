use super::*;
use crate::crypto::aes::{AesKey, pad};

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn session() -> SecureMessaging {
    SecureMessaging::new(AesKey::from_slice(&[1; 16]).unwrap(), AesKey::from_slice(&[2; 16]).unwrap())
}

/// A response as a card in this session would protect it, from objects of the test's own choice.
fn protected(objects: &[u8], status: [u8; 2]) -> Vec<u8> {
    let mut card = session();
    card.counter = Counter::Long(2);
    let checksum = card.mac(&[&pad(objects)]).unwrap();
    [objects, &tlv::write(CHECKSUM, &checksum), &status].concat()
}

fn encrypted(padded: &[u8]) -> Vec<u8> {
    let mut card = session();
    card.counter = Counter::Long(2);
    card.encryption.encrypt_cbc(&card.iv().unwrap(), padded).unwrap()
}

fn open(response: &[u8]) -> Result<ResponseApdu, ChipError> {
    let read = CommandApdu::new(0, 0xB0, 0, 0).expecting(223);
    let (waiting, _) = session().protect(&read, LengthForm::Short).unwrap();
    waiting.open(response).map(|(_, response)| response)
}

#[test]
fn the_objects_of_a_command_are_those_of_its_case_and_form() {
    let tags = |command: &CommandApdu, form| {
        let (_, protected) = session().protect(command, form).unwrap();
        let protected = CommandApdu::parse(&protected).unwrap();
        assert_eq!((protected.cla, protected.ins), (command.cla | 0x0C, command.ins));
        let objects = tlv::all(&protected.data, 4).unwrap();
        (objects.iter().map(|object| (object.tag, object.value.len())).collect::<Vec<_>>(), protected.le)
    };
    let plain = CommandApdu::new(0, 0xB0, 0x9D, 0);
    assert_eq!(tags(&plain, LengthForm::Short), (vec![(0x8E, 8)], Some(256)));
    assert_eq!(
        tags(&plain.clone().expecting(223), LengthForm::Short),
        (vec![(0x97, 1), (0x8E, 8)], Some(256))
    );
    assert_eq!(
        tags(&plain.clone().expecting(256), LengthForm::Extended),
        (vec![(0x97, 2), (0x8E, 8)], Some(65_536))
    );
    let with_data = CommandApdu::new(0, 0xA4, 4, 0x0C).with_data(vec![9; 16]);
    assert_eq!(tags(&with_data, LengthForm::Short), (vec![(0x87, 33), (0x8E, 8)], Some(256)));
    let odd = CommandApdu { ins: 0xB1, ..with_data };
    assert_eq!(tags(&odd, LengthForm::Short), (vec![(0x85, 32), (0x8E, 8)], Some(256)));
    let too_long = CommandApdu::new(0, 0xA4, 4, 0x0C).with_data(vec![9; 256]);
    assert_eq!(
        session().protect(&too_long, LengthForm::Short).unwrap_err(),
        ChipError::Misuse(crate::chip::Misuse::CommandTooLong)
    );
}

#[test]
fn answers_are_opened_and_faults_told_apart() {
    let data = tlv::write_all(ENCRYPTED, &[&[1], &encrypted(&pad(b"data"))]);
    let status = tlv::write(STATUS, &[0x90, 0]);
    let ok = [0x90, 0];
    let good = protected(&[data.clone(), status.clone()].concat(), ok);
    assert_eq!(open(&good).unwrap().data, b"data");
    let bare = tlv::write(ENCRYPTED_OBJECTS, &encrypted(&pad(b"data")));
    assert_eq!(open(&protected(&[bare.clone(), status.clone()].concat(), ok)).unwrap().data, b"data");
    let refused = protected(&tlv::write(STATUS, &[0x6A, 0x82]), [0x6A, 0x82]);
    assert_eq!(open(&refused).unwrap().status, StatusWord::NOT_FOUND);

    let misbehaved = |rule| Err(ChipError::CardMisbehaved(rule));
    let malformed = Err(ChipError::Malformed(Part::SecureMessaging));
    assert_eq!(open(&ok), misbehaved(Rule::PlainAnswer));
    assert_eq!(open(&protected(&data, ok)), misbehaved(Rule::MissingObject));
    assert_eq!(open(&protected(&status, [0x62, 0x82])), misbehaved(Rule::StatusMismatch));
    let unpadded = tlv::write_all(ENCRYPTED, &[&[1], &encrypted(&[0; 16])]);
    assert_eq!(open(&protected(&[unpadded, status.clone()].concat(), ok)), misbehaved(Rule::WrongPadding));
    for objects in [
        [tlv::write(ENCRYPTED, &[2; 17]), status.clone()].concat(),
        [tlv::write(ENCRYPTED, &[1; 16]), status.clone()].concat(),
        [tlv::write(ENCRYPTED, &[1]), status.clone()].concat(),
        [tlv::write(ENCRYPTED, &[]), status.clone()].concat(),
        [tlv::write(ENCRYPTED_OBJECTS, &[]), status.clone()].concat(),
        [data.clone(), bare, status.clone()].concat(),
        tlv::write(STATUS, &[0x90]),
    ] {
        assert_eq!(open(&protected(&objects, ok)), malformed, "{}", hex::encode(objects));
    }
    // Out of order and repeated objects are found where the next one is expected.
    assert_eq!(open(&protected(&[status.clone(), data].concat(), ok)), misbehaved(Rule::MissingObject));
    let mut trailing = good.clone();
    trailing.splice(good.len() - 2..good.len() - 2, tlv::write(0x99, &[0x90, 0]));
    assert_eq!(open(&trailing), malformed);
    for position in 0..good.len() {
        let mut altered = good.clone();
        altered[position] ^= 0x10;
        assert!(open(&altered).is_err(), "byte {position}");
        assert!(open(&good[..position]).is_err(), "cut at {position}");
    }
}

#[test]
fn an_answer_is_good_for_its_own_command_only() {
    let status = tlv::write(STATUS, &[0x90, 0]);
    let good = protected(&status, [0x90, 0]);
    let read = CommandApdu::new(0, 0xB0, 0, 0).expecting(223);
    let (waiting, first) = session().protect(&read, LengthForm::Short).unwrap();
    let (session, _) = waiting.open(&good).unwrap();
    let (waiting, second) = session.protect(&read, LengthForm::Short).unwrap();
    assert_ne!(first, second);
    assert_eq!(waiting.open(&good).unwrap_err(), ChipError::CardMisbehaved(Rule::WrongMac));
}

/// An exchange with a real document, where the outside oracles are at hand.
#[test]
fn an_exchange_with_a_real_document_is_reproduced() {
    let oracles = std::env::var_os("ORACLES_DIR").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        std::path::PathBuf::from,
    );
    let path = oracles.join("vectors/chip-transcripts/chip-auth-at-ecdh-aes128.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        assert!(
            std::env::var("ORACLES").as_deref() != Ok("required"),
            "the transcript is required and absent"
        );
        println!("skipped: no transcript of a real document");
        return;
    };
    let case: serde_json::Value = serde_json::from_str(&text).unwrap();
    let field = |value: &serde_json::Value, name: &str| bytes(value[name].as_str().unwrap());
    let before = &case["inputs"]["secure_messaging_before"];
    let mut session = SecureMessaging::new(
        AesKey::from_slice(&field(before, "ks_enc")).unwrap(),
        AesKey::from_slice(&field(before, "ks_mac")).unwrap(),
    );
    session.counter = Counter::Long(u128::from_be_bytes(field(before, "ssc").try_into().unwrap()));
    let apdus = case["apdus"].as_array().unwrap();
    assert_eq!(apdus.len(), 3);
    for (index, apdu) in apdus.iter().enumerate() {
        if index == 2 {
            let after = &case["expect"];
            session = SecureMessaging::new(
                AesKey::from_slice(&field(after, "ks_enc")).unwrap(),
                AesKey::from_slice(&field(after, "ks_mac")).unwrap(),
            );
        }
        let command = CommandApdu::parse(&field(apdu, "plain_command")).unwrap();
        let (waiting, protected) = session.protect(&command, LengthForm::Short).unwrap();
        assert_eq!(protected, field(apdu, "command"), "{}", apdu["name"]);
        let (next, response) = waiting.open(&field(apdu, "response")).unwrap();
        assert_eq!(response.encode(), field(apdu, "plain_response"));
        session = next;
    }
}

#[test]
fn an_answer_too_short_or_too_long_for_an_apdu_is_the_cards_fault() {
    let malformed = Err(ChipError::Malformed(Part::Response));
    assert_eq!(open(&[0x90]), malformed);
    assert_eq!(open(&vec![0; 65_539]), malformed);
}
