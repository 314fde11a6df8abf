//! From a tapped card to an ID in the vault, through the facade and a desk on loopback; and every reason it does not
//! get there.

use std::sync::{Arc, Mutex};

use fixtures::{
    chip::{ActiveAuthentication, VirtualCard},
    people,
    pki::DocumentSigner,
    platform::{Answer, FaceAnswer, LoopbackHttp, ScriptedHttp},
};
use tests::scene::Scene;
use wallet_core::{
    card::Disclosure,
    counter::DeliveredCopy,
    jose::{ContentEncryption, DecryptionKey, Jwk, decode, encode, encrypt},
    platform::{HttpError, HttpRequest},
    vault::EventKind,
    wallet::{
        CardState, Distrust, EnrolmentListener, EnrolmentStage, ListenerError, Refusal, UnlockWith, Wallet,
        WalletError, WalletState,
    },
};

#[tokio::test]
async fn a_tapped_card_becomes_an_id_with_two_prompts() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    assert_eq!(phone.wallet.state().unwrap(), WalletState::Empty);
    let citizen = people::adult();
    let card = phone.enrol(&citizen).await.unwrap();

    assert_eq!(phone.prompts(), 2, "unlock and face check");
    assert_eq!(phone.wallet.state().unwrap(), WalletState::Ready);
    assert_eq!(card.state, CardState::Active);
    assert_eq!(card.name, citizen.name);
    assert_eq!(card.address, citizen.address);
    assert_eq!(card.portrait, citizen.portrait());
    assert!(card.masked_registration_number.ends_with("******"));
    assert!(!citizen.registration_number.ends_with("******"));
    assert_eq!(card.enrolled_at, scene.now().unix_seconds);
    let copies: Vec<_> = card.copies.iter().map(|copies| (copies.disclosure, copies.left)).collect();
    let batches: Vec<_> = Disclosure::ALL.into_iter().map(|level| (level, level.batch())).collect();
    assert_eq!(copies, batches);

    let history = phone.wallet.history(10).unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].kind, EventKind::CardAdded);
    assert_eq!(phone.wallet.cards().unwrap(), [card]);
}

#[tokio::test]
async fn locked_it_shows_nothing_and_opened_again_it_has_everything() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let card = phone.enrol(&people::adult()).await.unwrap();
    phone.wallet.lock().unwrap();
    assert_eq!(phone.wallet.state().unwrap(), WalletState::Locked);
    assert_eq!(phone.wallet.cards(), Err(WalletError::Locked));
    assert_eq!(phone.wallet.history(1), Err(WalletError::Locked));
    let show = phone.wallet.show_at_counter(card.id.clone(), Disclosure::AdultOnly, None).await;
    assert_eq!(show.map(|_| ()), Err(WalletError::Locked));

    let (platform, config) = (phone.platform.clone(), phone.config.clone());
    drop(phone.wallet);
    let wallet = Wallet::open(platform, config).await.unwrap();
    assert_eq!(wallet.state().unwrap(), WalletState::Locked);
    wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    assert_eq!(wallet.cards().unwrap(), [card]);
}

#[tokio::test]
async fn enrolling_asks_for_an_unlocked_wallet_first() {
    let scene = Scene::new().await;
    let phone = scene.locked_phone("phone", Arc::new(LoopbackHttp::new())).await;
    assert_eq!(Arc::clone(&phone.wallet).enrol().await.map(|_| ()), Err(WalletError::Locked));
    assert_eq!(phone.prompts(), 0);
}

#[tokio::test]
async fn every_answer_to_the_unlock_prompt_has_its_error() {
    let scene = Scene::new().await;
    let phone = scene.locked_phone("phone", Arc::new(LoopbackHttp::new())).await;
    let unlock = || phone.wallet.unlock(UnlockWith::Biometrics);
    phone.keys.answer_next(Answer::Cancel);
    assert_eq!(unlock().await, Err(WalletError::UserCancelled));
    phone.keys.answer_next(Answer::FailUntilLockedOut);
    assert_eq!(unlock().await, Err(WalletError::LockedOut));
    phone.keys.end_lock_out();
    phone.keys.set_available(false);
    assert!(matches!(unlock().await, Err(WalletError::Unavailable { .. })));
    phone.keys.set_available(true);
    unlock().await.unwrap();
    let prompts = phone.prompts();
    unlock().await.unwrap();
    assert_eq!(phone.prompts(), prompts, "an unlocked wallet asks for nothing");
    phone.wallet.lock().unwrap();
    phone.keys.invalidate_biometric_keys();
    assert_eq!(unlock().await, Err(WalletError::KeyInvalidated));
}

