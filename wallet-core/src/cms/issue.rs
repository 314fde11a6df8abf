//! Makes an EF.SOD as a document signer does. ICAO 9303-10, 4.6.2.

use std::collections::BTreeMap;

use super::oid;
use crate::bytes::Reader;
use crate::crypto::verify::{HashAlgorithm, SignatureScheme};
use crate::tlv::{self, TlvError};

/// The caller's key could not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key could not sign")]
pub struct CannotSign;

/// A private key as a function: the bytes to sign → the signature, in the form [`security_object`] asks for.
pub type Sign<'a> = dyn Fn(&[u8]) -> Result<Vec<u8>, CannotSign> + 'a;

/// Why no EF.SOD was made. All are the caller's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The signer certificate is not DER X.509.
    #[error("the signer certificate is malformed")]
    BadCertificate(#[from] TlvError),
    /// The closure did not sign.
    #[error("the key could not sign")]
    CannotSign(#[from] CannotSign),
    /// An ECDSA signature came back that is not `r ‖ s`.
    #[error("the key signed in another form than r and s")]
    BadSignatureForm,
}

/// An EF.SOD, tag 77, over whole data group files as they stand on the chip.
///
/// `groups`: data group number → file bytes. `hash` is the digest over the groups; the signature uses the digest of
/// `scheme`. `sign` gets the bytes to sign (the DER of the signed attributes) and returns the signature in the form
/// [`crypto::verify`](crate::crypto::verify) takes: ECDSA `r ‖ s` (not DER), RSA as long as the modulus.
///
/// # Errors
/// Any [`IssueError`].
pub fn security_object(
    groups: &BTreeMap<u8, Vec<u8>>,
    hash: HashAlgorithm,
    dsc_der: &[u8],
    scheme: SignatureScheme,
    sign: &Sign<'_>,
) -> Result<Vec<u8>, IssueError> {
    let content = lds_security_object(groups, hash);
    let signed = signed_data(oid::LDS_SECURITY_OBJECT, &content, &[dsc_der], scheme, sign)?;
    Ok(tlv::write(0x77, &signed))
}

/// The LDS security object, version 0. ICAO 9303-10, 4.6.2.3.
#[must_use]
pub fn lds_security_object(groups: &BTreeMap<u8, Vec<u8>>, hash: HashAlgorithm) -> Vec<u8> {
    let hashes: Vec<u8> = groups
        .iter()
        .flat_map(|(number, file)| {
            let number = tlv::write(0x02, &[*number]);
            tlv::write_all(0x30, &[&number, &tlv::write(0x04, &hash.digest(file))])
        })
        .collect();
    let version = tlv::write(0x02, &[0]);
    tlv::write_all(0x30, &[&version, &digest_identifier(hash), &tlv::write(0x30, &hashes)])
}

/// A CMS `ContentInfo` with one signer, whose certificate is the first of `certificates`. RFC 5652, 5.
///
/// # Errors
/// Any [`IssueError`]; `BadCertificate` when `certificates` is empty.
pub fn signed_data(
    content_type: &[u8],
    content: &[u8],
    certificates: &[&[u8]],
    scheme: SignatureScheme,
    sign: &Sign<'_>,
) -> Result<Vec<u8>, IssueError> {
    let digest_algorithm = digest_identifier(scheme.hash());
    let content_type = tlv::write(0x06, content_type);
    let digest = tlv::write(0x04, &scheme.hash().digest(content));
    // DER: the members of a SET OF stand in ascending order of their encodings.
    let mut attributes =
        [attribute(oid::CONTENT_TYPE, &content_type), attribute(oid::MESSAGE_DIGEST, &digest)];
    attributes.sort();
    let attributes = attributes.concat();
    let signature = match (scheme, sign(&tlv::write(0x31, &attributes))?) {
        (SignatureScheme::Ecdsa(_), plain) => ecdsa_der(&plain).ok_or(IssueError::BadSignatureForm)?,
        (_, rsa) => rsa,
    };
    let signer = tlv::write_all(
        0x30,
        &[
            &tlv::write(0x02, &[1]),
            &issuer_and_serial(certificates.first().copied().unwrap_or_default())?,
            &digest_algorithm,
            &tlv::write(0xA0, &attributes),
            &signature_identifier(scheme),
            &tlv::write(0x04, &signature),
        ],
    );
    let encapsulated = tlv::write_all(0x30, &[&content_type, &tlv::write(0xA0, &tlv::write(0x04, content))]);
    let signed_data = tlv::write_all(
        0x30,
        &[
            &tlv::write(0x02, &[3]),
            &tlv::write(0x31, &digest_algorithm),
            &encapsulated,
            &tlv::write(0xA0, &certificates.concat()),
            &tlv::write(0x31, &signer),
        ],
    );
    Ok(tlv::write_all(0x30, &[&tlv::write(0x06, oid::SIGNED_DATA), &tlv::write(0xA0, &signed_data)]))
}

/// `ECDSA-Sig-Value` of `r ‖ s`; `None` when the halves differ in length. RFC 3279, 2.2.3.
#[must_use]
pub fn ecdsa_der(plain: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = plain.split_at_checked(plain.len().div_ceil(2))?;
    (!r.is_empty() && r.len() == s.len()).then(|| tlv::write_all(0x30, &[&unsigned(r), &unsigned(s)]))
}

fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let mut value: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if value.first().is_none_or(|byte| byte & 0x80 != 0) {
        value.insert(0, 0);
    }
    tlv::write(0x02, &value)
}

