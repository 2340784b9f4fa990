//! Comparison of timestamps at the precision that both sides know.

use std::{cmp::Ordering, ops::RangeInclusive};

use oxftp_proto::{Precision, Timestamp, Zone};

/// Order of two times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeOrder {
    /// `Equal` if both may be the same time.
    pub(crate) order: Ordering,
    /// Exact times would give the same order.
    pub(crate) is_certain: bool,
}

/// Compares two times at the coarser precision of the two.
///
/// Times one second apart are equal, because FAT stores even seconds only. A time without a zone may be in any
/// zone of the world.
pub(crate) fn compare_times(one: &Timestamp, other: &Timestamp) -> TimeOrder {
    let (one_unit, other_unit) = (unit(one), unit(other));
    let have_zones = has_zone(one) && has_zone(other);
    let tolerance = if have_zones { 0 } else { MAX_ZONE_OFFSET };
    let equal = differences_of_equal_times(one_unit, other_unit);
    let order = match one.to_unix(0).saturating_sub(other.to_unix(0)) {
        difference if difference < equal.start() - tolerance => Ordering::Less,
        difference if difference > equal.end() + tolerance => Ordering::Greater,
        _ => Ordering::Equal,
    };
    let are_exact = one_unit == SECOND && other_unit == SECOND;
    // A zone that was measured in winter is wrong by an hour for a file from summer.
    let is_certain = if order == Ordering::Equal { have_zones } else { are_exact };
    TimeOrder { order, is_certain }
}

/// Compares a listed time without a zone with the time of a copy that was dated by such a listing, in UTC. Returns
/// `None` if the copy was not dated by a listing: its time then has seconds.
///
/// Both come from one clock, so they are equal only if they show the same minute, or the same day.
pub(crate) fn compare_with_dated_copy(listed: &Timestamp, copy: &Timestamp) -> Option<Ordering> {
    let (unit, at) = (unit(listed), copy.to_unix(0));
    let may_have_seconds = copy.precision() >= Precision::Second && has_zone(copy);
    let has_no_seconds = copy.nanosecond() == 0 && (unit == SECOND || at % MINUTE == 0);
    if has_zone(listed) || !may_have_seconds || !has_no_seconds {
        return None;
    }
    let listed_at = listed.to_unix(0);
    Some(match unit {
        SECOND if listed_at.abs_diff(at) <= 1 => Ordering::Equal,
        _ => listed_at.cmp(&(at.div_euclid(unit) * unit)),
    })
}

/// Returns the differences between two readings of the same time, if each is rounded down to its unit.
fn differences_of_equal_times(one_unit: i64, other_unit: i64) -> RangeInclusive<i64> {
    match one_unit.cmp(&other_unit) {
        Ordering::Equal if one_unit == SECOND => -SECOND..=SECOND,
        Ordering::Equal => 0..=0,
        Ordering::Greater => -one_unit..=SECOND,
        Ordering::Less => -SECOND..=other_unit,
    }
}

fn unit(time: &Timestamp) -> i64 {
    match time.precision() {
        Precision::Day => 86_400,
        Precision::Minute => 60,
        Precision::Second | Precision::Fraction => SECOND,
    }
}

fn has_zone(time: &Timestamp) -> bool {
    time.zone() != Zone::Unknown
}

