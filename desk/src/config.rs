//! How a desk is set up.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use wallet_core::{counter::DeskId, crypto::sign::PublicKey, platform::Clock, wallet::WalletConfig};

use crate::{
    attestation::{AndroidApp, AppleApp},
    limits::RequestRate,
    log::Log,
    pages::{Account, SessionLife},
    register::Register,
    store::DatabaseUrl,
    telecom::{Operator, OwnNames, SimulatedOperator},
};

/// Lines of the fixtures' adult and other adult; numbers of a kind that is never given out.
pub const FIXTURE_LINES: [&str; 2] = ["010-0000-0001", "010-0000-0002"];
/// The simulated operator that has them.
pub const FIXTURE_OPERATOR: &str = "gaon-telecom";

/// How a desk is set up.
#[derive(Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The folder with keys and database; made for its owner alone.
    pub data: PathBuf,
    /// The PostgreSQL to remember in, which other desks may use too; a SQLite file in `data` when none.
    pub database: Option<DatabaseUrl>,
    /// Country signing certificates of the cards accepted, DER.
    pub csca: Vec<Vec<u8>>,
    /// Link certificates by which those authorities passed on to new keys, DER.
    pub csca_links: Vec<Vec<u8>>,
    /// Revocation lists of those authorities, DER: cards of a document signer they name are refused.
    pub csca_revocation_lists: Vec<Vec<u8>>,
    /// Roots of key attestation, DER.
    pub attestation_roots: Vec<Vec<u8>>,
    /// Google's list of attestation certificates that leaked, read again each minute. Without one no Android phone's hardware is
    /// believed.
    pub attestation_status: Option<PathBuf>,
    /// Android apps that are accepted; nobody's when empty.
    pub android_apps: Vec<AndroidApp>,
    /// Apple's App Attestation root, DER.
    pub apple_roots: Vec<Vec<u8>>,
    /// Apple apps that are accepted.
    pub apple_apps: Vec<AppleApp>,
    /// Roots of wallet providers the issuer believes, DER.
    pub wallet_provider_roots: Vec<Vec<u8>>,
    /// Where the browser of a citizen who signed in may go back to: the links that open wallets.
    pub wallet_redirects: Vec<String>,
    /// The URL wallets know this desk by, without a slash at the end; where it listens when none.
    pub public_url: Option<String>,
    /// Proxies before this desk, whose last `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
    /// A folder with data files of documents beside those built in (docs/formats/documents.md).
    pub documents: Option<PathBuf>,
    /// Residents a clerk finds.
    pub register: Register,
    /// The operators' own-name check; without one no line is recorded.
    pub own_names: Option<Arc<dyn OwnNames>>,
    /// Telecom operators that may report lost phones.
    pub operators: Vec<Operator>,
    /// Who may sign in at the pages.
    pub accounts: Vec<Account>,
    /// How long they stay signed in.
    pub session_life: SessionLife,
    /// Face providers accepted.
    pub face_providers: Vec<FaceProvider>,
    /// Who this desk is as a verifier.
    pub desk: DeskIdentity,
    /// Named relaxations, all off by default.
    pub policy: Policy,
    /// How often the desk looks for what another over the same database has ordered, for all phones whose long polls wait. What this
    /// desk orders wakes them.
    pub look_again: Duration,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// What the desk says of itself; nothing when off.
    pub log: Log,
    /// How often one network may ask.
    pub request_rate: RequestRate,
}

/// A provider of face checks.
#[derive(Debug, Clone)]
pub struct FaceProvider {
    /// Its name in evidence.
    pub name: String,
    /// The key it signs with.
    pub key: PublicKey,
}

/// Who this desk is as a verifier.
#[derive(Debug, Clone)]
pub struct DeskIdentity {
    /// Its registered id.
    pub id: DeskId,
    /// Its name in Korean.
    pub name_ko: String,
    /// Its name in English.
    pub name_en: String,
}

/// Named relaxations. Each is off unless asked for by its name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// **Development only**: accept phone keys that live outside secure hardware.
    pub accept_software_keys: bool,
    /// Believe chains of hardware without a list of those that leaked.
    pub accept_unchecked_attestation: bool,
    /// Believe the wallet provider that this desk itself runs.
    pub trust_own_wallet_provider: bool,
    /// Listen on other than loopback addresses. The API has no TLS of its own.
    pub listen_beyond_loopback: bool,
    /// Talk to a database on another machine without TLS: over a network that nobody else is on.
    pub database_in_clear_text: bool,
}

impl Config {
    /// A desk on a free loopback port that trusts nobody yet.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>, desk: DeskIdentity, clock: Arc<dyn Clock>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data: data.into(),
            database: None,
            csca: Vec::new(),
            csca_links: Vec::new(),
            csca_revocation_lists: Vec::new(),
            attestation_roots: Vec::new(),
            attestation_status: None,
            android_apps: Vec::new(),
            apple_roots: Vec::new(),
            apple_apps: Vec::new(),
            wallet_provider_roots: Vec::new(),
            wallet_redirects: vec![WalletConfig::REDIRECT_URI.to_owned()],
            public_url: None,
            proxies: Vec::new(),
            documents: None,
            register: Register::default(),
            own_names: None,
            operators: Vec::new(),
            accounts: Vec::new(),
            session_life: SessionLife::default(),
            face_providers: Vec::new(),
            desk,
            policy: Policy::default(),
            look_again: Duration::from_secs(1),
            clock,
            log: Log::default(),
            request_rate: RequestRate::default(),
        }
    }

    /// Trusts the certificates and providers of the fixtures and accepts software keys: for the demo and for tests.
    #[must_use]
    pub fn trusting_fixtures(mut self) -> Self {
        use fixtures::{people, pki, platform};
        self.register = Register::of(people::everyone().iter().map(people::Citizen::person));
        let [first, second] = FIXTURE_LINES;
        let customers = [(first, people::adult().name), (second, people::other_adult().name)];
        self.own_names = Some(Arc::new(SimulatedOperator::new(FIXTURE_OPERATOR, &customers)));
        self.csca.push(pki::csca().certificate().to_vec());
        self.attestation_roots.push(platform::attestation::root_certificate().to_vec());
        if let Some(key) = platform::FixtureFaceCheck::provider_key() {
            self.face_providers
                .push(FaceProvider { name: platform::FixtureFaceCheck::PROVIDER.to_owned(), key });
        }
        self.policy.accept_software_keys = true;
        self.policy.trust_own_wallet_provider = true;
        self
    }

    /// Issues the documents of the fixtures too, whose files are written into `folder`: for the demo and for tests.
    ///
    /// # Errors
    /// What the disk says.
    pub fn issuing_fixtures(mut self, folder: PathBuf) -> io::Result<Self> {
        fixtures::documents::write_into(&folder)?;
        self.documents = Some(folder);
        for entry in fixtures::documents::entries() {
            let pairs = entry.fields.iter();
            let fields = pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            self.register = self.register.with_fields(entry.registration_number, entry.document, fields);
        }
        Ok(self)
    }
}
