//! Three desks over one database, and everybody at once.

use std::{
    sync::{Condvar, Mutex},
    thread,
    time::Duration,
};

use fixtures::postgres::{Durability, PostgresServer};
use wallet_core::{
    card::{Person, Refusal},
    openid::{ErrorCode, OpenIdError},
};

use crate::fleet::{
    Office, citizen,
    wallet::{ANOTHER_PHONE, End, Net, Wallet},
};

const TOKEN_ENDED: OpenIdError = OpenIdError::IssuerRefused(ErrorCode::InvalidToken);
const SUSPENDED: OpenIdError = OpenIdError::Refused(Refusal::Suspended);

/// Opens when so many stand before it.
struct Gate {
    before: Mutex<usize>,
    came: Condvar,
    all: usize,
}

impl Gate {
    fn for_all(all: usize) -> Self {
        Self { before: Mutex::new(0), came: Condvar::new(), all }
    }

    fn pass(&self) {
        let mut before = self.before.lock().unwrap();
        *before += 1;
        self.came.notify_all();
        let patience = Duration::from_secs(60);
        let waited = self.came.wait_timeout_while(before, patience, |before| *before < self.all).unwrap();
        assert!(!waited.1.timed_out(), "not all came");
    }
}

/// Three desks over a database of their own, when there is a PostgreSQL.
fn office() -> Option<(Office, PostgresServer)> {
    let server = PostgresServer::start(Durability::Test)?;
    Some((Office::open(Some(server.make_database()), 3), server))
}

/// Runs `work` for so many at once, each with a way of its own to the desks.
fn at_once<T: Send>(office: &Office, many: usize, work: impl Fn(usize, &Net) -> T + Sync) -> Vec<T> {
    let desks = office.addresses();
    thread::scope(|scope| {
        let (work, desks) = (&work, &desks);
        let calls: Vec<_> =
            (0..many).map(|number| scope.spawn(move || work(number, &Net::new(desks, number)))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    })
}

#[test]
#[ignore = "ci/stores runs it"]
fn sixty_four_wallets_get_their_ids_from_three_desks() {
    let Some((office, _server)) = office() else { return };
    let clerk = office.clerk();
    at_once(&office, 64, |number, net| {
        let wallet = Wallet::new();
        let end = wallet.visit(&clerk, &citizen(number.try_into().unwrap()), net);
        let End::Has(copies) = end else { panic!("{number}: {end:?}") };
        assert_eq!(copies.len(), 24);
        assert_eq!(wallet.vouched_at_last(net, &copies), 24);
    });
}

#[test]
#[ignore = "ci/stores runs it"]
fn a_code_that_many_phones_redeem_at_once_is_good_for_one() {
    let Some((office, _server)) = office() else { return };
    let clerk = office.clerk();
    for round in 0..4 {
        let offer = clerk.offer(&citizen(round));
        let gate = Gate::for_all(9);
        let ends = at_once(&office, 9, |_, net| {
            gate.pass();
            Wallet::new().redeem(net, &offer, || ())
        });
        let has = ends.iter().filter(|(end, _)| matches!(end, End::Has(_))).count();
        // Whoever's answer was lost cannot know that the code was theirs.
        let least = usize::from(ends.iter().all(|(_, answered)| *answered));
        assert!((least..=1).contains(&has), "{ends:?}");
        for (end, _) in &ends {
            let no = [
                OpenIdError::IssuerRefused(ErrorCode::InvalidGrant),
                OpenIdError::Refused(Refusal::CodeNotAccepted),
                ANOTHER_PHONE,
            ];
            let refused = no.into_iter().any(|no| *end == End::Refused(no));
            assert!(matches!(end, End::Has(_)) || refused, "{end:?}");
        }
    }
}

/// Lets phones race that hold tokens for one person at the same time: one offer after the other, all of them redeemed before
/// anybody asks for a credential. `then` runs beside that.
fn race_for(office: &Office, person: &Person, phones: usize, then: impl Fn() + Sync) -> Vec<(Wallet, End)> {
    let clerk = office.clerk();
    let (one_by_one, all_redeemed) = (Mutex::new(()), Gate::for_all(phones + 1));
    thread::scope(|scope| {
        let racing = scope.spawn(|| {
            at_once(office, phones, |_, net| {
                let wallet = Wallet::new();
                // An offer ends the one before, so the next is made when this one is redeemed.
                let mut turn = Some(one_by_one.lock().unwrap());
                let offer = clerk.offer(person);
                let (end, _) = wallet.redeem(net, &offer, || {
                    drop(turn.take());
                    all_redeemed.pass();
                });
                (wallet, end)
            })
        });
        all_redeemed.pass();
        then();
        racing.join().unwrap()
    })
}

#[test]
#[ignore = "ci/stores runs it"]
fn a_person_on_many_phones_at_once_gets_one() {
    let Some((office, _server)) = office() else { return };
    let net = Net::new(&office.addresses(), 0);
    for round in 0..3 {
        let ends = race_for(&office, &citizen(round), 6, || ());
        let mut has = 0;
        for (wallet, end) in &ends {
            match end {
                End::Has(copies) => {
                    has += 1;
                    assert_eq!(wallet.vouched_at_last(&net, copies), copies.len());
                }
                // Every phone had a good token: the binding refuses it, or has ended it already.
                other => {
                    assert!([ANOTHER_PHONE, TOKEN_ENDED].map(End::Refused).contains(other), "{other:?}");
                }
            }
        }
        assert_eq!(has, 1, "{:?}", ends.iter().map(|(_, end)| end).collect::<Vec<_>>());
    }
}

#[test]
#[ignore = "ci/stores runs it"]
fn after_a_suspension_is_answered_no_desk_issues_or_vouches() {
    let Some((office, _server)) = office() else { return };
    let (clerk, net) = (office.clerk(), Net::new(&office.addresses(), 0));
    for round in 0..4 {
        let person = citizen(round);
        let line = format!("010-0000-{round:04}");
        clerk.record_line(&person, &line);
        let suspend = || office.suspend(&line, usize::try_from(round).unwrap());
        let raced = race_for(&office, &person, 1, suspend);
        // The suspension is answered now, whatever came first.
        let (wallet, end) = &raced[0];
        match end {
            End::Has(copies) => {
                for _ in 0..3 {
                    assert_eq!(wallet.vouched_at_last(&net, copies), 0, "a desk vouches still");
                }
            }
            other => assert_eq!(*other, End::Refused(SUSPENDED)),
        }
        let (again, _) = Wallet::new().redeem(&net, &clerk.offer(&person), || ());
        let no = [SUSPENDED, ANOTHER_PHONE].map(End::Refused);
        assert!(no.contains(&again), "something was issued to a suspended ID: {again:?}");
    }
}

#[test]
fn a_desk_with_other_keys_does_not_join() {
    let Some((office, _server)) = office() else { return };
    assert!(matches!(office.stranger(), Err(desk::DeskError::OtherKeys)));
}

#[test]
fn a_database_elsewhere_is_refused_in_clear_text() {
    let refused = Office::over_the_network();
    assert!(matches!(refused, Err(desk::DeskError::DatabaseInClearText)));
}
