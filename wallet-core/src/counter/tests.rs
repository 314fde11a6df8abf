#![cfg(feature = "issuer")]

use super::{issue::*, *};
use crate::{
    bytes::Secret,
    card::{Date, Disclosure, Person, RegistrationNumber},
    cbor::{CborError, Kind, Limits, Profile, Reader, Writer, check},
    cose::{Sign1, sig_structure},
    crypto::{
        chain::{Domain, derive_at},
        sign::{Signature, SigningKey},
    },
    qr::{QrCode, base45},
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
    issue_under([0xE1; 8], issuer, person, disclosure, seed, issued_on)
}

pub(crate) fn issue_under(
    x5t: [u8; 8],
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
        document: Document::ResidentCard,
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
    let bytes = issue_copy(&request, x5t, &|m| issuer.sign(m)).unwrap();
    check_copy(&bytes, issuer.public(), holder.public()).unwrap();
    let staple = staple_for(&Secret::new(MASTER), &cti, &anchor, first_hour + 700).unwrap();
    Issued { holder, bytes, staple }
}

/// A maker that does as it is told, rules or no rules. `Forge::of` starts from a frame that is right.
#[derive(Clone)]
pub(crate) struct Forge<'a> {
    pub(crate) issued: &'a Issued,
    pub(crate) audience: Audience,
    pub(crate) iat: i64,
    pub(crate) life: i64,
    pub(crate) period: u32,
    pub(crate) n: u32,
    pub(crate) step: u32,
    pub(crate) staple: Option<Staple>,
    pub(crate) named: bool,
    pub(crate) unprotected: &'a [u8],
    pub(crate) high_s: bool,
    pub(crate) roll_seed: u8,
}

impl<'a> Forge<'a> {
    pub(crate) fn of(issued: &'a Issued, iat: i64) -> Self {
        Self {
            issued,
            audience: Audience::General,
            iat,
            life: 180,
            period: 15,
            n: 12,
            step: 0,
            staple: Some(issued.staple),
            named: false,
            unprotected: &[0xA0],
            high_s: false,
            roll_seed: 0x33,
        }
    }

    pub(crate) fn cbor(&self) -> Vec<u8> {
        let (x, salt) = ([self.roll_seed; 16], [!self.roll_seed; 8]);
        let y = derive_at(Domain::Frame, &salt, 0, &x, self.n).unwrap();
        let roll = Roll { y, salt, period: self.period, n: self.n };
        let mut payload = token::write_payload(&self.audience, self.iat, self.iat + self.life, &roll);
        if self.named {
            // One more claim, `sub`, which sorts first.
            payload[0] += 1;
            payload.splice(1..1, [2, 0x60]);
        }
        let protected = token::write_protected(&self.issued.bytes);
        let mut signature = self.issued.holder.sign(&sig_structure(&protected, &payload)).unwrap();
        if self.high_s {
            signature = high_twin(&signature);
        }
        let mut writer = Writer::new();
        writer
            .array(4)
            .tag(18)
            .array(4)
            .bytes(&protected)
            .raw(self.unprotected)
            .bytes(&payload)
            .bytes(&signature);
        writer.uint(u64::from(self.step));
        let left = self.n.saturating_sub(self.step);
        writer.bytes(&derive_at(Domain::Frame, &salt, 0, &x, left).unwrap());
        match self.staple {
            None => writer.null(),
            Some(staple) => {
                let first =
                    UnverifiedCopy::parse(&self.issued.bytes).unwrap().read_own().unwrap().staple.first_hour;
                writer.array(2).uint(u64::from(staple.hour - first)).bytes(&staple.preimage)
            }
        };
        writer.finish()
    }

    pub(crate) fn text(&self) -> String {
        text_of(&self.cbor())
    }
}

pub(crate) fn text_of(cbor: &[u8]) -> String {
    format!("KR1:{}", base45::encode(cbor))
}

