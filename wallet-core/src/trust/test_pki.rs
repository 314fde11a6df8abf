//! Certificates made on the spot for tests; the subjects say that they are tests.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};

use super::Certificate;

/// 2026-06-01 00:00 UTC: inside the dates of every certificate made here.
pub(crate) const NOW: i64 = 1_780_272_000;
/// 2020-01-01 and 2040-01-01 00:00 UTC: those dates.
pub(crate) const NOT_BEFORE: i64 = 1_577_836_800;
pub(crate) const NOT_AFTER: i64 = 2_208_988_800;

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "UT");
    params.distinguished_name.push(DnType::CommonName, format!("Test {name}"));
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params.use_authority_key_identifier_extension = true;
    params
}

pub(crate) fn leaf_params(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.is_ca = IsCa::ExplicitNoCa;
    params
}

pub(crate) fn authority_params(name: &str, path_length: Option<u8>) -> CertificateParams {
    let mut params = params(name);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.is_ca =
        IsCa::Ca(path_length.map_or(BasicConstraints::Unconstrained, BasicConstraints::Constrained));
    params
}

pub(crate) fn key() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap()
}

pub(crate) fn root(params: CertificateParams) -> Authority {
    CertifiedIssuer::self_signed(params, key()).unwrap()
}

pub(crate) fn below(issuer: &Authority, params: CertificateParams) -> Authority {
    CertifiedIssuer::signed_by(params, key(), issuer).unwrap()
}

pub(crate) fn leaf(issuer: &Issuer<'_, KeyPair>, params: CertificateParams) -> Certificate {
    parse(&params.signed_by(&key(), issuer).unwrap())
}

pub(crate) fn parse(certificate: &rcgen::Certificate) -> Certificate {
    Certificate::parse(certificate.der()).unwrap()
}

pub(crate) fn with_usage(mut params: CertificateParams, usage: &[u64]) -> CertificateParams {
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::Other(usage.to_vec()));
    params
}

pub(crate) fn with_critical_extension(mut params: CertificateParams, kind: &[u64]) -> CertificateParams {
    let mut extension = CustomExtension::from_oid_content(kind, vec![0x05, 0]);
    extension.set_criticality(true);
    params.custom_extensions.push(extension);
    params
}
