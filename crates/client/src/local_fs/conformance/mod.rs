//! Conformance test: checks that a backend follows the rules of [`FileSystem`].
//!
//! Rules about symbolic links are not tested, since not every backend can create them.

mod assertions;
mod content;
mod directories;
mod names;

use std::path::Path;

use self::assertions::{Finding, Outcome, remove_tree};
use super::FileSystem;
use crate::future::BoxFuture;

/// Tests every rule of [`FileSystem`] on a backend, and stops at the first violation.
///
/// `root` must be an empty directory. It is empty again after a successful test; after a violation its files
/// remain for inspection, so an absolute path is recommended. Requires a tokio runtime if `fs` does.
///
/// ```
/// use oxftp::local_fs::{MemoryFs, conformance};
/// use std::path::Path;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), conformance::ConformanceError> {
/// conformance::check(&MemoryFs::new(), Path::new("/")).await
/// # }
/// ```
///
/// # Errors
///
/// Returns a [`ConformanceError`] with the rule and the actual behaviour.
pub async fn check(fs: &dyn FileSystem, root: &Path) -> Result<(), ConformanceError> {
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

/// A rule of [`FileSystem`] that a backend violates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the file system violates the rule \"{rule}\": {found}")]
#[non_exhaustive]
pub struct ConformanceError {
    /// The rule, a sentence.
    pub rule: &'static str,
    /// The actual behaviour.
    pub found: String,
}

/// A rule as a sentence, and its test, which runs in its own empty directory.
type ConformanceRule = (&'static str, for<'a> fn(&'a dyn FileSystem, &'a Path) -> BoxFuture<'a, Outcome>);

fn violation(rule: &'static str, outcome: Outcome) -> Result<(), ConformanceError> {
    outcome.map_err(|Finding(found)| ConformanceError { rule, found })
}
