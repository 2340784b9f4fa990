//! What follows from the findings.

use oxftp::{FtpUrl, Scheme};

use super::findings::Findings;

/// Says what to set, and what will not work.
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
            "the server knows TLS: {} hides the password and the files",
            url.to_string().replacen("ftp://", "ftpes://", 1)
        ),
        false => "the server names no TLS: the password and the files go in clear".to_owned(),
    })
}

fn data(findings: &Findings) -> Option<String> {
    let advice = match (findings.data_works("EPSV")?, findings.data_works("PASV")?) {
        (true, _) => return None,
        (false, true) => "EPSV does not work here: --no-epsv saves asking for it",
        (false, false) => {
            "no data connection can be opened: a firewall may be in between; try --active where this side can be reached"
        }
    };
    Some(advice.to_owned())
}

fn resumption(findings: &Findings) -> Option<String> {
    let advice = "data connections shake hands anew each time: many small files take longer";
    (findings.data_resumed == Some(false)).then(|| advice.to_owned())
}

fn listing(findings: &Findings) -> Option<String> {
    if findings.lists_by("MLSD")? {
        return None;
    }
    let set = match &findings.server_zone {
        Some(zone) => format!("--server-zone {zone} tells whose they are"),
        None => "--server-zone tells whose they are".to_owned(),
    };
    Some(format!("there is no MLSD: times come from LIST, to the minute and without a zone; {set}"))
}

fn names(findings: &Findings) -> Option<String> {
    let told = !findings.features.is_empty() && !findings.has("UTF8");
    told.then(|| {
        "the server names no UTF8: --encoding latin1 or another helps where names look wrong".to_owned()
    })
}

fn transfers(findings: &Findings) -> Option<String> {
    let refused = findings.restart.as_ref().is_some_and(|answer| !answer.works);
    refused.then(|| "transfers cannot go on where they stopped: -c begins anew".to_owned())
}
