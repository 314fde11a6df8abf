//! Making lists and signing them: the issuer's side.

use miniz_oxide::deflate::compress_to_vec_zlib;
use serde::Serialize;

use super::{
    Status, StatusError, StatusList,
    list::MAX_LIST,
    token::{TYP_CWT, TYP_JWT, label},
};
use crate::{
    cbor::{MapWriter, Writer},
    cose::{ESP256, issue::sign1},
    crypto::sign::Signature,
    jose::{SigningInput, encode},
};

/// Level 9: lists are compressed once and fetched often.
const LEVEL: u8 = 9;

/// What a status token says beside its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms<'a> {
    /// Where the list is fetched.
    pub uri: &'a str,
    /// Seconds since 1970 UTC.
    pub issued_at: i64,
    /// Seconds since 1970 UTC.
    pub expires_at: i64,
    /// Seconds after which it is worth fetching again.
    pub ttl: u32,
}

impl StatusList {
    /// A list of at least `entries` entries, all valid, two bits each.
    ///
    /// # Errors
    /// [`StatusError::Compression`] when that is more than readers take.
    pub fn all_valid(entries: u32) -> Result<Self, StatusError> {
        let bytes = usize::try_from(entries.div_ceil(4)).map_err(|_| StatusError::Compression)?;
        if bytes > MAX_LIST {
            Err(StatusError::Compression)
        } else {
            Ok(Self { bits: 2, bytes: vec![0; bytes] })
        }
    }

    /// Sets one entry.
    ///
    /// # Errors
    /// [`StatusError::NoSuchEntry`]; [`StatusError::Bits`] when the value does not fit.
    pub fn set(&mut self, index: u64, status: Status) -> Result<(), StatusError> {
        let (byte, shift, mask) = self.place(index)?;
        if status.value() > mask {
            return Err(StatusError::Bits);
        }
        let byte = self.bytes.get_mut(byte).ok_or(StatusError::NoSuchEntry)?;
        *byte = (*byte & !(mask << shift)) | (status.value() << shift);
        Ok(())
    }

    /// The same list with one bit for each entry, which can say less: what does not hold, for now or for good, is invalid.
    #[must_use]
    pub fn in_one_bit(&self) -> Self {
        let entries = usize::try_from(self.entries().div_ceil(8)).unwrap_or(0);
        let mut one = Self { bits: 1, bytes: vec![0; entries] };
        let in_a_byte = u64::from(8 / self.bits.max(1));
        // Most bytes of most lists say that all is well.
        let others = (0_u64..).zip(&self.bytes).filter(|(_, byte)| **byte != 0);
        for index in others.flat_map(|(at, _)| {
            let first = at.saturating_mul(in_a_byte);
            first..first.saturating_add(in_a_byte)
        }) {
            if !matches!(self.status(index), Ok(Status::Valid) | Err(_)) {
                // As many entries as before.
                one.set(index, Status::Invalid).ok();
            }
        }
        one
    }

    /// The list as a ZLIB stream.
    #[must_use]
    pub fn to_zlib(&self) -> Vec<u8> {
        compress_to_vec_zlib(&self.bytes, LEVEL)
    }

    /// What is signed to make the list a JWT, under the chain of the signer. `None` when a text has no JSON form, which no
    /// address lacks. 5.1.
    #[must_use]
    pub fn to_jwt(&self, terms: &Terms<'_>, chain: &[Vec<u8>]) -> Option<SigningInput> {
        use base64::prelude::{BASE64_STANDARD, Engine as _};
        #[derive(Serialize)]
        struct Header {
            alg: &'static str,
            typ: &'static str,
            x5c: Vec<String>,
        }
        #[derive(Serialize)]
        struct List {
            bits: u8,
            lst: String,
        }
        #[derive(Serialize)]
        struct Claims<'a> {
            sub: &'a str,
            iat: i64,
            exp: i64,
            ttl: u32,
            status_list: List,
        }
        let x5c = chain.iter().map(|der| BASE64_STANDARD.encode(der)).collect();
        let header = Header { alg: "ES256", typ: TYP_JWT, x5c };
        let Terms { uri, issued_at, expires_at, ttl } = *terms;
        let status_list = List { bits: self.bits, lst: encode(&self.to_zlib()) };
        let claims = Claims { sub: uri, iat: issued_at, exp: expires_at, ttl, status_list };
        SigningInput::new(&header, &claims)
    }

    /// The list as a signed CWT, under the chain of the signer. 5.2.
    ///
    /// # Errors
    /// Those of `sign`.
    pub fn to_cwt<E>(
        &self,
        terms: &Terms<'_>,
        chain: &[Vec<u8>],
        sign: &dyn Fn(&[u8]) -> Result<Signature, E>,
    ) -> Result<Vec<u8>, E> {
        let Terms { uri, issued_at, expires_at, ttl } = *terms;
        let header = MapWriter::new()
            .entry(label::ALG, |w| w.int(ESP256))
            .entry(label::TYP, |w| w.text(TYP_CWT))
            .entry_if(label::X5CHAIN, (!chain.is_empty()).then_some(chain), |w, chain| match chain {
                [only] => w.bytes(only),
                chain => chain.iter().fold(w.array(chain.len()), |w, certificate| w.bytes(certificate)),
            });
        let list = MapWriter::new()
            .entry_text("bits", |w| w.uint(u64::from(self.bits)))
            .entry_text("lst", |w| w.bytes(&self.to_zlib()));
        let claims = MapWriter::new()
            .entry(label::SUB, |w| w.text(uri))
            .entry(label::EXP, |w| w.int(expires_at))
            .entry(label::IAT, |w| w.int(issued_at))
            .entry(label::STATUS_LIST, |w| w.map(list))
            .entry(label::TTL, |w| w.uint(u64::from(ttl)));
        let map = |map: MapWriter| {
            let mut writer = Writer::new();
            writer.map(map);
            writer.finish()
        };
        sign1(&map(header), &map(claims), sign)
    }
}
