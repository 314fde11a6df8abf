//! Base45 text and QR pictures.

pub mod base45;