#[tokio::test]
async fn a_phone_without_biometrics_gets_no_wallet() {
    let scene = Scene::new().await;
    let phone = scene.locked_phone("phone", Arc::new(LoopbackHttp::new())).await;
    let (platform, mut config) = (phone.platform.clone(), phone.config.clone());
    phone.keys.set_biometrics(false);
    config.vault_path.push_str("-new");
    assert_eq!(Wallet::open(platform, config).await.map(|_| ()), Err(WalletError::NoBiometrics));
    assert_eq!(phone.wallet.unlock(UnlockWith::Biometrics).await, Err(WalletError::KeyInvalidated));
}

#[tokio::test]
async fn the_face_check_can_end_it_and_nothing_is_kept() {
    for (answer, expected) in
        [(FaceAnswer::NoMatch, WalletError::FaceMismatch), (FaceAnswer::Cancel, WalletError::UserCancelled)]
    {
        let scene = Scene::new().await;
        let phone = scene.phone("phone").await;
        phone.face.answer(answer);
        let keys = phone.keys.key_count();
        assert_eq!(phone.enrol(&people::adult()).await, Err(expected));
        assert_eq!(phone.wallet.cards().unwrap(), []);
        assert_eq!(phone.keys.key_count(), keys + 1, "a failed enrolment leaves the wallet's own key alone");
        phone.face.answer(FaceAnswer::Match);
        phone.enrol(&people::adult()).await.unwrap();
    }
}

#[tokio::test]
async fn a_second_phone_is_refused_with_a_way_out() {
    let scene = Scene::new().await;
    scene.phone("first").await.enrol(&people::adult()).await.unwrap();
    let second = scene.phone("second").await;
    let refused = WalletError::IssuerRefused { why: Refusal::AnotherPhone };
    assert_eq!(second.enrol(&people::adult()).await, Err(refused));
    assert!(!Refusal::AnotherPhone.way_out().is_empty());
    assert!(Refusal::AnotherPhone.way_out_korean().chars().any(|c| ('가'..='힣').contains(&c)));
}

#[tokio::test]
async fn the_same_phone_may_enrol_again_and_gets_fresh_copies() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let first = phone.enrol(&people::adult()).await.unwrap();
    phone.wallet.show_at_counter(first.id.clone(), Disclosure::AdultOnly, None).await.unwrap();
    let again = phone.enrol(&people::adult()).await.unwrap();
    assert_eq!(again.copies, first.copies);
    assert_eq!(phone.wallet.cards().unwrap().len(), 1);
}

#[tokio::test]
async fn another_persons_card_is_refused() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    phone.enrol(&people::adult()).await.unwrap();
    let refused = phone.enrol(&people::other_adult()).await.unwrap_err();
    assert!(
        matches!(
            refused,
            WalletError::AnotherHolder | WalletError::IssuerRefused { why: Refusal::AnotherHolder }
        ),
        "{refused:?}"
    );
    assert_eq!(phone.wallet.cards().unwrap()[0].name, people::adult().name);
}

#[tokio::test]
async fn the_issuer_checks_the_chip_for_itself() {
    // A wallet that trusts everything it reads: the issuer must not.
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let enrolment = Arc::clone(&phone.wallet).enrol().await.unwrap();
    let roots = vec![fixtures::pki::rogue_csca().certificate().to_vec()];
    let link = fixtures::chip::VirtualLink::new(
        VirtualCard::of(&people::adult()).can(tests::scene::CAN).signed_by(DocumentSigner::Rogue).build(),
    );
    let access = wallet_core::wallet::CardAccessView::Can { can: tests::scene::CAN.into() };
    let reading =
        wallet_core::wallet::CardReading::new(Arc::new(link), access, roots, scene.clock.clone(), None)
            .unwrap();
    let evidence = reading.run(Some(enrolment.challenge())).await.unwrap();
    let refused = WalletError::IssuerRefused { why: Refusal::UntrustedChip };
    assert_eq!(enrolment.finish(evidence, None).await, Err(refused));
}

