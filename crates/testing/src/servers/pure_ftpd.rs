//! Pure-FTPd: its command line and its users.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::Command;

use rustix::process::geteuid;

use super::certificates::openssl_configuration;
use super::ports::PASSIVE_PORTS;
use super::process::{Launch, ServerProcess};
use super::programs;
use super::server::{Backend, Home, PASSWORD, PASSWORD_HASH, TestServer, USER};
use super::{ServerKind, ServerOptions, Unavailable};

pub(super) async fn start(options: ServerOptions) -> Result<TestServer, Unavailable> {
    let kind = ServerKind::PureFtpd;
    let program = programs::find(kind, "pure-ftpd")?;
    if !geteuid().is_root() {
        return Err(kind.unavailable("it runs only as root"));
    }
    let mut home = Home::create(&options);
    home.belongs_to(DAEMON).map_err(|error| kind.unavailable(error.to_string()))?;
    let users = user_database(&home)?;
    let openssl = openssl_configuration(home.path(), &options);
    let tls = tls_arguments(&home, &options);
    let plan = |address| Launch {
        program: program.clone(),
        arguments: [arguments(&home, &options, address, &users), tls.clone()].concat(),
        environment: vec![("OPENSSL_CONF", openssl.clone().into())],
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

/// Creates the database from a line in the format of `pure-pw useradd`; `/./` marks the chroot directory.
fn user_database(home: &Home) -> Result<OsString, Unavailable> {
    let kind = ServerKind::PureFtpd;
    let root = home.root.display();
    let line = format!("{USER}:{PASSWORD_HASH}:{DAEMON}:{DAEMON}::{root}/./::::::::::::\n");
    let (text, database) = (home.write("users", &line), home.path().join("users.pdb"));
    let made = Command::new(programs::find(kind, "pure-pw")?)
        .arg("mkdb")
        .arg(&database)
        .arg("-f")
        .arg(text)
        .output()
        .map_err(|error| kind.unavailable(error.to_string()))?;
    if !made.status.success() {
        return Err(kind.unavailable(format!("pure-pw: {}", String::from_utf8_lossy(&made.stderr))));
    }
    Ok(database.into())
}

fn arguments(home: &Home, options: &ServerOptions, address: SocketAddr, users: &OsString) -> Vec<OsString> {
    let directory = home.path().display();
    let mut login = OsString::from("puredb:");
    login.push(users);
    let (first, last) = (PASSIVE_PORTS.start(), PASSIVE_PORTS.end());
    let pairs: [(&str, OsString); 9] = [
        ("--bind", format!("{},{}", address.ip(), address.port()).into()),
        ("--login", login),
        ("--pidfile", format!("{directory}/pid").into()),
        ("--altlog", format!("clf:{directory}/transfers.log").into()),
        ("--passiveportrange", format!("{first}:{last}").into()),
        ("--maxclientsnumber", options.max_sessions.unwrap_or(1000).to_string().into()),
        ("--maxidletime", "1440".into()),
        ("--umask", "133:022".into()),
        ("--limitrecursion", "100000:100".into()),
    ];
    let mut arguments: Vec<OsString> =
        pairs.into_iter().flat_map(|(name, value)| [OsString::from(name), value]).collect();
    arguments.extend(["--noanonymous", "--dontresolve", "--syslogfacility", "none"].map(OsString::from));
    if options.show_dot_files {
        arguments.push("--displaydotfiles".into());
    }
    if options.foreign_addresses {
        arguments.push("--allowuserfxp".into());
    }
    arguments
}

/// Level 3 refuses plain logins and plain data; the prefix `-C:` of the cipher list requires a client certificate.
fn tls_arguments(home: &Home, options: &ServerOptions) -> Vec<OsString> {
    let Some(files) = home.certificate_files() else { return vec!["--tls".into(), "0".into()] };
    let mut arguments: Vec<OsString> =
        vec!["--tls".into(), "3".into(), "--certfile".into(), files.all.into()];
    if options.require_client_certificate {
        arguments.extend(["--tlsciphersuite", "-C:HIGH"].map(OsString::from));
    }
    arguments
}

/// Pure-FTPd refuses to run sessions as root, so it runs them as `daemon`.
const DAEMON: u32 = 1;
