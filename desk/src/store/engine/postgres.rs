//! PostgreSQL: several desks over one database. Every transaction is serialisable, so that what holds for one desk alone
//! holds for all of them; one that the database gave up for another's sake is done again.

use std::{collections::HashMap, net::IpAddr, thread, time::Duration};

use postgres::{
    Client, Config, IsolationLevel, NoTls, Statement, config::Host, error::SqlState, types::ToSql,
};
use tokio::runtime::{Handle, RuntimeFlavor};
use wallet_core::crypto::random::make_random;

use super::{Mode, Row, Transaction, Value, pool::Pool, schema};
use crate::store::StoreError;

/// Connections of one desk at once.
const CONNECTIONS: usize = 16;
/// How often a transaction is tried that others got in the way of.
const ATTEMPTS: u32 = 24;
/// Longest pause before another try, milliseconds.
const LONGEST_PAUSE: u32 = 64;
/// How often a desk that starts looks whether another has made the schema, and how long it waits in between.
const SCHEMA_LOOKS: u32 = 300;
const SCHEMA_PAUSE: Duration = Duration::from_millis(50);
/// Held, shared, by every connection of a desk; alone, by the one that changes the schema: "desk".
const SCHEMA_LOCK: i64 = 0x6465_736B;
/// Serialisable unless something else is said. Index scans lock what they read, sequential ones the whole table, so that
/// strangers would get in each other's way. Nothing of a desk that went away goes on for long.
const OPTIONS: &str = "-c default_transaction_isolation=serializable -c enable_seqscan=off \
    -c statement_timeout=15s -c idle_in_transaction_session_timeout=15s -c client_min_messages=warning";

/// Where a PostgreSQL is: `postgres://user:password@host:port/database`. Prints none of it.
#[derive(Clone)]
pub struct DatabaseUrl(Config);

impl DatabaseUrl {
    /// Parses a URL.
    ///
    /// # Errors
    /// [`StoreError::Url`] for anything else, or one without a host.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        if !matches!(scheme, Some("postgres" | "postgresql")) {
            return Err(StoreError::Url);
        }
        let mut config: Config = text.parse().map_err(|_| StoreError::Url)?;
        if config.get_hosts().is_empty() {
            return Err(StoreError::Url);
        }
        let options = config.get_options().map_or_else(String::new, |given| format!("{given} "));
        config.options(&format!("{options}{OPTIONS}"));
        config.application_name("desk").connect_timeout(Duration::from_secs(5));
        Ok(Self(config))
    }

    /// Whether what is said to it stays on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let here = |host: &Host| match host {
            Host::Tcp(name) => {
                name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            }
            #[cfg(unix)]
            Host::Unix(_) => true,
        };
        self.0.get_hosts().iter().all(here) && self.0.get_hostaddrs().iter().all(IpAddr::is_loopback)
    }
}

#[cfg(test)]
impl DatabaseUrl {
    /// A connection past the store.
    pub(in crate::store) fn client(&self) -> Client {
        self.0.connect(NoTls).unwrap()
    }

    /// Whether a desk could change the schema now.
    pub(in crate::store) fn free_for_a_new_schema(&self) -> Option<bool> {
        let row = self.client().query_one("SELECT pg_try_advisory_lock($1)", &[&SCHEMA_LOCK]).ok()?;
        row.try_get(0).ok()
    }
}

impl core::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DatabaseUrl(..)")
    }
}

/// The database.
pub(in crate::store) struct Postgres {
    sessions: Pool<Session>,
}

