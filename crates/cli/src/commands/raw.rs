//! `raw`: sends commands and prints the replies.

use oxftp::{Client, FtpUrl, Reply};

use crate::{
    args::RawArgs,
    failure::{Failure, Result},
    output::Output,
    session::{self, Session},
};

pub(crate) async fn run(args: RawArgs) -> Result {
    let url = session::url(&args.url)?;
    let mut session = Session::new(args.connection)?;
    let client = session.client(&url).await?;
    if !url.path().is_empty() {
        client.change_directory(url.path()).await.map_err(|error| Failure::about(&url, error))?;
    }
    let mut output = Output::new();
    for command in &args.commands {
        say(client, &url, command, &mut output).await?;
    }
    session.quit().await;
    Ok(())
}

/// Sends one command and prints its replies up to the last.
async fn say(client: &mut Client, url: &FtpUrl, command: &str, output: &mut Output) -> Result {
    let failed = |error| Failure::about(url, error);
    let mut reply = client.command(command).expect("").await.map_err(failed)?;
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
        let line = [format!("{} ", reply.code()).as_bytes(), &output.showable(line)].concat();
        output.line(line).await?;
    }
    output.flush().await
}