/// The other signature over the same message: `s` replaced by the group order minus `s`.
pub(crate) fn high_twin(signature: &Signature) -> Signature {
    let order = hex::decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").unwrap();
    let (mut twin, mut borrow) = (*signature, 0_i16);
    for i in (0..32).rev() {
        let digit = i16::from(order[i]) - i16::from(signature[32 + i]) - borrow;
        borrow = i16::from(digit < 0);
        twin[32 + i] = u8::try_from(digit.rem_euclid(256)).unwrap();
    }
    twin
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

/// Every string of a message, those inside encoded CBOR too.
fn strings(bytes: &[u8], found: &mut Vec<Vec<u8>>) {
    fn item(reader: &mut Reader<'_>, found: &mut Vec<Vec<u8>>) {
        match reader.peek().unwrap() {
            Kind::Array => (0..reader.array().unwrap()).for_each(|_| item(reader, found)),
            Kind::Map => (0..2 * reader.map().unwrap()).for_each(|_| item(reader, found)),
            Kind::Text => found.push(reader.text().unwrap().into()),
            Kind::Bytes => {
                let bytes = reader.bytes().unwrap();
                let is_map = bytes.first().is_some_and(|first| first >> 5 == 5);
                if is_map && check(bytes, Profile::Deterministic, Limits::SMALL).is_ok() {
                    strings(bytes, found);
                } else {
                    found.push(bytes.to_vec());
                }
            }
            Kind::Tag => [18, 100]
                .into_iter()
                .find_map(|tag| reader.tag(tag).ok())
                .map(|()| item(reader, found))
                .unwrap(),
            _ => drop(reader.raw().unwrap()),
        }
    }
    item(&mut Reader::new(bytes), found);
}

#[test]
fn two_copies_of_a_level_share_only_issuer_type_and_what_they_show() {
    let (issuer, _) = SigningKey::make().unwrap();
    for disclosure in Disclosure::ALL {
        let person = longest_person();
        let [one, two] = [1, 2].map(|seed| {
            let issued = issue_at(&issuer, &person, disclosure, seed, day("2026-11-23"));
            let mut show = Forge::of(&issued, day("2026-11-24").starts_at() + i64::from(seed));
            show.roll_seed = seed;
            let mut found = Vec::new();
            strings(&show.cbor(), &mut found);
            found
        });
        assert!(one.len() >= 10, "the walk found too little");
        let mut shared: Vec<_> = one.into_iter().filter(|s| s.len() >= 8 && two.contains(s)).collect();
        shared.sort();
        let mut expected = vec![vec![0xE1; 8]];
        let vct = Document::ResidentCard.vct(disclosure);
        expected.extend((vct.len() >= 8).then(|| vct.into()));
        let texts = [person.name(), person.address(), person.issuing_authority()];
        let count = match disclosure {
            Disclosure::AdultOnly => 0,
            Disclosure::NameAndBirth => 1,
            Disclosure::Address => 2,
            Disclosure::Full | Disclosure::RegistrationNumber => 3,
        };
        expected.extend(texts[..count].iter().map(|text| compact_text::encode(text).unwrap()));
        expected.sort();
        assert_eq!(shared, expected, "{}", disclosure.name());
    }
}

#[test]
fn a_copy_shows_its_level_and_not_a_claim_more() {
    let (issuer, _) = SigningKey::make().unwrap();
    let person = longest_person();
    let claims = Disclosure::ALL.map(|disclosure| {
        let issued = issue_at(&issuer, &person, disclosure, 1, day("2026-11-23"));
        let copy = check_copy(&issued.bytes, issuer.public(), issued.holder.public()).unwrap();
        assert_eq!(copy.disclosure(), disclosure);
        assert_eq!(copy.portrait_digest(), derive_portrait_digest(&[1; 16], person.portrait()));
        copy.claims().clone()
    });
    let (name, address) = (person.name().to_owned(), person.address().to_owned());
    let (birth_date, issue_date) = (person.birth_date(), person.issue_date());
    let issuing_authority = person.issuing_authority().to_owned();
    let expected = [
        Claims::Adult { adult_by_year: true },
        Claims::NameAndBirth { name: name.clone(), birth_date },
        Claims::Address { name: name.clone(), birth_date, address: address.clone() },
        Claims::Full {
            name: name.clone(),
            birth_date,
            address: address.clone(),
            number_front: "871130".into(),
            issue_date,
            issuing_authority: issuing_authority.clone(),
        },
        Claims::RegistrationNumber {
            name,
            birth_date,
            address,
            registration_number: "871130-2000000".into(),
            issue_date,
            issuing_authority,
        },
    ];
    assert_eq!(claims, expected);
    assert_eq!(format!("{:?}", claims[4]), "Claims(registration_number)");
}

#[test]
fn a_number_that_disagrees_with_the_birth_date_is_shown_as_it_is() {
    let (issuer, _) = SigningKey::make().unwrap();
    let number = RegistrationNumber::parse("000101-3000000").unwrap();
    let day_1 = day("2020-05-01");
    let person =
        Person::new("김하늘", "KIM", day("2000-01-02"), number, "서울", day_1, "서울특별시장", vec![]);
    let front = |disclosure| {
        let issued = issue_at(&issuer, &person, disclosure, 1, day("2026-11-23"));
        check_copy(&issued.bytes, issuer.public(), issued.holder.public()).unwrap().claims().clone()
    };
    assert!(matches!(front(Disclosure::Full), Claims::Full { number_front, .. } if number_front == "000101"));
    assert!(matches!(
        front(Disclosure::RegistrationNumber),
        Claims::RegistrationNumber { registration_number, .. } if registration_number == "000101-3000000"
    ));
}

#[test]
fn adulthood_in_a_copy_turns_on_new_years_day_in_korea() {
    let (issuer, _) = SigningKey::make().unwrap();
    let adult = |birth: &str, moment: i64| {
        let number = RegistrationNumber::parse("071231-3000000").unwrap();
        let person = Person::new("이봄", "LEE", day(birth), number, "", day(birth), "", vec![]);
        let today = Date::in_korea_at(moment).unwrap();
        let issued = issue_at(&issuer, &person, Disclosure::AdultOnly, 1, today);
        let copy = check_copy(&issued.bytes, issuer.public(), issued.holder.public()).unwrap();
        copy.claims() == &Claims::Adult { adult_by_year: true }
    };
    // 2025-12-31T14:59:59Z is the last second of the year in Korea.
    let new_year = day("2026-01-01").starts_at();
    for (birth, before, after) in
        [("2007-12-31", false, true), ("2008-01-01", false, false), ("2006-12-31", true, true)]
    {
        assert_eq!((adult(birth, new_year - 1), adult(birth, new_year)), (before, after), "{birth}");
    }
}

#[test]
fn a_name_in_decomposed_form_is_issued_composed() {
    let (issuer, _) = SigningKey::make().unwrap();
    let number = RegistrationNumber::parse("900314-2000000").unwrap();
    let name = "\u{1112}\u{1169}\u{11BC}\u{1100}\u{1175}\u{11AF}";
    let person = Person::new(name, "HONG", day("1990-03-14"), number, "", day("2020-01-01"), "", vec![]);
    let issued = issue_at(&issuer, &person, Disclosure::NameAndBirth, 1, day("2026-11-23"));
    let copy = check_copy(&issued.bytes, issuer.public(), issued.holder.public()).unwrap();
    assert!(matches!(copy.claims(), Claims::NameAndBirth { name, .. } if name == "홍길"));
}

#[test]
fn a_staple_comes_from_the_master_key_alone_and_only_for_its_copy_and_hours() {
    let (master, cti) = (Secret::new(MASTER), [5; 8]);
    let anchor = derive_staple_anchor(&master, &cti, 498_000, 48).unwrap();
    for hour in 498_000..498_048 {
        let staple = staple_for(&master, &cti, &anchor, hour).unwrap();
        assert!(anchor.proves(&staple));
        assert!(!anchor.proves(&Staple { hour: hour + 1, ..staple }));
    }
    assert_eq!(staple_for(&master, &cti, &anchor, 497_999), None);
    assert_eq!(staple_for(&master, &cti, &anchor, 498_048), None);
    assert_eq!(staple_for(&master, &[6; 8], &anchor, 498_000), None);
    assert_eq!(staple_for(&Secret::new([1; 32]), &cti, &anchor, 498_000), None);
    assert_eq!(derive_staple_anchor(&master, &cti, 498_000, 0), None);
    assert_eq!(derive_staple_anchor(&master, &cti, 498_000, MAX_STAPLE_HOURS + 1), None);
}

#[test]
fn one_signature_gives_twelve_frames_and_then_the_show_is_over() {
    let (issuer, _) = SigningKey::make().unwrap();
    let issued = issue_at(&issuer, &longest_person(), Disclosure::AdultOnly, 1, day("2026-11-23"));
    let now = day("2026-12-01").starts_at();
    let plan = |now, staple| ShowPlan {
        copy: &issued.bytes,
        staple,
        audience: Audience::General,
        now,
        entropy: Secret::new([3; 24]),
    };
    let waiting = Show::begin(plan(now, issued.staple)).unwrap();
    let signature = issued.holder.sign(&waiting.request().message).unwrap();
    // Hardware may return the high form.
    let show = waiting.handle(&high_twin(&signature)).unwrap();
    let mut texts = std::collections::BTreeSet::new();
    for second in 0..180 {
        let frame = show.frame(now + second).unwrap();
        assert_eq!(i64::from(frame.step), second / 15);
        assert_eq!(i64::from(frame.seconds_left), 15 - second % 15);
        texts.insert(frame.text);
    }
    assert_eq!(texts.len(), 12);
    assert_eq!(show.frame(now + 180), Err(Ended));
    assert_eq!(show.frame(now - 50).unwrap().step, 0);
    assert_eq!(show.ends_at(), now + 180);

    let waiting = Show::begin(plan(now, issued.staple)).unwrap();
    let (stranger, _) = SigningKey::make().unwrap();
    let foreign = stranger.sign(&waiting.request().message).unwrap();
    assert_eq!(waiting.handle(&foreign).unwrap_err(), Misuse::WrongKey.into());
    let other = Staple { hour: issued.staple.hour - 1, ..issued.staple };
    assert_eq!(Show::begin(plan(now, other)).unwrap_err(), Misuse::ForeignStaple.into());
    let (begin, end) = (day("2026-11-23").starts_at(), day("2026-12-23").starts_at());
    for outside in [begin - 1, end - 14, end] {
        assert_eq!(Show::begin(plan(outside, issued.staple)).unwrap_err(), Misuse::CopyNotValidNow.into());
    }
    // Near the copy's end the show is shorter.
    let waiting = Show::begin(plan(end - 31, issued.staple)).unwrap();
    let signature = issued.holder.sign(&waiting.request().message).unwrap();
    assert_eq!(waiting.handle(&signature).unwrap().frame(end - 31).unwrap().frames, 2);
}

#[test]
fn a_copy_of_another_issuer_holder_or_form_is_refused_on_receipt() {
    let (issuer, _) = SigningKey::make().unwrap();
    let (stranger, _) = SigningKey::make().unwrap();
    let issued = issue_at(&issuer, &longest_person(), Disclosure::Full, 1, day("2026-11-23"));
    let holder = issued.holder.public();
    let refused = |bytes: &[u8]| check_copy(bytes, issuer.public(), holder).unwrap_err();
    assert_eq!(
        check_copy(&issued.bytes, stranger.public(), holder).unwrap_err(),
        Rule::IssuerSignature.into()
    );
    assert_eq!(
        check_copy(&issued.bytes, issuer.public(), stranger.public()).unwrap_err(),
        Rule::WrongHolder.into()
    );
    let mut twin = issued.bytes.clone();
    let at = twin.len() - 64;
    let high = high_twin(&twin[at..].try_into().unwrap());
    twin[at..].copy_from_slice(&high);
    assert_eq!(refused(&twin), Rule::IssuerSignatureHighS.into());
    for bit in 0..issued.bytes.len() * 8 {
        let mut altered = issued.bytes.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        check_copy(&altered, issuer.public(), holder).unwrap_err();
    }
}

#[test]
fn what_an_issuer_signs_against_the_rules_is_refused_by_name() {
    let (issuer, _) = SigningKey::make().unwrap();
    let issued = issue_at(&issuer, &longest_person(), Disclosure::AdultOnly, 1, day("2026-11-23"));
    let parts = Sign1::parse(&issued.bytes).unwrap();
    let holder = issued.holder.public();
    let resigned = |from: &str, to: &str| {
        let payload = hex::encode(parts.payload);
        assert_eq!(payload.matches(from).count(), 1, "{from}");
        let payload = hex::decode(payload.replace(from, to)).unwrap();
        let bytes = crate::cose::issue::sign1(parts.protected, &payload, &|m| issuer.sign(m)).unwrap();
        check_copy(&bytes, issuer.public(), holder).unwrap_err()
    };
    let iat = format!("061a{:08x}", day("2026-11-23").starts_at());
    let exp = format!("041a{:08x}", day("2026-12-23").starts_at());
    let later = format!("061a{:08x}", day("2027-11-23").starts_at());
    let odd = format!("061a{:08x}", day("2026-11-23").starts_at() + 60);
    assert_eq!(resigned(&iat, &later), Rule::CopyTimes.into());
    assert_eq!(resigned(&iat, &odd), Rule::CopyTimes.into());
    assert_eq!(resigned(&exp, &exp.replace("041a", "051a")), Malformed::Members.into());
    assert_eq!(resigned("697263312e6164756c74", "697263312e6164756c75"), Rule::UnknownDocument.into());
    // Another level's type over an adult's claims; a claim more than the level has.
    assert_eq!(resigned("697263312e6164756c74", "687263312e6e616d65"), Malformed::Members.into());
    assert_eq!(resigned("a101f5", "a201f5024141"), Malformed::Members.into());
    assert_eq!(resigned("001902d0", "00190800"), Rule::StapleBounds.into());
    assert_eq!(resigned("001902d0", "0000"), Rule::StapleBounds.into());
    assert_eq!(resigned("0260", "026141"), Malformed::Members.into());
}

#[test]
fn each_way_of_being_no_code_has_its_name() {
    let parse = |text: &str| ReceivedFrame::parse(text).unwrap_err();
    assert_eq!(parse("KD1:00"), Malformed::Prefix.into());
    assert_eq!(parse("KR1:ab"), Malformed::Base45.into());
    assert_eq!(parse("KR1:"), CborError::Truncated.into());
    assert_eq!(parse(&format!("KR1:{}", "0".repeat(1448))), CborError::TooLong.into());
    let detached = hex::decode("d28440a0f640").unwrap();
    assert_eq!(
        UnverifiedToken::parse(&detached).unwrap_err(),
        crate::cose::CoseError::DetachedPayload.into()
    );
    let (issuer, _) = SigningKey::make().unwrap();
    let issued = issue_at(&issuer, &longest_person(), Disclosure::NameAndBirth, 1, day("2026-11-23"));
    let parts = Sign1::parse(&issued.bytes).unwrap();
    let payload = hex::encode(parts.payload);
    let birth = format!("03d86419{:04x}", longest_person().birth_date().days_since_1970());
    assert_eq!(payload.matches(&birth).count(), 1);
    let payload = hex::decode(payload.replace(&birth, "03d8641b7fffffffffffffff")).unwrap();
    let bytes = crate::cose::issue::sign1(parts.protected, &payload, &|m| issuer.sign(m)).unwrap();
    let refused = check_copy(&bytes, issuer.public(), issued.holder.public()).unwrap_err();
    assert_eq!(refused, Malformed::Date.into());
}

#[test]
fn an_issuer_is_told_what_it_cannot_issue() {
    let (holder, _) = SigningKey::make().unwrap();
    let (issued_on, person) = (day("2026-11-23"), longest_person());
    let first_hour = hour_of(issued_on.starts_at()).unwrap();
    let good = CopyRequest {
        document: Document::ResidentCard,
        person: &person,
        disclosure: Disclosure::AdultOnly,
        holder: holder.public(),
        cti: [1; 8],
        status_index: 1,
        portrait_salt: [1; 16],
        staple: derive_staple_anchor(&Secret::new(MASTER), &[1; 8], first_hour, 720).unwrap(),
        issued_on,
        expires_on: day("2026-12-23"),
        today: issued_on,
    };
    let refused = |request: CopyRequest<'_>| issue_copy(&request, [0; 8], &|m| holder.sign(m)).unwrap_err();
    assert_eq!(refused(CopyRequest { expires_on: issued_on, ..good }), Misuse::Times.into());
    let too_long = issued_on.plus_days(63).unwrap();
    assert_eq!(refused(CopyRequest { expires_on: too_long, ..good }), Misuse::Times.into());
    let early = StapleAnchor { first_hour: first_hour - 1, ..good.staple };
    assert_eq!(refused(CopyRequest { staple: early, ..good }), Misuse::Times.into());
    for n in [0, MAX_STAPLE_HOURS + 1] {
        let staple = StapleAnchor { n, ..good.staple };
        assert_eq!(refused(CopyRequest { staple, ..good }), Misuse::Times.into());
    }
    assert_eq!(issue_copy(&good, [0; 8], &|_| Err(())).unwrap_err(), Misuse::NotSigned.into());
}

#[test]
fn headers_that_say_something_else_are_refused_by_name() {
    let (issuer, _) = SigningKey::make().unwrap();
    let issued = issue_at(&issuer, &longest_person(), Disclosure::AdultOnly, 1, day("2026-11-23"));
    let bytes = hex::encode(&issued.bytes);
    let refused = |from: &str, to: &str| {
        let altered = hex::decode(bytes.replacen(from, to, 1)).unwrap();
        UnverifiedCopy::parse(&altered).unwrap_err()
    };
    assert_eq!(refused("10190125", "10190126"), Rule::WrongType.into());
    assert_eq!(refused("a30128", "a30126"), Rule::WrongAlgorithm.into());
    assert_eq!(refused("1822822e", "1822822f"), Rule::WrongAlgorithm.into());
    assert_eq!(refused("1822822e", "1823822e"), Malformed::Members.into());
    assert_eq!(
        refused("e1e1a0", "e1e1a11182"),
        CounterError::Malformed(Malformed::Cbor(CborError::Truncated))
    );
    assert_eq!(refused("e1e1a0", "e1e1a11180"), Rule::UnprotectedHeader.into());
}

#[test]
fn a_desk_sign_names_its_desk_only_under_its_own_registration() {
    let (desk_key, _) = SigningKey::make().unwrap();
    let (stranger, _) = SigningKey::make().unwrap();
    let id = DeskId::parse("mart.3").unwrap();
    let now = 1_795_000_000;
    let request = DeskSignRequest {
        id: &id,
        name_ko: "새봄마트 3번 창구",
        name_en: "Saebom Mart, desk 3",
        cnonce: Some([8; 8]),
        expires_at: now + 60,
    };
    let text = issue_desk_sign(&request, &[0x30, 0x00], &|m| desk_key.sign(m)).unwrap();
    assert!(UnverifiedDeskSign::recognises(&text) && !ReceivedFrame::recognises(&text));
    let sign = || UnverifiedDeskSign::parse(&text).unwrap();
    assert_eq!(sign().certificate(), [0x30, 0x00]);
    let under =
        |key: &SigningKey, name: &str| desk::Registration { key: *key.public(), registered_as: name.into() };
    let good = under(&desk_key, "mart");
    let verified = sign().verify_under(&good, now).unwrap();
    assert_eq!(verified.name_ko(), "새봄마트 3번 창구");
    assert_eq!(verified.audience(), Audience::Desk { id: id.clone(), cnonce: Some([8; 8]) });
    let refused =
        |registration: desk::Registration, now| sign().verify_under(&registration, now).unwrap_err();
    assert_eq!(refused(under(&stranger, "mart"), now), Rule::Signature.into());
    assert_eq!(refused(good.clone(), now + 60), Rule::OutsideItsTime.into());
    for other in ["mar", "mart.", "bank", ""] {
        assert_eq!(refused(under(&desk_key, other), now), Rule::ForeignDeskId.into());
    }
    let cbor = base45::decode(text.strip_prefix("KD1:").unwrap()).unwrap();
    for bit in 0..cbor.len() * 8 {
        let mut altered = cbor.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let parsed = UnverifiedDeskSign::parse(&format!("KD1:{}", base45::encode(&altered)));
        parsed.and_then(|sign| sign.verify_under(&good, now)).unwrap_err();
    }
    let misleading = DeskSignRequest { name_ko: "은행\u{202E}", ..request };
    let text = issue_desk_sign(&misleading, &[0x30, 0x00], &|m| desk_key.sign(m)).unwrap();
    let refused = UnverifiedDeskSign::parse(&text).unwrap().verify_under(&good, now).unwrap_err();
    assert_eq!(refused, Malformed::Text.into());
}

#[test]
fn a_desk_sign_is_verified_from_its_certificate_up_to_a_registration_anchor() {
    use crate::trust::{Anchors, TrustError, eku, test_pki};
    let root = test_pki::root(test_pki::authority_params("verifiers", None));
    let other_root = test_pki::root(test_pki::authority_params("others", None));
    let anchors = |root: &test_pki::Authority| {
        Anchors::new(vec![crate::trust::Certificate::parse(root.der()).unwrap()])
    };
    let (key, pkcs8) = SigningKey::make().unwrap();
    let pair = rcgen::KeyPair::try_from(pkcs8.as_slice()).unwrap();
    let registered = |name: Option<&str>, usage: &[u64]| {
        let mut params = test_pki::with_usage(test_pki::leaf_params("mart"), usage);
        if let Some(name) = name {
            params.distinguished_name.push(rcgen::DnType::CustomDnType(vec![2, 5, 4, 5]), name);
        }
        params.signed_by(&pair, &root).unwrap().der().to_vec()
    };
    let now = 1_795_000_000;
    let sign = |certificate: &[u8]| {
        let id = DeskId::parse("mart.3").unwrap();
        let request = DeskSignRequest {
            id: &id,
            name_ko: "새봄마트",
            name_en: "Saebom Mart",
            cnonce: None,
            expires_at: now + 60,
        };
        let text = issue_desk_sign(&request, certificate, &|m| key.sign(m)).unwrap();
        println!("KD1: {} characters, version {}", text.len(), QrCode::encode(&text).unwrap().version);
        UnverifiedDeskSign::parse(&text).unwrap()
    };
    let good = registered(Some("mart"), &eku::VERIFIER_REGISTRATION);
    assert_eq!(sign(&good).verify(&anchors(&root), now).unwrap().id().as_str(), "mart.3");
    let refused = |certificate: &[u8], root| sign(certificate).verify(&anchors(root), now).unwrap_err();
    assert_eq!(refused(&good, &other_root), TrustError::UntrustedIssuer.into());
    assert_eq!(refused(&registered(None, &eku::VERIFIER_REGISTRATION), &root), TrustError::WrongUsage.into());
    assert_eq!(
        refused(&registered(Some("mart"), &eku::COUNTER_ISSUER), &root),
        TrustError::WrongUsage.into()
    );
    assert_eq!(
        refused(&registered(Some("bank"), &eku::VERIFIER_REGISTRATION), &root),
        Rule::ForeignDeskId.into()
    );
    assert_eq!(refused(&[0x30, 0x00], &root), TrustError::Malformed.into());
}

#[test]
fn desk_ids_are_short_and_plain() {
    for good in ["A", "CU-GANGNAM-7", "a.b_c-9"] {
        assert_eq!(DeskId::parse(good).unwrap().as_str(), good);
    }
    for wrong in ["", "*", "thirteen-char", "창구", "a b"] {
        assert_eq!(DeskId::parse(wrong), Err(Misuse::DeskId), "{wrong}");
    }
}
