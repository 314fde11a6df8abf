//! A wallet that takes a clerk's code at the desk, rightly but for one thing: a request on its way, or what it signs, is edited as the
//! input says and then rightly signed. The desk answers, never with a failure of its own; and what was not edited is not refused.
#![no_main]

use std::{
    collections::BTreeMap,
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use fixtures::platform::attestation;
use fuzz::{
    desk::{URL, World},
    documents::NOW,
    edited,
};
use libfuzzer_sys::fuzz_target;
use wallet_core::{
    bytes::{Secret, SecretBytes},
    crypto::sign::SigningKey,
    jose::{decode, encode},
    openid::{
        Attesting, Client, Input, Issuance, MetadataPolicy, Outcome, ProviderInput, ProviderStep,
        RequestPolicy, Step, TokenPolicy,
    },
    platform::{Attestation, HttpRequest, HttpResponse, Url, UserAuthentication},
};

static WORLD: Mutex<Option<World>> = Mutex::new(None);
static INSTANCE: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::make().unwrap().0);
/// One key for the hardware's part, whatever it is asked for: making many is what takes the time.
static HOLDER: LazyLock<Vec<u8>> =
    LazyLock::new(|| SigningKey::make().unwrap().0.public().as_sec1().to_vec());

/// Where the one edit is made, and how far things have come.
struct Edit<'a> {
    at: u8,
    kind: u8,
    edits: &'a [u8],
    came: u8,
    /// Signing inputs as the wallet has them, and as they were signed.
    signed: BTreeMap<String, String>,
    /// After the edit the desk may say no.
    done: bool,
}

fuzz_target!(|data: &[u8]| {
    let [at, kind, edits @ ..] = data else { return };
    let mut world = WORLD.lock().unwrap();
    if world.as_ref().is_none_or(World::is_full) {
        *world = None;
    }
    let world = world.get_or_insert_with(World::new);
    let mut edit =
        Edit { at: *at % 40, kind: *kind, edits, came: 0, signed: BTreeMap::new(), done: edits.len() < 4 };
    let ended = run(world, &mut edit);
    assert!(ended.is_some() || edit.done, "the desk refused what was right");
});

impl Edit<'_> {
    fn is_due(&mut self) -> bool {
        let due = self.came == self.at && !self.done;
        self.came = self.came.saturating_add(1);
        self.done |= due;
        due
    }

    /// What is signed in place of this signing input of a JWS.
    fn sign(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut input = bytes.to_vec();
        if self.is_due()
            && let Some(changed) = self.changed(bytes)
        {
            self.signed.insert(String::from_utf8_lossy(bytes).into_owned(), changed.clone());
            input = changed.into_bytes();
        }
        INSTANCE.sign(&input).unwrap().to_vec()
    }

    fn changed(&self, bytes: &[u8]) -> Option<String> {
        let (header, payload) = std::str::from_utf8(bytes).ok()?.split_once('.')?;
        let change = |part: &str| Some(encode(&edited(&decode(part)?, self.edits)));
        Some(if self.kind % 2 == 0 {
            format!("{header}.{}", change(payload)?)
        } else {
            format!("{}.{payload}", change(header)?)
        })
    }

    fn send(&mut self, world: &mut World, mut request: HttpRequest) -> HttpResponse {
        for (ours, theirs) in &self.signed {
            for value in request.headers.values_mut() {
                *value = value.replace(ours, theirs);
            }
            if let Ok(body) = std::str::from_utf8(&request.body) {
                request.body = body.replace(ours, theirs).into_bytes();
            }
        }
        if self.is_due() {
            match self.kind % 3 {
                0 => request.body = edited(&request.body, self.edits),
                1 => {
                    let mut values: Vec<_> = request.headers.iter_mut().collect();
                    values.sort();
                    let which = usize::from(self.edits[0]) % values.len().max(1);
                    if let Some((_, value)) = values.into_iter().nth(which) {
                        *value =
                            String::from_utf8_lossy(&edited(value.as_bytes(), &self.edits[1..])).into_owned();
                    }
                }
                _ => {
                    let path = request.url.strip_prefix(URL).unwrap_or_default();
                    let path = String::from_utf8_lossy(&edited(path.as_bytes(), self.edits)).into_owned();
                    request.url = format!("{URL}{path}");
                }
            }
        }
        let answer = world.send(&request);
        assert!(answer.status < 500, "{}: {}", request.url, answer.status);
        answer
    }
}

