//! The desks of the demo: the good one, and one whose issuer nobody trusts.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use desk::{
    Config, Desk, DeskIdentity, FIXTURE_OPERATOR, RunningDesk,
    issuer::{IssuerError, PersonEvent},
    openid::Offer,
    telecom::Operator,
};
use fixtures::platform::{LoopbackHttp, SystemClock};
use serde::Deserialize;
use wallet_core::{
    counter::DeskId,
    crypto::random::make_random,
    platform::{Http as _, HttpMethod, HttpRequest},
    qr::base45,
    verify::{Counter, DeskSettings},
    wallet::WalletError,
};

use crate::{
    clerk,
    failure::{Failure, Outcome, storage},
    views,
};

/// The desk of the demo.
pub(crate) const DESK_ID: &str = "demo-1";
/// A desk somewhere else.
pub(super) const OTHER_DESK_ID: &str = "demo-2";

/// How long a stopping desk may take.
const MOMENT: Duration = Duration::from_secs(2);

/// A desk that answers on loopback.
pub(crate) struct DemoDesk {
    running: RunningDesk,
    /// What the telecom operator is known by.
    operator_token: String,
}

#[derive(Deserialize)]
struct Sign {
    sign: String,
}

impl DemoDesk {
    /// Starts the desk of the demo with the keys in `data`, made anew when there are none: then nobody knows its issuer.
    pub(crate) async fn start(data: &Path) -> Outcome<Self> {
        Self::start_with(data, Ok).await
    }

    /// The same, that issues the documents of the fixtures too, whose files go into `documents`.
    pub(crate) async fn start_with_documents(data: &Path, documents: PathBuf) -> Outcome<Self> {
        let failed = storage(documents.clone());
        Self::start_with(data, |config| config.issuing_fixtures(documents).map_err(failed)).await
    }

    async fn start_with(data: &Path, change: impl FnOnce(Config) -> Outcome<Config>) -> Outcome<Self> {
        let desk = DeskIdentity {
            id: DeskId::parse(DESK_ID).map_err(|_| Failure::Internal("a desk id that is none"))?,
            name_ko: "보기동 주민센터".to_owned(),
            name_en: "Bogi Community Centre".to_owned(),
        };
        let mut config = Config::new(data, desk, Arc::new(SystemClock)).trusting_fixtures();
        // A secret of this run alone.
        let token: [u8; 16] = make_random().map_err(|_| Failure::Internal("no randomness"))?;
        let operator_token = base45::encode(&token);
        config.operators.push(Operator::new(FIXTURE_OPERATOR, &operator_token));
        let running =
            Desk::start(change(config)?).await.map_err(|_| Failure::Internal("the desk did not start"))?;
        Ok(Self { running, operator_token })
    }

