//! COSE_Sign1 with its bytes kept as received. RFC 9052.
