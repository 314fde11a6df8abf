//! Public keys as certificates and EF.DG15 carry them, with named or explicit curves. RFC 5280, 4.1.2.7, RFC 3279, 2.3.

use super::algorithm::{split, unsigned};
use super::oid;
use crate::bytes::Reader;
use crate::crypto::agreement::Group;
use crate::crypto::domain::{Curve, Domain, Modp, ModpDomain};
use crate::crypto::verify::VerifyingKey;
use crate::tlv::{self, Tlv, TlvError};

/// Why a `SubjectPublicKeyInfo` gave no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not DER of a public key.
    #[error("malformed public key")]
    Malformed(#[from] TlvError),
    /// A kind of key, or a form of point, that is not used here.
    #[error("kind of public key not supported")]
    UnsupportedKind,
    /// Not one of the curves of [`Curve`], by name or by parameters. A curve with one number changed is unknown too.
    #[error("curve not known")]
    UnknownCurve,
}

/// Reads a whole `SubjectPublicKeyInfo`.
///
/// # Errors
/// [`KeyError`].
pub fn parse(der: &[u8]) -> Result<VerifyingKey, KeyError> {
    let mut fields = Reader::new(tlv::exactly(der, 0x30)?.value);
    let identifier = tlv::expect(&mut fields, 0x30)?;
    let bits = tlv::expect(&mut fields, 0x03)?.value;
    fields.finish().map_err(TlvError::from)?;
    // The first octet counts unused bits of the last one.
    let (0, key) = bits.split_first().map(|(unused, key)| (*unused, key)).ok_or(TlvError::BadValue)? else {
        return Err(TlvError::BadValue.into());
    };
    match split(&identifier)? {
        (oid::EC_PUBLIC_KEY, Some(parameters)) => {
            let curve = parse_curve(&parameters)?;
            match key.first() {
                Some(4) if key.len() == 2 * curve.field_length() + 1 => {
                    Ok(VerifyingKey::Ec { curve, point: key.to_vec() })
                }
                Some(2 | 3) => Err(KeyError::UnsupportedKind),
                _ => Err(TlvError::BadValue.into()),
            }
        }
        (oid::RSA_ENCRYPTION | oid::RSA_PSS, _) => {
            let mut numbers = Reader::new(tlv::exactly(key, 0x30)?.value);
            let mut number = || -> Result<Vec<u8>, TlvError> {
                let value = tlv::expect(&mut numbers, 0x02)?.value;
                unsigned(value).map(<[u8]>::to_vec).ok_or(TlvError::BadValue)
            };
            let (modulus, exponent) = (number()?, number()?);
            numbers.finish().map_err(TlvError::from)?;
            Ok(VerifyingKey::Rsa { modulus, exponent })
        }
        _ => Err(KeyError::UnsupportedKind),
    }
}

/// `ECParameters`: a name, or all numbers of a known curve. RFC 3279, 2.3.5.
///
/// # Errors
/// [`KeyError`].
pub fn parse_curve(parameters: &Tlv<'_>) -> Result<Curve, KeyError> {
    match parameters.tag {
        0x06 => KNOWN
            .iter()
            .find_map(|(curve, name)| (*name == parameters.value).then_some(*curve))
            .ok_or(KeyError::UnknownCurve),
        0x30 => {
            let domain = Explicit::parse(parameters.value)?;
            Curve::ALL.into_iter().find(|curve| domain.equals(curve.domain())).ok_or(KeyError::UnknownCurve)
        }
        0x05 => Err(KeyError::UnknownCurve),
        _ => Err(TlvError::UnexpectedTag.into()),
    }
}

/// The group of an `AlgorithmIdentifier`: a curve, or a subgroup modulo a prime, by name or by all its numbers. RFC 3279,
/// 2.3.3 and 2.3.5; ICAO Doc 9303-11, 9.5.
///
/// # Errors
/// [`KeyError`].
pub fn parse_group(identifier: &Tlv<'_>) -> Result<Group, KeyError> {
    match split(identifier)? {
        (oid::EC_PUBLIC_KEY, Some(parameters)) => Ok(Group::Curve(parse_curve(&parameters)?)),
        (oid::DH_PUBLIC_NUMBER, Some(parameters)) => {
            // Domain parameters of X9.42: p, g, q, and what they were drawn from.
            let mut fields = Reader::new(parameters.value);
            let mut number = || unsigned(tlv::expect(&mut fields, 0x02)?.value).ok_or(TlvError::BadValue);
            parse_modp(&[number()?, number()?, number()?])
        }
        (oid::DH_KEY_AGREEMENT, Some(parameters)) => {
            // PKCS #3: p, g, and perhaps the length of the exponent; the order is known for a known group.
            let mut fields = Reader::new(parameters.value);
            let mut number = || unsigned(tlv::expect(&mut fields, 0x02)?.value).ok_or(TlvError::BadValue);
            parse_modp(&[number()?, number()?])
        }
        _ => Err(KeyError::UnsupportedKind),
    }
}

