//! What the issuer says to a phone and of it: commands, where its card stands and why, status lists; and what the centre, the
//! citizen or an event does to a person's ID.

use wallet_core::{
    card::{Date, Person, Refusal},
    crypto::sign::Signature,
    jose::Blob,
    status::{
        Status, StatusForm, StatusList,
        commands::{
            CommandOp, CommandReason, CommandsRequest, CommandsResponse, GiveUpRequest, StandingMessage,
            commands_request_bytes, give_up_request_bytes,
            issue::{CommandRequest, issue_command},
        },
        issue::Terms,
    },
};

use super::{Issuer, IssuerError, STAPLE_REQUEST_SKEW, check_signed, credentials, parse};
use crate::{
    openid::Offer,
    store::{Acting, Ending, PersonId, Recovered, StoreError, SuspendedBy, Trail},
};

/// Seconds a command is good: it is signed anew for each answer.
const COMMAND_SECONDS: i64 = 300;
/// Seconds after which a status list is worth fetching again.
const LIST_TTL: u32 = 300;
/// Seconds a status list may be used.
const LIST_SECONDS: i64 = 3600;
/// An index has 26 bits: the first six name the list, the others the place in it.
pub(crate) const LIST_BITS: u32 = 20;
/// How many lists there are.
pub(crate) const LISTS: u32 = 1 << 6;

/// How much a status list can say of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListBits {
    /// Valid or not.
    One,
    /// Suspended too.
    Two,
}

/// What happened to a person, or to what their ID says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonEvent {
    /// The physical card was lost: the ID made of it is revoked, and it gets no other one. A new card gets a new one.
    CardLost,
    /// The person died: the ID is revoked, and nothing is issued any more.
    Died,
    /// Address or name changed: this is the person now. The copies are replaced, and the phone fetches new ones by itself.
    DetailsChanged(Box<Person>),
}

impl Issuer {
    /// Commands for the phone that asks, those above the one it obeyed, and how its card stands; and whether it is worth waiting for
    /// more, which it is not for a phone nobody has heard of.
    ///
    /// # Errors
    /// [`Refusal::MalformedRequest`], [`Refusal::BadSignature`].
    pub fn commands(
        &self,
        body: &[u8],
        signature: &Signature,
        now: i64,
    ) -> Result<(CommandsResponse, bool), IssuerError> {
        let request: CommandsRequest = parse(body)?;
        let instance = check_signed(&request.instance_key, &commands_request_bytes(body), signature)?;
        let thumbprint = instance.thumbprint();
        let obeyed =
            i64::try_from(request.obeyed).map_err(|_| IssuerError::refused(Refusal::MalformedRequest))?;
        let queued = self.store.commands(&thumbprint, obeyed, now)?;
        let known = queued.is_some();
        let queued = queued.unwrap_or_default();
        let standing = self.store.told_standing(&thumbprint)?;
        let commands = queued.iter().map(|queued| {
            let request = CommandRequest {
                audience: thumbprint,
                seq: u64::try_from(queued.seq).map_err(|_| IssuerError::Failed)?,
                op: CommandOp::from_name(&queued.op).ok_or(IssuerError::Failed)?,
                why: CommandReason::from_name(&queued.why).ok_or(IssuerError::Failed)?,
                issued_at: now,
                expires_at: now.saturating_add(COMMAND_SECONDS),
            };
            let signer = self.pki.command_signer.current();
            let command = issue_command(&request, &signer.certificate, &|bytes| signer.key.sign(bytes));
            Ok(Blob(command.map_err(|_| IssuerError::Failed)?))
        });
        let commands = commands.collect::<Result<Vec<_>, IssuerError>>()?;
        let waits = known && commands.is_empty();
        let standing = standing.map(|(state, reason)| StandingMessage { state, reason });
        Ok((CommandsResponse { commands, standing }, waits))
    }

    /// The phone that asks is given up by its holder: the person is free for another. A suspension stays. Said again it is
    /// answered again.
    ///
    /// # Errors
    /// [`Refusal::MalformedRequest`], [`Refusal::BadSignature`], [`Refusal::ChallengeExpired`].
    pub fn give_up(&self, body: &[u8], signature: &Signature, now: i64) -> Result<(), IssuerError> {
        let outcome = self.take_giving_up(body, signature, now);
        self.audit(now, None, "give_up", &outcome)?;
        outcome
    }

