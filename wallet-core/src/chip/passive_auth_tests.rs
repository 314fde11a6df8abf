use super::*;
use crate::cms::algorithm::ecdsa_plain;
use crate::cms::issue::{CannotSign, lds_security_object, security_object, signed_data};
use crate::crypto::verify::{Curve, SignatureScheme};
use crate::oracles;
use crate::trust::test_pki::{Authority, NOT_AFTER, NOW, authority_params, leaf_params, parse, root};
use crate::trust::{Certificate, RevocationList};
use rcgen::{KeyPair, SigningKey};
use ring::{rand::SystemRandom, signature};

/// An RSA key that protects nothing; made by `testdata/make.py`.
const RSA_TEST_KEY: &[u8] = include_bytes!("../../testdata/rsa2048.test-key.pk8");

fn groups() -> BTreeMap<u8, Vec<u8>> {
    BTreeMap::from([(1, b"one".to_vec()), (2, b"two".to_vec()), (15, b"fifteen".to_vec())])
}

struct State {
    csca: Authority,
    anchors: Anchors,
}

impl State {
    fn new() -> Self {
        let csca = root(authority_params("CSCA", Some(0)));
        let anchors = Anchors::new(vec![parse(csca.as_ref())]);
        Self { csca, anchors }
    }

    fn signed(&self, key: &KeyPair, curve: Curve, hash: HashAlgorithm) -> Vec<u8> {
        let dsc = leaf_params("DSC").signed_by(key, &self.csca).unwrap();
        let scheme = match curve {
            Curve::P384 => SignatureScheme::Ecdsa(HashAlgorithm::Sha384),
            _ => SignatureScheme::Ecdsa(HashAlgorithm::Sha256),
        };
        let sign = |message: &[u8]| ecdsa_plain(curve, &key.sign(message).unwrap()).ok_or(CannotSign);
        security_object(&groups(), hash, dsc.der(), scheme, &sign).unwrap()
    }

    fn sod(&self) -> Vec<u8> {
        self.signed(&crate::trust::test_pki::key(), Curve::P256, HashAlgorithm::Sha256)
    }
}

fn check(sod: &[u8], anchors: &Anchors) -> Result<PassiveReport, PassiveAuthError> {
    verify(sod, &groups(), anchors, NOW)
}

#[test]
fn a_document_of_a_trusted_state_is_believed_and_reported() {
    let state = State::new();
    let report = check(&state.sod(), &state.anchors).unwrap();
    let PassiveReport {
        chain,
        signature,
        groups,
        listed,
        hash,
        signature_algorithm,
        revocation,
        weaknesses,
        signer_country,
        issuing_state,
        lds_version,
    } = report;
    assert_eq!(revocation, RevocationOutcome::Known(Revocation::NoList));
    assert_eq!((weaknesses, lds_version), (Weaknesses::default(), None));
    assert_eq!((chain, signature), (ChainOutcome::Trusted, SignatureOutcome::Valid));
    assert_eq!(groups, [1, 2, 15].map(|number| (number, GroupOutcome::Matches)).into());
    assert_eq!((listed, hash), (vec![1, 2, 15], HashAlgorithm::Sha256));
    assert_eq!(signature_algorithm, SignatureAlgorithm::Ecdsa(Some(HashAlgorithm::Sha256)));
    assert_eq!(signer_country.unwrap().as_str(), "UT");
    assert_eq!(issuing_state, IssuingState::Unknown, "this EF.DG1 names no state");
}

#[test]
fn every_digest_and_kind_of_key_signs_a_document() {
    let state = State::new();
    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    for hash in [
        HashAlgorithm::Sha1,
        HashAlgorithm::Sha224,
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha384,
        HashAlgorithm::Sha512,
    ] {
        assert_eq!(check(&state.signed(&p384, Curve::P384, hash), &state.anchors).unwrap().hash, hash);
    }
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&RSA_TEST_KEY.into(), &rcgen::PKCS_RSA_SHA256).unwrap();
    let dsc = leaf_params("DSC").signed_by(&key, &state.csca).unwrap();
    let pair = signature::RsaKeyPair::from_pkcs8(RSA_TEST_KEY).unwrap();
    let hash = HashAlgorithm::Sha256;
    let schemes: [(SignatureScheme, &dyn signature::RsaEncoding); 2] = [
        (SignatureScheme::RsaPkcs1(hash), &signature::RSA_PKCS1_SHA256),
        (SignatureScheme::RsaPss { hash, mgf_hash: hash, salt_length: 32 }, &signature::RSA_PSS_SHA256),
    ];
    for (scheme, padding) in schemes {
        let sign = |message: &[u8]| {
            let mut out = vec![0; pair.public().modulus_len()];
            pair.sign(padding, &SystemRandom::new(), message, &mut out).map_err(|_| CannotSign)?;
            Ok(out)
        };
        let sod = security_object(&groups(), hash, dsc.der(), scheme, &sign).unwrap();
        check(&sod, &state.anchors).unwrap();
    }
}

