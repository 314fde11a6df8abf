//! What was learned about models of cards: while the wallet is open by all its readings, and in the vault by those that ended
//! well, so that the next opening knows it too. It says nothing of a person and names no single card.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::{
    chip::{Habits, KnownModels, ModelId},
    vault::{Vault, VaultError},
};

/// What readings know about models.
#[derive(Clone, Default)]
pub(super) struct Models {
    known: Arc<Mutex<KnownModels>>,
    /// Gone with the wallet, which a reading does not keep open; nothing in it once the wallet was wiped.
    vault: Weak<Mutex<Option<Vault>>>,
}

impl Models {
    /// As the vault remembers them. A row that no version knows counts as none: it is learned again.
    pub(super) fn of(vault: &Arc<Mutex<Option<Vault>>>) -> Result<Self, VaultError> {
        let stored = match vault.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(vault) => load(vault)?,
            None => KnownModels::default(),
        };
        Ok(Self { known: Arc::new(Mutex::new(stored)), vault: Arc::downgrade(vault) })
    }

    pub(super) fn known(&self) -> KnownModels {
        self.lock().clone()
    }

    /// For the readings of this opening, whatever comes of this one.
    pub(super) fn learn(&self, (model, habits): (ModelId, Habits)) {
        self.lock().learn(model, habits);
    }

    /// For the openings to come: what a card taught that was believed. It costs nobody a reading when there is no room.
    pub(super) fn keep(&self, (model, habits): (ModelId, Habits)) {
        let Some(vault) = self.vault.upgrade() else { return };
        let mut vault = vault.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(vault) = vault.as_mut() else { return };
        drop(load(vault).and_then(|before| {
            let mut models = before.clone();
            models.learn(model, habits);
            if models.says_more_than(&before) { vault.set_public_data(ROW, &models.encode()) } else { Ok(()) }
        }));
    }

    fn lock(&self) -> MutexGuard<'_, KnownModels> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load(vault: &mut Vault) -> Result<KnownModels, VaultError> {
    Ok(vault.public_data(ROW)?.and_then(|row| KnownModels::decode(&row)).unwrap_or_default())
}

/// Name of the row.
const ROW: &str = "card-models";
