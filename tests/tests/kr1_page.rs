//! The worked example and the sizes in docs/formats/kr1.md are what the code makes, byte for byte. `BLESS=1` writes
//! them anew (the signatures differ each time, ECDSA being random).

use std::{cell::RefCell, collections::BTreeMap, path::PathBuf};

use fixtures::pki;
use wallet_core::{
    bytes::Secret,
    card::{Date, Disclosure, Person, RegistrationNumber},
    counter::{
        Audience, DeskId, Document, Show, ShowPlan, Staple, StapleAnchor, UnverifiedDeskSign,
        derive_portrait_digest, hour_of,
        issue::{
            CopyRequest, DeskSignRequest, derive_staple_anchor, issue_copy, issue_desk_sign, staple_for,
        },
        pack::issue::issue_pack,
    },
    crypto::sign::{BadSignature, Signature, SigningKey},
    qr::{QrCode, base45},
    trust::{Anchors, Certificate},
    verify::{Claims, Counter, CounterPack, DeskSettings, PackContent, Policy, StatusSet},
};

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/formats/kr1.md")
}

fn blessing() -> bool {
    std::env::var("BLESS").as_deref() == Ok("1")
}

/// The fenced blocks of the page whose info string is `example NAME`, lines joined.
fn blocks(page: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut parts = page.split("```example ").skip(1);
    while let Some((name, rest)) = parts.next().and_then(|part| part.split_once('\n')) {
        let content = rest.split("```").next().unwrap();
        found.insert(name.to_owned(), content.lines().collect::<String>());
    }
    found
}

fn with_block(page: &str, name: &str, content: &str) -> String {
    let opening = format!("```example {name}\n");
    let (before, rest) = page.split_once(&opening).unwrap_or_else(|| panic!("no block {name}"));
    let (_, after) = rest.split_once("```").unwrap();
    // Base45 has spaces, which the end of a line would hide.
    let width = if name == "text" { content.len() } else { 100 };
    let characters: Vec<char> = content.chars().collect();
    let lines: String = characters.chunks(width).map(|line| line.iter().collect::<String>() + "\n").collect();
    format!("{before}{opening}{lines}```{after}")
}

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

const ISSUED_ON: &str = "2026-11-23";
const NOW: i64 = 1_795_570_000;

/// The values the page gives as text.
struct Example {
    page: String,
    blocks: BTreeMap<String, String>,
}

impl Example {
    fn read() -> Self {
        let page = std::fs::read_to_string(path()).unwrap();
        let blocks = blocks(&page);
        Self { page, blocks }
    }

    fn hex(&self, name: &str) -> Vec<u8> {
        hex::decode(&self.blocks[name]).unwrap_or_else(|_| panic!("block {name} is not hex"))
    }

    fn key(&self, name: &str) -> SigningKey {
        SigningKey::from_pkcs8(&self.hex(name)).unwrap()
    }

    /// Signs anew when blessing; else gives the signature at the end of the page's block.
    fn signer<'a>(
        &'a self,
        key: &'a SigningKey,
        block: &'a str,
    ) -> impl Fn(&[u8]) -> Result<Signature, BadSignature> + 'a {
        move |message| {
            if blessing() {
                return key.sign(message);
            }
            let bytes = self.hex(block);
            Ok(bytes.last_chunk::<64>().copied().unwrap())
        }
    }
}

/// Compares with the page, or collects what the page is to say.
struct Page {
    example: Example,
    written: RefCell<Vec<(&'static str, String)>>,
}

impl Page {
    fn says(&self, name: &'static str, value: &str) {
        if blessing() {
            self.written.borrow_mut().push((name, value.to_owned()));
        } else {
            assert_eq!(self.example.blocks[name], value, "block {name}");
        }
    }

