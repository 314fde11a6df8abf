//! Writes the seed corpus of every target, from fixtures, below the folder given (`fuzz/corpus` of ci/fuzz).

use std::{collections::BTreeMap, fs, path::PathBuf};

use fixtures::{
    chip::{ActiveAuthentication, Cipher, Curve, VirtualCard},
    people,
    pki::{self, DocumentSigner},
};
use fuzz::{
    chip::{FILES, Kind, LONG, Recording, SHORT, card},
    counter::WORLD,
    documents::{Parts, certificates, device_key, master_list, photo_id, revocation_lists, sd_jwt},
};
use serde::Serialize;
use wallet_core::{
    card::Refusal,
    cbor::Reader,
    cose::Sign1,
    counter::UnverifiedDeskSign,
    crypto::{
        aes::{AesKey, KeyLength, Purpose, pad},
        channel::{ChannelKey, Cipher as ChannelCipher},
        hash::sha256,
    },
    jose::{Blob, Fixed, Jwk, SigningInput, encode},
    openid::{CardEvidence, ChallengeResponse, KeysClaims, WalletClaims},
    platform::{AttestationMessage, ChipMessage, ChipProof, FaceMessage, GroupMessage},
    qr::{QrCode, base45},
    status::{
        Refused, StapleMessage, StaplesRequest, StaplesResponse, Status, StatusList,
        commands::{
            CommandOp, CommandReason, CommandsResponse, StandingMessage,
            issue::{CommandRequest, issue_command},
        },
        issue::Terms,
    },
    tlv,
};

struct Seeds {
    folder: PathBuf,
    made: BTreeMap<&'static str, usize>,
}

impl Seeds {
    fn add(&mut self, target: &'static str, seed: &[u8]) {
        let folder = self.folder.join(target);
        let number = self.made.entry(target).or_insert(0);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("seed-{number:02}")), seed).unwrap();
        *number += 1;
    }

    fn add_with(&mut self, target: &'static str, mode: u8, seed: &[u8]) {
        self.add(target, &[&[mode], seed].concat());
    }
}

fn main() {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("fuzz/corpus"), PathBuf::from);
    let mut seeds = Seeds { folder, made: BTreeMap::new() };
    card_files(&mut seeds);
    rare_files(&mut seeds);
    chip(&mut seeds);
    documents(&mut seeds);
    counter(&mut seeds);
    issuing(&mut seeds);
    openid(&mut seeds);
    status(&mut seeds);
    sd_jwts(&mut seeds);
    attestations(&mut seeds);
    desk(&mut seeds);
    for (target, number) in seeds.made {
        println!("{target}: {number} seeds");
    }
}

