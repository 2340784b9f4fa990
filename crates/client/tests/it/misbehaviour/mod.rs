//! Servers that misbehave: whatever they do, the outcome is whole or an error with a name, in bounded time.
//!
//! Each case is one misbehaviour and one test. What a case leaves behind is looked at, too: a file under its
//! final name is whole, and a client that says it can be used is in step.

mod control_connection;
mod downloads;
mod listings;
mod uploads;

use std::{net::SocketAddr, path::Path, time::Duration};

use oxftp::{Client, Credentials, Error, Result};
use oxftp_testing::scripted::Script;
use tempfile::TempDir;

/// What the client does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// Connects and logs in.
    Login,
    /// Connects and asks for the working directory.
    Ask,
    /// Downloads the file `a`, which is [`CONTENT`].
    Download,
    /// Goes on with `a`, of which the first four bytes are here.
    Resume,
    /// Downloads the tree `r`.
    Tree,
    /// Uploads [`CONTENT`] as `a`.
    Upload,
    /// Lists the working directory.
    List,
    /// Connects and says goodbye.
    Quit,
}

/// How it may end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// Done, and whole.
    Whole,
    /// With an error of one of these kinds.
    Named(&'static [&'static str]),
    /// So, too, but only once the client has waited long enough.
    Late(&'static [&'static str]),
}

/// What the files are that are transferred whole.
pub(crate) const CONTENT: &str = "ten bytes!";

/// Makes a test of each misbehaviour: its name, what the client does, what the server does, how it ends.
macro_rules! cases {
    ($($name:ident: $act:expr, $script:expr => $end:expr;)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                $crate::misbehaviour::check($script, $act, $end).await;
            }
        )+
    };
}
pub(crate) use cases;

pub(crate) async fn check(script: Script, act: Act, end: End) {
    let local = tempfile::tempdir().unwrap();
    // Whatever else comes is heard, and not answered.
    let server = script.stall().start().await;

    let patience = if matches!(end, End::Late(_)) { SHORT } else { LONG };
    let running = run(server.address(), patience, act, &local);
    let outcome = tokio::time::timeout(BOUND, running).await;

    let outcome = outcome.expect("the client hangs");
    match (end, &outcome) {
        (End::Whole, Ok(())) => {}
        (End::Named(kinds) | End::Late(kinds), Err(error)) if kinds.contains(&&*kind(error)) => {}
        _ => panic!("{act:?} ended so: {outcome:?}; and was to end so: {end:?}"),
    }
    check_local(&local, outcome.is_ok());
}

async fn run(address: SocketAddr, patience: Duration, act: Act, local: &TempDir) -> Result<()> {
    let mut client = Client::builder().socket_timeout(patience).connect(address).await?;
    let file = local.path().join("a");
    match act {
        Act::Login => client.login(Credentials::anonymous()).await.map(drop)?,
        Act::Ask => client.current_directory().await.map(drop)?,
        Act::Download => client.download("a").to(&file).write_into(true).await.map(drop)?,
        Act::Resume => {
            std::fs::write(local.path().join("a.oxftp.part"), &CONTENT[..4]).unwrap();
            client.download("a").to(&file).write_into(true).resume(true).await.map(drop)?;
        }
        Act::Tree => client.download("r").to(local.path()).await.map(drop)?,
        Act::Upload => {
            let source = local.path().join("source");
            std::fs::write(&source, CONTENT).unwrap();
            client.upload(source).to("a").write_into(true).await.map(drop)?;
        }
        Act::List => client.list("").await.map(drop)?,
        Act::Quit => return client.quit().await,
    }
    Ok(())
}

/// Nothing but whole files stands under a final name, and nothing outside the destination.
fn check_local(local: &TempDir, whole: bool) {
    let file = local.path().join("a");
    if file.exists() {
        assert!(whole, "a download failed and stands under its final name");
        assert_eq!(std::fs::read_to_string(file).unwrap(), CONTENT);
    }
    for name in ["escaped", "c:", "b"] {
        assert!(!local.path().join(name).exists(), "{name} left the tree");
    }
    assert!(!Path::new("/escaped-by-a-listing").exists());
}

/// The name of an error's variant, that of the first failure where there are several.
fn kind(error: &Error) -> String {
    match error {
        Error::SomeFailed { report } => {
            report.failures.first().map_or_else(String::new, |failure| kind(&failure.error))
        }
        Error::Stopped { source, .. } => kind(source),
        _ => {
            let shown = format!("{error:?}");
            shown.split(|character: char| !character.is_alphanumeric()).next().unwrap_or_default().to_owned()
        }
    }
}

/// How long the client waits for anything, where nothing will come.
const SHORT: Duration = Duration::from_millis(250);

/// How long it waits where something is to come.
const LONG: Duration = Duration::from_secs(5);

/// How long it may take in all.
const BOUND: Duration = Duration::from_secs(15);
