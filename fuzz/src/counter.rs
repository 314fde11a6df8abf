//! One issuer, one phone and one counter.

use std::sync::LazyLock;

use fixtures::{people, pki};
use wallet_core::{
    bytes::Secret,
    card::{Date, Disclosure},
    cose::{Sign1, encode_sign1, sig_structure},
    counter::{
        Audience, DeskId, Document, Show, ShowPlan, Staple, hour_of,
        issue::{
            CopyRequest, DeskSignRequest, derive_staple_anchor, issue_copy, issue_desk_sign, staple_for,
        },
        pack::issue::issue_pack,
    },
    crypto::sign::SigningKey,
    trust::Certificate,
    verify::{Counter, CounterPack, DeskSettings, PackContent, Policy, StatusSet},
};

/// The desk of the counter, registered as `desk-1`.
pub const DESK: &str = "desk-1";
const CTI: [u8; 8] = [7; 8];

/// All of it, made once per process.
pub static WORLD: LazyLock<World> = LazyLock::new(World::new);

pub struct World {
    /// Seconds since 1970 UTC.
    pub now: i64,
    pub issuer: SigningKey,
    pub holder: SigningKey,
    /// Signs packs.
    pub authority: SigningKey,
    /// One per level, in the order of [`Disclosure::ALL`].
    pub copies: Vec<Vec<u8>>,
    pub staple: Staple,
    pub pack: Vec<u8>,
    pub desk_sign: String,
}

impl World {
    fn new() -> Self {
        let issued_on = Date::parse("2026-11-23").unwrap();
        let first_hour = hour_of(issued_on.starts_at()).unwrap();
        let now = issued_on.starts_at() + 700 * 3600 + 1234;
        let issuer = pki::counter_signer().signing_key();
        // Any fixed keys do.
        let (holder, authority) = (pki::dsc().signing_key(), pki::verifier_root().signing_key());
        let master = Secret::new([3; 32]);
        let anchor = derive_staple_anchor(&master, &CTI, first_hour, 720).unwrap();
        let person = people::adult().person();
        let x5t = Certificate::parse(pki::counter_signer().certificate()).unwrap().x5t();
        let copy = |disclosure| {
            let request = CopyRequest {
                document: Document::ResidentCard,
                person: &person,
                disclosure,
                holder: holder.public(),
                cti: CTI,
                status_index: 41_000_000,
                portrait_salt: [9; 16],
                staple: anchor,
                issued_on,
                expires_on: issued_on.plus_days(30).unwrap(),
                today: issued_on,
            };
            issue_copy(&request, x5t, &|message| issuer.sign(message)).unwrap()
        };
        let copies = Disclosure::ALL.into_iter().map(copy).collect();
        let content = PackContent {
            sequence: 5,
            made_at: now - 3600,
            expires_at: now + 86_400,
            issuers: vec![pki::counter_signer().certificate().to_vec()],
            anchors: vec![pki::issuer_root().certificate().to_vec()],
            status: Some(StatusSet { as_of: now - 3600, deactivated: vec![5, 17, 70_000] }),
            policy: Policy {
                accept_general_audience: vec![Disclosure::NameAndBirth],
                outage_until: Some(now - 7200),
                ..Policy::default()
            },
        };
        let pack = issue_pack(&content, &|message| authority.sign(message)).unwrap();
        let request = DeskSignRequest {
            id: &DeskId::parse(DESK).unwrap(),
            name_ko: "가상은행 1번 창구",
            name_en: "Bank of Nowhere, desk 1",
            cnonce: Some([4; 8]),
            expires_at: now + 600,
        };
        let desk_key = pki::desk().signing_key();
        let desk_sign =
            issue_desk_sign(&request, pki::desk().certificate(), &|message| desk_key.sign(message)).unwrap();
        let staple = staple_for(&master, &CTI, &anchor, first_hour + 700).unwrap();
        Self { now, issuer, holder, authority, copies, staple, pack, desk_sign }
    }

    /// A counter that has seen nothing yet.
    pub fn counter(&self) -> Counter {
        let pack = CounterPack::verify(&self.pack, self.authority.public()).unwrap();
        let settings = DeskSettings { desk_id: Some(DESK.into()), ..DeskSettings::default() };
        Counter::new(pack, settings, self.now).unwrap()
    }

    /// What a show needs; the copy need not be a good one.
    pub fn plan<'a>(&self, copy: &'a [u8]) -> ShowPlan<'a> {
        let audience = Audience::Desk { id: DeskId::parse(DESK).unwrap(), cnonce: None };
        ShowPlan { copy, staple: self.staple, audience, now: self.now, entropy: Secret::new([5; 24]) }
    }

    /// The first frame of a show of a copy of ours.
    pub fn frame(&self, copy: &[u8]) -> String {
        let waiting = Show::begin(self.plan(copy)).unwrap();
        let signature = self.holder.sign(&waiting.request().message).unwrap();
        waiting.handle(&signature).unwrap().frame(self.now).unwrap().text
    }
}

/// A COSE_Sign1 under `template`'s protected header with another payload, rightly signed: gets hostile content past the
/// signature, as a faulty or bribed signer would.
pub fn signed_like(template: &[u8], payload: &[u8], key: &SigningKey) -> Vec<u8> {
    let protected = Sign1::parse(template).unwrap().protected;
    let signature = key.sign(&sig_structure(protected, payload)).unwrap();
    encode_sign1(protected, payload, &signature)
}
