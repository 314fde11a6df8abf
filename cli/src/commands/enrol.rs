//! `wallet enrol`: an ID from a card.

use std::sync::Arc;

use fixtures::platform::is_allowed;
use serde::Serialize;
use wallet_core::wallet::{
    CardAccessView, ChipEvidence, Enrolment, EnrolmentListener, EnrolmentStage, ListenerError,
};

use super::{
    list::{CardDocument, print_card},
    read::TerminalListener,
};
use crate::{
    args::{EnrolArguments, IssuerArguments, ReaderName},
    certificates,
    failure::{Failure, Outcome, UsageFault},
    home::{Home, Settings, Trust},
    interrupt::{cancelling, until_interrupted},
    output::Output,
    platform::Consent,
    readers, session, terminal,
    trust_folder::{self, FromDesk},
    views::LabelledKeys,
};

#[derive(Serialize)]
struct Document {
    keys: LabelledKeys,
    card: CardDocument,
    apdus: u32,
}

/// Shows the stages on the terminal.
pub(super) struct Stages(pub(super) Output);

impl EnrolmentListener for Stages {
    fn stage(&self, stage: EnrolmentStage) -> Result<bool, ListenerError> {
        self.0.progress((self.0.texts.say.enrolment_stage)(stage));
        Ok(true)
    }
}

/// Runs it.
pub(crate) async fn run(arguments: EnrolArguments, home: &Home, output: Output) -> Outcome<()> {
    let consent = consent(&arguments.issuer)?;
    let mut found = gather_trust(&arguments.issuer, home)?;
    if found.trust.cards.is_empty() && arguments.reader == ReaderName::Virtual {
        found.trust.cards.push(fixtures::pki::csca().certificate().to_vec());
    }
    let issuer = arguments.issuer.url.clone();
    let tapped = tap(arguments, found.trust.clone(), home, consent, output);
    let (enrolment, evidence) = until_interrupted(tapped).await?;
    // From here keys and credentials come to be: cancelling tidies them away, being dropped would not.
    let stages: Arc<dyn EnrolmentListener> = Arc::new(Stages(output));
    let finished =
        cancelling(enrolment.finish(Arc::clone(&evidence), Some(stages)), || enrolment.cancel()).await;
    let card = finished?;
    output.clear_progress();

    keep(home, issuer, found)?;
    output.line(&(output.texts.say.enrolled)(&card.name))?;
    print_card(&card, output)?;
    output.document(&Document {
        keys: LabelledKeys::default(),
        card: CardDocument::from(card),
        apdus: evidence.apdus(),
    })
}

/// Opens the wallet, begins with the issuer, and has the card answer.
async fn tap(
    arguments: EnrolArguments,
    trust: Trust,
    home: &Home,
    consent: Consent,
    output: Output,
) -> Outcome<(Arc<Enrolment>, Arc<ChipEvidence>)> {
    let wallet = session::open(home, &arguments.issuer.url, trust, consent, output).await?;
    session::unlock_or_begin_anew(&wallet).await?;
    // The card first: the issuer's challenge lives two minutes only, and a person may be looking for the card.
    let can = readers::access_number(arguments.can, &arguments.reader, output).await?;
    let link = readers::connect(&arguments.reader, output).await?;
    let enrolment = Arc::clone(&wallet).enrol().await?;
    let listener = Arc::new(TerminalListener(output));
    let reading = wallet.read_card(link.clone(), CardAccessView::Can { can }, Some(listener))?;
    let tap = || enrolment.tap(Arc::clone(&reading));
    let evidence = readers::while_the_card_comes_back(&link, &reading, output, tap).await?;
    Ok((enrolment, evidence))
}

/// Whether the citizen answers for themselves; nobody is sent to an issuer that no wallet may ask.
pub(super) fn consent(arguments: &IssuerArguments) -> Outcome<Consent> {
    let consent = if arguments.yes { Consent::Given } else { Consent::Asked };
    if consent == Consent::Asked && !terminal::is_there() {
        return Err(Failure::Usage(UsageFault::Missing("--yes")));
    }
    if !is_allowed(&arguments.url) {
        let value = arguments.url.clone();
        return Err(Failure::Usage(UsageFault::Value { argument: "--issuer", value }));
    }
    Ok(consent)
}

/// Remembers with whom the ID was got, and whom to trust from now on.
pub(super) fn keep(home: &Home, issuer: String, found: FromDesk) -> Outcome<()> {
    let FromDesk { trust, pack, pack_root } = found;
    home.keep_trust(&trust)?;
    home.keep_settings(&Settings { issuer })?;
    if let Some(pack) = pack {
        home.keep_pack(&pack)?;
    }
    if let Some(root) = pack_root {
        home.keep_pack_root(&root)?;
    }
    Ok(())
}

/// What was trusted before, with what the arguments name in its place.
pub(super) fn gather_trust(arguments: &IssuerArguments, home: &Home) -> Outcome<FromDesk> {
    let mut found = match &arguments.trust {
        Some(folder) => trust_folder::read(folder)?,
        None => FromDesk { trust: home.trust()?, pack: None, pack_root: None },
    };
    let Trust { issuers, cards, desks } = &mut found.trust;
    for (paths, argument, kept) in [
        (&arguments.issuer_root, "--issuer-root", issuers),
        (&arguments.csca, "--csca", &mut *cards),
        (&arguments.desk_root, "--desk-root", desks),
    ] {
        if !paths.is_empty() {
            *kept = certificates::read_all(paths, argument)?;
        }
    }
    Ok(found)
}
