//! What the machine does in each state.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{
    ErrorCode, Misuse, OpenIdError, Rule, Unsupported,
    asking::read_server,
    form::{member, parse_form, with_query, write_form},
    issuance::{
        After, Client, Delivered, Finished, Found, Granted, IssuedCredentials, Ordered, Outcome, Outgoing,
        Proof, Renewal, RequestPolicy, Session, State, Step, Summary, TokenPolicy,
    },
    messages::{
        CredentialRequest, DeferredRequest, EncryptionRequest, Notification, Proofs, authorization_details,
    },
    metadata::{Configuration, IssuerMetadata, ProofKind, RequestEncryption, ResponseEncryption},
    offer::{Code, CredentialOffer, Grant, Token},
    request::{Draft, checked, dpop_nonce, is_of_type, json, post_nothing, refusal},
    saved,
    tokens::{DpopTarget, attestation_proof, dpop, key_proof},
};
use crate::{
    bytes::{Secret, SecretBytes},
    crypto::{
        hash::{hmac_sha256, sha256, truncated},
        sign::PublicKey,
    },
    jose::{DecryptionKey, Jwk, encode, encrypt_with},
    platform::HttpResponse,
};

const PRE_AUTHORIZED: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
/// How often an issuer may put the wallet off, and for how long at most, seconds.
const MAX_DEFERRALS: u32 = 20;
const MAX_WAIT: u64 = 14 * 86_400;
/// Longest token, code or name of a transaction, bytes.
const MAX_VALUE: usize = 16 * 1024;
/// Most configurations that a token may be good for.
const MAX_GRANTED: usize = 16;

pub(super) type Next = Result<(State, Step), OpenIdError>;

pub(super) fn ask_consent(
    session: &mut Session,
    offer: CredentialOffer,
    issuer: IssuerMetadata,
    response: &HttpResponse,
    now: i64,
) -> Next {
    let known = offer.authorization_server.as_ref().unwrap_or(&offer.issuer);
    let server = read_server(&session.client.metadata, response, known, now)?;
    if !server.dpop && session.client.tokens == TokenPolicy::DpopOnly {
        return Err(Unsupported::Dpop.into());
    }
    if server.demands_wallet_attestation && !session.client.attested {
        return Err(Unsupported::WalletAttestation.into());
    }
    // 8.2: an answer is encrypted only where the request is, or whoever is between puts a key of its own in the request.
    match (&issuer.request_encryption, issuer.response_encryption) {
        (RequestEncryption::RequiredOther, _)
        | (_, ResponseEncryption::RequiredOther)
        | (RequestEncryption::None, ResponseEncryption::Required(_)) => {
            return Err(Unsupported::Encryption.into());
        }
        _ => {}
    }
    let mut configurations = Vec::new();
    for id in &offer.configurations {
        let configuration = issuer.configuration(id)?;
        let needs_provider =
            matches!(configuration.proof, ProofKind::Attestation | ProofKind::JwtWithKeyAttestation);
        if needs_provider && !session.client.attested {
            return Err(Unsupported::WalletAttestation.into());
        }
        configurations.push(configuration);
    }
    let transaction_code = match &offer.grant {
        Grant::PreAuthorized { transaction_code, .. } => transaction_code.clone(),
        Grant::Authorization { .. } if !server.pkce => return Err(Unsupported::Pkce.into()),
        Grant::Authorization { .. } if server.authorization_endpoint.is_none() => {
            return Err(Unsupported::Grant.into());
        }
        Grant::Authorization { .. }
            if server.pushed_endpoint.is_none() && session.client.requests == RequestPolicy::PushedOnly =>
        {
            return Err(Unsupported::PushedRequest.into());
        }
        Grant::Card if !server.pkce => return Err(Unsupported::Pkce.into()),
        Grant::Card if server.challenge_endpoint.is_none() => return Err(Unsupported::Grant.into()),
        Grant::Authorization { .. }
        | Grant::Refresh { .. }
        | Grant::Card
        | Grant::Browser { .. }
        | Grant::Token(_) => None,
    };
    let asked = matches!(offer.grant, Grant::PreAuthorized { .. } | Grant::Authorization { .. });
    let summary = Summary {
        issuer: offer.issuer.clone(),
        names: issuer.names.clone(),
        configurations: configurations.clone(),
        transaction_code,
    };
    let found = Box::new(Found { offer, issuer, server, configurations });
    if !asked {
        return session.consented(found, None, now);
    }
    Ok((State::ExpectConsent(found), Step::AskConsent(Box::new(summary))))
}

