//! PACE: ECDH and DH, by generic, integrated and chip authentication mapping. ICAO Doc 9303-11, 4.4.

use super::{
    super::{
        error::{ChipError, Misuse, Part, Rule, refused_element},
        secure_messaging::SecureMessaging,
    },
    Entropy, Mapping, PaceInfo,
    password::Reference,
};
use crate::{
    apdu::{CommandApdu, ResponseApdu, StatusWord},
    bytes::{SecretBytes, equal_in_constant_time},
    crypto::{
        aes::Purpose,
        agreement::{Element, Group, PrivateKey, map_generator},
        channel::{ChannelKey, Cipher},
        mapping::{MappingError, map_integrated},
    },
    tlv,
};

/// PACE, waiting for a response.
#[derive(Debug)]
pub(in super::super) struct Pace {
    info: PaceInfo,
    reference: Reference,
    /// The card was shown the number printed on it, and lets a suspended PIN be tried again.
    resumed: bool,
    expect: Expect,
}

#[derive(Debug)]
enum Expect {
    Set(ExpectSet),
    Nonce(ExpectNonce),
    Mapping(ExpectMapping),
    Agreement(ExpectAgreement),
    Token(ExpectToken),
}

#[derive(Debug)]
struct ExpectSet {
    password: ChannelKey,
}

#[derive(Debug)]
struct ExpectNonce {
    password: ChannelKey,
}

#[derive(Debug)]
struct ExpectMapping {
    nonce: SecretBytes,
    ours: Ours,
}

/// What this side puts into the mapping.
#[derive(Debug)]
enum Ours {
    Key(PrivateKey, Element),
    Nonce(SecretBytes),
}

#[derive(Debug)]
struct ExpectAgreement {
    agree_key: PrivateKey,
    agree_public: Element,
    /// The keys that went over the wire so far: none of them may come back.
    seen: Vec<Element>,
    /// The card's key of the mapping.
    chip_map_public: Option<Element>,
}

#[derive(Debug)]
struct ExpectToken {
    encryption: ChannelKey,
    authentication: ChannelKey,
    /// What the card's token must be.
    token: [u8; 8],
    chip_map_public: Option<Element>,
}

/// What a chip claims after the chip authentication mapping: that its static key and this session's belong together.
/// Nothing is proven until [`super::super::chip_auth::verify_mapping`] holds it against the signed key.
#[derive(Clone, PartialEq, Eq)]
pub struct MappingProof {
    /// The group of the session.
    pub group: Group,
    /// The chip's public key of the mapping, as on the wire.
    pub map_public: Vec<u8>,
    /// What the chip sent under the session's key: a scalar, big-endian.
    pub chip_data: Vec<u8>,
}

impl core::fmt::Debug for MappingProof {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MappingProof").field("group", &self.group).finish_non_exhaustive()
    }
}

/// What PACE wants next.
#[derive(Debug)]
pub(in super::super) enum PaceStep {
    Transmit(Pace, CommandApdu),
    /// The card does not do this offer, whatever it said before. No password was tried.
    Refused(StatusWord),
    /// The card takes the PIN from nobody, until it sees the number printed on it.
    Suspended,
    Open(SecureMessaging, Option<MappingProof>),
}

impl Pace {
    /// Begins with `K_π` and the reference of the password behind it.
    pub(super) fn begin(info: PaceInfo, password: ChannelKey, reference: Reference) -> (Self, CommandApdu) {
        // The parameter id is sent always, where there is one: cards with several offers refuse without it, and none
        // refuses with it.
        let parameter = info.parameter_id.map(|id| tlv::write(0x84, &[id]));
        let data = [
            tlv::write(0x80, &info.oid()),
            tlv::write(0x83, &[reference.byte()]),
            parameter.unwrap_or_default(),
        ]
        .concat();
        let command = CommandApdu::new(0x00, 0x22, 0xC1, 0xA4).with_data(data);
        let expect = Expect::Set(ExpectSet { password });
        (Self { info, reference, resumed: false, expect }, command)
    }

