//! The randomness of one reading, given by the caller.

use zeroize::Zeroize;

use super::super::error::{ChipError, Misuse};
use crate::{
    bytes::Secret,
    crypto::agreement::{Group, PrivateKey},
};

/// Random bytes for one reading: a machine draws none itself. They serve two openings of the door, 128 bytes each: the
/// second one only when a card drops the session because it cannot take long commands.
#[derive(Debug)]
pub struct Entropy(Source);

#[derive(Debug)]
enum Source {
    Random {
        bytes: Box<Secret<{ Entropy::LENGTH }>>,
        used: usize,
    },
    #[cfg(test)]
    Fixed(Vec<Vec<u8>>),
}

impl Entropy {
    /// Bytes needed for one reading.
    pub const LENGTH: usize = 256;

    /// Takes fresh bytes of a cryptographically strong source. They must serve no other reading.
    #[must_use]
    pub fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Self(Source::Random { bytes: Box::new(Secret::new(bytes)), used: 0 })
    }

    /// The given scalars in order, for published exchanges.
    #[cfg(test)]
    pub(crate) fn dangerous_fixed(scalars: &[&[u8]]) -> Self {
        Self(Source::Fixed(scalars.iter().rev().map(|scalar| scalar.to_vec()).collect()))
    }

    /// Whether another door can be opened.
    pub(in super::super) fn suffices(&self) -> bool {
        match &self.0 {
            Source::Random { bytes, used } => used.saturating_add(2 * KEY) <= bytes.expose().len(),
            #[cfg(test)]
            Source::Fixed(scalars) => scalars.len() >= 2,
        }
    }

    /// Derives the next ephemeral key.
    pub(super) fn next_key(&mut self, group: Group) -> Result<PrivateKey, ChipError> {
        let spent = ChipError::Misuse(Misuse::BadEntropy);
        match &mut self.0 {
            Source::Random { bytes, used } => {
                let end = used.saturating_add(KEY);
                let chosen = bytes.expose_mut().get_mut(*used..end).ok_or(spent)?;
                let mut wide: [u8; KEY] = (&*chosen).try_into().map_err(|_| spent)?;
                let key = PrivateKey::derive(group, &wide).map_err(|_| spent);
                wide.zeroize();
                chosen.zeroize();
                *used = end;
                key
            }
            #[cfg(test)]
            Source::Fixed(scalars) => {
                PrivateKey::from_scalar(group, &scalars.pop().ok_or(spent)?).map_err(|_| spent)
            }
        }
    }
}

const KEY: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::agreement::Point;

    #[test]
    fn entropy_serves_two_openings_with_four_different_keys() {
        let mut bytes = [0; Entropy::LENGTH];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::try_from(index).unwrap();
        }
        let mut entropy = Entropy::new(bytes);
        let generator = Point::generator(Group::P384).unwrap();
        let mut publics = Vec::new();
        for _ in 0..4 {
            let key = entropy.next_key(Group::P384).unwrap();
            publics.push(key.multiply(&generator).unwrap().as_sec1().to_vec());
        }
        publics.sort();
        publics.dedup();
        assert_eq!(publics.len(), 4);
        assert!(!entropy.suffices());
        assert_eq!(entropy.next_key(Group::P384).unwrap_err(), ChipError::Misuse(Misuse::BadEntropy));
    }

    #[test]
    fn zeros_are_no_entropy() {
        let mut entropy = Entropy::new([0; Entropy::LENGTH]);
        assert!(entropy.suffices());
        assert_eq!(entropy.next_key(Group::P256).unwrap_err(), ChipError::Misuse(Misuse::BadEntropy));
    }
}