impl Session {
    pub(super) const fn new(client: Client, seed: Secret<32>) -> Self {
        Self { client, seed, drawn: 0, attestation: None, nonces: Vec::new() }
    }

    /// Fresh bytes, each time others.
    fn draw(&mut self, label: &str) -> [u8; 32] {
        self.drawn = self.drawn.saturating_add(1);
        hmac_sha256(self.seed.expose(), &[label.as_bytes(), &self.drawn.to_be_bytes()])
    }

    fn draw_key(&mut self, label: &str) -> Result<DecryptionKey, Misuse> {
        let mut wide = [0; 64];
        let halves = self.draw(label).into_iter().chain(self.draw(label));
        for (to, from) in wide.iter_mut().zip(halves) {
            *to = from;
        }
        let key = DecryptionKey::derive(&wide);
        zeroize::Zeroize::zeroize(&mut wide);
        key.ok_or(Misuse::BadRandomness)
    }

    pub(super) fn draw_text(&mut self, label: &str) -> String {
        encode(&self.draw(label))
    }

    pub(super) fn consented(&mut self, found: Box<Found>, typed: Option<SecretBytes>, now: i64) -> Next {
        let wanted = match &found.offer.grant {
            Grant::PreAuthorized { transaction_code, .. } => transaction_code.as_ref(),
            _ => None,
        };
        match (wanted, &typed) {
            (None, None) => {}
            (Some(form), Some(typed)) if form.fits(typed) => {}
            _ => return Err(Misuse::TransactionCode.into()),
        }
        if self.client.attested && found.server.takes_wallet_attestation {
            return Ok((State::ExpectWalletAttestation(found, typed), Step::AttestWallet));
        }
        self.authorize(found, typed, now)
    }

