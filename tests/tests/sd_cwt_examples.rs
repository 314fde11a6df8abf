//! The examples of draft-ietf-spice-sd-cwt verify: their envelopes through our reader, their signatures through our
//! cryptography, each disclosure against the digests it belongs to.

use std::path::{Path, PathBuf};

use wallet_core::{
    cbor::{Kind, Limits, Profile, Reader, check},
    cose::{Sign1, decode_key},
    crypto::{
        hash::sha256,
        sign,
        verify::{self, Curve, HashAlgorithm, SignatureScheme, VerifyingKey},
    },
};

fn examples() -> Option<PathBuf> {
    let oracles = std::env::var_os("ORACLES_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = oracles.join("vectors/sd-cwt");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var("ORACLES").as_deref() != Ok("required"),
        "the SD-CWT examples are required and absent"
    );
    println!("skipped: no SD-CWT examples");
    None
}

fn issuer_key(folder: &Path) -> VerifyingKey {
    let text = std::fs::read_to_string(folder.join("keys.json")).unwrap();
    let keys: serde_json::Value = serde_json::from_str(&text).unwrap();
    let coordinate = |name: &str| hex::decode(keys["issuer"][name].as_str().unwrap()).unwrap();
    VerifyingKey::Ec { curve: Curve::P384, point: [vec![4], coordinate("x"), coordinate("y")].concat() }
}

/// The value of an integer label in a map, as received.
fn member(map: &[u8], label: i64) -> Option<&[u8]> {
    let mut reader = Reader::new(map);
    for _ in 0..reader.map().unwrap() {
        let key = reader.raw().unwrap();
        let value = reader.raw().unwrap();
        if Reader::new(key).int() == Ok(label) {
            return Some(value);
        }
    }
    None
}

/// The digests in a claims set: under `simple(59)` in maps, under tag 60 in arrays.
fn digests(reader: &mut Reader<'_>, found: &mut Vec<Vec<u8>>) {
    match reader.peek().unwrap() {
        Kind::Map => {
            for _ in 0..reader.map().unwrap() {
                if reader.raw().unwrap() == [0xF8, 59] {
                    for _ in 0..reader.array().unwrap() {
                        found.push(reader.bytes().unwrap().to_vec());
                    }
                } else {
                    digests(reader, found);
                }
            }
        }
        Kind::Array => (0..reader.array().unwrap()).for_each(|_| digests(reader, found)),
        Kind::Tag if reader.tag(60).is_ok() => found.push(reader.bytes().unwrap().to_vec()),
        _ => drop(reader.raw().unwrap()),
    }
}

/// Verifies an SD-CWT of the examples; returns how many disclosures it carries.
fn verify_sd_cwt(bytes: &[u8], issuer: &VerifyingKey) -> usize {
    check(bytes, Profile::Definite, Limits::DOCUMENT).unwrap();
    let parts = Sign1::parse(bytes).unwrap();
    check(parts.protected, Profile::Definite, Limits::SMALL).unwrap();
    check(parts.payload, Profile::Definite, Limits::DOCUMENT).unwrap();
    let scheme = SignatureScheme::Ecdsa(HashAlgorithm::Sha384);
    verify::verify(issuer, &scheme, &parts.sig_structure(), parts.signature).unwrap();
    let mut altered = parts.sig_structure();
    *altered.last_mut().unwrap() ^= 1;
    assert!(verify::verify(issuer, &scheme, &altered, parts.signature).is_err());

    let mut signed = Vec::new();
    digests(&mut Reader::new(parts.payload), &mut signed);
    let mut disclosures = Vec::new();
    let mut reader = Reader::new(member(parts.unprotected, 17).unwrap());
    for _ in 0..reader.array().unwrap() {
        disclosures.push(reader.raw().unwrap());
    }
    // A disclosure may itself hold redacted claims.
    for disclosure in &disclosures {
        let content = Reader::new(disclosure).bytes().unwrap();
        check(content, Profile::Definite, Limits::SMALL).unwrap();
        digests(&mut Reader::new(content), &mut signed);
    }
    // A digest is over the byte string as encoded, head included.
    for disclosure in &disclosures {
        let digest = sha256(disclosure);
        assert_eq!(signed.iter().filter(|one| one.as_slice() == digest).count(), 1);
    }
    disclosures.len()
}

#[test]
fn the_drafts_sd_cwts_and_tokens_verify() {
    let Some(folder) = examples() else { return };
    let issuer = issuer_key(&folder);
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    for (name, disclosures) in [("issuer_cwt.cbor", 5), ("nested_issuer_cwt.cbor", 0), ("decoy.cbor", 4)] {
        let found = verify_sd_cwt(&read(name), &issuer);
        assert!(found == disclosures || disclosures == 0 && found > 0, "{name}: {found}");
    }
    for name in ["kbt.cbor", "nested_kbt.cbor"] {
        let bytes = read(name);
        let token = Sign1::parse(&bytes).unwrap();
        assert!(token.has_no_unprotected_label());
        assert_eq!(member(token.protected, 16), Some(&[0x19, 0x01, 0x26][..]));
        let copy = member(token.protected, 13).unwrap();
        assert!(verify_sd_cwt(copy, &issuer) >= 3, "{name}");
        let payload = Sign1::parse(copy).unwrap().payload;
        let holder = decode_key(member(member(payload, 8).unwrap(), 1).unwrap()).unwrap();
        sign::verify(&holder, &token.sig_structure(), &token.signature_64().unwrap()).unwrap();
    }
}
