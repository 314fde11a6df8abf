use super::super::test_pki::*;
use super::super::{Anchors, Certificate, RevocationPolicy, TrustError, Usage, Validity, eku, verify_chain};
use super::{Revocation, RevocationList};
use crate::cms::{SignedData, oid};
use crate::tlv;
use crate::{bytes::Reader, oracles};
use rcgen::{
    CertificateRevocationListParams, DnType, KeyIdMethod, KeyUsagePurpose, RevokedCertParams, SerialNumber,
    SigningKey, date_time_ymd,
};
use x509_parser::prelude::{CertificateRevocationList, FromDer};

const ANY: Usage = Usage::DocumentSigner;

/// Half a year around [`NOW`]; 2026-04-01 and 2026-10-01.
fn list_params(revoked: &[&Certificate]) -> CertificateRevocationListParams {
    CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 4, 1),
        next_update: date_time_ymd(2026, 10, 1),
        crl_number: SerialNumber::from(7),
        issuing_distribution_point: None,
        revoked_certs: revoked
            .iter()
            .map(|certificate| RevokedCertParams {
                serial_number: SerialNumber::from_slice(certificate.serial()),
                revocation_time: date_time_ymd(2026, 3, 1),
                reason_code: Some(rcgen::RevocationReason::KeyCompromise),
                invalidity_date: None,
            })
            .collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    }
}

fn list(authority: &Authority, revoked: &[&Certificate]) -> Vec<u8> {
    list_params(revoked).signed_by(authority).unwrap().der().to_vec()
}

fn anchored(authority: &Authority) -> Anchors {
    Anchors::new(vec![parse(authority.as_ref())])
}

fn with_list(anchors: Anchors, der: &[u8]) -> Anchors {
    anchors.with_revocation_list(RevocationList::parse(der).unwrap(), NOW).unwrap()
}

fn check(leaf: &Certificate, anchors: &Anchors, now: i64) -> Result<(), TrustError> {
    verify_chain(std::slice::from_ref(leaf), anchors, now, ANY).map(|_| ())
}

