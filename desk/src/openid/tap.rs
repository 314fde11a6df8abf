//! The card in the citizen's hand. draft-ietf-oauth-first-party-apps, 4 and 5.

use serde::Serialize;
use wallet_core::{
    card::{Nonce, Refusal, SessionId},
    crypto::{random::make_random, sign::PublicKey},
    jose::{Blob, Fixed, Jws, decode, encode},
    openid::{CARD_EVIDENCE, CardEvidence, ErrorCode},
};

use super::{Form, Proofs, SKEW, digest};
use crate::{
    documents::Document,
    issuer::{Issuer, IssuerError, SESSION_SECONDS, ShownCard, refuse_binding},
    store::{CodeRow, SessionState, TapRow, Tapped},
};

const CODE_SECONDS: i64 = 120;
/// As long as the reader takes a file.
const MAX_FILE: usize = 65_536;

/// What the challenge endpoint answers.
#[derive(Debug)]
pub(crate) enum Challenged {
    /// 403: the card has to answer first.
    Challenge(ChallengeAnswer),
    /// 403: the chip has to answer this first.
    Examination(ExaminationAnswer),
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
    /// What a chip may prove itself by.
    chip_proofs: [&'static str; 2],
}

/// The error answer that speaks to the chip.
#[derive(Debug, Serialize)]
pub(crate) struct ExaminationAnswer {
    error: &'static str,
    auth_session: Fixed<16>,
    chip_public_key: Blob<512>,
    chip_commands: [Blob<261>; 2],
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
        let event = match (&outcome, session) {
            (Ok(Challenged::Examination(_)), _) => "examination",
            (_, Some(_)) => "evidence",
            (_, None) => "challenge",
        };
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
        match (form.get("card_evidence"), form.get("chip_dg14")) {
            (None, None) => self.open_card_session(&form, &instance, now).map(Challenged::Challenge),
            (None, Some(dg14)) => {
                self.speak_to_chip(&form, dg14, &instance, now, session).map(Challenged::Examination)
            }
            (Some(evidence), _) => {
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
            chip_proofs: ["active_authentication", "chip_authentication"],
        })
    }

    /// As often as the phone asks while the session waits for evidence: a card that left the field is asked the same again.
    fn speak_to_chip(
        &self,
        form: &Form,
        dg14: &str,
        instance: &PublicKey,
        now: i64,
        session: &mut Option<SessionId>,
    ) -> Result<ExaminationAnswer, IssuerError> {
        let (id, _) = self.card_session(form, instance, session)?;
        let nonce = self.take_step(&id, SessionState::Begun, SessionState::Begun, Some(now))?;
        let file = |text: &str| {
            let bytes = decode(text).filter(|bytes| bytes.len() <= MAX_FILE);
            bytes.ok_or_else(|| IssuerError::refused(Refusal::MalformedRequest))
        };
        let (sod, dg14) = (file(form.required("chip_sod")?)?, file(dg14)?);
        let (public_key, commands) = self.examine((&sod, &dg14), &nonce, &id, instance, now)?;
        Ok(ExaminationAnswer {
            error: "insufficient_authorization",
            auth_session: Fixed(id.0),
            chip_public_key: Blob(public_key),
            chip_commands: commands.map(Blob),
        })
    }

    /// The session of the request and its PKCE challenge, if it is this phone's.
    fn card_session(
        &self,
        form: &Form,
        instance: &PublicKey,
        session: &mut Option<SessionId>,
    ) -> Result<(SessionId, [u8; 32]), IssuerError> {
        let id = decode(form.required("auth_session")?).and_then(|bytes| bytes.try_into().ok());
        let id = SessionId(id.ok_or_else(|| IssuerError::refused(Refusal::MalformedRequest))?);
        *session = Some(id);
        let challenge = self.store.session_challenge(&id.0, &instance.thumbprint())?;
        Ok((id, challenge.ok_or_else(|| IssuerError::refused(Refusal::UnknownSession))?))
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
        let (id, challenge) = self.card_session(form, instance, session)?;
        let thumbprint = instance.thumbprint();
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
