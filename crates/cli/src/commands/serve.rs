//! `serve`: a throw-away server for trying and testing.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use oxftp_serve::{ServeOptions, Server};
use tempfile::TempDir;

use crate::{
    app::App,
    args::{ServeArgs, ServeTls},
    failure::{Failure, Result},
    output::Output,
    session::Passwords,
};

pub(crate) async fn run(args: ServeArgs, app: &App) -> Result {
    if !args.bind.ip().is_loopback() && !args.public {
        let why = format!(
            "others can reach {}, and this server is made for trying: --public allows it",
            args.bind.ip()
        );
        return Err(Failure::Usage(why));
    }
    if !args.bind.ip().is_loopback() && args.tls.is_some() {
        // The embedded server sees every TLS client at this machine's own address, and so would refuse
        // the data connections of all others.
        return Err(Failure::Usage("--tls works on loopback addresses only".to_owned()));
    }
    let server = Server::start(options(&args)?).await.map_err(Failure::Serve)?;
    let certificate =
        server.ca_pem().map(|pem| Certificate::write(pem, args.ca_file.as_deref())).transpose()?;
    let mut output = Output::new();
    output.line(url(&args, &server)).await?;
    if let Some(certificate) = &certificate {
        output.line(certificate.path.as_os_str().as_encoded_bytes()).await?;
    }
    output.flush().await?;
    app.terminal.summary(manner(&args));
    stopped().await;
    server.stop().await;
    Ok(())
}

fn options(args: &ServeArgs) -> Result<ServeOptions> {
    let mut options = ServeOptions::new(&args.directory).bind(args.bind).writable(args.writable);
    let passwords = Passwords::new(args.user.as_deref(), args.password_file.as_deref())?;
    if let Some((user, password)) = passwords.given() {
        let missing = || {
            Failure::Usage(
                "--user needs a password: USER:PASSWORD, --password-file or OXFTP_PASSWORD".to_owned(),
            )
        };
        options = options.user(user, password.ok_or_else(missing)?.expose());
    }
    Ok(match args.tls {
        None => options,
        Some(ServeTls::Explicit) => options.tls(true),
        Some(ServeTls::Implicit) => options.implicit_tls(),
    })
}

fn url(args: &ServeArgs, server: &Server) -> String {
    let scheme = match args.tls {
        None => "ftp",
        Some(ServeTls::Explicit) => "ftpes",
        Some(ServeTls::Implicit) => "ftps",
    };
    let user = args.user.as_deref().and_then(|user| user.split(':').next());
    let user = user.map(|user| format!("{}@", percent_encode(user))).unwrap_or_default();
    format!("{scheme}://{user}{}/", server.address())
}

fn percent_encode(user: &str) -> impl std::fmt::Display {
    percent_encoding::utf8_percent_encode(user, percent_encoding::NON_ALPHANUMERIC)
}

/// Says what the lines on stdout do not.
fn manner(args: &ServeArgs) -> String {
    let rights = if args.writable { "for reading and writing" } else { "for reading" };
    let who = if args.user.is_some() { "one user" } else { "anybody" };
    let trust = if args.tls.is_some() { "; clients trust it with --tls-ca and the file above" } else { "" };
    format!("serving {} {rights}, to {who}{trust}; Ctrl-C stops", args.directory.display())
}

/// A certificate in a file, which goes with the server unless the user named it.
struct Certificate {
    path: PathBuf,
    _directory: Option<TempDir>,
}

impl Certificate {
    fn write(pem: &str, path: Option<&Path>) -> Result<Self> {
        let failed = |path: &Path| {
            let what = format!("cannot write {path:?}");
            move |source| Failure::local(what, source)
        };
        let directory = match path {
            Some(_) => None,
            None => Some(TempDir::with_prefix("oxftp-serve-").map_err(failed(&env::temp_dir()))?),
        };
        let beside = directory.as_ref().map(|directory| directory.path().join("ca.pem"));
        let path = path.map(Path::to_owned).or(beside).unwrap_or_default();
        fs::write(&path, pem).map_err(failed(&path))?;
        Ok(Self { path, _directory: directory })
    }
}

/// Waits for Ctrl-C, or for being told to end.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
