//! The counter QR, KR1: maker and checker, sans-IO.
