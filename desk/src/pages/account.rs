//! Who may sign in, as what.

use wallet_core::crypto::hash::sha256;

use super::password::{Password, PasswordError};
use crate::{issuer::IssuerError, server::App, store::AccountRow};

/// What somebody may do. Nobody has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Meets residents at the centre: makes codes, records lines and events, gives up phones.
    Clerk,
    /// Answers for a telecom operator: suspends and resumes by line, nothing else.
    Operator,
    /// Checks the codes that citizens show.
    Counter,
    /// Answers for the issuer: suspends at its word, and lifts what it ordered.
    Official,
    /// Looks after an office's accounts and reads its trail. Meets no citizen, and sees none.
    Administrator,
    /// A citizen at the portal. Signs in there, not by an account of the configuration.
    Citizen,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Clerk, Self::Operator, Self::Counter, Self::Official, Self::Administrator, Self::Citizen];

    /// The machine name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Operator => "operator",
            Self::Counter => "counter",
            Self::Official => "official",
            Self::Administrator => "administrator",
            Self::Citizen => "citizen",
        }
    }

    /// The role with this machine name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether an administrator may give it. Whoever speaks for the issuer stands in the configuration.
    pub(crate) const fn is_given(self) -> bool {
        matches!(self, Self::Clerk | Self::Operator | Self::Counter)
    }

    /// The first page after signing in.
    pub(crate) const fn home(self) -> &'static str {
        match self {
            Self::Clerk => "/clerk",
            Self::Operator => "/operator",
            Self::Counter => "/counter",
            Self::Official => "/issuer",
            Self::Administrator => "/admin",
            Self::Citizen => "/portal",
        }
    }
}

/// An account of staff.
#[derive(Debug, Clone)]
pub struct Account {
    name: String,
    role: Role,
    office: String,
    password: Password,
    /// The roles an administrator may give.
    manages: Vec<Role>,
    kept: Kept,
}

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// In the configuration.
    File,
    /// In the desk's memory; its password until then, when it was handed out.
    Desk { handed_until: Option<i64>, disabled: bool },
}

/// Why an account is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The name or the office.
    #[error("a name has 1 to 32 of a-z 0-9 . _ -")]
    Name,
    /// The role.
    #[error("a role is one of clerk, operator, counter, official, administrator")]
    Role,
    /// The roles an administrator gives.
    #[error("an administrator, and nobody else, manages any of clerk, operator, counter")]
    Manages,
    /// The password.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

impl Account {
    /// An account by name and role, of an office: a centre, a shop, or the operator the account answers for.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn new(name: &str, role: &str, office: &str, hash: &str) -> Result<Self, AccountError> {
        let role = Role::parse(role).filter(|role| *role != Role::Citizen).ok_or(AccountError::Role)?;
        if !is_name(name) || !is_name(office) {
            return Err(AccountError::Name);
        }
        let password = Password::parse(hash)?;
        let (name, office) = (name.to_owned(), office.to_owned());
        Ok(Self { name, role, office, password, manages: Vec::new(), kept: Kept::File })
    }

    /// The same administrator, who may give accounts with these roles. One that gives none reads the trail.
    ///
    /// # Errors
    /// [`AccountError::Manages`].
    pub fn managing(self, roles: &[impl AsRef<str>]) -> Result<Self, AccountError> {
        let role = |name: &str| Role::parse(name).filter(|role| role.is_given()).ok_or(AccountError::Manages);
        let manages = roles.iter().map(|name| role(name.as_ref())).collect::<Result<Vec<_>, _>>()?;
        if !manages.is_empty() && self.role != Role::Administrator {
            return Err(AccountError::Manages);
        }
        Ok(Self { manages, ..self })
    }

    /// An account that an administrator made. None of them is an administrator's.
    pub(super) fn of_row(row: &AccountRow) -> Result<Self, AccountError> {
        let account = Self::new(&row.name, &row.role, &row.office, &row.password)?;
        if !account.role.is_given() {
            return Err(AccountError::Role);
        }
        let kept = Kept::Desk { handed_until: row.handed_until, disabled: row.disabled_at.is_some() };
        Ok(Self { kept, ..account })
    }

    /// Whether it opens anything at `now`: it was not closed, and its password is not one that was handed out too long ago.
    pub(super) fn is_open(&self, now: i64) -> bool {
        match self.kept {
            Kept::File => true,
            Kept::Desk { handed_until, disabled } => {
                !disabled && handed_until.is_none_or(|until| now < until)
            }
        }
    }

    /// Whether its owner has to choose a password before anything else.
    pub(super) const fn has_to_choose(&self) -> bool {
        matches!(self.kept, Kept::Desk { handed_until: Some(_), .. })
    }

    /// Whether it stands in the configuration, where no page changes it.
    pub(super) const fn is_of_file(&self) -> bool {
        matches!(self.kept, Kept::File)
    }

    /// The roles it may give.
    pub(super) fn manages(&self) -> &[Role] {
        &self.manages
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it may do.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Whom it works for.
    #[must_use]
    pub fn office(&self) -> &str {
        &self.office
    }

    pub(crate) const fn password(&self) -> &Password {
        &self.password
    }

    /// Changes with name, role, office and password: a session lasts no longer than what it was begun under.
    pub(crate) fn stamp(&self) -> [u8; 32] {
        self.stamp_with(&self.password)
    }

    /// The same, once this is its password.
    pub(super) fn stamp_with(&self, password: &Password) -> [u8; 32] {
        let hash = password.hash();
        let mut parts = vec![self.name.as_str(), self.role.name(), &self.office, &hash];
        parts.extend(self.manages.iter().map(|role| role.name()));
        sha256(parts.join("\n").as_bytes())
    }
}

