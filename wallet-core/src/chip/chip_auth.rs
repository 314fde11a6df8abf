//! Chip authentication: the chip agrees on new session keys by the static key its issuer signed, and so is no copy. Also the
//! check of what the chip sent under PACE with chip authentication mapping. ICAO Doc 9303-11, 6.2 and 4.4.3.3.3.

use super::{
    access::MappingProof,
    error::{ChipError, Feature, Part, refused_element},
    secure_messaging::SecureMessaging,
    security_infos::{ChipAuthenticationKey, SecurityInfos},
};
use crate::{
    apdu::{CommandApdu, ResponseApdu, StatusWord},
    cms::spki,
    crypto::{
        aes::{KeyLength, Purpose},
        agreement::{Element, Group, PrivateKey},
        channel::{ChannelKey, Cipher},
    },
    tlv,
};

/// How asking the chip to prove itself ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChipAuthentication {
    /// It was not asked, or has no key for it.
    #[default]
    NotAsked,
    /// It answered under keys that only the owner of the key in EF.DG14 can have. That EF.DG14 is the issuer's is for
    /// passive authentication to say.
    Proven,
    /// It refused. Whoever needs the proof must insist on it.
    Refused(StatusWord),
}

/// The chip's static key and how it is used. ICAO Doc 9303-11, 9.2.5 and 9.2.6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipKey {
    protocol: Vec<u8>,
    cipher: Cipher,
    public: Element,
    key_id: Option<Vec<u8>>,
}

impl ChipKey {
    /// Chooses the best that EF.DG14 announces and this reader knows: AES before 3DES, then the file's order. A key that
    /// no ChipAuthenticationInfo speaks of is used as the oldest protocol would. `None`: the chip has no key at all.
    ///
    /// # Errors
    /// [`Feature::ChipAuthentication`] when there are keys and none of a kind known here; [`super::Rule::KeyNotInGroup`]
    /// for a key that is none.
    pub fn choose(infos: &SecurityInfos) -> Result<Option<Self>, ChipError> {
        if infos.chip_keys.is_empty() {
            return Ok(None);
        }
        let mut ways = Vec::new();
        for key in &infos.chip_keys {
            let Some((agreement, group, bytes)) = parse_key(key) else { continue };
            let named = infos.chip_authentication.iter().filter(|info| {
                // Where there is one key, and one of the two has no id, that key is meant.
                let only = infos.chip_keys.len() == 1 && (info.key_id.is_none() || key.key_id.is_none());
                info.version == 1 && (info.key_id == key.key_id || only)
            });
            let mut ciphers: Vec<Cipher> =
                named.filter_map(|info| cipher_of(agreement, &info.protocol)).collect();
            if infos.chip_authentication.is_empty() && !infos.incomplete {
                ciphers.push(Cipher::TripleDes);
            }
            ways.extend(ciphers.into_iter().map(|cipher| (cipher, agreement, group, bytes.clone(), key)));
        }
        ways.sort_by_key(|(cipher, ..)| matches!(cipher, Cipher::TripleDes));
        let (cipher, agreement, group, bytes, key) =
            ways.into_iter().next().ok_or(ChipError::Unsupported(Feature::ChipAuthentication))?;
        Ok(Some(Self {
            protocol: [CHIP_AUTHENTICATION, &[agreement, cipher_number(cipher)]].concat(),
            cipher,
            public: Element::parse(group, &bytes).map_err(refused_element)?,
            key_id: key.key_id.clone(),
        }))
    }

    /// The group in which a key for this chip is made.
    #[must_use]
    pub const fn group(&self) -> Group {
        self.public.group()
    }

    /// The session that a private key and this chip's key lead to. ICAO Doc 9303-11, 6.2.3.
    pub(super) fn session(&self, ours: &PrivateKey) -> Result<SecureMessaging, ChipError> {
        let secret = ours.multiply(&self.public).map_err(refused_element)?.secret();
        let derive = |purpose| ChannelKey::derive(secret.expose(), purpose, self.cipher);
        Ok(SecureMessaging::new(derive(Purpose::Encryption), derive(Purpose::Authentication)))
    }
}

