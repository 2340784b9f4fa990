//! The commands, one file each.

mod bookmark;
mod cat;
mod check;
mod chmod;
mod cli;
mod completions;
mod config;
mod cp;
mod demo;
mod du;
mod find;
mod fxp;
mod get;
mod head;
mod ls;
mod man;
mod mirror;
mod mkdir;
mod mv;
pub(crate) mod parse_listing;
mod probe;
mod put;
mod raw;
mod rcat;
mod rm;
mod rmdir;
pub(crate) mod serve;
mod stat;
pub(crate) mod support;
mod touch;
mod tree;

pub(crate) use cli::{Cli, Verb, brief, with_grouped_help};

use clap::CommandFactory;

use crate::{
    app::App,
    failure::{Failure, Result},
};

/// Runs a command, and records what it does if its flags ask for that.
pub(crate) async fn run(verb: Verb, app: &App) -> Result {
    let recording = app.records.begin()?;
    let outcome = run_verb(verb, app).await;
    recording.finish(outcome)
}

async fn run_verb(verb: Verb, app: &App) -> Result {
    match verb {
        Verb::Ls(args) => ls::run(args, app).await,
        Verb::Get(args) => get::run(args, app).await,
        Verb::Put(args) => put::run(args, app).await,
        Verb::Mirror(args) => mirror::run(args, app).await,
        Verb::Check(args) => check::run(args, app).await,
        Verb::Cat(args) => cat::run(args, app).await,
        Verb::Head(args) => head::run(args).await,
        Verb::Rcat(args) => rcat::run(args, app).await,
        Verb::Du(args) => du::run(args, app).await,
        Verb::Rm(args) => rm::run(args, app).await,
        Verb::Rmdir(args) => rmdir::run(args, app).await,
        Verb::Chmod(args) => chmod::run(args, app).await,
        Verb::Touch(args) => touch::run(args, app).await,
        Verb::Fxp(args) => fxp::run(args, app).await,
        Verb::Mkdir(args) => mkdir::run(args, app).await,
        Verb::Cp(args) => cp::run(args, app).await,
        Verb::Mv(args) => mv::run(args, app).await,
        Verb::Stat(args) => stat::run(args, app).await,
        Verb::Find(args) => find::run(args, app).await,
        Verb::Tree(args) => tree::run(args, app).await,
        Verb::Raw(args) => raw::run(args).await,
        Verb::Probe(args) => probe::run(args).await,
        // The shell runs its commands here: this future would contain itself.
        Verb::Shell(_) => Err(Failure::Usage("a shell cannot run another shell".to_owned())),
        Verb::ParseListing(args) => parse_listing::run(&args),
        Verb::Serve(args) => serve::run(args, app).await,
        Verb::Demo(args) => demo::run(args).await,
        Verb::Bookmark(args) => bookmark::run(args, app).await,
        Verb::Config(args) => config::run(args, app).await,
        Verb::Completions(args) => completions::run(args, Cli::command(), app).await,
        Verb::Man(args) => man::run(args, Cli::command()).await,
    }
}