impl Postgres {
    pub(in crate::store) fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let alone = Handle::try_current().is_ok_and(|it| it.runtime_flavor() == RuntimeFlavor::CurrentThread);
        if alone {
            return Err(StoreError::SingleThreaded);
        }
        let config = url.0.clone();
        let sessions = Pool::new(CONNECTIONS, move || Session::open(&config));
        // Tells at once whether there is a database, and makes its schema.
        off_the_runtime(|| sessions.with(|_| Ok(()), Session::is_whole))?;
        Ok(Self { sessions })
    }

    pub(in crate::store) fn transact<T>(
        &self,
        mode: Mode,
        work: impl Fn(&mut Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.again_and_again(|session| session.run(mode, &work))
    }

    /// One statement, which is a transaction by itself: one way to the database and back instead of three.
    pub(in crate::store) fn alone<T>(
        &self,
        work: impl Fn(&mut Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.again_and_again(|Session { client, statements }| {
            work(&mut Transaction::Postgres(Begun { over: Over::Client(client), statements }))
        })
    }

    fn again_and_again<T>(
        &self,
        run: impl Fn(&mut Session) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        off_the_runtime(|| {
            for attempt in 0..ATTEMPTS {
                let outcome = self.sessions.with(&run, Session::is_whole);
                match outcome {
                    Err(error) if goes_again(&error, attempt) => pause(attempt)?,
                    outcome => return outcome,
                }
            }
            Err(StoreError::Busy)
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let sessions = self.sessions.empty();
        // Saying goodbye blocks, which a thread of the runtime must not do.
        thread::spawn(move || drop(sessions)).join().ok();
    }
}

/// A connection, and the statements it knows.
struct Session {
    client: Client,
    statements: Statements,
}

type Statements = HashMap<&'static str, Statement>;

impl Session {
    fn open(config: &Config) -> Result<Self, StoreError> {
        let mut client = config.connect(NoTls)?;
        for _ in 0..SCHEMA_LOOKS {
            // Waits for a desk that is just changing the schema; from here on nobody does.
            client.execute("SELECT pg_advisory_lock_shared($1)", &[&SCHEMA_LOCK])?;
            if schema::after(version(&mut client)?)?.is_empty() {
                return Ok(Self { client, statements: HashMap::new() });
            }
            client.execute("SELECT pg_advisory_unlock_shared($1)", &[&SCHEMA_LOCK])?;
            let alone = client.query_one("SELECT pg_try_advisory_lock($1)", &[&SCHEMA_LOCK])?;
            if alone.try_get(0)? {
                migrate(&mut client)?;
                client.execute("SELECT pg_advisory_unlock($1)", &[&SCHEMA_LOCK])?;
            } else {
                thread::sleep(SCHEMA_PAUSE);
            }
        }
        Err(StoreError::OlderDesks)
    }

    fn is_whole(&self) -> bool {
        !self.client.is_closed()
    }

    fn run<T>(
        &mut self,
        mode: Mode,
        work: &impl Fn(&mut Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Self { client, statements } = self;
        let builder = client
            .build_transaction()
            .isolation_level(IsolationLevel::Serializable)
            .read_only(mode == Mode::Read);
        let transaction = builder.start().map_err(StoreError::NotBegun)?;
        let over = Over::Transaction(transaction);
        let mut transaction = Transaction::Postgres(Begun { over, statements });
        let value = work(&mut transaction)?;
        if let Transaction::Postgres(Begun { over: Over::Transaction(transaction), .. }) = transaction {
            transaction.commit()?;
        }
        Ok(value)
    }
}

/// A transaction under way.
pub(in crate::store) struct Begun<'a> {
    over: Over<'a>,
    statements: &'a mut Statements,
}

enum Over<'a> {
    Transaction(postgres::Transaction<'a>),
    /// A statement alone.
    Client(&'a mut Client),
}

impl Begun<'_> {
    pub(super) fn execute(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<u64, StoreError> {
        let statement = self.prepare(sql)?;
        let params = borrowed(params);
        Ok(match &mut self.over {
            Over::Transaction(transaction) => transaction.execute(&statement, &params)?,
            Over::Client(client) => client.execute(&statement, &params)?,
        })
    }

    pub(super) fn all<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        read: &mut impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let statement = self.prepare(sql)?;
        let params = borrowed(params);
        let rows = match &mut self.over {
            Over::Transaction(transaction) => transaction.query(&statement, &params)?,
            Over::Client(client) => client.query(&statement, &params)?,
        };
        rows.iter().map(|row| read(&Row::Postgres(row))).collect()
    }

    fn prepare(&mut self, sql: &'static str) -> Result<Statement, StoreError> {
        if let Some(known) = self.statements.get(sql) {
            return Ok(known.clone());
        }
        // The other engine's sign for a parameter; no query has it for anything else.
        let text = sql.replace('?', "$");
        let statement = match &mut self.over {
            Over::Transaction(transaction) => transaction.prepare(&text)?,
            Over::Client(client) => client.prepare(&text)?,
        };
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }
}

fn borrowed<'a>(params: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|value| -> &(dyn ToSql + Sync) { value }).collect()
}

fn version(client: &mut Client) -> Result<u32, StoreError> {
    let made = client.query_one("SELECT to_regclass('schema_version') IS NOT NULL", &[])?;
    if !made.try_get::<_, bool>(0)? {
        return Ok(0);
    }
    let found: i64 = client.query_one("SELECT version FROM schema_version", &[])?.try_get(0)?;
    u32::try_from(found).map_err(|_| StoreError::Shape)
}

/// Brings the schema to the version this program knows. The caller holds the lock alone.
fn migrate(client: &mut Client) -> Result<(), StoreError> {
    let found = version(client)?;
    let mut transaction = client.transaction()?;
    transaction.batch_execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")?;
    for migration in schema::after(found)? {
        transaction.batch_execute(&schema::in_postgres(migration))?;
    }
    transaction.batch_execute("DELETE FROM schema_version")?;
    let version = i64::from(schema::VERSION);
    transaction.execute("INSERT INTO schema_version (version) VALUES ($1)", &[&version])?;
    Ok(transaction.commit()?)
}

/// Whether the same transaction may do better: the database gave it up, or the connection was gone before it began.
/// A connection lost later leaves unknown what was done, so that the caller has to find out.
fn goes_again(error: &StoreError, attempt: u32) -> bool {
    match error {
        StoreError::NotBegun(error) => error.is_closed(),
        StoreError::Postgres(error) => match error.code() {
            Some(code) if *code == SqlState::T_R_SERIALIZATION_FAILURE => true,
            Some(code) if *code == SqlState::T_R_DEADLOCK_DETECTED => true,
            // Another may have taken the place while this one looked; if it has, the second look shows it.
            Some(code) if *code == SqlState::UNIQUE_VIOLATION => attempt == 0,
            _ => false,
        },
        _ => false,
    }
}

/// Lets the others pass, each a while of its own, longer each time.
fn pause(attempt: u32) -> Result<(), StoreError> {
    let longest = 1_u32.checked_shl(attempt).map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE));
    let drawn = make_random::<2>().map_err(|_| StoreError::Busy)?;
    let millis = u32::from(u16::from_be_bytes(drawn)) % longest.saturating_add(1);
    thread::sleep(Duration::from_millis(millis.into()));
    Ok(())
}