/// The account with this name: of the configuration, or made by an administrator.
pub(super) async fn find(app: &App, name: &str) -> Result<Option<Account>, IssuerError> {
    if let Some(account) = app.pages.accounts.iter().find(|account| account.name() == name) {
        return Ok(Some(account.clone()));
    }
    let name = name.to_owned();
    app.with_issuer(move |issuer, _| {
        let row = issuer.store.account(&name)?;
        row.map(|row| Account::of_row(&row).map_err(|_| IssuerError::Failed)).transpose()
    })
    .await
}

pub(super) fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (1..=32).contains(&name.len()) && name.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_changes_its_stamp_with_everything_it_is() {
        let hash = Password::make("a password of the tests").unwrap().hash();
        let other = Password::make("a password of the tests").unwrap().hash();
        let account =
            |name, role, office, hash: &str| Account::new(name, role, office, hash).unwrap().stamp();
        let stamp = account("kim", "clerk", "gaon", &hash);
        assert_eq!(stamp, account("kim", "clerk", "gaon", &hash));
        for changed in [
            account("lee", "clerk", "gaon", &hash),
            account("kim", "counter", "gaon", &hash),
            account("kim", "clerk", "nuri", &hash),
            account("kim", "clerk", "gaon", &other),
        ] {
            assert_ne!(stamp, changed);
        }
    }

    #[test]
    fn nobody_is_a_citizen_by_configuration_or_has_a_name_that_needs_quoting() {
        let hash = Password::make("a password of the tests").unwrap().hash();
        let error = |name: &str, role: &str, hash: &str| Account::new(name, role, "gaon", hash).unwrap_err();
        assert_eq!(error("kim", "citizen", &hash), AccountError::Role);
        assert_eq!(error("kim", "Clerk", &hash), AccountError::Role);
        for name in ["", "Kim", "kim\n", "김", &"k".repeat(33)] {
            assert_eq!(error(name, "clerk", &hash), AccountError::Name, "{name}");
        }
        assert_eq!(error("kim", "clerk", "secret"), AccountError::Password(PasswordError::Hash));
    }
    #[test]
    fn only_the_configuration_makes_administrators_and_says_what_they_give() {
        let hash = Password::make("a password of the tests").unwrap().hash();
        let account = |role| Account::new("kim", role, "gaon", &hash).unwrap();
        let administrator = account("administrator").managing(&["clerk", "counter"]).unwrap();
        assert_eq!(administrator.manages(), [Role::Clerk, Role::Counter]);
        assert_ne!(administrator.stamp(), account("administrator").stamp(), "less to give ends the session");
        for roles in [["administrator"], ["citizen"], ["anything"]] {
            assert_eq!(account("administrator").managing(&roles).unwrap_err(), AccountError::Manages);
        }
        assert_eq!(account("clerk").managing(&["clerk"]).unwrap_err(), AccountError::Manages);
        let row = |role: &str| AccountRow {
            name: "lee".into(),
            role: role.into(),
            office: "gaon".into(),
            password: hash.clone(),
            handed_until: None,
            disabled_at: None,
            made_at: 0,
        };
        assert!(Account::of_row(&row("clerk")).is_ok());
        assert_eq!(Account::of_row(&row("administrator")).unwrap_err(), AccountError::Role);
    }

    #[test]
    fn a_closed_account_opens_nothing_and_a_handed_password_not_for_long() {
        let password = Password::make("a password of the tests").unwrap().hash();
        let row = |handed_until, disabled_at| {
            let (name, role, office) = ("lee".into(), "clerk".into(), "gaon".into());
            AccountRow {
                name,
                role,
                office,
                password: password.clone(),
                handed_until,
                disabled_at,
                made_at: 0,
            }
        };
        let open = |handed, disabled| Account::of_row(&row(handed, disabled)).unwrap().is_open(100);
        assert!(open(None, None) && open(Some(101), None));
        assert!(!open(Some(100), None) && !open(None, Some(1)) && !open(Some(101), Some(1)));
        assert!(Account::of_row(&row(Some(1), None)).unwrap().has_to_choose());
        assert!(!Account::of_row(&row(None, None)).unwrap().has_to_choose());
    }
}
