//! Applications, pushed requests, who was seen, manual checks, and App Attest keys.

use wallet_core::crypto::sign::SigningKey;

use super::{
    super::{grants::TokenKind, *},
    NOW, by_code, know, on_each_engine, tap,
};
use crate::attestation::{AppKey, KnownAppKey};

const ME: PersonId = [10; 32];
const PHONE: Thumbprint = [1; 32];

fn pushed() -> PushedRow {
    PushedRow {
        application: [7; 32],
        instance: PHONE,
        challenge: [8; 32],
        redirect_uri: "https://wallet.example/issued".to_owned(),
        state: "state".to_owned(),
        expires_at: NOW + 10,
    }
}

fn code() -> CodeRow {
    CodeRow { code: [5; 32], person: ME, instance: PHONE, challenge: [8; 32], expires_at: NOW + 10 }
}

#[test]
fn an_application_is_good_for_a_while_and_until_the_next() {
    on_each_engine(|store| {
        store.add_application(&[7; 32], &ME, "card", NOW, NOW + 10).unwrap();
        assert_eq!(store.application(&[7; 32], NOW + 9).unwrap(), Some((ME, "card".to_owned())));
        assert_eq!(store.application(&[7; 32], NOW + 10).unwrap(), None);
        store.add_application(&[8; 32], &ME, "other", NOW, NOW + 10).unwrap();
        assert!(store.application(&[7; 32], NOW).unwrap().is_some(), "another document");
        store.add_application(&[9; 32], &ME, "card", NOW, NOW + 10).unwrap();
        assert_eq!(store.application(&[7; 32], NOW).unwrap(), None);
    });
}

#[test]
fn a_pushed_request_is_answered_once_and_ends_its_application() {
    on_each_engine(|store| {
        know(store, &ME);
        store.add_application(&[7; 32], &ME, "card", NOW, NOW + 100).unwrap();
        store.add_pushed(&[1; 32], &pushed(), NOW).unwrap();
        store.add_pushed(&[2; 32], &pushed(), NOW).unwrap();
        assert_eq!(store.pushed(&[1; 32], NOW).unwrap(), Some(pushed()));
        assert_eq!(store.pushed(&[1; 32], NOW + 10).unwrap(), None);
        assert!(!store.answer_pushed(&[3; 32], Some(&code()), NOW).unwrap(), "nobody pushed it");
        assert!(store.answer_pushed(&[1; 32], Some(&code()), NOW).unwrap());
        assert!(!store.answer_pushed(&[1; 32], Some(&code()), NOW).unwrap());
        assert!(!store.answer_pushed(&[2; 32], Some(&code()), NOW).unwrap(), "the application is used up");
        let code = Grant::Code { code: [5; 32], challenge: [8; 32] };
        assert_eq!(store.exchange(&code, &PHONE, &[1; 16], &[], NOW).unwrap(), Exchanged::Good);
        // A no leaves the application open.
        store.add_application(&[7; 32], &ME, "card", NOW, NOW + 100).unwrap();
        store.add_pushed(&[4; 32], &pushed(), NOW).unwrap();
        assert!(store.answer_pushed(&[4; 32], None, NOW).unwrap());
        assert!(store.application(&[7; 32], NOW).unwrap().is_some());
    });
}

#[test]
fn who_was_seen_is_told_by_clerk_for_a_document_and_by_phone() {
    on_each_engine(|store| {
        let seen = |phone: &Thumbprint| store.seen(&ME, &[1; 4], phone).unwrap();
        assert_eq!(seen(&PHONE), Seen::default());
        for now in [NOW, NOW + 1] {
            assert_eq!(tap(store, ME, PHONE, false, now), Tapped::Granted { moved: false });
        }
        assert_eq!(seen(&PHONE), Seen { visit: None, tap: Some(NOW + 1) });
        assert_eq!(seen(&[2; 32]), Seen::default(), "another phone saw nothing");
        know(store, &ME);
        for (code, now) in [([1; 32], NOW), ([2; 32], NOW + 2)] {
            let row = OfferRow {
                code,
                person: ME,
                document: [1; 4],
                transaction_code: None,
                tries: 3,
                expires_at: now,
            };
            store.add_offer(&row, now).unwrap();
        }
        let visit = Some(Visit { seen_at: NOW + 2, spent: false });
        assert_eq!(seen(&[2; 32]), Seen { visit, tap: None });
    });
}

