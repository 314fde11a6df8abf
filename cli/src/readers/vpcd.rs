//! A chip that connects by TCP: the vpcd protocol.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use fixtures::vpcd::{VpcdCard, VpcdReader};
use wallet_core::platform::{CardLink, LinkError, LinkLimits};

use super::{RETURN_WAIT, Reader};
use crate::failure::ReaderFault;

/// The chip that connected, and where others may.
pub(crate) struct VpcdLink {
    reader: Arc<VpcdReader>,
    card: Arc<Mutex<VpcdCard>>,
}

impl VpcdLink {
    /// Listens on `address` and waits for a chip.
    pub(crate) async fn accept(address: String) -> Result<Self, ReaderFault> {
        let reader = Arc::new(VpcdReader::listen(address.as_str()).map_err(|_| ReaderFault::Port)?);
        let card = next(Arc::clone(&reader), CHIP_WAIT).await?;
        Ok(Self { reader, card: Arc::new(Mutex::new(card)) })
    }
}

async fn next(reader: Arc<VpcdReader>, patience: Duration) -> Result<VpcdCard, ReaderFault> {
    let accepted = tokio::task::spawn_blocking(move || {
        reader.accept(patience, ANSWER_WAIT).map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => ReaderFault::NoCard,
            _ => ReaderFault::Port,
        })
    });
    accepted.await.unwrap_or(Err(ReaderFault::Port))
}

#[async_trait]
impl Reader for VpcdLink {
    async fn find_again(&self) -> Result<(), ReaderFault> {
        let card = next(Arc::clone(&self.reader), RETURN_WAIT).await?;
        *self.card.lock().unwrap_or_else(PoisonError::into_inner) = card;
        Ok(())
    }
}

#[async_trait]
impl CardLink for VpcdLink {
    async fn transceive(&self, apdu: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        let card = Arc::clone(&self.card);
        tokio::task::spawn_blocking(move || {
            let mut card = card.lock().unwrap_or_else(PoisonError::into_inner);
            card.transceive(&apdu).map_err(|error| name_failure(&error))
        })
        .await
        .unwrap_or(Err(LinkError::Failed { os_code: -1 }))
    }

    async fn limits(&self) -> Result<LinkLimits, LinkError> {
        Ok(LinkLimits { max_command: LONGEST, max_response: LONGEST, extended: true })
    }
}

fn name_failure(error: &io::Error) -> LinkError {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => LinkError::Timeout,
        io::ErrorKind::InvalidInput => LinkError::TooLong,
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => LinkError::TagLost,
        _ => LinkError::Failed { os_code: error.raw_os_error().unwrap_or(-1) },
    }
}

/// A message's length has two bytes.
const LONGEST: u32 = 65_535;
/// How long to wait for a chip.
const CHIP_WAIT: Duration = Duration::from_secs(60);
/// How long to wait for an answer.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_that_left_is_told_from_one_that_is_silent() {
        assert_eq!(name_failure(&io::ErrorKind::UnexpectedEof.into()), LinkError::TagLost);
        assert_eq!(name_failure(&io::ErrorKind::WouldBlock.into()), LinkError::Timeout);
        assert_eq!(name_failure(&io::ErrorKind::InvalidInput.into()), LinkError::TooLong);
    }

    #[tokio::test]
    async fn an_address_that_cannot_be_listened_on_is_the_ports_fault() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        assert_eq!(VpcdLink::accept(address).await.err(), Some(ReaderFault::Port));
    }
}
