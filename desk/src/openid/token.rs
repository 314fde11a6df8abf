//! The token endpoint. RFC 6749; OpenID4VCI 1.0, 6.

use serde::Serialize;
use wallet_core::{
    card::Refusal,
    crypto::{hash::sha256, random::make_random, sign::PublicKey},
    jose::encode,
    openid::ErrorCode,
};

use super::{Form, Proofs, authorize::bound_to, credential::DEFERRED_SECONDS, digest};
use crate::{
    documents::{Document, Wanted},
    issuer::{Issuer, IssuerError, refuse_binding},
    store::{Exchanged, Grant, TokenKind},
};

/// Seconds an access token is good: a batch is fetched in one go.
const ACCESS_SECONDS: i64 = 600;
const PRE_AUTHORIZED: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// What is shown, and for which document.
type Granting<'a> = (Grant, &'a Document);

/// The answer. RFC 6749, 5.1; OpenID4VCI 1.0, 6.2.
#[derive(Debug, Serialize)]
pub(crate) struct TokenAnswer {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    refresh_token: Option<String>,
    authorization_details: Vec<Detail>,
}

#[derive(Debug, Serialize)]
struct Detail {
    #[serde(rename = "type")]
    kind: &'static str,
    credential_configuration_id: String,
    credential_identifiers: [String; 1],
}

impl Issuer {
    pub(crate) fn token(&self, body: &[u8], proofs: &Proofs, now: i64) -> Result<TokenAnswer, IssuerError> {
        let outcome = self.answer_token(body, proofs, now);
        self.audit(now, None, "token", &outcome)?;
        outcome
    }

    fn answer_token(&self, body: &[u8], proofs: &Proofs, now: i64) -> Result<TokenAnswer, IssuerError> {
        let form = Form::parse(body)?;
        let instance = self.check_client(&form, proofs, now)?;
        let (grant, document) = match form.required("grant_type")? {
            PRE_AUTHORIZED => self.by_offer(&form)?,
            "authorization_code" => self.by_code(&form)?,
            "refresh_token" => self.by_refresh(&form, &instance, now)?,
            _ => return Err(IssuerError::oauth(ErrorCode::UnsupportedGrantType, "Grant")),
        };
        let access_token = encode(&make_random::<32>()?);
        let renews = matches!(grant, Grant::Refresh(_));
        let refresh_token = if renews { None } else { Some(encode(&make_random::<32>()?)) };
        // Where a clerk has still to look, the wallet waits with its token.
        let seconds = if document.is_checked_by_hand() { DEFERRED_SECONDS } else { ACCESS_SECONDS };
        let mut tokens = vec![(TokenKind::Access, digest(&access_token), now.saturating_add(seconds))];
        if let Some(token) = &refresh_token {
            // As long as the ID. It is bound to the Instance key, so it is not rotated (RFC 9700, 2.2.2): a phone that lost an
            // answer would lose its ID.
            let ends_at = now.saturating_add(i64::from(document.card_days()).saturating_mul(86_400));
            tokens.push((TokenKind::Refresh, digest(token), ends_at));
        }
        let exchanged =
            self.store.exchange(&grant, &instance.thumbprint(), &make_issue(document)?, &tokens, now)?;
        refuse_exchange(exchanged)?;
        let detail = |wanted: Wanted<'_>| Detail {
            kind: "openid_credential",
            credential_configuration_id: wanted.id(),
            credential_identifiers: [wanted.id()],
        };
        Ok(TokenAnswer {
            access_token,
            token_type: "DPoP",
            expires_in: seconds,
            refresh_token,
            authorization_details: document.wanted().into_iter().map(detail).collect(),
        })
    }

    /// The phone that asks: attested, and the same in every proof.
    pub(super) fn check_client(
        &self,
        form: &Form,
        proofs: &Proofs,
        now: i64,
    ) -> Result<PublicKey, IssuerError> {
        let instance = self.check_dpop(proofs, now)?;
        let client = self.check_wallet(proofs, &instance, now)?;
        match form.get("client_id") {
            Some(named) if named != client => Err(IssuerError::oauth(ErrorCode::InvalidClient, "OtherName")),
            _ => Ok(instance),
        }
    }

    /// The document that a code is good for: its name is before the dot, and the store knows no other code.
    fn document_of_code(&self, code: &str) -> Result<&Document, IssuerError> {
        let document = code.split_once('.').and_then(|(document, _)| self.documents.find(document));
        document.ok_or_else(|| IssuerError::oauth(ErrorCode::InvalidGrant, "Document"))
    }

    fn by_offer(&self, form: &Form) -> Result<Granting<'_>, IssuerError> {
        let text = form.required("pre-authorized_code")?;
        let told = form.get("tx_code").map(|told| self.keyed(text, told));
        Ok((Grant::Offer { code: digest(text), told }, self.document_of_code(text)?))
    }

    fn by_code(&self, form: &Form) -> Result<Granting<'_>, IssuerError> {
        let text = form.required("code")?;
        let challenge = sha256(form.required("code_verifier")?.as_bytes());
        // A code that came through a browser is good for the redirect URI it was given to alone.
        let challenge = form.get("redirect_uri").map_or(challenge, |uri| bound_to(&challenge, uri));
        Ok((Grant::Code { code: digest(text), challenge }, self.document_of_code(text)?))
    }

    fn by_refresh(&self, form: &Form, instance: &PublicKey, now: i64) -> Result<Granting<'_>, IssuerError> {
        let token = digest(form.required("refresh_token")?);
        let access = self.store.token(TokenKind::Refresh, &token, &instance.thumbprint(), now)?;
        let access = access.ok_or_else(|| IssuerError::oauth(ErrorCode::InvalidGrant, "RefreshToken"))?;
        Ok((Grant::Refresh(token), self.document_of(&access)?))
    }
}

fn refuse_exchange(exchanged: Exchanged) -> Result<(), IssuerError> {
    match exchanged {
        Exchanged::Good => Ok(()),
        Exchanged::WrongTransactionCode { tries_left } => {
            Err(IssuerError::oauth(ErrorCode::InvalidGrant, ("TransactionCode", tries_left)))
        }
        Exchanged::Gone => Err(IssuerError::oauth(ErrorCode::InvalidGrant, "Gone")),
        Exchanged::Bound(state) => refuse_binding(state),
        Exchanged::Suspended => Err(IssuerError::refused(Refusal::Suspended)),
        Exchanged::Closed(reason) => Err(IssuerError::because(Refusal::Denied, reason)),
    }
}

/// A name for a batch of a document: its tag, then nothing but chance.
fn make_issue(document: &Document) -> Result<[u8; 16], IssuerError> {
    let mut issue: [u8; 16] = make_random()?;
    for (byte, tag) in issue.iter_mut().zip(document.tag()) {
        *byte = tag;
    }
    Ok(issue)
}