    /// Asks for the token, or pushes the request that leads to it.
    pub(super) fn authorize(&mut self, found: Box<Found>, typed: Option<SecretBytes>, now: i64) -> Next {
        let client_id = self.client.client_id.clone();
        match &found.offer.grant {
            Grant::PreAuthorized { code, .. } => {
                let typed = typed.as_ref().and_then(|typed| std::str::from_utf8(typed.expose()).ok());
                let typed = typed.map(|typed| ("tx_code", typed));
                let members = [
                    Some(("grant_type", PRE_AUTHORIZED)),
                    Some(("pre-authorized_code", code.expose())),
                    typed,
                ];
                let form = write_form(&members.into_iter().flatten().chain(self.named()).collect::<Vec<_>>());
                self.ask_token(found, form, now)
            }
            Grant::Refresh { token } => {
                let members = [("grant_type", "refresh_token"), ("refresh_token", token.expose())];
                let form = write_form(&members.into_iter().chain(self.named()).collect::<Vec<_>>());
                self.ask_token(found, form, now)
            }
            Grant::Card => self.ask_challenge(found, now),
            Grant::Browser { verifier, state, came_back } => {
                let (verifier, state) = (verifier.clone(), state.clone());
                let url = came_back.clone().ok_or(Misuse::NotKept)?;
                self.redirected(found, &verifier, &state, &url, now)
            }
            Grant::Token(token) => {
                let token = token.clone();
                grant(found, token)
            }
            Grant::Authorization { issuer_state } => {
                let verifier = Code::new(self.draw_text("code_verifier"));
                let state = self.draw_text("state");
                let challenge = encode(&sha256(verifier.expose().as_bytes()));
                let scopes: Option<Vec<&str>> =
                    found.configurations.iter().map(|configuration| configuration.scope.as_deref()).collect();
                // 5.1.1: an authorization server of its own has to be told whose credentials are meant.
                let issuer = &found.issuer.issuer;
                let elsewhere = (found.server.issuer != *issuer).then(|| issuer.as_str());
                let details = authorization_details(&found.configurations, elsewhere)?;
                let scope = scopes.map(|scopes| scopes.join(" "));
                let mut members = vec![
                    ("response_type", "code"),
                    ("client_id", client_id.as_str()),
                    ("redirect_uri", self.client.redirect_uri.as_str()),
                    ("code_challenge", challenge.as_str()),
                    ("code_challenge_method", "S256"),
                    ("state", state.as_str()),
                ];
                match &scope {
                    Some(scope) => members.push(("scope", scope)),
                    None => members.push(("authorization_details", &details)),
                }
                if let Some(issuer_state) = issuer_state {
                    members.push(("issuer_state", issuer_state));
                }
                let Some(pushed) = &found.server.pushed_endpoint else {
                    let endpoint = found.server.authorization_endpoint.as_ref().ok_or(Unsupported::Grant)?;
                    let url = with_query(endpoint, &members);
                    return out(found, verifier, state, url);
                };
                let draft = Draft::form(pushed, &found.server.issuer, write_form(&members));
                self.send(draft, After::Pushed(found, verifier, state), now)
            }
        }
    }

    /// Who asks, where the server is shown the attestation of that name.
    fn named(&self) -> Option<(&str, &str)> {
        self.attestation.as_ref().map(|_| ("client_id", self.client.client_id.as_str()))
    }

    pub(super) fn ask_token(&mut self, found: Box<Found>, form: String, now: i64) -> Next {
        let draft = Draft::form(&found.server.token_endpoint, &found.server.issuer, form);
        self.send(draft, After::Token(found), now)
    }

    /// Signs for a request as far as it needs, one proof after the other, and then sends it.
    pub(super) fn send(&mut self, draft: Draft, after: After, now: i64) -> Next {
        let dpop = match &after {
            After::Pushed(found, ..) | After::Challenged(found, ..) | After::Token(found) => {
                found.server.dpop
            }
            After::Credential(ordered) | After::Deferred(ordered, _) => ordered.granted.token.bound,
            After::Notified(granted, _) => granted.token.bound,
        };
        self.prove(Box::new(Outgoing { draft, after, attestation_proof: None, dpop, repeated: false }), now)
    }

    pub(super) fn prove(&mut self, outgoing: Box<Outgoing>, now: i64) -> Next {
        let wanting = self.attestation.as_ref().and(outgoing.draft.attested_to.as_ref());
        if let Some(server) = wanting.filter(|_| outgoing.attestation_proof.is_none()) {
            let audience = server.as_str().to_owned();
            let jti = self.draw_text("jti");
            let signing = attestation_proof(&self.client.client_id, &audience, &jti, now)?;
            let step = Step::SignInstance(signing.as_bytes().to_vec());
            return Ok((State::ExpectRequestSignature(outgoing, Proof::Attestation, signing), step));
        }
        if !outgoing.dpop {
            let request = outgoing.draft.finish(None, self.attested(&outgoing));
            return Ok((State::ExpectAnswer(outgoing), Step::Http(request)));
        }
        let jti = self.draw_text("jti");
        let origin = outgoing.draft.url.origin();
        let nonce = self.nonces.iter().find(|(known, _)| known == origin).map(|(_, nonce)| nonce.as_str());
        let access_token = outgoing.draft.token.as_ref().map(Code::expose);
        let target = DpopTarget { method: "POST", url: outgoing.draft.url.as_str(), access_token, nonce };
        let signing = dpop(&self.client.instance, target, &jti, now)?;
        let step = Step::SignInstance(signing.as_bytes().to_vec());
        Ok((State::ExpectRequestSignature(outgoing, Proof::Dpop, signing), step))
    }

