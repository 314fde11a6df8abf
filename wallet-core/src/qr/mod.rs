//! Base45 text and QR pictures.
