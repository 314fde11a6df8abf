//! The portal's way to an ID: an application becomes a link, the wallet that opens it pushes its request, and the citizen, signed
//! in with a browser, says yes. RFC 9126, RFC 7636, RFC 9207; OpenID4VCI 1.0, 5.
//!
//! Who signed in at the portal was seen by nobody. So the answer is yes only where the person's card and face were shown to this
//! very phone, or a clerk has seen the person for this very document. A visit is good for one issuance, and ends with the phone.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wallet_core::{
    card::Person,
    crypto::{hash::sha256_of, random::make_random},
    jose::{decode, encode},
    openid::ErrorCode,
};

use super::{Form, Proofs, digest, paths, tap::make_code};
use crate::{
    documents::Document,
    issuer::{Issuer, IssuerError},
    register::Fields,
    store::{BindingState, CodeRow, PersonId, PushedRow, Seen, Visit},
};

/// Seconds an application's link is good.
const APPLICATION_SECONDS: i64 = 86_400;
/// Seconds a pushed request is good: the citizen signs in meanwhile.
const PUSHED_SECONDS: i64 = 600;
const CODE_SECONDS: i64 = 120;
/// How long it counts that card and face were shown to a phone, and that a clerk saw the person, seconds.
const TAP_SECONDS: i64 = 86_400;
const VISIT_SECONDS: i64 = 90 * 86_400;
const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:";
/// Longest state, bytes.
const MAX_STATE: usize = 512;

/// What a citizen who applied is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// `openid-credential-offer://…`, for a wallet on this phone, or as a QR for another.
    pub link: String,
    /// The same as an `https` link, which the system hands to the wallet where it knows it.
    pub web_link: String,
    /// Seconds since 1970 UTC.
    pub expires_at: i64,
}

/// The answer to a pushed request. RFC 9126, 2.2.
#[derive(Debug, Serialize)]
pub(crate) struct PushedAnswer {
    request_uri: String,
    expires_in: i64,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answered {
    /// Where the browser takes the code to.
    Granted(String),
    /// Why not, and where the browser takes that to.
    Refused(PortalRefusal, String),
}

/// Why the portal's link issues nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortalRefusal {
    /// The citizen said no.
    Declined,
    /// Somebody else signed in than had applied.
    OtherPerson,
    /// Neither were card and face shown to this phone, nor did a clerk see the person for this document, or it is too long ago.
    NotSeen,
    /// A clerk saw the person for this document, and it was issued since.
    VisitSpent,
    /// The person's ID lives on another phone.
    AnotherPhone,
    /// The phone holds another person's ID.
    AnotherHolder,
    /// The person's ID is suspended.
    Suspended,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(rename = "type")]
    kind: String,
    credential_configuration_id: Option<String>,
}

impl PortalRefusal {
    /// Its name in the audit log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::OtherPerson => "other_person",
            Self::NotSeen => "not_seen",
            Self::VisitSpent => "visit_spent",
            Self::AnotherPhone => "another_phone",
            Self::AnotherHolder => "another_holder",
            Self::Suspended => "suspended",
        }
    }
}

impl Issuer {
    /// Takes the application of a citizen who signed in at the portal.
    ///
    /// # Errors
    /// [`wallet_core::card::Refusal::Denied`] for a document that is not there, or not for this person; [`IssuerError::Store`],
    /// [`IssuerError::Failed`].
    pub fn apply(
        &self,
        person: &Person,
        document: &str,
        fields: &Fields,
        now: i64,
    ) -> Result<Application, IssuerError> {
        let outcome = self.take_application(person, document, fields, now);
        self.audit(now, None, "application", &outcome)?;
        outcome
    }

    fn take_application(
        &self,
        person: &Person,
        document: &str,
        fields: &Fields,
        now: i64,
    ) -> Result<Application, IssuerError> {
        let document = self.entitled(person, document, fields)?;
        let person = self.keep_fields(person, document.id(), fields, now)?;
        let id = encode(&make_random::<16>()?);
        let expires_at = now.saturating_add(APPLICATION_SECONDS);
        self.store.add_application(&digest(&id), &person, document.id(), now, expires_at)?;
        let uri = format!("{}{}/{id}", self.url, paths::APPLICATION);
        let uri: String = form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        let query = format!("?credential_offer_uri={uri}");
        Ok(Application {
            link: format!("openid-credential-offer://{query}"),
            web_link: format!("{}{}{query}", self.url, paths::OPEN),
            expires_at,
        })
    }

