//! Command and response APDUs, status words. ISO/IEC 7816-4.
