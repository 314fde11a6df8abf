//! The promises of the store, on every engine.

mod accounts;
mod grants;
mod issuing_ways;
mod packs;
mod pages;
mod phones;
mod stored_form;

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

use fixtures::postgres::{Durability, PostgresServer};

use super::*;

const NOW: i64 = 1_800_000_000;
const SPAN: StapleSpan = StapleSpan { first_hour: 500_000, hours: 1440 };

const ALL: PackWindow = PackWindow { issued_after: 0, stopped_after: 0 };

/// An operator's word.
fn said_by(operator: &str) -> Said<'_> {
    Said { operator, who: "API", reason: "lost" }
}

/// What the centre does, each in a transaction of its own and without a trail.
impl Store {
    fn suspend(&self, person: &PersonId, by: SuspendedBy, now: i64) -> Result<(), StoreError> {
        self.acting(|acting| acting.suspend(person, by, now))
    }

    fn resume(&self, person: &PersonId, by: SuspendedBy, now: i64) -> Result<bool, StoreError> {
        self.acting(|acting| acting.resume(person, by, now))
    }

    fn end_phone(&self, person: &PersonId, ending: &Ending<'_>, now: i64) -> Result<bool, StoreError> {
        self.acting(|acting| acting.end_phone(person, ending, now))
    }

    fn release(&self, person: &PersonId, now: i64) -> Result<bool, StoreError> {
        let settles = &SuspendedBy::SETTLED_AT_THE_CENTRE;
        let standing = ("revoked", "by_citizen");
        let ending = Ending { standing, command: None, settles, closes: None, card_lost_on: None };
        self.end_phone(person, &ending, now)
    }

    fn command(&self, person: &PersonId, op: &str, why: &str, now: i64) -> Result<bool, StoreError> {
        self.acting(|acting| acting.command(person, (op, why), now))
    }

    fn recover(
        &self,
        ending: &Ending<'_>,
        offer: &OfferRow,
        reseal: crate::store::grants::Reseal<'_>,
        now: i64,
    ) -> Result<Recovered, StoreError> {
        self.acting(|acting| acting.recover(ending, offer, reseal, now))
    }

    fn change_person(
        &self,
        person: &PersonId,
        standing: (&str, &str),
        reseal: crate::store::grants::Reseal<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        self.acting(|acting| acting.change_person(person, standing, reseal, now))
    }

    fn add_offer(&self, row: &OfferRow, now: i64) -> Result<(), StoreError> {
        self.acting(|acting| acting.offer(row, &|record| Ok(record.unwrap_or_default()), now))
    }

    fn bind_line(
        &self,
        line: &LineId,
        person: &PersonId,
        operator: &str,
        now: i64,
    ) -> Result<bool, StoreError> {
        self.acting(|acting| acting.bind_line(line, person, operator, now))
    }

    fn decide_check(&self, person: &PersonId, document: &str, approved: bool) -> Result<bool, StoreError> {
        self.acting(|acting| acting.decide_check(person, document, approved))
    }
}

/// Runs a test on an empty store of every engine there is.
fn on_each_engine(test: impl Fn(&Store)) {
    test(&Store::in_memory().unwrap());
    if let Some(url) = database() {
        test(&Store::connect(&url).unwrap());
    }
}

/// An empty database; `None` where there is no PostgreSQL.
fn database() -> Option<DatabaseUrl> {
    static SERVER: OnceLock<Option<PostgresServer>> = OnceLock::new();
    let server = SERVER.get_or_init(|| PostgresServer::start(Durability::Test)).as_ref()?;
    Some(DatabaseUrl::parse(&server.make_database()).unwrap())
}

fn copy(cti: &[u8], status_index: u32) -> CopyRow<'_> {
    CopyRow { cti, status_index, level: "adult", staples: SPAN }
}

