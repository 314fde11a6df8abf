use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents,
};
use rsa::{BoxedUint, traits::PublicKeyParts};

use super::{HashAlgorithm, VerifyError};

/// An RSA public key within bounds.
pub(super) struct Key<'a> {
    modulus: &'a [u8],
    exponent: &'a [u8],
    bits: usize,
}

impl<'a> Key<'a> {
    pub(super) fn new(modulus: &'a [u8], exponent: &'a [u8]) -> Result<Self, VerifyError> {
        let (modulus, exponent) = (without_zeros(modulus), without_zeros(exponent));
        let bits = bit_length(modulus);
        let odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
        if !odd(modulus) || !odd(exponent) || exponent == [1] {
            return Err(VerifyError::BadKey);
        }
        if !(MIN_BITS..=MAX_BITS).contains(&bits) || bit_length(exponent) > MAX_EXPONENT_BITS {
            return Err(VerifyError::Unsupported);
        }
        Ok(Self { modulus, exponent, bits })
    }

    /// `s^e mod n`, as long as the modulus. RFC 8017, 5.2.2.
    pub(super) fn recover(&self, signature: &[u8]) -> Result<Vec<u8>, VerifyError> {
        let signature = self.aligned(signature)?;
        // Whole 64-bit limbs.
        let precision =
            u32::try_from(self.modulus.len().div_ceil(8) * 64).map_err(|_| VerifyError::Unsupported)?;
        let number =
            |bytes: &[u8]| BoxedUint::from_be_slice(bytes, precision).map_err(|_| VerifyError::BadKey);
        let key = rsa::PublicKey::new(number(self.modulus)?, number(self.exponent)?)
            .map_err(|_| VerifyError::BadKey)?;
        let representative = number(&signature)?;
        if representative >= *key.n().as_ref() {
            return Err(VerifyError::BadSignature);
        }
        let recovered =
            rsa::hazmat::rsa_encrypt(&key, &representative).map_err(|_| VerifyError::BadSignature)?;
        left_padded(&recovered.to_be_bytes(), self.modulus.len()).ok_or(VerifyError::BadSignature)
    }

    /// The signature in as many bytes as the modulus: some chips drop leading zeros, some add one.
    fn aligned(&self, signature: &[u8]) -> Result<Vec<u8>, VerifyError> {
        left_padded(signature, self.modulus.len()).ok_or(VerifyError::BadSignature)
    }

    fn verifies_fast(&self, parameters: &RsaParameters, message: &[u8], signature: &[u8]) -> bool {
        RsaPublicKeyComponents { n: self.modulus, e: self.exponent }
            .verify(parameters, message, signature)
            .is_ok()
    }
}

