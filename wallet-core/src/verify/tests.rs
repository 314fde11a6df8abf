#![cfg(feature = "issuer")]

use super::*;
use crate::{
    bytes::Secret,
    card::Disclosure,
    cbor::Writer,
    cose::{self, Sign1},
    counter::{
        Audience, DeskId, ReceivedFrame, Show, ShowPlan,
        issue::staple_for,
        pack::issue::issue_pack,
        tests::{Forge, Issued, MASTER, day, high_twin, issue_under, longest_person, text_of},
    },
    crypto::sign::SigningKey,
    trust::{Certificate, eku, test_pki},
};

struct World {
    root: test_pki::Authority,
    issuer: SigningKey,
    certificate: Certificate,
    authority: SigningKey,
    now: i64,
    status: Option<StatusSet>,
    policy: Policy,
    settings: DeskSettings,
    sequence: u64,
}

impl World {
    fn new() -> Self {
        let root = test_pki::root(test_pki::authority_params("issuers", None));
        let (issuer, certificate) = counter_issuer(&root, &eku::COUNTER_ISSUER);
        Self {
            root,
            issuer,
            certificate,
            authority: SigningKey::make().unwrap().0,
            // The hour of the staple the fixture issues, and a little.
            now: day("2026-11-23").starts_at() + 700 * 3600 + 1234,
            status: None,
            policy: Policy::default(),
            settings: DeskSettings { desk_id: Some("CU-GANGNAM-7".into()), ..DeskSettings::default() },
            sequence: 5,
        }
    }

    fn issued(&self, disclosure: Disclosure) -> Issued {
        let x5t = self.certificate.x5t();
        issue_under(x5t, &self.issuer, &longest_person(), disclosure, 1, day("2026-11-23"))
    }

    fn pack(&self) -> CounterPack {
        let content = PackContent {
            sequence: self.sequence,
            made_at: self.now - 3600,
            expires_at: self.now + 86_400,
            issuers: vec![b"no certificate".to_vec(), self.certificate.der().to_vec()],
            anchors: vec![self.root.der().to_vec()],
            status: self.status.clone(),
            policy: self.policy.clone(),
        };
        let bytes = issue_pack(&content, &|m| self.authority.sign(m)).unwrap();
        let pack = CounterPack::verify(&bytes, self.authority.public()).unwrap();
        assert_eq!(pack.content(), &content);
        pack
    }

    fn counter(&self) -> Counter {
        Counter::new(self.pack(), self.settings.clone(), self.now).unwrap()
    }

    fn reason(&self, text: &str) -> Option<Reason> {
        self.counter().check(text, self.now, 0).reason()
    }
}

fn counter_issuer(root: &test_pki::Authority, usage: &[u64]) -> (SigningKey, Certificate) {
    let (key, pkcs8) = SigningKey::make().unwrap();
    let pair = rcgen::KeyPair::try_from(pkcs8.as_slice()).unwrap();
    let params = test_pki::with_usage(test_pki::leaf_params("counter issuer"), usage);
    let certificate = params.signed_by(&pair, root).unwrap();
    (key, test_pki::parse(&certificate))
}

fn desk(cnonce: Option<[u8; 8]>) -> Audience {
    Audience::Desk { id: DeskId::parse("CU-GANGNAM-7").unwrap(), cnonce }
}

