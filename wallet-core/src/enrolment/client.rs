//! The wallet's machine: begin → evidence → keys → credentials. It sends nothing and signs nothing itself; each
//! [`Step`] says what the facade has to do next. Every failure ends it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    BeginRequest, BeginResponse, CredentialsResponse, EnrolmentError, EvidenceRequest, GrantedResponse,
    KeysRequest, LevelKeys, MAX_BODY, Misuse, Refused, Rule, SIGNATURE_HEADER, StapleMessage, VERSION,
    parse_message, paths,
};
use crate::{
    card::{
        Disclosure, FaceChallenge, Nonce, Refusal, SessionId, SignedPart, derive_chip_challenge,
        derive_face_challenge, derive_instance_challenge, signed_bytes,
    },
    crypto::sign::{PublicKey, Signature},
    jose::{Blob, Fixed},
    platform::{
        Attestation, AttestationMessage, ChipMessage, FaceEvidence, FaceMessage, GroupMessage, HttpMethod,
        HttpRequest, HttpResponse, Url,
    },
};

/// Longest life of a session the wallet accepts, seconds.
const MAX_LIFETIME: u32 = 120;
/// Most copies of one level the wallet takes.
const MAX_COPIES: u32 = 50;
/// Most certificates of the issuer: leaf, one between, root.
const MAX_CHAIN: usize = 3;
/// Most mdocs the wallet takes.
const MAX_MDOCS: u32 = 10;

/// One enrolment.
#[derive(Debug)]
pub struct Enrolment {
    issuer: IssuerUrl,
    state: State,
}

/// With whom, and as which phone.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the issuer answers.
    pub issuer: IssuerUrl,
    /// This wallet's Instance key when the issuer attested it before; else one is asked for.
    pub instance: Option<PublicKey>,
}

/// An issuer's base URL: `https`, or `http` on loopback; no query, fragment or credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerUrl(Url);

/// What the machine wants next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// Send this and hand in [`Input::Response`].
    Http(HttpRequest),
    /// Make an Instance key attested over `challenge` and hand in [`Input::Instance`].
    MakeInstanceKey {
        /// What the key is attested over.
        challenge: [u8; 32],
    },
    /// Read the card with `chip_challenge`, check the face with `face_challenge`, and hand in [`Input::Evidence`].
    GatherEvidence {
        /// RND.IFD for active authentication.
        chip_challenge: [u8; 8],
        /// What the face provider signs for.
        face_challenge: FaceChallenge,
        /// Seconds from the issuer's answer until evidence comes too late.
        expires_in: u32,
    },
    /// Sign these bytes with the Instance key and hand in [`Input::Signature`].
    SignInstance(Vec<u8>),
    /// Make `count` Holder keys attested over `challenge` and hand in [`Input::HolderKeys`].
    MakeHolderKeys {
        /// What the keys are attested over.
        challenge: [u8; 32],
        /// How many, all levels and mdocs together.
        count: u32,
    },
    /// The credentials arrived. Their signatures are still to be checked, by `counter` and `mdoc`.
    Done(Box<Issued>),
}

/// What the facade did.
#[derive(Debug)]
pub enum Input {
    /// The answer to the last request.
    Response(HttpResponse),
    /// The Instance key just made.
    Instance {
        /// Its public half, SEC1.
        public_key: Vec<u8>,
        /// What the hardware says.
        attestation: Attestation,
    },
    /// Card and face.
    Evidence {
        /// EF.SOD as read.
        sod: Vec<u8>,
        /// Data groups by number, as read.
        groups: BTreeMap<u8, Vec<u8>>,
        /// The chip's answer to the challenge.
        active_authentication: Vec<u8>,
        /// The provider's word.
        face: FaceEvidence,
    },
    /// The Instance key's signature, `r ‖ s`.
    Signature(Vec<u8>),
    /// The Holder keys just made, SEC1, in the order made.
    HolderKeys {
        /// Their public halves.
        public_keys: Vec<Vec<u8>>,
        /// What the hardware says.
        attestation: Attestation,
    },
}

