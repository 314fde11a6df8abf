use super::*;
use crate::{jose::Jwk, oracles, status::Status};

const URI: &str = "https://example.com/statuslists/1";
/// Between `iat` and `exp` of the draft's examples.
const NOW: i64 = 1_700_000_000;

fn example(name: &str, member: &str) -> Option<(serde_json::Value, PublicKey)> {
    let example = oracles::json(&format!("vectors/status-list/{name}.json"))?;
    let key: Jwk = serde_json::from_value(example["public_jwk"].clone()).unwrap();
    Some((example[member].clone(), *key.key()))
}

/// Sections 5.1 and 5.2.
#[test]
fn the_tokens_of_the_draft_verify() {
    let Some((jwt, key)) = example("token-jwt", "jwt") else { return };
    let (cwt, _) = example("token-cwt", "cwt").unwrap();
    let (jwt, cwt) = (jwt.as_str().unwrap(), oracles::bytes(&cwt));
    let from_jwt = StatusToken::verify_jwt(jwt, URI, &key, NOW).unwrap();
    let from_cwt = StatusToken::verify_cwt(&cwt, URI, &key, NOW).unwrap();
    assert_eq!(from_jwt, from_cwt);
    assert_eq!(from_jwt.list().status(0), Ok(Status::Invalid));
    assert_eq!(from_jwt.list().status(1), Ok(Status::Valid));
    assert_eq!(from_jwt.reload_at(NOW), Some(NOW + 43_200));

    let other = "https://example.com/statuslists/2";
    assert_eq!(StatusToken::verify_jwt(jwt, other, &key, NOW), Err(StatusError::OtherList));
    assert_eq!(StatusToken::verify_cwt(&cwt, other, &key, NOW), Err(StatusError::OtherList));
    for now in [2_291_720_169, 2_291_720_170, 1_686_920_170 - SKEW, 1_686_920_170 - SKEW - 1] {
        let expected = match now {
            2_291_720_170 => Some(StatusError::Expired),
            now if now < 1_686_920_170 - SKEW => Some(StatusError::FromTheFuture),
            _ => None,
        };
        assert_eq!(StatusToken::verify_jwt(jwt, URI, &key, now).err(), expected, "{now}");
        assert_eq!(StatusToken::verify_cwt(&cwt, URI, &key, now).err(), expected, "{now}");
    }
}

#[test]
fn a_reference_is_read_from_its_claim() {
    let claim = serde_json::json!({"status_list": {"idx": 5, "uri": URI}});
    assert_eq!(StatusReference::from_claim(&claim), Ok(StatusReference { idx: 5, uri: URI.into() }));
    for bad in [
        serde_json::json!({}),
        serde_json::json!({"status_list": {"idx": -1, "uri": URI}}),
        serde_json::json!({"status_list": {"uri": URI}}),
        serde_json::json!({"status_list": {"idx": 1.5, "uri": URI}}),
    ] {
        assert_eq!(StatusReference::from_claim(&bad), Err(StatusError::Malformed), "{bad}");
    }
}

#[cfg(feature = "issuer")]
mod issued {
    use super::*;
    use crate::{
        crypto::sign::{BadSignature, SigningKey},
        status::issue::Terms,
    };

    const TERMS: Terms<'_> = Terms { uri: URI, issued_at: NOW, expires_at: NOW + 3600, ttl: 300 };

    fn list() -> StatusList {
        let mut list = StatusList::all_valid(1000).unwrap();
        list.set(3, Status::Suspended).unwrap();
        list.set(999, Status::Invalid).unwrap();
        list
    }

    fn sign(key: &SigningKey) -> impl Fn(&[u8]) -> Result<[u8; 64], BadSignature> + '_ {
        |bytes| key.sign(bytes)
    }

    #[test]
    fn what_is_issued_is_read_again_in_both_forms() {
        let key = SigningKey::make().unwrap().0;
        let jwt = list().to_jwt(&TERMS, &[]).unwrap();
        let signature = key.sign(jwt.as_bytes()).unwrap();
        let jwt = jwt.signed(&signature);
        let cwt = list().to_cwt(&TERMS, &[], &sign(&key)).unwrap();
        let from_jwt = StatusToken::verify_jwt(&jwt, URI, key.public(), NOW).unwrap();
        let from_cwt = StatusToken::verify_cwt(&cwt, URI, key.public(), NOW).unwrap();
        assert_eq!((from_jwt.list(), from_cwt.list()), (&list(), &list()));
        assert_eq!(from_cwt.reload_at(NOW), Some(NOW + 300));
        assert_eq!(from_cwt.reload_at(NOW + 3500), Some(NOW + 3600));
        for (index, status) in
            [(2, Status::Valid), (3, Status::Suspended), (4, Status::Valid), (999, Status::Invalid)]
        {
            assert_eq!(from_jwt.list().status(index), Ok(status), "{index}");
        }
        let stranger = SigningKey::make().unwrap().0;
        let refused = StatusToken::verify_cwt(&cwt, URI, stranger.public(), NOW);
        assert_eq!(refused, Err(StatusError::BadSignature));
    }

    #[test]
    fn no_altered_bit_is_accepted() {
        let key = SigningKey::make().unwrap().0;
        let cwt = list().to_cwt(&TERMS, &[], &sign(&key)).unwrap();
        for at in 0..cwt.len() * 8 {
            let mut altered = cwt.clone();
            altered[at / 8] ^= 1 << (at % 8);
            // The unprotected header is nobody's word: what stands there changes nothing.
            let read = StatusToken::verify_cwt(&altered, URI, key.public(), NOW);
            assert!(read.is_err(), "bit {at}");
        }
    }

    #[test]
    fn other_types_and_algorithms_are_refused() {
        let key = SigningKey::make().unwrap().0;
        let token = |alg: &str, typ: &str| {
            let header = serde_json::json!({"alg": alg, "typ": typ});
            let input = crate::jose::SigningInput::new(&header, &serde_json::json!({})).unwrap();
            let signature = key.sign(input.as_bytes()).unwrap();
            StatusToken::verify_jwt(&input.signed(&signature), URI, key.public(), NOW)
        };
        assert_eq!(token("ES384", TYP_JWT), Err(StatusError::Algorithm));
        assert_eq!(token("ES256", "JWT"), Err(StatusError::Type));
        assert_eq!(token("ES256", TYP_JWT), Err(StatusError::Malformed));
        let cwt = |protected: &str| {
            let protected = hex::decode(protected).unwrap();
            let message = crate::cose::issue::sign1(&protected, &[0xa0], &sign(&key)).unwrap();
            StatusToken::verify_cwt(&message, URI, key.public(), NOW)
        };
        assert_eq!(cwt("a10128"), Err(StatusError::Type));
        assert_eq!(cwt("a10127"), Err(StatusError::Algorithm));
        assert_eq!(cwt("a201280281181e"), Err(StatusError::Malformed), "critical header");
    }

    #[test]
    fn an_entry_beyond_the_list_or_a_value_beyond_its_bits_is_refused() {
        let mut list = list();
        assert_eq!(list.set(1000, Status::Invalid), Err(StatusError::NoSuchEntry));
        assert_eq!(list.set(0, Status::Other(4)), Err(StatusError::Bits));
        assert_eq!(StatusList::all_valid(u32::MAX), Err(StatusError::Compression));
        list.set(3, Status::Valid).unwrap();
        assert_eq!(list.status(3), Ok(Status::Valid));
    }
}
