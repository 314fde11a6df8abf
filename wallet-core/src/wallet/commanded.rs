//! Commands from the issuer: asked for by the Instance key without a prompt, verified, obeyed also while locked.

use super::{Distrust, Wallet, WalletError, anchored::Obeyed, code, standing::Standing};
use crate::{
    crypto::sign::PublicKey,
    status::commands::{Command, CommandError, CommandOp, MAX_WAIT, Poll, UnverifiedCommand},
    vault::{EventKind, InstanceKey, Settings},
};

/// What a poll for commands came to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CommandsHeard {
    /// What was obeyed, in order.
    pub obeyed: Vec<CommandOp>,
    /// How many the wallet did not obey: for another phone, obeyed before, out of their time, or not the issuer's.
    pub refused: u32,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Wallet {
    /// Asks the issuer for commands (lock, resume, wipe), waiting at most `wait` seconds, 25 at most, for one; obeys them and
    /// acknowledges with the next call. No prompt; works while locked. The app calls it in a loop while it is in front, and once
    /// in its background job; `refresh` does so too.
    ///
    /// After a wipe every other call fails with `NotUsable`, and `state` says `Wiped`.
    ///
    /// # Errors
    /// [`WalletError::Offline`], [`WalletError::IssuerRefused`], [`WalletError::NotTrusted`],
    /// [`WalletError::NotUsable`] when it was wiped before, [`WalletError::Unavailable`].
    pub async fn receive_commands(&self, wait: u32) -> Result<CommandsHeard, WalletError> {
        let nothing = CommandsHeard { obeyed: Vec::new(), refused: 0 };
        let Some((instance, public)) = self.known_instance()? else { return Ok(nothing) };
        let thumbprint = public.thumbprint();
        let obeyed = self.obeyed()?.seq_of(&thumbprint);
        let now = self.now()?.unix_seconds;
        let poll = Poll::begin(self.issuer()?, &public, obeyed, wait.min(MAX_WAIT), now)?;
        let signature = self.platform.key_store.sign_instance(instance.id, poll.to_sign()).await?;
        let response = self.platform.http.send(poll.signed(&signature)?).await?;
        let heard = poll.finish(&response)?;
        if !self.is_still(&public)? {
            return Ok(nothing);
        }
        self.hear_standing(heard.standing)?;

        let (mut all, mut distrust) = (nothing, None);
        for bytes in heard.commands {
            // The clock may have been set while the poll waited; the number is of those obeyed by now.
            let (now, obeyed) = (self.now()?.unix_seconds, self.obeyed()?.seq_of(&thumbprint));
            let command = UnverifiedCommand::parse(&bytes)
                .and_then(|command| command.verify(&self.roots.issuers, &public, obeyed, now));
            match command {
                Ok(_) if !self.is_still(&public)? => return Ok(all),
                Ok(command) => {
                    self.obey(command, &thumbprint).await?;
                    all.obeyed.push(command.op());
                    if command.op() == CommandOp::Wipe {
                        return Ok(all);
                    }
                }
                // Obeyed by another call meanwhile.
                Err(CommandError::Replayed) => {}
                Err(error) => {
                    all.refused = all.refused.saturating_add(1);
                    distrust = distrust.or(Some(error));
                }
            }
        }
        match distrust {
            Some(CommandError::Expired | CommandError::FromTheFuture) | None => Ok(all),
            Some(_) if !all.obeyed.is_empty() => Ok(all),
            Some(_) => Err(WalletError::NotTrusted { why: Distrust::IssuerAnswer }),
        }
    }
}

impl Wallet {
    /// The Instance key, once there is one.
    pub(super) fn known_instance(&self) -> Result<Option<(InstanceKey, PublicKey)>, WalletError> {
        let misbehaved = |_| WalletError::Unavailable { code: code::PLATFORM_MISBEHAVED };
        let instance = self.with_vault(|vault| Ok(vault.settings()?.instance_key))?;
        instance
            .map(|instance| {
                let public = PublicKey::from_sec1(&instance.public_key).map_err(misbehaved)?;
                Ok((instance, public))
            })
            .transpose()
    }

    /// Whether this is the phone that was asked for: wiped and begun anew while the issuer held its answer back, it is another.
    fn is_still(&self, public: &PublicKey) -> Result<bool, WalletError> {
        Ok(self.known_instance()?.is_some_and(|(_, now)| now.thumbprint() == public.thumbprint()))
    }

    fn obeyed(&self) -> Result<Obeyed, WalletError> {
        let anchored = self.anchored.lock().map_err(|_| WalletError::Unavailable { code: code::INTERNAL })?;
        Ok(anchored.obeyed)
    }

    /// The vault first, the number after it: cut in between, the same command comes again and changes nothing.
    async fn obey(&self, command: Command, thumbprint: &[u8; 32]) -> Result<(), WalletError> {
        let obeyed = Obeyed::by(thumbprint, command.seq());
        let now = self.now()?.unix_seconds;
        match command.op() {
            CommandOp::Wipe => return self.wipe_now(Some(obeyed)).await,
            CommandOp::Lock => {
                self.stop_shows();
                self.with_vault(|vault| {
                    let mut standing = Standing::load(vault)?;
                    standing.lock_for(Some(command.why()));
                    let settings = vault.settings()?;
                    if !settings.locked_by_command {
                        standing.wait_for_history(now, EventKind::WalletLocked);
                    }
                    standing.store(vault)?;
                    vault.set_settings(&Settings { locked_by_command: true, ..settings })?;
                    vault.lock();
                    Ok(())
                })?;
            }
            CommandOp::Resume => self.with_vault(|vault| {
                let mut standing = Standing::load(vault)?;
                let settings = vault.settings()?;
                if settings.locked_by_command {
                    standing.lock_for(None);
                    standing.wait_for_history(now, EventKind::WalletResumed);
                    vault.set_settings(&Settings { locked_by_command: false, ..settings })?;
                    standing.store(vault)?;
                }
                Ok(())
            })?,
        }
        let version = self.with_vault(|vault| Ok(vault.version()))?;
        self.anchor(|anchored| {
            anchored.version = anchored.version.max(version);
            anchored.obeyed = obeyed;
        })
        .await
    }
}
