//! PACE by every mapping and in every group, against exchanges that `testdata/pace.py` derived a second time: every command
//! byte for byte, the keys of the session, and what a chip proves by its mapping.

use std::collections::HashSet;

use super::*;
use crate::{
    apdu::LengthForm,
    crypto::{
        aes::KeyLength,
        domain::{Curve, Modp},
    },
};

struct Exchange {
    name: String,
    info: PaceInfo,
    fields: [Vec<u8>; 18],
}

const CIPHERS: [(&str, Cipher); 4] = [
    ("3des", Cipher::TripleDes),
    ("aes128", Cipher::Aes(KeyLength::Aes128)),
    ("aes192", Cipher::Aes(KeyLength::Aes192)),
    ("aes256", Cipher::Aes(KeyLength::Aes256)),
];
const GROUPS: [(&str, Group); 11] = [
    ("rfc5114-1", Group::Modp(Modp::Bits1024Order160)),
    ("rfc5114-2", Group::Modp(Modp::Bits2048Order224)),
    ("rfc5114-3", Group::Modp(Modp::Bits2048Order256)),
    ("secp224r1", Group::Curve(Curve::P224)),
    ("prime256v1", Group::Curve(Curve::P256)),
    ("brainpoolP256r1", Group::Curve(Curve::BrainpoolP256r1)),
    ("brainpoolP320r1", Group::Curve(Curve::BrainpoolP320r1)),
    ("secp384r1", Group::Curve(Curve::P384)),
    ("brainpoolP384r1", Group::Curve(Curve::BrainpoolP384r1)),
    ("brainpoolP512r1", Group::Curve(Curve::BrainpoolP512r1)),
    ("secp521r1", Group::Curve(Curve::P521)),
];

fn exchanges() -> Vec<Exchange> {
    let parse = |line: &str| {
        let (name, fields) = line.split_once(' ').unwrap();
        let (mapping, rest) = name.split_once('-').unwrap();
        let (cipher, rest) = rest.split_once('-').unwrap();
        let mapping = match mapping {
            "gm" => Mapping::Generic,
            "im" => Mapping::Integrated,
            _ => Mapping::ChipAuthentication,
        };
        let (_, cipher) = CIPHERS.into_iter().find(|(name, _)| *name == cipher).unwrap();
        let (_, group) = GROUPS.into_iter().find(|(name, _)| rest.starts_with(name)).unwrap();
        let fields: Vec<Vec<u8>> = fields
            .split(' ')
            .map(
                |field| if matches!(field, "-" | "empty") { Vec::new() } else { hex::decode(field).unwrap() },
            )
            .collect();
        Exchange {
            name: name.to_owned(),
            info: PaceInfo { mapping, cipher, group, parameter_id: None },
            fields: fields.try_into().unwrap(),
        }
    };
    include_str!("../../../../testdata/pace.txt").lines().map(parse).collect()
}

