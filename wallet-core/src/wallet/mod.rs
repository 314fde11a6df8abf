//! The facade: Wallet and its sessions.
