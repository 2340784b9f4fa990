//! Recommendations from findings.

use oxftp::{FtpUrl, Scheme};

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
    let told = !findings.features.is_empty() && !findings.has("UTF8");
    told.then(|| {
        "the server does not announce UTF8: use --encoding, such as latin1, if names look wrong".to_owned()
    })
}

fn transfers(findings: &Findings) -> Option<String> {
    let refused = findings.restart.as_ref().is_some_and(|answer| !answer.works);
    refused.then(|| "transfers cannot be resumed: -c starts at the beginning".to_owned())
}
