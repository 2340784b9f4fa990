//! `--tls-if-offered`: TLS if the server offers it.

use oxftp_testing::servers::Protection;

use crate::common::{Run, Site, oxftp, run};

/// Lists with `ftp://`, also if the server requires TLS.
fn list(site: &Site, flags: &[&str]) -> Run {
    let url = site.url("").replace("ftpes://", "ftp://");
    let words = [&["ls", "-v"], flags, &[url.as_str()]].concat();
    run(oxftp(&words).env("OXFTP_PASSWORD", site.server.password()))
}

#[test]
fn offered_tls_encrypts_the_password() {
    let site = Site::new(Protection::Explicit);
    site.write_remote("file", "x");

    let run = list(&site, &["--tls-if-offered", "--insecure"]);

    assert_eq!((run.code, run.stdout().as_str()), (Some(0), "file\n"), "{}", run.stderr);
    let said = |words: &str| run.stderr.find(words).unwrap_or_else(|| panic!("{words}: {}", run.stderr));
    assert!(said("> AUTH TLS") < said("> PROT P") && said("> PROT P") < said("> PASS"), "{}", run.stderr);
}

#[test]
fn opportunistic_tls_still_verifies_the_certificate() {
    let run = list(&Site::new(Protection::Explicit), &["--tls-if-offered"]);

    assert_eq!(run.code, Some(4), "{}", run.stderr);
    assert!(!run.stderr.contains("> USER"), "{}", run.stderr);
}

#[test]
fn server_without_tls_is_used_unencrypted() {
    let site = Site::new(Protection::Plain);
    site.write_remote("file", "x");

    let run = list(&site, &["--tls-if-offered"]);

    assert_eq!((run.code, run.stdout().as_str()), (Some(0), "file\n"), "{}", run.stderr);
}

#[test]
fn tls_is_not_requested_without_the_flag() {
    let run = list(&Site::new(Protection::Plain), &[]);

    assert!(!run.stderr.contains("AUTH"), "{}", run.stderr);
}
