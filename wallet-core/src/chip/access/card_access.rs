//! EF.CardAccess: what the chip offers at the door. ICAO Doc 9303-11, 9.2.

use super::super::error::{ChipError, Part};
use crate::{
    bytes::Reader,
    cms::spki,
    crypto::{
        aes::KeyLength,
        agreement::Group,
        channel::Cipher,
        domain::{Curve, Modp},
    },
    tlv::{self, Tlv},
};

/// How PACE maps the card's nonce to a generator. ICAO Doc 9303-11, 4.4.3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mapping {
    /// By a key agreement.
    Generic,
    /// By a second nonce.
    Integrated,
    /// By a key agreement in which the chip also proves that it is the original.
    ChipAuthentication,
}

/// One offer of PACE that this reader can take. ICAO Doc 9303-11, 9.2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceInfo {
    /// The mapping.
    pub mapping: Mapping,
    /// What protects the session.
    pub cipher: Cipher,
    /// The group of the key agreement.
    pub group: Group,
    /// The id by which the card knows the group; `None` when it has one only and gives it no id.
    pub parameter_id: Option<u8>,
}

impl PaceInfo {
    /// The content octets of the protocol's object identifier.
    #[must_use]
    pub const fn oid(self) -> [u8; 10] {
        let agreement = match (self.group, self.mapping) {
            (Group::Modp(_), Mapping::Integrated) => DH_INTEGRATED,
            (Group::Modp(_), _) => DH_GENERIC,
            (Group::Curve(_), Mapping::Generic) => ECDH_GENERIC,
            (Group::Curve(_), Mapping::Integrated) => ECDH_INTEGRATED,
            (Group::Curve(_), Mapping::ChipAuthentication) => ECDH_CHIP_AUTHENTICATION,
        };
        let cipher = match self.cipher {
            Cipher::TripleDes => 1,
            Cipher::Aes(KeyLength::Aes128) => 2,
            Cipher::Aes(KeyLength::Aes192) => 3,
            Cipher::Aes(KeyLength::Aes256) => 4,
        };
        [0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04, agreement, cipher]
    }

    /// Which of several offers is tried first: AES before 3DES, curves before primes, and of the mappings the one that
    /// proves the chip, then the one that most cards have. The card's own order decides among equals.
    const fn rank(&self) -> (bool, bool, u8) {
        let mapping = match self.mapping {
            Mapping::ChipAuthentication => 0,
            Mapping::Generic => 1,
            Mapping::Integrated => 2,
        };
        (matches!(self.cipher, Cipher::TripleDes), matches!(self.group, Group::Modp(_)), mapping)
    }
}

/// Reads SecurityInfos and keeps the offers this reader can take, the best first. What is unknown is skipped, as the
/// standard asks; bytes after the SET are skipped too, because chips pad their files.
///
/// # Errors
/// [`Part::CardAccess`] when the outer structure is malformed.
pub fn parse_card_access(bytes: &[u8]) -> Result<Vec<PaceInfo>, ChipError> {
    let malformed = |_| ChipError::Malformed(Part::CardAccess);
    let set = tlv::expect(&mut Reader::new(bytes), SET).map_err(malformed)?;
    let infos = tlv::all(set.value, MAX_INFOS).map_err(malformed)?;
    let domains: Vec<_> = infos.iter().filter_map(domain_info).collect();
    let mut offers: Vec<PaceInfo> = infos.iter().filter_map(|info| pace_info(info, &domains)).collect();
    offers.sort_by_key(PaceInfo::rank);
    Ok(offers)
}

/// Whether the card speaks of PACE at all, in a form known here or not: then basic access is the lesser way.
#[must_use]
pub fn offers_pace(bytes: &[u8]) -> bool {
    let infos = tlv::expect(&mut Reader::new(bytes), SET).and_then(|set| tlv::all(set.value, MAX_INFOS));
    infos.is_ok_and(|infos| infos.iter().any(is_about_pace))
}

/// Whether the card offers to map by its own key, the signed form of which is in EF.CardSecurity.
pub(crate) fn offers_mapping_by_key(bytes: &[u8]) -> bool {
    let by_key = |info: &PaceInfo| info.mapping == Mapping::ChipAuthentication;
    parse_card_access(bytes).is_ok_and(|offers| offers.iter().any(by_key))
}

