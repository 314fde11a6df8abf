//! Certificates and a photo ID.

use std::sync::LazyLock;

use fixtures::{people, pki};
use wallet_core::{
    card::Date,
    cbor::{MapWriter, Reader, Writer},
    cose::sig_structure,
    crypto::sign::PublicKey,
    mdoc::issue::{PhotoIdRequest, issue_photo_id},
    openid::sd_jwt::{
        StatusEntry,
        issue::{SdJwtRequest, issue},
    },
    trust::{Anchors, Certificate},
};

/// Seconds since 1970 UTC, within the life of all fixtures.
pub const NOW: i64 = 1_795_570_000;

/// Every authority of the fixtures that is trusted.
pub static ANCHORS: LazyLock<Anchors> = LazyLock::new(|| {
    let roots = [pki::csca(), pki::issuer_root(), pki::verifier_root()];
    Anchors::new(roots.map(|root| Certificate::parse(root.certificate()).unwrap()).into())
});

/// Every certificate of the fixtures.
pub fn certificates() -> Vec<Vec<u8>> {
    [
        pki::csca(),
        pki::dsc(),
        pki::dsc_rsa(),
        pki::dsc_expired(),
        pki::rogue_csca(),
        pki::rogue_dsc(),
        pki::issuer_root(),
        pki::mdoc_signer(),
        pki::counter_signer(),
        pki::rogue_counter_signer(),
        pki::verifier_root(),
        pki::desk(),
        pki::other_desk(),
    ]
    .map(|identity| identity.certificate().to_vec())
    .into()
}

/// Lists of the chips' authority: one that names nobody, one that names two signers.
pub fn revocation_lists() -> [Vec<u8>; 2] {
    let taken_back = [pki::dsc_rsa(), pki::dsc_expired()];
    [&[][..], &taken_back].map(|revoked| pki::revocation_list(pki::csca(), revoked, 2040))
}

/// The chips' authority, as another state vouches for it.
pub fn master_list() -> Vec<u8> {
    pki::master_list(&[pki::csca(), pki::issuer_root()])
}

/// The key the photo ID is bound to.
pub fn device_key() -> PublicKey {
    *pki::desk().signing_key().public()
}

/// Type of [`sd_jwt`].
pub const SD_JWT_VCT: &str = "kr.example.walletcore.resident_card.1";

/// An SD-JWT VC, made once in a run.
pub fn sd_jwt() -> String {
    static MADE: LazyLock<String> = LazyLock::new(|| {
        let signer = pki::mdoc_signer();
        let request = SdJwtRequest {
            vct: SD_JWT_VCT,
            issuer: "https://issuer.example",
            holder: &device_key(),
            issued_at: NOW - 1000,
            expires_at: NOW + 1000,
            status: Some(StatusEntry { uri: "https://issuer.example/status/1".to_owned(), index: 9 }),
            claims: vec![
                ("name".to_owned(), "홍길동".into()),
                ("adult_by_year".to_owned(), true.into()),
                ("address".to_owned(), serde_json::json!({ "city": "서울", "lines": [1, 2] })),
            ],
            chain: &[signer.certificate().to_vec()],
        };
        issue(&request, &|bytes| signer.signing_key().sign(bytes)).unwrap()
    });
    MADE.clone()
}

/// A photo ID; its salts are random.
pub fn photo_id() -> Vec<u8> {
    let today = Date::in_korea_at(NOW).unwrap();
    let day = |days| today.plus_days(days).unwrap();
    let request = PhotoIdRequest {
        person: &people::adult().person(),
        nationality: Some("KR"),
        device_key: &device_key(),
        valid_from: day(0),
        valid_until: day(60),
        expiry: day(1000),
        status: None,
        chain: &[pki::mdoc_signer().certificate().to_vec()],
    };
    let key = pki::mdoc_signer().signing_key();
    issue_photo_id(&request, &|message| key.sign(message)).unwrap()
}

/// `IssuerSigned` taken apart: name spaces, and protected header, unprotected header and payload of `issuerAuth`.
pub struct Parts<'a> {
    pub name_spaces: &'a [u8],
    pub protected: &'a [u8],
    pub unprotected: &'a [u8],
    /// Untagged.
    pub security_object: &'a [u8],
}

impl<'a> Parts<'a> {
    pub fn of(document: &'a [u8]) -> Self {
        let (mut reader, mut name_spaces, mut auth) = (Reader::new(document), None, None);
        for _ in 0..reader.map().unwrap() {
            match reader.text().unwrap() {
                "nameSpaces" => name_spaces = reader.raw().ok(),
                _ => auth = reader.raw().ok(),
            }
        }
        let mut reader = Reader::new(auth.unwrap());
        reader.array_exactly(4).unwrap();
        let (protected, unprotected) = (reader.bytes().unwrap(), reader.raw().unwrap());
        let mut payload = Reader::new(reader.bytes().unwrap());
        payload.tag(24).unwrap();
        let security_object = payload.bytes().unwrap();
        Self { name_spaces: name_spaces.unwrap(), protected, unprotected, security_object }
    }
}

/// The document with another security object, rightly signed.
pub fn with_security_object(document: &[u8], object: &[u8]) -> Vec<u8> {
    let parts = Parts::of(document);
    let mut payload = Writer::new();
    payload.tag(24).bytes(object);
    let payload = payload.finish();
    let key = pki::mdoc_signer().signing_key();
    let signature = key.sign(&sig_structure(parts.protected, &payload)).unwrap();
    let mut auth = Writer::new();
    auth.array(4).bytes(parts.protected).raw(parts.unprotected).bytes(&payload).bytes(&signature);
    MapWriter::new()
        .entry_text("nameSpaces", |w| w.raw(parts.name_spaces))
        .entry_text("issuerAuth", |w| w.raw(&auth.finish()))
        .finish()
}
