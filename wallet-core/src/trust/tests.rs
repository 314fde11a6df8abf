use super::test_pki::*;
use super::*;
use crate::cms::{SignedData, issue, oid};
use crate::crypto::verify::{HashAlgorithm, SignatureScheme, VerifyingKey};
use rcgen::{CertificateParams, DnType, KeyUsagePurpose};

fn anchored(authority: &Authority) -> Anchors {
    Anchors::new(vec![parse(authority.as_ref())])
}

fn check(chain: &[&Certificate], anchors: &Anchors, usage: Usage) -> Result<(), TrustError> {
    let chain: Vec<Certificate> = chain.iter().copied().cloned().collect();
    verify_chain(&chain, anchors, NOW, usage).map(|leaf| assert_eq!(*leaf, chain[0]))
}

const ANY: Usage = Usage::DocumentSigner;

#[test]
fn a_leaf_is_trusted_through_up_to_three_issuers_below_an_anchor() {
    let top = root(authority_params("root", None));
    let anchors = anchored(&top);
    let mut issuers = vec![top];
    let mut path: Vec<Certificate> = Vec::new();
    for depth in 0..5 {
        let last = issuers.last().unwrap();
        let mut chain = vec![leaf(last, leaf_params("leaf"))];
        chain.extend(path.iter().rev().cloned());
        let outcome = verify_chain(&chain, &anchors, NOW, ANY).map(|_| ());
        assert_eq!(outcome, if depth < 4 { Ok(()) } else { Err(TrustError::PathTooLong) }, "{depth}");
        chain.push(anchors.certificates()[0].clone());
        assert_eq!(verify_chain(&chain, &anchors, NOW, ANY).is_ok(), depth < 4, "with the anchor, {depth}");
        let next = below(last, authority_params(&format!("issuer {depth}"), None));
        path.push(parse(next.as_ref()));
        issuers.push(next);
    }
}

#[test]
fn an_anchor_at_place_five_ends_a_path() {
    // Remotely provisioned attestation chains: leaf, three issuers, root.
    let top = root(authority_params("root", None));
    let issuers = [1, 2, 3].iter().fold(vec![], |mut all: Vec<Authority>, number| {
        let params = authority_params(&format!("issuer {number}"), None);
        let next = below(all.last().unwrap_or(&top), params);
        all.push(next);
        all
    });
    let mut chain = vec![leaf(&issuers[2], leaf_params("leaf"))];
    chain.extend(issuers.iter().rev().map(|issuer| parse(issuer.as_ref())));
    chain.push(parse(top.as_ref()));
    verify_chain(&chain, &anchored(&top), NOW, Usage::Attestation).unwrap();
}

#[test]
fn dates_are_checked_on_every_certificate_and_both_ends_are_included() {
    let root_early = {
        let mut params = authority_params("root", None);
        params.not_after = rcgen::date_time_ymd(2025, 1, 1);
        root(params)
    };
    let leaf_of_early = leaf(&root_early, leaf_params("leaf"));
    let early = anchored(&root_early);
    assert_eq!(check(&[&leaf_of_early], &early, ANY), Err(TrustError::Expired));
    check(&[&leaf_of_early], &early.with_validity(Validity::AnchorsNeverExpire), ANY).unwrap();

    let top = root(authority_params("root", None));
    let one = leaf(&top, leaf_params("leaf"));
    let anchors = anchored(&top).with_validity(Validity::AnchorsNeverExpire);
    let at = |now| verify_chain(std::slice::from_ref(&one), &anchors, now, ANY).map(|_| ());
    assert_eq!(at(NOT_BEFORE - 1), Err(TrustError::NotYetValid));
    assert_eq!((at(NOT_BEFORE), at(NOT_AFTER)), (Ok(()), Ok(())));
    assert_eq!(at(NOT_AFTER + 1), Err(TrustError::Expired));
    assert_eq!(at(i64::MIN), Err(TrustError::NotYetValid));
    assert_eq!(at(i64::MAX), Err(TrustError::Expired));

    let middle = {
        let mut params = authority_params("middle", None);
        params.not_before = rcgen::date_time_ymd(2030, 1, 1);
        below(&top, params)
    };
    let one = leaf(&middle, leaf_params("leaf"));
    assert_eq!(check(&[&one, &parse(middle.as_ref())], &anchors, ANY), Err(TrustError::NotYetValid));
}

