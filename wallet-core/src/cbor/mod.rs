//! CBOR codec with limits; checks raw bytes before anything parses them. RFC 8949.
