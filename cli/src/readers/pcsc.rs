//! Readers of the system's PC/SC service.

use std::{
    ffi::CString,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use pcsc::{Card, Context, Error, MAX_BUFFER_SIZE_EXTENDED, Protocols, ReaderState, Scope, ShareMode, State};
use wallet_core::platform::{CardLink, LinkError, LinkLimits};

use super::{RETURN_WAIT, Reader};
use crate::failure::ReaderFault;

/// A card in a PC/SC reader, held by this program alone: a foreign command in between would break secure messaging.
pub(crate) struct PcscLink {
    card: Mutex<Arc<Card>>,
    reader: String,
}

impl PcscLink {
    /// Waits for a card in the first reader whose name contains `name`, or in any. `waiting` hears the reader's name when
    /// there is no card yet; the name of the one with the card comes back.
    pub(crate) async fn connect(
        name: Option<String>,
        waiting: impl Fn(&str) + Send + 'static,
    ) -> Result<(Self, String), ReaderFault> {
        let (card, reader) = find(name, CARD_WAIT, waiting).await?;
        Ok((Self { card: Mutex::new(card), reader: reader.clone() }, reader))
    }

    fn card(&self) -> MutexGuard<'_, Arc<Card>> {
        self.card.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Reader for PcscLink {
    async fn find_again(&self) -> Result<(), ReaderFault> {
        let (card, _) = find(Some(self.reader.clone()), RETURN_WAIT, |_| ()).await?;
        *self.card() = card;
        Ok(())
    }
}

async fn find(
    name: Option<String>,
    patience: Duration,
    waiting: impl Fn(&str) + Send + 'static,
) -> Result<(Arc<Card>, String), ReaderFault> {
    tokio::task::spawn_blocking(move || connect(name.as_deref(), patience, waiting))
        .await
        .unwrap_or(Err(ReaderFault::Failed(0)))
}

#[async_trait]
impl CardLink for PcscLink {
    async fn transceive(&self, apdu: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        let card = Arc::clone(&self.card());
        tokio::task::spawn_blocking(move || {
            let mut buffer = vec![0; MAX_BUFFER_SIZE_EXTENDED];
            card.transmit(&apdu, &mut buffer).map(<[u8]>::to_vec).map_err(name_failure)
        })
        .await
        .unwrap_or(Err(LinkError::Failed { os_code: -1 }))
    }

    async fn limits(&self) -> Result<LinkLimits, LinkError> {
        Ok(LinkLimits { max_command: LONGEST_COMMAND, max_response: LONGEST_RESPONSE, extended: true })
    }
}

fn connect(
    name: Option<&str>,
    patience: Duration,
    waiting: impl Fn(&str),
) -> Result<(Arc<Card>, String), ReaderFault> {
    let context = Context::establish(Scope::User).map_err(name_fault)?;
    let began = Instant::now();
    let mut told = false;
    loop {
        let readers = context.list_readers_owned().map_err(name_fault)?;
        let wanted = choose(&readers, name)?;
        let mut states: Vec<ReaderState> =
            wanted.into_iter().map(|reader| ReaderState::new(reader, State::UNAWARE)).collect();
        context.get_status_change(Duration::ZERO, &mut states).map_err(name_fault)?;
        let present = states.iter().find(|state| {
            state.event_state().contains(State::PRESENT) && !state.event_state().contains(State::MUTE)
        });
        if let Some(state) = present {
            match context.connect(state.name(), ShareMode::Exclusive, Protocols::ANY) {
                Ok(card) => {
                    let reader = state.name().to_string_lossy().into_owned();
                    return Ok((Arc::new(card), reader));
                }
                // The card left again, or still wakes up.
                Err(
                    Error::NoSmartcard | Error::RemovedCard | Error::UnpoweredCard | Error::UnresponsiveCard,
                ) => {}
                Err(error) => return Err(name_fault(error)),
            }
        } else if let (false, Some(first)) = (told, states.first()) {
            waiting(&first.name().to_string_lossy());
            told = true;
        }
        if began.elapsed() > patience {
            return Err(ReaderFault::NoCard);
        }
        // Short, because a wait inside the service could not be interrupted.
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The readers that are meant: those whose names contain `name`, or all.
fn choose(readers: &[CString], name: Option<&str>) -> Result<Vec<CString>, ReaderFault> {
    if readers.is_empty() {
        return Err(ReaderFault::NoReader);
    }
    let wanted: Vec<CString> = readers
        .iter()
        .filter(|reader| name.is_none_or(|name| reader.to_string_lossy().contains(name)))
        .cloned()
        .collect();
    if wanted.is_empty() {
        return Err(ReaderFault::UnknownReader(
            readers.iter().map(|reader| reader.to_string_lossy().into_owned()).collect(),
        ));
    }
    Ok(wanted)
}

fn name_fault(error: Error) -> ReaderFault {
    match error {
        Error::NoService | Error::ServiceStopped | Error::NoReadersAvailable | Error::ReaderUnavailable => {
            ReaderFault::NoReader
        }
        Error::SharingViolation => ReaderFault::Busy,
        Error::NoSmartcard => ReaderFault::NoCard,
        other => ReaderFault::Failed(code(other)),
    }
}

fn name_failure(error: Error) -> LinkError {
    match error {
        Error::RemovedCard
        | Error::NoSmartcard
        | Error::ResetCard
        | Error::UnpoweredCard
        | Error::UnresponsiveCard
        | Error::ReaderUnavailable
        | Error::NotTransacted => LinkError::TagLost,
        Error::Timeout => LinkError::Timeout,
        Error::InsufficientBuffer => LinkError::TooLong,
        Error::Cancelled | Error::CancelledByUser => LinkError::Cancelled,
        other => LinkError::Failed { os_code: i32::from_ne_bytes(code(other).to_ne_bytes()) },
    }
}

#[expect(clippy::as_conversions, reason = "the discriminants of pcsc::Error are the service's own numbers")]
const fn code(error: Error) -> u32 {
    error as u32
}

/// Header 4, Lc 3, data 65,535, Le 2: ISO/IEC 7816-4:2020, 5.1.
const LONGEST_COMMAND: u32 = 65_544;
/// Data 65,536 and the status word.
const LONGEST_RESPONSE: u32 = 65_538;
/// How long to wait for a card.
const CARD_WAIT: Duration = Duration::from_secs(60);

const _: () = assert!(MAX_BUFFER_SIZE_EXTENDED >= 65_544, "the buffer holds the longest answer");

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &[&str]) -> Vec<CString> {
        of.iter().map(|name| CString::new(*name).unwrap()).collect()
    }

    #[test]
    fn a_reader_is_chosen_by_a_part_of_its_name() {
        let there = names(&["ACS ACR1252 00 00", "Virtual PCD 00 00"]);
        assert_eq!(choose(&there, Some("Virtual")).unwrap(), names(&["Virtual PCD 00 00"]));
        assert_eq!(choose(&there, None).unwrap().len(), 2);
        assert_eq!(
            choose(&there, Some("Omnikey")),
            Err(ReaderFault::UnknownReader(vec!["ACS ACR1252 00 00".into(), "Virtual PCD 00 00".into()]))
        );
        assert_eq!(choose(&[], None), Err(ReaderFault::NoReader));
    }

    #[test]
    fn a_card_that_left_is_told_from_a_broken_reader() {
        assert_eq!(name_failure(Error::RemovedCard), LinkError::TagLost);
        assert!(matches!(name_failure(Error::CommError), LinkError::Failed { .. }));
        assert_eq!(name_fault(Error::SharingViolation), ReaderFault::Busy);
    }
}
