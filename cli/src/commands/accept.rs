//! `wallet accept`: an ID by a community centre's code and the six digits that were spoken.

use std::{path::Path, sync::Arc};

use serde::Serialize;
use wallet_core::wallet::{CardOffer, EnrolmentListener, Issued, Scan, WalletError};

use super::{
    check::read_code,
    enrol::{Stages, consent, gather_trust, keep},
    list::{CardDocument, print_card},
};
use crate::{
    args::AcceptArguments,
    failure::{Failure, Outcome, UsageFault},
    home::{Home, Trust},
    interrupt::{cancelling, until_interrupted},
    output::Output,
    platform::Consent,
    session, terminal,
    views::LabelledKeys,
};

/// How an offer begins.
const OFFER: &str = "openid-credential-offer:";

#[derive(Serialize)]
struct Document {
    keys: LabelledKeys,
    card: CardDocument,
}

/// Runs it.
pub(crate) async fn run(arguments: AcceptArguments, home: &Home, output: Output) -> Outcome<()> {
    let consent = consent(&arguments.issuer)?;
    let found = gather_trust(&arguments.issuer, home)?;
    let issuer = arguments.issuer.url.clone();
    let opening = open(&arguments, found.trust.clone(), home, consent, output);
    let (offer, digits) = until_interrupted(opening).await?;
    // From here keys and credentials come to be: cancelling tidies them away, being dropped would not.
    let stages: Arc<dyn EnrolmentListener> = Arc::new(Stages(output));
    let issued = cancelling(offer.accept(digits, Some(stages)), || offer.cancel()).await?;
    output.clear_progress();
    let Issued::Card { card } = issued else {
        // A desktop has no browser that comes back, and no morning on which it asks again.
        return Err(WalletError::NotForThisWallet.into());
    };
    keep(home, issuer, found)?;
    output.line(&(output.texts.say.enrolled)(&card.name))?;
    print_card(&card, output)?;
    output.document(&Document { keys: LabelledKeys::default(), card: CardDocument::from(card) })
}

/// Opens the wallet, looks the offer up, and asks for the digits when it wants some.
async fn open(
    arguments: &AcceptArguments,
    trust: Trust,
    home: &Home,
    consent: Consent,
    output: Output,
) -> Outcome<(Arc<CardOffer>, Option<Vec<u8>>)> {
    let text = if arguments.code.starts_with(OFFER) || arguments.code.starts_with("http") {
        arguments.code.clone()
    } else {
        read_code(Path::new(&arguments.code), "CODE", OFFER)?
    };
    let wallet = session::open(home, &arguments.issuer.url, trust, consent, output).await?;
    session::unlock_or_begin_anew(&wallet).await?;
    let Scan::Offer { link } = wallet.scan(text)? else { return Err(WalletError::NotForThisWallet.into()) };
    let offer = Arc::clone(&wallet).open_offer(link).await?;
    if offer.view()?.transaction_code.is_none() {
        return Ok((offer, None));
    }
    let digits = match &arguments.digits {
        Some(digits) => Some(digits.clone()),
        None => terminal::ask(output.texts.say.ask_digits).await,
    };
    let digits = digits.ok_or(Failure::Usage(UsageFault::Missing("--digits")))?;
    Ok((offer, Some(digits.into_bytes())))
}
