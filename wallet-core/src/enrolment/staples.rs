//! Fetching this hour's staples for copies in the pool, signed by the Instance key, without a prompt.

use super::{
    EnrolmentError, IssuerUrl, Misuse, Rule, StapleMessage, StaplesRequest, StaplesResponse, client, paths,
};
use crate::{
    card::{SignedPart, signed_bytes},
    crypto::sign::{PublicKey, Signature},
    jose::{Blob, Fixed},
    platform::{HttpRequest, HttpResponse},
};

/// Most copies in one request.
const MAX_COPIES: usize = 256;

/// One refresh: signature, then answer.
#[derive(Debug)]
pub struct StapleRefresh {
    issuer: IssuerUrl,
    body: Vec<u8>,
    count: usize,
}

/// What a refresh wants next.
#[derive(Debug)]
pub enum StapleStep {
    /// Sign these bytes with the Instance key and call [`StapleRefresh::signed`].
    SignInstance(Vec<u8>),
}

impl StapleRefresh {
    /// Asks for the staples of `copies` (their `cti`) at `now`, seconds since 1970 UTC.
    ///
    /// # Errors
    /// [`Misuse::WrongLength`] for no copy, more than 256, or a `cti` that is empty or longer than 32 bytes.
    pub fn begin(
        issuer: IssuerUrl,
        instance: &PublicKey,
        copies: Vec<Vec<u8>>,
        now: i64,
    ) -> Result<(Self, StapleStep), EnrolmentError> {
        let count = copies.len();
        let fits = |cti: &Vec<u8>| (1..=32).contains(&cti.len());
        if !(1..=MAX_COPIES).contains(&count) || !copies.iter().all(fits) {
            return Err(Misuse::WrongLength.into());
        }
        let message = StaplesRequest {
            instance_key: Fixed(*instance.as_sec1()),
            made_at: now,
            copies: copies.into_iter().map(Blob).collect(),
        };
        let body = client::encode(&message)?;
        let step = StapleStep::SignInstance(signed_bytes(SignedPart::Staples, &body));
        Ok((Self { issuer, body, count }, step))
    }

    /// The request, given the Instance key's signature (`r ‖ s`).
    ///
    /// # Errors
    /// [`Misuse::BadSignature`] for other than 64 bytes.
    pub fn signed(&self, signature: &[u8]) -> Result<HttpRequest, EnrolmentError> {
        let signature: Signature = signature.try_into().map_err(|_| Misuse::BadSignature)?;
        Ok(self.issuer.post(paths::STAPLES, self.body.clone(), Some(&signature)))
    }

    /// The staples in the order asked for; `None` where the issuer no longer vouches.
    ///
    /// # Errors
    /// [`EnrolmentError::IssuerMisbehaved`] or [`EnrolmentError::IssuerRefused`].
    pub fn finish(self, response: &HttpResponse) -> Result<Vec<Option<StapleMessage>>, EnrolmentError> {
        let StaplesResponse { staples } = client::answer(response)?;
        if staples.len() == self.count { Ok(staples) } else { Err(Rule::OtherCopy.into()) }
    }
}
