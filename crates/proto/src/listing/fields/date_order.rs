//! Order of day, month and year in numeric dates.

/// The order of the parts of a date such as `03-04-05`.
///
/// A format reads a date in this order only. If the result is not a day of the calendar, the format
/// rejects the line. This is how the order used by a whole listing is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::enum_variant_names, reason = "each variant says which part comes first")]
pub(in crate::listing) enum DateOrder {
    /// `MM-DD-YY`
    MonthFirst,
    /// `DD-MM-YY`
    DayFirst,
    /// `YY-MM-DD`
    YearFirst,
}

impl DateOrder {
    /// Returns three numbers in the order year, month, day.
    pub(in crate::listing) fn arrange(self, [first, second, third]: [u32; 3]) -> [u32; 3] {
        match self {
            Self::MonthFirst => [third, first, second],
            Self::DayFirst => [third, second, first],
            Self::YearFirst => [first, second, third],
        }
    }
}
