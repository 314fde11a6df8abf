//! The machine: offer → metadata → consent → token → nonce → keys → credentials → notification. Every failure ends it.

use super::{
    Misuse, OpenIdError,
    asking::{ask_issuer, ask_server},
    flow::{ask_consent, bounded, fixed, order},
    messages::Proofs,
    metadata::{Configuration, Format, IssuerMetadata, Names, ServerMetadata},
    offer::{Code, CredentialOffer, Grant, OfferLink, Token, TransactionCode},
    request::{Draft, checked, fetch},
    saved,
    tap::evidence_gathered,
};
use crate::{
    bytes::{Secret, SecretBytes},
    card::{FaceChallenge, Refusal},
    crypto::sign::PublicKey,
    jose::{ContentEncryption, DecryptionKey, SigningInput},
    platform::{ChipMessage, FaceMessage, HttpRequest, HttpResponse, Url},
    trust::Anchors,
};

/// Who asks.
#[derive(Debug, Clone)]
pub struct Client {
    /// The name the wallet goes by at authorization servers; also `sub` of its attestation.
    pub client_id: String,
    /// Where the browser comes back to.
    pub redirect_uri: Url,
    /// The Instance key: DPoP and the proofs of attestation.
    pub instance: PublicKey,
    /// Whether a wallet provider is there to attest wallet and keys.
    pub attested: bool,
    /// What tokens are taken.
    pub tokens: TokenPolicy,
    /// How the citizen is sent to the authorization server.
    pub requests: RequestPolicy,
    /// What metadata of issuers are taken.
    pub metadata: MetadataPolicy,
}

/// What metadata of issuers are taken. HAIP 1.0, 4.1 leaves it to the ecosystem: this one has a root, so signed is the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataPolicy {
    /// Only signed ones, of the issuer (OpenID4VCI 1.0, 12.2.3) and of its authorization server (RFC 8414, 2.1), by signers these
    /// anchors vouch for: neither a broken TLS nor a proxy can send the wallet elsewhere.
    Signed(Anchors),
    /// `AcceptUnsigned`: what TLS alone vouches for will do, which speaks for the server's own origin.
    AcceptUnsigned,
}

/// What tokens are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenPolicy {
    /// Only those bound to the Instance key. RFC 9449.
    #[default]
    DpopOnly,
    /// Also those anybody can use who has them, from servers without DPoP.
    AcceptBearer,
}

/// How the citizen is sent to the authorization server. HAIP 1.0, 4.3 demands pushed requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestPolicy {
    /// Only with a request that was pushed before, by the attested wallet: nobody between the two reads or alters it. RFC 9126.
    #[default]
    PushedOnly,
    /// Also with the request in the browser's URL, at servers without an endpoint to push it to.
    AcceptUnpushed,
}

/// One issuance.
#[derive(Debug)]
pub struct Issuance {
    session: Session,
    state: State,
}

/// What the machine wants next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// Send this and hand in [`Input::Response`].
    Http(HttpRequest),
    /// Ask the citizen, and hand in [`Input::Consent`].
    AskConsent(Box<Summary>),
    /// Have the wallet provider attest the wallet and hand in [`Input::WalletAttestation`].
    AttestWallet,
    /// Sign these bytes with the Instance key and hand in [`Input::Signature`].
    SignInstance(Vec<u8>),
    /// Open this in the citizen's browser and hand in [`Input::Redirected`].
    OpenInBrowser(String),
    /// Keep these bytes sealed in place of earlier ones, and hand in [`Input::Saved`]: [`Issuance::resume`] goes on from here
    /// when the process dies. They are a secret.
    Save(SecretBytes),
    /// Read the card with `chip_challenge`, check the face with `face_challenge`, and hand in [`Input::Evidence`].
    GatherEvidence {
        /// RND.IFD for active authentication.
        chip_challenge: [u8; 8],
        /// What the face provider signs for.
        face_challenge: FaceChallenge,
        /// Whether the issuer speaks to chips that cannot sign: [`Input::AskExaminer`] may come before the evidence.
        relay: bool,
        /// Seconds until evidence comes too late, counted from the issuer's answer.
        expires_in: u32,
    },
    /// Hand the key to the chip, carry the commands to it, and hand in [`Input::Evidence`] with its answers.
    Examine {
        /// The issuer's ephemeral public key in the chip's group.
        public_key: Vec<u8>,
        /// Protected commands for the chip, in their order.
        commands: Vec<Vec<u8>>,
    },
    /// Make Holder keys for `configuration`, attested over `challenge`, and hand in [`Input::HolderKeys`].
    MakeHolderKeys {
        /// Name of the configuration.
        configuration: String,
        /// What they are for.
        format: Format,
        /// SHA-256 of the issuer's nonce; of nothing when it has none.
        challenge: [u8; 32],
        /// How many at most; fewer will do.
        count: u32,
    },
    /// Have the wallet provider attest the keys just made, with the issuer's nonce, and hand in [`Input::KeyAttestation`].
    AttestKeys {
        /// The issuer's nonce.
        nonce: Option<String>,
    },
    /// Sign these bytes with the first of the Holder keys just made and hand in [`Input::Signature`]: the one signature, and
    /// the one prompt, of an issuance.
    SignHolder(Vec<u8>),
    /// Not ready: hand in [`Input::Waited`] after these seconds.
    Wait {
        /// Seconds.
        seconds: u64,
    },
    /// Verify these, keep them, and hand in [`Input::Outcome`].
    Keep(Box<Delivered>),
    /// It is over.
    Done(Finished),
}

