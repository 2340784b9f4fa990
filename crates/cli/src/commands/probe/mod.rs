//! `probe`: examines a server and recommends flags.
//!
//! [`inspect`] queries the server, [`findings`] holds the results, [`advice`] derives recommendations, and [`page`]
//! formats them.

mod advice;
mod certificate;
mod findings;
mod inspect;
mod page;

use clap::Args;

use crate::{
    args::ConnectionArgs,
    failure::Result,
    output::Output,
    session::{self, Session},
};

#[derive(Debug, Args)]
pub(crate) struct ProbeArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Server to examine; the path is listed
    #[arg(value_name = "URL")]
    url: String,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: ProbeArgs) -> Result {
    let url = session::url(&args.url)?;
    let mut session = Session::new(args.connection)?;
    let (mut findings, outcome) = inspect::inspect(&mut session, &url).await?;
    findings.advice = advice::advice(&url, &findings);
    let mut output = Output::new();
    if args.json {
        // Serializing text and numbers cannot fail.
        output.line(serde_json::to_string(&findings).unwrap_or_default()).await?;
    } else {
        output.bytes(page::page(&findings).as_bytes()).await?;
    }
    output.flush().await?;
    // Findings from before a failed login are printed too.
    outcome
}
