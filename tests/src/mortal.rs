//! A phone whose app dies at the n-th call to its platform: before the call did anything, or after it did.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use wallet_core::{
    platform::{
        Anchor, AnchorError, CreatedKeys, FaceCheck, FaceCheckError, FaceEvidence, HolderKeyId, Http,
        HttpError, HttpRequest, HttpResponse, InstanceKeyId, KeyPolicy, KeyStore, KeyStoreError, Prompt,
        SignRequest, WrapKeyId,
    },
    wallet::Platform,
};

/// When at the fatal call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dies {
    /// Nothing of it happened.
    Before,
    /// It happened, and nobody heard.
    After,
}

/// The life of one run of an app.
#[derive(Debug)]
pub struct Life {
    fatal: usize,
    dies: Dies,
    calls: AtomicUsize,
    dead: AtomicBool,
}

impl Life {
    /// One that ends at the call with this number, from zero.
    #[must_use]
    pub fn until(fatal: usize, dies: Dies) -> Arc<Self> {
        Arc::new(Self { fatal, dies, calls: AtomicUsize::new(0), dead: AtomicBool::new(false) })
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    /// The platform as this run sees it.
    #[must_use]
    pub fn of(self: &Arc<Self>, platform: &Platform) -> Platform {
        let seam = Seam { life: Arc::clone(self), platform: platform.clone() };
        let seam = Arc::new(seam);
        Platform {
            key_store: seam.clone(),
            anchor: seam.clone(),
            http: seam.clone(),
            clock: platform.clock.clone(),
            face_check: seam,
        }
    }

    /// Lives through one call. A call after the end never comes: a dead app calls nobody.
    async fn live<T, E>(&self, call: impl Future<Output = Result<T, E>> + Send, death: E) -> Result<T, E> {
        if self.is_over() {
            return Err(death);
        }
        let number = self.calls.fetch_add(1, Ordering::AcqRel);
        if number != self.fatal {
            return call.await;
        }
        self.dead.store(true, Ordering::Release);
        if self.dies == Dies::After {
            drop(call.await);
        }
        Err(death)
    }
}

struct Seam {
    life: Arc<Life>,
    platform: Platform,
}

#[async_trait::async_trait]
impl KeyStore for Seam {
    async fn create(
        &self,
        policy: KeyPolicy,
        challenge: Vec<u8>,
        count: u32,
    ) -> Result<CreatedKeys, KeyStoreError> {
        let call = self.platform.key_store.create(policy, challenge, count);
        self.life.live(call, KeyStoreError::Unavailable).await
    }

    async fn sign(
        &self,
        key: HolderKeyId,
        requests: Vec<SignRequest>,
        prompt: Prompt,
    ) -> Result<Vec<Vec<u8>>, KeyStoreError> {
        let call = self.platform.key_store.sign(key, requests, prompt);
        self.life.live(call, KeyStoreError::Unavailable).await
    }

    async fn sign_instance(&self, key: InstanceKeyId, message: Vec<u8>) -> Result<Vec<u8>, KeyStoreError> {
        self.life.live(self.platform.key_store.sign_instance(key, message), KeyStoreError::Unavailable).await
    }

    async fn wrap(&self, key: WrapKeyId, plain: Vec<u8>) -> Result<Vec<u8>, KeyStoreError> {
        self.life.live(self.platform.key_store.wrap(key, plain), KeyStoreError::Unavailable).await
    }

    async fn unwrap(
        &self,
        key: WrapKeyId,
        wrapped: Vec<u8>,
        prompt: Option<Prompt>,
    ) -> Result<Vec<u8>, KeyStoreError> {
        let call = self.platform.key_store.unwrap(key, wrapped, prompt);
        self.life.live(call, KeyStoreError::Unavailable).await
    }

    async fn delete(&self, ids: Vec<String>) -> Result<Vec<String>, KeyStoreError> {
        self.life.live(self.platform.key_store.delete(ids), KeyStoreError::Unavailable).await
    }
}

#[async_trait::async_trait]
impl Anchor for Seam {
    async fn load(&self) -> Result<Vec<u8>, AnchorError> {
        self.life.live(self.platform.anchor.load(), AnchorError::Unavailable).await
    }

    async fn store(&self, bytes: Vec<u8>) -> Result<Vec<u8>, AnchorError> {
        self.life.live(self.platform.anchor.store(bytes), AnchorError::Unavailable).await
    }
}

#[async_trait::async_trait]
impl Http for Seam {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.life.live(self.platform.http.send(request), HttpError::Offline).await
    }
}

#[async_trait::async_trait]
impl FaceCheck for Seam {
    async fn compare(
        &self,
        portrait: Vec<u8>,
        challenge: Vec<u8>,
        instance_key: Vec<u8>,
        prompt: Prompt,
    ) -> Result<FaceEvidence, FaceCheckError> {
        let call = self.platform.face_check.compare(portrait, challenge, instance_key, prompt);
        self.life.live(call, FaceCheckError::Unavailable).await
    }
}
