//! Passwords, kept as Argon2id hashes. RFC 9106.

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use unicode_normalization::UnicodeNormalization;

/// Fewest characters. NIST SP 800-63B-4, 3.1.1.1 asks for fifteen where a password stands alone.
const FEWEST: usize = 15;
/// Most bytes that are hashed.
const MOST_BYTES: usize = 512;
/// Least memory of a hash, KiB, and passes over it: what RFC 9106 and OWASP hold sufficient.
const LEAST_MEMORY: u32 = 19 * 1024;
const LEAST_PASSES: u32 = 2;

/// A password's hash as it stands in a configuration: `$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH`.
#[derive(Clone)]
pub struct Password(PasswordHash);

/// Why there is no such password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Fewer than 15 characters, or more than 512 bytes.
    #[error("a password has 15 characters or more, and at most 512 bytes")]
    Length,
    /// The hash is none of Argon2id, or weaker than 19 MiB and 2 passes.
    #[error("not an Argon2id hash of at least m=19456, t=2")]
    Hash,
    /// No randomness.
    #[error("no randomness")]
    NoRandomness,
}

impl Password {
    /// Hashes a new password, with a salt of its own.
    ///
    /// # Errors
    /// [`PasswordError::Length`], [`PasswordError::NoRandomness`].
    pub fn make(password: &str) -> Result<Self, PasswordError> {
        let normal: String = password.nfc().collect();
        if normal.chars().count() < FEWEST || normal.len() > MOST_BYTES {
            return Err(PasswordError::Length);
        }
        let hash = Argon2::default().hash_password(normal.as_bytes());
        hash.map(Self).map_err(|_| PasswordError::NoRandomness)
    }

    /// Reads a hash out of a configuration.
    ///
    /// # Errors
    /// [`PasswordError::Hash`].
    pub fn parse(hash: &str) -> Result<Self, PasswordError> {
        let hash = PasswordHash::new(hash).map_err(|_| PasswordError::Hash)?;
        let at_least = |name: &str, least: u32| {
            hash.params.iter().any(|(ident, value)| {
                ident.as_str() == name && value.decimal().is_ok_and(|value| value >= least)
            })
        };
        let strong = hash.algorithm.as_str() == "argon2id"
            && hash.salt.is_some()
            && hash.hash.is_some()
            && at_least("m", LEAST_MEMORY)
            && at_least("t", LEAST_PASSES);
        if strong { Ok(Self(hash)) } else { Err(PasswordError::Hash) }
    }

    /// Whether this is the password. Takes tens of milliseconds and 19 MiB, however it ends.
    #[must_use]
    pub fn is(&self, password: &str) -> bool {
        let normal: String = password.nfc().collect();
        normal.len() <= MOST_BYTES && Argon2::default().verify_password(normal.as_bytes(), &self.0).is_ok()
    }

    /// What a configuration keeps.
    #[must_use]
    pub fn hash(&self) -> String {
        self.0.to_string()
    }
}

impl core::fmt::Debug for Password {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_by_its_hash_alone_and_however_it_is_typed() {
        let made = Password::make("가온 주민센터 창구의 긴 비밀번호").unwrap();
        let read = Password::parse(&made.hash()).unwrap();
        assert!(read.is("가온 주민센터 창구의 긴 비밀번호"));
        let decomposed: String = "가온 주민센터 창구의 긴 비밀번호".nfd().collect();
        assert!(read.is(&decomposed));
        assert!(!read.is("가온 주민센터 창구의 긴 비밀번호 "));
        assert!(!read.is(""));
        assert_ne!(
            Password::make("fifteen letters!").unwrap().hash(),
            Password::make("fifteen letters!").unwrap().hash()
        );
        assert!(!format!("{read:?}").contains("argon2"));
    }

    #[test]
    fn a_hash_by_another_author_is_believed_and_a_weak_one_is_not() {
        // Of the reference implementation's test vectors: the password is "password".
        let salted = "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let vector = format!("$argon2id$v=19$m=65536,t=2,p=1${salted}");
        assert!(Password::parse(&vector).unwrap().is("password"));
        for weak in [
            format!("$argon2i$v=19$m=65536,t=2,p=1${salted}"),
            format!("$argon2id$v=19$m=256,t=2,p=1${salted}"),
            format!("$argon2id$v=19$m=65536,t=1,p=1${salted}"),
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ".to_owned(),
            "password".to_owned(),
            String::new(),
        ] {
            assert_eq!(Password::parse(&weak).unwrap_err(), PasswordError::Hash, "{weak}");
        }
    }

    #[test]
    fn a_short_password_is_not_made() {
        assert_eq!(Password::make("fourteen chars").unwrap_err(), PasswordError::Length);
        assert_eq!(Password::make(&"x".repeat(513)).unwrap_err(), PasswordError::Length);
    }
}