/// A list as [`list_params`] makes one, with its parts changed and signed anew.
fn forged(authority: &Authority, change: impl Fn(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let whole = list(authority, &[]);
    let mut parts = Reader::new(tlv::exactly(&whole, 0x30).unwrap().value);
    let tbs = tlv::expect(&mut parts, 0x30).unwrap();
    let algorithm = tlv::expect(&mut parts, 0x30).unwrap().raw;
    let mut fields = tlv::all(tbs.value, 10).unwrap().iter().map(|field| field.raw.to_vec()).collect();
    change(&mut fields);
    let tbs = tlv::write(0x30, &fields.concat());
    let signature = authority.key().sign(&tbs).unwrap();
    tlv::write_all(0x30, &[&tbs, algorithm, &tlv::write(0x03, &[&[0], signature.as_slice()].concat())])
}

fn extension(kind: &[u8], critical: bool) -> Vec<u8> {
    let flag: &[u8] = if critical { &[1, 1, 0xFF] } else { &[] };
    tlv::write_all(0x30, &[&tlv::write(0x06, kind), flag, &tlv::write(0x04, &[0x02, 1, 1])])
}

#[test]
fn a_revoked_signer_is_refused_and_its_neighbour_is_not() {
    let top = root(authority_params("root", None));
    let (bad, good) = (leaf(&top, leaf_params("bad")), leaf(&top, leaf_params("good")));
    let anchors = with_list(anchored(&top), &list(&top, &[&bad]));
    assert_eq!(check(&bad, &anchors, NOW), Err(TrustError::Revoked));
    assert_eq!(anchors.revocation_of(&bad, NOW), Revocation::Revoked);
    check(&good, &anchors, NOW).unwrap();
    assert_eq!(anchors.revocation_of(&good, NOW), Revocation::NotRevoked);
    // An authority below, and one that took itself back.
    let middle = below(&top, authority_params("middle", None));
    let anchors = with_list(anchored(&top), &list(&top, &[&parse(middle.as_ref())]));
    let chain = [leaf(&middle, leaf_params("leaf")), parse(middle.as_ref())];
    assert_eq!(verify_chain(&chain, &anchors, NOW, ANY).unwrap_err(), TrustError::Revoked);
    let anchors = with_list(anchored(&top), &list(&top, &[&parse(top.as_ref())]));
    assert_eq!(check(&good, &anchors, NOW), Err(TrustError::Revoked));
}

#[test]
fn a_list_counts_until_its_next_update_and_whoever_it_names_stays_revoked() {
    let top = root(authority_params("root", None));
    let (bad, good) = (leaf(&top, leaf_params("bad")), leaf(&top, leaf_params("good")));
    let der = list(&top, &[&bad]);
    let (from, until) = {
        let list = RevocationList::parse(&der).unwrap();
        assert_eq!((list.len(), list.is_empty()), (1, false));
        (list.this_update(), list.next_update())
    };
    let anchors = with_list(anchored(&top), &der);
    for (now, known) in [
        (from - 1, Revocation::ListNotCurrent),
        (from, Revocation::NotRevoked),
        (until, Revocation::NotRevoked),
        (until + 1, Revocation::ListNotCurrent),
    ] {
        assert_eq!(anchors.revocation_of(&good, now), known);
        assert_eq!(anchors.revocation_of(&bad, now), Revocation::Revoked);
        check(&good, &anchors, now).unwrap();
        let strict = anchors.clone().with_revocation_policy(RevocationPolicy::Required);
        let outcome =
            if known == Revocation::NotRevoked { Ok(()) } else { Err(TrustError::RevocationUnknown) };
        assert_eq!(check(&good, &strict, now), outcome);
        assert_eq!(check(&bad, &strict, now), Err(TrustError::Revoked));
    }
    let none = anchored(&top);
    assert_eq!(none.revocation_of(&good, NOW), Revocation::NoList);
    let none = none.with_revocation_policy(RevocationPolicy::Required);
    assert_eq!(check(&good, &none, NOW), Err(TrustError::RevocationUnknown));
    // A list of somebody else says nothing.
    let other = root(authority_params("other", None));
    let both = Anchors::new(vec![parse(top.as_ref()), parse(other.as_ref())]);
    let anchors = with_list(both, &list(&other, &[&bad]));
    assert_eq!(anchors.revocation_of(&bad, NOW), Revocation::NoList);
}

#[test]
fn only_an_anchor_that_may_sign_lists_makes_one_count() {
    let (top, stranger) = (root(authority_params("root", None)), root(authority_params("stranger", None)));
    let namesake = root(authority_params("root", None));
    let admitted = |anchors: &Anchors, der: &[u8], now| {
        let list = RevocationList::parse(der).unwrap();
        anchors.clone().with_revocation_list(list, now).map(|_| ())
    };
    let anchors = anchored(&top);
    admitted(&anchors, &list(&top, &[]), NOW).unwrap();
    assert_eq!(admitted(&anchors, &list(&stranger, &[]), NOW), Err(TrustError::UntrustedIssuer));
    assert_eq!(admitted(&anchors, &list(&namesake, &[]), NOW), Err(TrustError::BadSignature));
    assert_eq!(admitted(&anchors, &list(&top, &[]), NOT_AFTER + 1), Err(TrustError::Expired));
    let forever = anchors.clone().with_validity(Validity::AnchorsNeverExpire);
    admitted(&forever, &list(&top, &[]), NOT_AFTER + 1).unwrap();
    // The signer's certificate as anchor says that it may not, though its key did.
    let mut params = authority_params("root", None);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(
        &top.key().serialize_der().as_slice().into(),
        &rcgen::PKCS_ECDSA_P256_SHA256,
    );
    let silent = Authority::self_signed(params, key.unwrap()).unwrap();
    assert_eq!(admitted(&anchored(&silent), &list(&top, &[]), NOW), Err(TrustError::WrongUsage));
}

#[test]
fn no_bit_of_a_list_can_be_flipped() {
    let top = root(authority_params("root", None));
    let bad = leaf(&top, leaf_params("bad"));
    let der = list(&top, &[&bad]);
    let anchors = anchored(&top);
    for bit in 0..der.len() * 8 {
        let mut altered = der.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let outcome = RevocationList::parse(&altered)
            .and_then(|list| anchors.clone().with_revocation_list(list, NOW).map(|_| ()));
        assert!(outcome.is_err(), "bit {bit} of {}", hex::encode(&der));
    }
    for cut in 0..der.len() {
        assert_eq!(RevocationList::parse(&der[..cut]), Err(TrustError::Malformed));
    }
}

#[test]
fn a_list_of_changes_a_part_of_one_and_what_is_not_understood_count_for_nothing() {
    let top = root(authority_params("root", None));
    let extensions = |more: Vec<u8>| {
        forged(&top, |fields| {
            let last = fields.len() - 1;
            fields[last] = tlv::write(0xA0, &tlv::write(0x30, &more));
        })
    };
    let parsed = |der: Vec<u8>| RevocationList::parse(&der).map(|_| ());
    assert_eq!(parsed(extensions(extension(oid::CRL_NUMBER, true))), Ok(()));
    assert_eq!(parsed(extensions(extension(b"\x88\x37\x01", false))), Ok(()));
    assert_eq!(parsed(extensions(extension(b"\x88\x37\x01", true))), Err(TrustError::Unsupported));
    for kind in [oid::DELTA_CRL_INDICATOR, oid::ISSUING_DISTRIBUTION_POINT] {
        for critical in [true, false] {
            assert_eq!(parsed(extensions(extension(kind, critical))), Err(TrustError::Unsupported));
        }
    }
    let twice = extension(oid::CRL_NUMBER, false).repeat(2);
    assert_eq!(parsed(extensions(twice)), Err(TrustError::Malformed));

    let entry = |extensions: &[u8]| {
        let extensions = if extensions.is_empty() { vec![] } else { tlv::write(0x30, extensions) };
        let entry = tlv::write_all(0x30, &[&[2, 1, 9], &tlv::write(0x17, b"260301000000Z"), &extensions]);
        forged(&top, |fields| fields.insert(5, tlv::write(0x30, &entry)))
    };
    assert_eq!(parsed(entry(&[])), Ok(()));
    assert_eq!(parsed(entry(&extension(b"\x55\x1D\x15", false))), Ok(()), "a reason");
    assert_eq!(parsed(entry(&extension(b"\x88\x37\x01", true))), Err(TrustError::Unsupported));
    assert_eq!(parsed(entry(&extension(oid::CERTIFICATE_ISSUER, true))), Err(TrustError::Unsupported));

    let unbounded = forged(&top, |fields| drop(fields.remove(4)));
    assert_eq!(parsed(unbounded), Err(TrustError::Malformed), "no next update");
    let of_the_future = forged(&top, |fields| fields[0] = vec![2, 1, 2]);
    assert_eq!(parsed(of_the_future), Err(TrustError::Malformed), "version 3");
    let other_algorithm = forged(&top, |fields| fields[1] = tlv::write(0x30, &tlv::write(0x06, &[42, 3])));
    assert_eq!(parsed(other_algorithm), Err(TrustError::Malformed));
    assert_eq!(parsed(vec![0x30; (1 << 20) + 1]), Err(TrustError::Malformed));
}

#[test]
fn another_reader_sees_the_same_in_a_list() {
    let top = root(authority_params("root", None));
    let revoked: Vec<Certificate> = (0..5).map(|_| leaf(&top, leaf_params("leaf"))).collect();
    let der = list(&top, &revoked.iter().collect::<Vec<_>>());
    let (_, theirs) = CertificateRevocationList::from_der(&der).unwrap();
    let ours = RevocationList::parse(&der).unwrap();
    assert_eq!(ours.says.issuer, theirs.issuer().as_raw());
    assert_eq!(ours.this_update(), theirs.last_update().timestamp());
    assert_eq!(ours.next_update(), theirs.next_update().unwrap().timestamp());
    let serials: Vec<&[u8]> = theirs.iter_revoked_certificates().map(|entry| entry.raw_serial()).collect();
    assert_eq!(ours.says.serials, serials);
}

/// A link certificate: `old` signs the key of `new`.
fn link(old: &Authority, new: &Authority, mut params: rcgen::CertificateParams) -> Certificate {
    params.use_authority_key_identifier_extension = true;
    parse(&params.signed_by(new.key(), old).unwrap())
}

#[test]
fn a_key_that_an_authority_passed_on_to_is_trusted_through_its_links() {
    let renewed = || authority_params("CSCA", Some(0));
    let (first, second, third) = (root(renewed()), root(renewed()), root(renewed()));
    let links = [link(&second, &third, renewed()), link(&first, &second, renewed())];
    let one = leaf(&third, leaf_params("DSC"));
    let old = anchored(&first);
    assert_eq!(check(&one, &old, NOW), Err(TrustError::BadSignature), "a namesake so far");
    let (anchors, left_out) = old.clone().with_links(&links, NOW);
    assert_eq!((anchors.certificates().len(), left_out), (3, 0));
    check(&one, &anchors, NOW).unwrap();
    check(&leaf(&first, leaf_params("DSC")), &anchors, NOW).unwrap();
    // Without the link in the middle the last one leads nowhere.
    let (gap, left_out) = old.clone().with_links(&links[..1], NOW);
    assert_eq!((gap, left_out), (old.clone(), 1));
    // The links sent along with the signer serve as well.
    let chain = [one.clone(), links[0].clone(), links[1].clone()];
    verify_chain(&chain, &old, NOW, ANY).unwrap();
    // The new anchor at hand, a document of the old key: the new key vouches for the old.
    let back = link(&third, &first, renewed());
    let (anchors, _) = anchored(&third).with_links(&[back], NOW);
    check(&leaf(&first, leaf_params("DSC")), &anchors, NOW).unwrap();
    // The newest key signs the one list for all of them.
    let (anchors, _) = old.with_links(&links, NOW);
    let of_first = leaf(&first, leaf_params("DSC"));
    let anchors = with_list(anchors, &list(&third, &[&of_first]));
    assert_eq!(check(&of_first, &anchors, NOW), Err(TrustError::Revoked));
    check(&one, &anchors, NOW).unwrap();
}

#[test]
fn a_link_must_be_an_authoritys_of_the_same_country_and_of_now() {
    let (old, new) = (root(authority_params("CSCA", Some(0))), root(authority_params("CSCA 2", Some(0))));
    let admitted = |link: Certificate, now| anchored(&old).with_links(&[link], now).1 == 0;
    let good = || authority_params("CSCA 2", Some(0));
    assert!(admitted(link(&old, &new, good()), NOW), "a new name");
    assert!(!admitted(link(&new, &old, good()), NOW), "signed by a stranger");
    assert!(!admitted(link(&old, &new, good()), NOT_AFTER + 1));
    assert!(!admitted(link(&old, &new, leaf_params("CSCA 2")), NOW), "a document signer");
    let mut abroad = good();
    abroad.distinguished_name.push(DnType::CountryName, "XX");
    assert!(!admitted(link(&old, &new, abroad), NOW));
    let mut no_certificates = good();
    no_certificates.key_usages = vec![KeyUsagePurpose::CrlSign];
    assert!(!admitted(link(&old, &new, no_certificates), NOW));
    assert!(!admitted(link(&old, &new, with_critical_extension(good(), &[2, 999, 1])), NOW));
    let revoked = link(&old, &new, good());
    let anchors = with_list(anchored(&old), &list(&old, &[&revoked]));
    assert_eq!(anchors.with_links(&[revoked], NOW).1, 1);
    // Below a link stands no further authority: its own path length holds.
    let (anchors, _) = anchored(&old).with_links(&[link(&old, &new, good())], NOW);
    let below_it = below(&new, authority_params("below", None));
    let chain = [leaf(&below_it, leaf_params("DSC")), parse(below_it.as_ref())];
    assert_eq!(verify_chain(&chain, &anchors, NOW, ANY).unwrap_err(), TrustError::PathTooLong);
    // A link is of use for document signers alone where the usage asks for more.
    let other = leaf(&new, with_usage(leaf_params("other"), &eku::COMMAND_KEY));
    check(&other, &anchors, NOW).unwrap();
}

/// The German list holds the links of states that renewed their keys. From the first key of a state alone, the links
/// lead to later ones.
#[test]
fn links_of_real_states_lead_from_their_old_keys_to_the_new() {
    let Some(list) = oracles::read("vectors/sod/master-list/DE_ML_2026-05-28.ml") else { return };
    let list = SignedData::parse(&list).unwrap();
    let mut fields = Reader::new(tlv::exactly(list.content(), 0x30).unwrap().value);
    tlv::expect(&mut fields, 0x02).unwrap();
    let all: Vec<Certificate> = tlv::all(tlv::expect(&mut fields, 0x31).unwrap().value, 1000)
        .unwrap()
        .iter()
        .filter_map(|certificate| Certificate::parse(certificate.raw).ok())
        .collect();
    let signed_by_itself = |it: &&Certificate| it.check_signature(it).is_ok();
    let (roots, links): (Vec<&Certificate>, Vec<&Certificate>) = all.iter().partition(signed_by_itself);
    let links: Vec<Certificate> = links.into_iter().cloned().collect();
    let roots = Anchors::new(roots.into_iter().cloned().collect());
    let before = roots.certificates().len();
    let (anchors, left_out) = roots.with_links(&links, NOW);
    println!("{before} roots, {} links, {left_out} lead nowhere at this time", links.len());
    assert!(links.len() > 50, "{}", links.len());
    assert!(anchors.certificates().len() - before > 50, "{left_out} of {} left out", links.len());
    // Nobody's key is trusted through another state's.
    assert_eq!(Anchors::new(vec![anchors.certificates()[0].clone()]).with_links(&[], NOW).1, 0);
}
