//! What the pages know beside the store.

use tokio::sync::Semaphore;
use wallet_core::{
    bytes::{Secret, equal_in_constant_time},
    crypto::{aead, hash::hmac_sha256, random::make_random},
    jose::{decode, encode},
};

use super::{
    account::Account,
    counter::Checker,
    session::{Session, SessionLife},
};
use crate::config::DeskIdentity;

/// At a time: a password's hash takes 19 MiB, a picture more.
const HEAVY: usize = 2;
/// Bytes of the nonce before what is sealed.
const NONCE: usize = 12;

/// What the pages know beside the store.
pub(crate) struct Pages {
    pub(crate) accounts: Vec<Account>,
    pub(crate) life: SessionLife,
    pub(crate) desk: DeskIdentity,
    /// Turns for what takes much memory: heavy a password, looking through a picture.
    pub(crate) heavy: Semaphore,
    pub(crate) checker: Checker,
    /// Scheme, host and port that browsers know this desk by.
    origin: String,
    key: Secret<32>,
}

impl Pages {
    /// Pages answering under `base_url`, with a key derived from a `secret` of the desk.
    pub(crate) fn new(
        accounts: Vec<Account>,
        life: SessionLife,
        desk: DeskIdentity,
        base_url: &str,
        secret: &Secret<32>,
    ) -> Self {
        let key = Secret::new(hmac_sha256(secret.expose(), &[b"desk pages v1"]));
        Self {
            accounts,
            life,
            desk,
            heavy: Semaphore::new(HEAVY),
            checker: Checker::default(),
            origin: origin_of(base_url),
            key,
        }
    }

    /// Whether browsers reach this desk by TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// Whether a page of this desk sent it: `origin` is the header of that name.
    pub(crate) fn is_own_origin(&self, origin: &str) -> bool {
        // Whoever develops on a loopback address may have typed its name.
        let by_name =
            || self.origin.strip_prefix("http://127.0.0.1:").zip(origin.strip_prefix("http://localhost:"));
        origin == self.origin || by_name().is_some_and(|(ours, theirs)| ours == theirs)
    }

    /// What a form of whoever holds this cookie carries, so that no other site can send one.
    pub(crate) fn csrf(&self, cookie: &str) -> String {
        encode(&hmac_sha256(self.key.expose(), &[b"csrf", cookie.as_bytes()]))
    }

    pub(crate) fn is_csrf(&self, cookie: &str, told: &str) -> bool {
        equal_in_constant_time(self.csrf(cookie).as_bytes(), told.as_bytes())
    }

    /// A name for something limited in its rate.
    pub(crate) fn limit_name(&self, what: &str, whose: &str) -> [u8; 32] {
        hmac_sha256(self.key.expose(), &[b"limit", what.as_bytes(), b"\0", whose.as_bytes()])
    }

    /// A text as a part of a path that only this session can open: numbers of people stand in no address bar.
    pub(crate) fn seal(&self, session: &Session, text: &str) -> Option<String> {
        let nonce: [u8; NONCE] = make_random().ok()?;
        let sealed = aead::seal(&self.key, nonce, session.token().as_bytes(), text.as_bytes()).ok()?;
        Some(encode(&[&nonce[..], &sealed].concat()))
    }

    /// What [`Self::seal`] was given.
    pub(crate) fn open(&self, session: &Session, sealed: &str) -> Option<String> {
        let bytes = decode(sealed)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        let text = aead::open(&self.key, *nonce, session.token().as_bytes(), sealed).ok()?;
        String::from_utf8(text.to_vec()).ok()
    }
}

/// Scheme, host and port of a URL.
fn origin_of(url: &str) -> String {
    let after = url.find("://").map_or(0, |at| at.saturating_add(3));
    let length =
        url.get(after..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| after.saturating_add(at));
    url.get(..length).unwrap_or(url).to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use wallet_core::counter::DeskId;

    use super::*;

    pub(in super::super) fn pages(base_url: &str) -> Pages {
        let id = DeskId::parse("centre.1").unwrap();
        let desk = DeskIdentity { id, name_ko: "가온".into(), name_en: "Gaon".into() };
        Pages::new(Vec::new(), SessionLife::default(), desk, base_url, &Secret::new([1; 32]))
    }

    #[test]
    fn only_this_desk_s_own_pages_are_its_origin() {
        let here = pages("http://127.0.0.1:8480");
        for own in ["http://127.0.0.1:8480", "http://localhost:8480"] {
            assert!(here.is_own_origin(own), "{own}");
        }
        for other in ["null", "", "http://127.0.0.1:8481", "http://localhost:84800", "https://127.0.0.1:8480"]
        {
            assert!(!here.is_own_origin(other), "{other}");
        }
        let public = pages("https://desk.example/gaon");
        assert!(public.is_secure() && public.is_own_origin("https://desk.example"));
        assert!(
            !public.is_own_origin("http://desk.example") && !public.is_own_origin("http://localhost:8480")
        );
    }

    #[test]
    fn a_form_of_one_session_is_none_of_another() {
        let pages = pages("http://127.0.0.1:8480");
        let csrf = pages.csrf("cookie");
        assert!(pages.is_csrf("cookie", &csrf));
        for (cookie, told) in [("another", csrf.as_str()), ("cookie", ""), ("cookie", "A")] {
            assert!(!pages.is_csrf(cookie, told));
        }
    }
}
