//! `wallet-core` as a shared and a static library for Kotlin and Swift. No logic.
wallet_core::uniffi_reexport_scaffolding!();
