//! What is readable before unlock: settings and public data.

use super::{
    MAX_RECORD, Misuse, Settings, Vault, VaultError,
    error::Fault,
    rows::{self, PublicDataRow, SettingsRow},
    seal::Table,
    store::Batch,
};

/// The one row of the settings table.
const SETTINGS: i64 = 1;

impl Vault {
    /// The settings; defaults when none were stored.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`], storage errors.
    pub fn settings(&mut self) -> Result<Settings, VaultError> {
        self.commit(|batch| {
            if !batch.has(Table::Setting, SETTINGS) {
                return Ok(Settings::default());
            }
            let row: SettingsRow = rows::decode(&batch.read(Table::Setting, SETTINGS)?)?;
            Ok(row.into())
        })
    }

    /// Stores the settings.
    ///
    /// # Errors
    /// [`VaultError::StorageFull`], other storage errors.
    pub fn set_settings(&mut self, settings: &Settings) -> Result<(), VaultError> {
        self.commit(|batch| put(batch, settings))
    }

    /// Device data under a name (a counter pack, an issuance under way), readable before unlock; `None` where nothing is.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`], storage errors.
    pub fn public_data(&mut self, name: &str) -> Result<Option<Vec<u8>>, VaultError> {
        self.commit(|batch| Ok(find(batch, name)?.map(|(_, row)| row.value)))
    }

    /// Stores device data under a name of at most 64 bytes.
    ///
    /// # Errors
    /// [`Misuse::Size`], [`VaultError::StorageFull`], other storage errors.
    pub fn set_public_data(&mut self, name: &str, value: &[u8]) -> Result<(), VaultError> {
        self.commit(|batch| put_named(batch, name, value))
    }
}

pub(super) fn put_named(batch: &mut Batch<'_>, name: &str, value: &[u8]) -> Result<(), Fault> {
    if name.is_empty() || name.len() > 64 || value.len() > MAX_RECORD {
        return Err(Misuse::Size.into());
    }
    let id = match find(batch, name)? {
        Some((id, _)) => id,
        None => batch.next_id(Table::PublicData)?,
    };
    let row = PublicDataRow { name: name.to_owned(), value: value.to_vec() };
    batch.write(Table::PublicData, id, &rows::encode(&row)?)
}

pub(super) fn put(batch: &mut Batch<'_>, settings: &Settings) -> Result<(), Fault> {
    batch.write(Table::Setting, SETTINGS, &rows::encode(&SettingsRow::from(settings))?)
}

fn find(batch: &Batch<'_>, name: &str) -> Result<Option<(i64, PublicDataRow)>, Fault> {
    for id in batch.ids(Table::PublicData)? {
        let row: PublicDataRow = rows::decode(&batch.read(Table::PublicData, id)?)?;
        if row.name == name {
            return Ok(Some((id, row)));
        }
    }
    Ok(None)
}