/// What was issued; not verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Who signed the copies, leaf first, DER.
    pub issuer_chain: Vec<Vec<u8>>,
    /// Copies per disclosure level.
    pub levels: Vec<IssuedLevel>,
    /// mdocs: public key and `IssuerSigned` bytes.
    pub mdocs: Vec<(PublicKey, Vec<u8>)>,
}

/// Copies of one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedLevel {
    /// The level.
    pub level: Disclosure,
    /// Its copies.
    pub copies: Vec<IssuedCopy>,
}

/// One SD-CWT for the counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCopy {
    /// The Holder key it is meant for.
    pub public_key: PublicKey,
    /// The SD-CWT as received.
    pub sd_cwt: Vec<u8>,
    /// Salt of this copy's portrait digest.
    pub portrait_salt: [u8; 16],
    /// The staple of this hour.
    pub staple: StapleMessage,
}

#[derive(Debug)]
#[expect(clippy::enum_variant_names, reason = "states are named by what they expect")]
enum State {
    ExpectSession(ExpectSession),
    ExpectInstance(Session),
    ExpectEvidence(ExpectEvidence),
    ExpectEvidenceSignature(ExpectSignature),
    ExpectGrant(SessionId),
    ExpectKeys(Grant),
    ExpectKeysSignature(ExpectSignature, Ordered),
    ExpectCredentials(Ordered),
}

#[derive(Debug)]
struct ExpectSession {
    instance: Option<PublicKey>,
}

#[derive(Debug, Clone, Copy)]
struct Session {
    id: SessionId,
    nonce: Nonce,
    expires_in: u32,
}

#[derive(Debug)]
struct ExpectEvidence {
    session: SessionId,
    instance: PublicKey,
    attestation: Option<AttestationMessage>,
}

#[derive(Debug)]
struct ExpectSignature {
    session: SessionId,
    body: Vec<u8>,
}

#[derive(Debug)]
struct Grant {
    session: SessionId,
    levels: Vec<(Disclosure, u32)>,
    mdocs: u32,
}

/// What was asked for with which key.
#[derive(Debug)]
struct Ordered {
    levels: Vec<(Disclosure, Vec<PublicKey>)>,
    mdocs: Vec<PublicKey>,
}

impl Enrolment {
    /// Starts: the first step is a request.
    ///
    /// # Errors
    /// None today; the signature leaves room for a plan that cannot be kept.
    pub fn begin(plan: Plan) -> Result<(Self, Step), EnrolmentError> {
        let Plan { issuer, instance } = plan;
        let body = encode(&BeginRequest { version: VERSION })?;
        let step = Step::Http(issuer.post(paths::BEGIN, body, None));
        Ok((Self { issuer, state: State::ExpectSession(ExpectSession { instance }) }, step))
    }