    fn take_giving_up(&self, body: &[u8], signature: &Signature, now: i64) -> Result<(), IssuerError> {
        let request: GiveUpRequest = parse(body)?;
        let instance = check_signed(&request.instance_key, &give_up_request_bytes(body), signature)?;
        if request.made_at.saturating_sub(now).saturating_abs() > STAPLE_REQUEST_SKEW {
            return Err(IssuerError::refused(Refusal::ChallengeExpired));
        }
        let ending = ending(("revoked", "by_citizen"));
        self.store.end_instance(&instance.thumbprint(), &ending, now)?;
        Ok(())
    }

    /// A status list: `None` when there is none of this number. One bit an entry says less: a suspended copy is invalid there.
    ///
    /// # Errors
    /// [`IssuerError::Store`], [`IssuerError::Failed`].
    pub fn status_list(
        &self,
        number: u32,
        bits: ListBits,
        form: StatusForm,
        now: i64,
    ) -> Result<Option<Vec<u8>>, IssuerError> {
        if number >= LISTS {
            return Ok(None);
        }
        let first = number << LIST_BITS;
        let last = first | ((1 << LIST_BITS) - 1);
        // What was issued earlier has ended by its own date.
        let issued_after = now.saturating_sub(credentials::longest_copy_seconds());
        let failed = |_| IssuerError::Failed;
        let mut inactive = self.store.inactive(first, last, issued_after)?;
        inactive.sort_unstable();
        if let Some(signed) = self.published.list((number, bits, form), &inactive, i64::from(LIST_TTL), now) {
            return Ok(Some(signed));
        }
        let mut list = StatusList::all_valid(1 << LIST_BITS).map_err(failed)?;
        for (index, only_for_now) in inactive.iter().copied() {
            let status = if only_for_now { Status::Suspended } else { Status::Invalid };
            list.set(u64::from(index.saturating_sub(first)), status).map_err(failed)?;
        }
        let uri = match bits {
            ListBits::Two => self.status_uri(number),
            ListBits::One => {
                list = list.in_one_bit();
                format!("{}/status/1-bit/{number}", self.url)
            }
        };
        let expires_at = now.saturating_add(LIST_SECONDS);
        let terms = Terms { uri: &uri, issued_at: now, expires_at, ttl: LIST_TTL };
        let signer = self.pki.status_signer.current();
        let chain = [signer.certificate.clone()];
        let signed = match form {
            StatusForm::Cwt => list
                .to_cwt(&terms, &chain, &|bytes| signer.key.sign(bytes))
                .map_err(|_| IssuerError::Failed)?,
            StatusForm::Jwt => {
                let token = list.to_jwt(&terms, &chain).ok_or(IssuerError::Failed)?;
                let signature = signer.key.sign(token.as_bytes()).map_err(|_| IssuerError::Failed)?;
                token.signed(&signature).into_bytes()
            }
        };
        self.published.keep_list((number, bits, form), inactive, now, signed.clone());
        Ok(Some(signed))
    }

    /// Where a list is fetched.
    pub(crate) fn status_uri(&self, number: u32) -> String {
        format!("{}/status/{number}", self.url)
    }

    /// Suspends a person's ID at the centre, at the citizen's word or the issuer's, and locks the phone. No operator can lift it, and
    /// only the issuer what the issuer ordered, which no other word takes over.
    ///
    /// # Errors
    /// [`IssuerError::Store`].
    pub fn suspend(
        &self,
        registration_number: &str,
        by: SuspendedBy,
        trail: Option<&Trail>,
        now: i64,
    ) -> Result<(), IssuerError> {
        let person = self.person_id(registration_number);
        self.store.acting(|acting| {
            acting.suspend(&person, by, now)?;
            let logged = if by == SuspendedBy::Issuer { "ok: issuer" } else { "ok: centre" };
            acting.write_down(("suspend", logged), trail.map(|trail| (trail, "ok")), &person, now)
        })?;
        self.tell_phones();
        Ok(())
    }

    /// Lifts a suspension and the lock of the phone at the word of the citizen, who was seen at the centre, or of the issuer. Tells
    /// whether it is lifted: what the issuer ordered, the citizen's word does not lift.
    ///
    /// # Errors
    /// [`IssuerError::Store`].
    pub fn resume(
        &self,
        registration_number: &str,
        by: SuspendedBy,
        trail: Option<&Trail>,
        now: i64,
    ) -> Result<bool, IssuerError> {
        let person = self.person_id(registration_number);
        let lifted = self.store.acting(|acting| {
            let lifted = acting.resume(&person, by, now)?;
            let (logged, outcome) = if lifted { ("ok: centre", "ok") } else { ("stays: centre", "stays") };
            acting.write_down(("resume", logged), trail.map(|trail| (trail, outcome)), &person, now)?;
            Ok(lifted)
        })?;
        self.tell_phones();
        Ok(lifted)
    }

