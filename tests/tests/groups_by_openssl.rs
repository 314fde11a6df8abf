//! The groups of key agreement and ECDSA against OpenSSL: its keys and ours reach the same secret, and what it signs is
//! accepted here, on every curve and in every subgroup.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use wallet_core::{
    bytes::Reader,
    cms::{algorithm::ecdsa_plain, spki},
    crypto::{
        agreement::{Element, Group, PrivateKey},
        domain::{Curve, Modp},
        verify::{HashAlgorithm, SignatureScheme, verify},
    },
    tlv,
};

const CURVES: [(Curve, &str); 8] = [
    (Curve::P224, "secp224r1"),
    (Curve::P256, "prime256v1"),
    (Curve::P384, "secp384r1"),
    (Curve::P521, "secp521r1"),
    (Curve::BrainpoolP256r1, "brainpoolP256r1"),
    (Curve::BrainpoolP320r1, "brainpoolP320r1"),
    (Curve::BrainpoolP384r1, "brainpoolP384r1"),
    (Curve::BrainpoolP512r1, "brainpoolP512r1"),
];

fn openssl(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}");
    Some(output.stdout)
}

/// A folder for the keys, or `None` where there is no OpenSSL and needs to be none.
fn folder(name: &str) -> Option<PathBuf> {
    if openssl(&["version"], &[]).is_none() {
        assert!(std::env::var("ORACLES").as_deref() != Ok("required"), "openssl is required and absent");
        println!("skipped: no openssl");
        return None;
    }
    let folder = std::env::temp_dir().join(format!("wallet-groups-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    Some(folder)
}

/// OpenSSL's SubjectPublicKeyInfo with another key in its place.
fn replaced(spki: &[u8], key: &[u8]) -> Vec<u8> {
    let outer = tlv::exactly(spki, 0x30).unwrap();
    let algorithm = tlv::expect(&mut Reader::new(outer.value), 0x30).unwrap();
    tlv::write_all(0x30, &[algorithm.raw, &tlv::write_all(0x03, &[&[0], key])])
}

/// Both sides' secrets, at full length: OpenSSL's key with a key of ours, and the other way round. Ours is made from the first
/// of the seeds whose secret is `wanted`.
fn agree(
    folder: &std::path::Path,
    private: &[u8],
    mut seeds: impl Iterator<Item = u32>,
    wanted: impl Fn(&[u8]) -> bool,
) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    std::fs::write(path("private.pem"), private).unwrap();
    let spki = openssl(&["pkey", "-in", &path("private.pem"), "-pubout", "-outform", "DER"], &[]).unwrap();
    let (group, theirs) = spki::parse_agreement_key(&spki).unwrap();
    let theirs = Element::parse(group, &theirs).unwrap();
    let ours = seeds
        .find_map(|seed| {
            let seed = seed.to_be_bytes().repeat(PrivateKey::SEED / 4);
            let ours = PrivateKey::derive(group, &seed).unwrap();
            wanted(ours.multiply(&theirs).unwrap().secret().expose()).then_some(ours)
        })
        .unwrap();
    let public = ours.multiply(&Element::generator(group)).unwrap();
    let key = match group {
        Group::Curve(_) => public.as_bytes().to_vec(),
        Group::Modp(_) => {
            let number = public.on_wire();
            tlv::write_all(0x02, &[&[0][..usize::from(number[0] >> 7)], number])
        }
    };
    std::fs::write(path("ours.der"), replaced(&spki, &key)).unwrap();
    let (private, ours_file) = (path("private.pem"), path("ours.der"));
    let mut arguments =
        vec!["pkeyutl", "-derive", "-inkey", &private, "-peerkey", &ours_file, "-peerform", "DER"];
    if matches!(group, Group::Modp(_)) {
        // As long as the prime. RFC 2631, 2.1.2.
        arguments.extend(["-pkeyopt", "pad:1"]);
    }
    let secret = openssl(&arguments, &[]).unwrap();
    assert_eq!(ours.multiply(&theirs).unwrap().secret().expose(), secret, "{group:?}");
}

#[test]
fn secrets_agree_on_every_curve() {
    let Some(folder) = folder("agreement") else { return };
    for (curve, name) in CURVES {
        for seed in 1..=2 {
            let pem = openssl(&["ecparam", "-name", name, "-genkey", "-noout"], &[]).unwrap();
            agree(&folder, &pem, seed.., |_| true);
        }
        assert_eq!(Group::Curve(curve).scalar_length(), curve.domain().order.len());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn secrets_agree_in_every_subgroup_of_rfc_5114() {
    let Some(folder) = folder("modp") else { return };
    for (number, _) in Modp::ALL.into_iter().enumerate() {
        let option = format!("dh_rfc5114:{}", number + 1);
        let pem = openssl(&["genpkey", "-algorithm", "DHX", "-pkeyopt", &option], &[]).unwrap();
        agree(&folder, &pem, 9.., |_| true);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_secret_that_begins_with_a_zero_is_as_long_as_any() {
    let Some(folder) = folder("zeros") else { return };
    let begins_with_zero = |secret: &[u8]| secret[0] == 0;
    let pem = openssl(&["genpkey", "-algorithm", "DHX", "-pkeyopt", "dh_rfc5114:1"], &[]).unwrap();
    agree(&folder, &pem, 1.., begins_with_zero);
    let pem = openssl(&["ecparam", "-name", "brainpoolP512r1", "-genkey", "-noout"], &[]).unwrap();
    agree(&folder, &pem, 1.., begins_with_zero);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn signatures_are_accepted_on_every_curve_and_altered_ones_are_not() {
    let Some(folder) = folder("signatures") else { return };
    let key_file = folder.join("key.pem").to_str().unwrap().to_owned();
    let hashes = [
        (HashAlgorithm::Sha1, "-sha1"),
        (HashAlgorithm::Sha224, "-sha224"),
        (HashAlgorithm::Sha256, "-sha256"),
        (HashAlgorithm::Sha384, "-sha384"),
        (HashAlgorithm::Sha512, "-sha512"),
    ];
    for (curve, name) in CURVES {
        let pem = openssl(&["ecparam", "-name", name, "-genkey", "-noout"], &[]).unwrap();
        std::fs::write(&key_file, &pem).unwrap();
        let spki = openssl(&["pkey", "-in", &key_file, "-pubout", "-outform", "DER"], &[]).unwrap();
        let key = spki::parse(&spki).unwrap();
        for (hash, option) in hashes {
            let der = openssl(&["dgst", option, "-sign", &key_file], b"a message").unwrap();
            let mut plain = ecdsa_plain(curve, &der).unwrap();
            let scheme = SignatureScheme::Ecdsa(hash);
            verify(&key, &scheme, b"a message", &plain)
                .unwrap_or_else(|error| panic!("{name} {option}: {error}"));
            assert!(verify(&key, &scheme, b"a massage", &plain).is_err(), "{name} {option}");
            *plain.last_mut().unwrap() ^= 1;
            assert!(verify(&key, &scheme, b"a message", &plain).is_err(), "{name} {option}");
        }
        let length = curve.field_length();
        for zero in [vec![0; 2 * length], [vec![0; length], vec![1; length]].concat()] {
            assert!(verify(&key, &SignatureScheme::Ecdsa(HashAlgorithm::Sha256), b"m", &zero).is_err());
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}
