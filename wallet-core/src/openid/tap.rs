//! The card in the citizen's hand: the issuer challenges it through the phone. draft-ietf-oauth-first-party-apps, 4 and 5,
//! with this project's own evidence (docs/formats/issuing.md).

use serde::Deserialize;

use super::{
    Misuse, Rule, Unsupported,
    flow::{Next, bounded},
    form::write_form,
    issuance::{After, Asked, Found, Session, State, Step},
    offer::Code,
    request::{Draft, json, refusal},
    tokens::{CardEvidence, card_evidence},
};
use crate::{
    card::{Nonce, SessionId, derive_chip_challenge, derive_face_challenge},
    crypto::hash::sha256,
    jose::{Blob, Fixed, encode},
    platform::{ChipMessage, FaceMessage, HttpResponse},
};

/// What is asked for: the ID that the card stands for, whichever it is.
const SCOPE: &str = "mobile_id";
/// Longest life of a challenge the wallet accepts, seconds.
const MAX_LIFETIME: u32 = 120;
const INSUFFICIENT: &str = "insufficient_authorization";
/// The longest key of a group that chips use, a number of 2048 bits, and to spare.
const MAX_KEY: usize = 512;
/// A short command.
const MAX_COMMAND: usize = 261;

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
        self.ask_about_card(found, verifier, Asked::Challenge, form, now)
    }

    pub(super) fn ask_examiner(
        &mut self,
        found: Box<Found>,
        verifier: Code,
        session: [u8; 16],
        (sod, dg14): (&[u8], &[u8]),
        now: i64,
    ) -> Next {
        let form = write_form(&[
            ("client_id", self.client.client_id.as_str()),
            ("auth_session", &encode(&session)),
            ("chip_sod", &encode(sod)),
            ("chip_dg14", &encode(dg14)),
        ]);
        self.ask_about_card(found, verifier, Asked::Examiner(session), form, now)
    }

    fn ask_about_card(
        &mut self,
        found: Box<Found>,
        verifier: Code,
        asked: Asked,
        form: String,
        now: i64,
    ) -> Next {
        let endpoint = found.server.challenge_endpoint.as_ref().ok_or(Unsupported::Grant)?;
        let draft = Draft::form(endpoint, &found.server.issuer, form);
        self.send(draft, After::Challenged(found, verifier, asked), now)
    }

    /// A challenge for the card, a command for it, or the code that evidence was worth.
    pub(super) fn challenged(
        &mut self,
        found: Box<Found>,
        verifier: Code,
        asked: Asked,
        response: &HttpResponse,
        now: i64,
    ) -> Next {
        #[derive(Deserialize)]
        struct Challenge {
            error: String,
            auth_session: Fixed<16>,
            chip_nonce: Fixed<32>,
            expires_in: u32,
            #[serde(default)]
            chip_proofs: Vec<String>,
        }
        #[derive(Deserialize)]
        struct Examination {
            error: String,
            auth_session: Fixed<16>,
            chip_public_key: Blob<MAX_KEY>,
            chip_commands: Vec<Blob<MAX_COMMAND>>,
        }
        #[derive(Deserialize)]
        struct Authorized {
            authorization_code: String,
        }
        if let Asked::Examiner(session) = asked {
            let examination = serde_json::from_slice::<Examination>(&response.body).ok();
            let Some(examination) = examination.filter(|examination| examination.error == INSUFFICIENT)
            else {
                return Err(if response.status >= 400 {
                    refusal(response)
                } else {
                    Rule::NotAChallenge.into()
                });
            };
            if examination.auth_session.0 != session {
                return Err(Rule::NotAChallenge.into());
            }
            let Blob(public_key) = examination.chip_public_key;
            let commands = examination.chip_commands.into_iter().map(|Blob(command)| command).collect();
            return Ok((
                State::ExpectEvidence(found, verifier, session),
                Step::Examine { public_key, commands },
            ));
        }
        if response.status >= 400 {
            let challenge = serde_json::from_slice::<Challenge>(&response.body).ok();
            let challenge = challenge.filter(|challenge| challenge.error == INSUFFICIENT);
            return match (challenge, asked) {
                (Some(challenge), Asked::Challenge) if (1..=MAX_LIFETIME).contains(&challenge.expires_in) => {
                    let Challenge {
                        error: _,
                        auth_session: Fixed(session),
                        chip_nonce: Fixed(nonce),
                        expires_in,
                        chip_proofs,
                    } = challenge;
                    let (id, nonce) = (SessionId(session), Nonce(nonce));
                    let step = Step::GatherEvidence {
                        chip_challenge: derive_chip_challenge(&nonce, &id, &self.client.instance),
                        face_challenge: derive_face_challenge(&nonce, &id),
                        relay: chip_proofs.iter().any(|proof| proof == "chip_authentication"),
                        expires_in,
                    };
                    Ok((State::ExpectEvidence(found, verifier, session), step))
                }
                (Some(_), _) => Err(Rule::NotAChallenge.into()),
                (None, _) => Err(refusal(response)),
            };
        }
        // A code without evidence would be worth nothing to an honest issuer.
        if matches!(asked, Asked::Challenge) {
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
        self.ask_about_card(found, verifier, Asked::Code, form, now)
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
