//! Status lists as a verifier of a shown photo ID fetches them, and the door for phones' own questions.

use std::collections::HashMap;

use desk::issuer::SuspendedBy;
use fixtures::{chip::VirtualCard, people};
use wallet_core::{
    counter::pack::CounterPack,
    crypto::sign::SigningKey,
    jose::{Fixed, encode},
    mdoc::{self, Expected, IssuerSigned, PHOTO_ID},
    openid::sd_jwt::{self, SdJwt},
    platform::{HttpMethod, HttpRequest},
    status::{
        SIGNATURE_HEADER, Status, StatusForm, StatusLists, StatusReference, StatusToken,
        commands::{CommandsRequest, CommandsResponse, GiveUpRequest, commands_request_bytes},
        parse_message,
    },
    trust::{Anchors, Certificate},
    verify::{HasStatus, StatusRefusal, check_status},
};

use crate::phone::{NOW, Phone, TestDesk, Trick};

type Checked = (StatusReference, Result<(), StatusRefusal>);
/// A document that was shown, asked of the lists at a time.
type Check = Box<dyn Fn(&StatusLists, i64) -> Checked>;

fn fetch(desk: &TestDesk, url: &str, accept: Option<&str>) -> (u16, Vec<u8>) {
    let headers = accept.map(|accept| ("accept".to_owned(), accept.to_owned())).into_iter().collect();
    desk.send(HttpRequest { method: HttpMethod::Get, url: url.to_owned(), headers, body: Vec::new() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verifier_learns_from_either_form_what_became_of_a_photo_id() {
    let desk = TestDesk::start().await;
    let phone = Phone::new(&desk);
    let issued = phone.enrol(&mut VirtualCard::of(&people::adult()).build(), Trick::None).await.unwrap();
    let anchors = Anchors::new(vec![Certificate::parse(desk.running.issuer_root()).unwrap()]);
    let number = people::adult().registration_number;
    // Whoever is shown a document learns the key from it.
    let mdocs = issued.mdocs.iter().map(|(_, bytes)| -> Check {
        let expected = Expected { doc_type: PHOTO_ID, device_key: None };
        let document = mdoc::verify(&IssuerSigned::parse(bytes).unwrap(), &expected, &anchors, NOW).unwrap();
        let reference = document.status_reference().unwrap();
        Box::new(move |lists, now| (reference.clone(), check_status(&document, lists, now)))
    });
    let sd_jwts = issued.sd_jwts.iter().map(|(holder, text, vct)| -> Check {
        let expected = sd_jwt::Expected { vct, holder };
        let credential = sd_jwt::verify(&SdJwt::parse(text).unwrap(), &expected, &anchors, NOW).unwrap();
        let reference = credential.status_reference().unwrap();
        Box::new(move |lists, now| (reference.clone(), check_status(&credential, lists, now)))
    });
    let shown: Vec<_> = mdocs.chain(sd_jwts).collect();
    let unknown = StatusLists::new();
    let references: Vec<StatusReference> = shown
        .iter()
        .map(|checked| {
            let (reference, outcome) = checked(&unknown, NOW);
            assert_eq!(outcome, Err(StatusRefusal::NoList), "nothing known is no yes");
            reference
        })
        .collect();
    let places: std::collections::BTreeSet<_> =
        references.iter().map(|reference| (&reference.uri, reference.idx)).collect();
    assert_eq!(places.len(), 6, "no two copies share a place");

    let mut now = NOW;
    for (act, expected) in [
        ("none", Ok(())),
        ("suspend", Err(StatusRefusal::Suspended)),
        ("resume", Ok(())),
        ("release", Err(StatusRefusal::Invalid)),
    ] {
        match act {
            "suspend" => desk.running.suspend(number, SuspendedBy::Issuer).await.unwrap(),
            "resume" => assert!(desk.running.resume(number, SuspendedBy::Issuer).await.unwrap()),
            "release" => assert!(desk.running.release(number).await.unwrap()),
            _ => {}
        }
        for form in [StatusForm::Jwt, StatusForm::Cwt] {
            let mut lists = StatusLists::new();
            for (checked, reference) in shown.iter().zip(&references) {
                let (status, body) = fetch(&desk, &reference.uri, Some(form.media_type()));
                assert_eq!(status, 200);
                let token = StatusToken::verify_under(&body, form, &reference.uri, &anchors, now).unwrap();
                assert_eq!(token.reload_at(now), Some(now + 300));
                assert!(token.is_usable(now + 3599) && !token.is_usable(now + 3600));
                lists.keep(&reference.uri, token, now);
                assert_eq!(checked(&lists, now).1, expected, "{act} {form:?}");
                assert_eq!(checked(&lists, now + 3600).1, Err(StatusRefusal::NoList));

                // Half as long, at an address of its own, and of the same state.
                let one = reference.uri.replace("/status/", "/status/1-bit/");
                let (status, body) = fetch(&desk, &one, Some(form.media_type()));
                assert_eq!(status, 200);
                assert!(StatusToken::verify_under(&body, form, &reference.uri, &anchors, now).is_err());
                let token = StatusToken::verify_under(&body, form, &one, &anchors, now).unwrap();
                let holds = token.list().status(reference.idx) == Ok(Status::Valid);
                assert_eq!((token.list().entries(), holds), (1 << 20, expected.is_ok()), "{act} {form:?}");
            }
        }
        desk.clock.advance(1);
        now += 1;
    }
    // What its own date has ended, no list needs to name any more.
    desk.clock.advance(65 * 86_400);
    now += 65 * 86_400;
    let (_, body) = fetch(&desk, &references[0].uri, None);
    let token = StatusToken::verify_under(&body, StatusForm::Jwt, &references[0].uri, &anchors, now).unwrap();
    assert_eq!(token.list().status(references[0].idx), Ok(Status::Valid));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_everybody_fetches_is_signed_once_until_it_changes_or_grows_old() {
    let desk = TestDesk::start().await;
    let phone = Phone::new(&desk);
    phone.enrol(&mut VirtualCard::of(&people::adult()).build(), Trick::None).await.unwrap();
    let number = people::adult().registration_number;
    let authority = *desk.running.pack_authority();
    let pack = || CounterPack::verify(&desk.get("/counter-pack"), &authority).unwrap().content().clone();
    let lists = || {
        let at = |number: u32| format!("{}/status/{number}", desk.running.base_url());
        let forms = [StatusForm::Jwt, StatusForm::Cwt];
        let all = (0..24).flat_map(|number| forms.map(|form| (number, form)));
        all.map(|(number, form)| fetch(&desk, &at(number), Some(form.media_type()))).collect::<Vec<_>>()
    };
    let (first_pack, first_lists) = (pack(), lists());
    desk.clock.advance(59);
    assert_eq!(pack(), first_pack);
    assert_eq!(lists(), first_lists);
    desk.clock.advance(1);
    let second_pack = pack();
    assert_eq!((second_pack.made_at, second_pack.issuers), (NOW + 60, first_pack.issuers));
    assert!(second_pack.sequence > first_pack.sequence);

    // What changes is told at once, and by a newer pack.
    desk.running.suspend(number, SuspendedBy::Issuer).await.unwrap();
    let suspended = pack();
    assert!(suspended.sequence > second_pack.sequence);
    assert_ne!(suspended.status, second_pack.status);
    let changed = lists().iter().zip(&first_lists).filter(|(now, before)| now != before).count();
    assert!((2..=48).contains(&changed), "{changed}: those lists that the copies are on, in both forms");
    desk.running.resume(number, SuspendedBy::Issuer).await.unwrap();
    assert!(pack().sequence > suspended.sequence);
    let again = lists();
    desk.clock.advance(240);
    for ((before, now), first) in again.iter().zip(lists()).zip(&first_lists) {
        // Lists that never changed are as old as their ttl allows; the others were signed lately.
        assert_eq!(*before != now, before == first);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_has_one_address_and_the_forms_there_are() {
    let desk = TestDesk::start().await;
    let at = |path: &str| format!("{}{path}", desk.running.base_url());
    assert_eq!(fetch(&desk, &at("/status/0"), None).0, 200);
    assert_eq!(fetch(&desk, &at("/status/63"), Some("*/*")).0, 200);
    assert_eq!(fetch(&desk, &at("/status/1-bit/63"), None).0, 200);
    for path in [
        "/status/1-bit/64",
        "/status/1-bit/x",
        "/status/64",
        "/status/01",
        "/status/+1",
        "/status/x",
        "/status/4294967296",
    ] {
        assert_eq!(fetch(&desk, &at(path), None).0, 404, "{path}");
    }
    assert_eq!(fetch(&desk, &at("/status/0"), Some("text/html")).0, 406);
    let headers = desk.headers("/status/0");
    assert_eq!(headers["content-type"], "application/statuslist+jwt");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_commands_or_gives_a_phone_up_has_signed_it() {
    let desk = TestDesk::start().await;
    let key = SigningKey::make().unwrap().0;
    let instance_key = Fixed(*key.public().as_sec1());
    let ask = |path: &str, body: &[u8], signature: Option<[u8; 64]>| {
        let url = format!("{}{path}", desk.running.base_url());
        let headers: HashMap<_, _> = signature
            .map(|signature| (SIGNATURE_HEADER.to_owned(), encode(&signature)))
            .into_iter()
            .collect();
        desk.send(HttpRequest { method: HttpMethod::Post, url, headers, body: body.to_vec() })
    };
    let request = CommandsRequest { instance_key, made_at: 0, obeyed: 0, wait: 25 };
    let body = serde_json::to_vec(&request).unwrap();
    let good = key.sign(&commands_request_bytes(&body)).unwrap();
    // Nobody has heard of this phone: it is answered at once, whatever it would wait.
    let began = std::time::Instant::now();
    let (status, answer) = ask("/commands", &body, Some(good));
    assert_eq!(status, 200);
    assert_eq!(parse_message::<CommandsResponse>(&answer).unwrap().commands, []);
    assert!(began.elapsed().as_secs() < 20);

    assert_eq!(ask("/commands", &body, None).0, 401);
    assert_eq!(ask("/commands", &body, Some(key.sign(&body).unwrap())).0, 401, "signed for something else");
    assert_eq!(ask("/commands", b"{}", Some(good)).0, 400);
    let longer = CommandsRequest { obeyed: u64::MAX, ..request };
    let longer = serde_json::to_vec(&longer).unwrap();
    let signature = key.sign(&commands_request_bytes(&longer)).unwrap();
    assert_eq!(ask("/commands", &longer, Some(signature)).0, 400);

    let give_up = |made_at| serde_json::to_vec(&GiveUpRequest { instance_key, made_at }).unwrap();
    let sign = |body: &[u8]| key.sign(&wallet_core::status::commands::give_up_request_bytes(body)).unwrap();
    let (fresh, old) = (give_up(NOW), give_up(NOW - 301));
    assert_eq!(ask("/give-up", &fresh, Some(sign(&fresh))), (200, b"{}".to_vec()));
    assert_eq!(ask("/give-up", &fresh, Some(sign(&fresh))).0, 200, "said again it is answered again");
    assert_eq!(ask("/give-up", &old, Some(sign(&old))).0, 410);
    assert_eq!(ask("/give-up", &fresh, Some(good)).0, 401);
    assert_eq!(ask("/give-up", b"x", Some(sign(b"x"))).0, 400);
}
