//! Comparison of files: decides whether a file has to be transferred.

use std::cmp::Ordering;

use super::{
    node::NodeFacts,
    step::Reason,
    timestamps::{TimeOrder, compare_times, compare_with_dated_copy},
};

/// The rule by which a mirror decides whether a file has changed.
///
/// ```no_run
/// use oxftp::mirror::Compare;
///
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// pool.mirror_up("dist", "/www").compare(Compare::Size).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Compare {
    /// By size and time. Times are compared at the coarser precision of both sides. If a listing is
    /// coarse or has no time zone, the server is asked for the exact time before a file is transferred for its
    /// time alone (`MDTM`).
    ///
    /// If a server shows times without a zone and has no `MDTM`, downloaded files are dated as if the listing were in
    /// UTC. The next mirror compares the listing with that, to the minute or the day. A file with a time of another
    /// origin counts as unchanged if its size is equal and a zone could explain the difference. If the server begins
    /// to list all times some hours later or earlier, or if [`server_zone`](crate::ClientBuilder::server_zone) is
    /// changed, the files are transferred again.
    ///
    /// A server that does not announce `MFMT` may be unable to set times. On such a target, a file of the same size
    /// that is not older than its source is unchanged.
    #[default]
    SizeAndTime,
    /// By size alone.
    Size,
    /// Transfers a file only if the source is newer, whatever the sizes.
    Newer,
    /// By size, then by the strongest hash that the server supports (see [`Client::hash`](crate::Client::hash)).
    /// Both sides have to read each file.
    Hash,
}

/// Result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Unchanged,
    Transfer(Reason),
    /// The exact times are needed.
    NeedsTimes,
    /// The hashes are needed.
    NeedsHash,
}

/// The comparison of files, as far as both sides support it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub(crate) by: Compare,
    /// The target keeps the modification times that are set.
    pub(crate) keeps_times: bool,
    /// A server may report exact times.
    pub(crate) asks_times: bool,
}

impl Comparison {
    /// Compares by the facts of the listings.
    pub(crate) fn by_listing(self, source: &NodeFacts, target: &NodeFacts) -> Decision {
        match self.by_facts(source, target) {
            Decision::NeedsTimes if !self.asks_times => self.by_uncertain_times(source, target),
            decision => decision,
        }
    }

    /// Compares after the exact times were requested; no more facts can be obtained.
    pub(crate) fn by_exact_times(self, source: &NodeFacts, target: &NodeFacts) -> Decision {
        match self.by_facts(source, target) {
            Decision::NeedsTimes => self.by_uncertain_times(source, target),
            decision => decision,
        }
    }

    /// Returns whether two files that count as unchanged do so only because their sizes are equal: a change of the
    /// content alone would not be found.
    pub(crate) fn rests_on_sizes(self, source: &NodeFacts, target: &NodeFacts) -> bool {
        let compares_times = matches!(self.by, Compare::SizeAndTime | Compare::Newer);
        compares_times
            && match (source.modified, target.modified) {
                (Some(source), Some(target)) => {
                    let time = compare_times(&source, &target);
                    let may_differ = time.order == Ordering::Equal && !time.is_certain;
                    may_differ && compare_with_dated_copy(&source, &target).is_none()
                }
                _ => true,
            }
    }

    /// Returns whether files that count as unchanged are equal beyond doubt: by hash, or by size and exact time.
    pub(crate) fn proves_equality(self, source: &NodeFacts, target: &NodeFacts) -> bool {
        match self.by {
            Compare::Hash => true,
            Compare::SizeAndTime => {
                source.size.is_some()
                    && source.size == target.size
                    && time_order(source, target)
                        .is_some_and(|time| time.is_certain && time.order == Ordering::Equal)
            }
            Compare::Size | Compare::Newer => false,
        }
    }

    fn by_facts(self, source: &NodeFacts, target: &NodeFacts) -> Decision {
        match self.by {
            Compare::Newer => self.by_age(source, target),
            _ => self.by_content(source, target),
        }
    }

