//! Whether a verified photo ID or SD-JWT VC still holds, by the Token Status Lists that its verifier has fetched. Whoever is shown a
//! credential asks this after the signature, and before anything else.

use crate::{
    mdoc::VerifiedDocument,
    openid::sd_jwt::VerifiedSdJwt,
    status::{Status, StatusLists, StatusReference},
};

/// Why a credential is not accepted by its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatusRefusal {
    /// It names no list: nobody could take it back.
    #[error("the credential names no status list")]
    NoReference,
    /// There is no list that may still be used. Fetch it: [`StatusLists::wants`].
    #[error("no status list is at hand")]
    NoList,
    /// The list has no such entry. Token Status List, 8.3.
    #[error("the status list has no such entry")]
    NoEntry,
    /// It does not hold for now.
    #[error("suspended")]
    Suspended,
    /// It was revoked or replaced.
    #[error("revoked or replaced")]
    Invalid,
    /// A value that only the issuer's own rules know.
    #[error("a status of the issuer's own")]
    Other,
}

/// Where the status of a credential is told.
pub trait HasStatus {
    /// List and place in it; `None` when it names none.
    fn status_reference(&self) -> Option<StatusReference>;
}

impl HasStatus for VerifiedDocument {
    fn status_reference(&self) -> Option<StatusReference> {
        self.status().map(|entry| StatusReference { idx: entry.idx, uri: entry.uri.clone() })
    }
}

impl HasStatus for VerifiedSdJwt {
    fn status_reference(&self) -> Option<StatusReference> {
        self.status().map(|entry| StatusReference { idx: entry.index, uri: entry.uri.clone() })
    }
}

/// Whether a credential holds at `now` (seconds since 1970 UTC). What cannot be known is a no.
///
/// # Errors
/// [`StatusRefusal`].
pub fn check_status(credential: &impl HasStatus, lists: &StatusLists, now: i64) -> Result<(), StatusRefusal> {
    let reference = credential.status_reference().ok_or(StatusRefusal::NoReference)?;
    let status = lists.status(&reference, now).map_err(|_| StatusRefusal::NoEntry)?;
    match status.ok_or(StatusRefusal::NoList)? {
        Status::Valid => Ok(()),
        Status::Invalid => Err(StatusRefusal::Invalid),
        Status::Suspended => Err(StatusRefusal::Suspended),
        Status::Other(_) => Err(StatusRefusal::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::sign::SigningKey,
        status::{StatusList, StatusToken, issue::Terms},
    };

    const URI: &str = "https://issuer.example/status/1";
    const NOW: i64 = 1_800_000_000;

    struct Shown(Option<u64>);

    impl HasStatus for Shown {
        fn status_reference(&self) -> Option<StatusReference> {
            self.0.map(|idx| StatusReference { idx, uri: URI.to_owned() })
        }
    }

    #[test]
    fn only_a_list_that_says_valid_lets_a_credential_pass() {
        let key = SigningKey::make().unwrap().0;
        let mut list = StatusList::all_valid(8).unwrap();
        for (idx, status) in [(1, Status::Invalid), (2, Status::Suspended), (3, Status::Other(3))] {
            list.set(idx, status).unwrap();
        }
        let terms = Terms { uri: URI, issued_at: NOW, expires_at: NOW + 3600, ttl: 300 };
        let in_two = list.to_cwt(&terms, &[], &|bytes| key.sign(bytes)).unwrap();
        let in_one = list.in_one_bit().to_cwt(&terms, &[], &|bytes| key.sign(bytes)).unwrap();
        let kept = |token: &[u8]| {
            let token = StatusToken::verify_cwt(token, URI, key.public(), NOW).unwrap();
            let mut lists = StatusLists::new();
            assert!(lists.keep(URI, token, NOW));
            lists
        };
        let (in_two, in_one) = (kept(&in_two), kept(&in_one));
        for (idx, two, one) in [
            (Some(0), Ok(()), Ok(())),
            (Some(1), Err(StatusRefusal::Invalid), Err(StatusRefusal::Invalid)),
            (Some(2), Err(StatusRefusal::Suspended), Err(StatusRefusal::Invalid)),
            (Some(3), Err(StatusRefusal::Other), Err(StatusRefusal::Invalid)),
            (Some(8), Err(StatusRefusal::NoEntry), Err(StatusRefusal::NoEntry)),
            (None, Err(StatusRefusal::NoReference), Err(StatusRefusal::NoReference)),
        ] {
            assert_eq!(check_status(&Shown(idx), &in_two, NOW), two, "{idx:?}");
            assert_eq!(check_status(&Shown(idx), &in_one, NOW), one, "{idx:?} in one bit");
        }
        let past = NOW + 3600;
        assert_eq!(check_status(&Shown(Some(0)), &in_two, past), Err(StatusRefusal::NoList));
        assert_eq!(check_status(&Shown(Some(0)), &StatusLists::new(), NOW), Err(StatusRefusal::NoList));
    }
}
