use super::*;
use crate::oracles;
use crate::tlv;

struct Answer {
    name: String,
    dg15: Vec<u8>,
    dg14: Option<Vec<u8>>,
    challenge: [u8; 8],
    response: Vec<u8>,
}

impl Answer {
    fn verify(&self) -> Result<ActiveReport, ActiveAuthError> {
        verify(&self.dg15, self.dg14.as_deref(), &self.challenge, &self.response)
    }
}

/// Made by `testdata/make.py`.
fn answers() -> Vec<Answer> {
    include_str!("../../testdata/active_auth.txt")
        .lines()
        .map(|line| {
            let [name, dg15, dg14, challenge, response] =
                line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            Answer {
                name: name.to_owned(),
                dg15: hex::decode(dg15).unwrap(),
                dg14: (dg14 != "-").then(|| hex::decode(dg14).unwrap()),
                challenge: hex::decode(challenge).unwrap().try_into().unwrap(),
                response: hex::decode(response).unwrap(),
            }
        })
        .collect()
}

fn named(name: &str) -> Answer {
    answers().into_iter().find(|answer| answer.name == name).unwrap()
}

fn modulus(dg15: &[u8]) -> Vec<u8> {
    match parse_dg15(dg15).unwrap() {
        VerifyingKey::Rsa { modulus, .. } => modulus,
        VerifyingKey::Ec { .. } => panic!(),
    }
}

#[test]
fn each_kind_of_key_and_digest_proves_itself() {
    let answers = answers();
    assert_eq!(answers.len(), 40);
    for answer in &answers {
        let (key, digest) = answer.name.split_once('-').unwrap();
        let found = match answer.verify().unwrap() {
            ActiveReport::Rsa { bits, hash } => (format!("rsa{bits}"), hash),
            ActiveReport::Ecdsa { curve, hash } => {
                (format!("{curve:?}").to_lowercase().replace("brainpoolp", "bp").replace("r1", ""), hash)
            }
        };
        assert_eq!((found.0.as_str(), format!("{:?}", found.1).to_lowercase()), (key, digest.to_owned()));
    }
}

#[test]
fn another_challenge_a_changed_answer_and_another_chip_prove_nothing() {
    for mut answer in answers() {
        let name = answer.name.clone();
        let bad = Err(ActiveAuthError::BadSignature);
        answer.challenge[7] ^= 1;
        assert_eq!(answer.verify(), bad, "{name}");
        answer.challenge[7] ^= 1;
        let last = answer.response.len() - 1;
        answer.response[last] ^= 1;
        assert_eq!(answer.verify(), bad, "{name}");
        answer.response = vec![];
        assert_eq!(answer.verify(), bad, "{name}");
    }
    let (one, other) = (named("rsa2048-sha256"), named("rsa1536-sha256"));
    let crossed = verify(&one.dg15, None, &other.challenge, &other.response);
    assert_eq!(crossed, Err(ActiveAuthError::BadSignature));
}

#[test]
fn the_smaller_twin_of_an_rsa_signature_and_a_missing_leading_zero_are_accepted() {
    for mut answer in answers().into_iter().filter(|answer| answer.name.starts_with("rsa")) {
        let twin = complement(&modulus(&answer.dg15), &answer.response);
        assert_ne!(twin, answer.response);
        answer.response = twin.into_iter().skip_while(|byte| *byte == 0).collect();
        answer.verify().unwrap();
    }
}

#[test]
fn an_answer_in_der_and_a_digest_by_the_length_of_the_key_are_accepted() {
    for (name, file) in [("p256-sha256", None), ("bp384-sha384", None), ("p521-sha512", Some("6e023100"))] {
        let mut answer = named(name);
        answer.dg14 = file.map(|file| hex::decode(file).unwrap());
        answer.verify().unwrap();
        let number = |half: &[u8]| tlv::write(0x02, &[&[0], half].concat());
        let (r, s) = answer.response.split_at(answer.response.len() / 2);
        answer.response = tlv::write_all(0x30, &[&number(r), &number(s)]);
        answer.verify().unwrap();
    }
    let mut answer = named("p256-sha512");
    answer.dg14 = None;
    assert_eq!(answer.verify(), Err(ActiveAuthError::BadSignature));
}