    fn by_content(self, source: &NodeFacts, target: &NodeFacts) -> Decision {
        if let (Some(source), Some(target)) = (source.size, target.size)
            && source != target
        {
            return Decision::Transfer(Reason::Size { source, target });
        }
        let sizes_known = source.size.is_some() && target.size.is_some();
        match self.by {
            Compare::Hash => Decision::NeedsHash,
            Compare::Size if sizes_known => Decision::Unchanged,
            Compare::Size => Decision::Transfer(Reason::Unknown),
            _ => match time_order(source, target) {
                Some(order) => self.by_time(order),
                None if sizes_known => Decision::Unchanged,
                None => Decision::Transfer(Reason::Unknown),
            },
        }
    }

    fn by_time(self, time: TimeOrder) -> Decision {
        match time.order {
            // A target that cannot set times has the time of the transfer.
            Ordering::Less if !self.keeps_times => Decision::Unchanged,
            _ if !time.is_certain => Decision::NeedsTimes,
            Ordering::Less => Decision::Transfer(Reason::Older),
            Ordering::Equal => Decision::Unchanged,
            Ordering::Greater => Decision::Transfer(Reason::Newer),
        }
    }

    fn by_age(self, source: &NodeFacts, target: &NodeFacts) -> Decision {
        match time_order(source, target) {
            Some(time) if !time.is_certain => Decision::NeedsTimes,
            Some(time) if time.order == Ordering::Greater => Decision::Transfer(Reason::Newer),
            Some(_) => Decision::Unchanged,
            None => Self { by: Compare::Size, ..self }.by_content(source, target),
        }
    }

    /// Compares times that are coarse or have no zone. Times that may be equal count as equal.
    fn by_uncertain_times(self, source: &NodeFacts, target: &NodeFacts) -> Decision {
        let copy = source.modified.zip(target.modified);
        let copy = copy.and_then(|(source, target)| compare_with_dated_copy(&source, &target));
        match copy.or_else(|| time_order(source, target).map(|time| time.order)) {
            Some(Ordering::Greater) => Decision::Transfer(Reason::Newer),
            Some(Ordering::Less) if self.by == Compare::SizeAndTime => Decision::Transfer(Reason::Older),
            _ => Decision::Unchanged,
        }
    }
}

fn time_order(source: &NodeFacts, target: &NodeFacts) -> Option<TimeOrder> {
    Some(compare_times(&source.modified?, &target.modified?))
}

#[cfg(test)]
mod tests {
    use oxftp_proto::{Timestamp, Zone};
    use proptest::prelude::*;

    use super::*;

    const EXACT: Comparison = Comparison { by: Compare::SizeAndTime, keeps_times: true, asks_times: true };
    const LOOSE: Comparison = Comparison { keeps_times: false, ..EXACT };

    fn facts(size: u64, time: &str) -> NodeFacts {
        NodeFacts { size: Some(size), modified: Timestamp::parse_mlsx(time.as_bytes()).ok(), mode: None }
    }

    fn by(by: Compare) -> Comparison {
        Comparison { by, ..EXACT }
    }

    #[test]
    fn sizes_come_first() {
        let decision = EXACT.by_listing(&facts(3, "20240101120000"), &facts(5, "20240101120000"));
        assert_eq!(decision, Decision::Transfer(Reason::Size { source: 3, target: 5 }));
    }

    #[test]
    fn any_other_time_differs_if_times_are_kept() {
        let (old, new) = (facts(1, "20240101120000"), facts(1, "20240601120000"));
        assert_eq!(EXACT.by_listing(&new, &old), Decision::Transfer(Reason::Newer));
        assert_eq!(EXACT.by_listing(&old, &new), Decision::Transfer(Reason::Older));
        assert_eq!(EXACT.by_listing(&old, &old), Decision::Unchanged);
    }

    #[test]
    fn newer_target_is_unchanged_without_mfmt() {
        let (old, new) = (facts(1, "20240101120000"), facts(1, "20240601120000"));
        assert_eq!(LOOSE.by_listing(&old, &new), Decision::Unchanged);
        assert_eq!(LOOSE.by_listing(&new, &old), Decision::Transfer(Reason::Newer));
    }

    #[test]
    fn differing_coarse_times_need_exact_times() {
        let (listed, exact) = (facts(1, "202401011200"), facts(1, "20240101130000"));
        assert_eq!(EXACT.by_listing(&exact, &listed), Decision::NeedsTimes);
        assert_eq!(EXACT.by_exact_times(&exact, &listed), Decision::Transfer(Reason::Newer));
    }

