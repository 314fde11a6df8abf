//! Accounts of staff, and what is asked of a clerk.

use super::{super::*, NOW, on_each_engine};

fn account(name: &str, office: &str) -> AccountRow {
    AccountRow {
        name: name.into(),
        role: "clerk".into(),
        office: office.into(),
        password: "a hash".into(),
        handed_until: Some(NOW + 10),
        disabled_at: None,
        made_at: NOW,
    }
}

#[test]
fn a_name_is_given_once_whatever_the_office() {
    on_each_engine(|store| {
        let lee = account("lee", "gaon");
        assert!(store.add_account(&lee).unwrap());
        assert!(!store.add_account(&account("lee", "nuri")).unwrap());
        assert!(store.add_account(&account("ahn", "gaon")).unwrap());
        assert_eq!(store.account("lee").unwrap(), Some(lee.clone()));
        assert_eq!(store.account("kim").unwrap(), None);
        assert_eq!(store.accounts("gaon").unwrap(), [account("ahn", "gaon"), lee]);
        assert_eq!(store.accounts("nuri").unwrap(), []);
    });
}

#[test]
fn a_password_is_handed_out_in_the_office_and_chosen_once_from_what_it_was() {
    on_each_engine(|store| {
        store.add_account(&account("lee", "gaon")).unwrap();
        assert!(!store.hand_password("lee", "nuri", "another hash", NOW + 20).unwrap());
        assert!(store.hand_password("lee", "gaon", "another hash", NOW + 20).unwrap());
        assert!(!store.choose_password("lee", "a hash", "my own").unwrap(), "it is not that any more");
        assert!(store.choose_password("lee", "another hash", "my own").unwrap());
        let lee = store.account("lee").unwrap().unwrap();
        assert_eq!((lee.password.as_str(), lee.handed_until), ("my own", None));
        assert!(store.disable_account("lee", "gaon", Some(NOW)).unwrap());
        assert!(!store.choose_password("lee", "my own", "another").unwrap(), "it is closed");
        assert!(!store.disable_account("lee", "gaon", Some(NOW)).unwrap());
        assert!(!store.disable_account("lee", "nuri", None).unwrap());
        assert!(store.disable_account("lee", "gaon", None).unwrap());
        assert!(!store.disable_account("lee", "gaon", None).unwrap());
    });
}

#[test]
fn a_trail_is_read_page_by_page() {
    on_each_engine(|store| {
        for (who, office) in [("kim", "gaon"), ("lee", "gaon"), ("park", "nuri"), ("kim", "gaon")] {
            let act = "find".into();
            let row = ActRow { at: NOW, who: who.into(), office: office.into(), act, outcome: "ok".into() };
            store.add_act(&row, Some(&[1; 32])).unwrap();
        }
        let page = |who, before, limit| {
            let lines = store.acts_before("gaon", who, before, limit).unwrap();
            let names = lines.iter().map(|(_, act)| act.who.clone()).collect::<Vec<_>>();
            (names, lines.last().map_or(0, |(number, _)| *number))
        };
        let (first, last) = page(None, i64::MAX, 2);
        assert_eq!(first, ["kim", "lee"]);
        assert_eq!(page(None, last, 2).0, ["kim"]);
        assert_eq!(page(Some("kim"), i64::MAX, 9).0, ["kim", "kim"]);
        assert!(page(Some("park"), i64::MAX, 9).0.is_empty());
    });
}

#[test]
fn what_waits_for_a_clerk_is_listed_oldest_first_until_it_is_decided() {
    on_each_engine(|store| {
        store.ask_check(&[2; 32], "welfare_card", NOW + 1).unwrap();
        store.ask_check(&[1; 32], "welfare_card", NOW).unwrap();
        store.ask_check(&[1; 32], "veteran_card", NOW + 2).unwrap();
        let waiting = || {
            let rows = store.waiting_checks(10).unwrap();
            rows.into_iter().map(|row| (row.person[0], row.document)).collect::<Vec<_>>()
        };
        let row = |person: u8, document: &str| (person, document.to_owned());
        let all = [row(1, "welfare_card"), row(2, "welfare_card"), row(1, "veteran_card")];
        assert_eq!(waiting(), all);
        assert_eq!((store.waiting_checks(1).unwrap().len(), store.count_waiting_checks().unwrap()), (1, 3));
        assert!(store.decide_check(&[1; 32], "welfare_card", false).unwrap());
        assert_eq!(waiting(), all[1..]);
        let states: Vec<_> =
            store.checks_of(&[1; 32]).unwrap().into_iter().map(|row| (row.document, row.state)).collect();
        let (veteran, welfare) = ("veteran_card".to_owned(), "welfare_card".to_owned());
        assert_eq!(states, [(veteran, CheckState::Asked), (welfare, CheckState::Denied)]);
    });
}
