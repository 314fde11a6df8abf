//! Starting, serving and stopping.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{RawQuery, State},
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{
            CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
            X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    middleware::{from_fn_with_state, map_response_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{AbortHandle, JoinHandle},
    time::MissedTickBehavior,
};
use wallet_core::{
    card::Refusal,
    crypto::sign::PublicKey,
    jose::DecryptionKey,
    platform::Clock,
    trust::{Anchors, Certificate, RevocationList, TrustError},
};

use crate::{
    attestation::{ApplePolicy, AttestationPolicy, AttestationStatusList, RevocationError, Revocations},
    config::{Config, DeskIdentity},
    desk_sign::make_sign,
    documents::{DocumentError, Documents},
    issuer::{Issuer, IssuerError, PersonEvent, SuspendedBy, Trust},
    limits::{Buckets, RequestRate, limit},
    log::{Line, Log, observe},
    openapi, openid,
    openid::Offer,
    pages::{self, Pages},
    phones_api,
    pki::{Pki, PkiError, create_folder},
    register::Register,
    staples_api,
    store::{Store, StoreError},
    telecom::{self, Operator, OwnNames, SubscriberLine},
};

/// Longest body read, bytes: evidence has a portrait in it.
const MAX_BODY: usize = 1024 * 1024;
/// How often what is over is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60);
/// A request that takes longer to arrive or to answer is given up.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How long a desk that stops waits for what is under way.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Why a desk does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeskError {
    /// Listening beyond loopback was not asked for by its name.
    #[error("refusing to listen beyond loopback without the policy that allows it")]
    NotLoopback,
    /// A database on another machine was to be used without TLS, and that was not asked for by its name.
    #[error("refusing a database on another machine without the policy that allows clear text")]
    DatabaseInClearText,
    /// The address cannot be listened on, or the data folder failed.
    #[error("the system failed: {0}")]
    Io(#[from] io::Error),
    /// The keys.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// The database is of desks with other keys than those in the data folder.
    #[error("the database belongs to desks with other keys than this data folder's")]
    OtherKeys,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An anchor in the configuration is no certificate.
    #[error("an anchor is no certificate: {0}")]
    Anchor(#[from] TrustError),
    /// The list of leaked attestation certificates.
    #[error(transparent)]
    Revocation(#[from] RevocationError),
    /// A data file of a document.
    #[error(transparent)]
    Documents(#[from] DocumentError),
    /// The clock could not be read.
    #[error("the clock could not be read")]
    Clock,
}

/// Starts desks.
#[derive(Debug, Clone, Copy)]
pub struct Desk;

/// A desk that answers. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct RunningDesk {
    base_url: String,
    address: SocketAddr,
    issuer_root: Vec<u8>,
    registration_root: Vec<u8>,
    pack_authority: PublicKey,
    pack_authority_certificate: Vec<u8>,
    counter_pack: Vec<u8>,
    pub(crate) app: App,
    /// What goes on beside the answers.
    beside: [AbortHandle; 2],
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

impl Desk {
    /// Opens the data folder and starts to answer.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn start(config: Config) -> Result<RunningDesk, DeskError> {
        if !config.listen.ip().is_loopback() && !config.policy.listen_beyond_loopback {
            return Err(DeskError::NotLoopback);
        }
        let listen = config.listen;
        let listener = TcpListener::bind(listen).await?;
        let address: SocketAddr = listener.local_addr()?;
        let base_url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let issuer = Self::open(&config)?.serving_at(base_url.clone());
        let pki = issuer.pki();
        let (issuer_root, registration_root) =
            (pki.issuer_root.certificate.clone(), pki.registration_root.certificate.clone());
        let pack_authority = *pki.pack_authority.key.public();
        let pack_authority_certificate = pki.pack_authority.certificate.clone();
        let now = config.clock.now().map_err(|_| DeskError::Clock)?.unix_seconds;
        let counter_pack = issuer.counter_pack(now).map_err(|_| PkiError::Key)?;
        let (stop, mut stopping) = watch::channel(false);
        let app = App::new(config, issuer, &base_url, stopping.clone());
        let service =
            routes(&app).with_state(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let server = axum::serve(listener, service).with_graceful_shutdown(async move {
            // A dropped sender means the same as a sent word.
            stopping.wait_for(|stopping| *stopping).await.ok();
        });
        let task = tokio::spawn(async move { server.await });
        app.log.write(&Line::Started);
        let beside = [
            tokio::spawn(forget(app.clone())).abort_handle(),
            tokio::spawn(phones_api::listen(app.clone())).abort_handle(),
        ];
        Ok(RunningDesk {
            base_url,
            address,
            issuer_root,
            registration_root,
            pack_authority,
            pack_authority_certificate,
            counter_pack,
            app,
            beside,
            stop,
            task: Mutex::new(Some(task)),
        })
    }

    /// The issuer of a data folder without HTTP: for work at the centre.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn open(config: &Config) -> Result<Issuer, DeskError> {
        let now = config.clock.now().map_err(|_| DeskError::Clock)?.unix_seconds;
        // What this desk cannot issue is told before anything is made.
        let documents = Documents::load(config.documents.as_deref())?;
        create_folder(&config.data)?;
        let pki = Pki::open(&config.data.join("pki"), &config.desk.id, now)?;
        let store = match &config.database {
            None => Store::open(&config.data.join("desk.sqlite"))?,
            Some(url) if url.is_local() || config.policy.database_in_clear_text => Store::connect(url)?,
            Some(_) => return Err(DeskError::DatabaseInClearText),
        };
        if !store.is_of_keys(&pki.digest())? {
            return Err(DeskError::OtherKeys);
        }
        let mut providers = config.wallet_provider_roots.clone();
        if config.policy.trust_own_wallet_provider {
            providers.push(pki.wallet_provider_root.certificate.clone());
        }
        let trust = Trust {
            csca: country_anchors(config, now)?,
            face_providers: config.face_providers.iter().map(|p| (p.name.clone(), p.key)).collect(),
            attestation: AttestationPolicy {
                roots: anchors(&config.attestation_roots)?,
                revoked: match &config.attestation_status {
                    Some(file) => Revocations::Listed(AttestationStatusList::read(file)?),
                    None if config.policy.accept_unchecked_attestation => Revocations::Unchecked,
                    None => Revocations::Unknown,
                },
                android_apps: config.android_apps.clone(),
                apple: ApplePolicy { roots: anchors(&config.apple_roots)?, apps: config.apple_apps.clone() },
                accept_software_keys: config.policy.accept_software_keys,
            },
            wallet_providers: anchors(&providers)?,
            wallet_redirects: config.wallet_redirects.clone(),
        };
        Ok(Issuer::new(store, pki, trust, documents))
    }
}

impl RunningDesk {
    /// Where it answers, without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The address it listens at.
    #[must_use]
    pub const fn listens_at(&self) -> SocketAddr {
        self.address
    }

    /// The issuer's root certificate, DER.
    #[must_use]
    pub fn issuer_root(&self) -> &[u8] {
        &self.issuer_root
    }

    /// The root certificate of the registration of verifiers, DER.
    #[must_use]
    pub fn registration_root(&self) -> &[u8] {
        &self.registration_root
    }

    /// The key counter packs are signed with.
    #[must_use]
    pub const fn pack_authority(&self) -> &PublicKey {
        &self.pack_authority
    }

    /// The same key in its certificate, DER.
    #[must_use]
    pub fn pack_authority_certificate(&self) -> &[u8] {
        &self.pack_authority_certificate
    }

    /// The counter pack as of the start; a newer one is at `GET /counter-pack`.
    #[must_use]
    pub fn counter_pack(&self) -> &[u8] {
        &self.counter_pack
    }

    /// What wallets encrypt their credential requests to, for whoever answers in this issuer's name. A secret.
    ///
    /// # Errors
    /// [`IssuerError::Failed`].
    pub async fn request_key(&self) -> Result<DecryptionKey, IssuerError> {
        self.app.with_issuer(|issuer, _| issuer.decryption_key()).await
    }

    /// What a clerk does when a resident has come and shown who they are: makes the offer that the resident scans, and the
    /// digits that are spoken. An earlier offer ends.
    ///
    /// # Errors
    /// [`Refusal::Denied`] for a number that the register does not have; [`IssuerError::Store`], [`IssuerError::Failed`].
    pub async fn visit(&self, registration_number: &str) -> Result<Offer, IssuerError> {
        let person = self.app.register.find(registration_number).cloned();
        let person = person.ok_or_else(|| IssuerError::because(Refusal::Denied, "NotRegistered"))?;
        self.app.with_issuer(move |issuer, now| issuer.offer(&person, None, now)).await
    }

    /// As [`RunningDesk::visit`], for a document by its id.
    ///
    /// # Errors
    /// [`Refusal::Denied`] for a number that the register does not have, a document that is not there, or one that this
    /// resident has no right to; as [`RunningDesk::visit`].
    pub async fn visit_for(&self, registration_number: &str, document: &str) -> Result<Offer, IssuerError> {
        let register = &self.app.register;
        let person = register.find(registration_number).cloned();
        let person = person.ok_or_else(|| IssuerError::because(Refusal::Denied, "NotRegistered"))?;
        let fields = register.fields(registration_number, document).cloned().unwrap_or_default();
        let document = document.to_owned();
        let offer = move |issuer: &Issuer, now| issuer.offer_document(&person, &document, &fields, None, now);
        self.app.with_issuer(offer).await
    }

    /// Decides whether a resident may have a document that a clerk looks at first. Tells whether they asked for it.
    ///
    /// # Errors
    /// [`IssuerError::Store`], [`IssuerError::Failed`].
    pub async fn decide(
        &self,
        registration_number: &str,
        document: &str,
        approved: bool,
    ) -> Result<bool, IssuerError> {
        let (number, document) = (registration_number.to_owned(), document.to_owned());
        self.app.with_issuer(move |issuer, now| issuer.decide(&number, &document, approved, None, now)).await
    }

    /// What a clerk records beside a visit: the subscriber line of the resident's phone, by which its operator can suspend the
    /// ID. The operator has to say that the line is theirs.
    ///
    /// # Errors
    /// [`Refusal::Denied`] for a number the register does not have, or a line that is somebody else's;
    /// [`Refusal::MalformedRequest`] for what is no line; [`IssuerError::Store`], [`IssuerError::Failed`].
    pub async fn record_line(&self, registration_number: &str, line: &str) -> Result<(), IssuerError> {
        let person = self.app.register.find(registration_number).cloned();
        let person = person.ok_or_else(|| IssuerError::because(Refusal::Denied, "NotRegistered"))?;
        let line = SubscriberLine::parse(line)
            .ok_or_else(|| IssuerError::because(Refusal::MalformedRequest, "Line"))?;
        let operator = self.app.own_names.as_ref().and_then(|names| names.operator_of(&line, &person));
        let operator = operator.ok_or_else(|| IssuerError::because(Refusal::Denied, "OwnName"))?;
        self.app
            .with_issuer(move |issuer, now| issuer.record_line(&person, &line, &operator, None, now))
            .await
    }

    /// Gives up a person's phone at the centre. Tells whether there was one.
    ///
    /// # Errors
    /// [`IssuerError::Store`], [`IssuerError::Failed`].
    pub async fn release(&self, registration_number: &str) -> Result<bool, IssuerError> {
        let number = registration_number.to_owned();
        self.app.with_issuer(move |issuer, now| issuer.release(&number, None, now)).await
    }

    /// Recovers the ID of a resident whose phone is lost: the phone is given up and locks itself, and the code for another is made.
    ///
    /// # Errors
    /// As [`RunningDesk::visit`]; [`Refusal::Denied`] too for somebody to whom nothing is issued any more.
    pub async fn recover(&self, registration_number: &str) -> Result<Offer, IssuerError> {
        let number = registration_number.to_owned();
        let registered = self.app.register.find(registration_number).cloned();
        self.app
            .with_issuer(move |issuer, now| {
                let person = issuer.known_person(&number, registered.as_ref())?;
                let person = person.ok_or_else(|| IssuerError::because(Refusal::Denied, "NotRegistered"))?;
                issuer.recover(&person, None, now)
            })
            .await
    }

    /// What the centre, an official or another register reports of a person. Tells whether they have a phone that hears of it.
    ///
    /// # Errors
    /// [`IssuerError::Store`], [`IssuerError::Failed`].
    pub async fn happened(&self, registration_number: &str, event: PersonEvent) -> Result<bool, IssuerError> {
        let number = registration_number.to_owned();
        self.app.with_issuer(move |issuer, now| issuer.happened(&number, &event, None, now)).await
    }

    /// Suspends a person's ID at the centre, and locks the phone.
    ///
    /// # Errors
    /// [`IssuerError::Store`], [`IssuerError::Failed`].
    pub async fn suspend(&self, registration_number: &str, by: SuspendedBy) -> Result<(), IssuerError> {
        let number = registration_number.to_owned();
        self.app.with_issuer(move |issuer, now| issuer.suspend(&number, by, None, now)).await
    }

    /// Lifts a suspension at the word of the citizen or the issuer, and the lock of the phone. Tells whether it is lifted: what the
    /// issuer ordered, the issuer lifts.
    ///
    /// # Errors
    /// [`IssuerError::Store`], [`IssuerError::Failed`].
    pub async fn resume(&self, registration_number: &str, by: SuspendedBy) -> Result<bool, IssuerError> {
        let number = registration_number.to_owned();
        self.app.with_issuer(move |issuer, now| issuer.resume(&number, by, None, now)).await
    }

    /// Wipes a person's phone from the centre, after the citizen was seen. Tells whether there is one.
    ///
    /// # Errors
    /// [`IssuerError::Store`], [`IssuerError::Failed`].
    pub async fn wipe(&self, registration_number: &str) -> Result<bool, IssuerError> {
        let number = registration_number.to_owned();
        self.app.with_issuer(move |issuer, now| issuer.wipe(&number, None, now)).await
    }

    /// Declares in counter packs from now on that the country's network is down until then, or that it is up.
    ///
    /// # Errors
    /// [`IssuerError::Store`], [`IssuerError::Failed`].
    pub async fn declare_outage(&self, until: Option<i64>) -> Result<(), IssuerError> {
        self.app.with_issuer(move |issuer, now| issuer.declare_outage(until, now)).await
    }

    /// The audit log, oldest first: event and outcome.
    ///
    /// # Errors
    /// [`IssuerError::Store`], [`IssuerError::Failed`].
    pub async fn audit(&self) -> Result<Vec<(String, String)>, IssuerError> {
        self.app.with_issuer(|issuer, _| Ok(issuer.store().audit()?)).await
    }

    /// How many phones wait for a command now.
    #[must_use]
    pub fn waiting_phones(&self) -> usize {
        self.app.waiting.load(Ordering::SeqCst)
    }

    /// Stops, after the requests under way are answered.
    ///
    /// # Errors
    /// [`DeskError::Io`] when the server had failed.
    pub async fn shutdown(self) -> Result<(), DeskError> {
        self.stop().await
    }

    /// As [`RunningDesk::shutdown`], for a desk that others hold too. Stopped already, it does nothing. What has not ended in
    /// ten seconds is cut off: what it wrote, it wrote whole.
    ///
    /// # Errors
    /// [`DeskError::Io`] when the server had failed.
    pub async fn stop(&self) -> Result<(), DeskError> {
        self.beside.iter().for_each(AbortHandle::abort);
        self.stop.send_replace(true);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut task) = task else { return Ok(()) };
        self.app.log.write(&Line::Stopping);
        let ended = tokio::time::timeout(STOP_WITHIN, &mut task).await;
        self.app.log.write(&Line::Stopped { cut: ended.is_err() });
        match ended {
            Ok(Ok(outcome)) => Ok(outcome?),
            Ok(Err(_)) => Err(io::Error::other("the server ended early").into()),
            Err(_) => {
                task.abort();
                Ok(())
            }
        }
    }
}

impl Drop for RunningDesk {
    fn drop(&mut self) {
        self.beside.iter().for_each(AbortHandle::abort);
    }
}

/// Forgets what is over, renews signers and looks which keys leaked, now and then. A failure of the store shows in every other call too.
async fn forget(app: App) {
    let mut times = tokio::time::interval(FORGET_EVERY);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        times.tick().await;
        drop(app.with_issuer(|issuer, now| Ok(issuer.store().forget(now)?)).await);
        let renewed = app.with_issuer(|issuer, now| Ok(issuer.pki().renew(now))).await;
        if let Ok(Err(error)) = renewed {
            app.log.write(&Line::Failed { what: &error.to_string() });
        }
        let reread = app.with_issuer(|issuer, _| Ok(issuer.trust.attestation.revoked.reread())).await;
        if let Ok(Err(error)) = reread {
            app.log.write(&Line::Failed { what: &error.to_string() });
        }
    }
}

/// What a request handler sees.
#[derive(Clone)]
pub(crate) struct App {
    issuer: Arc<Issuer>,
    desk: DeskIdentity,
    pub(crate) register: Arc<Register>,
    pub(crate) pages: Arc<Pages>,
    pub(crate) proxies: Arc<[IpAddr]>,
    pub(crate) own_names: Option<Arc<dyn OwnNames>>,
    pub(crate) operators: Arc<[Operator]>,
    clock: Arc<dyn Clock>,
    pub(crate) log: Log,
    pub(crate) request_rate: RequestRate,
    pub(crate) buckets: Arc<Buckets>,
    pub(crate) look_again: Duration,
    /// How many long polls wait now.
    pub(crate) waiting: Arc<AtomicUsize>,
    stopping: watch::Receiver<bool>,
}

impl core::fmt::Debug for App {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl App {
    pub(crate) fn new(
        config: Config,
        issuer: Issuer,
        base_url: &str,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let identity = config.desk.clone();
        let pages =
            Pages::new(config.accounts, config.session_life, identity, base_url, &issuer.pki().code_key);
        Self {
            issuer: Arc::new(issuer),
            desk: config.desk,
            register: Arc::new(config.register),
            pages: Arc::new(pages),
            proxies: config.proxies.into(),
            own_names: config.own_names,
            operators: config.operators.into(),
            clock: config.clock,
            log: config.log,
            request_rate: config.request_rate,
            buckets: Arc::default(),
            look_again: config.look_again,
            waiting: Arc::default(),
            stopping,
        }
    }

    /// The issuer, to wait for what it tells phones.
    pub(crate) fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Runs one call of the issuer away from the threads that serve HTTP: it computes and waits for the store. Calls run
    /// beside each other; what must not mix is in one transaction.
    pub(crate) async fn with_issuer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Issuer, i64) -> Result<T, IssuerError> + Send + 'static,
    ) -> Result<T, IssuerError> {
        let now = self.clock.now().map_err(|_| IssuerError::Failed)?.unix_seconds;
        let issuer = Arc::clone(&self.issuer);
        let call = tokio::task::spawn_blocking(move || work(&issuer, now));
        let outcome = match tokio::time::timeout(ANSWER_WITHIN, call).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(IssuerError::Failed),
        };
        match &outcome {
            Err(IssuerError::Store(error)) => self.log.write(&Line::Failed { what: &error.to_string() }),
            Err(IssuerError::Failed) => self.log.write(&Line::Failed { what: "issuer" }),
            Err(IssuerError::Refused { .. } | IssuerError::OAuth { .. }) | Ok(_) => {}
        }
        outcome
    }

    /// Ends when the desk is asked to stop: whoever waits long answers then.
    pub(crate) async fn stopping(&self) {
        self.stopping.clone().wait_for(|stopping| *stopping).await.ok();
    }
}

