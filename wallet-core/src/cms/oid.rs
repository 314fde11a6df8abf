//! Object identifiers met in chips and certificates, as the content octets of their DER form.

/// `id-data`, 1.2.840.113549.1.7.1. RFC 5652, 4.
pub const DATA: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01";
/// `id-signedData`, 1.2.840.113549.1.7.2. RFC 5652, 5.1.
pub const SIGNED_DATA: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
/// `id-contentType`, 1.2.840.113549.1.9.3. RFC 5652, 11.1.
pub const CONTENT_TYPE: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x09\x03";
/// `id-messageDigest`, 1.2.840.113549.1.9.4. RFC 5652, 11.2.
pub const MESSAGE_DIGEST: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x09\x04";
/// `id-icao-mrtd-security-ldsSecurityObject`, 2.23.136.1.1.1. ICAO 9303-10, 4.6.2.3.
pub const LDS_SECURITY_OBJECT: &[u8] = b"\x67\x81\x08\x01\x01\x01";
/// `id-icao-cscaMasterList`, 2.23.136.1.1.2. ICAO 9303-12, 9.
pub const CSCA_MASTER_LIST: &[u8] = b"\x67\x81\x08\x01\x01\x02";

/// SHA-1, 1.3.14.3.2.26.
pub const SHA1: &[u8] = b"\x2B\x0E\x03\x02\x1A";
/// SHA-256, 2.16.840.1.101.3.4.2.1.
pub const SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";
/// SHA-384, 2.16.840.1.101.3.4.2.2.
pub const SHA384: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x02";
/// SHA-512, 2.16.840.1.101.3.4.2.3.
pub const SHA512: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x03";
/// SHA-224, 2.16.840.1.101.3.4.2.4.
pub const SHA224: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x04";

/// `id-ecPublicKey`, 1.2.840.10045.2.1. RFC 5480, 2.1.1.
pub const EC_PUBLIC_KEY: &[u8] = b"\x2A\x86\x48\xCE\x3D\x02\x01";
/// `prime-field`, 1.2.840.10045.1.1. X9.62.
pub const PRIME_FIELD: &[u8] = b"\x2A\x86\x48\xCE\x3D\x01\x01";
/// secp224r1, 1.3.132.0.33.
pub const P224: &[u8] = b"\x2B\x81\x04\x00\x21";
/// secp256r1, 1.2.840.10045.3.1.7.
pub const P256: &[u8] = b"\x2A\x86\x48\xCE\x3D\x03\x01\x07";
/// secp384r1, 1.3.132.0.34.
pub const P384: &[u8] = b"\x2B\x81\x04\x00\x22";
/// secp521r1, 1.3.132.0.35.
pub const P521: &[u8] = b"\x2B\x81\x04\x00\x23";
/// brainpoolP256r1, 1.3.36.3.3.2.8.1.1.7.
pub const BRAINPOOL_P256R1: &[u8] = b"\x2B\x24\x03\x03\x02\x08\x01\x01\x07";
/// brainpoolP320r1, 1.3.36.3.3.2.8.1.1.9.
pub const BRAINPOOL_P320R1: &[u8] = b"\x2B\x24\x03\x03\x02\x08\x01\x01\x09";
/// brainpoolP384r1, 1.3.36.3.3.2.8.1.1.11.
pub const BRAINPOOL_P384R1: &[u8] = b"\x2B\x24\x03\x03\x02\x08\x01\x01\x0B";
/// brainpoolP512r1, 1.3.36.3.3.2.8.1.1.13.
pub const BRAINPOOL_P512R1: &[u8] = b"\x2B\x24\x03\x03\x02\x08\x01\x01\x0D";

/// `dhpublicnumber`, 1.2.840.10046.2.1. RFC 3279, 2.3.3.
pub const DH_PUBLIC_NUMBER: &[u8] = b"\x2A\x86\x48\xCE\x3E\x02\x01";
/// `dhKeyAgreement`, 1.2.840.113549.1.3.1. PKCS #3.
pub const DH_KEY_AGREEMENT: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x03\x01";
/// `id-SecurityObject` of EF.CardSecurity, 0.4.0.127.0.7.3.2.1. BSI TR-03110-3, A.1.2.5.
pub const SECURITY_OBJECT: &[u8] = b"\x04\x00\x7F\x00\x07\x03\x02\x01";

