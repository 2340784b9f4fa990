//! The `oxftp` program: words in, words out.
//!
//! [`words`] are what the user typed, [`settings`] what the user keeps, [`args`] reads the command line,
//! [`session`] turns URLs and flags into clients, [`commands`] has a file for each verb, [`failure`] says what
//! went wrong and which exit code that is. What FTP means is the library's task.

mod app;
mod args;
mod commands;
mod failure;
mod interrupt;
mod log;
mod output;
mod progress;
mod session;
mod settings;
mod terminal;
mod units;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::{
    app::App,
    args::{Cli, Verb},
    failure::{Failure, Result},
    settings::Settings,
    terminal::Terminal,
};

fn main() -> ExitCode {
    let words = words::own();
    let settings = match Settings::read(&words) {
        Ok(settings) => settings,
        Err(failure) => return Terminal::new(true).give_up(&failure),
    };
    let words = settings.expand(words);
    let parsed = args::grouped(settings.preset(Cli::command())).try_get_matches_from(&words);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return args::explain(&error, &words),
    };
    let app = App::new(&cli.global, cli.verb.tells_events(), settings);
    log::start(cli.global.verbose);
    match run(cli.verb, &app) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => app.terminal.give_up(&failure),
    }
}

fn run(verb: Verb, app: &App) -> Result {
    if let Verb::ParseListing(args) = verb {
        return commands::parse_listing::run(&args);
    }
    // One thread is enough: a connection does one thing at a time, and files are read and written
    // on threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Failure::local("cannot start", source))?;
    runtime.block_on(async { interrupt::outlive_file_size_limit() });
    let outcome = match verb {
        Verb::Shell(args) => runtime.block_on(commands::shell::run(args, &app.settings)),
        Verb::Serve(args) => runtime.block_on(commands::serve::run(args, app)),
        verb => runtime.block_on(interrupt::until_interrupted(commands::run(verb, app))),
    };
    // A read of stdin may never end.
    runtime.shutdown_background();
    outcome.and_then(|()| progress::all_written())
}
