//! What several commands print.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use wallet_core::{
    platform::Now,
    wallet::{CardState, WalletError},
};

use crate::failure::Outcome;

/// What the keys are, for machines: wherever keys show, so does this.
#[derive(Serialize)]
pub(crate) struct LabelledKeys {
    kind: &'static str,
    attested_hardware: bool,
    label: &'static str,
}

impl Default for LabelledKeys {
    fn default() -> Self {
        Self { kind: "software", attested_hardware: false, label: fixtures::platform::SOFTWARE_KEYS }
    }
}

/// A state's stable machine name.
pub(crate) const fn card_state_name(state: CardState) -> &'static str {
    match state {
        CardState::Offered => "offered",
        CardState::Active => "active",
        CardState::Suspended => "suspended",
        CardState::NeedsRenewal => "needs_renewal",
        CardState::Expired => "expired",
        CardState::Revoked => "revoked",
        CardState::Replaced => "replaced",
    }
}

/// The time now, of this computer.
pub(crate) fn now() -> Outcome<Now> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let unix_seconds = since.and_then(|since| i64::try_from(since.as_secs()).ok());
    let unix_seconds = unix_seconds.ok_or(WalletError::Unavailable { code: -1 })?;
    Ok(Now { unix_seconds })
}

/// A moment as `YYYY-MM-DD HH:MM` in Korea, which is nine hours ahead of UTC all year.
pub(crate) fn korean_time(unix_seconds: i64) -> String {
    let local = unix_seconds.saturating_add(9 * 3600);
    let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", second / 3600, second % 3600 / 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_seoul() {
        assert_eq!(korean_time(0), "1970-01-01 09:00");
        assert_eq!(korean_time(1_798_729_199), "2026-12-31 23:59");
        assert_eq!(korean_time(1_798_729_200), "2027-01-01 00:00");
        assert_eq!(korean_time(1_709_164_800), "2024-02-29 09:00");
    }
}