#[test]
fn a_show_is_accepted_in_every_window_and_the_verdict_lists_every_check() {
    let world = World::new();
    let issued = world.issued(Disclosure::AdultOnly);
    let plan = ShowPlan {
        copy: &issued.bytes,
        staple: issued.staple,
        audience: Audience::General,
        now: world.now,
        entropy: Secret::new([9; 24]),
    };
    let waiting = Show::begin(plan).unwrap();
    let signature = issued.holder.sign(&waiting.request().message).unwrap();
    let show = waiting.handle(&signature).unwrap();
    for second in [0, 14, 15, 100, 179] {
        let frame = show.frame(world.now + second).unwrap();
        let verdict = world.counter().check(&frame.text, world.now + second, 0);
        assert!(verdict.accepted, "{second}: {:?}", verdict.reason());
        assert_eq!(verdict.checks.iter().map(|made| made.check).collect::<Vec<_>>(), Check::ALL);
        assert_eq!(verdict.reason(), None);
        assert_eq!(verdict.audience, Some(AudienceKind::General));
        assert_eq!((verdict.pack_age, verdict.pack_sequence), (3600 + second, 5));
        let nothing = Outcome::Skipped { because: SkipReason::NothingToCheck };
        assert_eq!(verdict.outcome(Check::Status), Some(nothing));
        assert_eq!(verdict.outcome(Check::Nonce), Some(nothing));
        let shown = verdict.shown.unwrap();
        assert_eq!(shown.claims, Claims::Adult { adult_by_year: true });
        assert_eq!(shown.disclosure, Disclosure::AdultOnly);
        assert_eq!(shown.vouched_at, world.now - 1234);
    }
}

#[test]
fn every_single_bit_flip_of_a_frame_is_refused_and_shows_nothing() {
    let world = World::new();
    let issued = world.issued(Disclosure::AdultOnly);
    let mut forge = Forge::of(&issued, world.now - 20);
    forge.step = 1;
    let cbor = forge.cbor();
    let counter = world.counter();
    let mut reasons = std::collections::BTreeMap::new();
    for bit in 0..cbor.len() * 8 {
        let mut altered = cbor.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let verdict = counter.check(&text_of(&altered), world.now, 0);
        assert!(!verdict.accepted && verdict.shown.is_none(), "bit {bit}");
        *reasons.entry(verdict.reason().unwrap().name()).or_insert(0) += 1;
    }
    // The walk reaches each layer, and the frame as it was is still good afterwards.
    for layer in [
        "malformed",
        "issuer_signature",
        "unknown_issuer",
        "holder_signature",
        "preimage",
        "staple_wrong",
        "step",
    ] {
        assert!(reasons.contains_key(layer), "{reasons:?}");
    }
    assert!(counter.check(&text_of(&cbor), world.now, 0).accepted);
}

#[test]
fn every_cut_and_every_stray_character_of_the_text_is_refused() {
    let world = World::new();
    let text = Forge::of(&world.issued(Disclosure::AdultOnly), world.now).text();
    let counter = world.counter();
    for length in 0..text.len() {
        assert!(!counter.check(text.get(..length).unwrap(), world.now, 0).accepted);
    }
    assert_eq!(world.reason(&text.replacen("KR1:", "KR2:", 1)), Some(Reason::NotACounterCode));
    assert_eq!(world.reason("https://example.org"), Some(Reason::NotACounterCode));
    assert_eq!(world.reason(&text.to_lowercase().replacen("kr1:", "KR1:", 1)), Some(Reason::Malformed));
    assert_eq!(world.reason(&format!("{text}00")), Some(Reason::Malformed));
    assert_eq!(world.reason(&format!("KR1:{}", "0".repeat(3000))), Some(Reason::Malformed));
    // A scanner that types ends the line; that is no part of the code.
    assert_eq!(world.reason(&format!("{text}\r\n")), None);
}