/// Reads a `SubjectPublicKeyInfo` for key agreement: its group, and the bytes of the key, of which nothing is proven.
///
/// # Errors
/// [`KeyError`].
pub fn parse_agreement_key(der: &[u8]) -> Result<(Group, Vec<u8>), KeyError> {
    let mut fields = Reader::new(tlv::exactly(der, 0x30)?.value);
    let group = parse_group(&tlv::expect(&mut fields, 0x30)?)?;
    let bits = tlv::expect(&mut fields, 0x03)?.value;
    fields.finish().map_err(TlvError::from)?;
    let (0, key) = bits.split_first().map(|(unused, key)| (*unused, key)).ok_or(TlvError::BadValue)? else {
        return Err(TlvError::BadValue.into());
    };
    let key = match group {
        Group::Curve(_) => key,
        Group::Modp(_) => unsigned(tlv::exactly(key, 0x02)?.value).ok_or(TlvError::BadValue)?,
    };
    Ok((group, key.to_vec()))
}

fn parse_modp(numbers: &[&[u8]]) -> Result<Group, KeyError> {
    Modp::ALL
        .into_iter()
        .find(|modp| {
            let ModpDomain { prime, generator, order } = modp.domain();
            [*prime, *generator, *order].iter().zip(numbers).all(|(known, number)| known == number)
        })
        .map(Group::Modp)
        .ok_or(KeyError::UnknownCurve)
}

/// The numbers of a curve as a stranger wrote them.
struct Explicit<'a> {
    prime: &'a [u8],
    a: &'a [u8],
    b: &'a [u8],
    generator: &'a [u8],
    order: &'a [u8],
    cofactor: Option<&'a [u8]>,
}

impl<'a> Explicit<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, KeyError> {
        let number = |value| unsigned(value).ok_or(TlvError::BadValue);
        let mut fields = Reader::new(bytes);
        let [1..=3] = tlv::expect(&mut fields, 0x02)?.value else { return Err(KeyError::UnknownCurve) };
        let mut field = Reader::new(tlv::expect(&mut fields, 0x30)?.value);
        if tlv::expect(&mut field, 0x06)?.value != oid::PRIME_FIELD {
            return Err(KeyError::UnknownCurve);
        }
        let prime = number(tlv::expect(&mut field, 0x02)?.value)?;
        field.finish().map_err(TlvError::from)?;
        let mut equation = Reader::new(tlv::expect(&mut fields, 0x30)?.value);
        let a = tlv::expect(&mut equation, 0x04)?.value;
        let b = tlv::expect(&mut equation, 0x04)?.value;
        // The seed that a and b were drawn from says nothing about which curve it is.
        tlv::optional(&mut equation, 0x03)?;
        equation.finish().map_err(TlvError::from)?;
        let generator = tlv::expect(&mut fields, 0x04)?.value;
        let order = number(tlv::expect(&mut fields, 0x02)?.value)?;
        let cofactor = match tlv::optional(&mut fields, 0x02)? {
            Some(cofactor) => Some(number(cofactor.value)?),
            None => None,
        };
        fields.finish().map_err(TlvError::from)?;
        Ok(Self { prime, a, b, generator, order, cofactor })
    }

    /// Every number is compared: a curve that shares all but the generator would let anyone sign (CVE-2020-0601).
    fn equals(&self, known: &Domain) -> bool {
        let Self { prime, a, b, generator, order, cofactor } = *self;
        let magnitude = |bytes: &'a [u8]| bytes.iter().skip_while(|byte| **byte == 0).copied();
        prime == known.prime
            && magnitude(a).eq(known.a.iter().copied())
            && magnitude(b).eq(known.b.iter().copied())
            && (generator == known.generator || compressed(known.generator).as_deref() == Some(generator))
            && order == known.order
            && cofactor.is_none_or(|cofactor| cofactor == [1])
    }
}

