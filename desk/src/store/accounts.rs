//! Accounts of staff that an administrator made.

use super::{
    ActRow, Store, StoreError,
    engine::{Row, params},
    page_sessions::act,
};

/// Most accounts of an office that are listed.
const MOST: u32 = 1000;

/// An account.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Its name, which no other account ever gets.
    pub name: String,
    /// Machine name of the role.
    pub role: String,
    /// Whom it works for.
    pub office: String,
    /// The password's Argon2id hash.
    pub password: String,
    /// Until when a password that was handed out is good; `None` for one that its owner chose. Seconds since 1970 UTC.
    pub handed_until: Option<i64>,
    /// Since when it opens nothing.
    pub disabled_at: Option<i64>,
    /// When it was made.
    pub made_at: i64,
}

/// Prints no hash.
impl core::fmt::Debug for AccountRow {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AccountRow")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Remembers an account. Tells whether the name was free.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_account(&self, account: &AccountRow) -> Result<bool, StoreError> {
        let AccountRow { name, role, office, password, handed_until, disabled_at, made_at } = account;
        self.write(|tx| {
            let added = tx.execute(
                "INSERT INTO accounts (name, role, office, password, handed_until, disabled_at, made_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                params![
                    name.as_str(),
                    role.as_str(),
                    office.as_str(),
                    password.as_str(),
                    *handed_until,
                    *disabled_at,
                    *made_at
                ],
            )?;
            Ok(added == 1)
        })
    }

    /// The account with this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn account(&self, name: &str) -> Result<Option<AccountRow>, StoreError> {
        self.first(
            "SELECT name, role, office, password, handed_until, disabled_at, made_at FROM accounts WHERE name = ?1",
            params![name],
            account,
        )
    }

    /// The accounts of an office by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn accounts(&self, office: &str) -> Result<Vec<AccountRow>, StoreError> {
        self.read(|tx| {
            tx.all(
                "SELECT name, role, office, password, handed_until, disabled_at, made_at FROM accounts
                 WHERE office = ?1 ORDER BY name LIMIT ?2",
                params![office, MOST],
                account,
            )
        })
    }

    /// Gives an account of an office a password that was handed out, good until then. Tells whether there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hand_password(
        &self,
        name: &str,
        office: &str,
        hash: &str,
        until: i64,
    ) -> Result<bool, StoreError> {
        self.write(|tx| {
            let changed = tx.execute(
                "UPDATE accounts SET password = ?3, handed_until = ?4 WHERE name = ?1 AND office = ?2",
                params![name, office, hash, until],
            )?;
            Ok(changed == 1)
        })
    }

    /// Changes the password that was `before` to one that its owner chose. Tells whether it still was that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn choose_password(&self, name: &str, before: &str, hash: &str) -> Result<bool, StoreError> {
        self.write(|tx| {
            let changed = tx.execute(
                "UPDATE accounts SET password = ?3, handed_until = NULL
                 WHERE name = ?1 AND password = ?2 AND disabled_at IS NULL",
                params![name, before, hash],
            )?;
            Ok(changed == 1)
        })
    }

    /// Closes an account of an office at that time, or opens it again. Tells whether that changed anything.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn disable_account(
        &self,
        name: &str,
        office: &str,
        disabled_at: Option<i64>,
    ) -> Result<bool, StoreError> {
        self.write(|tx| {
            let changed = match disabled_at {
                Some(at) => tx.execute(
                    "UPDATE accounts SET disabled_at = ?3 WHERE name = ?1 AND office = ?2 AND disabled_at IS NULL",
                    params![name, office, at],
                )?,
                None => tx.execute(
                    "UPDATE accounts SET disabled_at = NULL
                     WHERE name = ?1 AND office = ?2 AND disabled_at IS NOT NULL",
                    params![name, office],
                )?,
            };
            Ok(changed == 1)
        })
    }

    /// Acts of an office with a number below `before`, newest first, each with its number; of one account when that is named.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn acts_before(
        &self,
        office: &str,
        who: Option<&str>,
        before: i64,
        limit: u32,
    ) -> Result<Vec<(i64, ActRow)>, StoreError> {
        let numbered = |row: &Row<'_>| Ok((row.get(5)?, act(row)?));
        self.read(|tx| match who {
            None => tx.all(
                "SELECT at, who, office, act, outcome, id FROM acts
                 WHERE office = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
                params![office, before, limit],
                numbered,
            ),
            Some(who) => tx.all(
                "SELECT at, who, office, act, outcome, id FROM acts
                 WHERE office = ?1 AND id < ?2 AND who = ?4 ORDER BY id DESC LIMIT ?3",
                params![office, before, limit, who],
                numbered,
            ),
        })
    }
}

fn account(row: &Row<'_>) -> Result<AccountRow, StoreError> {
    Ok(AccountRow {
        name: row.get(0)?,
        role: row.get(1)?,
        office: row.get(2)?,
        password: row.get(3)?,
        handed_until: row.get(4)?,
        disabled_at: row.get(5)?,
        made_at: row.get(6)?,
    })
}