/// The body, if it comes whole, in time and within bounds.
pub(crate) async fn read_body(body: Body) -> Option<Vec<u8>> {
    let whole = tokio::time::timeout(ANSWER_WITHIN, to_bytes(body, MAX_BODY)).await;
    whole.ok()?.ok().map(|bytes| bytes.to_vec())
}

/// The status a refusal goes out with.
pub(crate) const fn status_of(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::MalformedRequest | Refusal::UnsupportedVersion => StatusCode::BAD_REQUEST,
        Refusal::BadSignature => StatusCode::UNAUTHORIZED,
        Refusal::UnknownSession => StatusCode::NOT_FOUND,
        Refusal::Replayed | Refusal::AnotherPhone | Refusal::AnotherHolder => StatusCode::CONFLICT,
        Refusal::ChallengeExpired => StatusCode::GONE,
        Refusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::UntrustedChip
        | Refusal::AlteredChipData
        | Refusal::CloneSuspected
        | Refusal::CardIncomplete
        | Refusal::CardExpired
        | Refusal::CardReportedLost
        | Refusal::CardOutdated
        | Refusal::FaceMismatch
        | Refusal::AttestationRefused
        | Refusal::CodeNotAccepted
        | Refusal::Suspended
        | Refusal::Denied => StatusCode::FORBIDDEN,
    }
}

