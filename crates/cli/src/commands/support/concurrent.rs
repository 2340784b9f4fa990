//! Concurrent transfers of several operands.

use std::{collections::HashSet, ffi::OsStr};

use futures_util::{StreamExt, stream};
use oxftp::PART_SUFFIX;

/// Awaits all futures, at most `max` at once, and returns their outputs in the order of the futures.
pub(crate) async fn run<T>(work: impl IntoIterator<Item = impl Future<Output = T>>, max: usize) -> Vec<T> {
    let numbered = work.into_iter().enumerate().map(async |(number, work)| (number, work.await));
    let mut outcomes: Vec<_> = stream::iter(numbered).buffer_unordered(max).collect().await;
    outcomes.sort_by_key(|(number, _)| *number);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Returns whether all names differ, even on a file system that ignores case and with the suffix of partial files.
///
/// Transfers with equal names must not run concurrently: they would write the same file.
pub(crate) fn have_distinct_names<'a>(names: impl IntoIterator<Item = Option<&'a OsStr>>) -> bool {
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
    fn names_that_differ_in_case_are_not_distinct() {
        let distinct = |names: &[&str]| have_distinct_names(names.iter().map(|name| Some(OsStr::new(name))));

        assert!(distinct(&["a", "b", "c.txt"]));
        assert!(!distinct(&["a", "b", "A"]));
        assert!(!distinct(&["a", "a.oxftp.part"]));
        assert!(!have_distinct_names([Some(OsStr::new("a")), None]));
    }

    #[tokio::test]
    async fn outputs_are_in_the_order_of_futures() {
        let work = [3, 1, 2].map(async |turns| {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            turns
        });

        assert_eq!(run(work, 2).await, [3, 1, 2]);
    }
}