/// Another for each run: the desk remembers the proofs it has seen, and takes none twice.
fn entropy() -> Secret<32> {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let mut entropy = [7; 32];
    entropy[..8].copy_from_slice(&RUNS.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    Secret::new(entropy)
}

/// `None` when somebody said no.
fn run(world: &mut World, edit: &mut Edit<'_>) -> Option<()> {
    let client = Client {
        client_id: "kr.example.wallet".into(),
        redirect_uri: Url::parse("https://wallet.example/issued").ok()?,
        instance: *INSTANCE.public(),
        attested: true,
        requests: RequestPolicy::PushedOnly,
        tokens: TokenPolicy::DpopOnly,
        metadata: MetadataPolicy::AcceptUnsigned,
    };
    let (link, digits) = world.visit();
    let (mut machine, mut step) = Issuance::begin(client, &link, entropy()).ok()?;
    let mut attested = None;
    for _ in 0..200 {
        let input = match step {
            Step::Http(request) => Input::Response(edit.send(world, request)),
            Step::AskConsent(_) => {
                Input::Consent { transaction_code: Some(SecretBytes::new(digits.clone().into_bytes())) }
            }
            Step::AttestWallet => {
                Input::WalletAttestation(attest(world, edit, Attesting::wallet(provider(), None))?)
            }
            Step::SignInstance(bytes) => Input::Signature(edit.sign(&bytes)),
            Step::Save(_) => Input::Saved,
            Step::MakeHolderKeys { challenge, .. } => {
                let chain = attestation::chain_for(&HOLDER, UserAuthentication::EachUse, &challenge).ok()?;
                attested = Some(Attestation::Software { chains: vec![chain] });
                Input::HolderKeys(vec![HOLDER.clone()])
            }
            Step::AttestKeys { nonce } => {
                let keys = vec![HOLDER.clone()];
                let begun =
                    Attesting::keys(provider(), INSTANCE.public(), nonce, &keys, attested.take()?, NOW)
                        .ok()?;
                Input::KeyAttestation(attest(world, edit, begun)?)
            }
            Step::Keep(_) => Input::Outcome(Outcome::Kept),
            Step::Done(_) => return Some(()),
            _ => return None,
        };
        (machine, step) = machine.handle(input, NOW).ok()?;
    }
    panic!("the machine does not end");
}

fn attest(world: &mut World, edit: &mut Edit<'_>, begun: (Attesting, ProviderStep)) -> Option<String> {
    let (mut machine, mut step) = begun;
    for _ in 0..10 {
        let input = match step {
            ProviderStep::Http(request) => ProviderInput::Response(edit.send(world, request)),
            ProviderStep::MakeInstanceKey { challenge } => {
                let public_key = INSTANCE.public().as_sec1().to_vec();
                let chain = attestation::chain_for(&public_key, UserAuthentication::None, &challenge).ok()?;
                ProviderInput::Instance {
                    public_key,
                    attestation: Attestation::Software { chains: vec![chain] },
                }
            }
            ProviderStep::SignInstance(bytes) => ProviderInput::Signature(edit.sign(&bytes)),
            ProviderStep::Done(word) => return Some(word),
        };
        (machine, step) = machine.handle(input, NOW).ok()?;
    }
    panic!("an attestation without an end");
}

fn provider() -> Url {
    Url::parse(&format!("{URL}/wallet-provider")).unwrap()
}
