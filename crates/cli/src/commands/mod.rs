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
mod tail;
mod touch;
mod tree;

pub(crate) use cli::{Cli, OnDemand, Verb, brief, with_grouped_help};

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
        Verb::Ls(OnDemand(args)) => ls::run(args, app).await,
        Verb::Get(OnDemand(args)) => get::run(args, app).await,
        Verb::Put(OnDemand(args)) => put::run(args, app).await,
        Verb::Mirror(OnDemand(args)) => mirror::run(args, app).await,
        Verb::Check(OnDemand(args)) => check::run(args, app).await,
        Verb::Cat(OnDemand(args)) => cat::run(args, app).await,
        Verb::Head(OnDemand(args)) => head::run(args, app).await,
        Verb::Tail(OnDemand(args)) => tail::run(args, app).await,
        Verb::Rcat(OnDemand(args)) => rcat::run(args, app).await,
        Verb::Du(OnDemand(args)) => du::run(args, app).await,
        Verb::Rm(OnDemand(args)) => rm::run(args, app).await,
        Verb::Rmdir(OnDemand(args)) => rmdir::run(args, app).await,
        Verb::Chmod(OnDemand(args)) => chmod::run(args, app).await,
        Verb::Touch(OnDemand(args)) => touch::run(args, app).await,
        Verb::Fxp(OnDemand(args)) => fxp::run(args, app).await,
        Verb::Mkdir(OnDemand(args)) => mkdir::run(args, app).await,
        Verb::Cp(OnDemand(args)) => cp::run(args, app).await,
        Verb::Mv(OnDemand(args)) => mv::run(args, app).await,
        Verb::Stat(OnDemand(args)) => stat::run(args, app).await,
        Verb::Find(OnDemand(args)) => find::run(args, app).await,
        Verb::Tree(OnDemand(args)) => tree::run(args, app).await,
        Verb::Raw(OnDemand(args)) => raw::run(args).await,
        Verb::Probe(OnDemand(args)) => probe::run(args).await,
        // The shell runs its commands here: this future would contain itself.
        Verb::Shell(_) => Err(Failure::Usage("a shell cannot run another shell".to_owned())),
        Verb::ParseListing(OnDemand(args)) => parse_listing::run(&args),
        Verb::Serve(OnDemand(args)) => serve::run(args, app).await,
        Verb::Demo(OnDemand(args)) => demo::run(args).await,
        Verb::Bookmark(OnDemand(args)) => bookmark::run(args, app).await,
        Verb::Config(OnDemand(args)) => config::run(args, app).await,
        Verb::Completions(OnDemand(args)) => completions::run(args, Cli::command(), app).await,
        Verb::Man(OnDemand(args)) => man::run(args, Cli::command()).await,
    }
}