#[test]
fn each_broken_rule_has_its_own_reason() {
    let world = World::new();
    let issued = world.issued(Disclosure::AdultOnly);
    let good = Forge::of(&issued, world.now);
    assert_eq!(world.reason(&good.text()), None);
    let reason = |change: &dyn Fn(&mut Forge<'_>)| {
        let mut forge = good.clone();
        change(&mut forge);
        world.reason(&forge.text())
    };
    assert_eq!(reason(&|f| f.high_s = true), Some(Reason::HolderSignatureHighS));
    assert_eq!(reason(&|f| f.unprotected = &[0xA1, 0x18, 0x63, 0x00]), Some(Reason::UnprotectedHeader));
    assert_eq!(reason(&|f| f.staple = None), Some(Reason::StapleMissing));
    assert_eq!(reason(&|f| f.named = true), Some(Reason::TokenNamesParty));
    assert_eq!(reason(&|f| (f.period, f.life) = (16, 192)), Some(Reason::Period));
    assert_eq!(reason(&|f| (f.n, f.life) = (13, 195)), Some(Reason::FrameCount));
    assert_eq!(reason(&|f| (f.n, f.life) = (0, 0)), Some(Reason::FrameCount));
    assert_eq!(reason(&|f| f.life = 181), Some(Reason::TokenLife));
    assert_eq!(reason(&|f| (f.iat, f.step) = (world.now - 180, 12)), Some(Reason::Step));
    assert_eq!(reason(&|f| f.staple.as_mut().unwrap().preimage[0] ^= 1), Some(Reason::StapleWrong));
    assert_eq!(
        reason(&|f| f.audience = Audience::Desk { id: DeskId::parse("other").unwrap(), cnonce: None }),
        Some(Reason::OtherDesk)
    );
}

/// The bytes with one run of them replaced by another.
fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = hex::encode(bytes);
    assert_eq!(text.matches(from).count(), 1, "{from}");
    hex::decode(text.replace(from, to)).unwrap()
}

#[test]
fn what_is_signed_against_the_format_is_refused_by_the_signers_part() {
    let world = World::new();
    let issued = || world.issued(Disclosure::AdultOnly);
    // An issuer's copy, its payload altered and signed again.
    let of_copy = |from, to| {
        let mut issued = issued();
        let parts = Sign1::parse(&issued.bytes).unwrap();
        let payload = replaced(parts.payload, from, to);
        let altered = cose::issue::sign1(parts.protected, &payload, &|m| world.issuer.sign(m)).unwrap();
        issued.bytes = altered;
        let mut forge = Forge::of(&issued, world.now);
        forge.staple = None;
        let verdict = world.counter().check(&forge.text(), world.now, 0);
        assert_eq!(verdict.outcome(Check::IssuerSignature), Some(Outcome::Passed));
        assert_eq!(verdict.shown, None);
        verdict.outcome(Check::Copy).unwrap()
    };
    let failed = |reason| Outcome::Failed { reason };
    assert_eq!(of_copy("697263312e6164756c74", "697263322e6164756c74"), failed(Reason::UnknownDocument));
    assert_eq!(of_copy("a101f5", "a201f5024141"), failed(Reason::CopyBroken));

    // A holder's token, its payload altered and signed again: `+` is no desk's id; a claim nobody knows.
    let of_token = |from, to| {
        let issued = issued();
        let frame = ReceivedFrame::from_cbor(Forge::of(&issued, world.now).cbor()).unwrap();
        let token = frame.parts().unwrap().token;
        let parts = Sign1::parse(token).unwrap();
        let payload = replaced(parts.payload, from, to);
        let altered = cose::issue::sign1(parts.protected, &payload, &|m| issued.holder.sign(m)).unwrap();
        let mut writer = Writer::new();
        writer.array(4).raw(&altered).uint(0).bytes(&frame.parts().unwrap().preimage).null();
        let text = text_of(&writer.finish());
        let verdict = world.counter().check(&text, world.now, 0);
        assert_eq!(verdict.outcome(Check::HolderSignature), Some(Outcome::Passed));
        verdict.reason()
    };
    assert_eq!(of_token("a403612a", "a403612b"), Some(Reason::TokenBroken));
    assert_eq!(of_token("a403612a", "a503612a05f6"), Some(Reason::TokenBroken));

    // Another type in the protected header is seen before any signature.
    let issued = issued();
    let cbor = Forge::of(&issued, world.now).cbor();
    assert_eq!(world.reason(&text_of(&replaced(&cbor, "10190126", "10190127"))), Some(Reason::WrongType));
    assert_eq!(world.reason(&text_of(&replaced(&cbor, "10190125", "10190124"))), Some(Reason::WrongType));
    let frame = ReceivedFrame::from_cbor(cbor.clone()).unwrap();
    let mut preimage = frame.parts().unwrap().preimage;
    let shown = hex::encode(preimage);
    preimage[15] ^= 0x80;
    let forged =
        hex::encode(&cbor).replace(&format!("0050{shown}82"), &format!("0050{}82", hex::encode(preimage)));
    assert_eq!(world.reason(&text_of(&hex::decode(forged).unwrap())), Some(Reason::Preimage));
}

