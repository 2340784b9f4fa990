//! Destination of a download that the user named: a file, or something that is written into as it is.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::{
    failure::{Failure, Result},
    output,
};

/// The destination that `-o` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// A file that is replaced when the download is complete; symbolic links are followed.
    File(PathBuf),
    Stdout,
    /// A device, FIFO, socket or file descriptor, which is written into.
    Special(PathBuf),
}

impl Destination {
    /// Follows the symbolic links of a path that the user named.
    pub(crate) fn of(named: &Path) -> Result<Self> {
        if named.as_os_str() == "-" {
            return Ok(Self::Stdout);
        }
        let mut path = named.to_owned();
        for _ in 0..MAX_LINKS {
            let Ok(found) = fs::symlink_metadata(&path) else { return Ok(Self::File(path)) };
            if !found.is_symlink() {
                return Ok(match found.is_file() || found.is_dir() {
                    true => Self::File(path),
                    false => Self::Special(path),
                });
            }
            if let Some(descriptor) = descriptor(&path) {
                return Ok(if descriptor == "1" { Self::Stdout } else { Self::Special(path) });
            }
            let failed = |error| Failure::local(format!("cannot open {named:?}"), error);
            let target = fs::read_link(&path).map_err(failed)?;
            path = path.parent().unwrap_or(Path::new("")).join(target);
        }
        let looped = io::Error::other("too many levels of symbolic links");
        Err(Failure::local(format!("cannot open {named:?}"), looped))
    }
}

/// Returns the name of an open file of this process, if the path is a link in `/proc/self/fd`, such as `/dev/fd/3`.
fn descriptor(link: &Path) -> Option<String> {
    let directory = fs::canonicalize(link.parent()?).ok()?;
    let is_own = directory.starts_with("/proc") && directory.ends_with("fd");
    let is_own = is_own && fs::canonicalize("/proc/self/fd").is_ok_and(|own| own == directory);
    is_own.then(|| link.file_name().unwrap_or_default().to_string_lossy().into_owned())
}

/// Writer of a stream to stdout or to a special file.
pub(crate) struct Sink {
    writer: Box<dyn AsyncWrite + Send + Unpin>,
    /// The path of a special file.
    path: Option<PathBuf>,
}

impl Sink {
    pub(crate) fn stdout() -> Self {
        Self { writer: Box::new(tokio::io::stdout()), path: None }
    }

    /// Opens a special file. Waits until a FIFO has a reader.
    pub(crate) async fn open(path: &Path) -> Result<Self> {
        // A regular file that a descriptor names keeps what was written to it before.
        let append = fs::metadata(path).is_ok_and(|found| found.is_file());
        let opened = tokio::fs::OpenOptions::new().write(true).append(append).open(path).await;
        let file = opened.map_err(|error| Failure::local(format!("cannot open {path:?}"), error))?;
        Ok(Self { writer: Box::new(file), path: Some(path.to_owned()) })
    }

    pub(crate) async fn bytes(&mut self, bytes: &[u8]) -> Result {
        let written = self.writer.write_all(bytes).await;
        written.map_err(|error| self.failed(error))
    }

    pub(crate) async fn flush(&mut self) -> Result {
        let flushed = self.writer.flush().await;
        flushed.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> Failure {
        match &self.path {
            Some(path) => Failure::local(format!("cannot write {path:?}"), error),
            None => output::failed(error),
        }
    }
}

/// The limit of Linux.
const MAX_LINKS: usize = 40;

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn of(path: &Path) -> Option<Destination> {
        Destination::of(path).ok()
    }

    #[test]
    fn links_and_special_files_are_distinguished() {
        let local = tempfile::tempdir().unwrap();
        let at = |name: &str| local.path().join(name);
        fs::write(at("file"), "").unwrap();
        symlink("file", at("link")).unwrap();
        symlink("link", at("link to link")).unwrap();
        symlink("missing", at("dangling")).unwrap();
        symlink("/dev/null", at("null")).unwrap();
        symlink("loop", at("loop")).unwrap();

        assert_eq!(of(&at("new")), Some(Destination::File(at("new"))));
        assert_eq!(of(&at("link to link")), Some(Destination::File(at("file"))));
        assert_eq!(of(&at("dangling")), Some(Destination::File(at("missing"))));
        assert_eq!(of(&at("null")), Some(Destination::Special("/dev/null".into())));
        assert_eq!(of(Path::new("-")), Some(Destination::Stdout));
        assert_eq!(of(&at("loop")), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn descriptors_are_special_and_1_is_stdout() {
        assert_eq!(of(Path::new("/dev/stdout")), Some(Destination::Stdout));
        assert_eq!(of(Path::new("/dev/fd/1")), Some(Destination::Stdout));
        assert_eq!(of(Path::new("/proc/self/fd/2")), Some(Destination::Special("/proc/self/fd/2".into())));
    }
}
