//! Lists of country signing certificates, and link certificates: none is believed but what a trusted state signed.
#![no_main]

use std::sync::LazyLock;

use fixtures::pki;
use fuzz::documents::{NOW, master_list};
use libfuzzer_sys::fuzz_target;
use wallet_core::trust::{Anchors, Certificate};

/// The state that vouches for others.
static STATE: LazyLock<Anchors> =
    LazyLock::new(|| Anchors::new(vec![Certificate::parse(pki::rogue_csca().certificate()).unwrap()]));
static GENUINE: LazyLock<Anchors> =
    LazyLock::new(|| Anchors::from_master_list(&master_list(), &STATE, NOW).unwrap().0);

fuzz_target!(|data: &[u8]| {
    if let Ok((listed, _)) = Anchors::from_master_list(data, &STATE, NOW) {
        assert!(listed == *GENUINE, "a list nobody signed is believed");
    }
    if let Ok(link) = Certificate::parse(data) {
        let (linked, left_out) = STATE.clone().with_links(core::slice::from_ref(&link), NOW);
        let known = [pki::rogue_csca(), pki::csca()].map(|it| Certificate::parse(it.certificate()).unwrap());
        let vouched_for = known.iter().any(|known| known.public_key() == link.public_key());
        assert!(left_out == 1 || vouched_for, "a key nobody vouched for is trusted");
        assert_eq!(linked.certificates().len() + left_out, 2);
    }
});