#[tokio::test]
async fn evidence_of_another_moment_is_not_taken() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let stale =
        phone.reading(VirtualCard::of(&people::adult())).run(Some(b"yesterda".to_vec())).await.unwrap();
    let unproven = VirtualCard::of(&people::adult()).active_authentication(ActiveAuthentication::None);
    let enrolment = Arc::clone(&phone.wallet).enrol().await.unwrap();
    let unproven = phone.reading(unproven).run(Some(enrolment.challenge())).await.unwrap();
    let cloned = WalletError::NotTrusted { why: Distrust::ChipCloned };
    for evidence in [stale, unproven] {
        assert_eq!(enrolment.finish(evidence, None).await, Err(cloned.clone()));
    }
}

#[tokio::test]
async fn a_slow_citizen_is_told_to_start_again() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let (enrolment, evidence) = phone.tap(VirtualCard::of(&people::adult())).await.unwrap();
    scene.clock.advance(121);
    let refused = WalletError::IssuerRefused { why: Refusal::ChallengeExpired };
    assert_eq!(enrolment.finish(evidence.clone(), None).await, Err(refused));
    let spent = enrolment.finish(evidence, None).await.unwrap_err();
    assert!(matches!(spent, WalletError::Unavailable { .. }), "an enrolment is finished once");
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_at_any_request_nothing_is_kept_and_it_works_later() {
    for dead_from in 0..3 {
        let scene = Scene::new().await;
        let requests = Arc::new(Mutex::new(0));
        let http = {
            let requests = requests.clone();
            ScriptedHttp::answering(move |request| {
                let mut count = requests.lock().unwrap();
                *count += 1;
                if *count > dead_from { Err(HttpError::Offline) } else { Ok(forward(request)) }
            })
        };
        let phone = scene.locked_phone("phone", Arc::new(http)).await;
        phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
        assert_eq!(phone.enrol(&people::adult()).await, Err(WalletError::Offline), "request {dead_from}");
        assert_eq!(phone.wallet.cards().unwrap(), []);
        *requests.lock().unwrap() = -1000;
        phone.enrol(&people::adult()).await.unwrap();
    }
}

/// The request over real HTTP, from a synchronous place.
fn forward(request: &HttpRequest) -> wallet_core::platform::HttpResponse {
    use wallet_core::platform::Http;
    let request = request.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(LoopbackHttp::new().send(request)).unwrap()
    })
    .join()
    .unwrap()
}

/// The issuer's answer, with the second credential altered before it was encrypted: the liar is the issuer itself, who reads the
/// request by its key, asks under a key of the test's, and encrypts the answer again for the wallet.
fn lying(
    issuer: &DecryptionKey,
    request: &HttpRequest,
    alter: impl FnOnce(&mut String),
) -> wallet_core::platform::HttpResponse {
    let own = DecryptionKey::derive(&[7; 64]).unwrap();
    let sealed = core::str::from_utf8(&request.body).unwrap();
    let opened = ContentEncryption::ALL.into_iter().find_map(|content| issuer.open(sealed, content).ok());
    let mut asked: serde_json::Value = serde_json::from_slice(&opened.unwrap()).unwrap();
    let encryption = &mut asked["credential_response_encryption"];
    let wallet: Jwk = serde_json::from_value(encryption["jwk"].clone()).unwrap();
    let content = ContentEncryption::ALL.into_iter().find(|it| encryption["enc"] == it.name()).unwrap();
    for (name, value) in serde_json::to_value(Jwk::new(*own.public())).unwrap().as_object().unwrap() {
        encryption["jwk"][name] = value.clone();
    }
    let asked = serde_json::to_vec(&asked).unwrap();
    let body = encrypt(&Jwk::new(*issuer.public()), content, &asked).unwrap().into();
    let mut response = forward(&HttpRequest { body, ..request.clone() });
    if response.status == 200 {
        let token = String::from_utf8(response.body).unwrap();
        let mut answer: serde_json::Value =
            serde_json::from_slice(&own.open(&token, content).unwrap()).unwrap();
        let credential = &mut answer["credentials"][1]["credential"];
        let mut text = credential.as_str().unwrap().to_owned();
        alter(&mut text);
        *credential = text.into();
        response.body = encrypt(&wallet, content, &serde_json::to_vec(&answer).unwrap()).unwrap().into();
    }
    response
}

/// What the issuer alters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    PhotoId,
    SdCwt,
    PortraitSalt,
    Staple,
    Certificate,
}

