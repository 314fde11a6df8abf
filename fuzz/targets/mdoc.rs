//! mdocs. As received (first byte even): whatever verifies says only what the issuer signed; an attacker may leave items
//! out, never change them. With a hostile security object rightly signed (odd): its items are still those it digests.
#![no_main]

use std::{collections::BTreeSet, sync::LazyLock};

use fuzz::documents::{ANCHORS, NOW, device_key, photo_id, with_security_object};
use libfuzzer_sys::fuzz_target;
use wallet_core::mdoc::{Expected, IssuerSigned, Item, PHOTO_ID, verify};

/// Name space, element and value; salts differ from run to run.
type Statement = (String, String, Vec<u8>);

static DOCUMENT: LazyLock<Vec<u8>> = LazyLock::new(photo_id);
static SIGNED: LazyLock<BTreeSet<Statement>> = LazyLock::new(|| {
    let document = IssuerSigned::parse(&DOCUMENT).unwrap();
    statements(&document).expect("the photo ID verifies")
});

fn statements(document: &IssuerSigned) -> Option<BTreeSet<Statement>> {
    let key = device_key();
    let expected = Expected { doc_type: PHOTO_ID, device_key: Some(&key) };
    let verified = verify(document, &expected, &ANCHORS, NOW).ok()?;
    let statement =
        |name: &String, item: &Item| (name.clone(), item.identifier().to_owned(), item.value().to_vec());
    Some(
        verified
            .name_spaces()
            .iter()
            .flat_map(|(name, items)| items.iter().map(move |item| statement(name, item)))
            .collect(),
    )
}

fuzz_target!(|data: &[u8]| {
    let Some((mode, data)) = data.split_first() else { return };
    let received = if mode & 1 == 0 { data.to_vec() } else { with_security_object(&DOCUMENT, data) };
    let Ok(document) = IssuerSigned::parse(&received) else { return };
    let _ = document.unverified_security_object();
    if let Some(statements) = statements(&document) {
        assert!(statements.is_subset(&SIGNED), "an item nobody signed is believed");
    }
});
