//! Several things at once.

use std::{collections::HashSet, ffi::OsStr};

use futures_util::{StreamExt, stream};
use oxftp::PART_SUFFIX;

/// Awaits all, at most so many at once, and gives what came of each in their order.
pub(super) async fn at_once<T>(
    work: impl IntoIterator<Item = impl Future<Output = T>>,
    most: usize,
) -> Vec<T> {
    let numbered = work.into_iter().enumerate().map(async |(number, work)| (number, work.await));
    let mut outcomes: Vec<_> = stream::iter(numbered).buffer_unordered(most).collect().await;
    outcomes.sort_by_key(|(number, _)| *number);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Tells whether each goes under a name of its own, even where case does not count and files that are
/// not whole have an ending; what may be one and the same cannot be transferred at once.
pub(super) fn are_apart<'a>(names: impl IntoIterator<Item = Option<&'a OsStr>>) -> bool {
    let mut seen = HashSet::new();
    names.into_iter().all(|name| {
        name.is_some_and(|name| {
            let folded = name.to_string_lossy().to_lowercase();
            seen.insert(folded.trim_end_matches(PART_SUFFIX).to_owned())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_may_be_one_are_not_apart() {
        let apart = |names: &[&str]| are_apart(names.iter().map(|name| Some(OsStr::new(name))));

        assert!(apart(&["a", "b", "c.txt"]));
        assert!(!apart(&["a", "b", "A"]));
        assert!(!apart(&["a", "a.oxftp.part"]));
        assert!(!are_apart([Some(OsStr::new("a")), None]));
    }

    #[tokio::test]
    async fn outcomes_stand_in_the_order_of_the_work() {
        let work = [3, 1, 2].map(async |turns| {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            turns
        });

        assert_eq!(at_once(work, 2).await, [3, 1, 2]);
    }
}
