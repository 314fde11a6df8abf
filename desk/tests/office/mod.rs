//! A desk with people who work at it.

use std::{
    ops::{Deref, DerefMut},
    sync::LazyLock,
};

use desk::{
    Config,
    pages::{Account, Password},
};
use fixtures::people;
use wallet_core::{card::Disclosure, platform::Clock};

use crate::{
    browser::{Answer, Browser},
    stage::{Phone, Stage},
};

pub(crate) const PASSWORD: &str = "a password of the tests";

/// Made once: each takes its time.
pub(crate) static HASH: LazyLock<String> = LazyLock::new(|| Password::make(PASSWORD).unwrap().hash());

pub(crate) fn with_accounts(mut config: Config) -> Config {
    for (name, role, office) in [
        ("kim", "clerk", "gaon"),
        ("lee", "clerk", "gaon"),
        ("park", "operator", "gaon-telecom"),
        ("choi", "counter", "corner-shop"),
        ("seo", "official", "ministry"),
    ] {
        config.accounts.push(Account::new(name, role, office, &HASH).unwrap());
    }
    for (name, office, manages) in
        [("han", "gaon", &["clerk", "counter"][..]), ("yoon", "gaon-telecom", &["operator"])]
    {
        let account = Account::new(name, "administrator", office, &HASH).unwrap();
        config.accounts.push(account.managing(manages).unwrap());
    }
    config
}

/// A stage with people who work at it.
pub(crate) struct Office(Stage);

impl Deref for Office {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.0
    }
}

impl DerefMut for Office {
    fn deref_mut(&mut self) -> &mut Stage {
        &mut self.0
    }
}

impl Office {
    pub(crate) async fn open() -> Self {
        Self::open_as(|config| config).await
    }

    pub(crate) async fn open_as(change: impl FnOnce(Config) -> Config) -> Self {
        Self(Stage::with(|config| *config = change(with_accounts(config.clone()))).await)
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::at(self.desk.base_url())
    }

    pub(crate) fn signed_in(&self, account: &str) -> Browser {
        let mut browser = self.browser();
        assert_eq!(browser.sign_in(account, PASSWORD).status, 303);
        browser
    }
}

/// Opens a resident's page.
pub(crate) fn resident(browser: &mut Browser) -> (String, Answer) {
    let front = browser.get("/clerk");
    let number = people::adult().registration_number;
    let found = browser.post("/clerk/find", &[("number", number), ("csrf", front.csrf())]);
    let place = found.location().to_owned();
    let page = browser.get(&place);
    (place, page)
}

/// A code shown at any counter, for this moment.
pub(crate) async fn shown(office: &Office, phone: &Phone) -> String {
    let card = phone.wallet.cards().unwrap().remove(0);
    let show = phone.wallet.show_at_counter(card.id, Disclosure::AdultOnly, None).await.unwrap();
    show.frame(office.clock.now().unwrap()).unwrap().text
}
