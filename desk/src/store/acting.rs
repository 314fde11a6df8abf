//! What is done to a person at the centre, in one transaction with what is written down of it.

use super::{
    ActRow, Ending, LineId, PersonId, Recovered, Store, StoreError, SuspendedBy, audit, deferred,
    engine::Transaction,
    grants::{OfferRow, Reseal, person_record, put_offer, put_person},
    lines::put_line,
    page_sessions::put_act,
    phones, suspensions,
};

/// Who does something at a page, and what it is called in the trail of their office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// Name of the account.
    pub who: String,
    /// Whom it works for.
    pub office: String,
    /// Machine name of the act.
    pub act: &'static str,
}

/// A transaction under way, in which something is done and written down: both, or neither.
pub(crate) struct Acting<'a, 'tx>(&'a mut Transaction<'tx>);

impl Store {
    /// Runs one transaction. As [`Store`] says, `work` may run more than once and changes nothing but the database.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn acting<T>(
        &self,
        work: impl Fn(&mut Acting<'_, '_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.write(|tx| work(&mut Acting(tx)))
    }
}

impl Acting<'_, '_> {
    /// Writes a line of the audit log, and of the trail of whoever did it at a page. Machine names, never claims.
    pub(crate) fn write_down(
        &mut self,
        (event, logged): (&str, &str),
        trail: Option<(&Trail, &str)>,
        person: &PersonId,
        now: i64,
    ) -> Result<(), StoreError> {
        audit(self.0, now, None, event, logged)?;
        let Some((Trail { who, office, act }, outcome)) = trail else { return Ok(()) };
        let (who, office, act) = (who.clone(), office.clone(), (*act).to_owned());
        put_act(self.0, &ActRow { at: now, who, office, act, outcome: outcome.to_owned() }, Some(person))
    }

    /// Suspends a person's ID, and orders the phone to lock itself. Nobody of a lower rank can lift it, and what one of a higher rank
    /// ordered stays as it is.
    pub(crate) fn suspend(&mut self, person: &PersonId, by: SuspendedBy, now: i64) -> Result<(), StoreError> {
        suspensions::suspend(self.0, person, by, None, now)
    }

    /// Who ordered that a person's ID is suspended, if it is.
    pub(crate) fn suspended_by(&mut self, person: &PersonId) -> Result<Option<SuspendedBy>, StoreError> {
        suspensions::suspended_by(self.0, person)
    }

    /// Lifts a person's suspension and the lock of the phone, unless somebody of a higher rank than `by` ordered it. Tells whether
    /// the ID is suspended no more.
    pub(crate) fn resume(
        &mut self,
        person: &PersonId,
        by: SuspendedBy,
        now: i64,
    ) -> Result<bool, StoreError> {
        suspensions::resume(self.0, person, by, now)
    }

    /// Ends the phone of a person: the binding goes, its copies are vouched for no longer. Tells whether there was one.
    pub(crate) fn end_phone(
        &mut self,
        person: &PersonId,
        ending: &Ending<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        phones::end_phone(self.0, person, ending, now)
    }

    /// Ends the phone of a person who was seen at the centre, and remembers the offer for another with what is known of them.
    pub(crate) fn recover(
        &mut self,
        ending: &Ending<'_>,
        offer: &OfferRow,
        reseal: Reseal<'_>,
        now: i64,
    ) -> Result<Recovered, StoreError> {
        phones::recover(self.0, ending, offer, reseal, now)
    }

    /// Sends a command to the phone of a person, or else to the one they had last. Tells whether there is one.
    pub(crate) fn command(
        &mut self,
        person: &PersonId,
        (op, why): (&str, &str),
        now: i64,
    ) -> Result<bool, StoreError> {
        phones::command(self.0, person, (op, why), now)
    }

    /// What is known of a person has changed, and their copies say what is no longer true. Tells whether there is a phone that may
    /// fetch others.
    pub(crate) fn change_person(
        &mut self,
        person: &PersonId,
        standing: (&str, &str),
        reseal: Reseal<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        phones::change_person(self.0, person, standing, reseal, now)
    }

    /// Remembers what is known of a person, and an offer to them, at which a clerk saw them. Earlier offers to them end: the newest
    /// code is the one they were told.
    pub(crate) fn offer(&mut self, row: &OfferRow, reseal: Reseal<'_>, now: i64) -> Result<(), StoreError> {
        let sealed = reseal(person_record(self.0, &row.person)?)?;
        put_person(self.0, &row.person, &sealed, now)?;
        put_offer(self.0, row, now)
    }

    /// Remembers whose line this is and which operator has it; an earlier line of the person, and an earlier owner of the line,
    /// give way, and the centre hears of it. Tells whether anything gave way: a change of number or of SIM is an event, and proves
    /// nobody's identity.
    pub(crate) fn bind_line(
        &mut self,
        line: &LineId,
        person: &PersonId,
        operator: &str,
        now: i64,
    ) -> Result<bool, StoreError> {
        put_line(self.0, line, person, operator, now)
    }

    /// Decides a manual check. Tells whether one was asked for.
    pub(crate) fn decide_check(
        &mut self,
        person: &PersonId,
        document: &str,
        approved: bool,
    ) -> Result<bool, StoreError> {
        deferred::decide_check(self.0, person, document, approved)
    }
}
