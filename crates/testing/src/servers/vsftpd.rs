//! vsftpd: its configuration.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;

use super::certificates::openssl_configuration;
use super::ports::PASSIVE_PORTS;
use super::process::{Launch, ServerProcess};
use super::programs;
use super::server::{Backend, Home, TestServer};
use super::{Protection, ServerKind, ServerOptions, Unavailable};

pub(super) async fn start(options: ServerOptions) -> Result<TestServer, Unavailable> {
    let kind = ServerKind::Vsftpd;
    let program = programs::find(kind, "vsftpd")?;
    let home = Home::create(&options);
    fs::create_dir(home.path().join("empty")).expect("the directory of the server is writable");
    let openssl = openssl_configuration(home.path(), &options);
    let tls = tls_settings(&home, &options);
    let plan = |address| Launch {
        program: program.clone(),
        arguments: vec![home.write("vsftpd.conf", &(settings(&home, &options, address) + &tls)).into()],
        environment: vec![("OPENSSL_CONF", openssl.clone().into())],
    };
    let process = ServerProcess::start(kind, &options, home.path(), plan).await?;
    let login_directory = home.root.to_str().expect("temporary directories have ASCII names").to_owned();
    Ok(TestServer {
        backend: Backend::Process(process),
        home,
        kind,
        protection: options.protection,
        user: "anonymous",
        password: "tester@example.org",
        login_directory,
    })
}

/// Logins are anonymous because a real login needs a PAM service in /etc. Sessions run as the launching user because an
/// anonymous login in a chroot cannot write to its top directory, and no option changes that.
fn settings(home: &Home, options: &ServerOptions, address: SocketAddr) -> String {
    let (family, key) =
        if address.is_ipv6() { ("listen_ipv6", "listen_address6") } else { ("listen", "listen_address") };
    let directory = home.path().display();
    let mut settings = format!(
        "{family}=YES\n{key}={host}\nlisten_port={port}\nanon_root={root}\n\
         secure_chroot_dir={directory}/empty\nvsftpd_log_file={directory}/vsftpd.log\n\
         pasv_min_port={first}\npasv_max_port={last}\n",
        host = address.ip(),
        port = address.port(),
        root = home.root.display(),
        first = PASSIVE_PORTS.start(),
        last = PASSIVE_PORTS.end(),
    );
    if !address.is_ipv6() {
        settings += "listen_ipv6=NO\n";
    }
    if options.show_dot_files {
        settings += "force_dot_files=YES\n";
    }
    if options.anonymous_banner {
        settings += "ftpd_banner=Welcome\n";
    }
    // 0 means unlimited.
    writeln!(settings, "max_clients={}", options.max_sessions.unwrap_or(0))
        .expect("writing to a string cannot fail");
    if options.foreign_addresses {
        settings += "pasv_promiscuous=YES\nport_promiscuous=YES\n";
    }
    settings + SETTINGS
}

fn tls_settings(home: &Home, options: &ServerOptions) -> String {
    let Some(files) = home.certificate_files() else { return String::new() };
    let mut settings = format!(
        "{TLS_SETTINGS}rsa_cert_file={}\nrsa_private_key_file={}\nimplicit_ssl={}\nrequire_ssl_reuse={}\n",
        files.certificate.display(),
        files.key.display(),
        answer(options.protection == Protection::Implicit),
        answer(options.require_session_reuse),
    );
    if options.require_client_certificate {
        let authority = files.authority.display();
        write!(settings, "require_cert=YES\nvalidate_cert=YES\nca_certs_file={authority}\n")
            .expect("writing to a string cannot fail");
    }
    settings
}

fn answer(yes: bool) -> &'static str {
    if yes { "YES" } else { "NO" }
}

const SETTINGS: &str = "\
background=NO
run_as_launching_user=YES
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
ftp_username=daemon
anonymous_enable=YES
local_enable=NO
write_enable=YES
anon_umask=022
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_world_readable_only=NO
mdtm_write=YES
connect_from_port_20=NO
port_enable=YES
max_per_ip=0
idle_session_timeout=86400
data_connection_timeout=86400
use_localtime=NO
xferlog_enable=YES
xferlog_std_format=NO
log_ftp_protocol=YES
";

const TLS_SETTINGS: &str = "\
ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
ssl_tlsv1=YES
ssl_sslv2=NO
ssl_sslv3=NO
ssl_ciphers=HIGH
strict_ssl_read_eof=YES
debug_ssl=YES
";
