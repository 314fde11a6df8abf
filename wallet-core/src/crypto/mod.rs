//! The only module that names a cryptographic crate: ring first, RustCrypto for what ring lacks. The one exception is
//! `weierstrass` and the multiplicative groups of `agreement`: published numbers on RustCrypto's integers (ADR 0010).

pub mod aead;
pub mod aes;
pub mod agreement;
pub mod chain;
pub mod channel;
pub mod domain;
mod field;
pub mod hash;
pub mod mapping;
pub mod random;
pub mod sign;
pub mod verify;
mod weierstrass;