const SECOND: i64 = 1;
const MINUTE: i64 = 60;
/// Kiribati is 14 hours ahead of UTC.
const MAX_ZONE_OFFSET: i64 = 14 * 3600;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> Timestamp {
        Timestamp::parse_mlsx(text.as_bytes()).unwrap()
    }

    fn order(one: &str, other: &str) -> Ordering {
        compare_times(&utc(one), &utc(other)).order
    }

    #[test]
    fn times_one_second_apart_are_equal() {
        assert_eq!(order("20240101120000", "20240101120001"), Ordering::Equal);
        assert_eq!(order("20240101120000.9", "20240101120000"), Ordering::Equal);
        assert_eq!(order("20240101120000", "20240101120002"), Ordering::Less);
        assert_eq!(order("20240101120002", "20240101120000"), Ordering::Greater);
    }

    #[test]
    fn a_minute_holds_each_of_its_seconds() {
        for (exact, expected) in [
            ("20240101115959", Ordering::Equal),
            ("20240101115958", Ordering::Greater),
            ("20240101120059", Ordering::Equal),
            ("20240101120101", Ordering::Less),
        ] {
            assert_eq!(order("202401011200", exact), expected, "{exact}");
            assert_eq!(order(exact, "202401011200"), expected.reverse(), "{exact}");
        }
        assert_eq!(order("202401011200", "202401011201"), Ordering::Less);
    }

    #[test]
    fn a_day_holds_each_of_its_hours() {
        let day = Timestamp::from_date(2024, 1, 1).unwrap().with_zone(Zone::Utc);
        assert_eq!(compare_times(&day, &utc("20240101235959")).order, Ordering::Equal);
        assert_eq!(compare_times(&day, &utc("20240102000002")).order, Ordering::Less);
    }

    #[test]
    fn zone_offset_is_applied() {
        let noon = utc("20240101120000");
        let east = noon.with_zone(Zone::Offset(3600));
        assert_eq!(
            compare_times(&east, &utc("20240101110000")),
            TimeOrder { order: Ordering::Equal, is_certain: true }
        );
        assert_eq!(compare_times(&east, &noon).order, Ordering::Less);
    }

    #[test]
    fn unknown_zone_is_uncertain_within_14_hours() {
        let noon = utc("202401011200").with_zone(Zone::Unknown);
        assert_eq!(
            compare_times(&noon, &utc("20240101000000")),
            TimeOrder { order: Ordering::Equal, is_certain: false }
        );
        assert_eq!(compare_times(&noon, &utc("20240103120000")).order, Ordering::Less);
    }

    #[test]
    fn coarse_difference_is_uncertain() {
        assert!(!compare_times(&utc("202401011200"), &utc("20240101130000")).is_certain);
        assert!(compare_times(&utc("20240101120000"), &utc("20240101130000")).is_certain);
    }

    /// Compares a listed time without zone with the time of a copy.
    fn with_copy(listed: Timestamp, copy: &str) -> Option<Ordering> {
        compare_with_dated_copy(&listed.with_zone(Zone::Unknown), &utc(copy))
    }

    #[test]
    fn copy_dated_by_listing_is_compared_to_minute() {
        for (copy, expected) in [
            ("20240101120000", Some(Ordering::Equal)),
            ("20240101120100", Some(Ordering::Less)),
            ("20240101110000", Some(Ordering::Greater)),
            // These times are not copies of the first one.
            ("20240101120007", None),
            ("20240101120000.5", None),
        ] {
            assert_eq!(with_copy(utc("202401011200"), copy), expected, "{copy}");
        }
        assert_eq!(compare_with_dated_copy(&utc("202401011200"), &utc("20240101120000")), None);
    }

    #[test]
    fn copy_stays_equal_when_listing_shows_day() {
        let day = Timestamp::from_date(2024, 1, 1).unwrap();
        for (copy, expected) in [
            ("20240101000000", Ordering::Equal),
            ("20240101235900", Ordering::Equal),
            ("20240102000000", Ordering::Less),
            ("20231231235900", Ordering::Greater),
        ] {
            assert_eq!(with_copy(day, copy), Some(expected), "{copy}");
        }
    }

    proptest! {
        #[test]
        fn time_order_is_antisymmetric(one in 0_i64..4_000_000_000, apart in -100_000_i64..100_000) {
            let [a, b] = [one, one + apart].map(|at| Timestamp::from_unix(at, 0));
            if let (Some(a), Some(b)) = (a, b) {
                prop_assert_eq!(compare_times(&a, &b).order, compare_times(&b, &a).order.reverse());
                prop_assert_eq!(compare_times(&a, &b).order == Ordering::Equal, apart.abs() <= 1);
            }
        }

        #[test]
        fn time_equals_itself_to_the_minute(at in 0_i64..4_000_000_000) {
            let exact = Timestamp::from_unix(at, 0).unwrap();
            let minute = Timestamp::parse_mlsx(&exact.to_mlsx().as_bytes()[..12]).unwrap();
            prop_assert_eq!(compare_times(&exact, &minute), TimeOrder { order: Ordering::Equal, is_certain: true });
        }
    }
}
