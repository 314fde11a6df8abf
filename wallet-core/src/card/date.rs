//! Calendar days in Korea.

use core::fmt;

/// Seconds by which Korea Standard Time is ahead of UTC; no daylight saving.
const KST_OFFSET: i64 = 9 * 3600;
const DAY: i64 = 86_400;

/// A day of the Gregorian calendar, years 1900 to 2199. Where a moment is turned into a day, the day is the one in
/// Korea (KST, UTC+9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(time::Date);

/// Not a day of the calendar, or outside 1900 to 2199.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date")]
pub struct NotADate;

impl Date {
    /// From year, month 1–12 and day 1–31.
    ///
    /// # Errors
    /// [`NotADate`].
    pub fn from_ymd(year: i32, month: u8, day: u8) -> Result<Self, NotADate> {
        let month = time::Month::try_from(month).map_err(|_| NotADate)?;
        Self::checked(time::Date::from_calendar_date(year, month, day).map_err(|_| NotADate)?)
    }

    /// Parses `YYYY-MM-DD`.
    ///
    /// # Errors
    /// [`NotADate`].
    pub fn parse(text: &str) -> Result<Self, NotADate> {
        let mut parts = text.split('-');
        let mut number = |width: usize| {
            let part =
                parts.next().filter(|part| part.len() == width && part.bytes().all(|b| b.is_ascii_digit()));
            part.and_then(|part| part.parse::<u16>().ok()).ok_or(NotADate)
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        if parts.next().is_some() {
            return Err(NotADate);
        }
        let narrow = |value: u16| u8::try_from(value).map_err(|_| NotADate);
        Self::from_ymd(i32::from(year), narrow(month)?, narrow(day)?)
    }

    /// Days since 1970-01-01, negative before. RFC 8943.
    ///
    /// # Errors
    /// [`NotADate`] outside 1900 to 2199.
    pub fn from_days_since_1970(days: i64) -> Result<Self, NotADate> {
        let julian = i64::from(time::Date::from_ordinal_date(1970, 1).map_err(|_| NotADate)?.to_julian_day())
            .checked_add(days)
            .and_then(|day| i32::try_from(day).ok())
            .ok_or(NotADate)?;
        Self::checked(time::Date::from_julian_day(julian).map_err(|_| NotADate)?)
    }

    /// Days since 1970-01-01, negative before. RFC 8943.
    #[must_use]
    pub fn days_since_1970(self) -> i64 {
        i64::from(self.0.to_julian_day()) - 2_440_588
    }

    /// The day in Korea at this moment (seconds since 1970 UTC).
    ///
    /// # Errors
    /// [`NotADate`] outside 1900 to 2199.
    pub fn in_korea_at(unix_seconds: i64) -> Result<Self, NotADate> {
        Self::from_days_since_1970(unix_seconds.checked_add(KST_OFFSET).ok_or(NotADate)?.div_euclid(DAY))
    }

    /// The first second of this day in Korea, seconds since 1970 UTC.
    #[must_use]
    pub fn starts_at(self) -> i64 {
        self.days_since_1970() * DAY - KST_OFFSET
    }

    /// The day `days` later (earlier when negative).
    ///
    /// # Errors
    /// [`NotADate`] outside 1900 to 2199.
    pub fn plus_days(self, days: i64) -> Result<Self, NotADate> {
        Self::from_days_since_1970(self.days_since_1970().checked_add(days).ok_or(NotADate)?)
    }

    /// The year.
    #[must_use]
    pub const fn year(self) -> i32 {
        self.0.year()
    }

    /// Whether a person born on this day counts as an adult on `today` by the year of birth: from 1 January of the
    /// year in which they turn 19. Youth Protection Act (KR), article 2.
    #[must_use]
    pub const fn is_adult_by_year(self, today: Self) -> bool {
        today.year() - self.year() >= 19
    }

    fn checked(date: time::Date) -> Result<Self, NotADate> {
        if (1900..2200).contains(&date.year()) { Ok(Self(date)) } else { Err(NotADate) }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(Date, String, {
    try_lift: |text| Ok(Date::parse(&text)?),
    lower: |date| date.to_string(),
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_korea() {
        // 2026-12-31T15:00:00Z is 2027-01-01T00:00:00 in Korea.
        let new_year = Date::from_ymd(2027, 1, 1).unwrap();
        assert_eq!(new_year.starts_at(), 1_798_729_200);
        assert_eq!(Date::in_korea_at(1_798_729_200).unwrap(), new_year);
        assert_eq!(Date::in_korea_at(1_798_729_199).unwrap(), Date::from_ymd(2026, 12, 31).unwrap());
    }

    #[test]
    fn adulthood_follows_the_year_of_birth_not_the_birthday() {
        let born_last_day = Date::from_ymd(2007, 12, 31).unwrap();
        let born_next_day = Date::from_ymd(2008, 1, 1).unwrap();
        let (eve, new_year) = (Date::from_ymd(2025, 12, 31).unwrap(), Date::from_ymd(2026, 1, 1).unwrap());
        assert!(!born_last_day.is_adult_by_year(eve));
        assert!(born_last_day.is_adult_by_year(new_year));
        assert!(!born_next_day.is_adult_by_year(new_year));
        assert!(born_next_day.is_adult_by_year(Date::from_ymd(2027, 1, 1).unwrap()));
    }

    #[test]
    fn only_real_days_parse() {
        assert_eq!(Date::parse("1990-03-14").unwrap().to_string(), "1990-03-14");
        for wrong in ["1990-02-30", "1990-3-14", "1990-03-14-1", "+990-03-14", "1890-03-14", "", "1990-13-01"]
        {
            assert_eq!(Date::parse(wrong), Err(NotADate), "{wrong}");
        }
        let early = Date::parse("1941-06-01").unwrap();
        assert_eq!(Date::from_days_since_1970(early.days_since_1970()), Ok(early));
    }
}