#[test]
fn an_unknown_issuer_a_namesake_and_a_missing_link_are_refused() {
    let (top, stranger) = (root(authority_params("root", None)), root(authority_params("stranger", None)));
    let anchors = anchored(&top);
    let theirs = leaf(&stranger, leaf_params("leaf"));
    assert_eq!(check(&[&theirs], &anchors, ANY), Err(TrustError::UntrustedIssuer));
    let their_root = parse(stranger.as_ref());
    assert_eq!(check(&[&theirs, &their_root], &anchors, ANY), Err(TrustError::UntrustedIssuer));
    assert_eq!(check(&[&theirs, &parse(top.as_ref())], &anchors, ANY), Err(TrustError::UntrustedIssuer));
    assert_eq!(check(&[], &anchors, ANY), Err(TrustError::Malformed));
    assert_eq!(check(&[&theirs], &Anchors::default(), ANY), Err(TrustError::UntrustedIssuer));

    let namesake = root(authority_params("root", None));
    let forged = leaf(&namesake, leaf_params("leaf"));
    assert_eq!(check(&[&forged], &anchors, ANY), Err(TrustError::BadSignature));
    // A renewed key: both anchors bear one name.
    let both = Anchors::new(vec![parse(top.as_ref()), parse(namesake.as_ref())]);
    check(&[&forged], &both, ANY).unwrap();
}

#[test]
fn any_bit_flipped_in_a_certificate_breaks_it() {
    let top = root(authority_params("root", None));
    let der = leaf(&top, leaf_params("leaf")).der().to_vec();
    let anchors = anchored(&top);
    for bit in 0..der.len() * 8 {
        let mut altered = der.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let outcome = Certificate::parse(&altered)
            .and_then(|certificate| verify_chain(&[certificate], &anchors, NOW, ANY).map(|_| ()));
        assert!(outcome.is_err(), "bit {bit} of {}", hex::encode(&der));
    }
}

#[test]
fn an_issuer_without_the_right_to_issue_is_refused() {
    let top = root(authority_params("root", None));
    let anchors = anchored(&top);
    let chained = |params: CertificateParams| {
        let middle = below(&top, params);
        check(&[&leaf(&middle, leaf_params("leaf")), &parse(middle.as_ref())], &anchors, ANY)
    };
    chained(authority_params("issuer", None)).unwrap();
    assert_eq!(chained(leaf_params("no authority")), Err(TrustError::WrongUsage));
    assert_eq!(chained(params("no constraints")), Err(TrustError::WrongUsage));
    let mut no_cert_sign = authority_params("no certificates", None);
    no_cert_sign.key_usages = vec![KeyUsagePurpose::CrlSign];
    assert_eq!(chained(no_cert_sign), Err(TrustError::WrongUsage));

    let no_authority = root(leaf_params("anchor that is none"));
    let one = leaf(&no_authority, leaf_params("leaf"));
    assert_eq!(check(&[&one], &anchored(&no_authority), ANY), Err(TrustError::WrongUsage));
    let before_version_3 = root(params("anchor without constraints"));
    let one = leaf(&before_version_3, leaf_params("leaf"));
    check(&[&one], &anchored(&before_version_3), ANY).unwrap();
}

#[test]
fn a_path_longer_than_an_issuer_allows_is_refused() {
    for (allowed, outcome) in [(0, Err(TrustError::PathTooLong)), (1, Ok(()))] {
        let top = root(authority_params("root", Some(allowed)));
        check(&[&leaf(&top, leaf_params("leaf"))], &anchored(&top), ANY).unwrap();
        let middle = below(&top, authority_params("middle", None));
        let chain = [&leaf(&middle, leaf_params("leaf")), &parse(middle.as_ref())];
        assert_eq!(check(&chain, &anchored(&top), ANY), outcome);
    }
}