#[test]
fn a_document_of_a_signer_taken_back_is_refused_for_that_alone() {
    let state = State::new();
    let sod = state.sod();
    let dsc = SignedData::parse(tlv::exactly(&sod, 0x77).unwrap().value).unwrap().certificates()[0].clone();
    let serial = Certificate::parse(&dsc).unwrap().serial().to_vec();
    let list = |revoked: &[&[u8]]| {
        let params = rcgen::CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2026, 4, 1),
            next_update: rcgen::date_time_ymd(2026, 10, 1),
            crl_number: rcgen::SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|serial| rcgen::RevokedCertParams {
                    serial_number: rcgen::SerialNumber::from_slice(serial),
                    revocation_time: rcgen::date_time_ymd(2026, 3, 1),
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        let list = params.signed_by(&state.csca).unwrap();
        let list = RevocationList::parse(list.der()).unwrap();
        state.anchors.clone().with_revocation_list(list, NOW).unwrap()
    };
    let report = check(&sod, &list(&[])).unwrap();
    assert_eq!(report.revocation, RevocationOutcome::Known(Revocation::NotRevoked));
    let revoked = list(&[&serial]);
    assert_eq!(check(&sod, &revoked), Err(PassiveAuthError::UntrustedSigner(TrustError::Revoked)));
    let report = examine(&sod, &groups(), &revoked, NOW).unwrap();
    assert_eq!((report.chain, report.signature), (ChainOutcome::Trusted, SignatureOutcome::Valid));
    assert_eq!(report.revocation, RevocationOutcome::Known(Revocation::Revoked));
}

#[test]
fn algorithms_of_old_hold_and_are_told() {
    let state = State::new();
    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let report = check(&state.signed(&p384, Curve::P384, HashAlgorithm::Sha1), &state.anchors).unwrap();
    assert_eq!(report.weaknesses, Weaknesses { groups: true, ..Weaknesses::default() });
    // By OpenSSL, each with a digest by name.
    let groups = BTreeMap::from([(1, b"group one".to_vec()), (2, b"group two".to_vec())]);
    let mut seen = 0;
    for line in include_str!("../../testdata/sods.txt").lines() {
        let [name, digest, sod, csca] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let Ok(csca) = Certificate::parse(&hex::decode(csca).unwrap()) else { continue };
        let report = verify(&hex::decode(sod).unwrap(), &groups, &Anchors::new(vec![csca]), 1_800_000_000);
        let weaknesses = report.unwrap().weaknesses;
        assert_eq!(weaknesses.signature, digest == "sha1", "{name}: {weaknesses:?}");
        seen += usize::from(weaknesses.signature);
    }
    assert_eq!(seen, 1);
}

#[test]
fn an_altered_group_one_not_listed_and_a_group_left_unread_are_told_apart() {
    let state = State::new();
    let sod = state.sod();
    let with = |change: fn(&mut BTreeMap<u8, Vec<u8>>)| {
        let mut groups = groups();
        change(&mut groups);
        verify(&sod, &groups, &state.anchors, NOW).map(|report| report.groups.len())
    };
    let altered = with(|groups| groups.get_mut(&2).unwrap().push(0));
    assert_eq!(altered, Err(PassiveAuthError::AlteredGroup(2)));
    let moved = with(|groups| {
        let one = groups.remove(&1).unwrap();
        groups.insert(2, one);
    });
    assert_eq!(moved, Err(PassiveAuthError::AlteredGroup(2)));
    let added = with(|groups| {
        groups.insert(11, b"eleven".to_vec());
    });
    assert_eq!(added, Err(PassiveAuthError::MissingHash(11)));
    let unread = with(|groups| {
        groups.remove(&15);
    });
    assert_eq!(unread, Ok(2));
}

