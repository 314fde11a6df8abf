use super::*;
use crate::{
    apdu::LengthForm,
    cms::oid,
    crypto::domain::{Curve, Modp},
};

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn answer(status: u16) -> ResponseApdu {
    ResponseApdu { data: Vec::new(), status: StatusWord(status) }
}

/// `SubjectPublicKeyInfo` of a key on a named curve.
fn spki(name: &[u8], point: &[u8]) -> Vec<u8> {
    let algorithm = [tlv::write(6, oid::EC_PUBLIC_KEY), tlv::write(6, name)].concat();
    tlv::write_all(0x30, &[&tlv::write(0x30, &algorithm), &tlv::write_all(3, &[&[0], point])])
}

fn key_info(agreement: u8, spki: Vec<u8>, id: Option<u8>) -> ChipAuthenticationKey {
    ChipAuthenticationKey {
        protocol: [CHIP_KEY, &[agreement]].concat(),
        public_key: spki,
        key_id: id.map(|id| vec![id]),
    }
}

fn info(agreement: u8, cipher: u8, id: Option<u8>) -> super::super::security_infos::ChipAuthenticationInfo {
    super::super::security_infos::ChipAuthenticationInfo {
        protocol: [CHIP_AUTHENTICATION, &[agreement, cipher]].concat(),
        version: 1,
        key_id: id.map(|id| vec![id]),
    }
}

fn public(group: Group, seed: u8) -> Vec<u8> {
    let key = PrivateKey::derive(group, &[seed; PrivateKey::SEED]).unwrap();
    key.multiply(&Element::generator(group)).unwrap().as_bytes().to_vec()
}

const P256: Group = Group::Curve(Curve::P256);
const P320: Group = Group::Curve(Curve::BrainpoolP320r1);

#[test]
fn the_info_with_the_keys_id_says_how_the_key_is_used() {
    let (one, two) = (public(P256, 1), public(P320, 2));
    let infos = SecurityInfos {
        chip_keys: vec![
            key_info(ECDH, spki(oid::P256, &one), Some(1)),
            key_info(ECDH, spki(oid::BRAINPOOL_P320R1, &two), Some(2)),
        ],
        chip_authentication: vec![info(ECDH, 1, Some(1)), info(ECDH, 4, Some(2))],
        ..SecurityInfos::default()
    };
    let chosen = ChipKey::choose(&infos).unwrap().unwrap();
    assert_eq!((chosen.cipher, chosen.group()), (Cipher::Aes(KeyLength::Aes256), P320));
    assert_eq!(chosen.key_id, Some(vec![2]));
    assert_eq!(chosen.protocol, [CHIP_AUTHENTICATION, &[2, 4]].concat());
    let (exchange, command) = ChipAuth::begin(chosen, vec![4, 5]);
    assert_eq!(hex::encode(command.encode().unwrap()), "002241a40f800a04007f00070202030204840102");
    let ChipAuthStep::Transmit(exchange, command) = exchange.handle(&answer(0x9000)).unwrap() else {
        panic!("not a command")
    };
    assert_eq!(hex::encode(command.encode().unwrap()), "00860000067c048002040500");
    assert!(matches!(exchange.handle(&answer(0x9000)).unwrap(), ChipAuthStep::Agreed(_)));
}

#[test]
fn an_info_and_the_only_key_belong_together_where_one_of_them_has_no_id() {
    for (of_the_info, of_the_key) in [(Some(5), None), (None, Some(5)), (None, None), (Some(5), Some(5))] {
        let infos = SecurityInfos {
            chip_keys: vec![key_info(ECDH, spki(oid::P256, &public(P256, 1)), of_the_key)],
            chip_authentication: vec![info(ECDH, 2, of_the_info)],
            ..SecurityInfos::default()
        };
        let chosen = ChipKey::choose(&infos).unwrap().unwrap();
        assert_eq!(chosen.cipher, Cipher::Aes(KeyLength::Aes128), "{of_the_info:?} {of_the_key:?}");
        assert_eq!(chosen.key_id, of_the_key.map(|id| vec![id]));
    }
    // Two ids that differ speak of two keys, and of two keys none is guessed.
    let differ = SecurityInfos {
        chip_keys: vec![key_info(ECDH, spki(oid::P256, &public(P256, 1)), Some(6))],
        chip_authentication: vec![info(ECDH, 2, Some(5))],
        ..SecurityInfos::default()
    };
    assert_eq!(ChipKey::choose(&differ), Err(ChipError::Unsupported(Feature::ChipAuthentication)));
}

