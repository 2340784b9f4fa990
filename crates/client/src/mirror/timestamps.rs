//! Times of two sides, compared as far as both are known.

use std::cmp::Ordering;

use oxftp_proto::{Precision, Timestamp, Zone};

/// How two times stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Relation {
    /// `Equal` when they may be the same moment.
    pub(crate) order: Ordering,
    /// Exact times could not say otherwise.
    pub(crate) certain: bool,
}

/// Compares two times at the coarser precision of the two.
///
/// One second apart is the same, since FAT keeps every other second. A time of an unknown zone may be
/// any within the zones of the world.
pub(crate) fn relate(one: &Timestamp, other: &Timestamp) -> Relation {
    let (units, zoned) = ((unit(one), unit(other)), is_zoned(one) && is_zoned(other));
    let slack = if zoned { 0 } else { WIDEST_ZONE };
    let (least, most) = window(units);
    let apart = one.to_unix(0).saturating_sub(other.to_unix(0));
    let order = match apart {
        apart if apart < least - slack => Ordering::Less,
        apart if apart > most + slack => Ordering::Greater,
        _ => Ordering::Equal,
    };
    let exact = units == (SECOND, SECOND);
    // A zone that was measured in winter is an hour off for a file of summer.
    let certain = if order == Ordering::Equal { zoned } else { exact };
    Relation { order, certain }
}

/// Gives how far the same moment may seem apart when each clock leaves out what is below its unit.
fn window((one, other): (i64, i64)) -> (i64, i64) {
    match one.cmp(&other) {
        Ordering::Equal if one == SECOND => (-SECOND, SECOND),
        Ordering::Equal => (0, 0),
        Ordering::Greater => (-one, SECOND),
        Ordering::Less => (-SECOND, other),
    }
}

fn unit(time: &Timestamp) -> i64 {
    match time.precision() {
        Precision::Day => 86_400,
        Precision::Minute => 60,
        Precision::Second | Precision::Fraction => SECOND,
    }
}

fn is_zoned(time: &Timestamp) -> bool {
    time.zone() != Zone::Unknown
}

const SECOND: i64 = 1;
/// Kiribati is 14 hours ahead.
const WIDEST_ZONE: i64 = 14 * 3600;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> Timestamp {
        Timestamp::parse_mlsx(text.as_bytes()).unwrap()
    }

    fn order(one: &str, other: &str) -> Ordering {
        relate(&utc(one), &utc(other)).order
    }

    #[test]
    fn seconds_are_the_same_within_one() {
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
        assert_eq!(relate(&day, &utc("20240101235959")).order, Ordering::Equal);
        assert_eq!(relate(&day, &utc("20240102000002")).order, Ordering::Less);
    }

    #[test]
    fn a_zone_moves_the_moment() {
        let noon = utc("20240101120000");
        let east = noon.with_zone(Zone::Offset(3600));
        assert_eq!(relate(&east, &utc("20240101110000")), Relation { order: Ordering::Equal, certain: true });
        assert_eq!(relate(&east, &noon).order, Ordering::Less);
    }

    #[test]
    fn an_unknown_zone_settles_nothing_within_the_zones_of_the_world() {
        let noon = utc("202401011200").with_zone(Zone::Unknown);
        assert_eq!(
            relate(&noon, &utc("20240101000000")),
            Relation { order: Ordering::Equal, certain: false }
        );
        assert_eq!(relate(&noon, &utc("20240103120000")).order, Ordering::Less);
    }

    #[test]
    fn what_a_coarse_clock_denies_may_yet_be_so() {
        assert!(!relate(&utc("202401011200"), &utc("20240101130000")).certain);
        assert!(relate(&utc("20240101120000"), &utc("20240101130000")).certain);
    }

    proptest! {
        #[test]
        fn the_order_turns_round_with_its_arguments(one in 0_i64..4_000_000_000, apart in -100_000_i64..100_000) {
            let [a, b] = [one, one + apart].map(|at| Timestamp::from_unix(at, 0));
            if let (Some(a), Some(b)) = (a, b) {
                prop_assert_eq!(relate(&a, &b).order, relate(&b, &a).order.reverse());
                prop_assert_eq!(relate(&a, &b).order == Ordering::Equal, apart.abs() <= 1);
            }
        }

        #[test]
        fn a_time_is_the_same_as_itself_to_the_minute(at in 0_i64..4_000_000_000) {
            let exact = Timestamp::from_unix(at, 0).unwrap();
            let minute = Timestamp::parse_mlsx(&exact.to_mlsx().as_bytes()[..12]).unwrap();
            prop_assert_eq!(relate(&exact, &minute), Relation { order: Ordering::Equal, certain: true });
        }
    }
}
