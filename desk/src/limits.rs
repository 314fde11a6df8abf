//! How often one network may ask. Kept in memory: it protects this process, and its own load is all it knows.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{pages::address::Address, server::App};

/// Networks remembered; those that are in time again are forgotten first.
const MOST_NETWORKS: usize = 65_536;

/// How often one network may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestRate {
    /// So many a second in the long run, and so many at once.
    PerNetwork {
        /// Requests a second.
        per_second: u32,
        /// Requests at once.
        burst: u32,
    },
    /// As often as it likes: for a load test, or behind a proxy that counts itself.
    Unlimited,
}

impl Default for RequestRate {
    /// A whole centre behind one address, and a phone that fetches a batch, stay far below.
    fn default() -> Self {
        Self::PerNetwork { per_second: 100, burst: 1000 }
    }
}

/// Who asked lately: the moment at which each would be in time again.
#[derive(Debug, Default)]
pub(crate) struct Buckets(Mutex<HashMap<IpAddr, Instant>>);

impl Buckets {
    /// Counts a request. `Some` is how long to wait.
    fn take(&self, rate: RequestRate, network: IpAddr, now: Instant) -> Option<Duration> {
        let RequestRate::PerNetwork { per_second, burst } = rate else { return None };
        let every = Duration::from_secs(1).checked_div(per_second).unwrap_or(Duration::from_secs(1));
        let allowed = every.saturating_mul(burst.saturating_sub(1));
        // A panic elsewhere leaves the map whole.
        let mut due = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if due.len() >= MOST_NETWORKS {
            due.retain(|_, due| *due > now);
        }
        if due.len() >= MOST_NETWORKS && !due.contains_key(&network) {
            return Some(every);
        }
        let at = due.get(&network).copied().unwrap_or(now).max(now);
        let ahead = at.saturating_duration_since(now);
        if ahead > allowed {
            return Some(ahead.saturating_sub(allowed));
        }
        due.insert(network, at.checked_add(every).unwrap_or(at));
        None
    }
}

/// Turns away a network that asks too often.
pub(crate) async fn limit(State(app): State<App>, from: Address, request: Request, next: Next) -> Response {
    match app.buckets.take(app.request_rate, from.network(), Instant::now()) {
        None => next.run(request).await,
        Some(wait) => {
            let seconds = wait.as_secs().saturating_add(1).to_string();
            let status = StatusCode::TOO_MANY_REQUESTS;
            (status, [(header::RETRY_AFTER, seconds)], Json(json!({ "error": "slow_down" }))).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_its_burst_and_then_its_rate_and_takes_nothing_of_another_s() {
        let (buckets, now) = (Buckets::default(), Instant::now());
        let rate = RequestRate::PerNetwork { per_second: 10, burst: 3 };
        let [one, other] = ["198.51.100.1", "198.51.100.2"].map(|text| text.parse().unwrap());
        let take = |network, ms| buckets.take(rate, network, now + Duration::from_millis(ms));
        assert_eq!([take(one, 0), take(one, 0), take(one, 0)], [None; 3]);
        assert_eq!(take(one, 0), Some(Duration::from_millis(100)));
        assert_eq!(take(other, 0), None);
        assert_eq!(take(one, 99), Some(Duration::from_millis(1)));
        assert_eq!([take(one, 100), take(one, 100)], [None, Some(Duration::from_millis(100))]);
        assert_eq!(
            [take(one, 10_000), take(one, 10_000), take(one, 10_000)],
            [None; 3],
            "no more than a burst"
        );
        assert!(take(one, 10_000).is_some());
    }

    #[test]
    fn the_memory_of_networks_has_a_bound() {
        let (buckets, now) = (Buckets::default(), Instant::now());
        let rate = RequestRate::PerNetwork { per_second: 1, burst: 1 };
        for number in 0..u32::try_from(MOST_NETWORKS).unwrap() {
            assert_eq!(buckets.take(rate, IpAddr::from(number.to_be_bytes()), now), None);
        }
        let late = IpAddr::from([255, 0, 0, 1]);
        assert!(buckets.take(rate, late, now).is_some(), "full of those that are ahead of their time");
        assert_eq!(buckets.take(rate, late, now + Duration::from_secs(2)), None);
        assert_eq!(buckets.0.lock().unwrap().len(), 1);
    }
}
