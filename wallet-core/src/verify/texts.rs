//! What the clerk reads, for apps that cannot call methods of a plain enum.

use super::{Check, Language, Reason};

/// A check's name.
#[must_use]
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn check_text(check: Check, language: Language) -> String {
    check.text(language).to_owned()
}

/// Why a code is refused: one sentence that names nobody.
#[must_use]
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn reason_text(reason: Reason, language: Language) -> String {
    reason.text(language).to_owned()
}