/// Whether every word about PACE in EF.CardAccess, which nobody signed, stands also in the SecurityInfos that were signed
/// (the SET in EF.DG14 or in EF.CardSecurity), and the other way round: a difference is an offer taken away or made up at
/// the door. ICAO Doc 9303-11, 4.4.2 and 9.2.1.
///
/// # Errors
/// [`Part::CardAccess`] when one of the two is malformed.
pub fn access_matches(card_access: &[u8], signed: &[u8]) -> Result<bool, ChipError> {
    let about_pace = |bytes: &[u8]| -> Result<Vec<Vec<u8>>, ChipError> {
        let malformed = |_| ChipError::Malformed(Part::CardAccess);
        let set = tlv::expect(&mut Reader::new(bytes), SET).map_err(malformed)?;
        let infos = tlv::all(set.value, MAX_INFOS).map_err(malformed)?;
        let mut infos: Vec<_> =
            infos.into_iter().filter(is_about_pace).map(|info| info.raw.to_vec()).collect();
        infos.sort();
        infos.dedup();
        Ok(infos)
    };
    // A card without the file offers nothing.
    let offered = if card_access.is_empty() { Vec::new() } else { about_pace(card_access)? };
    Ok(offered == about_pace(signed)?)
}

fn is_about_pace(info: &Tlv<'_>) -> bool {
    tlv::expect(&mut Reader::new(info.value), OBJECT_IDENTIFIER)
        .is_ok_and(|oid| info.tag == SEQUENCE && oid.value.starts_with(&PACE))
}

fn pace_info(info: &Tlv<'_>, domains: &[(Option<u8>, Group)]) -> Option<PaceInfo> {
    if info.tag != SEQUENCE {
        return None;
    }
    let mut reader = Reader::new(info.value);
    let oid = tlv::expect(&mut reader, OBJECT_IDENTIFIER).ok()?;
    let [agreement, cipher] = *oid.value.strip_prefix(&PACE)? else { return None };
    if tlv::expect(&mut reader, INTEGER).ok()?.value != [2] {
        return None;
    }
    let parameter_id = match tlv::optional(&mut reader, INTEGER).ok()? {
        None => None,
        Some(id) => {
            let [id] = *id.value else { return None };
            Some(id)
        }
    };
    let explicit = || {
        let mut named = domains.iter().filter(|(id, _)| *id == parameter_id);
        let found = named.next().or_else(|| parameter_id.is_none().then(|| domains.first()).flatten())?;
        // Two groups under one name: which one the card means cannot be known.
        named.next().is_none().then_some(found.1)
    };
    let group = parameter_id.and_then(standardized_group).or_else(explicit)?;
    let mapping = match (agreement, group) {
        (DH_GENERIC, Group::Modp(_)) | (ECDH_GENERIC, Group::Curve(_)) => Mapping::Generic,
        (DH_INTEGRATED, Group::Modp(_)) | (ECDH_INTEGRATED, Group::Curve(_)) => Mapping::Integrated,
        (ECDH_CHIP_AUTHENTICATION, Group::Curve(_)) => Mapping::ChipAuthentication,
        _ => return None,
    };
    let cipher = match cipher {
        1 if mapping != Mapping::ChipAuthentication => Cipher::TripleDes,
        2 => Cipher::Aes(KeyLength::Aes128),
        3 => Cipher::Aes(KeyLength::Aes192),
        4 => Cipher::Aes(KeyLength::Aes256),
        _ => return None,
    };
    // The encoding of the integrated mapping is not defined there.
    if mapping == Mapping::Integrated && group == Group::Curve(Curve::P224) {
        return None;
    }
    Some(PaceInfo { mapping, cipher, group, parameter_id })
}

/// `PACEDomainParameterInfo`: a group written out, taken only when every number is that of a known one. ICAO
/// Doc 9303-11, 9.2.2.
fn domain_info(info: &Tlv<'_>) -> Option<(Option<u8>, Group)> {
    if info.tag != SEQUENCE {
        return None;
    }
    let mut reader = Reader::new(info.value);
    let oid = tlv::expect(&mut reader, OBJECT_IDENTIFIER).ok()?;
    let [_agreement] = *oid.value.strip_prefix(&PACE)? else { return None };
    let group = spki::parse_group(&tlv::expect(&mut reader, SEQUENCE).ok()?).ok()?;
    let id = match tlv::optional(&mut reader, INTEGER).ok()? {
        None => None,
        Some(id) => {
            let [id] = *id.value else { return None };
            Some(id)
        }
    };
    Some((id, group))
}

/// The standardized domain parameters. ICAO Doc 9303-11, 9.5.1, table 6.
#[must_use]
pub const fn standardized_group(id: u8) -> Option<Group> {
    Some(match id {
        0 => Group::Modp(Modp::Bits1024Order160),
        1 => Group::Modp(Modp::Bits2048Order224),
        2 => Group::Modp(Modp::Bits2048Order256),
        10 => Group::Curve(Curve::P224),
        12 => Group::Curve(Curve::P256),
        13 => Group::Curve(Curve::BrainpoolP256r1),
        14 => Group::Curve(Curve::BrainpoolP320r1),
        15 => Group::Curve(Curve::P384),
        16 => Group::Curve(Curve::BrainpoolP384r1),
        17 => Group::Curve(Curve::BrainpoolP512r1),
        18 => Group::Curve(Curve::P521),
        _ => return None,
    })
}

