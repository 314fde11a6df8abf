//! Signing as an issuer or a desk.

use super::{encode_sign1, sig_structure};
use crate::crypto::sign::Signature;

/// Signs `payload` under the `protected` map: `18([protected, {}, payload, signature])`. `sign` is given the
/// Sig_structure and answers ES256, `r ‖ s`, low S.
///
/// # Errors
/// What `sign` returns.
pub fn sign1<E>(
    protected: &[u8],
    payload: &[u8],
    sign: &dyn Fn(&[u8]) -> Result<Signature, E>,
) -> Result<Vec<u8>, E> {
    let signature = sign(&sig_structure(protected, payload))?;
    Ok(encode_sign1(protected, payload, &signature))
}
