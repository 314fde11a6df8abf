//! Making commands: the issuer's side.

use super::{CommandOp, CommandReason, TYP, label};
use crate::{
    cbor::MapWriter,
    cose::{ESP256, issue::sign1},
    crypto::sign::Signature,
};

/// A command to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandRequest {
    /// The RFC 7638 thumbprint of the phone's Instance key.
    pub audience: [u8; 32],
    /// Above every number this phone was sent before; the first is 1.
    pub seq: u64,
    /// What to do.
    pub op: CommandOp,
    /// Why.
    pub why: CommandReason,
    /// Seconds since 1970 UTC.
    pub issued_at: i64,
    /// First second after its life.
    pub expires_at: i64,
}

/// Signs a command under `certificate`, DER, which has the key usage of commands. `sign` answers ES256, `r ‖ s`.
///
/// # Errors
/// Those of `sign`.
pub fn issue_command<E>(
    request: &CommandRequest,
    certificate: &[u8],
    sign: &dyn Fn(&[u8]) -> Result<Signature, E>,
) -> Result<Vec<u8>, E> {
    let CommandRequest { audience, seq, op, why, issued_at, expires_at } = request;
    let protected = MapWriter::new()
        .entry(label::ALG, |w| w.int(ESP256))
        .entry(label::TYP, |w| w.text(TYP))
        .entry(label::X5CHAIN, |w| w.bytes(certificate))
        .finish();
    let payload = MapWriter::new()
        .entry(label::AUD, |w| w.bytes(audience))
        .entry(label::SEQ, |w| w.uint(*seq))
        .entry(label::OP, |w| w.uint(op.number()))
        .entry(label::IAT, |w| w.int(*issued_at))
        .entry(label::EXP, |w| w.int(*expires_at))
        .entry(label::WHY, |w| w.uint(why.number()))
        .finish();
    sign1(&protected, &payload, sign)
}