    pub(super) fn proven(
        &mut self,
        mut outgoing: Box<Outgoing>,
        proof: Proof,
        token: String,
        now: i64,
    ) -> Next {
        match proof {
            Proof::Attestation => {
                outgoing.attestation_proof = Some(token);
                self.prove(outgoing, now)
            }
            Proof::Dpop => {
                let request = outgoing.draft.finish(Some(token), self.attested(&outgoing));
                Ok((State::ExpectAnswer(outgoing), Step::Http(request)))
            }
        }
    }

    fn attested(&self, outgoing: &Outgoing) -> Option<(String, String)> {
        self.attestation.clone().zip(outgoing.attestation_proof.clone())
    }

    pub(super) fn answered(
        &mut self,
        mut outgoing: Box<Outgoing>,
        response: &HttpResponse,
        now: i64,
    ) -> Next {
        if let Some(nonce) = dpop_nonce(response) {
            let origin = outgoing.draft.url.origin().to_owned();
            self.nonces.retain(|(known, _)| *known != origin);
            self.nonces.push((origin, nonce));
        }
        let refused = (response.status >= 400).then(|| refusal(response));
        if refused == Some(OpenIdError::IssuerRefused(ErrorCode::UseDpopNonce)) {
            let gave = outgoing.dpop && !outgoing.repeated && dpop_nonce(response).is_some();
            match &outgoing.after {
                _ if gave => {
                    (outgoing.repeated, outgoing.attestation_proof) = (true, None);
                    return self.prove(outgoing, now);
                }
                After::Notified(..) => {}
                _ => return Err(Rule::DpopNonce.into()),
            }
        }
        // A server may want an attested wallet without saying so in its metadata; without being asked the wallet shows no
        // attestation, because it is the same at every issuer.
        let may_attest =
            outgoing.draft.attested_to.is_some() && self.client.attested && self.attestation.is_none();
        if may_attest && refused == Some(OpenIdError::IssuerRefused(ErrorCode::InvalidClient)) {
            return Ok((State::ExpectLateAttestation(outgoing), Step::AttestWallet));
        }
        match outgoing.after {
            After::Pushed(found, verifier, state) => self.pushed(found, verifier, state, response),
            After::Challenged(found, verifier, asked) => {
                self.challenged(found, verifier, asked, response, now)
            }
            After::Token(found) => self.token(found, outgoing.dpop, response),
            After::Credential(ordered) => delivered(ordered, response, 0),
            After::Deferred(ordered, deferrals) => delivered(ordered, response, deferrals),
            // What became of the credentials is decided; what the issuer thinks of the notice changes nothing.
            After::Notified(granted, outcome) => self.notify(granted, outcome, now),
        }
    }

    fn pushed(&self, found: Box<Found>, verifier: Code, state: String, response: &HttpResponse) -> Next {
        #[derive(Deserialize)]
        struct Pushed {
            request_uri: String,
        }
        let Pushed { request_uri } = json(response, &[200, 201], Rule::NotAPushedResponse)?;
        let request_uri = bounded(request_uri).ok_or(Rule::NotAPushedResponse)?;
        let endpoint = found.server.authorization_endpoint.as_ref().ok_or(Unsupported::Grant)?;
        let members = [("client_id", self.client.client_id.as_str()), ("request_uri", &request_uri)];
        let url = with_query(endpoint, &members);
        out(found, verifier, state, url)
    }

