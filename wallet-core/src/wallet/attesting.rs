//! Having the wallet provider vouch for this wallet and its keys.

use super::{Wallet, WalletError, code, turns::Turn};
use crate::{
    card::Refusal,
    crypto::sign::PublicKey,
    openid::{Attesting, OpenIdError, ProviderInput, ProviderStep},
    platform::{Attestation, CreatedKeys, InstanceKeyId, KeyPolicy, KeyStoreError, Url},
    vault::InstanceKey,
};

/// This wallet, vouched for.
pub(super) struct Attested {
    pub(super) instance: InstanceKey,
    pub(super) public: PublicKey,
    /// The wallet attestation.
    pub(super) word: String,
}

const MISBEHAVED: WalletError = WalletError::Unavailable { code: code::PLATFORM_MISBEHAVED };

impl Wallet {
    /// Has the wallet attested; makes its Instance key when it has none, or when the one it has is known to nobody any more:
    /// the hardware lost it, or the provider began anew.
    pub(super) async fn attest_wallet(&self, turn: &Turn) -> Result<Attested, WalletError> {
        let known = self.with_vault(|vault| Ok(vault.settings()?.instance_key))?;
        match known {
            None => self.ask_provider(None, turn).await,
            Some(known) => match self.ask_provider(Some(known.clone()), turn).await {
                Err(
                    WalletError::KeyInvalidated
                    | WalletError::IssuerRefused { why: Refusal::AttestationRefused },
                ) => {
                    self.forget_instance_key(&known)?;
                    // It signs for nothing any more; that it could not be deleted now does no harm.
                    drop(self.platform.key_store.delete(vec![known.id.into()]).await);
                    self.ask_provider(None, turn).await
                }
                attested => attested,
            },
        }
    }

    async fn ask_provider(&self, known: Option<InstanceKey>, turn: &Turn) -> Result<Attested, WalletError> {
        let made_new = known.is_none();
        let mut instance = known;
        let mut word = self.get_word(&mut instance).await;
        if let (true, Ok(_), Some(new)) = (made_new, &word, &instance) {
            // The provider knows this key now: a wallet that lost it would be another phone. Of two that began at once, one is kept.
            if !self.keep_instance_key(new, turn).await? {
                word = Err(WalletError::UserCancelled);
            }
        }
        match (word, instance) {
            (Ok(word), Some(instance)) => {
                let public = PublicKey::from_sec1(&instance.public_key).map_err(|_| MISBEHAVED)?;
                Ok(Attested { instance, public, word })
            }
            (Ok(_), None) => Err(WalletError::Unavailable { code: code::INTERNAL }),
            (Err(error), instance) => {
                if let Some(instance) = instance.filter(|_| made_new) {
                    // A key nobody vouches for would only fill the hardware. That this fails too changes nothing.
                    drop(self.platform.key_store.delete(vec![instance.id.into()]).await);
                }
                Err(error)
            }
        }
    }

    /// The provider's word for the wallet; makes the Instance key where there is none.
    async fn get_word(&self, instance: &mut Option<InstanceKey>) -> Result<String, WalletError> {
        let public = instance.as_ref().map(|key| PublicKey::from_sec1(&key.public_key));
        let public = public.transpose().map_err(|_| MISBEHAVED)?;
        let (mut machine, mut step) = Attesting::wallet(self.provider_url()?, public);
        loop {
            let input = match step {
                ProviderStep::Http(request) => {
                    ProviderInput::Response(self.platform.http.send(request).await?)
                }
                ProviderStep::MakeInstanceKey { challenge } => {
                    let created =
                        self.platform.key_store.create(KeyPolicy::INSTANCE, challenge.to_vec(), 1).await?;
                    let CreatedKeys { keys, attestation } = created;
                    let [key] = <[_; 1]>::try_from(keys).map_err(|_| MISBEHAVED)?;
                    let public_key = key.public_key.clone();
                    *instance =
                        Some(InstanceKey { id: InstanceKeyId::new(key.id), public_key: key.public_key });
                    ProviderInput::Instance { public_key, attestation }
                }
                ProviderStep::SignInstance(bytes) => {
                    let key = instance.as_ref().ok_or(MISBEHAVED)?;
                    match self.platform.key_store.sign_instance(key.id.clone(), bytes).await {
                        // No prompt stands behind this key, so whatever took it away, it does not come back.
                        Err(KeyStoreError::KeyNotFound) => return Err(WalletError::KeyInvalidated),
                        signed => ProviderInput::Signature(signed?),
                    }
                }
                ProviderStep::Done(word) => return Ok(word),
            };
            (machine, step) = machine.handle(input, self.now()?.unix_seconds)?;
        }
    }

