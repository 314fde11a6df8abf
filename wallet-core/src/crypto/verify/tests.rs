use super::*;

const MESSAGE: &[u8] = b"a message signed by OpenSSL";

struct Signed {
    name: String,
    key: VerifyingKey,
    scheme: SignatureScheme,
    signature: Vec<u8>,
}

/// What OpenSSL signed; made by `testdata/make.py`.
fn signed_by_openssl() -> Vec<Signed> {
    include_str!("../../../testdata/signatures.txt")
        .lines()
        .map(|line| {
            let [name, key, scheme, signature] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            let key = match key.split_once(',') {
                None => VerifyingKey::Ec { curve: curve(name), point: hex::decode(key).unwrap() },
                Some((modulus, exponent)) => VerifyingKey::Rsa {
                    modulus: hex::decode(modulus).unwrap(),
                    exponent: hex::decode(exponent).unwrap(),
                },
            };
            Signed {
                name: format!("{name} {scheme}"),
                key,
                scheme: self::scheme(scheme),
                signature: hex::decode(signature).unwrap(),
            }
        })
        .collect()
}

fn curve(name: &str) -> Curve {
    match name {
        "p256" => Curve::P256,
        "p384" => Curve::P384,
        "p521" => Curve::P521,
        "bp256" => Curve::BrainpoolP256r1,
        "bp384" => Curve::BrainpoolP384r1,
        other => panic!("{other}"),
    }
}

fn hash(name: &str) -> HashAlgorithm {
    match name {
        "sha1" => HashAlgorithm::Sha1,
        "sha224" => HashAlgorithm::Sha224,
        "sha256" => HashAlgorithm::Sha256,
        "sha384" => HashAlgorithm::Sha384,
        "sha512" => HashAlgorithm::Sha512,
        other => panic!("{other}"),
    }
}

