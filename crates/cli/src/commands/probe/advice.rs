//! Recommendations from findings.

use oxftp::{FtpUrl, PathStyle, Scheme};

use super::findings::Findings;

/// Returns which flags to use, and what does not work.
pub(super) fn advice(url: &FtpUrl, findings: &Findings) -> Vec<String> {
    let rules = [
        tls(url, findings),
        data(findings),
        resumption(findings),
        listing(findings),
        names(findings),
        transfers(findings),
        paths(findings),
        dot_names(findings),
        unanswered(findings),
    ];
    rules.into_iter().flatten().collect()
}

fn tls(url: &FtpUrl, findings: &Findings) -> Option<String> {
    if url.scheme() != Scheme::Ftp {
        return None;
    }
    Some(match findings.has("AUTH") {
        true => format!(
            "the server supports TLS: use {} to encrypt the password and the files",
            url.to_string().replacen("ftp://", "ftpes://", 1)
        ),
        false => {
            "the server does not support TLS: the password and the files are sent unencrypted".to_owned()
        }
    })
}

fn data(findings: &Findings) -> Option<String> {
    let advice = match (findings.data_works("EPSV")?, findings.data_works("PASV")?) {
        (true, _) => return None,
        (false, true) => "EPSV does not work: use --no-epsv to skip it",
        (false, false) => {
            "no data connection can be opened: a firewall may block them; try --active if the server can connect to this machine"
        }
    };
    Some(advice.to_owned())
}

fn resumption(findings: &Findings) -> Option<String> {
    let advice = "data connections do not resume TLS sessions: many small files take longer";
    (findings.data_resumed == Some(false)).then(|| advice.to_owned())
}

fn listing(findings: &Findings) -> Option<String> {
    if findings.lists_by("MLSD")? {
        return None;
    }
    let set = match &findings.server_zone {
        Some(zone) => format!("use --server-zone {zone}"),
        None => "use --server-zone to set it".to_owned(),
    };
    Some(format!("no MLSD: times come from LIST, to the minute and without a zone; {set}"))
}

fn names(findings: &Findings) -> Option<String> {
    let lacks_utf8 = !findings.features.is_empty() && !findings.has("UTF8");
    lacks_utf8.then(|| {
        "the server does not announce UTF8: use --encoding, such as latin1, if names look wrong".to_owned()
    })
}

fn paths(findings: &Findings) -> Option<String> {
    let style = findings.path_style.as_deref().filter(|style| *style != PathStyle::Posix.to_string())?;
    Some(format!("the style of paths is {style}: each directory is entered, and commands get bare names"))
}

fn dot_names(findings: &Findings) -> Option<String> {
    let advice = "names that begin with a dot are hidden: get -r and mirror leave them out";
    (findings.dot_names == Some("hidden")).then(|| advice.to_owned())
}

fn unanswered(findings: &Findings) -> Option<String> {
    let commands = &findings.unanswered;
    if commands.is_empty() {
        return None;
    }
    let flags = [("EPSV", "--no-epsv"), ("MLSD", "--list-by list")];
    let flags: Vec<_> =
        flags.iter().filter(|(command, _)| commands.contains(command)).map(|(_, flag)| *flag).collect();
    let use_flags = if flags.is_empty() { "--timeout 6".to_owned() } else { flags.join(" ") };
    Some(format!("{} hang or end the session: use {use_flags} to lose less time", commands.join(", ")))
}

fn transfers(findings: &Findings) -> Option<String> {
    let refused = findings.restart.as_ref().is_some_and(|answer| !answer.works);
    refused.then(|| "transfers cannot be resumed: -c starts at the beginning".to_owned())
}
