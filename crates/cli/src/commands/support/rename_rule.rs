//! Rules that change names, in the syntax of `sed`.

use std::str::FromStr;

use crate::args::ByteRegex;

/// A rule such as `s/\.txt$/.bak/`.
#[derive(Debug, Clone)]
pub(crate) struct RenameRule {
    regex: ByteRegex,
    text: String,
    all: bool,
}

impl RenameRule {
    /// Returns the new name.
    pub(crate) fn apply(&self, name: &str) -> String {
        self.regex.replace(name, &self.text, self.all)
    }
}

impl FromStr for RenameRule {
    type Err = String;

    fn from_str(rule: &str) -> Result<Self, Self::Err> {
        let wrong = || "expected a rule such as s/old/new/".to_owned();
        let body = rule.strip_prefix('s').ok_or_else(wrong)?;
        let separator = body.chars().next().filter(char::is_ascii_punctuation).ok_or_else(wrong)?;
        let parts: Vec<&str> = body[1..].split(separator).collect();
        let [regex, text, flags] = parts[..] else { return Err(wrong()) };
        let (all, any_case) = (flags.contains('g'), flags.contains('i'));
        if flags.chars().any(|flag| !"gi".contains(flag)) {
            return Err("the flags of a rule are g (all matches) and i (regardless of case)".to_owned());
        }
        let regex = if any_case { format!("(?i){regex}") } else { regex.to_owned() };
        Ok(Self { regex: regex.parse()?, text: text.to_owned(), all })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rename_rule_replaces_matches_in_names() {
        let renamed = |rule: &str, name: &str| rule.parse::<RenameRule>().unwrap().apply(name);

        assert_eq!(renamed(r"s/\.txt$/.bak/", "a.txt"), "a.bak");
        assert_eq!(renamed("s/a/b/", "aaa"), "baa");
        assert_eq!(renamed("s/a/b/g", "aXa"), "bXb");
        assert_eq!(renamed("s/A/b/gi", "aXa"), "bXb");
        assert_eq!(renamed(r"s|(\d+)-(\w+)|$2-$1|", "12-x.é"), "x-12.é");
        assert_eq!(renamed("s/x//", "y"), "y");
        for wrong in ["", "a/b", "s/a", "s/a/b", "s/a/b/x", "s/(/b/", "saab"] {
            assert!(wrong.parse::<RenameRule>().is_err(), "{wrong}");
        }
    }
}
