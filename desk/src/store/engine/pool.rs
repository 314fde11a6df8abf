//! A few connections that many calls share.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::super::StoreError;

/// How long a call waits for a connection.
const WAIT: Duration = Duration::from_secs(15);

type Make<C> = Box<dyn Fn() -> Result<C, StoreError> + Send + Sync>;

/// The connections. They are opened when they are needed.
pub(super) struct Pool<C> {
    state: Mutex<State<C>>,
    freed: Condvar,
    most: usize,
    make: Make<C>,
}

struct State<C> {
    idle: Vec<C>,
    in_use: usize,
}

/// The right to use one connection, given back also when a call panics.
struct Place<'a, C>(&'a Pool<C>);

impl<C> Drop for Place<'_, C> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.in_use = state.in_use.saturating_sub(1);
        drop(state);
        self.0.freed.notify_one();
    }
}

impl<C> Pool<C> {
    /// A pool of at most so many connections.
    pub(super) fn new(most: usize, make: impl Fn() -> Result<C, StoreError> + Send + Sync + 'static) -> Self {
        let state = Mutex::new(State { idle: Vec::new(), in_use: 0 });
        Self { state, freed: Condvar::new(), most, make: Box::new(make) }
    }

    /// Lends a connection. One that is not `whole` afterwards is not used again.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&mut C) -> Result<T, StoreError>,
        whole: impl FnOnce(&C) -> bool,
    ) -> Result<T, StoreError> {
        let (place, idle) = self.place()?;
        let mut connection = match idle {
            Some(connection) => connection,
            None => (self.make)()?,
        };
        let outcome = work(&mut connection);
        if whole(&connection) {
            self.lock().idle.push(connection);
        }
        drop(place);
        outcome
    }

    /// Takes out every idle connection.
    pub(super) fn empty(&self) -> Vec<C> {
        core::mem::take(&mut self.lock().idle)
    }

    fn place(&self) -> Result<(Place<'_, C>, Option<C>), StoreError> {
        let full = |state: &mut State<C>| state.in_use >= self.most;
        let waited = self.freed.wait_timeout_while(self.lock(), WAIT, full);
        let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            return Err(StoreError::Busy);
        }
        state.in_use = state.in_use.saturating_add(1);
        let idle = state.idle.pop();
        drop(state);
        Ok((Place(self), idle))
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        // Nothing in here panics halfway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn connections_are_used_again_unless_they_broke() {
        let made = AtomicU32::new(0);
        let pool = Pool::new(2, || Ok(0_u32));
        let use_one = |whole: bool| {
            pool.with(
                |uses| {
                    if *uses == 0 {
                        made.fetch_add(1, Ordering::Relaxed);
                    }
                    *uses += 1;
                    Ok(*uses)
                },
                |_| whole,
            )
        };
        assert_eq!(use_one(true).unwrap(), 1);
        assert_eq!(use_one(true).unwrap(), 2);
        assert_eq!(use_one(false).unwrap(), 3);
        assert_eq!(use_one(true).unwrap(), 1);
        assert_eq!(made.into_inner(), 2);
    }

    #[test]
    fn no_more_calls_than_connections_go_on_at_once_and_a_panic_frees_its_place() {
        let pool = Pool::new(2, || Ok(()));
        let (now, most) = (AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for number in 0..32 {
                let (pool, now, most) = (&pool, &now, &most);
                let call = scope.spawn(move || {
                    pool.with(
                        |()| {
                            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                            std::thread::yield_now();
                            now.fetch_sub(1, Ordering::SeqCst);
                            assert_ne!(number % 8, 7, "meant to fail");
                            Ok(())
                        },
                        |()| true,
                    )
                });
                assert_eq!(call.join().is_err(), number % 8 == 7);
            }
        });
        assert!(most.into_inner() <= 2);
        assert_eq!(pool.lock().in_use, 0);
    }
}
