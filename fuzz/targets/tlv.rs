//! TLV: whatever is read lies inside the input, and what is written again reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wallet_core::tlv;

fuzz_target!(|data: &[u8]| {
    let Ok(elements) = tlv::all(data, 64) else { return };
    for element in elements {
        let again = tlv::write(element.tag, element.value);
        let parsed = tlv::exactly(&again, element.tag).expect("what is written is read");
        assert_eq!(parsed.value, element.value);
        let _ = tlv::all(element.value, 64);
    }
});
