//! `mirror`: makes one tree like another.

mod step;

use std::{path::PathBuf, time::Instant};

use oxftp::{
    FtpUrl, Pool, Report,
    mirror::{Delete, Mirror, Step},
};
use tokio::sync::mpsc;

use super::summary::summary;
use crate::{
    app::App,
    args::MirrorArgs,
    failure::{Failure, Result},
    output::Output,
    progress::{self, Scope},
    session::{self, Session},
    units::count,
};

pub(crate) async fn run(args: MirrorArgs, app: &App) -> Result {
    let (source, target) = (End::read(&args.source)?, End::read(&args.target)?);
    let begun = Instant::now();
    let mut session = Session::new(args.connection.clone())?;
    let jobs = args.many.jobs.most();
    let (report, about) = match (source, target) {
        (End::Url(source), End::Path(target)) => {
            let pool = session.pool(&source, jobs).await?;
            let mirror = pool.mirror_down(source.path(), target);
            (carry_out(mirror, &args, "get", app).await, source)
        }
        (End::Path(source), End::Url(target)) => {
            let pool = session.pool(&target, jobs).await?;
            let mirror = pool.mirror_up(source, target.path());
            (carry_out(mirror, &args, "put", app).await, target)
        }
        (End::Url(source), End::Url(target)) => {
            let pools = (session.pool(&source, jobs).await?, session.pool(&target, jobs).await?);
            let mirror = across(&pools, &source, &target);
            (carry_out(mirror, &args, "copy", app).await, source)
        }
        (End::Path(_), End::Path(_)) => return Err(nothing_remote([&args.source, &args.target])),
    };
    let report = report?.map_err(|error| Failure::about(&about, error))?;
    app.terminal.summary(summary_of(&args, &report, begun));
    session.quit().await;
    Ok(())
}

/// Says what neither word is: a bookmark that is not there, or a URL.
fn nothing_remote(words: [&str; 2]) -> Failure {
    let bookmark = words.iter().find(|word| word.starts_with('@'));
    bookmark.and_then(|word| session::url(word).err()).unwrap_or_else(|| Failure::Advised {
        what: "neither SRC nor DST is a URL: one of them, or both, must be on a server".to_owned(),
        hint: "a directory on a server is ftp://host/path, ftpes://host/path with TLS, or a bookmark: @NAME/path"
            .to_owned(),
    })
}

/// One end of a mirror.
enum End {
    Url(Box<FtpUrl>),
    Path(PathBuf),
}

impl End {
    fn read(word: &str) -> Result<Self> {
        match word.contains("://") {
            true => session::url(word).map(|url| Self::Url(Box::new(url))),
            false => Ok(Self::Path(word.into())),
        }
    }
}

fn across<'p>((from, to): &'p (Pool, Pool), source: &FtpUrl, target: &FtpUrl) -> Mirror<'p> {
    from.mirror_across(source.path(), to, target.path())
}

/// Mirrors, and prints the steps as they come if they are wanted.
async fn carry_out(
    mirror: Mirror<'_>,
    args: &MirrorArgs,
    transfers: &'static str,
    app: &App,
) -> Result<oxftp::Result<Report>> {
    let prints = args.dry_run || args.json;
    let (sender, mut lines) = mpsc::unbounded_channel();
    let json = args.json;
    let mirror = described(mirror, args, app).on_step(move |step: &Step| {
        if prints {
            let line = if json { step::json(step, transfers) } else { step::text(step, transfers) };
            // Nobody listens any more when the program ends.
            let _ = sender.send(line);
        }
    });
    let mut output = Output::new();
    let mirroring = async { Ok(mirror.await) };
    let printing = async {
        while let Some(line) = lines.recv().await {
            output.line(line).await?;
        }
        output.flush().await
    };
    // Whoever has read enough of a plan needs no more of it.
    let (report, ()) = tokio::try_join!(mirroring, printing)?;
    Ok(report)
}

/// Says what the flags want.
fn described<'p>(mirror: Mirror<'p>, args: &MirrorArgs, app: &App) -> Mirror<'p> {
    let mut mirror = mirror
        .connections(args.many.jobs.connections())
        .filter(args.filter.0.clone())
        .compare(args.compare())
        .delete(args.delete.map(Delete::from).unwrap_or_default())
        .links(args.links.into())
        .order(args.many.order.into())
        .verify(args.many.verify.map(Into::into).unwrap_or_default())
        .resume(args.resume)
        .sync(args.fsync)
        .dry_run(args.dry_run)
        .retries(args.connection.network.retries);
    if let Some(most) = args.max_delete {
        mirror = mirror.max_deletions(most);
    }
    if let Some(most) = args.max_errors {
        mirror = mirror.max_errors(most);
    }
    if !args.dry_run {
        mirror = mirror.progress(progress::start(app, Scope::Tree { bytes: None }));
    }
    mirror
}

/// Says what was done, or would be.
fn summary_of(args: &MirrorArgs, report: &Report, begun: Instant) -> String {
    let what = format!("{} to {}", args.source, args.target);
    let rest = format!(
        "{}, {} the same",
        count(report.deleted, "deletion", "deletions"),
        count(report.unchanged, "file", "files")
    );
    let files = count(report.files, "file", "files");
    match args.dry_run {
        true => format!("{what}: would transfer {files}, {rest}"),
        false => format!("{}, {rest}", summary(what, report, begun)),
    }
}