    pub(super) fn redirected(
        &mut self,
        found: Box<Found>,
        verifier: &Code,
        state: &str,
        url: &str,
        now: i64,
    ) -> Next {
        let query = self.client.redirect_uri.query_of(url).ok_or(Misuse::BadUrl)?;
        let members = parse_form(query).ok_or(Rule::NoCode)?;
        if member(&members, "state") != Some(state) {
            return Err(Rule::OtherState.into());
        }
        match member(&members, "iss") {
            Some(issuer) if issuer == found.server.issuer.as_str() => {}
            None if !found.server.names_itself => {}
            _ => return Err(Rule::OtherResponseIssuer.into()),
        }
        if let Some(error) = member(&members, "error") {
            return Err(OpenIdError::IssuerRefused(ErrorCode::from_code(error)));
        }
        let code = member(&members, "code").filter(|code| !code.is_empty()).ok_or(Rule::NoCode)?;
        let form = write_form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.client.redirect_uri.as_str()),
            ("client_id", &self.client.client_id),
            ("code_verifier", verifier.expose()),
        ]);
        self.ask_token(found, form, now)
    }

    fn token(&self, found: Box<Found>, proven: bool, response: &HttpResponse) -> Next {
        #[derive(Deserialize)]
        struct Answer {
            access_token: String,
            token_type: String,
            refresh_token: Option<String>,
            #[serde(default)]
            authorization_details: Vec<Detail>,
        }
        #[derive(Deserialize)]
        struct Detail {
            credential_configuration_id: Option<String>,
            #[serde(default)]
            credential_identifiers: Vec<String>,
        }
        let token: Answer = json(response, &[200], Rule::NotATokenResponse)?;
        let bound = token.token_type.eq_ignore_ascii_case("DPoP");
        let bearer = token.token_type.eq_ignore_ascii_case("Bearer");
        let accepted = bound && proven || bearer && self.client.tokens == TokenPolicy::AcceptBearer;
        if !accepted {
            return Err(Rule::TokenType.into());
        }
        let code = |text: String| bounded(text).map(Code::new).ok_or(Rule::NotATokenResponse);
        let mut identifiers = Vec::new();
        let mut named = Vec::new();
        for detail in token.authorization_details {
            let Some(configuration) = detail.credential_configuration_id else { continue };
            named.push(configuration.clone());
            if let Some(identifier) = detail.credential_identifiers.into_iter().next() {
                identifiers.push((configuration, identifier));
            }
        }
        // RFC 6749, 6: without a new one the old one stays good.
        let refresh = match (token.refresh_token.map(code).transpose()?, &found.offer.grant) {
            (None, Grant::Refresh { token }) => Some(token.clone()),
            (new, _) => new,
        };
        let token = Token { access: code(token.access_token)?, bound, refresh, identifiers };
        let found = match found.offer.grant {
            // Only the issuer knows what the card in the citizen's hand is good for.
            Grant::Card => Box::new(found.with_configurations(named)?),
            _ => found,
        };
        let kept = CredentialOffer { grant: Grant::Token(token.clone()), ..found.offer.clone() };
        let kept = saved::write(&kept).ok_or(Misuse::NoJson)?;
        let (state, step) = grant(found, token)?;
        Ok((State::ExpectSaved(Box::new(state), Box::new(step)), Step::Save(kept)))
    }

    pub(super) fn keys_made(
        &mut self,
        granted: Box<Granted>,
        configuration: Configuration,
        nonce: Option<String>,
        keys: &[Vec<u8>],
        now: i64,
    ) -> Next {
        let keys: Vec<PublicKey> = keys
            .iter()
            .map(|key| PublicKey::from_sec1(key).map_err(|_| Misuse::BadKey))
            .collect::<Result<_, _>>()?;
        let mut seen = BTreeSet::new();
        let most = usize::try_from(copies(&granted.issuer, configuration.proof)).unwrap_or(1);
        if !(1..=most).contains(&keys.len()) || !keys.iter().all(|key| seen.insert(key.as_sec1())) {
            return Err(Misuse::KeyCount.into());
        }
        let decryption = match (&granted.issuer.request_encryption, granted.issuer.response_encryption) {
            (
                RequestEncryption::Offered(..),
                ResponseEncryption::Offered(content) | ResponseEncryption::Required(content),
            ) => Some((self.draw_key("decryption")?, content)),
            _ => None,
        };
        let ordered = Box::new(Ordered { granted, configuration, keys, decryption });
        match ordered.configuration.proof {
            ProofKind::Attestation | ProofKind::JwtWithKeyAttestation => {
                let step = Step::AttestKeys { nonce: nonce.clone() };
                Ok((State::ExpectKeyAttestation(ordered, nonce), step))
            }
            ProofKind::Jwt => self.prove_key(ordered, nonce.as_deref(), None, now),
            ProofKind::None => self.ask(ordered, None, now),
        }
    }

    pub(super) fn keys_attested(
        &mut self,
        ordered: Box<Ordered>,
        nonce: Option<String>,
        attestation: String,
        now: i64,
    ) -> Next {
        if ordered.configuration.proof == ProofKind::Attestation {
            return self.ask(ordered, Some(Proofs::Attestation([attestation])), now);
        }
        self.prove_key(ordered, nonce.as_deref(), Some(&attestation), now)
    }

    /// F.1: one proof with the attestation in its header stands for all keys in it; without one there is one key only.
    fn prove_key(
        &self,
        ordered: Box<Ordered>,
        nonce: Option<&str>,
        attestation: Option<&str>,
        now: i64,
    ) -> Next {
        let key = ordered.keys.first().ok_or(Misuse::KeyCount)?;
        // F.1: absent when the token was got anonymously with a pre-authorised code.
        let client_id = self.attestation.as_ref().map(|_| self.client.client_id.as_str());
        let issuer = ordered.granted.issuer.issuer.as_str();
        let signing = key_proof(key, attestation, client_id, issuer, nonce, now)?;
        let step = Step::SignHolder(signing.as_bytes().to_vec());
        Ok((State::ExpectKeySignature(ordered, signing), step))
    }

    pub(super) fn ask(&mut self, ordered: Box<Ordered>, proofs: Option<Proofs>, now: i64) -> Next {
        let configuration = ordered.configuration.id.as_str();
        let identifier = ordered.granted.token.identifiers.iter().find(|(known, _)| known == configuration);
        let message = CredentialRequest {
            // 8.2: an identifier from the token answer is used where there is one, and then nothing else.
            credential_identifier: identifier.map(|(_, identifier)| identifier.as_str()),
            credential_configuration_id: identifier.is_none().then_some(configuration),
            proofs,
            credential_response_encryption: ordered.encryption(),
        };
        let Granted { issuer, token, .. } = &*ordered.granted;
        let draft = Draft::json(&issuer.credential_endpoint, &message, &token.access)?;
        let draft = self.sealed(draft, issuer)?;
        self.send(draft, After::Credential(ordered), now)
    }

    pub(super) fn ask_again(
        &mut self,
        ordered: Box<Ordered>,
        transaction: &str,
        deferrals: u32,
        now: i64,
    ) -> Next {
        let endpoint = ordered.granted.issuer.deferred_endpoint.as_ref().ok_or(Rule::Deferral)?;
        let message = DeferredRequest {
            transaction_id: transaction,
            credential_response_encryption: ordered.encryption(),
        };
        let draft = Draft::json(endpoint, &message, &ordered.granted.token.access)?;
        let draft = self.sealed(draft, &ordered.granted.issuer)?;
        self.send(draft, After::Deferred(ordered, deferrals), now)
    }

    /// A request for credentials, encrypted where the issuer can read that. 8.1, 9.1 and 10.
    fn sealed(&mut self, draft: Draft, issuer: &IssuerMetadata) -> Result<Draft, Misuse> {
        let RequestEncryption::Offered(key, content) = &issuer.request_encryption else {
            return Ok(draft);
        };
        let ephemeral = self.draw_key("request key")?;
        let nonce = truncated::<12>(self.draw("request nonce"));
        draft.sealed(|body| encrypt_with(&ephemeral, nonce, key, *content, body))
    }

    /// Tells the issuer, one credential after the other.
    pub(super) fn notify(&mut self, mut granted: Box<Granted>, outcome: Outcome, now: i64) -> Next {
        while let Some(credentials) = granted.done.pop() {
            let endpoint = granted.issuer.notification_endpoint.clone();
            let (Some(endpoint), Some(id)) = (endpoint, credentials.notification) else { continue };
            // An issuer may give all credentials of one issuance the same name.
            granted.done.retain(|other| other.notification.as_ref() != Some(&id));
            let event = match outcome {
                Outcome::Kept => "credential_accepted",
                Outcome::Failed => "credential_failure",
                Outcome::Deleted => "credential_deleted",
            };
            let message = Notification { notification_id: &id, event };
            let draft = Draft::json(&endpoint, &message, &granted.token.access)?;
            return self.send(draft, After::Notified(granted, outcome), now);
        }
        let Granted { offer, token, .. } = *granted;
        let renewal = token.refresh.map(|refresh_token| Renewal {
            authorization_server: offer.authorization_server.unwrap_or_else(|| offer.issuer.clone()),
            issuer: offer.issuer,
            configurations: offer.configurations,
            refresh_token,
        });
        Ok((State::ExpectNothing, Step::Done(Finished { renewal })))
    }
}

