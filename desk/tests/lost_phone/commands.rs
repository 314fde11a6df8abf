//! What the desk tells a phone: it locks, opens again, wipes itself, and learns why its card does not hold.

use std::{sync::Arc, time::Duration};

use desk::{
    Desk, FIXTURE_LINES,
    issuer::{IssuerError, PersonEvent, SuspendedBy},
};
use fixtures::people::{self, Citizen};
use wallet_core::{
    card::{ActiveReason, Date, LifeCycle, RenewReason, ReplaceReason, RevokeReason, SuspendReason},
    verify::Reason,
    wallet::{
        CardState, CommandOp, CommandReason, IfStale, Refusal, Renewed, UnlockWith, Unusable, WalletError,
        WalletState,
    },
};

use super::{SUSPENDED, ask, counter, refused, report, show};
use crate::stage::{NOW, OPERATOR_TOKEN, Phone, Stage, config_in};

fn number() -> &'static str {
    people::adult().registration_number
}

async fn enrolled() -> (Stage, Phone) {
    enrolled_at(Stage::new().await).await
}

async fn enrolled_at(stage: Stage) -> (Stage, Phone) {
    let phone = stage.phone().await;
    phone.enrol(&people::adult()).await.unwrap();
    stage.desk.record_line(number(), FIXTURE_LINES[0]).await.unwrap();
    (stage, phone)
}

async fn say(stage: &Stage, act: &str, reason: &str) {
    let body = report(FIXTURE_LINES[0], reason);
    assert_eq!(ask(stage, act, Some(OPERATOR_TOKEN), &body).await, 204);
}

async fn hear(phone: &Phone) -> Vec<CommandOp> {
    phone.wallet.receive_commands(0).await.unwrap().obeyed
}

const LOST: WalletError =
    WalletError::NotUsable { why: Unusable::LockedByCommand { why: CommandReason::PhoneLost } };

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_phone_locks_itself_shows_nothing_and_opens_when_it_is_found() {
    let (stage, phone) = enrolled().await;
    let showing = show(&phone).await;
    let now = || wallet_core::platform::Clock::now(stage.clock.as_ref()).unwrap();
    showing.frame(now()).unwrap();
    say(&stage, "suspend", "lost").await;
    // Locked or not: the phone hears it by its Instance key, without a prompt.
    phone.wallet.lock().unwrap();
    let prompts = phone.keys.prompt_count();
    assert_eq!(hear(&phone).await, [CommandOp::Lock]);
    assert_eq!(hear(&phone).await, [], "acknowledged");
    assert_eq!(phone.keys.prompt_count(), prompts);
    assert_eq!(phone.wallet.state().unwrap(), WalletState::LockedByCommand);
    assert_eq!(phone.wallet.locked_for(), Ok(Some(CommandReason::PhoneLost)));
    assert_eq!(showing.frame(now()), Err(WalletError::ShowEnded), "the show under way ends with it");
    let card = "resident_card".to_owned();
    let shown = phone.wallet.show_at_counter(card, wallet_core::card::Disclosure::AdultOnly, None).await;
    assert_eq!(shown.map(drop).unwrap_err(), LOST);
    assert_eq!(phone.wallet.unlock(UnlockWith::Biometrics).await, Err(LOST));
    assert_eq!(Arc::clone(&phone.wallet).renew_card(None).await, Err(LOST));
    assert_eq!(phone.enrol(&people::adult()).await, Err(LOST));
    assert_eq!(phone.keys.prompt_count(), prompts, "nobody is asked for a finger in vain");

    // It stays so after the app was started again.
    let reopened = phone.reopened(|_| {}).await.map(|_| ());
    assert_eq!(reopened, Err(LOST));
    let phone = stage.known_phone().await;
    say(&stage, "resume", "found").await;
    assert_eq!(hear(&phone).await, [CommandOp::Resume]);
    assert_eq!(phone.wallet.state().unwrap(), WalletState::Locked);
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    let again = show(&phone).await;
    assert_eq!(refused(&stage, &counter(&stage).await, &again), None);
    let kinds: Vec<_> = phone.wallet.history(9).unwrap().iter().map(|line| line.kind.name()).collect();
    assert!(kinds.contains(&"wallet_locked") && kinds.contains(&"wallet_resumed"), "{kinds:?}");
}