/// What the facade did.
#[derive(Debug)]
pub enum Input {
    /// The answer to the last request.
    Response(HttpResponse),
    /// The citizen wants it, and typed the transaction code when one was asked for.
    Consent {
        /// What was typed.
        transaction_code: Option<SecretBytes>,
    },
    /// The wallet provider's word for this wallet.
    WalletAttestation(String),
    /// A signature, `r ‖ s`.
    Signature(Vec<u8>),
    /// The URL that the browser came back with.
    Redirected(String),
    /// The bytes are kept.
    Saved,
    /// The card is in the field and cannot sign: have the issuer speak to the chip itself.
    AskExaminer {
        /// EF.SOD.
        sod: Vec<u8>,
        /// EF.DG14.
        dg14: Vec<u8>,
    },
    /// Card and face.
    Evidence {
        /// The chip.
        chip: ChipMessage,
        /// The face.
        face: FaceMessage,
        /// The citizen wants the ID on this phone instead of the one that has it.
        replaces_phone: bool,
    },
    /// The keys just made, SEC1.
    HolderKeys(Vec<Vec<u8>>),
    /// The wallet provider's word for the keys.
    KeyAttestation(String),
    /// The time has passed.
    Waited,
    /// What became of the credentials.
    Outcome(Outcome),
}

/// What became of the credentials. OpenID4VCI 1.0, 11.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Verified and kept.
    Kept,
    /// Not verified, or not kept.
    Failed,
    /// The citizen wants them no more.
    Deleted,
}

/// What the citizen is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Who issues.
    pub issuer: Url,
    /// Its names by language. It says so itself: not verified.
    pub names: Names,
    /// What comes.
    pub configurations: Vec<Configuration>,
    /// The transaction code to be typed.
    pub transaction_code: Option<TransactionCode>,
}

/// What was issued; nothing of it is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// Who issued.
    pub issuer: Url,
    /// One entry per configuration of the offer.
    pub credentials: Vec<IssuedCredentials>,
}

/// Copies of one credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCredentials {
    /// What they are.
    pub configuration: Configuration,
    /// Public key and credential, the text as it came. An mdoc and an SD-CWT are base64url in it.
    pub copies: Vec<(PublicKey, String)>,
    pub(super) notification: Option<String>,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// What fetches new copies without the citizen, when the server gave a token for that.
    pub renewal: Option<Renewal>,
}

/// What a wallet keeps, sealed, to have the same credentials issued again before its copies end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// Who issues.
    pub issuer: Url,
    /// Which authorization server gave the token.
    pub authorization_server: Url,
    /// Names of configurations.
    pub configurations: Vec<String>,
    /// The token. A secret; bound to the Instance key where the server does DPoP (RFC 9449, 5).
    pub refresh_token: Code,
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) seed: Secret<32>,
    pub(super) drawn: u32,
    pub(super) attestation: Option<String>,
    /// Nonces for DPoP by the origin that set them.
    pub(super) nonces: Vec<(String, String)>,
}

