//! The pool of one-time copies: reserved before the prompt, spent before anything is shown.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    CopyId, Event, Misuse, NewCopy, PoolCount, Reservation, ReservedCopy, Staple, StapleEntry, Vault,
    VaultError, cards,
    error::Fault,
    history,
    rows::{self, CopyRow, CopyState, StapleRow},
    seal::Table,
    store::Batch,
};
use crate::{card::Disclosure, platform::HolderKeyId};

impl Vault {
    /// Takes the copy issued longest ago that was never handed out, in one transaction: no crash and no second call gets
    /// the same copy again.
    ///
    /// # Errors
    /// [`Misuse::NotActive`]; [`VaultError::NotFound`] for the card; [`VaultError::Locked`], storage errors.
    pub fn reserve_copy(&mut self, card: &str, disclosure: Disclosure) -> Result<Reservation, VaultError> {
        let reservation = self.commit(|batch| {
            let (card, found) = cards::find(batch, card)?;
            if !found.state.is_active() {
                return Err(Misuse::NotActive.into());
            }
            for id in batch.ids(Table::Copy)? {
                let mut row = read(batch, id)?;
                if row.card == card && row.state == CopyState::Fresh && row.disclosure()? == disclosure {
                    row.state = CopyState::Reserved;
                    batch.write(Table::Copy, id, &rows::encode(&row)?)?;
                    let CopyRow { holder_key, sd_cwt, .. } = row;
                    return Ok(Reservation::Copy(Box::new(ReservedCopy {
                        id: CopyId(id),
                        disclosure,
                        holder_key: HolderKeyId::new(holder_key),
                        sd_cwt,
                        staple: staple_of(batch, id)?,
                    })));
                }
            }
            Ok(Reservation::PoolEmpty)
        })?;
        if let Reservation::Copy(copy) = &reservation {
            self.reserved_here.insert(copy.id.0);
        }
        Ok(reservation)
    }

    /// Uses a reserved copy up: before its signature is asked for or shown. Its bytes are erased, its key is left for
    /// [`Vault::spent_keys`].
    ///
    /// # Errors
    /// [`Misuse::NotReserved`]; [`VaultError::NotFound`], [`VaultError::Locked`], storage errors.
    pub fn spend(&mut self, copy: CopyId) -> Result<(), VaultError> {
        self.spend_and_record(copy, None)
    }

    /// [`Vault::spend`], and the history entry of the show in the same transaction.
    ///
    /// # Errors
    /// As [`Vault::spend`] and [`Vault::record`].
    pub fn spend_and_record(&mut self, copy: CopyId, event: Option<&Event>) -> Result<(), VaultError> {
        self.commit(|batch| {
            use_up(batch, copy.0)?;
            event.map_or(Ok(()), |event| history::append(batch, event))
        })?;
        self.reserved_here.remove(&copy.0);
        Ok(())
    }

    /// Puts a reserved copy back: the citizen cancelled before any signature existed. After a signature, spend it.
    ///
    /// # Errors
    /// [`Misuse::NotReserved`]; [`VaultError::NotFound`], [`VaultError::Locked`], storage errors.
    pub fn release(&mut self, copy: CopyId) -> Result<(), VaultError> {
        self.commit(|batch| {
            let mut row = read_reserved(batch, copy.0)?;
            row.state = CopyState::Fresh;
            batch.write(Table::Copy, copy.0, &rows::encode(&row)?)
        })?;
        self.reserved_here.remove(&copy.0);
        Ok(())
    }

    /// How many copies of each level a card has.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::Locked`], storage errors.
    pub fn pool(&mut self, card: &str) -> Result<BTreeMap<Disclosure, PoolCount>, VaultError> {
        self.commit(|batch| {
            let (card, found) = cards::find(batch, card)?;
            let mut pool: BTreeMap<_, PoolCount> =
                found.levels.into_iter().map(|level| (level, PoolCount::default())).collect();
            for id in batch.ids(Table::Copy)? {
                let row = read(batch, id)?;
                if row.card == card {
                    let count = pool.entry(row.disclosure()?).or_default();
                    let field = match row.state {
                        CopyState::Fresh => &mut count.fresh,
                        CopyState::Reserved => &mut count.reserved,
                        CopyState::Spent => &mut count.spent,
                    };
                    *field = field.saturating_add(1);
                }
            }
            Ok(pool)
        })
    }

    /// Adds copies to the pool of a card, of levels it was issued with.
    ///
    /// # Errors
    /// [`Misuse::LevelsDiffer`], [`Misuse::SharedCopy`], [`Misuse::Size`]; [`VaultError::NotFound`],
    /// [`VaultError::Locked`], storage errors.
    pub fn add_copies(&mut self, card: &str, copies: &[NewCopy]) -> Result<(), VaultError> {
        self.commit(|batch| {
            let (card, found) = cards::find(batch, card)?;
            if copies.iter().any(|copy| !found.levels.contains(&copy.disclosure)) {
                return Err(Misuse::LevelsDiffer.into());
            }
            add(batch, card, copies)
        })
    }

    /// Hardware keys of spent copies, to be deleted by the key store and then forgotten here.
    ///
    /// # Errors
    /// [`VaultError::Locked`], storage errors.
    pub fn spent_keys(&mut self) -> Result<Vec<(CopyId, HolderKeyId)>, VaultError> {
        self.commit(|batch| {
            let mut keys = Vec::new();
            for id in batch.ids(Table::Copy)? {
                let row = read(batch, id)?;
                if row.state == CopyState::Spent {
                    keys.push((CopyId(id), HolderKeyId::new(row.holder_key)));
                }
            }
            Ok(keys)
        })
    }

