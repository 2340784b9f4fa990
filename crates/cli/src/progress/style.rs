//! Templates of progress bars.

use std::time::Duration;

use indicatif::ProgressStyle;

pub(super) fn style(template: &str) -> ProgressStyle {
    // The templates are constants of this file, and a test parses them.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

/// Known size.
pub(super) const MEASURING: &str = "{wide_msg} {prefix}[{bar:12}] {percent:>3}% of {binary_total_bytes} {binary_bytes_per_sec:>13} {eta:>3} left";
/// Unknown size.
pub(super) const COUNTING: &str =
    "{wide_msg} {prefix}{binary_bytes:>10} {binary_bytes_per_sec:>13} {elapsed:>4}";
/// One of many files, of known size.
pub(super) const RUNNING: &str =
    "  {wide_msg} {binary_bytes:>10} of {binary_total_bytes} {binary_bytes_per_sec:>13}";
/// One of many files, of unknown size.
pub(super) const RUNNING_ON: &str = "  {wide_msg} {binary_bytes:>10} {binary_bytes_per_sec:>13}";

pub(super) const DRAWN_A_SECOND: u8 = 10;
pub(super) const TICK: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_valid() {
        for template in [MEASURING, COUNTING, RUNNING, RUNNING_ON] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