/// Until the desk has heard the poll, and it waits.
async fn until_it_waits(stage: &Stage) {
    let waits = async {
        while stage.desk.waiting_phones() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waits).await.expect("the desk heard the poll");
}

/// An enrolled phone, and a desk that looks so often for what another has ordered.
async fn enrolled_where_looking_again_takes(seconds: u64) -> (Stage, Phone) {
    enrolled_at(Stage::with(|config| config.look_again = Duration::from_secs(seconds)).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_waits_is_woken_by_the_suspension() {
    // Longer than the poll waits: nothing but the suspension wakes it.
    let (stage, phone) = enrolled_where_looking_again_takes(60).await;
    for (act, reason, command) in
        [("suspend", "stolen", CommandOp::Lock), ("resume", "found", CommandOp::Resume)]
    {
        let wallet = Arc::clone(&phone.wallet);
        let waiting = tokio::spawn(async move { wallet.receive_commands(25).await });
        until_it_waits(&stage).await;
        say(&stage, act, reason).await;
        let heard = tokio::time::timeout(Duration::from_secs(20), waiting).await;
        assert_eq!(heard.expect("woken, not timed out").unwrap().unwrap().obeyed, [command]);
        assert_eq!(stage.desk.waiting_phones(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_waits_at_one_desk_hears_what_another_ordered() {
    let (stage, phone) = enrolled().await;
    let wallet = Arc::clone(&phone.wallet);
    let waiting = tokio::spawn(async move { wallet.receive_commands(25).await });
    until_it_waits(&stage).await;
    let other = Desk::open(&config_in(stage.folder.join("desk"), &stage.clock)).unwrap();
    other.suspend(number(), SuspendedBy::Citizen, None, NOW).unwrap();
    // The desk looks each second, the phone by itself not for ten.
    let heard = tokio::time::timeout(Duration::from_secs(5), waiting).await;
    assert_eq!(heard.expect("seen, not timed out").unwrap().unwrap().obeyed, [CommandOp::Lock]);
}

/// From the operator's request to a desk that counters, wallets and phones are answered by: real time, the best of three, as other
/// work on the machine is no matter of the desk's.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_is_in_the_desks_state_within_a_second() {
    let (stage, phone) = enrolled().await;
    let mut fastest = Duration::MAX;
    for _ in 0..3 {
        let shown = show(&phone).await;
        let began = std::time::Instant::now();
        say(&stage, "suspend", "lost").await;
        let online = counter(&stage).await;
        fastest = fastest.min(began.elapsed());
        assert_eq!(refused(&stage, &online, &shown), Some(Reason::Deactivated));
        assert_eq!(hear(&phone).await, [CommandOp::Lock]);
        say(&stage, "resume", "found").await;
        assert_eq!(hear(&phone).await, [CommandOp::Resume]);
        phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    }
    assert!(fastest < Duration::from_secs(1), "{fastest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_stops_does_not_wait_for_those_who_wait() {
    let (stage, phone) = enrolled().await;
    let wallet = Arc::clone(&phone.wallet);
    let waiting = tokio::spawn(async move { wallet.receive_commands(25).await });
    until_it_waits(&stage).await;
    let stopped = tokio::time::timeout(Duration::from_secs(20), stage.desk.stop()).await;
    stopped.unwrap().unwrap();
    waiting.await.unwrap().ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_keeps_no_lock_away() {
    for days in [-4000, 4000] {
        let (stage, phone) = enrolled().await;
        say(&stage, "suspend", "lost").await;
        let phone = phone.with_clock_off_by(days * 86_400).await;
        assert_eq!(hear(&phone).await, [CommandOp::Lock], "{days}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wipe_from_the_centre_leaves_nothing_and_the_way_on_is_an_empty_wallet() {
    let (stage, phone) = enrolled().await;
    phone.wallet.lock().unwrap();
    assert!(stage.desk.wipe(number()).await.unwrap());
    assert_eq!(hear(&phone).await, [CommandOp::Wipe]);
    assert_eq!(phone.wallet.state().unwrap(), WalletState::Wiped);
    assert_eq!(phone.keys.key_count(), 0, "every hardware key is gone");
    assert!(!std::fs::exists(&phone.config.vault_path).unwrap());
    let wiped = WalletError::NotUsable { why: Unusable::Wiped };
    assert_eq!(phone.wallet.cards(), Err(wiped.clone()));
    assert_eq!(phone.wallet.unlock(UnlockWith::Biometrics).await, Err(wiped.clone()));
    assert_eq!(phone.wallet.receive_commands(0).await, Err(wiped));
    phone.wallet.start_over().await.unwrap();
    assert_eq!(phone.wallet.state().unwrap(), WalletState::Empty);
    phone.enrol(&people::adult()).await.unwrap();
    // Its new key counts its own commands: the former wipe is not for it.
    assert_eq!(hear(&phone).await, []);
    assert_eq!(phone.wallet.state().unwrap(), WalletState::Ready);
}

/// The issuer answers a poll of the phone as it was after that phone has the ID anew, by another key.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_ordered_of_the_phone_as_it_was_is_nothing_to_it_as_it_is() {
    let (_stage, phone) = enrolled().await;
    let wallet = Arc::clone(&phone.wallet);
    let waiting = tokio::spawn(async move { wallet.receive_commands(25).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    phone.wallet.give_up_phone().await.unwrap();
    phone.wallet.start_over().await.unwrap();
    phone.enrol(&people::adult()).await.unwrap();
    let heard = waiting.await.unwrap();
    assert!(heard.as_ref().map_or(true, |heard| heard.obeyed.is_empty()), "{heard:?}");
    assert_eq!(phone.wallet.locked_for(), Ok(None));
    assert_eq!(phone.wallet.state().unwrap(), WalletState::Ready);
    assert_eq!(hear(&phone).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_gives_the_phone_up_and_is_free_for_another() {
    let (stage, phone) = enrolled().await;
    let other = stage.second_phone().await;
    let refused = other.enrol(&people::adult()).await;
    assert_eq!(refused, Err(WalletError::IssuerRefused { why: Refusal::AnotherPhone }));
    phone.keys.answer_next(fixtures::platform::Answer::Cancel);
    assert_eq!(phone.wallet.give_up_phone().await, Err(WalletError::UserCancelled));
    assert_eq!(phone.wallet.state().unwrap(), WalletState::Ready);
    phone.http.play(Some(Box::new(|_, _| Err(wallet_core::platform::HttpError::Offline))));
    assert_eq!(phone.wallet.give_up_phone().await, Err(WalletError::Offline), "the answer was lost");
    assert_eq!(phone.wallet.state().unwrap(), WalletState::Ready);
    phone.http.play(None);
    phone.wallet.give_up_phone().await.unwrap();
    assert_eq!((phone.wallet.state().unwrap(), phone.keys.key_count()), (WalletState::Wiped, 0));
    other.enrol(&people::adult()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_moves_by_a_tap_and_a_face_and_the_old_phone_is_told() {
    let (stage, old) = enrolled().await;
    let new = stage.second_phone().await;
    say(&stage, "suspend", "lost").await;
    let refused_again = new.enrol(&people::adult()).await;
    assert_eq!(refused_again, Err(WalletError::IssuerRefused { why: Refusal::AnotherPhone }));
    new.enrol_moving(&people::adult()).await.unwrap();
    let shown = show(&new).await;
    assert_eq!(refused(&stage, &counter(&stage).await, &shown), None);
    // The phone that was lost hears both: that it was lost, and that its ID went elsewhere.
    assert_eq!(hear(&old).await, [CommandOp::Lock, CommandOp::Lock]);
    assert_eq!(old.wallet.locked_for(), Ok(Some(CommandReason::OtherPhone)));
    // The way out: the citizen wipes it, and it is nobody's.
    old.wallet.wipe().await.unwrap();
    assert_eq!(old.wallet.state().unwrap(), WalletState::Wiped);
    let audit = stage.desk.audit().await.unwrap();
    assert!(audit.iter().any(|(event, outcome)| (event.as_str(), outcome.as_str()) == ("move", "ok")));
}

/// Whoever ordered a suspension decides who may lift it.
#[tokio::test(flavor = "multi_thread")]
async fn a_tap_moves_no_id_that_the_issuer_suspended() {
    let (stage, old) = enrolled().await;
    let new = stage.second_phone().await;
    for by in [SuspendedBy::Issuer, SuspendedBy::Citizen] {
        stage.desk.suspend(number(), by).await.unwrap();
        assert_eq!(new.enrol_moving(&people::adult()).await, Err(SUSPENDED));
        // Nothing has ended either: the ID lives where it lived, and so does the suspension.
        let elsewhere = new.enrol(&people::adult()).await;
        assert_eq!(elsewhere, Err(WalletError::IssuerRefused { why: Refusal::AnotherPhone }));
        stage.desk.resume(number(), SuspendedBy::Issuer).await.unwrap();
    }
    let shown = show(&old).await;
    assert_eq!(refused(&stage, &counter(&stage).await, &shown), None);
    // Nor does a clerk recover it, and what another register says of the card settles nothing.
    stage.desk.suspend(number(), SuspendedBy::Issuer).await.unwrap();
    let recovered = stage.desk.recover(number()).await;
    let suspended = matches!(recovered, Err(IssuerError::Refused { refusal: Refusal::Suspended, .. }));
    assert!(suspended, "the issuer's word stands");
    let elsewhere = new.enrol(&people::adult()).await;
    assert_eq!(elsewhere, Err(WalletError::IssuerRefused { why: Refusal::AnotherPhone }));
    assert!(stage.desk.happened(number(), PersonEvent::CardLost).await.unwrap());
    let visit = stage.desk.visit(number()).await.unwrap();
    let offer = Arc::clone(&new.wallet).open_offer(visit.link).await.unwrap();
    assert_eq!(offer.accept(Some(visit.transaction_code.into()), None).await.map(drop), Err(SUSPENDED));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_cannot_move_stays_where_it_is() {
    let (stage, old) = enrolled().await;
    let new = stage.second_phone().await;
    new.enrol(&people::other_adult()).await.unwrap();
    let another = WalletError::IssuerRefused { why: Refusal::AnotherHolder };
    assert_eq!(new.enrol_moving(&people::adult()).await, Err(another));
    for phone in [&old, &new] {
        assert_eq!(hear(phone).await, []);
        let shown = show(phone).await;
        assert_eq!(refused(&stage, &counter(&stage).await, &shown), None);
    }
    Arc::clone(&old.wallet).renew_card(None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_proof_is_told_before_the_prompt_and_a_declared_outage_takes_it() {
    let (stage, phone) = enrolled().await;
    let card = phone.wallet.cards().unwrap().remove(0).id;
    let level = wallet_core::card::Disclosure::AdultOnly;
    let show = |if_stale| phone.wallet.show_at_counter_with(card.clone(), level, None, if_stale);
    stage.clock.advance(24 * 3600);
    assert_eq!(
        show(IfStale::Refuse).await.unwrap().staple_age_hours(),
        Ok(24),
        "as old as the default policy takes"
    );
    stage.clock.advance(3600);
    let (prompts, copies) = (phone.keys.prompt_count(), phone.wallet.cards().unwrap().remove(0).copies);
    let why = Unusable::StapleTooOld { hours: 25 };
    assert_eq!(show(IfStale::Refuse).await.map(drop).unwrap_err(), WalletError::NotUsable { why });
    let plainly = phone.wallet.show_at_counter(card.clone(), level, None).await;
    assert_eq!(plainly.map(drop).unwrap_err(), WalletError::NotUsable { why });
    assert_eq!(
        (phone.keys.prompt_count(), phone.wallet.cards().unwrap().remove(0).copies),
        (prompts, copies)
    );
    let shown = show(IfStale::ShowAnyway).await.unwrap();
    assert_eq!(shown.staple_age_hours(), Ok(25));
    let refused_for = refused(&stage, &counter(&stage).await, &shown);
    assert_eq!(refused_for, Some(Reason::StapleTooOld { hours: 25 }));

    let now = || wallet_core::platform::Clock::now(stage.clock.as_ref()).unwrap().unix_seconds;
    stage.desk.declare_outage(Some(now() + 3600)).await.unwrap();
    let text = shown.frame(wallet_core::platform::Now { unix_seconds: now() }).unwrap().text;
    let verdict = counter(&stage).await.check(&text, now(), now());
    assert!(verdict.accepted);
    assert!(format!("{:?}", verdict.checks).contains("OutageUntil"), "the verdict says so");
    stage.desk.declare_outage(None).await.unwrap();
    assert_eq!(refused(&stage, &counter(&stage).await, &shown), refused_for);
    // Refreshed it is as good as new.
    assert_eq!(Arc::clone(&phone.wallet).refresh().await.unwrap().trouble, None);
    assert_eq!(show(IfStale::Refuse).await.unwrap().staple_age_hours(), Ok(0));
}

/// Where the card stands after a refresh.
async fn standing(phone: &Phone) -> LifeCycle {
    let done = Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert_eq!(done.trouble.filter(|trouble| *trouble != SUSPENDED), None);
    phone.wallet.cards().unwrap().remove(0).standing
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_learns_by_signed_lists_that_its_card_does_not_hold_and_why() {
    let (stage, phone) = enrolled().await;
    let active = LifeCycle::Active { reason: ActiveReason::Issued };
    assert_eq!(standing(&phone).await, active);
    let refresh = || Arc::clone(&phone.wallet).refresh();
    assert_eq!(refresh().await.unwrap().lists, 0, "not before its ttl");
    stage.clock.advance(301);
    assert!(refresh().await.unwrap().lists >= 1);

    for (event, expected) in
        [(PersonEvent::CardLost, RevokeReason::CardLost), (PersonEvent::Died, RevokeReason::Died)]
    {
        let (stage, phone) = enrolled().await;
        let prompts = phone.keys.prompt_count();
        assert!(stage.desk.happened(number(), event).await.unwrap());
        assert_eq!(standing(&phone).await, LifeCycle::Revoked { reason: expected });
        assert_eq!(phone.keys.prompt_count(), prompts);
        let card = phone.wallet.cards().unwrap().remove(0);
        assert_eq!(card.state, CardState::Revoked);
        let shown =
            phone.wallet.show_at_counter(card.id, wallet_core::card::Disclosure::AdultOnly, None).await;
        let why = Unusable::Card { standing: card.standing };
        assert_eq!(shown.map(drop).unwrap_err(), WalletError::NotUsable { why });
        let history = phone.wallet.history(9).unwrap();
        assert_eq!(history[0].kind.name(), "card_state_changed");
        assert_eq!(history.last().unwrap().kind.name(), "card_added", "nothing is deleted from it");
        let again = phone.enrol(&people::adult()).await;
        match expected {
            // Not with the card that was lost; a new one gets a new ID.
            RevokeReason::CardLost => {
                assert_eq!(again, Err(WalletError::IssuerRefused { why: Refusal::CardReportedLost }));
                let elsewhere = stage.second_phone().await.enrol(&people::adult()).await;
                assert_eq!(elsewhere, again, "nor on another phone");
                let older = Citizen { document_number: "T10000098", ..people::adult() };
                assert_eq!(phone.enrol(&older).await, again, "nor with one that was never shown here");
                let new =
                    Citizen { issue_date: "2026-11-24", document_number: "T10000099", ..people::adult() };
                phone.enrol(&new).await.unwrap();
            }
            _ => assert_eq!(again, Err(WalletError::IssuerRefused { why: Refusal::Denied })),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_at_the_centre_shows_with_its_reason_and_passes() {
    let (stage, phone) = enrolled().await;
    stage.desk.suspend(number(), SuspendedBy::Citizen).await.unwrap();
    // An app that asks for the status and never for commands learns it all the same.
    phone.http.play(Some(Box::new(|request, response| match request.url.ends_with("/commands") {
        true => Err(wallet_core::platform::HttpError::Offline),
        false => Ok(response),
    })));
    stage.clock.advance(301);
    let by_issuer = LifeCycle::Suspended { reason: SuspendReason::ByIssuer };
    let done = Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert_eq!((done.trouble, done.staples), (Some(WalletError::Offline), 0));
    assert_eq!(phone.wallet.cards().unwrap().remove(0).standing, by_issuer, "nobody has told why");
    phone.http.play(None);
    assert_eq!(hear(&phone).await, [CommandOp::Lock]);
    let found = report(FIXTURE_LINES[0], "found");
    assert_eq!(ask(&stage, "resume", Some(OPERATOR_TOKEN), &found).await, 409);
    assert_eq!(hear(&phone).await, [], "an operator does not lift it");
    stage.desk.resume(number(), SuspendedBy::Issuer).await.unwrap();
    assert_eq!(hear(&phone).await, [CommandOp::Resume]);
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    let resumed = LifeCycle::Active { reason: ActiveReason::Resumed };
    assert_eq!(standing(&phone).await, resumed);
}

/// The adult after they moved to another town.
fn moved() -> Citizen {
    Citizen { address: "세종특별자치시 보기로 1", ..people::adult() }
}

/// What changed is the register's to say: neither a card that was issued before nor a clerk's copy of the register takes it back.
#[tokio::test(flavor = "multi_thread")]
async fn a_card_with_the_old_address_takes_nothing_back_and_enrols_nobody() {
    let (stage, phone) = enrolled().await;
    let changed = PersonEvent::DetailsChanged(Box::new(moved().person()));
    assert!(stage.desk.happened(number(), changed).await.unwrap());
    let outdated = Err(WalletError::IssuerRefused { why: Refusal::CardOutdated });
    assert_eq!(phone.enrol(&people::adult()).await, outdated);
    let new = stage.second_phone().await;
    assert_eq!(new.enrol_moving(&people::adult()).await, outdated, "and the first phone keeps the ID");
    assert_eq!(hear(&phone).await, []);
    Arc::clone(&phone.wallet).renew_card(None).await.unwrap();
    assert_eq!(phone.wallet.cards().unwrap().remove(0).address, moved().address);

    // A visit, for which the clerk looks into the register of before.
    assert!(stage.desk.release(number()).await.unwrap());
    let visit = stage.desk.visit(number()).await.unwrap();
    let offer = Arc::clone(&new.wallet).open_offer(visit.link).await.unwrap();
    offer.accept(Some(visit.transaction_code.into()), None).await.unwrap();
    assert_eq!(new.wallet.cards().unwrap().remove(0).address, moved().address);

    // A new card says what is true, and enrols.
    let card = Citizen { issue_date: "2026-11-24", document_number: "T10000099", ..moved() };
    phone.enrol_moving(&card).await.unwrap();
    let held = phone.wallet.cards().unwrap().remove(0);
    assert_eq!((held.address.as_str(), held.state), (moved().address, CardState::Active));
    // The one before is no card of theirs any more, and a visit brings nothing of it back.
    assert_eq!(new.enrol_moving(&people::adult()).await, outdated);
    let visit = stage.desk.visit(number()).await.unwrap();
    let offer = Arc::clone(&phone.wallet).open_offer(visit.link).await.unwrap();
    offer.accept(Some(visit.transaction_code.into()), None).await.unwrap();
    assert_eq!(phone.wallet.cards().unwrap().remove(0).address, moved().address);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_address_replaces_the_card_by_itself() {
    let (stage, phone) = enrolled().await;
    let old = phone.wallet.cards().unwrap().remove(0);
    assert!(
        stage.desk.happened(number(), PersonEvent::DetailsChanged(Box::new(moved().person()))).await.unwrap()
    );
    phone.wallet.lock().unwrap();
    let locked = Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert_eq!((locked.lists >= 1, locked.renewed), (true, Renewed::NotNeeded), "the copies still last");
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    let replaced = phone.wallet.cards().unwrap().remove(0);
    assert_eq!(replaced.standing, LifeCycle::Replaced { reason: ReplaceReason::DetailsChanged });
    let done = Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert_eq!((done.renewed, done.trouble), (Renewed::Done, None));
    let new = phone.wallet.cards().unwrap();
    assert_eq!((new.len(), new[0].state), (1, CardState::Active));
    assert_ne!(new[0].address, old.address);
    let shown = show(&phone).await;
    assert_eq!(refused(&stage, &counter(&stage).await, &shown), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_are_fetched_anew_before_they_end_and_the_id_keeps_its_last_day() {
    let (stage, phone) = enrolled().await;
    let card = phone.wallet.cards().unwrap().remove(0);
    assert_eq!(card.copies_until.as_deref(), Some("2026-12-21"));
    assert_eq!(card.valid_until, "2029-11-23");
    let done = Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert_eq!(done.renewed, Renewed::NotNeeded);
    stage.clock.advance(22 * 86_400);
    phone.wallet.lock().unwrap();
    let done = Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert_eq!((done.renewed, done.trouble), (Renewed::AfterUnlock, None));
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    let done = Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert_eq!((done.renewed, done.trouble), (Renewed::Done, None));
    let fresh = phone.wallet.cards().unwrap().remove(0);
    assert_eq!(fresh.copies_until.as_deref(), Some("2027-01-12"));
    assert_eq!(fresh.valid_until, card.valid_until, "renewing copies does not renew the ID");

    // Nobody refreshed in time: the card holds, and cannot be shown.
    stage.clock.advance(40 * 86_400);
    let ended = phone.wallet.cards().unwrap().remove(0);
    assert_eq!(ended.state, CardState::NeedsRenewal);
    let done = Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert_eq!(done.renewed, Renewed::Done);
    assert_eq!(phone.wallet.cards().unwrap().remove(0).state, CardState::Active);

    // Three years later it is over, and nothing renews it.
    stage.clock.advance(3 * 365 * 86_400);
    assert_eq!(phone.wallet.cards().unwrap().remove(0).state, CardState::Expired);
    let done = Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert_eq!(done.renewed, Renewed::NotNeeded, "only the citizen can");
}

/// Copies are the phone's to renew; the ID as such lasts longer by what it was given on alone, which is a card and a face, or a visit.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_ends_soon_says_so_holds_and_is_prolonged_by_its_holder() {
    let (mut stage, phone) = enrolled().await;
    let first = phone.wallet.cards().unwrap().remove(0);
    let end = Date::parse(&first.valid_until).unwrap().starts_at();
    let refresh = async || {
        let done = Arc::clone(&phone.wallet).refresh().await.unwrap();
        assert_eq!(done.trouble, None);
        (done.renewed, phone.wallet.cards().unwrap().remove(0))
    };
    let soon = LifeCycle::NeedsRenewal { reason: RenewReason::EndsSoon };
    stage.clock.advance(end - NOW - 31 * 86_400);
    // Its signers were renewed meanwhile.
    stage.restart().await;
    let (renewed, card) = refresh().await;
    assert_eq!((renewed, card.state), (Renewed::Done, CardState::Active));
    stage.clock.advance(86_400);
    let (renewed, card) = refresh().await;
    assert_eq!(renewed, Renewed::Done, "the issuer is asked, though these copies last for weeks");
    assert_eq!((card.standing, card.valid_until.as_str()), (soon, first.valid_until.as_str()));
    stage.clock.advance(2 * 86_400);
    let (renewed, card) = refresh().await;
    assert_eq!((renewed, card.state), (Renewed::NotNeeded, CardState::NeedsRenewal), "asked once");
    let shown = show(&phone).await;
    assert_eq!(refused(&stage, &counter(&stage).await, &shown), None);
    assert!(!phone.wallet.history(99).unwrap().iter().any(|line| line.kind.name() == "card_state_changed"));

    phone.enrol(&people::adult()).await.unwrap();
    let card = phone.wallet.cards().unwrap().remove(0);
    assert_eq!((card.state, card.valid_until.as_str()), (CardState::Active, "2032-10-25"));
}
