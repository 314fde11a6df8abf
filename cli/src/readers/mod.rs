//! Card readers of a desktop: the fixture's card in process, a chip that connects by TCP, a PC/SC reader.

#[cfg(feature = "pcsc")]
mod pcsc;
mod vpcd;

use std::sync::Arc;

use async_trait::async_trait;
use fixtures::{
    chip::{VirtualCard, VirtualLink},
    people,
};
use wallet_core::platform::{CardLink, LinkError, LinkLimits};

use crate::{
    args::ReaderName,
    failure::{Failure, Outcome, UsageFault},
    output::Output,
    terminal,
};

/// The card access number of the fixture's card.
pub(crate) const VIRTUAL_CAN: &str = "123456";
/// Its holder's own number.
pub(crate) const VIRTUAL_PIN: &str = "111111";
/// The number that unblocks it.
pub(crate) const VIRTUAL_PUK: &str = "3333333333";

/// Waits for a card in the reader, saying so.
pub(crate) async fn connect(reader: &ReaderName, output: Output) -> Outcome<Arc<dyn CardLink>> {
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

/// A link on which extended length does not work.
pub(crate) struct ShortLink(pub(crate) Arc<dyn CardLink>);

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
