//! Phones by name, each with secure hardware and a camera of its own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use fixtures::platform::{
    Answer as Finger, FaceAnswer, FixtureFaceCheck, SoftwareKeyStore, attestation::chain_for,
};
use wallet_core::{
    crypto::{
        hash::sha256,
        sign::{PublicKey, verify},
    },
    platform::{
        Attestation, CreatedKeys, FaceCheck as _, HolderKeyId, InstanceKeyId, KeyStore as _, SignRequest,
        WrapKeyId,
    },
};

use super::protocol::{
    Answer, Base64, Camera, CreatedKey, Fault, PromptAnswer, Request, SoftwareAttestation, policy,
};

/// Longest name of a phone, bytes.
const MAX_NAME: usize = 64;
/// Most phones at once.
const MAX_PHONES: usize = 1024;

/// All phones.
#[derive(Default)]
pub(super) struct Phones(Mutex<HashMap<String, Arc<Phone>>>);

/// One phone.
#[derive(Default)]
pub(super) struct Phone {
    keys: SoftwareKeyStore,
    face: FixtureFaceCheck,
}

impl Phones {
    /// The phone of that name, made when there is none.
    pub(super) fn named(&self, name: &str) -> Result<Arc<Phone>, Fault> {
        let mut phones = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(phone) = phones.get(name) {
            return Ok(Arc::clone(phone));
        }
        if name.len() > MAX_NAME || phones.len() >= MAX_PHONES {
            return Err(Fault::named("malformed"));
        }
        let phone = Arc::new(Phone::default());
        phones.insert(name.to_owned(), Arc::clone(&phone));
        Ok(phone)
    }
}

impl Phone {
    /// Does what a line asks for.
    pub(super) async fn handle(&self, request: Request) -> Result<Answer, Fault> {
        match request {
            Request::Create { purpose, user_authentication, window_seconds, residence, challenge, count } => {
                let policy = policy(&purpose, user_authentication, window_seconds, &residence);
                Ok(created(self.keys.create(policy, challenge.0, count).await?))
            }
            Request::Sign { key, messages, prompt } => {
                let requests = messages.into_iter().map(|message| SignRequest { message: message.0 });
                let key = HolderKeyId::new(key);
                let signatures = self.keys.sign(key, requests.collect(), prompt.into()).await?;
                Ok(Answer::Signatures { signatures: signatures.into_iter().map(Base64).collect() })
            }
            Request::SignInstance { key, message } => {
                let signature = self.keys.sign_instance(InstanceKeyId::new(key), message.0).await?;
                Ok(Answer::Signature { signature: Base64(signature) })
            }
            Request::Wrap { key, plain } => {
                let bytes = self.keys.wrap(WrapKeyId::new(key), plain.0).await?;
                Ok(Answer::Bytes { bytes: Base64(bytes) })
            }
            Request::Unwrap { key, wrapped, prompt } => {
                let prompt = prompt.map(Into::into);
                let bytes = self.keys.unwrap(WrapKeyId::new(key), wrapped.0, prompt).await?;
                Ok(Answer::Bytes { bytes: Base64(bytes) })
            }
            Request::Delete { ids } => Ok(Answer::Ids { ids: self.keys.delete(ids).await? }),
            Request::Compare { portrait, challenge, instance_key, prompt } => {
                let evidence =
                    self.face.compare(portrait.0, challenge.0, instance_key.0, prompt.into()).await?;
                Ok(Answer::Face { provider: evidence.provider, signature: Base64(evidence.signature) })
            }
            Request::Attest { public_key, user_authentication, window_seconds, challenge } => {
                let asks = user_authentication.policy(window_seconds);
                let chain =
                    chain_for(&public_key.0, asks, &challenge.0).map_err(|_| Fault::named("malformed"))?;
                Ok(Answer::Chain { chain: chain.into_iter().map(Base64).collect() })
            }
            Request::Verify { public_key, message, signature } => {
                Ok(Answer::Verified { verifies: verifies(&public_key.0, &message.0, &signature.0) })
            }
            Request::Sha256 { bytes } => Ok(Answer::Bytes { bytes: Base64(sha256(&bytes.0).to_vec()) }),
            control => Ok(self.control(control)),
        }
    }

    /// What a test does to the phone, and what it asks about it.
    fn control(&self, request: Request) -> Answer {
        match request {
            Request::AnswerNext { answer } => self.keys.answer_next(match answer {
                PromptAnswer::Approve => Finger::Approve,
                PromptAnswer::Cancel => Finger::Cancel,
                PromptAnswer::FailUntilLockedOut => Finger::FailUntilLockedOut,
            }),
            Request::EndLockOut => self.keys.end_lock_out(),
            Request::SetNoBiometrics { value } => self.keys.set_biometrics(!value),
            Request::SetUnavailable { value } => self.keys.set_available(!value),
            Request::InvalidateKeys => self.keys.invalidate_biometric_keys(),
            Request::Face { answer } => self.face.answer(match answer {
                Camera::Match => FaceAnswer::Match,
                Camera::NoMatch => FaceAnswer::NoMatch,
                Camera::Cancel => FaceAnswer::Cancel,
                Camera::Unavailable => FaceAnswer::Unavailable,
            }),
            _ => {
                let prompts = self.keys.prompts().into_iter().chain(self.face.prompts());
                return Answer::Prompts { prompts: prompts.map(Into::into).collect() };
            }
        }
        Answer::Nothing {}
    }
}

/// What is no key or no signature verifies nothing.
fn verifies(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (PublicKey::from_sec1(public_key), signature.try_into()) else {
        return false;
    };
    verify(&key, message, signature).is_ok()
}

fn created(created: CreatedKeys) -> Answer {
    let keys = created.keys.into_iter();
    let keys = keys.map(|key| CreatedKey { id: key.id, public_key: Base64(key.public_key) }).collect();
    let chains = match created.attestation {
        Attestation::AndroidChain { chains } | Attestation::Software { chains } => chains,
        Attestation::AppAttest { .. } => Vec::new(),
    };
    let chains = chains.into_iter().map(|chain| chain.into_iter().map(Base64).collect()).collect();
    Answer::Created { keys, attestation: SoftwareAttestation { kind: "software", chains } }
}