/// A batch of a person onto a phone.
fn access(person: u8, instance: u8, issue: u8) -> Access {
    Access {
        person: [person; 32],
        instance: [instance; 32],
        issue: [0, 0, 0, 0, issue, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    }
}

fn active(store: &Store, cti: &[u8], phone: &Thumbprint) -> Option<StapleSpan> {
    store.active_copies(&[cti], phone).unwrap()[0]
}

/// Makes a person known.
fn know(store: &Store, person: &PersonId) {
    store.amend_person(person, NOW, &|_| Ok(b"sealed".to_vec())).unwrap();
}

/// A tap of the card by its holder, worth a code, at this phone.
fn tap(store: &Store, person: PersonId, instance: Thumbprint, replaces_phone: bool, now: i64) -> Tapped {
    let mut code = [0xAA; 32];
    code[..8].copy_from_slice(&now.to_be_bytes());
    code[8] = instance[0];
    let code = CodeRow { code, person, instance, challenge: [8; 32], expires_at: now + 10 };
    // Each person has one card, issued long ago.
    let card = CardRow { card: person, issued_on: 0 };
    store
        .tapped(&TapRow { code, card, replaces_phone, record: &|_| Ok(Some(b"tapped".to_vec())) }, now)
        .unwrap()
}

/// Gives tokens for a batch of a person who is known.
fn grant(store: &Store, access: &Access) {
    know(store, &access.person);
    let token = (TokenKind::Access, [access.issue, access.issue].concat().try_into().unwrap(), NOW + 600);
    assert_eq!(by_code(store, access, &[token]), Exchanged::Good);
}

/// Asks for these tokens with an authorization code of its own.
fn by_code(store: &Store, access: &Access, tokens: &[(TokenKind, [u8; 32], i64)]) -> Exchanged {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut code = [0xC0; 32];
    code[..8].copy_from_slice(&COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    let Access { person, instance, issue } = *access;
    let row = CodeRow { code, person, instance, challenge: [8; 32], expires_at: NOW + 600 };
    store.add_code(&row).unwrap();
    store.exchange(&Grant::Code { code, challenge: [8; 32] }, &instance, &issue, tokens, NOW).unwrap()
}

/// Issues a batch, with tokens for it.
fn bind(store: &Store, access: Access, copies: &[CopyRow<'_>]) -> Bound {
    grant(store, &access);
    store.bind_batch(&access, copies, 3, b"sealed", NOW).unwrap()
}

/// Two desks add to what is known of somebody at the same time.
#[test]
fn nothing_of_a_record_is_lost_between_desks() {
    on_each_engine(|store| {
        let gate = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for word in 0..4_u8 {
                let gate = &gate;
                scope.spawn(move || {
                    gate.wait();
                    for _ in 0..8 {
                        store
                            .amend_person(&[10; 32], NOW, &|before| {
                                Ok([before.unwrap_or_default(), vec![word]].concat())
                            })
                            .unwrap();
                    }
                });
            }
        });
        let mut record = store.person(&[10; 32]).unwrap().unwrap();
        record.sort_unstable();
        assert_eq!(record, [[0; 8], [1; 8], [2; 8], [3; 8]].concat());
    });
}

#[test]
fn a_session_takes_each_step_once() {
    on_each_engine(|store| {
        use SessionState::*;
        let id = SessionId([7; 16]);
        assert_eq!(store.advance_session(&id, Begun, Shown).unwrap(), None);
        store.add_session(&id, &Nonce([8; 32]), NOW).unwrap();
        assert_eq!(store.advance_session(&id, Begun, Shown).unwrap(), Some(Ok((Nonce([8; 32]), NOW))));
        assert_eq!(store.advance_session(&id, Begun, Shown).unwrap(), Some(Err(Shown)));
        store.forget(NOW + KEEP_SESSIONS + 1).unwrap();
        assert_eq!(store.advance_session(&id, Begun, Shown).unwrap(), None);
    });
}

#[test]
fn one_person_has_one_phone_and_one_phone_one_person() {
    on_each_engine(|store| {
        use BindingState::*;
        let me = [10; 32];
        assert_eq!(store.binding(&me, &[1; 32]).unwrap(), Free);
        assert_eq!(bind(store, access(10, 1, 1), &[copy(b"copy---a", 1)]), Bound::Kept);
        let otherwise = bind(store, access(10, 2, 2), &[copy(b"copy---b", 2)]);
        assert_eq!(otherwise, Bound::Otherwise(AnotherPhone));
        let otherwise = bind(store, access(11, 1, 3), &[copy(b"copy---b", 2)]);
        assert_eq!(otherwise, Bound::Otherwise(AnotherHolder));
        assert!(store.is_free(2).unwrap());
        assert!(store.release(&me, NOW).unwrap());
        assert!(!store.release(&me, NOW).unwrap());
        assert_eq!(bind(store, access(10, 2, 4), &[copy(b"copy---b", 2)]), Bound::Kept);
        assert_eq!(active(store, b"copy---a", &[2; 32]), None);
        assert_eq!(active(store, b"copy---b", &[2; 32]), Some(SPAN));
    });
}

#[test]
fn a_batch_that_was_kept_retires_the_ones_before() {
    on_each_engine(|store| {
        let (old, new) = (access(10, 1, 1), access(10, 1, 2));
        bind(store, old, &[copy(b"copy---a", 1)]);
        bind(store, new, &[copy(b"copy---b", 2)]);
        // Until the wallet says that it has the new ones, the old ones are all it can show.
        assert_eq!(active(store, b"copy---a", &[1; 32]), Some(SPAN));
        store.retire_other_batches(&new, NOW).unwrap();
        assert_eq!(active(store, b"copy---a", &[1; 32]), None);
        assert_eq!(active(store, b"copy---b", &[1; 32]), Some(SPAN));
        assert_eq!(active(store, b"copy---b", &[2; 32]), None);
    });
}

#[test]
fn a_batch_that_was_thrown_away_is_vouched_for_no_longer() {
    on_each_engine(|store| {
        let (old, new) = (access(10, 1, 1), access(10, 1, 2));
        bind(store, old, &[copy(b"copy---a", 1)]);
        bind(store, new, &[copy(b"copy---b", 2)]);
        store.discard_batch(&new, NOW).unwrap();
        assert_eq!(active(store, b"copy---b", &[1; 32]), None);
        assert_eq!(store.inactive(0, 9, NOW - 1).unwrap(), [(2, false)]);
        assert_eq!(active(store, b"copy---a", &[1; 32]), Some(SPAN), "the ones before are all it can show");
        // Under the same token it may fetch them again.
        assert_eq!(store.bind_batch(&new, &[copy(b"copy---c", 3)], 3, b"sealed", NOW).unwrap(), Bound::Kept);
        assert_eq!(active(store, b"copy---c", &[1; 32]), Some(SPAN));
    });
}

#[test]
fn a_batch_has_no_more_copies_than_it_may_and_a_refused_one_changes_nothing() {
    on_each_engine(|store| {
        let batch = access(10, 1, 1);
        bind(store, batch, &[copy(b"copy---a", 1), copy(b"copy---b", 2)]);
        let again = |copies: &[CopyRow<'_>]| store.bind_batch(&batch, copies, 3, b"sealed", NOW).unwrap();
        assert_eq!(again(&[copy(b"copy---c", 3), copy(b"copy---d", 4)]), Bound::TooMany);
        assert!(store.is_free(3).unwrap());
        assert_eq!(again(&[copy(b"copy---c", 3)]), Bound::Kept);
    });
}

#[test]
fn nothing_is_issued_to_a_suspended_id_or_to_a_phone_that_was_given_up() {
    on_each_engine(|store| {
        let (batch, line) = (access(10, 1, 1), [5; 32]);
        store.bind_line(&line, &batch.person, "first", NOW).unwrap();
        assert_eq!(bind(store, batch, &[copy(b"copy---a", 1)]), Bound::Kept);
        store.suspend_line(&line, &said_by("first"), NOW).unwrap();
        assert_eq!(
            store.bind_batch(&batch, &[copy(b"copy---b", 2)], 3, b"sealed", NOW).unwrap(),
            Bound::Suspended
        );
        let token = [(TokenKind::Access, [7; 32], NOW + 600)];
        assert_eq!(by_code(store, &batch, &token), Exchanged::Suspended);
        store.resume_line(&line, &said_by("first"), NOW).unwrap();
        assert_eq!(
            store.bind_batch(&batch, &[copy(b"copy---b", 2)], 3, b"sealed", NOW).unwrap(),
            Bound::Kept
        );
        store.release(&batch.person, NOW).unwrap();
        assert_eq!(
            store.bind_batch(&batch, &[copy(b"copy---c", 3)], 3, b"sealed", NOW).unwrap(),
            Bound::Ended
        );
        assert_eq!(store.binding(&batch.person, &batch.instance).unwrap(), BindingState::Free);
        let refreshed = store.exchange(&Grant::Refresh([9; 32]), &batch.instance, &batch.issue, &token, NOW);
        assert_eq!(refreshed.unwrap(), Exchanged::Gone);
    });
}

#[test]
fn a_status_index_taken_twice_changes_nothing() {
    on_each_engine(|store| {
        let twice = [copy(b"copy---a", 1), copy(b"copy---b", 1)];
        let batch = access(10, 1, 1);
        grant(store, &batch);
        let error = store.bind_batch(&batch, &twice, 3, b"sealed", NOW).unwrap_err();
        assert!(error.is_collision());
        assert_eq!(store.binding(&[10; 32], &[1; 32]).unwrap(), BindingState::Free);
    });
}

#[test]
fn the_sequence_of_counter_packs_never_goes_back() {
    on_each_engine(|store| {
        let sequence = |now| store.counter_pack(&ALL, now).unwrap().0;
        let now = u64::try_from(NOW).unwrap();
        assert_eq!(sequence(NOW), now);
        assert_eq!(sequence(NOW), now + 1);
        assert_eq!(sequence(NOW - 100), now + 2, "a desk whose clock is behind");
        assert_eq!(sequence(NOW + 100), now + 100);
        bind(store, access(10, 1, 1), &[copy(b"copy---a", 7)]);
        assert_eq!(store.counter_pack(&ALL, NOW).unwrap(), (now + 101, vec![]));
        store.release(&[10; 32], NOW).unwrap();
        assert_eq!(store.counter_pack(&ALL, NOW).unwrap(), (now + 102, vec![7]));
    });
}

/// Anybody may ask, and the audit log has no end.
#[test]
fn whether_the_database_answers_is_no_matter_of_how_much_it_holds() {
    on_each_engine(|store| {
        store.answers().unwrap();
        store.write(|tx| tx.execute("DROP TABLE audit", params![])).unwrap();
        store.answers().unwrap();
        store.write(|tx| tx.execute("DROP TABLE keys", params![])).unwrap();
        assert!(store.answers().is_err(), "it is asked for something it has to read");
    });
}

#[test]
fn a_memory_is_of_the_keys_that_came_first() {
    on_each_engine(|store| {
        assert!(store.is_of_keys(&[1; 32]).unwrap());
        assert!(store.is_of_keys(&[1; 32]).unwrap());
        assert!(!store.is_of_keys(&[2; 32]).unwrap());
    });
}