#[derive(Debug)]
#[expect(clippy::enum_variant_names, reason = "states are named by what they expect")]
pub(super) enum State {
    ExpectOffer,
    ExpectIssuer(CredentialOffer),
    ExpectServer(CredentialOffer, Box<IssuerMetadata>),
    ExpectConsent(Box<Found>),
    ExpectWalletAttestation(Box<Found>, Option<SecretBytes>),
    ExpectLateAttestation(Box<Outgoing>),
    ExpectRequestSignature(Box<Outgoing>, Proof, SigningInput),
    ExpectAnswer(Box<Outgoing>),
    ExpectSaved(Box<State>, Box<Step>),
    ExpectRedirect(Box<Found>, Code, String),
    ExpectEvidence(Box<Found>, Code, [u8; 16]),
    ExpectEvidenceSignature(Box<Found>, Code, [u8; 16], SigningInput),
    ExpectNonce(Box<Granted>),
    ExpectKeys(Box<Granted>, Configuration, Option<String>),
    ExpectKeyAttestation(Box<Ordered>, Option<String>),
    ExpectKeySignature(Box<Ordered>, SigningInput),
    ExpectTime(Box<Ordered>, String, u32),
    ExpectOutcome(Box<Granted>),
    ExpectNothing,
}

/// Everything the metadata say about this offer.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) offer: CredentialOffer,
    pub(super) issuer: IssuerMetadata,
    pub(super) server: ServerMetadata,
    pub(super) configurations: Vec<Configuration>,
}

/// A token, and what is still to be fetched with it.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) issuer: IssuerMetadata,
    /// Where it came from: the offer, with the token in place of its grant.
    pub(super) offer: CredentialOffer,
    pub(super) token: Token,
    /// Last first.
    pub(super) left: Vec<Configuration>,
    pub(super) done: Vec<IssuedCredentials>,
}

/// One credential request.
#[derive(Debug)]
pub(super) struct Ordered {
    pub(super) granted: Box<Granted>,
    pub(super) configuration: Configuration,
    pub(super) keys: Vec<PublicKey>,
    pub(super) decryption: Option<(DecryptionKey, ContentEncryption)>,
}

/// A request on its way.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) draft: Draft,
    pub(super) after: After,
    pub(super) attestation_proof: Option<String>,
    pub(super) dpop: bool,
    /// Whether the server has already been given the nonce it asked for.
    pub(super) repeated: bool,
}

/// Which proof a signature completes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    Attestation,
    Dpop,
}

/// What an answer leads to.
#[derive(Debug)]
pub(super) enum After {
    Pushed(Box<Found>, Code, String),
    Challenged(Box<Found>, Code, Asked),
    Token(Box<Found>),
    Credential(Box<Ordered>),
    Deferred(Box<Ordered>, u32),
    Notified(Box<Granted>, Outcome),
}

/// What the challenge endpoint was asked, and in which session.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked {
    Challenge,
    Examiner([u8; 16]),
    Code,
}

impl Issuance {
    /// Starts with a scanned or opened offer. `seed` is fresh randomness; all identifiers and secrets of this issuance
    /// come from it.
    ///
    /// # Errors
    /// [`OpenIdError::BadOffer`].
    pub fn begin(client: Client, offer: &str, seed: Secret<32>) -> Result<(Self, Step), OpenIdError> {
        let (state, step) = match OfferLink::parse(offer)? {
            OfferLink::ByValue(offer) => ask_issuer(&client, *offer),
            OfferLink::ByReference(url) => (State::ExpectOffer, Step::Http(fetch(url.as_str().to_owned()))),
        };
        Ok((Self { session: Session::new(client, seed), state }, step))
    }

    /// Has the credentials issued again, with new keys. The citizen consented when they came first and is not asked.
    #[must_use]
    pub fn renew(client: Client, renewal: Renewal, seed: Secret<32>) -> (Self, Step) {
        let Renewal { issuer, authorization_server, configurations, refresh_token } = renewal;
        let (state, step) = ask_issuer(
            &client,
            CredentialOffer {
                issuer,
                configurations,
                grant: Grant::Refresh { token: refresh_token },
                authorization_server: Some(authorization_server),
            },
        );
        (Self { session: Session::new(client, seed), state }, step)
    }

    /// Goes on where [`Step::Save`] was kept, after the process died. `came_back` is the URL that the browser brought, when it
    /// was out; without it that issuance waits for it still.
    ///
    /// # Errors
    /// [`Misuse::NotKept`].
    pub fn resume(
        client: Client,
        saved: &SecretBytes,
        came_back: Option<String>,
        seed: Secret<32>,
    ) -> Result<(Self, Step), OpenIdError> {
        let mut offer = saved::read(saved).ok_or(Misuse::NotKept)?;
        if let Grant::Browser { came_back: brought, .. } = &mut offer.grant {
            *brought = Some(came_back.ok_or(Misuse::NotKept)?);
        }
        let (state, step) = ask_issuer(&client, offer);
        Ok((Self { session: Session::new(client, seed), state }, step))
    }