/// id-PACE, 0.4.0.127.0.7.2.2.4.
const PACE: [u8; 8] = [0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04];
/// id-PACE-DH-GM.
const DH_GENERIC: u8 = 1;
/// id-PACE-ECDH-GM.
const ECDH_GENERIC: u8 = 2;
/// id-PACE-DH-IM.
const DH_INTEGRATED: u8 = 3;
/// id-PACE-ECDH-IM.
const ECDH_INTEGRATED: u8 = 4;
/// id-PACE-ECDH-CAM.
const ECDH_CHIP_AUTHENTICATION: u8 = 6;
const MAX_INFOS: usize = 64;
const SET: u32 = 0x31;
const SEQUENCE: u32 = 0x30;
const OBJECT_IDENTIFIER: u32 = 0x06;
const INTEGER: u32 = 0x02;

#[cfg(test)]
mod tests {
    use super::*;

    fn info(oid_tail: &[u8], rest: &[&[u8]]) -> Vec<u8> {
        let oid = tlv::write(OBJECT_IDENTIFIER, &[&PACE[..], oid_tail].concat());
        tlv::write(SEQUENCE, &[&[oid.as_slice()], rest].concat().concat())
    }

    fn offer(oid_tail: &[u8], parameter: u8) -> Vec<u8> {
        info(oid_tail, &[&[2, 1, 2], &[2, 1, parameter]])
    }

    fn parse(infos: &[Vec<u8>]) -> Vec<(Mapping, Cipher, Group)> {
        let found = parse_card_access(&tlv::write(SET, &infos.concat())).unwrap();
        found.into_iter().map(|found| (found.mapping, found.cipher, found.group)).collect()
    }

    const AES_128: Cipher = Cipher::Aes(KeyLength::Aes128);
    const P256R1: Group = Group::Curve(Curve::BrainpoolP256r1);

    #[test]
    fn every_offer_is_understood_and_the_best_stands_first() {
        let found = parse(&[
            offer(&[2, 1], 13),
            offer(&[1, 2], 1),
            offer(&[4, 2], 14),
            offer(&[3, 4], 0),
            offer(&[2, 3], 18),
            offer(&[6, 2], 13),
            offer(&[2, 2], 17),
            offer(&[2, 2], 10),
        ]);
        let curve = Group::Curve;
        assert_eq!(
            found,
            [
                (Mapping::ChipAuthentication, AES_128, P256R1),
                (Mapping::Generic, Cipher::Aes(KeyLength::Aes192), curve(Curve::P521)),
                (Mapping::Generic, AES_128, curve(Curve::BrainpoolP512r1)),
                (Mapping::Generic, AES_128, curve(Curve::P224)),
                (Mapping::Integrated, AES_128, curve(Curve::BrainpoolP320r1)),
                (Mapping::Generic, AES_128, Group::Modp(Modp::Bits2048Order224)),
                (Mapping::Integrated, Cipher::Aes(KeyLength::Aes256), Group::Modp(Modp::Bits1024Order160)),
                (Mapping::Generic, Cipher::TripleDes, P256R1),
            ]
        );
    }

    #[test]
    fn an_offer_names_its_protocol_as_the_card_does() {
        for agreement in [1, 2, 3, 4, 6] {
            for cipher in 1..=4 {
                if (agreement, cipher) == (6, 1) {
                    continue;
                }
                let parameter = if agreement % 2 == 1 { 2 } else { 13 };
                let file = tlv::write(SET, &offer(&[agreement, cipher], parameter));
                let [found] = parse_card_access(&file).unwrap().try_into().unwrap();
                assert_eq!(found.oid(), *[&PACE[..], &[agreement, cipher]].concat());
                assert_eq!(found.parameter_id, Some(parameter));
            }
        }
    }