/// Sends the browser out, once it is kept what it has to bring back.
fn out(found: Box<Found>, verifier: Code, state: String, url: String) -> Next {
    let grant = Grant::Browser { verifier: verifier.clone(), state: state.clone(), came_back: None };
    let kept = saved::write(&CredentialOffer { grant, ..found.offer.clone() }).ok_or(Misuse::NoJson)?;
    let state = State::ExpectRedirect(found, verifier, state);
    Ok((State::ExpectSaved(Box::new(state), Box::new(Step::OpenInBrowser(url))), Step::Save(kept)))
}

/// Begins to fetch what the token is good for.
fn grant(found: Box<Found>, token: Token) -> Next {
    let Found { offer, issuer, mut configurations, .. } = *found;
    configurations.reverse();
    next_credential(Box::new(Granted { issuer, offer, token, left: configurations, done: Vec::new() }))
}

impl Found {
    fn with_configurations(mut self, named: Vec<String>) -> Result<Self, OpenIdError> {
        if named.is_empty() || named.len() > MAX_GRANTED {
            return Err(Rule::NothingGranted.into());
        }
        self.configurations =
            named.iter().map(|id| self.issuer.configuration(id)).collect::<Result<_, _>>()?;
        self.offer.configurations = named;
        Ok(self)
    }
}

