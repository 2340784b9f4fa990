//! Misbehaving servers: each transfer is complete or fails with a specific error, in bounded time.
//!
//! Each case is one misbehaviour and one test. The local files are checked, too: a file with its final name is complete,
//! and nothing is outside the destination.

mod control_connection;
mod downloads;
mod listings;
mod refusals;
mod uploads;

use std::{net::SocketAddr, path::Path, time::Duration};

use oxftp::{Client, Credentials, Error, Result};
use oxftp_testing::scripted::Script;
use tempfile::TempDir;

/// The action of the client.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    /// Connects and logs in.
    Login,
    /// Connects and sends `PWD`.
    Pwd,
    /// Downloads the file `a`, which is [`CONTENT`].
    Download,
    /// Resumes the download of `a` after its first four bytes.
    Resume,
    /// Downloads the tree `r`.
    Tree,
    /// Uploads [`CONTENT`] as `a`.
    Upload,
    /// Lists the working directory.
    List,
    /// Connects and sends `QUIT`.
    Quit,
}

/// The expected outcome.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expected {
    /// Success, with complete files.
    Complete,
    /// An error of one of these kinds.
    Error(&'static [&'static str]),
    /// An error of one of these kinds after a timeout.
    ErrorAfterTimeout(&'static [&'static str]),
}

/// The content of every complete file.
pub(crate) const CONTENT: &str = "ten bytes!";

/// Defines one test per misbehaviour: its name, the action of the client, the script, and the expected outcome.
macro_rules! cases {
    ($($name:ident: $action:expr, $script:expr => $expected:expr;)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                $crate::misbehaviour::check($script, $action, $expected).await;
            }
        )+
    };
}
pub(crate) use cases;

pub(crate) async fn check(script: Script, action: Action, expected: Expected) {
    let local = tempfile::tempdir().unwrap();
    // Further commands are read and not answered.
    let server = script.stall().start().await;

    let timeout = if matches!(expected, Expected::ErrorAfterTimeout(_)) { SHORT } else { LONG };
    let running = run(server.address(), timeout, action, &local);
    let outcome = tokio::time::timeout(DEADLINE, running).await;

    let outcome = outcome.expect("the client hangs");
    match (expected, &outcome) {
        (Expected::Complete, Ok(())) => {}
        (Expected::Error(kinds) | Expected::ErrorAfterTimeout(kinds), Err(error))
            if kinds.contains(&&*kind(error)) => {}
        _ => panic!("{action:?}: expected {expected:?}, got {outcome:?}"),
    }
    check_local(&local, outcome.is_ok());
}

async fn run(address: SocketAddr, timeout: Duration, action: Action, local: &TempDir) -> Result<()> {
    let mut client = Client::builder().socket_timeout(timeout).connect(address).await?;
    let file = local.path().join("a");
    match action {
        Action::Login => client.login(Credentials::anonymous()).await.map(drop)?,
        Action::Pwd => client.current_dir().await.map(drop)?,
        Action::Download => client.download("a").to(&file).write_into(true).await.map(drop)?,
        Action::Resume => {
            std::fs::write(local.path().join("a.oxftp.part"), &CONTENT[..4]).unwrap();
            client.download("a").to(&file).write_into(true).resume(true).await.map(drop)?;
        }
        Action::Tree => client.download("r").to(local.path()).await.map(drop)?,
        Action::Upload => {
            let source = local.path().join("source");
            std::fs::write(&source, CONTENT).unwrap();
            client.upload(source).to("a").write_into(true).await.map(drop)?;
        }
        Action::List => client.list("").await.map(drop)?,
        Action::Quit => return client.quit().await,
    }
    Ok(())
}

/// Checks that files with their final name are complete, and that nothing is outside the destination.
fn check_local(local: &TempDir, whole: bool) {
    let file = local.path().join("a");
    if file.exists() {
        assert!(whole, "a failed download has its final name");
        assert_eq!(std::fs::read_to_string(file).unwrap(), CONTENT);
    }
    for name in ["escaped", "c:", "b"] {
        assert!(!local.path().join(name).exists(), "{name} is outside the tree");
    }
    assert!(!Path::new("/escaped-by-a-listing").exists());
}

/// Returns the variant name of an error, or of the first failure in its report.
fn kind(error: &Error) -> String {
    match error {
        Error::PartialFailure { report } => {
            report.failures.first().map_or_else(String::new, |failure| kind(&failure.error))
        }
        Error::Stopped { source, .. } => kind(source),
        _ => {
            let shown = format!("{error:?}");
            shown.split(|character: char| !character.is_alphanumeric()).next().unwrap_or_default().to_owned()
        }
    }
}

/// The timeout of the client in cases that must time out.
const SHORT: Duration = Duration::from_millis(250);

/// The timeout of the client in all other cases.
const LONG: Duration = Duration::from_secs(5);

/// The time limit of a whole case.
const DEADLINE: Duration = Duration::from_secs(15);
