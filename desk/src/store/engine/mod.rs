//! Two engines behind one transaction: SQLite in a file, PostgreSQL by a URL. A query is written once, with `?1`, `?2` for
//! its parameters; text that is put together at run time is not accepted.

mod pool;
mod postgres;
mod schema;
mod sqlite;

pub use self::postgres::DatabaseUrl;
pub(super) use self::{
    postgres::Postgres,
    sqlite::Sqlite,
    value::{Column, Value, params},
};
#[cfg(test)]
pub(super) use schema::{MIGRATIONS, VERSION, in_postgres};

mod value;

use super::StoreError;

/// Whether a transaction changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    Write,
}

/// A transaction under way. What happens in it happens whole or not at all, as if it were alone.
pub(super) enum Transaction<'a> {
    Sqlite(rusqlite::Transaction<'a>),
    Postgres(postgres::Begun<'a>),
}

impl Transaction<'_> {
    /// Runs a statement; gives how many rows it changed.
    pub(super) fn execute(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(tx) => sqlite::execute(tx, sql, params),
            Self::Postgres(tx) => tx.execute(sql, params),
        }
    }

    /// Every row of an answer.
    pub(super) fn all<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        match self {
            Self::Sqlite(tx) => sqlite::all(tx, sql, params, &mut read),
            Self::Postgres(tx) => tx.all(sql, params, &mut read),
        }
    }

    /// The first row of an answer, if there is one.
    pub(super) fn first<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.all(sql, params, read)?.into_iter().next())
    }

    /// The one value of an answer that always has one: a count, or whether something exists.
    pub(super) fn value<T: Column>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
    ) -> Result<T, StoreError> {
        self.first(sql, params, |row| row.get(0))?.ok_or(StoreError::Shape)
    }
}

/// A row of an answer.
pub(super) enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a ::postgres::Row),
}

impl Row<'_> {
    /// The value of a column, counted from zero.
    pub(super) fn get<T: Column>(&self, column: usize) -> Result<T, StoreError> {
        let value = match self {
            Self::Sqlite(row) => sqlite::column(row, column)?,
            Self::Postgres(row) => row.try_get(column)?,
        };
        T::from_value(value).ok_or(StoreError::Shape)
    }
}
