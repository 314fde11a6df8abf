//! X.509 revocation lists: none counts but those that a trusted authority signed.
#![no_main]

use std::sync::LazyLock;

use fuzz::documents::{ANCHORS, NOW, revocation_lists};
use libfuzzer_sys::fuzz_target;
use wallet_core::trust::RevocationList;

static GENUINE: LazyLock<Vec<RevocationList>> =
    LazyLock::new(|| revocation_lists().iter().map(|der| RevocationList::parse(der).unwrap()).collect());

fuzz_target!(|data: &[u8]| {
    let Ok(list) = RevocationList::parse(data) else { return };
    if ANCHORS.clone().with_revocation_list(list.clone(), NOW).is_ok() {
        let said = |list: &RevocationList| (list.len(), list.this_update(), list.next_update());
        assert!(GENUINE.iter().any(|it| said(it) == said(&list)), "a list nobody signed counts");
    }
});