    #[test]
    fn unknown_zone_counts_as_equal_after_query() {
        let mut listed = facts(1, "202401011200");
        listed.modified = listed.modified.map(|time| time.with_zone(Zone::Unknown));
        let exact = facts(1, "20240101130000");
        assert_eq!(EXACT.by_listing(&exact, &listed), Decision::NeedsTimes);
        assert_eq!(EXACT.by_exact_times(&exact, &listed), Decision::Unchanged);
    }

    #[test]
    fn listing_without_zone_equals_its_own_copy() {
        let listed = |time: &str| {
            let facts = facts(1, time);
            NodeFacts { modified: facts.modified.map(|time| time.with_zone(Zone::Unknown)), ..facts }
        };
        let copy = facts(1, "20240101120000");
        for (time, expected) in [
            ("202401011200", Decision::Unchanged),
            ("202401011201", Decision::Transfer(Reason::Newer)),
            ("202401011300", Decision::Transfer(Reason::Newer)),
            ("202401011100", Decision::Transfer(Reason::Older)),
        ] {
            assert_eq!(EXACT.by_exact_times(&listed(time), &copy), expected, "{time}");
            assert!(!EXACT.rests_on_sizes(&listed(time), &copy), "{time}");
        }
        let other_origin = facts(1, "20240101130025");
        assert_eq!(EXACT.by_exact_times(&listed("202401011200"), &other_origin), Decision::Unchanged);
        assert!(EXACT.rests_on_sizes(&listed("202401011200"), &other_origin));
    }

    #[test]
    fn compare_newer_uses_time_only() {
        let (old, new) = (facts(3, "20240101120000"), facts(5, "20240601120000"));
        assert_eq!(by(Compare::Newer).by_listing(&old, &new), Decision::Unchanged);
        assert_eq!(by(Compare::Newer).by_listing(&new, &old), Decision::Transfer(Reason::Newer));
    }

    #[test]
    fn compare_size_uses_size_only() {
        let (old, new) = (facts(3, "20240101120000"), facts(3, "20240601120000"));
        assert_eq!(by(Compare::Size).by_listing(&new, &old), Decision::Unchanged);
        assert_eq!(
            by(Compare::Size).by_listing(&NodeFacts::default(), &old),
            Decision::Transfer(Reason::Unknown)
        );
    }

    #[test]
    fn hash_is_needed_only_for_equal_sizes() {
        let file = facts(3, "20240101120000");
        assert_eq!(by(Compare::Hash).by_listing(&file, &file), Decision::NeedsHash);
        assert!(matches!(
            by(Compare::Hash).by_listing(&file, &facts(4, "20240101120000")),
            Decision::Transfer(_)
        ));
    }

    #[test]
    fn without_sizes_and_times_files_differ() {
        assert_eq!(
            EXACT.by_listing(&NodeFacts::default(), &NodeFacts::default()),
            Decision::Transfer(Reason::Unknown)
        );
    }

    proptest! {
        #[test]
        fn transferred_file_is_unchanged_next_time(size: u64, at in 0_i64..4_000_000_000, ns in 0_u32..1_000_000_000, coarse: bool) {
            let source = NodeFacts { size: Some(size), modified: Timestamp::from_unix(at, ns), mode: None };
            // Transfers omit fractions of seconds, and some listings omit seconds.
            let seconds = Timestamp::from_unix(at, 0).unwrap().to_mlsx();
            let listed = if coarse { &seconds[..12] } else { &seconds };
            let target = NodeFacts { size: Some(size), modified: Timestamp::parse_mlsx(listed.as_bytes()).ok(), mode: None };
            prop_assert_eq!(EXACT.by_listing(&source, &target), Decision::Unchanged);
        }

        #[test]
        fn exact_times_always_give_a_decision(sizes: (Option<u64>, Option<u64>), a in 0_i64..4_000_000_000, b in 0_i64..4_000_000_000) {
            let [a, b] = [a, b].map(|at| Timestamp::from_unix(at, 0).map(|time| time.with_zone(Zone::Unknown)));
            let decision = EXACT.by_exact_times(&NodeFacts { size: sizes.0, modified: a, mode: None }, &NodeFacts { size: sizes.1, modified: b, mode: None });
            prop_assert!(matches!(decision, Decision::Unchanged | Decision::Transfer(_)));
        }
    }
}