/// ecdsa-with-SHA1, 1.2.840.10045.4.1. RFC 3279, 2.2.3.
pub const ECDSA_SHA1: &[u8] = b"\x2A\x86\x48\xCE\x3D\x04\x01";
/// ecdsa-with-SHA224, 1.2.840.10045.4.3.1. RFC 5758, 3.2.
pub const ECDSA_SHA224: &[u8] = b"\x2A\x86\x48\xCE\x3D\x04\x03\x01";
/// ecdsa-with-SHA256, 1.2.840.10045.4.3.2.
pub const ECDSA_SHA256: &[u8] = b"\x2A\x86\x48\xCE\x3D\x04\x03\x02";
/// ecdsa-with-SHA384, 1.2.840.10045.4.3.3.
pub const ECDSA_SHA384: &[u8] = b"\x2A\x86\x48\xCE\x3D\x04\x03\x03";
/// ecdsa-with-SHA512, 1.2.840.10045.4.3.4.
pub const ECDSA_SHA512: &[u8] = b"\x2A\x86\x48\xCE\x3D\x04\x03\x04";
/// ecdsa-plain-SHA1, 0.4.0.127.0.7.1.1.4.1.1. BSI TR-03111, 5.2.1.1.
pub const ECDSA_PLAIN_SHA1: &[u8] = b"\x04\x00\x7F\x00\x07\x01\x01\x04\x01\x01";
/// ecdsa-plain-SHA224, 0.4.0.127.0.7.1.1.4.1.2.
pub const ECDSA_PLAIN_SHA224: &[u8] = b"\x04\x00\x7F\x00\x07\x01\x01\x04\x01\x02";
/// ecdsa-plain-SHA256, 0.4.0.127.0.7.1.1.4.1.3.
pub const ECDSA_PLAIN_SHA256: &[u8] = b"\x04\x00\x7F\x00\x07\x01\x01\x04\x01\x03";
/// ecdsa-plain-SHA384, 0.4.0.127.0.7.1.1.4.1.4.
pub const ECDSA_PLAIN_SHA384: &[u8] = b"\x04\x00\x7F\x00\x07\x01\x01\x04\x01\x04";
/// ecdsa-plain-SHA512, 0.4.0.127.0.7.1.1.4.1.5.
pub const ECDSA_PLAIN_SHA512: &[u8] = b"\x04\x00\x7F\x00\x07\x01\x01\x04\x01\x05";

/// rsaEncryption, 1.2.840.113549.1.1.1. RFC 8017, A.1.
pub const RSA_ENCRYPTION: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01";
/// sha1WithRSAEncryption, 1.2.840.113549.1.1.5.
pub const RSA_SHA1: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x05";
/// `id-mgf1`, 1.2.840.113549.1.1.8.
pub const MGF1: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x08";
/// `id-RSASSA-PSS`, 1.2.840.113549.1.1.10.
pub const RSA_PSS: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A";
/// sha256WithRSAEncryption, 1.2.840.113549.1.1.11.
pub const RSA_SHA256: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B";
/// sha384WithRSAEncryption, 1.2.840.113549.1.1.12.
pub const RSA_SHA384: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0C";
/// sha512WithRSAEncryption, 1.2.840.113549.1.1.13.
pub const RSA_SHA512: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0D";
/// sha224WithRSAEncryption, 1.2.840.113549.1.1.14.
pub const RSA_SHA224: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0E";

/// `id-ce-subjectKeyIdentifier`, 2.5.29.14. RFC 5280, 4.2.1.
pub const SUBJECT_KEY_IDENTIFIER: &[u8] = b"\x55\x1D\x0E";
/// `id-ce-keyUsage`, 2.5.29.15.
pub const KEY_USAGE: &[u8] = b"\x55\x1D\x0F";
/// `id-ce-privateKeyUsagePeriod`, 2.5.29.16. RFC 3280, 4.2.1.4.
pub const PRIVATE_KEY_USAGE_PERIOD: &[u8] = b"\x55\x1D\x10";
/// `id-ce-subjectAltName`, 2.5.29.17.
pub const SUBJECT_ALTERNATIVE_NAME: &[u8] = b"\x55\x1D\x11";
/// `id-ce-issuerAltName`, 2.5.29.18.
pub const ISSUER_ALTERNATIVE_NAME: &[u8] = b"\x55\x1D\x12";
/// `id-ce-basicConstraints`, 2.5.29.19.
pub const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1D\x13";
/// `id-ce-cRLDistributionPoints`, 2.5.29.31.
pub const CRL_DISTRIBUTION_POINTS: &[u8] = b"\x55\x1D\x1F";
/// `id-ce-certificatePolicies`, 2.5.29.32.
pub const CERTIFICATE_POLICIES: &[u8] = b"\x55\x1D\x20";
/// `id-ce-authorityKeyIdentifier`, 2.5.29.35.
pub const AUTHORITY_KEY_IDENTIFIER: &[u8] = b"\x55\x1D\x23";
/// `id-ce-cRLNumber`, 2.5.29.20. RFC 5280, 5.2.3.
pub const CRL_NUMBER: &[u8] = b"\x55\x1D\x14";
/// `id-ce-deltaCRLIndicator`, 2.5.29.27. RFC 5280, 5.2.4.
pub const DELTA_CRL_INDICATOR: &[u8] = b"\x55\x1D\x1B";
/// `id-ce-issuingDistributionPoint`, 2.5.29.28. RFC 5280, 5.2.5.
pub const ISSUING_DISTRIBUTION_POINT: &[u8] = b"\x55\x1D\x1C";
/// `id-ce-certificateIssuer`, 2.5.29.29. RFC 5280, 5.3.3.
pub const CERTIFICATE_ISSUER: &[u8] = b"\x55\x1D\x1D";
/// `id-ce-extKeyUsage`, 2.5.29.37.
pub const EXTENDED_KEY_USAGE: &[u8] = b"\x55\x1D\x25";
/// `id-icao-mrtd-security-extensions-documentTypeList`, 2.23.136.1.1.6.2. ICAO 9303-12, 7.1.
pub const DOCUMENT_TYPE_LIST: &[u8] = b"\x67\x81\x08\x01\x01\x06\x02";
/// `id-at-countryName`, 2.5.4.6.
pub const COUNTRY_NAME: &[u8] = b"\x55\x04\x06";
