//! The wallet's facade against a running desk: what is left, and what goes on, when things do not go well.

#[cfg(test)]
mod stage;

use fixtures::people;
use stage::Stage;
use wallet_core::{card::Disclosure, wallet::WalletError};

#[tokio::test(flavor = "multi_thread")]
async fn a_show_that_never_came_to_a_prompt_costs_no_copy() {
    let stage = Stage::new().await;
    let phone = stage.phone().await;
    let card = phone.enrol(&people::adult()).await.unwrap();
    phone.anchor.set_available(false);
    let shown = phone.wallet.show_at_counter(card.id.clone(), Disclosure::AdultOnly, None).await;
    assert!(matches!(shown.map(|_| ()), Err(WalletError::Unavailable { .. })));
    assert_eq!(phone.wallet.cards().unwrap()[0].copies, card.copies);
}
