//! `wallet continue`: goes on with an issuance that a browser came back for, that waits for a clerk, or that was cut short.

use std::sync::Arc;

use wallet_core::wallet::{EnrolmentListener, WalletError};

use super::{accept::tell, enrol::Stages};
use crate::{
    failure::{Failure, Outcome, UsageFault},
    home::Home,
    interrupt::until_interrupted,
    output::Output,
    platform::Consent,
    session, terminal,
};

/// Runs it. `url` is what the browser was sent back to, when one was out.
pub(crate) async fn run(url: Option<String>, yes: bool, home: &Home, output: Output) -> Outcome<()> {
    let consent = if yes { Consent::Given } else { Consent::Asked };
    if consent == Consent::Asked && !terminal::is_there() {
        return Err(Failure::Usage(UsageFault::Missing("--yes")));
    }
    let wallet = until_interrupted(session::open_existing(home, consent, output)).await?;
    let wallet = wallet.ok_or(Failure::Wallet(WalletError::CardNotFound))?;
    let stages: Arc<dyn EnrolmentListener> = Arc::new(Stages(output));
    // Cut short it is gone on with again: what it needs is in the vault.
    let issued = match url {
        Some(url) => wallet.continue_with(url, Some(stages)).await?,
        None => wallet.resume_issuance(Some(stages)).await?,
    };
    output.clear_progress();
    tell(issued, output)
}