    /// Forgets spent copies whose hardware keys are gone. Copies already forgotten are passed over.
    ///
    /// # Errors
    /// [`Misuse::NotReserved`] for a copy that is not spent; [`VaultError::Locked`], storage errors.
    pub fn forget_spent(&mut self, copies: &[CopyId]) -> Result<(), VaultError> {
        self.commit(|batch| {
            for copy in copies {
                if batch.has(Table::Copy, copy.0) {
                    if read(batch, copy.0)?.state != CopyState::Spent {
                        return Err(Misuse::NotReserved.into());
                    }
                    remove(batch, copy.0)?;
                }
            }
            Ok(())
        })
    }

    /// Staples of all copies that may still be shown. Works while locked.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`], storage errors.
    pub fn staples(&mut self) -> Result<Vec<StapleEntry>, VaultError> {
        self.commit(|batch| {
            let mut staples = Vec::new();
            for id in batch.ids(Table::Staple)? {
                let StapleRow { cti, staple } = rows::decode(&batch.read(Table::Staple, id)?)?;
                let staple = staple.map(Staple::try_from).transpose()?;
                staples.push(StapleEntry { copy: CopyId(id), cti, staple });
            }
            Ok(staples)
        })
    }

    /// Stores newer staples by the issuer's id of the copy. Works while locked. An id that is not there any more and a
    /// staple that is not newer are passed over; gives back how many were stored.
    ///
    /// # Errors
    /// [`VaultError::StorageFull`], [`VaultError::Corrupt`], other storage errors.
    pub fn set_staples(&mut self, fetched: &[(Vec<u8>, Staple)]) -> Result<u32, VaultError> {
        self.commit(|batch| {
            let fetched: BTreeMap<_, _> = fetched.iter().map(|(cti, staple)| (cti, *staple)).collect();
            let mut stored = 0_u32;
            for id in batch.ids(Table::Staple)? {
                let StapleRow { cti, staple } = rows::decode(&batch.read(Table::Staple, id)?)?;
                let known = staple.map(Staple::try_from).transpose()?;
                let newer = fetched
                    .get(&cti)
                    .filter(|newer| known.is_none_or(|known| known.hour < newer.hour))
                    .copied();
                if let Some(newer) = newer {
                    let row = StapleRow { cti, staple: Some(newer.into()) };
                    batch.write(Table::Staple, id, &rows::encode(&row)?)?;
                    stored = stored.saturating_add(1);
                }
            }
            Ok(stored)
        })
    }

    /// Run at each unlock.
    pub(super) fn spend_what_a_crash_left(&mut self) -> Result<(), Fault> {
        let here = core::mem::take(&mut self.reserved_here);
        let settled = self.run(|batch| {
            for id in batch.ids(Table::Copy)? {
                if read(batch, id)?.state == CopyState::Reserved && !here.contains(&id) {
                    use_up(batch, id)?;
                }
            }
            Ok(())
        });
        self.reserved_here = here;
        settled
    }
}

/// Adds fresh copies, each with a key and an identifier of its own.
pub(super) fn add(batch: &mut Batch<'_>, card: i64, copies: &[NewCopy]) -> Result<(), Fault> {
    let (mut keys, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for id in batch.ids(Table::Copy)? {
        keys.insert(read(batch, id)?.holder_key);
    }
    for id in batch.ids(Table::Staple)? {
        ids.insert(rows::decode::<StapleRow>(&batch.read(Table::Staple, id)?)?.cti);
    }
    for copy in copies {
        if copy.sd_cwt.is_empty() || copy.cti.is_empty() || copy.cti.len() > 64 {
            return Err(Misuse::Size.into());
        }
        if !keys.insert(copy.holder_key.as_str().to_owned()) || !ids.insert(copy.cti.clone()) {
            return Err(Misuse::SharedCopy.into());
        }
        let id = batch.next_id(Table::Copy)?;
        batch.write(Table::Copy, id, &rows::encode(&CopyRow::fresh(card, copy))?)?;
        let staple = StapleRow { cti: copy.cti.clone(), staple: copy.staple.map(Into::into) };
        batch.write(Table::Staple, id, &rows::encode(&staple)?)?;
    }
    Ok(())
}

/// Removes a copy and its staple.
pub(super) fn remove(batch: &mut Batch<'_>, id: i64) -> Result<(), Fault> {
    batch.remove(Table::Copy, id)?;
    if batch.has(Table::Staple, id) { batch.remove(Table::Staple, id) } else { Ok(()) }
}

fn use_up(batch: &mut Batch<'_>, id: i64) -> Result<(), Fault> {
    let mut row = read_reserved(batch, id)?;
    row.state = CopyState::Spent;
    row.sd_cwt.clear();
    batch.write(Table::Copy, id, &rows::encode(&row)?)?;
    if batch.has(Table::Staple, id) { batch.remove(Table::Staple, id) } else { Ok(()) }
}

fn read(batch: &Batch<'_>, id: i64) -> Result<CopyRow, Fault> {
    rows::decode(&batch.read(Table::Copy, id)?)
}

fn read_reserved(batch: &Batch<'_>, id: i64) -> Result<CopyRow, Fault> {
    let row = read(batch, id)?;
    if row.state == CopyState::Reserved { Ok(row) } else { Err(Misuse::NotReserved.into()) }
}

fn staple_of(batch: &Batch<'_>, id: i64) -> Result<Option<Staple>, Fault> {
    if !batch.has(Table::Staple, id) {
        return Ok(None);
    }
    let row: StapleRow = rows::decode(&batch.read(Table::Staple, id)?)?;
    row.staple.map(Staple::try_from).transpose()
}
