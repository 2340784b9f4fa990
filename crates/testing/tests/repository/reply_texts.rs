//! Rules for the source of this repository, checked on its text.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The meaning of a greeting or reply text is known by `oxftp_proto::classify` and `oxftp_proto::server` only.
#[test]
fn reply_text_is_matched_in_proto_only() {
    let mut offences = Vec::new();
    for directory in
        ["client", "cli", "object-store", "python", "serve"].map(|name| format!("crates/{name}/src"))
    {
        for path in sources(&root().join(directory)) {
            let code = code_of(&fs::read_to_string(&path).unwrap());
            let shown = path.strip_prefix(root()).unwrap().display();
            offences.extend(functions(&code).filter_map(offence).map(|what| format!("{shown}: {what}")));
        }
    }
    assert!(
        offences.is_empty(),
        "ask oxftp_proto::classify or oxftp_proto::server instead:\n{}",
        offences.join("\n")
    );
}

#[test]
fn reply_text_matching_is_recognized() {
    for code in [
        "fn full(reply: &Reply) -> bool {\n reply.text().to_ascii_lowercase().contains(\"too many\")\n}",
        "fn pret(reply: &Reply) -> bool {\n reply.lines().any(|line| line.starts_with(b\"PRET\"))\n}",
        "fn hides(&self) -> bool {\n let text = self.greeting.text();\n NAMES.iter().any(|name| text.contains(name))\n}",
        "fn empty(error: &Error) -> bool {\n error.reply().is_some_and(|it| it.last_line().ends_with(b\"empty\"))\n}",
        "fn early(server: &str) -> bool {\n server == \"vsFTPd\"\n}",
    ] {
        assert!(functions(&code_of(code)).any(|function| offence(function).is_some()), "{code}");
    }
    for code in [
        "// vsftpd says: reply.text().contains(\"x\")\nfn code(reply: &Reply) -> bool {\n reply.code().get() == 550\n}",
        "fn show(reply: &Reply) -> String {\n reply.text()\n}",
        "fn rule(line: &str) -> bool {\n line.lines().any(|line| line.starts_with('#'))\n}",
        "fn ask(reply: &Reply) -> bool {\n classify::is_not_found(reply)\n}\nfn url(text: &str) -> bool {\n text.contains(\"://\")\n}",
        "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b(reply: &Reply) -> bool { reply.text().contains(\"vsftpd\") }\n}",
    ] {
        assert!(functions(&code_of(code)).all(|function| offence(function).is_none()), "{code}");
    }
}

/// Text of a server is escaped by `oxftp_proto::escape`, and secrets are redacted by `oxftp_proto::redact_password`,
/// `redact_urls`, `Secret`, and the redactor of the control connection. A second one would differ.
#[test]
fn text_is_escaped_and_redacted_in_one_place() {
    let mut offences = Vec::new();
    let crates =
        ["client", "cli", "object-store", "proto", "python", "serve"].map(|name| format!("crates/{name}"));
    let others = ["bench", "integrations/datafusion", "integrations/ballista", "integrations/opendal"];
    for package in crates.iter().map(String::as_str).chain(others) {
        for path in sources(&root().join(package).join("src")) {
            let shown = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            let code = code_of(&fs::read_to_string(&path).unwrap());
            let words = ESCAPES.iter().filter(|(_, places)| !places.contains(&shown.as_str()));
            let found = words.filter(|(word, _)| code.contains(word));
            offences.extend(found.map(|(word, _)| format!("{shown}: {word}")));
        }
    }
    assert!(offences.is_empty(), "use oxftp_proto::escape or redact_urls instead: {offences:#?}");
}

/// Words by which code escapes or redacts text, each with the files that may do so.
const ESCAPES: [(&str, &[&str]); 7] = [
    ("is_control()", &["crates/proto/src/escape.rs"]),
    // These leave names with control characters out.
    ("char::is_control", &["crates/proto/src/name.rs", "crates/cli/src/commands/completions/mod.rs"]),
    ("escape_unicode", &["crates/proto/src/escape.rs"]),
    ("escape_debug", &[]),
    ("escape_default", &[]),
    // A configuration of another crate shows that a password is set.
    (
        "\"***\"",
        &[
            "crates/proto/src/secret.rs",
            "crates/client/src/control/redact.rs",
            "integrations/datafusion/src/options.rs",
            "integrations/opendal/src/config.rs",
        ],
    ),
    ("fn redact_", &["crates/proto/src/redact.rs", "crates/client/src/control/mod.rs"]),
];

/// Returns what a function has to do with reply text, if it matches words in it or names a server.
fn offence(function: &str) -> Option<String> {
    let name = function.lines().next().unwrap_or_default().trim();
    let lower = function.to_ascii_lowercase();
    if let Some(server) = SERVERS.iter().find(|server| lower.contains(*server)) {
        return Some(format!("names the server {server}: {name}"));
    }
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    (has(REPLIES) && has(TEXTS) && has(MATCHERS)).then(|| format!("matches reply text: {name}"))
}

/// Splits code into its functions; what stands before the first is a part of its own.
fn functions(code: &str) -> impl Iterator<Item = &str> {
    let starts = code.match_indices("fn ").map(|(at, _)| at).filter(|&at| {
        code[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric() && before != '_')
    });
    let starts: Vec<usize> = std::iter::once(0).chain(starts).collect();
    let ends: Vec<usize> = starts.iter().copied().skip(1).chain([code.len()]).collect();
    starts.into_iter().zip(ends).map(|(start, end)| &code[start..end])
}

/// Returns the code of a source file without comments and without the tests at its end.
fn code_of(source: &str) -> String {
    let end = source.find("#[cfg(test)]\nmod tests").unwrap_or(source.len());
    source[..end].lines().map(without_comment).collect::<Vec<_>>().join("\n")
}

/// Cuts a line at `//`, unless that stands in a URL.
fn without_comment(line: &str) -> &str {
    let comment = line.match_indices("//").map(|(at, _)| at).find(|&at| !line[..at].ends_with([':', '"']));
    comment.map_or(line, |at| &line[..at])
}

/// Returns the source files below a directory, without those that only hold tests.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            found.extend(sources(&path));
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(path);
        }
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Names of servers, in lower case.
const SERVERS: &[&str] = &[
    "vsftpd",
    "proftpd",
    "pure-ftpd",
    "pyftpdlib",
    "filezilla server",
    "microsoft ftp",
    "windows_nt",
    "serv-u",
    "drftpd",
    "glftpd",
    "wu-ftpd",
];

/// Words by which code refers to replies.
const REPLIES: &[&str] = &["reply", "greeting", "refused.info", "statuscode"];

/// Calls by which code reads the text of a reply.
const TEXTS: &[&str] = &[".text()", ".lines()", ".last_line()"];

/// Calls by which code searches for words in a text.
const MATCHERS: &[&str] = &[
    ".contains(",
    ".starts_with(",
    ".ends_with(",
    ".eq_ignore_ascii_case(",
    ".to_ascii_lowercase()",
    ".to_lowercase()",
    ".strip_prefix(",
    ".find(\"",
    ".matches(\"",
    ".split_once(",
];
