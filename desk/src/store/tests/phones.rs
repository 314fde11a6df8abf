//! Commands, standings, and what becomes of a person's phone.

use super::*;
use crate::store::{Ending, QueuedCommand, Recovered, SuspendedBy};

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
    store.bind_line(&LINE, &person, "first", NOW).unwrap();
    person
}

#[test]
fn a_suspension_by_line_locks_the_phone_once_and_lifts_it_once() {
    on_each_engine(|store| {
        enrolled(store);
        assert_eq!(queued(store, 1, 0), []);
        assert_eq!(standing(store, 1), None);
        for _ in 0..2 {
            assert_eq!(store.suspend_line(&LINE, &said_by("first"), NOW).unwrap(), Reported::Done);
        }
        assert_eq!(queued(store, 1, 0), [command(1, "lock", "phone_lost")], "said twice it is ordered once");
        assert_eq!(standing(store, 1), told("suspended", "phone_lost"));
        assert_eq!(store.inactive(0, 9, NOW - 1).unwrap().len(), 2);
        for _ in 0..2 {
            assert_eq!(store.resume_line(&LINE, &said_by("first"), NOW).unwrap(), Reported::Done);
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
        store.suspend_line(&LINE, &said_by("first"), NOW).unwrap();
        store.suspend(&person, SuspendedBy::Issuer, NOW).unwrap();
        store.suspend_line(&LINE, &said_by("first"), NOW).unwrap();
        assert_eq!(store.resume_line(&LINE, &said_by("first"), NOW).unwrap(), Reported::OrderedByCentre);
        assert!(store.is_suspended(&person).unwrap());
        let orders = [command(1, "lock", "phone_lost"), command(2, "lock", "by_issuer")];
        assert_eq!(queued(store, 1, 0), orders);
        assert_eq!(standing(store, 1), told("suspended", "by_issuer"));
        assert!(store.resume(&person, SuspendedBy::Issuer, NOW).unwrap());
        assert!(!store.is_suspended(&person).unwrap());
        assert_eq!(queued(store, 1, 2), [command(3, "resume", "by_issuer")]);
    });
}

#[test]
fn what_the_issuer_ordered_no_lower_word_takes_over_or_lifts() {
    on_each_engine(|store| {
        let person = enrolled(store);
        store.suspend(&person, SuspendedBy::Issuer, NOW).unwrap();
        for below in [SuspendedBy::Operator, SuspendedBy::Citizen] {
            store.suspend(&person, below, NOW).unwrap();
            assert_eq!(store.suspended_by(&person).unwrap(), Some(SuspendedBy::Issuer));
            assert!(!store.resume(&person, below, NOW).unwrap(), "{below:?}");
            assert!(store.is_suspended(&person).unwrap());
        }
        assert_eq!(queued(store, 1, 0), [command(1, "lock", "by_issuer")]);
        assert_eq!(standing(store, 1), told("suspended", "by_issuer"));
        // The citizen's own word stands above an operator's.
        assert!(store.resume(&person, SuspendedBy::Issuer, NOW).unwrap());
        store.suspend(&person, SuspendedBy::Citizen, NOW).unwrap();
        assert!(!store.resume(&person, SuspendedBy::Operator, NOW).unwrap());
        assert!(store.resume(&person, SuspendedBy::Citizen, NOW).unwrap());
    });
}

#[test]
fn a_line_is_its_own_operators_and_so_is_what_that_one_ordered() {
    on_each_engine(|store| {
        let person = enrolled(store);
        for (line, operator, reported) in [
            (LINE, "second", Reported::AnotherOperator),
            (LINE, "", Reported::AnotherOperator),
            ([78; 32], "first", Reported::Nobody),
        ] {
            assert_eq!(store.suspend_line(&line, &said_by(operator), NOW).unwrap(), reported);
            assert!(!store.is_suspended(&person).unwrap(), "{operator}");
        }
        assert_eq!(store.suspend_line(&LINE, &said_by("first"), NOW).unwrap(), Reported::Done);
        assert_eq!(store.resume_line(&LINE, &said_by("second"), NOW).unwrap(), Reported::AnotherOperator);
        assert!(store.is_suspended(&person).unwrap());
        // The line goes to the other operator; what the first one ordered is not the second one's to lift.
        assert!(store.bind_line(&LINE, &person, "second", NOW).unwrap());
        assert_eq!(store.resume_line(&LINE, &said_by("first"), NOW).unwrap(), Reported::AnotherOperator);
        let stays = store.resume_line(&LINE, &said_by("second"), NOW).unwrap();
        assert_eq!(stays, Reported::OrderedByAnotherOperator);
        assert!(store.is_suspended(&person).unwrap());
        assert_eq!(queued(store, 1, 0), [command(1, "lock", "phone_lost")]);
        assert!(store.resume(&person, SuspendedBy::Issuer, NOW).unwrap());
        assert_eq!(store.suspend_line(&LINE, &said_by("second"), NOW).unwrap(), Reported::Done);
        assert_eq!(store.resume_line(&LINE, &said_by("second"), NOW).unwrap(), Reported::Done);
        assert!(!store.is_suspended(&person).unwrap());
    });
}

#[test]
fn what_an_operator_says_and_its_trail_are_one_transaction() {
    on_each_engine(|store| {
        let person = enrolled(store);
        for operator in ["first", "second"] {
            store.suspend_line(&LINE, &said_by(operator), NOW).unwrap();
        }
        store.suspend(&person, SuspendedBy::Citizen, NOW).unwrap();
        store.resume_line(&LINE, &Said { reason: "found", ..said_by("first") }, NOW).unwrap();
        store.line_changed(&LINE, ("first", "park"), LineChange::Sim, NOW).unwrap();
        let row = |who: &str, act: &str, outcome: &str| ActRow {
            at: NOW,
            who: who.into(),
            office: "first".into(),
            act: act.into(),
            outcome: outcome.into(),
        };
        let mine = [
            row("park", "changed", "ok: sim"),
            row("API", "resume", "stays"),
            row("API", "suspend", "ok: lost"),
        ];
        assert_eq!(store.acts("first", Some(&LINE), 9).unwrap(), mine);
        assert_eq!(store.acts("second", Some(&LINE), 9).unwrap().remove(0).outcome, "not ours");
        let logged = |event: &str, outcome: &str| (event.to_owned(), outcome.to_owned());
        let audit = store.audit().unwrap();
        assert!(audit.contains(&logged("suspend", "another operator's: second: lost")));
        assert!(audit.contains(&logged("resume", "ordered by the centre: first: found")));
        assert!(audit.contains(&logged("line_changed", "ok: first: sim")));
    });
}

#[test]
fn what_is_done_at_the_centre_and_its_trail_are_one_transaction() {
    on_each_engine(|store| {
        let person = enrolled(store);
        let trail = Trail { who: "kim".into(), office: "gaon".into(), act: "suspend" };
        let suspend = || {
            store.acting(|acting| {
                acting.suspend(&person, SuspendedBy::Citizen, NOW)?;
                acting.write_down(("suspend", "ok: centre"), Some((&trail, "ok")), &person, NOW)
            })
        };
        let logged = |store: &Store| store.audit().unwrap().len();
        let before = logged(store);
        store.write(|tx| tx.execute("ALTER TABLE acts RENAME TO elsewhere", params![])).unwrap();
        assert!(suspend().is_err());
        store.write(|tx| tx.execute("ALTER TABLE elsewhere RENAME TO acts", params![])).unwrap();
        assert_eq!((store.is_suspended(&person).unwrap(), logged(store)), (false, before));
        assert_eq!((queued(store, 1, 0), store.acts("gaon", None, 9).unwrap()), (Vec::new(), Vec::new()));
        suspend().unwrap();
        assert_eq!((store.is_suspended(&person).unwrap(), logged(store)), (true, before + 1));
        let row = ActRow {
            at: NOW,
            who: "kim".into(),
            office: "gaon".into(),
            act: "suspend".into(),
            outcome: "ok".into(),
        };
        assert_eq!(store.acts("gaon", Some(&person), 9).unwrap(), [row]);
    });
}

#[test]
fn a_line_that_changed_is_told_at_the_centre_and_suspends_its_former_owner_no_more() {
    use LineChange::{Ended, Number, Sim, Taken};
    let (me, other) = ([10; 32], [11; 32]);
    for change in [Number, Sim, Ended] {
        on_each_engine(|store| {
            enrolled(store);
            let at = NOW + 5;
            assert_eq!(
                store.line_changed(&LINE, ("second", "API"), change, at).unwrap(),
                Reported::AnotherOperator
            );
            assert_eq!(
                store.line_changed(&[78; 32], ("first", "API"), change, at).unwrap(),
                Reported::Nobody
            );
            assert_eq!(store.standing(&me).unwrap().line_event, None);
            assert_eq!(store.line_changed(&LINE, ("first", "API"), change, at).unwrap(), Reported::Done);
            assert_eq!(store.standing(&me).unwrap().line_event, Some((change, at)));
            // Another SIM has the same number; any other change ends it.
            let still = change == Sim;
            let lost = store.suspend_line(&LINE, &said_by("first"), at).unwrap();
            assert_eq!(lost == Reported::Done, still, "{change:?}");
            assert_eq!(store.is_suspended(&me).unwrap(), still);
            // Until a clerk records a line for the person again.
            store.bind_line(&[79; 32], &me, "first", at).unwrap();
            assert_eq!(store.standing(&me).unwrap().line_event, None);
        });
    }
    // Nobody has reported it, and the number is somebody else's now.
    on_each_engine(|store| {
        enrolled(store);
        assert!(store.bind_line(&LINE, &other, "second", NOW).unwrap());
        let standing = store.standing(&me).unwrap();
        assert_eq!((standing.line_since, standing.line_event), (None, Some((Taken, NOW))));
        assert_eq!(store.suspend_line(&LINE, &said_by("second"), NOW).unwrap(), Reported::Done);
        assert!(store.is_suspended(&other).unwrap() && !store.is_suspended(&me).unwrap());
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
        store.resume_line(&LINE, &said_by("first"), NOW).unwrap();
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
        store.suspend_line(&LINE, &said_by("first"), NOW).unwrap();
        assert!(store.release(&person, NOW).unwrap());
        assert!(!store.is_suspended(&person).unwrap(), "whoever gives it up was seen");
        store.resume_line(&LINE, &said_by("first"), NOW).unwrap();
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
            settles: &SuspendedBy::SETTLED_AT_THE_CENTRE,
            closes: Some("died"),
            card_lost_on: None,
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
fn a_tap_moves_the_id_and_everything_in_the_way_is_looked_at_first() {
    let moved = Tapped::Granted { moved: true };
    let stays = Tapped::Granted { moved: false };
    let (me, other) = ([10; 32], [11; 32]);
    on_each_engine(|store| {
        enrolled(store);
        assert_eq!(tap(store, me, [1; 32], true, NOW), stays, "it is the same phone");
        let another = Tapped::Otherwise(BindingState::AnotherPhone);
        assert_eq!(tap(store, me, [2; 32], false, NOW), another, "nobody asked to move it");
        // The phone that it is to move to holds somebody else's.
        bind(store, access(11, 2, 2), &[copy(b"copy---c", 3)]);
        let holder = Tapped::Otherwise(BindingState::AnotherHolder);
        assert_eq!(tap(store, me, [2; 32], true, NOW), holder);
        assert_eq!(store.binding(&me, &[1; 32]).unwrap(), BindingState::Same, "nothing has ended");
        assert_eq!(active(store, b"copy---a", &[1; 32]), Some(SPAN));
        assert_eq!((standing(store, 1), queued(store, 1, 0)), (None, vec![]));
        assert_eq!(store.seen(&me, &[0; 4], &[2; 32]).unwrap(), Seen::default());
        let code = |phone: u8| {
            let mut code = [0xAA; 32];
            code[..8].copy_from_slice(&NOW.to_be_bytes());
            code[8] = phone;
            let grant = Grant::Code { code, challenge: [8; 32] };
            store.exchange(&grant, &[phone; 32], &[phone; 16], &[], NOW).unwrap()
        };
        assert_eq!(code(2), Exchanged::Gone, "and no code is kept");
        assert!(store.release(&other, NOW).unwrap());
        assert_eq!(tap(store, me, [2; 32], true, NOW), moved);
        assert_eq!(store.binding(&me, &[2; 32]).unwrap(), BindingState::Free);
        assert_eq!(active(store, b"copy---a", &[1; 32]), None);
        assert_eq!(standing(store, 1), told("replaced", "other_phone"));
        assert_eq!(code(2), Exchanged::Good);
    });
}

/// Whoever ordered a suspension decides who may lift it.
#[test]
fn a_recovery_settles_what_an_operator_ordered_and_nothing_that_the_issuer_did() {
    use SuspendedBy::{Citizen, Issuer, Operator};
    type Act<'a> = &'a dyn Fn(&Store);
    let me = [10; 32];
    let ending = |closes| Ending {
        standing: ("revoked", "card_lost"),
        command: None,
        settles: &[],
        closes,
        card_lost_on: None,
    };
    let acts: [(&str, Act<'_>, &[SuspendedBy]); 7] = [
        (
            "tap elsewhere",
            &|store| {
                tap(store, me, [2; 32], true, NOW);
            },
            &[Operator],
        ),
        (
            "tap on the phone itself",
            &|store| {
                tap(store, me, [1; 32], true, NOW);
            },
            &[],
        ),
        (
            "given up at the centre",
            &|store| {
                store.release(&me, NOW).unwrap();
            },
            &[Operator, Citizen],
        ),
        (
            "given up on the phone",
            &|store| {
                store.end_instance(&[1; 32], &ending(None), NOW).unwrap();
            },
            &[],
        ),
        (
            "resumed at the centre",
            &|store| {
                store.resume(&me, Citizen, NOW).unwrap();
            },
            &[Operator, Citizen],
        ),
        (
            "suspended at the centre, and given up there",
            &|store| {
                store.suspend(&me, Citizen, NOW).unwrap();
                store.release(&me, NOW).unwrap();
            },
            &[Operator, Citizen],
        ),
        (
            "resumed by the issuer",
            &|store| assert!(store.resume(&me, Issuer, NOW).unwrap()),
            &[Operator, Citizen, Issuer],
        ),
    ];
    for by in [Operator, Citizen, Issuer] {
        for (name, act, lifts) in acts {
            on_each_engine(|store| {
                enrolled(store);
                match by {
                    Operator => {
                        assert_eq!(store.suspend_line(&LINE, &said_by("first"), NOW).unwrap(), Reported::Done)
                    }
                    _ => store.suspend(&me, by, NOW).unwrap(),
                }
                act(store);
                let suspended = store.is_suspended(&me).unwrap();
                assert_eq!(suspended, !lifts.contains(&by), "{name}, ordered by {by:?}");
                // What is not lifted leaves the phone as it was.
                if name == "tap elsewhere" {
                    let bound = store.binding(&me, &[1; 32]).unwrap() == BindingState::Same;
                    assert_eq!(bound, suspended, "{by:?}");
                }
            });
        }
    }
    // A phone that was given up by whoever held it is lost all the same, and the ID may be recovered by a tap on another.
    on_each_engine(|store| {
        enrolled(store);
        store.suspend_line(&LINE, &said_by("first"), NOW).unwrap();
        assert!(store.end_instance(&[1; 32], &ending(None), NOW).unwrap());
        assert_eq!(tap(store, me, [1; 32], true, NOW), Tapped::Suspended);
        assert_eq!(tap(store, me, [2; 32], false, NOW), Tapped::Suspended);
        assert_eq!(tap(store, me, [2; 32], true, NOW), Tapped::Granted { moved: false });
    });
}

#[test]
fn a_card_reported_lost_enrols_nobody_and_a_new_one_does() {
    const DAY: i64 = 86_400;
    let me = [10; 32];
    let lose = |store: &Store, day: i64| {
        let standing = ("revoked", "card_lost");
        let ending = Ending { standing, command: None, settles: &[], closes: None, card_lost_on: Some(day) };
        store.end_phone(&me, &ending, NOW).unwrap();
    };
    let shown = |store: &Store, card: u8, issued_on: i64| {
        let code = [[card; 16], [u8::try_from(issued_on / DAY).unwrap(); 16]].concat().try_into().unwrap();
        let code = CodeRow { code, person: me, instance: [1; 32], challenge: [8; 32], expires_at: NOW + 10 };
        let card = CardRow { card: [card; 32], issued_on };
        let row = TapRow { code, card, replaces_phone: true, record: &|_| Ok(Some(b"tapped".to_vec())) };
        store.tapped(&row, NOW).unwrap() != Tapped::CardLost
    };
    on_each_engine(|store| {
        assert!(shown(store, 1, 5 * DAY));
        lose(store, 7 * DAY);
        assert!(!shown(store, 1, 5 * DAY), "it was shown here");
        assert!(!shown(store, 2, 6 * DAY), "it was not, but is older than the report");
        assert!(shown(store, 3, 7 * DAY), "of the same day, and never seen: the new one");
        assert!(shown(store, 4, 8 * DAY));
        // A report that comes late makes no older one forgotten.
        lose(store, 6 * DAY);
        assert!(!shown(store, 2, 6 * DAY));
        assert!(!shown(store, 3, 7 * DAY), "all that were shown are lost");
        assert!(shown(store, 5, 7 * DAY));
        lose(store, 9 * DAY);
        assert!(!shown(store, 5, 8 * DAY));
        assert!(shown(store, 6, 9 * DAY));
    });
}

/// The person moved, and everything made of their record is outdated. Tells whether a phone hears of it.
fn outdate(store: &Store, person: &PersonId) -> bool {
    let told = ("replaced", "details_changed");
    store.change_person(person, told, &|_| Ok(b"moved".to_vec()), NOW).unwrap()
}

#[test]
fn a_batch_made_of_what_was_known_before_is_not_bound() {
    on_each_engine(|store| {
        let person = enrolled(store);
        let batch = access(10, 1, 2);
        grant(store, &batch);
        let made_of = store.person(&person).unwrap().unwrap();
        // The centre records another address while the batch is being signed.
        assert!(outdate(store, &person));
        let bound =
            |made_of: &[u8]| store.bind_batch(&batch, &[copy(b"copy---c", 3)], 3, made_of, NOW).unwrap();
        assert_eq!(bound(&made_of), Bound::Outdated);
        assert_eq!(active(store, b"copy---c", &[1; 32]), None);
        assert!(store.is_free(3).unwrap());
        assert_eq!(bound(b"moved"), Bound::Kept);
    });
}

#[test]
fn what_changed_and_what_ends_with_it_are_one_transaction() {
    let fails = &|_| Err(StoreError::Record);
    on_each_engine(|store| {
        let person = enrolled(store);
        let told = ("replaced", "details_changed");
        assert!(store.change_person(&person, told, fails, NOW).is_err());
        let document = [0; 4];
        let offer = OfferRow {
            code: [4; 32],
            person,
            document,
            transaction_code: None,
            tries: 3,
            expires_at: NOW + 9,
        };
        let ending = Ending {
            standing: ("revoked", "by_citizen"),
            command: Some(("lock", "phone_lost")),
            settles: &SuspendedBy::SETTLED_AT_THE_CENTRE,
            closes: None,
            card_lost_on: None,
        };
        assert!(store.recover(&ending, &offer, fails, NOW).is_err());
        assert_eq!(active(store, b"copy---a", &[1; 32]), Some(SPAN), "nothing has ended");
        assert_eq!((standing(store, 1), queued(store, 1, 0)), (None, vec![]));
        assert_eq!(store.open_offer(&offer.code, NOW).unwrap(), None);
        // What stands in the way is looked at in the same transaction.
        let seals = &|_| Ok(b"seen".to_vec());
        store.suspend(&person, SuspendedBy::Issuer, NOW).unwrap();
        assert_eq!(store.recover(&ending, &offer, seals, NOW).unwrap(), Recovered::Suspended);
        assert_eq!(store.binding(&person, &[1; 32]).unwrap(), BindingState::Same);
        store.resume(&person, SuspendedBy::Issuer, NOW).unwrap();
        store.suspend(&person, SuspendedBy::Citizen, NOW).unwrap();
        assert_eq!(store.recover(&ending, &offer, seals, NOW).unwrap(), Recovered::Offered { ended: true });
        assert_eq!(store.open_offer(&offer.code, NOW).unwrap(), Some(false));
        assert!(!store.is_suspended(&person).unwrap());
        let died = Ending { closes: Some("died"), ..ending };
        store.end_phone(&person, &died, NOW).unwrap();
        let closed = Recovered::Closed("died".to_owned());
        assert_eq!(store.recover(&ending, &offer, seals, NOW).unwrap(), closed);
    });
}

#[test]
fn copies_that_say_what_was_are_replaced_and_those_that_came_instead_are_good() {
    on_each_engine(|store| {
        let person = enrolled(store);
        assert!(outdate(store, &person));
        assert_eq!(standing(store, 1), told("replaced", "details_changed"));
        assert_eq!(store.binding(&person, &[1; 32]).unwrap(), BindingState::Same);
        let batch = access(10, 1, 2);
        bind(store, batch, &[copy(b"copy---c", 3)]);
        store.retire_other_batches(&batch, NOW).unwrap();
        assert_eq!(standing(store, 1), None);
        assert_eq!(store.inactive(3, 3, NOW - 1).unwrap(), []);
    });
}

#[test]
fn a_phone_is_told_of_a_change_until_each_of_its_documents_says_the_new() {
    on_each_engine(|store| {
        let person = enrolled(store);
        let of = |document: u8, batch: u8| {
            let mut access = access(10, 1, batch);
            access.issue[0] = document;
            access
        };
        for (document, cti) in [(1, b"first--a"), (2, b"second-a")] {
            let batch = of(document, document);
            know(store, &person);
            let tokens = [
                (TokenKind::Access, [document; 32], NOW + 600),
                (TokenKind::Refresh, [document + 100; 32], NOW + 6000),
            ];
            assert_eq!(by_code(store, &batch, &tokens), Exchanged::Good);
            let copies = [copy(cti, 10 + u32::from(document))];
            assert_eq!(store.bind_batch(&batch, &copies, 3, b"sealed", NOW).unwrap(), Bound::Kept);
        }
        assert!(outdate(store, &person));
        for (document, cti, left) in
            [(1, b"first--b", told("replaced", "details_changed")), (2, b"second-b", None)]
        {
            let batch = of(document, 10 + document);
            bind(store, batch, &[copy(cti, 20 + u32::from(document))]);
            store.retire_other_batches(&batch, NOW).unwrap();
            assert_eq!(standing(store, 1), left, "document {document}");
        }
    });
}

#[test]
fn a_phone_nobody_has_heard_of_has_no_queue() {
    on_each_engine(|store| {
        assert_eq!(store.commands(&[9; 32], 0, NOW).unwrap(), None);
    });
}
