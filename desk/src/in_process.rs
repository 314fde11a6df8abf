//! A desk without a socket: requests go in and answers come out in this process. For tests and fuzzing, and for whatever speaks
//! HTTP by itself.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, Response},
};
use tokio::sync::watch;
use tower_service::Service as _;

use crate::{
    Config, Desk, DeskError,
    server::{App, routes},
};

/// Longest answer, bytes.
const LONGEST: usize = 16 << 20;

/// The desk. It answers by the routes, limits and headers that [`Desk::start`] serves, as to a peer without an address.
pub struct InProcess {
    router: Router,
    /// Held as long as the desk answers: a sender that is gone means that it stops.
    _stop: watch::Sender<bool>,
}

impl core::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("InProcess").finish_non_exhaustive()
    }
}

impl InProcess {
    /// Opens the data folder. Browsers and wallets know the desk by `public_url`, or by the address it would listen at.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn open(config: Config) -> Result<Self, DeskError> {
        let base_url = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
        let issuer = Desk::open(&config)?.serving_at(base_url.clone());
        let (stop, stopping) = watch::channel(false);
        let app = App::new(config, issuer, &base_url, stopping);
        Ok(Self { router: routes(&app).with_state(app), _stop: stop })
    }

    /// Answers one request. Needs a tokio runtime.
    ///
    /// # Errors
    /// An answer that breaks off, or is longer than 16 MiB.
    pub async fn answer(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, axum::Error> {
        // A router is always ready, and never fails.
        let answered = self.router.clone().call(request.map(Body::from)).await;
        let (parts, body) = match answered {
            Ok(response) => response.into_parts(),
            Err(never) => match never {},
        };
        let body = to_bytes(body, LONGEST).await?;
        Ok(Response::from_parts(parts, body.to_vec()))
    }
}
