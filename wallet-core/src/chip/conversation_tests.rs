use super::*;
use crate::{
    crypto::aes::{AesKey, KeyLength, Purpose},
    tlv,
};

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

/// Asks in the plain, gives each answer, and checks what was sent; the whole answer in the end.
fn exchange(
    extended: bool,
    command: &CommandApdu,
    script: &[(&str, &str)],
) -> Result<ResponseApdu, ChipError> {
    let (mut waiting, mut sent) = Conversation::plain(extended, 65_544).ask(command)?;
    for (index, (expected, answer)) in script.iter().enumerate() {
        assert_eq!(hex::encode(&sent), expected.replace(' ', ""), "command {index}");
        match waiting.hear(&bytes(answer))? {
            Heard::Again(next, again) => (waiting, sent) = (next, again),
            Heard::Answer(_, response) => {
                assert_eq!(index, script.len() - 1, "over too early");
                return Ok(response);
            }
        }
    }
    panic!("wants more: {}", hex::encode(sent));
}

fn read() -> CommandApdu {
    CommandApdu::new(0, 0xB0, 0, 0).expecting(256)
}

#[test]
fn an_answer_that_comes_in_parts_is_gathered() {
    let whole = exchange(
        false,
        &read(),
        &[("00b0000000", "aabb6102"), ("00c0000002", "cc6100"), ("00c0000000", "dd9000")],
    );
    assert_eq!(whole.unwrap().data, [0xAA, 0xBB, 0xCC, 0xDD]);
    let refused = exchange(false, &read(), &[("00b0000000", "6110"), ("00c0000010", "6f00")]);
    assert_eq!(refused.unwrap().status, StatusWord::INTERNAL);
}

#[test]
fn a_length_the_card_knows_better_is_asked_for_once() {
    let whole = exchange(false, &read(), &[("00b0000000", "6c03"), ("00b0000003", "aabbcc9000")]);
    assert_eq!(whole.unwrap().data, [0xAA, 0xBB, 0xCC]);
    let twice = exchange(false, &read(), &[("00b0000000", "6c03"), ("00b0000003", "6c04")]);
    assert_eq!(twice.unwrap().status, StatusWord(0x6C04));
}

#[test]
fn what_a_short_link_does_not_carry_goes_out_as_a_chain() {
    let command = CommandApdu::new(0, 0x86, 0, 0).with_data(vec![7; 300]).expecting(65_536);
    let (first, last) = ("07".repeat(255), "07".repeat(45));
    let script = [(format!("10860000ff{first}"), "9000"), (format!("008600002d{last}00"), "7c009000")];
    let script: Vec<(&str, &str)> = script.iter().map(|(sent, answer)| (sent.as_str(), *answer)).collect();
    assert_eq!(exchange(false, &command, &script).unwrap().data, [0x7C, 0]);
    // A chain that is refused at its beginning is over.
    let refused = exchange(false, &command, &[(script[0].0, "6884")]);
    assert_eq!(refused.unwrap().status, StatusWord(0x6884));
    let whole = format!("00860000 00012c {} 0000", "07".repeat(300));
    assert!(exchange(true, &command, &[(&whole, "9000")]).is_ok());
}

#[test]
fn a_card_that_talks_without_end_is_stopped() {
    let mut waiting = Conversation::plain(false, 261).ask(&read()).unwrap().0;
    let part = [vec![0; 256], vec![0x61, 0]].concat();
    let mut parts = 0;
    let error = loop {
        match waiting.hear(&part) {
            Ok(Heard::Again(next, _)) => waiting = next,
            Ok(Heard::Answer(..)) => panic!("an answer without an end"),
            Err(error) => break error,
        }
        parts += 1;
        assert!(parts < 300);
    };
    assert_eq!(error, ChipError::CardMisbehaved(Rule::TooMuchData));
}

fn key(purpose: Purpose) -> AesKey {
    AesKey::derive(b"a shared secret", purpose, KeyLength::Aes128)
}

fn session() -> SecureMessaging {
    SecureMessaging::new(key(Purpose::Encryption), key(Purpose::Authentication))
}

/// A protected answer, of success and without data.
fn done() -> Vec<u8> {
    let objects = tlv::write(0x99, &[0x90, 0]);
    let counter = 2_u128.to_be_bytes();
    let padded = Cipher::Aes(KeyLength::Aes128).pad(&objects);
    let mac = key(Purpose::Authentication).cmac(&[&counter, &padded]).unwrap();
    [objects, tlv::write(0x8E, &mac[..8]), vec![0x90, 0]].concat()
}

#[test]
fn a_protected_answer_is_opened_after_its_parts_were_gathered_and_a_corrected_length() {
    let waiting = |extended| Conversation::plain(extended, 65_544).within(session()).ask(&read()).unwrap();
    let (first, _) = waiting(false);
    let whole = done();
    let Heard::Again(second, again) = first.hear(&[&whole[..5], &[0x61, 9]].concat()).unwrap() else {
        panic!("the answer was not whole")
    };
    assert_eq!(again, bytes("00c0000009"));
    let Heard::Answer(_, answer) = second.hear(&whole[5..]).unwrap() else { panic!("not whole") };
    assert!(answer.status.is_ok());
    // The length outside is not protected, so the same bytes are said again with another one.
    let (first, sent) = waiting(false);
    let Heard::Again(second, again) = first.hear(&[0x6C, 0x10]).unwrap() else { panic!("not again") };
    assert_eq!(again[..again.len() - 1], sent[..sent.len() - 1]);
    assert_eq!(again.last(), Some(&0x10));
    assert!(matches!(second.hear(&done()), Ok(Heard::Answer(..))));
}

#[test]
fn a_session_is_dead_at_its_first_fault() {
    let hear = |response: &[u8]| {
        let (waiting, _) = Conversation::plain(false, 261).within(session()).ask(&read()).unwrap();
        waiting.hear(response).unwrap_err()
    };
    assert_eq!(hear(&[0x69, 0x88]), ChipError::SessionEnded(StatusWord::WRONG_SECURE_OBJECT));
    assert_eq!(hear(&[0x90, 0]), ChipError::CardMisbehaved(Rule::PlainAnswer));
    let mut altered = done();
    altered[6] ^= 1;
    assert_eq!(hear(&altered), ChipError::CardMisbehaved(Rule::WrongMac));
}

#[test]
fn a_chip_without_the_key_is_no_original() {
    let hear = |response: &[u8]| {
        let (waiting, _) = Conversation::plain(false, 261).proving(session()).ask(&read()).unwrap();
        waiting.hear(response)
    };
    assert!(matches!(hear(&done()), Ok(Heard::Answer(..))));
    let mut altered = done();
    altered[6] ^= 1;
    assert_eq!(hear(&altered).unwrap_err(), ChipError::NotGenuine);
    assert_eq!(hear(&[0x69, 0x88]).unwrap_err(), ChipError::NotGenuine);
    assert_eq!(hear(&[0x90, 0]).unwrap_err(), ChipError::NotGenuine);
    assert_eq!(hear(&[0x90]).unwrap_err(), ChipError::Malformed(crate::chip::Part::Response));
}
