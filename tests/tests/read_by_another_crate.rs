//! The virtual chip read by the crate `dmrtd` (MIT OR Apache-2.0), whose author is not ours: files over PACE with the CAN, active
//! authentication. It has no chip authentication, no mapping but the generic one, no 3DES
//! in PACE, and no extended length. The crate `emrtd` reads it over PC/SC: `read_over_pcsc_by_another_crate.rs`.
//! `cargo test -p tests --features peers --test read_by_another_crate`

use dmrtd::{
    com::{TransceiveError, Transceiver},
    lds::ef::ElementaryFile,
    passport::Passport,
    proto::can_key::CanKey,
};
use fixtures::{
    chip::{ActiveAuthentication, CardBuilder, Cipher, Curve, VirtualCard},
    people,
};

struct Peer<'a>(&'a mut VirtualCard);

impl Transceiver for Peer<'_> {
    fn transceive(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransceiveError> {
        Ok(self.0.process(apdu))
    }
}

fn card() -> CardBuilder {
    VirtualCard::of(&people::adult()).active_authentication(ActiveAuthentication::Rsa1024)
}

#[test]
fn another_authors_reader_opens_the_virtual_chip_and_finds_what_is_on_it() {
    for (cipher, curve) in [
        (Cipher::Aes128, Curve::P256),
        (Cipher::Aes256, Curve::BrainpoolP256r1),
        (Cipher::Aes256, Curve::P384),
        (Cipher::Aes128, Curve::Modp2048Order256),
    ] {
        let mut card = card().pace(cipher, curve).build();
        let groups = card.groups();
        let sod = card.file(0x011D).unwrap().to_vec();
        let mut passport = Passport::new(Peer(&mut card));
        let offers = passport.read_ef_card_access().unwrap();
        passport.start_session_pace(CanKey::new("123456").unwrap(), &offers).unwrap();
        assert_eq!(passport.read_ef_sod().unwrap().to_bytes(), sod);
        assert_eq!(passport.read_ef_dg1().unwrap().to_bytes(), groups[&1]);
        assert_eq!(passport.read_ef_dg2().unwrap().to_bytes(), groups[&2]);
        assert_eq!(passport.read_ef_dg11().unwrap().to_bytes(), groups[&11]);
        assert_eq!(passport.read_ef_dg12().unwrap().to_bytes(), groups[&12]);
        assert_eq!(passport.read_ef_dg14().unwrap().to_bytes(), groups[&14]);
        passport.verify_active_authentication(&[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        drop(passport);
        println!("{cipher:?}, {curve:?}: {} APDUs", card.apdus());
    }
}

#[test]
fn another_authors_reader_is_refused_with_a_wrong_number_and_finds_out_a_copy() {
    let mut card = card().can("654321").build();
    let mut passport = Passport::new(Peer(&mut card));
    let offers = passport.read_ef_card_access().unwrap();
    assert!(passport.start_session_pace(CanKey::new("123456").unwrap(), &offers).is_err());

    let mut copy = self::card().cloned_without_its_key().build();
    let mut passport = Passport::new(Peer(&mut copy));
    let offers = passport.read_ef_card_access().unwrap();
    passport.start_session_pace(CanKey::new("123456").unwrap(), &offers).unwrap();
    assert!(passport.verify_active_authentication(&[1, 2, 3, 4, 5, 6, 7, 8]).is_err());
}
