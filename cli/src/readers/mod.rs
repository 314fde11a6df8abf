//! Card readers of a desktop: the fixture's card in process, a chip that connects by TCP, a PC/SC reader.

#[cfg(feature = "pcsc")]
mod pcsc;
mod vpcd;

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use fixtures::{
    chip::{VirtualCard, VirtualLink},
    people,
};
use wallet_core::{
    platform::{CardLink, LinkError, LinkLimits},
    wallet::{CardReading, CardTrouble, WalletError},
};

use crate::{
    args::ReaderName,
    failure::{Failure, Outcome, ReaderFault, UsageFault},
    output::Output,
    terminal,
};

/// The card access number of the fixture's card.
pub(crate) const VIRTUAL_CAN: &str = "123456";
/// Its holder's own number.
pub(crate) const VIRTUAL_PIN: &str = "111111";
/// The number that unblocks it.
pub(crate) const VIRTUAL_PUK: &str = "3333333333";

/// A card in a reader, which can be taken out and put back.
#[async_trait]
pub(crate) trait Reader: CardLink {
    /// Waits for a card after the one before was lost, and goes by that.
    async fn find_again(&self) -> Result<(), ReaderFault>;
}

/// Waits for a card in the reader, saying so.
pub(crate) async fn connect(reader: &ReaderName, output: Output) -> Outcome<Arc<dyn Reader>> {
    match reader {
        ReaderName::Virtual => {
            let card = VirtualCard::of(&people::adult()).can(VIRTUAL_CAN);
            let card = card.pin(VIRTUAL_PIN, 3).puk(VIRTUAL_PUK).basic_access();
            Ok(Arc::new(VirtualLink::new(card.build())))
        }
        ReaderName::Vpcd(address) => {
            output.progress(&(output.texts.say.waiting_for_chip)(address));
            let link = vpcd::VpcdLink::accept(address.clone()).await.map_err(Failure::Reader)?;
            output.remark(&(output.texts.say.card_found)(address));
            Ok(Arc::new(link))
        }
        #[cfg(feature = "pcsc")]
        ReaderName::Pcsc(name) => {
            let waiting = move |reader: &str| output.progress(&(output.texts.say.waiting_for_card)(reader));
            let (link, reader) =
                pcsc::PcscLink::connect(name.clone(), waiting).await.map_err(Failure::Reader)?;
            output.remark(&(output.texts.say.card_found)(&reader));
            Ok(Arc::new(link))
        }
        #[cfg(not(feature = "pcsc"))]
        ReaderName::Pcsc(_) => Err(Failure::Usage(UsageFault::NoPcsc)),
    }
}

/// Does `run`, which is a reading by `reading`, and again each time that the card was lost and is there again: it goes on
/// where it stopped.
pub(crate) async fn while_the_card_comes_back<T, R: Future<Output = Result<T, WalletError>>>(
    reader: &Arc<dyn Reader>,
    reading: &CardReading,
    output: Output,
    run: impl Fn() -> R,
) -> Result<T, WalletError> {
    let mut taps = 1;
    loop {
        let error = match run().await {
            Err(error) if taps < MOST_TAPS && reading.is_paused() && asks_for_the_card(&error) => error,
            outcome => return outcome,
        };
        output.remark(&(output.texts.say.failure)(&Failure::Wallet(error.clone())));
        if reader.find_again().await.is_err() {
            return Err(error);
        }
        taps += 1;
    }
}

fn asks_for_the_card(error: &WalletError) -> bool {
    let trouble = |why: &CardTrouble| matches!(why, CardTrouble::Silent | CardTrouble::AnotherCard);
    matches!(error, WalletError::CardLost)
        || matches!(error, WalletError::CardUnreadable { why } if trouble(why))
}

/// How often a card is asked for: a contact that is never good ends there.
const MOST_TAPS: u32 = 10;
/// How long a card that was lost is waited for.
const RETURN_WAIT: Duration = Duration::from_secs(20);

#[async_trait]
impl Reader for VirtualLink {
    async fn find_again(&self) -> Result<(), ReaderFault> {
        self.tap_again();
        Ok(())
    }
}

/// A link on which extended length does not work.
pub(crate) struct ShortLink(pub(crate) Arc<dyn Reader>);

#[async_trait]
impl Reader for ShortLink {
    async fn find_again(&self) -> Result<(), ReaderFault> {
        self.0.find_again().await
    }
}

#[async_trait]
impl CardLink for ShortLink {
    async fn transceive(&self, apdu: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        self.0.transceive(apdu).await
    }

    async fn limits(&self) -> Result<LinkLimits, LinkError> {
        Ok(LinkLimits { extended: false, ..self.0.limits().await? })
    }
}

/// The card access number: as given, the fixture's own, or asked for.
pub(crate) async fn access_number(
    given: Option<String>,
    reader: &ReaderName,
    output: Output,
) -> Outcome<Vec<u8>> {
    if let Some(can) = given {
        return Ok(can.into_bytes());
    }
    if *reader == ReaderName::Virtual {
        return Ok(VIRTUAL_CAN.as_bytes().to_vec());
    }
    let answer = terminal::ask(output.texts.say.ask_can).await;
    answer.map(String::into_bytes).ok_or(Failure::Usage(UsageFault::Missing("--can")))
}
