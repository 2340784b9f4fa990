//! Every connection and output flag on every server.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use oxftp_testing::{
    proxies::{ProxyKind, TestProxy},
    servers::{Protection, ServerKind, ServerOptions, TlsVersions},
};

use crate::common::{
    Site,
    fixtures::{ALPHA, UP, big},
    oxftp, run,
    table::{Row, hold, row},
};

#[test]
fn vsftpd_plain() {
    on(ServerKind::Vsftpd, Protection::Plain);
}

#[test]
fn vsftpd_explicit() {
    on(ServerKind::Vsftpd, Protection::Explicit);
}

#[test]
fn proftpd_plain() {
    on(ServerKind::ProFtpd, Protection::Plain);
}

#[test]
fn proftpd_explicit() {
    on(ServerKind::ProFtpd, Protection::Explicit);
}

#[test]
fn pure_ftpd_plain() {
    on(ServerKind::PureFtpd, Protection::Plain);
}

#[test]
fn pure_ftpd_explicit() {
    on(ServerKind::PureFtpd, Protection::Explicit);
}

#[test]
fn pyftpdlib_plain() {
    on(ServerKind::Pyftpdlib, Protection::Plain);
}

#[test]
fn pyftpdlib_explicit() {
    on(ServerKind::Pyftpdlib, Protection::Explicit);
}

const SERVERS: [ServerKind; 4] =
    [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib];

fn on(kind: ServerKind, protection: Protection) {
    let Some(site) = Site::on(kind, protection) else { return };
    let tls = if protection == Protection::Plain { Vec::new() } else { tls() };
    let tables = [login(), tls, network(), listing(), output()];
    hold(&site, &tables.into_iter().flatten().collect::<Vec<_>>());
}

fn login() -> Vec<Row> {
    let names = &["a.txt", "b.log", "sub"];
    vec![
        row("ls TRUST NOBODY/pub --user USER:PASSWORD").bare().lists(names),
        row("ls TRUST NOBODY/pub --user USER --password-file password").bare().lists(names),
        row("ls TRUST NOBODY/pub --user USER --password-file -").bare().input("sesame\n").lists(names),
        row("ls TRUST URL/pub --password-file none")
            .bare()
            .fails(9, "cannot read the password file \"none\""),
        row("ls TRUST NOBODY/pub --netrc").bare().lists(names),
        row("ls TRUST NOBODY/pub --netrc-file netrc").bare().lists(names),
        row("ls TRUST NOBODY/pub --netrc-file none").bare().fails(9, "\"none\""),
        row("ls URL/pub --netrc --netrc-file netrc").fails(2, "cannot be used with"),
        row("ls URL/pub --user a --user b").fails(2, "cannot be used multiple times"),
        row("ls TRUST NOBODY/pub --user nobody-known:wrong").bare().fails(5, "hint: "),
    ]
}

fn tls() -> Vec<Row> {
    vec![
        row("cat --tls-ca ca.pem URL/pub/a.txt").bare().environment(PASSWORD).prints(ALPHA),
        row("cat --insecure URL/pub/a.txt").bare().environment(PASSWORD).prints(ALPHA),
        row("cat URL/pub/a.txt").bare().environment(PASSWORD).fails(4, "hint: use --tls-ca FILE to trust"),
        row("cat --tls-ca up.txt URL/pub/a.txt").bare().fails(4, "up.txt: invalid TLS configuration"),
        row("cat --tls-ca none URL/pub/a.txt").bare().fails(9, "cannot read \"none\""),
        row("probe --tls-max 1.2 URL").mentions(&["TLSv1.2"]),
        row("probe --tls-min 1.3 URL").mentions(&["TLSv1.3"]),
        row("ls --tls-min 1.3 --tls-max 1.2 URL").fails(2, "--tls-min is greater than --tls-max"),
        row("ls --tls-min 1.1 URL").fails(2, "invalid value '1.1'"),
        row("ls --tls-cert client.pem URL").fails(2, "--tls-key <FILE>"),
        row("cat --tls-cert client.pem --tls-key client.key URL/pub/a.txt").prints(ALPHA),
    ]
}