    /// Lifts what the issuer itself ordered, at the word of one of its officials, and the lock of the phone. Tells whether that was so:
    /// what somebody else ordered stays.
    ///
    /// # Errors
    /// [`IssuerError::Store`].
    pub(crate) fn lift_own(
        &self,
        registration_number: &str,
        trail: &Trail,
        now: i64,
    ) -> Result<bool, IssuerError> {
        let person = self.person_id(registration_number);
        let lifted = self.store.acting(|acting| {
            let own = acting.suspended_by(&person)? == Some(SuspendedBy::Issuer);
            let lifted = own && acting.resume(&person, SuspendedBy::Issuer, now)?;
            let (logged, outcome) = if lifted { ("ok: issuer", "ok") } else { ("stays: issuer", "stays") };
            acting.write_down(("resume", logged), Some((trail, outcome)), &person, now)?;
            Ok(lifted)
        })?;
        self.tell_phones();
        Ok(lifted)
    }

    /// Gives up a person's phone: what a visit at the centre does. What an operator or the citizen ordered for it is settled; a
    /// suspension that the issuer ordered stays. Tells whether there was one.
    ///
    /// # Errors
    /// [`IssuerError::Store`].
    pub fn release(
        &self,
        registration_number: &str,
        trail: Option<&Trail>,
        now: i64,
    ) -> Result<bool, IssuerError> {
        let person = self.person_id(registration_number);
        let settles = &SuspendedBy::SETTLED_AT_THE_CENTRE;
        let ending = Ending { settles, ..ending(("revoked", "by_citizen")) };
        let released = self.store.acting(|acting| {
            let released = acting.end_phone(&person, &ending, now)?;
            let outcome = if released { "ok" } else { "nobody" };
            acting.write_down(("release", outcome), trail.map(|trail| (trail, outcome)), &person, now)?;
            Ok(released)
        })?;
        self.tell_phones();
        Ok(released)
    }

    /// Wipes a person's phone from the centre, after the citizen was seen: its ID is revoked, and the phone deletes everything when
    /// it hears of it. A suspension that the issuer ordered stays. Tells whether there is a phone, now or before.
    ///
    /// # Errors
    /// [`IssuerError::Store`].
    pub fn wipe(
        &self,
        registration_number: &str,
        trail: Option<&Trail>,
        now: i64,
    ) -> Result<bool, IssuerError> {
        let person = self.person_id(registration_number);
        let command = (CommandOp::Wipe.name(), CommandReason::ByCitizen.name());
        let settles = &SuspendedBy::SETTLED_AT_THE_CENTRE;
        let ending = Ending { command: Some(command), settles, ..ending(("revoked", "by_citizen")) };
        let known = self.store.acting(|acting| {
            // A phone that was given up before is still out there.
            let known = acting.end_phone(&person, &ending, now)? || acting.command(&person, command, now)?;
            let outcome = if known { "ok" } else { "nobody" };
            acting.write_down(("wipe", outcome), trail.map(|trail| (trail, outcome)), &person, now)?;
            Ok(known)
        })?;
        self.tell_phones();
        Ok(known)
    }

    /// Recovers a person's ID at the centre, after the citizen was seen: the phone it lived on is given up and locks itself when it
    /// hears of it, what an operator or the citizen ordered is settled, and the code for another phone is made.
    ///
    /// # Errors
    /// [`Refusal::Denied`] for somebody to whom nothing is issued any more, [`Refusal::Suspended`] for somebody whom the issuer has
    /// suspended: nothing has ended then. [`IssuerError::Store`], [`IssuerError::Failed`].
    pub fn recover(&self, person: &Person, trail: Option<&Trail>, now: i64) -> Result<Offer, IssuerError> {
        let id = self.person_id(person.registration_number().as_str());
        let document = self.documents.of_card(person).ok_or(IssuerError::Failed)?;
        let (row, offer) = self.draft_offer(id, document, now)?;
        let command = Some((CommandOp::Lock.name(), CommandReason::PhoneLost.name()));
        let settles = &SuspendedBy::SETTLED_AT_THE_CENTRE;
        let ending = Ending { command, settles, ..ending(("revoked", "by_citizen")) };
        let reseal = |record| self.seen_record(&id, person, record);
        let recovered = self.store.acting(|acting| {
            let recovered = acting.recover(&ending, &row, &reseal, now)?;
            if let Recovered::Offered { ended } = recovered {
                let logged = if ended { "ok" } else { "nobody" };
                acting.write_down(("recover", logged), trail.map(|trail| (trail, "ok")), &id, now)?;
            }
            Ok(recovered)
        })?;
        let refused = match recovered {
            Recovered::Offered { .. } => {
                self.tell_phones();
                return Ok(offer);
            }
            Recovered::Closed(reason) => Err(IssuerError::because(Refusal::Denied, reason)),
            Recovered::Suspended => Err(IssuerError::refused(Refusal::Suspended)),
        };
        self.audit(now, None, "recover", &refused)?;
        refused
    }

