use super::{
    super::{grants::*, *},
    NOW,
};

const ME: PersonId = [10; 32];
const PHONE: Thumbprint = [1; 32];
const ENDING: Ending<'static> = Ending {
    standing: ("revoked", "card_lost"),
    command: None,
    settles: &[],
    closes: None,
    card_lost_on: None,
};

/// A store that knows a person.
fn on_each_engine(test: impl Fn(&Store)) {
    super::on_each_engine(|store| {
        super::know(store, &ME);
        test(store);
    });
}

const CODE: [u8; 32] = [7; 32];

fn add_offer(store: &Store, told: Option<[u8; 32]>, tries: u32) {
    let (transaction_code, expires_at) = (told, NOW + 10);
    let row = OfferRow { code: CODE, person: ME, document: [1; 4], transaction_code, tries, expires_at };
    store.add_offer(&row, NOW).unwrap();
}

/// What a phone gets that asks for one access token, named by `token`.
fn ask(store: &Store, grant: Grant, phone: Thumbprint, token: u8, now: i64) -> Exchanged {
    let tokens = [(TokenKind::Access, [token; 32], now + 10)];
    store.exchange(&grant, &phone, &[token; 16], &tokens, now).unwrap()
}

fn worth(store: &Store, token: u8, phone: Thumbprint, now: i64) -> Option<Access> {
    store.token(TokenKind::Access, &[token; 32], &phone, now).unwrap()
}

#[test]
fn an_offer_is_redeemed_once_within_its_time_and_tries() {
    on_each_engine(|store| {
        let right = [8; 32];
        let redeem = |told: Option<[u8; 32]>, now| {
            ask(store, Grant::Offer { code: CODE, told }, PHONE, u8::try_from(now - NOW).unwrap(), now)
        };
        assert_eq!(redeem(Some(right), NOW), Exchanged::Gone);
        add_offer(store, Some(right), 3);
        assert_eq!(store.open_offer(&CODE, NOW).unwrap(), Some(true));
        assert_eq!(redeem(Some([9; 32]), NOW), Exchanged::WrongTransactionCode { tries_left: 2 });
        assert_eq!(redeem(None, NOW), Exchanged::WrongTransactionCode { tries_left: 1 });
        assert_eq!(redeem(Some(right), NOW + 10), Exchanged::Gone);
        assert_eq!(worth(store, 0, PHONE, NOW), None);
        assert_eq!(redeem(Some(right), NOW + 9), Exchanged::Good);
        let access = Access { person: ME, instance: PHONE, issue: [9; 16] };
        assert_eq!(worth(store, 9, PHONE, NOW), Some(access));
        assert_eq!(redeem(Some(right), NOW + 9), Exchanged::Gone);
        assert_eq!(store.open_offer(&CODE, NOW).unwrap(), None);
        add_offer(store, Some(right), 1);
        assert_eq!(redeem(Some([9; 32]), NOW), Exchanged::WrongTransactionCode { tries_left: 0 });
        assert_eq!(redeem(Some(right), NOW), Exchanged::Gone);
    });
}

#[test]
fn an_offer_to_somebody_with_another_phone_stays_good() {
    on_each_engine(|store| {
        let access = Access { person: ME, instance: PHONE, issue: [1; 16] };
        super::grant(store, &access);
        assert_eq!(store.bind_batch(&access, &[], 1, b"sealed", NOW).unwrap(), Bound::Kept);
        add_offer(store, None, 3);
        let offer = Grant::Offer { code: CODE, told: None };
        assert_eq!(ask(store, offer, [2; 32], 5, NOW), Exchanged::Bound(BindingState::AnotherPhone));
        assert_eq!(worth(store, 5, [2; 32], NOW), None);
        assert_eq!(ask(store, offer, PHONE, 5, NOW), Exchanged::Good);
    });
}

#[test]
fn a_code_used_twice_ends_what_came_of_it() {
    on_each_engine(|store| {
        let row =
            CodeRow { code: CODE, person: ME, instance: PHONE, challenge: [8; 32], expires_at: NOW + 10 };
        store.add_code(&row).unwrap();
        let redeem =
            |challenge, instance, now| ask(store, Grant::Code { code: CODE, challenge }, instance, 5, now);
        assert_eq!(redeem([9; 32], PHONE, NOW), Exchanged::Gone, "another verifier");
        assert_eq!(redeem([8; 32], [2; 32], NOW), Exchanged::Gone, "another phone");
        assert_eq!(redeem([8; 32], PHONE, NOW + 10), Exchanged::Gone, "too late");
        assert_eq!(redeem([8; 32], PHONE, NOW), Exchanged::Good);
        let access = Access { person: ME, instance: PHONE, issue: [5; 16] };
        assert_eq!(worth(store, 5, PHONE, NOW), Some(access));
        assert_eq!(redeem([8; 32], PHONE, NOW), Exchanged::Gone);
        assert_eq!(worth(store, 5, PHONE, NOW), None);
    });
}

