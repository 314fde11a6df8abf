use super::algorithm::{self, AlgorithmError, SignatureAlgorithm};
use super::{ber, oid};
use crate::bytes::{Reader, TrailingData, Truncated};
use crate::crypto::verify::{HashAlgorithm, VerifyError, VerifyingKey};
use crate::tlv::{self, TlvError};

/// Why a `SignedData` was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CmsError {
    /// Not BER of the structure.
    #[error("malformed signed data")]
    Malformed(#[from] TlvError),
    /// Well formed, but its signer broke a rule.
    #[error("the signer broke a rule of signed data")]
    SignerMisbehaved(Rule),
    /// Another content type, algorithm or kind of key than this crate knows.
    #[error("signed data of a kind not supported")]
    Unsupported,
    /// The content is not the one that was signed.
    #[error("the signed content was altered")]
    AlteredContent,
    /// The signature over the signed attributes does not verify.
    #[error("the signature does not verify")]
    BadSignature,
}

/// A rule of CMS that a signer broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// Exactly one signer. ICAO 9303-10, 4.6.2.2.
    OneSigner,
    /// The content is inside, not detached.
    ContentPresent,
    /// Signed attributes are there: the content type is not `id-data`. RFC 5652, 5.3.
    SignedAttributesPresent,
    /// Each of the content type and message digest attributes exactly once, with one value. RFC 5652, 11.
    AttributeOnce,
    /// The content type attribute equals the content's type. RFC 5652, 11.1.
    ContentTypeEqual,
}

/// Who signed, by the signer's own word: it only helps to find the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignerId {
    /// Issuer name (DER) and serial number (content octets).
    IssuerAndSerial {
        /// `Name`, whole.
        issuer: Vec<u8>,
        /// Content octets of the INTEGER.
        serial: Vec<u8>,
    },
    /// Subject key identifier.
    KeyId(Vec<u8>),
}

/// A parsed `SignedData` of one signer. Nothing of it is to be believed before [`SignedData::verify`] with the key of a
/// certificate that is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedData {
    content_type: Vec<u8>,
    content: Vec<u8>,
    certificates: Vec<Vec<u8>>,
    signer: SignerId,
    digest_algorithm: HashAlgorithm,
    /// DER of the SET OF, its members as received: the bytes that are signed (RFC 5652, 5.4).
    signed_attributes: Vec<u8>,
    message_digest: Vec<u8>,
    signature_algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
}

impl SignedData {
    /// Reads a `ContentInfo` holding `SignedData`, in DER or in BER with indefinite lengths.
    ///
    /// # Errors
    /// `Malformed`, `SignerMisbehaved` or `Unsupported`.
    pub fn parse(bytes: &[u8]) -> Result<Self, CmsError> {
        if bytes.len() > MAX_LENGTH {
            return Err(CmsError::Unsupported);
        }
        let mut whole = Reader::new(bytes);
        let mut content_info = Reader::new(ber::expect(&mut whole, 0x30)?.value);
        whole.finish()?;
        if ber::expect(&mut content_info, 0x06)?.value != oid::SIGNED_DATA {
            return Err(CmsError::Unsupported);
        }
        let mut explicit = Reader::new(ber::expect(&mut content_info, 0xA0)?.value);
        content_info.finish()?;
        let mut fields = Reader::new(ber::expect(&mut explicit, 0x30)?.value);
        explicit.finish()?;

        ber::expect(&mut fields, 0x02)?;
        ber::expect(&mut fields, 0x31)?;
        let (content_type, content) = parse_content(ber::expect(&mut fields, 0x30)?.value)?;
        let certificates = match ber::optional(&mut fields, 0xA0)? {
            None => Vec::new(),
            Some(set) => ber::all(set.value, MAX_CERTIFICATES)?
                .into_iter()
                .filter(|choice| choice.tag == 0x30)
                .map(|certificate| certificate.raw.to_vec())
                .collect(),
        };
        ber::optional(&mut fields, 0xA1)?;
        let signers = ber::all(ber::expect(&mut fields, 0x31)?.value, MAX_SIGNERS)?;
        fields.finish()?;
        let [signer] = signers.as_slice() else {
            return Err(CmsError::SignerMisbehaved(Rule::OneSigner));
        };
        if signer.tag != 0x30 {
            return Err(TlvError::UnexpectedTag.into());
        }

        let mut fields = Reader::new(signer.value);
        ber::expect(&mut fields, 0x02)?;
        let signer = parse_signer_id(&mut fields)?;
        let digest_algorithm = algorithm::parse_digest(&ber::expect(&mut fields, 0x30)?)?;
        let attributes = ber::optional(&mut fields, 0xA0)?
            .ok_or(CmsError::SignerMisbehaved(Rule::SignedAttributesPresent))?
            .value;
        let signature_algorithm = SignatureAlgorithm::parse(&ber::expect(&mut fields, 0x30)?)?;
        let signature = ber::octets(&mut fields)?;
        ber::optional(&mut fields, 0xA1)?;
        fields.finish()?;

        if parse_attribute(attributes, oid::CONTENT_TYPE, 0x06)? != content_type {
            return Err(CmsError::SignerMisbehaved(Rule::ContentTypeEqual));
        }
        let message_digest = parse_attribute(attributes, oid::MESSAGE_DIGEST, 0x04)?.to_vec();
        Ok(Self {
            content_type,
            content,
            certificates,
            signer,
            digest_algorithm,
            signed_attributes: tlv::write(0x31, attributes),
            message_digest,
            signature_algorithm,
            signature,
        })
    }

