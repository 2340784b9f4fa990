//! `stat`: shows type, size and time.

use clap::Args;
use oxftp::{Encoding, Entry, FtpUrl, RemotePath};

use super::support::{
    entry::{JsonEntry, minutes},
    operands::Operands,
    selector::Selector,
};
use crate::{
    app::App,
    args::{ConnectionArgs, NameArgs, SelectionArgs},
    failure::{Failure, Result},
    output::Output,
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct StatArgs {
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
    /// Files or directories to show
    #[arg(value_name = "URL", required_unless_present_any = ["files_from", "files_from0"])]
    urls: Vec<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    names: NameArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: StatArgs, app: &App) -> Result {
    let mut session = Session::new(args.connection)?;
    let mut operands = Operands::expand(&mut session, &args.urls, &args.names).await?;
    operands.select(&mut session, &Selector::new(&args.selection)).await?;
    let mut output = Output::new();
    let mut failures = operands.collect_failures(app)?;
    for url in &operands.urls() {
        let outcome = async {
            let entry = session.client(url).await?.metadata(url.path()).await;
            let entry = entry.map_err(|error| Failure::about(url, error))?;
            print(&mut output, url, &entry, args.json).await
        };
        failures.record(outcome.await)?;
    }
    session.quit().await;
    failures.finish()
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
