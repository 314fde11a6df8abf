//! A card for the tests of this folder: PACE by P-256 and AES-128, secure messaging and files, with the habits and the
//! faults of cards that were met in the field.

use std::collections::BTreeMap;

use crate::{
    apdu::{CommandApdu, ResponseApdu, StatusWord},
    bytes::Reader,
    crypto::{
        aes::{AesKey, KeyLength, Purpose, pad, strip_padding},
        agreement::{Element, Group, PrivateKey, map_generator},
        domain::Curve,
    },
    tlv,
};

/// What is peculiar about a card.
#[derive(Debug, Clone, Default)]
pub(super) struct Habits {
    /// Refuses short identifiers.
    pub(super) no_short_identifiers: bool,
    /// Refuses, protected, to give more than this at once.
    pub(super) most: Option<u32>,
    /// Ends the session at a long command, with a bare 6700.
    pub(super) drops_long_commands: bool,
    /// Refuses to read past the end of a file.
    pub(super) refuses_past_the_end: bool,
    /// Gives 6282 where a file ends early.
    pub(super) warns_at_the_end: bool,
    /// Gives at most this at once, without a word.
    pub(super) gives: Option<usize>,
    /// Refuses to sign.
    pub(super) no_signature: bool,
}

pub(super) struct TestCard {
    pub(super) files: BTreeMap<u16, Vec<u8>>,
    pub(super) card_access: Option<Vec<u8>>,
    pub(super) can: &'static [u8],
    pub(super) habits: Habits,
    /// Commands as the card understood them.
    pub(super) heard: Vec<CommandApdu>,
    door: Door,
    selected: Option<u16>,
    in_application: bool,
}

enum Door {
    Shut,
    Nonce,
    Map,
    Agree { generator: Element },
    Token { theirs: Element, encryption: AesKey, authentication: AesKey, ours: Element },
    Open(Session),
}

struct Session {
    encryption: AesKey,
    authentication: AesKey,
    counter: u128,
}

const OID: [u8; 10] = [4, 0, 0x7F, 0, 7, 2, 2, 4, 2, 2];
const NONCE: [u8; 16] = [0x33; 16];
pub(super) const SIGNATURE: [u8; 200] = [0x51; 200];

fn scalar(last: u8) -> PrivateKey {
    let mut scalar = [7; 32];
    scalar[31] = last;
    PrivateKey::from_scalar(Group::Curve(Curve::P256), &scalar).unwrap()
}