#[test]
fn a_leaf_is_used_only_for_what_it_says() {
    let top = root(authority_params("root", None));
    let anchors = anchored(&top);
    let required = [
        (Usage::MdocIssuer, eku::MDOC_ISSUER.as_slice()),
        (Usage::MasterListSigner, eku::MASTER_LIST_SIGNER.as_slice()),
        (Usage::CommandKey, eku::COMMAND_KEY.as_slice()),
        (Usage::VerifierRegistration, eku::VERIFIER_REGISTRATION.as_slice()),
        (Usage::WalletProvider, eku::WALLET_PROVIDER.as_slice()),
        (Usage::MetadataSigner, eku::METADATA_SIGNER.as_slice()),
        (Usage::StatusIssuer, eku::STATUS_ISSUER.as_slice()),
        (Usage::CounterIssuer, eku::COUNTER_ISSUER.as_slice()),
    ];
    for (usage, kind) in required {
        for (other, _) in required {
            let one = leaf(&top, with_usage(leaf_params("leaf"), kind));
            let outcome = if usage == other { Ok(()) } else { Err(TrustError::WrongUsage) };
            assert_eq!(check(&[&one], &anchors, other), outcome, "{usage:?} as {other:?}");
        }
        let plain = leaf(&top, leaf_params("leaf"));
        let needed = usage != Usage::CounterIssuer;
        assert_eq!(check(&[&plain], &anchors, usage).is_err(), needed, "{usage:?}");
    }
    for (kind, outcome) in [
        (eku::SD_JWT_ISSUER.as_slice(), Ok(())),
        (eku::MDOC_ISSUER.as_slice(), Ok(())),
        (eku::WALLET_PROVIDER.as_slice(), Err(TrustError::WrongUsage)),
    ] {
        let one = leaf(&top, with_usage(leaf_params("leaf"), kind));
        assert_eq!(check(&[&one], &anchors, Usage::SdJwtIssuer), outcome, "{kind:?}");
    }
    let mut agreement = leaf_params("leaf");
    agreement.key_usages = vec![KeyUsagePurpose::KeyAgreement];
    let agreement = leaf(&top, agreement);
    assert_eq!(check(&[&agreement], &anchors, ANY), Err(TrustError::WrongUsage));
    check(&[&agreement], &anchors, Usage::Attestation).unwrap();
    let authority = parse(below(&top, authority_params("authority", None)).as_ref());
    assert_eq!(check(&[&authority], &anchors, Usage::Attestation), Err(TrustError::WrongUsage));
}

#[test]
fn a_leaf_that_is_an_anchor_is_trusted_as_given() {
    let pinned = leaf(&root(authority_params("gone", None)), leaf_params("pinned"));
    let anchors = Anchors::new(vec![pinned.clone()]);
    check(&[&pinned], &anchors, Usage::CounterIssuer).unwrap();
    assert_eq!(anchors.by_x5t(pinned.x5t()), Some(&pinned));
    assert_eq!(anchors.by_x5t([0; 8]), None);
    let late = verify_chain(&[pinned], &anchors, NOT_AFTER + 1, Usage::CounterIssuer);
    assert_eq!(late.unwrap_err(), TrustError::Expired);
}

#[test]
fn an_unknown_critical_extension_is_unsupported() {
    let top = root(authority_params("root", None));
    let one = leaf(&top, with_critical_extension(leaf_params("leaf"), &[2, 999, 1]));
    assert_eq!(check(&[&one], &anchored(&top), ANY), Err(TrustError::Unsupported));
    // Name constraints, which are not applied here.
    let one = leaf(&top, with_critical_extension(leaf_params("leaf"), &[2, 5, 29, 30]));
    assert_eq!(check(&[&one], &anchored(&top), ANY), Err(TrustError::Unsupported));
}

#[test]
fn only_document_signers_may_name_their_issuer_in_another_way() {
    let mut shouted = authority_params("root", None);
    shouted.distinguished_name.push(DnType::CommonName, "TEST  ROOT");
    let top = root(authority_params("root", None));
    let key = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(
        &top.key().serialize_der().as_slice().into(),
        &rcgen::PKCS_ECDSA_P256_SHA256,
    );
    let renamed = rcgen::Issuer::new(shouted, key.unwrap());
    for with_key_id in [true, false] {
        let mut params = with_usage(leaf_params("leaf"), &eku::MDOC_ISSUER);
        params.use_authority_key_identifier_extension = with_key_id;
        let one = leaf(&renamed, params);
        assert_ne!(one.issuer_raw(), parse(top.as_ref()).subject_raw());
        check(&[&one], &anchored(&top), Usage::DocumentSigner).unwrap();
        assert_eq!(check(&[&one], &anchored(&top), Usage::MdocIssuer), Err(TrustError::UntrustedIssuer));
    }
}

