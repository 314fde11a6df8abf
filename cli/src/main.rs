//! `wallet`: the citizen's app on a desktop.
fn main() {}
