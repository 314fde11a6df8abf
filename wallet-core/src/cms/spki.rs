//! Public keys as certificates and EF.DG15 carry them, with named or explicit curves. RFC 5280, 4.1.2.7, RFC 3279, 2.3.

use super::algorithm::{split, unsigned};
use super::oid;
use crate::bytes::Reader;
use crate::crypto::verify::{Curve, VerifyingKey};
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
            .find_map(|(curve, name, _)| (*name == parameters.value).then_some(*curve))
            .ok_or(KeyError::UnknownCurve),
        0x30 => {
            let domain = Explicit::parse(parameters.value)?;
            KNOWN
                .iter()
                .find_map(|(curve, _, known)| domain.equals(known).then_some(*curve))
                .ok_or(KeyError::UnknownCurve)
        }
        0x05 => Err(KeyError::UnknownCurve),
        _ => Err(TlvError::UnexpectedTag.into()),
    }
}

/// The numbers of a curve over a prime field, without leading zeros; the generator uncompressed.
struct Domain {
    prime: &'static [u8],
    a: &'static [u8],
    b: &'static [u8],
    generator: &'static [u8],
    order: &'static [u8],
}

/// The same as a stranger wrote them.
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

const KNOWN: [(Curve, &[u8], Domain); 5] = [
    (Curve::P256, oid::P256, P256),
    (Curve::P384, oid::P384, P384),
    (Curve::P521, oid::P521, P521),
    (Curve::BrainpoolP256r1, oid::BRAINPOOL_P256R1, BRAINPOOL_P256R1),
    (Curve::BrainpoolP384r1, oid::BRAINPOOL_P384R1, BRAINPOOL_P384R1),
];

