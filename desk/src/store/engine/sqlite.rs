//! SQLite: one file, one writer, readers beside it.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, TransactionBehavior, params_from_iter, types::ValueRef};

use super::{Mode, Row, Transaction, Value, pool::Pool, schema};
use crate::store::StoreError;

/// How long a call waits for another process that writes.
const WAIT: Duration = Duration::from_secs(15);
/// Readers at once.
const READERS: usize = 8;
const STATEMENTS: usize = 128;

/// The file.
pub(in crate::store) struct Sqlite {
    writer: Mutex<Connection>,
    /// None for a store in memory, which has one connection.
    readers: Option<Pool<Connection>>,
}

impl Sqlite {
    pub(in crate::store) fn open(path: &Path) -> Result<Self, StoreError> {
        let writer = Mutex::new(prepare(Connection::open(path)?)?);
        let path: PathBuf = path.to_owned();
        let reader =
            move || configure(Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?);
        Ok(Self { writer, readers: Some(Pool::new(READERS, reader)) })
    }

    pub(in crate::store) fn in_memory() -> Result<Self, StoreError> {
        Self::over(Connection::open_in_memory()?)
    }

    /// Over one connection.
    pub(in crate::store) fn over(connection: Connection) -> Result<Self, StoreError> {
        Ok(Self { writer: Mutex::new(prepare(connection)?), readers: None })
    }

    pub(in crate::store) fn transact<T>(
        &self,
        mode: Mode,
        work: impl Fn(&mut Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &self.readers {
            Some(readers) if mode == Mode::Read => {
                readers.with(|reader| run(reader, TransactionBehavior::Deferred, work), |_| true)
            }
            _ => {
                // A call that panicked left a transaction that was rolled back.
                let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
                run(&mut writer, TransactionBehavior::Immediate, work)
            }
        }
    }
}

fn run<T>(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    work: impl Fn(&mut Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut transaction = Transaction::Sqlite(connection.transaction_with_behavior(behavior)?);
    let value = work(&mut transaction)?;
    if let Transaction::Sqlite(transaction) = transaction {
        transaction.commit()?;
    }
    Ok(value)
}

fn configure(connection: Connection) -> Result<Connection, StoreError> {
    connection.busy_timeout(WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

fn prepare(connection: Connection) -> Result<Connection, StoreError> {
    let mut connection = configure(connection)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for migration in schema::after(found)? {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", schema::VERSION)?;
    transaction.commit()?;
    Ok(connection)
}

pub(super) fn execute(
    transaction: &rusqlite::Transaction<'_>,
    sql: &'static str,
    params: &[Value<'_>],
) -> Result<u64, StoreError> {
    let changed = transaction.prepare_cached(sql)?.execute(params_from_iter(params))?;
    Ok(u64::try_from(changed).unwrap_or(u64::MAX))
}

pub(super) fn all<T>(
    transaction: &rusqlite::Transaction<'_>,
    sql: &'static str,
    params: &[Value<'_>],
    read: &mut impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = transaction.prepare_cached(sql)?;
    let mut rows = statement.query(params_from_iter(params))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(&Row::Sqlite(row))?);
    }
    Ok(all)
}

pub(super) fn column<'a>(row: &'a rusqlite::Row<'_>, column: usize) -> Result<Value<'a>, StoreError> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Text(text) => Value::Text(core::str::from_utf8(text).map_err(|_| StoreError::Shape)?),
        ValueRef::Blob(bytes) => Value::Bytes(bytes),
        ValueRef::Real(_) => return Err(StoreError::Shape),
    })
}
