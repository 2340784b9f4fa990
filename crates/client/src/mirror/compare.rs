//! Whether a file has to be transferred.

use std::cmp::Ordering;

use super::{
    node::NodeFacts,
    options::Compare,
    step::Reason,
    timestamps::{Relation, relate},
};

/// What a comparison came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Same,
    Differs(Reason),
    /// Exact times are needed to tell.
    AskTimes,
    /// The content is needed to tell.
    AskHash,
}

/// How files are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub(crate) by: Compare,
    /// The target takes over the times of what it is sent.
    pub(crate) keeps_times: bool,
}

impl Comparison {
    /// Compares by what the listings say.
    pub(crate) fn of(self, source: &NodeFacts, target: &NodeFacts) -> Verdict {
        match self.by {
            Compare::Newer => self.by_age(source, target),
            _ => self.by_content(source, target),
        }
    }

    /// Compares when all that can be asked is known.
    pub(crate) fn at_last(self, source: &NodeFacts, target: &NodeFacts) -> Verdict {
        match self.of(source, target) {
            Verdict::AskTimes => self.without_zone(source, target),
            verdict => verdict,
        }
    }

    fn by_content(self, source: &NodeFacts, target: &NodeFacts) -> Verdict {
        if let (Some(source), Some(target)) = (source.size, target.size)
            && source != target
        {
            return Verdict::Differs(Reason::Size { source, target });
        }
        let measured = source.size.is_some() && target.size.is_some();
        match self.by {
            Compare::Hash => Verdict::AskHash,
            Compare::Size if measured => Verdict::Same,
            Compare::Size => Verdict::Differs(Reason::Unknown),
            _ => match relation(source, target) {
                Some(relation) => self.by_time(relation),
                None if measured => Verdict::Same,
                None => Verdict::Differs(Reason::Unknown),
            },
        }
    }

    fn by_time(self, relation: Relation) -> Verdict {
        match relation.order {
            // A target that keeps no times has that of the transfer.
            Ordering::Less if !self.keeps_times => Verdict::Same,
            _ if !relation.certain => Verdict::AskTimes,
            Ordering::Less => Verdict::Differs(Reason::Older),
            Ordering::Equal => Verdict::Same,
            Ordering::Greater => Verdict::Differs(Reason::Newer),
        }
    }

    fn by_age(self, source: &NodeFacts, target: &NodeFacts) -> Verdict {
        match relation(source, target) {
            Some(relation) if !relation.certain => Verdict::AskTimes,
            Some(relation) if relation.order == Ordering::Greater => Verdict::Differs(Reason::Newer),
            Some(_) => Verdict::Same,
            None => Self { by: Compare::Size, ..self }.by_content(source, target),
        }
    }

    /// Decides by times that stay coarse or of an unknown zone: what may be the same is.
    fn without_zone(self, source: &NodeFacts, target: &NodeFacts) -> Verdict {
        match relation(source, target).map(|relation| relation.order) {
            Some(Ordering::Greater) => Verdict::Differs(Reason::Newer),
            Some(Ordering::Less) if self.by == Compare::SizeAndTime => Verdict::Differs(Reason::Older),
            _ => Verdict::Same,
        }
    }
}

fn relation(source: &NodeFacts, target: &NodeFacts) -> Option<Relation> {
    Some(relate(&source.modified?, &target.modified?))
}

#[cfg(test)]
mod tests {
    use oxftp_proto::{Timestamp, Zone};
    use proptest::prelude::*;

    use super::*;

    const EXACT: Comparison = Comparison { by: Compare::SizeAndTime, keeps_times: true };
    const LOOSE: Comparison = Comparison { by: Compare::SizeAndTime, keeps_times: false };

    fn facts(size: u64, time: &str) -> NodeFacts {
        NodeFacts { size: Some(size), modified: Timestamp::parse_mlsx(time.as_bytes()).ok() }
    }

    fn by(by: Compare) -> Comparison {
        Comparison { by, keeps_times: true }
    }

    #[test]
    fn sizes_come_first() {
        let verdict = EXACT.of(&facts(3, "20240101120000"), &facts(5, "20240101120000"));
        assert_eq!(verdict, Verdict::Differs(Reason::Size { source: 3, target: 5 }));
    }

