use super::{issue::*, *};
use crate::{
    bytes::Secret,
    card::{Date, Disclosure, Person, RegistrationNumber},
    crypto::sign::SigningKey,
    qr::QrCode,
};

pub(crate) const MASTER: [u8; 32] = [0x4B; 32];

pub(crate) fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

/// As long as names, addresses and authorities get on real cards.
pub(crate) fn longest_person() -> Person {
    Person::new(
        "남궁민서윤",
        "NAMGUNG MINSEOYUN",
        day("1987-11-30"),
        RegistrationNumber::parse("871130-2000000").unwrap(),
        "충청북도 청주시 흥덕구 오송읍 오송생명로 203, 107동 1204호 (오송읍, 오송역현대힐스테이트아파트)",
        day("2023-10-17"),
        "충청북도 청주시 흥덕구청장",
        vec![0xA5; 9000],
    )
}

pub(crate) struct Issued {
    pub(crate) holder: SigningKey,
    pub(crate) bytes: Vec<u8>,
    pub(crate) staple: Staple,
}

pub(crate) fn issue_at(
    issuer: &SigningKey,
    person: &Person,
    disclosure: Disclosure,
    seed: u8,
    issued_on: Date,
) -> Issued {
    let (holder, _) = SigningKey::make().unwrap();
    let cti = crate::crypto::hash::truncated(crate::crypto::hash::sha256(&[seed]));
    let first_hour = hour_of(issued_on.starts_at()).unwrap();
    let anchor = derive_staple_anchor(&Secret::new(MASTER), &cti, first_hour, 720).unwrap();
    let request = CopyRequest {
        person,
        disclosure,
        holder: holder.public(),
        cti,
        status_index: 41_234_567 + u32::from(seed) * 1000,
        portrait_salt: [seed; 16],
        staple: anchor,
        issued_on,
        expires_on: issued_on.plus_days(30).unwrap(),
        today: issued_on,
    };
    let bytes = issue_copy(&request, [0xE1; 8], &|m| issuer.sign(m)).unwrap();
    check_copy(&bytes, issuer.public(), holder.public()).unwrap();
    let staple = staple_for(&Secret::new(MASTER), &cti, &anchor, first_hour + 700).unwrap();
    Issued { holder, bytes, staple }
}

#[test]
fn every_level_fits_its_budget() {
    let (issuer, _) = SigningKey::make().unwrap();
    let desk = Audience::Desk { id: DeskId::parse("CU-GANGNAM-7").unwrap(), cnonce: Some([9; 8]) };
    for disclosure in Disclosure::ALL {
        let issued = issue_at(&issuer, &longest_person(), disclosure, 7, day("2026-11-23"));
        for audience in [Audience::General, desk.clone()] {
            let plan = ShowPlan {
                copy: &issued.bytes,
                staple: issued.staple,
                audience: audience.clone(),
                now: day("2026-12-01").starts_at() + 40_000,
                entropy: Secret::new([3; 24]),
            };
            let waiting = Show::begin(plan).unwrap();
            let signature = issued.holder.sign(&waiting.request().message).unwrap();
            let frame =
                waiting.handle(&signature).unwrap().frame(day("2026-12-01").starts_at() + 40_179).unwrap();
            let qr = QrCode::encode(&frame.text).unwrap();
            let bytes = crate::qr::base45::decode(frame.text.strip_prefix("KR1:").unwrap()).unwrap().len();
            println!(
                "| {} | {} | {bytes} | {} | {} |",
                disclosure.name(),
                audience.aud(),
                frame.text.len(),
                qr.version
            );
            let (characters, version) =
                if disclosure == Disclosure::AdultOnly { (656, 16) } else { (900, 19) };
            assert!(frame.text.len() <= characters && qr.version <= version, "{}", disclosure.name());
        }
    }
}
