//! The integrated mapping of PACE: two nonces become a generator without a key agreement. ICAO Doc 9303-11, 4.4.3.3.2 and
//! appendix B.

use zeroize::Zeroizing;

use super::{
    agreement::{AgreementError, Element, Group, computed},
    channel::{ChannelKey, Cipher},
    domain::{Domain, ModpDomain},
    field::{Field, Number},
};
use crate::bytes::SecretBytes;

/// Why the two nonces give no generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The card's nonce is not as long as the constants, ours not as long as a key.
    #[error("a nonce of impossible length")]
    NonceLength,
    /// The encoding is for primes that leave 3 divided by 4, which P-224's does not.
    #[error("no integrated mapping on this curve")]
    Unsupported,
    /// The nonces lead to the neutral element, which randomness does not do.
    #[error("the mapped generator is the neutral element")]
    Neutral,
}

/// The mapped generator of a group, from the card's nonce and ours.
///
/// # Errors
/// Any [`MappingError`].
pub fn map_integrated(
    group: Group,
    cipher: Cipher,
    card: &[u8],
    ours: &[u8],
) -> Result<Element, MappingError> {
    match group {
        Group::Curve(curve) => {
            let domain = curve.domain();
            if domain.prime.last().is_none_or(|byte| byte & 3 != 3) {
                return Err(MappingError::Unsupported);
            }
            let field = Field::modulo(domain.prime).ok_or(MappingError::Unsupported)?;
            let number = field.reduce(pseudo_random(cipher, card, ours, domain.prime)?.expose());
            let point = encode_point(domain, &field, &number).ok_or(MappingError::Neutral)?;
            computed(group, point).map_err(neutral)
        }
        Group::Modp(modp) => {
            let ModpDomain { prime, generator: _, order } = modp.domain();
            let field = Field::modulo(prime).ok_or(MappingError::Unsupported)?;
            let number = field.reduce(pseudo_random(cipher, card, ours, prime)?.expose());
            let cofactor = field.cofactor(order).ok_or(MappingError::Unsupported)?;
            let mapped = field.power(&number, &cofactor).ok_or(MappingError::Unsupported)?;
            computed(group, field.write(&mapped)).map_err(neutral)
        }
    }
}

const fn neutral(_: AgreementError) -> MappingError {
    MappingError::Neutral
}

/// R(s, t): blocks of a cipher whose key comes from both nonces, 64 bits longer than the prime at least.
fn pseudo_random(
    cipher: Cipher,
    card: &[u8],
    ours: &[u8],
    prime: &[u8],
) -> Result<SecretBytes, MappingError> {
    let (next, output): (&[u8], &[u8]) = match card.len() {
        16 => (&NEXT_128, &OUTPUT_128),
        32 => (&NEXT_256, &OUTPUT_256),
        _ => return Err(MappingError::NonceLength),
    };
    let wrong = |_| MappingError::NonceLength;
    let key_of = |bytes: &[u8]| ChannelKey::from_slice(cipher, bytes).map_err(wrong);
    let encrypt = |key: &ChannelKey, text: &[u8]| {
        key.encrypt_cbc(&key.zero_iv(), text).map(SecretBytes::new).map_err(wrong)
    };
    let mut chained = encrypt(&key_of(ours)?, card)?;
    let enough = prime.len().saturating_add(8);
    // It never grows beyond its capacity, which would leave a copy behind.
    let mut out = Zeroizing::new(Vec::with_capacity(enough.saturating_add(output.len())));
    while out.len() < enough {
        let key = key_of(chained.expose().get(..cipher.key_length()).ok_or(MappingError::NonceLength)?)?;
        out.extend_from_slice(encrypt(&key, output)?.expose());
        chained = encrypt(&key, next)?;
    }
    Ok(SecretBytes::new(core::mem::take(&mut *out)))
}

/// A number as a point, in the same time for each. Appendix B.2.
fn encode_point(domain: &Domain, field: &Field, number: &Number) -> Option<Vec<u8>> {
    let (a, b) = (field.reduce(domain.a), field.reduce(domain.b));
    let right_side = |x: &Number| x.square().add(&a).mul(x).add(&b);
    let alpha = number.square().neg();
    let inverse = alpha.square().add(&alpha).invert()?;
    let x2 = b.neg().mul(&a.invert()?).mul(&field.one().add(&inverse));
    let x3 = alpha.mul(&x2);
    let h2 = right_side(&x2);
    let u = number.square().mul(number).mul(&h2);
    let root = field.power(&h2, &field.root_exponent()?)?;
    let mut x = x3;
    let mut y = root.mul(&u);
    let first = root.square().mul(&h2).equals(&field.one());
    x.assign(&x2, first);
    y.assign(&root.mul(&h2), first);
    Some([&[4], field.write(&x).as_slice(), field.write(&y).as_slice()].concat())
}

