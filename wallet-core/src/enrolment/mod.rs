//! Enrolling a tapped card with the issuer, sans-IO.
