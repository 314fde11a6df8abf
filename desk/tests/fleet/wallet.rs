//! A wallet of an office's citizens: the core's machines, keys in software, HTTP with connections kept, and a journal that
//! outlives it. Nothing is pooled and every signature is real.

use std::{
    cell::{Cell, RefCell},
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use desk::openid::Offer;
use fixtures::platform::attestation;
use wallet_core::{
    bytes::{Secret, SecretBytes},
    card::{Disclosure, Person, Refusal},
    counter::{Audience, DeliveredCopy, Document, Show, ShowPlan},
    crypto::{random::make_random, sign::SigningKey},
    jose::decode,
    openid::{
        Attesting, Client, Code, Delivered, Format, Input, Issuance, MetadataPolicy, OpenIdError, Outcome,
        ProviderInput, ProviderStep, Renewal, RequestPolicy, Step, TokenPolicy,
    },
    platform::{Attestation, HttpMethod, HttpRequest, HttpResponse, Url, UserAuthentication},
    status::{StapleRefresh, StapleStep, commands::Poll},
};

use super::{Clerk, PUBLIC_URL, now};

/// How often a wallet comes back with another code after it was refused.
const MOST_VISITS: u32 = 100;
/// How often a wallet asks again when there was no answer, and what it waits for a desk that is starting.
const MOST_SILENCES: u32 = 5000;
const SILENCE: Duration = Duration::from_millis(20);
/// Most steps of one issuance.
const MOST_STEPS: u32 = 500;

/// How an issuance ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The wallet has the ID: the ids of its copies for the counter.
    Has(Vec<Vec<u8>>),
    /// Said no.
    Refused(OpenIdError),
    /// No answer, or one of a desk that was just stopping.
    Lost,
}

/// The way to the desks, one request here, the next there.
pub(crate) struct Net {
    agent: ureq::Agent,
    desks: Vec<String>,
    next: Cell<usize>,
    /// What each call took, microseconds.
    pub(crate) times: RefCell<Vec<(&'static str, u32)>>,
}

impl Net {
    pub(crate) fn new(desks: &[String], first: usize) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Self {
            agent: config.into(),
            desks: desks.to_vec(),
            next: Cell::new(first),
            times: RefCell::new(Vec::new()),
        }
    }

    pub(crate) fn send(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let path = request.url.strip_prefix(PUBLIC_URL).expect("only the office is asked");
        let desk = &self.desks[self.next.get() % self.desks.len()];
        self.next.set(self.next.get().wrapping_add(1));
        let url = format!("{desk}{path}");
        let begun = Instant::now();
        let response = match request.method {
            HttpMethod::Get => self.agent.get(&url).call(),
            HttpMethod::Post => {
                let headers = request.headers.iter();
                let builder = headers.fold(self.agent.post(&url), |it, (name, value)| it.header(name, value));
                builder.send(request.body.as_slice())
            }
        };
        let mut response = response.ok()?;
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let status = response.status().as_u16();
        let body = response.body_mut().read_to_vec().ok()?;
        self.took(kind_of(path), begun);
        // A desk that cannot answer now says so; the wallet comes again.
        (status != 503).then_some(HttpResponse { status, headers, body })
    }

    /// Notes what something took that is no call of its own.
    pub(crate) fn took(&self, what: &'static str, begun: Instant) {
        let micros = u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX);
        self.times.borrow_mut().push((what, micros));
    }

    pub(crate) fn get(&self, path: &str) -> Option<HttpResponse> {
        self.send(&HttpRequest {
            method: HttpMethod::Get,
            url: format!("{PUBLIC_URL}{path}"),
            headers: Default::default(),
            body: Vec::new(),
        })
    }
}

/// What a call is called in a report.
fn kind_of(path: &str) -> &'static str {
    const KINDS: [(&str, &str); 13] = [
        ("/commands", "long poll"),
        ("/.well-known/", "metadata"),
        ("/openid/offers/", "offer"),
        ("/openid/token", "token"),
        ("/openid/nonce", "nonce"),
        ("/openid/credential", "credential"),
        ("/openid/notification", "notification"),
        ("/wallet-provider/challenge", "provider challenge"),
        ("/wallet-provider/wallet", "wallet attestation"),
        ("/wallet-provider/key", "key attestation"),
        ("/staples", "staples"),
        ("/status/", "status list"),
        ("/counter-pack", "counter pack"),
    ];
    KINDS.iter().find(|(start, _)| path.starts_with(start)).map_or("other", |(_, kind)| kind)
}

