//! Commands, standings, and what becomes of a person's phone.

use super::*;
use crate::store::{Ending, QueuedCommand, SuspendedBy};

const LINE: [u8; 32] = [77; 32];

fn queued(store: &Store, instance: u8, obeyed: i64) -> Vec<(i64, String, String)> {
    let commands = store.commands(&[instance; 32], obeyed, NOW).unwrap().unwrap();
    commands.into_iter().map(|QueuedCommand { seq, op, why }| (seq, op, why)).collect()
}

fn command(seq: i64, op: &str, why: &str) -> (i64, String, String) {
    (seq, op.to_owned(), why.to_owned())
}

fn standing(store: &Store, instance: u8) -> Option<(String, String)> {
    store.told_standing(&[instance; 32]).unwrap()
}

fn told(state: &str, reason: &str) -> Option<(String, String)> {
    Some((state.to_owned(), reason.to_owned()))
}

/// Person 10 with a line and phone 1.
fn enrolled(store: &Store) -> PersonId {
    let person = [10; 32];
    bind(store, access(10, 1, 1), &[copy(b"copy---a", 1), copy(b"copy---b", 2)]);
    store.bind_line(&LINE, &person, NOW).unwrap();
    person
}

#[test]
fn a_suspension_by_line_locks_the_phone_once_and_lifts_it_once() {
    on_each_engine(|store| {
        enrolled(store);
        assert_eq!(queued(store, 1, 0), []);
        assert_eq!(standing(store, 1), None);
        for _ in 0..2 {
            assert!(store.suspend_line(&LINE, NOW).unwrap());
        }
        assert_eq!(queued(store, 1, 0), [command(1, "lock", "phone_lost")], "said twice it is ordered once");
        assert_eq!(standing(store, 1), told("suspended", "phone_lost"));
        assert_eq!(store.inactive(0, 9, NOW - 1).unwrap().len(), 2);
        for _ in 0..2 {
            assert!(store.resume_line(&LINE, NOW).unwrap());
        }
        let both = [command(1, "lock", "phone_lost"), command(2, "resume", "phone_found")];
        assert_eq!(queued(store, 1, 0), both);
        assert_eq!(queued(store, 1, 1), both[1..], "those obeyed are not sent again");
        assert_eq!(queued(store, 1, 2), []);
        assert_eq!(standing(store, 1), told("active", "resumed"));
        assert_eq!(store.inactive(0, 9, NOW - 1).unwrap(), []);
    });
}

#[test]
fn an_operator_does_not_lift_what_the_centre_ordered() {
    on_each_engine(|store| {
        let person = enrolled(store);
        store.suspend_line(&LINE, NOW).unwrap();
        store.suspend(&person, SuspendedBy::Issuer, NOW).unwrap();
        store.suspend_line(&LINE, NOW).unwrap();
        assert!(store.resume_line(&LINE, NOW).unwrap());
        assert!(store.is_suspended(&person).unwrap());
        let orders = [command(1, "lock", "phone_lost"), command(2, "lock", "by_issuer")];
        assert_eq!(queued(store, 1, 0), orders);
        assert_eq!(standing(store, 1), told("suspended", "by_issuer"));
        store.resume(&person, NOW).unwrap();
        assert!(!store.is_suspended(&person).unwrap());
        assert_eq!(queued(store, 1, 2), [command(3, "resume", "by_issuer")]);
    });
}

#[test]
fn a_phone_that_was_given_up_hears_when_another_takes_its_place() {
    on_each_engine(|store| {
        let person = enrolled(store);
        assert!(store.release(&person, NOW).unwrap());
        assert_eq!(standing(store, 1), told("revoked", "by_citizen"));
        assert_eq!(queued(store, 1, 0), [], "it may be the same phone that comes back");
        bind(store, access(10, 2, 2), &[copy(b"copy---c", 3)]);
        assert_eq!(standing(store, 1), told("replaced", "other_phone"));
        assert_eq!(queued(store, 1, 0), [command(1, "lock", "other_phone")]);
        assert_eq!(standing(store, 2), None);
        // The line is found again: that does not open a phone whose ID is elsewhere.
        store.resume_line(&LINE, NOW).unwrap();
        assert_eq!(queued(store, 1, 1), []);
        // Back on the first one.
        assert!(store.release(&person, NOW).unwrap());
        bind(store, access(10, 1, 3), &[copy(b"copy---d", 4)]);
        assert_eq!(standing(store, 1), None);
        assert_eq!(queued(store, 2, 0), [command(1, "lock", "other_phone")]);
    });
}