#[test]
fn the_issuers_high_twin_inside_a_token_is_refused() {
    let world = World::new();
    let mut issued = world.issued(Disclosure::AdultOnly);
    let at = issued.bytes.len() - 64;
    let twin = high_twin(&issued.bytes[at..].try_into().unwrap());
    issued.bytes[at..].copy_from_slice(&twin);
    assert_eq!(world.reason(&Forge::of(&issued, world.now).text()), Some(Reason::IssuerSignatureHighS));
}

#[test]
fn a_token_signed_by_another_key_or_around_a_foreign_copy_is_refused() {
    let mut world = World::new();
    let mut issued = world.issued(Disclosure::AdultOnly);
    issued.holder = SigningKey::make().unwrap().0;
    let text = Forge::of(&issued, world.now).text();
    assert_eq!(world.reason(&text), Some(Reason::HolderSignature));
    let text = Forge::of(&world.issued(Disclosure::AdultOnly), world.now).text();
    // The same thumbprint in the header, another key behind it.
    let stranger = SigningKey::make().unwrap().0;
    let issued = issue_under(
        world.certificate.x5t(),
        &stranger,
        &longest_person(),
        Disclosure::AdultOnly,
        1,
        day("2026-11-23"),
    );
    assert_eq!(world.reason(&Forge::of(&issued, world.now).text()), Some(Reason::IssuerSignature));
    world.certificate = counter_issuer(&world.root, &eku::COUNTER_ISSUER).1;
    let verdict = world.counter().check(&text, world.now, 0);
    assert_eq!(verdict.reason(), Some(Reason::UnknownIssuer));
    let not_reached = Outcome::Skipped { because: SkipReason::NotReached };
    assert_eq!(verdict.outcome(Check::IssuerSignature), Some(not_reached));
    assert_eq!((verdict.audience, verdict.shown), (None, None));
}

#[test]
fn an_issuer_without_a_path_to_the_packs_anchors_is_unknown() {
    let mut world = World::new();
    let text = Forge::of(&world.issued(Disclosure::AdultOnly), world.now).text();
    assert_eq!(world.reason(&text), None);
    world.root = test_pki::root(test_pki::authority_params("strangers", None));
    assert_eq!(world.reason(&text), Some(Reason::UnknownIssuer));
    let mut world = World::new();
    (world.issuer, world.certificate) = counter_issuer(&world.root, &eku::VERIFIER_REGISTRATION);
    let text = Forge::of(&world.issued(Disclosure::AdultOnly), world.now).text();
    assert_eq!(world.reason(&text), Some(Reason::UnknownIssuer));
}

#[test]
fn a_counter_opens_a_pack_of_its_authority_alone() {
    let world = World::new();
    let bytes = issue_pack(world.pack().content(), &|m| world.authority.sign(m)).unwrap();
    let open = |key: &SigningKey, lowest| {
        Counter::open(
            bytes.clone(),
            key.public().as_sec1().to_vec(),
            lowest,
            world.settings.clone(),
            world.now,
        )
    };
    let counter = open(&world.authority, 5).unwrap();
    assert_eq!(open(&world.authority, 6).unwrap_err(), crate::counter::Rule::OlderPack.into());
    assert_eq!(open(&world.issuer, 5).unwrap_err(), crate::counter::Rule::Signature.into());
    assert!(
        counter.update_from(bytes.clone(), world.authority.public().as_sec1().to_vec(), world.now).is_ok()
    );
    assert!(counter.update_from(bytes, vec![4; 65], world.now).is_err());
    let text = Forge::of(&world.issued(Disclosure::AdultOnly), world.now).text();
    assert!(counter.check(&text, world.now, 0).accepted);
}