#[test]
fn a_key_that_no_info_speaks_of_is_used_as_the_oldest_protocol_would() {
    let mut infos = SecurityInfos {
        chip_keys: vec![key_info(ECDH, spki(oid::P256, &public(P256, 1)), None)],
        ..SecurityInfos::default()
    };
    let chosen = ChipKey::choose(&infos).unwrap().unwrap();
    assert_eq!(chosen.cipher, Cipher::TripleDes);
    // One command, and where the chip does not know it, the pair that came later.
    let (exchange, command) = ChipAuth::begin(chosen, vec![4, 5]);
    assert_eq!(hex::encode(command.encode().unwrap()), "002241a60491020405");
    let ChipAuthStep::Transmit(exchange, command) = exchange.handle(&answer(0x6A80)).unwrap() else {
        panic!("not a command")
    };
    assert_eq!(command.p2, 0xA4);
    let refused = exchange.handle(&answer(0x6A88)).unwrap();
    assert!(matches!(refused, ChipAuthStep::Refused(StatusWord::REFERENCE_NOT_FOUND)));

    // An info of an unknown kind is no reason to guess.
    infos.chip_authentication = vec![info(ECDH, 9, None)];
    assert_eq!(ChipKey::choose(&infos), Err(ChipError::Unsupported(Feature::ChipAuthentication)));
    infos.chip_authentication = vec![info(ECDH, 2, None)];
    infos.chip_authentication[0].version = 2;
    assert_eq!(ChipKey::choose(&infos), Err(ChipError::Unsupported(Feature::ChipAuthentication)));
    infos.chip_keys.clear();
    assert_eq!(ChipKey::choose(&infos), Ok(None));
}

#[test]
fn keys_that_are_none_are_refused() {
    let with = |key| SecurityInfos { chip_keys: vec![key], ..SecurityInfos::default() };
    let mut off = public(P256, 1);
    off[64] ^= 1;
    let off_curve = with(key_info(ECDH, spki(oid::P256, &off), None));
    assert_eq!(
        ChipKey::choose(&off_curve),
        Err(ChipError::CardMisbehaved(super::super::Rule::KeyNotInGroup))
    );
    // A curve's key under the protocol of primes, and no key at all.
    for key in [key_info(DH, spki(oid::P256, &public(P256, 1)), None), key_info(ECDH, vec![0x30, 0], None)] {
        assert_eq!(ChipKey::choose(&with(key)), Err(ChipError::Unsupported(Feature::ChipAuthentication)));
    }
}

#[test]
fn a_group_named_by_its_number_is_understood() {
    let group = Group::Modp(Modp::Bits2048Order256);
    let number = public(group, 3);
    let algorithm = [tlv::write(6, STANDARDIZED_DOMAIN_PARAMETERS), vec![2, 1, 2]].concat();
    let integer = tlv::write_all(2, &[&[0], &number]);
    let spki = tlv::write_all(0x30, &[&tlv::write(0x30, &algorithm), &tlv::write_all(3, &[&[0], &integer])]);
    let infos = SecurityInfos {
        chip_keys: vec![key_info(DH, spki, None)],
        chip_authentication: vec![info(DH, 2, None)],
        ..SecurityInfos::default()
    };
    let chosen = ChipKey::choose(&infos).unwrap().unwrap();
    assert_eq!((chosen.group(), chosen.public.as_bytes()), (group, number.as_slice()));
}

