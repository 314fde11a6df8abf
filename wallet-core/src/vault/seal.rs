//! Rows under seal, and the digest that tells whether all of them are there.

use std::collections::BTreeMap;

use super::{
    Header,
    error::{Fault, VaultError},
};
use crate::{
    bytes::{Secret, equal_in_constant_time},
    crypto::{aead, hash, random},
};

/// Which data key a row is sealed under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Domain {
    Device,
    Person,
}

impl Domain {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Person => "person",
        }
    }
}

/// The sealed tables, in the order of the digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Setting,
    PublicData,
    Staple,
    Card,
    Copy,
    Mdoc,
    History,
}

impl Table {
    pub(super) const ALL: [Self; 7] =
        [Self::Setting, Self::PublicData, Self::Staple, Self::Card, Self::Copy, Self::Mdoc, Self::History];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Setting => "setting",
            Self::PublicData => "public_data",
            Self::Staple => "staple",
            Self::Card => "card",
            Self::Copy => "copy",
            Self::Mdoc => "mdoc",
            Self::History => "history",
        }
    }

    pub(super) const fn domain(self) -> Domain {
        match self {
            Self::Setting | Self::PublicData | Self::Staple => Domain::Device,
            Self::Card | Self::Copy | Self::Mdoc | Self::History => Domain::Person,
        }
    }
}

/// Where a row is and which writing of it this is: what its seal is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) table: Table,
    pub(super) id: i64,
    /// The schema that wrote the row, so that a later schema reads it without the key to seal it anew.
    pub(super) schema: i64,
    /// The vault version whose commit wrote the row; no address is ever sealed twice.
    pub(super) version: i64,
}

impl Address {
    /// Schema version ‖ table (its length first) ‖ row id ‖ row version, numbers as 8 bytes big-endian.
    fn associated(&self) -> Vec<u8> {
        let name = self.table.name().as_bytes();
        [
            self.schema.to_be_bytes().as_slice(),
            &length_of(name),
            name,
            &self.id.to_be_bytes(),
            &self.version.to_be_bytes(),
        ]
        .concat()
    }
}

/// A row as the file holds it.
pub(super) struct SealedRow {
    pub(super) tag: [u8; 16],
    pub(super) nonce: [u8; 12],
    pub(super) sealed: Vec<u8>,
}

/// What the digest knows of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) schema: i64,
    pub(super) version: i64,
    pub(super) tag: [u8; 16],
}

/// All rows of the file, in the order of the digest.
pub(super) type Index = BTreeMap<(Table, i64), Entry>;

/// The digest row of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest {
    pub(super) version: i64,
    pub(super) mac: [u8; 32],
    /// Tells a wrong key from a damaged file.
    pub(super) key_check: [u8; 16],
}

/// The keys derived from one data key.
pub(super) struct Sealer {
    domain: Domain,
    rows: Secret<32>,
    digest: Secret<32>,
}

impl Sealer {
    /// HMAC-SHA-256 keyed with the data key over a label: one key for rows, one for the digest.
    pub(super) fn derive(domain: Domain, data_key: &Secret<32>) -> Self {
        let derive = |label: &[u8]| {
            Secret::new(hash::hmac_sha256(data_key.expose(), &[label, domain.name().as_bytes()]))
        };
        Self {
            domain,
            rows: derive(b"kr-wallet vault rows v1 "),
            digest: derive(b"kr-wallet vault digest v1 "),
        }
    }

    /// Seals under a fresh random nonce. NIST SP 800-38D, 8.3 allows 2^32 of them per key; a wallet that writes a
    /// thousand rows a day gets there in eleven thousand years.
    pub(super) fn seal(&self, address: &Address, plain: &[u8]) -> Result<SealedRow, Fault> {
        let nonce = random::make_random().map_err(|_| VaultError::Failed { code: i32::MIN })?;
        let mut sealed = aead::seal(&self.rows, nonce, &address.associated(), plain)
            .map_err(|_| VaultError::Failed { code: i32::MIN })?;
        let tag = *sealed.last_chunk().ok_or(Fault::Damaged)?;
        sealed.truncate(sealed.len().saturating_sub(tag.len()));
        Ok(SealedRow { tag, nonce, sealed })
    }

    pub(super) fn open(&self, address: &Address, row: SealedRow) -> Result<Vec<u8>, Fault> {
        let SealedRow { tag, nonce, mut sealed } = row;
        sealed.extend_from_slice(&tag);
        aead::open(&self.rows, nonce, &address.associated(), &sealed).map_err(|_| Fault::Damaged)
    }

