//! A picture that counter staff send: whatever it is, it is read within its limits or refused, and gives texts that are no longer than
//! a code holds.
#![no_main]

use desk::pictures::{is_picture, read_codes};
use libfuzzer_sys::fuzz_target;

/// Longest text of a QR code in bytes: version 40, level L, by four bytes a character at most.
const LONGEST: usize = 4 * 7089;

fuzz_target!(|data: &[u8]| {
    if let Ok(codes) = read_codes(data) {
        assert!(is_picture(data), "read without being one");
        assert!(codes.iter().all(|text| text.len() <= LONGEST));
    }
});