#[test]
fn a_frame_is_good_in_its_window_and_three_seconds_around_it() {
    let world = World::new();
    let issued = world.issued(Disclosure::AdultOnly);
    let mut forge = Forge::of(&issued, world.now);
    forge.step = 4;
    let text = forge.text();
    let (from, until) = (world.now + 60, world.now + 75);
    for (now, expected) in [
        (from - 4, Some(Reason::ClocksDisagree { by: 4 })),
        (from - 3, None),
        (from, None),
        (until - 1, None),
        (until + 2, None),
        (until + 3, Some(Reason::FrameExpired { by: 3 })),
        (until + 20, Some(Reason::FrameExpired { by: 20 })),
        (from - 1800, Some(Reason::ClocksDisagree { by: 1800 })),
    ] {
        assert_eq!(world.counter().check(&text, now, 0).reason(), expected, "{}", now - from);
    }
}

#[test]
fn the_same_token_is_accepted_once_in_whatever_frame() {
    let world = World::new();
    let issued = world.issued(Disclosure::AdultOnly);
    let counter = world.counter();
    let mut forge = Forge::of(&issued, world.now);
    assert!(counter.check(&forge.text(), world.now, 0).accepted);
    let seen = Some(Reason::SeenBefore { at: world.now });
    assert_eq!(counter.check(&forge.text(), world.now + 1, 1).reason(), seen);
    forge.step = 1;
    let again = counter.check(&forge.text(), world.now + 16, 16);
    assert_eq!(again.reason(), seen);
    assert!(again.shown.is_none());

    // A counter that restarts still knows, and one whose wall clock was set back does not forget.
    let restarted = world.counter();
    restarted.remember(counter.seen(), 0);
    assert_eq!(restarted.check(&forge.text(), world.now + 17, 1).reason(), seen);
    let _ = counter.check("", world.now + 100_000, 100);
    assert_eq!(counter.check(&forge.text(), world.now + 17, 101).reason(), seen);
    // After the window and the clock of its own both are over, the memory is freed.
    let _ = counter.check("", world.now + 100_000, 700);
    assert!(counter.seen().is_empty());
}

#[test]
fn a_refused_code_is_not_remembered() {
    let world = World::new();
    let issued = world.issued(Disclosure::AdultOnly);
    let counter = world.counter();
    let text = Forge::of(&issued, world.now).text();
    assert!(!counter.check(&text, world.now - 60, 0).accepted);
    assert!(counter.check(&text, world.now, 60).accepted);
}

#[test]
fn levels_beyond_adult_want_the_desks_name_or_the_named_policy() {
    let mut world = World::new();
    for disclosure in Disclosure::ALL {
        let issued = world.issued(disclosure);
        let mut forge = Forge::of(&issued, world.now);
        let general = world.counter().check(&forge.text(), world.now, 0);
        let expected = (disclosure != Disclosure::AdultOnly).then_some(Reason::GeneralAudience);
        assert_eq!(general.reason(), expected);
        forge.audience = desk(None);
        let ours = world.counter().check(&forge.text(), world.now, 0);
        assert!(ours.accepted);
        assert_eq!(ours.audience, Some(AudienceKind::ThisDesk));
        assert_eq!(ours.shown.unwrap().claims.disclosure(), disclosure);
    }
    let by_policy = Some(Outcome::PassedBy { relaxation: Relaxation::AcceptGeneralAudience });
    let text = Forge::of(&world.issued(Disclosure::Full), world.now).text();
    world.policy.accept_general_audience = vec![Disclosure::Full];
    assert_eq!(world.counter().check(&text, world.now, 0).outcome(Check::Audience), by_policy);
    world.policy.accept_general_audience = vec![Disclosure::Address];
    assert_eq!(world.reason(&text), Some(Reason::GeneralAudience));
    world.settings.accept_general_audience = true;
    assert_eq!(world.counter().check(&text, world.now, 0).outcome(Check::Audience), by_policy);
}