fn network() -> Vec<Row> {
    vec![
        row("get --active -v URL/pub/a.txt")
            .here("a.txt", ALPHA)
            .reports(&["> EPRT |1|127.0.0.1|"])
            .never_reports("> EPSV"),
        row("get --active=127.0.0.1 -v URL/pub/a.txt")
            .here("a.txt", ALPHA)
            .reports(&["> EPRT |1|127.0.0.1|"]),
        row("put --active=127.0.0.1:20000-60000 up.txt URL/new").there("new", UP),
        row("ls --active=here URL").fails(2, "not an IP address"),
        row("get --no-epsv -v URL/pub/a.txt")
            .here("a.txt", ALPHA)
            .reports(&["> PASV"])
            .never_reports("> EPSV"),
        row("cat --tls-if-offered URL/pub/a.txt").prints(ALPHA),
        row("ls --virtual-host unknown.invalid URL").fails(3, "refused the virtual host unknown.invalid"),
        row("ls --bind 127.0.0.9 URL/empty").prints(""),
        row("ls --bind 192.0.2.1 URL/empty").fails(3, "cannot connect to"),
        row("ls --bind here URL/empty").fails(2, "invalid value 'here'"),
        row("ls -4 URL/empty").prints(""),
        row("ls -6 URL/empty").fails(3, "cannot connect to"),
        row("ls -4 -6 URL/empty").fails(2, "cannot be used with"),
        row("cat --connect-timeout 5 --timeout 5 --completion-timeout 5 --retries 0 URL/pub/a.txt")
            .prints(ALPHA),
        row("ls --timeout soon URL").fails(2, "not a number of seconds"),
        row("ls --retries many URL").fails(2, "invalid value 'many'"),
        row("ls --limit-rate fast URL").fails(2, "not a number of bytes, as in 500k, 2M"),
        row("get -r --pipelining off URL/pub").here("pub/a.txt", ALPHA),
        row("get -r --pipelining on URL/pub").here("pub/a.txt", ALPHA),
        row("ls --proxy ftp://h URL").fails(2, "must be socks5, socks4a or http"),
        row("ls --proxy none URL/empty").environment(&[("all_proxy", "socks5://127.0.0.1:1")]).prints(""),
        row("ls URL/empty").environment(&[("all_proxy", "socks5://127.0.0.1:1")]).fails(3, "127.0.0.1:1"),
        row("ls URL/empty")
            .environment(&[("ftp_proxy", "socks5://127.0.0.1:1"), ("no_proxy", "localhost")])
            .prints(""),
    ]
}

fn listing() -> Vec<Row> {
    vec![
        row("ls --list-by list -v URL/empty").reports(&["> LIST"]).never_reports("> MLSD"),
        row("ls --list-by mlsd URL/pub")
            .lists(&["a.txt", "b.log", "sub"])
            .refused_by(lacks_mlsd, 11, "error: "),
        row("ls --list-by stat URL/pub").lists(&["a.txt", "b.log", "sub"]),
        // pyftpdlib replaces bytes that are not UTF-8, so the test checks the command.
        row("put --encoding latin1 -v up.txt URL/K%C3%A4se").reports(&["> STOR", "K\u{fffd}se"]),
        row("ls --encoding klingon URL").fails(2, "unknown encoding \"klingon\""),
        row("stat --list-by list --server-zone +02:00 URL/pub/a.txt").mentions(&["type     file"]),
        row("ls --server-zone Atlantis URL").fails(2, "invalid value 'Atlantis'"),
    ]
}

