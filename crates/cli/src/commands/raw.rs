//! `raw`: sends FTP commands and prints the replies.

use clap::Args;
use oxftp::{Client, FtpUrl, Reply};

use crate::{
    args::ConnectionArgs,
    failure::{Failure, Result},
    output::Output,
    session::{self, Session},
};

#[derive(Debug, Args)]
pub(crate) struct RawArgs {
    /// Server; its path is entered first
    #[arg(value_name = "URL")]
    url: String,
    /// FTP command with its arguments, in one quoted word
    #[arg(value_name = "COMMAND", required = true)]
    commands: Vec<String>,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: RawArgs) -> Result {
    let url = session::url(&args.url)?;
    let mut session = Session::new(args.connection)?;
    let client = session.client(&url).await?;
    if !url.path().is_empty() {
        client.change_dir(url.path()).await.map_err(|error| Failure::about(&url, error))?;
    }
    let mut output = Output::new();
    for command in &args.commands {
        send(client, &url, command, &mut output).await?;
    }
    session.quit().await;
    Ok(())
}

/// Sends a command and prints all its replies.
async fn send(client: &mut Client, url: &FtpUrl, command: &str, output: &mut Output) -> Result {
    let failed = |error| Failure::about(url, error);
    let mut reply = client.command(command).expect("xxx").await.map_err(failed)?;
    print(&reply, output).await?;
    while reply.code().is_preliminary() {
        reply = client.read_reply().await.map_err(failed)?;
        print(&reply, output).await?;
    }
    let reply = reply.expect(&["2xx", "3xx"]);
    reply.map(drop).map_err(|error| failed(error.into()))
}

/// Prints each line of a reply with the code before it.
async fn print(reply: &Reply, output: &mut Output) -> Result {
    for line in reply.lines() {
        let line = [format!("{} ", reply.code()).as_bytes(), &output.displayable(line)].concat();
        output.line(line).await?;
    }
    output.flush().await
}
