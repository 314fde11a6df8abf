use super::super::{TrustError, test_pki::*};
use super::{Certificate, parse_time};
use crate::cms::SignedData;
use crate::tlv::{self, Tlv};
use crate::{bytes::Reader, oracles};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Both readers must see the same certificate.
fn compare(ours: &Certificate, der: &[u8]) {
    let (rest, theirs) = X509Certificate::from_der(der).unwrap();
    assert!(rest.is_empty());
    assert_eq!(ours.tbs(), theirs.tbs_certificate.as_ref());
    assert_eq!(ours.subject_raw(), theirs.subject().as_raw());
    assert_eq!(ours.issuer_raw(), theirs.issuer().as_raw());
    assert_eq!(ours.serial(), theirs.raw_serial());
    assert_eq!(ours.not_before(), theirs.validity().not_before.timestamp());
    assert_eq!(ours.not_after(), theirs.validity().not_after.timestamp());
    assert_eq!(ours.signature, theirs.signature_value.as_ref());
    let extensions = ours.extensions.iter().map(|it| (it.kind.as_slice(), it.critical, it.value.as_slice()));
    let expected = theirs.extensions().iter().map(|it| (it.oid.as_bytes(), it.critical, it.value));
    assert!(extensions.eq(expected));
}

#[test]
fn another_reader_sees_the_same_in_a_certificate() {
    // The last is past 2049, where dates take another form.
    for year in [1999, 2024, 2049, 2051] {
        let mut params = authority_params("compared", Some(1));
        params.not_after = rcgen::date_time_ymd(year, 12, 31);
        let der = root(params).as_ref().der().to_vec();
        compare(&Certificate::parse(&der).unwrap(), &der);
    }
}

#[test]
fn another_reader_sees_the_same_in_the_certificates_of_many_states() {
    let Some(list) = oracles::read("vectors/sod/master-list/DE_ML_2026-05-28.ml") else { return };
    let list = SignedData::parse(&list).unwrap();
    let mut fields = Reader::new(tlv::exactly(list.content(), 0x30).unwrap().value);
    tlv::expect(&mut fields, 0x02).unwrap();
    let all = tlv::all(tlv::expect(&mut fields, 0x31).unwrap().value, 1000).unwrap();
    let mut read = 0;
    for certificate in &all {
        match Certificate::parse(certificate.raw) {
            Ok(ours) => {
                compare(&ours, certificate.raw);
                read += 1;
            }
            // A key of a kind that is not supported; nothing that the other reader takes is malformed here.
            Err(TrustError::Unsupported) => {}
            Err(error) => {
                assert!(X509Certificate::from_der(certificate.raw).is_err(), "{error:?}");
            }
        }
    }
    println!("{read} of {} certificates read", all.len());
    assert!(read > 500);
}

#[test]
fn a_moment_is_told_in_two_forms_and_no_other() {
    let at = |tag, value: &[u8]| parse_time(&Tlv { tag, value, raw: &[] });
    assert_eq!(at(0x17, b"700101000000Z"), Ok(0));
    assert_eq!(at(0x17, b"7001010001Z"), Ok(60), "seconds left out");
    assert_eq!(at(0x17, b"500101000000Z"), Ok(-631_152_000));
    assert_eq!(at(0x17, b"491231235959Z"), Ok(2_524_607_999));
    assert_eq!(at(0x18, b"20500101000000Z"), Ok(2_524_608_000));
    assert_eq!(at(0x18, b"99991231235959Z"), Ok(253_402_300_799));
    for (tag, value) in [
        (0x17, &b"700101000000"[..]),
        (0x17, b"700101000000+0900"),
        (0x17, b"70010100000Z"),
        (0x17, b"701301000000Z"),
        (0x17, b"700230000000Z"),
        (0x17, b"70010100000000Z"),
        (0x17, b"7001012400Z"),
        (0x17, b"7001 1000000Z"),
        (0x18, b"20500101000000.5Z"),
        (0x18, b"500101000000Z"),
        (0x0C, b"700101000000Z"),
        (0x17, b"Z"),
        (0x17, b""),
    ] {
        assert_eq!(at(tag, value), Err(TrustError::Malformed), "{}", String::from_utf8_lossy(value));
    }
}
