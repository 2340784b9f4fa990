//! What a server says it can do (`FEAT`; RFC 2389, 3).

use crate::Reply;

/// The features that a server lists.
///
/// What is not listed may work all the same: many servers leave `SIZE`, `MDTM` or `REST` out.
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
    /// Reads a reply to `FEAT`; the first and last line only frame the list.
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

    /// Tells whether a feature is listed; case does not matter.
    #[must_use]
    pub fn contains(&self, feature: &str) -> bool {
        self.parameters(feature).is_some()
    }

    /// Gives the parameters of a feature, empty when it has none, `None` when it is not listed.
    #[must_use]
    pub fn parameters(&self, feature: &str) -> Option<&str> {
        let mut all = self.0.iter();
        all.find(|(name, _)| name.eq_ignore_ascii_case(feature)).map(|(_, parameters)| parameters.as_str())
    }

    /// Walks through all features as `(name, parameters)`, names in capitals.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, parameters)| (name.as_str(), parameters.as_str()))
    }

    /// Tells whether none is listed.
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
    fn the_frame_is_no_feature() {
        let features = features(&["Features:", " EPSV", "  auth TLS;SSL ", "End"]);

        assert_eq!(features.iter().collect::<Vec<_>>(), [("EPSV", ""), ("AUTH", "TLS;SSL")]);
    }

    #[test]
    fn a_server_without_features_lists_none() {
        assert!(features(&["no features"]).is_empty());
        assert!(features(&["Features:", "End"]).is_empty());
    }
}
