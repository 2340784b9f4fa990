//! Findings as text.

use std::{borrow::Borrow, fmt::Write as _};

use oxftp::escape;

use super::findings::{Answer, Findings, Tls};
use crate::units::count;

/// Formats one line per finding; text of the server is escaped.
pub(super) fn page(findings: &Findings) -> String {
    let mut page = Page::default();
    page.line("server", findings.greeting.join(" / "));
    page.line("system", findings.system.as_deref().unwrap_or("unknown"));
    page.optional("login", findings.login.as_ref().map(describe));
    match &findings.tls {
        Some(tls) => page.tls(tls, findings.data_resumed),
        None => page.line("TLS", "none on this connection"),
    }
    for mode in &findings.data {
        let names = mode.address.iter().map(|address| format!(", names {address}"));
        page.line(mode.command, describe(&mode.answer) + &names.collect::<String>());
    }
    for listing in &findings.listings {
        let entries = count(listing.entries as u64, "entry", "entries");
        page.line(listing.command, format!("{}, {entries}", describe(&listing.answer)));
    }
    if findings.login.as_ref().is_some_and(|login| login.works) {
        page.line("format", findings.list_format.as_deref().unwrap_or("unknown: LIST has no entries"));
        page.line("clock", findings.server_zone.as_deref().unwrap_or("unknown: no file to measure it with"));
        page.line("paths", findings.path_style.as_deref().unwrap_or("unknown"));
        page.line("dot names", findings.dot_names.unwrap_or("unknown"));
        page.line("refused", or_none(&findings.refused));
        page.line("unanswered", or_none(&findings.unanswered));
        page.line("hashes", or_none(&findings.hashes));
        page.line("features", or_none(&findings.features));
    }
    page.optional("restart", findings.restart.as_ref().map(describe));
    page.optional(
        "pipelines",
        findings.pipelining.map(|works| if works { "works" } else { "does not work" }.to_owned()),
    );
    findings.advice.iter().for_each(|advice| page.line("advice", advice));
    page.0
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, label: &str, text: impl AsRef<str>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{label:<12}{}", escape(text.as_ref()));
    }

    fn optional(&mut self, label: &str, text: Option<String>) {
        if let Some(text) = text {
            self.line(label, text);
        }
    }

    fn tls(&mut self, tls: &Tls, resumed: Option<bool>) {
        self.line("TLS", format!("{}, {}", tls.version, tls.cipher));
        if let Some(certificate) = &tls.certificate {
            self.line("certificate", format!("{}, from {}", certificate.subject, certificate.issuer));
            self.line("  for", certificate.names.join(", "));
            self.line("  valid", format!("{} to {}", certificate.not_before, certificate.not_after));
            self.line("  sha256", &certificate.sha256);
            self.line("  trust", format!("--tls-pin sha256:{}", certificate.sha256));
            self.line("  host line", &tls.known_hosts);
        }
        let text =
            resumed.map(|resumed| if resumed { "resumes the session" } else { "new handshake each time" });
        self.optional("  data", text.map(str::to_owned));
    }
}

fn describe(answer: &Answer) -> String {
    match &answer.said {
        _ if answer.works => "works".to_owned(),
        Some(said) => format!("does not work: {said}"),
        None => "does not work".to_owned(),
    }
}

fn or_none<T: Borrow<str>>(names: &[T]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