fn compressed(point: &[u8]) -> Option<Vec<u8>> {
    let x_and_y = point.split_first()?.1;
    let (x, _) = x_and_y.split_at_checked(x_and_y.len() / 2)?;
    let sign = 2 | (x_and_y.last()? & 1);
    Some([&[sign], x].concat())
}

const KNOWN: [(Curve, &[u8]); 8] = [
    (Curve::P224, oid::P224),
    (Curve::P256, oid::P256),
    (Curve::P384, oid::P384),
    (Curve::P521, oid::P521),
    (Curve::BrainpoolP256r1, oid::BRAINPOOL_P256R1),
    (Curve::BrainpoolP320r1, oid::BRAINPOOL_P320R1),
    (Curve::BrainpoolP384r1, oid::BRAINPOOL_P384R1),
    (Curve::BrainpoolP512r1, oid::BRAINPOOL_P512R1),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The same key with a named and with explicit parameters; made by `testdata/make.py`.
    fn twins() -> Vec<(Vec<u8>, Vec<u8>)> {
        include_str!("../../testdata/explicit_curves.txt")
            .lines()
            .map(|line| {
                let [_, named, explicit] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
                (hex::decode(named).unwrap(), hex::decode(explicit).unwrap())
            })
            .collect()
    }

    #[test]
    fn explicit_parameters_name_the_same_curve_as_its_name() {
        let twins = twins();
        assert_eq!(twins.len(), KNOWN.len());
        for ((named, explicit), (curve, _)) in twins.iter().zip(&KNOWN) {
            let key = parse(named).unwrap();
            assert!(matches!(&key, VerifyingKey::Ec { curve: found, .. } if found == curve));
            assert_eq!(parse(explicit), Ok(key));
        }
    }

    #[test]
    fn explicit_parameters_with_any_number_changed_are_refused() {
        for (_, explicit) in twins() {
            let identifier =
                tlv::expect(&mut Reader::new(tlv::exactly(&explicit, 0x30).unwrap().value), 0x30)
                    .unwrap()
                    .raw
                    .to_vec();
            let parameters =
                split(&tlv::exactly(&identifier, 0x30).unwrap()).unwrap().1.unwrap().raw.to_vec();
            // The seed that some curves carry is no part of the curve.
            let seed = parameters.windows(3).position(|three| three == [0x03, 0x15, 0x00]);
            let seed = seed.map_or(0..0, |start| start + 2..start + 23);
            for place in (5..parameters.len()).filter(|place| !seed.contains(place)) {
                let mut altered = parameters.clone();
                altered[place] ^= 1;
                let curve =
                    tlv::exactly(&altered, 0x30).map_err(KeyError::from).and_then(|it| parse_curve(&it));
                assert!(curve.is_err(), "{place} of {}", hex::encode(&parameters));
            }
        }
    }

    #[test]
    fn other_keys_are_refused_by_kind() {
        let key = |identifier: &str, point: &[u8]| {
            let identifier = tlv::write(0x30, &hex::decode(identifier).unwrap());
            super::parse(&tlv::write_all(0x30, &[&identifier, &tlv::write(0x03, &[&[0], point].concat())]))
        };
        let ed25519 = key("06032b6570", &[1; 32]);
        assert_eq!(ed25519, Err(KeyError::UnsupportedKind));
        let curve_of_the_issuer = key("06072a8648ce3d02010500", &[4; 65]);
        assert_eq!(curve_of_the_issuer, Err(KeyError::UnknownCurve));
        let brainpool_p224 = key("06072a8648ce3d020106092b2403030208010105", &[4; 57]);
        assert_eq!(brainpool_p224, Err(KeyError::UnknownCurve));
        assert_eq!(super::parse(&[0x30, 0]), Err(TlvError::Truncated.into()));
        let p256 = |point: &[u8]| key("06072a8648ce3d020106082a8648ce3d030107", point);
        assert!(p256(&[4; 65]).is_ok());
        assert_eq!(p256(&[2; 33]), Err(KeyError::UnsupportedKind));
        assert_eq!(p256(&[4; 64]), Err(TlvError::BadValue.into()));
    }
}