#[test]
fn a_fresh_nonce_bridges_two_minutes_of_clock_and_works_once() {
    let world = World::new();
    let issued = world.issued(Disclosure::AdultOnly);
    let text_at = |iat, cnonce| {
        let mut forge = Forge::of(&issued, iat);
        forge.audience = desk(Some(cnonce));
        forge.text()
    };
    let with_nonce = || {
        let counter = world.counter();
        counter.expect_nonce(vec![7; 8], 1000).unwrap();
        counter
    };
    let check = |iat, monotonic| with_nonce().check(&text_at(iat, [7; 8]), world.now, monotonic);
    assert_eq!(check(world.now, 1000).outcome(Check::Nonce), Some(Outcome::Passed));
    assert_eq!(check(world.now, 1120).reason(), None);
    assert_eq!(check(world.now, 1121).reason(), Some(Reason::NonceTooOld));
    assert_eq!(check(world.now, 999).reason(), Some(Reason::NonceTooOld));
    let bridged = Some(Outcome::PassedBy { relaxation: Relaxation::FreshNonce });
    for (iat, window, reason) in [
        (world.now + 120, bridged, None),
        (world.now - 15 - 119, bridged, None),
        (world.now + 121, None, Some(Reason::ClocksDisagree { by: 121 })),
        (world.now - 15 - 120, None, Some(Reason::ClocksDisagree { by: -121 })),
    ] {
        let verdict = check(iat, 1001);
        assert_eq!(verdict.reason(), reason);
        if window.is_some() {
            assert_eq!(verdict.outcome(Check::Window), window);
        }
    }
    // Without its nonce a late frame is an old picture.
    let unknown = world.counter().check(&text_at(world.now - 40, [6; 8]), world.now, 1001);
    assert_eq!(unknown.reason(), Some(Reason::NonceUnknown));
    assert_eq!(
        unknown.outcome(Check::Window),
        Some(Outcome::Failed { reason: Reason::FrameExpired { by: 25 } })
    );

    let counter = with_nonce();
    assert!(counter.check(&text_at(world.now, [7; 8]), world.now, 1001).accepted);
    let second = counter.check(&text_at(world.now + 1, [7; 8]), world.now + 1, 1002);
    assert_eq!(second.reason(), Some(Reason::NonceUsed));
    assert!(counter.expect_nonce(vec![7; 9], 0).is_err());
}

#[test]
fn a_counter_that_requires_a_nonce_refuses_a_code_without() {
    let mut world = World::new();
    let text = Forge::of(&world.issued(Disclosure::AdultOnly), world.now).text();
    world.settings.require_nonce = true;
    assert_eq!(world.reason(&text), Some(Reason::NonceMissing));
    world.settings.require_nonce = false;
    world.policy.require_nonce = true;
    assert_eq!(world.reason(&text), Some(Reason::NonceMissing));
}

#[test]
fn an_old_staple_is_refused_unless_an_outage_is_declared() {
    let mut world = World::new();
    let issued = world.issued(Disclosure::AdultOnly);
    let copy =
        crate::counter::check_copy(&issued.bytes, world.issuer.public(), issued.holder.public()).unwrap();
    let at_age = |hours: u32| {
        let hour = issued.staple.hour - hours;
        let mut forge = Forge::of(&issued, world.now);
        forge.staple = staple_for(&Secret::new(MASTER), &copy.cti(), copy.staple_anchor(), hour);
        forge.text()
    };
    let (day_old, older) = (at_age(24), at_age(25));
    assert_eq!(world.reason(&day_old), None);
    assert_eq!(world.reason(&older), Some(Reason::StapleTooOld { hours: 25 }));
    let mut missing = Forge::of(&issued, world.now);
    missing.staple = None;
    let missing = missing.text();
    world.policy.outage_until = Some(world.now + 1);
    let verdict = world.counter().check(&older, world.now, 0);
    assert_eq!(
        verdict.outcome(Check::Staple),
        Some(Outcome::PassedBy { relaxation: Relaxation::OutageUntil })
    );
    assert!(verdict.accepted);
    assert_eq!(world.reason(&missing), Some(Reason::StapleMissing));
    world.policy.outage_until = Some(world.now);
    assert_eq!(world.reason(&older), Some(Reason::StapleTooOld { hours: 25 }));
    world.policy = Policy { max_staple_age_hours: 0, ..Policy::default() };
    assert_eq!(world.reason(&day_old), Some(Reason::StapleTooOld { hours: 24 }));

    // A staple of an hour to come: this counter's clock is an hour behind.
    let text = Forge::of(&issued, world.now - 3600).text();
    let verdict = world.counter().check(&text, world.now - 3600, 0);
    assert_eq!(verdict.reason(), Some(Reason::StapleFromTheFuture));
}

