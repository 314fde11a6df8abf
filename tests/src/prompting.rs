//! Secure hardware with something in the way of its prompts.

use std::sync::Arc;

use async_trait::async_trait;
use wallet_core::platform::{
    CreatedKeys, HolderKeyId, InstanceKeyId, KeyPolicy, KeyStore, KeyStoreError, Prompt, SignRequest,
    WrapKeyId,
};

/// What happens before each prompt; an error stands in its place.
#[async_trait]
pub trait BeforePrompt: Send + Sync {
    /// Before the citizen is asked.
    async fn before(&self) -> Result<(), KeyStoreError>;
}

/// Every prompt fails so.
#[async_trait]
impl BeforePrompt for KeyStoreError {
    async fn before(&self) -> Result<(), KeyStoreError> {
        Err(self.clone())
    }
}

/// A key store that asks `before` ahead of each prompt, and is `inner` for the rest.
pub struct Prompting<B> {
    inner: Arc<dyn KeyStore>,
    /// In the way.
    pub before: B,
}

impl<B: BeforePrompt> Prompting<B> {
    /// Over `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn KeyStore>, before: B) -> Arc<Self> {
        Arc::new(Self { inner, before })
    }
}

#[async_trait]
impl<B: BeforePrompt> KeyStore for Prompting<B> {
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
        self.before.before().await?;
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
            self.before.before().await?;
        }
        self.inner.unwrap(key, wrapped, prompt).await
    }

    async fn delete(&self, ids: Vec<String>) -> Result<Vec<String>, KeyStoreError> {
        self.inner.delete(ids).await
    }
}
