//! `desk account`: a password becomes a hash.

use std::io::{BufRead as _, IsTerminal as _};

use desk::pages::{Account, Password};

use crate::Failure;

#[derive(clap::Args)]
pub(crate) struct AccountArguments {
    /// 1 to 32 of a-z 0-9 . _ -
    #[arg(long)]
    name: String,
    /// clerk, operator, counter, official or administrator.
    #[arg(long)]
    role: String,
    /// A role that an administrator may give: clerk, operator or counter. May be repeated; one that gives none reads the trail.
    #[arg(long, value_name = "ROLE")]
    manages: Vec<String>,
    /// Whom the account works for: a centre, a shop, or the telecom operator it answers for.
    #[arg(long)]
    office: String,
}

/// Asks for a password and prints the account's table.
#[expect(clippy::print_stdout, reason = "the answer of a command")]
pub(crate) fn print(arguments: &AccountArguments) -> Result<(), Failure> {
    let AccountArguments { name, role, manages, office } = arguments;
    let password = Password::make(&ask()?).map_err(desk::pages::AccountError::Password)?;
    let hash = password.hash();
    Account::new(name, role, office, &hash)?.managing(manages)?;
    println!(
        "[[account]]\nname = \"{name}\"\nrole = \"{role}\"\noffice = \"{office}\"\npassword = \"{hash}\""
    );
    if !manages.is_empty() {
        println!("manages = {manages:?}");
    }
    Ok(())
}

/// Twice from a terminal, which does not show it; one line from anything else. Never an argument, which others could read.
fn ask() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        let password = rpassword::prompt_password("Password (15 characters or more): ")?;
        return match rpassword::prompt_password("Once more: ")? == password {
            true => Ok(password),
            false => Err(Failure::Argument("the two passwords differ")),
        };
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
