//! What the behaviour tests share: where the outside oracles are, and how their absence is told.
