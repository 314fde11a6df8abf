//! A desk with people who work at it.

use std::{
    path::PathBuf,
    sync::{Arc, LazyLock},
};

use desk::{
    Config, Desk, RunningDesk,
    pages::{Account, Password},
};
use fixtures::{people, platform::SteppedClock};

use crate::{
    browser::{Answer, Browser},
    stage::{self, NOW, config_in},
};

pub(crate) const PASSWORD: &str = "a password of the tests";

/// Made once: each takes its time.
pub(crate) static HASH: LazyLock<String> = LazyLock::new(|| Password::make(PASSWORD).unwrap().hash());

pub(crate) fn with_accounts(mut config: Config) -> Config {
    for (name, role, office) in
        [("kim", "clerk", "gaon"), ("lee", "clerk", "gaon"), ("park", "operator", "gaon-telecom")]
    {
        config.accounts.push(Account::new(name, role, office, &HASH).unwrap());
    }
    config
}

pub(crate) struct Office {
    pub(crate) desk: RunningDesk,
    pub(crate) clock: Arc<SteppedClock>,
    pub(crate) folder: PathBuf,
}

impl Office {
    pub(crate) async fn open() -> Self {
        Self::open_as(|config| config).await
    }

    pub(crate) async fn open_as(change: impl FnOnce(Config) -> Config) -> Self {
        let folder = stage::new_folder();
        let clock = Arc::new(SteppedClock::new(NOW));
        let config = change(with_accounts(config_in(folder.clone(), &clock)));
        Self { desk: Desk::start(config).await.unwrap(), clock, folder }
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

impl Drop for Office {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
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
