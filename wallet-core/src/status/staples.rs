//! Fetching this hour's staples for copies in the pool, signed by the Instance key, without a prompt
//! (docs/formats/issuing.md, "Staples").

use serde::{Deserialize, Serialize};

use super::asking::{self, AskError, Misuse, Rule};
use crate::{
    crypto::sign::PublicKey,
    jose::{Blob, Fixed},
    platform::{HttpRequest, HttpResponse, Url},
};

/// Where staples are asked for, below the issuer's URL: POST, [`StaplesRequest`] → [`StaplesResponse`].
pub const STAPLES_PATH: &str = "/staples";

/// What the Instance key signs for a request: a label, and the body as sent.
#[must_use]
pub fn staple_request_bytes(body: &[u8]) -> Vec<u8> {
    [b"kr-wallet staples v1\0", body].concat()
}

/// The issuer's freshness proof: it still vouched in that hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StapleMessage {
    /// Hours since 1970 UTC.
    pub hour: u32,
    /// The chain's value of that hour.
    pub preimage: Fixed<16>,
}

/// Asks for the staples of this hour. Signed by the Instance key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaplesRequest {
    /// The Instance key, uncompressed SEC1.
    pub instance_key: Fixed<65>,
    /// Seconds since 1970 UTC when this was made; the issuer takes it for five minutes.
    pub made_at: i64,
    /// `cti` of each copy.
    pub copies: Vec<Blob<32>>,
}

/// The staples of this hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaplesResponse {
    /// In the order asked for; `None` for a copy the issuer no longer vouches for, or that is not this phone's.
    pub staples: Vec<Option<StapleMessage>>,
}

/// Most copies in one request.
const MAX_COPIES: usize = 256;

/// One refresh: signature, then answer.
#[derive(Debug)]
pub struct StapleRefresh {
    issuer: Url,
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
        issuer: Url,
        instance: &PublicKey,
        copies: Vec<Vec<u8>>,
        now: i64,
    ) -> Result<(Self, StapleStep), AskError> {
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
        let body = serde_json::to_vec(&message).map_err(|_| Misuse::WrongLength)?;
        let step = StapleStep::SignInstance(staple_request_bytes(&body));
        Ok((Self { issuer, body, count }, step))
    }

    /// The request, given the Instance key's signature (`r ‖ s`).
    ///
    /// # Errors
    /// [`Misuse::BadSignature`] for other than 64 bytes.
    pub fn signed(&self, signature: &[u8]) -> Result<HttpRequest, AskError> {
        asking::signed(&self.issuer, STAPLES_PATH, &self.body, signature)
    }

    /// The staples in the order asked for; `None` where the issuer no longer vouches.
    ///
    /// # Errors
    /// [`AskError::IssuerMisbehaved`] or [`AskError::Refused`].
    pub fn finish(self, response: &HttpResponse) -> Result<Vec<Option<StapleMessage>>, AskError> {
        let StaplesResponse { staples } = asking::answer(response)?;
        if staples.len() == self.count { Ok(staples) } else { Err(Rule::OtherCount.into()) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::{
        card::Refusal,
        jose::encode,
        status::{Refused, SIGNATURE_HEADER, asking::MAX_BODY, parse_message},
    };

    fn key() -> PublicKey {
        (0..=255)
            .find_map(|last| {
                PublicKey::from_x(&[[7; 31].as_slice(), &[last]].concat().try_into().ok()?, false).ok()
            })
            .unwrap()
    }

    fn refresh(copies: Vec<Vec<u8>>) -> Result<StapleRefresh, AskError> {
        let issuer = Url::parse("https://issuer.example").unwrap();
        StapleRefresh::begin(issuer, &key(), copies, 1_800_000_000).map(|(refresh, _)| refresh)
    }

    fn response(status: u16, body: &impl Serialize) -> HttpResponse {
        HttpResponse { status, headers: HashMap::new(), body: serde_json::to_vec(body).unwrap() }
    }

    #[test]
    fn the_order_asked_for_is_kept() {
        let refresh = refresh(vec![vec![1; 8], vec![2; 8]]).unwrap();
        let request = refresh.signed(&[3; 64]).unwrap();
        assert_eq!(request.url, "https://issuer.example/staples");
        assert_eq!(request.headers[SIGNATURE_HEADER], encode(&[3; 64]));
        let sent: StaplesRequest = parse_message(&request.body).unwrap();
        assert_eq!(sent.copies, [Blob(vec![1; 8]), Blob(vec![2; 8])]);
        let staple = StapleMessage { hour: 500_000, preimage: Fixed([4; 16]) };
        let good = response(200, &StaplesResponse { staples: vec![Some(staple), None] });
        assert_eq!(refresh.finish(&good).unwrap(), [Some(staple), None]);
    }

    #[test]
    fn what_the_caller_may_not_ask_is_not_asked() {
        for copies in [vec![], vec![vec![]], vec![vec![1; 33]], vec![vec![1; 8]; 257]] {
            assert_eq!(refresh(copies).err(), Some(Misuse::WrongLength.into()));
        }
        assert_eq!(refresh(vec![vec![1; 8]]).unwrap().signed(&[1; 63]), Err(Misuse::BadSignature.into()));
    }

    #[test]
    fn answers_that_are_none_are_told_apart() {
        let finish = |response: HttpResponse| refresh(vec![vec![1; 8]]).unwrap().finish(&response).err();
        let empty = StaplesResponse { staples: vec![] };
        assert_eq!(finish(response(200, &empty)), Some(Rule::OtherCount.into()));
        assert_eq!(finish(response(200, &"x")), Some(Rule::NotTheMessage.into()));
        let long = HttpResponse { status: 200, headers: HashMap::new(), body: vec![b' '; MAX_BODY + 1] };
        assert_eq!(finish(long), Some(Rule::BodyTooLong.into()));
        let refused = Refused::because(Refusal::ChallengeExpired);
        assert_eq!(finish(response(410, &refused)), Some(AskError::Refused(Refusal::ChallengeExpired)));
        assert_eq!(finish(response(404, &"x")), Some(Rule::UnknownFailure.into()));
        assert_eq!(finish(response(502, &"x")), Some(AskError::Refused(Refusal::Unavailable)));
    }
}
