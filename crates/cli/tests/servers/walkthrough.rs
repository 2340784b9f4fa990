//! The walkthrough of the guide (`docs/walk.md`) on real servers.

use oxftp_testing::servers::{Protection, ServerKind};

use crate::common::{Site, console::holds_with};

#[test]
fn walkthrough() {
    // The embedded server keeps no times, and the program would say so.
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib] {
        is_walked(kind);
    }
}

/// The walk leads through the real world: a login, TLS, and an authority that the system does not know.
fn is_walked(kind: ServerKind) {
    let Some(site) = Site::on(kind, Protection::Explicit) else { return };
    let server = &site.server;
    site.lay("www/index.html", "<h1>Hi</h1>\n");
    site.lay("www/img/logo.png", [0; 3000]);
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
