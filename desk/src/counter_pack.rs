//! Publishing the pack an offline counter decides by: issuer certificates, anchors, policy.

use wallet_core::counter::{
    CounterError,
    pack::{CounterPack, PackContent, Policy, StatusSet, issue::issue_pack},
};

use crate::pki::Pki;

/// A pack holds a week: a counter that heard nothing for so long has to be looked after.
const PACK_SECONDS: i64 = 7 * 86_400;

/// The signed pack as of `now`, seconds since 1970 UTC, with the copies nobody may accept. The store gives its sequence, which
/// never goes back, whichever desk asks. `outage_until`: until then counters take staples of any age, and their verdicts say so.
///
/// # Errors
/// [`CounterError`] when the signing key fails, or the pack is one that no counter would read: then none is published.
pub fn make_pack(
    pki: &Pki,
    sequence: u64,
    deactivated: Vec<u32>,
    outage_until: Option<i64>,
    now: i64,
) -> Result<Vec<u8>, CounterError> {
    let content = PackContent {
        sequence,
        made_at: now,
        expires_at: now.saturating_add(PACK_SECONDS),
        issuers: vec![pki.counter_signer.certificate.clone()],
        anchors: vec![pki.issuer_root.certificate.clone()],
        status: Some(StatusSet { as_of: now, deactivated }),
        policy: policy(outage_until),
    };
    let authority = &pki.pack_authority.key;
    let pack = issue_pack(&content, &|bytes| authority.sign(bytes))?;
    CounterPack::verify(&pack, authority.public())?;
    Ok(pack)
}

/// How counters decide.
pub(crate) fn policy(outage_until: Option<i64>) -> Policy {
    Policy { outage_until, ..Policy::default() }
}