/// Between the first look at a request and its answer anything may happen at another desk: what counts is what holds when the
/// tokens are made.
#[test]
fn no_tokens_come_of_anything_after_a_death_a_suspension_or_the_end_of_the_phone() {
    let died = Ending { closes: Some("died"), ..ENDING };
    type Event<'a> = (&'a str, &'a dyn Fn(&Store));
    let events: [Event<'_>; 4] = [
        ("died", &|store| {
            store.end_phone(&ME, &died, NOW).unwrap();
        }),
        ("suspended", &|store| store.suspend(&ME, SuspendedBy::Issuer, NOW).unwrap()),
        ("given up", &|store| {
            store.release(&ME, NOW).unwrap();
        }),
        ("on another phone", &|store| {
            store.release(&ME, NOW).unwrap();
            let elsewhere = Access { person: ME, instance: [2; 32], issue: [2; 16] };
            super::grant(store, &elsewhere);
            assert_eq!(store.bind_batch(&elsewhere, &[], 1, b"sealed", NOW).unwrap(), Bound::Kept);
        }),
    ];
    for (name, event) in events {
        on_each_engine(|store| {
            let access = Access { person: ME, instance: PHONE, issue: [1; 16] };
            super::grant(store, &access);
            assert_eq!(store.bind_batch(&access, &[], 1, b"sealed", NOW).unwrap(), Bound::Kept);
            let tokens = [(TokenKind::Refresh, [6; 32], NOW + 100)];
            assert_eq!(super::by_code(store, &access, &tokens), Exchanged::Good);
            add_offer(store, None, 3);
            let row =
                CodeRow { code: CODE, person: ME, instance: PHONE, challenge: [8; 32], expires_at: NOW + 10 };
            store.add_code(&row).unwrap();
            event(store);
            let offer = Grant::Offer { code: CODE, told: None };
            let code = Grant::Code { code: CODE, challenge: [8; 32] };
            for (number, grant) in (20..).zip([offer, code, Grant::Refresh([6; 32])]) {
                let came = ask(store, grant, PHONE, number, NOW);
                // The offer is another matter: a clerk has seen the person, who is free for this phone again.
                let free = name == "given up" && matches!(grant, Grant::Offer { .. });
                assert_eq!(came == Exchanged::Good, free, "{name}: {grant:?} {came:?}");
                assert_eq!(worth(store, number, PHONE, NOW).is_some(), free, "{name}");
            }
        });
    }
}

/// One visit, one issuance, of one document; and none once the phone has ended.
#[test]
fn a_visit_grants_once_and_ends_with_the_phone() {
    let visit = |store: &Store| store.seen(&ME, &[1; 4], &PHONE).unwrap().visit;
    let good = Some(Visit { seen_at: NOW, spent: false });
    let access = |issue: u8| Access {
        person: ME,
        instance: PHONE,
        issue: [[1; 4], [issue; 4], [0; 4], [0; 4]].concat().try_into().unwrap(),
    };
    on_each_engine(|store| {
        assert_eq!(visit(store), None);
        add_offer(store, None, 3);
        assert_eq!(visit(store), good, "whether or not the offer is taken");
        assert_eq!(store.seen(&ME, &[2; 4], &PHONE).unwrap().visit, None, "for another document it is none");
        let tokens = [(TokenKind::Access, [4; 32], NOW + 10), (TokenKind::Refresh, [6; 32], NOW + 100)];
        assert_eq!(super::by_code(store, &access(1), &tokens), Exchanged::Good);
        assert_eq!(visit(store), good, "an answer that was lost costs no second way to the centre");
        assert_eq!(store.bind_batch(&access(1), &[], 1, b"sealed", NOW + 5).unwrap(), Bound::Kept);
        assert_eq!(visit(store), Some(Visit { seen_at: NOW, spent: true }));

        // Seen again; and copies fetched anew meanwhile take nothing away.
        add_offer(store, None, 3);
        let tokens = [(TokenKind::Access, [5; 32], NOW + 10)];
        let refreshed = store.exchange(&Grant::Refresh([6; 32]), &PHONE, &access(2).issue, &tokens, NOW);
        assert_eq!(refreshed.unwrap(), Exchanged::Good);
        assert_eq!(store.bind_batch(&access(2), &[], 1, b"sealed", NOW).unwrap(), Bound::Kept);
        assert_eq!(visit(store), good);
    });
    let ends: [&dyn Fn(&Store); 3] = [
        &|store| {
            store.release(&ME, NOW).unwrap();
        },
        &|store| {
            store.end_phone(&ME, &ENDING, NOW).unwrap();
        },
        &|store| {
            store.end_instance(&PHONE, &ENDING, NOW).unwrap();
        },
    ];
    for end in ends {
        on_each_engine(|store| {
            super::grant(store, &access(1));
            assert_eq!(store.bind_batch(&access(1), &[], 1, b"sealed", NOW).unwrap(), Bound::Kept);
            add_offer(store, None, 3);
            assert_eq!(super::tap(store, ME, PHONE, false, NOW), Tapped::Granted { moved: false });
            end(store);
            assert_eq!(store.seen(&ME, &[1; 4], &PHONE).unwrap(), Seen::default());
        });
    }
}

#[test]
fn a_token_is_its_phones_its_kinds_and_its_times() {
    on_each_engine(|store| {
        let access = Access { person: ME, instance: PHONE, issue: [1; 16] };
        let tokens = [(TokenKind::Access, [5; 32], NOW + 10), (TokenKind::Refresh, [6; 32], NOW + 100)];
        assert_eq!(super::by_code(store, &access, &tokens), Exchanged::Good);
        let worth = |store: &Store, kind, token, phone, now| {
            store.token(kind, &token, &phone, now).unwrap().is_some()
        };
        assert!(worth(store, TokenKind::Access, [5; 32], PHONE, NOW));
        assert!(!worth(store, TokenKind::Refresh, [5; 32], PHONE, NOW));
        assert!(!worth(store, TokenKind::Access, [5; 32], [2; 32], NOW));
        assert!(!worth(store, TokenKind::Access, [5; 32], PHONE, NOW + 10));
        let newer = [(TokenKind::Refresh, [7; 32], NOW + 100)];
        assert_eq!(super::by_code(store, &access, &newer), Exchanged::Good);
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
