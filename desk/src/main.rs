//! `desk`: the counterparties as one service.
fn main() {}