/// A wallet. What it must not forget is in files beside each other, when it has a place for them.
pub(crate) struct Wallet {
    instance: SigningKey,
    journal: Option<PathBuf>,
    saved: RefCell<Option<Vec<u8>>>,
}

impl Wallet {
    /// A wallet that forgets.
    pub(crate) fn new() -> Self {
        let (instance, _) = SigningKey::make().unwrap();
        Self { instance, journal: None, saved: RefCell::new(None) }
    }

    /// The wallet whose files are called `journal`, or a new one.
    pub(crate) fn open(journal: PathBuf) -> Self {
        let key = journal.with_extension("instance");
        let instance = match fs::read(&key) {
            Ok(pkcs8) => SigningKey::from_pkcs8(&pkcs8).unwrap(),
            Err(_) => {
                let (instance, pkcs8) = SigningKey::make().unwrap();
                replace(&key, &pkcs8).unwrap();
                instance
            }
        };
        let saved = RefCell::new(fs::read(journal.with_extension("saved")).ok());
        Self { instance, journal: Some(journal), saved }
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&self) -> Option<End> {
        let journal = self.journal.as_ref()?;
        if let Ok(copies) = fs::read(journal.with_extension("has")) {
            return Some(End::Has(copies.chunks(8).map(<[u8]>::to_vec).collect()));
        }
        journal.with_extension("refused").exists().then_some(End::Refused(ANOTHER_PHONE))
    }

    /// Takes an offer to its end, however often a desk gives no answer. `pause` is called before the first credential is asked
    /// for. Tells whether every answer came.
    pub(crate) fn redeem(&self, net: &Net, offer: &Offer, pause: impl FnOnce()) -> (End, bool) {
        let mut pause = Some(pause);
        for attempt in 0..MOST_SILENCES {
            let end = self.enrol(net, offer, &mut pause);
            if end != End::Lost {
                return (end, attempt == 0);
            }
            thread::sleep(SILENCE);
        }
        panic!("no desk answers");
    }

    /// Goes on with what is under way, else asks the clerk, until the wallet has the ID or is refused for good.
    pub(crate) fn visit(&self, clerk: &Clerk, person: &Person, net: &Net) -> End {
        let (mut visits, mut silences) = (0, 0);
        while visits < MOST_VISITS && silences < MOST_SILENCES {
            let begun = Instant::now();
            let offer = if self.saved.borrow().is_some() { None } else { Some(clerk.offer(person)) };
            if offer.is_some() {
                net.took("clerk's offer", begun);
            }
            match self.enrol(net, offer.as_ref(), &mut None::<fn()>) {
                End::Lost => {
                    silences += 1;
                    thread::sleep(SILENCE);
                }
                End::Refused(error) if error != ANOTHER_PHONE => {
                    visits += 1;
                    self.give_up();
                }
                end => return end,
            }
        }
        panic!("a wallet came in vain, {visits} times refused and {silences} times without an answer");
    }

    /// Forgets what was under way: it came to nothing, as a code that a desk redeemed just before it was killed.
    fn give_up(&self) {
        *self.saved.borrow_mut() = None;
        if let Some(journal) = &self.journal {
            fs::remove_file(journal.with_extension("saved")).ok();
        }
    }

