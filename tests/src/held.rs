//! Seams that hold a call back until the test lets it go.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use fixtures::platform::LoopbackHttp;
use tokio::sync::Notify;
use wallet_core::platform::{Http, HttpError, HttpRequest, HttpResponse, KeyStoreError};

use crate::prompting::BeforePrompt;

/// A door that stands open; shut, it holds the next who comes until it is opened.
#[derive(Debug, Default)]
pub struct Door {
    shut: AtomicBool,
    reached: Notify,
    opened: Notify,
}

impl Door {
    async fn pass(&self) {
        if self.shut.swap(false, Ordering::SeqCst) {
            self.reached.notify_one();
            self.opened.notified().await;
        }
    }

    /// Holds whoever comes next.
    pub fn shut(&self) {
        self.shut.store(true, Ordering::SeqCst);
    }

    /// Waits until somebody stands before it.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets the one who waits go on.
    pub fn open(&self) {
        self.opened.notify_one();
    }
}

/// The prompt stays up.
#[async_trait]
impl BeforePrompt for Door {
    async fn before(&self) -> Result<(), KeyStoreError> {
        self.pass().await;
        Ok(())
    }
}

/// Holds a request for credentials back.
#[derive(Debug, Default)]
pub struct HeldHttp {
    /// Before each of them.
    pub door: Door,
}

#[async_trait]
impl Http for HeldHttp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if request.url.ends_with("/credential") {
            self.door.pass().await;
        }
        LoopbackHttp::new().send(request).await
    }
}