pub(crate) fn routes(app: &App) -> Router<App> {
    staples_api::routes()
        .merge(openid::api::routes())
        .merge(telecom::api::routes())
        .merge(pages::routes())
        .merge(phones_api::routes())
        .merge(openapi::routes())
        .route("/health", get(health))
        .route("/counter-pack", get(counter_pack))
        .route("/desk-sign", get(desk_sign))
        .layer(from_fn_with_state(app.clone(), limit))
        .layer(from_fn_with_state(app.clone(), observe))
        .layer(map_response_with_state(app.clone(), strict))
}

/// What every answer carries that says nothing else itself: nothing of it runs, is framed, guessed at or told to another site.
async fn strict(State(app): State<App>, mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 4] = [
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    if app.pages.is_secure() {
        let year = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

async fn health(State(app): State<App>) -> Response {
    let alive = app.with_issuer(|issuer, _| Ok(issuer.store().answers()?)).await;
    match alive {
        Ok(()) => "ok".into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn counter_pack(State(app): State<App>) -> Response {
    match app.with_issuer(|issuer, now| issuer.counter_pack(now)).await {
        Ok(pack) => ([(CONTENT_TYPE, "application/cbor")], pack).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// `?nonce=1` asks for a fresh sign for a screen.
async fn desk_sign(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    let with_nonce = match query.as_deref() {
        None | Some("" | "nonce=0") => false,
        Some("nonce=1") => true,
        Some(_) => return StatusCode::BAD_REQUEST.into_response(),
    };
    let desk = app.desk.clone();
    let sign = app
        .with_issuer(move |issuer, now| {
            make_sign(issuer.pki(), &desk, with_nonce, now).map_err(|_| IssuerError::Failed)
        })
        .await;
    match sign {
        Ok(sign) => Json(sign).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// The authorities of cards, with what they said since: a link that leads nowhere or a list that none of them signed is an
/// error, lest it be missing unnoticed.
fn country_anchors(config: &Config, now: i64) -> Result<Anchors, TrustError> {
    let links: Vec<Certificate> =
        config.csca_links.iter().map(|der| Certificate::parse(der)).collect::<Result<_, _>>()?;
    let (mut anchors, left_out) = anchors(&config.csca)?.with_links(&links, now);
    if left_out > 0 {
        return Err(TrustError::UntrustedIssuer);
    }
    for der in &config.csca_revocation_lists {
        anchors = anchors.with_revocation_list(RevocationList::parse(der)?, now)?;
    }
    Ok(anchors)
}

fn anchors(certificates: &[Vec<u8>]) -> Result<Anchors, TrustError> {
    Ok(Anchors::new(certificates.iter().map(|der| Certificate::parse(der)).collect::<Result<_, _>>()?))
}
