//! `bindgen-swift`: Swift sources, header and module map.
fn main() {
    uniffi::uniffi_bindgen_swift();
}
