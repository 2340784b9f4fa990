//! Rules that change names, in the syntax of `sed`.

use std::str::FromStr;

use clap::Args;
use oxftp::FileName;

use crate::{
    args::ByteRegex,
    failure::{Failure, Result},
};

/// The rule of the command line.
#[derive(Debug, Clone, Args)]
pub(crate) struct RenameArgs {
    /// Change the names of files: s/REGEX/TEXT/ replaces the first match in each name, s/REGEX/TEXT/g all of them; $1 is
    /// the first group
    #[arg(long, value_name = "RULE")]
    pub(crate) rename_with: Option<RenameRule>,
}

impl RenameArgs {
    /// Returns the new name of a file; `None` without a rule.
    ///
    /// Fails for a name that is not UTF-8: bytes that the rule does not change would become others.
    pub(crate) fn apply(&self, name: &[u8]) -> Result<Option<FileName>> {
        let Some(rule) = &self.rename_with else { return Ok(None) };
        let Ok(text) = str::from_utf8(name) else {
            let name = String::from_utf8_lossy(name);
            return Err(Failure::Usage(format!("--rename-with cannot change {name}: the name is not UTF-8")));
        };
        let new = rule.apply(text);
        let new = FileName::new(&new).map_err(|error| Failure::Usage(format!("{text}: {error}")))?;
        Ok(Some(new))
    }

    /// Fails if names in trees would have to change.
    pub(crate) fn check(&self, recursive: bool) -> Result {
        match self.rename_with.is_some() && recursive {
            true => Err(Failure::Usage(
                "--rename-with changes the names of single files, not of those in trees: it conflicts with -r".to_owned(),
            )),
            false => Ok(()),
        }
    }
}

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

    fn from_str(rule: &str) -> std::result::Result<Self, Self::Err> {
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