#[test]
fn an_untrusted_signer_is_told_with_its_reason_and_its_document_still_examined() {
    let (state, other) = (State::new(), State::new());
    let sod = state.sod();
    let forged = check(&sod, &other.anchors);
    assert_eq!(forged, Err(PassiveAuthError::UntrustedSigner(TrustError::BadSignature)));
    let unknown = check(&sod, &Anchors::default());
    assert_eq!(unknown, Err(PassiveAuthError::UntrustedSigner(TrustError::UntrustedIssuer)));
    let late = verify(&sod, &groups(), &state.anchors, NOT_AFTER + 1);
    assert_eq!(late, Err(PassiveAuthError::UntrustedSigner(TrustError::Expired)));

    let mut changed = groups();
    changed.get_mut(&1).unwrap().push(0);
    let report = examine(&sod, &changed, &Anchors::default(), NOW).unwrap();
    assert_eq!(report.signature, SignatureOutcome::Valid);
    assert_eq!(report.chain, ChainOutcome::Untrusted(TrustError::UntrustedIssuer));
    assert_eq!(report.groups[&1], GroupOutcome::Altered);
    assert_eq!(report.signer_country, None, "an untrusted certificate's word is not passed on");
}

#[test]
fn a_security_object_of_other_content_is_malformed() {
    let state = State::new();
    let key = crate::trust::test_pki::key();
    let dsc = leaf_params("DSC").signed_by(&key, &state.csca).unwrap();
    let sign = |message: &[u8]| ecdsa_plain(Curve::P256, &key.sign(message).unwrap()).ok_or(CannotSign);
    let hash = HashAlgorithm::Sha256;
    let wrapped = |kind: &[u8], content: &[u8]| {
        let scheme = SignatureScheme::Ecdsa(hash);
        tlv::write(0x77, &signed_data(kind, content, &[dsc.der()], scheme, &sign).unwrap())
    };
    let object = lds_security_object(&groups(), hash);
    check(&wrapped(crate::cms::oid::LDS_SECURITY_OBJECT, &object), &state.anchors).unwrap();
    let other_kind = wrapped(crate::cms::oid::DATA, &object);
    assert_eq!(check(&other_kind, &state.anchors), Err(PassiveAuthError::Malformed));
    let cut = wrapped(crate::cms::oid::LDS_SECURITY_OBJECT, &object[..20]);
    assert_eq!(check(&cut, &state.anchors), Err(PassiveAuthError::Malformed));
    let mut future = object.clone();
    let version = future.windows(3).position(|window| window == [2, 1, 0]).unwrap();
    future[version + 2] = 2;
    let future = wrapped(crate::cms::oid::LDS_SECURITY_OBJECT, &future);
    assert_eq!(check(&future, &state.anchors), Err(PassiveAuthError::Unsupported));
    assert_eq!(check(&[0x77, 0], &state.anchors), Err(PassiveAuthError::Malformed));
    assert_eq!(check(&[0; MAX_SOD + 1], &state.anchors), Err(PassiveAuthError::Malformed));
}

#[test]
fn no_bit_of_what_is_signed_can_be_flipped() {
    let state = State::new();
    let sod = state.sod();
    let mut accepted = Vec::new();
    for bit in 0..sod.len() * 8 {
        let mut altered = sod.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        if check(&altered, &state.anchors).is_ok() {
            accepted.push(bit / 8);
        }
    }
    // Outside the signatures stand only: versions (2), the list of digest algorithms, the issuer named by the signer, and
    // the name of the signature algorithm where another digest is named. None of it is believed.
    let object = tlv::exactly(&sod, 0x77).unwrap().value;
    let data = SignedData::parse(object).unwrap();
    let signed = |part: &[u8]| {
        let start = sod.windows(part.len()).position(|window| window == part).unwrap();
        start..start + part.len()
    };
    for part in [data.content(), &data.certificates()[0]] {
        assert!(!accepted.iter().any(|place| signed(part).contains(place)), "{accepted:?}");
    }
    let believed = accepted.iter().filter(|place| **place > sod.len() - 150).count();
    assert!(believed < 24, "attributes and signature stand at the end: {accepted:?}");
}

