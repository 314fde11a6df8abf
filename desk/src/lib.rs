//! The other side of the counter as one service, on loopback: issuer, counter packs, desk signs.
//!
//! [`Desk::start`] opens the data folder and answers HTTP until it is shut down; [`InProcess`] answers without a socket. The rules live in [`issuer`], which
//! knows no HTTP, and in [`openid`], whose API carries the wallet's messages.

pub mod attestation;
pub mod config;
pub mod counter_pack;
pub mod desk_sign;
pub mod documents;
mod in_process;
pub mod issuer;
pub mod limits;
pub mod log;
mod openapi;
pub mod openid;
pub mod pages;
mod phones_api;
pub mod pictures;
pub mod pki;
pub mod register;
mod server;
mod staples_api;
pub mod store;
pub mod telecom;
pub mod wallet_provider;

pub use config::{Config, DeskIdentity, FIXTURE_LINES, FIXTURE_OPERATOR, FaceProvider, Policy};
pub use in_process::InProcess;
pub use server::{Desk, DeskError, RunningDesk};
