//! The telecom operator: a subscriber says that the phone is lost, and the ID bound to that line is suspended at once. An
//! operator can suspend and resume by its own lines, say that one has changed and whose one is; nothing else: a line proves nobody's
//! identity.

pub(crate) mod api;
mod own_names;

use std::collections::BTreeMap;

use wallet_core::{
    bytes::equal_in_constant_time,
    card::{Person, Refusal},
    crypto::hash::{hmac_sha256, sha256},
};

use crate::{
    issuer::{Issuer, IssuerError},
    store::{LineChange, LineId, PersonId, Reported, Said, Trail},
};

/// An operator that may report lost phones.
#[derive(Clone)]
pub struct Operator {
    name: String,
    token: [u8; 32],
}

impl Operator {
    /// An operator by name, known by a secret token.
    #[must_use]
    pub fn new(name: impl Into<String>, token: &str) -> Self {
        Self { name: name.into(), token: sha256(token.as_bytes()) }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The operator among `all` with this token.
    fn known<'a>(all: &'a [Self], token: &str) -> Option<&'a Self> {
        let digest = sha256(token.as_bytes());
        all.iter().find(|operator| equal_in_constant_time(&operator.token, &digest))
    }
}

impl core::fmt::Debug for Operator {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Operator").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A subscriber number: ten or eleven digits beginning with 01, hyphens left out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubscriberLine(String);

impl SubscriberLine {
    /// Parses a number, with or without hyphens.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|character| *character != '-').collect();
        let fits = (10..=11).contains(&digits.len()) && digits.starts_with("01");
        (fits && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(Self(digits))
    }

    /// The digits without hyphens.
    pub(crate) fn digits(&self) -> &str {
        &self.0
    }

    /// As people write it: `010-1234-5678`.
    pub(crate) fn spaced(&self) -> String {
        let middle = self.0.len().saturating_sub(4);
        let part = |range: core::ops::Range<usize>| self.0.get(range).unwrap_or_default();
        format!("{}-{}-{}", part(0..3), part(3..middle), part(middle..self.0.len()))
    }
}

impl core::fmt::Debug for SubscriberLine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SubscriberLine(..)")
    }
}

/// The operators' own-name check: whether a line is registered to a person, and with whom.
pub trait OwnNames: Send + Sync {
    /// The name of the operator that has this line as this person's; `None` when it is not theirs.
    fn operator_of(&self, line: &SubscriberLine, person: &Person) -> Option<String>;
}

/// An operator's customers, simulated: lines and the names they are registered to.
pub struct SimulatedOperator {
    name: String,
    customers: BTreeMap<SubscriberLine, String>,
}

impl SimulatedOperator {
    /// An operator of this name with these customers; what is no line is left out.
    #[must_use]
    pub fn new(name: impl Into<String>, customers: &[(&str, &str)]) -> Self {
        let customer = |(line, name): &(&str, &str)| Some((SubscriberLine::parse(line)?, (*name).to_owned()));
        Self { name: name.into(), customers: customers.iter().filter_map(customer).collect() }
    }
}

impl OwnNames for SimulatedOperator {
    fn operator_of(&self, line: &SubscriberLine, person: &Person) -> Option<String> {
        let theirs = self.customers.get(line).is_some_and(|name| name == person.name());
        theirs.then(|| self.name.clone())
    }
}

/// Why a phone was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    Lost,
    Stolen,
    Found,
}

impl Reason {
    /// The reason with this machine name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Lost, Self::Stolen, Self::Found].into_iter().find(|reason| reason.name() == name)
    }

    /// Whether it is a reason for this.
    pub(crate) fn fits(self, act: Act) -> bool {
        (act == Act::Resume) == (self == Self::Found)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Stolen => "stolen",
            Self::Found => "found",
        }
    }
}

/// What an operator asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Suspend,
    Resume,
}

impl Issuer {
    /// Remembers which line a person's phone has, and with which operator, which has confirmed it.
    ///
    /// # Errors
    /// [`IssuerError::Store`].
    pub fn record_line(
        &self,
        person: &Person,
        line: &SubscriberLine,
        operator: &str,
        trail: Option<&Trail>,
        now: i64,
    ) -> Result<(), IssuerError> {
        let id = self.person_id(person.registration_number().as_str());
        let line = self.line_id(line);
        Ok(self.store.acting(|acting| {
            let changed = acting.bind_line(&line, &id, operator, now)?;
            let logged = if changed { "changed" } else { "new" };
            acting.write_down(("line", logged), trail.map(|trail| (trail, "ok")), &id, now)
        })?)
    }

    /// Does what an authenticated operator asks for, by an account of its own, if the line is its own. Whatever comes of it is in the
    /// audit log, and in the trail of the operator's page.
    pub(crate) fn report(
        &self,
        (operator, who): (&str, &str),
        act: Act,
        line: &SubscriberLine,
        reason: Reason,
        now: i64,
    ) -> Result<Reported, IssuerError> {
        let line = self.line_id(line);
        let said = Said { operator, who, reason: reason.name() };
        let reported = match act {
            Act::Suspend => self.store.suspend_line(&line, &said, now)?,
            Act::Resume => self.store.resume_line(&line, &said, now)?,
        };
        self.tell_phones();
        Ok(reported)
    }

    /// Nothing is issued to somebody who died.
    pub(crate) fn refuse_closed(&self, person: &PersonId) -> Result<(), IssuerError> {
        match self.store.closed(person)? {
            Some(reason) => Err(IssuerError::because(Refusal::Denied, reason)),
            None => Ok(()),
        }
    }

    /// Takes an authenticated operator's word that a line of its own has changed. The centre is told; it proves nobody's identity.
    pub(crate) fn line_changed(
        &self,
        operator: (&str, &str),
        line: &SubscriberLine,
        change: LineChange,
        now: i64,
    ) -> Result<Reported, IssuerError> {
        Ok(self.store.line_changed(&self.line_id(line), operator, change, now)?)
    }

    pub(crate) fn line_id(&self, line: &SubscriberLine) -> LineId {
        hmac_sha256(self.pki.person_key.expose(), &[b"desk line v1", line.0.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_mobile_number_however_it_is_written() {
        assert_eq!(SubscriberLine::parse("010-1234-5678"), SubscriberLine::parse("01012345678"));
        assert!(SubscriberLine::parse("011-123-4567").is_some());
        assert_eq!(SubscriberLine::parse("01012345678").unwrap().spaced(), "010-1234-5678");
        assert_eq!(SubscriberLine::parse("0111234567").unwrap().spaced(), "011-123-4567");
        for wrong in ["", "02-123-4567", "010-1234-567x", "010123456789", "+821012345678", "０１０12345678"]
        {
            assert_eq!(SubscriberLine::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_operator_is_known_by_its_token_alone() {
        let all = [Operator::new("first", "a secret"), Operator::new("second", "another")];
        assert_eq!(Operator::known(&all, "another").map(|operator| operator.name.as_str()), Some("second"));
        for wrong in ["", "first", "a secret ", "A secret"] {
            assert!(Operator::known(&all, wrong).is_none());
        }
        assert!(!format!("{all:?}").contains("secret"));
    }
}
