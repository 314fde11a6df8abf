//! The crate `sd-cwt`, by an independent author, reads what our issuer makes (docs/formats/kr1.md, "Another author").

use cbor2::Value;
use cose2::{Error, Label, Sign1Message, Verifier};
use sd_cwt::{RestoreMode, SdCwtValidationOptions, verify_validate_and_restore_sd_cwt};
use wallet_core::{
    bytes::Secret,
    card::{Date, Disclosure, Person, RegistrationNumber},
    counter::{
        Audience, DeskId, Document, Show, ShowPlan, hour_of,
        issue::{CopyRequest, derive_staple_anchor, issue_copy, staple_for},
    },
    crypto::sign::{self, PublicKey, SigningKey},
    qr::base45,
};

/// Our signature check behind their seam.
struct Key(PublicKey);

impl Verifier for Key {
    fn alg(&self) -> Option<Label> {
        Some(cose2::iana::AlgorithmESP256.into())
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), Error> {
        let signature = signature.try_into().map_err(|_| Error::verify("length"))?;
        sign::verify(&self.0, data, &signature).map_err(|_| Error::verify("signature"))
    }
}

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

/// An issuer, a holder, a copy of the level and the CBOR of a frame shown to a desk with a nonce.
fn shown(disclosure: Disclosure) -> (SigningKey, SigningKey, Vec<u8>, Vec<u8>) {
    let ((issuer, _), (holder, _)) = (SigningKey::make().unwrap(), SigningKey::make().unwrap());
    let number = RegistrationNumber::parse("900314-2000000").unwrap();
    let person = Person::new(
        "홍길동",
        "HONG GILDONG",
        day("1990-03-14"),
        number,
        "서울특별시 종로구 세종대로 209",
        day("2020-05-01"),
        "서울특별시 종로구청장",
        vec![1; 100],
    );
    let (master, cti, issued_on) = (Secret::new([9; 32]), [3; 8], day("2026-11-23"));
    let first_hour = hour_of(issued_on.starts_at()).unwrap();
    let anchor = derive_staple_anchor(&master, &cti, first_hour, 720).unwrap();
    let request = CopyRequest {
        document: Document::ResidentCard,
        person: &person,
        disclosure,
        holder: holder.public(),
        cti,
        status_index: 12_345_678,
        portrait_salt: [4; 16],
        staple: anchor,
        issued_on,
        expires_on: day("2026-12-23"),
        today: issued_on,
    };
    let copy = issue_copy(&request, [7; 8], &|m| issuer.sign(m)).unwrap();
    let now = issued_on.starts_at() + 5000;
    let waiting = Show::begin(ShowPlan {
        copy: &copy,
        staple: staple_for(&master, &cti, &anchor, first_hour + 1).unwrap(),
        audience: Audience::Desk { id: DeskId::parse("desk-1").unwrap(), cnonce: Some([5; 8]) },
        now,
        entropy: Secret::new([6; 24]),
    })
    .unwrap();
    let signature = holder.sign(&waiting.request().message).unwrap();
    let frame = waiting.handle(&signature).unwrap().frame(now).unwrap();
    let cbor = base45::decode(frame.text.strip_prefix("KR1:").unwrap()).unwrap();
    (issuer, holder, copy, cbor)
}

fn claim(value: &Value, key: i64) -> Option<&Value> {
    let Value::Map(entries) = value else { return None };
    entries.iter().find(|(label, _)| *label == Value::from(key)).map(|(_, value)| value)
}

#[test]
fn every_level_of_ours_passes_the_strict_validation_of_draft_08() {
    // `iss` is absent: the protected `x5t` identifies the issuer (draft 08, 7).
    let options = SdCwtValidationOptions {
        issuer_identified_by_protected_header: true,
        ..SdCwtValidationOptions::default()
    };
    for disclosure in Disclosure::ALL {
        let (issuer, _, copy, _) = shown(disclosure);
        let key = Key(*issuer.public());
        let (_, report) =
            verify_validate_and_restore_sd_cwt(&key, &copy, None, RestoreMode::Verifier, options).unwrap();
        assert_eq!((report.disclosed, report.removed_redactions), (0, 0));
        assert_eq!(claim(&report.value, 7), Some(&Value::Bytes(vec![3; 8])));
        assert!(matches!(claim(&report.value, 8), Some(Value::Map(_))));
        let Some(Value::Array(card)) = claim(&report.value, -65_537) else { panic!("no card claim") };
        assert_eq!(card.len(), 4);
        let mut altered = copy.clone();
        *altered.last_mut().unwrap() ^= 1;
        let refused =
            verify_validate_and_restore_sd_cwt(&key, &altered, None, RestoreMode::Verifier, options);
        assert!(refused.is_err());
    }
}

#[test]
fn the_token_around_a_copy_is_a_cose_sign1_to_the_other_author() {
    let (_, holder, copy, frame) = shown(Disclosure::AdultOnly);
    let Value::Array(parts) = cbor2::from_slice::<Value>(&frame).unwrap() else { panic!("no array") };
    let token = cbor2::to_vec(&parts[0]).unwrap();
    assert!(frame[1..].starts_with(&token), "their encoder agrees with ours on the token");
    let message = Sign1Message::verify_and_decode(&Key(*holder.public()), &token, None).unwrap();
    assert_eq!(message.protected.get(16), Some(&Value::from(sd_cwt::CONTENT_FORMAT_KB_CWT)));
    let inner = cbor2::to_vec(message.protected.get(sd_cwt::HEADER_KCWT).unwrap()).unwrap();
    assert_eq!(inner, copy);
    let payload: Value = cbor2::from_slice(message.payload.as_deref().unwrap()).unwrap();
    assert_eq!(claim(&payload, 3), Some(&Value::from("desk-1")));
    assert_eq!(claim(&payload, 39), Some(&Value::Bytes(vec![5; 8])));
    assert_eq!((claim(&payload, 1), claim(&payload, 2)), (None, None));
}
