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
    #[serde(flatten)]
    issued: IssuedDocument,
}

/// How far an issuance has come.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum IssuedDocument {
    /// The card is there.
    Card(Box<CardDocument>),
    /// Where a browser has to go. What it brings back is for `wallet continue`.
    SignIn(String),
    /// A clerk looks first; seconds until it is worth asking again by `wallet continue`.
    Later(u64),
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
    // What goes on later needs to know with whom.
    keep(home, issuer, found)?;
    tell(issued, output)
}

/// Says how far an issuance has come, and what to do next.
pub(super) fn tell(issued: Issued, output: Output) -> Outcome<()> {
    let say = &output.texts.say;
    let issued = match issued {
        Issued::Card { card } => {
            output.line(&(say.enrolled)(&card.name))?;
            print_card(&card, output)?;
            IssuedDocument::Card(Box::new(CardDocument::from(card)))
        }
        Issued::SignIn { url } => {
            output.line(&(say.sign_in)(&url))?;
            IssuedDocument::SignIn(url)
        }
        Issued::Later { seconds } => {
            output.line(&(say.later)(seconds))?;
            IssuedDocument::Later(seconds)
        }
    };
    output.document(&Document { keys: LabelledKeys::default(), issued })
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