#[test]
fn what_is_no_certificate_is_malformed_and_a_foreign_key_unsupported() {
    let der = leaf(&root(authority_params("root", None)), leaf_params("leaf")).der().to_vec();
    for length in 0..der.len() {
        assert_eq!(Certificate::parse(&der[..length]), Err(TrustError::Malformed));
    }
    assert_eq!(Certificate::parse(&[der.as_slice(), &[0]].concat()), Err(TrustError::Malformed));
    assert_eq!(Certificate::parse(&[0x30; 20_000]), Err(TrustError::Malformed));
    let ed25519 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let ed25519 = params("other kind").self_signed(&ed25519).unwrap();
    assert_eq!(Certificate::parse(ed25519.der()), Err(TrustError::Unsupported));
    let twice = with_critical_extension(with_critical_extension(params("twice"), &[2, 999, 1]), &[2, 999, 1]);
    let twice = twice.self_signed(&key()).unwrap();
    assert_eq!(Certificate::parse(twice.der()), Err(TrustError::Malformed));
}

#[test]
fn a_certificate_tells_its_parts() {
    let top = root(authority_params("root", Some(3)));
    let mut params = with_usage(leaf_params("leaf"), &eku::MDOC_ISSUER);
    params.serial_number = Some(vec![1, 2, 3].into());
    let (root, one) = (parse(top.as_ref()), leaf(&top, params));
    assert_eq!((one.issuer_raw(), one.serial()), (root.subject_raw(), &[1, 2, 3][..]));
    assert_eq!((one.not_before(), one.not_after()), (NOT_BEFORE, NOT_AFTER));
    assert_eq!(one.authority_key_id(), root.subject_key_id());
    assert_eq!(root.basic_constraints(), Some(BasicConstraints { ca: true, path_length: Some(3) }));
    assert_eq!(one.country().unwrap().as_str(), "UT");
    assert_eq!(one.extension(oid::KEY_USAGE), Some(&[3, 2, 7, 0x80][..]));
    assert_eq!(one.x5t(), crate::crypto::hash::sha256(one.der())[..8]);
    let point = one.p256_public_key().unwrap();
    assert!(matches!(one.public_key(), VerifyingKey::Ec { point: found, .. } if found == point.as_sec1()));
    assert!(!format!("{one:?}").contains("Test"), "names stay out of logs");
    let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let p384 = parse(&test_pki::params("p384").self_signed(&p384).unwrap());
    assert_eq!(p384.p256_public_key(), Err(TrustError::Unsupported));
}

#[test]
fn what_was_signed_is_read_only_under_a_verified_signer() {
    let top = root(authority_params("root", None));
    let signing = key();
    let signer = parse(&leaf_params("signer").signed_by(&signing, &top).unwrap());
    let signer = verify_chain(&[signer], &anchored(&top), NOW, Usage::CounterIssuer).unwrap();
    let der = rcgen::SigningKey::sign(&signing, b"bytes").unwrap();
    let plain = crate::cms::algorithm::ecdsa_plain(crate::crypto::verify::Curve::P256, &der).unwrap();
    let received = |message: &[u8], scheme| Unverified::new(7, message.to_vec(), scheme, plain.clone());
    let es256 = SignatureScheme::Ecdsa(HashAlgorithm::Sha256);
    assert_eq!(received(b"bytes", es256).verified_by(&signer).unwrap().into_inner(), 7);
    assert_eq!(received(b"bite", es256).verified_by(&signer), Err(TrustError::BadSignature));
    let rsa = SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256);
    assert_eq!(received(b"bytes", rsa).verified_by(&signer), Err(TrustError::Unsupported));
    assert_eq!(format!("{:?}", received(b"bytes", es256)), "Unverified { .. }");
}

#[test]
fn a_master_list_gives_anchors_only_under_its_own_signer() {
    let top = root(authority_params("list root", None));
    let csca = parse(root(authority_params("CSCA", None)).as_ref());
    let build = |kind: &[u8], usage: &[u64], content: &[u8]| {
        let signing = key();
        let signer = with_usage(leaf_params("list signer"), usage).signed_by(&signing, &top).unwrap();
        let sign = |message: &[u8]| {
            let der = rcgen::SigningKey::sign(&signing, message).unwrap();
            Ok(crate::cms::algorithm::ecdsa_plain(crate::crypto::verify::Curve::P256, &der).unwrap())
        };
        let scheme = SignatureScheme::Ecdsa(HashAlgorithm::Sha256);
        issue::signed_data(kind, content, &[signer.der()], scheme, &sign).unwrap()
    };
    let unreadable = [0x30, 0];
    let set = crate::tlv::write_all(0x31, &[csca.der(), &unreadable]);
    let content = crate::tlv::write_all(0x30, &[&[2, 1, 0], &set]);
    let signers = anchored(&top);
    let read = |list: &[u8]| Anchors::from_master_list(list, &signers, NOW);

    let list = build(oid::CSCA_MASTER_LIST, &eku::MASTER_LIST_SIGNER, &content);
    assert_eq!(read(&list), Ok((Anchors::new(vec![csca]), 1)));
    let other_usage = build(oid::CSCA_MASTER_LIST, &eku::MDOC_ISSUER, &content);
    assert_eq!(read(&other_usage), Err(TrustError::WrongUsage));
    let other_content = build(oid::LDS_SECURITY_OBJECT, &eku::MASTER_LIST_SIGNER, &content);
    assert_eq!(read(&other_content), Err(TrustError::Malformed));
    assert_eq!(read(&[0x30, 0]), Err(TrustError::Malformed));
    let mut altered = list;
    *altered.last_mut().unwrap() ^= 1;
    assert_eq!(read(&altered), Err(TrustError::BadSignature));
}