/// The exchange, waiting for a response. It needs the public half only: the private one may be elsewhere.
#[derive(Debug)]
pub(super) struct ChipAuth {
    key: ChipKey,
    public: Vec<u8>,
    expect: Expect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// MSE:Set KAT, which is one command.
    KeyAgreementTemplate,
    /// MSE:Set AT.
    Protocol,
    /// GENERAL AUTHENTICATE.
    Agreement,
}

/// What the exchange wants next.
#[derive(Debug)]
pub(super) enum ChipAuthStep {
    Transmit(ChipAuth, CommandApdu),
    /// The chip answers under the new keys from now on.
    Agreed(ChipKey),
    Refused(StatusWord),
}

impl ChipAuth {
    /// Begins with the public half of an ephemeral key.
    pub(super) fn begin(key: ChipKey, public: Vec<u8>) -> (Self, CommandApdu) {
        // The first documents knew 3DES and one command for it; AES came with two. ICAO Doc 9303-11, 6.2.4.
        match key.cipher {
            Cipher::TripleDes => {
                let data = [tlv::write(0x91, &public), reference(&key)].concat();
                let command = CommandApdu::new(0x00, MANAGE, 0x41, 0xA6).with_data(data);
                (Self { key, public, expect: Expect::KeyAgreementTemplate }, command)
            }
            Cipher::Aes(_) => Self::by_general_authenticate(key, public),
        }
    }

    fn by_general_authenticate(key: ChipKey, public: Vec<u8>) -> (Self, CommandApdu) {
        let data = [tlv::write(0x80, &key.protocol), reference(&key)].concat();
        let command = CommandApdu::new(0x00, MANAGE, 0x41, 0xA4).with_data(data);
        (Self { key, public, expect: Expect::Protocol }, command)
    }

    pub(super) fn handle(self, response: &ResponseApdu) -> Result<ChipAuthStep, ChipError> {
        let Self { key, public, expect } = self;
        match expect {
            // Some chips with 3DES know the newer pair of commands only.
            Expect::KeyAgreementTemplate if !response.status.is_ok() => {
                let (next, command) = Self::by_general_authenticate(key, public);
                Ok(ChipAuthStep::Transmit(next, command))
            }
            _ if !response.status.is_ok() => Ok(ChipAuthStep::Refused(response.status)),
            Expect::KeyAgreementTemplate => Ok(ChipAuthStep::Agreed(key)),
            Expect::Protocol => {
                let data = tlv::write(0x7C, &tlv::write(0x80, &public));
                let command = CommandApdu::new(0x00, 0x86, 0, 0).with_data(data).expecting(256);
                Ok(ChipAuthStep::Transmit(Self { key, public, expect: Expect::Agreement }, command))
            }
            Expect::Agreement => Ok(ChipAuthStep::Agreed(key)),
        }
    }
}

/// Verifies what a chip sent under the chip authentication mapping: `signed` are the SecurityInfos of EF.CardSecurity
/// or those of EF.DG14, whose signature must have been verified. The scalar leads from the chip's signed key to its key of this
/// session. `false`: none of the keys is of the group that the chip mapped in.
///
/// # Errors
/// [`ChipError::NotGenuine`]; [`Part::AuthenticationData`] for a proof that is none.
pub fn verify_mapping(signed: &SecurityInfos, proof: &MappingProof) -> Result<bool, ChipError> {
    let MappingProof { group, map_public, chip_data } = proof;
    let malformed = |_| ChipError::Malformed(Part::AuthenticationData);
    let map_public = Element::parse(*group, map_public).map_err(malformed)?;
    let missing = group.scalar_length().checked_sub(chip_data.len());
    let mut scalar = vec![0; missing.ok_or(ChipError::Malformed(Part::AuthenticationData))?];
    scalar.extend_from_slice(chip_data);
    let scalar = PrivateKey::from_scalar(*group, &scalar).map_err(malformed)?;
    let keys = signed.chip_keys.iter().filter_map(parse_key).filter(|(_, its_group, _)| its_group == group);
    let mut found = false;
    for (_, _, bytes) in keys {
        found = true;
        let public = Element::parse(*group, &bytes).ok();
        if public
            .and_then(|public| scalar.multiply(&public).ok())
            .is_some_and(|product| product == map_public)
        {
            return Ok(true);
        }
    }
    if found { Err(ChipError::NotGenuine) } else { Ok(false) }
}

