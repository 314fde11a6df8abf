//! Seams that hold a call back until the test lets it go.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use fixtures::platform::LoopbackHttp;
use tokio::sync::Notify;
use wallet_core::platform::{
    CreatedKeys, HolderKeyId, Http, HttpError, HttpRequest, HttpResponse, InstanceKeyId, KeyPolicy, KeyStore,
    KeyStoreError, Prompt, SignRequest, WrapKeyId,
};

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

/// Hardware whose prompt stays up.
pub struct HeldPrompt {
    /// Before each prompt.
    pub door: Door,
    inner: Arc<dyn KeyStore>,
}

impl HeldPrompt {
    /// Over `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn KeyStore>) -> Self {
        Self { door: Door::default(), inner }
    }
}

#[async_trait]
impl KeyStore for HeldPrompt {
    async fn create(
        &self,
        policy: KeyPolicy,
        challenge: Vec<u8>,
        count: u32,
    ) -> Result<CreatedKeys, KeyStoreError> {
        self.inner.create(policy, challenge, count).await
    }
    async fn sign(
        &self,
        key: HolderKeyId,
        requests: Vec<SignRequest>,
        prompt: Prompt,
    ) -> Result<Vec<Vec<u8>>, KeyStoreError> {
        self.door.pass().await;
        self.inner.sign(key, requests, prompt).await
    }
    async fn sign_instance(&self, key: InstanceKeyId, message: Vec<u8>) -> Result<Vec<u8>, KeyStoreError> {
        self.inner.sign_instance(key, message).await
    }
    async fn wrap(&self, key: WrapKeyId, plain: Vec<u8>) -> Result<Vec<u8>, KeyStoreError> {
        self.inner.wrap(key, plain).await
    }
    async fn unwrap(
        &self,
        key: WrapKeyId,
        wrapped: Vec<u8>,
        prompt: Option<Prompt>,
    ) -> Result<Vec<u8>, KeyStoreError> {
        if prompt.is_some() {
            self.door.pass().await;
        }
        self.inner.unwrap(key, wrapped, prompt).await
    }
    async fn delete(&self, ids: Vec<String>) -> Result<Vec<String>, KeyStoreError> {
        self.inner.delete(ids).await
    }
}