    fn enrol<'a>(
        &self,
        net: &Net,
        offer: impl Into<Option<&'a Offer>>,
        pause: &mut Option<impl FnOnce()>,
    ) -> End {
        match self.run(net, offer.into(), pause) {
            Ok(Some(copies)) => End::Has(copies),
            Ok(None) | Err(OpenIdError::Refused(Refusal::Unavailable)) => End::Lost,
            Err(error) => {
                if error == ANOTHER_PHONE {
                    self.keep("refused", b"");
                }
                End::Refused(error)
            }
        }
    }

    fn run(
        &self,
        net: &Net,
        offer: Option<&Offer>,
        pause: &mut Option<impl FnOnce()>,
    ) -> Result<Option<Vec<Vec<u8>>>, OpenIdError> {
        let (client, seed) = (self.client(), Secret::new(make_random().unwrap()));
        let saved = self.saved.borrow().clone();
        let begun = match (saved, offer) {
            (Some(saved), _) => Issuance::resume(client, &SecretBytes::new(saved), None, seed)?,
            (None, Some(offer)) => Issuance::begin(client, &offer.link, seed)?,
            (None, None) => return Ok(None),
        };
        self.drive(net, begun, offer, pause)
    }

    fn client(&self) -> Client {
        Client {
            client_id: "kr.example.wallet".into(),
            redirect_uri: Url::parse("https://wallet.example/issued").unwrap(),
            instance: *self.instance.public(),
            attested: true,
            tokens: TokenPolicy::DpopOnly,
            requests: RequestPolicy::PushedOnly,
            metadata: MetadataPolicy::AcceptUnsigned,
        }
    }

    /// Has the copies issued again, however often a desk gives no answer; `None` for a wallet that kept no token for it.
    pub(crate) fn renew(&self, net: &Net) -> Option<End> {
        let kept = fs::read_to_string(self.journal.as_ref()?.with_extension("renewal")).ok()?;
        for _ in 0..MOST_SILENCES {
            let mut lines = kept.lines().map(str::to_owned);
            let mut url = || Url::parse(&lines.next().unwrap()).unwrap();
            let (issuer, authorization_server) = (url(), url());
            let refresh_token = Code::new(lines.next().unwrap());
            let renewal =
                Renewal { issuer, authorization_server, configurations: lines.collect(), refresh_token };
            let begun = Issuance::renew(self.client(), renewal, Secret::new(make_random().unwrap()));
            match self.drive(net, begun, None, &mut None::<fn()>) {
                Ok(Some(copies)) => return Some(End::Has(copies)),
                Ok(None) | Err(OpenIdError::Refused(Refusal::Unavailable)) => thread::sleep(SILENCE),
                Err(error) => return Some(End::Refused(error)),
            }
        }
        panic!("no desk answers");
    }

    /// The first frame of a show of this wallet's copy for adults; `None` for a wallet without one.
    pub(crate) fn shown(&self) -> Option<String> {
        let kept = fs::read(self.journal.as_ref()?.with_extension("copy")).ok()?;
        let (length, kept) = kept.split_first_chunk()?;
        let (key, copy) = kept.split_at(usize::from(u16::from_be_bytes(*length)));
        let (key, copy) = (SigningKey::from_pkcs8(key).unwrap(), DeliveredCopy::parse(copy).unwrap());
        let plan = ShowPlan {
            copy: &copy.sd_cwt,
            staple: copy.staple,
            audience: Audience::General,
            now: now(),
            entropy: Secret::new(make_random().unwrap()),
        };
        let show = Show::begin(plan).unwrap();
        let signature = key.sign(&show.request().message).unwrap();
        Some(show.handle(&signature).unwrap().frame(now()).unwrap().text)
    }

    fn drive(
        &self,
        net: &Net,
        (mut machine, mut step): (Issuance, Step),
        offer: Option<&Offer>,
        pause: &mut Option<impl FnOnce()>,
    ) -> Result<Option<Vec<Vec<u8>>>, OpenIdError> {
        let (mut keys, mut made, mut attested) = (Vec::<Vec<u8>>::new(), Vec::new(), None);
        let mut has = None;
        for _ in 0..MOST_STEPS {
            let input = match step {
                Step::Http(request) => {
                    if request.url.ends_with("/openid/credential")
                        && let Some(pause) = pause.take()
                    {
                        pause();
                    }
                    match net.send(&request) {
                        Some(response) => Input::Response(response),
                        None => return Ok(has),
                    }
                }
                Step::AskConsent(_) => {
                    let typed =
                        offer.map(|offer| SecretBytes::new(offer.transaction_code.clone().into_bytes()));
                    Input::Consent { transaction_code: typed }
                }
                Step::AttestWallet => match self.attest(net, Attesting::wallet(provider(), None))? {
                    Some(word) => Input::WalletAttestation(word),
                    None => return Ok(has),
                },
                Step::SignInstance(bytes) => Input::Signature(self.instance.sign(&bytes).unwrap().to_vec()),
                Step::Save(bytes) => {
                    *self.saved.borrow_mut() = Some(bytes.expose().to_vec());
                    self.keep("saved", bytes.expose());
                    Input::Saved
                }
                Step::MakeHolderKeys { challenge, count, format, .. } => {
                    let new = (0..count.min(batch(&format))).map(|_| SigningKey::make().unwrap());
                    let new: Vec<_> = new.collect();
                    keys = new.iter().map(|(key, _)| key.public().as_sec1().to_vec()).collect();
                    made.extend(new);
                    let chains = keys.iter().map(|key| chain(key, UserAuthentication::EachUse, &challenge));
                    attested = Some(Attestation::Software { chains: chains.collect() });
                    Input::HolderKeys(keys.clone())
                }
                Step::AttestKeys { nonce } => {
                    let attestation = attested.take().unwrap();
                    let instance = self.instance.public();
                    let begun = Attesting::keys(provider(), instance, nonce, &keys, attestation, now())?;
                    match self.attest(net, begun)? {
                        Some(word) => Input::KeyAttestation(word),
                        None => return Ok(has),
                    }
                }
                Step::Keep(delivered) => {
                    let copies = copies(&delivered);
                    self.keep("copy", &for_adults(&delivered, &made));
                    self.keep("has", &copies.concat());
                    has = Some(copies);
                    Input::Outcome(Outcome::Kept)
                }
                Step::Done(finished) => {
                    if let Some(renewal) = &finished.renewal {
                        let Renewal { issuer, authorization_server, configurations, refresh_token } = renewal;
                        let mut lines = vec![issuer.as_str(), authorization_server.as_str()];
                        lines.push(refresh_token.expose());
                        lines.extend(configurations.iter().map(String::as_str));
                        self.keep("renewal", lines.join("\n").as_bytes());
                    }
                    return Ok(has);
                }
                other => panic!("{other:?}"),
            };
            (machine, step) = match machine.handle(input, now()) {
                Ok(next) => next,
                // What is kept is kept, though the issuer was not told.
                Err(_) if has.is_some() => return Ok(has),
                Err(error) => return Err(error),
            };
        }
        panic!("an issuance without an end");
    }

    fn attest(&self, net: &Net, begun: (Attesting, ProviderStep)) -> Result<Option<String>, OpenIdError> {
        let (mut machine, mut step) = begun;
        for _ in 0..MOST_STEPS {
            let input = match step {
                ProviderStep::Http(request) => match net.send(&request) {
                    Some(response) => ProviderInput::Response(response),
                    None => return Ok(None),
                },
                ProviderStep::MakeInstanceKey { challenge } => {
                    let public_key = self.instance.public().as_sec1().to_vec();
                    let chains = vec![chain(&public_key, UserAuthentication::None, &challenge)];
                    ProviderInput::Instance { public_key, attestation: Attestation::Software { chains } }
                }
                ProviderStep::SignInstance(bytes) => {
                    ProviderInput::Signature(self.instance.sign(&bytes).unwrap().to_vec())
                }
                ProviderStep::Done(word) => return Ok(Some(word)),
            };
            (machine, step) = machine.handle(input, now())?;
        }
        panic!("an attestation without an end");
    }

    /// Waits so long for a command; there is none.
    pub(crate) fn wait(&self, net: &Net, seconds: u32) {
        let issuer = Url::parse(PUBLIC_URL).unwrap();
        let poll = Poll::begin(issuer, self.instance.public(), 0, seconds, now()).unwrap();
        let signature = self.instance.sign(&poll.to_sign()).unwrap();
        let heard =
            net.send(&poll.signed(&signature).unwrap()).map(|response| poll.finish(&response).unwrap());
        assert_eq!(heard.expect("a desk that answers").commands, Vec::<Vec<u8>>::new());
    }

    /// For how many of these copies the issuer vouches this hour; `None` without an answer.
    pub(crate) fn vouched(&self, net: &Net, copies: &[Vec<u8>]) -> Option<usize> {
        let issuer = Url::parse(PUBLIC_URL).unwrap();
        let (refresh, StapleStep::SignInstance(bytes)) =
            StapleRefresh::begin(issuer, self.instance.public(), copies.to_vec(), now()).unwrap();
        let signature = self.instance.sign(&bytes).unwrap();
        let response = net.send(&refresh.signed(&signature).unwrap())?;
        Some(refresh.finish(&response).unwrap().into_iter().flatten().count())
    }

    /// The same, however often a desk gives no answer.
    pub(crate) fn vouched_at_last(&self, net: &Net, copies: &[Vec<u8>]) -> usize {
        (0..MOST_SILENCES).find_map(|_| self.vouched(net, copies)).expect("a desk that answers")
    }

    fn keep(&self, what: &str, bytes: &[u8]) {
        if let Some(journal) = &self.journal {
            replace(&journal.with_extension(what), bytes).unwrap();
        }
    }
}

