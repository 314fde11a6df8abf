//! The other side of the counter: sync, no vault, no platform.
