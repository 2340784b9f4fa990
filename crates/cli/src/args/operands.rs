//! Operands: the URLs of a command line, and the flags that say how they are read and which of them are selected.

use clap::Args;

use super::{NameArgs, SelectionArgs};

/// URLs that a command acts on. Each command describes them with `mut_arg("urls", ..)`.
#[derive(Debug, Clone, Args)]
pub(crate) struct OperandArgs {
    /// Files or directories
    #[arg(value_name = "URL", required_unless_present_any = ["files_from", "files_from0"])]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    #[command(flatten)]
    pub(crate) names: NameArgs,
}

impl OperandArgs {
    /// Removes the last word, which is a destination. Returns `None` if no operand is left.
    pub(crate) fn pop_destination(&mut self) -> Option<String> {
        let word = self.urls.pop()?;
        let has_names = self.names.files_from.is_some() || self.names.files_from0.is_some();
        (has_names || !self.urls.is_empty()).then_some(word)
    }
}