#[test]
fn signed_data_needs_the_certificate_of_its_signer() {
    let top = root(authority_params("root", None));
    let (signing, other) = (key(), leaf(&top, leaf_params("other")));
    let signer = leaf_params("signer").signed_by(&signing, &top).unwrap();
    let sign = |message: &[u8]| {
        let der = rcgen::SigningKey::sign(&signing, message).unwrap();
        Ok(crate::cms::algorithm::ecdsa_plain(crate::crypto::verify::Curve::P256, &der).unwrap())
    };
    let scheme = SignatureScheme::Ecdsa(HashAlgorithm::Sha256);
    let data = issue::signed_data(oid::DATA, b"content", &[signer.der()], scheme, &sign).unwrap();
    let verify = |bytes: &[u8]| {
        let data = SignedData::parse(bytes).unwrap();
        verify_signed_data(data, &anchored(&top), NOW, ANY).map(|verified| verified.signer.into_inner())
    };
    assert_eq!(verify(&data), Ok(parse(&signer)));
    // The same with the other's certificate in the place of the signer's: its serial number is not the one named.
    let swapped =
        issue::signed_data(oid::DATA, b"content", &[signer.der(), other.der()], scheme, &sign).unwrap();
    assert_eq!(verify(&swapped), Ok(parse(&signer)));
    let start = data.windows(signer.der().len()).position(|window| window == &signer.der()[..]).unwrap();
    let mut renumbered = data.clone();
    // A changed serial number inside the certificate only.
    renumbered[start + 17] ^= 1;
    assert_eq!(verify(&renumbered), Err(SignedDataError::Certificate(TrustError::UntrustedIssuer)));
}

#[test]
fn attestation_chains_of_real_phones_lead_to_their_root() {
    use base64::prelude::{BASE64_STANDARD, Engine};
    for name in [
        "akita_sdk34_TEE_EC_NONE",
        "caiman_sdk36_SB_EC_RKP",
        "caiman_sdk36_TEE_EC_RKP",
        "marlin_sdk29_TEE_EC_NONE",
        "tegu_sdk36_SB_EC_2026_ROOT",
    ] {
        let Some(pem) = crate::oracles::read(&format!("vectors/attestation/android/{name}.pem")) else {
            return;
        };
        let chain: Vec<Certificate> = String::from_utf8(pem)
            .unwrap()
            .split("-----BEGIN CERTIFICATE-----")
            .skip(1)
            .map(|block| block.split("-----END").next().unwrap().split_whitespace().collect::<String>())
            .map(|text| Certificate::parse(&BASE64_STANDARD.decode(text).unwrap()).unwrap())
            .collect();
        let (root, below) = chain.split_last().unwrap();
        let anchors = Anchors::new(vec![root.clone()]);
        let then = chain.iter().map(Certificate::not_before).max().unwrap();
        for path in [&chain[..], below] {
            verify_chain(path, &anchors, then, Usage::Attestation).unwrap_or_else(|error| {
                panic!("{name}, {} certificates: {error:?}", path.len());
            });
        }
        let early = verify_chain(&chain, &anchors, then - 1, Usage::Attestation);
        assert_eq!(early.unwrap_err(), TrustError::NotYetValid, "{name}");
        let skipped: Vec<Certificate> = [&chain[..1], &chain[2..]].concat();
        let skipped = verify_chain(&skipped, &anchors, then, Usage::Attestation);
        assert_eq!(skipped.unwrap_err(), TrustError::UntrustedIssuer, "{name}");
    }
}
