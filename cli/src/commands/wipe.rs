//! `wallet wipe`: the keys, then everything.

use serde::Serialize;
use wallet_core::wallet::WalletError;

use crate::{
    failure::{Failure, Outcome, UsageFault},
    home::Home,
    output::Output,
    platform::Consent,
    session, terminal,
};

#[derive(Serialize)]
struct Document {
    wiped: bool,
    given_up: bool,
}

/// Runs it, after one question. With `give_up` the issuer hears of it first, or nothing happens.
pub(crate) async fn run(give_up: bool, yes: bool, home: &Home, output: Output) -> Outcome<()> {
    if !home.has_wallet() {
        return Err(Failure::Wallet(WalletError::CardNotFound));
    }
    let consent = if yes { Consent::Given } else { Consent::Asked };
    if consent == Consent::Asked && !terminal::is_there() {
        return Err(Failure::Usage(UsageFault::Missing("--yes")));
    }
    let issuer = home.settings()?.map(|settings| settings.issuer).unwrap_or_default();
    let wallet = session::open(home, &issuer, home.trust()?, consent, output).await?;
    if give_up {
        wallet.give_up_phone().await?;
    } else {
        wallet.wipe().await?;
    }
    output.line(output.texts.say.wiped)?;
    output.document(&Document { wiped: true, given_up: give_up })
}
