//! Where the options of a command come from: its line, else the environment (`DESK_NAME_KO` for `--name-ko`), else the file
//! that `--config` or `DESK_CONFIG` names (`name-ko = ".."`), else the default. One definition of each option serves all four,
//! and whatever is wrong is told by the name of its key.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use clap::{Arg, Command, CommandFactory, FromArgMatches};
use desk::pages::{Account, AccountError};
use serde::Deserialize;
use toml::{Table, Value};

/// How the names of variables begin.
const PREFIX: &str = "DESK_";
/// The option that names the file.
const CONFIG: &str = "config";
/// The tables of accounts in the file.
const ACCOUNT: &str = "account";

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("{path}: {error}")]
    File { path: PathBuf, error: std::io::Error },
    #[error("{path}: {error}")]
    Toml { path: PathBuf, error: toml::de::Error },
    #[error("{path}: {key}: there is no such key")]
    UnknownKey { path: PathBuf, key: String },
    #[error("{path}: {key}: neither text nor a number, yes or no, or a list of them")]
    NoValue { path: PathBuf, key: String },
    #[error("{name}: there is no such variable")]
    UnknownVariable { name: String },
    #[error("{path}: account {number}: {error}")]
    Account { path: PathBuf, number: usize, error: AccountError },
}

/// One of the tables `[[account]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountTable {
    name: String,
    role: String,
    office: String,
    password: String,
    #[serde(default)]
    manages: Vec<String>,
}

/// The arguments of the program, with what file and environment say, and the accounts of the file.
pub(crate) fn read<T: CommandFactory + FromArgMatches>(
    line: &[OsString],
    environment: impl Iterator<Item = OsString>,
    served: &str,
) -> Result<(T, Vec<Account>), SettingsError> {
    let command = T::command().mut_subcommand(served, with_environment);
    refuse_unknown(environment, &command)?;
    let (command, accounts) = match file_of(line, served) {
        None => (command, Vec::new()),
        Some(path) => with_file(command, served, &path)?,
    };
    let matches = command.get_matches_from(line);
    let arguments = T::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    Ok((arguments, accounts))
}

fn variable(option: &str) -> String {
    format!("{PREFIX}{}", option.replace('-', "_").to_uppercase())
}

fn with_environment(command: Command) -> Command {
    command.mut_args(|arg| match arg.get_long().map(variable) {
        Some(name) => arg.env(name).hide_env_values(true),
        None => arg,
    })
}

/// A misspelt variable would be a setting that silently does not hold.
fn refuse_unknown(
    environment: impl Iterator<Item = OsString>,
    command: &Command,
) -> Result<(), SettingsError> {
    let known: Vec<String> = command
        .get_subcommands()
        .flat_map(Command::get_arguments)
        .filter_map(|arg| Some(arg.get_env()?.to_str()?.to_owned()))
        .collect();
    let ours = environment.filter_map(|name| name.into_string().ok()).filter(|name| name.starts_with(PREFIX));
    match ours.into_iter().find(|name| !known.contains(name)) {
        Some(name) => Err(SettingsError::UnknownVariable { name }),
        None => Ok(()),
    }
}

/// The file that the line or the environment names for this command.
fn file_of(line: &[OsString], served: &str) -> Option<PathBuf> {
    let mut words = line.iter().skip(1);
    if words.next().is_none_or(|word| word != served) {
        return None;
    }
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        if text == format!("--{CONFIG}") {
            return words.next().map(PathBuf::from);
        }
        if let Some(path) = text.strip_prefix(&format!("--{CONFIG}=")) {
            return Some(PathBuf::from(path));
        }
    }
    std::env::var_os(variable(CONFIG)).map(PathBuf::from)
}

/// What the file says becomes the defaults of the options.
fn with_file(command: Command, served: &str, path: &Path) -> Result<(Command, Vec<Account>), SettingsError> {
    let file = |error| SettingsError::File { path: path.to_owned(), error };
    let text = fs::read_to_string(path).map_err(file)?;
    let toml = |error| SettingsError::Toml { path: path.to_owned(), error };
    let mut table: Table = toml::from_str(&text).map_err(toml)?;
    let accounts = match table.remove(ACCOUNT) {
        None => Vec::new(),
        Some(accounts) => accounts_in(accounts, path)?,
    };
    let mut command = command;
    for (key, value) in table {
        let known = command
            .find_subcommand(served)
            .is_some_and(|command| command.get_arguments().any(|arg| is_key(arg, &key)));
        if !known {
            return Err(SettingsError::UnknownKey { path: path.to_owned(), key });
        }
        let Some(values) = texts_of(&value) else {
            return Err(SettingsError::NoValue { path: path.to_owned(), key });
        };
        command = command.mut_subcommand(served, |command| {
            command.mut_args(|arg| if is_key(&arg, &key) { with_default(arg, &values) } else { arg })
        });
    }
    Ok((command, accounts))
}

fn is_key(arg: &Arg, key: &str) -> bool {
    key != CONFIG && arg.get_long() == Some(key)
}

fn with_default(arg: Arg, values: &[String]) -> Arg {
    arg.required(false).default_values(values.to_vec())
}

/// A value, or several, as they would stand on the line.
fn texts_of(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Float(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
    };
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        value => Some(vec![text(value)?]),
    }
}

fn accounts_in(value: Value, path: &Path) -> Result<Vec<Account>, SettingsError> {
    let toml = |error| SettingsError::Toml { path: path.to_owned(), error };
    let tables: Vec<AccountTable> = value.try_into().map_err(toml)?;
    let account = |(number, table): (usize, AccountTable)| {
        let AccountTable { name, role, office, password, manages } = table;
        let account = Account::new(&name, &role, &office, &password);
        account.and_then(|account| account.managing(&manages)).map_err(|error| SettingsError::Account {
            path: path.to_owned(),
            number: number.saturating_add(1),
            error,
        })
    };
    tables.into_iter().enumerate().map(account).collect()
}