/// Requests to the desk by route, by who asks and how (fuzz/targets/desk_http.rs); edits of a wallet's requests; pictures.
fn desk(seeds: &mut Seeds) {
    use fuzz::desk::{BEARER, JSON, OWN_PATH, PARTS, POST, ROUTES, SIGNED, WITH_TOKEN};
    let mut add = |route: &str, who: u8, flags: u8, head: &str, body: &[u8]| {
        let place = ROUTES.iter().position(|known| *known == route).unwrap();
        let start = [u8::try_from(place).unwrap(), who, flags];
        seeds.add("desk_http", &[&start[..], head.as_bytes(), &[0xff], body].concat());
    };
    // Every route, as whoever it is for, and as nobody.
    for route in ROUTES {
        let who = match route.split('/').nth(1) {
            Some("clerk" | "password") if route.contains("visits") => 2,
            Some("clerk" | "password") => 1,
            Some("operator") => 3,
            Some("counter") => 4,
            Some("admin") => 5,
            Some("portal" | "openid") => 6,
            _ => 0,
        };
        add(route, who, WITH_TOKEN, "", b"");
        add(
            route,
            who,
            POST | WITH_TOKEN,
            "",
            b"seen=yes&sure=yes&reason=lost&answer=approve&document=resident_card",
        );
    }
    let form = POST | WITH_TOKEN;
    add("/clerk/find", 1, form, "", b"number=900314-2000000");
    add("/clerk/find", 1, form, "", b"number=+9003142000000+&number=x");
    add("/clerk/people/{handle}/line", 1, form, "", b"line=010-0000-0001");
    let details = "name=%ED%99%8D&name_latin=HONG&address=%EC%84%B8%EC%A2%85&sure=yes";
    add("/clerk/people/{handle}/details", 1, form, "", details.as_bytes());
    add("/operator/find", 3, form, "", b"line=010-0000-0001");
    add("/counter/check", 4, form, "", format!("code={}", WORLD.frame(&WORLD.copies[0])).as_bytes());
    add("/counter/picture", 4, form | PARTS, "", &picture("KR1:"));
    add("/admin/accounts", 5, form, "", b"name=moon&role=clerk");
    add("/admin/trail", 5, 0, "before=9&who=kim", b"");
    add("/sign-in", 0, form, "", b"account=kim&password=secret");
    add(
        "/portal/sign-in",
        0,
        form,
        "",
        b"name=a&number=900314-2000000&request=urn:ietf:params:oauth:request_uri:x",
    );
    add(
        "/portal/open",
        0,
        0,
        "credential_offer_uri=http%3A%2F%2F127.0.0.1%3A8480%2Fopenid%2Fapplications%2Fx",
        b"",
    );
    add(
        "/openid/authorize",
        6,
        0,
        "client_id=kr.example.wallet&request_uri=urn:ietf:params:oauth:request_uri:x",
        b"",
    );
    add("/language/ko", 0, 0, "back=/clerk", b"");
    add("/desk-sign", 0, 0, "nonce=1", b"");
    add(
        "/",
        0,
        OWN_PATH,
        "/clerk/people/AAAA?x=%00\ncookie: desk-staff=x; a\naccept-language: ko;q=0.5, en",
        b"",
    );
    add("/", 0, 0, "\nx-forwarded-for: 1.2.3.4, ::1\naccept-language: fr, en;q=0.001", b"");
    add("/status/0", 0, 0, "\naccept: application/statuslist+cwt;q=1", b"");
    add("/telecom/suspend", 0, POST | JSON | BEARER, "", br#"{"line":"010-0000-0001","reason":"lost"}"#);
    add("/telecom/resume", 0, POST | JSON | BEARER, "", br#"{"line":"010-0000-0001","reason":"found"}"#);
    let key = encode(device_key().as_sec1());
    let asked = format!(r#"{{"instance_key":"{key}","made_at":{},"copies":["AQEBAQEBAQE"]}}"#, WORLD.now);
    add("/staples", 0, POST | JSON | SIGNED, "", asked.as_bytes());
    let asked = format!(r#"{{"instance_key":"{key}","obeyed":0,"wait":0}}"#);
    add("/commands", 0, POST | JSON | SIGNED, "", asked.as_bytes());
    add(
        "/give-up",
        0,
        POST | JSON | SIGNED,
        "",
        format!(r#"{{"instance_key":"{key}","made_at":{}}}"#, WORLD.now).as_bytes(),
    );
    for path in ["/openid/token", "/openid/par", "/openid/challenge"] {
        let grant = b"grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code&pre-authorized_code=x&tx_code=1&client_id=kr.example.wallet";
        add(path, 0, POST, "\ndpop: e30.e30.AAAA\noauth-client-attestation: e30.e30.AAAA", grant);
    }
    for path in ["/openid/credential", "/openid/deferred", "/openid/notification", "/openid/nonce"] {
        let body = br#"{"credential_configuration_id":"resident_card.mdoc","proofs":{"attestation":["e30.e30.AAAA"]},"transaction_id":"t","notification_id":"n","event":"credential_accepted"}"#;
        add(path, 0, POST | JSON, "\nauthorization: DPoP t\ndpop: e30.e30.AAAA", body);
    }
    for path in [
        "/wallet-provider/challenge",
        "/wallet-provider/wallet-attestation",
        "/wallet-provider/key-attestation",
    ] {
        add(path, 0, POST | JSON, "", b"e30.e30.AAAA");
    }
    for at in 0..40 {
        for kind in 0..3 {
            seeds.add("desk_wallet", &[at, kind, 0, 0, 20, 1]);
            seeds.add("desk_wallet", &[at, kind, 1, 0, 20, b'"', 2, 0, 30, 0]);
        }
    }
    seeds.add("pictures", &picture("KR1:"));
    seeds.add("pictures", &picture(&WORLD.frame(&WORLD.copies[0])));
    seeds.add("pictures", &people::adult().portrait());
}

/// A PNG with a code.
fn picture(text: &str) -> Vec<u8> {
    let image = QrCode::encode(text).unwrap().to_grey(3);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.side, image.side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&image.pixels).unwrap();
    bytes
}

fn attestations(seeds: &mut Seeds) {
    use fixtures::platform::{
        app_attest::{AppAttestKey, Attested, TestApple},
        attestation::key_description,
    };
    use wallet_core::platform::UserAuthentication;
    seeds.add_with("attestation", 0, &key_description(UserAuthentication::EachUse, b"challenge"));
    let list = br#"{"entries":{"cc66e9a9":{"status":"SUSPENDED"},"256":{"status":"REVOKED"}}}"#;
    seeds.add_with("attestation", 1, list);
    let key = AppAttestKey::make();
    let object = TestApple::new().attest(&key, &Attested::genuine("TEAM.app", [7; 32]));
    seeds.add_with("attestation", 2, &object);
    let assertion = key.assert("TEAM.app", &[7; 32], 1);
    seeds.add_with("attestation", 3, &assertion);
    let message = AttestationMessage::AppAttest {
        key_id: Blob(key.id().to_vec()),
        object: Blob(object),
        assertion: Blob(assertion),
    };
    seeds.add_with("attestation", 4, &serde_json::to_vec(&message).unwrap());
}

fn sd_jwts(seeds: &mut Seeds) {
    let text = sd_jwt();
    seeds.add_with("sd_jwt", 0, text.as_bytes());
    let mut parts: Vec<&str> = text.split('~').collect();
    parts.remove(1);
    seeds.add_with("sd_jwt", 0, parts.join("~").as_bytes());
    let claim = encode(br#"["salt","street","A"]"#);
    let element = encode(br#"["salt",{"deep":[1]}]"#);
    let digest = |text: &str| encode(&sha256(text.as_bytes()));
    let payload = format!(
        r#"{{"_sd_alg":"sha-256","_sd":["{}"],"list":[{{"...":"{}"}},2],"_sd_":{{"_sd":["decoy"]}}}}"#,
        digest(&claim),
        digest(&element)
    );
    seeds.add_with("sd_jwt", 1, [payload.as_str(), &claim, &element].join("~").as_bytes());
}

fn card_files(seeds: &mut Seeds) {
    let rsa = VirtualCard::of(&people::minor())
        .active_authentication(ActiveAuthentication::Rsa1024)
        .pace(Cipher::Aes256, Curve::BrainpoolP256r1)
        .signed_by(DocumentSigner::RsaPss)
        .build();
    let pkcs1 = VirtualCard::of(&people::foreign_resident()).signed_by(DocumentSigner::RsaPkcs1).build();
    for card in [card(), rsa, pkcs1] {
        let offered = card.file(0x011C).unwrap();
        seeds.add_with("card_files", 0, offered);
        let length = u16::try_from(offered.len()).unwrap().to_be_bytes();
        let signed = card.groups().get(&14).map_or(&[][..], |file| &file[2..]).to_vec();
        seeds.add_with("access", 0, &[&length[..], offered, &signed].concat());
        for (number, file) in card.groups() {
            seeds.add_with("card_files", number, &file);
            if number != 2 {
                seeds.add("tlv", &file);
            }
        }
        seeds.add_with("card_files", 30, card.file(0x011E).unwrap());
        let sod = card.file(0x011D).unwrap();
        seeds.add("security_object", sod);
        seeds.add("tlv", sod);
    }
}

/// Files that the invented card does not have, in their shortest whole form.
fn rare_files(seeds: &mut Seeds) {
    let jpeg = [0xFF, 0xD8, 0xFF, 0xE0, 0];
    seeds.add_with("card_files", 7, &tlv::write_all(0x67, &[&[2, 1, 1], &tlv::write(0x5F43, &jpeg)]));
    seeds.add_with("card_files", 13, &tlv::write(0x6D, b"anything"));
    let person = [tlv::write(0x5F51, b"A<<B"), tlv::write(0x5F52, b"1"), tlv::write(0x5F50, b"20200102")];
    seeds.add_with(
        "card_files",
        16,
        &tlv::write_all(0x70, &[&[2, 1, 1], &tlv::write(0xA1, &person.concat())]),
    );
    let names = [&[2, 1, 1][..], &tlv::write(0x5F0F, b"C<D")].concat();
    let details = [tlv::write(0xA0, &names), tlv::write(0x5F11, b"SEOUL")].concat();
    seeds.add_with("card_files", 11, &tlv::write(0x6B, &details));
    let sides = [tlv::write(0x5F1B, b"NONE"), tlv::write(0x5F1D, &jpeg)].concat();
    seeds.add_with("card_files", 12, &tlv::write(0x6C, &sides));
    // A face by ISO/IEC 39794-5.
    let image = tlv::write(0xA0, &tlv::write(0xA0, &tlv::write(0x80, &jpeg)));
    let representation = tlv::write_all(0x30, &[&[0x80, 1, 1], &tlv::write(0xA1, &image)]);
    let block = tlv::write_all(0x65, &[&tlv::write(0xA0, &[0x80, 1, 3]), &tlv::write(0xA1, &representation)]);
    let template = tlv::write(0x7F60, &tlv::write(0x7F2E, &tlv::write(0xA1, &block)));
    let group = tlv::write_all(0x7F61, &[&[2, 1, 1], &template]);
    seeds.add_with("card_files", 2, &tlv::write(0x75, &group));
}

fn chip(seeds: &mut Seeds) {
    let key = |purpose| AesKey::derive(b"a shared secret", purpose, KeyLength::Aes128);
    let counter = 2_u128.to_be_bytes();
    let iv = key(Purpose::Encryption).encrypt_block(&counter).unwrap();
    let cipher =
        key(Purpose::Encryption).encrypt_cbc(&iv, &pad(b"sixteen bytes and more of a file")).unwrap();
    let status = tlv::write(0x99, &[0x90, 0]);
    let objects = [tlv::write_all(0x87, &[&[1], &cipher]), status.clone()].concat();
    let mac = key(Purpose::Authentication).cmac(&[&counter, &pad(&objects)]).unwrap();
    let whole = [objects.as_slice(), &tlv::write(0x8E, &mac[..8]), &[0x90, 0]].concat();
    seeds.add_with("secure_messaging", 0, &whole);
    seeds.add_with("secure_messaging", 1, &[objects.as_slice(), &[0x90, 0]].concat());
    seeds.add_with("secure_messaging", 1, &[status.as_slice(), &[0x90, 0]].concat());
    seeds.add_with("secure_messaging", 1, &[tlv::write(0x85, &cipher), status, vec![0x90, 0]].concat());
    seeds.add_with("secure_messaging", 0, &[0, 0xB0, 0x81, 0, 0, 1, 0]);
    // Under 3DES.
    let des = ChannelCipher::TripleDes;
    let key = |purpose| ChannelKey::derive(b"a shared secret", purpose, des);
    let cipher =
        key(Purpose::Encryption).encrypt_cbc(&[0; 8], &des.pad(b"sixteen bytes and more of a file")).unwrap();
    let objects = [tlv::write_all(0x87, &[&[1], &cipher]), tlv::write(0x99, &[0x90, 0])].concat();
    let mac = key(Purpose::Authentication).mac(&[&counter[8..], &des.pad(&objects)]).unwrap();
    let whole = [objects.as_slice(), &tlv::write(0x8E, &mac), &[0x90, 0]].concat();
    seeds.add_with("secure_messaging", 2, &whole);
    seeds.add_with("secure_messaging", 3, &[objects.as_slice(), &[0x90, 0]].concat());

    for (kind, which) in (0..).zip(Kind::ALL) {
        for (link, limits) in [(0, LONG), (1, SHORT)] {
            for lost in [255, 3, 14] {
                let recorded = Recording::of(which, limits, (lost < 40).then_some(usize::from(lost)));
                if let Some(file) = &recorded.data.card_security {
                    seeds.add_with("access", 1, file);
                }
                let steps = u8::try_from(recorded.responses.len()).unwrap_or(u8::MAX).min(32);
                for step in 0..steps {
                    let response = &recorded.responses[usize::from(step)];
                    seeds.add("reading", &[link, kind, lost, step, 0, 0, 3, 1]);
                    if step < 16 {
                        seeds.add("access", &[kind << 2 | 2 | link & 1, step, 0, 0, 3, 1]);
                    }
                    let length = u16::try_from(response.len()).unwrap().to_be_bytes();
                    seeds.add(
                        "reading",
                        &[&[link | 2, kind, lost, step], length.as_slice(), response].concat(),
                    );
                }
                // Refusals, bare and at each step: the paths by which a reading steps down.
                for step in [0, 7, 9, 12] {
                    let refusals = [0, 2, 0x67, 0, 0, 2, 0x6A, 0x82, 0, 2, 0x90, 0];
                    seeds.add("reading", &[&[link | 2, kind, lost, step], refusals.as_slice()].concat());
                }
            }
            for (number, id) in (0..).zip(FILES) {
                let Some(file) = which.card().file(id).map(<[u8]>::to_vec) else { continue };
                // The photo is long; its header is what is lied about.
                let most = if link == 0 { 600 } else { 300 };
                seeds.add(
                    "reading",
                    &[&[4 | link, kind, 255, number], &file[..file.len().min(most)]].concat(),
                );
            }
        }
    }
}

fn documents(seeds: &mut Seeds) {
    for list in revocation_lists() {
        seeds.add("revocation_list", &list);
    }
    seeds.add("master_list", &master_list());
    seeds.add("master_list", &pki::link(pki::rogue_csca(), pki::csca()));
    for certificate in certificates() {
        seeds.add("certificate", &certificate);
        seeds.add("tlv", &certificate);
    }
    let document = photo_id();
    let object = Parts::of(&document).security_object;
    seeds.add_with("mdoc", 0, &document);
    seeds.add_with("mdoc", 1, object);
    seeds.add("cbor", &document);
    seeds.add("cbor", object);
}

fn counter(seeds: &mut Seeds) {
    for copy in &WORLD.copies {
        let text = WORLD.frame(copy);
        let cbor = base45::decode(text.strip_prefix("KR1:").unwrap()).unwrap();
        seeds.add("kr1_text", text.as_bytes());
        seeds.add("kr1_text", &cbor);
        seeds.add("cbor", &cbor);
        seeds.add_with("copy", 0, copy);
        seeds.add_with("copy", 1, Sign1::parse(copy).unwrap().payload);
        seeds.add("cbor", copy);
        let mut reader = Reader::new(&cbor);
        reader.array_exactly(4).unwrap();
        let token = Sign1::read(&mut reader).unwrap();
        seeds.add_with("kr1_frame", 1, token.payload);
    }
    seeds.add_with("kr1_frame", 0, &[0, 0, 9, 1]);
    seeds.add_with("kr1_frame", 0, &[1, 1, 9, 0, 2, 1, 9, 0]);

    let sign = base45::decode(WORLD.desk_sign.strip_prefix("KD1:").unwrap()).unwrap();
    UnverifiedDeskSign::parse(&WORLD.desk_sign).unwrap();
    seeds.add_with("desk_sign", 0, WORLD.desk_sign.as_bytes());
    seeds.add_with("desk_sign", 0, &sign);
    seeds.add_with("desk_sign", 1, Sign1::parse(&sign).unwrap().payload);
    seeds.add_with("counter_pack", 0, &WORLD.pack);
    seeds.add_with("counter_pack", 1, Sign1::parse(&WORLD.pack).unwrap().payload);
    seeds.add("cbor", &sign);
    seeds.add("cbor", &WORLD.pack);
}

/// Answers of an issuer by how many good ones stand before them (fuzz/targets/openid.rs), and tokens.
fn openid(seeds: &mut Seeds) {
    let issuer = br#"{"credential_issuer":"https://a","credential_endpoint":"https://a/c","credential_configurations_supported":{"c":{"format":"mso_mdoc","doctype":"d","proof_types_supported":{"jwt":{"proof_signing_alg_values_supported":["ES256"]}}}}}"#;
    let server = br#"{"issuer":"https://a","token_endpoint":"https://a/t","dpop_signing_alg_values_supported":["ES256"]}"#;
    let credentials = br#"{"credentials":[{"credential":"x"}],"notification_id":"n"}"#;
    seeds.add_with("openid", 0, &[&issuer[..], server].join(&0xff));
    seeds.add_with("openid", 1, server);
    seeds.add_with("openid", 2, br#"{"access_token":"t","token_type":"DPoP","refresh_token":"r"}"#);
    seeds.add_with("openid", 3, br#"{"c_nonce":"n"}"#);
    seeds.add_with("openid", 4, &[&credentials[..], b""].join(&0xff));
    seeds.add_with(
        "openid",
        4,
        &[&b"\x02{\"transaction_id\":\"t\",\"interval\":5}"[..], credentials].join(&0xff),
    );
    seeds.add_with("openid", 4, b"\x01{\"error\":\"use_dpop_nonce\"}");
    seeds.add_with("openid", 5, b"openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fa%2Fo");
    let key = Jwk::new(device_key());
    let header = serde_json::json!({"alg": "ES256", "typ": "kb+jwt", "jwk": key, "x5c": ["MAA="]});
    let input = SigningInput::new(&header, &serde_json::json!({"aud": "a"})).unwrap();
    seeds.add("jose", input.signed(&[1; 64]).as_bytes());
    seeds.add("jose", serde_json::to_string(&key).unwrap().as_bytes());
    let header = serde_json::json!({"alg": "ECDH-ES", "enc": "A128GCM", "epk": key});
    let header = encode(header.to_string().as_bytes());
    seeds.add("jose", format!("{header}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA").as_bytes());
}

/// Lists by their number of bits, and tokens.
fn status(seeds: &mut Seeds) {
    let mut list = StatusList::all_valid(64).unwrap();
    list.set(5, Status::Suspended).unwrap();
    seeds.add_with("status", 2, &list.to_zlib());
    seeds.add_with("status", 1, &list.to_zlib());
    let terms = Terms { uri: "https://a/s", issued_at: 0, expires_at: 10, ttl: 5 };
    let sign = |_: &[u8]| Ok::<_, ()>([1; 64]);
    seeds.add("status", list.to_jwt(&terms, &[]).unwrap().signed(&[1; 64]).as_bytes());
    seeds.add("status", &list.to_cwt(&terms, &[], &sign).unwrap());
    seeds.add("commands", &list.to_cwt(&terms, &[vec![0x30, 0]], &sign).unwrap());
    let request = CommandRequest {
        audience: [7; 32],
        seq: 3,
        op: CommandOp::Lock,
        why: CommandReason::PhoneLost,
        issued_at: 1,
        expires_at: 2,
    };
    let certificate = pki::desk().certificate();
    let command = issue_command(&request, certificate, &sign).unwrap();
    seeds.add("commands", &command);
    let answer = CommandsResponse {
        commands: vec![Blob(command)],
        standing: Some(StandingMessage { state: "suspended".into(), reason: "phone_lost".into() }),
    };
    seeds.add("commands", &serde_json::to_vec(&answer).unwrap());
}

/// Messages of wallet provider and staples, by which they are.
fn issuing(seeds: &mut Seeds) {
    let key = Jwk::new(device_key());
    let attestation = AttestationMessage::Software { chains: vec![vec![Blob(vec![1; 40])]] };
    let staple = StapleMessage { hour: 498_000, preimage: Fixed([2; 16]) };
    let chip = ChipMessage {
        sod: Blob(vec![9; 40]),
        groups: vec![GroupMessage { number: 1, content: Blob(vec![1; 20]) }],
        proof: ChipProof::ActiveAuthentication(Blob(vec![2; 64])),
    };
    let face = FaceMessage { provider: "face".into(), signature: Fixed([3; 64]) };
    let aud = String::from("https://a");
    let wallet = WalletClaims {
        aud: aud.clone(),
        iat: 1,
        challenge: Fixed([4; 32]),
        attestation: Some(attestation.clone()),
    };
    let keys = KeysClaims { aud: aud.clone(), iat: 1, nonce: Some("n".into()), keys: vec![key], attestation };
    let evidence =
        CardEvidence { aud, iat: 1, auth_session: Fixed([1; 16]), chip, face, replaces_phone: false };
    let asked = StaplesRequest {
        instance_key: Fixed(*device_key().as_sec1()),
        made_at: WORLD.now,
        copies: vec![Blob(vec![1; 8])],
    };
    let staples = StaplesResponse { staples: vec![Some(staple), None] };
    let refused = Refused::because(Refusal::ALL[0]);
    let mut add = |which: u8, message: &[u8]| seeds.add_with("issuing", which, message);
    add(0, &json(&wallet));
    add(1, &json(&keys));
    add(2, &json(&evidence));
    add(3, &json(&asked));
    add(4, &json(&staples));
    add(5, &json(&refused));
    add(6, &json(&staples));
    add(7, &json(&ChallengeResponse { challenge: Fixed([4; 32]) }));
    add(100, &json(&refused));
}

fn json(message: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(message).unwrap()
}
