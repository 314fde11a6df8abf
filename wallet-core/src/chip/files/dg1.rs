//! EF.DG1: the machine readable zone. ICAO Doc 9303-10, 4.7.1; the zones are in Docs 9303-4, -5 and -6.

use core::fmt;

use super::FileError;
use crate::{
    bytes::Reader,
    card::{Date, NotADate},
    tlv,
};

/// The machine readable zone, every check digit verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Mrz {
    /// Which of the three layouts.
    pub format: ZoneFormat,
    /// `ID`, `P`, `IR` …; fillers removed.
    pub document_code: String,
    /// Three-letter code of the state that issued it, fillers removed (`KOR`, `D`).
    pub issuer: String,
    /// Fillers removed.
    pub document_number: String,
    /// The primary identifier: the family name, in Latin letters.
    pub surname: String,
    /// The secondary identifier; empty when the zone has none.
    pub given_names: String,
    /// Three-letter code, fillers removed.
    pub nationality: String,
    /// As the zone has it: two digits of the year.
    pub birth_date: ZoneDate,
    /// As the zone has it.
    pub sex: Sex,
    /// As the zone has it: two digits of the year.
    pub expiry: ZoneDate,
    /// What the issuer adds; fillers at the end removed.
    pub optional_data: String,
}

/// The layout of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneFormat {
    /// Three lines of 30: a card. Doc 9303-5.
    Td1,
    /// Two lines of 36. Doc 9303-6.
    Td2,
    /// Two lines of 44: a passport. Doc 9303-4.
    Td3,
}

/// Sex as a zone has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// `F`.
    Female,
    /// `M`.
    Male,
    /// `<` or `X`.
    Unspecified,
}

/// A date of a zone, `YYMMDD`. Parts of a birth date may be unknown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ZoneDate {
    /// 0 to 99.
    year: Option<u8>,
    /// As written.
    month: Option<u8>,
    day: Option<u8>,
}

/// A field that a check digit guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckedField {
    /// The document number.
    DocumentNumber,
    /// The date of birth.
    BirthDate,
    /// The date of expiry.
    Expiry,
    /// The personal number of a passport.
    OptionalData,
    /// The composite of the others.
    Composite,
}

/// Parses EF.DG1 as read from the chip.
///
/// # Errors
/// [`FileError::Malformed`], [`FileError::NotAZone`], [`FileError::CheckDigit`], [`FileError::BadDate`].
pub fn parse(file: &[u8]) -> Result<Mrz, FileError> {
    let outer = tlv::exactly(file, 0x61)?;
    let zone = tlv::exactly(outer.value, 0x5F1F)?.value;
    if !zone.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == FILLER) {
        return Err(FileError::NotAZone);
    }
    match zone.len() {
        90 => td1(zone),
        72 => two_lines(zone, ZoneFormat::Td2),
        88 => two_lines(zone, ZoneFormat::Td3),
        _ => Err(FileError::NotAZone),
    }
}