fn output() -> Vec<Row> {
    vec![
        row("get -q --progress always URL/pub/a.txt").here("a.txt", ALPHA).reports(&[]),
        row("get --progress always URL/big").here("big", big()).reports(&["293.0 KiB of 293.0 KiB"]),
        row("get --progress never URL/big").here("big", big()),
        row("get --progress often URL/big").fails(2, "invalid value 'often'"),
        row("get -v URL/pub/a.txt").reports(&["> PASS ***", "> RETR", "< 226"]),
        row("get -vv URL/pub/a.txt").reports(&["> PASS ***", "> RETR", "< 226"]),
        row("get -q --summary URL/big").here("big", big()).reports(&[]),
        row("get --summary --log-file log URL/big")
            .here("big", big())
            .reports(&["get: 1 file, 293.0 KiB in "]),
        row("mirror --delete --summary --log-file log URL/pub tree")
            .reports(&["mirror: 3 files, ", "3 deletions"]),
        row("get --json URL/big").mentions(&[
            r#"{"event":"start","#,
            r#"{"event":"progress","#,
            r#"{"event":"done","#,
        ]),
        row("put --json up.txt URL/new").mentions(&[r#"{"event":"done","#]).there("new", UP),
        row("ls --color always URL/none").fails(6, "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m"),
        row("ls --color never URL/none").fails(6, "error: "),
        row("ls --config none URL").fails(9, "cannot read the settings \"none\""),
        row("ls --frobnicate URL").fails(2, "unexpected argument '--frobnicate'"),
    ]
}

const PASSWORD: &[(&str, &str)] = &[("OXFTP_PASSWORD", "sesame")];

fn lacks_mlsd(site: &Site) -> bool {
    !site.server.kind().has_mlsd()
}

#[test]
fn missing_client_certificate_is_refused() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd] {
        let mut options = ServerOptions::new(Protection::Explicit);
        options.require_client_certificate = true;
        // With TLS 1.3 the refusal follows the handshake, and may be lost with the connection.
        options.tls = TlsVersions::Only12;
        let Some(site) = Site::with(kind, options) else { continue };
        let shown = row("cat --tls-cert client.pem --tls-key client.key URL/pub/a.txt").prints(ALPHA);
        hold(&site, &[shown, row("cat URL/pub/a.txt").fails(4, "TLS failed")]);
    }
}

#[test]
fn proxy_carries_control_and_data_connections() {
    for (kind, scheme) in
        [(ProxyKind::Socks5, "socks5"), (ProxyKind::Socks4a, "socks4a"), (ProxyKind::Http, "http")]
    {
        for server in SERVERS {
            let Some(site) = Site::on(server, Protection::Explicit) else { continue };
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let proxy = runtime.block_on(TestProxy::start(kind)).unwrap();

            let line = format!("get --proxy {scheme}://{} URL/big", proxy.address());
            hold(&site, &[row(line).here("big", big())]);

            assert!(proxy.tunnels() >= 2, "{scheme}: {} tunnels", proxy.tunnels());
        }
    }
}

#[test]
fn rate_limit_applies_both_ways() {
    for kind in SERVERS {
        let Some(site) = Site::on(kind, Protection::Explicit) else { continue };
        let begun = Instant::now();
        hold(&site, &[row("get --limit-rate 500k URL/big"), row("put --limit-rate 500k whole URL/new")]);
        // Twice 293 KiB, of which a part may be sent at once.
        assert!(begun.elapsed() > Duration::from_millis(600), "{:?}", begun.elapsed());
    }
}

#[test]
fn silent_server_ends_in_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for (scheme, flag) in [("ftp", "--timeout"), ("ftps", "--timeout"), ("ftps", "--connect-timeout")] {
        let url = format!("{scheme}://me@{}", silent.local_addr().unwrap());
        let run = run(oxftp(&["ls", flag, "0.2", &url]).env("OXFTP_PASSWORD", "x"));
        assert_eq!(run.code, Some(10), "{scheme} {flag}: {}", run.stderr);
    }
}
