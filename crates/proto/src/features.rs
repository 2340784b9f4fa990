//! Features of a server (`FEAT`; RFC 2389, 3).

use crate::Reply;

/// Features that a server lists.
///
/// Features that are not listed may work nevertheless: many servers omit `SIZE`, `MDTM` or `REST`.
///
/// ```
/// use oxftp_proto::{Code, Features, Reply};
///
/// let lines = [&b"Features:"[..], b" REST STREAM", b" MLST type*;size*;", b"End"];
/// let features = Features::from_reply(&Reply::new(Code::new(211).unwrap(), lines));
///
/// assert!(features.contains("mlst"));
/// assert_eq!(features.parameters("REST"), Some("STREAM"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Features(Vec<(String, String)>);

impl Features {
    /// Parses a reply to `FEAT`. The first and the last line are a frame and not part of the list.
    #[must_use]
    pub fn from_reply(reply: &Reply) -> Self {
        let between = reply.lines().len().saturating_sub(2);
        let features = reply.lines().skip(1).take(between).filter_map(|line| {
            let line = String::from_utf8_lossy(line);
            let line = line.trim();
            let (name, parameters) = line.split_once(' ').unwrap_or((line, ""));
            (!name.is_empty()).then(|| (name.to_ascii_uppercase(), parameters.trim().to_owned()))
        });
        Self(features.collect())
    }

    /// Returns whether a feature is listed; case is ignored.
    #[must_use]
    pub fn contains(&self, feature: &str) -> bool {
        self.parameters(feature).is_some()
    }

    /// Returns the parameters of a feature: empty if it has none, `None` if it is not listed.
    #[must_use]
    pub fn parameters(&self, feature: &str) -> Option<&str> {
        let mut all = self.0.iter();
        all.find(|(name, _)| name.eq_ignore_ascii_case(feature)).map(|(_, parameters)| parameters.as_str())
    }

    /// Iterates over all features as `(name, parameters)`, with names in upper case.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, parameters)| (name.as_str(), parameters.as_str()))
    }

    /// Returns whether no feature is listed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    fn features(lines: &[&str]) -> Features {
        Features::from_reply(&Reply::new(Code::new(211).unwrap(), lines.iter().map(|line| line.as_bytes())))
    }

    #[test]
    fn frame_lines_are_no_features() {
        let features = features(&["Features:", " EPSV", "  auth TLS;SSL ", "End"]);

        assert_eq!(features.iter().collect::<Vec<_>>(), [("EPSV", ""), ("AUTH", "TLS;SSL")]);
    }

    #[test]
    fn a_server_without_features_lists_none() {
        assert!(features(&["no features"]).is_empty());
        assert!(features(&["Features:", "End"]).is_empty());
    }
}