fn attribute(kind: &[u8], value: &[u8]) -> Vec<u8> {
    tlv::write_all(0x30, &[&tlv::write(0x06, kind), &tlv::write(0x31, value)])
}

fn issuer_and_serial(certificate: &[u8]) -> Result<Vec<u8>, TlvError> {
    let mut whole = Reader::new(tlv::exactly(certificate, 0x30)?.value);
    let mut fields = Reader::new(tlv::expect(&mut whole, 0x30)?.value);
    tlv::optional(&mut fields, 0xA0)?;
    let serial = tlv::expect(&mut fields, 0x02)?;
    tlv::expect(&mut fields, 0x30)?;
    let issuer = tlv::expect(&mut fields, 0x30)?;
    Ok(tlv::write_all(0x30, &[issuer.raw, serial.raw]))
}

fn digest_identifier(hash: HashAlgorithm) -> Vec<u8> {
    let kind = match hash {
        HashAlgorithm::Sha1 => oid::SHA1,
        HashAlgorithm::Sha224 => oid::SHA224,
        HashAlgorithm::Sha256 => oid::SHA256,
        HashAlgorithm::Sha384 => oid::SHA384,
        HashAlgorithm::Sha512 => oid::SHA512,
    };
    tlv::write(0x30, &tlv::write(0x06, kind))
}

fn signature_identifier(scheme: SignatureScheme) -> Vec<u8> {
    let named = |kind: &[u8], parameters: &[u8]| tlv::write_all(0x30, &[&tlv::write(0x06, kind), parameters]);
    let null = tlv::write(0x05, &[]);
    match scheme {
        SignatureScheme::Ecdsa(HashAlgorithm::Sha1) => named(oid::ECDSA_SHA1, &[]),
        SignatureScheme::Ecdsa(HashAlgorithm::Sha224) => named(oid::ECDSA_SHA224, &[]),
        SignatureScheme::Ecdsa(HashAlgorithm::Sha256) => named(oid::ECDSA_SHA256, &[]),
        SignatureScheme::Ecdsa(HashAlgorithm::Sha384) => named(oid::ECDSA_SHA384, &[]),
        SignatureScheme::Ecdsa(HashAlgorithm::Sha512) => named(oid::ECDSA_SHA512, &[]),
        SignatureScheme::RsaPkcs1(HashAlgorithm::Sha1) => named(oid::RSA_SHA1, &null),
        SignatureScheme::RsaPkcs1(HashAlgorithm::Sha224) => named(oid::RSA_SHA224, &null),
        SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256) => named(oid::RSA_SHA256, &null),
        SignatureScheme::RsaPkcs1(HashAlgorithm::Sha384) => named(oid::RSA_SHA384, &null),
        SignatureScheme::RsaPkcs1(HashAlgorithm::Sha512) => named(oid::RSA_SHA512, &null),
        SignatureScheme::RsaPss { hash, mgf_hash, salt_length } => {
            let mgf = named(oid::MGF1, &digest_identifier(mgf_hash));
            let parameters = tlv::write_all(
                0x30,
                &[
                    &tlv::write(0xA0, &digest_identifier(hash)),
                    &tlv::write(0xA1, &mgf),
                    &tlv::write(0xA2, &unsigned(&salt_length.to_be_bytes())),
                ],
            );
            named(oid::RSA_PSS, &parameters)
        }
    }
}
