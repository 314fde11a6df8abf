//! Base45 text and QR pictures.

pub mod base45;
mod picture;

pub use picture::{GreyImage, QrCode, TooLongForQr};