fn scheme(text: &str) -> SignatureScheme {
    match text.split('-').collect::<Vec<_>>().as_slice() {
        ["ecdsa", digest] => SignatureScheme::Ecdsa(hash(digest)),
        ["pkcs1", digest] => SignatureScheme::RsaPkcs1(hash(digest)),
        ["pss", digest, mgf, salt] => SignatureScheme::RsaPss {
            hash: hash(digest),
            mgf_hash: hash(mgf),
            salt_length: salt.parse().unwrap(),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_openssl_signed_verifies_and_nothing_else_does() {
    let signed = signed_by_openssl();
    assert!(signed.len() >= 100, "{}", signed.len());
    for Signed { name, key, scheme, signature } in &signed {
        assert_eq!(verify(key, scheme, MESSAGE, signature), Ok(()), "{name}");
        assert_eq!(verify(key, scheme, b"another", signature), Err(VerifyError::BadSignature), "{name}");
        for place in [0, signature.len() / 2, signature.len() - 1] {
            let mut altered = signature.clone();
            altered[place] ^= 1;
            assert_eq!(verify(key, scheme, MESSAGE, &altered), Err(VerifyError::BadSignature), "{name}");
        }
        assert_eq!(verify(key, scheme, MESSAGE, &[]), Err(VerifyError::BadSignature), "{name}");
    }
}

#[test]
fn another_scheme_never_accepts_a_signature() {
    let kind = |signed: &Signed| signed.name.split(' ').next().map(str::to_owned);
    let signed = signed_by_openssl();
    for one in &signed {
        for other in signed.iter().filter(|other| other.scheme != one.scheme && kind(other) == kind(one)) {
            assert!(verify(&one.key, &other.scheme, MESSAGE, &one.signature).is_err(), "{}", one.name);
        }
    }
}

#[test]
fn surplus_or_missing_leading_zeros_of_rsa_are_forgiven_and_not_of_ecdsa() {
    for Signed { name, key, scheme, signature } in signed_by_openssl() {
        let longer = [&[0], signature.as_slice()].concat();
        match key {
            VerifyingKey::Rsa { .. } => {
                assert_eq!(verify(&key, &scheme, MESSAGE, &longer), Ok(()), "{name}");
                let shorter: Vec<u8> = longer.into_iter().skip_while(|byte| *byte == 0).collect();
                assert_eq!(verify(&key, &scheme, MESSAGE, &shorter), Ok(()), "{name}");
            }
            VerifyingKey::Ec { .. } => {
                assert_eq!(verify(&key, &scheme, MESSAGE, &longer), Err(VerifyError::BadSignature), "{name}");
            }
        }
    }
}

#[test]
fn keys_out_of_bounds_and_malformed_keys_are_told_apart() {
    let rsa = |modulus: Vec<u8>, exponent: &[u8]| {
        let key = VerifyingKey::Rsa { modulus, exponent: exponent.to_vec() };
        verify(&key, &SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256), MESSAGE, &[1]).unwrap_err()
    };
    let odd = |bytes: usize| vec![0xFF; bytes];
    assert_eq!(rsa(odd(127), &[1, 0, 1]), VerifyError::Unsupported);
    assert_eq!(rsa(odd(1025), &[1, 0, 1]), VerifyError::Unsupported);
    assert_eq!(rsa(odd(256), &[4, 0, 0, 0, 1]), VerifyError::Unsupported);
    assert_eq!(rsa(odd(256), &[3]), VerifyError::BadSignature);
    assert_eq!(rsa(odd(256), &[1]), VerifyError::BadKey);
    assert_eq!(rsa(odd(256), &[2]), VerifyError::BadKey);
    assert_eq!(rsa(odd(256), &[]), VerifyError::BadKey);
    assert_eq!(rsa(vec![0xFE; 256], &[3]), VerifyError::BadKey);
    assert_eq!(rsa(vec![], &[3]), VerifyError::BadKey);

    for curve in [Curve::P256, Curve::P384, Curve::P521, Curve::BrainpoolP256r1, Curve::BrainpoolP384r1] {
        let length = curve.field_length();
        let scheme = SignatureScheme::Ecdsa(HashAlgorithm::Sha256);
        for point in [vec![4; 2 * length + 1], vec![4; 2 * length], vec![2; length + 1], vec![0], vec![]] {
            let key = VerifyingKey::Ec { curve, point };
            let answer = verify(&key, &scheme, MESSAGE, &vec![1; 2 * length]);
            assert_eq!(answer, Err(VerifyError::BadKey), "{key:?}");
        }
    }
}

#[test]
fn a_key_is_not_used_with_the_scheme_of_another_kind() {
    let rsa = VerifyingKey::Rsa { modulus: vec![0xFF; 256], exponent: vec![3] };
    let ec = VerifyingKey::Ec { curve: Curve::P256, point: vec![4; 65] };
    let (ecdsa, pkcs1) =
        (SignatureScheme::Ecdsa(HashAlgorithm::Sha256), SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256));
    assert_eq!(verify(&rsa, &ecdsa, MESSAGE, &[1]), Err(VerifyError::Unsupported));
    assert_eq!(verify(&ec, &pkcs1, MESSAGE, &[1]), Err(VerifyError::Unsupported));
    assert_eq!(recover_rsa(&ec, &[1]), Err(VerifyError::Unsupported));
}

#[test]
fn recovery_gives_a_representative_as_long_as_the_modulus() {
    let key = VerifyingKey::Rsa { modulus: vec![0xFF; 128], exponent: vec![3] };
    let mut eight = vec![0; 128];
    eight[127] = 8;
    assert_eq!(recover_rsa(&key, &[2]), Ok(eight));
    assert_eq!(recover_rsa(&key, &[0xFF; 128]), Err(VerifyError::BadSignature));
    assert_eq!(recover_rsa(&key, &[0xFF; 129]), Err(VerifyError::BadSignature));
}