#[test]
fn a_deactivated_copy_is_refused() {
    let mut world = World::new();
    let issued = world.issued(Disclosure::AdultOnly);
    let text = Forge::of(&issued, world.now).text();
    let index = 41_234_567 + 1000;
    world.status = Some(StatusSet { as_of: world.now, deactivated: vec![3, index - 1, index + 1] });
    assert_eq!(world.counter().check(&text, world.now, 0).outcome(Check::Status), Some(Outcome::Passed));
    world.status = Some(StatusSet { as_of: world.now, deactivated: vec![3, index, index + 1] });
    assert_eq!(world.reason(&text), Some(Reason::Deactivated));
}

#[test]
fn a_copy_or_a_certificate_outside_its_time_is_refused() {
    let world = World::new();
    let issued = world.issued(Disclosure::AdultOnly);
    let end = day("2026-12-23").starts_at();
    let begin = day("2026-11-23").starts_at();
    let check = |iat, now| world.counter().check(&Forge::of(&issued, iat).text(), now, 0);
    let outlives = Some(Outcome::Failed { reason: Reason::TokenOutsideCopy });
    assert_eq!(check(end - 100, end - 99).outcome(Check::Token), outlives);
    assert_eq!(check(begin - 10, begin).outcome(Check::Token), outlives);
    assert_eq!(check(end, end).outcome(Check::Copy), Some(Outcome::Failed { reason: Reason::CopyExpired }));
    assert_eq!(
        check(begin - 500, begin - 500).outcome(Check::Copy),
        Some(Outcome::Failed { reason: Reason::CopyNotYetValid })
    );
    // The certificate is good when the pack is opened and over when the code is checked.
    let over = world.certificate.not_after() + 1;
    let verdict = world.counter().check(&Forge::of(&issued, over).text(), over, 0);
    let outside = Outcome::Failed { reason: Reason::IssuerCertificateOutsideItsTime };
    assert_eq!(verdict.outcome(Check::IssuerCertificate), Some(outside));
}

#[test]
fn an_issuers_dates_are_judged_at_each_check_and_not_when_the_pack_is_opened() {
    let world = World::new();
    let issued = world.issued(Disclosure::AdultOnly);
    let (begin, end) = (world.certificate.not_before(), world.certificate.not_after());
    let opened_at = |moment| Counter::new(world.pack(), world.settings.clone(), moment).unwrap();
    // A clock that was behind when the counter was switched on, or a certificate of tomorrow.
    assert!(opened_at(begin - 1).check(&Forge::of(&issued, world.now).text(), world.now, 0).accepted);
    let outside = Some(Outcome::Failed { reason: Reason::IssuerCertificateOutsideItsTime });
    for moment in [begin - 1, end + 1] {
        let verdict = opened_at(moment).check(&Forge::of(&issued, moment).text(), moment, 0);
        assert_eq!(verdict.outcome(Check::Issuer), Some(Outcome::Passed));
        assert_eq!(verdict.outcome(Check::IssuerCertificate), outside);
        assert!(!verdict.accepted);
    }
}

