//! Every label and number of the formats in one table, because draft-ietf-spice-sd-cwt may still move. Revision
//! followed: 08.

/// COSE header parameters: protected, except where said.
pub(crate) mod header {
    /// RFC 9052, table 3.
    pub(crate) const ALG: i64 = 1;
    /// The SD-CWT inside a key-binding token. RFC 9528; draft 08, 8.1.
    pub(crate) const KCWT: i64 = 13;
    /// RFC 9596.
    pub(crate) const TYP: i64 = 16;
    /// Certificates, leaf first; one alone is a byte string. RFC 9360.
    pub(crate) const X5CHAIN: i64 = 33;
    /// `[hash algorithm, hash of the certificate]`. RFC 9360.
    pub(crate) const X5T: i64 = 34;
}

/// `typ` of an SD-CWT. Draft 08, 5.
pub(crate) const TYP_SD_CWT: u64 = 293;
/// `typ` of a key-binding token. Draft 08, 8.1.
pub(crate) const TYP_KBT: u64 = 294;
/// COSE hash algorithm SHA-256/64. RFC 9054, 2.2.
pub(crate) const SHA256_64: i64 = -15;
/// A date as days since 1970. RFC 8943.
pub(crate) const TAG_DAYS: u64 = 100;

/// CWT claims. RFC 8392; draft 08, 7 and 8.
pub(crate) mod claim {
    pub(crate) const ISS: i64 = 1;
    pub(crate) const SUB: i64 = 2;
    pub(crate) const AUD: i64 = 3;
    pub(crate) const EXP: i64 = 4;
    pub(crate) const IAT: i64 = 6;
    pub(crate) const CTI: i64 = 7;
    pub(crate) const CNF: i64 = 8;
    pub(crate) const VCT: i64 = 11;
    pub(crate) const CNONCE: i64 = 39;
    /// Ours, private use: `[status index, staple anchor, portrait digest, person]`.
    pub(crate) const CARD: i64 = -65_537;
    /// Ours, private use: the rolling anchor `[Y, salt, period, n]` of a key-binding token.
    pub(crate) const ROLL: i64 = -65_538;
}

/// The member of `cnf` that is a COSE_Key. RFC 8747, 3.1.
pub(crate) const CNF_COSE_KEY: i64 = 1;

/// Keys of the `person` map.
pub(crate) mod person {
    pub(crate) const ADULT_BY_YEAR: i64 = 1;
    pub(crate) const NAME: i64 = 2;
    pub(crate) const BIRTH_DATE: i64 = 3;
    pub(crate) const ADDRESS: i64 = 4;
    pub(crate) const NUMBER_FRONT: i64 = 5;
    pub(crate) const ISSUE_DATE: i64 = 6;
    pub(crate) const ISSUING_AUTHORITY: i64 = 7;
    pub(crate) const REGISTRATION_NUMBER: i64 = 8;
}

/// `aud` of a token for whoever scans it.
pub(crate) const GENERAL_AUDIENCE: &str = "*";
/// What a counter frame's text begins with.
pub(crate) const KR1: &str = "KR1:";
/// What a desk sign's text begins with.
pub(crate) const KD1: &str = "KD1:";
