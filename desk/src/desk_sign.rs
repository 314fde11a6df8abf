//! The sign this desk puts up (`KD1:`), fresh on a screen or lasting on paper.

use serde::Serialize;
use wallet_core::{
    counter::issue::{DeskSignRequest, issue_desk_sign},
    crypto::random::make_random,
    jose::Fixed,
};

use crate::{config::DeskIdentity, pki::Pki};

/// A sign with a nonce lasts as long as its nonce may be used.
const FRESH_SECONDS: i64 = 120;
/// A printed sign lasts a month.
const PRINTED_SECONDS: i64 = 30 * 86_400;

/// A sign was not made: no randomness, or a name too long for a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the desk sign could not be made")]
pub struct NoSign;

/// A sign, as the counter's own page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeskSignView {
    /// The text for the QR code.
    pub sign: String,
    /// The nonce in it, for the counter to look for in codes it then scans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnonce: Option<Fixed<8>>,
    /// First second after its life, seconds since 1970 UTC.
    pub expires_at: i64,
}

/// Makes a sign at `now` (seconds since 1970 UTC), `with_nonce` for a screen.
///
/// # Errors
/// [`NoSign`].
pub fn make_sign(pki: &Pki, desk: &DeskIdentity, with_nonce: bool, now: i64) -> Result<DeskSignView, NoSign> {
    let cnonce = if with_nonce { Some(make_random::<8>().map_err(|_| NoSign)?) } else { None };
    let expires_at = now.saturating_add(if with_nonce { FRESH_SECONDS } else { PRINTED_SECONDS });
    let request =
        DeskSignRequest { id: &desk.id, name_ko: &desk.name_ko, name_en: &desk.name_en, cnonce, expires_at };
    let signer = pki.desk.current();
    let sign = issue_desk_sign(&request, &signer.certificate, &|bytes| signer.key.sign(bytes));
    Ok(DeskSignView { sign: sign.map_err(|_| NoSign)?, cnonce: cnonce.map(Fixed), expires_at })
}