#[test]
fn a_manual_check_is_asked_for_once_and_decided_by_a_clerk() {
    on_each_engine(|store| {
        assert!(!store.decide_check(&ME, "card", true).unwrap());
        assert_eq!(store.ask_check(&ME, "card", NOW).unwrap(), CheckState::Asked);
        assert!(store.decide_check(&ME, "card", false).unwrap());
        assert_eq!(store.ask_check(&ME, "card", NOW).unwrap(), CheckState::Denied);
        assert!(store.decide_check(&ME, "card", true).unwrap());
        assert_eq!(store.ask_check(&ME, "card", NOW).unwrap(), CheckState::Approved);
        assert_eq!(store.ask_check(&ME, "other", NOW).unwrap(), CheckState::Asked);
        let row = DeferredRow {
            issue: [3; 16],
            configuration: "card.mdoc".to_owned(),
            keys: vec![4; 130],
            expires_at: NOW + 10,
        };
        store.add_deferred(&[6; 32], &row, NOW).unwrap();
        assert_eq!(store.deferred(&[6; 32], &[3; 16], NOW).unwrap(), Some(row));
        assert_eq!(store.deferred(&[6; 32], &[4; 16], NOW).unwrap(), None, "another batch's");
        assert_eq!(store.deferred(&[6; 32], &[3; 16], NOW + 10).unwrap(), None);
    });
}

#[test]
fn an_app_attest_key_counts_up_for_the_wallet_it_first_spoke_for() {
    let public = *SigningKey::make().unwrap().0.public();
    let key = |counter| AppKey { id: [9; 32], public, app: [8; 32], counter };
    let said = (&b"object"[..], &[5; 32]);
    on_each_engine(|store| {
        assert_eq!(store.app_key(&[9; 32]).unwrap(), None);
        assert!(store.keep_app_key(&key(1), said, &PHONE, NOW).unwrap());
        let (object, client_data_hash) = (b"object".to_vec(), [5; 32]);
        let known = KnownAppKey { key: key(1), object, client_data_hash, attested_at: NOW };
        assert_eq!(store.app_key(&[9; 32]).unwrap(), Some((known, PHONE)));
        assert!(!store.keep_app_key(&key(1), said, &PHONE, NOW).unwrap(), "seen before");
        assert!(!store.keep_app_key(&key(2), said, &[2; 32], NOW).unwrap(), "another wallet's");
        assert!(store.keep_app_key(&key(3), said, &PHONE, NOW).unwrap());
        assert!(!store.keep_app_key(&key(2), said, &PHONE, NOW).unwrap());
    });
}

/// The tokens of one document end with the next of the same, not with another document's.
#[test]
fn refresh_tokens_are_each_documents_own() {
    on_each_engine(|store| {
        know(store, &ME);
        let issue = |document: u8, number: u8| {
            let mut issue = [number; 16];
            issue[..4].fill(document);
            Access { person: ME, instance: PHONE, issue }
        };
        let token = |value| [(TokenKind::Refresh, [value; 32], NOW + 10)];
        let good = |value| store.token(TokenKind::Refresh, &[value; 32], &PHONE, NOW).unwrap().is_some();
        assert_eq!(by_code(store, &issue(1, 1), &token(1)), Exchanged::Good);
        assert_eq!(by_code(store, &issue(2, 2), &token(2)), Exchanged::Good);
        assert!(good(1) && good(2));
        assert_eq!(by_code(store, &issue(1, 3), &token(3)), Exchanged::Good);
        assert!(!good(1) && good(2) && good(3));
    });
}
