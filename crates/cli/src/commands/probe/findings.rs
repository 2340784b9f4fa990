//! Findings about a server.

use serde::Serialize;

use super::certificate::Certificate;

/// All findings; `None` and empty lists are unknown.
#[derive(Debug, Default, Serialize)]
pub(super) struct Findings {
    pub(super) url: String,
    pub(super) greeting: Vec<String>,
    pub(super) tls: Option<Tls>,
    pub(super) login: Option<Answer>,
    pub(super) system: Option<String>,
    pub(super) features: Vec<String>,
    pub(super) data: Vec<DataMode>,
    /// `Some(true)` if data connections resume the TLS session of the control connection.
    pub(super) data_resumed: Option<bool>,
    pub(super) listings: Vec<ListingCheck>,
    /// Format of `LIST`.
    pub(super) list_format: Option<String>,
    /// Zone of the times in `LIST`, if it can be measured.
    pub(super) server_zone: Option<String>,
    /// The spelling of paths.
    pub(super) path_style: Option<String>,
    /// The answer to the question whether listings show names that begin with a dot.
    pub(super) dot_names: Option<&'static str>,
    /// Optional commands that hang, or end the session.
    pub(super) unanswered: Vec<&'static str>,
    /// Commands that are refused, and the replies.
    pub(super) refused: Vec<String>,
    /// The result of a download with `REST`.
    pub(super) restart: Option<Answer>,
    pub(super) hashes: Vec<String>,
    /// `Some(true)` if commands can be sent before earlier replies arrive.
    pub(super) pipelining: Option<bool>,
    pub(super) advice: Vec<String>,
}

/// The result of trying something, with the error if it fails.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Answer {
    pub(super) works: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) said: Option<String>,
}

/// TLS on the control connection.
#[derive(Debug, Serialize)]
pub(super) struct Tls {
    pub(super) version: String,
    pub(super) cipher: String,
    /// Line of this server for the file of known hosts.
    pub(super) known_hosts: String,
    pub(super) certificate: Option<Certificate>,
}

/// Result of opening data connections with a command.
#[derive(Debug, Serialize)]
pub(super) struct DataMode {
    pub(super) command: &'static str,
    #[serde(flatten)]
    pub(super) answer: Answer,
    /// Address in the reply to `PASV`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<String>,
}

/// Result of a listing command.
#[derive(Debug, Serialize)]
pub(super) struct ListingCheck {
    pub(super) command: &'static str,
    #[serde(flatten)]
    pub(super) answer: Answer,
    pub(super) entries: usize,
}

impl Findings {
    /// Returns whether the server supports a feature.
    pub(super) fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|line| {
            let name = line.split(' ').next().unwrap_or_default();
            name.eq_ignore_ascii_case(feature)
        })
    }

    /// Returns whether data connections work with this command; `None` if it was not tried.
    pub(super) fn data_works(&self, command: &str) -> Option<bool> {
        self.data.iter().find(|mode| mode.command == command).map(|mode| mode.answer.works)
    }

    /// Returns whether a listing command works; `None` if it was not tried.
    pub(super) fn lists_by(&self, command: &str) -> Option<bool> {
        self.listings.iter().find(|listing| listing.command == command).map(|listing| listing.answer.works)
    }
}

impl Answer {
    /// Converts the outcome of a query.
    pub(super) fn of<T>(outcome: &oxftp::Result<T>) -> Self {
        match outcome {
            Ok(_) => Self { works: true, said: None },
            Err(error) => Self { works: false, said: Some(said(error)) },
        }
    }
}

/// Returns the server's reply if there is one, else the error.
fn said(error: &oxftp::Error) -> String {
    match error.reply() {
        Some(reply) => format!("{} {}", reply.code(), reply.text()),
        None => crate::failure::chain(Some(error)).join(": "),
    }
}
