//! Randomness from the operating system. Machines take randomness as an argument; only the facade, the vault and
//! the issuing side draw it here.

use ring::rand::{SecureRandom, SystemRandom};

/// The operating system gave no randomness; nothing can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no randomness")]
pub struct NoRandomness;

/// `N` fresh random bytes.
///
/// # Errors
/// [`NoRandomness`].
pub fn make_random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}
