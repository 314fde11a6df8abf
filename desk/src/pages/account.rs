//! Who may sign in, as what.

use wallet_core::crypto::hash::sha256;

use super::password::{Password, PasswordError};

/// What somebody may do. Nobody has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Meets residents at the centre: makes codes, records lines, gives up phones.
    Clerk,
    /// Answers for a telecom operator: suspends and resumes by line, nothing else.
    Operator,
    /// Checks the codes that citizens show.
    Counter,
    /// A citizen at the portal. Signs in there, not by an account of the configuration.
    Citizen,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Clerk, Self::Operator, Self::Counter, Self::Citizen];

    /// The machine name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Operator => "operator",
            Self::Counter => "counter",
            Self::Citizen => "citizen",
        }
    }

    /// The role with this machine name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The first page after signing in.
    pub(crate) const fn home(self) -> &'static str {
        match self {
            Self::Clerk => "/clerk",
            Self::Operator => "/operator",
            Self::Counter => "/counter",
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
}

/// Why an account is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The name or the office.
    #[error("a name has 1 to 32 of a-z 0-9 . _ -")]
    Name,
    /// The role.
    #[error("a role is one of clerk, operator, counter")]
    Role,
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
        Ok(Self { name: name.to_owned(), role, office: office.to_owned(), password })
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
        let hash = self.password.hash();
        sha256([&self.name, self.role.name(), &self.office, &hash].join("\n").as_bytes())
    }
}

fn is_name(name: &str) -> bool {
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
}
