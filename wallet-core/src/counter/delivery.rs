//! A copy on its way from the issuer to the wallet: the SD-CWT with what is not in it and must not be, because it is shown
//! apart or changes by the hour (docs/formats/kr1.md, "As a credential of OpenID4VCI").

use core::fmt;

use super::{
    error::{CounterError, Malformed},
    staple::Staple,
};
use crate::cbor::{CborError, Limits, Profile, Reader, Writer, check};

/// Most certificates: signer, one between, root.
const MAX_CHAIN: usize = 3;
/// 64 KiB: an SD-CWT of at most 4, and certificates.
const LIMITS: Limits = Limits { bytes: 1 << 16, depth: 4, items: 32 };

/// A copy as delivered; nothing of it is verified.
#[derive(Clone, PartialEq, Eq)]
pub struct DeliveredCopy {
    /// The SD-CWT.
    pub sd_cwt: Vec<u8>,
    /// Salt of the portrait digest in this copy; travels only with the photo.
    pub portrait_salt: [u8; 16],
    /// The issuer's freshness proof of this hour.
    pub staple: Staple,
    /// Certificate of the key that signed it and those above it up to a root the wallet knows, leaf first, DER.
    pub issuer_chain: Vec<Vec<u8>>,
}

impl fmt::Debug for DeliveredCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeliveredCopy(..)")
    }
}

impl DeliveredCopy {
    /// Reads `[sd_cwt, portrait_salt, [hour, preimage], [+ certificate]]`, deterministic CBOR.
    ///
    /// # Errors
    /// [`CounterError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CounterError> {
        check(bytes, Profile::Deterministic, LIMITS).map_err(Malformed::Cbor)?;
        read(bytes).map_err(|error| Malformed::Cbor(error).into())
    }

    /// The bytes that [`DeliveredCopy::parse`] reads.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.array(4).bytes(&self.sd_cwt).bytes(&self.portrait_salt);
        writer.array(2).uint(self.staple.hour.into()).bytes(&self.staple.preimage);
        self.issuer_chain.iter().fold(writer.array(self.issuer_chain.len()), |w, der| w.bytes(der));
        writer.finish()
    }
}

fn read(bytes: &[u8]) -> Result<DeliveredCopy, CborError> {
    let mut reader = Reader::new(bytes);
    reader.array_exactly(4)?;
    let sd_cwt = reader.bytes()?.to_vec();
    let portrait_salt = reader.array_of()?;
    reader.array_exactly(2)?;
    let staple = Staple { hour: reader.uint32()?, preimage: reader.array_of()? };
    let certificates = reader.array()?;
    let mut issuer_chain = Vec::new();
    for _ in 0..certificates {
        if issuer_chain.len() == MAX_CHAIN {
            return Err(CborError::TooManyItems);
        }
        issuer_chain.push(reader.bytes()?.to_vec());
    }
    if issuer_chain.is_empty() {
        return Err(CborError::OutOfRange);
    }
    reader.finish()?;
    Ok(DeliveredCopy { sd_cwt, portrait_salt, staple, issuer_chain })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(certificates: usize) -> DeliveredCopy {
        DeliveredCopy {
            sd_cwt: vec![0xd2; 300],
            portrait_salt: [7; 16],
            staple: Staple { hour: 500_000, preimage: [8; 16] },
            issuer_chain: vec![vec![0x30; 400]; certificates],
        }
    }

    #[test]
    fn a_copy_comes_out_as_it_went_in() {
        for certificates in 1..=MAX_CHAIN {
            let copy = copy(certificates);
            assert_eq!(DeliveredCopy::parse(&copy.encode()).unwrap(), copy);
        }
    }

    #[test]
    fn what_is_no_delivered_copy_is_refused() {
        for wrong in [copy(0).encode(), copy(MAX_CHAIN + 1).encode(), vec![], vec![0x84], vec![0x80]] {
            assert!(matches!(DeliveredCopy::parse(&wrong), Err(CounterError::Malformed(_))));
        }
        let good = copy(1).encode();
        for cut in 0..good.len() {
            assert!(DeliveredCopy::parse(&good[..cut]).is_err());
        }
        let longer = [good, vec![0]].concat();
        assert!(DeliveredCopy::parse(&longer).is_err());
    }
}
