//! The desktop as a phone: the software platform of the fixtures, with the person at the terminal in place of sensors.

use std::sync::Arc;

use async_trait::async_trait;
use wallet_core::platform::{
    CreatedKeys, FaceCheck, FaceCheckError, FaceEvidence, HolderKeyId, InstanceKeyId, KeyPolicy, KeyStore,
    KeyStoreError, Prompt, SignRequest, WrapKeyId,
};

use crate::{output::Output, terminal};

/// Whether the person is asked, or answered every question by `--yes`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    /// Each prompt is a question on the terminal.
    Asked,
    /// Every prompt is agreed to.
    Given,
}

/// Software keys whose signing prompts are questions on the terminal. Opening the wallet to look at it takes the
/// passphrase, and no second question.
pub(crate) struct AskingKeys {
    /// The keys.
    pub(crate) inner: Arc<dyn KeyStore>,
    /// Whether to ask.
    pub(crate) consent: Consent,
    /// Where to ask.
    pub(crate) output: Output,
}

#[async_trait]
impl KeyStore for AskingKeys {
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
        if agreed(self.consent, self.output, &prompt, self.output.texts.say.touch_question).await {
            self.inner.sign(key, requests, prompt).await
        } else {
            Err(KeyStoreError::UserCancelled)
        }
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
        self.inner.unwrap(key, wrapped, prompt).await
    }

    async fn delete(&self, ids: Vec<String>) -> Result<Vec<String>, KeyStoreError> {
        self.inner.delete(ids).await
    }
}

/// The fixture's face check after a question: a desktop has no camera that anybody would trust.
pub(crate) struct AskingFaceCheck {
    /// The provider.
    pub(crate) inner: Arc<dyn FaceCheck>,
    /// Whether to ask.
    pub(crate) consent: Consent,
    /// Where to ask.
    pub(crate) output: Output,
}

#[async_trait]
impl FaceCheck for AskingFaceCheck {
    async fn compare(
        &self,
        portrait: Vec<u8>,
        challenge: Vec<u8>,
        instance_key: Vec<u8>,
        prompt: Prompt,
    ) -> Result<FaceEvidence, FaceCheckError> {
        if agreed(self.consent, self.output, &prompt, self.output.texts.say.face_question).await {
            self.inner.compare(portrait, challenge, instance_key, prompt).await
        } else {
            Err(FaceCheckError::UserCancelled)
        }
    }
}

async fn agreed(consent: Consent, output: Output, prompt: &Prompt, question: &str) -> bool {
    match consent {
        Consent::Given => true,
        Consent::Asked => {
            terminal::agrees(output.texts, &format!("{}: {} {question}", prompt.title, prompt.reason)).await
        }
    }
}
