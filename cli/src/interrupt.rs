//! Ctrl-C.

use std::future::Future;

use crate::failure::{Failure, Outcome};

/// Runs `work` until it ends or Ctrl-C does. For work that may be dropped at any `.await`.
pub(crate) async fn until_interrupted<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    tokio::select! {
        // The work first: where it hears Ctrl-C itself, it tidies up.
        biased;
        done = work => done,
        _ = tokio::signal::ctrl_c() => Err(Failure::Cancelled),
    }
}

/// Runs `work` to its end. On Ctrl-C it is told by `cancel`, so that it can leave things tidy.
pub(crate) async fn cancelling<T>(work: impl Future<Output = T>, cancel: impl FnOnce()) -> T {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        _ = tokio::signal::ctrl_c() => cancel(),
    }
    work.await
}
