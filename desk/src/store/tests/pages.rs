//! What the pages remember and look up.

use super::{super::*, NOW, access, bind, copy, know, on_each_engine, said_by};

const ME: PersonId = [10; 32];

fn row(who: &str) -> SessionRow {
    SessionRow { role: "clerk".into(), who: who.into(), stamp: [3; 32] }
}

#[test]
fn a_session_ends_by_its_time_by_lying_idle_and_by_being_ended() {
    on_each_engine(|store| {
        let (idle, whole) = (900, 3600);
        store.begin_page_session(&[1; 32], &row("kim"), NOW + whole, NOW).unwrap();
        assert_eq!(store.page_session(&[2; 32], idle, NOW).unwrap(), None);
        let mut now = NOW;
        while now < NOW + whole {
            assert_eq!(store.page_session(&[1; 32], idle, now).unwrap(), Some(row("kim")), "{}", now - NOW);
            now += idle - 60;
        }
        assert_eq!(store.page_session(&[1; 32], idle, NOW + whole).unwrap(), None, "whole time");

        store.begin_page_session(&[4; 32], &row("lee"), NOW + whole, NOW).unwrap();
        assert_eq!(store.page_session(&[4; 32], idle, NOW + idle).unwrap(), None, "idle");
        assert_eq!(store.page_session(&[4; 32], idle, NOW + 1).unwrap(), Some(row("lee")));
        store.end_page_session(&[4; 32]).unwrap();
        assert_eq!(store.page_session(&[4; 32], idle, NOW + 1).unwrap(), None, "ended");
    });
}

#[test]
fn tries_come_back_one_by_one_and_all_at_once_when_cleared() {
    on_each_engine(|store| {
        let rate = Rate { every: 60, burst: 3 };
        let tried = |now| store.try_page_limit(&[1; 32], rate, now).unwrap();
        assert_eq!([tried(NOW), tried(NOW), tried(NOW)], [None; 3]);
        assert_eq!(tried(NOW), Some(60));
        assert_eq!(tried(NOW + 59), Some(1));
        assert_eq!([tried(NOW + 60), tried(NOW + 60)], [None, Some(60)]);
        store.clear_page_limit(&[1; 32]).unwrap();
        assert_eq!(store.try_page_limit(&[1; 32], rate, NOW + 60).unwrap(), None);
        assert_eq!(store.try_page_limit(&[2; 32], rate, NOW + 60).unwrap(), None, "another's are its own");
    });
}

#[test]
fn an_office_sees_its_own_acts_newest_first() {
    on_each_engine(|store| {
        let act = |who: &str, office: &str, at| ActRow {
            at,
            who: who.into(),
            office: office.into(),
            act: "suspend".into(),
            outcome: "ok".into(),
        };
        store.add_act(&act("a", "gaon", 1), Some(&[1; 32])).unwrap();
        store.add_act(&act("b", "nuri", 2), Some(&[1; 32])).unwrap();
        store.add_act(&act("c", "gaon", 3), None).unwrap();
        let who = |acts: Vec<ActRow>| acts.into_iter().map(|act| act.who).collect::<Vec<_>>();
        assert_eq!(who(store.acts("gaon", None, 10).unwrap()), ["c", "a"]);
        assert_eq!(who(store.acts("gaon", None, 1).unwrap()), ["c"]);
        assert_eq!(who(store.acts("gaon", Some(&[1; 32]), 10).unwrap()), ["a"]);
    });
}

fn add_offer(store: &Store, code: u8) {
    know(store, &ME);
    let told = Some([6; 32]);
    let row = OfferRow {
        code: [code; 32],
        person: ME,
        document: [1; 4],
        transaction_code: told,
        tries: 3,
        expires_at: NOW + 600,
    };
    store.add_offer(&row, NOW).unwrap();
}

fn redeem(store: &Store, code: u8, told: Option<u8>) -> Exchanged {
    let grant = Grant::Offer { code: [code; 32], told: told.map(|told| [told; 32]) };
    store.exchange(&grant, &[2; 32], &[9; 16], &[], NOW).unwrap()
}

#[test]
fn an_offer_waits_is_taken_and_becomes_an_id() {
    on_each_engine(|store| {
        add_offer(store, 1);
        assert_eq!(store.offer_fate(&[1; 32], NOW).unwrap(), OfferFate::Open { tries_left: 3 });
        redeem(store, 1, Some(7));
        assert_eq!(store.offer_fate(&[1; 32], NOW).unwrap(), OfferFate::Open { tries_left: 2 });
        assert_eq!(redeem(store, 1, Some(6)), Exchanged::Good);
        assert_eq!(store.offer_fate(&[1; 32], NOW).unwrap(), OfferFate::Taken);
        assert_eq!(bind(store, access(10, 2, 3), &[copy(b"copy---a", 1)]), Bound::Kept);
        assert_eq!(store.offer_fate(&[1; 32], NOW + 9999).unwrap(), OfferFate::Issued);
        assert_eq!(store.standing(&ME).unwrap().phone_since, Some(NOW));
    });
}

#[test]
fn an_offer_ends_by_time_by_wrong_codes_and_by_a_newer_one() {
    on_each_engine(|store| {
        add_offer(store, 1);
        assert_eq!(store.offer_fate(&[1; 32], NOW + 600).unwrap(), OfferFate::Expired);
        for _ in 0..3 {
            redeem(store, 1, None);
        }
        assert_eq!(store.offer_fate(&[1; 32], NOW).unwrap(), OfferFate::OutOfTries);
        add_offer(store, 2);
        assert_eq!(store.offer_fate(&[1; 32], NOW).unwrap(), OfferFate::Gone);
        assert_eq!(store.offer_fate(&[2; 32], NOW).unwrap(), OfferFate::Open { tries_left: 3 });
    });
}

#[test]
fn a_line_tells_how_its_owner_stands_and_nothing_of_a_stranger() {
    on_each_engine(|store| {
        assert_eq!(store.standing_of_line(&[1; 32], "first").unwrap(), Err(Reported::Nobody));
        assert_eq!(store.standing(&ME).unwrap(), Standing::default());
        store.bind_line(&[1; 32], &ME, "first", NOW).unwrap();
        let recorded = Standing { line_since: Some(NOW), ..Standing::default() };
        assert_eq!(store.standing_of_line(&[1; 32], "first").unwrap(), Ok(recorded));
        store.suspend_line(&[1; 32], &said_by("first"), NOW + 5).unwrap();
        let suspended_by = Some(SuspendedBy::Operator);
        let suspended = Standing { suspended_since: Some(NOW + 5), suspended_by, ..recorded };
        assert_eq!(store.standing_of_line(&[1; 32], "first").unwrap(), Ok(suspended));
        let second = store.standing_of_line(&[1; 32], "second").unwrap();
        assert_eq!(second, Err(Reported::AnotherOperator), "nor to another operator");
    });
}