/// Asks for the nonce of the next credential, or hands everything over.
fn next_credential(mut granted: Box<Granted>) -> Next {
    if granted.left.is_empty() {
        granted.done.reverse();
        let delivered =
            Delivered { issuer: granted.issuer.issuer.clone(), credentials: granted.done.clone() };
        return Ok((State::ExpectOutcome(granted), Step::Keep(Box::new(delivered))));
    }
    match granted.issuer.nonce_endpoint.clone() {
        Some(endpoint) => Ok((State::ExpectNonce(granted), Step::Http(post_nothing(&endpoint)))),
        None => make_keys(granted, None),
    }
}

pub(super) fn order(granted: Box<Granted>, response: &HttpResponse) -> Next {
    #[derive(Deserialize)]
    struct Nonce {
        c_nonce: String,
    }
    let Nonce { c_nonce } = json(response, &[200], Rule::NotANonceResponse)?;
    make_keys(granted, Some(bounded(c_nonce).ok_or(Rule::NotANonceResponse)?))
}

fn make_keys(mut granted: Box<Granted>, nonce: Option<String>) -> Next {
    let configuration = granted.left.pop().ok_or(Misuse::UnexpectedInput)?;
    let step = Step::MakeHolderKeys {
        configuration: configuration.id.clone(),
        format: configuration.format.clone(),
        challenge: sha256(nonce.as_deref().unwrap_or_default().as_bytes()),
        count: copies(&granted.issuer, configuration.proof),
    };
    Ok((State::ExpectKeys(granted, configuration, nonce), step))
}