    /// The same, for a password that was suspended until a moment ago.
    pub(super) fn resumed(self) -> Self {
        Self { resumed: true, ..self }
    }

    pub(super) const fn info(&self) -> PaceInfo {
        self.info
    }

    pub(super) const fn reference(&self) -> Reference {
        self.reference
    }

    pub(super) fn handle(
        self,
        response: &ResponseApdu,
        entropy: &mut Entropy,
    ) -> Result<PaceStep, ChipError> {
        if let Some(step) = self.refused(response.status)? {
            return Ok(step);
        }
        let Self { info, reference, resumed, expect } = self;
        let (expect, command) = match expect {
            Expect::Set(state) => state.handle(),
            Expect::Nonce(state) => state.handle(info, response, entropy)?,
            Expect::Mapping(state) => state.handle(info, response, entropy)?,
            Expect::Agreement(state) => state.handle(info, response)?,
            Expect::Token(state) => {
                let (session, proof) = state.handle(info, reference, response)?;
                return Ok(PaceStep::Open(session, proof));
            }
        };
        Ok(PaceStep::Transmit(Self { info, reference, resumed, expect }, command))
    }

    /// What an error means before the card has seen our token: until then no password was tried. BSI TR-03110-3, B.11.1.
    fn refused(&self, status: StatusWord) -> Result<Option<PaceStep>, ChipError> {
        let Self { info: _, reference, resumed, expect } = self;
        if status.is_ok() || matches!(expect, Expect::Token(_)) {
            return Ok(None);
        }
        let tries_left = status.tries_left();
        // What is printed on the card cannot be blocked; there the same word is about the offer.
        let counted = matches!(reference, Reference::Pin | Reference::Puk);
        let blocked = status == StatusWord::BLOCKED
            || tries_left == Some(0)
            || (counted && status == StatusWord::CONDITIONS_NOT_SATISFIED);
        if blocked && matches!(expect, Expect::Set(_) | Expect::Nonce(_)) {
            return Err(ChipError::Blocked);
        }
        let refused = Ok(Some(PaceStep::Refused(status)));
        match expect {
            // The PIN alone is suspended before its last try. BSI TR-03110-2, 3.5.
            Expect::Set(_) if tries_left == Some(1) && *reference == Reference::Pin && !resumed => {
                Ok(Some(PaceStep::Suspended))
            }
            // Other counters are a warning: the password may be tried.
            Expect::Set(_) if tries_left.is_some() => Ok(None),
            Expect::Set(_) | Expect::Nonce(_) => refused,
            // Some cards accept any offer and know later that it is none of theirs. One that counts may have counted a try
            // when it gave its nonce.
            Expect::Mapping(_) | Expect::Agreement(_) if !counted => refused,
            Expect::Mapping(_) | Expect::Agreement(_) | Expect::Token(_) => {
                Err(ChipError::CardRefused(status))
            }
        }
    }
}

impl ExpectSet {
    fn handle(self) -> (Expect, CommandApdu) {
        let Self { password } = self;
        (Expect::Nonce(ExpectNonce { password }), authenticate(CHAINED, None, None))
    }
}

impl ExpectNonce {
    fn handle(
        self,
        info: PaceInfo,
        response: &ResponseApdu,
        entropy: &mut Entropy,
    ) -> Result<(Expect, CommandApdu), ChipError> {
        let encrypted = object(response, 0x80)?;
        let wrong = ChipError::CardMisbehaved(Rule::NonceLength);
        if encrypted.len() != 16 && encrypted.len() != 32 {
            return Err(wrong);
        }
        let nonce = self.password.decrypt_cbc(&self.password.zero_iv(), encrypted).map_err(|_| wrong)?;
        let nonce = SecretBytes::new(nonce);
        let ours = match info.mapping {
            Mapping::Integrated => Ours::Nonce(entropy.next_bytes(info.cipher.key_length())?),
            Mapping::Generic | Mapping::ChipAuthentication => {
                let key = entropy.next_key(info.group)?;
                let public = key.multiply(&Element::generator(info.group)).map_err(refused_element)?;
                Ours::Key(key, public)
            }
        };
        let data = match &ours {
            Ours::Nonce(nonce) => nonce.expose(),
            Ours::Key(_, public) => public.on_wire(),
        };
        let command = authenticate(CHAINED, Some((0x81, data)), Some(info.group));
        Ok((Expect::Mapping(ExpectMapping { nonce, ours }), command))
    }
}

