//! Fallback for systems other than Linux: no zero-copy transfer; all bytes are copied through memory.

use std::fs::File;

use crate::Progress;
use crate::data::{CopySide, DataConnection, SpliceOutcome};

impl DataConnection {
    /// Returns whether bytes can be moved inside the kernel: never.
    pub(crate) fn can_splice(&self) -> bool {
        false
    }

    /// Moves no bytes.
    pub(crate) async fn splice_file(
        &mut self,
        _file: &File,
        _progress: &dyn Progress,
    ) -> Result<SpliceOutcome, CopySide> {
        Ok(SpliceOutcome::default())
    }
}
