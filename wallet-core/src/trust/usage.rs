use super::{Certificate, TrustError};
use crate::cms::oid;

/// What a certificate is used for; decides which extensions it must carry. Keep one set of
/// [`Anchors`](super::Anchors) per usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Usage {
    /// Signs an EF.SOD. ICAO 9303-12, 7.1: names its issuer in another string type or case now and then.
    DocumentSigner,
    /// Signs a list of CSCA certificates. ICAO 9303-12, 7.1.
    MasterListSigner,
    /// Signs the mobile security object of an mdoc. ISO/IEC 18013-5:2021, B.1.4.
    MdocIssuer,
    /// Signs the SD-CWTs that are shown at a counter, and their staples.
    CounterIssuer,
    /// The leaf carries a key that hardware made; what it may do is in its attestation extension.
    Attestation,
    /// Signs lock, resume and wipe commands to a phone.
    CommandKey,
    /// Signs the sign of a desk (KD1) and its requests.
    VerifierRegistration,
    /// Vouches for wallets and their keys.
    WalletProvider,
    /// Signs SD-JWT VCs: by its own extended key usage, or by the one of the mdoc signer, since issuers sign both forms of a
    /// document with one key.
    SdJwtIssuer,
    /// Signs the metadata of a credential issuer. OpenID4VCI 1.0, 12.2.3.
    MetadataSigner,
    /// Signs status lists.
    StatusIssuer,
}

/// Extended key usages, as components for a certificate maker. The project has no arc of its own yet and uses the
/// example arc 2.999 (ITU-T X.660, Amd. 2).
pub mod eku {
    /// `id-mdl-kp-mdlDS`, 1.0.18013.5.1.2. ISO/IEC 18013-5:2021, B.1.4.
    pub const MDOC_ISSUER: [u64; 6] = [1, 0, 18013, 5, 1, 2];
    /// `id-icao-mrtd-security-masterListSigningKey`, 2.23.136.1.1.3. ICAO 9303-12.
    pub const MASTER_LIST_SIGNER: [u64; 6] = [2, 23, 136, 1, 1, 3];
    /// Issuer of counter credentials, 2.999.410.1.
    pub const COUNTER_ISSUER: [u64; 4] = [2, 999, 410, 1];
    /// Signer of commands to a phone, 2.999.410.2.
    pub const COMMAND_KEY: [u64; 4] = [2, 999, 410, 2];
    /// Registered verifier, 2.999.410.3.
    pub const VERIFIER_REGISTRATION: [u64; 4] = [2, 999, 410, 3];
    /// Wallet provider, 2.999.410.4.
    pub const WALLET_PROVIDER: [u64; 4] = [2, 999, 410, 4];
    /// Issuer of SD-JWT VCs, 2.999.410.6.
    pub const SD_JWT_ISSUER: [u64; 4] = [2, 999, 410, 6];
    /// Signer of a credential issuer's metadata, 2.999.410.7.
    pub const METADATA_SIGNER: [u64; 4] = [2, 999, 410, 7];
    /// Signer of status lists, 2.999.410.5, until the draft's own is assigned.
    pub const STATUS_ISSUER: [u64; 4] = [2, 999, 410, 5];
}

/// Whether an extended key usage has to be there.
enum Extended {
    Free,
    IfPresent(&'static [u8]),
    Required(&'static [u8]),
    RequiredOneOf(&'static [&'static [u8]]),
}

impl Usage {
    /// Whether the leaf of a path may be used like this.
    pub(super) fn check_leaf(self, leaf: &Certificate) -> Result<(), TrustError> {
        let extended = match self {
            Self::DocumentSigner | Self::Attestation => Extended::Free,
            Self::CounterIssuer => Extended::IfPresent(COUNTER_ISSUER),
            Self::MdocIssuer => Extended::Required(MDOC_ISSUER),
            Self::MasterListSigner => Extended::Required(MASTER_LIST_SIGNER),
            Self::CommandKey => Extended::Required(COMMAND_KEY),
            Self::VerifierRegistration => Extended::Required(VERIFIER_REGISTRATION),
            Self::WalletProvider => Extended::Required(WALLET_PROVIDER),
            Self::SdJwtIssuer => Extended::RequiredOneOf(&[SD_JWT_ISSUER, MDOC_ISSUER]),
            Self::MetadataSigner => Extended::Required(METADATA_SIGNER),
            Self::StatusIssuer => Extended::Required(STATUS_ISSUER),
        };
        let extended_fits = match (extended, leaf.extended_key_usage()) {
            (Extended::Free, _) | (Extended::IfPresent(_), None) => true,
            (Extended::IfPresent(wanted) | Extended::Required(wanted), Some(found)) => {
                found.iter().any(|kind| kind == wanted)
            }
            (Extended::RequiredOneOf(wanted), Some(found)) => {
                found.iter().any(|kind| wanted.contains(&kind.as_slice()))
            }
            (Extended::Required(_) | Extended::RequiredOneOf(_), None) => false,
        };
        // An attested key may be one for key agreement; for all else the leaf signs.
        let may_sign = self == Self::Attestation || leaf.allows_digital_signature();
        let is_issuer = leaf.basic_constraints().is_some_and(|constraints| constraints.ca);
        if extended_fits && may_sign && !is_issuer { Ok(()) } else { Err(TrustError::WrongUsage) }
    }

    /// Whether names of issuer and subject are compared as a person reads them.
    pub(super) const fn compares_names_loosely(self) -> bool {
        matches!(self, Self::DocumentSigner)
    }
}

/// Critical extensions that this module, or the reader of an attestation, acts on or may leave aside.
pub(super) const KNOWN_EXTENSIONS: [&[u8]; 11] = [
    oid::BASIC_CONSTRAINTS,
    oid::KEY_USAGE,
    oid::EXTENDED_KEY_USAGE,
    oid::SUBJECT_KEY_IDENTIFIER,
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::SUBJECT_ALTERNATIVE_NAME,
    oid::ISSUER_ALTERNATIVE_NAME,
    oid::CERTIFICATE_POLICIES,
    oid::CRL_DISTRIBUTION_POINTS,
    oid::PRIVATE_KEY_USAGE_PERIOD,
    oid::DOCUMENT_TYPE_LIST,
];

const MDOC_ISSUER: &[u8] = b"\x28\x81\x8C\x5D\x05\x01\x02";
const MASTER_LIST_SIGNER: &[u8] = b"\x67\x81\x08\x01\x01\x03";
const COUNTER_ISSUER: &[u8] = b"\x88\x37\x83\x1A\x01";
const COMMAND_KEY: &[u8] = b"\x88\x37\x83\x1A\x02";
const VERIFIER_REGISTRATION: &[u8] = b"\x88\x37\x83\x1A\x03";
const WALLET_PROVIDER: &[u8] = b"\x88\x37\x83\x1A\x04";
const SD_JWT_ISSUER: &[u8] = b"\x88\x37\x83\x1A\x06";
const METADATA_SIGNER: &[u8] = b"\x88\x37\x83\x1A\x07";
const STATUS_ISSUER: &[u8] = b"\x88\x37\x83\x1A\x05";
