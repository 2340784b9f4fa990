//! `stat`: shows type, size and time.

use clap::Args;
use oxftp::{Client, Encoding, Entry, FtpUrl, RemotePath};

use super::support::{
    entry::{JsonEntry, minutes},
    operands::Operands,
};
use crate::{
    app::App,
    args::{ConnectionArgs, OperandArgs},
    failure::{Failure, Result},
    output::Output,
    session::Session,
};

#[derive(Debug, Args)]
#[command(mut_arg("urls", |urls| urls.help("Files or directories to show")))]
pub(crate) struct StatArgs {
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    operands: OperandArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: StatArgs, app: &App) -> Result {
    let mut session = Session::new(args.connection)?;
    let operands = Operands::expand_selected(&mut session, &args.operands).await?;
    let mut output = Output::new();
    let each = async |client: &mut Client, url: &FtpUrl| {
        let entry = client.metadata(url.path()).await.map_err(|error| Failure::about(url, error))?;
        print(&mut output, url, &entry, args.json).await
    };
    operands.run(session, app, each).await
}

async fn print(output: &mut Output, url: &FtpUrl, entry: &Entry, json: bool) -> Result {
    let path = url.path();
    if json {
        let name = path.file_name().map(RemotePath::from).unwrap_or_else(|| path.clone());
        let line = JsonEntry::new(entry, Encoding::UTF_8).at(path.as_bytes(), name.as_bytes()).line();
        output.line(line).await?;
        return output.flush().await;
    }
    for (label, value) in facts(&path, entry) {
        let value = output.displayable(&value).into_owned();
        output.line([format!("{label:<9}").as_bytes(), &value].concat()).await?;
    }
    output.flush().await
}

/// Returns the known facts as labels and values.
fn facts(path: &RemotePath, entry: &Entry) -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: String| Some(text.into_bytes());
    let owned = |text: std::borrow::Cow<'_, str>| text.into_owned().into_bytes();
    let path = if path.is_empty() { b"." } else { path.as_bytes() };
    let lines = [
        ("path", Some(path.to_vec())),
        ("type", text(entry.kind.as_str().to_owned())),
        ("size", entry.size.and_then(|size| text(size.to_string()))),
        ("modified", entry.modified.and_then(|time| text(minutes(&time)))),
        ("mode", entry.mode.and_then(|mode| text(format!("{mode:04o}")))),
        ("owner", entry.owner().map(owned)),
        ("group", entry.group().map(owned)),
        ("target", entry.link_target().map(<[u8]>::to_vec)),
    ];
    lines.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
}