#[test]
fn a_pack_ends_ages_and_never_goes_back() {
    let mut world = World::new();
    let counter = world.counter();
    world.sequence = 4;
    let older = counter.update(world.pack(), world.now).unwrap_err();
    assert_eq!(older, crate::counter::Rule::OlderPack.into());
    assert_eq!(world.pack().not_before(5).unwrap_err(), crate::counter::Rule::OlderPack);
    world.sequence = 6;
    counter.update(world.pack(), world.now).unwrap();
    assert_eq!(counter.check("", world.now, 0).pack_sequence, 6);

    let since = Some(Reason::PackExpired { since: 14 });
    let verdict = counter.check("", world.now + 86_414, 0);
    assert_eq!((verdict.reason(), verdict.pack_age), (since, 3600 + 86_414));
    assert_eq!(counter.check("", world.now - 3721, 0).reason(), Some(Reason::PackFromTheFuture));
}

#[test]
fn a_pack_is_refused_when_a_bit_is_not_its_authoritys() {
    let world = World::new();
    let content = PackContent {
        status: Some(StatusSet { as_of: 1, deactivated: vec![9, 2, 2, 400] }),
        policy: Policy {
            accept_general_audience: vec![Disclosure::Full],
            outage_until: Some(77),
            require_nonce: true,
            ..Policy::default()
        },
        ..world.pack().content().clone()
    };
    let bytes = issue_pack(&content, &|m| world.authority.sign(m)).unwrap();
    let read = CounterPack::verify(&bytes, world.authority.public()).unwrap();
    assert_eq!(read.content().policy, content.policy);
    assert_eq!(read.content().status.as_ref().unwrap().deactivated, [2, 9, 400]);
    assert!(CounterPack::verify(&bytes, world.issuer.public()).is_err());
    for bit in 0..bytes.len() * 8 {
        let mut altered = bytes.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(CounterPack::verify(&altered, world.authority.public()).is_err());
    }
}

#[test]
fn the_list_of_a_pack_is_short_and_has_one_form() {
    let world = World::new();
    let pack_of = |deactivated: Vec<u32>| {
        let status = Some(StatusSet { as_of: 1, deactivated });
        let content = PackContent { status, ..world.pack().content().clone() };
        issue_pack(&content, &|m| world.authority.sign(m)).unwrap()
    };
    let read = |bytes: &[u8]| {
        CounterPack::verify(bytes, world.authority.public())
            .map(|pack| pack.content().status.clone().unwrap().deactivated)
    };
    let few = vec![0, 1, 128, 129, 300, 16_384, 2_097_152, 67_108_863];
    assert_eq!(read(&pack_of(few.clone())), Ok(few));
    let many: Vec<u32> = (0..300_000).map(|count| count * 223 + count * 7919 % 223).collect();
    let bytes = pack_of(many.clone());
    assert!(bytes.len() < 600_000, "{}", bytes.len());
    assert_eq!(read(&bytes), Ok(many));

    // 5 is `05`; the same gap at greater length, cut off, or past what an index can be is none.
    let good = pack_of(vec![5, 9, 11, 12]);
    let list = [0x44, 5, 3, 1, 0];
    let at = good.windows(5).position(|window| window == list).unwrap();
    let with = |gaps: [u8; 4]| {
        let mut payload = good.clone();
        payload[at + 1..at + 5].copy_from_slice(&gaps);
        let parts = Sign1::parse(&payload).unwrap();
        let sign = |m: &[u8]| world.authority.sign(m);
        read(&cose::issue::sign1(parts.protected, parts.payload, &sign).unwrap())
    };
    assert_eq!(with([0x85, 1, 3, 1]), Ok(vec![133, 137, 139]));
    for wrong in [[0x85, 0, 3, 1], [5, 3, 1, 0x80], [0xff, 0xff, 0xff, 0xff]] {
        assert!(with(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn every_reason_and_check_speaks_both_languages() {
    for check in Check::ALL {
        assert!(check.text(Language::Korean).chars().any(|c| ('가'..='힣').contains(&c)));
        assert!(check.text(Language::English).is_ascii());
    }
    for reason in [Reason::Malformed, Reason::SeenBefore { at: 1 }, Reason::Deactivated] {
        assert!(reason.text(Language::Korean).ends_with('.'));
        assert!(reason.text(Language::English).is_ascii());
    }
}