fn td1(zone: &[u8]) -> Result<Mrz, FileError> {
    let mut reader = Fields(Reader::new(zone));
    let document_code = reader.take(2)?;
    let issuer = reader.take(3)?;
    let number = reader.take(9)?;
    let number_check = reader.digit()?;
    let first_optional = reader.take(15)?;
    let birth = reader.take(6)?;
    let birth_check = reader.digit()?;
    let sex = reader.digit()?;
    let expiry = reader.take(6)?;
    let expiry_check = reader.digit()?;
    let nationality = reader.take(3)?;
    let second_optional = reader.take(11)?;
    let composite_check = reader.digit()?;
    let (surname, given_names) = name(reader.take(30)?);

    // A number longer than nine characters goes on in the optional data, its check digit behind it. Doc 9303-5, 4.2.2.
    let (number, number_check, first_optional) = if number_check == FILLER {
        let end = first_optional.iter().position(|byte| *byte == FILLER).unwrap_or(first_optional.len());
        let (tail, rest) = first_optional.split_at_checked(end).unwrap_or_default();
        let (check, tail) = tail.split_last().ok_or(FileError::CheckDigit(CheckedField::DocumentNumber))?;
        ([number, tail].concat(), *check, rest.to_vec())
    } else {
        (number.to_vec(), number_check, first_optional.to_vec())
    };
    verify(CheckedField::DocumentNumber, &[&number], number_check)?;
    verify(CheckedField::BirthDate, &[birth], birth_check)?;
    verify(CheckedField::Expiry, &[expiry], expiry_check)?;
    let part = |start: usize, end: usize| zone.get(start..end).unwrap_or_default();
    let composite = [part(5, 30), part(30, 37), part(38, 45), part(48, 59)];
    verify(CheckedField::Composite, &composite, composite_check)?;
    let optional = [clean(&first_optional), clean(second_optional)];
    Ok(Mrz {
        format: ZoneFormat::Td1,
        document_code: clean(document_code),
        issuer: clean(issuer),
        document_number: clean(&number),
        surname,
        given_names,
        nationality: clean(nationality),
        birth_date: ZoneDate::parse(birth)?,
        sex: parse_sex(sex)?,
        expiry: ZoneDate::parse(expiry)?,
        optional_data: optional.join(" ").trim().to_owned(),
    })
}

fn two_lines(zone: &[u8], format: ZoneFormat) -> Result<Mrz, FileError> {
    let width = zone.len() / 2;
    let mut reader = Fields(Reader::new(zone));
    let document_code = reader.take(2)?;
    let issuer = reader.take(3)?;
    let (surname, given_names) = name(reader.take(width.saturating_sub(5))?);
    let number = reader.take(9)?;
    let number_check = reader.digit()?;
    let nationality = reader.take(3)?;
    let birth = reader.take(6)?;
    let birth_check = reader.digit()?;
    let sex = reader.digit()?;
    let expiry = reader.take(6)?;
    let expiry_check = reader.digit()?;
    let optional = reader.take(if format == ZoneFormat::Td3 { 14 } else { 7 })?;

    verify(CheckedField::BirthDate, &[birth], birth_check)?;
    verify(CheckedField::Expiry, &[expiry], expiry_check)?;
    let second = zone.get(width..).unwrap_or_default();
    let part = |start: usize, end: usize| second.get(start..end).unwrap_or_default();
    if format == ZoneFormat::Td3 {
        let check = reader.digit()?;
        // A field of fillers may carry a filler for its digit. Doc 9303-4, 4.2.2.
        if !(check == FILLER && optional.iter().all(|byte| *byte == FILLER)) {
            verify(CheckedField::OptionalData, &[optional], check)?;
        }
    }
    let composite_check = reader.digit()?;
    let last = width.saturating_sub(1);
    verify(CheckedField::Composite, &[part(0, 10), part(13, 20), part(21, last)], composite_check)?;
    let (number, number_check, optional) = if number_check == FILLER && format == ZoneFormat::Td2 {
        let end = optional.iter().position(|byte| *byte == FILLER).unwrap_or(optional.len());
        let (tail, rest) = optional.split_at_checked(end).unwrap_or_default();
        let (check, tail) = tail.split_last().ok_or(FileError::CheckDigit(CheckedField::DocumentNumber))?;
        ([number, tail].concat(), *check, rest)
    } else {
        (number.to_vec(), number_check, optional)
    };
    verify(CheckedField::DocumentNumber, &[&number], number_check)?;
    Ok(Mrz {
        format,
        document_code: clean(document_code),
        issuer: clean(issuer),
        document_number: clean(&number),
        surname,
        given_names,
        nationality: clean(nationality),
        birth_date: ZoneDate::parse(birth)?,
        sex: parse_sex(sex)?,
        expiry: ZoneDate::parse(expiry)?,
        optional_data: clean(optional),
    })
}