    #[test]
    fn the_unknown_is_skipped() {
        let unknown = [
            offer(&[6, 1], 13), // 3DES does not go with chip authentication mapping
            offer(&[2, 5], 13), // no such cipher
            offer(&[5, 2], 13), // no such mapping
            offer(&[1, 2], 13), // a curve for a prime's protocol
            offer(&[2, 2], 0),  // and the other way round
            offer(&[4, 2], 10), // no integrated mapping on P-224
            offer(&[2, 2], 8),  // P-192
            info(&[2, 2], &[&[2, 1, 1], &[2, 1, 13]]), // version 1
            info(&[2, 2], &[&[2, 1, 2], &[2, 2, 0, 13]]), // an id not in its shortest form
            info(&[2, 2], &[&[2, 1, 2]]), // no id, and no group written out
            tlv::write(SEQUENCE, b"not an object identifier"),
            tlv::write(INTEGER, &[1]),
        ];
        assert_eq!(parse(&unknown), []);
        let padded = [tlv::write(SET, &offer(&[2, 2], 13)), vec![0; 9]].concat();
        assert_eq!(parse_card_access(&padded).unwrap().len(), 1);
        assert!(offers_pace(&tlv::write(SET, &offer(&[2, 9], 13))));
        assert!(!offers_pace(&tlv::write(SET, &tlv::write(SEQUENCE, &tlv::write(OBJECT_IDENTIFIER, &[42])))));
    }

    fn explicit(domain: &crate::crypto::domain::Domain) -> Vec<u8> {
        let number = |bytes: &[u8]| {
            let pad: &[u8] = if bytes[0] & 0x80 == 0 { &[] } else { &[0] };
            tlv::write_all(INTEGER, &[pad, bytes])
        };
        let field = [tlv::write(6, crate::cms::oid::PRIME_FIELD), number(domain.prime)].concat();
        let equation = [tlv::write(4, domain.a), tlv::write(4, domain.b)].concat();
        let parts = [
            vec![2, 1, 1],
            tlv::write(SEQUENCE, &field),
            tlv::write(SEQUENCE, &equation),
            tlv::write(4, domain.generator),
            number(domain.order),
            vec![2, 1, 1],
        ];
        let identifier =
            [tlv::write(6, crate::cms::oid::EC_PUBLIC_KEY), tlv::write(SEQUENCE, &parts.concat())];
        tlv::write(SEQUENCE, &identifier.concat())
    }

    #[test]
    fn a_group_written_out_is_taken_when_it_is_a_known_one() {
        let own = |parameter| info(&[2, 2], &[&[2, 1, 2], &[2, 1, parameter]]);
        let written = |curve: Curve, id: u8| info(&[2], &[&explicit(curve.domain()), &[2, 1, id]]);
        let curve = Curve::BrainpoolP384r1;
        let expected = (Mapping::Generic, AES_128, Group::Curve(curve));
        assert_eq!(parse(&[own(40), written(curve, 40)]), [expected]);
        assert_eq!(parse(&[own(41), written(curve, 40)]), []);
        let without_id = [info(&[2, 2], &[&[2, 1, 2]]), info(&[2], &[&explicit(curve.domain())])];
        assert_eq!(parse(&without_id), [expected]);
        // Two groups by one id, or one number changed.
        assert_eq!(parse(&[own(40), written(curve, 40), written(Curve::P256, 40)]), []);
        let mut changed = written(curve, 40);
        let place = changed.len() - 80;
        changed[place] ^= 1;
        assert_eq!(parse(&[own(40), changed]), []);
    }

    #[test]
    fn what_was_offered_is_compared_with_what_was_signed() {
        let set = |infos: &[Vec<u8>]| tlv::write(SET, &infos.concat());
        let other = tlv::write(SEQUENCE, &tlv::write(OBJECT_IDENTIFIER, &[42]));
        let (weak, strong) = (offer(&[2, 1], 13), offer(&[2, 4], 13));
        let signed = set(&[strong.clone(), other.clone(), weak.clone()]);
        let matches = |offered: &[u8]| access_matches(offered, &signed);
        assert_eq!(matches(&set(&[weak.clone(), strong.clone()])), Ok(true));
        assert_eq!(matches(&set(std::slice::from_ref(&weak))), Ok(false));
        assert_eq!(matches(&set(&[weak, strong, offer(&[1, 1], 0)])), Ok(false));
        assert_eq!(matches(&[]), Ok(false));
        assert_eq!(access_matches(&[], &set(&[other])), Ok(true));
        assert_eq!(matches(&[0x30, 0]), Err(ChipError::Malformed(Part::CardAccess)));
    }

    #[test]
    fn a_malformed_file_is_refused() {
        let malformed = Err(ChipError::Malformed(Part::CardAccess));
        assert_eq!(parse_card_access(&[]), malformed);
        assert_eq!(parse_card_access(&[0x30, 0]), malformed);
        assert_eq!(parse_card_access(&[0x31, 5, 0x30, 1]), malformed);
        assert_eq!(parse_card_access(&[0x31, 2, 0x30, 0x80]), malformed);
        assert_eq!(parse_card_access(&tlv::write(SET, &[2, 0].repeat(65))), malformed);
        assert_eq!(parse_card_access(&[0x31, 0]), Ok(vec![]));
    }
}