impl TestCard {
    /// A document with the groups given, and a security object that lists them.
    pub(super) fn new(groups: &[(u8, Vec<u8>)]) -> Self {
        let digest =
            |number: u8| tlv::write_all(0x30, &[&tlv::write(2, &[number]), &tlv::write(4, &[number; 32])]);
        let digests: Vec<u8> = groups.iter().flat_map(|(number, _)| digest(*number)).collect();
        let sha256 = tlv::write(0x30, &tlv::write(6, &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]));
        let object = tlv::write_all(0x30, &[&tlv::write(2, &[0]), &sha256, &tlv::write(0x30, &digests)]);
        let content = tlv::write_all(
            0x30,
            &[&tlv::write(6, &[0x67, 0x81, 8, 1, 1, 1]), &tlv::write(0xA0, &tlv::write(4, &object))],
        );
        let signed = tlv::write_all(0x30, &[&tlv::write(2, &[3]), &tlv::write(0x31, &sha256), &content]);
        let info = tlv::write_all(0x30, &[&tlv::write(6, &[42]), &tlv::write(0xA0, &signed)]);
        let mut files: BTreeMap<u16, Vec<u8>> =
            groups.iter().map(|(number, bytes)| (0x0100 | u16::from(*number), bytes.clone())).collect();
        files.insert(0x011D, tlv::write(0x77, &info));
        let pace = tlv::write_all(0x30, &[&tlv::write(6, &OID), &tlv::write(2, &[2]), &tlv::write(2, &[12])]);
        Self {
            files,
            card_access: Some(tlv::write(0x31, &pace)),
            can: b"123456",
            habits: Habits::default(),
            heard: Vec::new(),
            door: Door::Shut,
            selected: None,
            in_application: false,
        }
    }

    /// Out of the field and into it again.
    pub(super) fn power_up(&mut self) {
        self.door = Door::Shut;
        self.selected = None;
        self.in_application = false;
    }

    pub(super) fn answer(&mut self, bytes: &[u8]) -> Vec<u8> {
        let command = CommandApdu::parse(bytes).unwrap();
        match core::mem::replace(&mut self.door, Door::Shut) {
            Door::Open(session) if command.cla & 0x0C == 0x0C => self.protected(session, &command, bytes),
            door => {
                self.door = door;
                self.heard.push(command.clone());
                self.plain(&command).encode()
            }
        }
    }

    fn plain(&mut self, command: &CommandApdu) -> ResponseApdu {
        match (command.ins, command.p1) {
            (0xA4, 0) if command.data.is_empty() => {
                self.in_application = false;
                self.selected = None;
                status(0x9000)
            }
            (0xA4, 2) if command.data == [0x01, 0x1C] && self.card_access.is_some() => {
                self.selected = Some(0x011C);
                status(0x9000)
            }
            (0xB0, 0x9C) if self.habits.no_short_identifiers || self.in_application => status(0x6A86),
            (0xB0, 0x9C) => match &self.card_access {
                Some(file) => ok(file),
                None => status(0x6A82),
            },
            (0xB0, 0) if self.selected == Some(0x011C) => ok(self.card_access.as_ref().unwrap()),
            (0x22, 0xC1) => {
                self.door = Door::Nonce;
                status(0x9000)
            }
            (0x86, 0) => self.authenticate(command),
            _ => status(0x6A82),
        }
    }

    fn authenticate(&mut self, command: &CommandApdu) -> ResponseApdu {
        let outer = tlv::exactly(&command.data, 0x7C).unwrap();
        let theirs = tlv::read(&mut Reader::new(outer.value)).ok();
        let point = || Element::parse(Group::Curve(Curve::P256), theirs.unwrap().value).unwrap();
        let object = |tag, value: &[u8]| ok(&tlv::write(0x7C, &tlv::write(tag, value)));
        match core::mem::replace(&mut self.door, Door::Shut) {
            Door::Nonce => {
                self.door = Door::Map;
                let key = AesKey::derive(self.can, Purpose::Password, KeyLength::Aes128);
                object(0x80, &key.encrypt_cbc(&[0; 16], &NONCE).unwrap())
            }
            Door::Map => {
                let map = scalar(1);
                let generator = map_generator(&NONCE, &map.multiply(&point()).unwrap()).unwrap();
                self.door = Door::Agree { generator };
                let public = map.multiply(&Element::generator(Group::Curve(Curve::P256))).unwrap();
                object(0x82, public.as_bytes())
            }
            Door::Agree { generator } => {
                let (agree, theirs) = (scalar(2), point());
                let ours = agree.multiply(&generator).unwrap();
                let secret = agree.multiply(&theirs).unwrap().secret();
                let derive = |purpose| AesKey::derive(secret.expose(), purpose, KeyLength::Aes128);
                let answer = object(0x84, ours.as_bytes());
                self.door = Door::Token {
                    theirs,
                    ours,
                    encryption: derive(Purpose::Encryption),
                    authentication: derive(Purpose::Authentication),
                };
                answer
            }
            Door::Token { theirs: their_key, encryption, authentication, ours } => {
                let token = |public: &Element| {
                    let input =
                        tlv::write_all(0x7F49, &[&tlv::write(6, &OID), &tlv::write(0x86, public.as_bytes())]);
                    authentication.cmac(&[&input]).unwrap()[..8].to_vec()
                };
                if theirs.unwrap().value != token(&ours) {
                    return status(0x6300);
                }
                let answer = object(0x86, &token(&their_key));
                self.door = Door::Open(Session { encryption, authentication, counter: 0 });
                answer
            }
            Door::Shut | Door::Open(_) => status(0x6985),
        }
    }

    fn protected(&mut self, mut session: Session, command: &CommandApdu, bytes: &[u8]) -> Vec<u8> {
        let long = bytes.len() > 6 && bytes[4] == 0;
        if long && self.habits.drops_long_commands {
            return vec![0x67, 0x00];
        }
        let command = session.open(command);
        self.heard.push(command.clone());
        let response = match self.habits.most {
            Some(most) if command.le.is_some_and(|le| le > most) => status(0x6700),
            _ => self.serve(&command),
        };
        let answer = session.close(&response);
        self.door = Door::Open(session);
        answer
    }

    fn serve(&mut self, command: &CommandApdu) -> ResponseApdu {
        match (command.ins, command.p1) {
            (0xA4, 4) => {
                self.in_application = true;
                status(0x9000)
            }
            (0xA4, 2) => {
                let wanted = u16::from_be_bytes(command.data.as_slice().try_into().unwrap());
                self.selected = self.files.contains_key(&wanted).then_some(wanted);
                status(if self.selected.is_some() { 0x9000 } else { 0x6A82 })
            }
            (0xB0, p1) if p1 & 0x80 != 0 => {
                if self.habits.no_short_identifiers {
                    return status(0x6A86);
                }
                let wanted = 0x0100 | u16::from(p1 & 0x1F);
                self.selected = self.files.contains_key(&wanted).then_some(wanted);
                self.read(usize::from(command.p2), command.le.unwrap())
            }
            (0xB0, p1) => self.read(usize::from(p1) << 8 | usize::from(command.p2), command.le.unwrap()),
            (0xB1, 0) => {
                let offset = tlv::exactly(&command.data, 0x54).unwrap().value;
                let offset = offset.iter().fold(0, |offset, byte| offset << 8 | usize::from(*byte));
                let le = command.le.unwrap();
                let header = if le < 0x82 {
                    2
                } else if le < 0x103 {
                    3
                } else {
                    4
                };
                let ResponseApdu { data, status } = self.read(offset, le - header);
                ResponseApdu { data: tlv::write(0x53, &data), status }
            }
            (0x88, _) if !self.habits.no_signature => ok(&SIGNATURE),
            _ => status(0x6A88),
        }
    }

    fn read(&self, offset: usize, le: u32) -> ResponseApdu {
        let Some(file) = self.selected.map(|selected| &self.files[&selected]) else { return status(0x6A82) };
        let rest = file.get(offset..).unwrap_or_default();
        let asked = usize::try_from(le).unwrap();
        if rest.is_empty() || (asked > rest.len() && self.habits.refuses_past_the_end) {
            return status(0x6B00);
        }
        let given = asked.min(rest.len()).min(self.habits.gives.unwrap_or(usize::MAX));
        let end = asked > rest.len() && self.habits.warns_at_the_end;
        ResponseApdu { data: rest[..given].to_vec(), status: StatusWord(if end { 0x6282 } else { 0x9000 }) }
    }
}

