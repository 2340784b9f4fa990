//! Confirmation of a listing by path: the directory is entered and listed again.

use super::{
    directory::ByPath,
    summary::{Ambiguity, ListingSummary, PathClass},
};
use crate::capabilities::listing::ListCommandCapabilities;

/// The listing by path that is being confirmed.
pub(super) struct Confirmation {
    pub(super) ambiguity: Ambiguity,
    pub(super) first: ListingSummary,
    /// Its entries have been returned, so those of the second listing are only compared.
    pub(super) has_released: bool,
}

impl Confirmation {
    /// Records what the listing of the entered directory shows about the command.
    pub(super) fn update(
        &self,
        class: PathClass,
        second: &ListingSummary,
        command: &mut ListCommandCapabilities,
    ) {
        let is_same = self.first.names == second.names && self.first.entries == second.entries;
        match (class, self.ambiguity) {
            (PathClass::Plain, Ambiguity::Empty) if is_same => {
                command.is_empty_trusted = command.shows_by_path
            }
            (PathClass::Plain, _) if is_same => command.is_faithful = true,
            (PathClass::Plain, _) => command.must_enter = true,
            (PathClass::Blank, _) if !is_same => command.honours_blanks = Some(false),
            (PathClass::Blank, _) if second.entries > 0 => command.honours_blanks = Some(true),
            _ => {}
        }
    }
}

/// Records that a directory was listed after it was entered, and not by its path.
pub(super) fn record_entered(
    by_path: ByPath,
    class: PathClass,
    second: &ListingSummary,
    command: &mut ListCommandCapabilities,
) {
    match class {
        PathClass::Plain if by_path == ByPath::Empty && second.entries == 0 => {
            command.is_empty_trusted = command.shows_by_path;
        }
        PathClass::Plain => {
            command.rescued = command.rescued.saturating_add(1);
            command.must_enter |= !command.shows_by_path || command.rescued > 1;
        }
        PathClass::Blank if second.entries > 0 => command.honours_blanks = Some(false),
        PathClass::Blank | PathClass::Special => {}
    }
}