impl ZoneDate {
    fn parse(digits: &[u8]) -> Result<Self, FileError> {
        let mut pairs = digits.chunks_exact(2).map(|pair| match pair {
            [FILLER, FILLER] => Ok(None),
            [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Ok(Some((tens - b'0') * 10 + (ones - b'0'))),
            _ => Err(FileError::BadDate),
        });
        let mut next = || pairs.next().unwrap_or(Err(FileError::BadDate));
        Ok(Self { year: next()?, month: next()?, day: next()? })
    }

    /// As a birth date: the latest such day that is not after `today`.
    ///
    /// # Errors
    /// [`NotADate`] when a part is unknown or the digits are no day.
    pub fn as_birth(self, today: Date) -> Result<Date, NotADate> {
        match self.in_century(2000) {
            Ok(date) if date <= today => Ok(date),
            _ => self.in_century(1900),
        }
    }

    /// As an expiry date, which lies in this century.
    ///
    /// # Errors
    /// As [`Self::as_birth`].
    pub fn as_expiry(self) -> Result<Date, NotADate> {
        self.in_century(2000)
    }

    fn in_century(self, century: i32) -> Result<Date, NotADate> {
        let year = century + i32::from(self.year.ok_or(NotADate)?);
        Date::from_ymd(year, self.month.ok_or(NotADate)?, self.day.ok_or(NotADate)?)
    }
}

impl fmt::Debug for Mrz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mrz(..)")
    }
}

impl fmt::Debug for ZoneDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ZoneDate(..)")
    }
}

/// The zone, taken field by field.
struct Fields<'a>(Reader<'a>);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], FileError> {
        self.0.take(count).map_err(|_| FileError::NotAZone)
    }

    fn digit(&mut self) -> Result<u8, FileError> {
        self.0.u8().map_err(|_| FileError::NotAZone)
    }
}

const fn parse_sex(byte: u8) -> Result<Sex, FileError> {
    match byte {
        b'F' => Ok(Sex::Female),
        b'M' => Ok(Sex::Male),
        FILLER | b'X' => Ok(Sex::Unspecified),
        _ => Err(FileError::NotAZone),
    }
}

/// Weights 7, 3, 1; letters count from ten, fillers nothing. Doc 9303-3, 4.9.
fn check_digit(parts: &[&[u8]]) -> u8 {
    let sum = parts.concat().iter().zip([7, 3, 1].into_iter().cycle()).fold(0_u32, |sum, (byte, weight)| {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            _ => 0,
        };
        sum.saturating_add(u32::from(value) * weight)
    });
    b'0' + u8::try_from(sum % 10).unwrap_or(0)
}

fn verify(field: CheckedField, parts: &[&[u8]], digit: u8) -> Result<(), FileError> {
    if check_digit(parts) == digit { Ok(()) } else { Err(FileError::CheckDigit(field)) }
}

/// Primary and secondary identifier; single fillers inside are spaces.
fn name(field: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(field);
    let (surname, given) = text.split_once("<<").unwrap_or((&text, ""));
    let words = |part: &str| part.split('<').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    (words(surname), words(given))
}

fn clean(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    text.trim_end_matches('<').replace('<', " ")
}

const FILLER: u8 = b'<';

#[cfg(test)]
mod tests {
    use super::*;

    fn file(zone: &str) -> Vec<u8> {
        tlv::write(0x61, &tlv::write(0x5F1F, zone.as_bytes()))
    }

    /// ICAO Doc 9303-5, appendix B.
    const TD1: &str = concat!(
        "I<UTOD231458907<<<<<<<<<<<<<<<",
        "7408122F1204159UTO<<<<<<<<<<<6",
        "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
    );
    /// ICAO Doc 9303-6, appendix B.
    const TD2: &str = concat!("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6");
    /// ICAO Doc 9303-4, appendix B.
    const TD3: &str = concat!(
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
        "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
    );

