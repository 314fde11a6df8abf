//! Cards with everything that was issued for them, stored whole or not at all.

use std::collections::BTreeSet;

use super::{
    Card, Enrolled, Mdoc, Misuse, NewCopy, NewMdoc, NewSdJwt, Stored, StoredSdJwt, Vault, VaultError, copies,
    error::Fault,
    history,
    rows::{self, CardRow, CopyRow, MdocRow},
    seal::Table,
    settings,
    store::Batch,
};
use crate::{
    card::{LifeCycle, ReplaceReason},
    platform::HolderKeyId,
};

impl Vault {
    /// Stores a card with its copies and mdocs in one transaction. A card with the same id gives way entirely; other
    /// cards for the same document that were still alive become replaced and lose their copies and mdocs. Cards for other
    /// documents of the same person stay as they are.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::AnotherHolder`] when the vault holds a card of another person;
    /// [`Misuse::LevelsDiffer`], [`Misuse::SharedCopy`], [`Misuse::Size`]; [`VaultError::StorageFull`] and other storage
    /// errors, after which nothing of the card is there.
    pub fn store_card(
        &mut self,
        card: &Card,
        copies: &[NewCopy],
        mdocs: &[NewMdoc],
    ) -> Result<Stored, VaultError> {
        self.commit(|batch| put(batch, &Contents { card, copies, mdocs, sd_jwts: &[] }))
    }

    /// [`Vault::store_card`] together with the settings and the history line that belong to it.
    ///
    /// # Errors
    /// As [`Vault::store_card`], [`Vault::set_settings`] and [`Vault::record`]; after any of them nothing has changed.
    pub fn store_enrolled(&mut self, enrolled: &Enrolled<'_>) -> Result<Stored, VaultError> {
        let Enrolled { card, copies, mdocs, sd_jwts, settings, event, device_data } = *enrolled;
        self.commit(|batch| {
            let stored = put(batch, &Contents { card, copies, mdocs, sd_jwts })?;
            settings::put(batch, settings)?;
            history::append(batch, event)?;
            for (name, value) in device_data {
                settings::put_named(batch, name, value)?;
            }
            Ok(stored)
        })
    }

    /// All cards, oldest first, ended ones included.
    ///
    /// # Errors
    /// [`VaultError::Locked`], [`VaultError::Corrupt`], storage errors.
    pub fn cards(&mut self) -> Result<Vec<Card>, VaultError> {
        self.commit(|batch| Ok(all(batch)?.into_iter().map(|(_, card)| card).collect()))
    }

    /// One card.
    ///
    /// # Errors
    /// [`VaultError::NotFound`]; [`VaultError::Locked`], [`VaultError::Corrupt`], storage errors.
    pub fn card(&mut self, id: &str) -> Result<Card, VaultError> {
        self.commit(|batch| Ok(find(batch, id)?.1))
    }

    /// Moves a card to another state. Staying where it is is allowed and does nothing.
    ///
    /// # Errors
    /// [`Misuse::NoSuchTransition`]; [`VaultError::NotFound`], [`VaultError::Locked`], storage errors.
    pub fn set_state(&mut self, id: &str, state: LifeCycle) -> Result<(), VaultError> {
        self.commit(|batch| {
            let (row, mut card) = find(batch, id)?;
            if card.state == state {
                return Ok(());
            }
            if !card.state.can_become(state) {
                return Err(Misuse::NoSuchTransition.into());
            }
            card.state = state;
            batch.write(Table::Card, row, &rows::encode(&CardRow::from(&card))?)
        })
    }

    /// The mdocs of a card.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::Locked`], [`VaultError::Corrupt`], storage errors.
    pub fn mdocs(&mut self, card: &str) -> Result<Vec<Mdoc>, VaultError> {
        self.commit(|batch| {
            let (card, _) = find(batch, card)?;
            let mut mdocs = Vec::new();
            for id in batch.ids(Table::Mdoc)? {
                let row: MdocRow = rows::decode(&batch.read(Table::Mdoc, id)?)?;
                if row.card == card {
                    mdocs.extend(row.into_mdoc());
                }
            }
            Ok(mdocs)
        })
    }

    /// The SD-JWT VCs of a card.
    ///
    /// # Errors
    /// As [`Vault::mdocs`].
    pub fn sd_jwts(&mut self, card: &str) -> Result<Vec<StoredSdJwt>, VaultError> {
        self.commit(|batch| {
            let (card, _) = find(batch, card)?;
            let mut sd_jwts = Vec::new();
            for id in batch.ids(Table::Mdoc)? {
                let row: MdocRow = rows::decode(&batch.read(Table::Mdoc, id)?)?;
                if row.card == card {
                    sd_jwts.extend(row.into_sd_jwt()?);
                }
            }
            Ok(sd_jwts)
        })
    }
}

