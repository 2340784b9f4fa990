//! The rules of [`PathIo`], as a test that any backend can run.
//!
//! The rules that need links are not among them, since a backend has no way to make one.

mod assertions;
mod content;
mod directories;
mod names;

use std::path::Path;

use self::assertions::{Finding, Outcome, remove_tree};

use super::PathIo;
use crate::future::BoxFuture;

/// RetryBudget every rule of [`PathIo`] on a backend, and stops at the first it breaks.
///
/// `root` must be an empty directory; it is left empty when all is well, and as it was when a rule
/// broke. It should be absolute, so that failures can be looked at. Needs a tokio runtime if `fs` does.
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
/// [`ContractViolation`] with the rule and what was found instead.
pub async fn check(fs: &dyn PathIo, root: &Path) -> Result<(), ContractViolation> {
    broken("the root of the check is an empty directory", assertions::expect_names(fs, root, &[]).await)?;
    let rules = directories::RULES.iter().chain(content::RULES).chain(names::RULES);
    for (number, (rule, test)) in rules.enumerate() {
        let dir = root.join(format!("rule-{number}"));
        broken(rule, assertions::make_dir(fs, &dir).await)?;
        broken(rule, test(fs, &dir).await)?;
        broken("what was made can be removed", remove_tree(fs, &dir).await)?;
    }
    Ok(())
}

/// A rule of [`PathIo`] that a backend does not keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the file system breaks the rule \"{rule}\": {found}")]
#[non_exhaustive]
pub struct ContractViolation {
    /// The rule, a sentence.
    pub rule: &'static str,
    /// What happened instead.
    pub found: String,
}

/// A rule, a sentence, and its test, which gets an empty directory of its own.
type Rule = (&'static str, for<'a> fn(&'a dyn PathIo, &'a Path) -> BoxFuture<'a, Outcome>);

fn broken(rule: &'static str, outcome: Outcome) -> Result<(), ContractViolation> {
    outcome.map_err(|Finding(found)| ContractViolation { rule, found })
}
