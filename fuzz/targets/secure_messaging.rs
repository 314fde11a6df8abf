//! Secure messaging under fixed keys. A hostile response is never opened to anything but what the card said; one whose
//! MAC the target makes right (first byte odd) reaches the cipher and the padding behind it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wallet_core::{
    apdu::{CommandApdu, LengthForm, ResponseApdu, StatusWord},
    chip::secure_messaging::{AwaitingAnswer, SecureMessaging},
    crypto::aes::{AesKey, KeyLength, Purpose, pad},
    tlv,
};

fn key(purpose: Purpose) -> AesKey {
    AesKey::derive(b"a shared secret", purpose, KeyLength::Aes128)
}

fn waiting() -> AwaitingAnswer {
    let session = SecureMessaging::new(key(Purpose::Encryption), key(Purpose::Authentication));
    let read = CommandApdu::new(0, 0xB0, 0x81, 0).expecting(0xDF);
    session.protect(&read, LengthForm::Short).unwrap().0
}

/// The card's own answer to that command, as the seeds have it.
static GENUINE: LazyLock<ResponseApdu> = LazyLock::new(|| ResponseApdu {
    data: b"sixteen bytes and more of a file".to_vec(),
    status: StatusWord(0x9000),
});

fn with_mac(objects: &[u8], status: [u8; 2]) -> Vec<u8> {
    let counter = 2_u128.to_be_bytes();
    let mac = key(Purpose::Authentication).cmac(&[&counter, &pad(objects)]).unwrap();
    [objects, &tlv::write(0x8E, &mac[..8]), &status].concat()
}

fuzz_target!(|data: &[u8]| {
    let Some((mode, data)) = data.split_first() else { return };
    if let Ok(command) = CommandApdu::parse(data) {
        // Only commands in their shortest form come out as they went in.
        let encoded = command.encode().expect("what was read can be written");
        assert_eq!(CommandApdu::parse(&encoded), Ok(command));
    }
    if let Ok(response) = ResponseApdu::parse(data) {
        assert_eq!(response.encode(), data);
    }
    if mode & 1 == 0 {
        if let Ok((_, opened)) = waiting().open(data) {
            assert_eq!(opened, *GENUINE, "a response the card never gave was accepted");
        }
        return;
    }
    let Some((objects, status)) = data.split_last_chunk::<2>() else { return };
    if let Ok((_, opened)) = waiting().open(&with_mac(objects, *status)) {
        assert_eq!(opened.status.0.to_be_bytes(), *status);
        assert!(opened.data.len() < objects.len().max(1), "padding was taken for data");
    }
});
