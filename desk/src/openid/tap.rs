//! The card in the citizen's hand. draft-ietf-oauth-first-party-apps, 4 and 5.

use serde::Serialize;
use wallet_core::{
    card::{Nonce, Refusal, SessionId},
    crypto::{random::make_random, sign::PublicKey},
    jose::{Fixed, Jws, decode, encode},
    openid::{CARD_EVIDENCE, CardEvidence, ErrorCode},
};

use super::{Form, Proofs, SKEW, digest};
use crate::{
    documents::Document,
    issuer::{Issuer, IssuerError, SESSION_SECONDS, ShownCard, refuse_binding},
    store::{CodeRow, SessionState, TapRow, Tapped},
};

const CODE_SECONDS: i64 = 120;

/// What the challenge endpoint answers.
#[derive(Debug)]
pub(crate) enum Challenged {
    /// 403: the card has to answer first.
    Challenge(ChallengeAnswer),
    /// 200: the evidence is worth a code.
    Code(CodeAnswer),
}

/// The error answer that asks for evidence.
#[derive(Debug, Serialize)]
pub(crate) struct ChallengeAnswer {
    error: &'static str,
    auth_session: Fixed<16>,
    chip_nonce: Fixed<32>,
    expires_in: u32,
}

/// The code.
#[derive(Debug, Serialize)]
pub(crate) struct CodeAnswer {
    authorization_code: String,
}

impl Issuer {
    pub(crate) fn challenge(
        &self,
        body: &[u8],
        proofs: &Proofs,
        now: i64,
    ) -> Result<Challenged, IssuerError> {
        let mut session = None;
        let outcome = self.answer_challenge(body, proofs, now, &mut session);
        let event = if session.is_some() { "evidence" } else { "challenge" };
        self.audit(now, session, event, &outcome)?;
        outcome
    }

    fn answer_challenge(
        &self,
        body: &[u8],
        proofs: &Proofs,
        now: i64,
        session: &mut Option<SessionId>,
    ) -> Result<Challenged, IssuerError> {
        let form = Form::parse(body)?;
        let instance = self.check_client(&form, proofs, now)?;
        match form.get("card_evidence") {
            None => self.open_card_session(&form, &instance, now).map(Challenged::Challenge),
            Some(evidence) => {
                self.take_evidence(&form, evidence, &instance, now, session).map(Challenged::Code)
            }
        }
    }

    fn open_card_session(
        &self,
        form: &Form,
        instance: &PublicKey,
        now: i64,
    ) -> Result<ChallengeAnswer, IssuerError> {
        if form.get("scope") != Some("mobile_id") {
            return Err(IssuerError::oauth(ErrorCode::InvalidScope, "Scope"));
        }
        let challenge = decode(form.required("code_challenge")?).and_then(|bytes| bytes.try_into().ok());
        let challenge: [u8; 32] =
            challenge.ok_or_else(|| IssuerError::oauth(ErrorCode::InvalidRequest, "Pkce"))?;
        if form.get("code_challenge_method") != Some("S256") {
            return Err(IssuerError::oauth(ErrorCode::InvalidRequest, "PkceMethod"));
        }
        let (id, nonce) = (SessionId(make_random()?), Nonce(make_random()?));
        self.store.add_session(&id, &nonce, now.saturating_add(i64::from(SESSION_SECONDS)))?;
        self.store.tie_session(&id.0, &instance.thumbprint(), &challenge)?;
        Ok(ChallengeAnswer {
            error: "insufficient_authorization",
            auth_session: Fixed(id.0),
            chip_nonce: Fixed(nonce.0),
            expires_in: SESSION_SECONDS,
        })
    }

    fn take_evidence(
        &self,
        form: &Form,
        evidence: &str,
        instance: &PublicKey,
        now: i64,
        session: &mut Option<SessionId>,
    ) -> Result<CodeAnswer, IssuerError> {
        let malformed = || IssuerError::refused(Refusal::MalformedRequest);
        let id = decode(form.required("auth_session")?).and_then(|bytes| bytes.try_into().ok());
        let id = SessionId(id.ok_or_else(malformed)?);
        *session = Some(id);
        let thumbprint = instance.thumbprint();
        let challenge = self.store.session_challenge(&id.0, &thumbprint)?;
        let challenge = challenge.ok_or_else(|| IssuerError::refused(Refusal::UnknownSession))?;
        // Good or bad, the session takes no other evidence.
        let nonce = self.take_step(&id, SessionState::Begun, SessionState::Shown, Some(now))?;
        let jws = Jws::parse(evidence, CARD_EVIDENCE).map_err(|_| malformed())?;
        let shown: CardEvidence =
            jws.verify(instance).map_err(|_| IssuerError::refused(Refusal::BadSignature))?;
        let recent = shown.iat.saturating_sub(now).saturating_abs() <= SKEW;
        if shown.aud != self.url || shown.auth_session.0 != id.0 || !recent {
            return Err(malformed());
        }
        let ShownCard { row: card, person } = self.check_card(&shown.chip, &nonce, &id, instance, now)?;
        self.check_face(&shown.face, &nonce, &id, &person, instance)?;
        let document = self
            .documents
            .of_card(&person)
            .ok_or_else(|| IssuerError::because(Refusal::Denied, "Document"))?;
        let person_id = self.person_id(person.registration_number().as_str());
        let code = make_code(document)?;
        let row = CodeRow {
            code: digest(&code),
            person: person_id,
            instance: thumbprint,
            challenge,
            expires_at: now.saturating_add(CODE_SECONDS),
        };
        let record = |before| self.tapped_record(&person_id, before, &person);
        let tap = TapRow { code: row, card, replaces_phone: shown.replaces_phone, record: &record };
        match self.store.tapped(&tap, now)? {
            Tapped::Granted { moved: false } => {}
            Tapped::Granted { moved: true } => {
                self.store.log(now, None, "move", "ok")?;
                self.tell_phones();
            }
            Tapped::CardOutdated => return Err(IssuerError::refused(Refusal::CardOutdated)),
            Tapped::CardLost => return Err(IssuerError::refused(Refusal::CardReportedLost)),
            Tapped::Otherwise(state) => refuse_binding(state)?,
            Tapped::Suspended => return Err(IssuerError::refused(Refusal::Suspended)),
        }
        Ok(CodeAnswer { authorization_code: code })
    }
}

/// An authorization code for a document. Its name is in it; the store knows the whole code only.
pub(super) fn make_code(document: &Document) -> Result<String, IssuerError> {
    Ok(format!("{}.{}", document.id(), encode(&make_random::<32>()?)))
}
