//! What the citizen reads off the card, or knows.

use core::fmt;

use zeroize::Zeroizing;

use crate::{
    bytes::{Secret, SecretBytes},
    crypto::{
        aes::Purpose,
        channel::{ChannelKey, Cipher},
        verify::HashAlgorithm,
    },
};

/// A card access number: the six digits printed on the card. Never printed, wiped when dropped.
pub struct Can(Secret<6>);

/// The lines for machines: document number, date of birth, date of expiry. Never printed, wiped when dropped.
pub struct Mrz(
    /// `MRZ_information`, each part with its check digit. ICAO Doc 9303-11, 9.7.2.
    SecretBytes,
);

/// A number that only the holder knows. Never printed, wiped when dropped.
pub struct Pin(SecretBytes);

/// The number that unblocks a PIN. Never printed, wiped when dropped.
pub struct Puk(SecretBytes);

/// Not six digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a card access number")]
pub struct NotACan;

/// Which part of the lines for machines is none, or has another check digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a machine readable zone: {0:?}")]
pub struct NotAnMrz(pub MrzPart);

/// A part of the lines for machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MrzPart {
    /// The document number.
    Number,
    /// The date of birth.
    Birth,
    /// The date of expiry.
    Expiry,
}

/// Not 4 to 12 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a PIN")]
pub struct NotAPin;

/// Not 6 to 12 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a PUK")]
pub struct NotAPuk;

impl Can {
    /// Parses six digits. ICAO Doc 9303-11, 4.4 and Doc 9303-4.
    ///
    /// # Errors
    /// [`NotACan`].
    pub fn parse(text: &str) -> Result<Self, NotACan> {
        let digits: [u8; 6] = text.as_bytes().try_into().map_err(|_| NotACan)?;
        if digits.iter().all(u8::is_ascii_digit) { Ok(Self(Secret::new(digits))) } else { Err(NotACan) }
    }
}

impl Mrz {
    /// Parses the three parts. Dates are `YYMMDD`, or `YYMMDD` and the check digit printed behind; when both dates have
    /// theirs the number must have its too, and all three are verified, so that a mistyped line never reaches the card. A
    /// number is letters, digits and `<`; trailing `<` are filled up or dropped as the standard asks. ICAO Doc 9303-3, 4.9.
    ///
    /// # Errors
    /// [`NotAnMrz`] with the first part that is wrong.
    pub fn parse(number: &str, birth: &str, expiry: &str) -> Result<Self, NotAnMrz> {
        let with_check_digits = birth.len() == 7 && expiry.len() == 7;
        let date = |text: &str, part| {
            let wrong = NotAnMrz(part);
            let (digits, check) = if with_check_digits {
                let (check, digits) = text.as_bytes().split_last().ok_or(wrong)?;
                (digits, Some(*check))
            } else {
                (text.as_bytes(), None)
            };
            // An unknown day or month of birth is printed as fillers.
            let known = |byte: &u8| byte.is_ascii_digit() || (*byte == b'<' && part == MrzPart::Birth);
            if digits.len() != 6 || !digits.iter().all(known) {
                return Err(wrong);
            }
            with_check(digits, check).ok_or(wrong)
        };
        let wrong = NotAnMrz(MrzPart::Number);
        let number = Zeroizing::new(number.to_ascii_uppercase());
        let (digits, check) = if with_check_digits {
            let (check, digits) = number.as_bytes().split_last().ok_or(wrong)?;
            (digits, Some(*check))
        } else {
            (number.as_bytes(), None)
        };
        let used = digits.iter().rposition(|byte| *byte != b'<').map_or(0, |last| last.saturating_add(1));
        let digits = digits.get(..used).unwrap_or(digits);
        if digits.is_empty() || digits.len() > LONGEST_NUMBER {
            return Err(wrong);
        }
        let mut filled = Zeroizing::new(vec![b'<'; digits.len().max(9)]);
        filled.iter_mut().zip(digits).for_each(|(place, digit)| *place = *digit);
        let number = with_check(&filled, check).ok_or(wrong)?;
        let (birth, expiry) = (date(birth, MrzPart::Birth)?, date(expiry, MrzPart::Expiry)?);
        let parts = [number.expose(), birth.expose(), expiry.expose()];
        Ok(Self(SecretBytes::new(parts.concat())))
    }