    /// Asks for the ID of the card in the citizen's hand. Which credentials those are the issuer says.
    #[must_use]
    pub fn with_card(client: Client, issuer: Url, seed: Secret<32>) -> (Self, Step) {
        let offer = CredentialOffer {
            issuer,
            configurations: Vec::new(),
            grant: Grant::Card,
            authorization_server: None,
        };
        let (state, step) = ask_issuer(&client, offer);
        (Self { session: Session::new(client, seed), state }, step)
    }

    /// Takes what the last step asked for. `now` is in seconds since 1970 UTC.
    ///
    /// # Errors
    /// [`OpenIdError`]. The machine is gone then.
    pub fn handle(self, input: Input, now: i64) -> Result<(Self, Step), OpenIdError> {
        let Self { mut session, state } = self;
        let s = &mut session;
        let (state, step) = match (state, input) {
            // What was offered is there no more: used, too old, or another was made.
            (State::ExpectOffer, Input::Response(HttpResponse { status: 404 | 410, .. })) => {
                return Err(OpenIdError::Refused(Refusal::CodeNotAccepted));
            }
            (State::ExpectOffer, Input::Response(response)) => {
                checked(&response, &[200], "application/json")?;
                ask_issuer(&s.client, CredentialOffer::parse(&response.body)?)
            }
            (State::ExpectIssuer(offer), Input::Response(response)) => {
                ask_server(&s.client, offer, &response, now)?
            }
            (State::ExpectServer(offer, issuer), Input::Response(response)) => {
                ask_consent(s, offer, *issuer, &response, now)?
            }
            (State::ExpectConsent(found), Input::Consent { transaction_code }) => {
                s.consented(found, transaction_code, now)?
            }
            (State::ExpectWalletAttestation(found, typed), Input::WalletAttestation(attestation)) => {
                s.attestation = Some(bounded(attestation).ok_or(Misuse::UnexpectedInput)?);
                s.authorize(found, typed, now)?
            }
            (State::ExpectLateAttestation(outgoing), Input::WalletAttestation(attestation)) => {
                s.attestation = Some(bounded(attestation).ok_or(Misuse::UnexpectedInput)?);
                s.prove(outgoing, now)?
            }
            (State::ExpectRequestSignature(outgoing, proof, signing), Input::Signature(signature)) => {
                s.proven(outgoing, proof, signing.signed(&fixed(&signature)?), now)?
            }
            (State::ExpectAnswer(outgoing), Input::Response(response)) => {
                s.answered(outgoing, &response, now)?
            }
            (State::ExpectRedirect(found, verifier, state), Input::Redirected(url)) => {
                s.redirected(found, &verifier, &state, &url, now)?
            }
            (State::ExpectSaved(state, step), Input::Saved) => (*state, *step),
            (State::ExpectEvidence(found, verifier, session), Input::AskExaminer { sod, dg14 }) => {
                s.ask_examiner(found, verifier, session, (&sod, &dg14), now)?
            }
            (
                State::ExpectEvidence(found, verifier, session),
                Input::Evidence { chip, face, replaces_phone },
            ) => {
                let session_evidence = (chip, face, replaces_phone);
                evidence_gathered(found, verifier, session, session_evidence, now)?
            }
            (
                State::ExpectEvidenceSignature(found, verifier, session, signing),
                Input::Signature(signature),
            ) => {
                let evidence = signing.signed(&fixed(&signature)?);
                s.show_evidence(found, verifier, session, &evidence, now)?
            }
            (State::ExpectNonce(granted), Input::Response(response)) => order(granted, &response)?,
            (State::ExpectKeys(granted, configuration, nonce), Input::HolderKeys(keys)) => {
                s.keys_made(granted, configuration, nonce, &keys, now)?
            }
            (State::ExpectKeyAttestation(ordered, nonce), Input::KeyAttestation(attestation)) => {
                let attestation = bounded(attestation).ok_or(Misuse::UnexpectedInput)?;
                s.keys_attested(ordered, nonce, attestation, now)?
            }
            (State::ExpectKeySignature(ordered, signing), Input::Signature(signature)) => {
                s.ask(ordered, Some(Proofs::Jwt([signing.signed(&fixed(&signature)?)])), now)?
            }
            (State::ExpectTime(ordered, transaction, deferrals), Input::Waited) => {
                s.ask_again(ordered, &transaction, deferrals, now)?
            }
            (State::ExpectOutcome(granted), Input::Outcome(outcome)) => s.notify(granted, outcome, now)?,
            _ => return Err(Misuse::UnexpectedInput.into()),
        };
        Ok((Self { session, state }, step))
    }
}
