use super::{
    super::{grants::*, *},
    NOW,
};

const ME: PersonId = [10; 32];
const PHONE: Thumbprint = [1; 32];

/// A store that knows a person.
fn on_each_engine(test: impl Fn(&Store)) {
    super::on_each_engine(|store| {
        store.put_person(&ME, b"sealed", NOW).unwrap();
        test(store);
    });
}

#[test]
fn an_offer_is_redeemed_once_within_its_time_and_tries() {
    on_each_engine(|store| {
        let (code, told) = ([7; 32], [8; 32]);
        let redeem =
            |store: &Store, told: [u8; 32], now| store.redeem_offer(&code, Some(&told), &PHONE, now).unwrap();
        assert_eq!(redeem(store, told, NOW), OfferState::Gone);
        store.add_offer(&code, &ME, Some(&told), 3, NOW + 10).unwrap();
        assert_eq!(store.open_offer(&code, NOW).unwrap(), Some(true));
        assert_eq!(redeem(store, [9; 32], NOW), OfferState::WrongTransactionCode { tries_left: 2 });
        assert_eq!(
            store.redeem_offer(&code, None, &PHONE, NOW).unwrap(),
            OfferState::WrongTransactionCode { tries_left: 1 }
        );
        assert_eq!(redeem(store, told, NOW + 10), OfferState::Gone);
        assert_eq!(redeem(store, told, NOW + 9), OfferState::Redeemed(ME));
        assert_eq!(redeem(store, told, NOW + 9), OfferState::Gone);
        assert_eq!(store.open_offer(&code, NOW).unwrap(), None);
        store.add_offer(&code, &ME, Some(&told), 1, NOW + 10).unwrap();
        assert_eq!(redeem(store, [9; 32], NOW), OfferState::WrongTransactionCode { tries_left: 0 });
        assert_eq!(redeem(store, told, NOW), OfferState::Gone);
    });
}

#[test]
fn an_offer_to_somebody_with_another_phone_stays_good() {
    on_each_engine(|store| {
        let access = Access { person: ME, instance: PHONE, issue: [1; 16] };
        super::grant(store, &access);
        assert_eq!(store.bind_batch(&access, &[], 1, NOW).unwrap(), Bound::Kept);
        store.add_offer(&[7; 32], &ME, None, 3, NOW + 10).unwrap();
        let redeemed = store.redeem_offer(&[7; 32], None, &[2; 32], NOW).unwrap();
        assert_eq!(redeemed, OfferState::Bound(BindingState::AnotherPhone));
        assert_eq!(store.redeem_offer(&[7; 32], None, &PHONE, NOW).unwrap(), OfferState::Redeemed(ME));
    });
}

#[test]
fn a_code_used_twice_ends_what_came_of_it() {
    on_each_engine(|store| {
        let row =
            CodeRow { code: [7; 32], person: ME, instance: PHONE, challenge: [8; 32], expires_at: NOW + 10 };
        store.add_code(&row).unwrap();
        let redeem =
            |challenge, instance, now| store.redeem_code(&[7; 32], &challenge, &instance, now).unwrap();
        assert_eq!(redeem([9; 32], PHONE, NOW), None, "another verifier");
        assert_eq!(redeem([8; 32], [2; 32], NOW), None, "another phone");
        assert_eq!(redeem([8; 32], PHONE, NOW + 10), None, "too late");
        assert_eq!(redeem([8; 32], PHONE, NOW), Some(ME));
        let access = Access { person: ME, instance: PHONE, issue: [1; 16] };
        store.add_tokens(&access, Granted::ByCode, &[(TokenKind::Access, [5; 32], NOW + 10)], NOW).unwrap();
        assert_eq!(store.token(TokenKind::Access, &[5; 32], &PHONE, NOW).unwrap(), Some(access));
        assert_eq!(store.redeem_code(&[7; 32], &[8; 32], &PHONE, NOW).unwrap(), None);
        assert_eq!(store.token(TokenKind::Access, &[5; 32], &PHONE, NOW).unwrap(), None);
    });
}

#[test]
fn a_token_is_its_phones_its_kinds_and_its_times() {
    on_each_engine(|store| {
        let access = Access { person: ME, instance: PHONE, issue: [1; 16] };
        let tokens = [(TokenKind::Access, [5; 32], NOW + 10), (TokenKind::Refresh, [6; 32], NOW + 100)];
        store.add_tokens(&access, Granted::ByCode, &tokens, NOW).unwrap();
        let worth = |store: &Store, kind, token, phone, now| {
            store.token(kind, &token, &phone, now).unwrap().is_some()
        };
        assert!(worth(store, TokenKind::Access, [5; 32], PHONE, NOW));
        assert!(!worth(store, TokenKind::Refresh, [5; 32], PHONE, NOW));
        assert!(!worth(store, TokenKind::Access, [5; 32], [2; 32], NOW));
        assert!(!worth(store, TokenKind::Access, [5; 32], PHONE, NOW + 10));
        store.add_tokens(&access, Granted::ByCode, &[(TokenKind::Refresh, [7; 32], NOW + 100)], NOW).unwrap();
        assert!(!worth(store, TokenKind::Refresh, [6; 32], PHONE, NOW), "a newer one took its place");
        assert!(worth(store, TokenKind::Refresh, [7; 32], PHONE, NOW));
    });
}

#[test]
fn nonces_and_proofs_are_good_once() {
    on_each_engine(|store| {
        store.add_nonce(&[7; 32], NOW + 10).unwrap();
        assert!(!store.take_nonce(&[7; 32], NOW + 10).unwrap());
        assert!(store.take_nonce(&[7; 32], NOW + 9).unwrap());
        assert!(!store.take_nonce(&[7; 32], NOW).unwrap());
        assert!(store.first_time(&[8; 32], NOW, NOW + 10).unwrap());
        assert!(!store.first_time(&[8; 32], NOW + 9, NOW + 20).unwrap());
        assert!(store.first_time(&[8; 32], NOW + 20, NOW + 30).unwrap());
    });
}
