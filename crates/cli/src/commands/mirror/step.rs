//! Steps and failures of a mirror as text and as JSON.

use std::error::Error as _;

use base64::{Engine, prelude::BASE64_STANDARD};
use oxftp::mirror::{Action, Reason, Step};
use serde::Serialize;

use crate::{
    clock::now,
    failure::{Exit, Failure, chain},
};

/// Formats a step as `get a/b  (size differs: 3, 5)`.
pub(super) fn text(step: &Step, transfers: &str) -> String {
    let path = if step.path.is_empty() { ".".to_owned() } else { step.path.to_string() };
    format!("{} {path}  ({})", verb(step.action, transfers), step.why)
}

/// A line of the JSON output.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line<'s> {
    Step(JsonStep<'s>),
    Error { name: Option<&'s str>, message: String, causes: Vec<String>, exit: Option<u8>, time: String },
}

/// A step as a JSON object, with `path_b64` instead of `path` if the path is not valid text.
#[derive(Debug, Serialize)]
struct JsonStep<'s> {
    action: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_b64: Option<String>,
    why: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_size: Option<u64>,
    time: String,
}

impl Line<'_> {
    fn to_json(&self) -> String {
        // Neither numbers nor strings can fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Formats a step as JSON on one line.
pub(super) fn json(step: &Step, transfers: &str) -> String {
    let path = if step.path.is_empty() { Some(".") } else { step.path.as_str() };
    let target_size = match step.why {
        Reason::Size { target, .. } => Some(target),
        _ => None,
    };
    Line::Step(JsonStep {
        action: verb(step.action, transfers),
        path,
        path_b64: path.is_none().then(|| BASE64_STANDARD.encode(step.path.as_bytes())),
        why: step.why.as_str(),
        size: step.size,
        target_size,
        time: now(),
    })
    .to_json()
}

/// Formats the failure of an entry of the tree as JSON on one line.
pub(super) fn failure_json(name: &str, error: &oxftp::Error) -> String {
    let (message, causes) = (error.to_string(), chain(error.source()));
    Line::Error { name: Some(name), message, causes, exit: None, time: now() }.to_json()
}

/// Formats the failure of the mirror as JSON on one line; `None` if there is nothing to say.
pub(super) fn final_failure_json(failure: &Failure) -> Option<String> {
    let (message, exit) = (failure.message()?, failure.exit().map(Exit::code));
    Some(Line::Error { name: None, message, causes: failure.causes(), exit, time: now() }.to_json())
}

fn verb(action: Action, transfers: &str) -> &str {
    if action == Action::Transfer { transfers } else { action.as_str() }
}
