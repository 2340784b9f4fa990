//! What was found out about a server.

use serde::Serialize;

use super::certificate::Certificate;

/// All of it; `None` and empty lists are what was not asked or not told.
#[derive(Debug, Default, Serialize)]
pub(super) struct Findings {
    pub(super) url: String,
    pub(super) greeting: Vec<String>,
    pub(super) tls: Option<Tls>,
    pub(super) login: Option<Answer>,
    pub(super) system: Option<String>,
    pub(super) features: Vec<String>,
    pub(super) data: Vec<DataMode>,
    /// Data connections resume the TLS session of the control connection.
    pub(super) data_resumed: Option<bool>,
    pub(super) listings: Vec<Listing>,
    /// The format of `LIST`.
    pub(super) list_format: Option<String>,
    /// The zone of the times of `LIST`, where files show it.
    pub(super) server_zone: Option<String>,
    /// Transfers start in the middle of files (`REST`).
    pub(super) restart: Option<Answer>,
    pub(super) hashes: Vec<String>,
    /// Commands may be sent before the reply to the last one is there.
    pub(super) pipelining: Option<bool>,
    pub(super) advice: Vec<String>,
}

/// Whether something works, and what the server or the system said if not.
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
    pub(super) certificate: Option<Certificate>,
}

/// A way to open data connections.
#[derive(Debug, Serialize)]
pub(super) struct DataMode {
    pub(super) command: &'static str,
    #[serde(flatten)]
    pub(super) answer: Answer,
    /// The address that the reply to `PASV` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<String>,
}

/// A command that lists.
#[derive(Debug, Serialize)]
pub(super) struct Listing {
    pub(super) command: &'static str,
    #[serde(flatten)]
    pub(super) answer: Answer,
    pub(super) entries: usize,
}

impl Findings {
    /// Tells whether the server names a feature.
    pub(super) fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|line| {
            let name = line.split(' ').next().unwrap_or_default();
            name.eq_ignore_ascii_case(feature)
        })
    }

    /// Tells whether a way to open data connections works; `None` where it was not tried.
    pub(super) fn data_works(&self, command: &str) -> Option<bool> {
        self.data.iter().find(|mode| mode.command == command).map(|mode| mode.answer.works)
    }

    /// Tells whether a listing works; `None` where it was not tried.
    pub(super) fn lists_by(&self, command: &str) -> Option<bool> {
        self.listings.iter().find(|listing| listing.command == command).map(|listing| listing.answer.works)
    }
}

impl Answer {
    /// Takes what came of asking.
    pub(super) fn of<T>(outcome: &oxftp::Result<T>) -> Self {
        match outcome {
            Ok(_) => Self { works: true, said: None },
            Err(error) => Self { works: false, said: Some(said(error)) },
        }
    }
}

/// Gives the server's own words where there are any.
fn said(error: &oxftp::Error) -> String {
    match error.reply() {
        Some(reply) => format!("{} {}", reply.code(), reply.text()),
        None => crate::failure::chain(Some(error)).join(": "),
    }
}
