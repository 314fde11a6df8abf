//! Lists that were verified, kept by where they were fetched: what a verifier asks about a credential that is shown.

use std::collections::BTreeMap;

use super::{Status, StatusError, StatusReference, StatusToken};

/// Most lists kept: each is up to 4 MiB.
const MOST: usize = 64;

/// Verified lists by their address. No I/O: whoever holds it fetches what [`StatusLists::wants`].
#[derive(Debug, Clone, Default)]
pub struct StatusLists {
    kept: BTreeMap<String, Kept>,
}

#[derive(Debug, Clone)]
struct Kept {
    token: StatusToken,
    fetched_at: i64,
}

impl StatusLists {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { kept: BTreeMap::new() }
    }

    /// Whether the list at `uri` is to be fetched at `now`: it was never, its `ttl` or its life is over, or the clock went back
    /// behind the fetch. 8.3, 13.7.
    #[must_use]
    pub fn wants(&self, uri: &str, now: i64) -> bool {
        self.kept.get(uri).is_none_or(|kept| {
            now < kept.fetched_at || kept.token.reload_at(kept.fetched_at).is_none_or(|reload| now >= reload)
        })
    }

    /// Keeps a list fetched from `uri`. One that was signed before the one kept is no news: it is dropped, and `false` says so.
    /// The list fetched longest ago gives way when there are too many.
    pub fn keep(&mut self, uri: &str, token: StatusToken, now: i64) -> bool {
        if self.kept.get(uri).is_some_and(|kept| token.issued_at() < kept.token.issued_at()) {
            return false;
        }
        self.kept.insert(uri.to_owned(), Kept { token, fetched_at: now });
        if self.kept.len() > MOST {
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.fetched_at);
            if let Some(oldest) = oldest.map(|(uri, _)| uri.clone()) {
                self.kept.remove(&oldest);
            }
        }
        true
    }

    /// What a kept list says of a credential at `now`; `None` where there is none that may still be used, which is no yes.
    ///
    /// # Errors
    /// [`StatusError::NoSuchEntry`].
    pub fn status(&self, reference: &StatusReference, now: i64) -> Result<Option<Status>, StatusError> {
        match self.kept.get(&reference.uri).filter(|kept| kept.token.is_usable(now)) {
            Some(kept) => kept.token.list().status(reference.idx).map(Some),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
#[cfg(feature = "issuer")]
mod tests {
    use super::*;
    use crate::{
        crypto::sign::SigningKey,
        status::{StatusList, issue::Terms},
    };

    const URI: &str = "https://issuer.example/status/1";
    const NOW: i64 = 1_800_000_000;

    fn token(uri: &str, issued_at: i64, status: Status) -> StatusToken {
        let key = SigningKey::make().unwrap().0;
        let mut list = StatusList::all_valid(16).unwrap();
        list.set(3, status).unwrap();
        let terms = Terms { uri, issued_at, expires_at: issued_at + 3600, ttl: 300 };
        let cwt = list.to_cwt(&terms, &[], &|bytes| key.sign(bytes)).unwrap();
        StatusToken::verify_cwt(&cwt, uri, key.public(), issued_at).unwrap()
    }

    fn third(uri: &str) -> StatusReference {
        StatusReference { idx: 3, uri: uri.to_owned() }
    }

    #[test]
    fn a_list_is_fetched_again_after_its_ttl_and_used_until_it_expires() {
        let mut lists = StatusLists::new();
        assert!(lists.wants(URI, NOW));
        assert_eq!(lists.status(&third(URI), NOW), Ok(None), "nothing known is no yes");
        assert!(lists.keep(URI, token(URI, NOW, Status::Suspended), NOW));
        assert!(!lists.wants(URI, NOW + 299));
        assert!(lists.wants(URI, NOW + 300));
        assert_eq!(lists.status(&third(URI), NOW + 3599), Ok(Some(Status::Suspended)));
        assert_eq!(lists.status(&third(URI), NOW + 3600), Ok(None));
        assert!(lists.wants(URI, NOW - 1), "the clock went back");
        let beyond = StatusReference { idx: 16, uri: URI.to_owned() };
        assert_eq!(lists.status(&beyond, NOW), Err(StatusError::NoSuchEntry));
    }

    #[test]
    fn an_older_list_does_not_take_the_place_of_a_newer_one() {
        let mut lists = StatusLists::new();
        assert!(lists.keep(URI, token(URI, NOW, Status::Invalid), NOW));
        assert!(!lists.keep(URI, token(URI, NOW - 1, Status::Valid), NOW + 1));
        assert_eq!(lists.status(&third(URI), NOW + 1), Ok(Some(Status::Invalid)));
        assert!(lists.keep(URI, token(URI, NOW + 1, Status::Valid), NOW + 1));
        assert_eq!(lists.status(&third(URI), NOW + 1), Ok(Some(Status::Valid)));
    }

    #[test]
    fn no_more_lists_are_kept_than_fit() {
        let mut lists = StatusLists::new();
        let uri = |number: i64| format!("https://issuer.example/status/{number}");
        for number in 0..65 {
            assert!(lists.keep(&uri(number), token(&uri(number), NOW, Status::Valid), NOW + number));
        }
        assert!(lists.wants(&uri(0), NOW + 65), "fetched longest ago");
        assert!(!lists.wants(&uri(1), NOW + 65));
    }
}
