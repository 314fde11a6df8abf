//! X.509 paths and anchors; sole maker of Verified.