    pub(super) fn key_check(&self) -> [u8; 16] {
        hash::truncated(hash::hmac_sha256(self.digest.expose(), &[b"key check"]))
    }

    /// The person's digest: its version and its rows.
    pub(super) fn person_digest(&self, version: i64, index: &Index) -> Digest {
        let mac =
            hash::hmac_sha256(self.digest.expose(), &[&version.to_be_bytes(), &rows_of(self.domain, index)]);
        Digest { version, mac, key_check: self.key_check() }
    }

    /// The device's digest covers the whole file: its own rows, the wrapped keys, the schema, and the person's digest,
    /// so that a person half from an older file is noticed before anybody unlocks.
    pub(super) fn device_digest(
        &self,
        version: i64,
        schema: i64,
        header: &Header,
        person: &Digest,
        index: &Index,
    ) -> Digest {
        let mut parts = Vec::new();
        for wrapped in [&header.device, &header.person] {
            for field in [wrapped.alias.as_str().as_bytes(), &wrapped.wrapped] {
                parts.extend_from_slice(&length_of(field));
                parts.extend_from_slice(field);
            }
        }
        let mac = hash::hmac_sha256(
            self.digest.expose(),
            &[
                &version.to_be_bytes(),
                &schema.to_be_bytes(),
                &parts,
                &person.version.to_be_bytes(),
                &person.mac,
                &person.key_check,
                &rows_of(self.domain, index),
            ],
        );
        Digest { version, mac, key_check: self.key_check() }
    }

    /// Compares the digest found with the one the rows give. Both the MAC and the key check differ: another key.
    /// One of them: damage.
    pub(super) fn compare(&self, found: &Digest, computed: &Digest) -> Result<(), Fault> {
        let mac = equal_in_constant_time(&found.mac, &computed.mac);
        let key = equal_in_constant_time(&found.key_check, &computed.key_check);
        match (mac, key) {
            (true, true) => Ok(()),
            (false, false) => Err(super::Misuse::WrongKey.into()),
            _ => Err(Fault::Damaged),
        }
    }
}

/// 41 bytes per row: table, id, schema, version, tag.
fn rows_of(domain: Domain, index: &Index) -> Vec<u8> {
    let mut rows = Vec::with_capacity(index.len().saturating_mul(41));
    for (number, table) in (0_u8..).zip(Table::ALL).filter(|(_, table)| table.domain() == domain) {
        for ((_, id), entry) in index.range((table, i64::MIN)..=(table, i64::MAX)) {
            rows.push(number);
            for value in [*id, entry.schema, entry.version] {
                rows.extend_from_slice(&value.to_be_bytes());
            }
            rows.extend_from_slice(&entry.tag);
        }
    }
    rows
}

fn length_of(field: &[u8]) -> [u8; 8] {
    u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_opens_at_its_own_address_only() {
        let sealer = Sealer::derive(Domain::Person, &Secret::new([1; 32]));
        let address = Address { table: Table::Copy, id: 3, schema: 1, version: 9 };
        let opened = |sealer: &Sealer, address: &Address| {
            let at = Address { table: Table::Copy, id: 3, schema: 1, version: 9 };
            let row = Sealer::derive(Domain::Person, &Secret::new([1; 32])).seal(&at, b"row").unwrap();
            sealer.open(address, row).map_err(|_| "broken")
        };
        assert_eq!(opened(&sealer, &address).unwrap(), b"row");
        for other in [
            Address { table: Table::Card, ..address },
            Address { id: 4, ..address },
            Address { schema: 2, ..address },
            Address { version: 8, ..address },
        ] {
            assert_eq!(opened(&sealer, &other), Err("broken"), "{other:?}");
        }
        let device = Sealer::derive(Domain::Device, &Secret::new([1; 32]));
        assert_eq!(opened(&device, &address), Err("broken"));
    }

    #[test]
    fn no_two_seals_of_one_row_look_alike() {
        let sealer = Sealer::derive(Domain::Device, &Secret::new([1; 32]));
        let address = Address { table: Table::Setting, id: 1, schema: 1, version: 1 };
        let (one, two) = (sealer.seal(&address, b"row").unwrap(), sealer.seal(&address, b"row").unwrap());
        assert_ne!(one.nonce, two.nonce);
        assert_ne!(one.sealed, two.sealed);
    }
}
