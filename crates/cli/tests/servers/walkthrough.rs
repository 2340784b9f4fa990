//! The walkthrough (`docs/walk.md`) and the tasks (`docs/tasks.md`) of the guide on real servers.

use oxftp_testing::servers::{Protection, ServerKind};

use crate::common::{Site, console::holds_with};

#[test]
fn walkthrough() {
    // The embedded server cannot set times, and the program would print a warning.
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib] {
        run_walkthrough(kind);
    }
}

#[test]
fn sixty_tasks() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib] {
        let Some(site) = Site::on(kind, Protection::Plain) else { continue };
        let server = &site.server;
        server.hand_over().unwrap();
        let url = format!("ftp://{}:{}/", server.host(), server.port());
        let login =
            format!("machine {} login {} password {}", server.host(), server.user(), server.password());
        let meanings = [
            ("ftp://ftp.example.org/", url.as_str()),
            ("machine ftp.example.org login me password sesame", &login),
        ];
        holds_with("tasks.md", &site.here(""), &meanings);
    }
}

/// The page needs a login, TLS, and a certificate authority that the system does not trust.
fn run_walkthrough(kind: ServerKind) {
    let Some(site) = Site::on(kind, Protection::Explicit) else { return };
    let server = &site.server;
    site.write_remote("www/index.html", "<h1>Hi</h1>\n");
    site.write_remote("www/img/logo.png", [0; 3000]);
    server.hand_over().unwrap();
    site.keep("ca.pem", server.ca_pem().unwrap());
    let url = format!("ftpes://{}:{}/", server.host(), server.port());
    let login = format!("login {} password {}", server.user(), server.password());
    let machine = format!("machine {}", server.host());
    holds_with(
        "walk.md",
        &site.here(""),
        &[
            ("ftpes://ftp.example.org/", &url),
            ("machine ftp.example.org", &machine),
            ("login me password sesame", &login),
        ],
    );
}
