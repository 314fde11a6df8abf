//! The randomness of one reading, given by the caller.

use zeroize::Zeroize;

use super::super::error::{ChipError, Misuse};
use crate::{
    bytes::{Secret, SecretBytes},
    crypto::agreement::{Group, PrivateKey},
};

/// Random bytes for one tap of a card: a machine draws none itself. They serve five openings of the door and one chip
/// authentication; a card is opened a second time when it drops the session because it cannot take long commands, or to
/// resume a suspended PIN.
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
    /// Bytes needed for one tap.
    pub const LENGTH: usize = 1024;

    /// Takes fresh bytes of a cryptographically strong source. They must serve no other reading.
    #[must_use]
    pub fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Self(Source::Random { bytes: Box::new(Secret::new(bytes)), used: 0 })
    }

    /// The given scalars and nonces in order, for published exchanges. Scalars of another length than their group's are
    /// reduced.
    #[cfg(test)]
    pub(crate) fn dangerous_fixed(scalars: &[&[u8]]) -> Self {
        Self(Source::Fixed(scalars.iter().rev().map(|scalar| scalar.to_vec()).collect()))
    }

    /// Whether the door can be opened once more, and the chip asked to prove itself behind it.
    pub(in super::super) fn suffices(&self) -> bool {
        match &self.0 {
            Source::Random { bytes, used } => {
                used.saturating_add(3 * PrivateKey::SEED) <= bytes.expose().len()
            }
            #[cfg(test)]
            Source::Fixed(scalars) => scalars.len() >= 2,
        }
    }

    /// Derives the next ephemeral key.
    pub(in super::super) fn next_key(&mut self, group: Group) -> Result<PrivateKey, ChipError> {
        let seed = self.next_bytes(PrivateKey::SEED)?;
        let derived = if seed.expose().len() == group.scalar_length() {
            PrivateKey::from_scalar(group, seed.expose())
        } else {
            PrivateKey::derive(group, seed.expose())
        };
        derived.map_err(|_| SPENT)
    }

    /// The next bytes; those of a published exchange may be as many as it has.
    pub(in super::super) fn next_bytes(&mut self, count: usize) -> Result<SecretBytes, ChipError> {
        match &mut self.0 {
            Source::Random { bytes, used } => {
                let end = used.saturating_add(count);
                let chosen = bytes.expose_mut().get_mut(*used..end).ok_or(SPENT)?;
                let next = SecretBytes::new(chosen.to_vec());
                chosen.zeroize();
                *used = end;
                // A source that gives zeros gives nothing.
                if next.expose().iter().all(|byte| *byte == 0) { Err(SPENT) } else { Ok(next) }
            }
            #[cfg(test)]
            Source::Fixed(scalars) => scalars.pop().map(SecretBytes::new).ok_or(SPENT),
        }
    }
}

const SPENT: ChipError = ChipError::Misuse(Misuse::BadEntropy);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{agreement::Element, domain::Curve};

    #[test]
    fn entropy_serves_five_openings_and_a_chip_authentication_with_keys_of_their_own() {
        let mut bytes = [0; Entropy::LENGTH];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::try_from(index % 251).unwrap();
        }
        let mut entropy = Entropy::new(bytes);
        let group = Group::Curve(Curve::P384);
        let mut publics = Vec::new();
        for number in 0..11 {
            assert_eq!(entropy.suffices(), number < 9);
            let key = entropy.next_key(group).unwrap();
            publics.push(key.multiply(&Element::generator(group)).unwrap().as_bytes().to_vec());
        }
        publics.sort();
        publics.dedup();
        assert_eq!(publics.len(), 11);
        assert_eq!(entropy.next_key(group).unwrap_err(), SPENT);
    }

    #[test]
    fn zeros_are_no_entropy() {
        let mut entropy = Entropy::new([0; Entropy::LENGTH]);
        assert!(entropy.suffices());
        assert_eq!(entropy.next_key(Group::Curve(Curve::P256)).unwrap_err(), SPENT);
        assert_eq!(entropy.next_bytes(8).unwrap_err(), SPENT);
    }
}