/// The person's ID lives on another phone.
pub(crate) const ANOTHER_PHONE: OpenIdError = OpenIdError::Refused(Refusal::AnotherPhone);

/// Whole or not at all, however the process ends.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let partial = path.with_extension("partial");
    fs::write(&partial, bytes)?;
    fs::rename(&partial, path)
}

fn provider() -> Url {
    Url::parse(&format!("{PUBLIC_URL}/wallet-provider")).unwrap()
}

fn chain(key: &[u8], user_authentication: UserAuthentication, challenge: &[u8]) -> Vec<Vec<u8>> {
    attestation::chain_for(key, user_authentication, challenge).unwrap()
}

/// How many copies of a kind are asked for.
fn batch(format: &Format) -> u32 {
    match format {
        Format::SdCwt { vct } => {
            let level = Disclosure::ALL.into_iter().find(|level| Document::ResidentCard.vct(*level) == vct);
            level.map_or(1, Disclosure::batch)
        }
        Format::Mdoc { .. } => 3,
        _ => 1,
    }
}

/// The first copy for adults, after the key it was issued for, after its length.
fn for_adults(delivered: &Delivered, made: &[(SigningKey, Vec<u8>)]) -> Vec<u8> {
    let wanted = Document::ResidentCard.vct(Disclosure::AdultOnly);
    let of = |format: &Format| matches!(format, Format::SdCwt { vct } if vct == wanted);
    let kind = delivered.credentials.iter().find(|kind| of(&kind.configuration.format)).unwrap();
    let (public, text) = &kind.copies[0];
    let (_, key) = made.iter().find(|(key, _)| key.public().as_sec1() == public.as_sec1()).unwrap();
    [&u16::try_from(key.len()).unwrap().to_be_bytes()[..], key, &decode(text).unwrap()].concat()
}

/// The ids of the copies for the counter.
fn copies(delivered: &Delivered) -> Vec<Vec<u8>> {
    let of_counter = |format: &Format| matches!(format, Format::SdCwt { .. });
    let kinds = delivered.credentials.iter().filter(|kind| of_counter(&kind.configuration.format));
    let texts = kinds.flat_map(|kind| kind.copies.iter().map(|(_, text)| text));
    texts.map(|text| cti_of(&DeliveredCopy::parse(&decode(text).unwrap()).unwrap().sd_cwt)).collect()
}

/// `cti` as any reader of CWTs finds it: claim 7 of the payload.
fn cti_of(sd_cwt: &[u8]) -> Vec<u8> {
    let ciborium::Value::Tag(18, sign1) = ciborium::from_reader(sd_cwt).unwrap() else { panic!("tag 18") };
    let payload: ciborium::Value =
        ciborium::from_reader(sign1.as_array().unwrap()[2].as_bytes().unwrap().as_slice()).unwrap();
    let claims = payload.as_map().unwrap();
    let (_, cti) = claims.iter().find(|(label, _)| *label == 7.into()).unwrap();
    cti.as_bytes().unwrap().clone()
}