/// Plays the chip's part; the session's keys have to be those that were derived.
fn follow(exchange: &Exchange) {
    let Exchange { name, info, fields } = exchange;
    let [nonce, ours, agree, d81, d82, d83, d84, d85, d86, d8a, encryption, authentication, chip, claim, ..] =
        fields;
    let long = info.group.element_length() > 240;
    let authenticate = |cla, tag, value: &[u8]| {
        let object = if tag == 0 { Vec::new() } else { tlv::write(tag, value) };
        CommandApdu::new(cla, 0x86, 0, 0)
            .with_data(tlv::write(0x7C, &object))
            .expecting(if long && matches!(tag, 0x81 | 0x83) { 65_536 } else { 256 })
    };
    let answer = |objects: &[(u32, &[u8])]| {
        let objects: Vec<_> = objects.iter().map(|(tag, value)| tlv::write(*tag, value)).collect();
        ResponseApdu { data: tlv::write(0x7C, &objects.concat()), status: StatusWord(0x9000) }
    };
    let mut last = vec![(0x86, d86.as_slice())];
    if info.mapping == Mapping::ChipAuthentication {
        last.push((0x8A, d8a));
    }
    let script = [
        (authenticate(0x10, 0, &[]), answer(&[(0x80, nonce)])),
        (authenticate(0x10, 0x81, d81), answer(&[(0x82, d82)])),
        (authenticate(0x10, 0x83, d83), answer(&[(0x84, d84)])),
        (authenticate(0x00, 0x85, d85), answer(&last)),
    ];
    let password = ChannelKey::derive(b"123456", Purpose::Password, info.cipher);
    let mut entropy = Entropy::dangerous_fixed(&[ours, agree]);
    let (pace, _) = Pace::begin(*info, password, Reference::Can);
    let done = ResponseApdu { data: Vec::new(), status: StatusWord(0x9000) };
    let mut step = pace.handle(&done, &mut entropy).unwrap();
    for (index, (sent, answer)) in script.into_iter().enumerate() {
        let PaceStep::Transmit(pace, command) = step else { panic!("{name}: {step:?}") };
        assert_eq!(command.encode(), sent.encode(), "{name}: command {index}");
        step = pace.handle(&answer, &mut entropy).unwrap_or_else(|error| panic!("{name} {index}: {error}"));
    }
    let PaceStep::Open(session, proof) = step else { panic!("{name}: {step:?}") };
    let key = |bytes: &[u8]| ChannelKey::from_slice(info.cipher, bytes).unwrap();
    let theirs = SecureMessaging::new(key(encryption), key(authentication));
    let select = CommandApdu::new(0, 0xA4, 4, 0x0C).with_data(vec![1, 2, 3]);
    let protect = |session: SecureMessaging| session.protect(&select, LengthForm::Short).unwrap().1;
    assert_eq!(protect(session), protect(theirs), "{name}");
    match proof {
        None => assert_ne!(info.mapping, Mapping::ChipAuthentication, "{name}"),
        Some(proof) => {
            let MappingProof { group, map_public, chip_data } = proof;
            assert_eq!((group, &map_public, &chip_data), (info.group, d82, claim), "{name}");
            // The claim leads from the chip's static key to its key of the mapping.
            let claim = PrivateKey::from_scalar(info.group, claim).unwrap();
            let chip = Element::parse(info.group, chip).unwrap();
            assert_eq!(claim.multiply(&chip).unwrap().as_bytes(), d82, "{name}");
        }
    }
}

#[test]
fn every_mapping_in_every_group_is_followed_as_it_was_derived_a_second_time() {
    let exchanges = exchanges();
    for (mapping, groups, ciphers) in
        [(Mapping::Generic, 11, 4), (Mapping::Integrated, 10, 4), (Mapping::ChipAuthentication, 8, 3)]
    {
        let of_mapping = exchanges.iter().filter(|exchange| exchange.info.mapping == mapping);
        let (met, by): (HashSet<_>, HashSet<_>) =
            of_mapping.map(|exchange| (exchange.info.group, exchange.info.cipher)).unzip();
        assert_eq!((met.len(), by.len()), (groups, ciphers), "{mapping:?}");
    }
    for exchange in exchanges.iter().filter(|exchange| !exchange.name.ends_with('0')) {
        follow(exchange);
    }
}

#[test]
fn numbers_that_begin_with_a_zero_are_sent_and_signed_without_it() {
    for exchange in exchanges().iter().filter(|exchange| exchange.name.ends_with("publics0")) {
        assert!(exchange.fields[5].len() < exchange.info.group.element_length(), "{}", exchange.name);
        assert!(exchange.fields[6].len() < exchange.info.group.element_length(), "{}", exchange.name);
        follow(exchange);
    }
}

#[test]
fn a_secret_that_begins_with_a_zero_keeps_it() {
    let exchanges = exchanges();
    let special = exchanges.iter().filter(|exchange| exchange.name.ends_with("secret0"));
    assert_eq!(special.inspect(|exchange| follow(exchange)).count(), GROUPS.len());
}
