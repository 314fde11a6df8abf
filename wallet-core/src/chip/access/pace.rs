//! PACE with elliptic curves and generic mapping. ICAO Doc 9303-11, 4.4.

use super::{
    super::{
        error::{ChipError, Misuse, Part, Rule, parse_response},
        secure_messaging::SecureMessaging,
    },
    Entropy, PaceInfo,
};
use crate::{
    apdu::{CommandApdu, ResponseApdu, StatusWord},
    bytes::{Reader, equal_in_constant_time},
    crypto::{
        aes::{AesKey, BLOCK, Purpose},
        agreement::{AgreementError, Point, PrivateKey, map_generator},
    },
    tlv,
};

/// The reference of the card access number. ICAO Doc 9303-11, 4.4.4.1.
pub(super) const CAN: u8 = 2;

/// PACE, waiting for a response.
#[derive(Debug)]
pub(in super::super) struct Pace {
    info: PaceInfo,
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
    password: AesKey,
    map_key: PrivateKey,
    agree_key: PrivateKey,
}

#[derive(Debug)]
struct ExpectNonce {
    password: AesKey,
    map_key: PrivateKey,
    agree_key: PrivateKey,
}

#[derive(Debug)]
struct ExpectMapping {
    nonce: crate::bytes::SecretBytes,
    map_key: PrivateKey,
    map_public: Point,
    agree_key: PrivateKey,
}

#[derive(Debug)]
struct ExpectAgreement {
    agree_key: PrivateKey,
    agree_public: Point,
    /// The keys that went over the wire so far: none of them may come back.
    seen: [Point; 3],
}

#[derive(Debug)]
struct ExpectToken {
    encryption: AesKey,
    authentication: AesKey,
    /// What the card's token must be.
    token: [u8; 8],
}

/// What PACE wants next.
#[derive(Debug)]
pub(in super::super) enum PaceStep {
    Transmit(Pace, CommandApdu),
    Open(SecureMessaging),
}

impl Pace {
    /// Begins with `K_π` and the reference of the password behind it.
    pub(super) fn begin(
        info: PaceInfo,
        password: AesKey,
        reference: u8,
        entropy: &mut Entropy,
    ) -> Result<(Self, CommandApdu), ChipError> {
        let map_key = entropy.next_key(info.group)?;
        let agree_key = entropy.next_key(info.group)?;
        // The parameter id is sent always: cards with several offers refuse without it, and none refuses with it.
        let data = [
            tlv::write(0x80, &info.oid()),
            tlv::write(0x83, &[reference]),
            tlv::write(0x84, &[info.parameter_id()]),
        ]
        .concat();
        let command = CommandApdu::new(0x00, 0x22, 0xC1, 0xA4).with_data(data);
        let expect = Expect::Set(ExpectSet { password, map_key, agree_key });
        Ok((Self { info, expect }, command))
    }

    pub(in super::super) fn handle(self, response: &[u8]) -> Result<PaceStep, ChipError> {
        let response = parse_response(response)?;
        let info = self.info;
        let (expect, command) = match self.expect {
            Expect::Set(state) => state.handle(&response)?,
            Expect::Nonce(state) => state.handle(info, &response)?,
            Expect::Mapping(state) => state.handle(info, &response)?,
            Expect::Agreement(state) => state.handle(info, &response)?,
            Expect::Token(state) => return state.handle(&response).map(PaceStep::Open),
        };
        Ok(PaceStep::Transmit(Self { info, expect }, command))
    }
}

impl ExpectSet {
    fn handle(self, response: &ResponseApdu) -> Result<(Expect, CommandApdu), ChipError> {
        match (response.status, response.status.tries_left()) {
            (StatusWord::BLOCKED | StatusWord::CONDITIONS_NOT_SATISFIED, _) | (_, Some(0)) => {
                return Err(ChipError::Blocked);
            }
            (_, Some(1)) => return Err(ChipError::Suspended),
            // Other counters are a warning: the password may be tried.
            (status, None) if !status.is_ok() => return Err(ChipError::CardRefused(status)),
            _ => {}
        }
        let Self { password, map_key, agree_key } = self;
        Ok((Expect::Nonce(ExpectNonce { password, map_key, agree_key }), authenticate(CHAINED, None)))
    }
}

impl ExpectNonce {
    fn handle(self, info: PaceInfo, response: &ResponseApdu) -> Result<(Expect, CommandApdu), ChipError> {
        if matches!(response.status, StatusWord::BLOCKED | StatusWord::CONDITIONS_NOT_SATISFIED) {
            return Err(ChipError::Blocked);
        }
        let encrypted = object(response, 0x80)?;
        if encrypted.is_empty() || encrypted.len() > 2 * BLOCK || !encrypted.len().is_multiple_of(BLOCK) {
            return Err(ChipError::CardMisbehaved(Rule::NonceLength));
        }
        let nonce = self
            .password
            .decrypt_cbc(&[0; BLOCK], encrypted)
            .map_err(|_| ChipError::CardMisbehaved(Rule::NonceLength))?;
        let map_public = Point::generator(info.group)
            .and_then(|generator| self.map_key.multiply(&generator))
            .map_err(refused)?;
        let command = authenticate(CHAINED, Some((0x81, map_public.as_sec1())));
        let nonce = crate::bytes::SecretBytes::new(nonce);
        let Self { password: _, map_key, agree_key } = self;
        Ok((Expect::Mapping(ExpectMapping { nonce, map_key, map_public, agree_key }), command))
    }
}