/// Kind of agreement, group and bytes of a key; `None` for what is not known here.
fn parse_key(key: &ChipAuthenticationKey) -> Option<(u8, Group, Vec<u8>)> {
    let (group, bytes) =
        spki::parse_agreement_key(&key.public_key).ok().or_else(|| standardized_key(&key.public_key))?;
    let agreement = *key.protocol.strip_prefix(CHIP_KEY)?.first()?;
    match (agreement, group) {
        (DH, Group::Modp(_)) | (ECDH, Group::Curve(_)) => Some((agreement, group, bytes)),
        _ => None,
    }
}

/// A key whose group is named by its number. ICAO Doc 9303-11, 9.5.1.
fn standardized_key(der: &[u8]) -> Option<(Group, Vec<u8>)> {
    let mut fields = crate::bytes::Reader::new(tlv::exactly(der, 0x30).ok()?.value);
    let mut identifier = crate::bytes::Reader::new(tlv::expect(&mut fields, 0x30).ok()?.value);
    if tlv::expect(&mut identifier, 0x06).ok()?.value != STANDARDIZED_DOMAIN_PARAMETERS {
        return None;
    }
    let [id] = *tlv::expect(&mut identifier, 0x02).ok()?.value else { return None };
    let group = super::access::standardized_group(id)?;
    let [0, key @ ..] = tlv::expect(&mut fields, 0x03).ok()?.value else { return None };
    fields.finish().ok()?;
    Some((
        group,
        match group {
            Group::Curve(_) => key.to_vec(),
            Group::Modp(_) => {
                tlv::exactly(key, 0x02).ok()?.value.iter().skip_while(|byte| **byte == 0).copied().collect()
            }
        },
    ))
}

fn cipher_of(agreement: u8, protocol: &[u8]) -> Option<Cipher> {
    match *protocol.strip_prefix(CHIP_AUTHENTICATION)? {
        [kind, cipher] if kind == agreement => match cipher {
            1 => Some(Cipher::TripleDes),
            2 => Some(Cipher::Aes(KeyLength::Aes128)),
            3 => Some(Cipher::Aes(KeyLength::Aes192)),
            4 => Some(Cipher::Aes(KeyLength::Aes256)),
            _ => None,
        },
        _ => None,
    }
}

const fn cipher_number(cipher: Cipher) -> u8 {
    match cipher {
        Cipher::TripleDes => 1,
        Cipher::Aes(KeyLength::Aes128) => 2,
        Cipher::Aes(KeyLength::Aes192) => 3,
        Cipher::Aes(KeyLength::Aes256) => 4,
    }
}

/// DO'84': which of several keys.
fn reference(key: &ChipKey) -> Vec<u8> {
    key.key_id.as_ref().map(|id| tlv::write(0x84, id)).unwrap_or_default()
}

const MANAGE: u8 = 0x22;
const DH: u8 = 1;
const ECDH: u8 = 2;
/// `id-CA`, 0.4.0.127.0.7.2.2.3.
const CHIP_AUTHENTICATION: &[u8] = b"\x04\x00\x7F\x00\x07\x02\x02\x03";
/// `id-PK`, 0.4.0.127.0.7.2.2.1.
const CHIP_KEY: &[u8] = b"\x04\x00\x7F\x00\x07\x02\x02\x01";
/// `standardizedDomainParameters`, 0.4.0.127.0.7.1.2.
const STANDARDIZED_DOMAIN_PARAMETERS: &[u8] = b"\x04\x00\x7F\x00\x07\x01\x02";

#[cfg(test)]
#[path = "chip_auth_tests.rs"]
mod tests;
