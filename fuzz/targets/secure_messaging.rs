//! Secure messaging under fixed keys, AES and 3DES (second bit of the first byte). A hostile response is never opened to
//! anything but what the card said; one whose MAC the target makes right (first byte odd) reaches the cipher and the
//! padding behind it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wallet_core::{
    apdu::{CommandApdu, LengthForm, ResponseApdu, StatusWord},
    chip::secure_messaging::{AwaitingAnswer, SecureMessaging},
    crypto::{
        aes::{KeyLength, Purpose},
        channel::{ChannelKey, Cipher},
    },
    tlv,
};

fn key(purpose: Purpose, cipher: Cipher) -> ChannelKey {
    ChannelKey::derive(b"a shared secret", purpose, cipher)
}

fn waiting(cipher: Cipher) -> AwaitingAnswer {
    let session =
        SecureMessaging::new(key(Purpose::Encryption, cipher), key(Purpose::Authentication, cipher));
    let read = CommandApdu::new(0, 0xB0, 0x81, 0).expecting(0xDF);
    session.protect(&read, LengthForm::Short).unwrap().0
}

/// The card's own answer to that command, as the seeds have it.
static GENUINE: LazyLock<ResponseApdu> = LazyLock::new(|| ResponseApdu {
    data: b"sixteen bytes and more of a file".to_vec(),
    status: StatusWord(0x9000),
});

fn with_mac(objects: &[u8], status: [u8; 2], cipher: Cipher) -> Vec<u8> {
    let counter = 2_u128.to_be_bytes();
    let counter = &counter[16 - cipher.block_length()..];
    let mac = key(Purpose::Authentication, cipher).mac(&[counter, &cipher.pad(objects)]).unwrap();
    [objects, &tlv::write(0x8E, &mac), &status].concat()
}

fuzz_target!(|data: &[u8]| {
    let Some((mode, data)) = data.split_first() else { return };
    let cipher = if mode & 2 == 0 { Cipher::Aes(KeyLength::Aes128) } else { Cipher::TripleDes };
    if let Ok(command) = CommandApdu::parse(data) {
        // Only commands in their shortest form come out as they went in.
        let encoded = command.encode().expect("what was read can be written");
        assert_eq!(CommandApdu::parse(&encoded), Ok(command));
    }
    if let Ok(response) = ResponseApdu::parse(data) {
        assert_eq!(response.encode(), data);
    }
    if mode & 1 == 0 {
        if let Ok((_, opened)) = waiting(cipher).open(data) {
            assert_eq!(opened, *GENUINE, "a response the card never gave was accepted");
        }
        return;
    }
    let Some((objects, status)) = data.split_last_chunk::<2>() else { return };
    if let Ok((_, opened)) = waiting(cipher).open(&with_mac(objects, *status, cipher)) {
        assert_eq!(opened.status.0.to_be_bytes(), *status);
        assert!(opened.data.len() < objects.len().max(1), "padding was taken for data");
    }
});
