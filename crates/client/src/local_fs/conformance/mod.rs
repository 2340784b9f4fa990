//! Conformance test: checks that a backend follows the rules of [`PathIo`].
//!
//! Rules about symbolic links are not tested, since not every backend can create them.

mod assertions;
mod content;
mod directories;
mod names;

use std::path::Path;

use self::assertions::{Finding, Outcome, remove_tree};
use super::PathIo;
use crate::future::BoxFuture;

/// Tests every rule of [`PathIo`] on a backend, and stops at the first violation.
///
/// `root` must be an empty directory. It is empty again after a successful test; after a violation its files
/// remain for inspection, so an absolute path is recommended. Requires a tokio runtime if `fs` does.
///
/// ```
/// use oxftp::path_io::{MemoryFs, contract};
/// use std::path::Path;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), contract::ContractViolation> {
/// contract::check(&MemoryFs::new(), Path::new("/")).await
/// # }
/// ```
///
/// # Errors
///
/// Returns a [`ContractViolation`] with the rule and the actual behaviour.
pub async fn check(fs: &dyn PathIo, root: &Path) -> Result<(), ContractViolation> {
    violation("the root of the check is an empty directory", assertions::expect_names(fs, root, &[]).await)?;
    let rules = directories::RULES.iter().chain(content::RULES).chain(names::RULES);
    for (number, (rule, test)) in rules.enumerate() {
        let dir = root.join(format!("rule-{number}"));
        violation(rule, assertions::make_dir(fs, &dir).await)?;
        violation(rule, test(fs, &dir).await)?;
        violation("created files and directories can be removed", remove_tree(fs, &dir).await)?;
    }
    Ok(())
}

/// A rule of [`PathIo`] that a backend violates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the file system violates the rule \"{rule}\": {found}")]
#[non_exhaustive]
pub struct ContractViolation {
    /// The rule, a sentence.
    pub rule: &'static str,
    /// The actual behaviour.
    pub found: String,
}

/// A rule as a sentence, and its test, which runs in its own empty directory.
type Rule = (&'static str, for<'a> fn(&'a dyn PathIo, &'a Path) -> BoxFuture<'a, Outcome>);

fn violation(rule: &'static str, outcome: Outcome) -> Result<(), ContractViolation> {
    outcome.map_err(|Finding(found)| ContractViolation { rule, found })
}
