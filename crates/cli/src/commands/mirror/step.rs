//! Steps of a mirror as text and as JSON.

use base64::{Engine, prelude::BASE64_STANDARD};
use oxftp::mirror::{Action, Reason, Step};
use serde::Serialize;

/// Formats a step as `get a/b  (size differs: 3, 5)`.
pub(super) fn text(step: &Step, transfers: &str) -> String {
    let path = if step.path.is_empty() { ".".to_owned() } else { step.path.to_string() };
    format!("{} {path}  ({})", verb(step.action, transfers), step.why)
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
}

/// Formats a step as JSON on one line.
pub(super) fn json(step: &Step, transfers: &str) -> String {
    let path = step.path.as_str();
    let target_size = match step.why {
        Reason::Size { target, .. } => Some(target),
        _ => None,
    };
    let object = JsonStep {
        action: verb(step.action, transfers),
        path,
        path_b64: path.is_none().then(|| BASE64_STANDARD.encode(step.path.as_bytes())),
        why: step.why.as_str(),
        size: step.size,
        target_size,
    };
    // Neither numbers nor strings can fail.
    serde_json::to_string(&object).unwrap_or_default()
}

fn verb(action: Action, transfers: &str) -> &str {
    if action == Action::Transfer { transfers } else { action.as_str() }
}