    /// The offer behind an application's link; `None` when it is gone. OpenID4VCI 1.0, 4.1.
    pub(crate) fn applied(&self, id: &str, now: i64) -> Result<Option<Value>, IssuerError> {
        let Some((_, document)) = self.store.application(&digest(id), now)? else { return Ok(None) };
        let Some(document) = self.documents.find(&document) else { return Ok(None) };
        Ok(Some(json!({
            "credential_issuer": self.url,
            "credential_configuration_ids":
                document.wanted().into_iter().map(|wanted| wanted.id()).collect::<Vec<_>>(),
            "grants": { "authorization_code": { "issuer_state": id } },
        })))
    }

    /// Takes a pushed authorization request. RFC 9126, 2.1.
    pub(crate) fn push(&self, body: &[u8], proofs: &Proofs, now: i64) -> Result<PushedAnswer, IssuerError> {
        let outcome = self.take_pushed(body, proofs, now);
        self.audit(now, None, "pushed", &outcome)?;
        outcome
    }

    fn take_pushed(&self, body: &[u8], proofs: &Proofs, now: i64) -> Result<PushedAnswer, IssuerError> {
        let invalid = |check: &'static str| IssuerError::oauth(ErrorCode::InvalidRequest, check);
        let form = Form::parse(body)?;
        let instance = self.check_client(&form, proofs, now)?;
        form.required("client_id")?;
        // RFC 9126, 2.1: what is pushed is not a reference to something pushed.
        if form.get("request_uri").is_some() {
            return Err(invalid("RequestUri"));
        }
        if form.required("response_type")? != "code" {
            return Err(IssuerError::oauth(ErrorCode::UnsupportedResponseType, "ResponseType"));
        }
        let redirect_uri = form.required("redirect_uri")?;
        if !self.trust.wallet_redirects.iter().any(|known| known == redirect_uri) {
            return Err(invalid("RedirectUri"));
        }
        let challenge = decode(form.required("code_challenge")?).and_then(|bytes| bytes.try_into().ok());
        let challenge: [u8; 32] = challenge.ok_or_else(|| invalid("Pkce"))?;
        if form.get("code_challenge_method") != Some("S256") {
            return Err(invalid("PkceMethod"));
        }
        let state = form.required("state")?;
        if !(1..=MAX_STATE).contains(&state.len()) {
            return Err(invalid("State"));
        }
        let application = digest(form.required("issuer_state")?);
        let found = self.store.application(&application, now)?;
        let (_, document) = found.ok_or_else(|| invalid("Application"))?;
        self.check_details(&form, &document)?;
        let request_uri = format!("{REQUEST_URI}{}", encode(&make_random::<32>()?));
        let row = PushedRow {
            application,
            instance: instance.thumbprint(),
            challenge: bound_to(&challenge, redirect_uri),
            redirect_uri: redirect_uri.to_owned(),
            state: state.to_owned(),
            expires_at: now.saturating_add(PUSHED_SECONDS),
        };
        self.store.add_pushed(&digest(&request_uri), &row, now)?;
        Ok(PushedAnswer { request_uri, expires_in: PUSHED_SECONDS })
    }

    /// What is asked for is in the document that was applied for. OpenID4VCI 1.0, 5.1.1.
    fn check_details(&self, form: &Form, document: &str) -> Result<(), IssuerError> {
        let invalid = || IssuerError::oauth(ErrorCode::InvalidRequest, "AuthorizationDetails");
        let details: Vec<Detail> =
            serde_json::from_str(form.required("authorization_details")?).map_err(|_| invalid())?;
        let of_document = |detail: &Detail| {
            let id = detail.credential_configuration_id.as_deref().unwrap_or_default();
            let wanted = self.documents.wanted(id);
            detail.kind == "openid_credential"
                && wanted.is_some_and(|wanted| wanted.document.id() == document)
        };
        if !details.is_empty() && details.iter().all(of_document) { Ok(()) } else { Err(invalid()) }
    }

    /// The document that the request behind `request_uri` is about; `None` when it is answered or over. RFC 9126, 4.
    pub(crate) fn asked(&self, request_uri: &str, now: i64) -> Result<Option<&Document>, IssuerError> {
        let Some(row) = self.store.pushed(&digest(request_uri), now)? else { return Ok(None) };
        let application = self.store.application(&row.application, now)?;
        Ok(application.and_then(|(_, document)| self.documents.find(&document)))
    }