/// c₀ and c₁ for blocks of 128 bits.
const NEXT_128: [u8; 16] = *b"\xA6\x68\x89\x2A\x7C\x41\xE3\xCA\x73\x9F\x40\xB0\x57\xD8\x59\x04";
const OUTPUT_128: [u8; 16] = *b"\xA4\xE1\x36\xAC\x72\x5F\x73\x8B\x01\xC1\xF6\x02\x17\xC1\x88\xAD";
/// The same for 256 bits, with AES-192 and AES-256.
const NEXT_256: [u8; 32] = *b"\xD4\x63\xD6\x52\x34\x12\x4E\xF7\x89\x70\x54\x98\x6D\xCA\x0A\x17\
                             \x4E\x28\xDF\x75\x8C\xBA\xA0\x3F\x24\x06\x16\x41\x4D\x5A\x16\x76";
const OUTPUT_256: [u8; 32] = *b"\x54\xBD\x72\x55\xF0\xAA\xF8\x31\xBE\xC3\x42\x3F\xCF\x39\xD6\x9B\
                               \x6C\xBF\x06\x66\x77\xD0\xFA\xAE\x5A\xAD\xD9\x9D\xF8\xE5\x35\x17";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{
        aes::KeyLength,
        agreement::PrivateKey,
        domain::{Curve, Modp},
    };

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    const AES_128: Cipher = Cipher::Aes(KeyLength::Aes128);

    /// ICAO Doc 9303-11, H.1.
    #[test]
    fn two_nonces_become_the_point_of_the_worked_example() {
        let (card, ours) =
            (bytes("2923be84e16cd6ae529049f1f1bbe9eb"), bytes("5dd4cbfc96f5453b130d890a1cdbae32"));
        let curve = Curve::BrainpoolP256r1;
        assert_eq!(
            hex::encode(pseudo_random(AES_128, &card, &ours, curve.domain().prime).unwrap().expose()),
            "e4447e2dfb3586bac05ddb00156b57fbb2179a3949294c97254189800c517baa8da0ff397ed8c445d3e421e4feb57322"
        );
        let mapped = map_integrated(Group::Curve(curve), AES_128, &card, &ours).unwrap();
        assert_eq!(
            hex::encode(mapped.as_bytes()),
            "048e82d31559ed0fde92a4d0498add3c23baba94fb77691e31e90aea77fb17d4274c1ae14bd0c3dbac0c871b7f3608169364437ca30ac243a089d3f266c1e60fad"
        );
    }

    /// ICAO Doc 9303-11, H.2, its beginning; the whole is among the outside vectors.
    #[test]
    fn two_nonces_become_the_number_of_the_worked_example() {
        let (card, ours) =
            (bytes("fa5b7e3e49753a0db9178b7b9bd898c8"), bytes("b3a6db3c870c3e99245e0d1c06b747de"));
        let group = Group::Modp(Modp::Bits1024Order160);
        let mapped = map_integrated(group, AES_128, &card, &ours).unwrap();
        assert!(
            hex::encode(mapped.as_bytes()).starts_with("1d7d767f11e333bcd6dbaef40e799e7a926b96973550656f")
        );
    }

    /// Whatever the nonces, the result is of the group, where the encoding takes both of its branches.
    #[test]
    fn every_cipher_maps_into_every_group_that_can() {
        let ciphers =
            [Cipher::TripleDes, AES_128, Cipher::Aes(KeyLength::Aes192), Cipher::Aes(KeyLength::Aes256)];
        let curves = Curve::ALL.into_iter().filter(|curve| *curve != Curve::P224).map(Group::Curve);
        for group in curves.chain(Modp::ALL.into_iter().map(Group::Modp)) {
            for cipher in ciphers {
                let ours = vec![7; cipher.key_length()];
                // The card's nonce is as long as a key at least.
                let length = if cipher.key_length() == 16 { 16 } else { 32 };
                let other = map_integrated(group, cipher, &vec![5; length], &ours).unwrap();
                for first in 0..4 {
                    let mut card = vec![9; length];
                    card[0] = first;
                    let mapped = map_integrated(group, cipher, &card, &ours).unwrap();
                    assert_eq!(Element::parse(group, mapped.as_bytes()).unwrap(), mapped);
                    assert_ne!(other, mapped);
                }
            }
            let key = PrivateKey::derive(group, &[3; PrivateKey::SEED]).unwrap();
            key.multiply(&map_integrated(group, AES_128, &[1; 16], &[2; 16]).unwrap()).unwrap();
        }
    }

    #[test]
    fn what_gives_no_generator_is_told_apart() {
        let map = |group, card: &[u8], ours: &[u8]| map_integrated(group, AES_128, card, ours);
        let group = Group::Curve(Curve::P256);
        assert_eq!(map(group, &[1; 8], &[2; 16]), Err(MappingError::NonceLength));
        assert_eq!(map(group, &[1; 16], &[2; 24]), Err(MappingError::NonceLength));
        let aes_256 = Cipher::Aes(KeyLength::Aes256);
        assert_eq!(map_integrated(group, aes_256, &[1; 16], &[2; 32]), Err(MappingError::NonceLength));
        assert_eq!(map(Group::Curve(Curve::P224), &[1; 16], &[2; 16]), Err(MappingError::Unsupported));
    }
}
