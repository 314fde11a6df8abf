//! X.509: what is parsed is kept as received, and no certificate leads to a trusted authority but those it signed.
#![no_main]

use std::{collections::BTreeSet, sync::LazyLock};

use fuzz::documents::{ANCHORS, NOW, certificates};
use libfuzzer_sys::fuzz_target;
use wallet_core::trust::{Certificate, Usage, verify_chain};

static SIGNED: LazyLock<BTreeSet<Vec<u8>>> = LazyLock::new(|| {
    certificates().iter().map(|der| Certificate::parse(der).unwrap().tbs().to_vec()).collect()
});

fuzz_target!(|data: &[u8]| {
    let Ok(certificate) = Certificate::parse(data) else { return };
    assert_eq!(certificate.der(), data);
    assert!(data.windows(certificate.tbs().len()).any(|window| window == certificate.tbs()));
    let _ = (certificate.country(), certificate.extended_key_usage(), certificate.p256_public_key());
    for usage in [Usage::DocumentSigner, Usage::CounterIssuer, Usage::MdocIssuer, Usage::VerifierRegistration]
    {
        if verify_chain(core::slice::from_ref(&certificate), &ANCHORS, NOW, usage).is_ok() {
            assert!(SIGNED.contains(certificate.tbs()), "a certificate nobody signed is trusted");
        }
    }
});
