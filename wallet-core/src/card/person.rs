//! The person on the card.

use core::fmt;

use unicode_normalization::UnicodeNormalization;

use super::{Date, NotADate};

/// A resident registration number: six digits of birth date, a digit of century and sex, six more. No check digit is
/// tested: numbers given since October 2020 have none.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RegistrationNumber(String);

/// Not thirteen digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a registration number")]
pub struct NotANumber;

impl RegistrationNumber {
    /// Parses thirteen digits, with or without the hyphen after the sixth.
    ///
    /// # Errors
    /// [`NotANumber`].
    pub fn parse(text: &str) -> Result<Self, NotANumber> {
        let (front, back) = text.split_once('-').or_else(|| text.split_at_checked(6)).ok_or(NotANumber)?;
        let digits =
            |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        if digits(front, 6) && digits(back, 7) {
            Ok(Self(format!("{front}-{back}")))
        } else {
            Err(NotANumber)
        }
    }

    /// `YYMMDD-NNNNNNN`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first six digits.
    #[must_use]
    pub fn front(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// `YYMMDD-N******`: what a glance may see.
    #[must_use]
    pub fn masked(&self) -> String {
        self.0.chars().take(8).chain("******".chars()).collect()
    }

    /// The birth date the number tells, where its seventh digit names a century.
    ///
    /// # Errors
    /// [`NotADate`] when the digits are no day or the seventh names no century in use.
    pub fn birth_date(&self) -> Result<Date, NotADate> {
        let mut digits = self.0.bytes().filter(u8::is_ascii_digit).map(|byte| i32::from(byte - b'0'));
        let mut two = || Some(digits.next()? * 10 + digits.next()?);
        let (year, month, day) = (two(), two(), two());
        let century = match digits.next() {
            Some(1 | 2 | 5 | 6) => 1900,
            Some(3 | 4 | 7 | 8) => 2000,
            _ => return Err(NotADate),
        };
        let narrow = |value: Option<i32>| value.and_then(|value| u8::try_from(value).ok()).ok_or(NotADate);
        Date::from_ymd(century + year.ok_or(NotADate)?, narrow(month)?, narrow(day)?)
    }
}

impl fmt::Debug for RegistrationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegistrationNumber(..)")
    }
}

/// What the issuer knows of the person on the card. Text is NFC-normalised on the way in.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Name in hangul as one string, family name first.
    name: String,
    /// Name in Latin letters as the chip's MRZ has it.
    name_latin: String,
    birth_date: Date,
    registration_number: RegistrationNumber,
    address: String,
    issue_date: Date,
    issuing_authority: String,
    portrait: Vec<u8>,
}

impl Person {
    /// Puts a person together; texts become NFC.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "one argument per printed field of the card")]
    pub fn new(
        name: &str,
        name_latin: &str,
        birth_date: Date,
        registration_number: RegistrationNumber,
        address: &str,
        issue_date: Date,
        issuing_authority: &str,
        portrait: Vec<u8>,
    ) -> Self {
        let nfc = |text: &str| text.nfc().collect::<String>();
        Self {
            name: nfc(name),
            name_latin: nfc(name_latin),
            birth_date,
            registration_number,
            address: nfc(address),
            issue_date,
            issuing_authority: nfc(issuing_authority),
            portrait,
        }
    }

    /// Name in hangul, family name first, NFC.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Name in Latin letters.
    #[must_use]
    pub fn name_latin(&self) -> &str {
        &self.name_latin
    }
    /// Date of birth.
    #[must_use]
    pub const fn birth_date(&self) -> Date {
        self.birth_date
    }
    /// The registration number.
    #[must_use]
    pub const fn registration_number(&self) -> &RegistrationNumber {
        &self.registration_number
    }
    /// Address in full, NFC.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }
    /// The day the physical card was issued (KST).
    #[must_use]
    pub const fn issue_date(&self) -> Date {
        self.issue_date
    }
    /// Who issued it: a mayor or district head, NFC.
    #[must_use]
    pub fn issuing_authority(&self) -> &str {
        &self.issuing_authority
    }
    /// The portrait: JPEG or JPEG 2000 as the chip holds it.
    #[must_use]
    pub fn portrait(&self) -> &[u8] {
        &self.portrait
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_number_tells_the_birth_date_and_hides_itself() {
        let number = RegistrationNumber::parse("0712313000000").unwrap();
        assert_eq!(number.as_str(), "071231-3000000");
        assert_eq!(number.front(), "071231");
        assert_eq!(number.masked(), "071231-3******");
        assert_eq!(number.birth_date().unwrap(), Date::from_ymd(2007, 12, 31).unwrap());
        assert_eq!(format!("{number:?}"), "RegistrationNumber(..)");
        for wrong in
            ["071231", "071231-300000", "07123-13000000", "071231-3OO0000", "가나다라마바사아자차카타파"]
        {
            assert_eq!(RegistrationNumber::parse(wrong), Err(NotANumber));
        }
        assert_eq!(RegistrationNumber::parse("071231-0000000").unwrap().birth_date(), Err(NotADate));
    }

    #[test]
    fn names_are_composed() {
        let decomposed = "\u{1112}\u{1169}\u{11BC}";
        let number = RegistrationNumber::parse("900314-2000000").unwrap();
        let day = Date::from_ymd(2020, 5, 1).unwrap();
        let person = Person::new(decomposed, "HONG", day, number, "", day, "", Vec::new());
        assert_eq!(person.name(), "홍");
        assert_eq!(format!("{person:?}"), "Person(..)");
    }
}
