//! The findings as a page for people.

use std::fmt::Write as _;

use super::findings::{Answer, Findings, Tls};
use crate::{terminal::escape, units::count};

/// Writes a line for each finding, texts of the server's escaped.
pub(super) fn page(findings: &Findings) -> String {
    let mut page = Page::default();
    page.line("server", findings.greeting.join(" / "));
    page.line("system", findings.system.as_deref().unwrap_or("does not say"));
    page.optional("login", findings.login.as_ref().map(told));
    match &findings.tls {
        Some(tls) => page.tls(tls, findings.data_resumed),
        None => page.line("TLS", "none on this connection"),
    }
    for mode in &findings.data {
        let names = mode.address.iter().map(|address| format!(", names {address}"));
        page.line(mode.command, told(&mode.answer) + &names.collect::<String>());
    }
    for listing in &findings.listings {
        let entries = count(listing.entries as u64, "entry", "entries");
        page.line(listing.command, format!("{}, {entries}", told(&listing.answer)));
    }
    if findings.login.as_ref().is_some_and(|login| login.works) {
        page.line("format", findings.list_format.as_deref().unwrap_or("LIST shows nothing to tell it by"));
        page.line("clock", findings.server_zone.as_deref().unwrap_or("no file shows its zone"));
        page.line("hashes", or_none(&findings.hashes));
        page.line("features", or_none(&findings.features));
    }
    page.optional("restart", findings.restart.as_ref().map(told));
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
        }
        let told = resumed.map(|resumed| if resumed { "resume the session" } else { "shake hands anew" });
        self.optional("  data", told.map(str::to_owned));
    }
}

fn told(answer: &Answer) -> String {
    match &answer.said {
        _ if answer.works => "works".to_owned(),
        Some(said) => format!("does not work: {said}"),
        None => "does not work".to_owned(),
    }
}

fn or_none(names: &[String]) -> String {
    if names.is_empty() { "none named".to_owned() } else { names.join(", ") }
}
