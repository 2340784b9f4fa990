//! Parts of the program `oxftp-sql`, for programs with the same options, output, messages and exit codes.

mod failure;
mod login;
mod output;
mod progress;

use std::{
    io::{self, Read},
    sync::Arc,
};

use datafusion::{prelude::SessionContext, sql::parser::DFParser};

use self::progress::Progress;
pub use self::{failure::Failure, login::Login, output::Format};
use crate::FtpRegistry;

/// Runs statements that are separated by semicolons, and prints their results on stdout. Then ends the sessions of the
/// registry.
///
/// `-` reads the statements from stdin. Unless quiet, the progress is shown on stderr if that is a terminal.
///
/// # Errors
///
/// The first statement that fails.
pub async fn run(
    context: &SessionContext,
    registry: &Arc<FtpRegistry>,
    sql: &str,
    format: Format,
    is_quiet: bool,
) -> Result<(), Failure> {
    let sql = match sql {
        "-" => {
            let mut sql = String::new();
            io::stdin().read_to_string(&mut sql).map_err(Failure::Input)?;
            sql
        }
        sql => sql.to_owned(),
    };
    let progress = Progress::start(registry, !is_quiet);
    let outcome = query(context, &sql, format, &progress).await;
    progress.finish();
    registry.close().await;
    outcome
}

async fn query(
    context: &SessionContext,
    sql: &str,
    format: Format,
    progress: &Progress,
) -> Result<(), Failure> {
    for statement in DFParser::parse_sql(sql)? {
        let plan = context.state().statement_to_plan(statement).await?;
        let frame = context.execute_logical_plan(plan).await?;
        output::print(frame, format, progress).await?;
    }
    Ok(())
}