/// Blocks, which a thread that serves the runtime's tasks may do only when it says so.
fn off_the_runtime<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_local_when_every_host_in_it_is() {
        let local = |text: &str| DatabaseUrl::parse(text).unwrap().is_local();
        assert!(local("postgres://desk:secret@127.0.0.1:5432/desk"));
        assert!(local("postgresql://desk@localhost/desk"));
        assert!(local("postgres://desk@[::1]/desk"));
        assert!(local("postgres://desk@%2Frun%2Fpostgresql/desk"));
        assert!(!local("postgres://desk@db.example/desk"));
        assert!(!local("postgres://desk@127.0.0.1,db.example/desk"));
        assert!(!local("postgres://desk@localhost/desk?hostaddr=192.0.2.1"));
        assert!(!local("postgres://desk@localhost.example/desk"));
    }

    #[test]
    fn what_is_no_url_of_a_database_is_refused_and_none_is_printed() {
        for wrong in
            ["", "desk.sqlite", "host=127.0.0.1 user=desk", "mysql://desk@127.0.0.1/desk", "postgres://"]
        {
            assert!(matches!(DatabaseUrl::parse(wrong), Err(StoreError::Url)), "{wrong}");
        }
        let url = DatabaseUrl::parse("postgres://desk:secret@127.0.0.1/desk").unwrap();
        assert_eq!(format!("{url:?}"), "DatabaseUrl(..)");
    }
}
