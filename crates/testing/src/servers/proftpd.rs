//! ProFTPD: its configuration and modules.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use rustix::process::{getegid, geteuid};

use super::process::{Launch, ServerProcess};
use super::programs;
use super::server::{Backend, Home, PASSWORD, PASSWORD_HASH, TestServer, USER};
use super::{Protection, ServerKind, ServerOptions, TlsVersions, Unavailable};

pub(super) async fn start(options: ServerOptions) -> Result<TestServer, Unavailable> {
    let kind = ServerKind::ProFtpd;
    let program = programs::find(kind, "proftpd")?;
    let home = Home::create(&options);
    let login_directory = login_directory(&home);
    let max_sessions = options.max_sessions.map(|most| format!("MaxClients {most}\n")).unwrap_or_default();
    let fixed = [
        modules(&program, &options),
        accounts(&home)?,
        SETTINGS.to_owned(),
        max_sessions,
        tls_settings(&home, &options),
    ]
    .concat();
    let plan = |address| {
        let configuration = home.write("proftpd.conf", &(fixed.clone() + &listening(&home, address)));
        Launch {
            program: program.clone(),
            arguments: vec!["--nodaemon".into(), "--config".into(), configuration.into()],
            environment: Vec::new(),
        }
    };
    let process = ServerProcess::start(kind, &options, home.path(), plan).await?;
    Ok(TestServer {
        backend: Backend::Process(process),
        home,
        kind,
        protection: options.protection,
        user: USER,
        password: PASSWORD,
        login_directory,
    })
}

/// Only root can use chroot for the login directory.
fn login_directory(home: &Home) -> String {
    if geteuid().is_root() { "/".to_owned() } else { home.root.display().to_string() }
}

/// Modules that were unpacked next to the program are not in its default path.
fn modules(program: &Path, options: &ServerOptions) -> String {
    let mut settings = String::new();
    let prefix = program.parent().and_then(Path::parent);
    if let Some(modules) = prefix.map(|prefix| prefix.join("lib/proftpd")).filter(|path| path.is_dir()) {
        writeln!(settings, "ModulePath {}", modules.display()).expect("writing to a string cannot fail");
    }
    if options.protection != Protection::Plain {
        settings += "<IfModule mod_dso.c>\nLoadModule mod_tls.c\n</IfModule>\n";
    }
    if options.hashes {
        settings += "LoadModule mod_digest.c\n";
    }
    if options.copies {
        settings += "LoadModule mod_copy.c\nCopyEngine on\n";
    }
    if options.compression {
        settings += "LoadModule mod_deflate.c\nDeflateEngine on\n";
    }
    if options.foreign_addresses {
        settings += "AllowForeignAddress on\n";
    }
    settings
}

fn accounts(home: &Home) -> Result<String, Unavailable> {
    let (uid, gid, root) = (geteuid().as_raw(), getegid().as_raw(), home.root.display());
    let users = home.write("passwd", &format!("{USER}:{PASSWORD_HASH}:{uid}:{gid}::{root}:/bin/sh\n"));
    let groups = home.write("group", &format!("{USER}:x:{gid}:{USER}\n"));
    let mut settings = format!(
        "AuthUserFile {}\nAuthGroupFile {}\nUser {}\nGroup {}\n",
        users.display(),
        groups.display(),
        account_name("/etc/passwd", uid)?,
        account_name("/etc/group", gid)?,
    );
    if geteuid().is_root() {
        writeln!(settings, "RootLogin on\nDefaultRoot {root}").expect("writing to a string cannot fail");
    }
    Ok(settings)
}

/// Returns the name for a number in a table whose third column is the number.
fn account_name(table: &str, number: u32) -> Result<String, Unavailable> {
    let text = fs::read_to_string(table).unwrap_or_default();
    let wanted = number.to_string();
    let mut lines = text.lines().map(|line| line.split(':'));
    let name = lines.find_map(|mut columns| {
        let name = columns.next()?;
        (columns.nth(1)? == wanted).then(|| name.to_owned())
    });
    name.ok_or_else(|| ServerKind::ProFtpd.unavailable(format!("no name for {number} in {table}")))
}

fn listening(home: &Home, address: SocketAddr) -> String {
    let directory = home.path().display();
    format!(
        "DefaultAddress {}\nPort {}\nUseIPv6 {}\nPidFile {directory}/pid\nScoreboardFile {directory}/scoreboard\n\
         SystemLog {directory}/proftpd.log\nExtendedLog {directory}/commands.log ALL commands\n",
        address.ip(),
        address.port(),
        if address.is_ipv6() { "on" } else { "off" },
    )
}

fn tls_settings(home: &Home, options: &ServerOptions) -> String {
    let Some(files) = home.certificate_files() else { return String::new() };
    let mut settings = format!(
        "TLSEngine on\nTLSRequired on\nTLSRenegotiate none\nTLSLog {}/tls.log\n\
         TLSECCertificateFile {}\nTLSECCertificateKeyFile {}\nTLSProtocol {}\n",
        home.path().display(),
        files.certificate.display(),
        files.key.display(),
        protocol(options.tls),
    );
    if options.protection == Protection::Implicit {
        settings += "TLSOptions UseImplicitSSL\n";
    }
    if !options.require_session_reuse {
        settings += "TLSOptions NoSessionReuseRequired\n";
    }
    if options.foreign_addresses {
        // Each test server has its own authority; when ProFTPD 1.3.8 refuses it, it crashes with a double free.
        settings += "TLSVerifyServer off\n";
    }
    if options.require_client_certificate {
        writeln!(settings, "TLSVerifyClient on\nTLSCACertificateFile {}", files.authority.display())
            .expect("writing to a string cannot fail");
    }
    settings
}

fn protocol(versions: TlsVersions) -> &'static str {
    match versions {
        TlsVersions::Any => "TLSv1.2 TLSv1.3",
        TlsVersions::Only12 => "TLSv1.2",
        TlsVersions::Only13 => "TLSv1.3",
    }
}

/// Without `SocketBindTight`, it would listen on every address of the machine.
const SETTINGS: &str = r#"
ServerType standalone
ServerName "oxftp test"
ServerIdent on "ProFTPD under test"
DefaultServer on
SocketBindTight on
RequireValidShell off
AuthOrder mod_auth_file.c
AuthPAM off
DelayEngine off
WtmpLog off
UseReverseDNS off
TransferLog none
LogFormat commands "%{iso8601} [%P] %r -> %s %S"
TimeoutIdle 0
TimeoutLogin 0
TimeoutNoTransfer 0
TimeoutStalled 0
MaxInstances none
AllowOverwrite on
AllowRetrieveRestart on
AllowStoreRestart on
Umask 022
"#;
