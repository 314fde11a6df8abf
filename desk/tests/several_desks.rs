//! Several desks, each a process of its own, over one memory: raced, loaded, and killed on the way. `ci/stores` runs what is
//! ignored elsewhere for its length.
//!
//! For figures, on either engine:
//! `LOAD_CITIZENS=10000 LOAD_KILLS=0 cargo test --release -p desk --test several_desks load_over_a_file -- --ignored --nocapture`

#[cfg(test)]
mod fleet;
#[cfg(test)]
mod load;
#[cfg(test)]
mod races;
