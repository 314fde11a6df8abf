//! Several desks, each a process of its own, over one memory: raced, loaded, and killed on the way. `ci/stores` runs what is
//! ignored elsewhere for its length.
//!
//! For figures (docs/benchmarks.md), on either engine:
//! `LOAD_CITIZENS=10000 LOAD_KILLS=0 cargo test --release -p desk --test several_desks load_over_a_file -- --ignored --nocapture`,
//! and `load_over_one_database` with `DATABASES=required`.

#[cfg(test)]
mod fleet;
#[cfg(test)]
mod load;
#[cfg(test)]
mod races;
