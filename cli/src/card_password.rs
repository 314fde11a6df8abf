//! What opens a card, as typed on the command line.

use wallet_core::{
    chip::{Mrz, MrzPart, NotAnMrz, Pin, Puk},
    wallet::{BasicAccessPolicy, CardAccessView},
};

use crate::{
    args::ReaderName,
    failure::{Failure, Outcome, UsageFault},
    output::Output,
    readers, terminal,
};

/// What was typed to open a card with; nothing means that its access number is asked for.
#[derive(Debug, Default)]
pub(crate) struct CardPassword {
    /// The six digits printed on the card.
    pub(crate) can: Option<String>,
    /// The lines for machines.
    pub(crate) mrz: Option<TypedMrz>,
    /// The holder's own number, or [`ASKED`].
    pub(crate) pin: Option<String>,
    /// The number that unblocks it, or [`ASKED`].
    pub(crate) puk: Option<String>,
    /// When basic access is good enough.
    pub(crate) basic_access: Option<BasicAccessPolicy>,
}

/// Document number, birth and expiry, each with its check digit, which fit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TypedMrz {
    number: String,
    birth: String,
    expiry: String,
}

impl TypedMrz {
    /// `NUMBER,BIRTH,EXPIRY` (also with `/` or blanks between), or the three written together as the keys of the chip are
    /// made from them. ICAO Doc 9303-11, 9.7.2.
    ///
    /// # Errors
    /// The part that is none, or whose check digit does not fit.
    pub(crate) fn parse(typed: &str) -> Result<Self, MrzPart> {
        let separated = |c: char| c == ',' || c == '/' || c.is_whitespace();
        let mut parts = typed.split(separated).filter(|part| !part.is_empty());
        let (number, birth, expiry) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(number), Some(birth), Some(expiry), None) => (number, birth, expiry),
            (Some(together), None, ..) => split_together(together).ok_or(MrzPart::Number)?,
            _ => return Err(MrzPart::Number),
        };
        for (date, part) in [(birth, MrzPart::Birth), (expiry, MrzPart::Expiry)] {
            if date.len() != DATE {
                return Err(part);
            }
        }
        Mrz::parse(number, birth, expiry).map_err(|NotAnMrz(part)| part)?;
        Ok(Self { number: number.to_owned(), birth: birth.to_owned(), expiry: expiry.to_owned() })
    }
}

fn split_together(together: &str) -> Option<(&str, &str, &str)> {
    let (rest, expiry) = together.split_at_checked(together.len().checked_sub(DATE)?)?;
    let (number, birth) = rest.split_at_checked(rest.len().checked_sub(DATE)?)?;
    Some((number, birth, expiry))
}

impl CardPassword {
    /// The password, with what is missing or hidden asked for.
    pub(crate) async fn access(self, reader: &ReaderName, output: Output) -> Outcome<CardAccessView> {
        let Self { can, mrz, pin, puk, basic_access } = self;
        let say = &output.texts.say;
        if let Some(TypedMrz { number, birth, expiry }) = mrz {
            return Ok(CardAccessView::Mrz {
                number: number.into_bytes(),
                birth: birth.into_bytes(),
                expiry: expiry.into_bytes(),
                basic_access: basic_access.unwrap_or(BasicAccessPolicy::WhereThereIsNoPace),
            });
        }
        if let Some(typed) = pin {
            let pin = hidden("--pin", typed, say.ask_pin, |pin| Pin::parse(pin).is_ok()).await?;
            return Ok(CardAccessView::Pin { pin, can: can.map(String::into_bytes) });
        }
        if let Some(typed) = puk {
            let puk = hidden("--puk", typed, say.ask_puk, |puk| Puk::parse(puk).is_ok()).await?;
            return Ok(CardAccessView::Puk { puk });
        }
        Ok(CardAccessView::Can { can: readers::access_number(can, reader, output).await? })
    }
}

/// As typed, or asked for where nobody sees it.
async fn hidden(
    argument: &'static str,
    typed: String,
    question: &'static str,
    fits: fn(&str) -> bool,
) -> Outcome<Vec<u8>> {
    let number = match typed.as_str() {
        ASKED if terminal::is_there() => terminal::ask_hidden(question).await?,
        ASKED => return Err(Failure::Usage(UsageFault::Missing(argument))),
        _ => typed,
    };
    // The number itself stays out of the complaint.
    if fits(&number) {
        Ok(number.into_bytes())
    } else {
        Err(Failure::Usage(UsageFault::NotANumber(argument)))
    }
}

/// In place of a secret: ask for it.
const ASKED: &str = "-";
/// `YYMMDD` and the check digit.
const DATE: usize = 7;

#[cfg(test)]
mod tests {
    use super::*;

    /// The document of ICAO Doc 9303-11, D.2.
    #[test]
    fn the_lines_for_machines_are_taken_in_parts_or_together() {
        let parts = TypedMrz::parse("L898902C<3,6908061,9406236").unwrap();
        assert_eq!(parts.number, "L898902C<3");
        for typed in ["L898902C<3/6908061/9406236", "L898902C<3 6908061  9406236", "L898902C<369080619406236"]
        {
            assert_eq!(TypedMrz::parse(typed).as_ref(), Ok(&parts), "{typed}");
        }
        // A number longer than nine characters.
        let long = TypedMrz::parse("D23145890734934071279507122").unwrap();
        assert_eq!((long.number.as_str(), long.birth.as_str()), ("D231458907349", "3407127"));
    }

    #[test]
    fn a_mistyped_part_is_named_before_any_card_is_touched() {
        for (typed, part) in [
            ("L898902C<4,6908061,9406236", MrzPart::Number),
            ("L898902C<3,6908062,9406236", MrzPart::Birth),
            ("L898902C<3,6908061,9406237", MrzPart::Expiry),
            ("L898902C<3,690806,9406236", MrzPart::Birth),
            ("L898902C<3,6908061,940623", MrzPart::Expiry),
            ("L898902C<3,6908061", MrzPart::Number),
            ("a,b,c,d", MrzPart::Number),
            ("", MrzPart::Number),
            ("123456", MrzPart::Number),
            ("가나다라마바사아자차카타파하", MrzPart::Number),
        ] {
            assert_eq!(TypedMrz::parse(typed), Err(part), "{typed}");
        }
    }
}
