//! `wallet refresh`: what an app does in its background job.

use std::sync::Arc;

use serde::Serialize;
use wallet_core::{
    status::commands::CommandOp,
    wallet::{Renewed, UnlockWith, WalletError, WalletState},
};

use crate::{
    failure::{Failure, Outcome},
    home::Home,
    output::Output,
    platform::Consent,
    session, views,
};

#[derive(Serialize)]
struct Document {
    state: &'static str,
    obeyed: Vec<&'static str>,
    lists: u32,
    staples: u32,
    renewed: &'static str,
    next_at: i64,
}

/// Runs it. Opening the keys takes the passphrase; a wallet that a command has locked stays closed and is refreshed all the same.
pub(crate) async fn run(home: &Home, output: Output) -> Outcome<()> {
    if !home.has_wallet() {
        return Err(Failure::Wallet(WalletError::CardNotFound));
    }
    let issuer = home.settings()?.map(|settings| settings.issuer).unwrap_or_default();
    let wallet = session::open(home, &issuer, home.trust()?, Consent::Asked, output).await?;
    match wallet.unlock(UnlockWith::Biometrics).await {
        Ok(()) | Err(WalletError::NotUsable { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let done = Arc::clone(&wallet).refresh().await?;
    let seconds = done.next_at.saturating_sub(views::now()?.unix_seconds);
    let fresh = done.renewed == Renewed::Done;
    output.line(&(output.texts.say.refreshed)(done.obeyed.len(), done.staples, fresh, seconds))?;
    output.document(&Document {
        state: state_name(wallet.state()?),
        obeyed: done.obeyed.into_iter().map(CommandOp::name).collect(),
        lists: done.lists,
        staples: done.staples,
        renewed: renewed_name(done.renewed),
        next_at: done.next_at,
    })?;
    done.trouble.map_or(Ok(()), |error| Err(error.into()))
}

const fn state_name(state: WalletState) -> &'static str {
    match state {
        WalletState::Empty => "empty",
        WalletState::Locked => "locked",
        WalletState::Ready => "ready",
        WalletState::LockedByCommand => "locked_by_command",
        WalletState::Wiped => "wiped",
    }
}

const fn renewed_name(renewed: Renewed) -> &'static str {
    match renewed {
        Renewed::NotNeeded => "not_needed",
        Renewed::Done => "done",
        Renewed::AfterUnlock => "after_unlock",
        Renewed::Failed => "failed",
        Renewed::Later => "later",
        Renewed::EnrolAgain => "enrol_again",
    }
}
