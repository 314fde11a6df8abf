//! What the authority behind the counters makes.

use super::{PackContent, Policy, StatusSet, TYP_PACK, member, policy as label};
use crate::{
    cbor::{MapWriter, Writer},
    cose::{self, issue::sign1},
    counter::{error::CounterError, error::Misuse, labels::header},
    crypto::sign::Signature,
};

/// Signs a pack. `sign` signs ES256, `r ‖ s`, low S.
///
/// # Errors
/// [`Misuse::Times`] when it would end before it begins, [`Misuse::NotSigned`].
pub fn issue_pack<E>(
    content: &PackContent,
    sign: &dyn Fn(&[u8]) -> Result<Signature, E>,
) -> Result<Vec<u8>, CounterError> {
    let PackContent { sequence, made_at, expires_at, issuers, anchors, status, policy } = content;
    if made_at >= expires_at {
        return Err(Misuse::Times.into());
    }
    let protected = MapWriter::new()
        .entry(header::ALG, |w| w.int(cose::ESP256))
        .entry(header::TYP, |w| w.text(TYP_PACK))
        .finish();
    let payload = MapWriter::new()
        .entry(member::SEQUENCE, |w| w.uint(*sequence))
        .entry(member::MADE_AT, |w| w.int(*made_at))
        .entry(member::EXPIRES_AT, |w| w.int(*expires_at))
        .entry(member::ISSUERS, |w| write_certificates(w, issuers))
        .entry(member::ANCHORS, |w| write_certificates(w, anchors))
        .entry(member::POLICY, |w| write_policy(w, policy))
        .entry_if(member::STATUS, status.as_ref(), write_status)
        .finish();
    sign1(&protected, &payload, sign).map_err(|_| Misuse::NotSigned.into())
}

fn write_certificates<'w>(writer: &'w mut Writer, certificates: &[Vec<u8>]) -> &'w mut Writer {
    writer.array(certificates.len());
    for certificate in certificates {
        writer.bytes(certificate);
    }
    writer
}

fn write_status<'w>(writer: &'w mut Writer, status: &StatusSet) -> &'w mut Writer {
    let mut indices = status.deactivated.clone();
    indices.sort_unstable();
    indices.dedup();
    let mut gaps = Vec::with_capacity(indices.len().saturating_mul(2));
    let mut lowest = 0;
    for index in indices {
        write_gap(&mut gaps, index.saturating_sub(lowest));
        lowest = index.saturating_add(1);
    }
    writer.array(2).int(status.as_of).bytes(&gaps)
}

/// Unsigned LEB128. An index has 26 bits, so four bytes are enough.
fn write_gap(into: &mut Vec<u8>, mut gap: u32) {
    loop {
        let [low, ..] = gap.to_le_bytes();
        gap >>= 7;
        if gap == 0 {
            into.push(low & 0x7f);
            return;
        }
        into.push(low | 0x80);
    }
}

fn write_policy<'w>(writer: &'w mut Writer, policy: &Policy) -> &'w mut Writer {
    let Policy { max_staple_age_hours, accept_general_audience, outage_until, require_nonce } = policy;
    let levels = Some(accept_general_audience).filter(|levels| !levels.is_empty());
    writer.map(
        MapWriter::new()
            .entry(label::MAX_STAPLE_AGE, |w| w.uint(u64::from(*max_staple_age_hours)))
            .entry_if(label::GENERAL_AUDIENCE, levels, |w, levels| {
                w.array(levels.len());
                for level in levels {
                    w.text(level.name());
                }
                w
            })
            .entry_if(label::OUTAGE_UNTIL, *outage_until, |w, until| w.int(until))
            .entry_if(label::REQUIRE_NONCE, require_nonce.then_some(true), |w, yes| w.bool(yes)),
    )
}