impl Session {
    fn next_iv(&self) -> [u8; 16] {
        self.encryption.encrypt_block(&self.counter.to_be_bytes()).unwrap()
    }

    fn mac(&self, input: &[u8]) -> Vec<u8> {
        self.authentication.cmac(&[&self.counter.to_be_bytes(), input]).unwrap()[..8].to_vec()
    }

    fn open(&mut self, command: &CommandApdu) -> CommandApdu {
        self.counter += 1;
        let mut input = pad(&[command.cla, command.ins, command.p1, command.p2]);
        let mut plain = CommandApdu::new(0, command.ins, command.p1, command.p2);
        let mut authenticated = Vec::new();
        let mut checksum = Vec::new();
        for object in tlv::all(&command.data, 4).unwrap() {
            match (object.tag, object.value) {
                (0x87, [1, encrypted @ ..]) => {
                    let padded = self.encryption.decrypt_cbc(&self.next_iv(), encrypted).unwrap();
                    plain.data = strip_padding(padded).unwrap();
                }
                (0x85, encrypted) => {
                    let padded = self.encryption.decrypt_cbc(&self.next_iv(), encrypted).unwrap();
                    plain.data = strip_padding(padded).unwrap();
                }
                (0x97, [0]) => plain.le = Some(256),
                (0x97, [le]) => plain.le = Some(u32::from(*le)),
                (0x97, [high, low]) => plain.le = Some(u32::from(u16::from_be_bytes([*high, *low]))),
                (0x8E, value) => checksum = value.to_vec(),
                _ => panic!("an object that does not belong here"),
            }
            if object.tag != 0x8E {
                authenticated.extend_from_slice(object.raw);
            }
        }
        if !authenticated.is_empty() {
            input.extend(pad(&authenticated));
        }
        assert_eq!(self.mac(&input), checksum, "the reader's checksum is wrong");
        plain
    }

    fn close(&mut self, response: &ResponseApdu) -> Vec<u8> {
        self.counter += 1;
        let mut objects = Vec::new();
        if !response.data.is_empty() {
            let encrypted = self.encryption.encrypt_cbc(&self.next_iv(), &pad(&response.data)).unwrap();
            objects.extend(tlv::write_all(0x87, &[&[1], &encrypted]));
        }
        objects.extend(tlv::write(0x99, &response.status.0.to_be_bytes()));
        let checksum = self.mac(&pad(&objects));
        objects.extend(tlv::write(0x8E, &checksum));
        ResponseApdu { data: objects, status: response.status }.encode()
    }
}

fn ok(data: &[u8]) -> ResponseApdu {
    ResponseApdu { data: data.to_vec(), status: StatusWord::OK }
}

fn status(word: u16) -> ResponseApdu {
    ResponseApdu { data: Vec::new(), status: StatusWord(word) }
}
