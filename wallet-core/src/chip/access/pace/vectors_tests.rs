//! The worked examples of ICAO Doc 9303-11, G to I, and an exchange with a real document, where the outside vectors are at
//! hand: every command byte for byte, and the keys of the session.

use super::*;
use crate::{
    apdu::LengthForm,
    chip::{access::parse_card_access, chip_auth::verify_mapping, security_infos::SecurityInfos},
    crypto::{
        aes::KeyLength,
        domain::{Curve, Modp},
    },
};

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

struct Case(serde_json::Value);

impl Case {
    fn load(path: &str) -> Option<Self> {
        let oracles = std::env::var_os("ORACLES_DIR").map_or_else(
            || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
            std::path::PathBuf::from,
        );
        match std::fs::read_to_string(oracles.join("vectors").join(path)) {
            Ok(text) => Some(Self(serde_json::from_str(&text).unwrap())),
            Err(_) => {
                assert!(std::env::var("ORACLES").as_deref() != Ok("required"), "missing: {path}");
                println!("skipped: no {path}");
                None
            }
        }
    }

    fn input(&self, name: &str) -> Vec<u8> {
        bytes(self.0["inputs"][name].as_str().unwrap_or_else(|| panic!("no {name}")))
    }

    fn expected(&self, name: &str) -> Vec<u8> {
        bytes(self.0["expect"][name].as_str().unwrap_or_else(|| panic!("no {name}")))
    }
}

const AES_128: Cipher = Cipher::Aes(KeyLength::Aes128);
const MODP_1024: Group = Group::Modp(Modp::Bits1024Order160);
const BRAINPOOL: Group = Group::Curve(Curve::BrainpoolP256r1);

/// The command before the answer, and the answer: from the example where it prints APDUs, else put together from its parts.
fn script(case: &Case, info: PaceInfo) -> Vec<(Vec<u8>, Vec<u8>)> {
    if let Some(apdus) = case.0["apdus"].as_array() {
        let field = |apdu: &serde_json::Value, name: &str| bytes(apdu[name].as_str().unwrap());
        return apdus.iter().map(|apdu| (field(apdu, "command"), field(apdu, "response"))).collect();
    }
    let command = |cla, data: Vec<u8>| {
        let command = CommandApdu::new(cla, 0x86, 0, 0).with_data(tlv::write(0x7C, &data)).expecting(256);
        command.encode().unwrap()
    };
    let answer = |tag, value: &[u8]| [tlv::write(0x7C, &tlv::write(tag, value)), vec![0x90, 0]].concat();
    let set = [tlv::write(0x80, &info.oid()), tlv::write(0x83, &[1])].concat();
    let set = CommandApdu::new(0, 0x22, 0xC1, 0xA4).with_data(set).encode().unwrap();
    vec![
        (set, vec![0x90, 0]),
        (command(0x10, Vec::new()), answer(0x80, &case.input("encrypted_nonce_z"))),
        (command(0x10, tlv::write(0x81, &case.input("nonce_t"))), answer(0x82, &[])),
        (
            command(0x10, tlv::write(0x83, &case.expected("terminal_key_agreement_public"))),
            answer(0x84, &case.expected("chip_key_agreement_public")),
        ),
        (command(0, tlv::write(0x85, &case.expected("token_ifd"))), answer(0x86, &case.expected("token_ic"))),
    ]
}

fn follow(case: &Case, info: PaceInfo) -> Option<MappingProof> {
    let password = &case.0["password"]["k_pi"];
    let password = password.as_str().map_or_else(|| case.input("k_pi"), bytes);
    let password = ChannelKey::from_slice(info.cipher, &password).unwrap();
    let first = if info.mapping == Mapping::Integrated { "nonce_t" } else { "terminal_map_private" };
    let mut entropy =
        Entropy::dangerous_fixed(&[&case.input(first), &case.input("terminal_key_agreement_private")]);
    let script = script(case, info);
    let (mut pace, mut command) = Pace::begin(info, password, Reference::Mrz);
    let count = script.len();
    for (index, (sent, answer)) in script.into_iter().enumerate() {
        assert_eq!(hex::encode(command.encode().unwrap()), hex::encode(sent), "command {index}");
        match pace.handle(&ResponseApdu::parse(&answer).unwrap(), &mut entropy).unwrap() {
            PaceStep::Transmit(next, wanted) => (pace, command) = (next, wanted),
            PaceStep::Open(session, proof) => {
                assert_eq!(index, count - 1);
                let key = |name| ChannelKey::from_slice(info.cipher, &case.expected(name)).unwrap();
                let theirs = SecureMessaging::new(key("ks_enc"), key("ks_mac"));
                let select = CommandApdu::new(0, 0xA4, 4, 0x0C).with_data(vec![1, 2, 3]);
                let protect =
                    |session: SecureMessaging| session.protect(&select, LengthForm::Short).unwrap().1;
                assert_eq!(protect(session), protect(theirs));
                return proof;
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("not open")
}

#[test]
fn the_worked_examples_are_followed_byte_for_byte() {
    for (path, mapping, group) in [
        ("icao9303/pace-g1-ecdh-gm.json", Mapping::Generic, BRAINPOOL),
        ("icao9303/pace-g2-dh-gm.json", Mapping::Generic, MODP_1024),
        ("icao9303/pace-h1-ecdh-im.json", Mapping::Integrated, BRAINPOOL),
        ("icao9303/pace-h2-dh-im.json", Mapping::Integrated, MODP_1024),
    ] {
        let Some(case) = Case::load(path) else { return };
        assert_eq!(follow(&case, PaceInfo { mapping, cipher: AES_128, group, parameter_id: None }), None);
    }
}

#[test]
fn the_worked_example_of_chip_authentication_mapping_proves_its_key() {
    let Some(case) = Case::load("icao9303/pace-i1-ecdh-cam.json") else { return };
    let mapping = Mapping::ChipAuthentication;
    let info = PaceInfo { mapping, cipher: AES_128, group: BRAINPOOL, parameter_id: None };
    let proof = follow(&case, info).unwrap();
    assert_eq!(proof.chip_data, case.expected("cam_data"));
    assert_eq!(proof.map_public, case.expected("chip_map_public"));
    let set = tlv::write(0x31, &case.input("chip_authentication_public_key_info"));
    let infos = SecurityInfos::parse_set(&set).unwrap();
    assert_eq!(verify_mapping(&infos, &proof), Ok(true));
    let mut other = proof;
    other.chip_data[31] ^= 1;
    assert_eq!(verify_mapping(&infos, &other), Err(ChipError::NotGenuine));
}

#[test]
fn a_real_document_with_3des_is_opened_as_it_was() {
    let Some(case) = Case::load("chip-transcripts/pace-nz-ecdh-gm-3des.json") else { return };
    let [info] = parse_card_access(&case.input_file("ef_card_access")).unwrap().try_into().unwrap();
    assert_eq!((info.cipher, info.group), (Cipher::TripleDes, BRAINPOOL));
    assert_eq!(follow(&case, info), None);
}

impl Case {
    /// A file that stands beside the inputs.
    fn input_file(&self, name: &str) -> Vec<u8> {
        bytes(self.0[name].as_str().unwrap())
    }
}