    #[test]
    fn any_other_time_differs_where_the_target_keeps_times() {
        let (old, new) = (facts(1, "20240101120000"), facts(1, "20240601120000"));
        assert_eq!(EXACT.of(&new, &old), Verdict::Differs(Reason::Newer));
        assert_eq!(EXACT.of(&old, &new), Verdict::Differs(Reason::Older));
        assert_eq!(EXACT.of(&old, &old), Verdict::Same);
    }

    #[test]
    fn what_is_not_older_is_the_same_where_the_target_keeps_no_times() {
        let (old, new) = (facts(1, "20240101120000"), facts(1, "20240601120000"));
        assert_eq!(LOOSE.of(&old, &new), Verdict::Same);
        assert_eq!(LOOSE.of(&new, &old), Verdict::Differs(Reason::Newer));
    }

    #[test]
    fn coarse_times_that_differ_are_asked_for_before_anything_is_sent() {
        let (listed, exact) = (facts(1, "202401011200"), facts(1, "20240101130000"));
        assert_eq!(EXACT.of(&exact, &listed), Verdict::AskTimes);
        assert_eq!(EXACT.at_last(&exact, &listed), Verdict::Differs(Reason::Newer));
    }

    #[test]
    fn times_of_an_unknown_zone_are_asked_for_and_believed_if_nobody_tells() {
        let mut listed = facts(1, "202401011200");
        listed.modified = listed.modified.map(|time| time.with_zone(Zone::Unknown));
        let exact = facts(1, "20240101130000");
        assert_eq!(EXACT.of(&exact, &listed), Verdict::AskTimes);
        assert_eq!(EXACT.at_last(&exact, &listed), Verdict::Same);
    }

    #[test]
    fn newer_looks_at_nothing_but_age() {
        let (old, new) = (facts(3, "20240101120000"), facts(5, "20240601120000"));
        assert_eq!(by(Compare::Newer).of(&old, &new), Verdict::Same);
        assert_eq!(by(Compare::Newer).of(&new, &old), Verdict::Differs(Reason::Newer));
    }

    #[test]
    fn size_looks_at_nothing_but_size() {
        let (old, new) = (facts(3, "20240101120000"), facts(3, "20240601120000"));
        assert_eq!(by(Compare::Size).of(&new, &old), Verdict::Same);
        assert_eq!(by(Compare::Size).of(&NodeFacts::default(), &old), Verdict::Differs(Reason::Unknown));
    }

    #[test]
    fn hashes_are_asked_for_only_where_the_sizes_agree() {
        let file = facts(3, "20240101120000");
        assert_eq!(by(Compare::Hash).of(&file, &file), Verdict::AskHash);
        assert!(matches!(by(Compare::Hash).of(&file, &facts(4, "20240101120000")), Verdict::Differs(_)));
    }

    #[test]
    fn without_sizes_and_times_nothing_is_the_same() {
        assert_eq!(EXACT.of(&NodeFacts::default(), &NodeFacts::default()), Verdict::Differs(Reason::Unknown));
    }

    proptest! {
        #[test]
        fn what_was_transferred_is_the_same_the_next_time(size: u64, at in 0_i64..4_000_000_000, ns in 0_u32..1_000_000_000, coarse: bool) {
            let source = NodeFacts { size: Some(size), modified: Timestamp::from_unix(at, ns) };
            // Transfers leave fractions out, and listings perhaps seconds.
            let whole = Timestamp::from_unix(at, 0).unwrap().to_mlsx();
            let told = if coarse { &whole[..12] } else { &whole };
            let target = NodeFacts { size: Some(size), modified: Timestamp::parse_mlsx(told.as_bytes()).ok() };
            prop_assert_eq!(EXACT.of(&source, &target), Verdict::Same);
        }

        #[test]
        fn nothing_is_left_open_at_last(sizes: (Option<u64>, Option<u64>), a in 0_i64..4_000_000_000, b in 0_i64..4_000_000_000) {
            let [a, b] = [a, b].map(|at| Timestamp::from_unix(at, 0).map(|time| time.with_zone(Zone::Unknown)));
            let verdict = EXACT.at_last(&NodeFacts { size: sizes.0, modified: a }, &NodeFacts { size: sizes.1, modified: b });
            prop_assert!(matches!(verdict, Verdict::Same | Verdict::Differs(_)));
        }
    }
}
