//! The data groups the wallet reads, from raw file bytes.
