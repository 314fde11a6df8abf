//! `wallet`: the citizen's app on a desktop, and the clerk's checker.

mod args;
mod card_password;
mod card_report;
mod certificates;
mod clerk;
mod commands;
mod demo;
mod failure;
mod home;
mod interrupt;
mod output;
mod pictures;
mod platform;
mod readers;
mod session;
mod simulator;
mod temporary_folder;
mod terminal;
mod texts;
mod trust_folder;
mod views;

use std::process::ExitCode;

use args::{Action, Arguments};
use failure::{Failure, Outcome, UsageFault};
use home::Home;
use interrupt::until_interrupted;
use output::Output;

fn main() -> ExitCode {
    let Ok(words) = words() else { return ExitCode::from(2) };
    let texts = texts::choose(&words, texts::locale().as_deref());
    // Until the command line is understood, so is whether a machine reads.
    let mut output = Output::new(texts, words.iter().any(|word| word == "--json"));
    let done = args::parse(&words, texts).and_then(|parsed| match parsed {
        Ok(arguments) => {
            output = Output::new(texts, arguments.json);
            run(arguments, output)
        }
        Err(help) => output::print(help.trim_end()),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

/// The command line as text: nothing here takes bytes that are not UTF-8.
fn words() -> Outcome<Vec<String>> {
    std::env::args_os()
        .map(|word| word.into_string())
        .collect::<Result<_, _>>()
        .map_err(|_| Failure::Usage(UsageFault::CommandLine(String::new())))
}

/// Runs the command.
fn run(arguments: Arguments, output: Output) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|_| Failure::Internal("no runtime"))?;
    let done = runtime.block_on(dispatch(arguments, output));
    // Threads that still wait for a reader or an answer must not hold the program.
    runtime.shutdown_background();
    done
}

async fn dispatch(arguments: Arguments, output: Output) -> Outcome<()> {
    let Arguments { home, json: _, action } = arguments;
    let home = || Home::at(home);
    match action {
        Action::Demo { out } => until_interrupted(demo::run(out, output)).await,
        Action::Simulator => simulator::run().await,
        Action::Chip(arguments) => until_interrupted(commands::chip::run(arguments, output)).await,
        Action::Read(arguments) => until_interrupted(commands::read::run(arguments, &home()?, output)).await,
        Action::Enrol(arguments) => commands::enrol::run(arguments, &home()?, output).await,
        Action::Accept(arguments) => commands::accept::run(arguments, &home()?, output).await,
        Action::Continue { url, yes } => commands::go_on::run(url, yes, &home()?, output).await,
        Action::Show(arguments) => commands::show::run(arguments, &home()?, output).await,
        Action::Check(arguments) => commands::check::run(&arguments, &home()?, output),
        Action::Refresh => until_interrupted(commands::refresh::run(&home()?, output)).await,
        Action::Wipe { give_up, yes } => commands::wipe::run(give_up, yes, &home()?, output).await,
        Action::List => until_interrupted(commands::list::run(&home()?, output)).await,
        Action::History { limit } => until_interrupted(commands::history::run(limit, &home()?, output)).await,
    }
}
