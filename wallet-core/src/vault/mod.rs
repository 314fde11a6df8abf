//! The sealed vault: rows under AES-256-GCM in SQLite.