/// RFC 8017, 8.2.2: encode and compare, never parse.
pub(super) fn verify_pkcs1(
    key: &Key<'_>,
    hash: HashAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    let fast = match hash {
        HashAlgorithm::Sha1 => Some(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
        HashAlgorithm::Sha224 => None,
        HashAlgorithm::Sha256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        HashAlgorithm::Sha384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        HashAlgorithm::Sha512 => Some(&RSA_PKCS1_2048_8192_SHA512),
    };
    let aligned = key.aligned(signature)?;
    if fast.is_some_and(|fast| key.verifies_fast(fast, message, &aligned)) {
        return Ok(());
    }
    let recovered = key.recover(&aligned)?;
    let digest = hash.digest(message);
    // RFC 8017, 9.2, note 1: the NULL of the digest's parameters may be missing.
    let accepted = [true, false].into_iter().any(|with_null| {
        encode_pkcs1(&digest_info(hash, with_null, &digest), recovered.len()).as_deref() == Some(&recovered)
    });
    if accepted { Ok(()) } else { Err(VerifyError::BadSignature) }
}

/// RFC 8017, 8.1.2.
pub(super) fn verify_pss(
    key: &Key<'_>,
    (hash, mgf_hash, salt_length): (HashAlgorithm, HashAlgorithm, usize),
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    let fast = match hash {
        _ if mgf_hash != hash || salt_length != hash.length() => None,
        HashAlgorithm::Sha256 => Some(&RSA_PSS_2048_8192_SHA256),
        HashAlgorithm::Sha384 => Some(&RSA_PSS_2048_8192_SHA384),
        HashAlgorithm::Sha512 => Some(&RSA_PSS_2048_8192_SHA512),
        HashAlgorithm::Sha1 | HashAlgorithm::Sha224 => None,
    };
    let aligned = key.aligned(signature)?;
    if fast.is_some_and(|fast| key.verifies_fast(fast, message, &aligned)) {
        return Ok(());
    }
    let recovered = key.recover(&aligned)?;
    let encoded_bits = key.bits.checked_sub(1).ok_or(VerifyError::BadKey)?;
    let encoded = left_padded(&recovered, encoded_bits.div_ceil(8)).ok_or(VerifyError::BadSignature)?;
    let digest = hash.digest(message);
    if pss_matches(&encoded, encoded_bits, hash, mgf_hash, salt_length, &digest) == Some(true) {
        Ok(())
    } else {
        Err(VerifyError::BadSignature)
    }
}

/// EMSA-PSS-VERIFY. RFC 8017, 9.1.2; `None` where the encoding is inconsistent.
fn pss_matches(
    encoded: &[u8],
    encoded_bits: usize,
    hash: HashAlgorithm,
    mgf_hash: HashAlgorithm,
    salt_length: usize,
    digest: &[u8],
) -> Option<bool> {
    let (rest, trailer) = encoded.split_at_checked(encoded.len().checked_sub(1)?)?;
    let (masked, seed) = rest.split_at_checked(rest.len().checked_sub(hash.length())?)?;
    if trailer != [0xBC] {
        return None;
    }
    let unused = u32::try_from((8 * encoded.len()).checked_sub(encoded_bits)?).ok()?;
    let top = 0xFF_u8.checked_shr(unused)?;
    if masked.first()? & !top != 0 {
        return None;
    }
    let mut block: Vec<u8> =
        masked.iter().zip(mask(mgf_hash, seed, masked.len())).map(|(byte, mask)| byte ^ mask).collect();
    if let Some(first) = block.first_mut() {
        *first &= top;
    }
    let (padding, salt) = block.split_at_checked(block.len().checked_sub(salt_length)?)?;
    let (one, zeros) = padding.split_last()?;
    if *one != 1 || zeros.iter().any(|byte| *byte != 0) {
        return None;
    }
    Some(hash.digest(&[&[0; 8], digest, salt].concat()) == seed)
}

/// MGF1. RFC 8017, B.2.1.
fn mask(hash: HashAlgorithm, seed: &[u8], length: usize) -> Vec<u8> {
    (0_u32..).flat_map(|counter| hash.digest(&[seed, &counter.to_be_bytes()].concat())).take(length).collect()
}

/// EMSA-PKCS1-v1_5-ENCODE around a finished DigestInfo. RFC 8017, 9.2.
fn encode_pkcs1(digest_info: &[u8], length: usize) -> Option<Vec<u8>> {
    let padding = length.checked_sub(digest_info.len())?.checked_sub(3).filter(|count| *count >= 8)?;
    Some([&[0, 1], vec![0xFF; padding].as_slice(), &[0], digest_info].concat())
}

/// DER of `DigestInfo`; every length in it is below 128. RFC 8017, A.2.4.
fn digest_info(hash: HashAlgorithm, with_null: bool, digest: &[u8]) -> Vec<u8> {
    let identifier: &[u8] = match hash {
        HashAlgorithm::Sha1 => &[0x2B, 0x0E, 0x03, 0x02, 0x1A],
        HashAlgorithm::Sha224 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04],
        HashAlgorithm::Sha256 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
        HashAlgorithm::Sha384 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02],
        HashAlgorithm::Sha512 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
    };
    let element =
        |tag: u8, value: &[u8]| [&[tag, u8::try_from(value.len()).unwrap_or(u8::MAX)], value].concat();
    let null: &[u8] = if with_null { &[0x05, 0x00] } else { &[] };
    let algorithm = element(0x30, &[&element(0x06, identifier), null].concat());
    element(0x30, &[algorithm, element(0x04, digest)].concat())
}

const fn without_zeros(mut bytes: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// `None` when the number does not fit.
fn left_padded(bytes: &[u8], length: usize) -> Option<Vec<u8>> {
    let bytes = without_zeros(bytes);
    let mut out = vec![0; length.checked_sub(bytes.len())?];
    out.extend_from_slice(bytes);
    Some(out)
}

/// Of a number without leading zero bytes.
fn bit_length(bytes: &[u8]) -> usize {
    let unused = bytes.first().map_or(0, |byte| byte.leading_zeros());
    (8 * bytes.len()).saturating_sub(usize::try_from(unused).unwrap_or(8))
}

const MIN_BITS: usize = 1024;
const MAX_BITS: usize = 8192;
const MAX_EXPONENT_BITS: usize = 33;