    /// The seed of basic access: half of the digest. ICAO Doc 9303-11, 9.7.2.
    pub(super) fn basic_seed(&self) -> SecretBytes {
        let digest = SecretBytes::new(HashAlgorithm::Sha1.digest(self.0.expose()));
        SecretBytes::new(digest.expose().iter().take(16).copied().collect())
    }
}

impl Pin {
    /// Parses 4 to 12 digits. BSI TR-03110-2, 3.3.
    ///
    /// # Errors
    /// [`NotAPin`].
    pub fn parse(text: &str) -> Result<Self, NotAPin> {
        digits(text, 4).map(Self).ok_or(NotAPin)
    }
}

impl Puk {
    /// Parses 6 to 12 digits. BSI TR-03110-2, 3.3.
    ///
    /// # Errors
    /// [`NotAPuk`].
    pub fn parse(text: &str) -> Result<Self, NotAPuk> {
        digits(text, 6).map(Self).ok_or(NotAPuk)
    }
}

fn digits(text: &str, least: usize) -> Option<SecretBytes> {
    let fits = (least..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| SecretBytes::new(text.as_bytes().to_vec()))
}

/// The characters with their check digit behind; `None` when another one was given, or for characters the lines do not
/// have. A check digit that is a filler stands for zero. ICAO Doc 9303-3, 4.9.
fn with_check(text: &[u8], given: Option<u8>) -> Option<SecretBytes> {
    let weights = [7_u32, 3, 1].into_iter().cycle();
    let mut sum = 0_u32;
    for (byte, weight) in text.iter().zip(weights) {
        let value = match byte {
            b'<' => 0,
            b'0'..=b'9' => byte.checked_sub(b'0')?,
            b'A'..=b'Z' => byte.checked_sub(b'A')?.checked_add(10)?,
            _ => return None,
        };
        sum = sum.checked_add(u32::from(value).checked_mul(weight)?)?;
    }
    let check = b'0'.checked_add(u8::try_from(sum.checked_rem(10)?).ok()?)?;
    if given.is_some_and(|given| given != check && !(given == b'<' && check == b'0')) {
        return None;
    }
    Some(SecretBytes::new([text, &[check]].concat()))
}

/// A document number of the longest kind there is, on a TD1 card. ICAO Doc 9303-5, 4.2.2.
const LONGEST_NUMBER: usize = 22;

macro_rules! never_printed {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

never_printed!(Can, Mrz, Pin, Puk);

/// What the citizen proves to hold the card with.
#[derive(Debug)]
#[non_exhaustive]
pub enum CardAccess {
    /// The number printed on the card.
    Can(Can),
    /// The lines for machines, and when basic access will do.
    Mrz(Mrz, BasicAccess),
    /// The holder's own number. `resume_by` lets a suspended one be tried once more.
    Pin {
        /// The number.
        pin: Pin,
        /// The number printed on the card: a card that has suspended the PIN after failures takes it again only from
        /// somebody who holds the card. BSI TR-03110-2, 3.5.
        resume_by: Option<Can>,
    },
    /// The number that unblocks the PIN.
    Puk(Puk),
}

/// When basic access control, which a recorded exchange betrays, is good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BasicAccess {
    /// Never.
    Never,
    /// On a card that speaks of no PACE. That it does not is compared with what its issuer signed.
    WhereThereIsNoPace,
    /// Also where the card speaks of PACE and does not do it. The reading says that it came to that.
    EvenWhenPaceIsRefused,
}

/// Which of its secrets a card is asked about: the reference in MSE:Set AT. ICAO Doc 9303-11, 4.4.4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// The lines for machines.
    Mrz,
    /// The number printed on the card.
    Can,
    /// The holder's own number.
    Pin,
    /// The number that unblocks the PIN.
    Puk,
}

impl Reference {
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Mrz => 1,
            Self::Can => 2,
            Self::Pin => 3,
            Self::Puk => 4,
        }
    }
}

impl CardAccess {
    pub(super) const fn reference(&self) -> Reference {
        match self {
            Self::Can(_) => Reference::Can,
            Self::Mrz(..) => Reference::Mrz,
            Self::Pin { .. } => Reference::Pin,
            Self::Puk(_) => Reference::Puk,
        }
    }

