//! ISO/IEC 18013-5 issuer-signed documents, sans-IO.