#[test]
fn security_objects_by_openssl_are_verified_up_to_their_state() {
    // 2027-01-15: inside the dates of these certificates.
    const LATER: i64 = 1_800_000_000;
    let groups = BTreeMap::from([(1, b"group one".to_vec()), (2, b"group two".to_vec())]);
    for line in include_str!("../../testdata/sods.txt").lines() {
        let [name, _, sod, csca] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let (sod, csca) = (hex::decode(sod).unwrap(), Certificate::parse(&hex::decode(csca).unwrap()));
        if name.ends_with("unsupported") {
            assert_eq!(csca, Err(TrustError::Unsupported));
            let refused = verify(&sod, &groups, &Anchors::default(), LATER);
            assert_eq!(refused, Err(PassiveAuthError::UntrustedSigner(TrustError::Unsupported)));
            let report = examine(&sod, &groups, &Anchors::default(), LATER).unwrap();
            assert_eq!(report.signature, SignatureOutcome::NotChecked);
            continue;
        }
        let anchors = Anchors::new(vec![csca.unwrap()]);
        let report = verify(&sod, &groups, &anchors, LATER);
        assert!(report.is_ok(), "{name}: {report:?}");
        let mut altered = sod.clone();
        *altered.iter_mut().rev().find(|byte| **byte != 0).unwrap() ^= 1;
        assert_eq!(verify(&altered, &groups, &anchors, LATER), Err(PassiveAuthError::BadSignature), "{name}");
    }
}

#[test]
fn security_objects_of_real_documents_lead_to_their_state() {
    let folder = "vectors/sod/";
    let Some(list) = oracles::read(&format!("{folder}master-list/DE_ML_2026-05-28.ml")) else { return };
    // The state that signs the list stands on brainpoolP512r1.
    let list_root = oracles::read(&format!("{folder}master-list/DE_CSCA07_root.der")).unwrap();
    let unsigned = Anchors::from_master_list(&list, &Anchors::default(), NOW);
    assert_eq!(unsigned, Err(TrustError::UntrustedIssuer));
    let signers = Anchors::new(vec![Certificate::parse(&list_root).unwrap()]);
    let (anchors, left_out) = Anchors::from_master_list(&list, &signers, NOW).unwrap();
    println!("master list: {} anchors, {left_out} left out", anchors.certificates().len());
    assert_eq!(anchors.certificates().len() + left_out, 588);

    for name in ["at-ecdsa", "my-rsa-pss", "nz-indefinite-length", "gb-ecdsa-lds-v1"] {
        let vector = oracles::json(&format!("{folder}sod-{name}.json")).unwrap();
        let (sod, expect) = (oracles::bytes(&vector["ef_sod"]), &vector["expect"]);
        let csca = Certificate::parse(&oracles::bytes(&expect["csca_certificate"])).unwrap();
        for anchors in [&anchors, &Anchors::new(vec![csca])] {
            let report = verify(&sod, &BTreeMap::new(), anchors, NOW);
            let report = report.unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_eq!(report.signer_country.unwrap().as_str(), vector["country"].as_str().unwrap());
        }
        let data = SignedData::parse(tlv::exactly(&sod, 0x77).unwrap().value).unwrap();
        assert_eq!(data.content(), oracles::bytes(&expect["lds_security_object"]));
        let object = LdsSecurityObject::parse(data.content()).unwrap();
        assert_eq!(u64::from(object.version), expect["lds_security_object_version"].as_u64().unwrap());
        for (number, hash) in expect["data_group_hashes"].as_object().unwrap() {
            assert_eq!(object.hashes[&number.parse().unwrap()], oracles::bytes(hash), "{name} {number}");
        }
        let mut altered = sod.clone();
        let place = sod.windows(8).position(|window| window == &data.content()[40..48]).unwrap();
        altered[place] ^= 1;
        let outcome = verify(&altered, &BTreeMap::new(), &anchors, NOW);
        assert_eq!(outcome, Err(PassiveAuthError::BadSignature), "{name}");
    }
}

#[test]
fn the_specimen_lists_its_groups_and_its_curve_is_unsupported() {
    let folder = "vectors/sod/specimen/";
    let Some(sod) = oracles::read(&format!("{folder}EF_SOD.bin")) else { return };
    let groups = [(1, "EF_DG1.bin"), (2, "EF_DG2.bin"), (14, "EF_DG14.bin")]
        .map(|(number, file)| (number, oracles::read(&format!("{folder}{file}")).unwrap()))
        .into();
    let report = examine(&sod, &groups, &Anchors::default(), NOW).unwrap();
    assert_eq!((report.hash, report.listed), (HashAlgorithm::Sha1, vec![1, 2, 3, 14]));
    assert_eq!(report.groups, [1, 2, 14].map(|number| (number, GroupOutcome::Matches)).into());
    assert_eq!(report.chain, ChainOutcome::Untrusted(TrustError::Unsupported));
}
