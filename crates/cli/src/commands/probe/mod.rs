//! `probe`: finds out what a server is and can do, and what to set for it.
//!
//! [`ask`] asks, [`findings`] are what came of it, [`advice`] is what follows, and [`page`] shows all that
//! to people.

mod advice;
mod ask;
mod certificate;
mod findings;
mod page;

use crate::{
    args::ProbeArgs,
    failure::Result,
    output::Output,
    session::{self, Session},
};

pub(crate) async fn run(args: ProbeArgs) -> Result {
    let url = session::url(&args.url)?;
    let mut session = Session::new(args.connection)?;
    let (mut findings, outcome) = ask::ask(&mut session, &url).await?;
    findings.advice = advice::advice(&url, &findings);
    let mut output = Output::new();
    if args.json {
        // Neither texts nor numbers can fail.
        output.line(serde_json::to_string(&findings).unwrap_or_default()).await?;
    } else {
        output.bytes(page::page(&findings).as_bytes()).await?;
    }
    output.flush().await?;
    // What was found before the login failed is worth showing.
    outcome
}
