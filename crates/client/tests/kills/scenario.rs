//! The jobs that are killed, and the files that they transfer.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use oxftp::{Pool, Report, Result, mirror::Delete};

use crate::common::{content, local_files::files};

/// The job of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Job {
    Get,
    GetSegments,
    GetTree,
    Put,
    PutTemporary,
    PutTree,
    MirrorDown,
    MirrorUp,
}

pub(crate) const SCENARIOS: [Job; 7] =
    [Job::Get, Job::GetTree, Job::Put, Job::PutTemporary, Job::PutTree, Job::MirrorDown, Job::MirrorUp];

/// Of the files that are large enough, each takes ten times as long.
pub(crate) const SLOW_SCENARIOS: [Job; 1] = [Job::GetSegments];

impl Job {
    pub(crate) fn is_download(self) -> bool {
        matches!(self, Self::Get | Self::GetSegments | Self::GetTree | Self::MirrorDown)
    }

    /// Returns whether each final name has a whole version at every moment.
    pub(crate) fn is_atomic(self) -> bool {
        self.is_download() || self == Self::PutTemporary
    }

    pub(crate) fn is_tree(self) -> bool {
        matches!(self, Self::GetTree | Self::PutTree | Self::MirrorDown | Self::MirrorUp)
    }

    fn is_mirror(self) -> bool {
        matches!(self, Self::MirrorDown | Self::MirrorUp)
    }

    pub(crate) async fn run(self, pool: &Pool, places: &Places, resume: bool) -> Result<Report> {
        let (local, remote) = (places.local(self), places.remote());
        let download =
            || pool.download(&*remote).to(&local).write_into(true).resume(resume).preserve_times(true);
        let upload = || pool.upload(&local).to(&*remote).write_into(true).resume(resume).preserve_times(true);
        match self {
            Self::Get | Self::GetTree => download().await,
            Self::GetSegments => download().segments(2).await,
            Self::Put | Self::PutTree => upload().await,
            Self::PutTemporary => upload().temporary(true).await,
            Self::MirrorDown => pool.mirror_down(&*remote, &local).delete(Delete::After).resume(resume).await,
            Self::MirrorUp => pool.mirror_up(&local, &*remote).delete(Delete::After).resume(resume).await,
        }
    }
}

/// The directories of a run.
pub(crate) struct Places {
    pub(crate) here: PathBuf,
    /// The file of the lock of the job.
    pub(crate) lock: PathBuf,
    /// The directory of the records of uploads.
    pub(crate) records: PathBuf,
    pub(crate) there: PathBuf,
    /// The name of the directory on the server.
    pub(crate) name: String,
}

impl Places {
    fn local(&self, _: Job) -> PathBuf {
        self.here.join(NAME)
    }

    fn remote(&self) -> String {
        format!("{}/{NAME}", self.name)
    }

    pub(crate) fn source(&self, job: Job) -> PathBuf {
        if job.is_download() { self.there.join(NAME) } else { self.here.join(NAME) }
    }

    pub(crate) fn target(&self, job: Job) -> PathBuf {
        if job.is_download() { self.here.join(NAME) } else { self.there.join(NAME) }
    }
}

/// A version of all files of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Old,
    New,
}

impl Version {
    /// Creates the files of this version, in place of those of any other.
    pub(crate) fn create(self, job: Job, at: &Path) {
        for (file, length) in self.sizes(job) {
            let path = if job.is_tree() { at.join(file) } else { at.to_owned() };
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, self.bytes(length)).unwrap();
            fs::File::options().write(true).open(&path).unwrap().set_modified(self.time()).unwrap();
        }
    }

    /// Returns the content of a file of this version.
    pub(crate) fn content(self, job: Job, file: &str) -> Option<&'static [u8]> {
        self.sizes(job).iter().find(|(name, _)| *name == file).map(|(_, length)| self.bytes(*length))
    }

    fn bytes(self, length: usize) -> &'static [u8] {
        static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
        let start = usize::from(self == Self::New);
        &BYTES.get_or_init(|| content(LARGEST + 10_000))[start..start + length]
    }

    fn time(self) -> SystemTime {
        let seconds = if self == Self::Old { 1_600_000_000 } else { 1_700_000_000 };
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn sizes(self, job: Job) -> Vec<(&'static str, usize)> {
        let more = if self == Self::Old { 0 } else { 5000 };
        match job {
            Job::GetSegments => vec![("", LARGEST + more)],
            Job::Get | Job::Put | Job::PutTemporary => vec![("", 290_000 + more)],
            _ => vec![("a", 100 + more), ("b", 140_000 + more), ("d/c", more), ("d/e", 70_000 + more)],
        }
    }
}

/// Creates what only the target of a mirror has.
pub(crate) fn create_extraneous(job: Job, target: &Path) {
    if job.is_mirror() {
        fs::create_dir_all(target.join("extra")).unwrap();
        fs::write(target.join("extra/file"), "x").unwrap();
    }
}

/// Returns the names below a target, as in [`Version::content`]; that of a file is empty.
pub(crate) fn names(target: &Path) -> Vec<String> {
    let directory = target.parent().unwrap();
    let found = if directory.exists() { files(directory) } else { Vec::new() };
    let below = |path: String| match path.strip_prefix(NAME) {
        Some("") => String::new(),
        Some(below) => below.trim_start_matches('/').to_owned(),
        None => path,
    };
    found.into_iter().map(below).collect()
}

/// The smallest file that is downloaded in segments.
const LARGEST: usize = 8 * 1024 * 1024;

/// The name of the file or tree on both sides.
const NAME: &str = "x";