/// One bit of that part is another, where the credential has it.
fn altered(mut bytes: Vec<u8>, part: Part) -> Vec<u8> {
    let middle = |bytes: &mut Vec<u8>| {
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
    };
    let Ok(mut copy) = DeliveredCopy::parse(&bytes) else {
        if part == Part::PhotoId {
            middle(&mut bytes);
        }
        return bytes;
    };
    match part {
        Part::PhotoId => {}
        Part::SdCwt => middle(&mut copy.sd_cwt),
        Part::PortraitSalt => copy.portrait_salt[7] ^= 1,
        Part::Staple => copy.staple.preimage[7] ^= 1,
        Part::Certificate => middle(&mut copy.issuer_chain[0]),
    }
    copy.encode()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_alters_a_byte_of_its_answers_is_not_believed() {
    for part in [Part::PhotoId, Part::SdCwt, Part::PortraitSalt, Part::Staple, Part::Certificate] {
        let scene = Scene::new().await;
        let issuer = scene.desk.request_key().await.unwrap();
        let http = ScriptedHttp::answering(move |request| {
            if !request.url.ends_with("/openid/credential") {
                return Ok(forward(request));
            }
            Ok(lying(&issuer, request, |credential| {
                // An SD-JWT VC is no base64url; this liar leaves it alone.
                if let Some(bytes) = decode(credential) {
                    *credential = encode(&altered(bytes, part));
                }
            }))
        });
        let phone = scene.locked_phone("phone", Arc::new(http)).await;
        phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
        let keys = phone.keys.key_count();
        let refused = WalletError::NotTrusted { why: Distrust::IssuedCredential };
        assert_eq!(phone.enrol(&people::adult()).await, Err(refused), "{part:?}");
        assert_eq!(phone.wallet.cards().unwrap(), []);
        assert_eq!(
            phone.keys.key_count(),
            keys + 1,
            "keys without credentials are deleted; the wallet keeps its own"
        );
    }
}

#[tokio::test]
async fn nonsense_from_the_issuer_is_a_protocol_error() {
    let scene = Scene::new().await;
    for (name, body) in [("a", &b"{}"[..]), ("b", b""), ("c", b"[1,2"), ("d", &[0xFF; 40])] {
        let body = body.to_vec();
        let http = ScriptedHttp::answering(move |_| {
            Ok(wallet_core::platform::HttpResponse {
                status: 200,
                headers: std::collections::HashMap::new(),
                body: body.clone(),
            })
        });
        let phone = scene.locked_phone(name, Arc::new(http)).await;
        phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
        let misbehaved = WalletError::NotTrusted { why: Distrust::IssuerAnswer };
        assert_eq!(Arc::clone(&phone.wallet).enrol().await.map(|_| ()), Err(misbehaved));
    }
}

#[tokio::test]
async fn hardware_that_makes_no_attested_keys_is_refused_by_a_strict_issuer() {
    let scene = Scene::with(|mut config| {
        config.policy.accept_software_keys = false;
        config
    })
    .await;
    let phone = scene.phone("phone").await;
    let refused = WalletError::IssuerRefused { why: Refusal::AttestationRefused };
    assert_eq!(phone.enrol(&people::adult()).await, Err(refused));
}

/// Writes down the stages, and stops at one.
struct Stages {
    stop_at: Option<EnrolmentStage>,
    heard: Mutex<Vec<EnrolmentStage>>,
}

impl EnrolmentListener for Stages {
    fn stage(&self, stage: EnrolmentStage) -> Result<bool, ListenerError> {
        self.heard.lock().unwrap().push(stage);
        Ok(self.stop_at != Some(stage))
    }
}

#[tokio::test]
async fn progress_is_told_and_every_stage_can_be_the_last() {
    use EnrolmentStage::{
        CheckingFace, FetchingCredentials, MakingKeys, SendingEvidence, Storing, Verifying,
    };
    let all = [CheckingFace, SendingEvidence, MakingKeys, FetchingCredentials, Verifying, Storing];
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    for stop_at in all.map(Some).into_iter().chain([None]) {
        let listener = Arc::new(Stages { stop_at, heard: Mutex::new(Vec::new()) });
        let (enrolment, evidence) = phone.tap(VirtualCard::of(&people::adult())).await.unwrap();
        let finished = enrolment.finish(evidence, Some(listener.clone())).await;
        match stop_at {
            Some(stage) => {
                assert_eq!(finished, Err(WalletError::UserCancelled), "{stage:?}");
                assert_eq!(phone.wallet.cards().unwrap(), []);
                assert_eq!(listener.heard.lock().unwrap().last(), Some(&stage));
            }
            None => {
                finished.unwrap();
                assert_eq!(*listener.heard.lock().unwrap(), all);
            }
        }
    }
}
