//! The only module that names a cryptographic crate: ring first, RustCrypto for what ring lacks.

pub mod aead;
pub mod aes;
pub mod agreement;
pub mod chain;
pub mod hash;
pub mod random;
pub mod sign;
pub mod verify;