#[test]
fn malformed_files_and_unsupported_keys_are_told_apart() {
    let answer = named("p256-sha256");
    let with = |dg15: &[u8], dg14: Option<&[u8]>| verify(dg15, dg14, &answer.challenge, &answer.response);
    assert_eq!(with(&[0x6F, 0], None), Err(ActiveAuthError::Malformed));
    assert_eq!(with(&answer.dg15[..40], None), Err(ActiveAuthError::Malformed));
    assert_eq!(with(&answer.dg15, Some(&[0x6E, 0])), Err(ActiveAuthError::Malformed));
    let mut off_curve = answer.dg15.clone();
    *off_curve.last_mut().unwrap() ^= 1;
    assert_eq!(with(&off_curve, None), Err(ActiveAuthError::Malformed));
    let ed25519 = tlv::write(0x6F, &hex::decode("300b300506032b657003020001").unwrap());
    assert_eq!(with(&ed25519[..], None), Err(ActiveAuthError::Unsupported));
    // An EF.DG14 that names an RSA algorithm for an elliptic-curve key.
    let kind = tlv::write(0x06, b"\x67\x81\x08\x01\x01\x05");
    let rsa = tlv::write(0x06, crate::cms::oid::RSA_SHA256);
    let info = tlv::write_all(0x30, &[&kind, &tlv::write(0x02, &[1]), &rsa]);
    let dg14 = tlv::write(0x6E, &tlv::write(0x31, &info));
    assert_eq!(with(&answer.dg15, Some(&dg14)), Err(ActiveAuthError::Unsupported));
}

#[test]
fn a_representative_is_opened_only_as_the_standard_builds_it() {
    let challenge = [7; 8];
    let built = |m1: &[u8], hash: HashAlgorithm, trailer: &[u8]| {
        let digest = hash.digest(&[m1, &challenge].concat());
        [&[0x6A], m1, &digest, trailer].concat()
    };
    let m1 = [5; 60];
    for (hash, trailer) in [
        (HashAlgorithm::Sha1, &[0xBC][..]),
        (HashAlgorithm::Sha1, &[0x33, 0xCC]),
        (HashAlgorithm::Sha224, &[0x38, 0xCC]),
        (HashAlgorithm::Sha256, &[0x34, 0xCC]),
        (HashAlgorithm::Sha384, &[0x36, 0xCC]),
        (HashAlgorithm::Sha512, &[0x35, 0xCC]),
    ] {
        let good = built(&m1, hash, trailer);
        assert_eq!(open_rsa(&good, &challenge), Ok(hash));
        assert_eq!(open_rsa(&[&[0], good.as_slice()].concat(), &challenge), Ok(hash));
        assert_eq!(open_rsa(&built(&[], hash, trailer), &challenge), Ok(hash), "nothing recovered");
        assert_eq!(open_rsa(&good, &[8; 8]), Err(ActiveAuthError::BadSignature));
        for place in 0..good.len() - trailer.len() {
            let mut altered = good.clone();
            altered[place] ^= 1;
            assert_eq!(open_rsa(&altered, &challenge), Err(ActiveAuthError::BadSignature), "{place}");
        }
    }
    let unknown = built(&m1, HashAlgorithm::Sha256, &[0x31, 0xCC]);
    assert_eq!(open_rsa(&unknown, &challenge), Err(ActiveAuthError::UnknownDigest));
    let bare = built(&m1, HashAlgorithm::Sha256, &[0x34, 0xCD]);
    assert_eq!(open_rsa(&bare, &challenge), Err(ActiveAuthError::BadSignature));
    for short in [&[][..], &[0x6A], &[0x6A, 0xBC], &[0x6A, 0x34, 0xCC], &[0, 0]] {
        assert_eq!(open_rsa(short, &challenge), Err(ActiveAuthError::BadSignature));
    }
}

