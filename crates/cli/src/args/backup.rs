//! Flags for backups of what is replaced or deleted.

use clap::Args;
use oxftp::Backup;

use super::path_on_its_side;

/// Flags that keep replaced and deleted files.
#[derive(Debug, Clone, Args)]
pub(crate) struct BackupArgs {
    /// Move files that would be overwritten or deleted into this directory, on their own side; relative to the destination
    #[arg(long, value_name = "DIR", value_parser = path_on_its_side())]
    pub(crate) backup_dir: Option<String>,
    /// Keep files that would be overwritten or deleted, with this suffix appended to their names
    #[arg(long, value_name = "SUFFIX", value_parser = suffix)]
    pub(crate) suffix: Option<String>,
}

impl BackupArgs {
    pub(crate) fn backup(&self) -> Option<Backup> {
        let backup = match (&self.backup_dir, &self.suffix) {
            (None, None) => return None,
            (Some(directory), _) => Backup::new().directory(directory),
            (None, Some(_)) => Backup::new(),
        };
        Some(match &self.suffix {
            Some(suffix) => backup.suffix(suffix),
            None => backup,
        })
    }
}

/// Parses a suffix: it must change the name, and not the directory.
fn suffix(text: &str) -> Result<String, &'static str> {
    match text {
        "" => Err("the suffix is empty"),
        _ if text.contains(['/', '\\']) => Err("a suffix has no slash: use --backup-dir for a directory"),
        _ => Ok(text.to_owned()),
    }
}
