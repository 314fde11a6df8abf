//! `wallet list`: the cards in the wallet, and how many shows are left.

use serde::Serialize;
use wallet_core::wallet::CardView;

use crate::{
    failure::Outcome,
    home::Home,
    output::Output,
    platform::Consent,
    session,
    views::{LabelledKeys, card_state_name},
};

#[derive(Serialize)]
struct Document {
    keys: LabelledKeys,
    cards: Vec<CardDocument>,
}

/// A card for machines.
#[derive(Serialize)]
pub(crate) struct CardDocument {
    id: String,
    document: String,
    state: &'static str,
    /// Machine name of why it is in that state.
    reason: &'static str,
    name: String,
    name_latin: String,
    birth_date: String,
    registration_number: String,
    address: String,
    issue_date: String,
    issuing_authority: String,
    enrolled_at: i64,
    valid_until: String,
    copies_until: Option<String>,
    copies: Vec<Copies>,
}

#[derive(Serialize)]
struct Copies {
    level: &'static str,
    left: u32,
}

impl From<CardView> for CardDocument {
    fn from(card: CardView) -> Self {
        Self {
            state: card_state_name(card.state),
            reason: card.standing.names().1,
            copies_until: card.copies_until,
            copies: card
                .copies
                .iter()
                .map(|copies| Copies { level: copies.disclosure.name(), left: copies.left })
                .collect(),
            id: card.id,
            document: card.document,
            name: card.name,
            name_latin: card.name_latin,
            birth_date: card.birth_date,
            registration_number: card.masked_registration_number,
            address: card.address,
            issue_date: card.issue_date,
            issuing_authority: card.issuing_authority,
            enrolled_at: card.enrolled_at,
            valid_until: card.valid_until,
        }
    }
}

/// Runs it.
pub(crate) async fn run(home: &Home, output: Output) -> Outcome<()> {
    let wallet = session::open_existing(home, Consent::Asked, output).await?;
    let cards = wallet.map(|wallet| wallet.cards()).transpose()?.unwrap_or_default();
    if cards.is_empty() {
        output.line(output.texts.say.no_cards)?;
    }
    for card in &cards {
        print_card(card, output)?;
    }
    output.document(&Document {
        keys: LabelledKeys::default(),
        cards: cards.into_iter().map(CardDocument::from).collect(),
    })
}

/// A card for people.
pub(crate) fn print_card(card: &CardView, output: Output) -> Outcome<()> {
    let say = &output.texts.say;
    let field = &say.field;
    output.line(&card.id)?;
    for (name, value) in [
        (field.state, (say.card_state)(card.state)),
        (field.name, &card.name),
        (field.name_latin, &card.name_latin),
        (field.birth_date, &card.birth_date),
        (field.registration_number, &card.masked_registration_number),
        (field.address, &card.address),
        (field.issued, &format!("{}, {}", card.issue_date, card.issuing_authority)),
        (field.valid_until, &card.valid_until),
        (field.keys, say.software_keys),
    ] {
        output.line(&format!("  {name}: {value}"))?;
    }
    output.line(&format!("  {}:", say.copies))?;
    for copies in &card.copies {
        output.line(&format!("    {}: {}", (say.level)(copies.disclosure), (say.left)(copies.left)))?;
    }
    Ok(())
}
