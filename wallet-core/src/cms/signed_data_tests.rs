use super::*;
use crate::cms::{LdsSecurityObject, issue, spki};
use crate::crypto::sign::SigningKey;
use crate::crypto::verify::{Curve, SignatureScheme};
use std::collections::BTreeMap;

/// A certificate is only looked at for its issuer and serial number here.
const CERTIFICATE: &[u8] = &[0x30, 0x0B, 0x30, 0x09, 0x02, 0x01, 5, 0x30, 0x00, 0x30, 0x02, 0x31, 0x00];

fn key() -> (SigningKey, VerifyingKey) {
    let (key, _) = SigningKey::make().unwrap();
    let point = key.public().as_sec1().to_vec();
    (key, VerifyingKey::Ec { curve: Curve::P256, point })
}

fn signed(key: &SigningKey) -> Vec<u8> {
    let scheme = SignatureScheme::Ecdsa(HashAlgorithm::Sha256);
    issue::signed_data(oid::LDS_SECURITY_OBJECT, b"content", &[CERTIFICATE], scheme, &|message| {
        key.sign(message).map(|signature| signature.to_vec()).map_err(|_| issue::CannotSign)
    })
    .unwrap()
}

/// Replaces the only place where `from` stands.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> =
        bytes.windows(from.len()).enumerate().filter(|(_, it)| *it == from).map(|(place, _)| place).collect();
    assert_eq!(places.len(), 1, "{} in {}", hex::encode(from), hex::encode(bytes));
    let mut out = bytes.to_vec();
    out.splice(places[0]..places[0] + from.len(), to.iter().copied());
    out
}

#[test]
fn what_the_builder_signs_is_read_and_verified() {
    let (signing, key) = key();
    let parsed = SignedData::parse(&signed(&signing)).unwrap();
    parsed.verify(&key).unwrap();
    assert_eq!((parsed.content(), parsed.content_type()), (&b"content"[..], oid::LDS_SECURITY_OBJECT));
    assert_eq!(parsed.certificates(), [CERTIFICATE]);
    let signer = SignerId::IssuerAndSerial { issuer: vec![0x30, 2, 0x31, 0], serial: vec![5] };
    assert_eq!(parsed.signer(), &signer);
}

#[test]
fn altered_content_a_bad_signature_and_another_key_are_told_apart() {
    let (signing, key) = key();
    let bytes = signed(&signing);
    let verify = |bytes: &[u8]| SignedData::parse(bytes).unwrap().verify(&key);
    assert_eq!(verify(&replaced(&bytes, b"content", b"contend")), Err(CmsError::AlteredContent));
    let digest = HashAlgorithm::Sha256.digest(b"content");
    let redigested = replaced(&bytes, &digest, &HashAlgorithm::Sha256.digest(b"contend"));
    assert_eq!(verify(&redigested), Err(CmsError::AlteredContent));
    let forged = replaced(&redigested, b"content", b"contend");
    assert_eq!(verify(&forged), Err(CmsError::BadSignature));
    let mut cut = bytes.clone();
    *cut.last_mut().unwrap() ^= 1;
    assert_eq!(verify(&cut), Err(CmsError::BadSignature));
    let other = self::key().1;
    assert_eq!(SignedData::parse(&bytes).unwrap().verify(&other), Err(CmsError::BadSignature));
    let tiny = VerifyingKey::Rsa { modulus: vec![0xFF; 64], exponent: vec![3] };
    assert_eq!(SignedData::parse(&bytes).unwrap().verify(&tiny), Err(CmsError::Unsupported));
}

#[test]
fn a_signature_algorithm_that_names_the_key_or_another_digest_is_forgiven() {
    let (signing, key) = key();
    let bytes = signed(&signing);
    let named = tlv::write(0x06, oid::ECDSA_SHA256);
    for other in [oid::ECDSA_SHA512, oid::ECDSA_SHA384] {
        let renamed = replaced(&bytes, &named, &tlv::write(0x06, other));
        SignedData::parse(&renamed).unwrap().verify(&key).unwrap();
    }
    let unknown = replaced(&bytes, &named, &tlv::write(0x06, b"\x2A\x86\x48\xCE\x3D\x04\x03\x09"));
    assert_eq!(SignedData::parse(&unknown), Err(CmsError::Unsupported));
}

