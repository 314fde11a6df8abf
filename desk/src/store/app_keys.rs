//! Keys that App Attest vouched for, and how often each has signed.

use wallet_core::crypto::sign::PublicKey;

use super::{Store, StoreError, Thumbprint, engine::params};
use crate::attestation::{AppKey, KnownAppKey};

impl Store {
    /// An App Attest key known from before, with how it was attested, and the wallet it belongs to. One of a version that did not keep
    /// that is as good as unknown.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn app_key(&self, id: &[u8; 32]) -> Result<Option<(KnownAppKey, Thumbprint)>, StoreError> {
        let found = self.read(|tx| {
            tx.first(
                "SELECT public_key, app, counter, instance, object, client_data_hash, attested_at
                 FROM app_keys WHERE id = ?1 AND object IS NOT NULL",
                params![id],
                |row| {
                    let (public, counter): ([u8; 65], i64) = (row.get(0)?, row.get(2)?);
                    let key = (PublicKey::from_sec1(&public), u32::try_from(counter));
                    let (Ok(public), Ok(counter)) = key else { return Err(StoreError::Shape) };
                    let key = AppKey { id: *id, public, app: row.get(1)?, counter };
                    let (object, client_data_hash) = (row.get(4)?, row.get(5)?);
                    let known = KnownAppKey { key, object, client_data_hash, attested_at: row.get(6)? };
                    Ok((known, row.get(3)?))
                },
            )
        })?;
        Ok(found)
    }

    /// Remembers how often an App Attest key has signed, for the wallet it belongs to. Tells whether that is more than was known,
    /// and the same wallet: two that come at once with one assertion do not both pass. `said` is the attestation object of a key that
    /// is new, and what it was made for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_app_key(
        &self,
        key: &AppKey,
        said: (&[u8], &[u8; 32]),
        instance: &Thumbprint,
        now: i64,
    ) -> Result<bool, StoreError> {
        let (object, client_data_hash) = said;
        let AppKey { id, public, app, counter } = key;
        let counter = i64::from(*counter);
        self.write(|tx| {
            let known: Option<(i64, Thumbprint)> =
                tx.first("SELECT counter, instance FROM app_keys WHERE id = ?1", params![id], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
            match known {
                Some((before, owner)) if counter > before && owner == *instance => {
                    tx.execute("UPDATE app_keys SET counter = ?2 WHERE id = ?1", params![id, counter])?;
                    Ok(true)
                }
                Some(_) => Ok(false),
                None => {
                    tx.execute(
                        "INSERT INTO app_keys
                         (id, public_key, app, counter, instance, attested_at, object, client_data_hash)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                        params![id, public.as_sec1(), app, counter, instance, now, object, client_data_hash],
                    )?;
                    Ok(true)
                }
            }
        })
    }
}
