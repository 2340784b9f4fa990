//! `completions`: what a shell needs to complete words.

use clap::CommandFactory;

use crate::{
    args::{Cli, CompletionsArgs},
    failure::Result,
    output::Output,
};

pub(crate) async fn run(args: CompletionsArgs) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "oxftp", &mut script);
    let mut output = Output::new();
    output.bytes(&script).await?;
    output.flush().await
}