    /// Has Holder keys just made attested for an issuer's nonce.
    pub(super) async fn attest_keys(
        &self,
        attested: &Attested,
        nonce: Option<String>,
        keys: &[Vec<u8>],
        attestation: Attestation,
    ) -> Result<String, WalletError> {
        let now = self.now()?.unix_seconds;
        let (mut machine, mut step) =
            Attesting::keys(self.provider_url()?, &attested.public, nonce, keys, attestation, now)?;
        loop {
            let input = match step {
                ProviderStep::Http(request) => {
                    ProviderInput::Response(self.platform.http.send(request).await?)
                }
                ProviderStep::SignInstance(bytes) => {
                    let id = attested.instance.id.clone();
                    ProviderInput::Signature(self.platform.key_store.sign_instance(id, bytes).await?)
                }
                ProviderStep::Done(word) => return Ok(word),
                ProviderStep::MakeInstanceKey { .. } => {
                    return Err(WalletError::Unavailable { code: code::INTERNAL });
                }
            };
            (machine, step) = machine.handle(input, self.now()?.unix_seconds)?;
        }
    }

    fn provider_url(&self) -> Result<Url, WalletError> {
        let issuer = self.config.issuer_url.trim_end_matches('/');
        let url =
            self.config.wallet_provider_url.clone().unwrap_or_else(|| format!("{issuer}/wallet-provider"));
        Url::parse(url.trim_end_matches('/'))
            .map_err(|_| WalletError::Unavailable { code: code::CONFIGURATION })
    }

    /// Whether it could: not when another issuance has taken the turn.
    async fn keep_instance_key(&self, instance: &InstanceKey, turn: &Turn) -> Result<bool, WalletError> {
        let kept = self.with_vault(|vault| {
            if !self.turns.is_held_by(turn) {
                return Ok(false);
            }
            let mut settings = vault.settings()?;
            settings.instance_key = Some(instance.clone());
            vault.set_settings(&settings).map(|()| true)
        })?;
        self.anchor_version().await?;
        Ok(kept)
    }

    fn forget_instance_key(&self, instance: &InstanceKey) -> Result<(), WalletError> {
        self.with_vault(|vault| {
            let mut settings = vault.settings()?;
            if settings.instance_key.as_ref() == Some(instance) {
                settings.instance_key = None;
                vault.set_settings(&settings)?;
            }
            Ok(())
        })
    }
}

impl From<OpenIdError> for WalletError {
    fn from(error: OpenIdError) -> Self {
        use crate::openid::{ErrorCode, Misuse};

        use super::{Distrust, PasswordKind};
        match error {
            OpenIdError::BadOffer(_) => Self::NotForThisWallet,
            OpenIdError::IssuerMisbehaved(_) => Self::NotTrusted { why: Distrust::IssuerAnswer },
            OpenIdError::Refused(why) => Self::IssuerRefused { why },
            OpenIdError::IssuerRefused(code) => Self::IssuerRefused {
                why: match code {
                    ErrorCode::InvalidGrant => Refusal::CodeNotAccepted,
                    ErrorCode::AccessDenied | ErrorCode::CredentialRequestDenied => Refusal::Denied,
                    ErrorCode::InvalidClient
                    | ErrorCode::InvalidClientAttestation
                    | ErrorCode::InvalidProof
                    | ErrorCode::InvalidDpopProof => Refusal::AttestationRefused,
                    ErrorCode::InvalidToken | ErrorCode::InvalidNonce | ErrorCode::UseDpopNonce => {
                        Refusal::ChallengeExpired
                    }
                    ErrorCode::ServerError | ErrorCode::TemporarilyUnavailable => Refusal::Unavailable,
                    _ => Refusal::MalformedRequest,
                },
            },
            OpenIdError::Unsupported(_) => Self::IssuerRefused { why: Refusal::UnsupportedVersion },
            OpenIdError::Misuse(Misuse::TransactionCode) => {
                Self::WrongPassword { kind: PasswordKind::TransactionCode, tries_left: None }
            }
            OpenIdError::Misuse(_) => Self::Unavailable { code: code::INTERNAL },
        }
    }
}