    /// Answers a pushed request for the person who signed in; `agreed` is what they said. `None` when it is answered already, or over.
    pub(crate) fn answer_pushed(
        &self,
        request_uri: &str,
        person: &PersonId,
        agreed: bool,
        now: i64,
    ) -> Result<Option<Answered>, IssuerError> {
        let request = digest(request_uri);
        let Some(row) = self.store.pushed(&request, now)? else { return Ok(None) };
        let Some((applicant, document)) = self.store.application(&row.application, now)? else {
            return Ok(None);
        };
        let document = self.documents.find(&document).ok_or(IssuerError::Failed)?;
        let may = if !agreed {
            Err(PortalRefusal::Declined)
        } else if applicant != *person {
            Err(PortalRefusal::OtherPerson)
        } else {
            self.may_be_issued(person, document, &row, now)?
        };
        let (answered, still_open) = match may {
            Ok(()) => {
                let code = make_code(document)?;
                let kept = CodeRow {
                    code: digest(&code),
                    person: *person,
                    instance: row.instance,
                    challenge: row.challenge,
                    expires_at: now.saturating_add(CODE_SECONDS),
                };
                let still_open = self.store.answer_pushed(&request, Some(&kept), now)?;
                (Answered::Granted(self.back(&row, &[("code", &code)])), still_open)
            }
            Err(refusal) => {
                let still_open = self.store.answer_pushed(&request, None, now)?;
                let url = self.back(&row, &[("error", ErrorCode::AccessDenied.code())]);
                (Answered::Refused(refusal, url), still_open)
            }
        };
        let outcome = match &answered {
            _ if !still_open => "gone",
            Answered::Granted(_) => "ok",
            Answered::Refused(refusal, _) => refusal.name(),
        };
        self.store.log(now, None, "authorization", outcome)?;
        Ok(still_open.then_some(answered))
    }

    /// The portal's policy: who signed in with a browser was seen by nobody, so somebody has to have seen them.
    fn may_be_issued(
        &self,
        person: &PersonId,
        document: &Document,
        row: &PushedRow,
        now: i64,
    ) -> Result<Result<(), PortalRefusal>, IssuerError> {
        if self.store.is_suspended(person)? {
            return Ok(Err(PortalRefusal::Suspended));
        }
        match self.store.binding(person, &row.instance)? {
            BindingState::Free | BindingState::Same => {}
            BindingState::AnotherPhone => return Ok(Err(PortalRefusal::AnotherPhone)),
            BindingState::AnotherHolder => return Ok(Err(PortalRefusal::AnotherHolder)),
        }
        Ok(refuse_unseen(self.store.seen(person, &document.tag(), &row.instance)?, now))
    }

    /// The wallet's redirect URI with an answer. RFC 6749, 4.1.2; RFC 9207, 2.
    fn back(&self, row: &PushedRow, answer: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in answer {
            query.append_pair(name, value);
        }
        query.append_pair("state", &row.state).append_pair("iss", &self.url);
        let joint = if row.redirect_uri.contains('?') { '&' } else { '?' };
        format!("{}{joint}{}", row.redirect_uri, query.finish())
    }
}

fn refuse_unseen(Seen { visit, tap }: Seen, now: i64) -> Result<(), PortalRefusal> {
    let recent = |at: i64, seconds: i64| (0..seconds).contains(&now.saturating_sub(at));
    if tap.is_some_and(|at| recent(at, TAP_SECONDS)) {
        return Ok(());
    }
    match visit.filter(|visit| recent(visit.seen_at, VISIT_SECONDS)) {
        Some(Visit { spent: false, .. }) => Ok(()),
        Some(Visit { spent: true, .. }) => Err(PortalRefusal::VisitSpent),
        None => Err(PortalRefusal::NotSeen),
    }
}

/// What the store compares of a code that went through a browser: the verifier's digest and the redirect URI it was given to, which
/// the token request has to repeat. RFC 6749, 4.1.3.
pub(super) fn bound_to(challenge: &[u8; 32], redirect_uri: &str) -> [u8; 32] {
    sha256_of(&[b"desk redirect v1", challenge, redirect_uri.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    #[test]
    fn a_visit_counts_once_in_ninety_days_and_a_tap_for_one_day() {
        let seen = |visit, tap| refuse_unseen(Seen { visit, tap }, NOW);
        let visit = |seen_at| seen(Some(Visit { seen_at, spent: false }), None);
        let tap = |at| seen(None, Some(at));
        let unseen = Err(PortalRefusal::NotSeen);
        assert_eq!(seen(None, None), unseen, "who was never seen is not issued to");
        assert_eq!([visit(NOW), visit(NOW - 90 * 86_400 + 1)], [Ok(()); 2]);
        assert_eq!([tap(NOW), tap(NOW - 86_399)], [Ok(()); 2]);
        assert_eq!([visit(NOW - 90 * 86_400), tap(NOW - 86_400)], [unseen; 2]);
        assert_eq!([visit(NOW + 1), tap(NOW + 1)], [unseen; 2], "nothing was seen in the future");
        let spent = |seen_at| Some(Visit { seen_at, spent: true });
        assert_eq!(seen(spent(NOW), None), Err(PortalRefusal::VisitSpent));
        assert_eq!(seen(spent(NOW - 90 * 86_400), None), unseen, "too long ago to be told apart");
        assert_eq!(seen(spent(NOW), Some(NOW)), Ok(()));
    }
}