impl ExpectMapping {
    fn handle(self, info: PaceInfo, response: &ResponseApdu) -> Result<(Expect, CommandApdu), ChipError> {
        let chip_public = Point::from_sec1(info.group, object(response, 0x82)?).map_err(refused)?;
        if chip_public == self.map_public {
            return Err(ChipError::CardMisbehaved(Rule::RepeatedKey));
        }
        let generator = self
            .map_key
            .multiply(&chip_public)
            .and_then(|shared| map_generator(self.nonce.expose(), &shared))
            .map_err(refused)?;
        let agree_public = self.agree_key.multiply(&generator).map_err(refused)?;
        let command = authenticate(CHAINED, Some((0x83, agree_public.as_sec1())));
        let seen = [self.map_public, chip_public, agree_public.clone()];
        Ok((Expect::Agreement(ExpectAgreement { agree_key: self.agree_key, agree_public, seen }), command))
    }
}

impl ExpectAgreement {
    fn handle(self, info: PaceInfo, response: &ResponseApdu) -> Result<(Expect, CommandApdu), ChipError> {
        let chip_public = Point::from_sec1(info.group, object(response, 0x84)?).map_err(refused)?;
        // ICAO Doc 9303-11, 4.4.1 d: equal keys would let a card mirror our own token.
        if self.seen.contains(&chip_public) {
            return Err(ChipError::CardMisbehaved(Rule::RepeatedKey));
        }
        let secret = self.agree_key.multiply(&chip_public).map_err(refused)?.x();
        let derive = |purpose| AesKey::derive(secret.expose(), purpose, info.key_length);
        let encryption = derive(Purpose::Encryption);
        let authentication = derive(Purpose::Authentication);
        let ours = token(&authentication, info, &chip_public)?;
        let token = token(&authentication, info, &self.agree_public)?;
        let command = authenticate(0x00, Some((0x85, &ours)));
        Ok((Expect::Token(ExpectToken { encryption, authentication, token }), command))
    }
}

impl ExpectToken {
    fn handle(self, response: &ResponseApdu) -> Result<SecureMessaging, ChipError> {
        // The card checked our token first, and only a wrong password makes it wrong.
        let tries_left = response.status.tries_left();
        if response.status == StatusWord::AUTHENTICATION_FAILED || tries_left.is_some() {
            return Err(ChipError::WrongCan { tries_left });
        }
        if !equal_in_constant_time(object(response, 0x86)?, &self.token) {
            return Err(ChipError::CardMisbehaved(Rule::WrongToken));
        }
        Ok(SecureMessaging::new(self.encryption, self.authentication))
    }
}

/// GENERAL AUTHENTICATE with dynamic authentication data. ICAO Doc 9303-11, 4.4.4.2.
fn authenticate(cla: u8, data: Option<(u32, &[u8])>) -> CommandApdu {
    let object = data.map(|(tag, value)| tlv::write(tag, value)).unwrap_or_default();
    CommandApdu::new(cla, 0x86, 0, 0).with_data(tlv::write(DYNAMIC_DATA, &object)).expecting(256)
}

/// The object with `tag` in the card's dynamic authentication data. What follows it (certificate references, encrypted
/// chip data) is for other protocols and skipped.
fn object(response: &ResponseApdu, tag: u32) -> Result<&[u8], ChipError> {
    if !response.status.is_ok() {
        return Err(ChipError::CardRefused(response.status));
    }
    if response.data.is_empty() {
        return Err(ChipError::CardMisbehaved(Rule::EmptyAnswer));
    }
    tlv::exactly(&response.data, DYNAMIC_DATA)
        .and_then(|outer| tlv::expect(&mut Reader::new(outer.value), tag))
        .map(|found| found.value)
        .map_err(|_| ChipError::Malformed(Part::AuthenticationData))
}

/// The token over a public key: a MAC of the key with the protocol's identifier. ICAO Doc 9303-11, 4.4.3.4 and 9.4.
fn token(key: &AesKey, info: PaceInfo, public: &Point) -> Result<[u8; 8], ChipError> {
    let input =
        tlv::write_all(0x7F49, &[&tlv::write(0x06, &info.oid()), &tlv::write(0x86, public.as_sec1())]);
    key.cmac(&[&input])
        .ok()
        .and_then(|mac| mac.first_chunk::<8>().copied())
        .ok_or(ChipError::Misuse(Misuse::BadEntropy))
}

/// Scalars are ours and valid, so a refusal is about the card's point.
const fn refused(error: AgreementError) -> ChipError {
    match error {
        AgreementError::NotOnCurve | AgreementError::MixedGroups => {
            ChipError::CardMisbehaved(Rule::PointNotOnCurve)
        }
        AgreementError::Infinity => ChipError::CardMisbehaved(Rule::PointAtInfinity),
        AgreementError::BadScalar => ChipError::Misuse(Misuse::BadEntropy),
    }
}

/// Class byte of a command that is not the last of its chain. ISO/IEC 7816-4:2020, 5.3.3.
const CHAINED: u8 = 0x10;
const DYNAMIC_DATA: u32 = 0x7C;

#[cfg(test)]
mod tests;