    /// Checks that the content is the one signed, and the signature under `key`.
    ///
    /// The signature algorithm's digest is tried first, then the signer's digest algorithm: documents exist that name
    /// only the key's algorithm, or another digest than the one used.
    ///
    /// # Errors
    /// `AlteredContent`, `BadSignature`, or `Unsupported` for a key out of bounds.
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), CmsError> {
        if self.digest_algorithm.digest(&self.content) != self.message_digest {
            return Err(CmsError::AlteredContent);
        }
        let mut outcome = Err(CmsError::Unsupported);
        for candidate in self.candidates(key) {
            outcome =
                candidate.verify(key, &self.signed_attributes, &self.signature).map_err(
                    |error| match error {
                        VerifyError::BadSignature => CmsError::BadSignature,
                        VerifyError::BadKey | VerifyError::Unsupported => CmsError::Unsupported,
                    },
                );
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    /// The type of the content: content octets of the object identifier.
    #[must_use]
    pub fn content_type(&self) -> &[u8] {
        &self.content_type
    }

    /// The content that [`Self::verify`] checks.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// Certificates sent along, DER, in the order received.
    #[must_use]
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }

    /// Who says to have signed.
    #[must_use]
    pub const fn signer(&self) -> &SignerId {
        &self.signer
    }

    /// The signature's algorithm as named by the signer.
    #[must_use]
    pub const fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.signature_algorithm
    }

    /// The digest over the content.
    #[must_use]
    pub const fn digest_algorithm(&self) -> HashAlgorithm {
        self.digest_algorithm
    }

    fn candidates(&self, key: &VerifyingKey) -> Vec<SignatureAlgorithm> {
        let named = self.signature_algorithm;
        let hashes = named.hash().into_iter().chain([self.digest_algorithm]);
        match (key, named) {
            (VerifyingKey::Ec { .. }, SignatureAlgorithm::EcdsaPlain(_))
            | (VerifyingKey::Rsa { .. }, SignatureAlgorithm::RsaPss { .. }) => vec![named],
            (VerifyingKey::Ec { .. }, _) => {
                hashes.map(|hash| SignatureAlgorithm::Ecdsa(Some(hash))).collect()
            }
            (VerifyingKey::Rsa { .. }, _) => {
                hashes.map(|hash| SignatureAlgorithm::RsaPkcs1(Some(hash))).collect()
            }
        }
    }
}

impl From<Truncated> for CmsError {
    fn from(error: Truncated) -> Self {
        Self::Malformed(error.into())
    }
}

impl From<TrailingData> for CmsError {
    fn from(error: TrailingData) -> Self {
        Self::Malformed(error.into())
    }
}

impl From<AlgorithmError> for CmsError {
    fn from(error: AlgorithmError) -> Self {
        match error {
            AlgorithmError::Malformed(inner) => Self::Malformed(inner),
            AlgorithmError::Unsupported => Self::Unsupported,
        }
    }
}

/// `EncapsulatedContentInfo`: type and octets.
fn parse_content(bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>), CmsError> {
    let mut fields = Reader::new(bytes);
    let content_type = ber::expect(&mut fields, 0x06)?.value.to_vec();
    let explicit =
        ber::optional(&mut fields, 0xA0)?.ok_or(CmsError::SignerMisbehaved(Rule::ContentPresent))?;
    fields.finish()?;
    let mut explicit = Reader::new(explicit.value);
    let content = ber::octets(&mut explicit)?;
    explicit.finish()?;
    Ok((content_type, content))
}

fn parse_signer_id(fields: &mut Reader<'_>) -> Result<SignerId, CmsError> {
    // Implicit [0] OCTET STRING. RFC 5652, 5.3.
    if let Some(key_id) = ber::optional(fields, 0x80)? {
        return Ok(SignerId::KeyId(key_id.value.to_vec()));
    }
    let mut parts = Reader::new(ber::expect(fields, 0x30)?.value);
    let issuer = ber::expect(&mut parts, 0x30)?.raw.to_vec();
    let serial = ber::expect(&mut parts, 0x02)?.value.to_vec();
    parts.finish()?;
    Ok(SignerId::IssuerAndSerial { issuer, serial })
}

/// The one value of the one attribute of this kind. Attributes are signed, so they have to be DER.
fn parse_attribute<'a>(attributes: &'a [u8], kind: &[u8], tag: u32) -> Result<&'a [u8], CmsError> {
    let mut found = None;
    for attribute in tlv::all(attributes, MAX_ATTRIBUTES)? {
        let mut fields = Reader::new(tlv::exactly(attribute.raw, 0x30)?.value);
        let its_kind = tlv::expect(&mut fields, 0x06)?.value;
        let values = tlv::expect(&mut fields, 0x31)?.value;
        fields.finish()?;
        if its_kind == kind && found.replace(values).is_some() {
            return Err(CmsError::SignerMisbehaved(Rule::AttributeOnce));
        }
    }
    let values = found.ok_or(CmsError::SignerMisbehaved(Rule::AttributeOnce))?;
    match tlv::all(values, MAX_ATTRIBUTES)?.as_slice() {
        [value] if value.tag == tag => Ok(value.value),
        [_] => Err(TlvError::UnexpectedTag.into()),
        _ => Err(CmsError::SignerMisbehaved(Rule::AttributeOnce)),
    }
}

/// The largest master list is below 1 MiB.
const MAX_LENGTH: usize = 4 << 20;
const MAX_CERTIFICATES: usize = 8;
const MAX_SIGNERS: usize = 4;
const MAX_ATTRIBUTES: usize = 16;

#[cfg(test)]
#[cfg(feature = "issuer")]
#[path = "signed_data_tests.rs"]
mod tests;