#[test]
fn each_rule_a_signer_breaks_is_named() {
    let (signing, _) = key();
    let bytes = signed(&signing);
    let broken = |bytes: &[u8]| match SignedData::parse(bytes).unwrap_err() {
        CmsError::SignerMisbehaved(rule) => rule,
        other => panic!("{other:?}"),
    };
    let kind = |kind| tlv::write(0x06, kind);
    let (content_type, digest) = (kind(oid::CONTENT_TYPE), kind(oid::MESSAGE_DIGEST));
    assert_eq!(broken(&replaced(&bytes, &digest, &content_type)), Rule::AttributeOnce);
    assert_eq!(broken(&replaced(&bytes, &content_type, &kind(oid::DATA))), Rule::AttributeOnce);
    let attribute_value = tlv::write(0x31, &kind(oid::LDS_SECURITY_OBJECT));
    let another = tlv::write(0x31, &kind(oid::CSCA_MASTER_LIST));
    assert_eq!(broken(&replaced(&bytes, &attribute_value, &another)), Rule::ContentTypeEqual);

    // The outer structure, taken apart and put together with one part left out or doubled.
    let parts = |value: &[u8]| -> Vec<Vec<u8>> {
        tlv::all(value, 16).unwrap().into_iter().map(|part| part.raw.to_vec()).collect()
    };
    let inside = |bytes: &[u8]| parts(tlv::exactly(bytes, u32::from(bytes[0])).unwrap().value);
    let outer = inside(&bytes);
    let fields = inside(&inside(&outer[1])[0]);
    let rebuilt = |fields: &[Vec<u8>]| {
        let explicit = tlv::write(0xA0, &tlv::write(0x30, &fields.concat()));
        tlv::write_all(0x30, &[&outer[0], &explicit])
    };
    assert_eq!(rebuilt(&fields), bytes);
    let with = |place: usize, replacement: Vec<u8>| {
        let mut fields = fields.clone();
        fields[place] = replacement;
        rebuilt(&fields)
    };
    let signer = inside(&fields[4])[0].clone();
    assert_eq!(broken(&with(4, tlv::write(0x31, &[]))), Rule::OneSigner);
    assert_eq!(broken(&with(4, tlv::write_all(0x31, &[&signer, &signer]))), Rule::OneSigner);
    let detached = tlv::write(0x30, &inside(&fields[2])[0]);
    assert_eq!(broken(&with(2, detached)), Rule::ContentPresent);
    let mut unattributed = inside(&signer);
    unattributed.remove(3);
    let unattributed = tlv::write(0x31, &tlv::write(0x30, &unattributed.concat()));
    assert_eq!(broken(&with(4, unattributed)), Rule::SignedAttributesPresent);
}

#[test]
fn other_content_and_oversized_input_are_unsupported_and_broken_bytes_malformed() {
    let (signing, _) = key();
    let bytes = signed(&signing);
    let data = replaced(&bytes, &tlv::write(0x06, oid::SIGNED_DATA), &tlv::write(0x06, oid::DATA));
    assert_eq!(SignedData::parse(&data), Err(CmsError::Unsupported));
    assert_eq!(SignedData::parse(&vec![0x30; MAX_LENGTH + 1]), Err(CmsError::Unsupported));
    for length in 0..bytes.len() {
        assert_eq!(SignedData::parse(&bytes[..length]), Err(CmsError::Malformed(TlvError::Truncated)));
    }
    let trailing = [bytes.as_slice(), &[0]].concat();
    assert_eq!(SignedData::parse(&trailing), Err(CmsError::Malformed(TlvError::TrailingData)));
}

#[test]
fn a_builder_refuses_a_key_that_signs_in_another_form_or_not_at_all() {
    let scheme = SignatureScheme::Ecdsa(HashAlgorithm::Sha256);
    let build = |certificate: &[u8], sign: &issue::Sign<'_>| {
        issue::security_object(&BTreeMap::new(), HashAlgorithm::Sha256, certificate, scheme, sign)
            .unwrap_err()
    };
    assert_eq!(build(CERTIFICATE, &|_| Ok(vec![1; 65])), issue::IssueError::BadSignatureForm);
    assert_eq!(
        build(CERTIFICATE, &|_| Err(issue::CannotSign)),
        issue::IssueError::CannotSign(issue::CannotSign)
    );
    assert_eq!(build(&[0x31, 0], &|_| Ok(vec![1; 64])), TlvError::UnexpectedTag.into());
}

#[test]
fn security_objects_by_openssl_verify_under_their_own_certificate() {
    for line in include_str!("../../testdata/sods.txt").lines() {
        let [name, _, sod, _] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let sod = hex::decode(sod).unwrap();
        let parsed = SignedData::parse(tlv::exactly(&sod, 0x77).unwrap().value).unwrap();
        assert_eq!(matches!(parsed.signer(), SignerId::KeyId(_)), name.ends_with("by-key-id"), "{name}");
        let object = LdsSecurityObject::parse(parsed.content()).unwrap();
        assert_eq!(object.hashes[&1], object.hash.digest(b"group one"), "{name}");

        let certificate = tlv::exactly(&parsed.certificates()[0], 0x30).unwrap().value;
        let tbs = tlv::all(tlv::expect(&mut Reader::new(certificate), 0x30).unwrap().value, 16).unwrap();
        match spki::parse(tbs[6].raw) {
            Ok(key) => parsed.verify(&key).unwrap(),
            Err(error) => assert!(name.ends_with("unsupported"), "{name}: {error}"),
        }
    }
}