#[test]
fn the_mapping_proves_the_key_it_was_made_with_and_no_other() {
    let group = Group::Curve(Curve::BrainpoolP256r1);
    let scalar = PrivateKey::derive(group, &[5; PrivateKey::SEED]).unwrap();
    let chip = public(group, 6);
    let map_public = scalar.multiply(&Element::parse(group, &chip).unwrap()).unwrap();
    let mut data = vec![0x05; 32];
    // The scalar of the seed above, as a chip would send it, is not ours to see; a known one takes its place.
    data[0] = 0;
    let known = PrivateKey::from_scalar(group, &data).unwrap();
    let known_public = known.multiply(&Element::parse(group, &chip).unwrap()).unwrap();
    let infos = |point: &[u8]| SecurityInfos {
        chip_keys: vec![key_info(ECDH, spki(oid::BRAINPOOL_P256R1, point), None)],
        ..SecurityInfos::default()
    };
    let proof = |map: &Element, data: &[u8]| MappingProof {
        group,
        map_public: map.as_bytes().to_vec(),
        chip_data: data.to_vec(),
    };
    assert_eq!(verify_mapping(&infos(&chip), &proof(&known_public, &data)), Ok(true));
    // A chip may leave leading zeros out.
    assert_eq!(verify_mapping(&infos(&chip), &proof(&known_public, &data[1..])), Ok(true));
    let other = Err(ChipError::NotGenuine);
    assert_eq!(verify_mapping(&infos(&chip), &proof(&map_public, &data)), other);
    assert_eq!(verify_mapping(&infos(&public(group, 7)), &proof(&known_public, &data)), other);
    assert_eq!(verify_mapping(&SecurityInfos::default(), &proof(&known_public, &data)), Ok(false));
    let malformed = Err(ChipError::Malformed(Part::AuthenticationData));
    assert_eq!(verify_mapping(&infos(&chip), &proof(&known_public, &[0; 32])), malformed);
    assert_eq!(verify_mapping(&infos(&chip), &proof(&known_public, &[1; 33])), malformed);
}

/// Exchanges with real documents, where the outside vectors are at hand: AES-128, and 3DES by the pair of commands.
#[test]
fn exchanges_with_real_documents_are_reproduced() {
    let oracles = std::env::var_os("ORACLES_DIR").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        std::path::PathBuf::from,
    );
    for (name, cipher) in [
        ("chip-auth-at-ecdh-aes128.json", Cipher::Aes(KeyLength::Aes128)),
        ("chip-auth-my-ecdh-3des.json", Cipher::TripleDes),
    ] {
        let Ok(text) = std::fs::read_to_string(oracles.join("vectors/chip-transcripts").join(name)) else {
            assert!(std::env::var("ORACLES").as_deref() != Ok("required"), "missing: {name}");
            println!("skipped: no transcript of a real document");
            return;
        };
        let case: serde_json::Value = serde_json::from_str(&text).unwrap();
        let field = |value: &serde_json::Value, name: &str| bytes(value[name].as_str().unwrap());
        let (inputs, expect) = (&case["inputs"], &case["expect"]);
        let infos = SecurityInfos::parse_dg14(&field(inputs, "ef_dg14")).unwrap();
        let key = ChipKey::choose(&infos).unwrap().unwrap();
        assert_eq!(key.cipher, cipher);
        assert_eq!(key.public.as_bytes(), field(expect, "chip_static_public"));
        let ours = PrivateKey::from_scalar(key.group(), &field(inputs, "terminal_private")).unwrap();
        let public = ours.multiply(&Element::generator(key.group())).unwrap();
        let (mut exchange, mut command) =
            ChipAuth::by_general_authenticate(key.clone(), public.as_bytes().to_vec());
        let apdus = case["apdus"].as_array().unwrap();
        for apdu in &apdus[..2] {
            assert_eq!(command.encode().unwrap(), field(apdu, "plain_command"), "{name}");
            let response = ResponseApdu::parse(&field(apdu, "plain_response")).unwrap();
            match exchange.handle(&response).unwrap() {
                ChipAuthStep::Transmit(next, wanted) => (exchange, command) = (next, wanted),
                ChipAuthStep::Agreed(_) => break,
                ChipAuthStep::Refused(status) => panic!("{name}: {status}"),
            }
        }
        // The first exchange under the new keys, byte for byte.
        let session = key.session(&ours).unwrap();
        let command = CommandApdu::parse(&field(&apdus[2], "plain_command")).unwrap();
        let (waiting, protected) = session.protect(&command, LengthForm::Short).unwrap();
        assert_eq!(protected, field(&apdus[2], "command"), "{name}");
        let (_, response) = waiting.open(&field(&apdus[2], "response")).unwrap();
        assert!(response.status.is_ok());
    }
}
