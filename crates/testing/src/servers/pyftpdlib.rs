//! pyftpdlib: its script and its Python.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::process::{Launch, ServerProcess};
use super::programs;
use super::server::{Backend, Home, PASSWORD, TestServer, USER};
use super::{Protection, ServerKind, ServerOptions, TlsVersions, Unavailable};

pub(super) async fn start(options: ServerOptions) -> Result<TestServer, Unavailable> {
    let kind = ServerKind::Pyftpdlib;
    let python = python().ok_or_else(|| kind.unavailable("no Python has it installed"))?;
    let home = Home::create(&options);
    let script = home.write("server.py", SCRIPT);
    let settings = settings(&home, &options);
    let plan = |address: std::net::SocketAddr| Launch {
        program: python.clone(),
        arguments: vec![script.clone().into()],
        environment: [
            settings.clone(),
            vec![
                ("OXFTP_HOST", address.ip().to_string().into()),
                ("OXFTP_PORT", address.port().to_string().into()),
            ],
        ]
        .concat(),
    };
    let process = ServerProcess::start(kind, &options, home.path(), plan).await?;
    Ok(TestServer {
        backend: Backend::Process(process),
        home,
        kind,
        protection: options.protection,
        user: USER,
        password: PASSWORD,
        login_directory: "/".to_owned(),
    })
}

/// Returns the Python of the virtual environment of `.ci/servers`, or the system's if it has the package.
fn python() -> Option<PathBuf> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let has_package = |python: &PathBuf| {
        let import = Command::new(python).args(["-c", "import pyftpdlib.handlers, OpenSSL"]).output();
        import.is_ok_and(|output| output.status.success())
    };
    let candidates = || [programs::directory().join("venv/bin/python"), PathBuf::from("python3")];
    PYTHON.get_or_init(|| candidates().into_iter().find(has_package)).clone()
}

fn settings(home: &Home, options: &ServerOptions) -> Vec<(&'static str, OsString)> {
    let mut settings = vec![
        ("OXFTP_ROOT", home.root.clone().into()),
        ("OXFTP_USER", USER.into()),
        ("OXFTP_PASSWORD", PASSWORD.into()),
        ("PYTHONDONTWRITEBYTECODE", "1".into()),
        ("OXFTP_MAX_SESSIONS", options.max_sessions.unwrap_or(0).to_string().into()),
    ];
    if options.foreign_addresses {
        settings.push(("OXFTP_FOREIGN_ADDRESSES", "1".into()));
    }
    let Some(files) = home.certificate_files() else { return settings };
    settings.push(("OXFTP_CERTIFICATE", files.all.into()));
    settings.push(("OXFTP_TLS", version(options.tls).into()));
    if options.protection == Protection::Implicit {
        settings.push(("OXFTP_IMPLICIT", "1".into()));
    }
    if options.require_client_certificate {
        settings.push(("OXFTP_CLIENT_AUTHORITY", files.authority.into()));
    }
    settings
}

fn version(versions: TlsVersions) -> &'static str {
    match versions {
        TlsVersions::Any => "any",
        TlsVersions::Only12 => "1.2",
        TlsVersions::Only13 => "1.3",
    }
}

const SCRIPT: &str = include_str!("pyftpdlib.py");