#[test]
fn a_recorded_answer_of_a_real_chip_verifies() {
    let Some(recorded) = oracles::json("vectors/chip-transcripts/active-auth-rsa.json") else { return };
    let inputs = &recorded["inputs"];
    let dg15 = oracles::bytes(&inputs["ef_dg15"]);
    let challenge = oracles::bytes(&inputs["challenge"]).try_into().unwrap();
    let response = oracles::bytes(&recorded["expect"]["signature"]);
    let report = verify(&dg15, None, &challenge, &response).unwrap();
    assert_eq!(report, ActiveReport::Rsa { bits: 1792, hash: HashAlgorithm::Sha256 });
}

#[test]
fn a_representative_fills_its_modulus_but_for_the_bits_that_the_modulus_leaves_over() {
    let challenge = [7; 8];
    let m1 = [0x5A; 90];
    let digest = HashAlgorithm::Sha1.digest(&[&m1[..], &challenge].concat());
    let representative = [&[0x6A], &m1[..], &digest, &[0xBC]].concat();
    assert_eq!(open_rsa(&representative, &challenge), Ok(HashAlgorithm::Sha1));
    assert_eq!(open_rsa(&[&[0], &representative[..]].concat(), &challenge), Ok(HashAlgorithm::Sha1));
    let short = [&[0, 0], &representative[..]].concat();
    assert_eq!(open_rsa(&short, &challenge), Err(ActiveAuthError::BadSignature));
}

/// ICAO Doc 9303-11, appendix F, which prints no modulus: the recovered message, its parts and the challenge.
#[test]
fn the_recovered_message_of_the_worked_example_is_opened() {
    let bytes = |text: &str| hex::decode(text).unwrap();
    let challenge: [u8; 8] = bytes("f173589974bf40c6").try_into().unwrap();
    let m1 = "9d2784a67f8e7c659973ea1aea25d95b6c8f91e5002f369f0fbdce8a3cec1991b543f1696546c5524cf23a5303cd6c98\
              599f40b79f377b5f3a1406b3b4d8f96784d23aa88db7e1032a405e69325fa91a6e86f5c71aea978264c4a207446dad4e\
              7292e2dcda3024b47da8";
    let digest = "c063aa1e6d22fbd976ab0fe73d94d2d9c6d88127";
    let recovered = bytes(&format!("6a{m1}{digest}bc"));
    assert_eq!(recovered.len(), 128);
    let hashed = HashAlgorithm::Sha1.digest(&[bytes(m1), challenge.to_vec()].concat());
    assert_eq!(hex::encode(hashed), digest);
    assert_eq!(open_rsa(&recovered, &challenge), Ok(HashAlgorithm::Sha1));
    let mut other = challenge;
    other[0] ^= 1;
    assert_eq!(open_rsa(&recovered, &other), Err(ActiveAuthError::BadSignature));

    let Some(published) = oracles::json("vectors/icao9303/aa-f-rsa1024-sha1.json") else { return };
    let (inputs, expect) = (&published["inputs"], &published["expect"]);
    assert_eq!(oracles::bytes(&inputs["rnd_ifd"]), challenge);
    assert_eq!(oracles::bytes(&inputs["m1"]), bytes(m1));
    assert_eq!(oracles::bytes(&expect["digest"]), bytes(digest));
    assert_eq!(oracles::bytes(&expect["recovered_message_f"]), recovered);
    let [exchange] = published["apdus"].as_array().unwrap().as_slice() else { panic!("one command") };
    assert_eq!(command(challenge, 256).encode().unwrap(), oracles::bytes(&exchange["command"]));
}