    #[test]
    fn the_specimens_of_the_three_layouts_are_read() {
        for (zone, format, number, optional) in [
            (TD1, ZoneFormat::Td1, "D23145890", ""),
            (TD2, ZoneFormat::Td2, "D23145890", ""),
            (TD3, ZoneFormat::Td3, "L898902C3", "ZE184226B"),
        ] {
            let mrz = parse(&file(zone)).unwrap();
            assert_eq!((mrz.format, mrz.document_number.as_str()), (format, number));
            assert_eq!((mrz.surname.as_str(), mrz.given_names.as_str()), ("ERIKSSON", "ANNA MARIA"));
            assert_eq!((mrz.issuer.as_str(), mrz.nationality.as_str()), ("UTO", "UTO"));
            assert_eq!((mrz.sex, mrz.optional_data.as_str()), (Sex::Female, optional));
            let today = Date::from_ymd(2026, 1, 1).unwrap();
            assert_eq!(mrz.birth_date.as_birth(today), Date::from_ymd(1974, 8, 12));
            assert_eq!(mrz.expiry.as_expiry(), Date::from_ymd(2012, 4, 15));
            assert_eq!(format!("{mrz:?}{:?}", mrz.expiry), "Mrz(..)ZoneDate(..)");
        }
    }

    #[test]
    fn a_birth_date_is_never_in_the_future() {
        let date = ZoneDate::parse(b"260102").unwrap();
        assert_eq!(date.as_birth(Date::from_ymd(2026, 1, 1).unwrap()), Date::from_ymd(1926, 1, 2));
        assert_eq!(date.as_birth(Date::from_ymd(2026, 1, 2).unwrap()), Date::from_ymd(2026, 1, 2));
        assert_eq!(ZoneDate::parse(b"74<<<<").unwrap().as_expiry(), Err(NotADate));
        assert_eq!(ZoneDate::parse(b"749999").unwrap().as_expiry(), Err(NotADate));
        assert_eq!(ZoneDate::parse(b"7A0101"), Err(FileError::BadDate));
    }

    /// ICAO Doc 9303-11, D.2: a number of twelve characters.
    #[test]
    fn a_long_document_number_goes_on_in_the_optional_data() {
        let zone = concat!(
            "I<UTOD23145890<7349<<<<<<<<<<<",
            "3407127M9507122UTO<<<<<<<<<<<2",
            "STEVENSON<<PETER<JOHN<<<<<<<<<"
        );
        let mrz = parse(&file(zone)).unwrap();
        assert_eq!((mrz.document_number.as_str(), mrz.optional_data.as_str()), ("D23145890734", ""));
    }

    #[test]
    fn every_check_digit_is_verified() {
        // Position of a character under each digit, and what is wrong when it changes.
        let cases = [
            (TD1, 5, CheckedField::DocumentNumber),
            (TD1, 30, CheckedField::BirthDate),
            (TD1, 38, CheckedField::Expiry),
            (TD1, 48, CheckedField::Composite),
            (TD2, 36, CheckedField::DocumentNumber),
            (TD2, 49, CheckedField::BirthDate),
            (TD2, 57, CheckedField::Expiry),
            (TD2, 71, CheckedField::Composite),
            (TD3, 72, CheckedField::OptionalData),
            (TD3, 87, CheckedField::Composite),
        ];
        for (zone, position, field) in cases {
            let mut altered = zone.as_bytes().to_vec();
            altered[position] = if altered[position] == b'1' { b'2' } else { b'1' };
            let error = parse(&file(core::str::from_utf8(&altered).unwrap())).unwrap_err();
            let composite_first = matches!(field, CheckedField::DocumentNumber) && zone != TD1;
            let expected = if composite_first { CheckedField::Composite } else { field };
            assert_eq!(error, FileError::CheckDigit(expected), "{position}");
        }
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        assert_eq!(parse(&file("ABC")), Err(FileError::NotAZone));
        assert_eq!(parse(&file(&TD1.to_lowercase())), Err(FileError::NotAZone));
        assert!(matches!(parse(&[]), Err(FileError::Malformed(_))));
        assert!(matches!(parse(&[0x61, 2, 0x5F, 0x1F]), Err(FileError::Malformed(_))));
        assert_eq!(parse(&file(&"<".repeat(90))), Err(FileError::CheckDigit(CheckedField::DocumentNumber)));
        for cut in 0..file(TD1).len() {
            assert!(parse(&file(TD1)[..cut]).is_err());
        }
    }
}
