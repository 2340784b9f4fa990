//! The `oxftp` program.
//!
//! [`argv`] reads the words of the command line, [`settings`] the user's settings file, [`args`] holds the groups of
//! flags that commands share, [`session`] turns URLs and flags into clients that are logged in, [`commands`] has a
//! file for each command, and [`failure`] maps errors to messages, hints and exit codes. The FTP protocol itself is
//! in the `oxftp` library.

mod app;
mod args;
mod argv;
mod clock;
mod commands;
mod failure;
mod interrupt;
mod log;
mod output;
mod progress;
mod records;
mod session;
mod settings;
mod shell;
mod state_directory;
mod terminal;
mod units;
mod usage_error;

use std::{cell::LazyCell, ffi::OsString, process::ExitCode};

use clap::{CommandFactory, FromArgMatches};

use crate::{
    app::App,
    commands::{Cli, OnDemand, Verb},
    failure::{Failure, Result},
    settings::Settings,
    terminal::Terminal,
};

fn main() -> ExitCode {
    let words = argv::read();
    let settings = match Settings::read(&words, &LazyCell::new(Cli::command)) {
        Ok(settings) => settings,
        Err(failure) => return Terminal::new(true).report_fatal(&failure),
    };
    let (words, settings) = settings.apply_to(words);
    let is_brief = words.iter().any(|word| word == "-h");
    let command = match settings.has_defaults() || words.iter().any(may_ask_for_help) {
        true => settings.preset(Cli::command()),
        false => Cli::command_on_demand(),
    };
    let command = commands::with_grouped_help(command);
    let command = if is_brief { commands::brief(command) } else { command };
    let parsed = command.try_get_matches_from(&words);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return usage_error::report(error, &words),
    };
    let (name, records) = cli.verb.records();
    let app = App::new(&cli.global, cli.verb.prints_events(), name, records, settings);
    log::start(cli.global.verbose);
    match run(cli.verb, &app) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => app.terminal.report_fatal(&failure),
    }
}

/// Returns whether a word may be `help`, `--help` or a `-h` among other short flags.
fn may_ask_for_help(word: &OsString) -> bool {
    let word = word.to_string_lossy();
    let is_short = word.starts_with('-') && !word.starts_with("--");
    word == "help" || word.starts_with("--h") || is_short && word.contains('h')
}

fn run(verb: Verb, app: &App) -> Result {
    if let Verb::ParseListing(OnDemand(args)) = verb {
        return commands::parse_listing::run(&args);
    }
    // One thread is enough: a connection does one thing at a time, and files are read and written on a thread pool.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Failure::local("cannot start", source))?;
    runtime.block_on(async { interrupt::ignore_file_size_signal() });
    let outcome = match verb {
        Verb::Shell(OnDemand(args)) => runtime.block_on(shell::run(args, &app.settings)),
        Verb::Serve(OnDemand(args)) => runtime.block_on(commands::serve::run(args, app)),
        verb => runtime.block_on(interrupt::until_interrupted(commands::run(verb, app))),
    };
    // A read of stdin may never end.
    runtime.shutdown_background();
    outcome.and_then(|()| progress::check_written())
}