    fn finish(self) {
        if blessing() {
            let written = self.written.into_inner();
            let page =
                written.iter().fold(self.example.page, |page, (name, value)| with_block(&page, name, value));
            std::fs::write(path(), page).unwrap();
        }
    }
}

fn person(name: &str, address: &str, authority: &str) -> Person {
    let number = RegistrationNumber::parse("900314-2000000").unwrap();
    let portrait = b"an image".to_vec();
    Person::new(
        name,
        "HONG GILDONG",
        day("1990-03-14"),
        number,
        address,
        day("2020-05-01"),
        authority,
        portrait,
    )
}

#[test]
fn the_worked_example_is_what_the_code_makes() {
    let page = Page { example: Example::read(), written: RefCell::default() };
    let example = &page.example;
    let (issuer, desk) = (pki::counter_signer(), pki::desk());
    page.says("issuer-key", &hex::encode(issuer.key().pkcs8()));
    page.says("issuer-certificate", &hex::encode(issuer.certificate()));
    let certificate = Certificate::parse(issuer.certificate()).unwrap();
    page.says("issuer-x5t", &hex::encode(certificate.x5t()));
    let (issuer_key, desk_key) = (issuer.signing_key(), desk.signing_key());
    let (holder, authority) = (example.key("holder-key"), example.key("authority-key"));
    let master = Secret::from_slice(&example.hex("staple-master")).unwrap();
    let cti: [u8; 8] = example.hex("cti").try_into().unwrap();
    let portrait_salt: [u8; 16] = example.hex("portrait-salt").try_into().unwrap();
    let entropy = Secret::from_slice(&example.hex("show-entropy")).unwrap();
    let cnonce: [u8; 8] = example.hex("cnonce").try_into().unwrap();

    let citizen = person("홍길동", "서울특별시 종로구 세종대로 209", "서울특별시 종로구청장");
    page.says("portrait-digest", &hex::encode(derive_portrait_digest(&portrait_salt, b"an image")));
    let first_hour = hour_of(day(ISSUED_ON).starts_at()).unwrap();
    let anchor = derive_staple_anchor(&master, &cti, first_hour, 720).unwrap();
    page.says("staple-anchor", &format!("{}{}", hex::encode(anchor.y), hex::encode(anchor.salt)));
    let staple = staple_for(&master, &cti, &anchor, hour_of(NOW).unwrap()).unwrap();
    page.says("staple", &hex::encode(staple.preimage));
    let request = CopyRequest {
        document: Document::ResidentCard,
        person: &citizen,
        disclosure: Disclosure::NameAndBirth,
        holder: holder.public(),
        cti,
        status_index: 12_345_678,
        portrait_salt,
        staple: anchor,
        issued_on: day(ISSUED_ON),
        expires_on: day("2026-12-23"),
        today: day(ISSUED_ON),
    };
    let copy = issue_copy(&request, certificate.x5t(), &example.signer(&issuer_key, "copy")).unwrap();
    page.says("copy", &hex::encode(&copy));

    let sign = DeskSignRequest {
        id: &DeskId::parse("desk-1").unwrap(),
        name_ko: "새봄마트 계산대",
        name_en: "Saebom Mart checkout",
        cnonce: Some(cnonce),
        expires_at: NOW + 60,
    };
    let sign = issue_desk_sign(&sign, desk.certificate(), &example.signer(&desk_key, "desk-sign")).unwrap();
    page.says("desk-sign", &hex::encode(base45::decode(sign.strip_prefix("KD1:").unwrap()).unwrap()));
    let anchors = Anchors::new(vec![Certificate::parse(pki::verifier_root().certificate()).unwrap()]);
    let desk = UnverifiedDeskSign::parse(&sign).unwrap().verify(&anchors, NOW).unwrap();
    assert_eq!(desk.name_en(), "Saebom Mart checkout");

    let plan = ShowPlan { copy: &copy, staple, audience: desk.audience(), now: NOW, entropy };
    let waiting = Show::begin(plan).unwrap();
    page.says("token-to-be-signed", &hex::encode(waiting.request().message));
    let signature = example.signer(&holder, "token-signature")(&waiting.request().message).unwrap();
    page.says("token-signature", &hex::encode(signature));
    let frame = waiting.handle(&signature).unwrap().frame(NOW + 50).unwrap();
    page.says("frame", &hex::encode(base45::decode(frame.text.strip_prefix("KR1:").unwrap()).unwrap()));
    page.says("text", &frame.text);

    let content = PackContent {
        sequence: 7,
        made_at: NOW - 600,
        expires_at: NOW + 86_400,
        issuers: vec![issuer.certificate().to_vec()],
        anchors: vec![pki::issuer_root().certificate().to_vec()],
        status: Some(StatusSet { as_of: NOW - 700, deactivated: vec![5, 70_000] }),
        policy: Policy::default(),
    };
    let pack = issue_pack(&content, &example.signer(&authority, "pack")).unwrap();
    page.says("pack", &hex::encode(&pack));
    let pack = CounterPack::verify(&pack, authority.public()).unwrap();
    let settings = DeskSettings { desk_id: Some("desk-1".into()), ..DeskSettings::default() };
    let counter = Counter::new(pack, settings, NOW).unwrap();
    counter.expect_nonce(cnonce.to_vec(), 0).unwrap();
    let verdict = counter.check(&frame.text, NOW + 50, 50);
    assert_eq!(verdict.reason(), None);
    let claims = Claims::NameAndBirth { name: "홍길동".into(), birth_date: day("1990-03-14") };
    assert_eq!(verdict.shown.unwrap().claims, claims);
    page.finish();
}

/// Characters and version of a code of this person, level and audience.
fn size(person: &Person, disclosure: Disclosure, audience: Audience) -> (usize, usize, u32) {
    let ((issuer, _), (holder, _)) = (SigningKey::make().unwrap(), SigningKey::make().unwrap());
    let issued_on = day(ISSUED_ON);
    let first_hour = hour_of(issued_on.starts_at()).unwrap();
    let (master, cti) = (Secret::new([1; 32]), [2; 8]);
    let anchor: StapleAnchor = derive_staple_anchor(&master, &cti, first_hour, 720).unwrap();
    let request = CopyRequest {
        document: Document::ResidentCard,
        person,
        disclosure,
        holder: holder.public(),
        cti,
        status_index: (1 << 26) - 1,
        portrait_salt: [3; 16],
        staple: anchor,
        issued_on,
        expires_on: issued_on.plus_days(30).unwrap(),
        today: issued_on,
    };
    let copy = issue_copy(&request, [4; 8], &|m| issuer.sign(m)).unwrap();
    let staple: Staple = staple_for(&master, &cti, &anchor, first_hour + 700).unwrap();
    let now = issued_on.starts_at() + 700 * 3600;
    let plan = ShowPlan { copy: &copy, staple, audience, now, entropy: Secret::new([5; 24]) };
    let waiting = Show::begin(plan).unwrap();
    let signature = holder.sign(&waiting.request().message).unwrap();
    let text = waiting.handle(&signature).unwrap().frame(now + 179).unwrap().text;
    let bytes = base45::decode(text.strip_prefix("KR1:").unwrap()).unwrap().len();
    (bytes, text.len(), QrCode::encode(&text).unwrap().version)
}

#[test]
fn the_sizes_on_the_page_are_measured_and_in_budget() {
    let usual =
        person("홍길동", "서울특별시 종로구 세종대로 209, 101동 1203호 (세종로)", "서울특별시 종로구청장");
    let longest = person(
        "남궁민서윤",
        "충청북도 청주시 흥덕구 오송읍 오송생명로 203, 107동 1204호 (오송읍, 오송역현대힐스테이트아파트)",
        "충청북도 청주시 흥덕구청장",
    );
    let desk = || Audience::Desk { id: DeskId::parse("twelve-chars").unwrap(), cnonce: Some([6; 8]) };
    let mut rows = String::new();
    for disclosure in Disclosure::ALL {
        let measured = [
            size(&usual, disclosure, Audience::General),
            size(&usual, disclosure, desk()),
            size(&longest, disclosure, desk()),
        ];
        let (most, version) = if disclosure == Disclosure::AdultOnly { (656, 16) } else { (900, 19) };
        assert!(measured.iter().all(|(_, characters, v)| *characters <= most && *v <= version));
        let cells =
            measured.map(|(bytes, characters, version)| format!("{bytes} · {characters} · {version}"));
        rows += &format!("| `{}` | {} |\n", disclosure.name(), cells.join(" | "));
    }
    let page = std::fs::read_to_string(path()).unwrap();
    let (opening, closing) = ("|---|---|---|---|\n", "\n<!-- end of sizes -->");
    let (before, rest) = page.split_once(opening).unwrap();
    let (table, after) = rest.split_once(closing).unwrap();
    if blessing() {
        std::fs::write(path(), format!("{before}{opening}{rows}{closing}{after}")).unwrap();
    } else {
        assert_eq!(table, rows);
    }
}
