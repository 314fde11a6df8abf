//! `wallet chip`: the invented card in somebody else's reader, over TCP.

use fixtures::{
    chip::{ChipAuthentication, Cipher, Curve, Mapping, VirtualCard},
    people, vpcd,
};

use crate::{
    args::ChipArguments,
    failure::{Failure, Outcome, ReaderFault},
    output::Output,
    readers::{VIRTUAL_CAN, VIRTUAL_PIN, VIRTUAL_PUK},
};

/// One way of PACE, as typed: `gm-aes128-12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offer(Mapping, Cipher, Curve);

impl Offer {
    /// A mapping, a cipher and the number of a group. ICAO Doc 9303-11, 9.5.1.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut parts = text.split('-');
        let mapping = match parts.next() {
            Some("gm") => Mapping::Generic,
            Some("im") => Mapping::Integrated,
            Some("cam") => Mapping::ChipAuthentication,
            _ => return Err("gm-, im-, cam-"),
        };
        let (cipher, curve) = parse_suite(parts)?;
        Ok(Self(mapping, cipher, curve))
    }
}

/// The chip's key, as typed: `aes128-12`.
pub(crate) fn parse_key(text: &str) -> Result<ChipAuthentication, &'static str> {
    let (cipher, curve) = parse_suite(text.split('-'))?;
    Ok(ChipAuthentication { cipher, curve, key_id: None, announced: true })
}

fn parse_suite<'a>(mut parts: impl Iterator<Item = &'a str>) -> Result<(Cipher, Curve), &'static str> {
    let cipher = match parts.next() {
        Some("3des") => Cipher::TripleDes,
        Some("aes128") => Cipher::Aes128,
        Some("aes192") => Cipher::Aes192,
        Some("aes256") => Cipher::Aes256,
        _ => return Err("3des-, aes128-, aes192-, aes256-"),
    };
    let number = parts.next().and_then(|number| number.parse().ok());
    let curve = number.and_then(Curve::numbered).filter(|_| parts.next().is_none());
    Ok((cipher, curve.ok_or("-0, -1, -2, -10, -12 .. -18")?))
}

/// Runs it.
pub(crate) async fn run(arguments: ChipArguments, output: Output) -> Outcome<()> {
    let ChipArguments { connect, offers, key, basic_access, short } = arguments;
    let mut card = VirtualCard::of(&people::adult()).can(VIRTUAL_CAN).pin(VIRTUAL_PIN, 3).puk(VIRTUAL_PUK);
    let mut offers = offers.into_iter();
    if let Some(Offer(mapping, cipher, curve)) = offers.next() {
        card = card.pace_by(mapping, cipher, curve);
    }
    for Offer(mapping, cipher, curve) in offers {
        card = card.also_pace_by(mapping, cipher, curve);
    }
    if let Some(key) = key {
        card = card.chip_authentication(key);
    }
    if basic_access {
        card = card.basic_access();
    }
    if short {
        card = card.short_apdus_only();
    }
    output.progress(&(output.texts.say.playing_chip)(&connect));
    let mut card = card.build();
    let played = tokio::task::spawn_blocking(move || vpcd::play(&mut card, connect.as_str())).await;
    output.clear_progress();
    played
        .map_err(|_| Failure::Internal("the chip's thread died"))?
        .map_err(|_| Failure::Reader(ReaderFault::Port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_and_keys_are_read_as_they_are_typed() {
        assert_eq!(
            Offer::parse("cam-aes256-13"),
            Ok(Offer(Mapping::ChipAuthentication, Cipher::Aes256, Curve::BrainpoolP256r1))
        );
        assert_eq!(
            Offer::parse("im-3des-0"),
            Ok(Offer(Mapping::Integrated, Cipher::TripleDes, Curve::Modp1024))
        );
        for bad in ["", "gm", "gm-aes128", "gm-aes128-11", "gm-des-12", "xm-aes128-12", "gm-aes128-12-1"] {
            assert!(Offer::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_key("aes128-12"), Ok(ChipAuthentication::AES_128));
        assert!(parse_key("aes128").is_err());
    }
}
