//! What is signed once for everybody who asks, until it says something else or grows old.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use wallet_core::status::StatusForm;

use super::ListBits;

/// Seconds a counter pack is given out again.
const PACK_REUSE: i64 = 60;

/// Signed answers that anybody may fetch, each with what it was made of.
#[derive(Default)]
pub(crate) struct Published {
    pack: Mutex<Option<Kept<PackBasis>>>,
    lists: Mutex<HashMap<ListForm, Kept<Inactive>>>,
}

/// Number of a list, its bits a status, and its media type.
type ListForm = (u32, ListBits, &'static str);

/// Entries of a status list that are not valid, and whether they ended for good.
type Inactive = Vec<(u32, bool)>;

struct Kept<T> {
    basis: T,
    made_at: i64,
    bytes: Vec<u8>,
}

/// What a pack is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackBasis {
    /// Its sequence: another desk that made a newer one ends its life.
    pub(crate) sequence: u64,
    pub(crate) deactivated: Vec<u32>,
    pub(crate) outage_until: Option<i64>,
}

impl<T> Kept<T> {
    /// The bytes, where they say the same and are no older than `life` seconds. A clock that went back makes them anew.
    fn good<B: ?Sized>(&self, basis: &B, life: i64, now: i64) -> Option<Vec<u8>>
    where
        T: PartialEq<B>,
    {
        let age = now.saturating_sub(self.made_at);
        ((0..life).contains(&age) && self.basis == *basis).then(|| self.bytes.clone())
    }
}

impl Published {
    pub(crate) fn pack(&self, basis: &PackBasis, now: i64) -> Option<Vec<u8>> {
        let kept = self.pack.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref()?.good(basis, PACK_REUSE, now)
    }

    pub(crate) fn keep_pack(&self, basis: PackBasis, made_at: i64, bytes: Vec<u8>) {
        let mut kept = self.pack.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(Kept { basis, made_at, bytes });
    }

    /// The list of this number, where it says the same as `inactive`, for `life` seconds.
    pub(crate) fn list(
        &self,
        which: (u32, ListBits, StatusForm),
        inactive: &[(u32, bool)],
        life: i64,
        now: i64,
    ) -> Option<Vec<u8>> {
        let kept = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&key(which))?.good(inactive, life, now)
    }

    pub(crate) fn keep_list(
        &self,
        which: (u32, ListBits, StatusForm),
        inactive: Inactive,
        made_at: i64,
        bytes: Vec<u8>,
    ) {
        let mut kept = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(key(which), Kept { basis: inactive, made_at, bytes });
    }
}

const fn key((number, bits, form): (u32, ListBits, StatusForm)) -> (u32, ListBits, &'static str) {
    (number, bits, form.media_type())
}