/// SEC 2, 2.4.2; FIPS 186-4, D.1.2.3.
const P256: Domain = Domain {
    prime:
        b"\xFF\xFF\xFF\xFF\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\xFF\xFF\
          \xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
    a: b"\xFF\xFF\xFF\xFF\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\xFF\xFF\
          \xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFC",
    b: b"\x5A\xC6\x35\xD8\xAA\x3A\x93\xE7\xB3\xEB\xBD\x55\x76\x98\x86\xBC\x65\x1D\x06\xB0\xCC\x53\xB0\xF6\
          \x3B\xCE\x3C\x3E\x27\xD2\x60\x4B",
    generator:
        b"\x04\x6B\x17\xD1\xF2\xE1\x2C\x42\x47\xF8\xBC\xE6\xE5\x63\xA4\x40\xF2\x77\x03\x7D\x81\x2D\xEB\x33\
          \xA0\xF4\xA1\x39\x45\xD8\x98\xC2\x96\x4F\xE3\x42\xE2\xFE\x1A\x7F\x9B\x8E\xE7\xEB\x4A\x7C\x0F\x9E\
          \x16\x2B\xCE\x33\x57\x6B\x31\x5E\xCE\xCB\xB6\x40\x68\x37\xBF\x51\xF5",
    order:
        b"\xFF\xFF\xFF\xFF\x00\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xBC\xE6\xFA\xAD\xA7\x17\x9E\x84\
          \xF3\xB9\xCA\xC2\xFC\x63\x25\x51",
};
/// SEC 2, 2.5.1; FIPS 186-4, D.1.2.4.
const P384: Domain = Domain {
    prime:
        b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\
          \xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE\xFF\xFF\xFF\xFF\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\xFF\xFF",
    a: b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\
          \xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE\xFF\xFF\xFF\xFF\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\xFF\xFC",
    b: b"\xB3\x31\x2F\xA7\xE2\x3E\xE7\xE4\x98\x8E\x05\x6B\xE3\xF8\x2D\x19\x18\x1D\x9C\x6E\xFE\x81\x41\x12\
          \x03\x14\x08\x8F\x50\x13\x87\x5A\xC6\x56\x39\x8D\x8A\x2E\xD1\x9D\x2A\x85\xC8\xED\xD3\xEC\x2A\xEF",
    generator:
        b"\x04\xAA\x87\xCA\x22\xBE\x8B\x05\x37\x8E\xB1\xC7\x1E\xF3\x20\xAD\x74\x6E\x1D\x3B\x62\x8B\xA7\x9B\
          \x98\x59\xF7\x41\xE0\x82\x54\x2A\x38\x55\x02\xF2\x5D\xBF\x55\x29\x6C\x3A\x54\x5E\x38\x72\x76\x0A\
          \xB7\x36\x17\xDE\x4A\x96\x26\x2C\x6F\x5D\x9E\x98\xBF\x92\x92\xDC\x29\xF8\xF4\x1D\xBD\x28\x9A\x14\
          \x7C\xE9\xDA\x31\x13\xB5\xF0\xB8\xC0\x0A\x60\xB1\xCE\x1D\x7E\x81\x9D\x7A\x43\x1D\x7C\x90\xEA\x0E\
          \x5F",
    order:
        b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\
          \xC7\x63\x4D\x81\xF4\x37\x2D\xDF\x58\x1A\x0D\xB2\x48\xB0\xA7\x7A\xEC\xEC\x19\x6A\xCC\xC5\x29\x73",
};
/// SEC 2, 2.6.1; FIPS 186-4, D.1.2.5.
const P521: Domain = Domain {
    prime:
        b"\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\
          \xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\
          \xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
    a: b"\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\
          \xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\
          \xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFC",
    b: b"\x51\x95\x3E\xB9\x61\x8E\x1C\x9A\x1F\x92\x9A\x21\xA0\xB6\x85\x40\xEE\xA2\xDA\x72\x5B\x99\xB3\x15\
          \xF3\xB8\xB4\x89\x91\x8E\xF1\x09\xE1\x56\x19\x39\x51\xEC\x7E\x93\x7B\x16\x52\xC0\xBD\x3B\xB1\xBF\
          \x07\x35\x73\xDF\x88\x3D\x2C\x34\xF1\xEF\x45\x1F\xD4\x6B\x50\x3F\x00",
    generator:
        b"\x04\x00\xC6\x85\x8E\x06\xB7\x04\x04\xE9\xCD\x9E\x3E\xCB\x66\x23\x95\xB4\x42\x9C\x64\x81\x39\x05\
          \x3F\xB5\x21\xF8\x28\xAF\x60\x6B\x4D\x3D\xBA\xA1\x4B\x5E\x77\xEF\xE7\x59\x28\xFE\x1D\xC1\x27\xA2\
          \xFF\xA8\xDE\x33\x48\xB3\xC1\x85\x6A\x42\x9B\xF9\x7E\x7E\x31\xC2\xE5\xBD\x66\x01\x18\x39\x29\x6A\
          \x78\x9A\x3B\xC0\x04\x5C\x8A\x5F\xB4\x2C\x7D\x1B\xD9\x98\xF5\x44\x49\x57\x9B\x44\x68\x17\xAF\xBD\
          \x17\x27\x3E\x66\x2C\x97\xEE\x72\x99\x5E\xF4\x26\x40\xC5\x50\xB9\x01\x3F\xAD\x07\x61\x35\x3C\x70\
          \x86\xA2\x72\xC2\x40\x88\xBE\x94\x76\x9F\xD1\x66\x50",
    order:
        b"\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\
          \xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFA\x51\x86\x87\x83\xBF\x2F\x96\x6B\x7F\xCC\x01\x48\xF7\x09\
          \xA5\xD0\x3B\xB5\xC9\xB8\x89\x9C\x47\xAE\xBB\x6F\xB7\x1E\x91\x38\x64\x09",
};
/// RFC 5639, 3.4.
const BRAINPOOL_P256R1: Domain = Domain {
    prime:
        b"\xA9\xFB\x57\xDB\xA1\xEE\xA9\xBC\x3E\x66\x0A\x90\x9D\x83\x8D\x72\x6E\x3B\xF6\x23\xD5\x26\x20\x28\
          \x20\x13\x48\x1D\x1F\x6E\x53\x77",
    a: b"\x7D\x5A\x09\x75\xFC\x2C\x30\x57\xEE\xF6\x75\x30\x41\x7A\xFF\xE7\xFB\x80\x55\xC1\x26\xDC\x5C\x6C\
          \xE9\x4A\x4B\x44\xF3\x30\xB5\xD9",
    b: b"\x26\xDC\x5C\x6C\xE9\x4A\x4B\x44\xF3\x30\xB5\xD9\xBB\xD7\x7C\xBF\x95\x84\x16\x29\x5C\xF7\xE1\xCE\
          \x6B\xCC\xDC\x18\xFF\x8C\x07\xB6",
    generator:
        b"\x04\x8B\xD2\xAE\xB9\xCB\x7E\x57\xCB\x2C\x4B\x48\x2F\xFC\x81\xB7\xAF\xB9\xDE\x27\xE1\xE3\xBD\x23\
          \xC2\x3A\x44\x53\xBD\x9A\xCE\x32\x62\x54\x7E\xF8\x35\xC3\xDA\xC4\xFD\x97\xF8\x46\x1A\x14\x61\x1D\
          \xC9\xC2\x77\x45\x13\x2D\xED\x8E\x54\x5C\x1D\x54\xC7\x2F\x04\x69\x97",
    order:
        b"\xA9\xFB\x57\xDB\xA1\xEE\xA9\xBC\x3E\x66\x0A\x90\x9D\x83\x8D\x71\x8C\x39\x7A\xA3\xB5\x61\xA6\xF7\
          \x90\x1E\x0E\x82\x97\x48\x56\xA7",
};
/// RFC 5639, 3.6.
const BRAINPOOL_P384R1: Domain = Domain {
    prime:
        b"\x8C\xB9\x1E\x82\xA3\x38\x6D\x28\x0F\x5D\x6F\x7E\x50\xE6\x41\xDF\x15\x2F\x71\x09\xED\x54\x56\xB4\
          \x12\xB1\xDA\x19\x7F\xB7\x11\x23\xAC\xD3\xA7\x29\x90\x1D\x1A\x71\x87\x47\x00\x13\x31\x07\xEC\x53",
    a: b"\x7B\xC3\x82\xC6\x3D\x8C\x15\x0C\x3C\x72\x08\x0A\xCE\x05\xAF\xA0\xC2\xBE\xA2\x8E\x4F\xB2\x27\x87\
          \x13\x91\x65\xEF\xBA\x91\xF9\x0F\x8A\xA5\x81\x4A\x50\x3A\xD4\xEB\x04\xA8\xC7\xDD\x22\xCE\x28\x26",
    b: b"\x04\xA8\xC7\xDD\x22\xCE\x28\x26\x8B\x39\xB5\x54\x16\xF0\x44\x7C\x2F\xB7\x7D\xE1\x07\xDC\xD2\xA6\
          \x2E\x88\x0E\xA5\x3E\xEB\x62\xD5\x7C\xB4\x39\x02\x95\xDB\xC9\x94\x3A\xB7\x86\x96\xFA\x50\x4C\x11",
    generator:
        b"\x04\x1D\x1C\x64\xF0\x68\xCF\x45\xFF\xA2\xA6\x3A\x81\xB7\xC1\x3F\x6B\x88\x47\xA3\xE7\x7E\xF1\x4F\
          \xE3\xDB\x7F\xCA\xFE\x0C\xBD\x10\xE8\xE8\x26\xE0\x34\x36\xD6\x46\xAA\xEF\x87\xB2\xE2\x47\xD4\xAF\
          \x1E\x8A\xBE\x1D\x75\x20\xF9\xC2\xA4\x5C\xB1\xEB\x8E\x95\xCF\xD5\x52\x62\xB7\x0B\x29\xFE\xEC\x58\
          \x64\xE1\x9C\x05\x4F\xF9\x91\x29\x28\x0E\x46\x46\x21\x77\x91\x81\x11\x42\x82\x03\x41\x26\x3C\x53\
          \x15",
    order:
        b"\x8C\xB9\x1E\x82\xA3\x38\x6D\x28\x0F\x5D\x6F\x7E\x50\xE6\x41\xDF\x15\x2F\x71\x09\xED\x54\x56\xB3\
          \x1F\x16\x6E\x6C\xAC\x04\x25\xA7\xCF\x3A\xB6\xAF\x6B\x7F\xC3\x10\x3B\x88\x32\x02\xE9\x04\x65\x65",
};

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
        for ((named, explicit), (curve, ..)) in twins.iter().zip(&KNOWN) {
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
