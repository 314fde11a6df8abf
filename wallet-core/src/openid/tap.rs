//! The card in the citizen's hand: the issuer challenges it through the phone. draft-ietf-oauth-first-party-apps, 4 and 5,
//! with this project's own evidence (docs/formats/issuing.md).

use serde::Deserialize;

use super::{
    Misuse, Rule, Unsupported,
    flow::{Next, bounded},
    form::write_form,
    issuance::{After, Found, Session, State, Step},
    offer::Code,
    request::{Draft, json, refusal},
    tokens::{CardEvidence, card_evidence},
};
use crate::{
    card::{Nonce, SessionId, derive_chip_challenge, derive_face_challenge},
    crypto::hash::sha256,
    jose::{Fixed, encode},
    platform::{ChipMessage, FaceMessage, HttpResponse},
};

/// What is asked for: the ID that the card stands for, whichever it is.
const SCOPE: &str = "mobile_id";
/// Longest life of a challenge the wallet accepts, seconds.
const MAX_LIFETIME: u32 = 120;

impl Session {
    pub(super) fn ask_challenge(&mut self, found: Box<Found>, now: i64) -> Next {
        let verifier = Code::new(self.draw_text("code_verifier"));
        let challenge = encode(&sha256(verifier.expose().as_bytes()));
        let form = write_form(&[
            ("client_id", self.client.client_id.as_str()),
            ("scope", SCOPE),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        self.ask_about_card(found, verifier, None, form, now)
    }

    fn ask_about_card(
        &mut self,
        found: Box<Found>,
        verifier: Code,
        session: Option<[u8; 16]>,
        form: String,
        now: i64,
    ) -> Next {
        let endpoint = found.server.challenge_endpoint.as_ref().ok_or(Unsupported::Grant)?;
        let draft = Draft::form(endpoint, &found.server.issuer, form);
        self.send(draft, After::Challenged(found, verifier, session), now)
    }

    /// A challenge for the card, or the code that evidence was worth.
    pub(super) fn challenged(
        &mut self,
        found: Box<Found>,
        verifier: Code,
        evidence_for: Option<[u8; 16]>,
        response: &HttpResponse,
        now: i64,
    ) -> Next {
        #[derive(Deserialize)]
        struct Challenge {
            error: String,
            auth_session: Fixed<16>,
            chip_nonce: Fixed<32>,
            expires_in: u32,
        }
        #[derive(Deserialize)]
        struct Authorized {
            authorization_code: String,
        }
        if response.status >= 400 {
            let challenge = serde_json::from_slice::<Challenge>(&response.body).ok();
            let challenge = challenge.filter(|challenge| challenge.error == "insufficient_authorization");
            return match (challenge, evidence_for) {
                (Some(challenge), None) if (1..=MAX_LIFETIME).contains(&challenge.expires_in) => {
                    let Challenge {
                        auth_session: Fixed(session), chip_nonce: Fixed(nonce), expires_in, ..
                    } = challenge;
                    let (id, nonce) = (SessionId(session), Nonce(nonce));
                    let step = Step::GatherEvidence {
                        chip_challenge: derive_chip_challenge(&nonce, &id, &self.client.instance),
                        face_challenge: derive_face_challenge(&nonce, &id),
                        expires_in,
                    };
                    Ok((State::ExpectEvidence(found, verifier, session), step))
                }
                (Some(_), _) => Err(Rule::NotAChallenge.into()),
                (None, _) => Err(refusal(response)),
            };
        }
        // A code without evidence would be worth nothing to an honest issuer.
        if evidence_for.is_none() {
            return Err(Rule::NotAChallenge.into());
        }
        let Authorized { authorization_code } = json(response, &[200], Rule::NotAChallenge)?;
        let code = bounded(authorization_code).ok_or(Rule::NotAChallenge)?;
        let form = write_form(&[
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("client_id", self.client.client_id.as_str()),
            ("code_verifier", verifier.expose()),
        ]);
        self.ask_token(found, form, now)
    }

    pub(super) fn show_evidence(
        &mut self,
        found: Box<Found>,
        verifier: Code,
        session: [u8; 16],
        evidence: &str,
        now: i64,
    ) -> Next {
        let form = write_form(&[
            ("client_id", self.client.client_id.as_str()),
            ("auth_session", &encode(&session)),
            ("card_evidence", evidence),
        ]);
        self.ask_about_card(found, verifier, Some(session), form, now)
    }
}

/// Has the evidence signed by the Instance key.
pub(super) fn evidence_gathered(
    found: Box<Found>,
    verifier: Code,
    session: [u8; 16],
    (chip, face, replaces_phone): (ChipMessage, FaceMessage, bool),
    now: i64,
) -> Next {
    let aud = found.server.issuer.as_str().to_owned();
    let evidence = CardEvidence { aud, iat: now, auth_session: Fixed(session), chip, face, replaces_phone };
    let signing = card_evidence(&evidence).map_err(|_| Misuse::NoJson)?;
    let step = Step::SignInstance(signing.as_bytes().to_vec());
    Ok((State::ExpectEvidenceSignature(found, verifier, session, signing), step))
}
