//! `man`: manual pages, from the same source as the help.

use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;

use crate::{
    args::local_path,
    failure::{Failure, Result},
    output::{self, Output},
};

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Write a page for each command into this directory [default: print the main page]
    #[arg(value_name = "DIR", value_parser = local_path())]
    directory: Option<PathBuf>,
}

pub(crate) async fn run(args: ManArgs, program: Command) -> Result {
    // `help` has no page.
    let program = program.disable_help_subcommand(true);
    match &args.directory {
        Some(directory) => write_all(program, directory),
        None => {
            let mut page = Vec::new();
            Man::new(program).render(&mut page).map_err(output::failed)?;
            let mut output = Output::new();
            output.bytes(&page).await?;
            output.flush().await
        }
    }
}

/// Writes `oxftp.1` and a page for each command.
fn write_all(program: Command, directory: &Path) -> Result {
    let written =
        std::fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(program, directory));
    written.map_err(|error| Failure::local(format!("cannot write manual pages into {directory:?}"), error))
}
