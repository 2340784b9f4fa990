//! `serve`: serves a directory, for trials and tests.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::pin,
};

use clap::{Args, ValueEnum};
use futures_util::future::poll_immediate;
use oxftp_serve::{ServeOptions, Server};
use tempfile::TempDir;

use crate::{
    app::App,
    args::local_path,
    failure::{Failure, Result},
    output::Output,
    session::Passwords,
};

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Directory to serve
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Address to listen on; port 0 chooses a free port
    #[arg(long = "listen", alias = "bind", value_name = "ADDR:PORT", default_value = "127.0.0.1:2121")]
    bind: SocketAddr,
    /// Allow an address that other machines can reach
    #[arg(long)]
    public: bool,
    /// Allow clients to change files
    #[arg(long)]
    writable: bool,
    /// Require TLS: explicit (ftpes://) or implicit (ftps://)
    #[arg(long, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "explicit")]
    tls: Option<ServeTls>,
    /// Write the certificate for clients to trust to this file [default: a temporary file]
    #[arg(long, value_name = "FILE", requires = "tls", value_parser = local_path())]
    ca_file: Option<PathBuf>,
    /// Accept this user only [default: accept anyone]
    #[arg(long, value_name = "USER[:PASSWORD]")]
    user: Option<String>,
    /// Read the user's password from the first line of this file; - is stdin
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
}

/// Values of `--tls`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServeTls {
    Explicit,
    Implicit,
}

pub(crate) async fn run(args: ServeArgs, app: &App) -> Result {
    if !args.bind.ip().is_loopback() && !args.public {
        let why = format!(
            "other machines can reach {}, and this server is for trials only: use --public to allow it",
            args.bind.ip()
        );
        return Err(Failure::Usage(why));
    }
    if !args.bind.ip().is_loopback() && args.tls.is_some() {
        // The embedded server sees every TLS client at the address of this machine, so it would refuse the data
        // connections of clients on other machines.
        return Err(Failure::Usage("--tls works with loopback addresses only".to_owned()));
    }
    let server = Server::start(options(&args)?).await.map_err(Failure::Serve)?;
    let certificate = server.ca_pem().map(|pem| CaFile::write(pem, args.ca_file.as_deref())).transpose()?;
    // The handlers must be installed before the URL is printed: a script may send a signal at once.
    let mut stopped = pin!(wait_for_stop());
    let is_stopped = poll_immediate(&mut stopped).await.is_some();
    let mut output = Output::new();
    output.line(url(&args, &server)).await?;
    if let Some(certificate) = &certificate {
        output.line(certificate.path.as_os_str().as_encoded_bytes()).await?;
    }
    output.flush().await?;
    app.terminal.summary(description(&args));
    if !is_stopped {
        stopped.await;
    }
    server.stop().await;
    Ok(())
}

fn options(args: &ServeArgs) -> Result<ServeOptions> {
    let mut options = ServeOptions::new(&args.directory).bind(args.bind).writable(args.writable);
    let passwords = Passwords::new(args.user.as_deref(), args.password_file.as_deref())?;
    if let Some((user, password)) = passwords.flag_login() {
        let missing = || {
            Failure::Usage(
                "--user needs a password: use USER:PASSWORD, --password-file or OXFTP_PASSWORD".to_owned(),
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

/// Describes what the lines on stdout do not show.
fn description(args: &ServeArgs) -> String {
    let rights = if args.writable { "for reading and writing" } else { "for reading" };
    let who = if args.user.is_some() { "one user" } else { "anyone" };
    let trust = if args.tls.is_some() { "; clients need --tls-ca with the file above" } else { "" };
    format!("serving {} {rights}, to {who}{trust}; press Ctrl-C to stop", args.directory.display())
}

/// Certificate file; a temporary one is removed when the server stops.
struct CaFile {
    path: PathBuf,
    _directory: Option<TempDir>,
}

impl CaFile {
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

/// Waits for Ctrl-C or the signal to terminate.
async fn wait_for_stop() {
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