/// The card with this id and its row.
pub(super) fn find(batch: &Batch<'_>, id: &str) -> Result<(i64, Card), Fault> {
    all(batch)?.into_iter().find(|(_, card)| card.id == id).ok_or_else(|| VaultError::NotFound.into())
}

fn all(batch: &Batch<'_>) -> Result<Vec<(i64, Card)>, Fault> {
    let mut cards = Vec::new();
    for id in batch.ids(Table::Card)? {
        let row: CardRow = rows::decode(&batch.read(Table::Card, id)?)?;
        cards.push((id, row.try_into()?));
    }
    Ok(cards)
}

/// Removes copies, staples and mdocs of a card; gives back their hardware keys.
fn clear(batch: &mut Batch<'_>, card: i64) -> Result<Vec<HolderKeyId>, Fault> {
    let mut keys = Vec::new();
    for id in batch.ids(Table::Copy)? {
        let row: CopyRow = rows::decode(&batch.read(Table::Copy, id)?)?;
        if row.card == card {
            copies::remove(batch, id)?;
            keys.push(HolderKeyId::new(row.holder_key));
        }
    }
    for id in batch.ids(Table::Mdoc)? {
        let row: MdocRow = rows::decode(&batch.read(Table::Mdoc, id)?)?;
        if row.card == card {
            batch.remove(Table::Mdoc, id)?;
            keys.push(HolderKeyId::new(row.holder_key));
        }
    }
    Ok(keys)
}

/// A card and all that was issued for it.
#[derive(Clone, Copy)]
struct Contents<'a> {
    card: &'a Card,
    copies: &'a [NewCopy],
    mdocs: &'a [NewMdoc],
    sd_jwts: &'a [NewSdJwt],
}

fn check(contents: &Contents<'_>) -> Result<(), Fault> {
    let Contents { card, copies, mdocs, sd_jwts } = *contents;
    let empty = mdocs.iter().any(|mdoc| mdoc.issuer_signed.is_empty())
        || sd_jwts.iter().any(|sd_jwt| sd_jwt.text.is_empty());
    if card.id.is_empty() || empty {
        return Err(Misuse::Size.into());
    }
    let named: BTreeSet<_> = card.levels.iter().collect();
    let issued: BTreeSet<_> = copies.iter().map(|copy| &copy.disclosure).collect();
    if named != issued || named.len() != card.levels.len() {
        return Err(Misuse::LevelsDiffer.into());
    }
    let mut keys = BTreeSet::new();
    let all = copies.iter().map(|copy| &copy.holder_key);
    let all = all.chain(mdocs.iter().map(|mdoc| &mdoc.holder_key));
    let mut all = all.chain(sd_jwts.iter().map(|sd_jwt| &sd_jwt.holder_key));
    if all.all(|key| keys.insert(key)) { Ok(()) } else { Err(Misuse::SharedCopy.into()) }
}

/// Puts a card in the place of its predecessors.
fn put(batch: &mut Batch<'_>, contents: &Contents<'_>) -> Result<Stored, Fault> {
    check(contents)?;
    let Contents { card, copies, mdocs, sd_jwts } = *contents;
    let mut stored = Stored::default();
    let mut replaced_id = None;
    for (id, mut older) in all(batch)? {
        if older.person.registration_number() != card.person.registration_number() {
            return Err(VaultError::AnotherHolder.into());
        }
        if older.id != card.id && older.document != card.document {
            continue;
        }
        stored.orphaned_keys.extend(clear(batch, id)?);
        let next = LifeCycle::Replaced { reason: ReplaceReason::Reissued };
        if older.id == card.id {
            replaced_id = Some(id);
        } else if older.state.can_become(next) {
            older.state = next;
            batch.write(Table::Card, id, &rows::encode(&CardRow::from(&older))?)?;
        }
    }
    let id = match replaced_id {
        Some(id) => id,
        None => batch.next_id(Table::Card)?,
    };
    batch.write(Table::Card, id, &rows::encode(&CardRow::from(card))?)?;
    copies::add(batch, id, copies)?;
    let rows = mdocs.iter().map(|mdoc| MdocRow::new(id, mdoc));
    for document in rows.chain(sd_jwts.iter().map(|sd_jwt| MdocRow::of_sd_jwt(id, sd_jwt))) {
        let row = batch.next_id(Table::Mdoc)?;
        batch.write(Table::Mdoc, row, &rows::encode(&document)?)?;
    }
    Ok(stored)
}