    /// Goes off the network; what is being answered is answered first, as long as that takes no more than a moment.
    pub(crate) async fn stop(&self) -> Outcome<()> {
        match tokio::time::timeout(MOMENT, self.running.stop()).await {
            Ok(Err(_)) => Err(Failure::Internal("the desk ended early")),
            // Who keeps a connection open and says nothing is not waited for.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// A resident was seen at the centre: the code and the spoken digits.
    pub(crate) async fn visit(&self, registration_number: &str) -> Result<Offer, IssuerError> {
        self.running.visit(registration_number).await
    }

    /// The same, for a document by its id.
    pub(crate) async fn visit_for(
        &self,
        registration_number: &str,
        document: &str,
    ) -> Result<Offer, IssuerError> {
        self.running.visit_for(registration_number, document).await
    }

    /// A clerk decides whether a resident may have a document. Tells whether they asked for it.
    pub(crate) async fn decide(
        &self,
        registration_number: &str,
        document: &str,
        approved: bool,
    ) -> Result<bool, IssuerError> {
        self.running.decide(registration_number, document, approved).await
    }

    /// What is reported of a person. Tells whether there is a phone that hears of it.
    pub(crate) async fn happened(
        &self,
        registration_number: &str,
        event: PersonEvent,
    ) -> Result<bool, IssuerError> {
        self.running.happened(registration_number, event).await
    }

    /// The centre orders a wipe. Tells whether there is a phone that hears of it.
    pub(crate) async fn wipe(&self, registration_number: &str) -> Result<bool, IssuerError> {
        self.running.wipe(registration_number).await
    }

    /// The clerk records the resident's subscriber line.
    pub(crate) async fn record_line(&self, registration_number: &str, line: &str) -> Outcome<()> {
        let recorded = self.running.record_line(registration_number, line).await;
        recorded.map_err(|_| Failure::Internal("the line was not recorded"))
    }

    /// The telecom operator reports a line: `suspend` because it is `lost`, `resume` because it was `found`.
    pub(crate) async fn report(&self, act: &str, line: &str, reason: &str) -> Outcome<()> {
        let request = HttpRequest {
            method: HttpMethod::Post,
            url: format!("{}/telecom/{act}", self.base_url()),
            headers: [("authorization".to_owned(), format!("Bearer {}", self.operator_token))].into(),
            body: format!(r#"{{"line":"{line}","reason":"{reason}"}}"#).into_bytes(),
        };
        let response = LoopbackHttp::new().send(request).await.map_err(|_| WalletError::Offline)?;
        if response.status == 204 { Ok(()) } else { Err(Failure::Internal("the report was not taken")) }
    }

    /// A resident gave up the phone that has the ID.
    pub(crate) async fn release(&self, registration_number: &str) -> Result<bool, IssuerError> {
        self.running.release(registration_number).await
    }

    /// Where it answers.
    pub(crate) fn base_url(&self) -> &str {
        self.running.base_url()
    }

    /// Root of its issuer, DER.
    pub(crate) fn issuer_root(&self) -> &[u8] {
        self.running.issuer_root()
    }

    /// Root of its registration, DER.
    pub(crate) fn desk_root(&self) -> &[u8] {
        self.running.registration_root()
    }

    /// The key that signs its counter packs, SEC1.
    pub(crate) fn pack_authority(&self) -> &[u8] {
        self.running.pack_authority().as_sec1()
    }

    /// The sign it puts up, as a phone's camera would read it.
    pub(super) async fn sign(&self) -> Outcome<String> {
        let request = HttpRequest {
            method: HttpMethod::Get,
            url: format!("{}/desk-sign", self.base_url()),
            headers: HashMap::new(),
            body: Vec::new(),
        };
        let response = LoopbackHttp::new().send(request).await.map_err(|_| WalletError::Offline)?;
        let sign: Sign =
            serde_json::from_slice(&response.body).map_err(|_| Failure::Internal("a sign that is none"))?;
        Ok(sign.sign)
    }

    /// A counter that is online: with the pack as it is now.
    pub(super) async fn online_counter(&self, id: &str) -> Outcome<Counter> {
        let request = HttpRequest {
            method: HttpMethod::Get,
            url: format!("{}/counter-pack", self.base_url()),
            headers: HashMap::new(),
            body: Vec::new(),
        };
        let response = LoopbackHttp::new().send(request).await.map_err(|_| WalletError::Offline)?;
        self.counter_with(&response.body, id)
    }

    /// A counter with this desk's pack as of its start, that calls itself `id`.
    pub(super) fn counter(&self, id: &str) -> Outcome<Counter> {
        self.counter_with(self.running.counter_pack(), id)
    }

    fn counter_with(&self, pack: &[u8], id: &str) -> Outcome<Counter> {
        let settings = DeskSettings { desk_id: Some(id.to_owned()), ..DeskSettings::default() };
        let now = views::now()?.unix_seconds;
        let authority = self.running.pack_authority_certificate();
        clerk::counter(pack, authority, 0, settings, now)
            .map_err(|_| Failure::Internal("the counter pack does not verify"))
    }
}
