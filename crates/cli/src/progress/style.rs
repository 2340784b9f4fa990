//! Templates of progress bars.

use std::{fmt::Write, time::Duration};

use indicatif::{ProgressState, ProgressStyle};

use super::pace::Pace;
use crate::terminal;

/// Returns a style for a bar, with a measurement of its own rate. Bars are as long as the terminal has room for.
pub(super) fn style(template: &str) -> ProgressStyle {
    styled(template, terminal::columns())
}

fn styled(template: &str, columns: usize) -> ProgressStyle {
    let pace = Pace::default();
    let pace = move |state: &ProgressState, to: &mut dyn Write| pace.write(state, to);
    // The templates are constants of this file, and a test parses them.
    ProgressStyle::with_template(&template.replace("BAR", &bar_length(columns).to_string()))
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
        .with_key("pace", pace)
}

/// Divides what the numbers leave of a line between the bar and the name.
fn bar_length(columns: usize) -> usize {
    (columns.saturating_sub(NUMBERS) * 2 / 5).clamp(8, 60)
}

/// Known size.
pub(super) const MEASURING: &str = "{wide_msg} [{bar:BAR}] {percent:>3}% of {binary_total_bytes:>10} {pace}";
/// Unknown size.
pub(super) const COUNTING: &str = "{wide_msg} {binary_bytes:>10} {pace} {elapsed:>4}";
/// One of many files, of known size.
pub(super) const RUNNING: &str = "  {wide_msg} [{bar:BAR}] {percent:>3}% of {binary_total_bytes:>10} {pace}";
/// One of many files, of unknown size.
pub(super) const RUNNING_ON: &str = "  {wide_msg} {binary_bytes:>10} {pace}";

/// Columns of a line without its name and bar.
const NUMBERS: usize = 50;

pub(super) const DRAWN_A_SECOND: u8 = 10;
pub(super) const TICK: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_valid() {
        for template in [MEASURING, COUNTING, RUNNING, RUNNING_ON] {
            let template = template.replace("BAR", "9");
            assert!(ProgressStyle::with_template(&template).is_ok(), "{template}");
        }
    }

    #[test]
    fn bars_grow_with_the_terminal() {
        assert_eq!([40, 80, 140, 400].map(bar_length), [8, 12, 36, 60]);
    }
}
