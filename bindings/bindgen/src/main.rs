//! `bindgen`: what `bindings/generate` runs.
fn main() {
    uniffi::uniffi_bindgen_main();
}
