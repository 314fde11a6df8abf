//! The heart of a mobile ID wallet.
//!
//! A citizen's card is read from its chip ([`chip`]), becomes an ID in a sealed vault ([`vault`]) behind keys the
//! phone's secure hardware holds ([`platform`]), and is shown at a counter by QR ([`counter`]), where [`verify`]
//! checks it without a network. Apps meet [`wallet`] and [`verify`] only; the floors below are described in
//! ARCHITECTURE.md, and a module names only lower floors.
#![cfg_attr(not(feature = "uniffi"), forbid(unsafe_code))]

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!();

// floor 0
pub mod bytes;
// floor 1
pub mod apdu;
pub mod cbor;
pub mod crypto;
pub mod qr;
pub mod tlv;
// floor 2
pub mod cms;
pub mod cose;
pub mod jose;
// floor 3
pub mod card;
pub mod platform;
pub mod trust;
// floor 4
pub mod chip;
pub mod counter;
pub mod mdoc;
pub mod openid;
pub mod status;
// floor 5
pub mod vault;
// floor 6
pub mod verify;
pub mod wallet;

#[cfg(test)]
mod oracles;
