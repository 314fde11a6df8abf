//! EF.SOD: whatever is trusted lists the very hashes that were signed.
#![no_main]

use std::{collections::BTreeMap, sync::LazyLock};

use fuzz::{
    chip::card,
    documents::{ANCHORS, NOW},
};
use libfuzzer_sys::fuzz_target;
use wallet_core::{
    chip::passive_auth::{examine, verify},
    cms::{LdsSecurityObject, SignedData},
};

struct Genuine {
    groups: BTreeMap<u8, Vec<u8>>,
    altered: BTreeMap<u8, Vec<u8>>,
    listed: Vec<u8>,
}

static GENUINE: LazyLock<Genuine> = LazyLock::new(|| {
    let card = card();
    let groups = card.groups();
    let mut altered = groups.clone();
    altered.insert(1, b"another person".to_vec());
    let listed = verify(card.file(0x011D).unwrap(), &groups, &ANCHORS, NOW).unwrap().listed;
    Genuine { groups, altered, listed }
});

fuzz_target!(|data: &[u8]| {
    if let Ok(signed) = SignedData::parse(data) {
        let _ = LdsSecurityObject::parse(signed.content());
    }
    let _ = LdsSecurityObject::parse(data);
    let _ = examine(data, &GENUINE.altered, &ANCHORS, NOW);
    match verify(data, &GENUINE.groups, &ANCHORS, NOW) {
        Ok(report) => {
            assert_eq!(report.listed, GENUINE.listed);
            assert!(verify(data, &GENUINE.altered, &ANCHORS, NOW).is_err(), "altered groups are trusted");
        }
        Err(_) => assert!(verify(data, &GENUINE.altered, &ANCHORS, NOW).is_err()),
    }
});