    /// Declares in counter packs from now on that the country's network is down until then, so that staples of any age are taken; or
    /// that it is up.
    ///
    /// # Errors
    /// [`IssuerError::Store`].
    pub fn declare_outage(&self, until: Option<i64>, now: i64) -> Result<(), IssuerError> {
        self.store.declare_outage(until)?;
        self.store.log(now, None, "outage", if until.is_some() { "declared" } else { "over" })?;
        Ok(())
    }

    /// Something happened to a person. Tells whether they have a phone that hears of it.
    ///
    /// # Errors
    /// [`IssuerError::Store`], [`IssuerError::Failed`].
    pub fn happened(
        &self,
        registration_number: &str,
        event: &PersonEvent,
        trail: Option<&Trail>,
        now: i64,
    ) -> Result<bool, IssuerError> {
        let person = self.person_id(registration_number);
        let ended = |ending: &Ending<'_>, name| {
            self.store.acting(|acting| {
                let known = acting.end_phone(&person, ending, now)?;
                told(acting, name, known, trail, &person, now)
            })
        };
        let known = match event {
            PersonEvent::CardLost => {
                let today = Date::in_korea_at(now).map_err(|_| IssuerError::Failed)?;
                let card_lost_on = Some(today.starts_at());
                ended(&Ending { card_lost_on, ..ending(("revoked", "card_lost")) }, "card_lost")?
            }
            PersonEvent::Died => {
                ended(&Ending { closes: Some("died"), ..ending(("revoked", "died")) }, "died")?
            }
            PersonEvent::DetailsChanged(details) => {
                if details.registration_number().as_str() != registration_number {
                    return Err(IssuerError::because(Refusal::Denied, "OtherNumber"));
                }
                let reseal = |record| self.amended_record(&person, details, record, now);
                self.store.acting(|acting| {
                    let replaced = ("replaced", "details_changed");
                    let known = acting.change_person(&person, replaced, &reseal, now)?;
                    told(acting, "details_changed", known, trail, &person, now)
                })?
            }
        };
        self.tell_phones();
        Ok(known)
    }

    /// Wakes those who wait for a command.
    pub(crate) fn tell_phones(&self) {
        self.told.notify_waiters();
    }
}

/// Writes down an event, and whether a phone hears of it.
fn told(
    acting: &mut Acting<'_, '_>,
    name: &str,
    known: bool,
    trail: Option<&Trail>,
    person: &PersonId,
    now: i64,
) -> Result<bool, StoreError> {
    let (logged, outcome) = if known { ("ok", "ok") } else { ("nobody", "ok: no phone") };
    acting.write_down((name, logged), trail.map(|trail| (trail, outcome)), person, now)?;
    Ok(known)
}

/// A phone that ends, and no suspension with it.
const fn ending<'a>(standing: (&'a str, &'a str)) -> Ending<'a> {
    Ending { standing, command: None, settles: &[], closes: None, card_lost_on: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wallet_core::card::LifeCycle;

    #[test]
    fn every_standing_the_desk_tells_is_one_the_wallet_knows() {
        for (state, reason) in [
            ("revoked", "by_citizen"),
            ("revoked", "card_lost"),
            ("revoked", "died"),
            ("replaced", "details_changed"),
            ("replaced", "other_phone"),
            ("suspended", "phone_lost"),
            ("suspended", "by_citizen"),
            ("suspended", "by_issuer"),
            ("active", "resumed"),
        ] {
            assert!(LifeCycle::from_names(state, reason).is_ok(), "{state} {reason}");
        }
        for why in ["phone_lost", "phone_found", "by_citizen", "by_issuer", "other_phone"] {
            assert!(CommandReason::from_name(why).is_some(), "{why}");
        }
    }
}