#[test]
fn a_lost_phone_that_was_given_up_is_unlocked_when_it_is_found() {
    on_each_engine(|store| {
        let person = enrolled(store);
        store.suspend_line(&LINE, NOW).unwrap();
        assert!(store.release(&person, NOW).unwrap());
        assert!(!store.is_suspended(&person).unwrap(), "whoever gives it up was seen");
        store.resume_line(&LINE, NOW).unwrap();
        assert_eq!(queued(store, 1, 1), [command(2, "resume", "phone_found")]);
        assert_eq!(standing(store, 1), told("revoked", "by_citizen"));
    });
}

#[test]
fn an_ending_takes_codes_tokens_and_copies_and_may_close_the_person() {
    on_each_engine(|store| {
        let person = enrolled(store);
        let ending = Ending {
            standing: ("revoked", "died"),
            command: Some(("wipe", "by_issuer")),
            settles: true,
            closes: Some("died"),
        };
        assert_eq!(store.closed(&person).unwrap(), None);
        assert!(store.end_phone(&person, &ending, NOW).unwrap());
        assert!(!store.end_phone(&person, &ending, NOW).unwrap());
        assert_eq!(store.closed(&person).unwrap().as_deref(), Some("died"));
        assert_eq!(queued(store, 1, 0), [command(1, "wipe", "by_issuer")]);
        assert_eq!(store.ends_at(&access(10, 1, 1)).unwrap(), None);
        let all = store.inactive(0, 9, NOW - 1).unwrap();
        assert_eq!((all.len(), all.iter().any(|(_, only_for_now)| *only_for_now)), (2, false));
        // To whom it was given up, commands can still be sent.
        assert!(store.command(&person, "wipe", "by_citizen", NOW).unwrap());
        assert!(!store.command(&[11; 32], "wipe", "by_citizen", NOW).unwrap());
    });
}

#[test]
fn another_phone_ends_and_the_same_one_does_not() {
    on_each_engine(|store| {
        let person = enrolled(store);
        let ending =
            Ending { standing: ("replaced", "other_phone"), command: None, settles: true, closes: None };
        assert!(!store.end_other_phone(&person, &[1; 32], &ending, NOW).unwrap());
        assert!(store.end_other_phone(&person, &[2; 32], &ending, NOW).unwrap());
        assert!(!store.end_instance(&[1; 32], &ending, NOW).unwrap(), "it is nobody's any more");
        assert_eq!(store.binding(&person, &[2; 32]).unwrap(), BindingState::Free);
    });
}

#[test]
fn copies_that_say_what_was_are_replaced_and_those_that_came_instead_are_good() {
    on_each_engine(|store| {
        let person = enrolled(store);
        assert!(store.outdate(&person, ("replaced", "details_changed"), NOW).unwrap());
        assert_eq!(standing(store, 1), told("replaced", "details_changed"));
        assert_eq!(store.binding(&person, &[1; 32]).unwrap(), BindingState::Same);
        let batch = access(10, 1, 2);
        bind(store, batch, &[copy(b"copy---c", 3)]);
        store.retire_other_batches(&batch).unwrap();
        assert_eq!(standing(store, 1), None);
        assert_eq!(store.inactive(3, 3, NOW - 1).unwrap(), []);
    });
}

#[test]
fn a_phone_nobody_has_heard_of_has_no_queue() {
    on_each_engine(|store| {
        assert_eq!(store.commands(&[9; 32], 0, NOW).unwrap(), None);
    });
}
