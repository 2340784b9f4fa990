//! `completions`: completion scripts for shells.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::{failure::Result, output::Output};

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Shell: bash, zsh, fish, powershell or elvish
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    shell: Shell,
}

pub(crate) async fn run(args: CompletionsArgs, mut program: Command) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "oxftp", &mut script);
    let mut output = Output::new();
    output.bytes(&script).await?;
    output.flush().await
}
