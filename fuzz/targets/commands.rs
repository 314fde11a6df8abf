//! Commands and answers of any bytes: nothing that no command key signed is obeyed, by whatever clock.
#![no_main]

use std::{collections::HashMap, sync::LazyLock};

use fixtures::pki;
use libfuzzer_sys::fuzz_target;
use wallet_core::{
    crypto::sign::PublicKey,
    platform::{HttpResponse, Url},
    status::{
        StatusForm, StatusToken,
        commands::{Poll, UnverifiedCommand},
    },
    trust::{Anchors, Certificate},
};

static PHONE: LazyLock<PublicKey> = LazyLock::new(|| *pki::desk().signing_key().public());
static ANCHORS: LazyLock<Anchors> =
    LazyLock::new(|| Anchors::new(vec![Certificate::parse(pki::issuer_root().certificate()).unwrap()]));
/// In the life of the fixtures' certificates.
const NOW: i64 = 1_795_404_600;

fuzz_target!(|data: &[u8]| {
    for now in [i64::MIN, 0, NOW, i64::MAX] {
        if let Ok(command) = UnverifiedCommand::parse(data) {
            assert!(command.verify(&ANCHORS, &PHONE, 0, now).is_err());
        }
    }
    for form in [StatusForm::Cwt, StatusForm::Jwt] {
        assert!(StatusToken::verify_under(data, form, "https://a/s", &ANCHORS, NOW).is_err());
    }
    let issuer = Url::parse("https://issuer.example").unwrap();
    let poll = Poll::begin(issuer, &PHONE, 0, 0, NOW).unwrap();
    let response = HttpResponse { status: 200, headers: HashMap::new(), body: data.to_vec() };
    if let Ok(heard) = poll.finish(&response) {
        assert!(heard.commands.len() <= 16);
    }
});