impl ExpectMapping {
    fn handle(
        self,
        info: PaceInfo,
        response: &ResponseApdu,
        entropy: &mut Entropy,
    ) -> Result<(Expect, CommandApdu), ChipError> {
        let mut seen = Vec::new();
        let mut chip_map_public = None;
        let generator = match self.ours {
            Ours::Key(key, public) => {
                let theirs = Element::parse(info.group, object(response, 0x82)?).map_err(refused_element)?;
                if theirs == public {
                    return Err(ChipError::CardMisbehaved(Rule::RepeatedKey));
                }
                let shared = key.multiply(&theirs).map_err(refused_element)?;
                seen.extend([public, theirs.clone()]);
                chip_map_public = (info.mapping == Mapping::ChipAuthentication).then_some(theirs);
                map_generator(self.nonce.expose(), &shared).map_err(refused_element)?
            }
            Ours::Nonce(ours) => {
                // The answer is an empty object, or nothing at all.
                map_integrated(info.group, info.cipher, self.nonce.expose(), ours.expose()).map_err(
                    |error| {
                        ChipError::CardMisbehaved(match error {
                            MappingError::Neutral => Rule::NeutralKey,
                            MappingError::NonceLength | MappingError::Unsupported => Rule::NonceLength,
                        })
                    },
                )?
            }
        };
        let agree_key = entropy.next_key(info.group)?;
        let agree_public = agree_key.multiply(&generator).map_err(refused_element)?;
        let command = authenticate(CHAINED, Some((0x83, agree_public.on_wire())), Some(info.group));
        seen.push(agree_public.clone());
        Ok((Expect::Agreement(ExpectAgreement { agree_key, agree_public, seen, chip_map_public }), command))
    }
}

impl ExpectAgreement {
    fn handle(self, info: PaceInfo, response: &ResponseApdu) -> Result<(Expect, CommandApdu), ChipError> {
        let chip_public = Element::parse(info.group, object(response, 0x84)?).map_err(refused_element)?;
        // ICAO Doc 9303-11, 4.4.1 d: equal keys would let a card mirror our own token.
        if self.seen.contains(&chip_public) {
            return Err(ChipError::CardMisbehaved(Rule::RepeatedKey));
        }
        let secret = self.agree_key.multiply(&chip_public).map_err(refused_element)?.secret();
        let derive = |purpose| ChannelKey::derive(secret.expose(), purpose, info.cipher);
        let encryption = derive(Purpose::Encryption);
        let authentication = derive(Purpose::Authentication);
        let ours = token(&authentication, &info.oid(), &chip_public)?;
        let token = token(&authentication, &info.oid(), &self.agree_public)?;
        let command = authenticate(0x00, Some((0x85, &ours)), None);
        let chip_map_public = self.chip_map_public;
        Ok((Expect::Token(ExpectToken { encryption, authentication, token, chip_map_public }), command))
    }
}

