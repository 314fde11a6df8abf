//! The portal of the demo: a resident signs in with a browser, gets a link, opens it in the wallet, and says yes; and two attempts that
//! must fail. The browser is played by code, over HTTP.

use std::{path::Path, sync::Arc};

use fixtures::{
    browser::{Astray, Browser},
    people::{self, Citizen},
};
use wallet_core::wallet::{CardView, Issued, WalletError};

use super::{
    DemoDesk,
    phone::Phone,
    steps::{End, Steps},
};
use crate::failure::{Failure, Outcome};

/// A resident applies at the portal and goes on in the wallet. Gives the phone with the ID back.
pub(super) async fn apply(desk: &DemoDesk, folder: &Path, steps: &mut Steps) -> Outcome<Phone> {
    let output = steps.output();
    let say = &output.texts.demo;
    let resident: Citizen = people::foreign_resident();
    let phone = Phone::open(&folder.join("portal-phone"), desk, output.texts.language).await?;
    let browser = Browser::at(desk.base_url());

    // A name and a number prove nothing: nobody has seen this person.
    let back = signed_in(&phone, &browser, &resident).await?;
    let unseen = phone.go_on(back).await;
    refused(unseen, "portal_unseen", say.portal_unseen, steps)?;

    let number = resident.registration_number;
    desk.visit(number).await.map_err(|_| Failure::Internal("the centre made no code"))?;
    let back = signed_in(&phone, &browser, &resident).await?;
    steps.done("portal_link", &(say.portal_link)(resident.name))?;
    let others = change_state(&back).ok_or(Failure::Internal("a way back without a state"))?;
    refused(phone.go_on(others).await, "portal_other_browser", say.portal_other_browser, steps)?;

    // It ended nothing: the true way back still waits.
    let card = phone.go_on(back).await?;
    let copies: u32 = card.copies.iter().map(|copies| copies.left).sum();
    steps.done("issue_by_portal", &(say.issued_by_portal)(&card.name, copies))?;
    Ok(phone)
}

/// The resident applies, opens the link in the wallet, and says yes in the browser; gives where that leads back to.
async fn signed_in(phone: &Phone, browser: &Browser, resident: &Citizen) -> Outcome<String> {
    let link = browser.apply(resident, None).await.map_err(astray)?.link;
    let offer = phone.open_offer(&link).await?;
    let Issued::SignIn { url } = offer.accept(None, None).await? else {
        return Err(Failure::Internal("a portal's link that leads to no browser"));
    };
    let page = browser.answer(&url, resident, true).await.map_err(astray)?;
    page.way_back().map_err(astray)
}

fn astray(error: Astray) -> Failure {
    match error {
        Astray::NoAnswer(_) => WalletError::Offline.into(),
        Astray::OtherPage(_) => Failure::Internal("the portal showed another page"),
    }
}

/// What the browser of somebody else would bring: the same answer to another question.
fn change_state(url: &str) -> Option<String> {
    let (before, state) = url.split_once("state=")?;
    let length = state.find('&').unwrap_or(state.len());
    Some(format!("{before}state=another{}", state.get(length..)?))
}

/// A step that the issuer, or the wallet, has to refuse.
fn refused(outcome: Outcome<CardView>, name: &'static str, what: &str, steps: &mut Steps) -> Outcome<()> {
    let why = |failure: &Failure| (steps.output().texts.say.failure)(failure);
    match outcome {
        Err(failure @ Failure::Wallet(WalletError::IssuerRefused { why: refusal })) => {
            let told = why(&failure);
            steps.refused(name, what, refusal.code(), &told)
        }
        Err(failure @ Failure::Wallet(WalletError::NotTrusted { .. })) => {
            let told = why(&failure);
            steps.refused(name, what, failure.name(), &told)
        }
        Err(failure) => Err(failure),
        Ok(_) => steps.end(name, what, End::Unexpected, ""),
    }
}

impl Phone {
    /// The system hands the wallet what the browser was sent back to.
    async fn go_on(&self, url: String) -> Outcome<CardView> {
        match Arc::clone(self.wallet()).continue_with(url, None).await? {
            Issued::Card { card } => Ok(card),
            Issued::SignIn { .. } | Issued::Later { .. } => Err(Failure::Internal("the desk issues at once")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_state_is_changed() {
        let changed = change_state("https://wallet.example/issued?code=c&state=s&iss=i").unwrap();
        assert_eq!(changed, "https://wallet.example/issued?code=c&state=another&iss=i");
        assert_eq!(change_state("https://wallet.example/issued?code=c"), None);
    }
}