    /// `K_π` of one of the secrets at hand. ICAO Doc 9303-11, 9.7.3.
    pub(super) fn key(&self, reference: Reference, cipher: Cipher) -> Option<ChannelKey> {
        let derive = |secret: &[u8]| Some(ChannelKey::derive(secret, Purpose::Password, cipher));
        match (self, reference) {
            (Self::Can(can) | Self::Pin { resume_by: Some(can), .. }, Reference::Can) => {
                derive(can.0.expose())
            }
            (Self::Mrz(mrz, _), Reference::Mrz) => {
                derive(SecretBytes::new(HashAlgorithm::Sha1.digest(mrz.0.expose())).expose())
            }
            (Self::Pin { pin, .. }, Reference::Pin) => derive(pin.0.expose()),
            (Self::Puk(puk), Reference::Puk) => derive(puk.0.expose()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_can_is_six_digits_and_never_printed() {
        assert_eq!(format!("{:?}", CardAccess::Can(Can::parse("123456").unwrap())), "Can(Can(..))");
        for bad in ["", "12345", "1234567", "12345a", "１２３４５６", "12345 "] {
            assert_eq!(Can::parse(bad).unwrap_err(), NotACan);
        }
    }

    #[test]
    fn pins_and_puks_are_digits_and_never_printed() {
        let access = CardAccess::Pin { pin: Pin::parse("111111").unwrap(), resume_by: None };
        assert_eq!(format!("{access:?}"), "Pin { pin: Pin(..), resume_by: None }");
        assert_eq!(format!("{:?}", Puk::parse("3333333333").unwrap()), "Puk(..)");
        for bad in ["", "123", "1234567890123", "12345a"] {
            assert_eq!(Pin::parse(bad).unwrap_err(), NotAPin);
            assert_eq!(Puk::parse(bad).unwrap_err(), NotAPuk);
        }
    }

    /// ICAO Doc 9303-11, D.2.
    #[test]
    fn the_lines_for_machines_become_the_information_of_the_worked_example() {
        for (number, birth, expiry, information, seed) in [
            (
                "L898902C<3",
                "6908061",
                "9406236",
                "L898902C<369080619406236",
                "239ab9cb282daf66231dc5a4df6bfbae",
            ),
            ("L898902C", "690806", "940623", "L898902C<369080619406236", "239ab9cb282daf66231dc5a4df6bfbae"),
            (
                "D23145890734",
                "340712",
                "950712",
                "D23145890734934071279507122",
                "b366ad857ddca2b08c0e299811714730",
            ),
        ] {
            let mrz = Mrz::parse(number, birth, expiry).unwrap();
            assert_eq!(mrz.0.expose(), information.as_bytes());
            assert_eq!(hex::encode(mrz.basic_seed().expose()), seed);
        }
        // Letters in either case; the check digit of a long number may stand with its fillers.
        assert!(Mrz::parse("l898902c", "690806", "940623").is_ok());
        assert_eq!(format!("{:?}", Mrz::parse("L898902C", "690806", "940623").unwrap()), "Mrz(..)");
    }

    #[test]
    fn a_mistyped_line_is_noticed_before_the_card_is_touched() {
        let wrong = |number, birth, expiry| Mrz::parse(number, birth, expiry).unwrap_err().0;
        assert_eq!(wrong("L898902C<4", "6908061", "9406236"), MrzPart::Number);
        assert_eq!(wrong("L898902C<3", "6908062", "9406236"), MrzPart::Birth);
        assert_eq!(wrong("L898902C<3", "6908061", "9406237"), MrzPart::Expiry);
        assert_eq!(wrong("L898-02C", "690806", "940623"), MrzPart::Number);
        assert_eq!(wrong("", "690806", "940623"), MrzPart::Number);
        assert_eq!(wrong("<<<", "690806", "940623"), MrzPart::Number);
        assert_eq!(wrong("12345678901234567890123", "690806", "940623"), MrzPart::Number);
        assert_eq!(wrong("L898902C", "69080", "940623"), MrzPart::Birth);
        assert_eq!(wrong("L898902C", "6908061", "940623"), MrzPart::Birth);
        assert_eq!(wrong("L898902C", "690806", "94<623"), MrzPart::Expiry);
        assert!(Mrz::parse("L898902C", "69<<<<", "940623").is_ok());
    }
}