    /// Takes what the last step asked for.
    ///
    /// # Errors
    /// [`EnrolmentError::IssuerMisbehaved`], [`EnrolmentError::IssuerRefused`], [`EnrolmentError::Misuse`]. The machine
    /// is gone then.
    pub fn handle(self, input: Input) -> Result<(Self, Step), EnrolmentError> {
        let Self { issuer, state } = self;
        let (state, step) = match (state, input) {
            (State::ExpectSession(state), Input::Response(response)) => state.handle(&response)?,
            (State::ExpectInstance(session), Input::Instance { public_key, attestation }) => {
                let instance = PublicKey::from_sec1(&public_key).map_err(|_| Misuse::BadKey)?;
                session.gather(instance, Some(attestation.into()))
            }
            (State::ExpectEvidence(state), Input::Evidence { sod, groups, active_authentication, face }) => {
                state.handle(sod, groups, active_authentication, face)?
            }
            (State::ExpectEvidenceSignature(state), Input::Signature(signature)) => {
                let (session, request) = state.signed(&issuer, paths::EVIDENCE, &signature)?;
                (State::ExpectGrant(session), Step::Http(request))
            }
            (State::ExpectGrant(session), Input::Response(response)) => {
                let grant = Grant::parse(session, answer(&response)?)?;
                let step = Step::MakeHolderKeys { challenge: grant.1, count: grant.0.count() };
                (State::ExpectKeys(grant.0), step)
            }
            (State::ExpectKeys(grant), Input::HolderKeys { public_keys, attestation }) => {
                grant.handle(&public_keys, attestation)?
            }
            (State::ExpectKeysSignature(state, ordered), Input::Signature(signature)) => {
                let (_, request) = state.signed(&issuer, paths::KEYS, &signature)?;
                (State::ExpectCredentials(ordered), Step::Http(request))
            }
            (State::ExpectCredentials(ordered), Input::Response(response)) => {
                let issued = ordered.match_up(answer(&response)?)?;
                return Ok((Self::ended(issuer), Step::Done(Box::new(issued))));
            }
            _ => return Err(Misuse::UnexpectedInput.into()),
        };
        Ok((Self { issuer, state }, step))
    }

    /// Nothing is expected any more: a credentials answer for no key at all can only fail.
    fn ended(issuer: IssuerUrl) -> Self {
        let nothing = Ordered { levels: Vec::new(), mdocs: Vec::new() };
        Self { issuer, state: State::ExpectCredentials(nothing) }
    }
}

impl IssuerUrl {
    /// Parses a base URL. A trailing slash is dropped.
    ///
    /// # Errors
    /// [`Misuse::BadUrl`].
    pub fn parse(url: &str) -> Result<Self, EnrolmentError> {
        let url = Url::parse(url.strip_suffix('/').unwrap_or(url)).ok().filter(Url::is_identifier);
        url.map(Self).ok_or(Misuse::BadUrl.into())
    }

    /// The URL without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(super) fn post(&self, path: &str, body: Vec<u8>, signature: Option<&Signature>) -> HttpRequest {
        let mut headers = HashMap::from([("content-type".to_owned(), "application/json".to_owned())]);
        if let Some(signature) = signature {
            headers.insert(SIGNATURE_HEADER.to_owned(), BASE64_URL_SAFE_NO_PAD.encode(signature));
        }
        HttpRequest { method: HttpMethod::Post, url: format!("{}{path}", self.as_str()), headers, body }
    }
}

impl ExpectSession {
    fn handle(self, response: &HttpResponse) -> Result<(State, Step), EnrolmentError> {
        let BeginResponse { session, nonce, expires_in } = answer(response)?;
        if !(1..=MAX_LIFETIME).contains(&expires_in) {
            return Err(Rule::SessionLifetime.into());
        }
        let session = Session { id: SessionId(session.0), nonce: Nonce(nonce.0), expires_in };
        Ok(match self.instance {
            Some(instance) => session.gather(instance, None),
            None => {
                let challenge = derive_instance_challenge(&session.nonce, &session.id);
                (State::ExpectInstance(session), Step::MakeInstanceKey { challenge })
            }
        })
    }
}

impl Session {
    fn gather(self, instance: PublicKey, attestation: Option<AttestationMessage>) -> (State, Step) {
        let step = Step::GatherEvidence {
            chip_challenge: derive_chip_challenge(&self.nonce, &self.id, &instance),
            face_challenge: derive_face_challenge(&self.nonce, &self.id),
            expires_in: self.expires_in,
        };
        (State::ExpectEvidence(ExpectEvidence { session: self.id, instance, attestation }), step)
    }
}