impl ExpectToken {
    fn handle(
        self,
        info: PaceInfo,
        reference: Reference,
        response: &ResponseApdu,
    ) -> Result<(SecureMessaging, Option<MappingProof>), ChipError> {
        // The card checked our token first, and only a wrong password makes it wrong.
        let tries_left = response.status.tries_left();
        if response.status == StatusWord::AUTHENTICATION_FAILED || tries_left.is_some() {
            return Err(ChipError::WrongPassword { which: reference, tries_left });
        }
        if !equal_in_constant_time(object(response, 0x86)?, &self.token) {
            return Err(ChipError::CardMisbehaved(Rule::WrongToken));
        }
        let proof = match self.chip_map_public {
            None => None,
            Some(public) => Some(MappingProof {
                group: info.group,
                map_public: public.as_bytes().to_vec(),
                chip_data: chip_data(&self.encryption, object(response, 0x8A)?)?,
            }),
        };
        Ok((SecureMessaging::new(self.encryption, self.authentication), proof))
    }
}

/// Decrypts what a chip sends about its static key: CBC under the session's key, from the encryption of all ones. ICAO
/// Doc 9303-11, 4.4.3.5.
fn chip_data(encryption: &ChannelKey, encrypted: &[u8]) -> Result<Vec<u8>, ChipError> {
    let damaged = ChipError::Malformed(Part::AuthenticationData);
    let cipher = encryption.cipher();
    let iv = encryption.encrypt_block(&vec![0xFF; cipher.block_length()]).map_err(|_| damaged)?;
    let padded = encryption.decrypt_cbc(&iv, encrypted).map_err(|_| damaged)?;
    cipher.strip_padding(padded).map_err(|_| ChipError::CardMisbehaved(Rule::WrongPadding))
}

/// GENERAL AUTHENTICATE with dynamic authentication data. ICAO Doc 9303-11, 4.4.4.2. The answer may hold an element of
/// the group.
fn authenticate(cla: u8, data: Option<(u32, &[u8])>, group: Option<Group>) -> CommandApdu {
    let object = data.map(|(tag, value)| tlv::write(tag, value)).unwrap_or_default();
    let long = group.is_some_and(|group| group.element_length() > 240);
    CommandApdu::new(cla, 0x86, 0, 0).with_data(tlv::write(DYNAMIC_DATA, &object)).expecting(if long {
        65_536
    } else {
        256
    })
}

/// The object with `tag` in the card's dynamic authentication data. Others (certificate references) are for other
/// protocols and skipped.
pub(in super::super) fn object(response: &ResponseApdu, tag: u32) -> Result<&[u8], ChipError> {
    if !response.status.is_ok() {
        return Err(ChipError::CardRefused(response.status));
    }
    if response.data.is_empty() {
        return Err(ChipError::CardMisbehaved(Rule::EmptyAnswer));
    }
    let malformed = ChipError::Malformed(Part::AuthenticationData);
    let outer = tlv::exactly(&response.data, DYNAMIC_DATA).map_err(|_| malformed)?;
    let objects = tlv::all(outer.value, MAX_OBJECTS).map_err(|_| malformed)?;
    objects.iter().find(|object| object.tag == tag).map(|object| object.value).ok_or(malformed)
}

/// The token over a public key: a MAC of the key with the protocol's identifier. ICAO Doc 9303-11, 4.4.3.4 and 9.4.
fn token(key: &ChannelKey, oid: &[u8], public: &Element) -> Result<[u8; 8], ChipError> {
    let tag = match public.group() {
        Group::Curve(_) => 0x86,
        Group::Modp(_) => 0x84,
    };
    let input = tlv::write_all(0x7F49, &[&tlv::write(0x06, oid), &tlv::write(tag, public.on_wire())]);
    // CMAC pads by itself.
    let input = match key.cipher() {
        Cipher::TripleDes => Cipher::TripleDes.pad(&input),
        Cipher::Aes(_) => input,
    };
    key.mac(&[&input]).map_err(|_| ChipError::Misuse(Misuse::BadEntropy))
}

/// Class byte of a command that is not the last of its chain. ISO/IEC 7816-4:2020, 5.3.3.
const CHAINED: u8 = 0x10;
const DYNAMIC_DATA: u32 = 0x7C;
const MAX_OBJECTS: usize = 8;

#[cfg(test)]
mod derived_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors_tests;