/// How many copies are asked for: where each key has to sign for itself, one, because the citizen is asked once.
const fn copies(issuer: &IssuerMetadata, proof: ProofKind) -> u32 {
    match proof {
        ProofKind::Attestation | ProofKind::JwtWithKeyAttestation => issuer.batch_size,
        ProofKind::Jwt | ProofKind::None => 1,
    }
}

fn delivered(ordered: Box<Ordered>, response: &HttpResponse, deferrals: u32) -> Next {
    #[derive(Deserialize)]
    struct Answer {
        credentials: Option<Vec<Wrapped>>,
        transaction_id: Option<String>,
        interval: Option<u64>,
        notification_id: Option<String>,
    }
    #[derive(Deserialize)]
    struct Wrapped {
        credential: String,
    }
    let answer: Answer = match &ordered.decryption {
        None => json(response, &[200, 202], Rule::NotACredentialResponse)?,
        Some(_) if response.status >= 400 => return Err(refusal(response)),
        Some((key, content)) => {
            if !is_of_type(response, "application/jwt") {
                return Err(Rule::Encryption.into());
            }
            checked(response, &[200, 202], "application/jwt")?;
            let token = std::str::from_utf8(&response.body).map_err(|_| Rule::Encryption)?;
            let plain = key.open(token.trim(), *content).map_err(|_| Rule::Encryption)?;
            serde_json::from_slice(&plain).map_err(|_| Rule::NotACredentialResponse)?
        }
    };
    match (answer.credentials, answer.transaction_id) {
        (Some(credentials), None) => {
            let mut seen = BTreeSet::new();
            if credentials.len() != ordered.keys.len() {
                return Err(Rule::CredentialCount.into());
            }
            if !credentials.iter().all(|wrapped| seen.insert(wrapped.credential.as_str())) {
                return Err(Rule::RepeatedCredential.into());
            }
            let Ordered { mut granted, configuration, keys, .. } = *ordered;
            let copies =
                keys.into_iter().zip(credentials.into_iter().map(|wrapped| wrapped.credential)).collect();
            let notification = answer.notification_id.and_then(bounded);
            granted.done.push(IssuedCredentials { configuration, copies, notification });
            next_credential(granted)
        }
        (None, Some(transaction)) => {
            let seconds =
                answer.interval.filter(|seconds| (1..=MAX_WAIT).contains(seconds)).ok_or(Rule::Deferral)?;
            let transaction = bounded(transaction).ok_or(Rule::Deferral)?;
            if deferrals >= MAX_DEFERRALS || ordered.granted.issuer.deferred_endpoint.is_none() {
                return Err(Rule::Deferral.into());
            }
            let state = State::ExpectTime(ordered, transaction, deferrals.saturating_add(1));
            Ok((state, Step::Wait { seconds }))
        }
        _ => Err(Rule::NotACredentialResponse.into()),
    }
}

impl Ordered {
    fn encryption(&self) -> Option<EncryptionRequest> {
        let (key, content) = self.decryption.as_ref()?;
        Some(EncryptionRequest::new(Jwk::new(*key.public()), *content))
    }
}

/// A value that may go into a header or a form: visible ASCII, neither empty nor endless.
pub(super) fn bounded(text: String) -> Option<String> {
    let fits = (1..=MAX_VALUE).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    fits.then_some(text)
}

pub(super) fn fixed(signature: &[u8]) -> Result<[u8; 64], Misuse> {
    signature.try_into().map_err(|_| Misuse::BadSignature)
}