impl ExpectEvidence {
    fn handle(
        self,
        sod: Vec<u8>,
        groups: BTreeMap<u8, Vec<u8>>,
        active_authentication: Vec<u8>,
        face: FaceEvidence,
    ) -> Result<(State, Step), EnrolmentError> {
        let groups: Vec<GroupMessage> = groups
            .into_iter()
            .map(|(number, content)| Ok(GroupMessage { number, content: blob(content)? }))
            .collect::<Result<_, EnrolmentError>>()?;
        let message = EvidenceRequest {
            session: Fixed(self.session.0),
            instance_key: Fixed(*self.instance.as_sec1()),
            instance_attestation: self.attestation,
            chip: ChipMessage {
                sod: blob(sod)?,
                groups,
                active_authentication: blob(active_authentication)?,
            },
            face: FaceMessage {
                provider: face.provider,
                signature: Fixed(face.signature.try_into().map_err(|_| Misuse::BadSignature)?),
            },
        };
        let body = encode(&message)?;
        let step = Step::SignInstance(signed_bytes(SignedPart::Evidence, &body));
        Ok((State::ExpectEvidenceSignature(ExpectSignature { session: self.session, body }), step))
    }
}

impl ExpectSignature {
    fn signed(
        self,
        issuer: &IssuerUrl,
        path: &str,
        signature: &[u8],
    ) -> Result<(SessionId, HttpRequest), EnrolmentError> {
        let signature: Signature = signature.try_into().map_err(|_| Misuse::BadSignature)?;
        Ok((self.session, issuer.post(path, self.body, Some(&signature))))
    }
}

impl Grant {
    fn parse(session: SessionId, message: GrantedResponse) -> Result<(Self, [u8; 32]), EnrolmentError> {
        let GrantedResponse { levels: granted, mdocs, key_challenge } = message;
        let mut levels: Vec<(Disclosure, u32)> = Vec::new();
        for grant in granted {
            let level = Disclosure::from_name(&grant.level).map_err(|_| Rule::UnknownLevel)?;
            if levels.iter().any(|(other, _)| *other == level) {
                return Err(Rule::RepeatedLevel.into());
            }
            match grant.copies {
                0 => return Err(Rule::EmptyLevel.into()),
                1..=MAX_COPIES => levels.push((level, grant.copies)),
                _ => return Err(Rule::TooManyCopies.into()),
            }
        }
        if mdocs > MAX_MDOCS {
            return Err(Rule::TooManyCopies.into());
        }
        if levels.is_empty() && mdocs == 0 {
            return Err(Rule::NothingGranted.into());
        }
        Ok((Self { session, levels, mdocs }, key_challenge.0))
    }

    fn count(&self) -> u32 {
        self.levels.iter().fold(self.mdocs, |sum, (_, copies)| sum.saturating_add(*copies))
    }

    fn handle(
        self,
        public_keys: &[Vec<u8>],
        attestation: Attestation,
    ) -> Result<(State, Step), EnrolmentError> {
        let keys: Vec<PublicKey> = public_keys
            .iter()
            .map(|key| PublicKey::from_sec1(key).map_err(|_| Misuse::BadKey))
            .collect::<Result<_, _>>()?;
        let mut seen = BTreeSet::new();
        if u32::try_from(keys.len()) != Ok(self.count()) || !keys.iter().all(|key| seen.insert(key.as_sec1()))
        {
            return Err(Misuse::WrongKeyCount.into());
        }
        let mut keys = keys.into_iter();
        let mut take = |count: u32| -> Vec<PublicKey> { (0..count).map_while(|_| keys.next()).collect() };
        let levels: Vec<_> = self.levels.iter().map(|(level, count)| (*level, take(*count))).collect();
        let ordered = Ordered { levels, mdocs: take(self.mdocs) };
        let message = KeysRequest {
            session: Fixed(self.session.0),
            levels: ordered
                .levels
                .iter()
                .map(|(level, keys)| LevelKeys { level: level.name().to_owned(), keys: points(keys) })
                .collect(),
            mdocs: points(&ordered.mdocs),
            attestation: attestation.into(),
        };
        let body = encode(&message)?;
        let step = Step::SignInstance(signed_bytes(SignedPart::Keys, &body));
        Ok((State::ExpectKeysSignature(ExpectSignature { session: self.session, body }, ordered), step))
    }
}

