//! Enrolling over the real HTTP API: a software phone, a virtual card, and every reason to say no.

#[cfg(test)]
mod lists;
#[cfg(test)]
mod phone;

use fixtures::{
    chip::VirtualCard,
    people::{self, Citizen},
    pki::DocumentSigner,
};
use phone::{NOW, Phone, TestDesk, Trick};
use wallet_core::{
    card::{Disclosure, Refusal},
    counter::{UnverifiedDeskSign, check_copy, hour_of, pack::CounterPack},
    mdoc::{self, Expected, IssuerSigned, NAMESPACE_RESIDENT_CARD, PHOTO_ID},
    openid::{ErrorCode, OpenIdError},
    status::{Refused, parse_message},
    trust::{Anchors, Certificate, Usage, verify_chain},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_enrols_and_every_credential_verifies() {
    let desk = TestDesk::start().await;
    let phone = Phone::new(&desk);
    let issued = phone.enrol(&mut VirtualCard::of(&people::adult()).build(), Trick::None).await.unwrap();
    assert_eq!(issued.mdocs.len(), 3);

    // The pack leads to the counter signer; every copy is bound to its own key, level and staple.
    let pack = CounterPack::verify(&desk.get("/counter-pack"), desk.running.pack_authority()).unwrap();
    let [signer] = pack.content().issuers.as_slice() else { panic!("one signer") };
    let anchors = Anchors::new(vec![Certificate::parse(desk.running.issuer_root()).unwrap()]);
    let signer_certificate = Certificate::parse(signer).unwrap();
    let signer_certificate =
        verify_chain(&[signer_certificate], &anchors, NOW, Usage::CounterIssuer).unwrap();
    let signer_key = signer_certificate.p256_public_key().unwrap();
    let mut indices = std::collections::BTreeSet::new();
    let mut batches = std::collections::BTreeMap::new();
    for (key, copy) in &issued.copies {
        assert_eq!(copy.issuer_chain, std::slice::from_ref(signer));
        let verified = check_copy(&copy.sd_cwt, &signer_key, key).unwrap();
        *batches.entry(verified.disclosure()).or_insert(0) += 1;
        assert_eq!(verified.x5t(), signer_certificate.x5t());
        assert_eq!(copy.staple.hour, hour_of(NOW).unwrap());
        assert!(verified.staple_anchor().proves(&copy.staple));
        assert!(indices.insert(verified.status_index()));
    }
    assert_eq!(batches, Disclosure::ALL.map(|level| (level, level.batch())).into());
    for (key, bytes) in &issued.mdocs {
        let expected = Expected { doc_type: PHOTO_ID, device_key: Some(key) };
        let document = mdoc::verify(&IssuerSigned::parse(bytes).unwrap(), &expected, &anchors, NOW).unwrap();
        let name = document.element(NAMESPACE_RESIDENT_CARD, "name").unwrap();
        assert_eq!(name.text(), Some(people::adult().name));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_does_not_hold_is_refused_for_its_reason() {
    let desk = TestDesk::start().await;
    let cases = [
        (Refusal::UntrustedChip, card().signed_by(DocumentSigner::Rogue), Trick::None),
        (Refusal::UntrustedChip, card().signed_by(DocumentSigner::Expired), Trick::None),
        // Whether its signer may sign for who issued it cannot be told.
        (Refusal::UntrustedChip, card().issued_by("XOM"), Trick::None),
        (Refusal::AlteredChipData, card().altered_group(11), Trick::None),
        (Refusal::AlteredChipData, card().broken_signature(), Trick::None),
        // A reader reads what the security object lists, so that an unlisted group never comes.
        (Refusal::CardIncomplete, card().unhashed_group(12), Trick::None),
        (Refusal::CloneSuspected, card().cloned_without_its_key(), Trick::None),
        (Refusal::CloneSuspected, card(), Trick::AnotherChipChallenge),
        (Refusal::CardIncomplete, card().without_group(12), Trick::None),
        // The chip answers as it should, by a key of a kind that nobody here can check or by none that could be read.
        (Refusal::CardIncomplete, card().group(15, chip_key(&[0x2B, 0x65, 0x70])), Trick::None),
        (Refusal::CardIncomplete, card().group(15, vec![0x6F, 0]), Trick::None),
        (
            Refusal::CardExpired,
            VirtualCard::of(&Citizen { issue_date: "2016-11-23", ..people::adult() }),
            Trick::None,
        ),
        (Refusal::FaceMismatch, card(), Trick::WrongFaceSignature),
        (Refusal::FaceMismatch, card(), Trick::AnotherFaceChallenge),
        (Refusal::FaceMismatch, card(), Trick::UnknownFaceProvider),
        (Refusal::AttestationRefused, card(), Trick::AnotherInstanceChallenge),
        (Refusal::AttestationRefused, card(), Trick::UnattestedInstance),
        (Refusal::AttestationRefused, card(), Trick::AnotherKeyChallenge),
        (Refusal::AttestationRefused, card(), Trick::HolderKeysWithoutUserAuthentication),
        (Refusal::BadSignature, card(), Trick::EvidenceSignedByAnotherKey),
        (Refusal::BadSignature, card(), Trick::KeysSignedByAnotherKey),
        (Refusal::ChallengeExpired, card(), Trick::LateEvidence),
    ];
    for (refusal, card, trick) in cases {
        let outcome = Phone::new(&desk).enrol(&mut card.build(), trick).await;
        assert_eq!(outcome, Err(OpenIdError::Refused(refusal)), "{trick:?}");
    }
    // None of them left anything behind: the person is still free to enrol.
    Phone::new(&desk).enrol(&mut card().build(), Trick::None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_whose_signer_its_country_took_back_is_refused() {
    use fixtures::pki::{csca, dsc, dsc_rsa, link, revocation_list, rogue_csca};
    let with = |revoked| {
        TestDesk::start_with(move |config| {
            config.csca_revocation_lists.push(revocation_list(csca(), &[revoked], 2049));
        })
    };
    let desk = with(dsc()).await;
    let refused = Phone::new(&desk).enrol(&mut card().build(), Trick::None).await;
    assert_eq!(refused, Err(OpenIdError::Refused(Refusal::UntrustedChip)));
    let other_signer = &mut card().signed_by(DocumentSigner::RsaPss).build();
    Phone::new(&desk).enrol(other_signer, Trick::None).await.unwrap();
    let desk = with(dsc_rsa()).await;
    Phone::new(&desk).enrol(&mut card().build(), Trick::None).await.unwrap();

    // A trusted authority of another state, whose signer says that it were of this one.
    let two_states = TestDesk::start_with(|config| {
        config.csca.push(fixtures::pki::foreign_csca().certificate().to_vec());
    });
    let foreign = &mut card().signed_by(DocumentSigner::Foreign).build();
    let refused = Phone::new(&two_states.await).enrol(foreign, Trick::None).await;
    assert_eq!(refused, Err(OpenIdError::Refused(Refusal::UntrustedChip)));

    // Trusted by its new key alone, through the link from the key that the desk knows.
    let linked = TestDesk::start_with(|config| {
        config.csca = vec![rogue_csca().certificate().to_vec()];
        config.csca_links.push(link(rogue_csca(), csca()));
    });
    Phone::new(&linked.await).enrol(&mut card().build(), Trick::None).await.unwrap();
    let unsigned = TestDesk::try_start(|config| {
        config.csca_revocation_lists.push(revocation_list(rogue_csca(), &[], 2049));
    });
    assert!(matches!(unsigned.await, Err(desk::DeskError::Anchor(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_prove_who_asks_is_refused_in_the_words_of_oauth() {
    let desk = TestDesk::start().await;
    let cases = [
        (ErrorCode::InvalidDpopProof, Trick::NoDpop),
        (ErrorCode::InvalidClient, Trick::NoAttestation),
        (ErrorCode::InvalidClient, Trick::NoAttestationProof),
        (ErrorCode::InvalidClient, Trick::AttestationOfAnotherWallet),
        (ErrorCode::InvalidDpopProof, Trick::ReplayChallenge),
        (ErrorCode::InvalidDpopProof, Trick::ReplayToken),
        (ErrorCode::InvalidDpopProof, Trick::ReplayCredential),
        (ErrorCode::InvalidNonce, Trick::KeyAttestationForAnotherNonce),
        (ErrorCode::InvalidProof, Trick::TooManyKeys),
        (ErrorCode::InvalidProof, Trick::OwnKeyAsHolderKey),
        (ErrorCode::InvalidProof, Trick::KeysOfAnotherPhone),
        (ErrorCode::InvalidToken, Trick::LateKeys),
        (ErrorCode::InvalidEncryptionParameters, Trick::AnswerKeyInTheClear),
        (ErrorCode::InvalidEncryptionParameters, Trick::RequestEncryptedToAnother),
    ];
    for (code, trick) in cases {
        let outcome = Phone::new(&desk).enrol(&mut card().build(), trick).await;
        assert_eq!(outcome, Err(OpenIdError::IssuerRefused(code)), "{trick:?}");
        desk.release(people::adult().registration_number);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_phone_is_refused_until_the_first_is_given_up() {
    let desk = TestDesk::start().await;
    let (first, second) = (Phone::new(&desk), Phone::new(&desk));
    first.enrol(&mut card().build(), Trick::None).await.unwrap();
    let refused = second.enrol(&mut card().build(), Trick::None).await;
    assert_eq!(refused, Err(OpenIdError::Refused(Refusal::AnotherPhone)));
    assert!(Refusal::AnotherPhone.way_out().contains("Give it up there first"));

    let copies = first.ctis();
    assert!(first.staples(copies.clone()).await.unwrap().iter().all(Option::is_some));
    assert!(desk.release(people::adult().registration_number));
    second.enrol(&mut card().build(), Trick::None).await.unwrap();
    assert!(first.staples(copies).await.unwrap().iter().all(Option::is_none));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_phone_threw_away_is_vouched_for_no_longer() {
    for trick in [Trick::SaysThatNothingWasKept, Trick::SaysThatAllWasDeleted] {
        let desk = TestDesk::start().await;
        let phone = Phone::new(&desk);
        phone.enrol(&mut card().build(), trick).await.unwrap();
        let gone = phone.ctis();
        assert!(phone.staples(gone.clone()).await.unwrap().iter().all(Option::is_none), "{trick:?}");
        phone.enrol(&mut card().build(), Trick::None).await.unwrap();
        assert!(phone.staples(phone.ctis()).await.unwrap().iter().all(Option::is_some), "{trick:?}");
        assert!(phone.staples(gone).await.unwrap().iter().all(Option::is_none), "{trick:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_takes_no_second_holder() {
    let desk = TestDesk::start().await;
    let phone = Phone::new(&desk);
    phone.enrol(&mut card().build(), Trick::None).await.unwrap();
    let mut another = VirtualCard::of(&people::other_adult()).build();
    let refused = phone.enrol(&mut another, Trick::None).await;
    assert_eq!(refused, Err(OpenIdError::Refused(Refusal::AnotherHolder)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_phone_enrols_again_and_its_old_copies_end() {
    let desk = TestDesk::start().await;
    let phone = Phone::new(&desk);
    phone.enrol(&mut card().build(), Trick::None).await.unwrap();
    let old = phone.ctis();
    phone.enrol(&mut card().build(), Trick::None).await.unwrap();
    let new = phone.ctis();
    assert!(phone.staples(old).await.unwrap().iter().all(Option::is_none));
    assert!(phone.staples(new).await.unwrap().iter().all(Option::is_some));
}

#[tokio::test(flavor = "multi_thread")]
async fn staples_go_to_the_phone_that_owns_the_copies_and_follow_the_hour() {
    let desk = TestDesk::start().await;
    let (phone, stranger) = (Phone::new(&desk), Phone::new(&desk));
    phone.enrol(&mut card().build(), Trick::None).await.unwrap();
    stranger.make_instance().await;
    let copies = phone.ctis();
    assert!(stranger.staples(copies.clone()).await.unwrap().iter().all(Option::is_none));
    desk.clock.advance(2 * 3600);
    let staples = phone.staples(copies.clone()).await.unwrap();
    assert!(staples.iter().all(|staple| staple.unwrap().hour == hour_of(NOW).unwrap() + 2));
    // A request kept for later is worth nothing.
    let request = phone.staple_request(copies).await;
    desk.clock.advance(301);
    let (status, body) = desk.send(request);
    let refused: Refused = parse_message(&body).unwrap();
    assert_eq!((status, refused.error.as_str()), (410, "challenge_expired"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_accepts_hardware_only_refuses_software_keys() {
    let desk = TestDesk::start_with(|config| config.policy.accept_software_keys = false).await;
    let refused = Phone::new(&desk).enrol(&mut card().build(), Trick::None).await;
    assert_eq!(refused, Err(OpenIdError::Refused(Refusal::AttestationRefused)));
    let audit = desk.audit();
    assert!(audit.contains(&("wallet_attestation".into(), "attestation_refused: NotInHardware".into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_desk_remembers_names_nobody() {
    let desk = TestDesk::start().await;
    let person = people::adult();
    Phone::new(&desk).enrol(&mut card().build(), Trick::None).await.unwrap();
    let folder = desk.stop().await;
    let entries =
        || std::fs::read_dir(&*folder).unwrap().chain(std::fs::read_dir(folder.join("pki")).unwrap());
    // The last connection to the database may close a moment after the desk, and takes its log with it: begin again with what is left.
    let files = loop {
        let paths: Vec<_> =
            entries().map(|entry| entry.unwrap().path()).filter(|path| !path.is_dir()).collect();
        let read: Result<Vec<_>, _> =
            paths.into_iter().map(|path| std::fs::read(&path).map(|bytes| (path, bytes))).collect();
        match read {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            read => break read.unwrap(),
        }
    };
    for (path, bytes) in files {
        let number = person.registration_number;
        for secret in [person.name, number, &number.replace('-', ""), person.address, person.latin_family] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{}", path.display());
        }
        #[cfg(unix)]
        if path.extension().is_some_and(|extension| extension == "key") {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_comes_back_with_its_keys_and_bindings() {
    let desk = TestDesk::start().await;
    let phone = Phone::new(&desk);
    phone.enrol(&mut card().build(), Trick::None).await.unwrap();
    let root = desk.running.issuer_root().to_vec();
    let folder = desk.stop().await;
    let desk = TestDesk::start_in(folder, |_| {}).await;
    assert_eq!(desk.running.issuer_root(), root);
    let refused = Phone::new(&desk).enrol(&mut card().build(), Trick::None).await;
    assert_eq!(refused, Err(OpenIdError::Refused(Refusal::AnotherPhone)));
    let moved = phone.moved_to(&desk);
    moved.enrol(&mut card().build(), Trick::None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_answered_not_crashed_on() {
    let desk = TestDesk::start().await;
    let long = vec![b' '; 1024 * 1024 + 1];
    let cases: [(&str, Vec<u8>, u16, &str); 9] = [
        ("/openid/token", b"grant_type=x".to_vec(), 400, "invalid_dpop_proof"),
        ("/openid/token", b"a=1&a=2".to_vec(), 400, "invalid_request"),
        ("/openid/token", vec![0xFF; 10], 400, "invalid_request"),
        ("/openid/challenge", long, 400, "invalid_request"),
        ("/openid/credential", b"{}".to_vec(), 401, "invalid_token"),
        ("/wallet-provider/wallet-attestation", b"{}".to_vec(), 400, "malformed_request"),
        ("/wallet-provider/key-attestation", b"a.b.c".to_vec(), 400, "malformed_request"),
        ("/staples", b"{}".to_vec(), 401, "bad_signature"),
        ("/staples", vec![0xFF; 10], 401, "bad_signature"),
    ];
    for (path, body, status, code) in cases {
        let (found, answer) = desk.post(path, body);
        let refused: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!((found, &refused["error"]), (status, &code.into()), "{path}");
    }
    assert_eq!(desk.get("/health"), b"ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_puts_up_signs_that_lead_to_its_registration() {
    let desk = TestDesk::start().await;
    let sign = |path: &str| -> serde_json::Value { serde_json::from_slice(&desk.get(path)).unwrap() };
    let (fresh, printed) = (sign("/desk-sign?nonce=1"), sign("/desk-sign"));
    assert!(fresh["cnonce"].is_string() && printed["cnonce"].is_null());
    let anchors = Anchors::new(vec![Certificate::parse(desk.running.registration_root()).unwrap()]);
    for view in [&fresh, &printed] {
        let parsed = UnverifiedDeskSign::parse(view["sign"].as_str().unwrap()).unwrap();
        let verified = parsed.verify(&anchors, NOW).unwrap();
        assert_eq!(verified.id().as_str(), "centre.1");
        assert_eq!(Some(verified.expires_at()), view["expires_at"].as_i64());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_does_not_listen_beyond_loopback_unless_told_by_name() {
    let refused = TestDesk::try_start(|config| config.listen = ([0, 0, 0, 0], 0).into()).await;
    assert!(matches!(refused, Err(desk::DeskError::NotLoopback)));
    let allowed = TestDesk::try_start(|config| {
        config.listen = ([0, 0, 0, 0], 0).into();
        config.policy.listen_beyond_loopback = true;
    });
    assert!(allowed.await.is_ok());
}

/// EF.DG15 with a key of this kind, an object identifier's content.
fn chip_key(kind: &[u8]) -> Vec<u8> {
    use wallet_core::tlv::{write, write_all};
    let algorithm = write(0x30, &write(0x06, kind));
    write(0x6F, &write_all(0x30, &[&algorithm, &write_all(0x03, &[&[0], &[4; 32]])]))
}

fn card() -> fixtures::chip::CardBuilder {
    VirtualCard::of(&people::adult())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_strict_and_the_metadata_are_at_the_root() {
    let desk = TestDesk::start().await;
    let paths = [
        "/.well-known/openid-credential-issuer",
        "/.well-known/oauth-authorization-server",
        "/health",
        "/counter-pack",
        "/nowhere",
    ];
    for path in paths {
        let headers = desk.headers(path);
        assert!(headers["content-security-policy"].starts_with("default-src 'none'"), "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
    }
    let issuer: serde_json::Value = serde_json::from_slice(&desk.get(paths[0])).unwrap();
    assert_eq!(issuer["credential_issuer"], desk.running.base_url());
    let configurations = issuer["credential_configurations_supported"].as_object().unwrap();
    assert_eq!(configurations.len(), 14);
    assert!(configurations.values().all(|wanted| wanted["proof_types_supported"]["attestation"].is_object()));
}
