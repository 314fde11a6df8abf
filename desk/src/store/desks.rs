//! What several desks over one database agree on.

use super::{PackWindow, Store, StoreError, engine::params};

impl Store {
    /// Whether this memory is of a desk with these keys, of which `digest` tells; the first desk decides.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_of_keys(&self, digest: &[u8; 32]) -> Result<bool, StoreError> {
        self.write(|tx| {
            let known: Option<[u8; 32]> = tx.first("SELECT digest FROM keys", params![], |row| row.get(0))?;
            if known.is_none() {
                tx.execute("INSERT INTO keys (digest) VALUES (?1)", params![digest])?;
            }
            Ok(known.is_none_or(|known| known == *digest))
        })
    }

    /// Declares that the country's network is down until then, seconds since 1970 UTC, or that it is not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn declare_outage(&self, until: Option<i64>) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute("DELETE FROM sequences WHERE name = 'outage until'", params![])?;
            if let Some(until) = until {
                tx.execute(
                    "INSERT INTO sequences (name, value) VALUES ('outage until', ?1)",
                    params![until],
                )?;
            }
            Ok(())
        })
    }

    /// Until when an outage was declared.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn outage_until(&self) -> Result<Option<i64>, StoreError> {
        self.read(|tx| {
            tx.first("SELECT value FROM sequences WHERE name = 'outage until'", params![], |row| row.get(0))
        })
    }

    /// The sequence of the newest counter pack that any desk made, none before the first, and what one made now would list.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest_pack(&self, window: &PackWindow) -> Result<(Option<u64>, Vec<u32>), StoreError> {
        self.read(|tx| {
            let sequence: Option<i64> =
                tx.first("SELECT value FROM sequences WHERE name = 'counter pack'", params![], |row| {
                    row.get(0)
                })?;
            let sequence = sequence.map(u64::try_from).transpose().map_err(|_| StoreError::Shape)?;
            Ok((sequence, super::suspensions::deactivated(tx, window)?))
        })
    }

    /// What a counter pack is made of: its sequence, greater than that of any pack before and at least `now`, and the status
    /// indices of [`Store::deactivated`]. A greater sequence never comes with an older list.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn counter_pack(&self, window: &PackWindow, now: i64) -> Result<(u64, Vec<u32>), StoreError> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO sequences (name, value) VALUES ('counter pack', ?1)
                 ON CONFLICT (name) DO UPDATE
                 SET value = CASE WHEN sequences.value < excluded.value THEN excluded.value ELSE sequences.value + 1 END",
                params![now],
            )?;
            let sequence: i64 =
                tx.value("SELECT value FROM sequences WHERE name = 'counter pack'", params![])?;
            let sequence = u64::try_from(sequence).map_err(|_| StoreError::Shape)?;
            Ok((sequence, super::suspensions::deactivated(tx, window)?))
        })
    }
}