impl Ordered {
    /// Pairs each credential with the key it was asked for.
    fn match_up(self, message: CredentialsResponse) -> Result<Issued, EnrolmentError> {
        let CredentialsResponse { issuer_chain, levels: answered, mdocs } = message;
        if self.levels.is_empty() && self.mdocs.is_empty() {
            return Err(Misuse::UnexpectedInput.into());
        }
        if answered.len() != self.levels.len() {
            return Err(Rule::OtherLevels.into());
        }
        let mut seen: BTreeSet<Vec<u8>> = BTreeSet::new();
        let mut levels = Vec::new();
        for ((level, keys), answer) in self.levels.into_iter().zip(answered) {
            if answer.level != level.name() {
                return Err(Rule::OtherLevels.into());
            }
            if answer.copies.len() != keys.len() {
                return Err(Rule::OtherCount.into());
            }
            let mut copies = Vec::new();
            for (public_key, copy) in keys.into_iter().zip(answer.copies) {
                if !seen.insert(copy.sd_cwt.0.clone()) {
                    return Err(Rule::RepeatedCredential.into());
                }
                copies.push(IssuedCopy {
                    public_key,
                    sd_cwt: copy.sd_cwt.0,
                    portrait_salt: copy.portrait_salt.0,
                    staple: copy.staple,
                });
            }
            levels.push(IssuedLevel { level, copies });
        }
        if mdocs.len() != self.mdocs.len() {
            return Err(Rule::OtherCount.into());
        }
        if !mdocs.iter().all(|mdoc| seen.insert(mdoc.0.clone())) {
            return Err(Rule::RepeatedCredential.into());
        }
        let mdocs = self.mdocs.into_iter().zip(mdocs.into_iter().map(|mdoc| mdoc.0)).collect();
        if !(1..=MAX_CHAIN).contains(&issuer_chain.len()) {
            return Err(Rule::IssuerChain.into());
        }
        let issuer_chain = issuer_chain.into_iter().map(|der| der.0).collect();
        Ok(Issued { issuer_chain, levels, mdocs })
    }
}

/// The message of a 200, or the refusal.
pub(super) fn answer<T: DeserializeOwned>(response: &HttpResponse) -> Result<T, EnrolmentError> {
    if response.body.len() > MAX_BODY {
        return Err(Rule::BodyTooLong.into());
    }
    if response.status == 200 {
        return parse_message(&response.body).map_err(|_| Rule::NotTheMessage.into());
    }
    let refused: Refused = match parse_message(&response.body) {
        Ok(refused) => refused,
        // A proxy before an issuer that is down speaks no protocol of ours, and breaks none.
        Err(_) if response.status >= 500 => return Err(EnrolmentError::IssuerRefused(Refusal::Unavailable)),
        Err(_) => return Err(Rule::UnknownFailure.into()),
    };
    let refusal = Refusal::from_code(&refused.error).map_err(|_| Rule::UnknownFailure)?;
    Err(EnrolmentError::IssuerRefused(refusal))
}

/// The body of a request, which the issuer would not read past [`MAX_BODY`].
pub(super) fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, EnrolmentError> {
    let body = serde_json::to_vec(message).map_err(|_| Misuse::WrongLength)?;
    if body.len() > MAX_BODY { Err(Misuse::WrongLength.into()) } else { Ok(body) }
}

fn blob<const MAX: usize>(bytes: Vec<u8>) -> Result<Blob<MAX>, EnrolmentError> {
    if bytes.is_empty() || bytes.len() > MAX { Err(Misuse::WrongLength.into()) } else { Ok(Blob(bytes)) }
}

fn points(keys: &[PublicKey]) -> Vec<Fixed<65>> {
    keys.iter().map(|key| Fixed(*key.as_sec1())).collect()
}
